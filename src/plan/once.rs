//! Which rows say the same as an earlier row of their key: where the job says `duplicates: same_once`, those are sent once.
//!
//! Sixteen bytes a row, and only for such a job. A key belongs to the first row that bears it; another content under it is a
//! mistake, however often it comes.

use crate::declared::job::Duplicates;
use crate::row::Digest;

use super::names::{Arrival, Name, Names};

/// The contents of the first rows of all keys.
#[derive(Debug)]
pub(super) struct Once(Option<Names>);

impl Once {
    pub(super) fn of(duplicates: Duplicates) -> Self {
        Self(match duplicates {
            Duplicates::Problem => None,
            Duplicates::SameOnce => Some(Names::default()),
        })
    }

    /// A row has come that is the first of its key.
    pub(super) fn first(&mut self, key: Name, content: Option<Digest>) {
        if let (Some(names), Some(content)) = (&mut self.0, content) {
            let _: Arrival = names.arrive(key.with(content));
        }
    }

    /// Whether a row that is not the first of its key has the content of that.
    pub(super) fn is_same(&self, key: Name, content: Option<Digest>) -> bool {
        let known = self.0.as_ref().zip(content);
        known.is_some_and(|(names, content)| names.has(key.with(content)))
    }
}
