//! The rows that a job's `where` leaves out, by reason: a row is never left out in silence.

use std::sync::Arc;

use crate::prepare::Preparer;

/// How many rows are left out for which reason, in the order of the job's conditions; reasons of no row are not there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Filtered(pub Vec<(Arc<str>, u64)>);

/// The same while they are counted.
#[derive(Debug, Default)]
pub(super) struct Count(Vec<u64>);

impl Count {
    /// A row is left out by the condition of that number.
    pub(super) fn add(&mut self, condition: usize) {
        if self.0.len() <= condition {
            self.0.resize(condition + 1, 0);
        }
        self.0[condition] += 1;
    }

    /// With the words of the job. Conditions of one reason are one.
    pub(super) fn named(&self, preparer: &Preparer) -> Filtered {
        let mut named: Vec<(Arc<str>, u64)> = Vec::new();
        for (why, count) in preparer.reasons().zip(&self.0).filter(|(_, count)| **count > 0) {
            match named.iter_mut().find(|(known, _)| known == why) {
                Some((_, known)) => *known += count,
                None => named.push((Arc::clone(why), *count)),
            }
        }
        Filtered(named)
    }
}
