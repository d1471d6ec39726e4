//! The second reading of a source: the rows that are to be sent, or to be shown, with their requests.
//!
//! What becomes of a row was decided by the survey. Each row that is to be sent is looked at once more by the same
//! rules; where that comes to anything else, the source has changed between the readings, and no more is taken from it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::declared::connector::{Effect, Operation};
use crate::declared::job::OnChange;
use crate::ledger::LedgerError;
use crate::prepare::{Findings, Ready, RowKey, ShownCell, ShownValue};
use crate::row::{Known, Reference};
use crate::source::{Read, Record, Source};
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::place::RowPlace;

use super::Readings;
use super::decide::{Fate, LeftOut};
use super::decider::key_of;
use super::fates::{Fates, Noted, Walk};
use super::look::{Change, Look, Policy};
use super::missing::MissingRow;
use super::names::Name;
use super::prior::Prior;
use super::row_problem::{RepeatedKey, RowProblem, SourceChange};
use super::saved::{Mark, PlannedRows};
use super::updates::{SentBefore, Update};

/// A row and what becomes of it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub place: RowPlace,
    /// The how many row of the reading it is.
    pub ordinal: u64,
    pub fate: Fate,
    /// None for a row that does not say one, or that cannot be read at all.
    pub operation: Option<Arc<Operation>>,
    /// None for a row of which no request can be made.
    pub ready: Option<Ready>,
    /// Empty for a row that has none.
    pub key: String,
    /// What the ledger knows of the row.
    pub known: Option<Known>,
    /// Of one that changes what the row has made: what has to be there before.
    pub expects: Option<Arc<SentBefore>>,
    /// How it differs from what was last sent of it.
    pub change: Change,
    /// What is wrong with it, first of all.
    pub problem: Option<RowProblem>,
    /// Why the job's `where` leaves it out.
    pub left_out: Option<Arc<str>>,
}

impl Step {
    /// The deletion of what a row has made that is no longer in the source.
    pub(crate) fn of_missing(row: &MissingRow) -> Self {
        Self {
            place: row.ready.place.clone(),
            ordinal: 0,
            fate: Fate::Send(row.sending),
            operation: Some(Arc::clone(&row.ready.operation)),
            ready: Some(row.ready.clone()),
            key: row.known.key.clone(),
            known: Some(row.known.clone()),
            expects: None,
            change: Change::None,
            problem: None,
            left_out: None,
        }
    }
}

/// All that there is to see of a row.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowInsight {
    /// None of a row that cannot be read.
    pub cells: Vec<ShownCell>,
    pub named: Vec<ShownValue>,
    /// All that is wrong with it, or worth a word.
    pub problems: Vec<Diagnostic>,
    /// Whether further parts of its row may follow, which has the same number.
    pub may_go_on: bool,
}

/// What keys of rows that only read begin with in a run, since those are done anew in each.
pub(crate) fn run_mark(run: i64) -> String {
    format!("run {run}/")
}

/// Why a second reading came to no end.
#[derive(Debug)]
pub(crate) enum ReadingFailure {
    /// The source cannot be read.
    Source(Vec<Diagnostic>),
    /// The source is not what the survey has read.
    Changed(SourceChange),
    Ledger(LedgerError),
}

impl From<Vec<Diagnostic>> for ReadingFailure {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Self::Source(problems)
    }
}

impl From<LedgerError> for ReadingFailure {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// Reads steps off a source.
pub(crate) struct Steps<'a> {
    readings: Readings<'a>,
    policy: Policy,
    prior: Option<Prior<'a>>,
    source: Source,
    fates: &'a Fates,
    walk: Walk<'a>,
    /// What keys of reading operations begin with, since those are done anew in each run.
    run_mark: String,
    record: Record,
    findings: Findings,
    /// What was saved of the rows, where the run carries out a saved plan.
    planned: Option<PlannedRows>,
}

impl<'a> Steps<'a> {
    /// Opens the source once more. `run_mark` tells this run from any other.
    pub(crate) fn open(
        readings: Readings<'a>,
        prior: Option<Prior<'a>>,
        policy: Policy,
        fates: &'a Fates,
        run_mark: String,
    ) -> Result<Self, Vec<Diagnostic>> {
        Ok(Self {
            source: (readings.open)()?,
            readings,
            policy,
            prior,
            fates,
            walk: fates.walk(),
            run_mark,
            record: Record::default(),
            findings: Findings::default(),
            planned: None,
        })
    }

    /// Each row that is to be sent is one of these, too, and is to be sent by them.
    pub(crate) fn beside(self, planned: Option<PlannedRows>) -> Self {
        Self { planned, ..self }
    }

    fn refuse_unplanned(
        &mut self,
        record: &Record,
        fate: Fate,
        mark: Mark,
    ) -> Result<(), ReadingFailure> {
        let Some(planned) = self.planned.as_mut().filter(|_| matches!(fate, Fate::Send(_))) else {
            return Ok(());
        };
        match planned.at(record.ordinal) {
            Ok(Some((named, Fate::Send(_)))) if named == mark => Ok(()),
            _ => Err(ReadingFailure::changed(&record.place)),
        }
    }

    /// The next row whose fate is wanted; none where the source has no more rows.
    pub(crate) fn next(
        &mut self,
        wants: impl Fn(Fate) -> bool,
    ) -> Result<Option<Step>, ReadingFailure> {
        self.next_where(|_, fate| wants(fate))
    }

    /// The next row that is wanted by its number in the reading and its fate.
    pub(crate) fn next_where(
        &mut self,
        wants: impl Fn(u64, Fate) -> bool,
    ) -> Result<Option<Step>, ReadingFailure> {
        // In a file that has not been written to since, nobody needs to see what lies between.
        if self.fates.are_of(&self.source)
            && let Some(milestone) = self.walk.leap(self.source.rows(), &wants)
        {
            self.source.go_to(milestone).map_err(|problem| vec![problem])?;
        }
        let mut record = std::mem::take(&mut self.record);
        let step = loop {
            match self.source.next(&mut record) {
                Read::End if self.source_rows_are_missing() => break Err(self.fewer_rows()),
                Read::End => break Ok(None),
                Read::Problem(problem) => {
                    let row = self.source.rows();
                    if let Some(step) = self.unreadable(problem, &|fate| wants(row, fate))? {
                        break Ok(Some(step));
                    }
                }
                Read::Row => match self.walk.to(record.ordinal) {
                    None => break Err(ReadingFailure::changed(&record.place)),
                    Some(noted) if wants(record.ordinal, noted.fate) => {
                        break self.step(&record, noted).map(Some);
                    }
                    Some(_) => {}
                },
            }
        };
        self.record = record;
        step
    }

    /// The next of some rows, by their numbers in the source, with all that there is to see of it.
    pub(crate) fn next_of(
        &mut self,
        rows: &BTreeSet<u64>,
    ) -> Result<Option<(Step, RowInsight)>, ReadingFailure> {
        let mut record = std::mem::take(&mut self.record);
        let step = loop {
            match self.source.next(&mut record) {
                Read::End if self.source_rows_are_missing() => break Err(self.fewer_rows()),
                Read::End => break Ok(None),
                Read::Problem(problem) => {
                    let told = RowInsight { problems: vec![problem.clone()], ..Default::default() };
                    let step = self.unreadable(problem, &|_| true)?;
                    if let Some(step) = step.filter(|step| rows.contains(&step.place.row)) {
                        break Ok(Some((step, told)));
                    }
                }
                Read::Row => match self.walk.to(record.ordinal) {
                    None => break Err(ReadingFailure::changed(&record.place)),
                    Some(noted) if rows.contains(&record.place.row) => {
                        let step = self.step(&record, noted);
                        break step.map(|step| Some((step, self.insight(&record))));
                    }
                    Some(_) => {}
                },
            }
        };
        self.record = record;
        step
    }

    fn insight(&self, record: &Record) -> RowInsight {
        let preparer = self.readings.preparer;
        let mut findings = Findings::default();
        preparer.prepare(record, self.readings.now, &mut findings);
        RowInsight {
            cells: preparer.cells(record),
            named: preparer.named_values(record),
            problems: findings.take(),
            may_go_on: record.share.is_some_and(|share| share.number < share.count),
        }
    }

    /// Which row of its job the row is that came last, where rows come back corrected.
    pub(crate) fn reference(&self) -> Option<Reference> {
        self.readings.preparer.reference(&self.record)
    }

    /// What the row that came last has under a name: see [`Preparer::value_called`](crate::prepare::Preparer).
    pub(crate) fn value_called(&self, name: &str) -> Option<String> {
        self.readings.preparer.value_called(&self.record, name)
    }

    fn source_rows_are_missing(&self) -> bool {
        self.source.rows() < self.fates.rows()
    }

    /// A row that cannot be read, where such a row was noted and is wanted.
    fn unreadable(
        &mut self,
        problem: Diagnostic,
        wants: &impl Fn(Fate) -> bool,
    ) -> Result<Option<Step>, ReadingFailure> {
        let Place::Row(place) = &problem.place else {
            return Err(ReadingFailure::Source(vec![problem]));
        };
        let place = place.row.clone();
        match self.walk.to(self.source.rows()) {
            Some(Noted { fate: Fate::Reject, .. }) if wants(Fate::Reject) => Ok(Some(Step {
                place,
                ordinal: self.source.rows(),
                fate: Fate::Reject,
                operation: None,
                ready: None,
                key: String::new(),
                known: None,
                expects: None,
                change: Change::None,
                problem: Some(problem.into()),
                left_out: None,
            })),
            Some(noted) if !wants(noted.fate) => Ok(None),
            // It could be read when the rows were checked, as of a file that is being written anew.
            _ => Err(ReadingFailure::changed(&place)),
        }
    }

    fn step(&mut self, record: &Record, noted: Noted) -> Result<Step, ReadingFailure> {
        self.findings.problems.clear();
        let prepared =
            self.readings.preparer.prepare(record, self.readings.now, &mut self.findings);
        let problem = std::mem::take(&mut self.findings.problems);
        let written = problem.into_iter().find(Diagnostic::is_error);
        let mut problem = written.map(RowProblem::Written);
        let (operation, key) = (prepared.operation().cloned(), prepared.key().clone());
        let preparer = self.readings.preparer;
        let left_out =
            prepared.left_out().and_then(|number| preparer.reasons().nth(number)).cloned();
        let reads = prepared.only_reads();
        let ready = prepared.ready();
        let content = ready.as_ref().map(|ready| ready.digest);
        self.refuse_unplanned(record, noted.fate, Mark::of(&key, content))?;
        let digest = ready.as_ref().map(|ready| match &self.prior {
            Some(prior) if !reads && key == RowKey::Content => prior.content_of(ready),
            _ => ready.digest,
        });
        // Of a row that is to be sent: whether it is the one of which that was decided.
        let mark = Name::of(&key, digest).map(|name| name.mark(digest));
        if noted.mark.is_some() && noted.mark != mark {
            return Err(ReadingFailure::changed(&record.place));
        }
        let bears_the_key = noted.nth == 1 || !self.readings.preparer.has_key();
        let key = key_of(key, digest, noted.nth);
        let is_left_out = matches!(noted.fate, Fate::LeaveOut(_));
        if let Some(key) = key.as_ref().filter(|_| !bears_the_key && !is_left_out) {
            problem.get_or_insert_with(|| self.repeated(record, key));
        }
        let key = key.filter(|_| bears_the_key).map(|key| self.marked(key, operation.as_deref()));
        let known = match (&self.prior, &key) {
            (Some(prior), Some(key)) => prior.known(key)?.map(|(known, _)| known),
            _ => None,
        };
        // A row keeps the spelling of its key in the ledger.
        let key = key.map(|key| known.as_ref().map_or(key, |known| known.key.clone()));
        let look = Look {
            connector: &self.readings.job.connector,
            operation: operation.as_deref(),
            ready: ready.as_ref(),
            known: known.as_ref(),
            returned: self.readings.preparer.returns(),
        };
        let change = look.change();
        if let Some(taken) = key.as_ref().and_then(|key| look.taken_key(&record.place, key)) {
            problem.get_or_insert(taken);
        }
        let was_filtered = noted.fate == Fate::LeaveOut(LeftOut::Filtered);
        if was_filtered != left_out.is_some() {
            return Err(ReadingFailure::changed(&record.place));
        }
        if matches!(noted.fate, Fate::Send(_)) && look.fate(&self.policy) != noted.fate.alone() {
            return Err(ReadingFailure::changed(&record.place));
        }
        let ready = ready.filter(|_| key.is_some());
        let (operation, ready, expects) = match self.update(noted.fate, ready, known.as_ref()) {
            Ok(Update { ready, expects }) => {
                (Some(Arc::clone(&ready.operation)), Some(ready), Some(Arc::new(expects)))
            }
            Err(ready) => (operation, ready, None),
        };
        Ok(Step {
            place: record.place.clone(),
            ordinal: record.ordinal,
            fate: noted.fate,
            operation,
            ready,
            key: key.unwrap_or_default(),
            known,
            expects,
            change,
            problem,
            left_out,
        })
    }

    /// What changes what the row has made, where that is to be changed; otherwise the row as it is.
    fn update(
        &self,
        fate: Fate,
        ready: Option<Ready>,
        known: Option<&Known>,
    ) -> Result<Update, Option<Ready>> {
        let is_update = |fate| matches!(fate, Fate::Send(sending) | Fate::Later(sending) if sending.is_update());
        match (&self.readings.job.on_change, ready, known) {
            (OnChange::Update(by), Some(ready), Some(known)) if is_update(fate) => {
                Update::of(by, ready, known).ok_or(None)
            }
            (_, ready, _) => Err(ready),
        }
    }

    /// The key with the mark of the run, where the row only reads.
    fn marked(&self, key: String, operation: Option<&Operation>) -> String {
        match operation.map(|operation| operation.effect) {
            Some(Effect::Read) => format!("{}{key}", self.run_mark),
            _ => key,
        }
    }

    fn repeated(&self, record: &Record, key: &str) -> RowProblem {
        RowProblem::KeyRepeated(Box::new(RepeatedKey {
            place: record.place.clone(),
            key: key.to_owned(),
            first: None,
            is_spelt_otherwise: false,
            item: self.readings.job.connector.item.clone(),
            returned: self.readings.preparer.returns(),
        }))
    }

    /// The source ended before all rows had come that were counted.
    pub(crate) fn fewer_rows(&self) -> ReadingFailure {
        ReadingFailure::fewer(self.readings.job.rows.name())
    }
}

impl ReadingFailure {
    /// The source has fewer rows than the survey has read.
    pub(super) fn fewer(source: &Arc<str>) -> Self {
        Self::Changed(SourceChange::Fewer(Arc::clone(source)))
    }

    /// Another row stands here than the one that the survey has read.
    pub(crate) fn changed(place: &RowPlace) -> Self {
        Self::Changed(SourceChange::Row(place.clone()))
    }
}
