//! What the other side's lists have been seen to be worth in this run: the measure of their silence.
//!
//! A list that leaves things out, comes late, or counts its pages otherwise looks like one in which nothing is. So something
//! that a row of this run has made is looked for in the list of its own lane, once for each kind of thing, before it is
//! believed of another lane that nothing is there. What a list shows is read in `recover`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Work;
use crate::recover::{Habits, Kind};
use crate::row::Attempted;
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
    proven: Option<Proven>,
}

/// Something that a row of this run has surely made.
#[derive(Debug, Clone)]
pub(super) struct Witness {
    pub work: Arc<Work>,
    pub id: String,
    pub attempted: Attempted,
    /// When that it is there was known.
    pub since: Moment,
}

/// That a list has shown what it should.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proven {
    pub habits: Habits,
    /// Lists are not older than this when they are shown.
    pub lag: Duration,
}

impl Lists {
    /// A row has made something. The latest is the best witness.
    pub(super) fn made(&mut self, witness: Witness) {
        if let Some(sort) = sort(&witness.work) {
            self.kinds.entry(sort).or_default().witness = Some(witness);
        }
    }

    /// The latest thing that is of the kind of what a row makes.
    pub(super) fn witness(&self, work: &Work) -> Option<&Witness> {
        self.kinds.get(&sort(work)?)?.witness.as_ref()
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
