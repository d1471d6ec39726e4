//! Whether what is missing from a source is missing from it still: it is read once more before anything is deleted for that.
//!
//! A file that was being written while it was surveyed may have more by then. What is there once more is not deleted, and nothing
//! else is either: nobody knows what such a source says.

use std::collections::HashSet;

use crate::row::KeyHash;
use crate::source::{Read, Record};
use crate::text::diagnostic::Place;

use super::Readings;
use super::fates::Fates;
use super::steps::ReadingFailure;

/// Reads the source to its end, unless the system tells that nobody has written to it since.
pub(crate) fn still_missing(readings: Readings<'_>, fates: &Fates) -> Result<(), ReadingFailure> {
    let missing: HashSet<KeyHash> =
        fates.missing().rows.iter().map(|row| KeyHash::of(&row.known.key)).collect();
    let mut source = (readings.open)()?;
    if missing.is_empty() || fates.are_of(&source) {
        return Ok(());
    }
    let mut record = Record::default();
    loop {
        match source.next(&mut record) {
            Read::End if source.rows() < fates.rows() => {
                return Err(ReadingFailure::fewer(readings.job.rows.name()));
            }
            Read::End => return Ok(()),
            Read::Problem(problem) => {
                return Err(match &problem.place {
                    Place::Row(place) => ReadingFailure::changed(&place.row),
                    _ => ReadingFailure::Source(vec![problem]),
                });
            }
            Read::Row => {
                let key = readings.preparer.whole_key(&record);
                let is_there = key.is_none_or(|key| missing.contains(&KeyHash::of(&key)));
                if is_there || source.rows() > fates.rows() {
                    return Err(ReadingFailure::changed(&record.place));
                }
            }
        }
    }
}
