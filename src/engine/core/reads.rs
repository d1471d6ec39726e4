//! Reads before writes: the list that shows what a row changes or deletes is read right before the row's request.
//!
//! One reading serves all rows in hand that are about something in the same list, each thing once: what a row has done there
//! is seen by nobody who has read before. Each thing is as old as the page that has shown it, and is fresh or not at the moment
//! at which the row's request departs. So a row goes as soon as its page is there, before the rest of the list is read; what
//! is too old by then is read again, a few times and no more. What a list says of a row is for `recover`; here is only when it
//! is read, and what is kept of it until the rows have taken it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use slab::Slab;

use crate::declared::connector::FieldSet;
use crate::engine::Work;
use crate::event::{Fault, Happening};
use crate::recover::{Enquiry, Extent, Keeps, NextStep, Showing, Sights, Subject, item_id};
use crate::row::{Cause, Outcome, Reason, Snapshot};
use crate::traffic::pace::{Moment, asked_wait, back_off};
use crate::traffic::verdict::Verdict;

use super::rows::{Flight, Later};
use super::{Action, Core, MOST_PUSHBACKS, Now};

/// What was read longer ago, when a request departs, says nothing of what is there.
pub(crate) const FRESH: Duration = Duration::from_secs(60);
/// So often a list is read for one request of a row.
pub(super) const MOST_READINGS: u32 = 3;

/// The lists that are read before rows are sent.
#[derive(Debug, Default)]
pub(super) struct Reads {
    lists: Slab<ListRead>,
    by_name: HashMap<Arc<str>, usize>,
    /// Lists of which a page is to be asked for.
    due: VecDeque<usize>,
    in_flight: usize,
    /// With which number pages begin, of each list that has shown it.
    first_pages: HashMap<Arc<str>, u32>,
}

#[derive(Debug)]
struct ListRead {
    /// A row that is about something in it.
    of: Arc<Work>,
    enquiry: Enquiry,
    /// What it was read for, and what of that was shown and no row has taken.
    wanted: HashSet<String>,
    found: HashMap<String, Found>,
    /// As of when the last page is; none before one was asked for.
    as_of: Option<AsOf>,
    /// A page lay in a cache for longer than what is read holds.
    is_stale: bool,
    /// Why a page was not to be had behind others that were.
    refused: Option<Cause>,
    /// Rows that wait for it, and what each is about.
    waiting: Vec<(usize, Arc<str>)>,
    failures: u32,
    pushbacks: u32,
    stage: Stage,
}

/// Something that a page has shown.
#[derive(Debug)]
struct Found {
    item: Value,
    as_of: AsOf,
}

/// When a page was asked for, by the run's clock and by the machine's; of one from a cache, when that was filled.
#[derive(Debug, Clone, Copy)]
struct AsOf {
    moment: Moment,
    wall: i64,
}

#[derive(Debug)]
enum Stage {
    /// A page is to be asked for at a moment.
    Due(Moment),
    Asked(Flight),
    /// As far as it was needed.
    Read(Extent),
    Failed(Cause),
}

/// What is known of what a row is about, before its request leaves.
#[derive(Debug, Default)]
pub(super) enum Before {
    #[default]
    Unknown,
    Seen(Sighting),
    /// Why its request is not to leave, by what is there, or cannot be seen.
    Against(Cause),
}

/// What has been seen for a row, and when.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    at: Moment,
    pub snapshot: Option<Box<Snapshot>>,
}

/// What a reading says of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Nobody has read for it, or that was too long ago.
    Nothing,
    /// It is being read.
    Later,
    Now,
}

impl Before {
    /// Whether a request may depart by it.
    pub(super) fn is_fresh(&self, now: Now) -> bool {
        matches!(self, Self::Seen(seen) if now.moment.since(seen.at) <= FRESH)
    }
}

impl AsOf {
    fn is_fresh(self, now: Now) -> bool {
        now.moment.since(self.moment) <= FRESH
    }
}

impl Reads {
    /// Lists that are being read, or are about to be.
    pub(super) fn under_way(&self) -> usize {
        self.in_flight + self.due.len()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether a page is to be asked for now.
    pub(super) fn are_due(&self, now: Now) -> bool {
        self.due.iter().any(|at| self.due_at(*at).is_some_and(|due| due <= now.moment))
    }

    fn due_at(&self, at: usize) -> Option<Moment> {
        match self.lists.get(at)?.stage {
            Stage::Due(moment) => Some(moment),
            _ => None,
        }
    }

    /// Whether something is known for a row.
    fn tells(&self, subject: &Subject, now: Now) -> Told {
        let at = self.by_name.get(&subject.list);
        let Some(list) = at.and_then(|at| self.lists.get(*at)) else { return Told::Nothing };
        let is_under_way = matches!(list.stage, Stage::Due(_) | Stage::Asked(_));
        let as_of = list.found.get(&*subject.id).map(|found| found.as_of);
        let as_of = as_of.or(list.as_of.filter(|_| !is_under_way));
        let is_told = list.wanted.contains(&*subject.id);
        match as_of.is_some_and(|as_of| is_told && as_of.is_fresh(now)) {
            true => Told::Now,
            false if is_under_way => Told::Later,
            false => Told::Nothing,
        }
    }

    /// What is known for a row, where something is; what it takes nobody else gets.
    fn take(&mut self, subject: &Subject, repeats: bool) -> Option<Before> {
        let at = self.by_name.get(&subject.list).copied()?;
        let list = self.lists.get_mut(at)?;
        let found = list.found.remove(&*subject.id);
        let as_of = found.as_ref().map(|found| found.as_of).or(list.as_of)?;
        let unread = Cause::of(Reason::ListUnread);
        let showing = match (&found, &list.stage) {
            _ if list.enquiry.contradicts(&subject.id) => Showing::Contradicting,
            (Some(found), _) => Showing::Item(&found.item),
            (None, Stage::Failed(cause)) => Showing::Unread(cause),
            (None, Stage::Read(Extent::Whole)) => Showing::Nothing,
            (None, Stage::Read(Extent::Refused)) => {
                Showing::Unread(list.refused.as_ref().unwrap_or(&unread))
            }
            (None, _) => Showing::InPart,
        };
        let judged = subject.judge(showing, as_of.wall, repeats);
        let is_over = matches!(list.stage, Stage::Read(_) | Stage::Failed(_));
        // Why a list could not be read holds for all that were to be seen there.
        if !matches!(list.stage, Stage::Failed(_)) || found.is_some() {
            list.wanted.remove(&*subject.id);
        }
        if is_over && list.wanted.is_empty() {
            self.drop_list(at);
        }
        Some(match judged {
            Ok(snapshot) => {
                Before::Seen(Sighting { at: as_of.moment, snapshot: snapshot.map(Box::new) })
            }
            Err(cause) => Before::Against(cause),
        })
    }

    /// A row waits for its list, which is to be read for all rows in hand that are about something in it.
    fn ask(&mut self, at: usize, of: &Arc<Work>, wanted: HashSet<String>, now: Now) {
        let Some(subject) = &of.subject else { return };
        if let Some(list) = self.by_name.get(&subject.list).copied() {
            if let Some(list) = self.lists.get_mut(list)
                && matches!(list.stage, Stage::Due(_) | Stage::Asked(_))
            {
                return list.waiting.push((at, Arc::clone(&subject.id)));
            }
            self.drop_list(list);
        }
        self.drop_what_is_old(now);
        let Some(recover) = &subject.maker.recover else { return };
        let first_page = self.first_pages.get(&recover.list.name).copied();
        let list = self.lists.insert(ListRead {
            of: Arc::clone(of),
            enquiry: Enquiry::new(recover, first_page),
            wanted,
            found: HashMap::new(),
            as_of: None,
            is_stale: false,
            refused: None,
            waiting: vec![(at, Arc::clone(&subject.id))],
            failures: 0,
            pushbacks: 0,
            stage: Stage::Due(now.moment),
        });
        self.by_name.insert(Arc::clone(&subject.list), list);
        self.due.push_back(list);
    }

    fn drop_list(&mut self, at: usize) {
        if let Some(list) = self.lists.try_remove(at)
            && let Some(subject) = &list.of.subject
        {
            self.by_name.remove(&subject.list);
        }
    }

    fn drop_what_is_old(&mut self, now: Now) {
        let is_old = |list: &ListRead| {
            let is_over = matches!(list.stage, Stage::Read(_) | Stage::Failed(_));
            is_over && list.as_of.is_none_or(|as_of| !as_of.is_fresh(now))
        };
        let old = self.lists.iter().filter(|(_, list)| is_old(list)).map(|(at, _)| at);
        old.collect::<Vec<_>>().into_iter().for_each(|at| self.drop_list(at));
    }

    /// A list has come to its end; gives the rows that have waited for it.
    fn end(&mut self, at: usize, stage: Stage) -> Vec<usize> {
        let Some(list) = self.lists.get_mut(at) else { return Vec::new() };
        list.stage = stage;
        if let Some(subject) = &list.of.subject
            && let (Some(recover), Some(first)) =
                (&subject.maker.recover, list.enquiry.first_page())
        {
            self.first_pages.insert(Arc::clone(&recover.list.name), first);
        }
        let waiting = std::mem::take(&mut list.waiting);
        if list.wanted.is_empty() {
            self.drop_list(at);
        }
        waiting.into_iter().map(|(row, _)| row).collect()
    }

    /// The rows that have waited for what is shown by now.
    fn served(&mut self, at: usize) -> Vec<usize> {
        let Some(list) = self.lists.get_mut(at) else { return Vec::new() };
        let is_shown = |id: &str| list.found.contains_key(id);
        let (served, waiting) = list.waiting.drain(..).partition(|(_, id)| is_shown(id));
        list.waiting = waiting;
        let served: Vec<(usize, Arc<str>)> = served;
        served.into_iter().map(|(row, _)| row).collect()
    }

    fn put_off(&mut self, at: usize, until: Moment) {
        if let Some(list) = self.lists.get_mut(at) {
            list.stage = Stage::Due(until);
            self.due.push_back(at);
        }
    }
}

impl ListRead {
    /// Takes a page in; gives how much of the list was shown, where no more is needed.
    fn take(&mut self, items: &[Value]) -> Option<Extent> {
        let of = Arc::clone(&self.of);
        let maker = of.subject.as_ref().map(|subject| &subject.maker)?;
        let recover = maker.recover.as_ref()?;
        for item in items {
            let id = item_id(recover, item).filter(|id| self.wanted.contains(id));
            if let (Some(id), Some(as_of)) = (id, self.as_of) {
                self.found.insert(id, Found { item: item.clone(), as_of });
            }
        }
        let step = self.enquiry.take(recover, items, sights(&maker.fields));
        self.over(&step)
    }

    /// How much of the list was shown, where no more is needed: what else there is does not matter.
    fn over(&self, step: &NextStep) -> Option<Extent> {
        match step {
            NextStep::Over(answered) => Some(answered.extent),
            NextStep::Page => self.is_enough().then_some(Extent::Cut),
        }
    }

    fn is_enough(&self) -> bool {
        self.found.len() == self.wanted.len()
    }
}

/// Of a list only what is wanted is kept, and that as it came.
fn sights(fields: &FieldSet) -> Sights<'_> {
    static NONE: std::sync::LazyLock<HashSet<String>> = std::sync::LazyLock::new(HashSet::new);
    Sights { wanted: &NONE, system: None, keeps: Keeps::Texts, fields }
}

impl Core {
    /// Whether nothing has to be read any more before a row is begun.
    pub(super) fn has_seen(&self, at: usize, now: Now) -> Result<bool, Fault> {
        let slot = self.rows.slot(at, Happening::Begun)?;
        let Some(subject) = &slot.work.subject else { return Ok(true) };
        Ok(slot.before.is_fresh(now) && !slot.repeats()
            || self.reads.tells(subject, now) == Told::Now)
    }

    /// Until when a list is not to be read for a row, since the row's request could not follow at once; none where it may be
    /// now.
    pub(super) fn may_read_from(&self, at: usize, now: Now) -> Option<Moment> {
        let subject = self.rows.slot(at, Happening::Begun).ok()?.work.subject.as_ref()?;
        if self.reads.tells(subject, now) != Told::Nothing {
            return None;
        }
        let from = self.other_side.pace.two_within(FRESH, now.moment)?;
        // Another that goes first takes a turn of these.
        let others = self.rows.ahead() + self.reads.under_way();
        let from = if others == 0 { from } else { now.moment.after(FRESH) };
        (from > now.moment).then_some(from)
    }

    /// Sees to it that what is there before a row's request is known and lets it leave. Gives whether the row may be begun now;
    /// otherwise it waits for its list.
    pub(super) fn looks_before(&mut self, at: usize, now: Now) -> Result<bool, Fault> {
        let slot = self.rows.slot_mut(at, Happening::Begun)?;
        let Some(subject) = slot.work.subject.clone() else { return Ok(true) };
        let repeats = slot.repeats();
        if !repeats && slot.before.is_fresh(now) {
            return Ok(true);
        }
        slot.before = Before::Unknown;
        match self.reads.tells(&subject, now) {
            Told::Now => {
                slot.before = self.reads.take(&subject, repeats).unwrap_or_default();
                return Ok(true);
            }
            Told::Nothing if slot.readings >= MOST_READINGS => {
                slot.before = Before::Against(Cause::of(Reason::ListStale));
                return Ok(true);
            }
            Told::Nothing => slot.readings += 1,
            Told::Later => {}
        }
        let work = Arc::clone(&slot.work);
        let wanted = self.rows.wanted_in(&subject.list);
        self.rows.await_reading(at)?;
        self.reads.ask(at, &work, wanted, now);
        Ok(false)
    }

    /// What was seen for a row is too old by the turn of its request: it is read once more, or the row is over. The ledger has
    /// the start, and is to have that nothing came of it.
    pub(super) fn end_stale(&mut self, at: usize, now: Now) -> Result<(), Fault> {
        let slot = self.rows.slot_mut(at, Happening::Sent)?;
        slot.before = Before::Unknown;
        let cause = Cause::of(Reason::ListStale);
        if slot.readings >= MOST_READINGS {
            slot.before = Before::Against(cause);
            return self.withhold(at, now);
        }
        self.wake_no_later_than(now.moment);
        self.defer(at, Outcome::Deferred, Some(cause), Later::At(now.moment), now)
    }

    /// Asks for the pages that are due; they are requests like any other.
    pub(super) fn send_reads(&mut self, now: Now) {
        for _ in 0..self.reads.due.len() {
            let Some(at) = self.reads.due.pop_front() else { return };
            let Some(due) = self.reads.due_at(at) else { continue };
            if due > now.moment {
                self.wake_no_later_than(due);
                self.reads.due.push_back(at);
                continue;
            }
            if !self.may_leave(now) || !self.send_read(at, now) {
                return self.reads.due.push_front(at);
            }
        }
    }

    /// Gives whether it could be sent.
    fn send_read(&mut self, at: usize, now: Now) -> bool {
        let Some(list) = self.reads.lists.get(at) else { return true };
        if list.is_enough() {
            self.reading_ended(at, Stage::Read(Extent::Cut), now);
            return true;
        }
        let of = Arc::clone(&list.of);
        let request = of.subject.as_ref().and_then(|subject| {
            let recover = subject.maker.recover.as_ref()?;
            list.enquiry.request(recover, &subject.asked_by)
        });
        let Some(request) = request.map(Box::new) else {
            self.reading_failed(at, Cause::of(Reason::Unsendable), now);
            return true;
        };
        let Some(flight) = self.take_turn(now) else { return false };
        if let Some(list) = self.reads.lists.get_mut(at) {
            list.as_of = Some(AsOf { moment: now.moment, wall: now.wall });
            list.stage = Stage::Asked(flight);
        }
        self.reads.in_flight += 1;
        self.actions.push(Action::Read { list: at, of, request });
        true
    }

    /// A page that is read has lain in a cache for so long: what it shows is that old.
    pub(super) fn reading_aged(&mut self, at: usize, age: Duration) {
        if let Some(list) = self.reads.lists.get_mut(at) {
            list.is_stale |= age > FRESH;
            let milliseconds = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
            list.as_of = list.as_of.map(|AsOf { moment, wall }| AsOf {
                moment: Moment(moment.0.saturating_sub(age)),
                wall: wall.saturating_sub(milliseconds),
            });
        }
    }

    /// A page has come, or not.
    pub(super) fn read(&mut self, at: usize, verdict: Verdict, now: Now) {
        let Some(list) = self.reads.lists.get_mut(at) else { return };
        let Stage::Asked(flight) = list.stage else { return };
        self.reads.in_flight -= 1;
        self.notice_look(flight, &verdict, now);
        let (cause, wait, is_pushback) = match verdict {
            Verdict::Done { items: Some(items), .. } => return self.page_came(at, &items, now),
            Verdict::Done { items: None, .. } => {
                let cause = Cause::of(Reason::UnreadableAnswer);
                return self.page_refused(at, cause, now);
            }
            Verdict::Refused(cause) | Verdict::NotFound(cause) => {
                return self.page_refused(at, cause, now);
            }
            Verdict::Retry { cause, after, pushback: true, .. } => {
                (cause, self.push_back(flight, after, now), true)
            }
            Verdict::Retry { cause, after, .. } | Verdict::Unknown { cause, after } => {
                (cause, after.map(asked_wait).unwrap_or_default(), false)
            }
            Verdict::Unauthorized(cause) => {
                let Flight { generation, sent_at } = flight;
                let refusal = self.other_side.access.refused(generation, sent_at, None);
                self.token_refused(refusal, cause.clone(), now);
                (cause, Duration::ZERO, false)
            }
        };
        self.page_failed(at, cause, (wait, is_pushback), now);
    }

    fn page_came(&mut self, at: usize, items: &[Value], now: Now) {
        let Some(list) = self.reads.lists.get_mut(at) else { return };
        let over = list.take(items);
        // Such a list shows nothing of what is there now, and the next one need be no younger.
        if list.is_stale {
            list.found.clear();
            return self.reading_failed(at, Cause::of(Reason::ListStale), now);
        }
        match over {
            Some(extent) => self.reading_ended(at, Stage::Read(extent), now),
            None => {
                self.reads.put_off(at, now.moment);
                let served = self.reads.served(at);
                self.resume_read(served, now);
            }
        }
    }

    /// A page is refused: the list, where it is the first.
    fn page_refused(&mut self, at: usize, cause: Cause, now: Now) {
        let Some(list) = self.reads.lists.get_mut(at) else { return };
        if list.enquiry.is_at_first() {
            return self.reading_failed(at, cause, now);
        }
        let step = list.enquiry.take_refusal();
        list.refused = Some(cause);
        match list.over(&step) {
            Some(extent) => self.reading_ended(at, Stage::Read(extent), now),
            None => self.reads.put_off(at, now.moment),
        }
    }

    /// A page could not be had; it is asked for as often as any row is sent.
    fn page_failed(
        &mut self,
        at: usize,
        cause: Cause,
        (wait, is_pushback): (Duration, bool),
        now: Now,
    ) {
        // An outage is not the list's fault, and is not counted against it.
        let counts = u32::from(!is_pushback && !self.other_side.outage.is_on());
        let Some(list) = self.reads.lists.get_mut(at) else { return };
        list.failures += counts;
        list.pushbacks += u32::from(is_pushback);
        let failures = list.failures;
        if failures >= self.settings.attempts || list.pushbacks >= MOST_PUSHBACKS {
            return self.page_refused(at, cause, now);
        }
        let wait = wait.max(back_off(failures.max(1), now.chance));
        self.reads.put_off(at, now.moment.after(wait));
    }

    fn reading_failed(&mut self, at: usize, cause: Cause, now: Now) {
        if let Some(list) = self.reads.lists.get_mut(at) {
            list.as_of.get_or_insert(AsOf { moment: now.moment, wall: now.wall });
        }
        self.reading_ended(at, Stage::Failed(cause), now);
    }

    fn reading_ended(&mut self, at: usize, stage: Stage, now: Now) {
        let waiting = self.reads.end(at, stage);
        self.resume_read(waiting, now);
    }

    fn resume_read(&mut self, rows: Vec<usize>, now: Now) {
        for row in rows {
            let done = self.rows.reading_ended(row);
            self.or_fault(done, now);
        }
    }
}
