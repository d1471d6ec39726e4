//! Hears each row of a source with how it stands, and passes on those that are not done.
//!
//! Not for the words of why a row is not done.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ledger::{Candidate, Ledger, LedgerError, Reader as _};
use crate::plan::{Named, RowProblem, Stands, Watched};
use crate::prepare::Preparer;
use crate::report::{Advice, Why, of_row};
use crate::row::{Fingerprint, Identity, PlaceMark, Reference, Standing};
use crate::source::{Record, TELLING};
use crate::table::Out;
use crate::text::diagnostic::Diagnostic;

use super::{Known, Opening, Reject, RejectState, RejectsOptions, Sink};

/// Hears rows and passes on those that are not done.
pub(super) struct Telling<'a> {
    options: &'a RejectsOptions,
    job: &'a str,
    /// Where the ledger knows the rows so.
    place: Option<PlaceMark>,
    ledger: Option<&'a Ledger>,
    is_run: bool,
    preparer: &'a Preparer,
    columns: Vec<(usize, Arc<str>)>,
    /// How many rows without a name of their own have come that have these cells.
    cells: HashMap<Fingerprint, u64>,
    /// A row of which further parts may come.
    waiting: Option<Waiting>,
    counts: Counts,
    sink: &'a mut dyn Sink,
}

struct Waiting {
    first_share: u64,
    record: Record,
    reference: String,
    state: RejectState,
    why: Why,
    advice: Option<Advice>,
}

/// How many rows have come, by what they are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub failed: u64,
    pub in_doubt: u64,
    pub invalid: u64,
    /// Rows with a request under way.
    pub under_way: u64,
    /// Rows that are failed, invalid or in doubt, and otherwise than was asked for.
    pub others: u64,
}

impl<'a> Telling<'a> {
    /// What a run does at this moment is in the ledger as what may have been lost.
    pub(super) fn new(
        (options, opening): (&'a RejectsOptions, &'a Opening),
        known: Option<&'a Known>,
        columns: Vec<(usize, Arc<str>)>,
        sink: &'a mut dyn Sink,
    ) -> Self {
        Self {
            options,
            job: &opening.job.name,
            place: known.map(|known| PlaceMark::of(&known.name.base_url)),
            ledger: known.map(|known| &known.ledger),
            is_run: known.is_some_and(|known| known.is_run),
            preparer: &opening.preparer,
            columns,
            cells: HashMap::new(),
            waiting: None,
            counts: Counts::default(),
            sink,
        }
    }

    /// Passes on what still waits: no more rows come.
    pub(super) fn end(mut self) -> Counts {
        self.pass_on();
        self.counts
    }

    pub(super) fn hear(&mut self, row: Watched<'_>) -> Result<(), LedgerError> {
        let Watched { record, stands, name, problems } = row;
        if self.waiting.as_ref().is_some_and(|row| row.first_share != record.first_share()) {
            self.pass_on();
        }
        let (state, why, advice) = match stands {
            Stands::NotStarted => {
                self.count(record, name);
                return Ok(());
            }
            Stands::Invalid => (RejectState::Invalid, problem_of(problems), None),
            Stands::Known(found) => match self.state(found) {
                Some(state) => (state, self.why(found)?, Some(advice_on(state))),
                None => {
                    self.count(record, name);
                    return Ok(());
                }
            },
        };
        let reference = self.reference(record, name);
        if !self.options.wants(state, why.code()) {
            self.counts.others += 1;
            return Ok(());
        }
        match &mut self.waiting {
            // Another part of the same row: the row comes back once, as what is the gravest.
            Some(waiting) if state > waiting.state => {
                (waiting.state, waiting.why, waiting.advice) = (state, why, advice);
            }
            Some(_) => {}
            None => {
                self.waiting = Some(Waiting {
                    first_share: record.first_share(),
                    record: record.clone(),
                    reference,
                    state,
                    why,
                    advice,
                });
            }
        }
        Ok(())
    }

    fn state(&mut self, found: Candidate) -> Option<RejectState> {
        match found.standing {
            Standing::Refused | Standing::GivenUp => Some(RejectState::Failed),
            Standing::UnderWay => {
                self.counts.under_way += 1;
                None
            }
            Standing::Started if self.is_run => {
                self.counts.under_way += 1;
                None
            }
            Standing::Started | Standing::InDoubt | Standing::Contradictory => {
                Some(RejectState::InDoubt)
            }
            Standing::Done
            | Standing::Dismissed
            | Standing::Undone
            | Standing::NotStarted
            | Standing::Deferred => None,
        }
    }

    fn why(&self, found: Candidate) -> Result<Why, LedgerError> {
        let row = self.ledger.map(|ledger| ledger.unfinished(found.row)).transpose()?.flatten();
        Ok(row.and_then(|row| row.cause).map_or(Why::Unknown, |cause| Why::Cause(Box::new(cause))))
    }

    /// Counts a row that is not passed on, where others are known by how many have come that have its cells.
    fn count(&mut self, record: &Record, name: Option<Named>) {
        if name.is_none() {
            self.reference(record, name);
        }
    }

    /// The name by which a row comes back; empty where it cannot.
    fn reference(&mut self, record: &Record, name: Option<Named>) -> String {
        if let Some(origin) = record.origin() {
            return origin.reference.to_string();
        }
        let is_known_by_parts = record.share.is_some_and(|share| share.count > 1);
        if is_known_by_parts && !self.preparer.has_key() {
            return String::new();
        }
        let key = self.preparer.whole_key(record);
        let identity = match (name, key) {
            (Some(Named::Content(digest, nth)), _) => Identity::Content(digest, nth),
            (Some(Named::Key), Some(key)) => Identity::of_key(&key),
            (None, Some(key)) => Identity::of_anothers_key(&key),
            (_, None) => {
                let come = self.cells.entry(self.preparer.fingerprint(record)).or_default();
                *come += 1;
                Identity::Cells(*come)
            }
        };
        let reference = Reference { cells: self.preparer.fingerprint(record), identity };
        reference.written(self.job, self.place)
    }

    /// Passes on the row that waits.
    fn pass_on(&mut self) {
        let Some(Waiting { record, reference, state, why, advice, .. }) = self.waiting.take()
        else {
            return;
        };
        let advice = if reference.is_empty() { Some(Advice::KeyForParts) } else { advice };
        *match state {
            RejectState::Invalid => &mut self.counts.invalid,
            RejectState::Failed => &mut self.counts.failed,
            RejectState::InDoubt => &mut self.counts.in_doubt,
        } += 1;
        // Where each row has columns of its own it says which.
        let own = record.columns().map(|columns| columns.names());
        let names: Vec<(usize, &str)> = match own {
            Some(names) => names.iter().map(AsRef::as_ref).enumerate().collect(),
            None => self.columns.iter().map(|(column, name)| (*column, name.as_ref())).collect(),
        };
        let cells = names.into_iter().filter(|(_, name)| own.is_none() || !TELLING.contains(name));
        let cells = cells.map(|(column, name)| (name, Out::from(record.written(column)))).collect();
        let place = record.stood();
        self.sink.row(&Reject { reference, place, state, why, advice, cells });
    }
}

fn advice_on(state: RejectState) -> Advice {
    match state {
        RejectState::InDoubt => Advice::Settle,
        RejectState::Failed | RejectState::Invalid => Advice::Correct,
    }
}

/// What is wrong with a row. Where nothing is, an earlier row has its key.
fn problem_of(problems: Vec<RowProblem>) -> Why {
    let problems: Vec<Diagnostic> =
        problems.into_iter().map(of_row).filter(Diagnostic::is_error).collect();
    match problems.is_empty() {
        true => Why::RepeatedKey,
        false => Why::Problems(problems),
    }
}
