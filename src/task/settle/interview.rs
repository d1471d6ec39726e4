//! `settle` where nothing is said yet: goes through the rows in doubt one by one, asks whoever sits there, and settles each as it
//! is answered.
//!
//! What was said is durable before the next question, and the job is held no longer than that takes: a run may begin in between,
//! and a row that it has touched is not settled by what was seen before.

use std::collections::HashSet;
use std::sync::Arc;

use crate::declared::connector::Connector;
use crate::event::Obstacle;
use crate::ledger::{
    FailedRow, JobId, JobLock, JobName, Ledger, LedgerError, Open as _, Reader as _, Unfinished,
    Unsettled,
};
use crate::report::{InterviewCounts, Turn, of_no_ledger};
use crate::row::{RowId, Settlement};
use crate::task::asking::AskEnd;
use crate::task::booking::{Past, name_in, refuse_other_account};
use crate::task::job::{JobOptions, Opening, refuse_changed_key};
use crate::task::rescued::tell_waiting;
use crate::task::target::{Target, TargetOptions, passed_over};
use crate::task::{Failure, Listener, RemoteWorld, SendingOptions};
use crate::text::diagnostic::Diagnostic;

use super::surroundings::{Reach, Surroundings, is_there};
use super::{
    Candidate, Selection, SettleOptions, SettleOutcome, find, missing, of_open, settle_at, unknown,
    unsettled,
};

/// Lists of so many rows are asked for at a time.
const PORTION: usize = 20;
/// What Ctrl-C sends.
const SIGINT: i32 = 2;

/// What a person is asked about.
pub(crate) struct InterviewOptions<'a> {
    pub settle: SettleOptions,
    /// All rows in doubt, where it says nothing.
    pub which: Selection,
    pub source: JobOptions,
    /// The ledger knows the address.
    pub target: TargetOptions<'a>,
    pub sending: SendingOptions,
}

/// What a person answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Said(Settlement),
    /// The row stays as it is.
    Skip,
    Stop,
    /// A signal came in the place of an answer.
    Interrupted,
}

/// Asks a person.
pub(crate) trait Interviewer {
    /// What became of a row.
    fn ask(&mut self, turn: &Turn) -> Answer;

    /// Whether rows that were refused are gone through as well.
    fn wants_refused(&mut self, rows: u64) -> bool;

    /// Hears what was settled, which is durable.
    fn settled(&mut self, settled: &SettleOutcome);

    /// Hears why a row is not settled so.
    fn refused(&mut self, problems: &[Diagnostic]);

    /// Hears why lists are not to be had.
    fn unread(&mut self, obstacle: &Obstacle);
}

/// What came of it.
pub(crate) struct Interviewed {
    pub job: JobName,
    pub counts: InterviewCounts,
    pub end: InterviewEnd,
}

/// How it ended.
pub(crate) enum InterviewEnd {
    /// All were asked about, or the person wanted no more.
    Over,
    Interrupted(i32),
    /// What was said could not be written. What was said before is.
    Failed(Failure),
}

/// Asks about one row after the other.
pub(crate) fn interview(
    options: &InterviewOptions<'_>,
    world: &RemoteWorld<'_>,
    listener: Listener<'_>,
    interviewer: &mut dyn Interviewer,
) -> Result<Interviewed, Failure> {
    let (mut opening, source) = Opening::open(&options.source, None)?;
    let job = find(&options.settle, &opening.job)?;
    let (past, id) = past(options, &job, &opening, &mut *listener)?;
    let connector = Arc::clone(&opening.job.connector);
    let (in_doubt, refused) = open_rows(options, (past.ledger(), id), (&job, &connector))?;
    let target = TargetOptions { base_url: Some(job.base_url.clone()), ..options.target.clone() };
    let reach = match is_there(&job) && !in_doubt.is_empty() {
        true => Some(reach((options, &target), &mut opening, past.ledger(), world)?),
        false => None,
    };
    opening.tell_warnings(&mut *listener);
    let open: HashSet<RowId> = in_doubt.iter().chain(&refused).map(|row| row.id).collect();
    let now = (world.wall)();
    let surroundings = Surroundings::read(
        (&opening, source),
        (&past, &options.sending),
        &open,
        reach,
        (now, &mut *listener),
    )?;
    let mut conversation = Conversation {
        options,
        world,
        id,
        job: &job,
        connector: &connector,
        surroundings,
        interviewer,
        counts: InterviewCounts::default(),
    };
    let mut way = conversation.through(&in_doubt, &mut *listener)?;
    if matches!(way, Way::On) && !refused.is_empty() {
        let is_named = options.which != Selection::default();
        if is_named || conversation.interviewer.wants_refused(refused.len() as u64) {
            way = conversation.through(&refused, listener)?;
        }
    }
    let counts = conversation.counts;
    let end = match way {
        Way::On => InterviewEnd::Over,
        Way::Ended(end) => end,
    };
    Ok(Interviewed { job, counts, end })
}

/// What the ledger knows of the job. Where a run is at it, nobody needs to be asked about rows that it is about to settle.
fn past(
    options: &InterviewOptions<'_>,
    name: &JobName,
    opening: &Opening,
    listener: Listener<'_>,
) -> Result<(Past, JobId), Failure> {
    let path = &options.settle.ledger;
    let Some(ledger) = Ledger::open_to_read(path)? else { return Err(of_no_ledger(path).into()) };
    let id = ledger.find_job(name)?.ok_or_else(|| unsettled([unknown(&name.name)]))?;
    if let Some(holder) = JobLock::held_by(path, name) {
        let holder = Some(holder).filter(|holder| !holder.is_empty());
        return Err(LedgerError::Busy { holder }.into());
    }
    tell_waiting(path, name, listener)?;
    let past = Past::read(ledger, id)?;
    refuse_changed_key(&opening.job, past.keyed_by()?)?;
    Ok((past, id))
}

/// Where lists are asked for: at the address that the rows went to, and as the account that they went as.
fn reach<'a>(
    (options, target): (&'a InterviewOptions<'_>, &'a TargetOptions<'a>),
    opening: &mut Opening,
    ledger: &Ledger,
    world: &'a RemoteWorld<'a>,
) -> Result<Reach<'a>, Failure> {
    let (found, _) = Target::find(&opening.job, target)?;
    found.refuse_plain_http(&opening.job, target)?;
    let name = name_in(ledger, found.job_name(&opening.job))?;
    refuse_other_account(ledger, &name, ledger.find_job(&name)?)?;
    opening.warnings.extend(passed_over(&opening.job, target));
    let (sending, ledger) = (&options.sending, options.settle.ledger.as_path());
    Ok(Reach { target: found, options: target, sending, ledger, world })
}

/// The rows that are meant: those in doubt, and those that were refused.
fn open_rows(
    options: &InterviewOptions<'_>,
    (ledger, id): (&Ledger, JobId),
    (job, connector): (&JobName, &Connector),
) -> Result<(Vec<FailedRow>, Vec<FailedRow>), Failure> {
    let which = &options.which;
    let all = ledger.status(id, job.clone(), 0, u32::MAX)?.failed;
    let open: Vec<FailedRow> = all.into_iter().filter(|row| which.has_open(row)).collect();
    let candidates: Vec<Candidate> =
        open.iter().cloned().map(|row| of_open(row, connector)).collect();
    let missing: Vec<Unsettled> =
        missing(which, &candidates, &[]).map(|row| Unsettled::NotOpen { row }).collect();
    if !missing.is_empty() {
        return Err(unsettled(missing));
    }
    Ok(open.into_iter().partition(|row| row.state == Unfinished::InDoubt))
}

/// Whether there is more to be asked.
enum Way {
    On,
    Ended(InterviewEnd),
}

struct Conversation<'c> {
    options: &'c InterviewOptions<'c>,
    world: &'c RemoteWorld<'c>,
    id: JobId,
    job: &'c JobName,
    connector: &'c Connector,
    surroundings: Surroundings<'c>,
    interviewer: &'c mut dyn Interviewer,
    counts: InterviewCounts,
}

impl Conversation<'_> {
    /// Goes through rows; those that nothing was said of are counted as left.
    fn through(&mut self, rows: &[FailedRow], listener: Listener<'_>) -> Result<Way, Failure> {
        let mut way = Way::On;
        let mut said = 0;
        'portions: for (portion, some) in rows.chunks(PORTION).enumerate() {
            way = self.ask_for_lists(some)?;
            if matches!(way, Way::Ended(_)) {
                break;
            }
            for (at, row) in some.iter().enumerate() {
                let number = (portion * PORTION + at + 1, rows.len());
                let turn = self.turn(row, number)?;
                match self.interviewer.ask(&turn) {
                    Answer::Skip => {}
                    Answer::Stop => {
                        way = Way::Ended(InterviewEnd::Over);
                        break 'portions;
                    }
                    Answer::Interrupted => {
                        way = Way::Ended(InterviewEnd::Interrupted(SIGINT));
                        break 'portions;
                    }
                    Answer::Said(settlement) => match self.settle(row, &settlement, listener) {
                        Ok(is_settled) => said += u64::from(is_settled),
                        Err(failure) => {
                            way = Way::Ended(InterviewEnd::Failed(failure));
                            break 'portions;
                        }
                    },
                }
            }
        }
        self.counts.left += rows.len() as u64 - said;
        Ok(way)
    }

    /// A row as it stands beside what rows own by now: a ledger that was opened before may not show what was settled since.
    fn turn(&self, row: &FailedRow, number: (usize, usize)) -> Result<Turn, Failure> {
        let path = &self.options.settle.ledger;
        let Some(ledger) = Ledger::open_to_read(path)? else {
            return Err(of_no_ledger(path).into());
        };
        Ok(self.surroundings.turn(row, number, (&ledger, self.id))?)
    }

    fn ask_for_lists(&mut self, rows: &[FailedRow]) -> Result<Way, Failure> {
        match self.surroundings.ask(rows)? {
            AskEnd::Whole | AskEnd::Deaf => Ok(Way::On),
            AskEnd::Interrupted { signal } => Ok(Way::Ended(InterviewEnd::Interrupted(signal))),
            // A person may know without a list.
            AskEnd::Stopped(obstacle, _) => {
                self.interviewer.unread(&obstacle);
                Ok(Way::On)
            }
        }
    }

    /// Whether the row is settled now: it is not where it has moved on, or where that id is another row's.
    fn settle(
        &mut self,
        row: &FailedRow,
        said: &Settlement,
        listener: Listener<'_>,
    ) -> Result<bool, Failure> {
        let which = Selection::exactly(row);
        let now = (self.world.wall)();
        let settled = settle_at(
            &self.options.settle,
            (self.job.clone(), self.connector),
            (&which, said, &|_, _| true),
            now,
            listener,
        );
        let settled = match settled {
            Ok(settled) => settled,
            Err(Failure::Input(problems)) => {
                self.interviewer.refused(&problems);
                return Ok(false);
            }
            Err(failure) => return Err(failure),
        };
        let count = match said {
            Settlement::There { .. } => &mut self.counts.there,
            Settlement::Absent => &mut self.counts.absent,
            Settlement::Dismissed | Settlement::Withdrawn => &mut self.counts.dismissed,
        };
        *count += 1;
        self.interviewer.settled(&settled);
        Ok(true)
    }
}
