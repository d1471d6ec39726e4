//! The last count: before a run ends by itself, each lane in which a look has settled something is listed once more, later than
//! all that is known, or assumed, of how long the other side takes to act and how far its lists lag behind.
//!
//! What a list comes to is for `recover`. Lanes that are not seen to be right, because the run is killed or stopped, or their
//! lists do not show it, are the next one's: the ledger knows them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::declared::connector::Operation;
use crate::engine::Work;
use crate::event::{Counting, Event, Fault, Happening, Miscounted, Note};
use crate::recover::{Audit, Count, Nameless, Step, asked_by};
use crate::row::{Fields, Uncounted};
use crate::traffic::pace::{Moment, asked_wait, back_off};
use crate::traffic::verdict::Verdict;

use super::rows::Flight;
use super::silence::UNKNOWN_LAG;
use super::{Action, Core, MOST_PUSHBACKS, Now, Owing, Owned};

/// A list that lacks what must be there is read so often: it may be late.
const MOST_READINGS: u32 = 3;
/// And no sooner than after so long.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// A row that says more is not kept until the end, as one that an earlier run has settled is not.
const LONGEST_KEPT: usize = 64 << 10;
/// Of so many rows of a lane the next run is told what is there more than once, and of each so many ids.
const MOST_COPIES: (usize, usize) = (100, 20);

/// The lanes that are to be counted.
#[derive(Debug, Default)]
pub(super) struct Audits {
    lanes: Vec<LaneAudit>,
    /// Where a lane stands, by what makes its items and its name.
    places: HashMap<(Arc<str>, Arc<str>), usize>,
    in_flight: usize,
    /// Whether the count has begun.
    has_begun: bool,
    /// Whether it has been told that lanes are left to the next run.
    left_is_told: bool,
    miscounted: u64,
    uncounted: u64,
}

#[derive(Debug)]
struct LaneAudit {
    operation: Arc<Operation>,
    name: Arc<str>,
    /// What its list is asked by; none where that is not known.
    fields: Option<Fields<'static>>,
    /// Rows that a look has settled in this run.
    settled: Vec<Arc<Work>>,
    /// When something was sent there last, or may have been.
    last_sent: Moment,
    readings: u32,
    /// Of when the oldest page is, where one has lain in a cache.
    shown: Option<Moment>,
    failures: u32,
    pushbacks: u32,
    /// What was there more than once when it was counted last.
    copies: Vec<Vec<String>>,
    /// Whether an earlier run has left it.
    is_owed: bool,
    /// So long before the run began nothing was sent there; zero once something is.
    quiet_before: Duration,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Its list is to be read from its beginning on at a moment; none until the run is about to end.
    Due(Option<Moment>),
    /// A page is to be asked for at a moment.
    Reading {
        audit: Box<Audit>,
        at: Moment,
    },
    Asked {
        audit: Box<Audit>,
        flight: Flight,
    },
    /// Everything was seen to be there once.
    Right,
    /// It was not, and the next run counts once more.
    Left,
}

impl Audits {
    /// Earlier runs have left lanes uncounted. The other side may still be at work there.
    pub(super) fn owe(&mut self, owing: Owing) {
        let quiet_before = owing.quiet_for;
        for (operation, Uncounted { lane: name, copies, .. }) in owing.lanes {
            let fields = asked_by(&operation, &name);
            let lane = self.lane(&operation, &name, fields, Moment::default());
            if let Some(lane) = lane {
                lane.copies = copies;
                lane.is_owed = true;
                lane.quiet_before = quiet_before;
            }
        }
    }

    /// The lanes that were not seen to be right.
    pub(super) fn owed(&self) -> Vec<Uncounted> {
        let owed = self.lanes.iter().filter(|lane| !matches!(lane.stage, Stage::Right));
        let owed = owed.map(|lane| Uncounted {
            operation: lane.operation.name.to_string(),
            lane: lane.name.to_string(),
            copies: lane.copies.clone(),
        });
        owed.collect()
    }

    /// A row's request leaves.
    pub(super) fn sent(&mut self, work: &Work, now: Moment) {
        if self.lanes.is_empty() {
            return;
        }
        let ready = &work.ready;
        let place = (Arc::clone(&ready.operation.name), Arc::from(ready.lane.as_str()));
        let lane = self.places.get(&place).and_then(|at| self.lanes.get_mut(*at));
        if let Some(lane) = lane {
            lane.last_sent = now;
            lane.quiet_before = Duration::ZERO;
        }
    }

    fn lane(
        &mut self,
        operation: &Arc<Operation>,
        name: &str,
        fields: Option<Fields<'static>>,
        last_sent: Moment,
    ) -> Option<&mut LaneAudit> {
        let name: Arc<str> = name.into();
        let place = (Arc::clone(&operation.name), Arc::clone(&name));
        let at = *self.places.entry(place).or_insert_with(|| {
            self.lanes.push(LaneAudit {
                operation: Arc::clone(operation),
                name,
                fields,
                settled: Vec::new(),
                last_sent,
                readings: 0,
                shown: None,
                failures: 0,
                pushbacks: 0,
                copies: Vec::new(),
                is_owed: false,
                quiet_before: Duration::ZERO,
                stage: Stage::Due(None),
            });
            self.lanes.len() - 1
        });
        let lane = self.lanes.get_mut(at)?;
        lane.last_sent = lane.last_sent.max(last_sent);
        Some(lane)
    }

    /// What comes next of a lane's list is older than the look.
    pub(super) fn age(&mut self, at: usize, age: Duration) {
        let Some(lane) = self.lanes.get_mut(at) else { return };
        if let Stage::Asked { flight, .. } = &lane.stage {
            let shown = Moment(flight.sent_at.0.saturating_sub(age));
            // Of before the run: then it was not quiet there for as long.
            let before = age.saturating_sub(flight.sent_at.0);
            lane.quiet_before = lane.quiet_before.saturating_sub(before);
            lane.shown = Some(lane.shown.map_or(shown, |known| known.min(shown)));
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    pub(super) fn are_over(&self) -> bool {
        self.left() == 0
    }

    /// Lanes that are not counted yet.
    fn left(&self) -> u64 {
        let is_over = |lane: &&LaneAudit| matches!(lane.stage, Stage::Right | Stage::Left);
        let left = self.lanes.iter().filter(|lane| !is_over(lane));
        left.count() as u64
    }

    /// What is left of the count, once it has begun.
    fn counting(&self, now: Moment) -> Option<Counting> {
        let due = self.lanes.iter().filter_map(|lane| match &lane.stage {
            Stage::Due(Some(at)) | Stage::Reading { at, .. } => Some(at.since(now)),
            Stage::Due(None) | Stage::Asked { .. } | Stage::Right | Stage::Left => None,
        });
        let counting = Counting { lanes: self.left(), due_in: due.max().unwrap_or_default() };
        (self.has_begun && counting.lanes > 0).then_some(counting)
    }

    /// Rows that do not have exactly one item, and lanes of which nobody can tell, or that are not counted yet.
    pub(super) fn found(&self) -> (u64, u64) {
        (self.miscounted, self.uncounted + self.left())
    }
}

impl LaneAudit {
    /// The rows of which no id need be known.
    fn nameless(&self) -> Vec<Nameless> {
        let nameless = self.settled.iter().filter_map(|work| {
            let recover = work.ready.operation.recover.as_ref()?;
            Some(Nameless::of(Arc::clone(&work.key), recover, &work.ready.fields))
        });
        nameless.collect()
    }
}

impl Core {
    /// How the last count stands, while it goes on.
    pub(super) fn counting(&self, now: Moment) -> Option<Counting> {
        self.audits.counting(now).filter(|_| self.course.goes_on())
    }

    /// A look settles what became of a row: its lane is to be counted before the run ends.
    pub(super) fn is_to_be_counted(&mut self, at: usize, now: Now) -> Result<(), Fault> {
        if !self.settings.counts {
            return Ok(());
        }
        let slot = self.rows.slot(at, Happening::Looked)?;
        let left = slot.left().unwrap_or_default();
        let (work, bytes) = (Arc::clone(&slot.work), slot.work.bytes());
        let ready = &work.ready;
        let Some(recover) = &ready.operation.recover else { return Ok(()) };
        let mut fields = Fields::default();
        for (_, from) in &recover.with {
            if let Some(value) = ready.fields.get(*from) {
                fields.set(*from, value.clone().into_owned());
            }
        }
        let last_sent = left.min(now.moment);
        let mut lane = self.audits.lane(&ready.operation, &ready.lane, Some(fields), last_sent);
        if let Some(lane) = &mut lane {
            lane.quiet_before = Duration::ZERO;
        }
        if let Some(lane) = lane
            && bytes <= LONGEST_KEPT
            && lane.settled.iter().all(|known| known.key != work.key)
        {
            lane.settled.push(work);
        }
        Ok(())
    }

    /// Counts what is due, once all rows have come to their ends.
    pub(super) fn send_counts(&mut self, now: Now) {
        let is_time = self.course.goes_on()
            && self.course.source_ended
            && self.rows.is_quiet()
            && self.rows.in_hand() == self.rows.withdrawn();
        if !is_time || self.audits.are_over() {
            return;
        }
        self.begin_counts(now);
        for at in 0..self.audits.lanes.len() {
            let Some(moment) = self.count_due(at) else { continue };
            if moment > now.moment {
                self.wake_no_later_than(moment);
                continue;
            }
            if !self.has_room(now) {
                return;
            }
            if !self.send_count(at, now) {
                return;
            }
        }
    }

    /// Whether a page of a list is to be asked for now, by which lanes are counted.
    pub(super) fn counts_are_due(&self, now: Now) -> bool {
        let mut lanes = 0..self.audits.lanes.len();
        lanes.any(|at| self.count_due(at).is_some_and(|due| due <= now.moment))
    }

    /// When the next page of a lane's list is to be asked for; none where that is not known, or none is.
    fn count_due(&self, at: usize) -> Option<Moment> {
        match &self.audits.lanes.get(at)?.stage {
            Stage::Due(moment) => *moment,
            Stage::Reading { at, .. } => Some(*at),
            Stage::Asked { .. } | Stage::Right | Stage::Left => None,
        }
    }

    /// Says when each lane is to be counted, and that this is waited for.
    fn begin_counts(&mut self, now: Now) {
        if std::mem::replace(&mut self.audits.has_begun, true) {
            return;
        }
        let mut last = now.moment;
        for at in 0..self.audits.lanes.len() {
            let Some(due) = self.count_from(at) else { continue };
            last = last.max(due);
            if let Some(lane) = self.audits.lanes.get_mut(at) {
                lane.stage = Stage::Due(Some(due));
            }
        }
        let (lanes, at_most) = (self.audits.lanes.len() as u64, last.since(now.moment));
        let note = Note::Counting { lanes, at_most };
        self.actions.push(Action::Tell(Box::new(Event::Note(note))));
    }

    /// From when on the list of a lane shows all that was sent there, by all that is known.
    fn count_from(&self, at: usize) -> Option<Moment> {
        let lane = self.audits.lanes.get(at)?;
        let sure_after = lane.operation.sure_after;
        let most = sure_after.saturating_mul(UNKNOWN_LAG);
        let lag = |work: &Arc<Work>| {
            let lag = self.lists.proven(work).and_then(|proven| proven.lag);
            lag.unwrap_or(most)
        };
        let lag = lane.settled.iter().map(lag).max().unwrap_or(most);
        let from = lane.last_sent.after(sure_after).after(lag);
        Some(Moment(from.0.saturating_sub(lane.quiet_before)))
    }

    /// Asks for the page of a lane's list that is due. Gives whether others may be asked for, too.
    fn send_count(&mut self, at: usize, now: Now) -> bool {
        let Some(lane) = self.audits.lanes.get(at) else { return true };
        let known = lane.settled.iter().find_map(|work| self.lists.proven(work));
        let first_page = known.map_or(1, |proven| proven.habits.first_page);
        let span = self.settings.longest_request + lane.operation.sure_after;
        let new = || {
            let audit = Audit::new(first_page, lane.nameless(), span);
            Box::new(audit.knowing(lane.copies.clone()))
        };
        let audit = match &lane.stage {
            Stage::Reading { audit, .. } => audit,
            _ => &new(),
        };
        let asked = lane.fields.as_ref().zip(lane.operation.recover.as_ref());
        let request = asked.and_then(|(fields, recover)| audit.request(recover, fields));
        let Some(request) = request.map(Box::new) else {
            self.leave_uncounted(at);
            return true;
        };
        let fresh = matches!(lane.stage, Stage::Due(_)).then(new);
        let (of, name) = (Arc::clone(&lane.operation), Arc::clone(&lane.name));
        let Some(flight) = self.take_turn(now) else { return false };
        if let Some(lane) = self.audits.lanes.get_mut(at) {
            let audit = match std::mem::replace(&mut lane.stage, Stage::Left) {
                Stage::Reading { audit, .. } => Some(audit),
                _ => fresh,
            };
            if let Some(audit) = audit {
                lane.stage = Stage::Asked { audit, flight };
                self.audits.in_flight += 1;
                self.actions.push(Action::Count { lane: at, of, name, request });
            }
        }
        true
    }

    /// A page of a lane's list has come, or not.
    pub(super) fn counted(&mut self, at: usize, verdict: Verdict, owned: Owned, now: Now) {
        let Some(lane) = self.audits.lanes.get_mut(at) else { return };
        let (mut audit, flight) = match std::mem::replace(&mut lane.stage, Stage::Left) {
            Stage::Asked { audit, flight } => (audit, flight),
            // The run was told to forget it.
            other => {
                lane.stage = other;
                return;
            }
        };
        let operation = Arc::clone(&lane.operation);
        self.audits.in_flight -= 1;
        self.notice_look(flight, &verdict, now);
        let owned = match owned {
            Ok(owned) => owned,
            Err(error) => {
                self.put_count_off(at, audit, now.moment);
                return self.ledger_failed(error, now);
            }
        };
        let is_aged = self.is_count_aged(at);
        let Some(recover) = &operation.recover else { return };
        let step = match verdict {
            Verdict::Done { items: Some(items), .. } => Some(audit.take(recover, &items, owned)),
            Verdict::Refused(_) | Verdict::NotFound(_) => audit.take_refusal(recover),
            Verdict::Retry { after, pushback, .. } => {
                let wait = match pushback {
                    true => self.push_back(flight, after, now),
                    false => after.map(asked_wait).unwrap_or_default(),
                };
                return self.count_failed(at, audit, (wait, pushback), now);
            }
            Verdict::Unauthorized(cause) => {
                let Flight { generation, sent_at } = flight;
                let refusal = self.other_side.access.refused(generation, sent_at, None);
                self.token_refused(refusal, cause, now);
                return self.count_failed(at, audit, (Duration::ZERO, false), now);
            }
            // What cannot be read may be a page of somebody on the way.
            Verdict::Done { items: None, .. } => {
                return self.count_failed(at, audit, (Duration::ZERO, false), now);
            }
            Verdict::Unknown { after, .. } => {
                let wait = after.map(asked_wait).unwrap_or_default();
                return self.count_failed(at, audit, (wait, false), now);
            }
        };
        match step {
            Some(Step::NextPage) => self.put_count_off(at, audit, now.moment),
            Some(Step::Over(count))
                if (!count.is_clear || is_aged) && count.miscounts.is_empty() =>
            {
                self.count_again(at, now);
            }
            Some(Step::Over(count)) => self.count_is_over(at, count),
            None => self.leave_uncounted(at),
        }
    }

    /// Tells what is there more than once, or that all is right where somebody waits for that.
    fn count_is_over(&mut self, at: usize, count: Count) {
        if !count.is_clear {
            self.leave_uncounted(at);
        }
        let Some(lane) = self.audits.lanes.get_mut(at) else { return };
        let name = Arc::clone(&lane.name);
        if count.is_clear && count.miscounts.is_empty() {
            lane.stage = Stage::Right;
            if lane.is_owed {
                let note = Note::CountedRight { lane: name.to_string(), replaced: count.replaced };
                self.actions.push(Action::Tell(Box::new(Event::Note(note))));
            }
            return;
        }
        let (rows, ids) = MOST_COPIES;
        let copies = count.miscounts.iter().filter(|miscount| miscount.own.is_some());
        let copies: Vec<Vec<String>> = copies
            .take(rows)
            .map(|miscount| miscount.ids.iter().take(ids).cloned().collect())
            .collect();
        if !copies.is_empty() {
            lane.copies = copies;
        }
        for miscount in count.miscounts {
            self.audits.miscounted += 1;
            let told = Miscounted { miscount, lane: (*name).into() };
            self.actions.push(Action::Tell(Box::new(Event::Miscounted(told))));
        }
    }

    /// Whether what a lane's list shows is of before the moment at which it surely shows everything.
    fn is_count_aged(&self, at: usize) -> bool {
        let shown = self.audits.lanes.get(at).and_then(|lane| lane.shown);
        shown.zip(self.count_from(at)).is_some_and(|(shown, from)| shown < from)
    }

    fn put_count_off(&mut self, at: usize, audit: Box<Audit>, until: Moment) {
        if let Some(lane) = self.audits.lanes.get_mut(at) {
            lane.stage = Stage::Reading { audit, at: until };
        }
    }

    /// A page could not be had; it is asked for as often as any row is sent.
    fn count_failed(
        &mut self,
        at: usize,
        audit: Box<Audit>,
        (wait, is_pushback): (Duration, bool),
        now: Now,
    ) {
        let Some(lane) = self.audits.lanes.get_mut(at) else { return };
        lane.failures += u32::from(!is_pushback);
        lane.pushbacks += u32::from(is_pushback);
        let failures = lane.failures;
        match failures >= self.settings.attempts || lane.pushbacks >= MOST_PUSHBACKS {
            true => self.leave_uncounted(at),
            false => {
                let wait = wait.max(back_off(failures.max(1), now.chance));
                self.put_count_off(at, audit, now.moment.after(wait));
            }
        }
    }

    /// A list lacks what must be there, or shows what cannot be read: it may be late.
    fn count_again(&mut self, at: usize, now: Now) {
        let Some(lane) = self.audits.lanes.get_mut(at) else { return };
        lane.readings += 1;
        lane.shown = None;
        match lane.readings >= MOST_READINGS {
            true => self.leave_uncounted(at),
            false => {
                let later = now.moment.after(lane.operation.sure_after.max(SHORTEST_WAIT));
                lane.stage = Stage::Due(Some(later));
            }
        }
    }

    /// The run stops, and the lanes that are still to be counted are left to the next one: that is told once.
    pub(super) fn leave_counts_to_the_next(&mut self) {
        let left = self.audits.left();
        if left > 0 && !std::mem::replace(&mut self.audits.left_is_told, true) {
            self.actions
                .push(Action::Tell(Box::new(Event::Note(Note::LeftUncounted { lanes: left }))));
        }
    }

    /// Nobody can tell whether all that the rows of a lane have made is there once.
    fn leave_uncounted(&mut self, at: usize) {
        let Some(lane) = self.audits.lanes.get_mut(at) else { return };
        lane.stage = Stage::Left;
        self.audits.uncounted += 1;
        let note = Note::Uncounted { lane: lane.name.to_string() };
        self.actions.push(Action::Tell(Box::new(Event::Note(note))));
    }
}
