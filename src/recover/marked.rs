//! The search for what bears a marker: it is known by that alone, wherever it is in the list.

use serde_json::Value;

use super::likeness::{Likeness, Marked};
use super::since::Since;
use super::{End, Lookup, Proof, created};
use crate::declared::connector::Recover;
use crate::row::Doubt;

/// What has been seen of a list that is searched for a marker.
#[derive(Debug)]
pub(super) struct MarkedSearch {
    marked: Marked,
    order: Order,
    /// Whether something was seen that an earlier row has made.
    met_earlier: bool,
    /// The oldest of what may be it, and when that was made: a newer one may be another row's that is to be looked for, too.
    found: Option<(i64, String)>,
    doubt: Option<Doubt>,
}

impl MarkedSearch {
    pub(super) fn new(marked: Marked) -> Self {
        Self { marked, order: Order::default(), met_earlier: false, found: None, doubt: None }
    }

    /// Takes in an item: its id, when it was made, and whether a row owns it.
    pub(super) fn enter(
        &mut self,
        recover: &Recover,
        item: &Value,
        (id, made, is_owned): (String, Option<i64>, bool),
        since: Since,
    ) {
        self.order.follow(made);
        // Rows of one list go one at a time, so that other row was done when this one was started.
        self.met_earlier |= is_owned && made.is_some_and(|at| at < since.at_most());
        if !is_owned {
            self.weigh(recover, item, id, since);
        }
    }

    /// An item that no row owns: is it what was sent?
    fn weigh(&mut self, recover: &Recover, item: &Value, id: String, since: Since) {
        // What is older than the attempt is not of it, if the clocks of then are known.
        let made = created(recover, item);
        let older = made.is_some_and(|moment| moment < since.moment);
        match self.marked.weigh(recover, item) {
            Likeness::Same => self.find(id, made.unwrap_or(i64::MAX)),
            Likeness::Altered if !older || !since.certain => {
                self.doubt = Some(Doubt::Altered { id });
            }
            Likeness::Altered | Likeness::Other => {}
        }
    }

    fn find(&mut self, id: String, moment: i64) {
        if self.found.as_ref().is_none_or(|(oldest, _)| moment < *oldest) {
            self.found = Some((moment, id));
        }
    }

    /// It is looked for everywhere: times do not matter.
    pub(super) fn is_enough(&self) -> bool {
        self.found.is_some()
    }

    /// What follows from all that was read.
    pub(super) fn conclude(&mut self, end: End, is_nameless: bool, since: Since) -> Lookup {
        match end {
            End::Endless => self.doubt = Some(Doubt::Endless),
            End::Cut if !self.goes_back(since) => self.doubt = Some(Doubt::OnePage),
            _ => {}
        }
        self.settle(is_nameless)
    }

    fn goes_back(&self, since: Since) -> bool {
        self.order.reaches_back_to(since.far_enough())
            || (since.certain && self.met_earlier && self.order.reaches_back_to(since.at_most()))
    }

    /// Takes in that a page was refused.
    pub(super) fn take_refusal(&mut self, is_nameless: bool) -> Option<Lookup> {
        Some(self.settle(is_nameless))
    }

    fn settle(&mut self, is_nameless: bool) -> Lookup {
        match (self.found.take(), self.doubt.take()) {
            (Some((_, id)), _) => Lookup::Found { id },
            (None, Some(doubt)) => Lookup::Unsure { doubt },
            (None, None) if is_nameless => Lookup::Unsure { doubt: Doubt::ItemWithoutId },
            (None, None) => Lookup::Absent { proof: Proof::Marker, strangers: false },
        }
    }
}

/// Whether a list begins with what is newest, as far as it has been read.
///
/// Such a list need not be read to its end, and may be cut short by the other side: what is newest is in it.
#[derive(Debug, Default)]
struct Order {
    /// When the first and the last item were made; unix milliseconds.
    ends: Option<(i64, i64)>,
    /// Whether an item was younger than the one before it, or nobody knows.
    broken: bool,
}

impl Order {
    /// Takes in when the next item was made, as far as that is known.
    fn follow(&mut self, created: Option<i64>) {
        self.broken |= created.is_none();
        let Some(moment) = created else { return };
        let (first, last) = self.ends.unwrap_or((moment, moment));
        self.broken |= moment > last;
        self.ends = Some((first, moment));
    }

    /// Whether all that follows is older than a moment. Items of one moment tell nothing of the order.
    fn reaches_back_to(&self, moment: i64) -> bool {
        let descends = |(first, last): (i64, i64)| last < first && last < moment;
        !self.broken && self.ends.is_some_and(descends)
    }
}
