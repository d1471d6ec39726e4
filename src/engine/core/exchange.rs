//! What goes into the core and what comes out of it. Values only.

use std::sync::Arc;
use std::time::Duration;

use crate::declared::connector::Operation;
use crate::declared::job::InDoubt;
use crate::engine::Work;
use crate::event::Event;
use crate::ledger::{Ack, LedgerError};
use crate::prepare::request::Request;
use crate::row::{AttemptEnd, AttemptStart, Holdings, Uncounted};
use crate::text::diagnostic::Diagnostic;
use crate::traffic::deadline::Deadline;
use crate::traffic::pace::{Moment, Report};
use crate::traffic::reply::{Granted, TokenFailure};
use crate::traffic::shared_pace::{Heard, Unheard};
use crate::traffic::verdict::Verdict;

/// What a run is allowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// Requests under way at once, at the most.
    pub concurrency: usize,
    /// Attempts for one row in this run.
    pub attempts: u32,
    /// How long the other side may be out of reach before the run stops.
    pub give_up_after: Duration,
    /// How long the other side may do nothing but ask for less before the run stops.
    pub give_up_on_push_backs_after: Duration,
    /// How long a request may be under way.
    pub longest_request: Duration,
    /// Rows that may fail in this run before it stops.
    pub max_failures: Option<u64>,
    /// When the run has to be over.
    pub deadline: Option<Deadline>,
    /// What becomes of a row whose answer was lost.
    pub in_doubt: InDoubt,
    /// Whether what is there is counted before the run ends: not where the other side has forgotten what earlier runs made.
    pub counts: bool,
    /// Whether requests carry a token.
    pub needs_token: bool,
    /// Whether getting a token is a request itself.
    pub token_costs_request: bool,
}

/// What rows own of a page and of the lane that is looked through, or why the ledger does not say.
pub(crate) type Owned = Result<Holdings, LedgerError>;

/// What has happened. Rows are named by their slots, as the actions name them.
#[derive(Debug)]
pub(crate) enum Input {
    /// More rows of the source, in its order.
    Rows(Vec<Work>),
    /// There are no more rows.
    SourceEnded,
    /// The source cannot be read again.
    SourceFailed(Vec<Diagnostic>),
    /// Writes of the ledger are durable.
    Durable(Vec<Ack>),
    /// The ledger cannot be written or read any more.
    LedgerFailed(LedgerError),
    /// Writes that will never be durable: starts that must not leave, and ends that only this run knows.
    Unwritten {
        starts: Vec<usize>,
        ends: Vec<usize>,
    },
    /// Nobody is there to write the ledger, or to say what was written.
    RecorderGone,
    /// A request has come to an end.
    Replied {
        slot: usize,
        verdict: Verdict,
    },
    /// A page of the list that was looked at, and which of its ids belong to other rows.
    Looked {
        slot: usize,
        verdict: Verdict,
        owned: Owned,
    },
    /// The page that comes next for a row has lain in a cache for so long.
    LookAged {
        slot: usize,
        age: Duration,
    },
    /// Likewise, for a lane that is counted.
    CountAged {
        lane: usize,
        age: Duration,
    },
    /// A page of the list by which a lane is counted, with what rows own of it and all rows of the lane.
    Counted {
        lane: usize,
        verdict: Verdict,
        owned: Owned,
    },
    /// A page of the list that is read before rows are sent.
    Read {
        list: usize,
        verdict: Verdict,
    },
    /// The page that comes next of such a list has lain in a cache for so long.
    ReadAged {
        list: usize,
        age: Duration,
    },
    /// What earlier runs have left to be counted.
    Owed(Owing),
    Token(Result<Granted, TokenFailure>),
    /// What other runs of the account do, or why nobody says.
    Heard(Result<Heard, Unheard>),
    Stop(Stop),
    /// Whether what has been told is taken; while it is not, nothing is begun.
    OutputTaken(bool),
    /// Time has passed.
    Tick,
}

/// Lanes that earlier runs have left to be counted, each with what has made its items.
#[derive(Debug, Default)]
pub(crate) struct Owing {
    pub lanes: Vec<(Arc<Operation>, Uncounted)>,
    /// How long ago, when the run began, the last request of an earlier one had left.
    pub quiet_for: Duration,
}

/// A wish to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Start nothing more, let end what is under way.
    Drain { signal: i32 },
    /// Leave what is under way to its fate.
    Now { signal: i32 },
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Action {
    /// Enter an attempt in the ledger.
    Begin { slot: usize, start: Box<AttemptStart> },
    /// Enter what came of an attempt.
    End { slot: usize, end: Box<AttemptEnd> },
    /// Send the row's request.
    Send { slot: usize, work: Arc<Work> },
    /// Look at a page of the list in which the row may be.
    Look { slot: usize, work: Arc<Work>, request: Box<Request> },
    /// Look at a page of the list by which a lane is counted.
    Count { lane: usize, of: Arc<Operation>, name: Arc<str>, request: Box<Request> },
    /// Read a page of the list that shows what a row changes or deletes.
    Read { list: usize, of: Arc<Work>, request: Box<Request> },
    /// Get a token.
    Renew,
    /// Tell other runs of the account how this one stands, and hear of them.
    Come(Box<Report>),
    /// Tell the reporters.
    Tell(Box<Event>),
    /// Forget the requests under way.
    Abandon,
}

/// The moment and what goes with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    pub moment: Moment,
    /// Unix milliseconds, by this machine's clock. It may be set at any moment, so nothing is measured by it.
    pub wall: i64,
    /// Unix milliseconds, by the other side's clock, once an answer has told it; it goes on with `moment`.
    pub remote: Option<i64>,
    /// In 0..1.
    pub chance: f64,
}

impl Now {
    /// The time that counts for what the other side checks: its own, as far as that is known. Unix milliseconds.
    pub(crate) fn clock(&self) -> i64 {
        self.remote.unwrap_or(self.wall)
    }
}
