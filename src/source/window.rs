//! A sliding window on the bytes of a file: what is cut from it is whole, and memory stays flat.
//!
//! It knows bytes and lines and nothing of formats; what a row is, its callers say.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use super::RowLimit;
use super::input::Encoding;

/// What is read at once.
pub(super) const CHUNK: usize = 256 * 1024;

/// What a window is on.
pub(super) trait Input: Read + Seek + Send {}

impl<T: Read + Seek + Send> Input for T {}

/// Where a window's bytes come from.
enum Bytes {
    /// From a file as it is.
    Plain(Box<dyn Input>),
    /// From one that is unpacked or decoded on its way: there is no going back in it.
    Stream(Box<dyn Read + Send>),
}

/// A place in a file, as a window that has come there knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    passed: u64,
    line: u64,
    indent: u64,
}

pub(super) struct Window {
    input: Bytes,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    line: u64,
    /// Characters passed on this line; kept by `pass_counting` alone.
    indent: u64,
    passed: u64,
    longest: RowLimit,
    encoding: Encoding,
}

impl Window {
    /// `chunk` is the size to begin with; it doubles for rows that do not fit, and does not grow much beyond the longest.
    pub(super) fn new(input: Box<dyn Input>, chunk: usize, longest: RowLimit) -> Self {
        Self::on(Bytes::Plain(input), chunk, longest)
    }

    /// A window on what can be read once, from its start.
    pub(super) fn on_stream(input: Box<dyn Read + Send>, chunk: usize, longest: RowLimit) -> Self {
        Self::on(Bytes::Stream(input), chunk, longest)
    }

    fn on(input: Bytes, chunk: usize, longest: RowLimit) -> Self {
        let buffer = vec![0; chunk.max(1)];
        let (start, end, ended) = (0, 0, false);
        let encoding = Encoding::default();
        Self { input, buffer, start, end, ended, line: 1, indent: 0, passed: 0, longest, encoding }
    }

    /// What its bytes were before they were made UTF-8.
    pub(super) fn decoded_from(self, encoding: Encoding) -> Self {
        Self { encoding, ..self }
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// How long a row may be.
    pub(super) fn longest(&self) -> RowLimit {
        self.longest
    }

    /// The bytes at hand that are not passed yet.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The line that the first byte at hand stands on, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The character of its line that the first byte at hand is, from 1. True as long as nothing but
    /// `pass_counting` is used.
    pub(super) fn column(&self) -> u64 {
        self.indent + 1
    }

    /// How many bytes of the file have been passed.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// Where the first byte at hand is.
    pub(super) fn spot(&self) -> Spot {
        Spot { passed: self.passed, line: self.line, indent: self.indent }
    }

    /// Whether it can go to a place where another window has been.
    pub(super) fn can_go(&self) -> bool {
        matches!(self.input, Bytes::Plain(_))
    }

    /// Goes to a place where another window on the same file has been.
    pub(super) fn go_to(&mut self, spot: Spot) -> io::Result<()> {
        match &mut self.input {
            Bytes::Plain(input) => input.seek(SeekFrom::Start(spot.passed))?,
            Bytes::Stream(_) => return Err(ErrorKind::Unsupported.into()),
        };
        (self.start, self.end, self.ended) = (0, 0, false);
        let Spot { passed, line, indent } = spot;
        (self.passed, self.line, self.indent) = (passed, line, indent);
        Ok(())
    }

    /// Goes on by `count` bytes that hold `lines` line breaks.
    pub(super) fn pass(&mut self, count: usize, lines: u64) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.passed += count as u64;
        self.line += lines;
    }

    /// Goes on by `count` bytes and counts their line feeds.
    pub(super) fn pass_counting(&mut self, count: usize) {
        let bytes = self.bytes().get(..count).unwrap_or(self.bytes());
        let lines = line_feeds(bytes);
        let indent = match memchr::memrchr(b'\n', bytes) {
            Some(at) => characters(&bytes[at + 1..]),
            None => self.indent + characters(bytes),
        };
        self.indent = indent;
        self.pass(count, lines);
    }

    /// Shows the bytes at hand to `cutter`, and more of them as long as it finds no end. It is also told
    /// whether the file ends with them, and has to find an end then. None: there is none within the
    /// longest row.
    pub(super) fn cut<T>(
        &mut self,
        mut cutter: impl FnMut(&[u8], bool) -> Option<T>,
    ) -> io::Result<Option<T>> {
        loop {
            if let Some(found) = cutter(self.bytes(), self.ended) {
                return Ok(Some(found));
            }
            if self.ended || self.end - self.start >= self.longest.bytes() {
                return Ok(None);
            }
            self.more()?;
        }
    }

    /// The first byte that `skip` does not hold for; all before it are passed.
    pub(super) fn first_not(&mut self, mut skip: impl FnMut(u8) -> bool) -> io::Result<Option<u8>> {
        loop {
            match self.bytes().iter().position(|byte| !skip(*byte)) {
                Some(count) => {
                    self.pass_counting(count);
                    return Ok(self.bytes().first().copied());
                }
                None => self.pass_counting(self.end - self.start),
            }
            if self.ended {
                return Ok(None);
            }
            self.more()?;
        }
    }

    /// Passes the rest of the line, however long.
    pub(super) fn skip_line(&mut self) -> io::Result<()> {
        self.first_not(|byte| byte != b'\n')?;
        self.pass_counting(1);
        Ok(())
    }

    /// Gets more bytes at hand. False: the file has none.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        self.make_room();
        loop {
            let room = &mut self.buffer[self.end..];
            let read = match &mut self.input {
                Bytes::Plain(input) => input.read(room),
                Bytes::Stream(input) => input.read(room),
            };
            match read {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(!self.ended);
        }
    }

    fn make_room(&mut self) {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.end, 0);
        }
    }
}

/// How many line feeds there are.
pub(super) fn line_feeds(bytes: &[u8]) -> u64 {
    // Most of what is asked about has none: to search is faster there than to count.
    memchr::memchr_iter(b'\n', bytes).fold(0, |count, _| count + 1)
}

/// How many characters there are, in good UTF-8.
pub(super) fn characters(bytes: &[u8]) -> u64 {
    // Counted in bytes as far as one holds the count: many at once.
    let begins = |chunk: &[u8]| chunk.iter().map(|byte| u8::from(*byte & 0xC0 != 0x80)).sum::<u8>();
    bytes.chunks(usize::from(u8::MAX)).map(|chunk| u64::from(begins(chunk))).sum()
}
