//! What is wrong with delimited text, in words.
//!
//! Not for finding it: whoever calls has seen the fault, but for those of a header.

use std::sync::Arc;

use crate::text::code::Code;
use crate::text::diagnostic::closest;
use crate::text::lookalike::did_you_mean;

use super::super::RowLimit;
use super::super::columns::Columns;
use super::super::fault::{Fault, RAISE_LIMIT};
use super::super::input::Encoding;
use super::dialect::Dialect;

/// A header of more columns is none.
const MOST_COLUMNS: usize = 10_000;
/// What a header cannot mean.
pub(super) fn of_header(columns: &Columns, delimiter: u8, line: u64) -> Vec<Fault> {
    let written = columns.written();
    if let Some(fault) = other_delimiter(written, delimiter, line) {
        return vec![fault];
    }
    if written.len() > MOST_COLUMNS {
        return vec![too_many(written.len(), line)];
    }
    let mut faults = Vec::new();
    for (index, (written, name)) in written.iter().zip(columns.names()).enumerate() {
        let first = columns.index(name).unwrap_or(index);
        if written.trim().is_empty() {
            faults.push(nameless(line, index + 1));
        } else if first < index {
            faults.push(duplicate(line, name, first + 1, index + 1));
        }
    }
    faults
}

/// The columns that are said to have texts for nothing, and that are not there.
pub(super) fn of_nulls(names: &[Box<str>], columns: &Columns, line: u64) -> Vec<Fault> {
    let known: Vec<&str> = columns.names().iter().map(AsRef::as_ref).collect();
    let told = names.iter().map(|name| {
        let message = format!("`nulls` names a column `{name}`, and the file has none");
        let hint = match closest(name, &known) {
            Some(meant) => did_you_mean(name, meant),
            None => format!("its columns: {}", known.join(", ")),
        };
        Fault::row(line, Code::UnknownColumn, message).hint(hint).last()
    });
    told.collect()
}

fn too_many(count: usize, line: u64) -> Fault {
    let message =
        format!("the header has {count} columns, which is more than are read: {MOST_COLUMNS}");
    Fault::row(line, Code::TooManyColumns, message)
        .hint("is it a table, with a header and rows below it, and is the delimiter right?")
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
        .hint("rename one of them: columns of one name are told apart by such a number, so no other may have it")
}

pub(super) fn ragged(line: u64, found: usize, wanted: usize, dialect: &Dialect) -> Fault {
    let cells = if found == 1 { "cell" } else { "cells" };
    let message = format!("the row has {found} {cells}, the header has {wanted}");
    let delimiter = in_words(dialect.delimiter);
    let within = |what: &str| match (dialect.quote, dialect.escape) {
        (Some(quote), _) => {
            format!("a text with {what} in it has to stand in {}", quotes_in_words(quote))
        }
        (None, Some(escape)) => {
            format!("{what} within a text has to have {} before it", in_words(escape))
        }
        (None, None) => format!("where nothing is quoted, no text may have {what} in it"),
    };
    let hint = if found > wanted {
        within(&delimiter)
    } else {
        format!("is {delimiter} missing? {}", within("a line break"))
    };
    Fault::row(line, Code::RaggedRow, message).hint(hint)
}

/// `double quotes`, or the sign that was said.
fn quotes_in_words(quote: u8) -> String {
    match quote {
        b'"' => "double quotes".to_owned(),
        b'\'' => "single quotes".to_owned(),
        other => format!("two {} signs", in_words(other)),
    }
}

pub(super) fn name_not_text(line: u64, position: usize, name: &[u8], encoding: Encoding) -> Fault {
    let shown = String::from_utf8_lossy(name);
    let fault = Fault::not_text((line, 0), name, encoding);
    if encoding.is_utf8() {
        let message = format!("the name of column {position}, `{shown}`, is not UTF-8");
        return fault.says(message);
    }
    fault
}

pub(super) fn quote_open_at_the_end(line: u64, dialect: &Dialect) -> Fault {
    unclosed(line, "the quote that opens here is not closed before the end of the file", dialect)
}

pub(super) fn quote_open_too_long(line: u64, longest: RowLimit, dialect: &Dialect) -> Fault {
    let message = format!("the quote that opens here is not closed within {longest}");
    let hint = format!("{}; {RAISE_LIMIT}", close_the_quote(dialect));
    Fault::row(line, Code::UnclosedQuote, message).hint(hint)
}

pub(super) fn text_after_quote(line: u64, closed_on: u64, dialect: &Dialect) -> Fault {
    if closed_on == line {
        return unclosed(line, "text goes on after the quote that closes a cell", dialect);
    }
    let message =
        format!("the quote that opens here is closed in the midst of text, on line {closed_on}");
    unclosed(line, message, dialect)
}

fn unclosed(line: u64, message: impl Into<String>, dialect: &Dialect) -> Fault {
    Fault::row(line, Code::UnclosedQuote, message).hint(close_the_quote(dialect))
}

fn close_the_quote(dialect: &Dialect) -> String {
    let quote = char::from(dialect.quote.unwrap_or(b'"'));
    let name = if quote == '"' { "a double quote".to_owned() } else { format!("a {quote}") };
    match dialect.escape.map(char::from) {
        None => {
            format!("close the quote; {name} inside a quoted text is written twice: {quote}{quote}")
        }
        Some(escape) => {
            format!("close the quote; {name} inside a quoted text is written {escape}{quote}")
        }
    }
}
