//! A YAML file, read once: its values, and the place of each.
//!
//! Everything the user writes in YAML (jobs, connectors) comes through here, so that any later complaint
//! can point at the very characters. It knows nothing of what a file means; the types that a file is read
//! into live with their rooms and bring their own JSON Schema, which is what finds *all* structural
//! mistakes at once where a deserializer would stop at the first.

mod node;
mod raw;
mod syntax;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_yaml::Spanned;

pub(crate) use self::node::{Content, Node};
use self::raw::{Raw, node, yaml_options};
use self::syntax::{syntax_problem, too_many_keys};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, SourceText};
use crate::text::file_kind::{self, FileKind};
use crate::text::outline::Outline;
use crate::text::pointer::Pointer;
use crate::text::small_file;
use crate::text::violation::{Subject, Violation, asks_for_text};

/// How often a value is mended for its type before it is given up.
const MOST_REPAIRS: usize = 32;
/// Longer than any job or connector; the rows of one belong into a source.
const LARGEST: u64 = 64 << 20;

/// A YAML text with its values and their places.
#[derive(Debug, Clone)]
pub struct Document {
    source: Arc<SourceText>,
    root: Node,
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
