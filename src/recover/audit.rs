//! The last count of a lane: is each thing that its rows have made there once?
//!
//! How long the other side takes to act is an estimate, somebody on the way may send a request twice, and what was taken for a
//! row's may be another's. So the list of a lane in which a look has settled something is read once more: two items for one
//! row, or one for two, show that something went wrong. An item is known as a double by being the same as the row's own
//! item in this very list, so that whatever the other side does to texts does no harm. Pure; when to count is for `engine`.
//!
//! Not a search: nothing is settled here, and nobody is given an id.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::likeness::{Kind, Likeness, Shown, Wanted};
use super::list::{Direction, Item, List, Side, by_time, side_of};
use super::since::{Dated, Since};
use super::versions::Versions;
use super::{MOST_PAGES, created, request_of, unseen};
use crate::declared::connector::{Operation, Recover};
use crate::prepare::request::Request;
use crate::row::{Fields, Holdings, Maker, Making};
use crate::text::place::RowPlace;

/// A row that a look has settled and of whose item no id is known, by its key: it is counted by what it says.
#[derive(Debug)]
pub(crate) struct Nameless {
    pub key: Arc<str>,
    wanted: Wanted,
}

impl Nameless {
    pub(crate) fn of(key: Arc<str>, recover: &Recover, fields: &Fields<'_>) -> Self {
        Self { key, wanted: Wanted::of(recover, fields) }
    }
}

/// A row that does not have exactly one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Miscount {
    pub place: RowPlace,
    pub key: Arc<str>,
    /// What the other side calls the items.
    pub ids: Vec<String>,
    /// Which of them the ledger has as the row's own; none where it knows of none.
    pub own: Option<String>,
    /// Whose the one item is as well, by place and key; none where there are two items.
    pub shared_with: Option<(RowPlace, Arc<str>)>,
}

/// What a list comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    pub miscounts: Vec<Miscount>,
    /// Items that are gone, each with the copy of it that is there in its place.
    pub replaced: Vec<(String, String)>,
    /// Whether all that a look has settled is there and can be read: if not, nobody can tell that all is there once.
    pub is_clear: bool,
}

/// What follows from a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    NextPage,
    Over(Count),
}

/// A count under way.
#[derive(Debug)]
pub(crate) struct Audit {
    first_page: u32,
    page: u32,
    seen: HashSet<String>,
    versions: Versions,
    list: List,
    shown: Vec<Shown>,
    /// How an item compares with what a nameless row says, in the order of both.
    likenesses: Vec<Vec<Likeness>>,
    /// Items that cannot be told apart.
    is_nameless: bool,
    /// The list goes on behind the last page that is read.
    is_cut: bool,
    nameless: Vec<Nameless>,
    /// So long after its start a request may have acted.
    span: Duration,
    /// What was there more than once when the lane was counted last: of each row its own item, and then the others.
    copies: Vec<Vec<String>>,
    /// What was known with the last page.
    makers: Vec<Maker>,
}

/// A row with its own item, and where the last thing stands that was made before it in its lane.
struct Owned<'a> {
    maker: &'a Maker,
    id: &'a str,
    at: usize,
}

impl Audit {
    pub(crate) fn new(first_page: u32, nameless: Vec<Nameless>, span: Duration) -> Self {
        Self {
            first_page,
            page: first_page,
            seen: HashSet::new(),
            versions: Versions::default(),
            list: List::default(),
            shown: Vec::new(),
            likenesses: Vec::new(),
            is_nameless: false,
            is_cut: false,
            nameless,
            span,
            copies: Vec::new(),
            makers: Vec::new(),
        }
    }

    /// With what was there more than once when the lane was counted last. Where somebody has deleted the row's own item and
    /// left a copy, that is the row's.
    pub(crate) fn knowing(self, copies: Vec<Vec<String>>) -> Self {
        Self { copies, ..self }
    }

    /// The request for the page that is due.
    pub(crate) fn request(&self, recover: &Recover, fields: &Fields<'_>) -> Option<Request> {
        request_of(recover, fields, self.page)
    }

    /// Takes a page in, with what rows own of it and all rows of the lane.
    pub(crate) fn take(&mut self, recover: &Recover, items: &[Value], holdings: Holdings) -> Step {
        self.versions.compare(recover, items, None);
        let (new, is_nameless) = unseen(recover, items, &mut self.seen);
        self.is_nameless |= is_nameless;
        let news = !new.is_empty();
        for (id, item) in new {
            self.enter(recover, item, id, &holdings);
        }
        self.makers = holdings.makers;
        let goes_on = news && recover.pages.is_some() && !self.is_enough();
        if goes_on && self.page - self.first_page + 1 < MOST_PAGES {
            self.page += 1;
            return Step::NextPage;
        }
        self.is_cut |= goes_on;
        self.end(recover)
    }

    /// Takes in that a page was refused; none where it was the first of all.
    pub(crate) fn take_refusal(&mut self, recover: &Recover) -> Option<Step> {
        (!self.seen.is_empty()).then(|| Step::Over(self.count(recover)))
    }

    fn enter(&mut self, recover: &Recover, item: &Value, id: String, holdings: &Holdings) {
        let owner = holdings.ids.get(&id).copied();
        let own = |maker: &Maker| matches!(&maker.making, Making::Named(own) if *own == id);
        let owner = owner.or_else(|| holdings.makers.iter().any(own).then_some(None));
        self.list.push(Item {
            made: created(recover, item),
            id,
            owner,
            likeness: Likeness::Other,
            kind: Kind::of_item(recover, item),
            differs_in_kind: false,
        });
        self.shown.push(Shown::of(recover, item));
        let nameless = self.nameless.iter();
        self.likenesses.push(nameless.map(|row| row.wanted.weigh(recover, item)).collect());
    }

    /// Whether all that follows is older than anything that is to be counted.
    fn is_enough(&self) -> bool {
        let settled = self.makers.iter().filter(|maker| maker.is_settled);
        let Some(dated) = self.list.dated() else { return false };
        let earliest = settled.map(|maker| Since::by(maker.first, dated).earliest()).min();
        earliest.is_some_and(|earliest| self.list.reaches_back_to(earliest))
    }

    /// No page has anything more. Pages may count from 0, where what must be there is not.
    fn end(&mut self, recover: &Recover) -> Step {
        let lacks = self.makers.iter().any(|maker| self.is_missing(maker));
        if (lacks || self.shows_nothing_owned()) && recover.pages.is_some() && self.first_page == 1
        {
            (self.first_page, self.page) = (0, 0);
            return Step::NextPage;
        }
        Step::Over(self.count(recover))
    }

    /// Whether a row that a look has settled has an item that is not shown.
    fn is_missing(&self, maker: &Maker) -> bool {
        match &maker.making {
            Making::Named(id) => maker.is_settled && !self.is_there(id),
            _ => false,
        }
    }

    fn is_there(&self, id: &str) -> bool {
        self.seen.contains(id) || self.copy_of(id).is_some()
    }

    /// The copy that is there in the place of an item that is gone, and that nobody owns.
    fn copy_of(&self, id: &str) -> Option<&str> {
        let copies =
            self.copies.iter().find(|copies| copies.first().is_some_and(|own| own == id))?;
        let is_free = |copy: &&String| {
            let is_it = |item: &&Item| item.id == **copy && item.owner.is_none();
            self.list.items().iter().any(|item| is_it(&item))
        };
        match self.seen.contains(id) {
            true => None,
            false => copies.iter().skip(1).find(is_free).map(String::as_str),
        }
    }

    /// Takes copies for the items in whose place they are there.
    fn replace(&mut self) -> Vec<(String, String)> {
        let mut replaced = Vec::new();
        let named: Vec<(usize, String)> =
            self.makers.iter().enumerate().filter_map(own_id).collect();
        for (at, own) in named {
            let Some(copy) = self.copy_of(&own).map(str::to_owned) else { continue };
            self.list.give(&copy);
            if let Some(maker) = self.makers.get_mut(at) {
                maker.making = Making::Named(copy.clone());
            }
            replaced.push((own, copy));
        }
        replaced
    }

    /// Whether rows own something, and none of it is shown: then the list proves nothing of what else it lacks.
    fn shows_nothing_owned(&self) -> bool {
        let mut own = self.makers.iter().filter_map(|maker| match &maker.making {
            Making::Named(id) => Some(id),
            _ => None,
        });
        own.clone().next().is_some() && !own.any(|id| self.is_there(id))
    }

    /// What all that was read comes to.
    fn count(&mut self, recover: &Recover) -> Count {
        let replaced = self.replace();
        Count { replaced, ..self.count_all(recover) }
    }

    fn count_all(&self, recover: &Recover) -> Count {
        let order = (self.list.direction(), self.list.sure_direction());
        let mut owned = self.owned();
        owned.sort_by_key(|owned| owned.maker.turn);
        let mut is_clear = !self.is_nameless && !self.is_cut;
        is_clear &= self.versions.contradiction().is_none();
        is_clear &= !self.makers.iter().any(|maker| self.is_missing(maker));
        is_clear &= !self.shows_nothing_owned();
        // A row whose double something may be, by its place among those that have one.
        let mut doubles: HashMap<usize, Vec<String>> = HashMap::new();
        let free = self.list.items().iter().enumerate().filter(|(_, item)| item.owner.is_none());
        // Of one that the list shows in several versions nobody knows whose double it is.
        let free = free.filter(|(_, item)| !self.versions.contradict(&item.id));
        for (at, item) in free {
            if self.shown.get(at).is_some_and(|shown| shown.is_unreadable(recover)) {
                is_clear &= !self.may_be_of_settled((at, item), &owned, order);
                continue;
            }
            let alike = owned.iter().enumerate().filter(|(_, own)| self.are_alike(at, own.at));
            let sides: Vec<(usize, Side)> = alike
                .map(|(row, own)| (row, self.side((at, item), own, &owned, order)))
                .filter(|(_, side)| *side != Side::Older)
                .collect();
            match sides.iter().rfind(|(_, side)| *side == Side::Newer) {
                Some((row, _)) => doubles.entry(*row).or_default().push(item.id.clone()),
                None => is_clear &= sides.is_empty(),
            }
        }
        let mut miscounts = self.shared();
        let mut told: HashSet<String> = HashSet::new();
        for (row, own) in owned.iter().enumerate() {
            let Some(ids) = doubles.remove(&row) else { continue };
            // It may be what another row has made.
            if ids.len() <= self.unnamed() {
                is_clear = false;
                continue;
            }
            told.extend(ids.iter().cloned());
            let ids = std::iter::once(own.id.to_owned()).chain(ids).collect();
            let id = Some(own.id.to_owned());
            miscounts.push(Miscount { own: id, ..twice(own.maker, ids) });
        }
        let (of_nameless, are_clear) = self.nameless_rows(&told, order);
        told.extend(of_nameless.iter().flat_map(|miscount| miscount.ids.iter().cloned()));
        miscounts.extend(of_nameless);
        is_clear &= are_clear && self.is_clear_of_the_rest(&told, order);
        Count { miscounts, replaced: Vec::new(), is_clear }
    }

    /// Of rows that an earlier run has sent nobody knows what they say: what is nobody's may be theirs, where a look has
    /// settled what became of one of their requests.
    fn is_clear_of_the_rest(&self, told: &HashSet<String>, order: (Direction, Direction)) -> bool {
        let rest = self.makers.iter().filter(|maker| {
            maker.is_settled && self.nameless.iter().all(|known| known.key != maker.key)
        });
        rest.into_iter().all(|maker| {
            let own = match maker.making {
                Making::Nothing => 0,
                Making::Nameless => 1,
                Making::Named(_) | Making::Open => return true,
            };
            let free = self.list.items().iter().enumerate().filter(|(at, item)| {
                let side = || self.side_of_nameless((*at, item), maker, order);
                item.owner.is_none() && !told.contains(&item.id) && side() != Side::Older
            });
            free.count() <= own
        })
    }

    /// Rows whose own items are shown.
    fn owned(&self) -> Vec<Owned<'_>> {
        let items = self.list.items();
        let own = self.makers.iter().filter_map(|maker| {
            let Making::Named(id) = &maker.making else { return None };
            let at = items.iter().position(|item| item.id == *id)?;
            Some(Owned { maker, id, at })
        });
        own.collect()
    }

    fn are_alike(&self, at: usize, own: usize) -> bool {
        if self.list.get(own).is_some_and(|own| self.versions.contradict(&own.id)) {
            return false;
        }
        self.shown.get(at).is_some_and(|shown| self.shown.get(own) == Some(shown))
    }

    /// On which side an item stands of what was made before a row's own.
    fn side(
        &self,
        (at, item): (usize, &Item),
        own: &Owned<'_>,
        owned: &[Owned<'_>],
        order: (Direction, Direction),
    ) -> Side {
        let Some(own_item) = self.list.get(own.at) else { return Side::Unclear };
        let dated = own_item.made.map(|made| Dated { made, sent: own.maker.last });
        if let Some((made, dated)) = item.made.zip(dated)
            && made > Since::by(own.maker.last, dated).latest(self.span)
        {
            return Side::Older;
        }
        let before = owned.iter().rfind(|other| other.maker.turn < own.maker.turn);
        match before.and_then(|before| Some((before.at, self.list.get(before.at)?))) {
            Some(fence) => side_of((at, item), fence, order),
            None => {
                let is_newer = side_of((at, item), (own.at, own_item), order) == Side::Newer;
                match dated {
                    _ if is_newer => Side::Newer,
                    Some(dated) => by_time(item, Since::by(own.maker.first, dated), true),
                    None => Side::Unclear,
                }
            }
        }
    }

    /// Whether an item that shows no text may be a second one of a row that a look has settled.
    fn may_be_of_settled(
        &self,
        item: (usize, &Item),
        owned: &[Owned<'_>],
        order: (Direction, Direction),
    ) -> bool {
        let mut settled = owned.iter().filter(|own| own.maker.is_settled);
        settled.any(|own| self.side(item, own, owned, order) != Side::Older)
    }

    /// So many rows may have made something, and nobody knows what it is called. Where texts are cut, it may seem to say the
    /// same as what another row has made.
    fn unnamed(&self) -> usize {
        let is_unnamed = |other: &&Maker| matches!(other.making, Making::Nameless | Making::Open);
        self.makers.iter().filter(is_unnamed).count()
    }

    /// Rows that own the same item as one before them.
    fn shared(&self) -> Vec<Miscount> {
        let mut first: HashMap<&str, &Maker> = HashMap::new();
        let mut shared = Vec::new();
        for maker in &self.makers {
            let Making::Named(id) = &maker.making else { continue };
            match first.get(id.as_str()) {
                None => drop(first.insert(id, maker)),
                Some(other) => shared.push(Miscount {
                    shared_with: Some((other.place.clone(), Arc::clone(&other.key))),
                    own: Some(id.clone()),
                    ..twice(maker, vec![id.clone()])
                }),
            }
        }
        shared
    }

    /// What is there of rows without an id, by what they say. Gives whether that is clear, too.
    fn nameless_rows(
        &self,
        told: &HashSet<String>,
        order: (Direction, Direction),
    ) -> (Vec<Miscount>, bool) {
        let (mut miscounts, mut is_clear) = (Vec::new(), true);
        for (row, nameless) in self.nameless.iter().enumerate() {
            let Some(maker) = self.makers.iter().find(|maker| maker.key == nameless.key) else {
                continue;
            };
            let own = match maker.making {
                Making::Nothing => 0,
                Making::Nameless => 1,
                // Its item is known by its id, or it is in doubt.
                Making::Named(_) | Making::Open => continue,
            };
            let others = self.unnamed() - own;
            let free = self
                .list
                .items()
                .iter()
                .enumerate()
                .filter(|(_, item)| item.owner.is_none() && !told.contains(&item.id));
            let is_same = |at: usize| {
                let likeness = self.likenesses.get(at).and_then(|rows| rows.get(row));
                likeness == Some(&Likeness::Same)
            };
            let sides: Vec<(&Item, Side)> = free
                .filter(|(at, _)| is_same(*at))
                .map(|(at, item)| (item, self.side_of_nameless((at, item), maker, order)))
                .filter(|(_, side)| *side != Side::Older)
                .collect();
            let newer = sides.iter().filter(|(_, side)| *side == Side::Newer);
            let ids: Vec<String> = newer.map(|(item, _)| item.id.clone()).collect();
            match ids.len() > own + others {
                true => miscounts.push(twice(maker, ids)),
                false => is_clear &= sides.len() <= own,
            }
        }
        (miscounts, is_clear)
    }

    fn side_of_nameless(
        &self,
        (at, item): (usize, &Item),
        maker: &Maker,
        order: (Direction, Direction),
    ) -> Side {
        let owned = self.owned();
        let before = owned.iter().filter(|other| other.maker.turn < maker.turn);
        let before = before.max_by_key(|other| other.maker.turn);
        match (before.and_then(|own| Some((own.at, self.list.get(own.at)?))), self.list.dated()) {
            (Some(fence), _) => side_of((at, item), fence, order),
            (None, Some(dated)) => by_time(item, Since::by(maker.first, dated), true),
            (None, None) => Side::Unclear,
        }
    }
}

fn twice(maker: &Maker, ids: Vec<String>) -> Miscount {
    let (place, key) = (maker.place.clone(), Arc::clone(&maker.key));
    Miscount { place, key, ids, own: None, shared_with: None }
}

fn own_id((at, maker): (usize, &Maker)) -> Option<(usize, String)> {
    match &maker.making {
        Making::Named(id) => Some((at, id.clone())),
        _ => None,
    }
}

/// What the list of a lane is asked by; none where the lane does not tell it.
pub(crate) fn asked_by(operation: &Operation, lane: &str) -> Option<Fields<'static>> {
    let (field, text) = operation.lane.read(lane)?;
    let asks_for = &operation.recover.as_ref()?.with;
    if asks_for.iter().any(|(_, from)| *from != field) {
        return None;
    }
    let mut fields = Fields::default();
    fields.set(field, Value::from(text).into());
    Some(fields)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::declared::connector::Catalogue;
    use crate::row::{Attempted, Made};
    use crate::text::diagnostic::Place;

    /// A moment in unix milliseconds, so many seconds after another.
    fn at(seconds: i64) -> i64 {
        1_800_000_000_000 + seconds * 1_000
    }

    fn maker(row: u64, making: Making, seconds: i64) -> Maker {
        let attempted = Attempted { at: at(seconds), remote_at: Some(at(seconds)) };
        Maker {
            place: RowPlace::of(row, row + 1),
            key: format!("k{row}").into(),
            making,
            first: attempted,
            last: attempted,
            turn: (1, row),
            is_settled: true,
        }
    }

    fn named(row: u64, seconds: i64) -> Maker {
        maker(row, Making::Named(format!("tn_{row}")), seconds)
    }

    fn item(id: &str, text: &str, seconds: i64) -> Value {
        json!({"id": id, "note": text, "created": at(seconds)})
    }

    /// What a list comes to that shows its newest item first.
    fn count(makers: Vec<Maker>, items: &[Value]) -> (Vec<(u64, Vec<String>)>, bool) {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        let operation = &connector.operations["ticket_note.create"];
        let recover = operation.recover.as_ref().unwrap();
        let ids = makers.iter().filter_map(|maker| {
            let Making::Named(id) = &maker.making else { return None };
            let made = Made { attempted: maker.last, in_lane: true, turn: maker.turn };
            Some((id.clone(), Some(made)))
        });
        let holdings = Holdings { ids: ids.collect(), makers, ..Holdings::default() };
        let fields = operation.fields.values(&json!({"ticket_id": "tk_1", "note": "nameless"}));
        let nameless = Nameless::of("k9".into(), recover, &fields);
        let mut audit = Audit::new(1, vec![nameless], Duration::from_secs(40));
        let mut step = audit.take(recover, items, holdings.clone());
        while step == Step::NextPage {
            step = audit.take(recover, &[], holdings.clone());
        }
        let Step::Over(count) = step else { panic!() };
        let told = count.miscounts.into_iter().map(|told| (told.place.row, told.ids));
        (told.collect(), count.is_clear)
    }

    #[test]
    fn a_list_that_goes_on_behind_the_last_page_that_is_read_is_not_clear() {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        let recover = connector.operations["ticket_note.create"].recover.as_ref().unwrap();
        let ids = [("tn_1".to_owned(), None)].into();
        let holdings = Holdings { ids, makers: vec![named(1, 0)], ..Holdings::default() };
        let mut audit = Audit::new(1, Vec::new(), Duration::from_secs(40));
        let pages = (0..MOST_PAGES).map(|page| item(&format!("tn_x{page}"), "else", 900));
        let mut step = audit.take(recover, &[item("tn_1", "a", 0)], holdings.clone());
        for page in pages {
            if step == Step::NextPage {
                step = audit.take(recover, &[page], holdings.clone());
            }
        }
        assert!(matches!(step, Step::Over(Count { is_clear: false, .. })), "{step:?}");
    }

    #[test]
    fn an_item_that_is_shown_twice_and_not_the_same_is_nobodys_double() {
        let (own, twin) = (item("tn_1", "a", 0), item("tn_x", "a", 1));
        let other = item("tn_x", "b", 1);
        for items in [
            [twin.clone(), other.clone(), own.clone()],
            [other.clone(), twin.clone(), own.clone()],
            [twin.clone(), item("tn_1", "b", 0), own.clone()],
        ] {
            assert_eq!(count(vec![named(1, 0)], &items), (Vec::new(), false), "{items:?}");
        }
        let doubled = vec![(1, vec!["tn_1".to_owned(), "tn_x".to_owned()])];
        assert_eq!(count(vec![named(1, 0)], &[twin.clone(), twin, own]).0, doubled);
    }

    #[test]
    fn two_items_for_one_row_and_one_for_two_are_told_and_what_may_be_otherwise_is_not() {
        let told = |row: u64, ids: &[&str]| {
            (row, ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>())
        };
        let (one, two) = (|| named(1, 0), || named(2, 60));
        let own = || [item("tn_2", "b", 60), item("tn_1", "a", 0)];
        let with = |items: &[Value]| {
            let mut all: Vec<Value> = own().into_iter().chain(items.iter().cloned()).collect();
            all.sort_by_key(|item| std::cmp::Reverse(item["created"].as_i64().unwrap()));
            all
        };
        for (what, makers, items, expected) in [
            ("all is there once", vec![one(), two()], own().to_vec(), (vec![], true)),
            (
                "a double after the row before it",
                vec![one(), two()],
                with(&[item("x", "b", 70)]),
                (vec![told(2, &["tn_2", "x"])], true),
            ),
            (
                "a double before what came next",
                vec![one(), two()],
                with(&[item("x", "a", 20)]),
                (vec![told(1, &["tn_1", "x"])], true),
            ),
            ("an old equal one", vec![one(), two()], with(&[item("x", "a", -900)]), (vec![], true)),
            ("one of much later", vec![one(), two()], with(&[item("x", "b", 900)]), (vec![], true)),
            ("another text", vec![one(), two()], with(&[item("x", "c", 70)]), (vec![], true)),
            (
                "an item without a text",
                vec![one(), two()],
                with(&[json!({"id": "x", "note": null, "created": at(70)})]),
                (vec![], false),
            ),
            (
                "what must be there is not",
                vec![one(), two()],
                vec![item("tn_1", "a", 0)],
                (vec![], false),
            ),
            (
                "it may be of a row in doubt",
                vec![one(), two(), maker(3, Making::Open, 65)],
                with(&[item("x", "b", 70)]),
                (vec![], false),
            ),
            (
                "one item for two",
                vec![one(), two(), Maker { making: Making::Named("tn_2".into()), ..named(3, 65) }],
                own().to_vec(),
                (vec![told(3, &["tn_2"])], true),
            ),
            (
                "of a row without an id there are two",
                vec![one(), two(), maker(9, Making::Nameless, 65)],
                with(&[item("x", "nameless", 70), item("y", "nameless", 71)]),
                (vec![told(9, &["y", "x"])], true),
            ),
            (
                "a row that was given up is there",
                vec![one(), two(), maker(9, Making::Nothing, 65)],
                with(&[item("x", "nameless", 70)]),
                (vec![told(9, &["x"])], true),
            ),
            (
                "a row without an id is there once",
                vec![one(), two(), maker(9, Making::Nameless, 65)],
                with(&[item("x", "nameless", 70)]),
                (vec![], true),
            ),
        ] {
            assert_eq!(count(makers, &items), expected, "{what}");
        }
    }
}
