//! Rows in another order than that of their files: all of them wait in a temporary file, which no other process can open,
//! and an index says which is next.
//!
//! In memory are 32 bytes a row at the most, and of rows that are put in order by a text, that text. What the rows are put in order by is
//! not known here: whoever adds a row says it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::sync::Arc;

use serde_json::Value;

use super::columns::Keys;
use super::fault::Fault;
use super::made::{Made, Passed, passed_by};
use super::record::{Packed, Packing, Record};
use super::scratch::{self, NoRoom};
use super::{Read, RowReader, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{CellPlace, Diagnostic, Place};
use crate::text::place::RowPlace;

/// A longer text is not put in order by.
pub(crate) const LONGEST_TURN: usize = 256;

/// What a row is put in order by. Numbers come before texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Turn<'a> {
    Number(i64),
    Text(Cow<'a, str>),
    /// Nothing says its turn: it comes last.
    Unknown,
}

/// What is read at once where rows are read as they stand in the file.
const AHEAD: usize = 64 * 1024;

/// What a part of the file is.
const ROW: u64 = 0;
const PROBLEM: u64 = 1;

/// Where a row waits, and when it is its turn.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    spot: u64,
    length: u32,
    turn: Kept,
}

/// Where a row waits.
#[derive(Debug, Clone, Copy)]
struct Spot {
    at: u64,
    length: u32,
}

#[derive(Debug, Clone, Copy)]
enum Kept {
    Number(i64),
    /// In the text of all.
    Text(u64, u32),
    Unknown,
}

/// Takes rows in, and gives them out in order.
pub(crate) struct Collector {
    file: BufWriter<File>,
    length: u64,
    waiting: Vec<Waiting>,
    texts: String,
    files: Vec<Arc<str>>,
    /// What the last rows share, and where it is.
    shared: Option<(Arc<Value>, u64)>,
    packing: Packing,
}

/// Rows that have been put in order. Any number of sources can read them.
pub(crate) struct Collected {
    file: File,
    length: u64,
    waiting: Vec<Spot>,
    files: Vec<Arc<str>>,
    name: Arc<str>,
    keys: Keys,
    passed: Vec<Passed>,
    /// Whether some columns tell of rows that come back.
    tells: bool,
}

impl Collector {
    /// # Errors
    /// No temporary file can be made.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(1 << 18, scratch::file()?),
            length: 0,
            waiting: Vec::new(),
            texts: String::new(),
            files: Vec::new(),
            shared: None,
            packing: Packing::default(),
        })
    }

    /// Takes a row in.
    ///
    /// # Errors
    /// The disk does not take it.
    pub(crate) fn add(&mut self, record: &Record, turn: Turn<'_>) -> io::Result<()> {
        let mut packing = self.begin(ROW, record.place.file.as_ref());
        let (mut shared, mut blob) = (self.shared.take(), None);
        let spot = self.length;
        record.pack(&mut packing, &mut |value| match &shared {
            Some((known, at)) if Arc::ptr_eq(known, value) => *at,
            _ => {
                // Written in front of the row, with its length.
                shared = Some((Arc::clone(value), spot));
                blob = Some(value.to_string());
                spot
            }
        });
        self.shared = shared;
        if let Some(blob) = blob {
            self.write(&(blob.len() as u64).to_le_bytes())?;
            self.write(blob.as_bytes())?;
        }
        self.end(packing, turn)
    }

    /// Takes in what could not be read, in its turn: at the end.
    ///
    /// # Errors
    /// The disk does not take it.
    pub(crate) fn add_problem(&mut self, problem: &Diagnostic) -> io::Result<()> {
        let (place, column) = match &problem.place {
            Place::Row(place) => (place.row.clone(), place.column.as_deref()),
            Place::File(file) => {
                let place = RowPlace { file: Some(Arc::clone(file)), ..RowPlace::default() };
                (place, None)
            }
            Place::Nowhere | Place::Text(..) => (RowPlace::default(), None),
        };
        let mut packing = self.begin(PROBLEM, place.file.as_ref());
        packing.number(place.row);
        packing.number(place.line);
        packing.maybe_text(place.within.as_deref());
        packing.maybe_text(column);
        packing.text(problem.code.word());
        packing.text(&problem.message);
        packing.maybe_text(problem.hint.as_deref());
        self.end(packing, Turn::Unknown)
    }

    /// Puts the rows in order; those of the same turn keep the order in which they came. `read` is the source, read to its
    /// end.
    ///
    /// # Errors
    /// The disk does not take them.
    pub(crate) fn finish(self, read: &Source) -> io::Result<Arc<Collected>> {
        let Self { file, length, mut waiting, texts, files, .. } = self;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let text = |from: u64, length: u32| {
            let from = usize::try_from(from).unwrap_or(usize::MAX);
            texts.get(from..from.saturating_add(length as usize)).unwrap_or_default()
        };
        // In place, which takes no more memory; rows of the same turn stand in the file in their order.
        waiting.sort_unstable_by(|one, other| {
            let by_turn = match (one.turn, other.turn) {
                (Kept::Number(one), Kept::Number(other)) => one.cmp(&other),
                (Kept::Text(from, length), Kept::Text(other, others)) => {
                    text(from, length).cmp(text(other, others))
                }
                (Kept::Unknown, Kept::Unknown) => Ordering::Equal,
                (Kept::Number(_), _) | (_, Kept::Unknown) => Ordering::Less,
                (_, Kept::Number(_)) | (Kept::Unknown, _) => Ordering::Greater,
            };
            by_turn.then(one.spot.cmp(&other.spot))
        });
        let spot = |one: Waiting| Spot { at: one.spot, length: one.length };
        let mut spots: Vec<Spot> = waiting.into_iter().map(spot).collect();
        spots.shrink_to_fit();
        Ok(Arc::new(Collected {
            file,
            length,
            waiting: spots,
            files,
            name: Arc::clone(&read.name),
            keys: read.keys.clone(),
            passed: passed_by(read),
            tells: read.tells(),
        }))
    }

    fn begin(&mut self, kind: u64, file: Option<&Arc<str>>) -> Packing {
        let mut packing = std::mem::take(&mut self.packing);
        packing.bytes.clear();
        packing.number(kind);
        packing.number(self.number_of(file));
        packing
    }

    fn end(&mut self, packing: Packing, turn: Turn<'_>) -> io::Result<()> {
        let turn = match turn {
            Turn::Number(number) => Kept::Number(number),
            Turn::Text(text) => {
                let from = self.texts.len() as u64;
                self.texts.push_str(&text);
                Kept::Text(from, u32::try_from(text.len()).unwrap_or(u32::MAX))
            }
            Turn::Unknown => Kept::Unknown,
        };
        let length = u32::try_from(packing.bytes.len());
        let length = length.map_err(|_| io::Error::from(ErrorKind::FileTooLarge))?;
        self.waiting.push(Waiting { spot: self.length, length, turn });
        self.write(&packing.bytes)?;
        self.packing = packing;
        Ok(())
    }

    fn write(&mut self, part: &[u8]) -> io::Result<()> {
        self.file.write_all(part)?;
        self.length += part.len() as u64;
        Ok(())
    }

    /// The number of a file in the list of those, from 1; 0 is none.
    fn number_of(&mut self, file: Option<&Arc<str>>) -> u64 {
        let Some(file) = file else { return 0 };
        let known = self.files.iter().rposition(|known| known == file);
        let at = known.unwrap_or_else(|| {
            self.files.push(Arc::clone(file));
            self.files.len() - 1
        });
        at as u64 + 1
    }
}

impl Collected {
    /// What rows share, which was written at a spot with its length in front of it.
    fn shared(&self, at: u64) -> io::Result<Vec<u8>> {
        let mut length = [0; 8];
        read_exact_at(&self.file, &mut length, at)?;
        let length = usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX);
        // Not more than was ever written is asked for, whatever the bytes say.
        if length as u64 > self.length.saturating_sub(at) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mut part = vec![0; length];
        read_exact_at(&self.file, &mut part, at + 8)?;
        Ok(part)
    }

    fn file(&self, number: u64) -> Option<Arc<str>> {
        self.files.get(usize::try_from(number.checked_sub(1)?).ok()?).cloned()
    }
}

/// What was read last: a row alone, or, where rows are read as they stand in the file, many at once.
#[derive(Default)]
struct Ahead {
    bytes: Vec<u8>,
    from: u64,
    /// Where the row ended that was read last.
    end: u64,
}

impl Ahead {
    fn row(&mut self, file: &File, Spot { at, length }: Spot) -> io::Result<&[u8]> {
        let length = length as usize;
        let within = |from: u64, held: usize| {
            let start = usize::try_from(at.checked_sub(from)?).ok()?;
            (start.checked_add(length)? <= held).then_some(start)
        };
        let follows = at == self.end;
        self.end = at + length as u64;
        let start = match within(self.from, self.bytes.len()) {
            Some(start) => start,
            None => {
                self.bytes.resize(if follows { length.max(AHEAD) } else { length }, 0);
                self.from = at;
                let read = read_up_to(file, &mut self.bytes, at, length)?;
                self.bytes.truncate(read);
                0
            }
        };
        self.bytes.get(start..start + length).ok_or_else(|| ErrorKind::UnexpectedEof.into())
    }
}

fn read_exact_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    let length = buffer.len();
    match read_up_to(file, buffer, at, length)? == length {
        true => Ok(()),
        false => Err(ErrorKind::UnexpectedEof.into()),
    }
}

/// Reads until there are `least` bytes, if the file has as many.
fn read_up_to(file: &File, buffer: &mut [u8], at: u64, least: usize) -> io::Result<usize> {
    let mut read = 0;
    while read < least {
        match scratch::read_at(file, &mut buffer[read..], at + read as u64) {
            Ok(0) => break,
            Ok(count) => read += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// Rows in order.
pub(super) struct Ordered {
    from: Arc<Collected>,
    next: usize,
    /// What rows share that were read last, and where that is.
    shared: Option<(u64, Arc<Value>)>,
    ahead: Ahead,
}

impl Ordered {
    /// A source of the rows from the first.
    pub(super) fn source(from: Arc<Collected>) -> Source {
        let (name, keys) = (Arc::clone(&from.name), from.keys.clone());
        let made = Self { from, next: 0, shared: None, ahead: Ahead::default() };
        Source {
            keys,
            ..Source::new(name, super::Columns::default(), RowReader::Made(Box::new(made)))
        }
    }

    fn unpack(&mut self, spot: Spot, record: &mut Record) -> io::Result<Option<Read>> {
        let Self { from, shared: known, ahead, .. } = self;
        let mut packed = Packed::of(ahead.row(&from.file, spot)?);
        let (Some(kind), Some(file)) = (packed.take_number(), packed.take_number()) else {
            return Ok(None);
        };
        let file = from.file(file);
        if kind == PROBLEM {
            return Ok(problem_of(&mut packed, file).map(Read::Problem));
        }
        let mut weight = 0;
        let read = record.unpack(&mut packed, &mut |at| match known {
            Some((known, value)) if *known == at => Some(Arc::clone(value)),
            _ => {
                let written = from.shared(at).ok()?;
                weight += written.len();
                let value = Arc::new(serde_json::from_slice(&written).ok()?);
                *known = Some((at, Arc::clone(&value)));
                Some(value)
            }
        });
        record.weigh(weight);
        record.place.file = file;
        Ok(read.map(|()| Read::Row))
    }
}

fn problem_of(packed: &mut Packed<'_>, file: Option<Arc<str>>) -> Option<Diagnostic> {
    let (row, line) = (packed.take_number()?, packed.take_number()?);
    let (within, column) = (packed.take_maybe_text()?, packed.take_maybe_text()?);
    let word = packed.take_text()?.to_owned();
    let all = Code::GROUPS.iter().flat_map(|(_, codes)| codes.iter());
    let code = all.into_iter().copied().find(|code| code.word() == word)?;
    let message = packed.take_text()?.to_owned();
    let hint = packed.take_maybe_text()?.map(|hint| hint.as_ref().to_owned());
    let place = match (row, line, file) {
        (0, 0, Some(file)) => Place::File(file),
        (0, 0, None) => Place::Nowhere,
        (_, _, file) => {
            let row = RowPlace { file, row, line, within };
            Place::Row(CellPlace { row, column, pointer: None })
        }
    };
    Some(Diagnostic { hint, ..Diagnostic::error(code, place, message) })
}

impl Made for Ordered {
    fn next(&mut self, record: &mut Record, _: &mut Keys) -> Read {
        let Some(spot) = self.from.waiting.get(self.next).copied() else { return Read::End };
        self.next += 1;
        match self.unpack(spot, record) {
            Ok(Some(read)) => read,
            Ok(None) => {
                Read::Problem(lost("its bytes are not what was written").at(&self.from.name, 0))
            }
            Err(error) => Read::Problem(lost(&error.to_string()).at(&self.from.name, 0)),
        }
    }

    fn ask(&mut self, _: &str) {}

    fn passed(&self) -> Vec<Passed> {
        self.from.passed.clone()
    }

    fn tells(&self) -> bool {
        self.from.tells
    }

    fn keeps_numbers(&self) -> bool {
        true
    }
}

fn lost(reason: &str) -> Fault {
    let message =
        format!("the temporary file, in which rows wait for their turn, failed: {reason}");
    Fault::file(Code::TemporaryFile, message)
        .hint("is the disk of the folder for temporary files (TMPDIR) full?")
}

/// The disk does not take rows that are to be put in order.
pub(crate) fn no_room(source: &Arc<str>, error: io::Error) -> Diagnostic {
    let error = match NoRoom::of(&error) {
        Some(_) => error,
        None => scratch::no_room(error),
    };
    Fault::io(error).at(source, 0)
}
