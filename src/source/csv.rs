//! Rows of delimited text: cells exactly as they are, and lines that are right.
//!
//! The grammar is that of RFC 4180 as the `csv` crate reads it (tests hold the two together). Read by
//! hand because that crate's positions are off after `\r\n` and blank lines, and because it takes an
//! unclosed quote for one good record that swallows the rest of the file. Here text after a closing
//! quote is a fault as well: it is what a quote that was left open looks like from the next quoted cell.
//!
//! Not for guessing: the delimiter is what the job says, the encoding is UTF-8.

use std::sync::Arc;

use crate::text::code::Code;

use super::columns::Columns;
use super::fault::{Fault, SAVE_AS_UTF8};
use super::record::Record;
use super::window::{Window, line_feeds};

/// A cell of more lines is a quote that somebody forgot to close.
const MOST_LINES: u64 = 1_000;

pub(super) struct CsvRows {
    window: Window,
    cutter: Cutter,
    draft: Draft,
}

/// The cells of one record, unquoted, one after the other.
#[derive(Debug, Default)]
struct Draft {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

struct Cutter {
    delimiter: u8,
    /// The bytes that end a cell without quotes.
    stops: [bool; 256],
}

/// What stands at the beginning of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// A record of `used` bytes, its line break among them.
    Record { used: usize, lines: u64 },
    /// The bytes end before the record does; `quote` is where a quote is still open.
    Unfinished { quote: Option<usize> },
    /// A quote that is never closed, or not where a quote may be closed.
    Broken { quote: usize, cause: Cause },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    EndOfFile,
    TooLong,
    TextAfter { at: usize },
}

/// What stands behind a cell.
enum After {
    Delimiter,
    /// The record ends, with a line break of so many bytes.
    Record(usize),
    /// More bytes have to tell.
    Unknown,
    /// Text, where a closing quote ended the cell.
    Text,
}

impl CsvRows {
    pub fn new(window: Window, delimiter: u8) -> Self {
        Self { window, cutter: Cutter::new(delimiter), draft: Draft::default() }
    }

    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Reads the header. None: there is nothing in the file.
    pub fn header(&mut self) -> Result<Option<Columns>, Vec<Fault>> {
        let line = match self.cut(&Columns::default()) {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(None),
            Err(fault) => return Err(vec![fault]),
        };
        if self.draft.bytes.contains(&0) {
            return Err(vec![Fault::nul(line)]);
        }
        let names = self.names(line)?;
        let faults = header_faults(&names, self.cutter.delimiter, line);
        if faults.is_empty() { Ok(Some(Columns::closed(names))) } else { Err(faults) }
    }

    /// Reads the next row. False: there is none.
    pub fn read(&mut self, record: &mut Record, columns: &Columns) -> Result<bool, Fault> {
        let Some(line) = self.cut(columns)? else { return Ok(false) };
        if self.draft.bytes.contains(&0) {
            return Err(Fault::nul(line));
        }
        let (found, wanted) = (self.draft.ends.len(), columns.names().len());
        if found != wanted {
            return Err(ragged(line, found, wanted, self.cutter.delimiter));
        }
        record.line = line;
        self.hand_over(record).map_err(|cell| not_utf8(line, columns.names().get(cell)))?;
        Ok(true)
    }

    /// Gives the draft to the record. An error is the index of a cell that is not UTF-8.
    fn hand_over(&mut self, record: &mut Record) -> Result<(), usize> {
        let draft = &mut self.draft;
        let mut text = match String::from_utf8(std::mem::take(&mut draft.bytes)) {
            Ok(text) => text,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                draft.bytes = error.into_bytes();
                return Err(draft.ends.iter().take_while(|end| **end as usize <= at).count());
            }
        };
        // Two halves of a character in two cells are good UTF-8 only while they stand side by side.
        let torn = draft.ends.iter().position(|end| !text.is_char_boundary(*end as usize));
        if torn.is_none() {
            record.exchange_text_cells(&mut text, &mut draft.ends);
        }
        draft.bytes = text.into_bytes();
        torn.map_or(Ok(()), Err)
    }

    /// Cuts the next record into the draft and tells the line it starts on.
    fn cut(&mut self, columns: &Columns) -> Result<Option<u64>, Fault> {
        let window = &mut self.window;
        let start = window.first_not(|byte| matches!(byte, b'\r' | b'\n'));
        if start.map_err(Fault::io)?.is_none() {
            return Ok(None);
        }
        let mut open = None;
        let cut = window.cut(|bytes, ended| match self.cutter.cut(bytes, ended, &mut self.draft) {
            Cut::Unfinished { quote } => {
                open = quote;
                let quote = quote.filter(|at| line_feeds(&bytes[*at..]) > MOST_LINES)?;
                Some(Cut::Broken { quote, cause: Cause::TooLong })
            }
            cut => Some(cut),
        });
        let line = self.window.line();
        match (cut.map_err(Fault::io)?, open) {
            (Some(Cut::Record { used, lines }), _) => {
                self.window.pass(used, lines);
                Ok(Some(line))
            }
            (Some(Cut::Broken { quote, cause }), _) => Err(self.broken(quote, cause, columns)),
            (_, Some(quote)) => Err(self.broken(quote, Cause::TooLong, columns)),
            (_, None) => {
                self.window.skip_line().map_err(Fault::io)?;
                Err(Fault::row_too_long(line))
            }
        }
    }

    /// Reading goes on below the line of the faulty quote, so that no row goes unread because of it.
    fn broken(&mut self, quote: usize, cause: Cause, columns: &Columns) -> Fault {
        let before = self.window.bytes().get(..quote).unwrap_or_default();
        let line = self.window.line() + line_feeds(before);
        let closed_on = match cause {
            Cause::TextAfter { at } => line + line_feeds(&self.window.bytes()[quote..at]),
            _ => line,
        };
        self.window.pass_counting(quote);
        if let Err(error) = self.window.skip_line() {
            return Fault::io(error);
        }
        let cell = self.draft.cell_at_fault(cause);
        unclosed(line, cause, closed_on).column(columns.names().get(cell))
    }

    fn names(&self, line: u64) -> Result<Vec<Arc<str>>, Vec<Fault>> {
        let mut names = Vec::new();
        let mut faults = Vec::new();
        for (position, cell) in self.draft.cells().enumerate() {
            match std::str::from_utf8(cell) {
                Ok(name) => names.push(name.into()),
                Err(_) => faults.push(name_not_utf8(line, position + 1, cell)),
            }
        }
        if faults.is_empty() { Ok(names) } else { Err(faults) }
    }
}

impl Draft {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn end_cell(&mut self) {
        // A record is far below 4 GiB: the window sees to it.
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start as usize..*end as usize])
    }

    /// Text after a closing quote is seen when its cell has ended; other faults before.
    fn cell_at_fault(&self, cause: Cause) -> usize {
        match cause {
            Cause::TextAfter { .. } => self.ends.len().saturating_sub(1),
            Cause::EndOfFile | Cause::TooLong => self.ends.len(),
        }
    }
}

impl Cutter {
    fn new(delimiter: u8) -> Self {
        let mut stops = [false; 256];
        for byte in [delimiter, b'\r', b'\n'] {
            stops[usize::from(byte)] = true;
        }
        Self { delimiter, stops }
    }

    /// Cuts one record off the beginning of `input`, which is not a line break.
    fn cut(&self, input: &[u8], ended: bool, draft: &mut Draft) -> Cut {
        draft.clear();
        let mut at = 0;
        let mut lines = 0;
        loop {
            let quote = (input.get(at) == Some(&b'"')).then_some(at);
            match quote {
                None => at = self.plain_cell(input, at, draft),
                Some(quote) => match quoted_cell(input, at + 1, ended, draft) {
                    Some((next, inside)) => {
                        if inside > MOST_LINES {
                            return Cut::Broken { quote, cause: Cause::TooLong };
                        }
                        at = next;
                        lines += inside;
                    }
                    None if ended => return Cut::Broken { quote, cause: Cause::EndOfFile },
                    None => return Cut::Unfinished { quote: Some(quote) },
                },
            }
            draft.end_cell();
            match self.after_cell(input, at, ended) {
                After::Delimiter => at += 1,
                After::Record(break_length) => {
                    let lines = lines + u64::from(break_length > 0);
                    return Cut::Record { used: at + break_length, lines };
                }
                After::Unknown => return Cut::Unfinished { quote: None },
                After::Text => {
                    let quote = quote.unwrap_or(at);
                    return Cut::Broken { quote, cause: Cause::TextAfter { at } };
                }
            }
        }
    }

    fn after_cell(&self, input: &[u8], at: usize, ended: bool) -> After {
        match (input.get(at), input.get(at + 1)) {
            (Some(b'\n'), _) => After::Record(1),
            (Some(b'\r'), Some(b'\n')) => After::Record(2),
            (Some(b'\r'), None) if !ended => After::Unknown,
            (Some(b'\r'), _) => After::Record(1),
            (Some(byte), _) if *byte == self.delimiter => After::Delimiter,
            (Some(_), _) => After::Text,
            (None, _) if ended => After::Record(0),
            (None, _) => After::Unknown,
        }
    }

    /// Takes the cell that begins at `at`, and tells where it ends.
    fn plain_cell(&self, input: &[u8], at: usize, draft: &mut Draft) -> usize {
        let rest = input.get(at..).unwrap_or_default();
        let stop = |byte: &u8| self.stops[usize::from(*byte)];
        let length = rest.iter().position(stop).unwrap_or(rest.len());
        draft.bytes.extend_from_slice(&rest[..length]);
        at + length
    }
}

/// Takes the cell whose opening quote stands before `at`, and tells where it ends and how many lines
/// it has in it. None: the input does not show where it ends.
fn quoted_cell(
    input: &[u8],
    mut at: usize,
    ended: bool,
    draft: &mut Draft,
) -> Option<(usize, u64)> {
    let mut lines = 0;
    loop {
        let rest = input.get(at..)?;
        let length = rest.iter().position(|byte| *byte == b'"')?;
        lines += line_feeds(&rest[..length]);
        draft.bytes.extend_from_slice(&rest[..length]);
        at += length + 1;
        match input.get(at) {
            Some(b'"') => {
                draft.bytes.push(b'"');
                at += 1;
            }
            None if !ended => return None,
            _ => return Some((at, lines)),
        }
    }
}

fn header_faults(names: &[Arc<str>], delimiter: u8, line: u64) -> Vec<Fault> {
    if let Some(fault) = other_delimiter(names, delimiter, line) {
        return vec![fault];
    }
    let mut faults = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let first = names.iter().position(|other| other == name).unwrap_or(index);
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
    let setting = if other == b'\t' { "\\t".to_owned() } else { char::from(other).to_string() };
    let hint = format!("if that is what parts the columns, set `delimiter: \"{setting}\"`");
    Some(Fault::row(line, Code::Delimiter, message).hint(hint))
}

fn in_words(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "a tab".to_owned(),
        other => format!("a `{}`", char::from(other).escape_debug()),
    }
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

fn ragged(line: u64, found: usize, wanted: usize, delimiter: u8) -> Fault {
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

fn not_utf8(line: u64, column: Option<&Arc<str>>) -> Fault {
    Fault::row(line, Code::InvalidUtf8, "the text is not UTF-8").column(column).hint(SAVE_AS_UTF8)
}

fn name_not_utf8(line: u64, position: usize, name: &[u8]) -> Fault {
    let shown = String::from_utf8_lossy(name);
    let message = format!("the name of column {position}, `{shown}`, is not UTF-8");
    Fault::row(line, Code::InvalidUtf8, message).hint(SAVE_AS_UTF8)
}

fn unclosed(line: u64, cause: Cause, closed_on: u64) -> Fault {
    let message = match cause {
        Cause::EndOfFile => {
            "the quote that opens here is not closed before the end of the file".into()
        }
        Cause::TooLong => {
            "the quote that opens here is not closed within 1,000 lines or 4 MiB".into()
        }
        Cause::TextAfter { .. } if closed_on == line => {
            "text goes on after the quote that closes a cell".to_owned()
        }
        Cause::TextAfter { .. } => {
            format!("the quote that opens here is closed in the midst of text, on line {closed_on}")
        }
    };
    Fault::row(line, Code::UnclosedQuote, message)
        .hint("close the quote; a double quote inside a quoted text is written twice: \"\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut_all(text: &[u8]) -> Option<Vec<Vec<Vec<u8>>>> {
        let cutter = Cutter::new(b',');
        let mut draft = Draft::default();
        let mut rest = text;
        let mut records = Vec::new();
        loop {
            while let [b'\r' | b'\n', after @ ..] = rest {
                rest = after;
            }
            if rest.is_empty() {
                return Some(records);
            }
            let Cut::Record { used, .. } = cutter.cut(rest, true, &mut draft) else { return None };
            records.push(draft.cells().map(<[u8]>::to_vec).collect());
            rest = &rest[used..];
        }
    }

    fn oracle(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
        reader
            .byte_records()
            .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
            .collect()
    }

    proptest! {
        #[test]
        fn records_are_those_of_the_csv_crate(text in "[ab\",\r\n ế]{0,40}") {
            if let Some(records) = cut_all(text.as_bytes()) {
                prop_assert_eq!(records, oracle(text.as_bytes()));
            }
        }

        #[test]
        fn what_is_unfinished_becomes_a_whole_when_the_rest_comes(
            text in "[ab,\"\r\n]{1,30}",
            at in 0usize..30,
        ) {
            let text = text.trim_start_matches(['\r', '\n']).as_bytes();
            let cutter = Cutter::new(b',');
            let early = cutter.cut(&text[..at.min(text.len())], false, &mut Draft::default());
            let whole = cutter.cut(text, true, &mut Draft::default());
            if !matches!(early, Cut::Unfinished { .. }) {
                prop_assert_eq!(early, whole);
            }
        }
    }
}
