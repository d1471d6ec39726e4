//! What is remembered of an item of a list, so that rows can be compared with it later: names and fingerprints; and the text
//! where somebody asks for it, as a plan does that shows what becomes of it.
//!
//! The comparison comes to what [`Wanted::weigh`](super::likeness) says, which a property shows.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::likeness::{self, Kind, Likeness};
use crate::declared::connector::{FieldSet, Recover};
use crate::row::{Field, Fields};
use crate::text::pointer::Pointer;

/// The word for a field that an item names and shows as empty: what was sent of it is not there.
pub(super) const SHOWN_NULL: &str = "null";

/// What is remembered of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Print {
    pub(super) id: String,
    /// By what the other side may leave such items out of a list.
    pub(super) kind: String,
    /// What of its kind the list does not show, by its number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    untold: Vec<usize>,
    /// Of each field that an item is known by; none where the item does not show it.
    parts: Vec<Option<Part>>,
    /// What marks it as made by the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) system: Option<String>,
    /// Its text, where somebody will want to see what becomes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    /// When it was made, by the clock that dates items; unix milliseconds, where somebody asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) made: Option<i64>,
    /// What it shows of the fields that it is not known by, each by its place, where somebody asks for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) shown: Vec<(usize, String)>,
}

/// A field by which an item is of another kind than what a row would make. Yes is 1, and no is 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unlike {
    pub(crate) field: Field,
    pub(crate) there: String,
    pub(crate) row: String,
}

/// A value by its fingerprint, and a text by those of its letters as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    value: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    letters: Vec<Letters>,
}

/// The letters of a text: how many there are, how many bytes they take, and their fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Letters(usize, usize, u64);

impl Print {
    pub(super) fn of(recover: &Recover, id: String, item: &Value) -> Self {
        let part = |found: &Value| Part {
            value: fingerprint(&spelt(&likeness::normalised(found, &recover.text))),
            letters: match found {
                Value::String(text) => {
                    let plain = likeness::undone(text);
                    let all = [
                        likeness::letters(&plain),
                        likeness::letters(&likeness::without_tags(&plain)),
                    ];
                    let print = |letters: &String| {
                        Letters(letters.chars().count(), letters.len(), fingerprint(letters))
                    };
                    all.iter().map(print).collect()
                }
                _ => Vec::new(),
            },
        };
        let parts = recover.fields.iter().map(|(_, pointers)| {
            let found = pointers.iter().find_map(|pointer| pointer.find(item));
            found.filter(|found| !found.is_null()).map(part)
        });
        let is_told = |(_, pointers): &(Field, Vec<Pointer>)| {
            pointers.iter().find_map(|pointer| pointer.find(item)).is_some_and(|it| !it.is_null())
        };
        let kinds = recover.kinds.iter().enumerate();
        Self {
            id,
            untold: kinds.filter(|(_, kind)| !is_told(kind)).map(|(at, _)| at).collect(),
            kind: Kind::of_item(recover, item).text().to_owned(),
            parts: parts.collect(),
            system: None,
            text: None,
            made: None,
            shown: Vec::new(),
        }
    }

    /// Takes note of what an item shows, under the name that it is sent by, of the fields that it is not known by.
    pub(super) fn note_fields(&mut self, recover: &Recover, fields: &FieldSet, item: &Value) {
        let others = fields.properties().filter(|(field, _, _)| !is_known_by(recover, *field));
        let shown = others.filter_map(|(field, name, _)| {
            let word = match item.get(name)? {
                Value::Null => SHOWN_NULL.to_owned(),
                found => likeness::kind_word(Some(found)),
            };
            Some((field.place(), word))
        });
        self.shown = shown.collect();
    }

    /// How it compares with what a row would make.
    pub(super) fn weigh(&self, recover: &Recover, fields: &Fields<'_>) -> Likeness {
        let mut likeness = Likeness::Same;
        for ((field, _), part) in recover.fields.iter().zip(&self.parts) {
            let Some(sent) = fields.get(*field) else { continue };
            let sent = likeness::normalised(&sent.to_json(), &recover.text);
            match part.as_ref().map_or(Likeness::Unreadable, |part| part.weigh(&sent)) {
                Likeness::Other => return Likeness::Other,
                Likeness::Unreadable => likeness = Likeness::Unreadable,
                Likeness::Altered if likeness == Likeness::Same => likeness = Likeness::Altered,
                Likeness::Altered | Likeness::Same => {}
            }
        }
        likeness
    }

    /// What the list shows of its kind that is not the row's, as in a note that the customer sees, and should not.
    pub(super) fn unlike(&self, recover: &Recover, row: &Kind) -> Vec<Unlike> {
        let words = self.kind.split('\n').zip(row.text().split('\n'));
        let kinds = recover.kinds.iter().zip(words).enumerate();
        kinds
            .filter(|(at, (_, (there, own)))| there != own && !self.untold.contains(at))
            .map(|(_, ((field, _), (there, own)))| Unlike {
                field: *field,
                there: there.to_owned(),
                row: own.to_owned(),
            })
            .collect()
    }

    /// The fingerprint of a field that it is known by; none where it does not show it.
    pub(super) fn value(&self, at: usize) -> Option<u64> {
        self.parts.get(at)?.as_ref().map(|part| part.value)
    }

    /// Whether another shows the very same of all that they are known by, and is of its kind.
    pub(super) fn shows_the_same(&self, other: &Self) -> bool {
        self.says_the_same(other) && self.kind == other.kind
    }

    /// Likewise, of whatever kind it is.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let values = |print: &Self| -> Vec<Option<u64>> {
            print.parts.iter().map(|part| part.as_ref().map(|part| part.value)).collect()
        };
        let (own, others) = (values(self), values(other));
        own == others && own.iter().any(Option::is_some)
    }

    /// What it shows of a flag, as a word; none where it does not.
    pub(super) fn flag(&self, recover: &Recover, field: Field) -> Option<&str> {
        let mut kinds = recover.kinds.iter().zip(self.kind.split('\n')).enumerate();
        match kinds.find(|(_, ((known, _), _))| *known == field) {
            Some((at, (_, word))) => Some(word).filter(|_| self.tells_kind(at)),
            None => {
                let mut shown = self.shown.iter();
                let word = shown.find(|(place, _)| *place == field.place());
                word.map(|(_, word)| word.as_str()).filter(|word| *word != SHOWN_NULL)
            }
        }
    }

    /// Whether it says what it is of its kind at the place of a field.
    pub(super) fn tells_kind(&self, at: usize) -> bool {
        !self.untold.contains(&at)
    }

    /// So many bytes it takes, about.
    pub(super) fn size(&self) -> usize {
        let text = self.text.as_ref().map_or(0, String::len);
        let shown: usize = self.shown.iter().map(|(_, word)| word.len()).sum();
        super::ITEM + 2 * self.id.len() + text + shown
    }
}

impl Part {
    fn weigh(&self, sent: &Value) -> Likeness {
        if self.value == fingerprint(&spelt(sent)) {
            return Likeness::Same;
        }
        let (Value::String(sent), false) = (sent, self.letters.is_empty()) else {
            return Likeness::Other;
        };
        let sent = [likeness::letters(sent), likeness::letters(&likeness::without_tags(sent))];
        let is_alike = |sent: &String| {
            !sent.is_empty() && self.letters.iter().any(|found| found.may_be_of(sent))
        };
        match sent.iter().any(is_alike) {
            true => Likeness::Altered,
            false if sent.iter().any(String::is_empty) => Likeness::Unreadable,
            false => Likeness::Other,
        }
    }
}

impl Letters {
    /// Whether they are the letters of a text, or enough of its first.
    fn may_be_of(&self, sent: &str) -> bool {
        let Self(count, bytes, print) = self;
        let is_enough = *bytes == sent.len() || *count >= likeness::SHORTEST_CUT;
        is_enough && sent.get(..*bytes).is_some_and(|begins| fingerprint(begins) == *print)
    }
}

/// Whether items are known by a field, or by it told apart from others.
pub(super) fn is_known_by(recover: &Recover, field: Field) -> bool {
    recover.fields.iter().chain(&recover.kinds).any(|(known, _)| *known == field)
}

/// The fingerprint of a value that is sent, in the one spelling in which values are compared.
pub(super) fn fingerprint_of(sent: &Value, recover: &Recover) -> u64 {
    fingerprint(&spelt(&likeness::normalised(sent, &recover.text)))
}

/// The fingerprint of several values together, each in the one spelling in which values are compared.
pub(super) fn fingerprint_of_all(values: &[Value], recover: &Recover) -> u64 {
    let spelt = values.iter().map(|value| spelt(&likeness::normalised(value, &recover.text)));
    fingerprint(&spelt.collect::<Vec<_>>().join("\n"))
}

/// The fingerprint of all that an item says: of what it is known by, and of these fields of what makes such things. What it
/// does not say counts too.
pub(super) fn contents_of(recover: &Recover, fields: Option<&FieldSet>, item: &Value) -> u64 {
    let at = |(_, pointers): &(Field, Vec<Pointer>)| {
        pointers.iter().find_map(|pointer| pointer.find(item)).cloned().unwrap_or_default()
    };
    let word = |value: Value| match value {
        Value::Null => Value::Null,
        value => likeness::kind_word(Some(&value)).into(),
    };
    let texts = recover.fields.iter().map(at);
    let kinds = recover.kinds.iter().map(at).map(word);
    let others = fields.into_iter().flat_map(FieldSet::properties);
    let others = others.filter(|(field, _, _)| !is_known_by(recover, *field));
    let others = others.map(|(_, name, _)| word(item.get(name).cloned().unwrap_or_default()));
    let all: Vec<Value> = texts.chain(kinds).chain(others).collect();
    fingerprint_of_all(&all, recover)
}

/// A value in one spelling: flags come as booleans or as 0 and 1.
fn spelt(value: &Value) -> String {
    match value {
        Value::Bool(flag) => u8::from(*flag).to_string(),
        other => other.to_string(),
    }
}

fn fingerprint(text: &str) -> u64 {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(8).fold(0, |print, byte| print << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::declared::connector::{Catalogue, TextChange};
    use crate::recover::likeness::Wanted;
    use crate::row::FieldValue;
    use crate::text::diagnostic::Place;

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ab&;lt<>\\r\\n 1é]{0,8}",
            "(abcdefgh ){3,4}",
            Just("<p>abcdefghabcdefghabcdefgh</p>".to_owned()),
            Just("abcdefghabcdefghabcdefgh abc".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn a_print_says_what_the_item_says(
            sent in texts(),
            found in prop_oneof![
                texts().prop_map(|text| json!(text)),
                Just(Value::Null),
                Just(json!(1)),
                Just(json!(true)),
            ],
            escapes in any::<bool>(),
        ) {
            let mut connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
            let create = std::sync::Arc::make_mut(connector.operations.get_mut("ticket_note.create").unwrap());
            let mut recover = create.recover.clone().unwrap();
            recover.text.extend(escapes.then_some(TextChange::HtmlEscapes));
            let mut fields = Fields::default();
            fields.set(create.fields.find("note").unwrap(), FieldValue::Text(sent.into()));
            let item = json!({"id": "tn_1", "note": found});
            let print = Print::of(&recover, "tn_1".to_owned(), &item);
            let whole = Wanted::of(&recover, &fields).weigh(&recover, &item);
            prop_assert_eq!(print.weigh(&recover, &fields), whole);
        }
    }
}
