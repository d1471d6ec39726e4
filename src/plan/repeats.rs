//! Which rows share a key. Only a source in which keys are known to repeat is read once more for that.

use std::collections::{HashMap, HashSet};

use crate::prepare::{Findings, RowKey};
use crate::row::KeyHash;
use crate::source::{Read, Record};
use crate::text::diagnostic::Diagnostic;
use crate::text::spelling::canonical;

use super::Readings;
use super::row_problem::{RepeatedKey, RowProblem};

/// The first row that bears a key.
struct First {
    row: u64,
    line: u64,
    /// As it is written there.
    key: String,
}

/// Reads the source again to say which rows share a key. Gives the number of rows that come second and are valid
/// otherwise.
///
/// # Errors
/// What is wrong with the source by now.
pub(super) fn tell_repeated_keys(
    readings: &Readings<'_>,
    repeated: &HashSet<KeyHash>,
    tell: &mut dyn FnMut(RowProblem),
) -> Result<u64, Vec<Diagnostic>> {
    let mut source = (readings.open)()?;
    let mut first: HashMap<String, First> = HashMap::new();
    let mut record = Record::default();
    let mut findings = Findings::default();
    let mut repeats = 0;
    loop {
        match source.next(&mut record) {
            Read::End => return Ok(repeats),
            Read::Problem(_) => continue,
            Read::Row => {}
        }
        let (RowKey::Written(key), _) = readings.preparer.row_key(&record) else { continue };
        if !repeated.contains(&KeyHash::of(&key)) {
            continue;
        }
        let here = || First { row: record.place.row, line: record.place.line, key: key.clone() };
        let first = first.entry(canonical(&key).into_owned()).or_insert_with(here);
        if first.row != record.place.row {
            let prepared = readings.preparer.prepare(&record, readings.now, &mut findings);
            repeats += u64::from(prepared.valid);
            findings.problems.clear();
            tell(RowProblem::KeyRepeated(Box::new(RepeatedKey {
                place: record.place.clone(),
                is_spelt_otherwise: first.key != key,
                key,
                first: Some((first.row, first.line)),
                item: readings.job.connector.item.clone(),
            })));
        }
    }
}
