//! The rows of a page, to be searched there: as many as its size allows, spread evenly, and said how many that is.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::super::plan::Group;
use super::super::words::{counted, number, rows};
use super::MOST_BYTES;
use super::row::{Chip, PageRow, cut};

/// The rows of a page take no more than so many bytes; the rest is for what stands above them.
const ROOM: usize = MOST_BYTES - 1_100_000;
/// What a row takes beside its text: numbers, key and signs.
const BESIDE_TEXT: usize = 70;
/// A text shorter than this says nothing.
const LEAST_TEXT: usize = 40;
/// So many of the fullest lanes are shown as they will look, with so many rows each.
const TIMELINES: usize = 3;
const IN_A_TIMELINE: usize = 12;

/// The rows of a page.
#[derive(Debug)]
pub(super) struct PageRows {
    rows: Vec<PageRow>,
    /// How many rows there are.
    all: u64,
    seen: u64,
    /// Each so-manieth row is on the page.
    every: u64,
    /// So many bytes of a text are on the page.
    text_bytes: usize,
    bytes: usize,
}

/// A lane as it will look.
#[derive(Debug, Serialize)]
pub(super) struct Timeline {
    lane: String,
    says: String,
    rows: Vec<TimelineRow>,
}

#[derive(Debug, Serialize)]
struct TimelineRow {
    place: String,
    chips: Vec<Chip>,
    text: String,
}

impl PageRows {
    pub(super) fn for_rows(all: u64) -> Self {
        let room = u64::try_from(ROOM).unwrap_or(u64::MAX);
        let least = u64::try_from(BESIDE_TEXT + LEAST_TEXT).unwrap_or(1);
        let every = all.saturating_mul(least).div_ceil(room).max(1);
        let on_page = usize::try_from(all / every).unwrap_or(usize::MAX).max(1);
        let text_bytes = (ROOM / on_page).saturating_sub(BESIDE_TEXT).max(LEAST_TEXT);
        Self { rows: Vec::new(), all, seen: 0, every, text_bytes, bytes: 0 }
    }

    pub(super) fn see(&mut self, mut row: PageRow) {
        let is_wanted = self.seen.is_multiple_of(self.every);
        self.seen += 1;
        // A quote or a sign beyond ASCII takes more in JSON than in the text.
        let bytes = |row: &PageRow| BESIDE_TEXT + row.key.len() + json!(row.text).to_string().len();
        if !is_wanted {
            return;
        }
        let (text, is_cut) = cut(&row.text, self.text_bytes);
        row.is_cut |= is_cut;
        row.text = text.to_owned();
        let more = bytes(&row);
        if self.bytes + more <= ROOM {
            self.bytes += more;
            self.rows.push(row);
        }
    }

    /// What is on the page and what is not.
    pub(super) fn says(&self) -> String {
        let (on_page, cut) =
            (self.rows.len() as u64, self.rows.iter().filter(|row| row.is_cut).count());
        let mut text = match on_page == self.all {
            true => format!("All {} are on this page", rows(self.all)),
            false => format!(
                "{} of {} are on this page, spread evenly over the source: more would not fit",
                number(on_page),
                rows(self.all)
            ),
        };
        if cut > 0 {
            text.push_str(&format!(
                "; {} cut short here (not in what is sent)",
                texts_are(cut as u64)
            ));
        }
        text.push('.');
        text
    }

    /// The rows for the page's own search, as JSON that can stand in a script element.
    pub(super) fn data(&self) -> String {
        let (mut lanes, mut chips) = (Index::default(), Index::default());
        let kinds = [Group::Send, Group::Hold, Group::Reject, Group::Skip];
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let kind = kinds.iter().position(|kind| *kind == row.group).unwrap_or_default();
                let lane = lanes.of(&row.lane);
                let chips = chips.of(&row.chips);
                json!([
                    row.row,
                    row.line,
                    lane,
                    kind,
                    chips,
                    row.text,
                    row.key,
                    u8::from(row.is_cut)
                ])
            })
            .collect();
        let chips: Vec<Vec<(&str, &str)>> = chips
            .values
            .iter()
            .map(|chips| chips.iter().map(|chip| (chip.kind, chip.words.as_str())).collect())
            .collect();
        let kinds = ["to be sent", "held back", "invalid", "done, and changed since"];
        let data = json!({ "kinds": kinds, "lanes": lanes.values, "chips": chips, "rows": rows });
        // Nothing in it may end the element that it stands in.
        data.to_string()
            .replace('<', "\\u003c")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029")
    }

    /// The fullest lanes as they will look. `lanes` counts the rows of each.
    pub(super) fn timelines(&self, lanes: &HashMap<Box<str>, u32>, noun: &str) -> Vec<Timeline> {
        let mut fullest: Vec<(&str, u32)> = lanes
            .iter()
            .map(|(lane, count)| (&**lane, *count))
            .filter(|(_, count)| *count > 1)
            .collect();
        fullest.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        fullest.truncate(TIMELINES);
        let timeline = |(lane, count): (&str, u32)| {
            let of_lane =
                self.rows.iter().filter(|row| row.lane == lane && row.group == Group::Send);
            let rows: Vec<TimelineRow> = of_lane.take(IN_A_TIMELINE).map(TimelineRow::of).collect();
            let all = u64::from(count);
            let says = match rows.len() as u64 == all {
                true => format!("{} in this order", counted(all, "row")),
                false => {
                    format!("{} on this {noun}; {} of them here", counted(all, "row"), rows.len())
                }
            };
            Timeline { lane: lane.to_owned(), says, rows }
        };
        fullest.into_iter().map(timeline).collect()
    }
}

impl TimelineRow {
    fn of(row: &PageRow) -> Self {
        let (text, is_cut) = cut(&row.text, 600);
        let text = if is_cut || row.is_cut { format!("{text} …") } else { text.to_owned() };
        Self { place: format!("row {}", row.row), chips: row.chips.clone(), text }
    }
}

fn texts_are(count: u64) -> String {
    format!("{} {}", counted(count, "text"), if count == 1 { "is" } else { "are" })
}

/// Values that occur often, by number.
#[derive(Debug)]
struct Index<T> {
    values: Vec<T>,
    places: HashMap<T, usize>,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self { values: Vec::new(), places: HashMap::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Index<T> {
    fn of(&mut self, value: &T) -> usize {
        if let Some(place) = self.places.get(value) {
            return *place;
        }
        let place = self.values.len();
        self.values.push(value.clone());
        self.places.insert(value.clone(), place);
        place
    }
}
