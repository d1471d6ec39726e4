//! A YAML file, read once: its values, and the place of each.
//!
//! Everything the user writes in YAML (jobs, connectors) comes through here, so that any later complaint
//! can point at the very characters. It knows nothing of what a file means; the types that a file is read
//! into live with their rooms and bring their own JSON Schema, which is what finds *all* structural
//! mistakes at once where a deserializer would stop at the first.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};
use serde_yaml::Spanned;

use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, SourceText};
use crate::text::file_kind::{self, FileKind};
use crate::text::outline::Outline;
use crate::text::pointer::Pointer;
use crate::text::small_file;
use crate::text::violation::{Subject, Violation, asks_for_text};
use crate::text::yaml_advice;

/// How often a value is mended for its type before it is given up.
const MOST_REPAIRS: usize = 32;
/// The most keys that a mapping may have.
const MOST_KEYS: usize = 5_000;

/// A YAML text with its values and their places.
#[derive(Debug, Clone)]
pub struct Document {
    source: Arc<SourceText>,
    root: Node,
}

/// A value and the bytes it was written in.
#[derive(Debug, Clone)]
pub struct Node {
    pub span: Range<usize>,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub enum Content {
    Null,
    Bool(bool),
    /// As written, so that a 20-digit id loses nothing.
    Number(Box<str>),
    Text(Box<str>),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping and the bytes it was written in.
/// Longer than any job or connector; the rows of one belong into a source.
const LARGEST: u64 = 64 << 20;

#[derive(Debug, Clone)]
pub struct Key {
    pub name: Box<str>,
    pub span: Range<usize>,
}

/// What a document was read into.
#[derive(Debug)]
pub struct Reading<T> {
    /// None where it is too far from what it should be.
    pub value: Option<T>,
    /// What is wrong with its structure.
    pub problems: Vec<Diagnostic>,
    /// Where the value is not what was written.
    pub unsound: Unsound,
}

/// Where something that will not do was left out or replaced. Whatever else is found there follows from that.
#[derive(Debug, Clone, Default)]
pub struct Unsound(Vec<Pointer>);

impl Unsound {
    /// Whether what stands at a place, or around it, was put there.
    pub fn covers(&self, pointer: &Pointer) -> bool {
        self.0.iter().any(|at| pointer.starts_with(at))
    }

    /// Whether something was put there or anywhere within.
    pub fn touches(&self, pointer: &Pointer) -> bool {
        self.covers(pointer) || self.0.iter().any(|at| at.starts_with(pointer))
    }

    fn is_at(&self, pointer: &Pointer) -> bool {
        self.0.contains(pointer)
    }

    fn replace(&mut self, violation: &Violation, outline: &Outline<'_>, value: &mut Value) {
        let pointer = &violation.pointer;
        if violation.code != Code::UnknownKey {
            return self.put(pointer, outline.least(pointer), value);
        }
        if let Some((parent, name)) = pointer.split_last()
            && let Some(Value::Object(parent)) = parent.find_mut(value)
        {
            parent.shift_remove(&*name);
        }
        self.0.push(pointer.clone());
    }

    fn put(&mut self, pointer: &Pointer, least: Value, value: &mut Value) {
        if let Some(here) = pointer.find_mut(value) {
            *here = least;
        } else if let Some((parent, name)) = pointer.split_last()
            && let Some(Value::Object(parent)) = parent.find_mut(value)
        {
            parent.insert(name.into_owned(), least);
        }
        self.0.push(pointer.clone());
    }
}

impl Document {
    /// Reads a file. An unreadable file and broken YAML are diagnostics.
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        let name = path.display().to_string();
        let bytes = small_file::read(path, LARGEST).map_err(|error| {
            let place = Place::File(name.as_str().into());
            Diagnostic::error(
                Code::UnreadableFile,
                place,
                format!("the file cannot be read: {error}"),
            )
            .hint("check the path and the file's permissions")
        })?;
        let place = || Place::File(name.as_str().into());
        if let Some(kind) = FileKind::of(&bytes[..bytes.len().min(file_kind::HEAD)]) {
            return Err(kind.refused(place()));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let place = place();
            let at = error.utf8_error().valid_up_to();
            Diagnostic::error(
                Code::InvalidUtf8,
                place,
                format!("the file is not UTF-8 (byte {at})"),
            )
            .hint("save the file as UTF-8")
        })?;
        Self::parse(name, text)
    }

    /// Reads a text; `name` is what diagnostics call it.
    pub fn parse(name: String, text: String) -> Result<Self, Diagnostic> {
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        let source = Arc::new(SourceText { name, text });
        match serde_yaml::from_str_with_options::<Spanned<Raw>>(
            &source.text,
            yaml_options(source.text.len()),
        ) {
            Ok(raw) => {
                let root = node(raw, &source.text);
                match root.oversized_mapping() {
                    Some(span) => Err(too_many_keys(&source, span)),
                    None => Ok(Self { source, root }),
                }
            }
            Err(error) => Err(syntax_problem(&source, &error)),
        }
    }

    pub fn name(&self) -> &str {
        &self.source.name
    }

    pub fn root(&self) -> &Node {
        &self.root
    }

    pub fn source(&self) -> &Arc<SourceText> {
        &self.source
    }

    /// The place of a span of this document.
    pub fn place(&self, span: &Range<usize>) -> Place {
        Place::Text(Arc::clone(&self.source), span.clone())
    }

    /// The place of the value at a pointer, or of its nearest parent that was written.
    pub fn place_at(&self, pointer: &Pointer) -> Place {
        self.place(&self.locate(pointer).1)
    }

    /// The place of the key that a pointer ends in, or of its nearest parent that was written.
    pub fn place_of_key(&self, pointer: &Pointer) -> Place {
        self.place(&self.locate(pointer).0)
    }

    /// The value at a pointer.
    pub fn at(&self, pointer: &Pointer) -> Option<&Node> {
        pointer.tokens().try_fold(&self.root, |node, token| node.child(&token).map(|found| found.1))
    }

    /// Reads the document into a type. All structural mistakes are told, each with its place.
    ///
    /// A number or a truth value where a text belongs is that text as it was written, so that a job may be called 500.
    /// What will not do is told and replaced by the least that may stand there, so that what else is wrong can be found,
    /// too: a value with problems is for finding more of them, not for use.
    pub fn read_as<T: DeserializeOwned + JsonSchema>(&self) -> Reading<T> {
        let mut value = self.root.to_json();
        if let Ok(read) = T::deserialize(&value) {
            return Reading {
                value: Some(read),
                problems: Vec::new(),
                unsound: Unsound::default(),
            };
        }
        let schema = schemars::schema_for!(T).to_value();
        let validator = jsonschema::validator_for(&schema).ok();
        if let Some(validator) = &validator {
            self.take_as_written(validator, &mut value);
        }
        let errors = validator.iter().flat_map(|validator| validator.iter_errors(&value));
        let violations: Vec<Violation> =
            errors.flat_map(|error| Violation::all_of(&error, &schema)).collect();
        let outline = Outline(&schema);
        let mut unsound = Unsound::default();
        for violation in &violations {
            unsound.replace(violation, &outline, &mut value);
        }
        let mut problems = self.in_order(violations, &outline);
        let value = self.read_repaired(value, &outline, &mut unsound, &mut problems);
        Reading { value, problems, unsound }
    }

    /// Reads a value in which what the schema refuses is replaced; the type itself may refuse more.
    fn read_repaired<T: DeserializeOwned>(
        &self,
        mut value: Value,
        outline: &Outline<'_>,
        unsound: &mut Unsound,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<T> {
        for _ in 0..MOST_REPAIRS {
            let error = match serde_path_to_error::deserialize(&value) {
                Ok(read) => return Some(read),
                Err(error) => error,
            };
            let mut pointer = pointer_of(error.path());
            if problems.is_empty() {
                let message = error.inner().to_string();
                let place = self.place_at(&pointer);
                problems.push(Diagnostic::error(Code::InvalidValue, place, message));
            }
            // What was replaced and will still not do lies within something that has no such form.
            while unsound.is_at(&pointer) {
                pointer = pointer.parent()?;
            }
            unsound.put(&pointer, outline.least(&pointer), &mut value);
        }
        None
    }

    /// Puts texts where a schema asks for them and a number or a truth value was written.
    fn take_as_written(&self, validator: &jsonschema::Validator, value: &mut Value) {
        let pointers: Vec<Pointer> =
            validator.iter_errors(value).flat_map(|error| asks_for_text(&error)).collect();
        for pointer in pointers {
            let written = self.at(&pointer).and_then(|node| self.written(node));
            if let (Some(written), Some(value)) = (written, pointer.find_mut(value)) {
                *value = Value::String(written);
            }
        }
    }

    /// A number or a truth value as it was written; none for anything else.
    fn written(&self, node: &Node) -> Option<String> {
        match &node.content {
            Content::Number(text) => Some(text.to_string()),
            Content::Bool(value) => {
                let understood = value.to_string();
                let written = self.source.text.get(node.span.clone()).map(str::trim);
                let same = written.filter(|written| written.eq_ignore_ascii_case(&understood));
                Some(same.map_or(understood.clone(), str::to_owned))
            }
            _ => None,
        }
    }

    /// What is wrong with the document's structure, in the order of the text.
    fn in_order(&self, violations: Vec<Violation>, outline: &Outline<'_>) -> Vec<Diagnostic> {
        let mut problems: Vec<Diagnostic> =
            violations.into_iter().map(|violation| self.explain(violation, outline)).collect();
        problems.sort_by_key(|problem| match &problem.place {
            Place::Text(_, span) => span.start,
            _ => 0,
        });
        problems
    }

    fn explain(&self, violation: Violation, outline: &Outline<'_>) -> Diagnostic {
        let example = || outline.example(&violation.pointer).map(|form| format!("as in {form}"));
        let words = violation.words(None);
        let hint = match violation.code {
            Code::UnknownKey => violation.hint,
            _ => violation.hint.or_else(example),
        };
        let place = match violation.subject {
            Subject::Key => self.place_of_key(&violation.pointer),
            Subject::Value | Subject::This | Subject::MustBe => self.place_at(&violation.pointer),
        };
        let code = match violation.code {
            // So it is called by whoever looks at the numbers and names of a document that reads well otherwise.
            Code::TooSmall | Code::TooLarge | Code::Empty => Code::InvalidValue,
            other => other,
        };
        let problem = Diagnostic::error(code, place, words);
        Diagnostic { hint, ..problem }
    }

    /// Spans of the key and of the value at a pointer; where it leads nowhere, of the nearest parent.
    fn locate(&self, pointer: &Pointer) -> (Range<usize>, Range<usize>) {
        let mut node = &self.root;
        let mut found = (node.span.clone(), node.span.clone());
        for token in pointer.tokens() {
            let Some((key, child)) = node.child(&token) else {
                return (found.0.clone(), found.0);
            };
            let key = key.map_or_else(|| child.span.clone(), |key| key.span.clone());
            let value = if child.is_scalar() { child.span.clone() } else { key.clone() };
            found = (key, value);
            node = child;
        }
        found
    }
}

impl Node {
    /// Where a mapping stands that has more keys than there may be.
    fn oversized_mapping(&self) -> Option<Range<usize>> {
        match &self.content {
            Content::Map(entries) if entries.len() > MOST_KEYS => Some(self.span.clone()),
            Content::Map(entries) => {
                entries.iter().find_map(|(_, value)| value.oversized_mapping())
            }
            Content::List(items) => items.iter().find_map(Self::oversized_mapping),
            _ => None,
        }
    }

    /// The value of a key, where this is a mapping.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.child(name).map(|found| found.1)
    }

    fn child(&self, token: &str) -> Option<(Option<&Key>, &Node)> {
        match &self.content {
            Content::Map(entries) => entries
                .iter()
                .find(|(key, _)| *key.name == *token)
                .map(|(key, node)| (Some(key), node)),
            Content::List(items) => {
                token.parse::<usize>().ok().and_then(|at| items.get(at)).map(|node| (None, node))
            }
            _ => None,
        }
    }

    fn is_scalar(&self) -> bool {
        !matches!(self.content, Content::List(_) | Content::Map(_))
    }

    /// The value as JSON. A number that JSON's numbers cannot hold without loss becomes text.
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(text) => json_number(text),
            Content::Text(text) => Value::String(text.to_string()),
            Content::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Content::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, node)| (key.name.to_string(), node.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

fn json_number(text: &str) -> Value {
    if let Ok(number) = text.parse::<i64>() {
        return Value::Number(number.into());
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Value::String(text.to_owned());
    }
    match text.parse::<f64>().ok().and_then(Number::from_f64) {
        Some(number) => Value::Number(number),
        None => Value::String(text.to_owned()),
    }
}

fn pointer_of(path: &serde_path_to_error::Path) -> Pointer {
    use serde_path_to_error::Segment;
    let mut pointer = Pointer::root();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push(*index),
            Segment::Map { key } => pointer.push(key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// So many bytes more than a file has may stand in all of its texts: aliases repeat them.
const REPEATED_BYTES: usize = 16 << 20;

/// YAML 1.2's plain meaning: `yes`, `0123` and `1_000` are text. Enough room for a job with 100,000 rows in it. `length` is
/// that of the file.
fn yaml_options(length: usize) -> serde_yaml::Options {
    serde_yaml::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        budget: serde_yaml::budget! {
            max_events: 20_000_000,
            max_nodes: 10_000_000,
            max_total_scalar_bytes: length.saturating_add(REPEATED_BYTES),
        },
        // A few lines of aliases of aliases stand for any number of values.
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: 100_000 },
    }
}

/// Each key is looked for among all others of its mapping.
fn too_many_keys(source: &Arc<SourceText>, span: Range<usize>) -> Diagnostic {
    let message = format!("a mapping here has more than {MOST_KEYS} keys");
    Diagnostic::error(Code::YamlSyntax, Place::Text(Arc::clone(source), span), message)
        .hint("no job and no connector needs so many; rows belong into a data file")
}

fn syntax_problem(source: &Arc<SourceText>, error: &serde_yaml::Error) -> Diagnostic {
    let error = error.without_snippet();
    let place = match error.location() {
        Some(location) => {
            let start = offset_of(&source.text, location.line(), location.column());
            let end = source.text.ceil_char_boundary(start + 1);
            Place::Text(Arc::clone(source), start..end)
        }
        None => Place::File(source.name.as_str().into()),
    };
    match what_it_is(error) {
        serde_yaml::Error::MultipleDocuments { .. } => {
            Diagnostic::error(Code::YamlSyntax, place, "a second document begins in this file")
                .hint("each job or operation has a file of its own: split it at the `---`")
        }
        serde_yaml::Error::NonFiniteFloat { value, .. } => {
            let message = format!("`{value}` is no number that JSON can hold");
            Diagnostic::error(Code::YamlSyntax, place, message)
                .hint(format!("if it is a text, put it in quotes: \"{value}\""))
        }
        serde_yaml::Error::AliasReplayLimitExceeded { max_total_replayed_events: most, .. } => {
            let message =
                format!("the aliases (`*name`) in this file repeat more than {most} values");
            Diagnostic::error(Code::YamlSyntax, place, message)
                .hint("write out what is meant; rows that are alike belong into a data file")
        }
        serde_yaml::Error::AliasReplayStackDepthExceeded { max_depth, .. } => {
            let message = format!("aliases (`*name`) lead to aliases more than {max_depth} times");
            Diagnostic::error(Code::YamlSyntax, place, message).hint("write out what is meant")
        }
        serde_yaml::Error::Budget { .. } => {
            let message = "this file comes to more than it may: aliases (`*name`) repeat its texts too often, or it is nested too deeply";
            Diagnostic::error(Code::YamlSyntax, place, message)
                .hint("write out what is meant; rows that are alike belong into a data file")
        }
        serde_yaml::Error::DuplicateMappingKey { key, .. } => {
            let message = match key {
                Some(key) => format!("the key `{key}` is written twice"),
                None => "a key is written twice".to_owned(),
            };
            Diagnostic::error(Code::DuplicateKey, place, message).hint("keep one of the two")
        }
        _ => advised(source, &place).unwrap_or_else(|| other_syntax_problem(error, place)),
    }
}

/// What was meant, where the line shows it.
fn advised(source: &Arc<SourceText>, place: &Place) -> Option<Diagnostic> {
    let Place::Text(_, range) = place else { return None };
    let found = yaml_advice::advice(&source.text, range.start)?;
    let place = Place::Text(Arc::clone(source), found.at);
    Some(Diagnostic::error(Code::YamlSyntax, place, found.message).hint(found.hint))
}

/// In the parser's words.
/// An error without the places at which an alias stands.
fn what_it_is(error: &serde_yaml::Error) -> &serde_yaml::Error {
    match error {
        serde_yaml::Error::AliasError { error, .. } => what_it_is(error),
        error => error,
    }
}

fn other_syntax_problem(error: &serde_yaml::Error, place: Place) -> Diagnostic {
    let rendered = error.render();
    let message = rendered.lines().next().unwrap_or("the YAML cannot be read");
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let message = match message.rfind(" at line ").or_else(|| message.rfind(" (line ")) {
        Some(at) => message[..at].to_owned(),
        None => message.to_owned(),
    };
    Diagnostic::error(Code::YamlSyntax, place, message)
}

fn offset_of(text: &str, line: u64, column: u64) -> usize {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(usize::try_from(line).unwrap_or(1).saturating_sub(1))
        .map(str::len)
        .sum();
    let rest = &text[line_start.min(text.len())..];
    let columns = usize::try_from(column).unwrap_or(1).saturating_sub(1);
    line_start + rest.char_indices().nth(columns).map_or(rest.len(), |(at, _)| at)
}

/// What the deserializer brings, before spans are sorted out.
enum Raw {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn node(raw: Spanned<Raw>, text: &str) -> Node {
    let span = span_of(&raw.referenced, text);
    let content = match raw.value {
        Raw::Null => Content::Null,
        Raw::Bool(value) => Content::Bool(value),
        Raw::Number(number) => Content::Number(written_number(number, &span, text)),
        Raw::Text(value) => Content::Text(value.into()),
        Raw::List(items) => Content::List(items.into_iter().map(|item| node(item, text)).collect()),
        Raw::Map(entries) => Content::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let span = span_of(&key.referenced, text);
                    (Key { name: key.value.into(), span }, node(value, text))
                })
                .collect(),
        ),
    };
    Node { span, content }
}

/// A number as the user wrote it: a field that takes text gets `0x1F` and `1e5` so. An alias stands elsewhere than
/// where its value was written, so it counts as it was understood.
fn written_number(understood: String, span: &Range<usize>, text: &str) -> Box<str> {
    let begins = |written: &&str| {
        written.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
    };
    let written = text.get(span.clone()).map(str::trim).filter(begins);
    match written {
        Some(written) if !written.contains(char::is_whitespace) => written.into(),
        _ => understood.into(),
    }
}

fn span_of(location: &serde_yaml::Location, text: &str) -> Range<usize> {
    let span = location.span();
    match (span.byte_offset(), span.byte_len()) {
        (Some(start), Some(length)) => {
            let start = usize::try_from(start).unwrap_or(0).min(text.len());
            let end = start.saturating_add(usize::try_from(length).unwrap_or(0)).min(text.len());
            start..end
        }
        _ => {
            let start = offset_of(text, location.line(), location.column());
            start..start
        }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Document {
        Document::parse("a.yaml".into(), text.into()).unwrap()
    }

    #[test]
    fn scalars_mean_what_they_say() {
        let document = parse(
            "x: 0x1F\na: 0123\nb: yes\nc: 1_000\nd: true\ne: 12345678901234567890\nf: 1.10\ng: ~\nh: \"12\"\ni: -4\n",
        );
        let expected = serde_json::json!({
            "x": "0x1F", "a": "0123", "b": "yes", "c": "1_000", "d": true, "e": "12345678901234567890",
            "f": 1.1, "g": null, "h": "12", "i": -4,
        });
        assert_eq!(document.root().to_json(), expected);
        assert!(
            matches!(&document.at(&Pointer::of(["f"])).unwrap().content, Content::Number(text) if **text == *"1.10")
        );
    }

    #[test]
    fn every_value_and_key_has_its_bytes() {
        let text = "job: thử\nmap:\n  note: \"{{ body }}\"\nrows:\n  - {a: 1, b: hai}\n";
        let document = parse(text);
        for (pointer, key, value) in [
            ("/job", "job", "thử"),
            ("/map/note", "note", "\"{{ body }}\""),
            ("/rows/0/b", "b", "hai"),
            ("/map", "map", "map"),
            ("/map/absent", "map", "map"),
        ] {
            let (found_key, found_value) = document.locate(&Pointer::parse(pointer).unwrap());
            assert_eq!(&text[found_key], key, "{pointer}");
            assert_eq!(&text[found_value], value, "{pointer}");
        }
    }

    #[test]
    fn broken_yaml_is_shown_where_it_breaks() {
        let mut shown = String::new();
        for text in [
            "a: 1\na: 2\n",
            "a: [1, 2\nb: 3\n",
            "a: \"x\n",
            "\t- a\n",
            "",
            "a: 1\n---\na: 2\n",
            "a: -.inf\n",
            "a: [.NaN]\n",
            "a: 1e999\n",
        ] {
            match Document::parse("a.yaml".into(), text.into()) {
                Ok(document) => shown.push_str(&format!("{:?}\n", document.root().to_json())),
                Err(problem) => shown.push_str(&problem.render(false)),
            }
        }
        insta::assert_snapshot!(shown);
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Example {
        name: String,
        count: Option<u32>,
        kind: Option<Kind>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        names: Option<Vec<String>>,
        within: Option<Box<Inner>>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Small,
        Large,
    }

    #[test]
    fn a_number_or_a_truth_value_where_a_text_belongs_is_taken_as_written() {
        for (written, name) in [
            ("500", Some("500")),
            ("1.10", Some("1.10")),
            ("0x1F", Some("0x1F")),
            ("12345678901234567890", Some("12345678901234567890")),
            ("True  # a remark", Some("True")),
            ("*one", Some("7")),
            ("~", None),
            ("[500]", None),
        ] {
            let document = parse(&format!("count: &one 7\nname: {written}\n"));
            let Reading { value: read, problems, .. } = document.read_as::<Example>();
            let found = read.filter(|_| problems.is_empty()).map(|example| example.name);
            assert_eq!(found.as_deref(), name, "{written}");
        }
        let nested =
            parse("name: a\ninner: { names: [b, 1.10], within: { names: [yes, true] } }\n");
        let Reading { value: read, problems, .. } = nested.read_as::<Example>();
        let inner = read.and_then(|read| read.inner).unwrap();
        assert_eq!((inner.names.unwrap().join(" "), problems), ("b 1.10".to_owned(), vec![]));
        assert_eq!(inner.within.unwrap().names.unwrap(), ["yes", "true"]);
        let problems = parse("name: a\nkind: 5\n").read_as::<Example>().problems;
        let messages: Vec<&str> = problems.iter().map(|problem| &*problem.message).collect();
        assert_eq!(messages, ["this must be one of small, large"]);
    }

    #[test]
    fn all_structural_mistakes_are_told_at_once() {
        let document = parse("nam: x\ncount: many\nkind: smal\n");
        let problems = document.read_as::<Example>().problems;
        let shown: String = problems.iter().map(|problem| problem.render(false)).collect();
        insta::assert_snapshot!(shown);
    }
}
