//! Reads a saved plan: all of it once, to see that it is whole, and then row by row beside the source.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::facts::{FactsFile, PlanFacts};
use super::mark::Mark;
use super::{BEGINS, MARK, VERSION, letter};
use crate::ledger::PlanId;
use crate::plan::decide::Fate;
use crate::text::command::CommandLine;

/// Facts are a few hundred bytes, and arguments as long as a system lets them be.
const LONGEST_FACTS: u64 = 4 << 20;
/// The first line ends before that.
const LONGEST_HEAD: usize = 32;
/// Bytes of the length of the facts and of the sum, at the end.
const TAIL: u64 = 8 + 32;
/// Rows that are read at a time.
const CHUNK: u64 = 4096;

/// Where a plan is read from.
pub(super) trait Medium: Read + Seek + Send {}

impl<T: Read + Seek + Send> Medium for T {}

/// Why something is no plan that can be carried out.
#[derive(Debug)]
pub(crate) enum NoPlan {
    /// It does not begin as a plan does.
    Foreign,
    /// Of a version that is not read here.
    Version { found: String },
    /// It ends before a plan can.
    CutOff,
    /// It does not say what was written: its sum, or what it is made of, does not fit.
    Damaged,
    /// In the words of the system.
    Unreadable(io::Error),
}

impl From<io::Error> for NoPlan {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::CutOff,
            _ => Self::Unreadable(error),
        }
    }
}

/// A plan that was saved, and is whole.
#[derive(Clone)]
pub(crate) struct SavedPlan {
    /// Where it lies, as the user calls it.
    pub name: Arc<str>,
    pub id: PlanId,
    pub facts: PlanFacts,
    pub rows: u64,
    body: Arc<Mutex<Box<dyn Medium>>>,
    /// Where the marks begin.
    from: u64,
}

impl fmt::Debug for SavedPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SavedPlan({}, {} rows)", self.id, self.rows)
    }
}

impl SavedPlan {
    /// Whether something begins as plans do, or as much of it as is there.
    fn is_begun_by(head: &[u8]) -> bool {
        let length = head.len().min(BEGINS.len());
        length > 0 && head[..length] == BEGINS.as_bytes()[..length]
    }

    /// Reads a plan as a whole; nothing of it is used unless all of it is as it was written. `name` is its path.
    pub(crate) fn open(
        name: &Path,
        medium: impl Read + Seek + Send + 'static,
    ) -> Result<Self, NoPlan> {
        let mut medium: Box<dyn Medium> = Box::new(medium);
        let length = medium.seek(SeekFrom::End(0))?;
        let from = head(&mut *medium)?;
        let before = length.checked_sub(TAIL).filter(|end| *end > from).ok_or(NoPlan::CutOff)?;
        let (sum, tail) = sums(&mut *medium, before)?;
        let (facts_length, written) = tail.split_at(8);
        if sum != *written {
            return Err(NoPlan::Damaged);
        }
        let facts_length = facts_length.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let facts_from = before.checked_sub(facts_length);
        let is_sound = facts_length <= LONGEST_FACTS;
        let facts_from = facts_from.filter(|at| is_sound && *at >= from).ok_or(NoPlan::Damaged)?;
        medium.seek(SeekFrom::Start(facts_from))?;
        let mut facts = Vec::new();
        medium.by_ref().take(facts_length).read_to_end(&mut facts)?;
        let facts: FactsFile = serde_json::from_slice(&facts).map_err(|_| NoPlan::Damaged)?;
        let (mut facts, rows) = facts.meant().ok_or(NoPlan::Damaged)?;
        facts.command = based_at(name.parent().unwrap_or(Path::new("")), facts.command);
        let name = name.display().to_string().into();
        let bytes = rows.checked_mul(MARK as u64 + 1).and_then(|bytes| bytes.checked_add(from));
        // What it says of itself has to be what its rows come to: whoever approves it reads no letters.
        if bytes != Some(facts_from)
            || to_send(&mut *medium, facts_from - rows, rows)? != facts.to_send
        {
            return Err(NoPlan::Damaged);
        }
        let (id, body) = (PlanId(sum), Arc::new(Mutex::new(medium)));
        Ok(Self { name, id, facts, rows, body, from })
    }

    /// The command that does the same without it.
    pub(crate) fn command(&self, verb: &str) -> CommandLine {
        CommandLine::of_words(verb, &self.facts.command)
    }

    /// What it says of its rows, to be asked for in their order.
    pub(crate) fn planned(&self) -> PlannedRows {
        PlannedRows { plan: self.clone(), first: 0, marks: Vec::new(), letters: Vec::new() }
    }
}

/// The words of a command whose paths are seen from a folder.
fn based_at(folder: &Path, command: Vec<String>) -> Vec<String> {
    let there = |path: &str| folder.join(path).display().to_string();
    CommandLine::of_words("run", &command).words(there)
}

/// Reads the first line; gives its length.
fn head(medium: &mut dyn Medium) -> Result<u64, NoPlan> {
    medium.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    medium.take(LONGEST_HEAD as u64).read_to_end(&mut head)?;
    if !SavedPlan::is_begun_by(&head) {
        return Err(NoPlan::Foreign);
    }
    let Some(end) = head.iter().position(|byte| *byte == b'\n') else {
        return Err(if head.len() < LONGEST_HEAD { NoPlan::CutOff } else { NoPlan::Foreign });
    };
    let version = head.get(BEGINS.len()..end).ok_or(NoPlan::Foreign)?;
    let version = String::from_utf8_lossy(version).into_owned();
    match version == VERSION.to_string() {
        true => Ok(end as u64 + 1),
        false => Err(NoPlan::Version { found: version }),
    }
}

/// The SHA-256 of all but the sum at the end, where so many bytes stand before the tail; and the tail.
fn sums(medium: &mut dyn Medium, before: u64) -> Result<([u8; 32], Vec<u8>), NoPlan> {
    medium.seek(SeekFrom::Start(0))?;
    let mut sum = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    let mut left = before;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        medium.read_exact(&mut buffer[..length])?;
        sum.update(&buffer[..length]);
        left -= length as u64;
    }
    let mut tail = vec![0; 8 + 32];
    medium.read_exact(&mut tail)?;
    sum.update(&tail[..8]);
    Ok((sum.finalize().into(), tail))
}

/// How many rows are sent by their letters, which begin there; each of them must stand for something.
fn to_send(medium: &mut dyn Medium, from: u64, rows: u64) -> Result<u64, NoPlan> {
    medium.seek(SeekFrom::Start(from))?;
    let mut letters = vec![0; CHUNK as usize];
    let (mut left, mut sent) = (rows, 0);
    while left > 0 {
        let count = left.min(CHUNK);
        let letters = &mut letters[..count as usize];
        medium.read_exact(letters)?;
        for letter in letters {
            let fate = letter::fate(*letter).ok_or(NoPlan::Damaged)?;
            sent += u64::from(matches!(fate, Fate::Send(_)));
        }
        left -= count;
    }
    Ok(sent)
}

/// What a saved plan says of its rows. A chunk is in memory at a time.
pub(crate) struct PlannedRows {
    plan: SavedPlan,
    /// The first row in memory, from 1.
    first: u64,
    marks: Vec<u8>,
    letters: Vec<u8>,
}

impl PlannedRows {
    pub(crate) fn rows(&self) -> u64 {
        self.plan.rows
    }

    /// A row, which counts from 1, and what was decided of it; none where the plan has no such row.
    pub(crate) fn at(&mut self, row: u64) -> io::Result<Option<(Mark, Fate)>> {
        if row == 0 || row > self.plan.rows {
            return Ok(None);
        }
        if row < self.first || row >= self.first + self.letters.len() as u64 {
            self.load(row)?;
        }
        let at = usize::try_from(row - self.first).unwrap_or(usize::MAX);
        let mark = self.marks.chunks_exact(MARK).nth(at).and_then(|mark| mark.try_into().ok());
        let fate = self.letters.get(at).and_then(|letter| letter::fate(*letter));
        match (mark, fate) {
            (Some(mark), Some(fate)) => Ok(Some((Mark(mark), fate))),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn load(&mut self, row: u64) -> io::Result<()> {
        // Nobody panics with the file in hand; and if, the file is as good as before.
        let mut body = self.plan.body.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = CHUNK.min(self.plan.rows - (row - 1));
        let count = usize::try_from(rows).unwrap_or(usize::MAX);
        let (marks_from, letters_from) =
            (self.plan.from, self.plan.from + self.plan.rows * MARK as u64);
        self.letters.clear();
        self.marks.resize(count * MARK, 0);
        body.seek(SeekFrom::Start(marks_from + (row - 1) * MARK as u64))?;
        body.read_exact(&mut self.marks)?;
        let mut letters = std::mem::take(&mut self.letters);
        letters.resize(count, 0);
        body.seek(SeekFrom::Start(letters_from + (row - 1)))?;
        body.read_exact(&mut letters)?;
        (self.first, self.letters) = (row, letters);
        Ok(())
    }
}
