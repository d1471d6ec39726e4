//! Something worth telling once while a run goes on.

use std::path::PathBuf;
use std::time::Duration;

use crate::ledger;
use crate::plan::Kept;
use crate::row::{Cause, Uncounted};
use crate::traffic::reply::NoToken;
use crate::traffic::shared_pace::Unheard;

/// See the module's text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Note {
    /// Nothing gets through any more: rows are tried one at a time.
    OutageBegan(Cause),
    /// A fresh token is refused: rows are tried one at a time until one is accepted.
    TokenRefused(Cause),
    /// The outage is over.
    Answered,
    /// The other side asked for less: nothing leaves for a while, and then so many requests a second at first.
    PushedBack { wait: Duration, rate: f64 },
    /// There is no token yet; it is asked for again.
    NoToken(NoToken),
    /// The run was asked to stop: so many rows are waited for, or looked for, and no longer than that.
    Stopping { rows: u64, at_most: Duration },
    /// Lists of so many lanes are read once more before the run ends, and that is waited for so long at the most.
    Counting { lanes: u64, at_most: Duration },
    /// What is in a lane could not be counted once more, though something was settled there by a look.
    Uncounted { lane: String },
    /// What is in a lane that an earlier run has left cannot be counted: the connector no longer has such an operation, or no
    /// longer says how its list is read.
    Uncountable { operation: String, lane: String },
    /// What is in a lane that an earlier run has left is there once. Items that are gone come with the copy in their place.
    CountedRight { lane: String, replaced: Vec<(String, String)> },
    /// The run stops before so many lanes, in which a look has settled something, were counted once more.
    LeftUncounted { lanes: u64 },
    /// Earlier requests of the account have used a quota up: nothing leaves for so long.
    QuotaSpent { wait: Duration },
    /// Other runs of the same account cannot be heard of: this one goes by its own pace.
    OwnPace(Unheard),
    /// What runs of the same account had written down could not be read, and was begun anew.
    PaceBegunAnew(PathBuf),
    /// The job says that what missing rows have made is deleted, and nothing is.
    NothingDeleted(Kept),
    /// So many rows are missing, and nobody can show that what they have made is as it was sent: it stays.
    NotShownAsSent { rows: u64 },
    /// So many rows are missing, and what was sent last for them has not come about: what they have made stays.
    Unfinished { rows: u64 },
    /// What the recorder of the ledger has to say.
    Ledger(ledger::Note),
}

impl Note {
    pub(crate) fn of_uncountable(lane: &Uncounted) -> Self {
        Self::Uncountable { operation: lane.operation.clone(), lane: lane.lane.clone() }
    }
}
