//! How a sandbox shows lists and tells the time: the ways in which servers differ that nobody has documented.
//!
//! None of them is a fault: each is what some server does all the time, so that what settles lost answers can be tried
//! against them. What is documented of StringeeX is the default, and is in `notes`.

use std::collections::HashMap;

use clap::ValueEnum;
use serde_json::{Value, json};

/// For so long, in milliseconds, a list stays in the cache.
const CACHED_FOR: i64 = 3_000;
/// So many letters are left of a text.
const CUT: usize = 32;
const SECOND: i64 = 1_000;

/// Something that is odd about lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListModel {
    /// Whatever order is asked for, the newest comes first
    NewestFirst,
    /// Whatever order is asked for, the oldest comes first
    OldestFirst,
    /// In no order, but always the same
    Shuffled,
    /// The first page has the number 0
    PagesFromZero,
    /// Every page is the whole list
    PagesIgnored,
    /// A list is kept for 3 seconds, and says so in `Age`
    Cached,
    /// Internal notes are not listed
    HidesInternal,
    /// Texts are shown with & < > escaped
    EscapesHtml,
    /// Texts are shown without blanks at their ends
    Trims,
    /// Texts are shown up to their 32nd letter
    Cuts,
    /// An answer is the array itself
    BareArray,
    /// Notes stand under data.items, and their texts under content
    NestedData,
    /// Ids are numbers
    NumbersAsIds,
    /// Notes do not show whether they are internal
    HidesFlags,
    /// Notes do not show their reminders
    HidesReminders,
    /// Each note is shown twice, with two texts
    Contradicts,
}

/// Something that is odd about clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClockModel {
    /// As on the machine
    Right,
    /// Answers have no `Date`
    NoDate,
    /// Notes are dated two hours before the answers
    #[value(name = "behind-2h")]
    Behind2h,
    /// Notes are dated 65 seconds before the answers
    #[value(name = "behind-65s")]
    Behind65s,
    /// Notes are dated 90 seconds after the answers
    #[value(name = "ahead-90s")]
    Ahead90s,
    /// Notes are not dated
    CreatedAbsent,
    /// Notes are dated without a zone
    CreatedWithoutZone,
}

impl ClockModel {
    /// How far what dates notes is ahead, in milliseconds.
    fn ahead(self) -> i64 {
        match self {
            Self::Behind2h => -7_200 * SECOND,
            Self::Behind65s => -65 * SECOND,
            Self::Ahead90s => 90 * SECOND,
            Self::Right | Self::NoDate | Self::CreatedAbsent | Self::CreatedWithoutZone => 0,
        }
    }
}

/// All that is odd about a sandbox, and the lists that its cache holds.
#[derive(Debug, Default)]
pub(super) struct Manners {
    lists: Vec<ListModel>,
    clock: Option<ClockModel>,
    /// By what was asked for: when, and what it was.
    cache: HashMap<String, (i64, Value)>,
}

impl Manners {
    pub(super) fn new(lists: &[ListModel], clock: ClockModel) -> Self {
        let clock = Some(clock).filter(|clock| *clock != ClockModel::Right);
        Self { lists: lists.to_vec(), clock, cache: HashMap::new() }
    }

    pub(super) fn have(&self, model: ListModel) -> bool {
        self.lists.contains(&model)
    }

    /// The number of the first page.
    pub(super) fn first_page(&self) -> usize {
        usize::from(!self.have(ListModel::PagesFromZero))
    }

    /// A list that the cache holds, and for how many seconds it has.
    pub(super) fn cached(&self, asked: &str, now: i64) -> Option<(Value, u64)> {
        let (at, list) = self.cache.get(asked).filter(|_| self.have(ListModel::Cached))?;
        let age = now.saturating_sub(*at);
        (0..CACHED_FOR).contains(&age).then(|| (list.clone(), age.unsigned_abs() / 1_000))
    }

    pub(super) fn keep(&mut self, asked: &str, now: i64, list: &Value) {
        if self.have(ListModel::Cached) {
            self.cache.insert(asked.to_owned(), (now, list.clone()));
        }
    }

    /// The notes that a list shows, in its order; they come with the oldest first, or as they were asked for.
    pub(super) fn arrange(&self, notes: &mut Vec<Value>, newest_first: bool) {
        if self.have(ListModel::HidesInternal) {
            notes.retain(|note| note["is_internal_note"] != true);
        }
        let hidden: &[&str] = match () {
            () if self.have(ListModel::HidesFlags) => &["is_internal_note"],
            () if self.have(ListModel::HidesReminders) => {
                &["task_type", "task_reminder_time", "task_due_date"]
            }
            () => &[],
        };
        for note in notes.iter_mut().filter_map(Value::as_object_mut) {
            hidden.iter().for_each(|name| drop(note.remove(*name)));
        }
        let is_newest_first = match () {
            () if self.have(ListModel::NewestFirst) => true,
            () if self.have(ListModel::OldestFirst) => false,
            () => newest_first,
        };
        if is_newest_first {
            notes.reverse();
        }
        if self.have(ListModel::Shuffled) {
            let mixed = |note: &Value| {
                let id = note["id"].to_string();
                let seed = id
                    .bytes()
                    .fold(7_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
                fastrand::Rng::with_seed(seed).u64(..)
            };
            notes.sort_by_key(mixed);
        }
        if self.have(ListModel::Contradicts) {
            let twice = |note: Value| {
                let mut other = note.clone();
                other["note"] = format!("{}!", note["note"].as_str().unwrap_or_default()).into();
                [note, other]
            };
            *notes = std::mem::take(notes).into_iter().flat_map(twice).collect();
        }
    }

    /// A note as a list shows it.
    pub(super) fn show(&self, mut note: Value) -> Value {
        let text = note["note"].as_str().unwrap_or_default().to_owned();
        let text = match () {
            () if self.have(ListModel::EscapesHtml) => {
                text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
            }
            () if self.have(ListModel::Trims) => text.trim().to_owned(),
            () if self.have(ListModel::Cuts) => text.chars().take(CUT).collect(),
            () => text,
        };
        note["note"] = text.into();
        if self.have(ListModel::NumbersAsIds) {
            note["id"] = as_number(&note["id"]);
        }
        self.date(&mut note);
        if let (true, Some(fields)) = (self.have(ListModel::NestedData), note.as_object_mut()) {
            let text = fields.remove("note").unwrap_or_default();
            fields.insert("content".into(), text);
        }
        note
    }

    fn date(&self, note: &mut Value) {
        let Some(clock) = self.clock else { return };
        let created = note["created"].as_i64().unwrap_or_default().saturating_add(clock.ahead());
        note["created"] = created.into();
        match (clock, note.as_object_mut()) {
            (ClockModel::CreatedAbsent, Some(fields)) => drop(fields.remove("created")),
            (ClockModel::CreatedWithoutZone, Some(fields)) => {
                let moment = jiff::Timestamp::from_millisecond(created).unwrap_or_default();
                let text = moment.strftime("%Y-%m-%d %H:%M:%S").to_string();
                fields.insert("created".into(), text.into());
            }
            _ => {}
        }
    }

    /// A list's answer.
    pub(super) fn answer(&self, rows: Vec<Value>, total: usize) -> Value {
        match () {
            () if self.have(ListModel::BareArray) => rows.into(),
            () if self.have(ListModel::NestedData) => {
                json!({"r": 0, "msg": "Success", "data": {"items": rows, "total": total}})
            }
            () => json!({"r": 0, "msg": "Success", "data": {"rows": rows, "total": total}}),
        }
    }

    /// An id as answers have it.
    pub(super) fn id(&self, id: &str) -> Value {
        match self.have(ListModel::NumbersAsIds) {
            true => as_number(&id.into()),
            false => id.into(),
        }
    }
}

/// The number that an id of digits is.
fn as_number(id: &Value) -> Value {
    let number = id.as_str().and_then(|id| id.parse::<u64>().ok());
    number.map_or_else(|| id.clone(), Value::from)
}
