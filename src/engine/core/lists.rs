//! What the other side's lists have been seen to be worth in this run: the measure of their silence.
//!
//! A list that leaves things out, comes late, or counts its pages otherwise looks like one in which nothing is. So something
//! that a row of this run has made is looked for in the list of its own lane, once for each kind of thing, before it is
//! believed of another lane that nothing is there; as long as there is no such thing, something that the ledger remembers of
//! other lanes. What a list shows is read in `recover`.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Work;
use crate::recover::{Habits, Kind, of_lane};
use crate::row::{Attempted, Elsewhere};
use crate::traffic::pace::Moment;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Lists {
    kinds: HashMap<Sort, Worth>,
}

/// What is made by one operation and is of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Sort {
    operation: Arc<str>,
    kind: Kind,
}

#[derive(Debug, Default)]
struct Worth {
    witness: Option<Witness>,
    /// Of which witness a list did not show that it was there.
    late: Option<String>,
    /// What the ledger remembers of other lanes and nobody has looked for yet; none as long as it remembers nothing.
    remembered: Option<VecDeque<Elsewhere>>,
    proven: Option<Proven>,
}

/// Something that a row has surely made.
#[derive(Debug, Clone)]
pub(super) struct Witness {
    pub work: Arc<Work>,
    pub id: String,
    pub attempted: Attempted,
    pub bearer: Bearer,
}

/// Who has made a witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bearer {
    /// A row of this run, and from when on it may be there.
    Row(Moment),
    /// A row of this run has found what it made in an earlier one.
    Finder,
    /// A row of the ledger, of which this run does not know what it said.
    Ledger,
}

/// That a list has shown what it should.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proven {
    pub habits: Habits,
    /// Lists are not older than this when they are shown, as far as that is known.
    pub lag: Option<Duration>,
    /// Whether a text that was sent has been known again.
    pub knows_texts: bool,
}

impl Lists {
    /// A row has made something. The latest is the best witness.
    pub(super) fn made(&mut self, witness: Witness) {
        let Some(sort) = sort(&witness.work) else { return };
        let known = &mut self.kinds.entry(sort).or_default().witness;
        // What was made in this run tells how late lists are, too.
        let is_better = known.as_ref().is_none_or(|known| known.bearer == Bearer::Finder);
        if is_better || witness.bearer != Bearer::Finder {
            *known = Some(witness);
        }
    }

    /// The ledger owns things in other lanes than that of a row.
    pub(super) fn remember(&mut self, work: &Work, elsewhere: &[Elsewhere]) {
        if let Some(sort) = sort(work).filter(|_| !elsewhere.is_empty()) {
            let remembered = &mut self.kinds.entry(sort).or_default().remembered;
            remembered.get_or_insert_with(|| elsewhere.to_vec().into());
        }
    }

    /// The next thing that the ledger remembers, for a row; each is looked for once.
    pub(super) fn next_remembered(&mut self, work: &Work) -> Option<Witness> {
        let remembered = self.kinds.get_mut(&sort(work)?)?.remembered.as_mut()?;
        while let Some(Elsewhere { lane, made }) = remembered.pop_front() {
            if let Some(ready) = of_lane(&work.ready, &lane) {
                let work = Arc::new(Work { ready, ..work.clone() });
                let (id, attempted) = (made.id, made.attempted);
                return Some(Witness { work, id, attempted, bearer: Bearer::Ledger });
            }
        }
        None
    }

    /// The latest thing that is of the kind of what a row makes.
    pub(super) fn witness(&self, work: &Work) -> Option<&Witness> {
        self.kinds.get(&sort(work)?)?.witness.as_ref()
    }

    /// A list does not show a witness.
    pub(super) fn comes_late(&mut self, work: &Work, id: String) {
        if let Some(sort) = sort(work) {
            self.kinds.entry(sort).or_default().late = Some(id);
        }
    }

    /// Whether a list did not show a witness before.
    pub(super) fn came_late(&self, work: &Work, id: &str) -> bool {
        let worth = sort(work).and_then(|sort| self.kinds.get(&sort));
        worth.is_some_and(|worth| worth.late.as_deref() == Some(id))
    }

    /// A list has shown something of the kind of what a row makes.
    pub(super) fn prove(&mut self, work: &Work, proven: Proven) {
        if let Some(sort) = sort(work) {
            self.kinds.entry(sort).or_default().proven = Some(proven);
        }
    }

    /// What lists are worth that should show what a row makes; none as long as nothing has shown it.
    pub(super) fn proven(&self, work: &Work) -> Option<Proven> {
        self.kinds.get(&sort(work)?)?.proven
    }
}

fn sort(work: &Work) -> Option<Sort> {
    let operation = &work.ready.operation;
    let kind = Kind::of_row(operation.recover.as_ref()?, &work.ready.fields);
    Some(Sort { operation: Arc::clone(&operation.name), kind })
}
