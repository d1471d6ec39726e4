//! What `verify` has found: rows by what is the matter with them, the gravest first, and what could not be seen.
//!
//! Facts as they were found go in; `words` tells them to people, `events` to scripts.

mod events;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use events::{nothing_verified, verified_event, verified_row};
pub(crate) use words::{
    Verifying, of_moved_while_verifying, of_unkept, sample_words, verified, verify_begins,
};
pub(super) use words::{findings_words, not_compared_words};

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Zoned;

use super::exit;
use super::remote::{Difference, RemoteEnd, WhyNotKnown};
use crate::row::Cause;
use crate::text::place::RowPlace;
use crate::text::quota::Quota;

/// So many rows of a kind are named, and so many changes shown.
const NAMED: usize = 20;
/// What the name of a field ends with, where a verification says of how many rows it was not compared.
const NOT_COMPARED: &str = "_not_compared";
/// So many things are named that no row has made.
const STRANGERS: usize = 10_000;

/// What the source says of a row that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceSays {
    TheSame,
    /// The row has changed since.
    SomethingElse,
    /// The row was sent corrected, and the source still says what was wrong.
    Corrected,
    /// A row that made the thing, or changed it before, is not in the source any more.
    OnlyInPart,
    /// The source does not have the row any more.
    Nothing,
}

/// What is the matter with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Matter {
    /// Copies that no row has made, each without a flag that was sent, as where the customer sees an internal note's text.
    ExposedCopy(Vec<(String, Difference)>),
    /// A flag that was sent is not on it, as of a note that the customer sees and should not.
    Exposed(Vec<Difference>),
    /// The same is there once more, and no row has made that.
    Twice {
        ids: Vec<String>,
    },
    /// Not in its list, which is whole and would show it.
    Missing {
        of: usize,
        /// What shows the same under another name, and is no row's.
        alike: Option<String>,
    },
    /// It was deleted, and is there.
    StillThere,
    /// Another text is there.
    Altered,
    /// Something else of it differs.
    Otherwise(Vec<Difference>),
    /// It stands before one that comes first in the source.
    OutOfOrder {
        /// The number of the row that comes first.
        behind: u64,
    },
    /// What the list is of is not there, in the other side's words.
    NoLane(Cause),
    NotKnown(WhyNotKnown),
    /// The source says something else than what was sent.
    Changed,
}

/// The kinds by which rows are counted, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    ExposedCopy,
    Exposed,
    Twice,
    Missing,
    StillThere,
    Altered,
    Otherwise,
    OutOfOrder,
    NoLane,
    NotKnown,
    Changed,
    ById,
    Right,
}

impl Kind {
    pub(super) const ALL: [Self; 13] = [
        Self::ExposedCopy,
        Self::Exposed,
        Self::Twice,
        Self::Missing,
        Self::StillThere,
        Self::Altered,
        Self::Otherwise,
        Self::OutOfOrder,
        Self::NoLane,
        Self::NotKnown,
        Self::Changed,
        Self::ById,
        Self::Right,
    ];

    fn of(matter: &Matter) -> Self {
        match matter {
            Matter::ExposedCopy(_) => Self::ExposedCopy,
            Matter::Exposed(_) => Self::Exposed,
            Matter::Twice { .. } => Self::Twice,
            Matter::Missing { .. } => Self::Missing,
            Matter::StillThere => Self::StillThere,
            Matter::Altered => Self::Altered,
            Matter::Otherwise(_) => Self::Otherwise,
            Matter::OutOfOrder { .. } => Self::OutOfOrder,
            Matter::NoLane(_) => Self::NoLane,
            Matter::NotKnown(_) => Self::NotKnown,
            Matter::Changed => Self::Changed,
        }
    }

    /// The word in events, and for `explain`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::ExposedCopy => "exposed_copy",
            Self::Exposed => "exposed",
            Self::Twice => "twice",
            Self::Missing => "missing_there",
            Self::StillThere => "still_there",
            Self::Altered => "altered",
            Self::Otherwise => "otherwise",
            Self::OutOfOrder => "out_of_order",
            Self::NoLane => "list_missing",
            Self::NotKnown => "not_known",
            Self::Changed => "row_changed",
            Self::ById => "there_by_id",
            Self::Right => "there",
        }
    }

    /// Rows of which nothing is wrong, though of some not all is known.
    pub(super) fn is_unsuspected(self) -> bool {
        matches!(self, Self::Right | Self::ById)
    }
}

/// The words of all kinds.
#[cfg(test)]
pub(super) fn kinds() -> impl Iterator<Item = String> {
    Kind::ALL.into_iter().map(|kind| kind.word().to_owned())
}

/// A row, and what was found of what it did.
#[derive(Debug, Clone)]
pub(crate) struct VerifiedRow {
    pub place: RowPlace,
    /// Empty where the row has none of its own.
    pub key: String,
    pub lane: String,
    pub operation: String,
    /// What the other side calls it.
    pub id: Option<String>,
    pub source: SourceSays,
    /// Nothing where all is right.
    pub matters: Vec<Matter>,
    /// What should be there, and what is, where the text differs and both are known.
    pub change: Option<(String, String)>,
}

impl VerifiedRow {
    pub(super) fn kind(&self) -> Kind {
        let gravest = self.matters.iter().map(Kind::of).min();
        gravest.unwrap_or(match self.source {
            SourceSays::TheSame => Kind::Right,
            SourceSays::SomethingElse
            | SourceSays::Corrected
            | SourceSays::OnlyInPart
            | SourceSays::Nothing => Kind::ById,
        })
    }
}

/// How much of the order in lists could be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OrderSeen {
    /// Lists in which it was.
    pub compared: u64,
    /// Lists that do not say when their items were made.
    pub undated: u64,
    /// Whether the connector says where an item has that.
    pub is_declared: bool,
}

/// Rows that are no part of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Aside {
    pub in_doubt: u64,
    pub failed: u64,
    pub dismissed: u64,
    pub undone: u64,
    /// Rows of the source that were never sent, or were not done.
    pub not_sent: u64,
    /// What later operations of the job have changed or deleted: the last one counts.
    pub superseded: u64,
    /// Rows on lists that are not in the sample.
    pub not_in_sample: u64,
}

/// The lists that were to be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ListsRead {
    /// What a list is of, as in `ticket`.
    pub noun: Option<String>,
    /// How many were to be read, of how many, and how many were.
    pub wanted: u64,
    pub of: u64,
    pub answered: u64,
    /// Lists that gave no answer that could be read: another call may have more luck.
    pub unanswered: u64,
    /// From when on lists were asked for by an earlier call, where what these showed is gone by.
    pub known_since: Option<Zoned>,
    pub requests: u64,
    /// Lists that were read a second time, since something was the matter.
    pub twice: u64,
}

/// Which lists were read, where not all were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SampleTaken {
    pub lists: u64,
    pub of: u64,
    /// What a list is of, as in `ticket`.
    pub noun: Option<String>,
}

impl SampleTaken {
    /// As the ledger has it.
    pub(crate) fn written(&self) -> String {
        format!("{}/{}", self.lists, self.of)
    }
}

/// All of it.
#[derive(Debug, Clone)]
pub(crate) struct VerifyFindings {
    pub end: RemoteEnd,
    pub lists: ListsRead,
    pub aside: Aside,
    pub order: OrderSeen,
    /// Things that no row has made, and the first of them with their lists.
    pub strange: u64,
    pub strangers: Vec<(String, String)>,
    /// Fields that were sent and that no list shows, each with how many rows that is so of.
    pub(super) uncompared: BTreeMap<String, u64>,
    /// Whether it is enough that a row is there by its id, where the source does not say any more what was sent.
    pub takes_ids: bool,
    counts: [u64; Kind::ALL.len()],
    /// The first rows of each kind that is not right.
    named: Vec<VerifiedRow>,
}

impl VerifyFindings {
    pub(crate) fn new(end: RemoteEnd, lists: ListsRead, aside: Aside) -> Self {
        Self {
            end,
            lists,
            aside,
            order: OrderSeen::default(),
            strange: 0,
            strangers: Vec::new(),
            uncompared: BTreeMap::new(),
            takes_ids: false,
            counts: [0; Kind::ALL.len()],
            named: Vec::new(),
        }
    }

    /// Takes a row in.
    pub(crate) fn see(&mut self, row: &VerifiedRow) {
        let kind = row.kind();
        if let Some(count) = self.counts.get_mut(kind as usize) {
            *count += 1;
        }
        if kind != Kind::Right && self.named_of(kind).count() < NAMED {
            self.named.push(row.clone());
        }
    }

    /// A thing in a list that no row has made.
    pub(crate) fn see_stranger(&mut self, list: &str, id: &str) {
        self.strange += 1;
        if self.strangers.len() < STRANGERS {
            self.strangers.push((list.to_owned(), id.to_owned()));
        }
    }

    /// A field was sent of a row, and could be compared with nothing.
    pub(crate) fn see_uncompared(&mut self, field: &str) {
        *self.uncompared.entry(field.to_owned()).or_default() += 1;
    }

    pub(super) fn count(&self, kind: Kind) -> u64 {
        self.counts.get(kind as usize).copied().unwrap_or_default()
    }

    pub(super) fn named_of(&self, kind: Kind) -> impl Iterator<Item = &VerifiedRow> {
        self.named.iter().filter(move |row| row.kind() == kind)
    }

    /// Rows that were compared.
    pub(crate) fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Rows that are as they were sent. Of those that were found by their ids alone nobody knows that.
    pub(crate) fn right(&self) -> u64 {
        self.count(Kind::Right)
    }

    /// Rows of which something is wrong, or not known; that of some only the ids are known is told of these beside it.
    pub(super) fn wrong(&self) -> u64 {
        let kinds = Kind::ALL.into_iter().filter(|kind| !kind.is_unsuspected());
        kinds.map(|kind| self.count(kind)).sum()
    }

    /// Whether anything was read: what has read nothing says nothing of any row.
    pub(crate) fn has_read(&self) -> bool {
        self.lists.answered > 0 || (self.end == RemoteEnd::Whole && self.lists.unanswered == 0)
    }

    /// Rows by what is the matter with them, and by what of them could not be compared.
    pub(crate) fn found(&self) -> Vec<(String, u64)> {
        let wrong = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Right);
        let counts = wrong.map(|kind| (kind.word().to_owned(), self.count(kind)));
        let counts = counts.filter(|(_, count)| *count > 0);
        let uncompared =
            self.uncompared.iter().map(|(name, rows)| (format!("{name}{NOT_COMPARED}"), *rows));
        counts.chain(uncompared).collect()
    }

    /// Whether all was read, and all is right.
    pub(crate) fn is_all_right(&self) -> bool {
        self.exit() == exit::DONE
    }

    /// Right only where all was read, and all that was read is right.
    pub(crate) fn exit(&self) -> u8 {
        match &self.end {
            RemoteEnd::Interrupted { signal, .. } => exit::interrupted(*signal),
            RemoteEnd::Stopped { .. } => exit::STOPPED,
            RemoteEnd::Whole if self.lists.unanswered > 0 => exit::STOPPED,
            RemoteEnd::Whole if self.wrong() > 0 || self.aside.in_doubt > 0 => exit::DIFFERENT,
            RemoteEnd::Whole if self.count(Kind::ById) > 0 && !self.takes_ids => exit::DIFFERENT,
            RemoteEnd::Whole => exit::DONE,
        }
    }
}

/// What verifying will cost.
#[derive(Debug, Clone)]
pub(crate) struct VerifyCost {
    pub rows: u64,
    pub lists: u64,
    pub of: u64,
    /// Lists that an earlier call has asked for, and since when.
    pub known: u64,
    pub known_since: Option<Zoned>,
    pub noun: Option<String>,
    pub requests: u64,
    pub duration: Duration,
    pub limited_by: Option<Quota>,
}
