//! A row in hand: its work, where it stands, and what its ledger entries say.

use crate::event::{RowEnd, RowEnded};
use crate::plan::decide::Sending;
use crate::recover::Search;
use crate::row::AttemptEnd;
use crate::row::AttemptStart;
use crate::row::Attempted;
use crate::row::Cause;
use crate::row::Outcome;
use crate::row::{RowState, state};
use crate::traffic::pace::Moment;

use super::super::Work;
use crate::row::Lane;
use crate::traffic::access::{Access, Refusal};

#[derive(Debug)]
pub(super) struct Slot {
    pub work: Work,
    pub lane: Lane,
    pub state: RowState,
    pub phase: Phase,
    /// Attempts of this run that count against its limit.
    pub tries: u32,
    pub pushbacks: u32,
    pub generation: u32,
    /// How often its token was refused while others were accepted.
    pub refusals: u32,
    /// When the request left whose token was refused last, while it was the present one.
    pub refused_at: Option<Moment>,
    /// An earlier attempt may have acted, and it is to be repeated.
    pub may_have_acted: bool,
    /// When its last request left.
    pub sent_at: Moment,
    /// When the last attempt was started; of several of earlier runs that may have acted, the first.
    pub attempted: Attempted,
    /// Whether something has become known of it in this run.
    pub settled: bool,
    /// Why its answer was lost.
    pub lost: Option<Cause>,
    /// The search for what it may have made.
    pub search: Option<Box<Search>>,
    /// From when on the other side is surely done with what may have acted.
    pub sure_at: Moment,
    /// When the first page of the search was asked for.
    pub search_began: Option<Moment>,
    pub looks: u32,
    /// How the row ends, once its last outcome is durable.
    pub end: Option<RowEnded>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Queued,
    Starting,
    Cleared,
    Flying,
    /// To be looked for.
    Lost,
    /// A look is under way.
    Looking,
    Waiting,
    Ending,
}

impl Slot {
    /// Whether it was in doubt when the run began, and nothing has become known of it since.
    pub fn is_in_earlier_doubt(&self) -> bool {
        self.work.sending != Sending::Fresh && !self.settled
    }

    /// Something has become known of it. True: it was in doubt from an earlier run until now.
    pub fn leave_earlier_doubt(&mut self) -> bool {
        let was = self.is_in_earlier_doubt();
        self.settled = true;
        was
    }

    /// Follows the row's life. An illegal step would be a fault of this module; the state then stays as it is,
    /// and the ledger, which replays the same function, will say so.
    pub fn step(&mut self, event: state::RowEvent) {
        match self.state.clone().after(event) {
            Ok(state) => self.state = state,
            Err(error) => debug_assert!(false, "{error}"),
        }
    }

    /// The token of the last request was refused; says what follows.
    pub fn token_refused(&mut self, access: &mut Access) -> Refusal {
        let refusal = access.refused(self.generation, self.sent_at, self.refused_at);
        // A row whose token was merely old has not been refused itself.
        if self.generation == access.generation() {
            self.refused_at = Some(self.sent_at);
        }
        refusal
    }

    /// The last request may have acted, and is to be repeated: not while the other side may still be at work on it.
    pub fn repeat_when_sure(&mut self, now: Moment) {
        self.may_have_acted = true;
        self.sure_at = now.after(self.work.ready.operation.sure_after);
    }

    /// Whether a time of the row has passed, in unix milliseconds.
    pub fn is_too_late(&self, clock: i64) -> bool {
        self.work.ready.send_before.is_some_and(|moment| moment < clock)
    }

    pub fn attempt_start(&self) -> AttemptStart {
        let ready = &self.work.ready;
        AttemptStart {
            known: self.work.known,
            key: self.work.key.clone(),
            row: ready.row,
            line: ready.line,
            operation: ready.operation.name.clone(),
            lane: ready.lane.clone(),
            digest: ready.digest,
            number: self.state.attempts(),
            turn: 1,
            repeats: self.may_have_acted,
            at: self.attempted.at,
            remote_at: self.attempted.remote_at,
        }
    }

    pub fn attempt_end(
        &self,
        outcome: Outcome,
        cause: Option<Cause>,
        remote_id: Option<String>,
        wall: i64,
    ) -> Box<AttemptEnd> {
        Box::new(AttemptEnd {
            outcome,
            known: self.work.known,
            number: self.state.attempts(),
            cause,
            remote_id,
            at: wall,
        })
    }

    pub fn row_event(&self, end: RowEnd, cause: Option<&Cause>) -> RowEnded {
        RowEnded {
            row: self.work.ready.row,
            line: self.work.ready.line,
            key: self.work.key.as_str().into(),
            end,
            id: None,
            attempts: self.state.attempts(),
            cause: cause.cloned(),
            items: None,
        }
    }
}
