//! What a list says of rows that were not sent yet: whether the same is there already, and whether what a row would change
//! or delete is there, and of what kind.
//!
//! Pure: pages go in, and what is known comes out. Nothing is settled by it, nothing is sent for it, and that a list does not
//! show something is told as that: whether it could, is told beside it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::likeness::{Kind, Likeness, normalised_text};
use super::print::Print;
use super::{MOST_PAGES, MOST_REMEMBERED, SHORTEST_PAGE, request_of, unseen};
use crate::declared::connector::{Recover, SystemMark};
use crate::prepare::request::Request;
use crate::row::Fields;

/// A longer text, in bytes, is not kept to be compared.
const LONGEST_TEXT: usize = 64 << 10;

/// A list that is being read.
#[derive(Debug)]
pub(crate) struct Enquiry {
    first_page: u32,
    page: u32,
    /// Whether it is known with which number pages begin.
    is_first_known: bool,
    seen: HashSet<String>,
    list: Vec<Print>,
    remembered: usize,
    is_nameless: bool,
    /// How the reading ended, where only the page before the first is still to be asked for.
    ended: Option<Extent>,
}

/// How much of a list was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Extent {
    /// All of it, as far as the other side lists things at all.
    Whole,
    /// There may be more behind what was shown.
    Cut,
    /// It did not come to its end.
    Endless,
    /// A page of it was refused.
    Refused,
    /// Items in it cannot be told apart.
    Nameless,
}

/// What follows from a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NextStep {
    Page,
    Over(Answered),
}

/// A list that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) extent: Extent,
    items: Vec<Print>,
}

/// What is to be seen of items beside their fingerprints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sights<'a> {
    /// Of these ids the text is kept.
    pub wanted: &'a HashSet<String>,
    pub system: Option<&'a SystemMark>,
}

/// What is known of a row that would make something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Presence {
    /// The same is there, and no row owns it.
    There { id: String },
    /// Something is there that may be the same, altered.
    Alike { id: String },
    /// It is not in the list, which is whole and shows others of its kind.
    Absent,
    /// It is not in the list, which shows nothing of its kind: it may leave such things out.
    NotShown,
    /// The list was not seen to its end.
    Unknown(Extent),
}

/// What is known of a thing that a row would change or delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Found {
        /// What marks it as made by the system.
        system: Option<String>,
        /// What it says at present.
        text: Option<String>,
    },
    /// The list is whole and does not show it.
    NotShown,
    /// The list was not seen to its end.
    Unknown(Extent),
}

impl Enquiry {
    /// `first_page` is the number that pages begin with, where that is known.
    pub(crate) fn new(recover: &Recover, first_page: Option<u32>) -> Self {
        let first = first_page.unwrap_or(1);
        Self {
            first_page: first,
            page: first,
            is_first_known: first_page.is_some() || recover.pages.is_none(),
            seen: HashSet::new(),
            list: Vec::new(),
            remembered: 0,
            is_nameless: false,
            ended: None,
        }
    }

    /// The request for the page that is due; none where a field is missing that the list asks for.
    pub(crate) fn request(&self, recover: &Recover, fields: &Fields<'_>) -> Option<Request> {
        request_of(recover, fields, self.page)
    }

    /// Whether the page that is due is the first that is asked for: who is refused that is refused the list.
    pub(crate) fn is_at_first(&self) -> bool {
        self.ended.is_none() && self.page == self.first_page
    }

    /// The number that pages begin with, as far as this list has shown it.
    pub(crate) fn first_page(&self) -> Option<u32> {
        self.is_first_known.then_some(self.first_page)
    }

    /// Takes a page in.
    pub(crate) fn take(
        &mut self,
        recover: &Recover,
        items: &[Value],
        sights: Sights<'_>,
    ) -> NextStep {
        if let Some(extent) = self.ended.take() {
            return self.take_before_first(recover, items, sights, extent);
        }
        let (new, is_nameless) = unseen(recover, items, &mut self.seen);
        self.is_nameless |= is_nameless;
        let news = !new.is_empty();
        for (id, item) in new {
            let mut print = Print::of(recover, id, item);
            print.system = sights.system.and_then(|mark| mark.of(item));
            if sights.wanted.contains(&print.id) {
                print.text = text_of(recover, item);
            }
            self.remembered += print.size();
            self.list.push(print);
        }
        let goes_on = news && recover.pages.is_some();
        let has_room =
            self.page - self.first_page + 1 < MOST_PAGES && self.remembered < MOST_REMEMBERED;
        let extent = match items.is_empty() {
            true => Extent::Whole,
            false if goes_on && has_room => {
                self.page += 1;
                return NextStep::Page;
            }
            false if goes_on => Extent::Endless,
            // A server that does not know of pages shows the first page again: that may be the whole list, or what fits on it.
            false => match recover.pages.is_none() || self.page == self.first_page + 1 {
                true if items.len() >= SHORTEST_PAGE => Extent::Cut,
                _ => Extent::Whole,
            },
        };
        self.end(extent)
    }

    /// Takes in that a page was refused which is not the first.
    pub(crate) fn take_refusal(&mut self) -> NextStep {
        if let Some(extent) = self.ended.take() {
            // There is no page before the first.
            self.is_first_known = true;
            return self.over(extent);
        }
        let is_short = self.page == self.first_page + 1 && self.seen.len() < SHORTEST_PAGE;
        self.end(if is_short { Extent::Whole } else { Extent::Refused })
    }

    fn end(&mut self, extent: Extent) -> NextStep {
        if self.is_first_known {
            return self.over(extent);
        }
        // What pages that count from 1 do not show may stand before them.
        self.ended = Some(extent);
        self.page = 0;
        NextStep::Page
    }

    fn take_before_first(
        &mut self,
        recover: &Recover,
        items: &[Value],
        sights: Sights<'_>,
        extent: Extent,
    ) -> NextStep {
        let is_new = |item| super::item_id(recover, item).is_none_or(|id| !self.seen.contains(&id));
        if items.iter().any(is_new) {
            (self.first_page, self.page, self.is_first_known) = (0, 0, true);
            self.seen.clear();
            self.list.clear();
            self.remembered = 0;
            return self.take(recover, items, sights);
        }
        // Two empty pages say nothing of where pages begin.
        self.is_first_known = !self.seen.is_empty();
        self.over(extent)
    }

    fn over(&mut self, extent: Extent) -> NextStep {
        let extent = match self.is_nameless && extent == Extent::Whole {
            true => Extent::Nameless,
            false => extent,
        };
        NextStep::Over(Answered { extent, items: std::mem::take(&mut self.list) })
    }
}

/// What an item says, in the one spelling in which texts are compared.
fn text_of(recover: &Recover, item: &Value) -> Option<String> {
    let text = |(_, pointers): &(_, Vec<crate::text::pointer::Pointer>)| {
        pointers.iter().find_map(|pointer| pointer.find(item))?.as_str()
    };
    let text = recover.fields.iter().find_map(text)?;
    (text.len() <= LONGEST_TEXT).then(|| normalised_text(text, &recover.text))
}

impl Answered {
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|item| item.id.as_str())
    }

    /// How many items were shown.
    pub(crate) fn count(&self) -> usize {
        self.items.len()
    }

    /// Whether what a row would make is there. Items that are some row's own already, by `is_owned`, do not count.
    pub(crate) fn presence(
        &self,
        recover: &Recover,
        fields: &Fields<'_>,
        is_owned: &dyn Fn(&str) -> bool,
    ) -> Presence {
        let mut alike = None;
        for item in self.items.iter().filter(|item| !is_owned(&item.id)) {
            match item.weigh(recover, fields) {
                Likeness::Same => return Presence::There { id: item.id.clone() },
                Likeness::Altered => drop(alike.get_or_insert(&item.id)),
                Likeness::Unreadable | Likeness::Other => {}
            }
        }
        if let Some(id) = alike {
            return Presence::Alike { id: id.clone() };
        }
        let kind = Kind::of_row(recover, fields);
        match self.extent {
            Extent::Whole if self.items.iter().any(|item| item.kind == kind.text()) => {
                Presence::Absent
            }
            Extent::Whole => Presence::NotShown,
            extent => Presence::Unknown(extent),
        }
    }

    /// Whether a thing is there.
    pub(crate) fn target(&self, id: &str) -> Target {
        match self.items.iter().find(|item| item.id == id) {
            Some(item) => Target::Found { system: item.system.clone(), text: item.text.clone() },
            None if self.extent == Extent::Whole => Target::NotShown,
            None => Target::Unknown(self.extent),
        }
    }
}
