//! What `plan --remote` has found, counted by kind, with the first rows of each and the texts that would go.
//!
//! Facts as they were found go in; `words` tells them to people, `events` to scripts, the page has its own section.

mod diff;
mod events;
mod words;

pub(super) use diff::{Mark, Piece, pieces};
pub(super) use events::{remote_event, row_event};
pub(super) use words::{
    changed_text, kind_words, lists_of, minute, not_known, place, remote, said, silence,
};
pub(crate) use words::{of_system, remote_begins, remote_line};

use std::time::Duration;

use jiff::Zoned;

use crate::declared::connector::Effect;
use crate::event::Obstacle;
use crate::plan::Step;
use crate::recover::Extent;
use crate::row::Cause;
use crate::text::place::RowPlace;

/// So many rows of a kind are named, and so many changes shown.
const NAMED: usize = 20;

/// What was found of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowFound {
    /// The same is there already, and no row owns it.
    There {
        id: String,
    },
    /// The same text is there, in a thing that differs in something else that matters.
    Unlike {
        id: String,
        unlike: Vec<Difference>,
    },
    /// Something is there that may be the same, altered.
    Alike {
        id: String,
    },
    /// Not there: the list is whole and shows others of its kind.
    Absent,
    /// Not in a whole list of so many, none of its kind.
    NotShown {
        of: usize,
    },
    /// What would be changed or deleted is there, and says this.
    Found {
        id: String,
        text: Option<String>,
    },
    /// Likewise, and the other side's system has made it.
    System {
        id: String,
        mark: String,
        text: Option<String>,
        is_allowed: bool,
    },
    /// What would be changed or deleted is not in its list, which is whole.
    NoSuchThing {
        id: String,
        of: usize,
    },
    /// What the list is of is not there, in the other side's words.
    NoLane(Cause),
    NotKnown(WhyNotKnown),
}

/// By what a thing that is there differs from what a row would make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub field: String,
    pub there: String,
    pub row: String,
}

/// Why it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WhyNotKnown {
    /// The connector declares no list that would show it.
    NoList,
    /// Nothing says in which list to look: the row has nothing under this name.
    NotNamed {
        name: String,
    },
    /// The list was not seen to its end, or its items have no names.
    List(Extent),
    /// The list was refused.
    Refused(Cause),
    NoAnswer(Cause),
    /// Asking ended before.
    NotAsked,
    /// The list was read so soon after the row was sent that it may be late.
    TooEarly,
    /// The list shows nothing of its kind: it may leave such things out.
    NotShown {
        of: usize,
    },
    /// The list does not show a field that matters.
    Untold {
        field: String,
    },
    /// The same is there once more, no row has made that, and the list does not show a field of it that matters.
    UntoldCopy {
        id: String,
        field: String,
    },
}

/// The kinds by which rows are counted, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    System,
    There,
    Unlike,
    Alike,
    NoLane,
    NoSuchThing,
    NotKnown,
    NotShown,
    SystemAllowed,
    Found,
    Absent,
}

impl Kind {
    pub(super) const ALL: [Self; 11] = [
        Self::System,
        Self::There,
        Self::Unlike,
        Self::Alike,
        Self::NoLane,
        Self::NoSuchThing,
        Self::NotKnown,
        Self::NotShown,
        Self::SystemAllowed,
        Self::Found,
        Self::Absent,
    ];

    fn of(found: &RowFound) -> Self {
        match found {
            RowFound::System { is_allowed: false, .. } => Self::System,
            RowFound::System { .. } => Self::SystemAllowed,
            RowFound::There { .. } => Self::There,
            RowFound::Unlike { .. } => Self::Unlike,
            RowFound::Alike { .. } => Self::Alike,
            RowFound::NoLane(_) => Self::NoLane,
            RowFound::NoSuchThing { .. } => Self::NoSuchThing,
            RowFound::NotKnown(_) => Self::NotKnown,
            RowFound::NotShown { .. } => Self::NotShown,
            RowFound::Found { .. } => Self::Found,
            RowFound::Absent => Self::Absent,
        }
    }

    /// Whether somebody should look at such rows before a run.
    pub(super) fn is_grave(self) -> bool {
        !matches!(self, Self::Absent | Self::Found | Self::SystemAllowed | Self::NotShown)
    }

    /// The word in events, and for `explain`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::System => "system_refused",
            Self::SystemAllowed => "system_allowed",
            Self::There => "there_already",
            Self::Unlike => "there_otherwise",
            Self::Alike => "alike",
            Self::NoLane => "list_missing",
            Self::NoSuchThing => "not_listed",
            Self::NotKnown => "not_known",
            Self::NotShown => "not_shown",
            Self::Found => "found",
            Self::Absent => "not_there",
        }
    }
}

/// The words of all kinds.
#[cfg(test)]
pub(super) fn kinds() -> impl Iterator<Item = String> {
    Kind::ALL.into_iter().map(|kind| kind.word().to_owned())
}

/// A row and what was found of it.
#[derive(Debug, Clone)]
pub(crate) struct RemoteRow {
    pub place: RowPlace,
    /// Empty where the row has none.
    pub key: String,
    pub lane: String,
    pub operation: String,
    pub effect: Effect,
    pub found: RowFound,
    /// The text that would be there afterwards; none where nothing would, or nothing is changed.
    pub goes: Option<String>,
}

impl RemoteRow {
    pub(crate) fn of(step: &Step, found: RowFound, goes: Option<String>) -> Self {
        let operation = step.operation.as_ref();
        Self {
            place: step.place.clone(),
            key: step.key.clone(),
            lane: step.ready.as_ref().map_or_else(String::new, |ready| ready.lane.clone()),
            operation: operation.map_or_else(String::new, |one| one.name.to_string()),
            effect: operation.map_or(Effect::Read, |one| one.effect),
            found,
            goes,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        Kind::of(&self.found)
    }

    /// What is there, and what would be there afterwards, where both are known.
    pub(super) fn change(&self) -> Option<(&str, &str)> {
        let text = match &self.found {
            RowFound::Found { text, .. } | RowFound::System { text, .. } => text.as_deref()?,
            _ => return None,
        };
        match self.effect {
            Effect::Delete => Some((text, "")),
            _ => Some((text, self.goes.as_deref()?)),
        }
    }
}

/// How asking ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RemoteEnd {
    Whole,
    /// By the user; `is_kept` says whether the same call goes on.
    Interrupted {
        signal: i32,
        is_kept: bool,
    },
    /// Nobody is there, or nobody is let in.
    Stopped {
        obstacle: Obstacle,
        /// How long nothing had got through, where that is why.
        after: Option<Duration>,
        is_kept: bool,
    },
}

/// All of it.
#[derive(Debug, Clone)]
pub(crate) struct RemoteFindings {
    pub end: RemoteEnd,
    /// What a list is of, as in `ticket`.
    noun: Option<String>,
    /// From when on lists were asked for by an earlier call, where what these showed is gone by.
    known_since: Option<Zoned>,
    lists: u64,
    answered: u64,
    requests: u64,
    counts: [u64; Kind::ALL.len()],
    /// Updates whose text is there already.
    unchanged: u64,
    /// The first rows of each kind but the one that all is well with.
    named: Vec<RemoteRow>,
    /// The first rows whose change can be shown, and of how many.
    changes: Vec<RemoteRow>,
    changed: u64,
}

impl RemoteFindings {
    pub(crate) fn new(
        end: RemoteEnd,
        noun: Option<String>,
        (lists, answered): (u64, u64),
        requests: u64,
    ) -> Self {
        Self {
            end,
            noun,
            known_since: None,
            lists,
            answered,
            requests,
            counts: [0; Kind::ALL.len()],
            unchanged: 0,
            named: Vec::new(),
            changes: Vec::new(),
            changed: 0,
        }
    }

    /// Goes by what an earlier call has asked for, from that moment on.
    pub(crate) fn with_known_since(self, known_since: Option<Zoned>) -> Self {
        Self { known_since, ..self }
    }

    /// Takes a row in.
    pub(crate) fn see(&mut self, row: RemoteRow) {
        let kind = row.kind();
        if let Some(count) = self.counts.get_mut(place_of(kind)) {
            *count += 1;
        }
        if let Some((comes, goes)) = row.change() {
            match comes == goes.trim() {
                true => self.unchanged += 1,
                false => {
                    self.changed += 1;
                    if self.changes.len() < NAMED {
                        self.changes.push(row.clone());
                    }
                }
            }
        }
        let is_named = !matches!(kind, Kind::Absent | Kind::Found);
        if is_named && self.named_of(kind).count() < NAMED {
            self.named.push(row);
        }
    }

    pub(super) fn noun(&self) -> Option<&str> {
        self.noun.as_deref()
    }

    /// That some lists were read earlier, and when; none where all were read now.
    pub(super) fn known_earlier(&self) -> Option<String> {
        self.known_since.as_ref().map(|since| {
            format!("some were asked for by an earlier call, from {} on", minute(since))
        })
    }

    pub(super) fn lists(&self) -> u64 {
        self.lists
    }

    pub(super) fn answered(&self) -> u64 {
        self.answered
    }

    /// The kinds of which there are rows, with how many.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (Kind, u64)> {
        let counts = Kind::ALL.into_iter().map(|kind| (kind, self.count(kind)));
        counts.filter(|(_, count)| *count > 0)
    }

    /// How many changes there are beside the first that are shown.
    pub(super) fn more_changes(&self, most: usize) -> u64 {
        self.changed - self.changes.len().min(most) as u64
    }

    /// How many rows of a kind there are beside the first that are named; none where nobody is named.
    pub(super) fn more_of(&self, kind: Kind, most: usize) -> u64 {
        match self.named_of(kind).take(most).count() {
            0 => 0,
            named => self.count(kind) - named as u64,
        }
    }

    /// The first rows whose change can be shown.
    pub(super) fn changes(&self) -> impl Iterator<Item = &RemoteRow> {
        self.changes.iter()
    }

    pub(super) fn count(&self, kind: Kind) -> u64 {
        self.counts.get(place_of(kind)).copied().unwrap_or_default()
    }

    /// Rows that may not be changed or deleted, for the system has made what they are about.
    pub(crate) fn refused(&self) -> u64 {
        self.count(Kind::System)
    }

    pub(super) fn named_of(&self, kind: Kind) -> impl Iterator<Item = &RemoteRow> {
        self.named.iter().filter(move |row| row.kind() == kind)
    }
}

fn place_of(kind: Kind) -> usize {
    Kind::ALL.iter().position(|one| *one == kind).unwrap_or_default()
}

#[cfg(test)]
mod tests;
