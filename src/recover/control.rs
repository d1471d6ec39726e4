//! What a list is worth: whether it shows something that is known to be there.
//!
//! Something that a row of this run has just made is looked for in the list of its own lane. Which, and when, is for `engine`.

use std::collections::HashSet;

use serde_json::Value;

use super::likeness::{Likeness, Wanted};
use super::since::Dated;
use super::{MOST_PAGES, created, item_id, request_of};
use crate::declared::connector::Recover;
use crate::prepare::Ready;
use crate::prepare::request::Request;
use crate::row::Attempted;

/// A look for something that is known to be there.
#[derive(Debug)]
pub(crate) struct Control {
    first_page: u32,
    page: u32,
    seen: HashSet<String>,
    /// It is there, on pages that count from 1, as far as there is none before them.
    shown: Option<Habits>,
}

/// What has been learnt of the other side's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Habits {
    /// The number of the first page.
    pub first_page: u32,
    /// How the clock goes that dates items; none where they are not dated.
    pub dated: Option<Dated>,
}

/// What follows from a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    NextPage,
    /// It is there.
    Yes(Habits),
    /// It is not, or its text cannot be known again: the list proves nothing.
    No,
}

impl Control {
    pub(crate) fn new() -> Self {
        Self { first_page: 1, page: 1, seen: HashSet::new(), shown: None }
    }

    /// The request for the page that is due.
    pub(crate) fn request(&self, recover: &Recover, ready: &Ready) -> Option<Request> {
        request_of(recover, ready, self.page)
    }

    /// Takes a page in. `id` is of what `ready` has made, which was sent at a moment.
    pub(crate) fn take(
        &mut self,
        recover: &Recover,
        items: &[Value],
        (id, ready, sent): (&str, &Ready, Attempted),
    ) -> Shown {
        let ids = || items.iter().map(|item| item_id(recover, item));
        let news = ids().flatten().filter(|id| self.seen.insert(id.clone())).count() > 0;
        if let Some(habits) = self.shown {
            let first_page = if news { 0 } else { 1 };
            return Shown::Yes(Habits { first_page, ..habits });
        }
        if let Some(at) = ids().position(|shown| shown.as_deref() == Some(id)) {
            return self.met(recover, items, at, (ready, sent));
        }
        match recover.pages {
            Some(_) if news && self.page < MOST_PAGES => {
                self.page += 1;
                Shown::NextPage
            }
            Some(_) if self.first_page == 1 => self.begin_at_zero(),
            _ => Shown::No,
        }
    }

    /// It stands on the page at hand.
    fn met(
        &mut self,
        recover: &Recover,
        items: &[Value],
        at: usize,
        (ready, sent): (&Ready, Attempted),
    ) -> Shown {
        let Some(item) = items.get(at) else { return Shown::No };
        if Wanted::of(recover, &ready.fields).weigh(recover, item) == Likeness::Other {
            return Shown::No;
        }
        let dated = created(recover, item).map(|made| Dated { made, sent });
        let habits = Habits { first_page: self.first_page, dated };
        // It is the newest: where older ones follow it, no page comes before it.
        let is_first = self.page == 1 && at == 0 && items.len() > 1;
        if self.first_page == 0 || recover.pages.is_none() || is_first {
            return Shown::Yes(habits);
        }
        self.shown = Some(habits);
        self.page = 0;
        Shown::NextPage
    }

    /// Pages may count from 0.
    fn begin_at_zero(&mut self) -> Shown {
        *self = Self { first_page: 0, page: 0, seen: HashSet::new(), shown: None };
        Shown::NextPage
    }

    /// Takes in that a page was refused: some refuse a page where others show an empty one.
    pub(crate) fn take_refusal(&mut self, recover: &Recover) -> Shown {
        match (self.shown, &recover.pages) {
            (Some(habits), _) => Shown::Yes(habits),
            (None, Some(_)) if self.first_page == 1 && self.page > 1 => self.begin_at_zero(),
            _ => Shown::No,
        }
    }

    /// Whether it is but asked whether there is a page before the first.
    pub(crate) fn is_settled(&self) -> bool {
        self.shown.is_some()
    }
}
