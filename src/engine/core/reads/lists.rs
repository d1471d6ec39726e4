//! The lists that are read, and what is kept of them until the rows have taken it.
//!
//! Moves nothing and asks for nothing: when a page is asked for, and what follows from it, is for the module above.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use serde_json::Value;
use slab::Slab;

use super::FRESH;
use crate::declared::connector::FieldSet;
use crate::engine::Work;
use crate::engine::core::Now;
use crate::engine::core::rows::Flight;
use crate::recover::{Enquiry, Extent, Keeps, NextStep, Showing, Sights, Subject, item_id};
use crate::row::{Cause, Reason, Snapshot};
use crate::traffic::pace::Moment;

/// The lists that are read before rows are sent.
#[derive(Debug, Default)]
pub(in crate::engine::core) struct Reads {
    pub(super) lists: Slab<ListRead>,
    by_name: HashMap<Arc<str>, usize>,
    /// Lists of which a page is to be asked for.
    pub(super) due: VecDeque<usize>,
    pub(super) in_flight: usize,
    /// With which number pages begin, of each list that has shown it.
    first_pages: HashMap<Arc<str>, u32>,
}

#[derive(Debug)]
pub(super) struct ListRead {
    /// A row that is about something in it.
    pub(super) of: Arc<Work>,
    pub(super) enquiry: Enquiry,
    /// What it was read for, and what of that was shown and no row has taken.
    wanted: HashSet<String>,
    pub(super) found: HashMap<String, Found>,
    /// As of when the last page is; none before one was asked for.
    pub(super) as_of: Option<AsOf>,
    /// A page lay in a cache for longer than what is read holds.
    pub(super) is_stale: bool,
    /// Why a page was not to be had behind others that were.
    pub(super) refused: Option<Cause>,
    /// Rows that wait for it, and what each is about.
    waiting: Vec<(usize, Arc<str>)>,
    pub(super) failures: u32,
    pub(super) pushbacks: u32,
    pub(super) stage: Stage,
}

/// Something that a page has shown.
#[derive(Debug)]
pub(super) struct Found {
    item: Value,
    as_of: AsOf,
}

/// When a page was asked for, by the run's clock and by the machine's; of one from a cache, when that was filled.
#[derive(Debug, Clone, Copy)]
pub(super) struct AsOf {
    pub(super) moment: Moment,
    pub(super) wall: i64,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// A page is to be asked for at a moment.
    Due(Moment),
    Asked(Flight),
    /// As far as it was needed.
    Read(Extent),
    Failed(Cause),
}

/// What is known of what a row is about, before its request leaves.
#[derive(Debug, Default)]
pub(in crate::engine::core) enum Before {
    #[default]
    Unknown,
    Seen(Sighting),
    /// Why its request is not to leave, by what is there, or cannot be seen.
    Against(Cause),
}

/// What has been seen for a row, and when.
#[derive(Debug, Clone)]
pub(in crate::engine::core) struct Sighting {
    at: Moment,
    pub snapshot: Option<Box<Snapshot>>,
}

/// What a reading says of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Nobody has read for it, or that was too long ago.
    Nothing,
    /// It is being read.
    Later,
    Now,
}

impl Before {
    /// Whether a request may depart by it.
    pub(in crate::engine::core) fn is_fresh(&self, now: Now) -> bool {
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
    pub(in crate::engine::core) fn under_way(&self) -> usize {
        self.in_flight + self.due.len()
    }

    pub(in crate::engine::core) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether a page is to be asked for now.
    pub(in crate::engine::core) fn are_due(&self, now: Now) -> bool {
        self.due.iter().any(|at| self.due_at(*at).is_some_and(|due| due <= now.moment))
    }

    pub(super) fn due_at(&self, at: usize) -> Option<Moment> {
        match self.lists.get(at)?.stage {
            Stage::Due(moment) => Some(moment),
            _ => None,
        }
    }

    /// Whether something is known for a row.
    pub(super) fn tells(&self, subject: &Subject, now: Now) -> Told {
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
    pub(super) fn take(&mut self, subject: &Subject, repeats: bool) -> Option<Before> {
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
    pub(super) fn ask(&mut self, at: usize, of: &Arc<Work>, wanted: HashSet<String>, now: Now) {
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
    pub(super) fn end(&mut self, at: usize, stage: Stage) -> Vec<usize> {
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
    pub(super) fn served(&mut self, at: usize) -> Vec<usize> {
        let Some(list) = self.lists.get_mut(at) else { return Vec::new() };
        let is_shown = |id: &str| list.found.contains_key(id);
        let (served, waiting) = list.waiting.drain(..).partition(|(_, id)| is_shown(id));
        list.waiting = waiting;
        let served: Vec<(usize, Arc<str>)> = served;
        served.into_iter().map(|(row, _)| row).collect()
    }

    pub(super) fn put_off(&mut self, at: usize, until: Moment) {
        if let Some(list) = self.lists.get_mut(at) {
            list.stage = Stage::Due(until);
            self.due.push_back(at);
        }
    }
}

impl ListRead {
    /// Takes a page in; gives how much of the list was shown, where no more is needed.
    pub(super) fn take(&mut self, items: &[Value]) -> Option<Extent> {
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
    pub(super) fn over(&self, step: &NextStep) -> Option<Extent> {
        match step {
            NextStep::Over(answered) => Some(answered.extent),
            NextStep::Page => self.is_enough().then_some(Extent::Cut),
        }
    }

    pub(super) fn is_enough(&self) -> bool {
        self.found.len() == self.wanted.len()
    }
}

/// Of a list only what is wanted is kept, and that as it came.
fn sights(fields: &FieldSet) -> Sights<'_> {
    static NONE: std::sync::LazyLock<HashSet<String>> = std::sync::LazyLock::new(HashSet::new);
    Sights { wanted: &NONE, system: None, keeps: Keeps::Texts, fields }
}
