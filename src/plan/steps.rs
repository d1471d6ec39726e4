//! The second reading of a source: each row with what is to be done about it.
//!
//! `plan` shows these steps and `run` takes them, so what is shown is what is sent. Reads the source and the
//! ledger, writes nothing. Deciding is for `plan`, preparing for `prepare`; this brings the two together.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::declared::connector::{Effect, Operation, Repeat};
use crate::declared::job::InDoubt;
use crate::declared::job::Job;
use crate::ledger::{JobReader, LedgerError};
use crate::plan::decide::{Action, Facts, Held, Sending, decide};
use crate::prepare::{Findings, Preparer, Ready};
use crate::row::RowState;
use crate::row::{Attempted, KeyHash};
use crate::row::{Known, RowId};
use crate::source::{Read, Record, Source};

/// A row and what is to be done about it.
#[derive(Debug, Clone)]
pub struct Step {
    pub row: u64,
    pub line: u64,
    pub action: Action,
    /// None for a row that does not say one, or that cannot be read at all.
    pub operation: Option<Arc<Operation>>,
    /// None for a row whose cells cannot be read.
    pub ready: Option<Ready>,
    pub key: String,
    /// The row's id in the ledger, where it has one.
    pub known: Option<RowId>,
    /// Requests that have left for it so far.
    pub attempts: u32,
    /// When the last of them was started; of several in a row that may have acted, the first.
    pub attempted: Option<Attempted>,
    /// What the ledger says of its last attempt, or what is wrong with it.
    pub reason: Option<String>,
    /// It is done, and its content is not what was sent.
    pub changed: bool,
}

/// How the steps of a source add up. `rows` is the sum of the others but `changed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub rows: u64,
    pub send: u64,
    /// Rows among them that are in doubt, and are looked for first or repeated.
    pub in_doubt: u64,
    pub skip: u64,
    pub held_in_doubt: u64,
    pub held_refused: u64,
    /// Rows that wait behind one that is held in doubt.
    pub held_behind: u64,
    pub reject: u64,
    /// Rows that are done and have changed since.
    pub changed: u64,
}

impl Tally {
    pub fn count(&mut self, step: &Step) {
        self.rows += 1;
        self.changed += u64::from(step.changed);
        match step.action {
            Action::Send(sending) => {
                self.send += 1;
                self.in_doubt += u64::from(sending != Sending::Fresh);
            }
            Action::Skip => self.skip += 1,
            Action::Hold(Held::InDoubt) => self.held_in_doubt += 1,
            Action::Hold(Held::Refused) => self.held_refused += 1,
            Action::Hold(Held::Behind) => self.held_behind += 1,
            Action::Reject => self.reject += 1,
        }
    }
}

/// How a row differs from what was last sent of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// It does not, or nothing was sent.
    None,
    Content,
    /// It stands in another lane, or has another list, so what was sent is not where this would be.
    Lane,
    Operation,
}

impl Change {
    fn new(known: Option<&Known>, ready: Option<&Ready>, operation: Option<&Operation>) -> Self {
        let Some(known) = known else { return Self::None };
        if operation.is_some_and(|operation| operation.name != known.operation) {
            return Self::Operation;
        }
        let Some(ready) = ready.filter(|ready| ready.digest != known.digest) else {
            return Self::None;
        };
        let recover = operation.and_then(|operation| operation.recover.as_ref());
        let one_list = recover.is_none_or(|recover| recover.lists_lane);
        if ready.lane == known.lane && one_list { Self::Content } else { Self::Lane }
    }
}

/// Reads steps off a source.
pub struct Steps<'a> {
    preparer: &'a Preparer,
    source: Source,
    ledger: Option<JobReader>,
    /// Hashes of the keys and contents that occur more than once: only those need counting.
    repeated: HashSet<KeyHash>,
    occurrences: HashMap<String, u64>,
    retry_failed: bool,
    in_doubt: InDoubt,
    /// Lanes of rows that are in doubt and held.
    held_lanes: HashSet<String>,
    /// What keys of reading operations begin with, since those are done anew in each run.
    run_mark: String,
    record: Record,
    findings: Findings,
}

impl<'a> Steps<'a> {
    /// Opens the source anew. `repeated` is what the survey found; `run_mark` tells this run from any other.
    pub fn open(
        job: &Job,
        preparer: &'a Preparer,
        ledger: Option<JobReader>,
        repeated: HashSet<KeyHash>,
        retry_failed: bool,
        run_mark: String,
    ) -> Result<Self, Vec<crate::text::diagnostic::Diagnostic>> {
        Ok(Self {
            preparer,
            source: preparer.reopen(job)?,
            ledger,
            repeated,
            occurrences: HashMap::new(),
            retry_failed,
            in_doubt: job.in_doubt,
            held_lanes: HashSet::new(),
            run_mark,
            record: Record::default(),
            findings: Findings::default(),
        })
    }

    /// The next row's step; none at the end. `now` is in unix milliseconds.
    pub fn next(&mut self, now: i64) -> Result<Option<Step>, LedgerError> {
        let mut record = std::mem::take(&mut self.record);
        let step = match self.source.next(&mut record) {
            Read::End => Ok(None),
            Read::Problem(problem) => {
                let place = match &problem.place {
                    crate::text::diagnostic::Place::Row(place) => (place.row, place.line),
                    _ => (0, 0),
                };
                Ok(Some(reject(place.0, place.1, Some(problem.message))))
            }
            Read::Row => self.step(&record, now).map(Some),
        };
        self.record = record;
        step
    }

    fn step(&mut self, record: &Record, now: i64) -> Result<Step, LedgerError> {
        let checked = self.preparer.check(record, now, &mut self.findings);
        let first_problem =
            self.findings.take().into_iter().find(crate::text::diagnostic::Diagnostic::is_error);
        let mut reason = first_problem.map(|problem| problem.message);
        let operation =
            checked.as_ref().map(|checked| Arc::clone(self.preparer.operation(checked)));
        let ready = match checked.map(|checked| self.preparer.ready(checked, record)) {
            Some(Ok(ready)) => Some(ready),
            Some(Err(problem)) => {
                // Most often it follows from what was wrong before.
                reason.get_or_insert(problem.message);
                None
            }
            None => None,
        };
        let key = match self.preparer.key(record) {
            // A key belongs to the first row that bears it.
            Some(Ok(key)) if self.occurrence(&key, KeyHash::of(&key)) == 1 => Some(key),
            Some(Ok(key)) => {
                reason.get_or_insert_with(|| {
                    format!("the key `{key}` is that of an earlier row, too")
                });
                None
            }
            Some(Err(problem)) => {
                reason.get_or_insert(problem.message);
                None
            }
            None => ready.as_ref().map(|ready| self.content_key(ready)),
        };
        let step = match key {
            Some(key) => self.decide(record, operation.as_deref(), ready, key, reason)?,
            None => reject(record.row, record.line, reason),
        };
        let operation = operation.or_else(|| self.preparer.operation_of(record).cloned());
        Ok(Step { operation, ..step })
    }

    /// What is to be done with a row that has its lane to itself, as far as the rows before it let it.
    ///
    /// Nothing overtakes a row that is in doubt and held, neither in its lane nor in that in which it was sent.
    fn in_its_lane(
        &mut self,
        action: Action,
        lane: Option<&String>,
        sent_in: Option<&String>,
    ) -> Action {
        let waits = lane.is_some_and(|lane| self.held_lanes.contains(lane));
        let action = match action {
            Action::Send(Sending::Fresh) if waits => Action::Hold(Held::Behind),
            Action::Send(_) if waits => Action::Hold(Held::InDoubt),
            action => action,
        };
        if action == Action::Hold(Held::InDoubt) {
            self.held_lanes.extend(lane.into_iter().chain(sent_in).cloned());
        }
        action
    }

    fn decide(
        &mut self,
        record: &Record,
        operation: Option<&Operation>,
        ready: Option<Ready>,
        key: String,
        reason: Option<String>,
    ) -> Result<Step, LedgerError> {
        let effect = operation.map_or(Effect::Create, |operation| operation.effect);
        let key = if effect == Effect::Read { format!("{}{key}", self.run_mark) } else { key };
        let known = match &self.ledger {
            Some(ledger) => ledger.find(&key)?,
            None => None,
        };
        let change = Change::new(known.as_ref(), ready.as_ref(), operation);
        let facts = Facts {
            earlier: known.as_ref().map(|known| &known.earlier),
            valid: ready.as_ref().is_some_and(|ready| ready.valid),
            unchanged: change == Change::None,
            effect,
            repeat: match (change, operation) {
                // What was another operation, or somewhere else, is not repeated by this.
                (Change::Operation | Change::Lane, _) | (_, None) => Repeat::Harmful,
                (_, Some(operation)) => operation.repeat,
            },
            settles: matches!(change, Change::None | Change::Content)
                && ready.is_some()
                && operation.is_some_and(|operation| operation.recover.is_some()),
            in_doubt: self.in_doubt,
            retry_failed: self.retry_failed,
        };
        let lane = ready.as_ref().map(|ready| &ready.lane);
        let sent_in = known.as_ref().map(|known| &known.lane);
        let action = self.in_its_lane(decide(&facts), lane, sent_in);
        let attempts = known.as_ref().map_or(0, |known| known.earlier.state.attempts());
        Ok(Step {
            row: record.row,
            line: record.line,
            action,
            operation: None,
            ready,
            reason: reason_for(action, known.as_ref(), change, reason),
            changed: action == Action::Skip && change != Change::None,
            attempted: known.as_ref().map(|known| known.attempted),
            known: known.map(|known| known.id),
            attempts,
            key,
        })
    }

    /// A content is its own key; one that occurs again is told apart by its number.
    fn content_key(&mut self, ready: &Ready) -> String {
        let key = ready.digest.to_string();
        match self.occurrence(&key, ready.digest.hash()) {
            1 => key,
            count => format!("{key}#{count}"),
        }
    }

    /// The how-manieth row of its key this is, counting from 1.
    fn occurrence(&mut self, key: &str, hash: KeyHash) -> u64 {
        if !self.repeated.contains(&hash) {
            return 1;
        }
        let count = self.occurrences.entry(key.to_owned()).or_default();
        *count += 1;
        *count
    }
}

fn reason_for(
    action: Action,
    known: Option<&Known>,
    change: Change,
    problem: Option<String>,
) -> Option<String> {
    let earlier = known.map(|known| &known.earlier);
    match action {
        Action::Reject => problem,
        Action::Skip => known
            .and_then(|known| known.remote_id.as_ref())
            .map(|id| format!("done already as {id}")),
        Action::Hold(Held::Refused) => {
            let words =
                earlier.and_then(|earlier| earlier.message.as_deref()).unwrap_or("no reason given");
            Some(format!("refused earlier and not changed since: {words}"))
        }
        Action::Hold(Held::InDoubt) => {
            let lost =
                matches!(earlier.map(|earlier| &earlier.state), Some(RowState::InDoubt { .. }));
            let words = earlier.and_then(|earlier| earlier.message.as_deref()).filter(|_| lost);
            let then = match (change, known) {
                (Change::Lane, Some(known)) => Some(&known.lane),
                (Change::Operation, Some(known)) => Some(&known.operation),
                _ => None,
            };
            let advice = match then {
                Some(then) => format!("it was for `{then}`: look there, or put that back"),
                None => "look whether it is there, and decide with the job's `in_doubt`".to_owned(),
            };
            let words = words.unwrap_or("its run ended before the answer");
            let invalid = problem.map(|problem| format!("; and it is invalid now: {problem}"));
            let invalid = invalid.unwrap_or_default();
            Some(format!("a request left and may have acted: {words} ({advice}){invalid}"))
        }
        Action::Send(Sending::Settle) => Some(
            "a request left and may have acted: looked for first, sent only if it is not there"
                .to_owned(),
        ),
        Action::Send(Sending::Repeat) => {
            Some("a request left and may have acted; a repeat is harmless".to_owned())
        }
        Action::Send(Sending::Fresh) | Action::Hold(Held::Behind) => None,
    }
}

fn reject(row: u64, line: u64, reason: Option<String>) -> Step {
    Step {
        row,
        line,
        action: Action::Reject,
        operation: None,
        ready: None,
        key: String::new(),
        known: None,
        attempts: 0,
        attempted: None,
        reason,
        changed: false,
    }
}
