//! Rows that are shown in full, chosen for what may go wrong with them. What is worth a look is decided in `plan`.

use serde::Serialize;

use super::row::{Chip, PageRow};
use crate::plan::Notables;
use crate::report::words::{counted, notable, number};

/// Kinds of rows that are told apart.
const MOST_KINDS: usize = 12;

/// Rows that are shown in full.
#[derive(Debug)]
pub(super) struct Samples(Notables<PageRow>);

impl Default for Samples {
    fn default() -> Self {
        Self(Notables::telling_apart(MOST_KINDS))
    }
}

/// A row that is shown in full.
#[derive(Debug, Serialize)]
pub(super) struct Sample {
    labels: Vec<&'static str>,
    place: String,
    key: String,
    lane: String,
    operation: String,
    chips: Vec<Chip>,
    text: String,
    more: String,
}

impl Samples {
    /// Looks at a row that would be sent.
    pub(super) fn see(&mut self, row: &PageRow) {
        self.0.see(row.look, row);
    }

    /// The samples, each row once with all that it stands for.
    pub(super) fn told(&self) -> Vec<Sample> {
        let mut samples: Vec<(u64, Sample)> = Vec::new();
        for (why, row) in self.0.each() {
            let label = notable(why);
            match samples.iter_mut().find(|(known, _)| *known == row.row) {
                Some((_, sample)) => sample.labels.push(label),
                None => samples.push((row.row, Sample::of(row, label))),
            }
        }
        samples.into_iter().map(|(_, sample)| sample).collect()
    }
}

impl Sample {
    fn of(row: &PageRow, label: &'static str) -> Self {
        let more = match row.is_cut {
            true => format!(
                "Cut short here: the text has {} characters.",
                number(row.look.characters as u64)
            ),
            false => counted(row.look.characters as u64, "character"),
        };
        Self {
            labels: vec![label],
            place: format!("row {}, line {}", row.row, row.line),
            key: row.key.clone(),
            lane: row.lane.clone(),
            operation: row.operation.clone(),
            chips: row.chips.clone(),
            text: row.text.clone(),
            more,
        }
    }
}
