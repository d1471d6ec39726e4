//! The rows in hand: alone owns their slots, the queues that they stand in, and how many stand where.
//!
//! A row goes from one phase to the next in [`Rows::shift`] alone, which keeps slot, queues and counts in step. Each move
//! names the phases that it may start from; a move from any other, or of a row that is not in hand, changes nothing and is
//! a [`Fault`]. Whether a row should move is decided elsewhere.

mod ends;
mod lanes;
mod looks;
mod slot;
mod starts;

use std::collections::{BTreeSet, HashSet, VecDeque};

use slab::Slab;

use crate::engine::Work;
use crate::event::{Fault, Happening, RowEnded, Stage};
use crate::row::{IllegalTransition, Lane};
use crate::traffic::pace::Moment;

use lanes::Lanes;
use slot::Phase;

pub(super) use ends::{Later, Settled};
pub(super) use slot::{ControlLook, ControlOf, Flight, Last, Recovery, Slot};

/// See the module's text. Rows are named by their slots.
#[derive(Debug, Default)]
pub(super) struct Rows {
    slots: Slab<Slot>,
    lanes: Lanes,
    /// Rows that are durably started and wait for their turn.
    cleared: VecDeque<usize>,
    /// Rows whose answers were lost and that are to be looked for.
    sought: VecDeque<usize>,
    /// Rows whose token was refused: other rows are tried first with the next token.
    suspects: VecDeque<usize>,
    /// Rows that wait for another attempt, or another look.
    waiting: BTreeSet<(Moment, usize)>,
    census: Census,
    /// Ends that are not durable yet.
    ends_on_their_way: usize,
    bytes: usize,
}

/// How many rows stand where.
#[derive(Debug, Default)]
struct Census([usize; Stage::ALL.len()]);

impl Census {
    fn of(&self, stage: Stage) -> usize {
        self.0[stage as usize]
    }

    fn enter(&mut self, stage: Stage) {
        self.0[stage as usize] += 1;
    }

    fn leave(&mut self, stage: Stage) {
        self.0[stage as usize] -= 1;
    }
}

/// Why a move cannot be. The phase is given back as it was.
struct Refused {
    phase: Phase,
    transition: Option<IllegalTransition>,
}

impl From<Phase> for Refused {
    fn from(phase: Phase) -> Self {
        Self { phase, transition: None }
    }
}

impl Rows {
    /// Takes a row in hand, unless its lane goes no further in this run.
    pub(super) fn enter(&mut self, work: Work) {
        let lane = Lane::named(&work.ready.lane);
        if self.lanes.is_closed(lane) {
            return;
        }
        let slot = Slot::new(work);
        self.bytes += slot.bytes;
        self.census.enter(Stage::Queued);
        let row = slot.row();
        let at = self.slots.insert(slot);
        self.lanes.push(lane, row, at);
    }

    pub(super) fn in_hand(&self) -> usize {
        self.slots.len()
    }

    /// Rows that nothing more is done about in this run.
    pub(super) fn withdrawn(&self) -> usize {
        self.census.of(Stage::Withdrawn)
    }

    /// About how much memory the rows take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn starting(&self) -> usize {
        self.census.of(Stage::Starting)
    }

    /// Rows with a request under way, be it their own or a look.
    pub(super) fn in_flight(&self) -> usize {
        self.census.of(Stage::InFlight) + self.census.of(Stage::Looking)
    }

    /// Rows that are in the ledger, or are being entered there, and wait for their requests; and those to be looked for.
    pub(super) fn ahead(&self) -> usize {
        self.starting() + self.cleared.len() + self.sought.len()
    }

    /// Requests that have left, or are about to.
    pub(super) fn under_way(&self) -> usize {
        self.starting() + self.cleared.len() + self.in_flight()
    }

    /// Rows that wait for another attempt or another look.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn suspects(&self) -> usize {
        self.suspects.len()
    }

    pub(super) fn sought(&self) -> usize {
        self.sought.len()
    }

    /// Whether nothing is under way, nothing is about to be, and the ledger has all that it was given.
    pub(super) fn is_quiet(&self) -> bool {
        self.under_way() + self.sought.len() + self.ends_on_their_way == 0
    }

    /// Rows that may have acted and have not come to their end, where the run ends as they stand. Rows that were in doubt
    /// before are not among them.
    pub(super) fn left_in_doubt(&self) -> usize {
        self.slots.iter().filter(|(_, slot)| slot.is_left_in_doubt()).count()
    }

    /// The oldest row that may be started.
    pub(super) fn first_ready(&self) -> Option<usize> {
        self.lanes.first()
    }

    /// The first row that waits for its request's turn.
    pub(super) fn first_cleared(&self) -> Option<usize> {
        self.cleared.front().copied()
    }

    /// The first row that is to be looked for.
    pub(super) fn first_sought(&self) -> Option<usize> {
        self.sought.front().copied()
    }

    /// The row that waits for the least time, and until when.
    pub(super) fn first_waiting(&self) -> Option<(Moment, usize)> {
        self.waiting.first().copied()
    }

    /// The first rows of those whose token was refused.
    pub(super) fn first_suspects(&self, count: usize) -> Vec<usize> {
        self.suspects.iter().take(count).copied().collect()
    }

    pub(super) fn all_cleared(&self) -> Vec<usize> {
        self.cleared.iter().copied().collect()
    }

    /// Rows with a request under way, in the order of their slots.
    pub(super) fn all_in_flight(&self) -> Vec<usize> {
        let stages = [Stage::InFlight, Stage::Looking];
        self.all(|slot| stages.contains(&slot.phase.stage()))
    }

    /// Rows that are to be looked for, now or later, and have no look under way.
    pub(super) fn all_recoveries(&self) -> Vec<usize> {
        self.all(|slot| slot.phase.recovery().is_some() && slot.phase.stage() != Stage::Looking)
    }

    /// Those of them that are not looked for before a moment.
    pub(super) fn recoveries_not_before(&self, moment: Moment) -> Vec<usize> {
        self.all(|slot| match &slot.phase {
            Phase::Waiting { until, recovery: Some(_) } => *until >= moment,
            Phase::Suspect { recovery: Some(_) } => true,
            _ => false,
        })
    }

    /// Rows that wait for another look, and until when.
    pub(super) fn waiting_looks(&self) -> Vec<(Moment, usize)> {
        let looks = |at: &usize| {
            let phase = self.slots.get(*at).map(|slot| &slot.phase);
            matches!(phase, Some(Phase::Waiting { recovery: Some(_), .. }))
        };
        self.waiting.iter().filter(|(_, at)| looks(at)).copied().collect()
    }

    /// Whether a row in hand may still show what lists are worth.
    pub(super) fn may_bear_witness(&self) -> bool {
        self.first_ready().is_some() || self.slots.iter().any(|(_, slot)| slot.may_bear_witness())
    }

    /// What rows in hand are about in a list.
    pub(super) fn wanted_in(&self, list: &str) -> HashSet<String> {
        let stages = [Stage::Queued, Stage::Unread, Stage::Waiting, Stage::Suspect];
        let waiting = self.slots.iter().filter(|(_, slot)| stages.contains(&slot.phase.stage()));
        let subjects = waiting.filter_map(|(_, slot)| slot.work.subject.as_ref());
        let subjects = subjects.filter(|subject| *subject.list == *list);
        subjects.map(|subject| subject.id.to_string()).collect()
    }

    fn all(&self, fits: impl Fn(&Slot) -> bool) -> Vec<usize> {
        self.slots.iter().filter(|(_, slot)| fits(slot)).map(|(at, _)| at).collect()
    }

    /// What rows are known to have made, and the ledger may not say yet.
    pub(super) fn ids_on_their_way(&self) -> impl Iterator<Item = String> {
        self.slots.iter().filter_map(|(_, slot)| match &slot.phase {
            Phase::Ending(ended) => ended.id.clone(),
            _ => None,
        })
    }

    /// A row in hand, to which something has happened.
    pub(super) fn slot(&self, at: usize, happening: Happening) -> Result<&Slot, Fault> {
        self.slots.get(at).ok_or_else(|| nowhere(happening))
    }

    /// Likewise, to take note of it; where the row stands is changed by moves alone.
    pub(super) fn slot_mut(&mut self, at: usize, happening: Happening) -> Result<&mut Slot, Fault> {
        self.slots.get_mut(at).ok_or_else(|| nowhere(happening))
    }

    /// Moves a row to its next phase, and gives what comes of that.
    fn shift<T>(
        &mut self,
        at: usize,
        happening: Happening,
        next: impl FnOnce(&mut Slot, Phase) -> Result<(Phase, T), Refused>,
    ) -> Result<T, Fault> {
        let is_first = self.lanes.first() == Some(at);
        let slot = self.slots.get_mut(at).ok_or_else(|| nowhere(happening))?;
        let phase = std::mem::replace(&mut slot.phase, Phase::Queued);
        let (stage, until) = (phase.stage(), until(&phase));
        // A row leaves its lane only when the lane says that the row may go.
        let next = match stage {
            Stage::Queued if !is_first => Err(Refused::from(phase)),
            _ => next(slot, phase),
        };
        match next {
            Ok((phase, given)) => {
                let place = (slot.row(), phase.stage(), self::until(&phase));
                slot.phase = phase;
                if (place.1, place.2) != (stage, until) {
                    self.leave(at, stage, until);
                    self.join(at, place);
                }
                Ok(given)
            }
            Err(Refused { phase, transition }) => {
                slot.phase = phase;
                Err(Fault { row: Some(slot.row()), stage, happening, transition })
            }
        }
    }

    fn leave(&mut self, at: usize, stage: Stage, until: Option<Moment>) {
        self.census.leave(stage);
        match stage {
            Stage::Queued => self.lanes.take_first(),
            Stage::Cleared => take_out(&mut self.cleared, at),
            Stage::Sought => take_out(&mut self.sought, at),
            Stage::Suspect => take_out(&mut self.suspects, at),
            Stage::Waiting => {
                self.waiting.remove(&(until.unwrap_or_default(), at));
            }
            _ => {}
        }
    }

    fn join(&mut self, at: usize, (row, stage, until): (u64, Stage, Option<Moment>)) {
        self.census.enter(stage);
        match stage {
            Stage::Queued => self.lanes.again(row, at),
            Stage::Cleared => self.cleared.push_back(at),
            Stage::Sought => self.sought.push_back(at),
            Stage::Suspect => self.suspects.push_back(at),
            Stage::Waiting => {
                self.waiting.insert((until.unwrap_or_default(), at));
            }
            _ => {}
        }
    }

    /// Forgets a row that stands in no queue. Gives its end, where it has come to that.
    fn forget(&mut self, at: usize) -> Option<RowEnded> {
        let slot = self.slots.try_remove(at)?;
        self.census.leave(slot.phase.stage());
        self.bytes -= slot.bytes;
        match slot.phase {
            Phase::Ending(ended) => Some(*ended),
            _ => None,
        }
    }

    /// The row of a lane is over, and the next one may go.
    fn release(&mut self, at: usize, lane: Lane) -> Result<(), Fault> {
        if self.lanes.release(lane) {
            return Ok(());
        }
        // Two rows of one lane were on their way, or one has ended twice.
        let happening = Happening::Ended;
        let slot = self.slots.get(at).ok_or_else(|| nowhere(happening))?;
        let stage = slot.phase.stage();
        Err(Fault { row: Some(slot.row()), stage, happening, transition: None })
    }

    /// Nothing of a lane goes on in this run.
    fn close(&mut self, lane: Lane) {
        for behind in self.lanes.close(lane) {
            self.forget(behind);
        }
    }
}

fn nowhere(happening: Happening) -> Fault {
    Fault { row: None, stage: Stage::Nowhere, happening, transition: None }
}

fn until(phase: &Phase) -> Option<Moment> {
    match phase {
        Phase::Waiting { until, .. } => Some(*until),
        _ => None,
    }
}

/// Takes a row out of a queue; almost always it is the first.
fn take_out(queue: &mut VecDeque<usize>, at: usize) {
    match queue.front() {
        Some(first) if *first == at => {
            queue.pop_front();
        }
        _ => queue.retain(|other| *other != at),
    }
}
