//! `settle`: a person says what became of rows of which no run can, or that none is to be told of again.
//!
//! Asks nobody but the ledger and writes nothing but what is said, all of it or nothing. That it is true is for the person:
//! nothing is concluded from what the other side shows. How somebody is asked row by row, with that beside it, is `interview`.

mod interview;
mod surroundings;

use std::path::PathBuf;

use jiff::Zoned;

use crate::declared::connector::{Connector, Effect};
use crate::declared::job::{self, Given, Job};
use crate::ledger::{
    Before, Books as _, FailedRow, JobId, JobLock, JobName, Ledger, LedgerError, Open as _,
    Reader as _, RowName, SettledDeed, SettledNow, SettledRow, Settling, Unfinished, Unsettled,
};
use crate::report::{of_no_ledger, of_unsettled};
use crate::row::{RowId, Settlement};
use crate::text::place::RowPlace;
use crate::text::spelling::is_same;

use super::{Failure, Listener, Told, one_target};
pub(crate) use interview::{Answer, InterviewEnd, InterviewOptions, Interviewer, interview};

/// What is to be settled, and how.
#[derive(Debug, Clone)]
pub(crate) struct SettleOptions {
    pub job: PathBuf,
    /// What the command line says of it.
    pub given: Given,
    /// Folders in which connectors are looked for first.
    pub connectors: Vec<PathBuf>,
    pub ledger: PathBuf,
    /// Only where requests went to this address, or `sandbox`; needed where the job has gone to several.
    pub address: Option<String>,
    /// Who says so.
    pub by: String,
    pub comment: Option<String>,
    /// Of the process, for whoever finds the job held meanwhile.
    pub process: u32,
    pub began: Zoned,
}

/// Which rows: those that are named, or all that are such.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// By their numbers in the source, when they were last sent.
    rows: Vec<u64>,
    keys: Vec<String>,
    state: Option<Unfinished>,
    /// The API's own code.
    code: Option<String>,
    /// One row, as it stood when a person was asked about it.
    exactly: Option<AskedRow>,
}

/// A row that a person was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct AskedRow {
    id: RowId,
    attempt: u32,
    place: RowPlace,
    key: String,
}

impl Selection {
    pub(crate) fn new(
        (rows, keys): (Vec<u64>, Vec<String>),
        state: Option<Unfinished>,
        code: Option<String>,
    ) -> Self {
        Self { rows, keys, state, code, exactly: None }
    }

    fn exactly(row: &FailedRow) -> Self {
        let FailedRow { id, attempts, place, key, .. } = row.clone();
        let exactly = Some(AskedRow { id, attempt: attempts, place, key });
        Self { exactly, ..Self::default() }
    }

    fn names_rows(&self) -> bool {
        !self.rows.is_empty() || !self.keys.is_empty()
    }

    fn has(&self, (id, attempt): (RowId, u32), place: &RowPlace, key: &str) -> bool {
        if let Some(asked) = &self.exactly {
            return (asked.id, asked.attempt) == (id, attempt);
        }
        !self.names_rows()
            || self.rows.contains(&place.row)
            || self.keys.iter().any(|own| is_same(own, key))
    }

    fn has_open(&self, row: &FailedRow) -> bool {
        let code = row.cause.as_ref().and_then(|cause| cause.code.as_ref());
        self.has((row.id, row.attempts), &row.place, &row.key)
            && self.state.is_none_or(|state| state == row.state)
            && (self.code.is_none() || self.code.as_ref() == code)
    }

    fn has_settled(&self, row: &SettledRow) -> bool {
        self.has((row.id, row.attempt), &row.place, &row.key)
    }
}

/// What was settled.
#[derive(Debug)]
pub(crate) struct SettleOutcome {
    /// The job's name, and where its rows go.
    pub job: JobName,
    /// The run that it is in the ledger; none where there was nothing to settle.
    pub run: Option<i64>,
    pub said: Settlement,
    pub by: String,
    pub rows: Vec<SettledNow>,
}

/// A row that may be settled.
struct Candidate {
    id: RowId,
    attempt: u32,
    /// Whether its request makes something, so that a person may say what that is called.
    makes: bool,
    /// What it changes or deletes, where that is known.
    thing: Option<String>,
    row: SettledNow,
}

/// Says whether the rows that were chosen may be settled so.
pub(crate) type Consent<'a> = &'a dyn Fn(&[SettledNow], &Settlement) -> bool;

/// Settles rows. `now` is in unix milliseconds.
pub(crate) fn settle(
    options: &SettleOptions,
    (which, said, consent): (&Selection, &Settlement, Consent<'_>),
    now: i64,
    listener: Listener<'_>,
) -> Result<SettleOutcome, Failure> {
    let job = job::load(&options.job, &options.given, &options.connectors)
        .map_err(|broken| Failure::Input(broken.problems))?;
    let name = find(options, &job)?;
    settle_at(options, (name, &job.connector), (which, said, consent), now, listener)
}

/// Likewise, of a job that was found.
fn settle_at(
    options: &SettleOptions,
    (name, connector): (JobName, &Connector),
    (which, said, consent): (&Selection, &Settlement, Consent<'_>),
    now: i64,
    listener: Listener<'_>,
) -> Result<SettleOutcome, Failure> {
    let since = options.began.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let lock = JobLock::take(&options.ledger, &name, options.process, &since)?;
    let ledger = Ledger::open_claimed(&options.ledger, &lock)?;
    for taken in ledger.take_in(&lock)? {
        listener(Told::BroughtIn(taken));
    }
    let id = ledger.find_job(&name)?.ok_or_else(|| unsettled([unknown(&name.name)]))?;
    let chosen = chosen((which, said), (&ledger, connector), id, &name)?;
    let entry = |row: Candidate| {
        // What is changed or deleted keeps its name, whatever a person calls it.
        let said = match said {
            Settlement::There { .. } if !row.makes => Settlement::There { id: None },
            said => said.clone(),
        };
        ((row.id, row.attempt, said), row.row)
    };
    let (entries, rows): (Vec<_>, Vec<_>) = chosen.into_iter().map(entry).unzip();
    if !consent(&rows, said) {
        return Err(Failure::Declined);
    }
    let keyed_by = ledger.keyed_by(id)?.unwrap_or_default();
    let settling = Settling {
        by: &options.by,
        comment: options.comment.as_deref(),
        keyed_by: &keyed_by,
        rows: entries,
    };
    let run = match rows.is_empty() {
        true => None,
        false => Some(ledger.settle(&lock, &settling, now)?),
    };
    let (said, by) = (said.clone(), options.by.clone());
    Ok(SettleOutcome { job: name, run, said, by, rows })
}

/// The job's name in the ledger, at the one target that is meant.
fn find(options: &SettleOptions, job: &Job) -> Result<JobName, Failure> {
    let ledger = Ledger::open_to_read(&options.ledger)?;
    let Some(ledger) = ledger else {
        return Err(Failure::Input(vec![of_no_ledger(&options.ledger)]));
    };
    let found = one_target::only(&ledger, &job.name, options.address.as_deref())?;
    found.map(|(_, name)| name).ok_or_else(|| unsettled([unknown(&job.name)]))
}

fn unknown(job: &str) -> Unsettled {
    Unsettled::UnknownJob { job: job.to_owned() }
}

fn unsettled(all: impl IntoIterator<Item = Unsettled>) -> Failure {
    Failure::Input(all.into_iter().map(|one| of_unsettled(&one)).collect())
}

/// The rows that are meant, each of which may be settled so; or all that stands against it.
fn chosen(
    (which, settlement): (&Selection, &Settlement),
    (ledger, connector): (&Ledger, &Connector),
    job: JobId,
    name: &JobName,
) -> Result<Vec<Candidate>, Failure> {
    let open = ledger.status(job, name.clone(), 0, u32::MAX)?.failed;
    let settled = ledger.settled(job)?;
    let (chosen, mut against) = match settlement {
        Settlement::Withdrawn => withdrawn(which, settled),
        _ => said((which, settlement), connector, open, settled),
    };
    against.extend(several(which, &chosen));
    if let Some(asked) = which.exactly.as_ref().filter(|_| chosen.is_empty()) {
        let (place, key) = (asked.place.clone(), asked.key.clone());
        against.push(Unsettled::MovedOn { place, key });
    }
    if let Settlement::There { id: Some(made) } = settlement {
        against.extend(refuse_id(ledger, job, made, &chosen)?);
    }
    match against.is_empty() {
        true => Ok(chosen),
        false => Err(unsettled(against)),
    }
}

/// A number may be that of rows of several versions of the source: then it names none.
fn several(which: &Selection, chosen: &[Candidate]) -> Vec<Unsettled> {
    let named = |row: u64| chosen.iter().filter(move |one| one.row.place.row == row);
    let several = which.rows.iter().filter(|row| named(**row).nth(1).is_some());
    several
        .map(|row| Unsettled::SeveralRows {
            row: *row,
            keys: named(*row).map(|one| one.row.key.clone()).collect(),
        })
        .collect()
}

/// An id is of one row, and of no other; what a row changes or deletes has one already.
fn refuse_id(
    ledger: &Ledger,
    job: JobId,
    id: &str,
    chosen: &[Candidate],
) -> Result<Option<Unsettled>, LedgerError> {
    let id = id.to_owned();
    let one = match chosen {
        [] => return Ok(None),
        [one] => one,
        rows => return Ok(Some(Unsettled::OneIdForMany { id, rows: rows.len() as u64 })),
    };
    if !one.makes {
        let own = one.thing.clone().filter(|own| *own != id);
        let (place, key) = (one.row.place.clone(), one.row.key.clone());
        return Ok(own.map(|own| Unsettled::IsNotIts { id, own, place, key }));
    }
    let maker = ledger.maker(job, &id)?;
    Ok(maker.map(|(place, key)| Unsettled::IsAnothers { id, place, key }))
}

/// Rows of which a person has said something that is to be taken back.
fn withdrawn(which: &Selection, settled: Vec<SettledRow>) -> (Vec<Candidate>, Vec<Unsettled>) {
    let chosen = settled.into_iter().filter(|row| which.has_settled(row));
    let chosen: Vec<Candidate> = chosen.map(of_settled).collect();
    let missing = missing(which, &chosen, &[]).map(|row| Unsettled::NothingSaid { row });
    let missing = missing.collect();
    (chosen, missing)
}

/// Rows that need a person's word.
fn said(
    (which, settlement): (&Selection, &Settlement),
    connector: &Connector,
    open: Vec<FailedRow>,
    settled: Vec<SettledRow>,
) -> (Vec<Candidate>, Vec<Unsettled>) {
    let is_dismissal = *settlement == Settlement::Dismissed;
    let (mut chosen, mut against) = (Vec::new(), Vec::new());
    for row in open.into_iter().filter(|row| which.has_open(row)) {
        match row.state {
            // It was refused, and an attempt before that may have acted.
            Unfinished::Failed if row.may_have_acted && which.names_rows() => {
                chosen.push(of_open(row, connector));
            }
            Unfinished::Failed if !is_dismissal && which.names_rows() => {
                against.push(Unsettled::HasFailed { place: row.place, key: row.key });
            }
            // Of all that are such, those are meant of which that can be said.
            Unfinished::Failed if !is_dismissal => {}
            Unfinished::Failed | Unfinished::InDoubt => chosen.push(of_open(row, connector)),
        }
    }
    if which.names_rows() {
        let before: Vec<&SettledRow> =
            settled.iter().filter(|row| which.has_settled(row)).collect();
        against.extend(before.iter().map(|row| Unsettled::Settled {
            place: row.place.clone(),
            key: row.key.clone(),
            by: row.by.clone(),
        }));
        let told: Vec<(&RowPlace, &str)> = against
            .iter()
            .filter_map(|one| match one {
                Unsettled::HasFailed { place, key } | Unsettled::Settled { place, key, .. } => {
                    Some((place, key.as_str()))
                }
                _ => None,
            })
            .collect();
        let missing: Vec<Unsettled> =
            missing(which, &chosen, &told).map(|row| Unsettled::NotOpen { row }).collect();
        against.extend(missing);
    }
    (chosen, against)
}

/// The names of rows that nothing was found for.
fn missing<'a>(
    which: &'a Selection,
    chosen: &'a [Candidate],
    told: &'a [(&RowPlace, &str)],
) -> impl Iterator<Item = RowName> + 'a {
    let found = || {
        let chosen = chosen.iter().map(|one| (&one.row.place, one.row.key.as_str()));
        chosen.chain(told.iter().copied())
    };
    let rows = which.rows.iter().filter(move |row| found().all(|(place, _)| place.row != **row));
    let keys = which.keys.iter().filter(move |own| found().all(|(_, key)| !is_same(own, key)));
    rows.map(|row| RowName::Number(*row)).chain(keys.map(|key| RowName::Key(key.clone())))
}

fn of_open(row: FailedRow, connector: &Connector) -> Candidate {
    let effect = effect_of(&row, connector);
    let FailedRow { id, place, key, lane, state, attempts, undoes, thing, .. } = row;
    let deed = match effect {
        _ if undoes => SettledDeed::Undo,
        Effect::Create | Effect::Read => SettledDeed::Make,
        Effect::Update => SettledDeed::Change,
        Effect::Delete => SettledDeed::Delete,
    };
    let row = SettledNow { deed, place, key, lane, before: Before::Unfinished(state) };
    Candidate { id, attempt: attempts, makes: effect == Effect::Create, thing, row }
}

/// What the last request of a row does. What the connector has no more makes something, so that nothing is taken for harmless.
fn effect_of(row: &FailedRow, connector: &Connector) -> Effect {
    let operation = connector.operations.get(row.operation.as_str());
    operation.map_or(Effect::Create, |operation| operation.effect)
}

fn of_settled(row: SettledRow) -> Candidate {
    let SettledRow { id, attempt, place, key, lane, said, .. } = row;
    let deed = SettledDeed::default();
    let row = SettledNow { deed, place, key, lane, before: Before::Settled(said) };
    Candidate { id, attempt, makes: true, thing: None, row }
}
