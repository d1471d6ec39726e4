//! Which rows share a key. Only a source in which keys are known to repeat is read once more for that.

use std::collections::{HashMap, HashSet};

use crate::declared::job::Duplicates;
use crate::prepare::{Findings, RowKey};
use crate::row::{Digest, KeyHash};
use crate::source::{Read, Record};
use crate::text::diagnostic::Diagnostic;
use crate::text::spelling::canonical;

use super::Readings;
use super::row_problem::{RepeatedKey, RowProblem};
use super::row_set::RowSet;

/// The first row that bears a key.
struct First {
    /// The how many row of the reading it is: parts of a row have one number in the source.
    ordinal: u64,
    row: u64,
    line: u64,
    /// As it is written there.
    key: String,
    content: Option<Digest>,
}

/// How many rows come second with their key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Repeats {
    /// They were valid otherwise, and say something else than the first, or the job wants each key once.
    pub mistakes: u64,
    /// They say what the first says, and the job has that sent once.
    pub same: u64,
}

/// Reads the source again to say which rows share a key. Gives how many come second, of those that counted as valid when it was
/// first read, whatever stands there by now; they do not any more. Nothing is said of rows in whose place corrected ones were
/// sent.
///
/// # Errors
/// What is wrong with the source by now.
pub(super) fn tell_repeated_keys(
    readings: &Readings<'_>,
    repeated: &HashSet<KeyHash>,
    valid: &mut RowSet,
    is_corrected: &dyn Fn(&Record) -> bool,
    tell: &mut dyn FnMut(RowProblem),
) -> Result<Repeats, Vec<Diagnostic>> {
    let mut source = (readings.open)()?;
    let mut first: HashMap<String, First> = HashMap::new();
    let mut record = Record::default();
    let mut findings = Findings::default();
    let mut repeats = Repeats::default();
    // The first part, by its place in the reading, of the row that comes second with its key.
    let mut second = None;
    let same_once = readings.job.shaping.duplicates == Duplicates::SameOnce;
    loop {
        match source.next(&mut record) {
            Read::End => return Ok(repeats),
            Read::Problem(_) => continue,
            Read::Row => {}
        }
        let Some(RowKey::Written(key)) = readings.preparer.row_key(&record) else { continue };
        if !repeated.contains(&KeyHash::of(&key)) {
            // A row that comes second is told by the parts that the first has, too.
            let goes_with_it = second == Some(record.first_share());
            repeats.mistakes += u64::from(goes_with_it && valid.remove(record.ordinal));
            continue;
        }
        if is_corrected(&record) {
            continue;
        }
        let draft = readings.preparer.draft(&record, &mut findings);
        // Nothing is sent of it, so it shares nothing.
        let is_left_out = draft.left_out().is_some();
        let content = draft.digest().filter(|_| same_once);
        findings.problems.clear();
        if is_left_out {
            continue;
        }
        let here = || First {
            ordinal: record.ordinal,
            row: record.place.row,
            line: record.place.line,
            key: key.clone(),
            content,
        };
        let first = first.entry(canonical(&key).into_owned()).or_insert_with(here);
        if first.ordinal != record.ordinal {
            second = Some(record.first_share());
            let is_valid = valid.remove(record.ordinal);
            if is_valid && content.is_some() && content == first.content {
                repeats.same += 1;
                continue;
            }
            repeats.mistakes += u64::from(is_valid);
            tell(RowProblem::KeyRepeated(Box::new(RepeatedKey {
                place: record.place.clone(),
                is_spelt_otherwise: first.key != key,
                key,
                first: Some((first.row, first.line)),
                item: readings.job.connector.item.clone(),
                returned: readings.preparer.returns(),
            })));
        }
    }
}
