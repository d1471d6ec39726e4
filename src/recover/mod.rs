//! How a lost answer is settled: by looking whether what was sent is there.
//!
//! A request that may have acted is looked for in a list of the other side: an item with the same content,
//! made no earlier than the attempt by the other side's clock, whose id no other row owns. Pure: pages of a
//! list go in, and what follows comes out. Where the list cannot say for sure, neither does this: then the row
//! stays in doubt. When to look is for `engine`.

use std::collections::HashSet;

use serde_json::Value;

use crate::declared::connector::{Recover, TextChange};
use crate::prepare::Ready;
use crate::prepare::request::{self, Request};
use crate::row::{Attempted, Doubt, Fields};
use crate::text::pointer::Pointer;

/// How much earlier than the attempt an item may seem to have been made: the `Date` header and many a list count
/// in whole seconds.
const TOLERANCE_MILLISECONDS: i64 = 2_000;
/// How far the clocks of the other side's machines may differ: the machine that dates answers need not be the one that dates
/// items.
const DISAGREEMENT_MILLISECONDS: i64 = 60_000;
/// How far a clock of ours may have been wrong at an attempt of which the other side's clock is not known.
const CLOCK_ERROR_MILLISECONDS: i64 = 48 * 3_600_000;
/// A server that shows only a part of a list shows at least so many items of it.
const SHORTEST_PAGE: usize = 10;
/// A list that has not ended by then is not going to.
const MOST_PAGES: u32 = 200;
/// A number of time below this is in seconds.
const FIRST_MILLISECONDS: f64 = 1e12;

/// From when on an item may be of an attempt, by the other side's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// Unix milliseconds.
    pub moment: i64,
    /// Whether the other side's clock was known when the attempt was started. If not, a clock of ours that was set
    /// meanwhile may make an item seem older than the attempt that made it.
    pub certain: bool,
}

impl Since {
    /// The earliest moment, by the other side's clock, at which an attempt can have made something.
    ///
    /// `wall` is now by this machine's clock, `remote` by the other side's.
    pub fn of(attempted: Attempted, wall: i64, remote: Option<i64>) -> Self {
        let ahead = remote.map_or(0, |remote| remote - wall);
        Self {
            moment: attempted.remote_at.unwrap_or(attempted.at + ahead) - TOLERANCE_MILLISECONDS,
            certain: attempted.remote_at.is_some(),
        }
    }

    /// Before this, nothing is of the attempt, however wrong the clocks were.
    fn earliest(self) -> i64 {
        let error = if self.certain { DISAGREEMENT_MILLISECONDS } else { CLOCK_ERROR_MILLISECONDS };
        self.moment - error
    }

    /// By then the attempt had been started.
    fn at_most(self) -> i64 {
        self.moment + 2 * TOLERANCE_MILLISECONDS
    }
}

/// A search for what one attempt may have made.
#[derive(Debug)]
pub struct Search {
    /// The content that was sent, normalised, with where an item bears it.
    wanted: Vec<(Vec<Pointer>, Value)>,
    marked: Option<Marked>,
    page: u32,
    seen: HashSet<String>,
    order: Order,
    /// Whether something was seen that an earlier row has made.
    met_earlier: bool,
    /// The oldest of what may be it, and when that was made: a newer one may be another row's that is to be looked for, too.
    found: Option<(i64, String)>,
    /// Why the list cannot be trusted to say that the item is not there.
    doubt: Option<Doubt>,
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
    /// It surely is not there.
    Absent,
    /// Nobody can tell.
    Unsure {
        /// Why not.
        doubt: Doubt,
    },
}

impl Search {
    /// A search for what `fields` may have made.
    /// `marker` is the line that stands at the end of the field that takes it.
    pub fn new(recover: &Recover, fields: &Fields<'_>, marker: Option<&str>) -> Self {
        let wanted = recover
            .fields
            .iter()
            .filter_map(|(field, pointers)| {
                let value = fields.get(*field)?.to_json();
                Some((pointers.clone(), normalised(&value, &recover.text)))
            })
            .collect();
        let marked = marker.and_then(|marker| Marked::new(recover, fields, marker));
        Self {
            wanted,
            marked,
            page: 1,
            seen: HashSet::new(),
            order: Order::default(),
            met_earlier: false,
            found: None,
            doubt: None,
        }
    }

    /// The request for the page that is due; none where the row lacks a field that the list asks for.
    pub fn request(&self, recover: &Recover, ready: &Ready) -> Option<Request> {
        let mut fields = Fields::default();
        for (field, from) in &recover.with {
            fields.set(*field, ready.fields.get(*from)?.clone());
        }
        for (field, value) in &recover.newest_first {
            fields.set(*field, value.clone());
        }
        let mut request = request::build(&recover.list, &fields)?;
        if let Some(pages) = &recover.pages {
            let separator = if request.path.contains('?') { '&' } else { '?' };
            request.path.push_str(&format!("{separator}{}={}", pages.page, self.page));
            if let Some(size) = &pages.size {
                request.path.push_str(&format!("&{size}={}", pages.items));
            }
        }
        Some(request)
    }

    /// Takes a page in. `owned` are the ids of it that belong to other rows.
    pub fn take(
        &mut self,
        recover: &Recover,
        items: &[Value],
        owned: &HashSet<String>,
        since: Since,
    ) -> Lookup {
        let mut news = false;
        for item in items {
            match item_id(recover, item) {
                Some(id) if !self.seen.insert(id.clone()) => {}
                Some(id) => {
                    news = true;
                    let made = created(recover, item);
                    self.order.follow(made);
                    // Rows of one list go one at a time, so that other row was done when this one was started.
                    self.met_earlier |=
                        owned.contains(&id) && made.is_some_and(|at| at < since.at_most());
                    if !owned.contains(&id) {
                        self.weigh(recover, item, id, since);
                    }
                }
                None => self.doubt = Some(Doubt::ItemWithoutId),
            }
        }
        if !items.is_empty() && !self.is_enough(since) {
            if recover.pages.is_some() && news && self.page < MOST_PAGES {
                self.page += 1;
                return Lookup::NextPage;
            }
            self.doubt_the_end(recover.pages.is_some(), news, items.len(), since);
        }
        self.conclude()
    }

    /// What follows from all that was read.
    fn conclude(&mut self) -> Lookup {
        match (self.found.take(), self.doubt.take()) {
            (Some((_, id)), _) => Lookup::Found { id },
            (None, Some(doubt)) => Lookup::Unsure { doubt },
            (None, None) => Lookup::Absent,
        }
    }

    /// Takes in that a page was refused. What was found counts all the same, and some refuse a page where others show an
    /// empty one: that is the end of a list that was too short to be cut. None where it says nothing.
    pub fn take_refusal(&mut self) -> Option<Lookup> {
        let is_whole = self.page == 2 && self.seen.len() < SHORTEST_PAGE;
        (self.found.is_some() || is_whole).then(|| self.conclude())
    }

    /// The last page that is read was not an empty one. Is that all there is?
    fn doubt_the_end(&mut self, has_pages: bool, news: bool, items: usize, since: Since) {
        if has_pages && news {
            self.doubt = Some(Doubt::Endless);
            return;
        }
        // A server that does not know of pages shows the first page again: that may be the whole list, or what fits on a page.
        let may_be_cut = (!has_pages || self.page == 2) && items >= SHORTEST_PAGE;
        let far_enough = if since.certain { since.moment } else { since.earliest() };
        let goes_back = self.order.reaches_back_to(far_enough)
            || (since.certain && self.met_earlier && self.order.reaches_back_to(since.at_most()));
        if may_be_cut && !goes_back {
            self.doubt = Some(Doubt::OnePage);
        }
    }

    /// Whether further pages cannot have anything to say. A marker is looked for everywhere: then times do not matter.
    fn is_enough(&self, since: Since) -> bool {
        match (&self.marked, &self.found) {
            (Some(_), found) => found.is_some(),
            (None, Some(_)) => self.order.reaches_back_to(since.moment),
            (None, None) => self.order.reaches_back_to(since.earliest()),
        }
    }

    fn find(&mut self, id: String, moment: i64) {
        if self.found.as_ref().is_none_or(|(oldest, _)| moment < *oldest) {
            self.found = Some((moment, id));
        }
    }

    /// An item that no row owns: is it what was sent?
    fn weigh(&mut self, recover: &Recover, item: &Value, id: String, since: Since) {
        if let Some(marked) = &self.marked {
            // What is older than the attempt is not of it, if the clocks of then are known.
            let made = created(recover, item);
            let older = made.is_some_and(|moment| moment < since.moment);
            match marked.weigh(recover, item) {
                Likeness::Same => self.find(id, made.unwrap_or(i64::MAX)),
                Likeness::Altered if !older || !since.certain => {
                    self.doubt = Some(Doubt::Altered { id });
                }
                Likeness::Altered | Likeness::Other => {}
            }
            return;
        }
        let same = self.wanted.iter().all(|(pointers, wanted)| {
            let value = pointers.iter().find_map(|pointer| pointer.find(item));
            value.is_some_and(|value| agrees(&normalised(value, &recover.text), wanted))
        });
        match (created(recover, item), same) {
            (Some(moment), true) if moment >= since.moment => self.find(id, moment),
            (Some(moment), false) if moment >= since.moment => {
                // The other side may have changed the text, or somebody else was there.
                self.doubt = Some(Doubt::Differs { id });
            }
            (Some(moment), true) if moment >= since.earliest() => {
                self.doubt = Some(match since.certain {
                    true => Doubt::OlderWithinClocks { id },
                    false => Doubt::OlderByUnknownClocks { id },
                });
            }
            (Some(_), _) => {}
            (None, _) => self.doubt = Some(Doubt::Undated),
        }
    }
}

/// Whether a list begins with what is newest, as far as it has been read.
///
/// Such a list need not be read to its end, and may be cut short by the other side: what is newest is in it.
#[derive(Debug, Default)]
struct Order {
    /// When the first and the last item were made; unix milliseconds.
    ends: Option<(i64, i64)>,
    /// Whether an item was younger than the one before it, or nobody knows.
    broken: bool,
}

impl Order {
    /// Takes in when the next item was made, as far as that is known.
    fn follow(&mut self, created: Option<i64>) {
        self.broken |= created.is_none();
        let Some(moment) = created else { return };
        let (first, last) = self.ends.unwrap_or((moment, moment));
        self.broken |= moment > last;
        self.ends = Some((first, moment));
    }

    /// Whether all that follows is older than a moment. Items of one moment tell nothing of the order.
    fn reaches_back_to(&self, moment: i64) -> bool {
        let descends = |(first, last): (i64, i64)| last < first && last < moment;
        !self.broken && self.ends.is_some_and(descends)
    }
}

/// The text that bears a marker.
#[derive(Debug)]
struct Marked {
    pointers: Vec<Pointer>,
    /// Normalised.
    marker: String,
    /// Letters and digits of the marker, and of the whole text.
    marker_letters: String,
    letters: String,
}

/// How an item's text compares with a marked one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    /// It ends with the marker.
    Same,
    /// It may have ended with the marker, before something was done to it.
    Altered,
    Other,
}

impl Marked {
    fn new(recover: &Recover, fields: &Fields<'_>, marker: &str) -> Option<Self> {
        let marked = recover.marker?;
        let (_, pointers) = recover.fields.iter().find(|(field, _)| *field == marked)?;
        Some(Self {
            pointers: pointers.clone(),
            marker: normalised_text(marker, &recover.text).trim().to_owned(),
            marker_letters: letters(marker),
            letters: letters(fields.get(marked)?.as_str()?),
        })
    }

    fn weigh(&self, recover: &Recover, item: &Value) -> Likeness {
        let text = self.pointers.iter().find_map(|pointer| pointer.find(item));
        let Some(text) = text.and_then(Value::as_str) else { return Likeness::Altered };
        let shown = normalised_text(text, &recover.text);
        if let Some(before) = shown.trim_end().strip_suffix(&self.marker) {
            // As a word of its own: the marker of another row may end with the same letters.
            if before.is_empty() || before.ends_with(char::is_whitespace) {
                return Likeness::Same;
            }
        }
        // Markup may stand in the marker, something may follow it, and the end may be cut off.
        let shown = letters(text);
        match shown.contains(&self.marker_letters) || self.letters.starts_with(&shown) {
            true => Likeness::Altered,
            false => Likeness::Other,
        }
    }
}

/// What is left of a text by whatever shows it.
fn letters(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).collect()
}

/// The id of an item of a list, as far as the connector knows where it stands.
pub fn item_id(recover: &Recover, item: &Value) -> Option<String> {
    match recover.id.iter().find_map(|pointer| pointer.find(item))? {
        Value::String(text) if text.is_empty() => None,
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

/// Flags come as booleans or as 0 and 1.
fn agrees(found: &Value, wanted: &Value) -> bool {
    let flag = |value: &Value| match value {
        Value::Bool(flag) => Some(i64::from(*flag)),
        Value::Number(number) => number.as_i64(),
        _ => None,
    };
    found == wanted || (flag(found).is_some() && flag(found) == flag(wanted))
}

/// A value as it would be after what the other side may do to texts.
fn normalised(value: &Value, changes: &[TextChange]) -> Value {
    match value {
        Value::String(text) => Value::String(normalised_text(text, changes)),
        other => other.clone(),
    }
}

fn normalised_text(text: &str, changes: &[TextChange]) -> String {
    let mut text = text.to_owned();
    for change in changes {
        text = match change {
            TextChange::LineEnds => text.replace("\r\n", "\n").replace('\r', "\n"),
            TextChange::Trimming => text.trim().to_owned(),
            TextChange::HtmlEscapes => unescaped(&text),
        };
    }
    text
}

/// The five escapes that servers make of `& < > " '`; `&amp;` last, so that nothing is undone twice.
fn unescaped(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

#[cfg(test)]
mod tests;
