//! Rows in which nothing is quoted and a sign stands before each that means itself, as `INTO OUTFILE` of MySQL and `COPY` of
//! PostgreSQL write them: `\N` is nothing, and a `\` before a line break or a delimiter makes it part of its cell.
//!
//! The `csv` crate knows such a sign within quotes alone, so these records are cut here.

use csv::ByteRecord;

use super::dialect::Dialect;
use super::nulls::NullTexts;
use crate::source::fault::Fault;
use crate::source::window::{Spot, Window};

pub(super) struct Escaped {
    window: Window,
    dialect: Dialect,
    escape: u8,
    /// A cell as it is meant.
    cell: Vec<u8>,
}

impl Escaped {
    pub(super) fn new(window: Window, dialect: Dialect, escape: u8) -> Self {
        Self { window, dialect, escape, cell: Vec::new() }
    }

    pub(super) fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    pub(super) fn window(&self) -> &Window {
        &self.window
    }

    pub(super) fn go_to(&mut self, spot: Spot) -> std::io::Result<()> {
        self.window.go_to(spot)
    }

    /// Cuts the next record into `cells`, those that mean nothing into `nothing`, and tells the line it starts on.
    pub(super) fn cut(
        &mut self,
        cells: &mut ByteRecord,
        nulls: &NullTexts,
        nothing: &mut Vec<usize>,
    ) -> Result<Option<u64>, Fault> {
        let is_break = |byte| matches!(byte, b'\r' | b'\n');
        loop {
            let Some(first) = self.window.first_not(is_break).map_err(Fault::io)? else {
                return Ok(None);
            };
            if self.dialect.comment != Some(first) {
                break;
            }
            self.window.skip_line().map_err(Fault::io)?;
        }
        let (line, escape) = (self.window.line(), self.escape);
        let length = self.window.cut(|bytes, ended| record_length(bytes, escape, ended));
        let Some(length) = length.map_err(Fault::io)? else {
            self.window.skip_line().map_err(Fault::io)?;
            return Err(Fault::row_too_long(line, self.window.longest()));
        };
        let text = self.window.bytes().get(..length).unwrap_or_default();
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        cells.clear();
        let mut rest = Some(text);
        while let Some(text) = rest {
            let end = cell_length(text, self.dialect.delimiter, escape);
            let written = &text[..end];
            let is_nothing = written == [escape, b'N'] || nulls.has(cells.len(), written);
            if is_nothing {
                nothing.push(cells.len());
            }
            mean(written, escape, &mut self.cell);
            cells.push_field(&self.cell);
            rest = text.get(end + 1..);
        }
        self.window.pass_counting(length);
        Ok(Some(line))
    }
}

/// How long the record is that the bytes begin with, without its line break.
fn record_length(bytes: &[u8], escape: u8, ended: bool) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match memchr::memchr2(escape, b'\n', rest) {
            None => return ended.then_some(bytes.len()),
            Some(found) if rest[found] == b'\n' => return Some(at + found),
            Some(found) => at += found + 2,
        }
    }
}

/// How long the cell is that a record's text begins with.
fn cell_length(text: &[u8], delimiter: u8, escape: u8) -> usize {
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        match memchr::memchr2(escape, delimiter, rest) {
            None => return text.len(),
            Some(found) if rest[found] == escape => at += found + 2,
            Some(found) => return at + found,
        }
    }
}

/// A cell as it is meant.
fn mean(written: &[u8], escape: u8, meant: &mut Vec<u8>) {
    meant.clear();
    let mut bytes = written.iter().copied();
    while let Some(byte) = bytes.next() {
        match (byte == escape).then(|| bytes.next()).flatten() {
            None => meant.push(byte),
            Some(sign) => meant.push(match sign {
                b'0' => 0,
                b'b' => 0x08,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'Z' => 0x1a,
                other => other,
            }),
        }
    }
}
