//! How what an item bears compares with what was sent. Other sides write texts in their own way: they trim, escape, cut, or
//! leave signs out.
//!
//! Not which items count, nor what follows from one that is alike.

use icu_normalizer::ComposingNormalizerBorrowed;
use serde_json::Value;

use crate::declared::connector::{Recover, TextChange};
use crate::row::Fields;
use crate::text::pointer::Pointer;

/// A text that was cut is known by so many letters.
pub(super) const SHORTEST_CUT: usize = 20;

/// How an item compares with what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    Same,
    /// It may be what was sent, with something done to it.
    Altered,
    /// It shows nothing that could be compared: it may be what was sent, or anything.
    Unreadable,
    Other,
}

/// What was sent, as far as an item is known by it.
#[derive(Debug)]
pub(super) struct Wanted(Vec<Part>);

#[derive(Debug)]
struct Part {
    /// Where an item has it.
    pointers: Vec<Pointer>,
    /// Normalised.
    value: Value,
}

impl Wanted {
    pub(super) fn of(recover: &Recover, fields: &Fields<'_>) -> Self {
        let parts = recover.fields.iter().filter_map(|(field, pointers)| {
            let value = normalised(&fields.get(*field)?.to_json(), &recover.text);
            Some(Part { pointers: pointers.clone(), value })
        });
        Self(parts.collect())
    }

    /// The least of how the parts compare.
    pub(super) fn weigh(&self, recover: &Recover, item: &Value) -> Likeness {
        let mut likeness = Likeness::Same;
        for part in &self.0 {
            let found = part.pointers.iter().find_map(|pointer| pointer.find(item));
            match found.map_or(Likeness::Unreadable, |found| part.weigh(recover, found)) {
                Likeness::Other => return Likeness::Other,
                Likeness::Unreadable => likeness = Likeness::Unreadable,
                Likeness::Altered if likeness == Likeness::Same => likeness = Likeness::Altered,
                Likeness::Altered | Likeness::Same => {}
            }
        }
        likeness
    }
}

/// What an item shows of the fields by which what was made is known, normalised: two items that show the same are alike,
/// whatever the other side has made of what was sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown(Vec<Option<Value>>);

impl Shown {
    pub(super) fn of(recover: &Recover, item: &Value) -> Self {
        let parts = recover.fields.iter().chain(&recover.kinds).map(|(_, pointers)| {
            let found = pointers.iter().find_map(|pointer| pointer.find(item))?;
            Some(normalised(found, &recover.text)).filter(|found| !found.is_null())
        });
        Self(parts.collect())
    }

    /// Whether it lacks all that it could be known by.
    pub(super) fn is_unreadable(&self, recover: &Recover) -> bool {
        self.0.iter().take(recover.fields.len()).any(Option::is_none)
    }
}

impl Part {
    fn weigh(&self, recover: &Recover, found: &Value) -> Likeness {
        if agrees(&normalised(found, &recover.text), &self.value) {
            return Likeness::Same;
        }
        match (found, &self.value) {
            (Value::Null, _) => Likeness::Unreadable,
            (Value::String(found), Value::String(sent)) => altered(found, sent),
            _ => Likeness::Other,
        }
    }
}

/// Whether a text may be what has become of another.
fn altered(found: &str, sent: &str) -> Likeness {
    let sent = [letters(sent), letters(&without_tags(sent))];
    let plain = undone(found);
    let found = [letters(&plain), letters(&without_tags(&plain))];
    let is_alike = |sent: &String| {
        !sent.is_empty() && found.iter().any(|found| found == sent || is_cut(found, sent))
    };
    match sent.iter().any(is_alike) {
        true => Likeness::Altered,
        // Of a text without letters nobody knows what is made.
        false if sent.iter().any(String::is_empty) => Likeness::Unreadable,
        false => Likeness::Other,
    }
}

fn is_cut(found: &str, sent: &str) -> bool {
    sent.starts_with(found) && found.chars().count() >= SHORTEST_CUT
}

/// With all escapes undone, also those that were made twice.
pub(super) fn undone(text: &str) -> String {
    let mut text = unescaped(text);
    for _ in 0..2 {
        text = unescaped(&text);
    }
    text
}

/// Without what stands in angle brackets.
pub(super) fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        let Some((_, after)) = tag.split_once('>') else { break };
        plain.push_str(before);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// What is left of a text by whatever shows it.
pub(super) fn letters(text: &str) -> String {
    composed(text).chars().filter(|character| character.is_alphanumeric()).collect()
}

fn composed(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
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
pub(super) fn normalised(value: &Value, changes: &[TextChange]) -> Value {
    match value {
        Value::String(text) => Value::String(normalised_text(text, changes)),
        other => other.clone(),
    }
}

/// A text as it would be after what the other side may do to texts.
pub(crate) fn in_one_spelling(text: &str, changes: &[TextChange]) -> String {
    normalised_text(text, changes)
}

/// Letters with marks are the same however they are put together.
pub(super) fn normalised_text(text: &str, changes: &[TextChange]) -> String {
    let mut text = composed(text);
    for change in changes {
        text = match change {
            TextChange::LineEnds => text.replace("\r\n", "\n").replace('\r', "\n"),
            TextChange::Trimming => text.trim().to_owned(),
            TextChange::HtmlEscapes => unescaped(&text),
        };
    }
    text
}

/// The escapes that servers make of `& < > " '`; `&amp;` last, so that nothing is undone twice.
pub(super) fn unescaped(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#039;", "'"),
        ("&#x27;", "'"),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

/// The longest word that tells a kind, in bytes.
const LONGEST_KIND: usize = 64;

/// By what the other side may leave an item out of a list, in one text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Kind(String);

impl Kind {
    /// The kind of what a row makes.
    pub(crate) fn of_row(recover: &Recover, fields: &Fields<'_>) -> Self {
        let values = recover.kinds.iter();
        Self::of(values.map(|(field, _)| fields.get(*field).map(|value| value.to_json())))
    }

    /// The kind of an item, as far as the list tells.
    pub(super) fn of_item(recover: &Recover, item: &Value) -> Self {
        let found = recover
            .kinds
            .iter()
            .map(|(_, pointers)| pointers.iter().find_map(|pointer| pointer.find(item)).cloned());
        Self::of(found)
    }

    /// Whether an item is said to be of another kind. What the list does not say is taken for either.
    pub(super) fn differs(&self, recover: &Recover, item: &Value) -> bool {
        recover.kinds.iter().zip(self.0.split('\n')).any(|((_, pointers), own)| {
            let shown = pointers.iter().find_map(|pointer| pointer.find(item));
            shown.filter(|shown| !shown.is_null()).is_some_and(|shown| word(Some(shown)) != own)
        })
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    fn of(values: impl Iterator<Item = Option<Value>>) -> Self {
        let word = |value: Option<Value>| kind_word(value.as_ref());
        Self(values.map(word).collect::<Vec<_>>().join("\n"))
    }
}

/// A value in the word by which kinds and flags are compared.
pub(crate) fn spoken(value: &Value) -> String {
    kind_word(Some(value))
}

/// A value as a word. What is longer says no kind, and would be remembered for each item.
pub(super) fn kind_word(value: Option<&Value>) -> String {
    let mut word = word(value);
    word.truncate(word.floor_char_boundary(LONGEST_KIND));
    word
}

/// What is not said counts as false, or 0.
fn word(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => "0".to_owned(),
        Some(Value::Bool(true)) => "1".to_owned(),
        Some(Value::String(text)) if text.is_empty() || text == "false" => "0".to_owned(),
        Some(Value::String(text)) if text == "true" => "1".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The text that bears a marker.
#[derive(Debug)]
pub(super) struct Marked {
    pointers: Vec<Pointer>,
    /// Normalised.
    marker: String,
    /// Letters and digits of the marker, and of the whole text.
    marker_letters: String,
    letters: String,
}

impl Marked {
    pub(super) fn new(recover: &Recover, fields: &Fields<'_>, marker: &str) -> Option<Self> {
        let marked = recover.marker?;
        let (_, pointers) = recover.fields.iter().find(|(field, _)| *field == marked)?;
        Some(Self {
            pointers: pointers.clone(),
            marker: normalised_text(marker, &recover.text).trim().to_owned(),
            marker_letters: letters(marker),
            letters: letters(fields.get(marked)?.as_str()?),
        })
    }

    pub(super) fn weigh(&self, recover: &Recover, item: &Value) -> Likeness {
        let text = self.pointers.iter().find_map(|pointer| pointer.find(item));
        let Some(text) = text.and_then(Value::as_str) else { return Likeness::Unreadable };
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
