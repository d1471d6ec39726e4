//! Reads before writes: the list that shows what a row changes or deletes is read right before the row's request.
//!
//! One reading serves all rows in hand that are about something in the same list, each thing once: what a row has done there
//! is seen by nobody who has read before. A reading that is too old for a request is done again. What a list says of a row is
//! for `recover`; here is only when it is read, and what is kept of it until the rows have taken it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use slab::Slab;

use crate::declared::connector::FieldSet;
use crate::engine::Work;
use crate::event::{Fault, Happening};
use crate::recover::{Enquiry, Expectation, Keeps, NextStep, Showing, Sights, Subject, item_id};
use crate::row::{Cause, Reason, Snapshot};
use crate::traffic::pace::{Moment, asked_wait, back_off};
use crate::traffic::verdict::Verdict;

use super::rows::Flight;
use super::{Action, Core, MOST_PUSHBACKS, Now};

/// What was read longer ago says nothing of what is there.
pub(super) const FRESH: Duration = Duration::from_secs(60);

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
    found: HashMap<String, Value>,
    /// Whether it says something that it does not show something.
    needs_whole: bool,
    /// When the first page was asked for, by the run's clock and by the machine's.
    began: Option<(Moment, i64)>,
    /// A page lay in a cache for longer than what is read holds.
    is_stale: bool,
    /// Rows that wait for it.
    waiting: Vec<usize>,
    failures: u32,
    pushbacks: u32,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// A page is to be asked for at a moment.
    Due(Moment),
    Asked(Flight),
    /// As far as it was needed.
    Read,
    Failed(Cause),
}

/// What has been seen for a row, and when.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    pub at: Moment,
    pub snapshot: Option<Box<Snapshot>>,
}

/// What a reading says of a row.
enum Told {
    /// Nobody has read for it.
    Nothing,
    /// It is being read.
    Later,
    Now(Result<Sighting, Cause>),
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

    /// What is known for a row; what it takes nobody else gets.
    fn told(&mut self, subject: &Subject, repeats: bool, now: Now) -> Told {
        let Some(at) = self.by_name.get(&subject.list).copied() else { return Told::Nothing };
        let Some(list) = self.lists.get_mut(at) else { return Told::Nothing };
        let is_for_it = list.wanted.contains(&*subject.id);
        let (began, wall) = list.began.unwrap_or((now.moment, now.wall));
        match &list.stage {
            Stage::Due(_) | Stage::Asked(_) => return Told::Later,
            _ if !is_for_it || now.moment.since(began) > FRESH => return Told::Nothing,
            Stage::Failed(cause) => {
                let judged = subject.judge(Showing::Unread(cause), wall, repeats);
                return Told::Now(judged.map(|snapshot| Sighting::new(began, snapshot)));
            }
            Stage::Read => {}
        }
        list.wanted.remove(&*subject.id);
        let item = list.found.remove(&*subject.id);
        let showing = item.as_ref().map_or(Showing::Nothing, Showing::Item);
        let judged = subject.judge(showing, wall, repeats);
        if list.wanted.is_empty() {
            self.drop_list(at);
        }
        Told::Now(judged.map(|snapshot| Sighting::new(began, snapshot)))
    }

    /// A row waits for its list, which is to be read for all rows in hand that are about something in it.
    fn ask(&mut self, at: usize, of: &Arc<Work>, wanted: Wanted, now: Now) {
        let Some(subject) = &of.subject else { return };
        if let Some(list) = self.by_name.get(&subject.list).copied() {
            if let Some(list) = self.lists.get_mut(list)
                && matches!(list.stage, Stage::Due(_) | Stage::Asked(_))
            {
                return list.waiting.push(at);
            }
            self.drop_list(list);
        }
        self.drop_what_is_old(now);
        let Some(recover) = &subject.maker.recover else { return };
        let first_page = self.first_pages.get(&recover.list.name).copied();
        let list = self.lists.insert(ListRead {
            of: Arc::clone(of),
            enquiry: Enquiry::new(recover, first_page),
            wanted: wanted.ids,
            found: HashMap::new(),
            needs_whole: wanted.needs_whole,
            began: None,
            is_stale: false,
            waiting: vec![at],
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
            let is_over = matches!(list.stage, Stage::Read | Stage::Failed(_));
            is_over && list.began.is_none_or(|(began, _)| now.moment.since(began) > FRESH)
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
        std::mem::take(&mut list.waiting)
    }

    fn put_off(&mut self, at: usize, until: Moment) {
        if let Some(list) = self.lists.get_mut(at) {
            list.stage = Stage::Due(until);
            self.due.push_back(at);
        }
    }
}

impl ListRead {
    /// Takes a page in; gives whether no more is needed.
    fn take(&mut self, items: &[Value]) -> bool {
        let of = Arc::clone(&self.of);
        let Some(subject) = &of.subject else { return true };
        let Some(recover) = &subject.maker.recover else { return true };
        for item in items {
            if let Some(id) = item_id(recover, item).filter(|id| self.wanted.contains(id)) {
                self.found.insert(id, item.clone());
            }
        }
        let step = self.enquiry.take(recover, items, sights(&subject.maker.fields));
        self.is_over(&step)
    }

    /// Whether no more is needed: what else there is does not matter.
    fn is_over(&self, step: &NextStep) -> bool {
        let is_enough = !self.needs_whole && self.found.len() == self.wanted.len();
        is_enough || matches!(step, NextStep::Over(_))
    }
}

/// Of a list only what is wanted is kept, and that as it came.
fn sights(fields: &FieldSet) -> Sights<'_> {
    static NONE: std::sync::LazyLock<HashSet<String>> = std::sync::LazyLock::new(HashSet::new);
    Sights { wanted: &NONE, system: None, keeps: Keeps::Texts, fields }
}

/// What a list is read for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    ids: HashSet<String>,
    needs_whole: bool,
}

impl Wanted {
    pub(super) fn add(&mut self, subject: &Subject) {
        self.ids.insert(subject.id.to_string());
        self.needs_whole |= matches!(subject.expects, Expectation::Gone);
    }
}

impl Sighting {
    fn new(at: Moment, snapshot: Option<Snapshot>) -> Self {
        Self { at, snapshot: snapshot.map(Box::new) }
    }
}

impl Core {
    /// Sees to it that what is there before a row's request is known and lets it leave. Gives whether the row may be begun now;
    /// otherwise it waits for its list.
    pub(super) fn looks_before(&mut self, at: usize, now: Now) -> Result<bool, Fault> {
        let slot = self.rows.slot_mut(at, Happening::Begun)?;
        let Some(subject) = slot.work.subject.clone() else { return Ok(true) };
        let repeats = slot.repeats();
        let is_seen = |seen: &Sighting| now.moment.since(seen.at) <= FRESH;
        if !repeats && slot.sighting.as_ref().is_some_and(is_seen) {
            return Ok(true);
        }
        slot.sighting = None;
        match self.reads.told(&subject, repeats, now) {
            Told::Now(Ok(sighting)) => {
                self.rows.slot_mut(at, Happening::Begun)?.sighting = Some(sighting);
                Ok(true)
            }
            Told::Now(Err(cause)) => {
                self.rows.slot_mut(at, Happening::Begun)?.withheld = Some(cause);
                Ok(true)
            }
            Told::Nothing | Told::Later => {
                let work = Arc::clone(&self.rows.slot(at, Happening::Begun)?.work);
                let wanted = self.rows.wanted_in(&subject.list);
                self.rows.await_reading(at)?;
                self.reads.ask(at, &work, wanted, now);
                Ok(false)
            }
        }
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
            list.began.get_or_insert((now.moment, now.wall));
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
            list.began = list.began.map(|(moment, wall)| {
                (Moment(moment.0.saturating_sub(age)), wall.saturating_sub(milliseconds))
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
        match list.take(items) {
            // Such a list shows nothing of what is there now, and the next one need be no younger.
            true if list.is_stale => {
                let cause = Cause::of(Reason::ListUnread);
                self.reading_ended(at, Stage::Failed(cause), now);
            }
            true => self.reading_ended(at, Stage::Read, now),
            false => self.reads.put_off(at, now.moment),
        }
    }

    /// A page is refused: the list, where it is the first.
    fn page_refused(&mut self, at: usize, cause: Cause, now: Now) {
        let Some(list) = self.reads.lists.get_mut(at) else { return };
        if list.enquiry.is_at_first() {
            return self.reading_failed(at, cause, now);
        }
        let step = list.enquiry.take_refusal();
        match list.is_over(&step) {
            true => self.reading_ended(at, Stage::Read, now),
            false => self.reads.put_off(at, now.moment),
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
        self.reading_ended(at, Stage::Failed(cause), now);
    }

    fn reading_ended(&mut self, at: usize, stage: Stage, now: Now) {
        for row in self.reads.end(at, stage) {
            let done = self.rows.reading_ended(row);
            self.or_fault(done, now);
        }
    }
}
