//! How the server lists notes and keeps time: each a dimension of its own, drawn from the seed. None of them is "the" server.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::wall;

/// See the module's text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// What items say of when they were made.
    pub created: Created,
    /// Whether answers carry a `Date`.
    pub is_dated: bool,
    pub order: Order,
    /// Whether lists leave internal notes out, and whether items say that they are internal.
    pub hides_internal: bool,
    pub tells_internal: bool,
    /// How old a list is when it is shown.
    pub lag: Duration,
    pub first_page: usize,
    pub texts: Texts,
    /// Whether other people write notes on the same tickets.
    pub is_crowded: bool,
    /// Whether some creates are answered without an id.
    pub is_nameless: bool,
    /// Whether some creates whose answers are lost take longer than any estimate of the connector's.
    pub is_slow: bool,
    /// Whether somebody on the way sends some creates twice.
    pub doubles: bool,
    /// Whether some creates are answered by what nobody can read.
    pub is_garbled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Created {
    /// Ahead of `Date` by so many milliseconds.
    Ahead(i64),
    Absent,
    WithoutZone,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Order {
    AsAsked,
    OldestFirst,
    Shuffled,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Texts {
    Plain,
    Escaped,
    Trimmed,
    Decomposed,
    Cut,
}

/// What an item shows of a note's text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shows {
    Text,
    Null,
    Nothing,
}

/// How the server shows a list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pages {
    /// So many items on a page.
    Of(usize),
    /// All at once, whatever page is asked for.
    Whole,
    /// As many as fit on its one page.
    Cut(usize),
}

/// A note that the server holds.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub id: String,
    pub lane: String,
    pub text: String,
    /// How items of it say so.
    pub shows: Shows,
    pub is_internal: bool,
    /// Milliseconds since the beginning of time; what was there before is older.
    pub at: i64,
}

impl Manner {
    /// As one would expect it.
    pub(super) const PLAIN: Self = Self {
        created: Created::Ahead(0),
        is_dated: true,
        order: Order::AsAsked,
        hides_internal: false,
        tells_internal: true,
        lag: Duration::ZERO,
        first_page: 1,
        texts: Texts::Plain,
        is_crowded: false,
        is_nameless: false,
        is_slow: false,
        doubles: false,
        is_garbled: false,
    };

    /// Every other server is plain; the others are odd in a few ways.
    pub(super) fn draw(random: &mut fastrand::Rng) -> Self {
        let mut manner = Self::PLAIN;
        if random.bool() {
            return manner;
        }
        let mut is_odd = || random.u8(0..4) == 0;
        let odd: [bool; 12] = std::array::from_fn(|_| is_odd());
        if odd[0] {
            let hours = 3_600_000;
            let ahead = [-2 * hours, -65_000, -3_000, 3_000, 90_000, 7 * hours];
            manner.created = match random.usize(0..8) {
                6 => Created::Absent,
                7 => Created::WithoutZone,
                at => Created::Ahead(ahead[at]),
            };
        }
        manner.is_dated = !odd[1];
        if odd[2] {
            manner.order = [Order::OldestFirst, Order::Shuffled][random.usize(0..2)];
        }
        manner.hides_internal = odd[3];
        manner.tells_internal = !(odd[3] && random.bool());
        if odd[4] {
            manner.lag = Duration::from_secs([2, 8, 15][random.usize(0..3)]);
        }
        manner.first_page = usize::from(!odd[5]);
        if odd[6] {
            let texts = [Texts::Escaped, Texts::Trimmed, Texts::Decomposed, Texts::Cut];
            manner.texts = texts[random.usize(0..4)];
        }
        manner.is_crowded = odd[7];
        manner.is_nameless = odd[8];
        manner.is_slow = odd[9];
        manner.doubles = odd[10];
        manner.is_garbled = odd[11];
        manner
    }

    /// Whether lists tell by anything what is old.
    pub(super) fn tells_age(&self) -> bool {
        self.order != Order::Shuffled || matches!(self.created, Created::Ahead(_))
    }

    pub(super) fn is_plain(&self) -> bool {
        format!("{self:?}") == format!("{:?}", Self::PLAIN)
    }

    /// What the server shows of a lane's notes, of which the oldest comes first. `ahead` is how far its clock is ahead.
    pub(super) fn show(
        &self,
        notes: &[Note],
        (now, ahead): (Duration, i64),
        newest_first: bool,
    ) -> Vec<Value> {
        let shown_until = i64::try_from(now.saturating_sub(self.lag).as_millis()).unwrap();
        let is_shown =
            |note: &&Note| note.at <= shown_until && !(self.hides_internal && note.is_internal);
        let mut shown: Vec<&Note> = notes.iter().filter(is_shown).collect();
        match self.order {
            Order::AsAsked if newest_first => shown.reverse(),
            Order::AsAsked | Order::OldestFirst => {}
            Order::Shuffled => shown.sort_by_key(|note| {
                let seed = note
                    .id
                    .bytes()
                    .fold(7_u64, |seed, byte| seed.wrapping_mul(31) + u64::from(byte));
                fastrand::Rng::with_seed(seed).u64(..)
            }),
        }
        shown.into_iter().map(|note| self.item(note, ahead)).collect()
    }

    fn item(&self, note: &Note, ahead: i64) -> Value {
        let text = match self.texts {
            Texts::Plain => note.text.clone(),
            Texts::Escaped => {
                note.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
            }
            Texts::Trimmed => note.text.trim().to_owned(),
            Texts::Decomposed => icu_normalizer::DecomposingNormalizerBorrowed::new_nfd()
                .normalize(&note.text)
                .into_owned(),
            Texts::Cut => note.text.chars().take(32).collect(),
        };
        let mut item = json!({"id": note.id, "ticket_id": note.lane, "note": text});
        match note.shows {
            Shows::Text => {}
            Shows::Null => item["note"] = Value::Null,
            Shows::Nothing => drop(item.as_object_mut().unwrap().remove("note")),
        }
        if self.tells_internal {
            item["is_internal_note"] = note.is_internal.into();
        }
        // Seconds are coarser than our milliseconds, as on many a real server.
        match self.created {
            Created::Ahead(of_date) => {
                let made = wall(Duration::ZERO) + note.at + ahead + of_date;
                item["created"] = made.div_euclid(1000).into();
            }
            Created::Absent => {}
            Created::WithoutZone => item["created"] = "2027-01-15T08:00:00".into(),
        }
        item
    }
}
