//! Asks the other side for lists: what a plan, a verification and an export have in common.
//!
//! Each list is asked for once, several at a time, within the quotas that all runs of the account share; what was asked when a
//! call is interrupted is kept for the next; and where nothing gets through for too long, asking ends. Nothing but reads leaves.
//! What lists say, and of what, is for whoever asks.

mod ask;
mod kept;
mod list;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::declared::job::Job;
use crate::engine::Stop;
use crate::event::{Note, Obstacle};
use crate::ledger::{Ledger, LedgerError, Open as _, Reader as _};
use crate::row::Cause;
use crate::text::quota::Quota;
use crate::traffic::pace::{Moment, Pace};
use crate::traffic::transport::Credentials;

use super::booking::name_in;
use super::lately::continued;
use super::limits::Limits;
use super::run::{Destination, Sharing, StateFolder, over_http, patience};
use super::target::{Target, TargetOptions};
use super::{Details, Failure};
pub(super) use ask::{AskEnd, Ear, Patience};
use ask::{Means, ask, tell_spent};
pub(super) use kept::Kept;
pub(super) use list::{AskedList, ListAnswer};

/// What whoever asks tells of itself before.
pub(super) fn details(
    job: &Job,
    (target, options): (&Target, &TargetOptions<'_>),
    limits: &Limits,
) -> Details {
    Details {
        target: Some(target.words()),
        passed_over: target.passed_over(job),
        credentials: options.kind(job),
        variables: options.variables(job),
        limits: Some(limits.clone()),
        ..Details::of(job)
    }
}

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
    /// How long nothing may get through, where the user says so.
    pub give_up_after: Option<Duration>,
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

/// Who is asked, and how.
pub(super) struct Inquiry<'a> {
    pub job: &'a Job,
    pub target: &'a Target,
    pub limits: &'a Limits,
    /// What runs with this ledger have sent is sent within the same quotas.
    pub ledger: &'a Path,
    pub world: &'a RemoteWorld<'a>,
}

/// Says how far asking is: lists with an answer, and requests.
pub(super) type Progress<'p> = &'p mut dyn FnMut(u64, u64);

impl AskedList {
    /// Whether it has to be asked for yet.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.answer, ListAnswer::NotAsked)
    }

    /// Whether the other side has said something, if only that there is no such thing.
    pub(super) fn is_answered(&self) -> bool {
        !matches!(self.answer, ListAnswer::NotAsked | ListAnswer::None(_))
    }
}

impl Inquiry<'_> {
    /// What it will cost to ask for the lists that are open.
    pub(super) fn cost(&self, lists: &[AskedList], known_since: Option<i64>) -> RemoteCost {
        let all = lists.len() as u64;
        let open = lists.iter().filter(|list| list.is_open()).count() as u64;
        let (duration, limited_by) = self.limits.timetable(open).answered(open);
        RemoteCost {
            lists: all,
            known: all - open,
            known_since: known_since.filter(|_| open < all).and_then(|since| self.zoned(since)),
            noun: lists.first().and_then(|list| list.maker.lane.noun()).map(str::to_owned),
            requests: open,
            duration,
            limited_by,
        }
    }

    /// What an earlier call of `purpose` has kept. A sandbox is gone with this process, and what it said, too.
    pub(super) fn kept(&self, purpose: &str) -> Kept {
        let StateFolder::At(folder) = &self.world.state_folder else { return Kept::nothing() };
        if self.target.is_sandbox {
            return Kept::nothing();
        }
        let job = self.job;
        let account = self.target.account_served.as_deref().unwrap_or_default();
        let now = (self.world.wall)();
        // Another connector, or this one changed, asks otherwise, and what it remembers of an item is something else.
        let connector = job.connector.fingerprint.to_string();
        // What lists have shown holds no longer where rows of any job of the ledger went there since.
        let last_sent = self.last_sent().to_string();
        let (base_url, name) = (&*self.target.base_url, &*job.connector.name);
        let parts = [base_url, account, &job.name, name, &connector, purpose, &last_sent];
        Kept::open(folder, &parts, now)
    }

    /// When the last request of a row went there, by the ledger; unix milliseconds, 0 where it knows of none.
    fn last_sent(&self) -> i64 {
        let ledger = Ledger::open_to_read(self.ledger).ok().flatten();
        let sent = ledger.and_then(|ledger| {
            let name = name_in(&ledger, self.target.job_name(self.job)).ok()?;
            ledger.last_request(&name.base_url).ok().flatten()
        });
        sent.unwrap_or_default()
    }

    /// Asks for all lists that are open. Gives how it ended, and how many requests left.
    pub(super) fn ask(
        &self,
        lists: &mut [AskedList],
        credentials: Credentials,
        (ear, progress): (&mut dyn Ear, Progress<'_>),
    ) -> Result<(AskEnd, u64), Failure> {
        let open = lists.iter().filter(|list| list.is_open()).count() as u64;
        if open == 0 {
            return Ok((AskEnd::Whole, 0));
        }
        let connector = &self.job.connector;
        let concurrency = self.limits.concurrency as usize;
        let destination =
            Destination { connector, base_url: &self.target.base_url, credentials, concurrency };
        let transport = over_http(destination, self.world.ca_file.as_deref())?;
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
                let cause = Cause::default().saying(error.to_string());
                return Ok((AskEnd::Stopped(Obstacle::Request(cause), None), 0));
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
                ear,
                patience: self.patience(),
            };
            ask(lists, means, pace, &mut stops).await
        });
        runtime.shutdown_background();
        sharing.leave(report);
        Ok((end, requests))
    }

    /// As a run has it.
    fn patience(&self) -> Patience {
        let longest_request = self.job.connector.request_timeout;
        let (silence, push_backs) =
            patience(self.world.give_up_after, &self.limits.quotas, longest_request);
        Patience { silence, push_backs }
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
        let name = name_in(&ledger, self.target.job_name(self.job))?;
        continued(pace, quotas, (&ledger, &name.base_url), (self.world.wall)())
    }
}
