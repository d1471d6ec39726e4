//! Rows of JSON: one object a line, or the objects of one array. Numbers keep their text.
//!
//! Each object is cut out first, by its line break or its brackets, and then read with serde_json, so
//! one object is in memory at a time and a faulty one does not stop the rest. Not a JSON parser: what
//! is between the brackets is serde_json's to judge.

mod each;
mod exact;
mod scan;
#[cfg(test)]
mod tests;
mod walk;

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::text::code::Code;

use scan::bracketed_length;

use super::columns::Keys;
use super::empty;
use super::fault::Fault;
use super::input::Encoding;
use super::record::Record;
use super::window::{Spot, Window, characters};

pub(super) use each::JsonEach;
pub(super) use walk::JsonWalk;

/// A stream of JSON values, each of which is at hand as a whole.
pub(super) trait Elements {
    /// Brings the next value to hand; none where there are no more.
    fn find(&mut self) -> Result<Option<Element>, Fault>;

    fn window(&self) -> &Window;

    /// Goes on behind the value that is at hand.
    fn pass(&mut self, element: Element);

    /// What to say of a value that is no row.
    fn hint(&self) -> &'static str;

    /// Where the last value ends that was passed; none where that cannot be gone to.
    fn spot(&self) -> Option<Spot>;

    fn go_to(&mut self, spot: Spot) -> Result<(), Fault>;

    /// Where the value at hand stands in the file, where that is more than a line.
    fn pointer(&self) -> Option<String> {
        None
    }

    /// Reads the next row. False: there is none.
    fn read(&mut self, record: &mut Record, keys: &mut Keys) -> Result<bool, Fault> {
        let Some(element) = self.find()? else { return Ok(false) };
        let read = Object::at_hand(self.window(), element.length).read(record, keys);
        let within = self.pointer();
        self.pass(element);
        record.place.within = within.as_deref().map(Arc::from);
        match read {
            Ok(()) => Ok(true),
            Err(fault) => Err(self.explain(fault, element).within(within)),
        }
    }

    /// What is wrong with a value that was at hand.
    fn explain(&self, fault: Fault, element: Element) -> Fault {
        match element.is_whole {
            true => fault.hint_if_none(self.hint()),
            false => fault.hint_if_none(CUT_OFF_HINT).last(),
        }
    }
}

/// A value at hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    length: usize,
    /// Whether the file goes on behind it as it should.
    is_whole: bool,
}

const LINES_HINT: &str = "each line has to be one whole JSON object, with nothing after it; if the file is one array, call it json";
const ARRAY_HINT: &str =
    "the file has to be one array of objects, as in [{\"ticket\": \"…\"}, {\"ticket\": \"…\"}]";
const NOT_UTF8_HINT: &str = "JSON is UTF-8, as a rule: export the file again in it, or name its encoding, as in `encoding: windows-1258`";
const CUT_OFF_HINT: &str = "is the file cut off? every `[`, `{` and `\"` has to be closed";

/// One object a line.
pub(super) struct JsonLines {
    window: Window,
}

impl JsonLines {
    pub(super) fn begin(mut window: Window) -> Result<Self, Fault> {
        // No lines are no rows, as after a night without news; only what cannot be read is a fault.
        window.first_not(is_blank).map_err(Fault::io)?;
        Ok(Self { window })
    }
}

impl Elements for JsonLines {
    fn find(&mut self) -> Result<Option<Element>, Fault> {
        if self.window.first_not(is_blank).map_err(Fault::io)?.is_none() {
            return Ok(None);
        }
        let line = self.window.line();
        let Some(length) = self.window.cut(line_length).map_err(Fault::io)? else {
            self.window.skip_line().map_err(Fault::io)?;
            return Err(Fault::row_too_long(line, self.window.longest()));
        };
        Ok(Some(Element { length, is_whole: true }))
    }

    fn window(&self) -> &Window {
        &self.window
    }

    fn pass(&mut self, element: Element) {
        self.window.pass_counting(element.length);
    }

    fn hint(&self) -> &'static str {
        LINES_HINT
    }

    fn spot(&self) -> Option<Spot> {
        self.window.can_go().then(|| self.window.spot())
    }

    fn go_to(&mut self, spot: Spot) -> Result<(), Fault> {
        self.window.go_to(spot).map_err(Fault::io)
    }
}

/// The objects of one array.
pub(super) struct JsonArray {
    window: Window,
    expected: Expected,
}

/// What may come next in an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    ElementOrEnd,
    Element,
    CommaOrEnd,
    Nothing,
}

impl JsonArray {
    pub(super) fn begin(mut window: Window) -> Result<Self, Fault> {
        match window.first_not(is_blank).map_err(Fault::io)? {
            None => Err(empty(ARRAY_HINT)),
            Some(b'[') => {
                window.pass_counting(1);
                Ok(Self { window, expected: Expected::ElementOrEnd })
            }
            Some(b'{') => Err(Fault::file(Code::JsonSyntax, "the file begins with an object")
                .hint(format!("{ARRAY_HINT}; if each line is an object, call it jsonl"))),
            Some(_) => {
                let message = "the file does not begin with `[`";
                Err(Fault::file(Code::JsonSyntax, message).hint(ARRAY_HINT))
            }
        }
    }

    fn pass_sign(&mut self, expected: Expected) {
        self.window.pass_counting(1);
        self.expected = expected;
    }

    /// Something between the elements that is not theirs.
    fn stray(&self, what: &str) -> Fault {
        stray(&self.window, what).hint(ARRAY_HINT).not_last()
    }
}

/// Something at hand that does not belong there.
fn stray(window: &Window, what: &str) -> Fault {
    let (line, column) = (window.line(), window.column());
    let byte = window.bytes().first().copied().unwrap_or_default();
    let sign = match byte {
        b'!'..=b'~' => format!("`{}`", char::from(byte)),
        _ => "something".to_owned(),
    };
    let message = format!("{sign} stands {what} (line {line}, column {column})");
    Fault::file(Code::JsonSyntax, message)
}

impl Elements for JsonArray {
    fn find(&mut self) -> Result<Option<Element>, Fault> {
        loop {
            let next = self.window.first_not(is_blank).map_err(Fault::io)?;
            let expected = self.expected;
            match (expected, next) {
                (Expected::Nothing, None) => return Ok(None),
                (Expected::Nothing, Some(_)) => return Err(self.stray("after the array").last()),
                (_, None) => return Err(unfinished_array()),
                (Expected::Element, Some(b']' | b',')) => {
                    self.expected = Expected::CommaOrEnd;
                    return Err(self.stray("where an object should be, after a comma"));
                }
                (Expected::ElementOrEnd | Expected::CommaOrEnd, Some(b']')) => {
                    self.pass_sign(Expected::Nothing);
                }
                (Expected::CommaOrEnd, Some(b',')) => self.pass_sign(Expected::Element),
                (Expected::CommaOrEnd, Some(b'{')) => {
                    self.expected = Expected::Element;
                    return Err(self.stray("without a comma before it"));
                }
                (Expected::CommaOrEnd, Some(_)) => {
                    return Err(self.stray("where a comma should be").last());
                }
                (Expected::Element | Expected::ElementOrEnd, Some(_)) => {
                    self.expected = Expected::CommaOrEnd;
                    return at_hand(&mut self.window, element_length).map(Some);
                }
            }
        }
    }

    fn window(&self) -> &Window {
        &self.window
    }

    fn pass(&mut self, element: Element) {
        self.window.pass_counting(element.length);
    }

    fn hint(&self) -> &'static str {
        ARRAY_HINT
    }

    /// None where something other than a comma or the end is expected there.
    fn spot(&self) -> Option<Spot> {
        let can_go = self.expected == Expected::CommaOrEnd && self.window.can_go();
        can_go.then(|| self.window.spot())
    }

    fn go_to(&mut self, spot: Spot) -> Result<(), Fault> {
        self.expected = Expected::CommaOrEnd;
        self.window.go_to(spot).map_err(Fault::io)
    }
}

/// Brings the value to hand that begins with the first byte at hand.
fn at_hand(
    window: &mut Window,
    length: fn(&[u8], bool) -> Option<usize>,
) -> Result<Element, Fault> {
    let whole = window.cut(length).map_err(Fault::io)?;
    let longest = window.longest();
    if whole.is_none() && window.bytes().len() >= longest.bytes() {
        return Err(Fault::row_too_long(window.line(), longest).last());
    }
    // Brackets that do not match leave the rest of the file; the reader says where they went wrong.
    Ok(Element { length: whole.unwrap_or(window.bytes().len()), is_whole: whole.is_some() })
}

fn unfinished_array() -> Fault {
    Fault::file(Code::JsonSyntax, "the file ends before its array does").hint(CUT_OFF_HINT)
}

fn unfinished() -> Fault {
    Fault::file(Code::JsonSyntax, "the file ends before its JSON value does").hint(CUT_OFF_HINT)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn line_length(bytes: &[u8], ended: bool) -> Option<usize> {
    memchr::memchr(b'\n', bytes).or(ended.then_some(bytes.len()))
}

/// The length of the array element that the bytes begin with.
fn element_length(bytes: &[u8], ended: bool) -> Option<usize> {
    match bytes.first()? {
        b'{' | b'[' | b'"' => bracketed_length(bytes),
        _ => {
            let stop = |byte: &u8| is_blank(*byte) || matches!(byte, b',' | b']');
            bytes.iter().position(stop).or(ended.then_some(bytes.len()))
        }
    }
}

/// The text of what should be an object, and where it stands.
struct Object<'a> {
    text: &'a [u8],
    line: u64,
    column: u64,
    encoding: Encoding,
}

impl<'a> Object<'a> {
    fn at_hand(window: &'a Window, length: usize) -> Self {
        let text = window.bytes().get(..length).unwrap_or_default();
        let (line, column, encoding) = (window.line(), window.column(), window.encoding());
        Self { text, line, column, encoding }
    }

    fn read(&self, record: &mut Record, keys: &mut Keys) -> Result<(), Fault> {
        record.clear();
        record.place.line = self.line;
        let text = self.utf8()?;
        if !text.starts_with('{') {
            return Err(self.not_an_object(text));
        }
        let mut flaws = Flaws::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        Cells { record, keys, flaws: &mut flaws }
            .deserialize(&mut deserializer)
            .and_then(|()| deserializer.end())
            .map_err(|error| self.syntax(&error, flaws.column.take()))?;
        self.judge(flaws)
    }

    /// The text as one.
    fn utf8(&self) -> Result<&'a str, Fault> {
        // The fast way says only that something is wrong, the other one where.
        let slowly = || std::str::from_utf8(self.text).map_err(|error| self.not_utf8(&error));
        simdutf8::basic::from_utf8(self.text).or_else(|_| slowly())
    }

    fn judge(&self, flaws: Flaws) -> Result<(), Fault> {
        if let Some(name) = flaws.duplicate {
            let message = format!("the object has `{name}` more than once");
            return Err(Fault::row(self.line, Code::DuplicateKey, message)
                .column(Some(&name))
                .hint("delete all but one of them"));
        }
        if flaws.too_many_keys {
            let message = "the objects of the file have more than 10,000 different keys";
            return Err(Fault::row(self.line, Code::TooManyColumns, message)
                .hint("a key names a column; what differs from row to row has to be a value"));
        }
        Ok(())
    }

    fn not_an_object(&self, text: &str) -> Fault {
        if let Err(error) = serde_json::from_str::<&RawValue>(text) {
            return self.syntax(&error, None);
        }
        let kind = match text.as_bytes().first() {
            Some(b'[') => "an array",
            Some(b'"') => "a text",
            Some(b'n') => "null",
            Some(b't' | b'f') => "true or false",
            _ => "a number",
        };
        Fault::row(self.line, Code::NotAnObject, format!("the row is {kind}, not an object"))
    }

    fn syntax(&self, error: &serde_json::Error, column: Option<Arc<str>>) -> Fault {
        let message = in_words(&error.to_string());
        let place = self.place(self.offset(error.line(), error.column()));
        Fault::row(self.line, Code::JsonSyntax, format!("not good JSON: {message} ({place})"))
            .column(column.as_ref())
    }

    fn not_utf8(&self, error: &std::str::Utf8Error) -> Fault {
        if !self.encoding.is_utf8() {
            return Fault::not_text((self.line, 0), self.text, self.encoding);
        }
        let place = self.place(error.valid_up_to());
        Fault::row(self.line, Code::InvalidUtf8, format!("the text is not UTF-8 ({place})"))
            .hint(NOT_UTF8_HINT)
    }

    /// The byte that serde_json's line and column, from 1, stand for.
    fn offset(&self, line: usize, column: usize) -> usize {
        let lines = self.text.split_inclusive(|byte| *byte == b'\n');
        let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
        before + column.saturating_sub(1)
    }

    /// A byte of the text as a line and a column of the file.
    fn place(&self, offset: usize) -> String {
        let before = self.text.get(..offset).unwrap_or(self.text);
        match before.iter().rposition(|byte| *byte == b'\n') {
            None => format!("column {}", self.column + characters(before)),
            Some(at) => {
                let line = self.line + super::window::line_feeds(before);
                format!("line {line}, column {}", 1 + characters(&before[at + 1..]))
            }
        }
    }
}

/// The parser's message in words for people, without its place.
fn in_words(message: &str) -> String {
    let what = message.split_once(" at line ").map_or(message, |(what, _)| what);
    match what {
        "expected ident" | "expected value" => "there is no JSON value here".to_owned(),
        "key must be a string" => "a key in double quotes has to stand here".to_owned(),
        "trailing characters" => "something stands after the end of the object".to_owned(),
        "trailing comma" => "there is a comma too many".to_owned(),
        _ => what.replace("EOF while parsing", "the text ends within"),
    }
}

/// What is wrong with an object that is good JSON.
#[derive(Default)]
struct Flaws {
    duplicate: Option<Arc<str>>,
    too_many_keys: bool,
    /// The key whose value could not be read.
    column: Option<Arc<str>>,
}

/// Reads an object into the cells of a record.
struct Cells<'a> {
    record: &'a mut Record,
    keys: &'a mut Keys,
    flaws: &'a mut Flaws,
}

impl<'de> DeserializeSeed<'de> for Cells<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Cells<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let line = self.record.place.line;
        while let Some(column) = map.next_key_seed(Key(self.keys, line))? {
            let value: &RawValue = map.next_value()?;
            let Some(column) = column else {
                self.flaws.too_many_keys = true;
                continue;
            };
            let name = self.keys.columns().names().get(column);
            if self.keys.is_stray(column) {
                self.record.add_stray(name);
            }
            if self.record.has(column) {
                self.flaws.duplicate = name.cloned();
            } else if let Err(error) = set(self.record, column, value.get()) {
                self.flaws.column = name.cloned();
                return Err(A::Error::custom(error));
            }
        }
        Ok(())
    }
}

/// Reads a key, on a line, as the index of its column; none when there are too many.
struct Key<'a>(&'a mut Keys, u64);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.found(name, self.1))
    }
}

/// Sets a cell from a JSON value as written.
fn set(record: &mut Record, column: usize, written: &str) -> Result<(), serde_json::Error> {
    match written.as_bytes().first() {
        Some(b'n') => record.set_null(column),
        Some(b't') => record.set_bool(column, true),
        Some(b'f') => record.set_bool(column, false),
        Some(b'"') => match plain_text(written) {
            Some(text) => record.set_text(column, text),
            None => record.set_text(column, &serde_json::from_str::<String>(written)?),
        },
        Some(b'[' | b'{') => {
            record.set_json(column, exact::value(written)?, written.len());
        }
        _ => record.set_number(column, written),
    }
    Ok(())
}

/// What is between the quotes, when nothing in it is escaped.
fn plain_text(written: &str) -> Option<&str> {
    let text = written.strip_prefix('"')?.strip_suffix('"')?;
    (!text.as_bytes().contains(&b'\\')).then_some(text)
}
