//! Hands the bytes of the window to the `csv` crate, and keeps them until they have been judged.
//!
//! What the crate has cut is still at hand as it was written: its lines are counted, its quotes looked
//! at, and after a fault reading begins again at any byte of it. Not for cutting: where a record ends,
//! the crate says.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use super::super::RowLimit;
use super::super::window::{CHUNK, Spot, Window, line_feeds};
use super::dialect::Dialect;

/// What a record may have at first after one that was not sound.
const AFTER_A_FAULT: usize = if cfg!(test) { 3 } else { 512 };

pub(super) struct Feed {
    window: Window,
    dialect: Dialect,
    /// What was passed before the first byte handed out, as a byte order mark. The `csv` crate counts
    /// from there.
    before: u64,
    /// The byte that is handed out next, counted as the crate does.
    next: u64,
    /// How many bytes a record may have before it is judged unfinished.
    allowance: usize,
    /// What the next record may have at first. Little after a fault: where quotes are wrong, each record may seem to go on
    /// to the end of the file, and all of that would be cut for every line.
    at_first: usize,
    end: End,
    /// Nothing has been handed out since the beginning or the last seek.
    fresh: bool,
}

/// Whether the last record was told that its file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It was not: a line break ended the record.
    Untold,
    Real,
    /// The record has used its allowance up; the file may well go on.
    Feigned,
}

impl Feed {
    pub(super) fn new(window: Window, dialect: Dialect) -> Self {
        let before = window.passed();
        Self {
            window,
            dialect,
            before,
            next: 0,
            allowance: CHUNK,
            at_first: CHUNK,
            end: End::Untold,
            fresh: true,
        }
    }

    pub(super) fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    pub(super) fn end(&self) -> End {
        self.end
    }

    /// The line that the first byte at hand stands on.
    pub(super) fn line(&self) -> u64 {
        self.window.line()
    }

    /// The byte that is the first at hand, counted as the `csv` crate does.
    pub(super) fn passed(&self) -> u64 {
        self.window.passed() - self.before
    }

    pub(super) fn window(&self) -> &Window {
        &self.window
    }

    /// Goes to a place between two records; the `csv` crate has to be told to begin again there.
    pub(super) fn go_to(&mut self, spot: Spot) -> io::Result<()> {
        self.window.go_to(spot)?;
        self.allowance = CHUNK;
        Ok(())
    }

    /// The first `length` bytes at hand.
    pub(super) fn text(&self, length: usize) -> &[u8] {
        self.window.bytes().get(..length).unwrap_or(self.window.bytes())
    }

    /// Passes what is blank before a record that was cut up to the byte `end`, and tells the length of
    /// its text, which is then the first at hand. The line break behind it is none of it.
    pub(super) fn reach(&mut self, end: u64) -> usize {
        let used = self.offset(end);
        let blank = self.dialect.blank_length(self.text(used), self.end == End::Real);
        self.pass_blank(blank);
        (used - blank).saturating_sub(usize::from(self.end == End::Untold))
    }

    /// Goes on behind a text of this length that has so many line feeds in quoted cells.
    pub(super) fn pass(&mut self, length: usize, quoted_lines: u64) {
        let lines = if self.dialect.ends_record(b'\n') {
            quoted_lines
        } else {
            line_feeds(self.text(length))
        };
        self.window.pass(length, lines);
        // Records that are sound earn back what one that was not has cost.
        self.at_first = CHUNK.min(2 * self.at_first);
        self.allowance = self.at_first;
    }

    /// Goes on behind the line that the byte at `offset` stands on.
    pub(super) fn pass_line(&mut self, offset: usize) -> io::Result<()> {
        let lines = line_feeds(self.text(offset));
        self.pass(offset, lines);
        (self.at_first, self.allowance) = (AFTER_A_FAULT, AFTER_A_FAULT);
        let dialect = self.dialect;
        self.window.first_not(|byte| !dialect.ends_record(byte)).map(drop)
    }

    /// Lets the record have twice as many bytes. False: it has as many as there may be.
    pub(super) fn allow_more(&mut self) -> bool {
        let longest = self.longest().bytes();
        let more = self.allowance < longest;
        self.allowance = longest.min(2 * self.allowance);
        more
    }

    /// How long a row may be.
    pub(super) fn longest(&self) -> RowLimit {
        self.window.longest()
    }

    /// Where a byte is among those at hand.
    fn offset(&self, byte: u64) -> usize {
        let offset = byte.saturating_sub(self.passed());
        usize::try_from(offset).unwrap_or(usize::MAX).min(self.window.bytes().len())
    }

    fn pass_blank(&mut self, length: usize) {
        let lines = line_breaks(self.window.bytes(), length);
        self.window.pass(length, lines);
    }

    /// Gets more bytes from the file. False: there is an end, told in `end`.
    fn fetch(&mut self) -> io::Result<bool> {
        // The last blank byte stays: it may be half of a line break. What is not handed out yet is nobody's to pass.
        let handed_out = self.offset(self.next);
        let blank = self.dialect.blank_length(self.text(handed_out), false);
        self.pass_blank(blank.saturating_sub(1));
        let handed_out = self.offset(self.next);
        self.end = if handed_out >= self.allowance {
            End::Feigned
        } else if handed_out < self.window.bytes().len() {
            // Without what was blank there is room again.
            End::Untold
        } else if self.window.more()? {
            End::Untold
        } else {
            End::Real
        };
        Ok(self.end == End::Untold)
    }
}

impl Read for Feed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.offset(self.next);
        if (at == self.window.bytes().len() || at >= self.allowance) && !self.fetch()? {
            return Ok(0);
        }
        let at = self.offset(self.next);
        let rest = &self.window.bytes()[at..];
        let rest = &rest[..rest.len().min(self.allowance.saturating_sub(at).max(1))];
        // What it gets first the `csv` crate searches for a byte order mark, which by now is text.
        // It finds none in a single byte.
        let most = if self.fresh { 1 } else { buffer.len() };
        let count = rest.len().min(most).min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.next += count as u64;
        self.fresh = false;
        Ok(count)
    }
}

impl Seek for Feed {
    /// Goes to a byte that is still at hand.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (first, length) = (self.passed(), self.window.bytes().len() as u64);
        match to {
            SeekFrom::Start(byte) if (first..=first + length).contains(&byte) => {
                self.next = byte;
                self.end = End::Untold;
                self.fresh = true;
                Ok(byte)
            }
            _ => Err(ErrorKind::Unsupported.into()),
        }
    }
}

/// How many lines end among the first `length` bytes. A return ends one when no line feed follows it.
fn line_breaks(bytes: &[u8], length: usize) -> u64 {
    let is_break = |at: &usize| match bytes.get(*at) {
        Some(b'\n') => true,
        Some(b'\r') => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    (0..length).filter(is_break).count() as u64
}
