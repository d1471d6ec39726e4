//! How a lost answer is settled: by looking whether what was sent is there.
//!
//! A request that may have acted is looked for in a list of the other side: an item with the same content, whose id no other
//! row owns, on the newer side of what the ledger owns there; where it owns nothing, made no earlier than the attempt. That
//! nothing is there counts only as far as the list shows what is known to be there. Pure: pages of a list go in, and what
//! follows comes out. Where the list cannot say for sure, neither does this: then the row stays in doubt. When to look, and
//! what a list is worth that shows nothing of its lane's, is for `engine`.

mod as_sent;
mod audit;
mod beside;
mod control;
mod copies;
mod enquiry;
mod likeness;
mod list;
mod marked;
mod print;
mod review;
mod since;
mod subject;
mod versions;

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;

use crate::declared::connector::Recover;
use crate::prepare::Ready;
use crate::prepare::request::{self, Request};
use crate::row::{Attempted, Doubt, Fields, Holdings};

pub(crate) use as_sent::AsSent;
pub(crate) use audit::{Audit, Count, Miscount, Nameless, Step, asked_by};
pub(crate) use beside::Looks;
pub(crate) use control::{Control, Habits, Shown, of_lane};
pub(crate) use copies::Copies;
pub(crate) use enquiry::{Answered, Enquiry, Extent, Keeps, NextStep, Presence, Sights, Target};
pub(crate) use likeness::{Kind, in_one_spelling, spoken};
use likeness::{Likeness, Marked, Wanted};
use list::{Direction, Item, List, Side};
use marked::MarkedSearch;
pub(crate) use print::Unlike;
pub(crate) use review::{Expected, Order, Seeing, Seen, review};
use since::DISAGREEMENT_MILLISECONDS;
pub use since::{Dated, Since};
pub(crate) use subject::{ContentPrint, Expectation, NoSubject, Showing, Subject};
use versions::Versions;

/// A server that shows only a part of a list shows at least so many items of it.
const SHORTEST_PAGE: usize = 10;
/// A list that has not ended by then is not going to.
const MOST_PAGES: u32 = 200;
/// What a search remembers of a list, in bytes, before that is not going to end either.
const MOST_REMEMBERED: usize = 4 << 20;
/// What is remembered of an item beside its name, in bytes, about.
const ITEM: usize = 256;
/// A longer name, in bytes, names nothing.
const LONGEST_ID: usize = 1024;
/// So often a list that changes while it is read is read again.
const MOST_CHANGES: u32 = 4;
/// A number of time below this is in seconds.
const FIRST_MILLISECONDS: f64 = 1e12;

/// A search for what one attempt may have made.
#[derive(Debug)]
pub struct Search {
    wanted: Wanted,
    kind: Kind,
    /// With a marker an item is known by that alone.
    marked: Option<MarkedSearch>,
    first_page: u32,
    page: u32,
    /// The last page that has ever come, however often the list was begun anew, in this look or in one before.
    farthest: Option<u32>,
    seen: HashSet<String>,
    versions: Versions,
    /// What that and the list take, in bytes, about.
    remembered: usize,
    list: List,
    /// How often the list changed while it was read.
    changes: u32,
    /// Whether an item cannot be told from others.
    is_nameless: bool,
    /// What was known with the last page.
    known: Option<Circumstances>,
    before_first: BeforeFirst,
    /// How the reading came to its end.
    ended: Option<End>,
}

/// Whether there is a page before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BeforeFirst {
    Unknown,
    /// That page is asked for. The reading of the others has come to an end.
    Asked(End),
    Answered,
}

/// What is known beside the list when a page of it has come.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// What rows own of the page and of the lane.
    pub holdings: Holdings,
    /// When the attempt was started.
    pub attempted: Attempted,
    /// Now by this machine's clock; unix milliseconds.
    pub wall: i64,
    /// Now by the other side's clock, as far as it has told it.
    pub remote: Option<i64>,
    /// Something of another list by which the clock that dates items is known.
    pub dated: Option<Dated>,
    /// So long after its start the attempt may have acted.
    pub span: Duration,
}

/// What follows from a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// There may be more.
    NextPage,
    /// It is there.
    Found {
        /// What the other side calls the item.
        id: String,
    },
    /// It is not in the list.
    Absent {
        /// What that is worth.
        proof: Proof,
        /// Whether something that is nobody's and of another text stands where it would be: it might be it, if the other
        /// side changed texts beyond recognition.
        strangers: bool,
    },
    /// Nobody can tell.
    Unsure {
        /// Why not.
        doubt: Doubt,
    },
}

/// What has shown that a list has what it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The list shows the last thing that the ledger owns in the lane, and one that is of the same kind.
    Lane,
    /// Nothing has.
    None,
}

/// How the reading of a list came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All that follows is older.
    Enough,
    Whole,
    /// There may be more that the other side does not show.
    Cut,
    Endless,
    /// The next page was refused.
    Refused,
}

impl Search {
    /// A search for what `fields` may have made.
    /// `marker` is the line that stands at the end of the field that takes it.
    pub fn new(recover: &Recover, fields: &Fields<'_>, marker: Option<&str>) -> Self {
        let marked = marker.and_then(|marker| Marked::new(recover, fields, marker));
        Self {
            wanted: Wanted::of(recover, fields),
            kind: Kind::of_row(recover, fields),
            marked: marked.map(MarkedSearch::new),
            first_page: 1,
            page: 1,
            farthest: None,
            seen: HashSet::new(),
            versions: Versions::default(),
            remembered: 0,
            list: List::default(),
            changes: 0,
            is_nameless: false,
            known: None,
            before_first: match recover.pages {
                Some(_) => BeforeFirst::Unknown,
                None => BeforeFirst::Answered,
            },
            ended: None,
        }
    }

    /// The number of the page that it began with.
    pub(crate) fn first_page(&self) -> u32 {
        self.first_page
    }

    /// With pages that are known to count from a number.
    pub(crate) fn beginning_with(self, first_page: u32) -> Self {
        Self { first_page, page: first_page, before_first: BeforeFirst::Answered, ..self }
    }

    /// Asks for the page before the first, where nobody knows whether there is one: what is missing may stand there. Says
    /// whether it does.
    pub(crate) fn ask_before_first(&mut self) -> bool {
        match (self.before_first, self.ended) {
            (BeforeFirst::Unknown, Some(end)) if self.first_page == 1 => {
                self.before_first = BeforeFirst::Asked(end);
                self.page = 0;
                true
            }
            _ => false,
        }
    }

    /// Whether all that is asked is whether there is a page before the first.
    pub(crate) fn is_read(&self) -> bool {
        matches!(self.before_first, BeforeFirst::Asked(_))
    }

    /// Which knows what pages have come in a look before.
    pub(crate) fn after(self, before: &Self) -> Self {
        Self { farthest: before.farthest.max(self.farthest), ..self }
    }

    /// The request for the page that is due; none where the row lacks a field that the list asks for.
    pub fn request(&self, recover: &Recover, ready: &Ready) -> Option<Request> {
        request_of(recover, &ready.fields, self.page)
    }

    /// Takes a page in.
    pub fn take(&mut self, recover: &Recover, items: &[Value], known: Circumstances) -> Lookup {
        let since = Since::of(known.attempted, known.wall, known.remote);
        if let BeforeFirst::Asked(end) = self.before_first {
            self.before_first = BeforeFirst::Answered;
            let is_seen = |item| item_id(recover, item).is_some_and(|id| self.seen.contains(&id));
            if items.iter().all(is_seen) {
                return self.conclude(end);
            }
            self.begin(0);
            return Lookup::NextPage;
        }
        self.farthest = self.farthest.max(Some(self.page));
        if self.changed(recover, items) {
            return Lookup::NextPage;
        }
        self.versions.compare(recover, items, None);
        let (new, is_nameless) = unseen(recover, items, &mut self.seen);
        self.is_nameless |= is_nameless;
        let news = !new.is_empty();
        for (id, item) in new {
            self.remembered += ITEM + 2 * id.len();
            self.enter(recover, item, id, &known.holdings, since);
        }
        self.known = Some(known);
        let end = match items.is_empty() {
            true => End::Whole,
            false if self.is_enough(since) => End::Enough,
            false if recover.pages.is_some() && news => {
                if self.page - self.first_page + 1 < MOST_PAGES && self.remembered < MOST_REMEMBERED
                {
                    self.page += 1;
                    return Lookup::NextPage;
                }
                End::Endless
            }
            // A server that does not know of pages shows the first page again: that may be the whole list, or what fits on a
            // page.
            false => match recover.pages.is_none() || self.page == self.first_page + 1 {
                true if items.len() >= SHORTEST_PAGE => End::Cut,
                _ => End::Whole,
            },
        };
        if self.borne_out().is_none() && self.begins_elsewhere(recover) {
            return Lookup::NextPage;
        }
        self.ended = Some(end);
        self.conclude(end)
    }

    /// Whether a page shows something new beside what earlier pages have shown: then something has come or gone meanwhile, so
    /// that nobody knows where what was read stands, and the list is read again.
    fn changed(&mut self, recover: &Recover, items: &[Value]) -> bool {
        let ids = items.iter().filter_map(|item| item_id(recover, item));
        let (seen, new): (Vec<String>, Vec<String>) = ids.partition(|id| self.seen.contains(id));
        if self.marked.is_some() || seen.is_empty() || new.is_empty() {
            return false;
        }
        self.changes += 1;
        let is_read_again = self.changes <= MOST_CHANGES;
        if is_read_again {
            self.begin(self.first_page);
        }
        is_read_again
    }

    fn begin(&mut self, first_page: u32) {
        (self.first_page, self.page) = (first_page, first_page);
        self.seen.clear();
        self.versions.clear();
        self.remembered = 0;
        self.list.clear();
        if let Some(marked) = &mut self.marked {
            marked.clear();
        }
    }

    /// What the marker says, where it says anything.
    fn borne_out(&self) -> Option<Lookup> {
        self.marked.as_ref().and_then(MarkedSearch::settle)
    }

    fn enter(
        &mut self,
        recover: &Recover,
        item: &Value,
        id: String,
        holdings: &Holdings,
        since: Since,
    ) {
        let made = created(recover, item);
        let owner = holdings.ids.get(&id).copied();
        let likeness = match &mut self.marked {
            // By anything but its marker nothing is the row's; but what the list is worth is seen by all of it.
            Some(marked) => {
                if owner.is_none() {
                    let by_text = self.wanted.weigh(recover, item);
                    marked.weigh(recover, item, (&id, made), since, by_text);
                }
                Likeness::Other
            }
            None => self.wanted.weigh(recover, item),
        };
        let differs_in_kind = self.kind.differs(recover, item);
        let kind = Kind::of_item(recover, item);
        self.list.push(Item { id, made, owner, likeness, kind, differs_in_kind });
    }

    /// Takes in that a page was refused. What was found counts all the same, and some refuse a page where others show an
    /// empty one: that is the end of a list that was too short to be cut. None where it says nothing.
    pub fn take_refusal(&mut self) -> Option<Lookup> {
        if let BeforeFirst::Asked(end) = self.before_first {
            self.before_first = BeforeFirst::Answered;
            return Some(self.conclude(end));
        }
        // A page that has come before is there, and is refused for a reason of its own.
        let is_beyond = self.farthest.is_none_or(|farthest| self.page > farthest);
        let is_whole =
            is_beyond && self.page == self.first_page + 1 && self.seen.len() < SHORTEST_PAGE;
        let end = if is_whole { End::Whole } else { End::Refused };
        let lookup = match self.page {
            // What should be there was not on the pages that count from 1, and there are no others.
            0 => unsure(Doubt::ListUnproven),
            _ => {
                self.ended = Some(end);
                self.conclude(end)
            }
        };
        (is_whole || self.page == 0 || matches!(lookup, Lookup::Found { .. })).then_some(lookup)
    }

    /// Whether further pages cannot have anything to say. A marker is looked for everywhere: then times do not matter.
    fn is_enough(&self, since: Since) -> bool {
        if let Some(marked) = &self.marked {
            return marked.is_enough();
        }
        let Some(known) = &self.known else { return false };
        match (self.fence(), &known.holdings.newest) {
            (Some(fence), _) if self.list.sure_direction() == Direction::NewestFirst => {
                let made = self.list.get(fence).and_then(|fence| fence.made);
                self.list.shows_owned(&self.kind)
                    && made
                        .is_none_or(|made| self.list.goes_back_to(made - DISAGREEMENT_MILLISECONDS))
            }
            (_, Some(_)) => false,
            (_, None) => {
                let (since, _) = self.since(known, since);
                self.list.reaches_back_to(since.earliest())
            }
        }
    }

    fn fence(&self) -> Option<usize> {
        self.list.fence(&self.known.as_ref()?.holdings)
    }

    /// From when on an item may be of the attempt, and whether anything has shown how the clock goes that dates items.
    fn since(&self, known: &Circumstances, by_date: Since) -> (Since, bool) {
        let fence = self.fence().and_then(|at| self.list.get(at)?.made);
        let newest = known.holdings.newest.as_ref().zip(fence);
        let dated = newest.map(|(newest, made)| Dated { made, sent: newest.attempted });
        match dated.or_else(|| self.list.dated()).or(known.dated) {
            Some(dated) => (Since::by(known.attempted, dated), true),
            None => (by_date, false),
        }
    }

    /// Where the list lacks what the ledger owns, its pages may count from 0: then it is read again from there.
    fn begins_elsewhere(&mut self, recover: &Recover) -> bool {
        let lacks = self.known.as_ref().is_some_and(|known| known.holdings.newest.is_some())
            && self.fence().is_none();
        if !lacks || recover.pages.is_none() || self.first_page == 0 {
            return false;
        }
        self.begin(0);
        true
    }

    /// What follows from all that was read.
    fn conclude(&self, end: End) -> Lookup {
        if let Some(id) = self.versions.contradiction() {
            return unsure(Doubt::Contradicting { id: id.to_owned() });
        }
        if let Some(lookup) = self.borne_out() {
            return lookup;
        }
        let Some(known) = &self.known else { return unsure(Doubt::ListUnproven) };
        let by_date = Since::of(known.attempted, known.wall, known.remote);
        let (since, is_calibrated) = self.since(known, by_date);
        let fence = self.fence();
        let candidates: Vec<(&Item, Side)> = self
            .list
            .candidates(fence, since, is_calibrated)
            .filter(|(_, side)| *side != Side::Older)
            .collect();
        match candidates.as_slice() {
            [(item, _), ..] if self.changes > MOST_CHANGES => {
                unsure(Doubt::Alike { id: item.id.clone() })
            }
            [] => self.nothing(end, known, fence, (since, is_calibrated)),
            [(item, Side::Newer)] => {
                let is_dated_right = match item.made {
                    Some(made) if is_calibrated && made < since.earliest() => false,
                    // What was written long after it is somebody else's.
                    Some(made) if is_calibrated || fence.is_none() => {
                        let is_of_then = made <= since.latest(known.span);
                        // A clock that is ahead makes what is old seem new.
                        let is_of_now = |now| made <= now + DISAGREEMENT_MILLISECONDS;
                        is_of_then && (is_calibrated || known.remote.is_none_or(is_of_now))
                    }
                    Some(_) => true,
                    None => true,
                };
                let id = item.id.clone();
                match item.likeness {
                    Likeness::Unreadable => unsure(Doubt::Unreadable { id }),
                    _ if item.differs_in_kind => unsure(Doubt::Alike { id }),
                    Likeness::Altered if fence.is_none() => unsure(Doubt::Altered { id }),
                    _ if known.holdings.nameless || !is_dated_right => unsure(Doubt::Alike { id }),
                    _ => Lookup::Found { id },
                }
            }
            [(item, Side::Unclear)] => unsure(unclear(item, since, is_calibrated)),
            [(item, _), ..] => unsure(Doubt::Alike { id: item.id.clone() }),
        }
    }

    /// No item may be the attempt's. Has the list shown what it should?
    fn nothing(
        &self,
        end: End,
        known: &Circumstances,
        fence: Option<usize>,
        (since, is_calibrated): (Since, bool),
    ) -> Lookup {
        if self.is_nameless {
            return unsure(Doubt::ItemWithoutId);
        }
        if self.changes > MOST_CHANGES {
            return unsure(Doubt::ListUnproven);
        }
        if known.holdings.newest.is_some() && fence.is_none() {
            return unsure(match end {
                End::Endless => Doubt::Endless,
                _ => Doubt::ListUnproven,
            });
        }
        let begins_with_newest = self.list.sure_direction() == Direction::NewestFirst;
        match end {
            End::Enough | End::Whole => {}
            _ if fence.is_some() && begins_with_newest => {}
            _ if fence.is_none() && self.list.reaches_back_to(since.far_enough()) => {}
            End::Endless => return unsure(Doubt::Endless),
            End::Cut | End::Refused => return unsure(Doubt::OnePage),
        }
        let proof = match fence.is_some() && self.list.shows_owned(&self.kind) {
            true => Proof::Lane,
            false => Proof::None,
        };
        Lookup::Absent { proof, strangers: self.list.shows_strangers(fence, since, is_calibrated) }
    }
}

fn unsure(doubt: Doubt) -> Lookup {
    Lookup::Unsure { doubt }
}

/// Why nobody can tell whether an item that is alike is the attempt's.
fn unclear(item: &Item, since: Since, is_calibrated: bool) -> Doubt {
    let id = item.id.clone();
    match (item.likeness, item.made) {
        (Likeness::Altered, _) => Doubt::Altered { id },
        (Likeness::Unreadable, _) => Doubt::Unreadable { id },
        (_, None) => Doubt::Undated,
        _ if is_calibrated && since.certain => Doubt::OlderWithinClocks { id },
        _ => Doubt::OlderByUnknownClocks { id },
    }
}

/// Items that no page has shown before, with their names; and whether one has none.
fn unseen<'a>(
    recover: &Recover,
    items: &'a [Value],
    seen: &mut HashSet<String>,
) -> (Vec<(String, &'a Value)>, bool) {
    let (mut new, mut is_nameless) = (Vec::new(), false);
    for item in items {
        match item_id(recover, item) {
            Some(id) if !seen.insert(id.clone()) => {}
            Some(id) => new.push((id, item)),
            None => is_nameless = true,
        }
    }
    (new, is_nameless)
}

/// The request for a page of the list in which a row is.
fn request_of(recover: &Recover, of_row: &Fields<'_>, page: u32) -> Option<Request> {
    let mut fields = Fields::default();
    for (field, from) in &recover.with {
        fields.set(*field, of_row.get(*from)?.clone());
    }
    for (field, value) in &recover.newest_first {
        fields.set(*field, value.clone());
    }
    let mut request = request::build(&recover.list, &fields)?;
    if let Some(pages) = &recover.pages {
        let separator = if request.path.contains('?') { '&' } else { '?' };
        request.path.push_str(&format!("{separator}{}={page}", pages.page));
        if let Some(size) = &pages.size {
            request.path.push_str(&format!("&{size}={}", pages.items));
        }
    }
    Some(request)
}

/// The id of an item of a list, as far as the connector knows where it stands.
pub fn item_id(recover: &Recover, item: &Value) -> Option<String> {
    match recover.id.iter().find_map(|pointer| pointer.find(item))? {
        Value::String(text) if text.is_empty() || text.len() > LONGEST_ID => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// When an item was made, in unix milliseconds; texts of digits count as numbers.
fn created(recover: &Recover, item: &Value) -> Option<i64> {
    let value = recover.created.iter().find_map(|pointer| pointer.find(item))?;
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => match text.parse::<f64>() {
            Ok(number) => number,
            Err(_) => {
                return text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
            }
        },
        _ => return None,
    };
    let milliseconds = if number < FIRST_MILLISECONDS { number * 1000.0 } else { number };
    (milliseconds > 0.0).then_some(milliseconds as i64)
}

/// When an item was made; unix milliseconds.
pub(crate) fn made_at(recover: &Recover, item: &Value) -> Option<i64> {
    created(recover, item)
}

/// What the other side calls an item.
pub(crate) fn name_of(recover: &Recover, item: &Value) -> Option<String> {
    item_id(recover, item)
}

#[cfg(test)]
mod tests;
