//! A row in hand: its work, where it stands, and what is to be entered in the ledger of it.

use std::sync::Arc;
use std::time::Duration;

use crate::declared::connector::{Effect, Recover};
use crate::engine::Work;
use crate::engine::core::lists::Witness;
use crate::engine::core::reads::Before;
use crate::event::{Fault, Further, Happening, RowEnd, RowEnded, Stage};
use crate::prepare::Ready;
use crate::prepare::request::Request;
use crate::recover::{Control, Search};
use crate::row::{
    AttemptEnd, AttemptStart, Attempted, Cause, IllegalTransition, Lane, Outcome, Reason, RowEvent,
    RowState,
};
use crate::traffic::pace::Moment;

/// A row in hand.
#[derive(Debug)]
pub(in crate::engine::core) struct Slot {
    pub work: Arc<Work>,
    /// About how much memory the row takes.
    pub(super) bytes: usize,
    pub(super) lane: Lane,
    pub(super) state: RowState,
    pub(super) phase: Phase,
    pub tries: Tries,
    /// Where an earlier attempt may have acted and is to be repeated: from when on the other side is surely done with it.
    pub(super) repeat_from: Option<Moment>,
    /// When the last attempt was started; of several of earlier runs that may have acted, the first.
    pub attempted: Attempted,
    /// Whether the row was in doubt when the run began, and nothing has become known of it since.
    pub(super) in_earlier_doubt: bool,
    /// Ends that were given to the ledger and are not durable yet.
    pub(super) ends_on_their_way: u32,
    /// Whether the ledger will never have the row's last end.
    pub(super) unrecorded: bool,
    /// What is known of what it is about.
    pub before: Before,
    /// How often a list was read for its next request.
    pub readings: u32,
}

/// What of a row has been tried in this run.
#[derive(Debug, Default, Clone, Copy)]
pub(in crate::engine::core) struct Tries {
    /// Attempts that count against the limit.
    pub attempts: u32,
    pub pushbacks: u32,
    /// How often the answer led elsewhere, which is never the row's fault.
    pub redirects: u32,
    /// How often the row's token was refused while other rows were accepted.
    pub refusals: u32,
    /// When the request left whose token was refused last, while that token was the present one.
    pub refused_at: Option<Moment>,
}

/// A request that has left.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine::core) struct Flight {
    /// The count of the token that it left with.
    pub generation: u32,
    pub sent_at: Moment,
}

/// The search for what a lost request may have made.
#[derive(Debug)]
pub(in crate::engine::core) struct Recovery {
    pub search: Search,
    /// When the first page was asked for, or of when it is, where it is older.
    pub began: Option<Moment>,
    /// Whether a page is older than the request.
    pub is_aged: bool,
    /// How long one has lain in a cache, at the most.
    pub age: Duration,
    /// How often a page was too old.
    pub aged: u32,
    /// Looks that failed.
    pub looks: u32,
    /// Why the answer was lost; none for an attempt of an earlier run.
    pub lost: Option<Cause>,
    /// When the request left, likewise.
    pub left: Option<Moment>,
    /// From when on the other side is surely done with the request.
    pub sure_at: Moment,
    /// What lists are worth that are silent about the row.
    pub control: ControlOf,
    /// How often a list did not show what was known to be there.
    pub failed_controls: u32,
    /// How often the page before the first failed, where the first had come.
    pub failed_before_first: u32,
}

/// Whether what lists are worth is to be found out before a row's search goes on.
#[derive(Debug)]
pub(in crate::engine::core) enum ControlOf {
    NotNeeded,
    /// Nothing is known to be there yet, or nothing of which the text is known where that is needed.
    Awaited {
        needs_text: bool,
    },
    /// Something is known, and is looked for.
    Of(Box<ControlLook>),
}

/// A look for something that is known to be there.
#[derive(Debug)]
pub(in crate::engine::core) struct ControlLook {
    pub control: Control,
    pub witness: Witness,
}

/// Where a row stands, with what means something only there.
#[derive(Debug)]
pub(super) enum Phase {
    Queued,
    /// What it is about is being read.
    Unread,
    /// `before` is the state that the ledger has as long as it does not have the start.
    Starting {
        before: RowState,
    },
    Cleared,
    InFlight(Flight),
    /// What came of a request, or of a look, is being weighed: no row stays here after a turn.
    Landed {
        recovery: Option<Box<Recovery>>,
    },
    Sought(Box<Recovery>),
    Looking {
        flight: Flight,
        recovery: Box<Recovery>,
    },
    Waiting {
        until: Moment,
        recovery: Option<Box<Recovery>>,
    },
    Suspect {
        recovery: Option<Box<Recovery>>,
    },
    Withdrawn,
    Ending(Box<RowEnded>),
}

impl Phase {
    pub(super) fn stage(&self) -> Stage {
        match self {
            Self::Queued => Stage::Queued,
            Self::Unread => Stage::Unread,
            Self::Starting { .. } => Stage::Starting,
            Self::Cleared => Stage::Cleared,
            Self::InFlight(_) => Stage::InFlight,
            Self::Landed { .. } => Stage::Landed,
            Self::Sought(_) => Stage::Sought,
            Self::Looking { .. } => Stage::Looking,
            Self::Waiting { .. } => Stage::Waiting,
            Self::Suspect { .. } => Stage::Suspect,
            Self::Withdrawn => Stage::Withdrawn,
            Self::Ending(_) => Stage::Ending,
        }
    }

    /// Whether an attempt may come to its end from here: its request has left or is about to, or it is looked for.
    pub(super) fn may_end(&self) -> bool {
        let has_left = matches!(self, Self::Cleared | Self::InFlight(_) | Self::Landed { .. });
        has_left || self.recovery().is_some()
    }

    /// The search that goes on for the row.
    pub(super) fn recovery(&self) -> Option<&Recovery> {
        match self {
            Self::Sought(recovery) | Self::Looking { recovery, .. } => Some(recovery),
            Self::Landed { recovery }
            | Self::Waiting { recovery, .. }
            | Self::Suspect { recovery } => recovery.as_deref(),
            _ => None,
        }
    }
}

/// The last that is to be said of a row in this run.
#[derive(Debug)]
pub(in crate::engine::core) struct Last {
    pub outcome: Outcome,
    pub end: RowEnd,
    pub cause: Option<Cause>,
    /// What the other side calls what was made.
    pub id: Option<String>,
    /// What a reading operation brought.
    pub items: Option<Vec<serde_json::Value>>,
}

impl Last {
    fn new(outcome: Outcome, end: RowEnd) -> Self {
        Self { outcome, end, cause: None, id: None, items: None }
    }

    pub(crate) fn succeeded() -> Self {
        Self::new(Outcome::Succeeded, RowEnd::Succeeded)
    }

    /// Looking has found what it made.
    pub(crate) fn found() -> Self {
        Self::new(Outcome::Found, RowEnd::Succeeded)
    }

    pub(crate) fn refused() -> Self {
        Self::new(Outcome::Refused, RowEnd::Failed)
    }

    /// It surely did not act, and was tried as often as it may be.
    pub(crate) fn given_up() -> Self {
        Self::new(Outcome::GivenUp, RowEnd::Failed)
    }

    /// It was in the ledger, and its request did not leave.
    pub(crate) fn unsent() -> Self {
        Self::new(Outcome::Deferred, RowEnd::Invalid)
    }

    /// Nobody knows whether it acted.
    pub(crate) fn in_doubt() -> Self {
        Self::new(Outcome::Lost, RowEnd::InDoubt)
    }

    pub(crate) fn because(self, cause: impl Into<Option<Cause>>) -> Self {
        Self { cause: cause.into(), ..self }
    }
}

impl Recovery {
    /// A search for what a row's request may have made; none where its operation cannot be looked for.
    /// `lost` is why its answer was lost, as far as that is known, and when it left, where that was in this run.
    pub(crate) fn new(
        work: &Work,
        (lost, left): (Option<Cause>, Option<Moment>),
        sure_at: Moment,
    ) -> Option<Box<Self>> {
        let search = new_search(work)?;
        let control = ControlOf::NotNeeded;
        Some(Box::new(Self {
            search,
            began: None,
            is_aged: false,
            age: Duration::ZERO,
            aged: 0,
            looks: 0,
            lost,
            left,
            sure_at,
            control,
            failed_controls: 0,
            failed_before_first: 0,
        }))
    }

    /// The same search, from its first page on, whose number is given as far as it is known.
    pub(crate) fn anew(mut self: Box<Self>, work: &Work, first_page: Option<u32>) -> Box<Self> {
        if let Some(search) = new_search(work).map(|search| search.after(&self.search)) {
            self.search = match first_page {
                Some(first_page) => search.beginning_with(first_page),
                None => search,
            };
        }
        self.began = None;
        (self.is_aged, self.age) = (false, Duration::ZERO);
        self.control = ControlOf::NotNeeded;
        self
    }
}

fn new_search(work: &Work) -> Option<Search> {
    let ready = &work.ready;
    let recover = ready.operation.recover.as_ref()?;
    Some(Search::new(recover, &ready.fields, ready.marker.as_deref()))
}

impl Slot {
    pub(crate) fn new(work: Work) -> Self {
        let state = work.next.before();
        // Nobody works on an attempt of an earlier run any longer than on one that was lost when this run began.
        let sure_at = match state.may_have_acted() {
            true => Moment(work.ready.operation.sure_after),
            false => Moment::default(),
        };
        Self {
            bytes: work.bytes(),
            lane: Lane::named(&work.ready.lane),
            state,
            phase: Phase::Queued,
            tries: Tries::default(),
            repeat_from: work.sending.is_again().then_some(sure_at),
            attempted: work.next.attempted.unwrap_or_default(),
            in_earlier_doubt: work.sending.may_have_acted(),
            ends_on_their_way: 0,
            unrecorded: false,
            before: Before::default(),
            readings: 0,
            work: Arc::new(work),
        }
    }

    /// That something happened to the row which cannot happen where it stands.
    pub(crate) fn fault(&self, happening: Happening) -> Fault {
        Fault { row: Some(self.row()), stage: self.phase.stage(), happening, transition: None }
    }

    pub(crate) fn row(&self) -> u64 {
        self.work.ready.place.row
    }

    /// Whether an earlier attempt may have acted, and is to be repeated.
    pub(crate) fn repeats(&self) -> bool {
        self.repeat_from.is_some()
    }

    /// Until when the row has to wait before it may go again: the other side may still be at work on its last request.
    pub(crate) fn repeat_from(&self) -> Option<Moment> {
        self.repeat_from
    }

    /// Whether an attempt is under way or was lost of which nobody knows, as far as this run has told the ledger.
    pub(crate) fn is_in_doubt(&self) -> bool {
        matches!(self.state, RowState::InDoubt { .. })
    }

    /// Whether the row's last attempt is of this run and nothing is known of it.
    pub(crate) fn is_started(&self) -> bool {
        matches!(self.state, RowState::Started { .. })
    }

    /// Whether a row that is to be deleted and is not there is as it should be: an earlier attempt did it.
    pub(crate) fn may_be_gone(&self) -> bool {
        // What the row itself has made needs no deletion any more where it is not there.
        (self.repeats() || self.work.thing.is_some())
            && self.work.ready.operation.effect == Effect::Delete
    }

    /// The last request may have acted and is to be repeated, but not while the other side may be at work on it.
    pub(crate) fn repeat_when_sure(&mut self, now: Moment) {
        self.repeat_from = Some(now.after(self.work.ready.operation.sure_after));
    }

    /// Something has become known of the row. Gives whether it was in doubt from an earlier run until now.
    pub(crate) fn leave_earlier_doubt(&mut self) -> bool {
        std::mem::take(&mut self.in_earlier_doubt)
    }

    /// Whether a time of the row has passed, in unix milliseconds.
    fn is_too_late(&self, clock: i64) -> bool {
        self.work.ready.send_before.is_some_and(|moment| moment < clock)
    }

    /// Whether the row can be sent at a moment, after what its job makes of a reminder that is past by then.
    pub(crate) fn is_in_time(&mut self, clock: i64) -> bool {
        let may_be_mended = self.work.ready.may_need_mending(clock);
        let is_mended = may_be_mended && Arc::make_mut(&mut self.work).ready.mend(clock);
        is_mended || !self.is_too_late(clock)
    }

    /// Why the answer of a row that is looked for was lost.
    pub(crate) fn lost(&self) -> Cause {
        let lost = self.phase.recovery().and_then(|recovery| recovery.lost.clone());
        lost.unwrap_or_else(|| Cause::of(Reason::RunEnded))
    }

    /// The request for the page of the list that is due; none where the row lacks a field that the list asks for.
    pub(crate) fn look_request(&self) -> Option<Request> {
        let recovery = self.phase.recovery()?;
        let (ready, recover) = self.looked_at(recovery)?;
        match &recovery.control {
            ControlOf::Of(look) => look.control.request(recover, ready),
            _ => recovery.search.request(recover, ready),
        }
    }

    /// When the request left that is looked for, where that was in this run.
    pub(crate) fn left(&self) -> Option<Moment> {
        self.phase.recovery().and_then(|recovery| recovery.left)
    }

    /// Whether the row's search waits for what lists are worth, and needs to know what becomes of texts.
    pub(crate) fn awaits_control(&self) -> Option<bool> {
        match self.phase.recovery().map(|recovery| &recovery.control) {
            Some(ControlOf::Awaited { needs_text }) => Some(*needs_text),
            _ => None,
        }
    }

    /// The row whose list is looked at.
    pub(crate) fn look_work(&self) -> &Arc<Work> {
        match self.phase.recovery().map(|recovery| &recovery.control) {
            Some(ControlOf::Of(look)) => &look.witness.work,
            _ => &self.work,
        }
    }

    fn looked_at<'s>(&'s self, recovery: &'s Recovery) -> Option<(&'s Ready, &'s Recover)> {
        let work = match &recovery.control {
            ControlOf::Of(look) => &look.witness.work,
            _ => &self.work,
        };
        Some((&work.ready, work.ready.operation.recover.as_ref()?))
    }

    /// Whether a row may come to an end that shows what lists are worth, in this run and without another's.
    pub(super) fn may_bear_witness(&self) -> bool {
        match self.phase.recovery() {
            Some(recovery) => !matches!(recovery.control, ControlOf::Awaited { .. }),
            None => matches!(
                self.phase,
                Phase::Starting { .. }
                    | Phase::Cleared
                    | Phase::InFlight(_)
                    | Phase::Landed { .. }
                    | Phase::Waiting { .. }
                    | Phase::Suspect { .. }
            ),
        }
    }

    /// Whether the row may have acted as far as the ledger can know, where the run ends as it stands.
    pub(super) fn is_left_in_doubt(&self) -> bool {
        let known_to_the_ledger = match &self.phase {
            // The start may not be in the ledger, and its request has not left.
            Phase::Starting { before } => before,
            _ => &self.state,
        };
        self.unrecorded
            || (!self.in_earlier_doubt
                && (self.ends_on_their_way > 0 || known_to_the_ledger.may_have_acted()))
    }

    /// Follows the row's life.
    pub(super) fn step(&mut self, event: RowEvent) -> Result<(), IllegalTransition> {
        self.state = self.state.clone().after(event)?;
        Ok(())
    }

    /// The event that the next attempt is.
    pub(super) fn next_start(&self) -> RowEvent {
        match self.state {
            RowState::Succeeded { .. } => {
                RowEvent::Further { operation: self.work.ready.operation.name.to_string() }
            }
            _ => self.state.start(),
        }
    }

    pub(super) fn attempt_start(&self) -> Box<AttemptStart> {
        let ready = &self.work.ready;
        Box::new(AttemptStart {
            known: self.work.known,
            key: Arc::clone(&self.work.key),
            place: ready.place.clone(),
            operation: Arc::clone(&ready.operation.name),
            lane: ready.lane.clone(),
            digest: ready.digest,
            number: self.state.attempts(),
            turn: self.work.next.turn,
            repeats: self.repeats(),
            at: self.attempted.at,
            remote_at: self.attempted.remote_at,
            print: self.work.print.map(i64::from),
            snapshot: match &self.before {
                Before::Seen(sighting) => sighting.snapshot.clone(),
                Before::Unknown | Before::Against(_) => None,
            },
        })
    }

    pub(super) fn attempt_end(
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

    pub(super) fn ended(&self, end: RowEnd, cause: Option<Cause>) -> RowEnded {
        RowEnded {
            place: self.work.ready.place.clone(),
            key: Arc::clone(&self.work.key),
            lane: self.work.ready.lane.as_str().into(),
            end,
            id: None,
            attempts: self.state.attempts(),
            cause,
            items: None,
            reminder: self.work.ready.reminder.made,
            further: self.further(),
        }
    }

    /// What changes or deletes what the row has made, where it is sent for that.
    fn further(&self) -> Option<Further> {
        let operation = &self.work.ready.operation;
        self.work.thing.as_ref().map(|_| Further {
            operation: Arc::clone(&operation.name),
            deletes: operation.effect == Effect::Delete,
        })
    }
}
