//! What a list is worth: whether it shows something that is known to be there.
//!
//! Something that a row has made, in this run or before it, is looked for in the list of its own lane. Which, and when, is for
//! `engine`.

use std::collections::HashSet;

use serde_json::Value;

use super::likeness::{Kind, Likeness, Marked, Wanted};
use super::since::Dated;
use super::{MOST_PAGES, created, item_id, request_of};
use crate::declared::connector::Recover;
use crate::prepare::Ready;
use crate::prepare::request::Request;
use crate::row::{Attempted, FieldValue, Fields, Holdings};

/// A look for something that is known to be there.
#[derive(Debug)]
pub(crate) struct Control {
    first_page: u32,
    page: u32,
    seen: HashSet<String>,
    /// It is there, on pages that count from 1, as far as there is none before them.
    shown: Option<Habits>,
    /// Of which kind something that rows own must be shown beside it, where the kind of what is looked for is not known.
    kind: Option<Kind>,
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
    /// A look for something of which all is known.
    pub(crate) fn new() -> Self {
        Self { first_page: 1, page: 1, seen: HashSet::new(), shown: None, kind: None }
    }

    /// A look for something of which no more is known than its id and when it was sent. It tells of lists of a kind what the
    /// list says to be of that kind.
    pub(crate) fn of_kind(kind: Kind) -> Self {
        Self { kind: Some(kind), ..Self::new() }
    }

    /// The request for the page that is due.
    pub(crate) fn request(&self, recover: &Recover, ready: &Ready) -> Option<Request> {
        request_of(recover, &ready.fields, self.page)
    }

    /// Takes a page in, with what rows own of it. `id` is of what `ready` has made, which was sent at a moment.
    pub(crate) fn take(
        &mut self,
        recover: &Recover,
        (items, owned): (&[Value], &Holdings),
        (id, ready, sent): (&str, &Ready, Attempted),
    ) -> Shown {
        let ids = || items.iter().map(|item| item_id(recover, item));
        let news = ids().flatten().filter(|id| self.seen.insert(id.clone())).count() > 0;
        if let Some(habits) = self.shown {
            let first_page = if news { 0 } else { 1 };
            return Shown::Yes(Habits { first_page, ..habits });
        }
        if let Some(at) = ids().position(|shown| shown.as_deref() == Some(id)) {
            return match self.shows_kind(recover, items, owned) {
                true => self.met(recover, items, at, (ready, sent)),
                false => Shown::No,
            };
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

    /// Whether the page at hand shows something of the kind that is asked for, and that a row has made.
    fn shows_kind(&self, recover: &Recover, items: &[Value], owned: &Holdings) -> bool {
        let is_owned =
            |item: &Value| item_id(recover, item).is_some_and(|id| owned.ids.contains_key(&id));
        let of_kind = |kind: &Kind| {
            items.iter().any(|item| Kind::of_item(recover, item) == *kind && is_owned(item))
        };
        self.kind.as_ref().is_none_or(of_kind)
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
        let marked = ready.marker.as_deref();
        let marked = marked.and_then(|marker| Marked::new(recover, &ready.fields, marker));
        let likeness = match marked {
            Some(marked) => marked.weigh(recover, item),
            None => Wanted::of(recover, &ready.fields).weigh(recover, item),
        };
        if matches!(likeness, Likeness::Other | Likeness::Unreadable) {
            return Shown::No;
        }
        let dated = created(recover, item).map(|made| Dated { made, sent });
        let habits = Habits { first_page: self.first_page, dated };
        if self.first_page == 0 || recover.pages.is_none() {
            return Shown::Yes(habits);
        }
        self.shown = Some(habits);
        self.page = 0;
        Shown::NextPage
    }

    /// Pages may count from 0.
    fn begin_at_zero(&mut self) -> Shown {
        (self.first_page, self.page) = (0, 0);
        self.seen.clear();
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

/// What a list of another lane than that of `ready` is asked by; none where the lane does not tell it.
pub(crate) fn of_lane(ready: &Ready, lane: &str) -> Option<Ready> {
    let (field, text) = ready.operation.lane.read(lane)?;
    let asks_for = &ready.operation.recover.as_ref()?.with;
    if asks_for.iter().any(|(_, from)| *from != field) {
        return None;
    }
    let value = match ready.fields.get(field)? {
        FieldValue::Text(_) => Value::from(text),
        _ => serde_json::from_str(text).ok()?,
    };
    let mut fields = Fields::default();
    fields.set(field, value.into());
    let request = Request { body: None, ..ready.request.clone() };
    Some(Ready { lane: lane.to_owned(), fields, request, marker: None, ..ready.clone() })
}
