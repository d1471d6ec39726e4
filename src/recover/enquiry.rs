//! What a list says of rows that were not sent yet: whether the same is there already, and whether what a row would change
//! or delete is there, and of what kind.
//!
//! Pure: pages go in, and what is known comes out. Nothing is settled by it, nothing is sent for it, and that a list does not
//! show something is told as that: whether it could, is told beside it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::likeness::{Kind, Likeness, normalised_text};
use super::print::{Print, Unlike};
use super::versions::Versions;
use super::{MOST_PAGES, MOST_REMEMBERED, SHORTEST_PAGE, request_of, unseen};
use crate::declared::connector::{FieldSet, Recover, SystemMark};
use crate::prepare::request::Request;
use crate::row::Fields;

/// A longer text, in bytes, is not kept to be compared.
const LONGEST_TEXT: usize = 64 << 10;
/// Of a list that is kept as it came so many bytes are read, about.
const MOST_KEPT: usize = 32 << 20;

/// A list that is being read.
#[derive(Debug)]
pub(crate) struct Enquiry {
    first_page: u32,
    page: u32,
    /// Whether it is known with which number pages begin.
    is_first_known: bool,
    seen: HashSet<String>,
    versions: Versions,
    list: Vec<Print>,
    remembered: usize,
    is_nameless: bool,
    /// The oldest moment as of which a page was.
    at: Option<i64>,
    whole: Vec<Value>,
    /// What the items as they came take, in bytes, about.
    whole_bytes: usize,
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
    /// It shows an item more than once, and not the same of it: which of them is so, nobody can tell.
    Contradicting,
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
    pub(super) items: Vec<Print>,
    /// Those that were shown more than once, and not the same of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) contradicting: Vec<String>,
    /// As of when it was, by this machine's clock: what has lain in a cache is that much older. Unix milliseconds.
    #[serde(default)]
    pub(crate) at: i64,
    /// All items as they came, where somebody wants them.
    #[serde(skip)]
    pub(crate) whole: Vec<Value>,
}

/// What is to be seen of items beside their fingerprints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sights<'a> {
    /// Of these ids more is kept.
    pub wanted: &'a HashSet<String>,
    pub system: Option<&'a SystemMark>,
    pub keeps: Keeps,
    /// The fields of what makes such things.
    pub fields: &'a FieldSet,
}

/// What is kept of items beside their fingerprints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// The texts of those that are wanted.
    Texts,
    /// Likewise, with what they show of all other fields, and of all items when they were made.
    Fields,
    /// The texts of all items, and when they were made.
    Shown,
    /// All items as they came.
    Items,
}

/// What is known of a row that would make something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Presence {
    /// The same is there, and no row owns it.
    There { id: String },
    /// The same text is there, of another kind: one that the customer sees, say, where the row is internal.
    Unlike { id: String, unlike: Vec<Unlike> },
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
            versions: Versions::default(),
            list: Vec::new(),
            remembered: 0,
            is_nameless: false,
            at: None,
            whole: Vec::new(),
            whole_bytes: 0,
            ended: None,
        }
    }

    /// The page that is taken in next is as of that moment.
    pub(crate) fn read_at(&mut self, moment: i64) {
        self.at = Some(self.at.map_or(moment, |at| at.min(moment)));
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
        self.versions.compare(recover, items, Some(sights.fields));
        if let Some(extent) = self.ended.take() {
            return self.take_before_first(recover, items, sights, extent);
        }
        let (new, is_nameless) = unseen(recover, items, &mut self.seen);
        self.is_nameless |= is_nameless;
        let news = !new.is_empty();
        for (id, item) in new {
            let mut print = Print::of(recover, id, item);
            print.system = sights.system.and_then(|mark| mark.of(item));
            let is_wanted = sights.wanted.contains(&print.id);
            if is_wanted || sights.keeps == Keeps::Shown {
                print.text = text_of(recover, item);
            }
            if is_wanted && sights.keeps == Keeps::Fields {
                print.note_fields(recover, sights.fields, item);
            }
            if sights.keeps != Keeps::Texts {
                print.made = super::created(recover, item);
            }
            if sights.keeps == Keeps::Items {
                self.whole_bytes += item.to_string().len();
                self.whole.push(item.clone());
            }
            self.remembered += print.size();
            self.list.push(print);
        }
        let goes_on = news && recover.pages.is_some();
        let has_room =
            self.page - self.first_page + 1 < MOST_PAGES && self.remembered < MOST_REMEMBERED;
        let has_room = has_room && self.whole_bytes < MOST_KEPT;
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

    /// Whether an item was shown more than once, and not the same of it.
    pub(crate) fn contradicts(&self, id: &str) -> bool {
        self.versions.contradict(id)
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
            // What pages showed is shown again: an item that was changed in between says nothing against the list.
            self.versions.clear();
            self.list.clear();
            self.whole.clear();
            (self.remembered, self.whole_bytes) = (0, 0);
            return self.take(recover, items, sights);
        }
        // Two empty pages say nothing of where pages begin.
        self.is_first_known = !self.seen.is_empty();
        self.over(extent)
    }

    fn over(&mut self, extent: Extent) -> NextStep {
        let extent = match extent {
            Extent::Whole if self.versions.contradiction().is_some() => Extent::Contradicting,
            Extent::Whole if self.is_nameless => Extent::Nameless,
            extent => extent,
        };
        NextStep::Over(Answered {
            extent,
            items: std::mem::take(&mut self.list),
            contradicting: self.versions.all_contradicting(),
            at: self.at.unwrap_or_default(),
            whole: std::mem::take(&mut self.whole),
        })
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

    /// Keeps the texts of these items, and of no other.
    pub(crate) fn keep_texts(&mut self, is_kept: &dyn Fn(&str) -> bool) {
        for item in &mut self.items {
            item.text = item.text.take().filter(|_| is_kept(&item.id));
        }
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
        if self.extent == Extent::Contradicting {
            return Presence::Unknown(self.extent);
        }
        let kind = Kind::of_row(recover, fields);
        let (mut alike, mut other) = (None, None);
        for item in self.items.iter().filter(|item| !is_owned(&item.id)) {
            match item.weigh(recover, fields) {
                Likeness::Same => {
                    let unlike = item.unlike(recover, &kind);
                    if unlike.is_empty() {
                        return Presence::There { id: item.id.clone() };
                    }
                    other.get_or_insert_with(|| (item.id.clone(), unlike));
                }
                Likeness::Altered => drop(alike.get_or_insert(&item.id)),
                Likeness::Unreadable | Likeness::Other => {}
            }
        }
        if let Some((id, unlike)) = other {
            return Presence::Unlike { id, unlike };
        }
        if let Some(id) = alike {
            return Presence::Alike { id: id.clone() };
        }
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
            _ if self.extent == Extent::Contradicting => Target::Unknown(self.extent),
            Some(item) => Target::Found { system: item.system.clone(), text: item.text.clone() },
            None if self.extent == Extent::Whole => Target::NotShown,
            None => Target::Unknown(self.extent),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::declared::connector::{Catalogue, Operation};
    use crate::row::FieldValue;
    use crate::text::diagnostic::Place;

    fn create() -> Arc<Operation> {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        Arc::clone(&connector.operations["ticket_note.create"])
    }

    fn item(number: usize) -> Value {
        json!({"id": format!("tn_{number}"), "note": format!("Note {number}"), "note_type": number % 2 * 9})
    }

    fn sights<'a>(
        wanted: &'a HashSet<String>,
        system: Option<&'a SystemMark>,
        maker: &'a Operation,
    ) -> Sights<'a> {
        Sights { wanted, system, keeps: Keeps::Texts, fields: &maker.fields }
    }

    /// What a server answers to a page; none where it refuses.
    type Server = fn(u32, usize) -> Option<Vec<Value>>;

    fn of_pages(page: u32, items: usize, first: u32, size: usize) -> Vec<Value> {
        let skip = page.saturating_sub(first) as usize * size;
        (1..=items).skip(skip).take(size).map(item).collect()
    }

    /// Reads a list to its end; gives how much was shown, how many items, how many requests, and where pages begin.
    fn read(server: Server, items: usize) -> (Extent, usize, u32, Option<u32>) {
        let create = create();
        let recover = create.recover.as_ref().unwrap();
        let mut enquiry = Enquiry::new(recover, None);
        let wanted = HashSet::new();
        for requests in 1.. {
            let step = match server(enquiry.page, items) {
                Some(page) => enquiry.take(recover, &page, sights(&wanted, None, &create)),
                None => enquiry.take_refusal(),
            };
            if let NextStep::Over(answered) = step {
                return (answered.extent, answered.count(), requests, enquiry.first_page());
            }
            assert!(requests < 1_000, "no end");
        }
        unreachable!()
    }

    #[test]
    fn a_list_is_read_to_its_end_wherever_its_pages_begin() {
        let from_one: Server = |page, items| (page > 0).then(|| of_pages(page, items, 1, 100));
        let from_zero: Server = |page, items| Some(of_pages(page, items, 0, 100));
        let lenient: Server = |page, items| Some(of_pages(page.max(1), items, 1, 100));
        let capped: Server = |page, items| (page > 0).then(|| of_pages(page, items, 1, 20));
        let ignored: Server = |_, items| Some(of_pages(1, items, 1, 1_000));
        let strict: Server = |page, items| {
            let shown = of_pages(page, items, 1, 100);
            (page == 1 || page > 1 && !shown.is_empty()).then_some(shown)
        };
        for (name, server, items, expected) in [
            ("from one", from_one, 0, (Extent::Whole, 0, 2, Some(1))),
            ("from one", from_one, 3, (Extent::Whole, 3, 3, Some(1))),
            ("from one", from_one, 250, (Extent::Whole, 250, 5, Some(1))),
            ("from zero", from_zero, 3, (Extent::Whole, 3, 3, Some(0))),
            ("from zero", from_zero, 250, (Extent::Whole, 250, 7, Some(0))),
            ("from zero", from_zero, 0, (Extent::Whole, 0, 2, None)),
            ("lenient", lenient, 3, (Extent::Whole, 3, 3, Some(1))),
            ("capped", capped, 50, (Extent::Whole, 50, 5, Some(1))),
            ("ignored", ignored, 3, (Extent::Whole, 3, 3, Some(1))),
            ("ignored", ignored, 30, (Extent::Cut, 30, 3, Some(1))),
            ("strict", strict, 3, (Extent::Whole, 3, 3, Some(1))),
            ("strict", strict, 30, (Extent::Refused, 30, 3, Some(1))),
        ] {
            assert_eq!(read(server, items), expected, "{name}: {items}");
        }
    }

    #[test]
    fn a_list_that_shows_an_item_twice_and_otherwise_contradicts_itself() {
        let create = create();
        let recover = create.recover.as_ref().unwrap();
        let shown = json!({"id": "a", "note": "Gọi lại", "is_internal_note": true});
        let with = |name: &str, value: Value| {
            let mut other = shown.clone();
            other[name] = value;
            other
        };
        for (other, expected) in [
            (shown.clone(), Extent::Whole),
            (with("is_internal_note", json!(1)), Extent::Whole),
            (with("note", json!("Gọi lại ")), Extent::Whole),
            (with("is_internal_note", json!(false)), Extent::Contradicting),
            (with("is_internal_note", Value::Null), Extent::Contradicting),
            (with("note", json!("Khác")), Extent::Contradicting),
            (with("task_due_date", json!(1_900_000_000_000_i64)), Extent::Contradicting),
        ] {
            for pages in [
                vec![vec![shown.clone(), other.clone()]],
                vec![vec![other.clone(), shown.clone()]],
                vec![vec![shown.clone(), item(1)], vec![other.clone(), item(2)]],
            ] {
                let wanted = HashSet::new();
                let mut enquiry = Enquiry::new(recover, Some(1));
                let mut pages = pages.into_iter();
                let answered = loop {
                    let page = pages.next().unwrap_or_default();
                    match enquiry.take(recover, &page, sights(&wanted, None, &create)) {
                        NextStep::Page => {}
                        NextStep::Over(answered) => break answered,
                    }
                };
                assert_eq!(answered.extent, expected, "{other}");
                if expected == Extent::Contradicting {
                    assert_eq!(answered.target("a"), Target::Unknown(expected));
                    let fields = create.fields.values(&shown);
                    let presence = answered.presence(recover, &fields, &|_| false);
                    assert_eq!(presence, Presence::Unknown(expected), "{other}");
                    // Nor does it look like anything to a person.
                    let beside = answered.beside(recover, &fields);
                    let looks = beside.iter().find(|item| item.id == "a").map(|item| &item.looks);
                    assert_eq!(looks, Some(&crate::recover::Looks::Unreadable), "{other}");
                }
            }
        }
    }

    #[test]
    fn what_a_list_does_not_show_is_gone_only_where_it_would_show_it() {
        let create = create();
        let recover = create.recover.as_ref().unwrap();
        let fields = |text: &str, internal: bool| {
            let mut fields = Fields::default();
            fields
                .set(create.fields.find("note").unwrap(), FieldValue::Text(text.to_owned().into()));
            fields.set(create.fields.find("is_internal_note").unwrap(), FieldValue::Bool(internal));
            fields
        };
        let items = [
            json!({"id": "a", "note": "Khách gọi", "is_internal_note": false, "note_type": 0}),
            json!({"id": "b", "note": "<p>Nhắn lại</p>", "is_internal_note": false, "note_type": 9}),
        ];
        let mut answered = Answered {
            extent: Extent::Whole,
            items: items
                .iter()
                .map(|item| Print::of(recover, item["id"].as_str().unwrap().to_owned(), item))
                .collect(),
            contradicting: Vec::new(),
            at: 0,
            whole: Vec::new(),
        };
        let presence = |answered: &Answered, text: &str, internal, taken: &str| {
            answered.presence(recover, &fields(text, internal), &|id| id == taken)
        };
        let id = |id: &str| id.to_owned();
        let field = create.fields.find("is_internal_note").unwrap();
        let unlike = vec![Unlike { field, there: "0".into(), row: "1".into() }];
        let visible = Presence::Unlike { id: id("a"), unlike };
        assert_eq!(presence(&answered, "Khách gọi", true, ""), visible, "the customer sees that");
        let silent = json!({"id": "a", "note": "Khách gọi", "is_internal_note": null});
        let silent = Print::of(recover, id("a"), &silent);
        let silent = Answered { extent: Extent::Whole, items: vec![silent], ..answered.clone() };
        assert_eq!(presence(&silent, "Khách gọi", true, ""), Presence::There { id: id("a") });
        assert_eq!(presence(&answered, "Khách gọi", false, "a"), Presence::Absent);
        assert_eq!(presence(&answered, "Nhắn lại", false, ""), Presence::Alike { id: id("b") });
        assert_eq!(presence(&answered, "Khác", false, ""), Presence::Absent);
        assert_eq!(presence(&answered, "Khác", true, ""), Presence::NotShown, "none of its kind");
        answered.extent = Extent::Cut;
        assert_eq!(presence(&answered, "Khác", false, ""), Presence::Unknown(Extent::Cut));
        assert_eq!(presence(&answered, "Khách gọi", false, ""), Presence::There { id: id("a") });
        assert_eq!(answered.target("c"), Target::Unknown(Extent::Cut));
        answered.extent = Extent::Whole;
        assert_eq!(answered.target("c"), Target::NotShown);
        assert_eq!(answered.target("a"), Target::Found { system: None, text: None });
    }

    #[test]
    fn a_thing_of_the_system_is_known_by_what_the_connector_says() {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        let look = connector.operations["ticket_note.update"].look.as_ref().unwrap();
        let mark = look.system.as_ref().unwrap();
        for (item, expected) in [
            (json!({"note_type": 0}), None),
            (json!({"note_type": "0"}), None),
            (json!({"note_type": null}), None),
            (json!({}), None),
            (json!({"note_type": 9}), Some("note_type 9")),
            (json!({"note_type": "66"}), Some("note_type \"66\"")),
        ] {
            assert_eq!(mark.of(&item).as_deref(), expected, "{item}");
        }
        let recover = connector.operations["ticket_note.create"].recover.as_ref().unwrap();
        let wanted = HashSet::from(["tn_2".to_owned()]);
        let mut enquiry = Enquiry::new(recover, Some(1));
        let create = create();
        let sights = sights(&wanted, Some(mark), &create);
        assert_eq!(enquiry.take(recover, &[item(1), item(2)], sights), NextStep::Page);
        let NextStep::Over(answered) = enquiry.take(recover, &[], sights) else { panic!() };
        let found = |system: Option<&str>, text: Option<&str>| Target::Found {
            system: system.map(str::to_owned),
            text: text.map(str::to_owned),
        };
        assert_eq!(answered.target("tn_1"), found(Some("note_type 9"), None));
        assert_eq!(answered.target("tn_2"), found(None, Some("Note 2")));
    }
}
