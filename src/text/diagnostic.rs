//! One value for whatever is wrong with an input, and its two renderings: text with a caret, and JSON.
//!
//! A diagnostic says what is wrong, where, and what to do about it, in the words of the person who wrote
//! the input. It is not for what happens to a row during a run (that is an outcome, with a state) and
//! not for failures of the machine (those are errors of their rooms).

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Map, Value, json};

use crate::text::code::Code;
use crate::text::place::RowPlace;
use crate::text::pointer::Pointer;

use super::lookalike::did_you_mean;
use super::spelling::canonical;
use super::visible::shown;

/// An error stops what was asked for; a warning is told and passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    Error,
    Warning,
}

/// A text that diagnostics point into.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceText {
    /// As the user would name it: a path, or a name such as `stringeex (built in)`.
    pub name: String,
    pub text: String,
}

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// No file is at fault: a flag, the environment.
    Nowhere,
    /// A whole file.
    File(Arc<str>),
    /// A stretch of a text that is at hand; the range is in bytes.
    Text(Arc<SourceText>, Range<usize>),
    /// A row of a source, or a cell of it.
    Row(CellPlace),
}

/// Where a row, or a cell of it, stands in its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellPlace {
    pub row: RowPlace,
    /// The source's column, if one is at fault.
    pub column: Option<Arc<str>>,
    /// The field that came of it.
    pub pointer: Option<Pointer>,
}

impl From<RowPlace> for Place {
    fn from(row: RowPlace) -> Self {
        Self::Row(CellPlace { row, column: None, pointer: None })
    }
}

/// Something wrong with an input. See the module's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it stops what was asked for.
    pub severity: Severity,
    /// What kind of mistake it is; a stable word for scripts.
    pub code: Code,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where.
    pub place: Place,
    /// True of every row alike, so it is told for the first one only.
    pub once: bool,
    /// The value at fault, where the same one may be at fault in many rows: those belong together.
    pub about: Option<Box<str>>,
    /// The column that the row lacks, where that is all that is wrong: if no row has it, that is told instead.
    pub lacks: Option<Arc<str>>,
}

impl Diagnostic {
    /// Something that stops what was asked for.
    pub fn error(code: Code, place: Place, message: impl Into<String>) -> Self {
        let severity = Severity::Error;
        Self {
            severity,
            code,
            message: message.into(),
            hint: None,
            place,
            once: false,
            about: None,
            lacks: None,
        }
    }

    /// Something that is told and passed over.
    pub fn warning(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, place, message) }
    }

    /// Says what to do about it, in place of any hint before.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says which value is at fault, where the same one may be at fault in many rows.
    #[must_use]
    pub fn about(self, value: Option<&str>) -> Self {
        Self { about: value.map(Box::from), ..self }
    }

    /// Adds "did you mean" where a name of `known` comes near to `written`, else lists what is known.
    #[must_use]
    pub fn hint_names<'a>(self, written: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        match closest(written, &known) {
            Some(name) => self.hint(did_you_mean(written, name)),
            None if known.is_empty() => self,
            None => self.hint(format!("known here: {}", known.join(", "))),
        }
    }

    /// Whether it stops what was asked for.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The `problem` event of the NDJSON output.
    pub fn to_event(&self) -> Value {
        let mut event = Map::new();
        event.insert("event".into(), "problem".into());
        match &self.place {
            Place::Nowhere => {}
            Place::File(file) => {
                event.insert("file".into(), json!(file));
            }
            Place::Text(source, range) => {
                let (line, column) = line_and_column(&source.text, range.start);
                event.insert("file".into(), json!(source.name));
                event.insert("line".into(), json!(line));
                event.insert("position".into(), json!(column));
            }
            Place::Row(place) => {
                event.insert("row".into(), json!(place.row.row));
                event.insert("line".into(), json!(place.row.line));
                event.insert("column".into(), json!(place.column));
                event.insert("pointer".into(), json!(place.pointer.as_ref().map(Pointer::as_str)));
                event.insert("file".into(), json!(place.row.file()));
                if let Some(within) = &place.row.within {
                    event.insert("within".into(), json!(within));
                }
            }
        }
        if let Some(value) = &self.about {
            event.insert("value".into(), json!(value));
        }
        event.insert("severity".into(), json!(self.severity.word()));
        event.insert("code".into(), json!(self.code.word()));
        event.insert("message".into(), json!(self.message));
        event.insert("hint".into(), json!(self.hint));
        Value::Object(event)
    }

    /// Several lines for a person: the message, the place with a caret, the hint. Ends with a line break.
    pub fn render(&self, color: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let (message, hint) = (shown(&self.message), self.hint.as_deref().map(shown));
        let mut group =
            Group::with_title(level.primary_title(message.as_ref()).id(self.code.word()));
        let (row_origin, file_origin, name);
        match &self.place {
            Place::Nowhere => {}
            Place::File(file) => {
                file_origin = shown(file.as_ref());
                group = group.element(Origin::path(file_origin.as_ref()));
            }
            Place::Text(source, range) => {
                let annotation = AnnotationKind::Primary.span(visible(&source.text, range));
                name = shown(&source.name);
                let snippet = Snippet::source(source.text.as_str())
                    .path(name.as_ref())
                    .annotation(annotation);
                group = group.element(snippet);
            }
            Place::Row(place) => {
                row_origin = shown(&place.to_string()).into_owned();
                group = group.element(Origin::path(row_origin.as_str()));
            }
        }
        if let Some(hint) = &hint {
            group = group.element(Level::HELP.with_name("hint").message(hint.as_ref()));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut text = renderer.render(&[group]);
        if matches!(self.place, Place::Nowhere) {
            // The renderer leaves an empty gutter line where there is no place to show.
            text = text.replacen("\n |\n", "\n", 1);
        }
        text.push('\n');
        text
    }
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl std::fmt::Display for CellPlace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.row.file(), self.row.line)?;
        if let Some(within) = &self.row.within {
            write!(formatter, " {within}")?;
        }
        if self.row.row > 0 {
            write!(formatter, " (row {}", self.row.row)?;
        } else {
            write!(formatter, " (header")?;
        }
        if let Some(column) = &self.column {
            write!(formatter, ", column `{column}`")?;
            let field = self.pointer.as_ref().and_then(Pointer::first);
            if let Some(field) = field.filter(|field| **field != **column) {
                write!(formatter, ", field `{field}`")?;
            }
        }
        write!(formatter, ")")
    }
}

/// The name of `known` that `written` was probably meant to be.
pub(crate) fn closest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace(['-', ' ', '.'], "_");
    let written = plain(written);
    let allowed = written.chars().count().div_ceil(3).min(3);
    let begins = |name: &&&str| written.len() >= 4 && plain(name).starts_with(&written);
    let near = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&written, &plain(name)), *name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name);
    near.or_else(|| known.iter().find(begins).copied())
}

/// The name of `known` of which `written` is most likely a slip. Asks for more likeness than [`closest`], since what comes near
/// to no name may well be meant.
pub(crate) fn slip_of<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let letters = |name: &str| -> String {
        canonical(name).to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect()
    };
    let written = letters(written);
    let length = written.chars().count();
    let allowed = if length < 6 { 1 } else { 2 };
    let near = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&written, &letters(name)), *name))
        .filter(|(distance, _)| length > 2 && *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name);
    let is_part = |name: &&&str| {
        let name = letters(name);
        let (short, long) =
            if name.len() < written.len() { (&name, &written) } else { (&written, &name) };
        short.len() >= 4 && short.len() * 2 > long.len() && long.contains(short.as_str())
    };
    near.or_else(|| known.iter().find(is_part).copied())
}

/// Line and column of a byte offset, both from 1; columns count characters.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The part of a range that a caret can stand under: inside the text, on its first line, of whole characters.
fn visible(text: &str, range: &Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(range.start);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = text.ceil_char_boundary(range.end.clamp(start, line_end.max(start)));
    let trimmed = start + text[start..end].trim_end().len();
    start..trimmed.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_meant() {
        let known = ["ticket_id", "note", "is_internal_note", "note_type"];
        for (written, meant) in [
            ("ticketid", Some("ticket_id")),
            ("Ticket-Id", Some("ticket_id")),
            ("nots", Some("note")),
            ("is_internal_notes", Some("is_internal_note")),
            ("is_internal", Some("is_internal_note")),
            ("body", None),
            ("x", None),
        ] {
            assert_eq!(closest(written, &known), meant, "{written}");
        }
    }

    #[test]
    fn a_slip_is_told_from_a_name_that_is_meant() {
        let known = ["ticket_id", "note", "is_internal_note", "task_type"];
        for (written, meant) in [
            ("is_internl_note", Some("is_internal_note")),
            ("isInternalNote", Some("is_internal_note")),
            ("is internal note ", Some("is_internal_note")),
            ("internal_note", Some("is_internal_note")),
            ("is_internal", Some("is_internal_note")),
            ("is_internal_nоte", Some("is_internal_note")),
            ("Note", Some("note")),
            ("notes", Some("note")),
            ("nóte", Some("note")),
            ("task_typ", Some("task_type")),
            ("task", None),
            ("task_name", None),
            ("name", None),
            ("date", None),
            ("customer", None),
            ("id", None),
            ("", None),
        ] {
            assert_eq!(slip_of(written, &known), meant, "{written}");
        }
    }

    #[test]
    fn a_place_in_a_text_is_shown_with_a_caret() {
        let text = "job: thử\nsouce:\n  csv: a.csv\n".to_owned();
        let source = Arc::new(SourceText { name: "jobs/a.yaml".into(), text });
        let start = source.text.find("souce").unwrap();
        let diagnostic = Diagnostic::error(
            Code::UnknownKey,
            Place::Text(source, start..start + 5),
            "`souce` is no key of a job",
        )
        .hint_names("souce", ["source", "map"]);
        insta::assert_snapshot!(diagnostic.render(false));
        insta::assert_json_snapshot!(diagnostic.to_event());
    }

    #[test]
    fn what_has_no_place_shows_none() {
        let diagnostic =
            Diagnostic::error(Code::Credentials, Place::Nowhere, "no credentials are set")
                .hint("set them");
        insta::assert_snapshot!(diagnostic.render(false));
    }

    #[test]
    fn a_place_in_a_row_names_file_line_row_and_column() {
        let place = CellPlace {
            row: RowPlace { file: Some("notes.csv".into()), ..RowPlace::of(5, 7) },
            column: Some("remind_at".into()),
            pointer: Some(Pointer::of(["task_reminder_time"])),
        };
        let diagnostic =
            Diagnostic::error(Code::PastTime, Place::Row(place), "the reminder is in the past")
                .hint("give a time in the future");
        insta::assert_snapshot!(diagnostic.render(false));
        insta::assert_json_snapshot!(diagnostic.to_event());
    }
}
