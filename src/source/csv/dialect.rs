//! How a file of delimited text is written: the signs that part, quote, escape, comment and end.
//!
//! Everything that reads the text asks here, so another way of writing is another value and no other
//! code. Not for telling the signs from the file: which ones hold is the job's to say.

use std::io::Read;

use csv::Terminator;

use crate::source::manner::Table;

/// What the `csv` crate asks for at once.
const READ_AHEAD: usize = 64 * 1024;

/// The signs of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub delimiter: u8,
    /// None: a quote is a character like any other.
    pub quote: Option<u8>,
    /// Whether a quote in a quoted cell is written twice.
    pub doubled_quotes: bool,
    /// What stands before a sign, in a quoted cell, that means itself.
    pub escape: Option<u8>,
    /// What a line begins with that is no record.
    pub comment: Option<u8>,
    pub terminator: Terminator,
}

impl Dialect {
    /// As RFC 4180 has it, with another delimiter.
    pub(super) fn with_delimiter(delimiter: u8) -> Self {
        Self {
            delimiter,
            quote: Some(b'"'),
            doubled_quotes: true,
            escape: None,
            comment: None,
            terminator: Terminator::CRLF,
        }
    }

    /// As it was said.
    pub(super) fn of(delimiter: u8, table: &Table) -> Self {
        Self {
            quote: table.quote,
            // Where a sign stands before a quote that means itself, two of them are no way to write one.
            doubled_quotes: table.escape.is_none() || table.escape == table.quote,
            escape: table.escape.filter(|escape| table.quote != Some(*escape)),
            comment: table.comment,
            ..Self::with_delimiter(delimiter)
        }
    }

    /// A reader of records as they are, a header among them, of any number of cells.
    pub(super) fn reader<R: Read>(&self, input: R) -> csv::Reader<R> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .quoting(self.quote.is_some())
            .quote(self.quote.unwrap_or(b'"'))
            .double_quote(self.doubled_quotes)
            .escape(self.escape)
            .comment(self.comment)
            .terminator(self.terminator)
            .buffer_capacity(READ_AHEAD)
            .from_reader(input)
    }

    pub(super) fn ends_record(&self, byte: u8) -> bool {
        match self.terminator {
            Terminator::Any(terminator) => byte == terminator,
            _ => matches!(byte, b'\r' | b'\n'),
        }
    }

    /// How many bytes come before the first record: line breaks, and whole comments. A comment without a
    /// line break is whole where the file has `ended`.
    pub(super) fn blank_length(&self, bytes: &[u8], ended: bool) -> usize {
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            if self.ends_record(byte) {
                at += 1;
            } else if self.comment == Some(byte) {
                // The `csv` crate ends a comment there, whatever ends a record.
                match bytes[at..].iter().position(|byte| *byte == b'\n') {
                    Some(length) => at += length + 1,
                    None if ended => return bytes.len(),
                    None => return at,
                }
            } else {
                break;
            }
        }
        at
    }

    /// How far behind an opening quote the one stands that closes it.
    pub(super) fn closing_quote(&self, bytes: &[u8]) -> Option<usize> {
        let quote = self.quote?;
        let mut at = 0;
        loop {
            at += memchr::memchr2(quote, self.escape.unwrap_or(quote), bytes.get(at..)?)?;
            let doubled = self.doubled_quotes && bytes.get(at + 1) == Some(&quote);
            if bytes[at] == quote && !doubled {
                return Some(at);
            }
            at += 2;
        }
    }
}
