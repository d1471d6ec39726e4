//! Why a run is over.

use super::Fault;
use crate::ledger::LedgerError;
use crate::plan::Kept;
use crate::row::Cause;
use crate::text::diagnostic::Diagnostic;
use crate::traffic::reply::NoToken;

/// Why a run is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Every row has reached its end.
    Finished,
    /// Nothing is left that this run may send, and so many rows are in the hands of somebody else who has started them.
    InOtherHands { rows: u64 },
    /// All else went well, and rows are missing from a source that is likelier to be wrong than they are: none was deleted.
    NothingDeleted(Kept),
    /// SIGINT (2) or SIGTERM (15), or their counterparts.
    Interrupted { signal: i32 },
    /// The credentials were refused twice, or there was no way to a token.
    Unauthorized(Obstacle),
    /// The other side was out of reach for too long.
    Outage(Obstacle),
    /// Nothing has ever answered at the address, and waiting would not mend that.
    WrongAddress(Obstacle),
    /// More rows failed in this run than it was allowed.
    TooManyFailures { allowed: u64 },
    /// The time by which the run had to be over has come.
    Deadline,
    /// The time that the run was given at the most is over.
    MaxDuration,
    /// The base URL is of no API that people can sign in to there: waiting would not mend that.
    NoLoginThere(Obstacle),
    /// The ledger could not be written or read.
    LedgerFailed(LedgerError),
    /// Whatever writes the ledger came to a sudden end.
    RecorderGone,
    /// The source could not be read a second time.
    SourceFailed(Vec<Diagnostic>),
    /// The system gave this process nothing to run with, in the system's words.
    NoRuntime(String),
    /// A step that cannot be: a fault of this program.
    Fault(Fault),
}

/// What stood in the way of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// What became of a request.
    Request(Cause),
    /// Why there was no token to send with.
    Token(NoToken),
}
