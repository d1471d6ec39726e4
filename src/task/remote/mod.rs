//! `plan --remote`: what is there already, asked for before anything is sent.
//!
//! The rows that would be sent say which lists there are; each is asked for once, within the quotas, and then each row is
//! compared with its list. Nothing but reads leaves, and nothing that a list does not show counts as gone. What was asked
//! when a call is interrupted is kept for the next.

mod ask;
mod judge;
mod kept;
mod lists;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::engine::Stop;
use crate::event::{Note, Obstacle};
use crate::ledger::{Ledger, LedgerError, Open as _};
use crate::plan::{Fate, ReadingFailure, Step, Steps};
use crate::report::{RemoteEnd, RemoteFindings, RemoteRow};
use crate::text::quota::Quota;
use crate::traffic::pace::{Moment, Pace};
use crate::traffic::transport::Credentials;

use super::Failure;
use super::booking::{Past, name_in};
use super::job::Opening;
use super::lately::continued;
use super::limits::Limits;
use super::run::{Destination, Sharing, StateFolder, over_http};
use super::target::Target;
use ask::{AskEnd, Means, ask, tell_spent};
use judge::Judge;
use kept::Kept;
use lists::{ListAnswer, Lists};

/// Hears how far asking is: lists with an answer, and requests.
pub(crate) type AskProgress = Box<dyn FnMut(u64, u64)>;

/// What asking needs of the world outside.
pub(crate) struct RemoteWorld<'a> {
    /// The time of the system, in unix milliseconds.
    pub wall: &'a (dyn Fn() -> i64 + Sync),
    /// A number in 0..1, another each time.
    pub chance: &'a dyn Fn() -> f64,
    pub process: u32,
    /// Begins to listen for wishes to stop; called on the runtime.
    pub stops: &'a dyn Fn() -> UnboundedReceiver<Stop>,
    /// Hears what it will cost, and gives who hears how far it is: lists with an answer, and requests.
    pub begins: &'a dyn Fn(&RemoteCost) -> AskProgress,
    /// Hears what is worth telling once.
    pub tell: &'a dyn Fn(&Note),
    /// The user's zone.
    pub zone: TimeZone,
    /// Where the shared pace lies, and what an interrupted call has learnt.
    pub state_folder: StateFolder,
    /// Certificates in a PEM file, to be trusted beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// What asking will cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemoteCost {
    /// The lists that say something of rows.
    pub lists: u64,
    /// Of these, the ones that an earlier call has asked for.
    pub known: u64,
    /// From when on these were asked for.
    pub known_since: Option<Zoned>,
    /// What a list is of, as in `ticket`.
    pub noun: Option<String>,
    /// Requests, at the least.
    pub requests: u64,
    pub duration: Duration,
    pub limited_by: Option<Quota>,
}

/// What is asked about.
pub(super) struct Surroundings<'a> {
    pub opening: &'a Opening,
    pub target: &'a Target,
    pub limits: &'a Limits,
    pub past: Option<&'a Past>,
    /// What runs with this ledger have sent is sent within the same quotas.
    pub ledger: &'a Path,
    pub world: &'a RemoteWorld<'a>,
    /// Opens the second reading.
    pub steps: &'a dyn Fn() -> Result<Steps<'a>, ReadingFailure>,
}

/// Lists that have an answer, as far as they could be had.
pub(super) struct Asked {
    lists: Lists,
    findings: RemoteFindings,
}

impl Surroundings<'_> {
    /// Asks for all lists.
    pub(super) fn ask(&self, credentials: Credentials) -> Result<Asked, Failure> {
        let mut lists = self.collect()?;
        let mut kept = self.kept();
        for list in &mut lists.lists {
            if let Some(answered) = kept.take(&list.name) {
                list.answer = ListAnswer::Read(answered);
            }
        }
        let all = lists.lists.len() as u64;
        let is_open = |list: &&lists::AskedList| matches!(list.answer, ListAnswer::NotAsked);
        let open = lists.lists.iter().filter(is_open).count() as u64;
        let known_since = kept.since().filter(|_| open < all).and_then(|since| self.zoned(since));
        let noun = lists.lists.first().and_then(|list| list.maker.lane.noun());
        let noun = noun.map(str::to_owned);
        let (duration, limited_by) = self.limits.timetable(open).answered(open);
        let cost = RemoteCost {
            lists: all,
            known: all - open,
            known_since: known_since.clone(),
            noun: noun.clone(),
            requests: open,
            duration,
            limited_by,
        };
        let mut progress = (self.world.begins)(&cost);
        let (end, requests) = match open {
            0 => (AskEnd::Whole, 0),
            _ => self.ask_open(&mut lists, credentials, (&mut kept, &mut *progress))?,
        };
        drop(progress);
        let is_kept = kept.is_on();
        if end == AskEnd::Whole {
            kept.forget();
        }
        let end = match end {
            AskEnd::Whole => RemoteEnd::Whole,
            AskEnd::Interrupted { signal } => RemoteEnd::Interrupted { signal, is_kept },
            AskEnd::Stopped(obstacle) => RemoteEnd::Stopped { obstacle, is_kept },
        };
        let is_answered = |list: &&lists::AskedList| {
            !matches!(list.answer, ListAnswer::NotAsked | ListAnswer::None(_))
        };
        let answered = lists.lists.iter().filter(is_answered).count() as u64;
        let findings =
            RemoteFindings::new(end, noun, (all, answered), requests).with_known_since(known_since);
        Ok(Asked { lists, findings })
    }

    /// Compares all rows that would be sent with what was heard; `tell` hears of each.
    pub(super) fn judge(
        &self,
        asked: Asked,
        tell: &mut dyn FnMut(&RemoteRow),
    ) -> Result<RemoteFindings, Failure> {
        let Asked { mut lists, mut findings } = asked;
        let job = &self.opening.job;
        let mut judge = Judge::new(
            &job.connector,
            &mut lists,
            self.past,
            (job.allow_system_notes, self.opening.preparer.has_key()),
        );
        let mut failed = None;
        self.each_row(
            &mut |steps, step| match judge.row(step, &|name| steps.value_called(name)) {
                Ok(Some(row)) => {
                    tell(&row);
                    findings.see(row);
                }
                Ok(None) => {}
                Err(error) => drop(failed.get_or_insert(error)),
            },
        )?;
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(findings),
        }
    }

    /// What the rows that would be sent make, change or delete, by the lists in which that is seen.
    fn collect(&self) -> Result<Lists, Failure> {
        let mut lists = Lists::default();
        let connector = &self.opening.job.connector;
        self.each_row(&mut |steps, step| {
            lists.question(connector, step, &|name| steps.value_called(name));
        })?;
        Ok(lists)
    }

    fn each_row(&self, see: &mut dyn FnMut(&Steps<'_>, &Step)) -> Result<(), Failure> {
        let mut steps = (self.steps)()?;
        while let Some(step) = steps.next(|fate| matches!(fate, Fate::Send(_)))? {
            see(&steps, &step);
        }
        Ok(())
    }

    /// A sandbox is gone with this process, and what it said, too.
    fn kept(&self) -> Kept {
        let StateFolder::At(folder) = &self.world.state_folder else { return Kept::nothing() };
        if self.target.is_sandbox {
            return Kept::nothing();
        }
        let job = &self.opening.job;
        let account = self.target.account_served.as_deref().unwrap_or_default();
        let now = (self.world.wall)();
        // Another connector, or this one changed, asks otherwise, and what it remembers of an item is something else.
        let connector = job.connector.fingerprint.to_string();
        let parts = [&*self.target.base_url, account, &job.name, &job.connector.name, &connector];
        Kept::open(folder, &parts, now)
    }

    fn zoned(&self, milliseconds: i64) -> Option<Zoned> {
        let moment = Timestamp::from_millisecond(milliseconds).ok()?;
        Some(moment.to_zoned(self.world.zone.clone()))
    }

    /// The pace after what runs with this ledger have sent lately.
    fn pace(&self, requests: u64) -> Result<Pace, LedgerError> {
        let quotas = &self.limits.quotas;
        let pace = Pace::for_requests(quotas, requests);
        if self.target.is_sandbox {
            return Ok(pace);
        }
        let Some(ledger) = Ledger::open_to_read(self.ledger)? else { return Ok(pace) };
        let name = name_in(&ledger, self.target.job_name(&self.opening.job))?;
        continued(pace, quotas, (&ledger, &name.base_url), (self.world.wall)())
    }

    fn ask_open(
        &self,
        lists: &mut Lists,
        credentials: Credentials,
        (kept, progress): (&mut Kept, &mut dyn FnMut(u64, u64)),
    ) -> Result<(AskEnd, u64), Failure> {
        let connector = &self.opening.job.connector;
        let concurrency = self.limits.concurrency as usize;
        let destination =
            Destination { connector, base_url: &self.target.base_url, credentials, concurrency };
        let transport = over_http(destination, self.world.ca_file.as_deref())?;
        let open = lists.lists.len() as u64;
        let sharing = Sharing::new(&self.world.state_folder, self.target);
        let sharing = sharing.start((self.world.chance)(), self.world.process);
        let pace = sharing.apply(self.pace(open.saturating_mul(2))?);
        sharing.why_not().map(Note::OwnPace).iter().for_each(self.world.tell);
        if sharing.shared_pace().is_none() {
            tell_spent(pace.spent(Moment::default()), self.world.tell);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => {
                let cause = crate::row::Cause::default().saying(error.to_string());
                return Ok((AskEnd::Stopped(Obstacle::Request(cause)), 0));
            }
        };
        let (end, requests, report) = runtime.block_on(async {
            let mut stops = (self.world.stops)();
            let means = Means {
                transport: &transport,
                answers: &connector.answers,
                shared_pace: sharing.shared_pace(),
                concurrency,
                wall: self.world.wall,
                chance: self.world.chance,
                progress,
                tell: self.world.tell,
                keep: &mut |list, answered| kept.keep(list, answered),
            };
            ask(&mut lists.lists, means, pace, &mut stops).await
        });
        runtime.shutdown_background();
        sharing.leave(report);
        Ok((end, requests))
    }
}
