//! The notes of all tickets, and what the ticket-note API makes of a request's fields.
//!
//! Not HTTP, tokens or faults: those come before, in `books`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::Value;

use super::answer::Refusal;
use super::fields::Fields;
use super::manners::{ListModel, Manners};

/// The note types of the API's table.
const NOTE_TYPES: [i64; 21] =
    [0, 1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 24, 25, 66, 67];
const SEEDED_TICKETS: usize = 20;
const SEEDED_NOTES_A_TICKET: usize = 10;
/// Seeded notes were created in 2020, a minute apart (in milliseconds).
const SEEDED_FROM: i64 = 1_577_836_800_000;
const SEEDED_EVERY: i64 = 60_000;
/// Tickets that begin so are the ones that do not exist.
const MISSING_TICKET: &str = "tk_missing";
/// Notes that begin so never do.
const MISSING_NOTE: &str = "tn_missing";
const ID_CHARACTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// Where ids are numbers they count from here.
const FIRST_NUMBER: usize = 1_000_000;
const DEFAULT_LIMIT: usize = 50;
const GREATEST_LIMIT: usize = 100;

const NOTE_NOT_FOUND: Refusal = Refusal { r: 4, message: Cow::Borrowed("note not found") };

/// What a note is created from, and all of it that the caller decides.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Draft {
    ticket_id: String,
    note: String,
    is_internal_note: bool,
    note_type: i64,
    task_type: i64,
    /// Unix milliseconds, as is the due date.
    #[serde(skip_serializing_if = "Option::is_none")]
    task_reminder_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_due_date: Option<i64>,
}

impl Draft {
    /// Reads and judges the fields at `now` (unix milliseconds).
    pub(super) fn read(mut fields: Fields, now: i64) -> Result<Self, Refusal> {
        let draft = Self {
            ticket_id: fields.required_text("ticket_id")?,
            note: fields.required_text("note")?,
            is_internal_note: fields.flag("is_internal_note")?.unwrap_or(false),
            note_type: fields.number("note_type")?.unwrap_or(0),
            task_type: fields.number("task_type")?.unwrap_or(0),
            task_reminder_time: fields.number("task_reminder_time")?,
            task_due_date: fields.number("task_due_date")?,
        };
        fields.finish()?;
        draft.judge(now)?;
        Ok(draft)
    }

    fn judge(&self, now: i64) -> Result<(), Refusal> {
        if !NOTE_TYPES.contains(&self.note_type) {
            return Err(Refusal::field("note_type", "is not a known type"));
        }
        match self.task_type {
            0 => {}
            1 => self.judge_task(now)?,
            _ => return Err(Refusal::field("task_type", "must be 0 or 1")),
        }
        judge_ticket(&self.ticket_id)
    }

    fn judge_task(&self, now: i64) -> Result<(), Refusal> {
        let missing = |name| Refusal::field(name, "is required when task_type is 1");
        let reminder = self.task_reminder_time.ok_or_else(|| missing("task_reminder_time"))?;
        let due = self.task_due_date.ok_or_else(|| missing("task_due_date"))?;
        if reminder < now || due < now {
            let message =
                "error: task_reminder_time < current_time or task_due_date < current_time";
            return Err(Refusal::new(3, message));
        }
        Ok(())
    }
}

fn judge_ticket(ticket_id: &str) -> Result<(), Refusal> {
    if ticket_id.starts_with(MISSING_TICKET) {
        return Err(Refusal::new(4, "ticket not found"));
    }
    Ok(())
}

/// The new text of an update, whose body may hold nothing else.
pub(super) fn read_update(mut fields: Fields) -> Result<String, Refusal> {
    let note = fields.required_text("note")?;
    fields.finish()?;
    Ok(note)
}

/// What somebody else may do to a note.
#[derive(Debug, Clone)]
pub enum Alteration {
    /// Another text.
    Text(String),
    /// Only agents see it, or everybody does.
    Internal(bool),
    /// Made at another moment, in unix milliseconds.
    Created(i64),
    /// There once more, under another id.
    Doubled,
    /// Gone.
    Deleted,
}

/// What a list is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listing {
    ticket_id: String,
    newest_first: bool,
    /// How many to pass over and how many to show.
    page: Option<(usize, usize)>,
}

impl Listing {
    /// `first_page` is the number of the first page.
    pub(super) fn read(
        parameters: Vec<(String, String)>,
        first_page: usize,
    ) -> Result<Self, Refusal> {
        let mut listing = Self { ticket_id: String::new(), newest_first: false, page: None };
        let (mut page, mut limit) = (None, None);
        for (name, value) in parameters {
            match (name.as_str(), value.as_str()) {
                ("ticket", _) => listing.ticket_id = value,
                ("sort_by", "created") | ("sort_order", "asc") => {}
                ("sort_by", _) => return Err(Refusal::field("sort_by", "must be created")),
                ("sort_order", "desc") => listing.newest_first = true,
                ("sort_order", _) => {
                    return Err(Refusal::field("sort_order", "must be asc or desc"));
                }
                ("page", _) => page = Some(whole_number("page", &value, first_page, usize::MAX)?),
                ("limit", _) => limit = Some(whole_number("limit", &value, 1, GREATEST_LIMIT)?),
                _ => return Err(Refusal::field(&name, "is unknown")),
            }
        }
        if page.is_some() || limit.is_some() {
            let limit = limit.unwrap_or(DEFAULT_LIMIT);
            listing.page =
                Some(((page.unwrap_or(first_page) - first_page).saturating_mul(limit), limit));
        }
        listing.judge()
    }

    fn judge(self) -> Result<Self, Refusal> {
        if self.ticket_id.is_empty() {
            return Err(Refusal::field("ticket", "is required"));
        }
        judge_ticket(&self.ticket_id)?;
        Ok(self)
    }
}

/// From `least` to `greatest`.
fn whole_number(name: &str, text: &str, least: usize, greatest: usize) -> Result<usize, Refusal> {
    match text.parse() {
        Ok(number) if (least..=greatest).contains(&number) => Ok(number),
        _ if greatest == usize::MAX => Err(Refusal::field(name, "must be a number from 1")),
        _ => Err(Refusal::field(name, &format!("must be a number from 1 to {greatest}"))),
    }
}

#[derive(Debug, Serialize)]
struct Note {
    id: String,
    #[serde(flatten)]
    draft: Draft,
    /// Unix milliseconds.
    created: i64,
}

impl Note {
    /// The seeded note of a number from 1.
    fn seeded(number: usize) -> Self {
        let ticket = (number - 1) / SEEDED_NOTES_A_TICKET + 1;
        let draft = Draft {
            ticket_id: format!("tk_sandbox{ticket:06}"),
            note: format!("Seeded note {number}"),
            is_internal_note: false,
            note_type: 0,
            task_type: 0,
            task_reminder_time: None,
            task_due_date: None,
        };
        let minutes = i64::try_from(number).unwrap_or_default();
        let created = SEEDED_FROM + minutes * SEEDED_EVERY;
        Self { id: format!("tn_sandbox{number:06}"), draft, created }
    }
}

/// Every note there is. A note's place is its number in the order of creation, and stays when others go.
pub(super) struct Notes {
    places: Vec<Option<Note>>,
    by_id: HashMap<String, usize>,
    by_ticket: HashMap<String, Vec<usize>>,
    seeded: usize,
    /// Whether notes that are not known are taken for ones that are there.
    presumes: bool,
    /// Of those, the ones that were deleted.
    gone: HashSet<String>,
}

impl Notes {
    /// Twenty tickets of ten notes each, created long ago.
    pub(super) fn seeded(presumes: bool) -> Self {
        let seeded = SEEDED_TICKETS * SEEDED_NOTES_A_TICKET;
        let (by_id, by_ticket) = (HashMap::new(), HashMap::new());
        let (places, gone) = (Vec::with_capacity(seeded), HashSet::new());
        let mut notes = Self { places, by_id, by_ticket, seeded, presumes, gone };
        (1..=seeded).for_each(|number| notes.add(Note::seeded(number)));
        notes
    }

    fn add(&mut self, note: Note) {
        let place = self.places.len();
        self.by_id.insert(note.id.clone(), place);
        match self.by_ticket.get_mut(&note.draft.ticket_id) {
            Some(places) => places.push(place),
            None => {
                self.by_ticket.insert(note.draft.ticket_id.clone(), vec![place]);
            }
        }
        self.places.push(Some(note));
    }

    /// Creates a note at `now` (unix milliseconds) and returns its id.
    pub(super) fn create(
        &mut self,
        draft: Draft,
        random: &mut fastrand::Rng,
        (now, manners): (i64, &Manners),
    ) -> String {
        let id = match manners.have(ListModel::NumbersAsIds) {
            true => (FIRST_NUMBER + self.places.len()).to_string(),
            false => self.new_id(random),
        };
        self.add(Note { id: id.clone(), draft, created: now });
        id
    }

    /// `tn_` and sixteen characters that no note has yet.
    fn new_id(&self, random: &mut fastrand::Rng) -> String {
        loop {
            let mut id = String::with_capacity(19);
            id.push_str("tn_");
            id.extend((0..16).map(|_| char::from(ID_CHARACTERS[random.usize(..36)])));
            if !self.by_id.contains_key(&id) {
                return id;
            }
        }
    }

    pub(super) fn update(&mut self, id: &str, text: String) -> Result<(), Refusal> {
        let Some(place) = self.by_id.get(id) else { return self.presume(id) };
        let note = self.places[*place].as_mut().ok_or(NOTE_NOT_FOUND)?;
        note.draft.note = text;
        Ok(())
    }

    /// Whether a note that is not known is taken for one that is there.
    fn presume(&self, id: &str) -> Result<(), Refusal> {
        let is_there = self.presumes && !id.starts_with(MISSING_NOTE) && !self.gone.contains(id);
        is_there.then_some(()).ok_or(NOTE_NOT_FOUND)
    }

    pub(super) fn delete(&mut self, id: &str) -> Result<(), Refusal> {
        let Some(place) = self.by_id.remove(id) else {
            self.presume(id)?;
            self.gone.insert(id.to_owned());
            return Ok(());
        };
        self.gone.insert(id.to_owned());
        let note = self.places[place].take().ok_or(NOTE_NOT_FOUND)?;
        if let Some(places) = self.by_ticket.get_mut(&note.draft.ticket_id)
            // In order of creation, hence sorted.
            && let Ok(index) = places.binary_search(&place)
        {
            places.remove(index);
        }
        Ok(())
    }

    /// Does something to a note that no request asks for; says whether it is there.
    pub(super) fn alter(&mut self, id: &str, alteration: Alteration) -> bool {
        let copy = format!("{id}copy");
        let place = self.by_id.get(id).copied();
        let Some(note) = place.and_then(|place| self.places[place].as_mut()) else { return false };
        match alteration {
            Alteration::Deleted => return self.delete(id).is_ok(),
            Alteration::Text(text) => note.draft.note = text,
            Alteration::Internal(is_internal) => note.draft.is_internal_note = is_internal,
            Alteration::Created(created) => note.created = created,
            Alteration::Doubled => {
                let double = Note { id: copy, draft: note.draft.clone(), created: note.created };
                self.add(double);
            }
        }
        true
    }

    pub(super) fn list(&self, listing: &Listing, manners: &Manners) -> Value {
        let places = self.by_ticket.get(&listing.ticket_id).map_or(&[][..], Vec::as_slice);
        let mut notes: Vec<&Note> =
            places.iter().filter_map(|place| self.places[*place].as_ref()).collect();
        // The clock may have been set back, so the order of creation is not always that of `created`.
        notes.sort_by_key(|note| note.created);
        let mut rows: Vec<Value> =
            notes.into_iter().filter_map(|note| serde_json::to_value(note).ok()).collect();
        manners.arrange(&mut rows, listing.newest_first);
        let total = rows.len();
        if let Some((skip, limit)) = listing.page
            && !manners.have(ListModel::PagesIgnored)
        {
            rows = rows.into_iter().skip(skip).take(limit).collect();
        }
        let rows = rows.into_iter().map(|row| manners.show(row)).collect();
        manners.answer(rows, total)
    }

    /// The created notes that are still there, in order of creation.
    pub(super) fn show(&self) -> Value {
        let created = self.places[self.seeded..].iter().flatten();
        created.filter_map(|note| serde_json::to_value(note).ok()).collect()
    }

    /// The ids of the seeded notes that are still there.
    pub(super) fn show_seeded(&self) -> Value {
        self.places[..self.seeded].iter().flatten().map(|note| note.id.as_str()).collect()
    }
}
