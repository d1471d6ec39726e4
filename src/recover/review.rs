//! A list beside what rows have done: is each thing there, once, as it was sent, and in its order?
//!
//! Pure: a list that was read goes in, with what should be in it, and what is seen of each thing comes out. What a list does not
//! show is missing only where it was shown to its end, and would show such a thing; whether it would may be known from other
//! lists, which is for whoever asks. Nothing is settled by it.

use std::collections::{HashMap, HashSet};

use super::copies::{Copies, Original};
use super::enquiry::{Answered, Extent};
use super::likeness::{Kind, kind_word};
use super::print::{Print, SHOWN_NULL, Unlike, fingerprint_of, is_known_by};
use crate::declared::connector::{Operation, Recover};
use crate::row::{Field, Fields};

/// A number of time below this is in seconds.
const FIRST_MILLISECONDS: f64 = super::FIRST_MILLISECONDS;
const SECOND: i64 = 1_000;

/// What should be there of one thing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    /// None where nobody knows what it is called.
    pub id: Option<String>,
    /// It was deleted.
    pub is_gone: bool,
    /// When the last request about it was started; unix milliseconds.
    pub sent_at: i64,
    /// Of things in one list the greater one was made later; none where that is not known.
    pub turn: Option<u64>,
    /// The fingerprints of the fields that items are known by; none where it is not known what was sent.
    parts: Box<[Option<u64>]>,
    /// By what it may be left out of a list, as it was made.
    kind: Option<Kind>,
    /// Other fields that were sent, as words, by their places.
    others: Vec<(usize, String)>,
    /// Fields that may have been sent otherwise than anybody knows now.
    forgotten: Vec<usize>,
}

/// What is seen of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub presence: Seeing,
    /// The text that is there, where that is another one; none of that where it is too long.
    pub altered: Option<Option<String>>,
    /// Fields that are there and differ from what was sent.
    pub unlike: Vec<Unlike>,
    /// Other items that say the same, and that no row owns.
    pub copies: Copies,
    /// The thing that should stand behind it and was made before it, by its place among those that are expected.
    pub behind: Option<usize>,
    /// Fields that tell its kind and that the list does not show.
    pub untold: Vec<Field>,
    /// Other fields that were sent, and that nobody can compare: mostly since the list does not show them.
    pub uncompared: Vec<Field>,
    /// The list goes on beyond what was shown: whether the same is in it once more is not known.
    pub beyond: Option<Extent>,
}

/// Whether a thing is in its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seeing {
    There {
        id: String,
    },
    /// It was deleted, and is in no list that was shown whole.
    Gone,
    /// It was deleted, and is there.
    StillThere {
        id: String,
    },
    /// The list is whole and does not show it.
    Missing {
        /// Its kind, where nothing in the list shows that such things are listed.
        unshown_kind: Option<String>,
        of: usize,
        /// What shows the same under another name, and is no row's.
        alike: Option<String>,
    },
    /// The list was read so soon after the thing was sent that it may be late.
    TooEarly,
    /// The list was not seen to its end.
    Unknown(Extent),
}

/// What can be said of the order in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// There are not two things whose order is known.
    Nothing,
    Compared,
    /// The list does not say when its items were made.
    Undated,
}

/// What a list comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Review {
    /// Of each thing that is expected, in that order.
    pub seen: Vec<Seen>,
    /// Items that no row owns, and that are no copies.
    pub strange: Vec<String>,
    pub order: Order,
    /// The kinds of things that the list shows and that are expected: such are listed.
    pub kinds: HashSet<String>,
}

impl Expected {
    pub(crate) fn new(id: Option<String>) -> Self {
        Self { id, ..Self::default() }
    }

    /// Takes in what an operation of a row says, in the fields of the operation that makes such things. What an operation does not
    /// say stays as it was. `makes` is whether it makes the thing: then what it does not say is not said at all.
    pub(crate) fn take(
        &mut self,
        maker: &Operation,
        recover: &Recover,
        fields: &Fields<'_>,
        makes: bool,
    ) {
        let known = recover.fields.iter().enumerate();
        let mut parts = self.parts.to_vec();
        parts.resize(recover.fields.len(), None);
        for (at, (field, _)) in known {
            if let (Some(part), Some(sent)) = (parts.get_mut(at), fields.get(*field)) {
                *part = Some(fingerprint_of(&sent.to_json(), recover));
            }
        }
        self.parts = parts.into();
        if makes {
            self.kind = Some(Kind::of_row(recover, fields));
        }
        for (field, value) in fields.iter().filter(|(field, _)| !is_known_by(recover, *field)) {
            if !value.is_something() || maker.outside_body.contains(&field) {
                continue;
            }
            let word = kind_word(Some(&value.to_json()));
            self.others.retain(|(place, _)| *place != field.place());
            self.others.push((field.place(), word));
        }
    }

    /// These fields may have been sent otherwise than the row says.
    pub(crate) fn forget_fields(&mut self, fields: &[Field]) {
        let is_known =
            |(place, _): &(usize, String)| fields.iter().all(|field| field.place() != *place);
        let (known, forgotten) = std::mem::take(&mut self.others).into_iter().partition(is_known);
        self.others = known;
        let forgotten: Vec<(usize, String)> = forgotten;
        self.forgotten.extend(forgotten.into_iter().map(|(place, _)| place));
    }

    /// Whether it is known what was sent.
    pub(crate) fn is_known(&self) -> bool {
        self.parts.iter().any(Option::is_some)
    }

    /// Whether an item shows all that it is known by, and is of its kind.
    fn is_like(&self, item: &Print) -> bool {
        self.is_said_by(item) && self.kind.as_ref().is_none_or(|kind| kind.text() == item.kind)
    }

    /// Whether an item shows all that it is known by.
    fn is_said_by(&self, item: &Print) -> bool {
        let mut parts = self.parts.iter().enumerate();
        self.is_known() && parts.all(|(at, part)| part.is_none() || *part == item.value(at))
    }

    /// What was sent of a flag, as a word; none where nobody knows that.
    fn flag(&self, recover: &Recover, field: Field) -> Option<&str> {
        let words = self.kind.as_ref()?.text().split('\n');
        let mut kinds = recover.kinds.iter().zip(words);
        let own = kinds.find(|((known, _), _)| *known == field).map(|(_, word)| word);
        let other = || self.others.iter().find(|(place, _)| *place == field.place());
        own.or_else(|| other().map(|(_, word)| word.as_str()))
    }

    /// What says the same, and is no row's.
    fn copies(
        &self,
        free: &mut Vec<&Print>,
        item: Option<&Print>,
        of: (&Operation, &Recover),
    ) -> Copies {
        // What was deleted has no copies.
        if self.is_gone {
            return Copies::default();
        }
        let original = Original {
            item,
            was_sent: &|item| self.is_said_by(item),
            sent: &|field| self.flag(of.1, field),
        };
        Copies::take(free, &original, of)
    }

    fn is_altered(&self, item: &Print) -> bool {
        let mut parts = self.parts.iter().enumerate();
        parts.any(|(at, part)| part.is_some() && *part != item.value(at))
    }

    /// Fields that were sent and cannot be compared with what the item shows.
    fn uncompared(&self, item: &Print) -> Vec<Field> {
        let is_shown = |place: usize| item.shown.iter().any(|(shown, _)| *shown == place);
        let unshown = self.others.iter().map(|(place, _)| *place).filter(|place| !is_shown(*place));
        unshown.chain(self.forgotten.iter().copied()).filter_map(Field::at).collect()
    }

    /// Fields that the item shows, and that differ.
    fn unlike(&self, item: &Print, maker: &Operation, recover: &Recover) -> Vec<Unlike> {
        let mut unlike =
            self.kind.as_ref().map(|kind| item.unlike(recover, kind)).unwrap_or_default();
        for (place, own) in &self.others {
            let Some(field) = Field::at(*place) else { continue };
            let there = item.shown.iter().find(|(shown, _)| shown == place);
            let Some((_, there)) = there else { continue };
            // Nothing, and what counts where nothing is said, are the same.
            let is_nothing = there == SHOWN_NULL && own == "0";
            if there != own && !is_nothing && !is_same_moment(maker, field, there, own) {
                unlike.push(Unlike { field, there: there.clone(), row: own.clone() });
            }
        }
        unlike
    }
}

/// Whether two words are one moment, in seconds or milliseconds: lists and requests may count otherwise.
fn is_same_moment(maker: &Operation, field: Field, one: &str, other: &str) -> bool {
    let moment = |word: &str| {
        let number = word.parse::<f64>().ok().filter(|number| number.is_finite())?;
        let seconds = if number < FIRST_MILLISECONDS { number } else { number / 1000.0 };
        Some(seconds.floor() as i64)
    };
    maker.times().any(|rule| rule.field == field)
        && moment(one).is_some_and(|one| moment(other) == Some(one))
}

/// Compares a list with what should be in it. `is_owned` says whether a row has made what bears a name; `span` is how long after a
/// request a list may be late, in milliseconds.
pub(crate) fn review(
    maker: &Operation,
    recover: &Recover,
    answered: &Answered,
    expected: &[&Expected],
    (is_owned, span): (&dyn Fn(&str) -> bool, i64),
) -> Review {
    let by_id: HashMap<&str, &Print> =
        answered.items.iter().map(|item| (item.id.as_str(), item)).collect();
    let named: HashSet<&str> = expected.iter().filter_map(|one| one.id.as_deref()).collect();
    // Each is taken for one thing at the most.
    let mut free: Vec<&Print> = answered
        .items
        .iter()
        .filter(|item| !named.contains(item.id.as_str()) && !is_owned(&item.id))
        .collect();
    let mut found: Vec<Option<&Print>> = Vec::with_capacity(expected.len());
    for one in expected {
        found.push(match &one.id {
            Some(id) => by_id.get(id.as_str()).copied(),
            None => take_first(&mut free, |item| one.is_like(item)),
        });
    }
    let kinds: HashSet<String> = found.iter().flatten().map(|item| item.kind.clone()).collect();
    let mut seen: Vec<Seen> = Vec::with_capacity(expected.len());
    for (one, item) in expected.iter().zip(&found) {
        let presence = presence(one, *item, answered, (&kinds, span), &mut free);
        let copies = one.copies(&mut free, *item, (maker, recover));
        seen.push(match (&presence, item) {
            (Seeing::There { .. }, Some(item)) => {
                let is_late =
                    one.is_altered(item) && answered.at < one.sent_at.saturating_add(span);
                Seen {
                    altered: (one.is_altered(item) && !is_late).then(|| item.text.clone()),
                    unlike: one.unlike(item, maker, recover),
                    copies,
                    untold: untold(one, item, recover),
                    uncompared: one.uncompared(item),
                    behind: None,
                    beyond: Some(answered.extent).filter(|extent| *extent != Extent::Whole),
                    presence: if is_late { Seeing::TooEarly } else { presence },
                }
            }
            _ => Seen { copies, ..Seen::of(presence) },
        });
    }
    let order = set_in_order(expected, &found, recover, &mut seen);
    let strange = free.into_iter().map(|item| item.id.clone()).collect();
    Review { seen, strange, order, kinds }
}

impl Seen {
    pub(crate) fn of(presence: Seeing) -> Self {
        let (copies, unlike, untold) = (Copies::default(), Vec::new(), Vec::new());
        let uncompared = Vec::new();
        Self {
            presence,
            altered: None,
            unlike,
            copies,
            behind: None,
            untold,
            uncompared,
            beyond: None,
        }
    }

    /// Whether another look may show something else: lists change while they are read.
    pub(crate) fn wants_second_look(&self) -> bool {
        let is_there = matches!(self.presence, Seeing::There { .. } | Seeing::Gone);
        !is_there
            || self.altered.is_some()
            || !self.copies.is_empty()
            || !self.unlike.is_empty()
            || self.behind.is_some()
            || self.beyond.is_some()
    }
}

fn take_first<'i>(free: &mut Vec<&'i Print>, fits: impl Fn(&Print) -> bool) -> Option<&'i Print> {
    let at = free.iter().position(|item| fits(item))?;
    Some(free.remove(at))
}

fn presence(
    one: &Expected,
    item: Option<&Print>,
    answered: &Answered,
    (kinds, span): (&HashSet<String>, i64),
    free: &mut Vec<&Print>,
) -> Seeing {
    let is_early = answered.at < one.sent_at.saturating_add(span);
    match (item, one.is_gone) {
        (Some(_), true) if is_early => Seeing::TooEarly,
        (Some(item), true) => Seeing::StillThere { id: item.id.clone() },
        (Some(item), false) => Seeing::There { id: item.id.clone() },
        (None, _) if answered.extent != Extent::Whole => Seeing::Unknown(answered.extent),
        (None, true) => Seeing::Gone,
        (None, false) if is_early => Seeing::TooEarly,
        (None, false) => {
            let kind = one.kind.as_ref().map(|kind| kind.text().to_owned());
            let is_shown = match &kind {
                Some(kind) => kinds.contains(kind),
                None => !kinds.is_empty(),
            };
            Seeing::Missing {
                unshown_kind: (!is_shown).then(|| kind.unwrap_or_default()),
                of: answered.count(),
                alike: take_first(free, |item| one.is_like(item)).map(|item| item.id.clone()),
            }
        }
    }
}

/// The fields that tell its kind, were said, and are not shown.
fn untold(one: &Expected, item: &Print, recover: &Recover) -> Vec<Field> {
    let Some(kind) = &one.kind else { return Vec::new() };
    let words = kind.text().split('\n');
    let kinds = recover.kinds.iter().zip(words).enumerate();
    // What was not said, or is what counts where nothing is said, differs from nothing that is not shown.
    let untold = kinds.filter(|(at, (_, word))| *word != "0" && !item.tells_kind(*at));
    untold.map(|(_, ((field, _), _))| *field).collect()
}

/// Finds the things that stand before one that should come first.
fn set_in_order(
    expected: &[&Expected],
    found: &[Option<&Print>],
    recover: &Recover,
    seen: &mut [Seen],
) -> Order {
    let mut in_turn: Vec<(u64, usize, &Print)> = expected
        .iter()
        .zip(found)
        .enumerate()
        .filter(|(_, (one, _))| !one.is_gone)
        .filter_map(|(at, (one, item))| Some((one.turn?, at, (*item)?)))
        .collect();
    if in_turn.len() < 2 {
        return Order::Nothing;
    }
    in_turn.sort_by_key(|(turn, _, _)| *turn);
    let dated: Option<Vec<(i64, usize)>> =
        in_turn.iter().map(|(_, at, item)| Some((item.made?, *at))).collect();
    let Some(dated) = dated.filter(|_| !recover.created.is_empty()) else { return Order::Undated };
    let mut last: Option<(i64, usize)> = None;
    for (made, at) in dated {
        match last {
            // Some lists count in whole seconds.
            Some((latest, before)) if made.div_euclid(SECOND) < latest.div_euclid(SECOND) => {
                if let Some(seen) = seen.get_mut(at) {
                    seen.behind = Some(before);
                }
            }
            _ => last = Some((made, at)),
        }
    }
    Order::Compared
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::declared::connector::Catalogue;
    use crate::recover::{Enquiry, Keeps, NextStep, Sights};
    use crate::text::diagnostic::Place;

    fn create() -> Arc<Operation> {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        Arc::clone(&connector.operations["ticket_note.create"])
    }

    /// What should be there: by its id, what was sent, and its turn.
    fn expected(id: Option<&str>, sent: &Value, turn: u64) -> Expected {
        let create = create();
        let mut expected = Expected::new(id.map(str::to_owned));
        expected.take(&create, create.recover.as_ref().unwrap(), &create.fields.values(sent), true);
        Expected { turn: Some(turn), sent_at: 1_000, ..expected }
    }

    /// What a whole list comes to that was read at a moment.
    fn reviewed(items: &[Value], expected: &[Expected], owned: &[&str], at: i64) -> Review {
        let create = create();
        let recover = create.recover.as_ref().unwrap();
        let wanted: HashSet<String> = expected.iter().filter_map(|one| one.id.clone()).collect();
        let sights = || Sights {
            wanted: &wanted,
            system: None,
            keeps: Keeps::Fields,
            fields: &create.fields,
        };
        let mut enquiry = Enquiry::new(recover, Some(1));
        enquiry.read_at(at);
        let mut step = enquiry.take(recover, items, sights());
        while step == NextStep::Page {
            step = enquiry.take(recover, &[], sights());
        }
        let NextStep::Over(answered) = step else { panic!() };
        let expected: Vec<&Expected> = expected.iter().collect();
        review(&create, recover, &answered, &expected, (&|id| owned.contains(&id), 500))
    }

    fn note(id: &str, text: &str, made: i64) -> Value {
        json!({"id": id, "note": text, "is_internal_note": true, "note_type": 0, "created": made})
    }

    fn sent(text: &str) -> Value {
        json!({"ticket_id": "tk_1", "note": text, "is_internal_note": true})
    }

    const LATE: i64 = 9_000;

    #[test]
    fn what_is_there_once_as_it_was_sent_is_right() {
        let items = [note("b", "hai\r\n", 1_800_000_002), note("a", "một", 1_800_000_001)];
        let rows = [expected(Some("a"), &sent("một"), 1), expected(Some("b"), &sent("hai"), 2)];
        let found = reviewed(&items, &rows, &["a", "b"], LATE);
        assert!(found.seen.iter().all(|seen| !seen.wants_second_look()), "{found:?}");
        assert_eq!((found.strange.len(), found.order), (0, Order::Compared));
    }

    #[test]
    fn what_differs_is_told_by_what_it_differs_in() {
        let mut exposed = note("a", "một", 1_800_000_001);
        exposed["is_internal_note"] = json!(0);
        let rows = [expected(Some("a"), &sent("một"), 1), expected(Some("b"), &sent("hai"), 2)];
        let items = [
            exposed,
            note("b", "khác", 1_800_000_000),
            note("c", "một", 1_800_000_009),
            note("d", "khác", 1_800_000_009),
        ];
        let found = reviewed(&items, &rows, &["a", "b"], LATE);
        assert_eq!(found.seen[0].unlike.len(), 1);
        // What the customer sees and what he does not are two things.
        assert!(found.seen[0].copies.is_empty());
        assert_eq!(found.seen[1].altered, Some(Some("khác".to_owned())));
        assert_eq!(found.seen[1].copies.same, ["d"], "the same as what is there");
        assert_eq!(found.seen[1].behind, Some(0));
        assert_eq!(found.strange, ["c"]);
    }

    /// What of an item beside a note that was sent as internal follows from what it shows.
    #[test]
    fn a_copy_is_told_by_who_may_see_it() {
        let copy = |change: &dyn Fn(&mut Value)| {
            let mut copy = note("z", "một", 1_800_000_009);
            change(&mut copy);
            copy
        };
        let ours = note("a", "một", 1_800_000_001);
        let of = |items: &[Value], sent: &Value| {
            let found = reviewed(items, &[expected(Some("a"), sent, 1)], &["a"], LATE);
            let copies = found.seen[0].copies.clone();
            let exposed: Vec<String> = copies.exposed.into_iter().map(|(id, _)| id).collect();
            let untold: Vec<String> = copies.untold.into_iter().map(|(id, _)| id).collect();
            [copies.same, exposed, untold, found.strange].map(|ids| ids.join(" "))
        };
        let visible = copy(&|it| it["is_internal_note"] = json!(false));
        let hidden = copy(&|_| {});
        let untold = copy(&|it| it["is_internal_note"] = Value::Null);
        let other = copy(&|it| {
            it["is_internal_note"] = json!(false);
            it["note"] = json!("một hai");
        });
        let public = json!({"ticket_id": "tk_1", "note": "một", "is_internal_note": false});
        let table = [
            (&ours, &visible, sent("một"), ["", "z", "", ""]),
            (&ours, &hidden, sent("một"), ["z", "", "", ""]),
            (&ours, &untold, sent("một"), ["", "", "z", ""]),
            (&ours, &other, sent("một"), ["", "", "", "z"]),
            // Where the list shows of no note who sees it, nor does it of the copy.
            (
                &copy(&|it| *it = json!({"id": "a", "note": "một"})),
                &untold,
                sent("một"),
                ["z", "", "z", ""],
            ),
            // What customers may see anyhow.
            (
                &copy(&|it| {
                    it["id"] = json!("a");
                    it["is_internal_note"] = json!(0);
                }),
                &hidden,
                public,
                ["", "", "", "z"],
            ),
            // The text of ours was changed: both what was sent and what is there count.
            (
                &copy(&|it| {
                    it["id"] = json!("a");
                    it["note"] = json!("khác");
                }),
                &visible,
                sent("một"),
                ["", "z", "", ""],
            ),
            // Ours is gone, and the copy is there.
            (&note("q", "q", 1_800_000_001), &visible, sent("một"), ["", "z", "", "q"]),
        ];
        for (number, (ours, copy, sent, wanted)) in table.into_iter().enumerate() {
            assert_eq!(of(&[ours.clone(), copy.clone()], &sent), wanted, "{number}");
        }
        // What a row has made is no copy, and neither is one of what was deleted.
        let rows = [expected(Some("a"), &sent("một"), 1)];
        let found = reviewed(&[ours.clone(), visible.clone()], &rows, &["a", "z"], LATE);
        assert!(found.seen[0].copies.is_empty());
        let deleted = [Expected { is_gone: true, ..rows[0].clone() }];
        assert_eq!(reviewed(&[visible], &deleted, &["a"], LATE).strange, ["z"]);
    }

    #[test]
    fn a_time_is_the_same_in_seconds_and_milliseconds() {
        let task = json!({"ticket_id": "tk_1", "note": "a", "task_type": 1, "task_due_date": 1_900_000_000_000_i64, "task_reminder_time": 1_900_000_000_000_i64});
        let item = |due: i64| json!({"id": "a", "note": "a", "task_type": 1, "task_due_date": due, "created": 1_800_000_000});
        for (due, differs) in [(1_900_000_000_000, 0), (1_900_000_000, 0), (1_900_000_001, 1)] {
            let rows = [expected(Some("a"), &task, 1)];
            let found = reviewed(&[item(due)], &rows, &["a"], LATE);
            assert_eq!(found.seen[0].unlike.len(), differs, "{due}");
        }
    }

    #[test]
    fn what_was_sent_and_is_shown_as_empty_is_not_there() {
        let task = json!({"ticket_id": "tk_1", "note": "a", "task_type": 1, "task_reminder_time": 1_900_000_000_000_i64});
        let plain = json!({"ticket_id": "tk_1", "note": "a"});
        let item = json!({"id": "a", "note": "a", "task_type": 1, "created": 1_800_000_000});
        let mut emptied = item.clone();
        emptied["task_reminder_time"] = Value::Null;
        for (sent, shown, differs) in [
            (&task, &emptied, true),
            // A list that does not speak of reminders says nothing of them.
            (&task, &item, false),
            (&plain, &emptied, false),
        ] {
            let found = reviewed(
                std::slice::from_ref(shown),
                &[expected(Some("a"), sent, 1)],
                &["a"],
                LATE,
            );
            let reminder = create().fields.find("task_reminder_time").unwrap();
            let is_silent = shown.get("task_reminder_time").is_none() && sent == &task;
            assert_eq!(found.seen[0].uncompared.contains(&reminder), is_silent, "{shown}");
            let is_told = found.seen[0].unlike.iter().any(|one| one.field == reminder);
            assert_eq!(is_told, differs, "{shown}");
        }
    }

    #[test]
    fn silence_proves_nothing_unless_the_list_would_show_it() {
        let rows = [expected(Some("a"), &sent("một"), 1), expected(Some("b"), &sent("hai"), 2)];
        let presence = |items: &[Value], rows: &[Expected], at| {
            reviewed(items, rows, &["a", "b"], at).seen.remove(0).presence
        };
        let missing = |kind: Option<&str>, of, alike: Option<&str>| Seeing::Missing {
            unshown_kind: kind.map(str::to_owned),
            of,
            alike: alike.map(str::to_owned),
        };
        let other = note("b", "hai", 1_800_000_001);
        let twin = note("c", "một", 1_800_000_001);
        assert_eq!(presence(std::slice::from_ref(&other), &rows, LATE), missing(None, 1, None));
        assert_eq!(presence(&[other.clone(), twin], &rows, LATE), missing(None, 2, Some("c")));
        assert_eq!(presence(&[], &rows, LATE), missing(Some("1\n0"), 0, None));
        assert_eq!(presence(std::slice::from_ref(&other), &rows, 1_400), Seeing::TooEarly);
        let deleted = [Expected { is_gone: true, ..rows[0].clone() }, rows[1].clone()];
        assert_eq!(presence(std::slice::from_ref(&other), &deleted, LATE), Seeing::Gone);
        let there = note("a", "một", 1_800_000_001);
        let still = Seeing::StillThere { id: "a".to_owned() };
        assert_eq!(presence(&[there, other], &deleted, LATE), still);
        // More than fits on a page, of a server that shows one page for all.
        let page: Vec<Value> = (0..12).map(|at| note(&format!("x{at}"), "x", 1)).collect();
        let create = create();
        let recover = create.recover.as_ref().unwrap();
        let wanted = HashSet::new();
        let sights =
            Sights { wanted: &wanted, system: None, keeps: Keeps::Fields, fields: &create.fields };
        let mut enquiry = Enquiry::new(recover, Some(1));
        let mut step = enquiry.take(recover, &page, sights);
        while step == NextStep::Page {
            step = enquiry.take(recover, &page, sights);
        }
        let NextStep::Over(answered) = step else { panic!() };
        let found = review(&create, recover, &answered, &[&rows[0]], (&|_| false, 0));
        assert_eq!(found.seen[0].presence, Seeing::Unknown(Extent::Cut));
        // One that was shown is there; whether once, nobody knows.
        let shown = expected(Some("x1"), &sent("x"), 1);
        let found = review(&create, recover, &answered, &[&shown], (&|_| true, 0));
        assert_eq!(found.seen[0].presence, Seeing::There { id: "x1".to_owned() });
        assert_eq!(found.seen[0].beyond, Some(Extent::Cut));
        assert!(found.seen[0].wants_second_look());
    }

    #[test]
    fn what_has_no_id_is_found_by_what_it_says_and_once_at_the_most() {
        let rows = [expected(None, &sent("một"), 1), expected(None, &sent("một"), 2)];
        let found = reviewed(&[note("a", "một", 1_800_000_001)], &rows, &[], LATE);
        assert_eq!(found.seen[0].presence, Seeing::There { id: "a".to_owned() });
        assert!(matches!(found.seen[1].presence, Seeing::Missing { .. }));
    }
}
