//! A row that a run has to send, as it is handed to the engine.

use std::sync::Arc;

use crate::declared::job::{InDoubt, PastReminders};
use crate::plan::decide::Sending;
use crate::prepare::Ready;
use crate::recover::{ContentPrint, Subject};
use crate::row::{Cause, Next, RowId};

/// A row that the run has to send.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub ready: Ready,
    pub key: Arc<str>,
    /// The row's id in the ledger, where it has one.
    pub known: Option<RowId>,
    /// Which of the row's operations and attempts this is.
    pub next: Next,
    /// What it changes or deletes, where that is what the row has made: as the other side calls it.
    pub thing: Option<Arc<str>>,
    /// Why the row was in doubt when the run began; none where it was not, or where nobody wrote that down.
    pub lost: Option<Box<Cause>>,
    pub sending: Sending,
    /// What is read before its request leaves, and what has to be there; none where nothing is read.
    pub subject: Option<Arc<Subject>>,
    /// The print of what its request leaves there.
    pub print: Option<ContentPrint>,
}

impl Work {
    /// Without the fields where nobody will ask for them any more: the request is built, and the row is never looked for.
    pub(super) fn lightened(mut self, in_doubt: InDoubt) -> Self {
        // A reminder may become past before the row's turn.
        let may_be_mended =
            self.ready.reminder.policy != PastReminders::Reject && self.ready.send_before.is_some();
        let is_looked_for = self.sending == Sending::Settle || in_doubt == InDoubt::Verify;
        if !may_be_mended && (!is_looked_for || self.ready.operation.recover.is_none()) {
            self.ready.fields = Default::default();
        }
        self
    }

    /// About how much memory the row holds.
    pub(crate) fn bytes(&self) -> usize {
        let request = &self.ready.request;
        let body = request.body.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.key.len() + self.ready.lane.len() + request.path.len() + body
    }
}
