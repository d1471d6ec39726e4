//! Tests that a job brings with it: a row, and what has to come of it. `check` tries them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::source::InlineRow;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::document::Document;
use crate::text::pointer::Pointer;

use super::resolve::inline_row;

/// A test as written: a row, and exactly one of gives, problem and filtered.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrialFile {
    /// The cells of the row, by column; other cells are empty.
    #[schemars(extend("examples" = [{ "ticket": "tk_1", "body": "A text" }]))]
    #[allow(dead_code)] // read from the document, where numbers are as they were written
    pub row: IndexMap<String, Value>,
    /// Fields that the request has to have. Other fields are not looked at; null stands for a field that is not there.
    #[schemars(extend("examples" = [{ "note": "A text" }]))]
    pub gives: Option<IndexMap<String, Value>>,
    /// The code of the problem that the row has to have.
    #[schemars(extend("examples" = ["lookup-missing"]))]
    pub problem: Option<String>,
    /// true where the row has to be left out by `where`; or the reason for which.
    #[schemars(extend("examples" = [true]))]
    pub filtered: Option<FilteredFile>,
}

/// Whether, or why, a row is left out.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum FilteredFile {
    /// Whether it is.
    Is(bool),
    /// Why it is.
    Why(String),
}

/// A row and what has to come of it.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The row, whose line is that of the job file.
    pub row: InlineRow,
    /// What has to come of it.
    pub expected: Expected,
    /// Where the test stands.
    pub place: Place,
}

/// What has to come of a row.
#[derive(Debug, Clone)]
pub enum Expected {
    /// A request with these fields, each with its place; others are not looked at.
    Fields(Vec<(String, Value, Place)>),
    /// A problem of this kind.
    Problem(Code),
    /// It is left out; for this reason, if one is named.
    Filtered(Option<String>),
    /// It is not left out.
    Kept,
}

/// All tests. What is wrong with one goes to `problems`, and it is left out.
pub(super) fn trials(
    document: &Document,
    written: Option<Vec<TrialFile>>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Trial> {
    let all = written.unwrap_or_default().into_iter().enumerate();
    let all = all.filter_map(|(number, file)| {
        let at = Pointer::of(["tests"]).join(number);
        let place = document.place_at(&at);
        let expected = expected(document, &at, file).map_err(|problem| problems.push(problem));
        let node = document.at(&at.join("row"))?;
        let row = inline_row(node, &document.source().text);
        Some(Trial { row, expected: expected.ok()?, place })
    });
    all.collect()
}

fn expected(document: &Document, at: &Pointer, file: TrialFile) -> Result<Expected, Diagnostic> {
    match (file.gives, file.problem, file.filtered) {
        (Some(fields), None, None) => {
            let gives = at.join("gives");
            let fields = fields.into_iter().map(|(field, value)| {
                let place = document.place_at(&gives.join(&field));
                (field, value, place)
            });
            Ok(Expected::Fields(fields.collect()))
        }
        (None, Some(word), None) => Code::of_word(&word).map(Expected::Problem).ok_or_else(|| {
            let place = document.place_at(&at.join("problem"));
            let message = format!("no problem has the code `{word}`");
            let known = Code::all().map(Code::word);
            Diagnostic::error(Code::InvalidValue, place, message).hint_names(&word, known)
        }),
        (None, None, Some(FilteredFile::Is(true))) => Ok(Expected::Filtered(None)),
        (None, None, Some(FilteredFile::Is(false))) => Ok(Expected::Kept),
        (None, None, Some(FilteredFile::Why(why))) => Ok(Expected::Filtered(Some(why))),
        _ => {
            let message = "a test says what has to come of its row: exactly one of gives, problem and filtered";
            let problem = Diagnostic::error(Code::InvalidValue, document.place_at(at), message);
            Err(problem.hint("as in { row: { body: \"A text\" }, gives: { note: \"A text\" } }"))
        }
    }
}
