//! What is wrong with delimited text, in words.
//!
//! Not for finding it: whoever calls has seen the fault, but for those of a header.

use std::collections::HashMap;
use std::sync::Arc;

use crate::text::code::Code;
use crate::text::spelling::canonical;

use super::super::RowLimit;
use super::super::fault::{Fault, RAISE_LIMIT, SAVE_AS_UTF8};

const CLOSE_THE_QUOTE: &str =
    "close the quote; a double quote inside a quoted text is written twice: \"\"";

/// What a header cannot mean.
pub(super) fn of_header(names: &[Arc<str>], delimiter: u8, line: u64) -> Vec<Fault> {
    if let Some(fault) = other_delimiter(names, delimiter, line) {
        return vec![fault];
    }
    let mut faults = Vec::new();
    let mut firsts = HashMap::new();
    for (index, name) in names.iter().enumerate() {
        let first = *firsts.entry(canonical(name)).or_insert(index);
        if name.trim().is_empty() {
            faults.push(nameless(line, index + 1));
        } else if first < index {
            faults.push(duplicate(line, name, first + 1, index + 1));
        }
    }
    faults
}

/// One single column with a delimiter in its name is a file with another delimiter.
fn other_delimiter(names: &[Arc<str>], delimiter: u8, line: u64) -> Option<Fault> {
    let [name] = names else { return None };
    let other = [b';', b'\t', b',', b'|']
        .into_iter()
        .find(|other| *other != delimiter && name.as_bytes().contains(other))?;
    let message = format!(
        "the header is one single column, `{}`, with {} in its name",
        name.escape_debug(),
        in_words(other),
    );
    let sign = char::from(other);
    let (setting, flag) = match other {
        b'\t' => ("\\t".to_owned(), "tab".to_owned()),
        _ => (sign.to_string(), format!("'{sign}'")),
    };
    let hint = format!(
        "if that is what parts the columns, add --delimiter {flag}; in a job, set `delimiter: \"{setting}\"` under `source`"
    );
    Some(Fault::row(line, Code::Delimiter, message).hint(hint))
}

fn in_words(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "a tab".to_owned(),
        other => format!("a `{}`", char::from(other).escape_debug()),
    }
}

pub(super) fn too_many_columns(line: u64, found: usize) -> Fault {
    let message = format!("the header has {found} columns, and there may be 10,000");
    Fault::row(line, Code::TooManyColumns, message)
        .hint("is the delimiter right, and does the first line end where it should?")
}

fn nameless(line: u64, position: usize) -> Fault {
    Fault::row(line, Code::EmptyColumnName, format!("column {position} has no name in the header"))
        .hint("give it a name, or delete the column")
}

fn duplicate(line: u64, name: &Arc<str>, first: usize, second: usize) -> Fault {
    let message = format!("columns {first} and {second} are both named `{name}`");
    Fault::row(line, Code::DuplicateColumn, message)
        .column(Some(name))
        .hint("rename or delete one of them: a name must mean one column")
}

pub(super) fn ragged(line: u64, found: usize, wanted: usize, delimiter: u8) -> Fault {
    let cells = if found == 1 { "cell" } else { "cells" };
    let message = format!("the row has {found} {cells}, the header has {wanted}");
    let delimiter = in_words(delimiter);
    let hint = if found > wanted {
        format!("a text with {delimiter} in it has to stand in double quotes")
    } else {
        format!(
            "is {delimiter} missing? a text with a line break in it has to stand in double quotes"
        )
    };
    Fault::row(line, Code::RaggedRow, message).hint(hint)
}

pub(super) fn not_utf8(line: u64, column: Option<&Arc<str>>) -> Fault {
    Fault::row(line, Code::InvalidUtf8, "the text is not UTF-8").column(column).hint(SAVE_AS_UTF8)
}

pub(super) fn name_not_utf8(line: u64, position: usize, name: &[u8]) -> Fault {
    let shown = String::from_utf8_lossy(name);
    let message = format!("the name of column {position}, `{shown}`, is not UTF-8");
    Fault::row(line, Code::InvalidUtf8, message).hint(SAVE_AS_UTF8)
}

pub(super) fn quote_open_at_the_end(line: u64) -> Fault {
    unclosed(line, "the quote that opens here is not closed before the end of the file")
}

pub(super) fn quote_open_too_long(line: u64, longest: RowLimit) -> Fault {
    let message = format!("the quote that opens here is not closed within {longest}");
    Fault::row(line, Code::UnclosedQuote, message).hint(format!("{CLOSE_THE_QUOTE}; {RAISE_LIMIT}"))
}

pub(super) fn text_after_quote(line: u64, closed_on: u64) -> Fault {
    if closed_on == line {
        return unclosed(line, "text goes on after the quote that closes a cell");
    }
    let message =
        format!("the quote that opens here is closed in the midst of text, on line {closed_on}");
    unclosed(line, message)
}

fn unclosed(line: u64, message: impl Into<String>) -> Fault {
    Fault::row(line, Code::UnclosedQuote, message).hint(CLOSE_THE_QUOTE)
}
