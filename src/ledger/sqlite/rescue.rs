//! Outcomes that the ledger could not take, in a file beside it, until the next run brings them in.
//!
//! When a ledger cannot be written any more, nothing is started; but of what is under way the outcomes will be
//! known, and a full disk is no reason to forget them. They are appended to the rescue file as lines of JSON, and count
//! when they are on the disk. The next run brings them into the ledger before it reads that, and removes the file.
//! Bringing them in twice is bringing them in once, so it may be interrupted at any moment.
//!
//! A full disk would not let the file grow either. So a run makes it when it begins, filled with blanks that lines are
//! later written over, and removes it when it ends. That is a plain write which every system has; where a file system
//! writes nothing in place (ZFS, btrfs) it helps less, and what is known is told instead. It is not synced when it
//! is made: nothing depends on it yet, and a file of blanks means nothing.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::journal::{Belongs, Entries, reason};
use super::lock::beside;
use super::{FileLedger, JobLock};
use crate::ledger::{
    Claim as _, JobName, LedgerError, LostOutcome, OwnerId, Reader as _, StorageFault,
};
use crate::row::{AttemptEnd, Cause, Doubt, Outcome, Reason, RowId};

/// Room for more outcomes than requests are ever under way at once, in bytes.
const RESERVE: usize = 256 << 10;

/// The rescue file of a run.
#[derive(Debug)]
pub(crate) struct Rescue {
    path: PathBuf,
    file: Option<File>,
    /// Bytes that hold outcomes.
    used: u64,
}

/// An attempt's outcome as a line. Holds what the ledger would, and no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    /// The row's id in the ledger.
    pub row_id: i64,
    /// The owner that found out. Older versions left it out: then it is the owner that had begun the attempt.
    #[serde(default)]
    pub owner: Option<i64>,
    /// The row's key, to make sure that this is the ledger. None where it could not be read.
    pub key: Option<String>,
    pub number: u32,
    pub outcome: String,
    pub ended_at: i64,
    pub status: Option<u16>,
    pub code: Option<String>,
    /// As in the table `ends`; older versions had neither.
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub doubt: Option<String>,
    pub message: Option<String>,
    pub remote_id: Option<String>,
}

/// What a rescue file held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TakenIn {
    pub path: PathBuf,
    pub outcomes: usize,
    /// Lines that make no sense. The last one may be half a line; it never counted.
    pub unreadable: usize,
}

impl Rescue {
    /// Makes the file of a job beside a ledger, when what an earlier run left has been brought in. Where that fails there
    /// is none, and a run can do without.
    pub(crate) fn reserve(ledger: &Path, lock: &JobLock) -> Self {
        let path = rescue_path(ledger, lock.job());
        let opened = OpenOptions::new().write(true).create(true).truncate(true).open(&path);
        if let Ok(mut file) = opened.as_ref() {
            // A part of the room is better than none.
            let _ = file.write_all(&[b' '; RESERVE]);
        }
        Self { path, file: opened.ok(), used: 0 }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file anew where lines are kept from now on: the one that was made has been deleted.
    pub(super) fn renew(&mut self) {
        (self.file, self.used) = (None, 0);
    }

    /// Writes lines; they are on the disk when this returns. What is written in part is written over by the next.
    pub(super) fn keep(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => OpenOptions::new().write(true).create(true).truncate(false).open(&self.path)?,
        };
        let file = self.file.insert(file);
        file.seek(SeekFrom::Start(self.used))?;
        file.write_all(&text)?;
        file.sync_all()?;
        self.used += text.len() as u64;
        Ok(())
    }

    /// Removes the file if it holds nothing.
    pub(super) fn finish(&mut self) {
        let Some(file) = self.file.take() else { return };
        if self.used > 0 {
            // Blanks at the end mean nothing to the next run, only to a person who looks.
            let _ = file.set_len(self.used);
        } else {
            drop(file);
            // The next run removes it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Line {
    pub(super) fn new(row: RowId, key: Option<String>, owner: OwnerId, end: &AttemptEnd) -> Self {
        let cause = end.cause.as_ref();
        Self {
            row_id: row.0,
            owner: Some(owner.0),
            key,
            number: end.number,
            outcome: end.outcome.word().to_owned(),
            ended_at: end.at,
            status: cause.and_then(|cause| cause.status),
            code: cause.and_then(|cause| cause.code.clone()),
            reason: cause.and_then(reason).map(str::to_owned),
            doubt: cause.and_then(|cause| cause.doubt.as_ref()).map(|doubt| doubt.word().into()),
            message: cause.and_then(|cause| cause.message.clone()),
            remote_id: end.remote_id.clone(),
        }
    }

    /// The outcome, where this is all that is left of it.
    pub(super) fn lost(&self) -> Option<LostOutcome> {
        let outcome = Outcome::parse(&self.outcome)?;
        let (key, id) = (self.key.clone(), self.remote_id.clone());
        Some(LostOutcome { row: RowId(self.row_id), key, outcome, id })
    }

    fn end(self) -> Option<AttemptEnd> {
        let cause = Cause {
            reason: self.reason.as_deref().and_then(Reason::parse).unwrap_or_default(),
            doubt: self.doubt.as_deref().and_then(Doubt::parse),
            status: self.status,
            code: self.code,
            message: self.message,
        };
        Some(AttemptEnd {
            outcome: Outcome::parse(&self.outcome)?,
            known: Some(RowId(self.row_id)),
            number: self.number,
            cause: Some(cause).filter(|cause| *cause != Cause::default()),
            remote_id: self.remote_id,
            at: self.ended_at,
        })
    }
}

/// How many outcomes of a job wait beside its ledger to be brought in, and in which file.
pub(crate) fn waiting_outcomes(
    ledger: &Path,
    job: &JobName,
) -> Result<(PathBuf, usize), LedgerError> {
    let path = rescue_path(ledger, job);
    let (lines, unreadable) = read(&path)?;
    Ok((path, lines.len() + unreadable))
}

/// Brings in what an earlier run of a job could not write; see [`crate::ledger::Books::take_in`].
pub(super) fn take_in(ledger: &FileLedger, job: &JobName) -> Result<Option<TakenIn>, LedgerError> {
    let path = rescue_path(&ledger.path, job);
    if !path.exists() {
        return Ok(None);
    }
    let (lines, unreadable) = read(&path)?;
    let outcomes = lines.len();
    if outcomes > 0 {
        complete(ledger, job, &path, lines)?;
    }
    // Emptied first: a file that comes back after a power cut must not speak against what was written since.
    let emptied = OpenOptions::new().write(true).open(&path);
    emptied
        .and_then(|file| file.set_len(0).and_then(|()| file.sync_all()))
        .map_err(|error| failed(&path, "emptied", &error))?;
    // Empty it means nothing.
    let _ = std::fs::remove_file(&path);
    Ok((outcomes + unreadable > 0).then_some(TakenIn { path, outcomes, unreadable }))
}

/// Completes attempts, all or none.
fn complete(
    ledger: &FileLedger,
    job: &JobName,
    path: &Path,
    lines: Vec<Line>,
) -> Result<(), LedgerError> {
    let misfit = || LedgerError::RescueMisfit { path: path.to_owned() };
    let id = ledger.find_job(job)?.ok_or_else(misfit)?;
    let fits = ledger.writing(|| {
        let immediate = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(&ledger.connection, immediate)?;
        for line in lines {
            // Who began the attempt, if there is such a one.
            let begun = transaction
                .prepare_cached(
                    "SELECT starts.owner FROM starts JOIN owners ON owners.id = starts.owner \
                     JOIN runs ON runs.id = owners.run WHERE starts.id = ?1 AND starts.number = ?2 \
                     AND runs.job = ?3 AND (?4 IS NULL OR starts.key = ?4)",
                )?
                .query_row(params![line.row_id, line.number, id.0, line.key], |row| row.get(0))
                .optional()?;
            let (row, owner) = (RowId(line.row_id), line.owner);
            let completed = match (begun, line.end()) {
                (Some(begun), Some(end)) => {
                    let owner = OwnerId(owner.unwrap_or(begun));
                    Entries::prepare(&transaction)?.end(row, owner, &end)?
                }
                _ => Belongs::ToNone,
            };
            if completed == Belongs::ToNone {
                return Ok(false);
            }
        }
        transaction.commit()?;
        Ok(true)
    })?;
    if fits { Ok(()) } else { Err(misfit()) }
}

impl FileLedger {
    /// A row's key, as far as the ledger can be read.
    pub(super) fn key_of(&self, row: RowId) -> Option<String> {
        let query = "SELECT key FROM starts WHERE id = ?1 LIMIT 1";
        let mut statement = self.connection.prepare_cached(query).ok()?;
        statement.query_row([row.0], |row| row.get(0)).optional().ok()?
    }
}

/// The lines of a rescue file, and how many of them make no sense. No file is one without lines.
fn read(path: &Path) -> Result<(Vec<Line>, usize), LedgerError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok((Vec::new(), 0));
        }
        Err(error) => return Err(failed(path, "read", &error)),
    };
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
    let mut unreadable = 0;
    let written = bytes.split(|byte| *byte == b'\n').filter(|line| !line.iter().all(blank));
    let lines = written.filter_map(|line| {
        let read = serde_json::from_slice(line).ok();
        unreadable += usize::from(read.is_none());
        read
    });
    Ok((lines.collect(), unreadable))
}

fn failed(path: &Path, deed: &'static str, error: &io::Error) -> LedgerError {
    let fault = StorageFault::of_io(error);
    LedgerError::Rescue { path: path.to_owned(), deed, fault, cause: error.to_string() }
}

fn rescue_path(ledger: &Path, job: &JobName) -> PathBuf {
    beside(ledger, job, "rescue")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::{claim, end, found, name, place, record};
    use crate::ledger::{Books as _, Ledger};
    use crate::row::RowState;

    fn line(row_id: i64, key: &str, outcome: Outcome) -> Line {
        Line::new(RowId(row_id), Some(key.to_owned()), OwnerId(1), &end(outcome, 1))
    }

    /// Keeps lines as a run does that ends after them.
    fn keep(path: &Path, lines: &[Line]) -> PathBuf {
        let mut rescue = Rescue::reserve(path, &claim(path));
        lines.iter().for_each(|line| rescue.keep(std::slice::from_ref(line)).unwrap());
        rescue.finish();
        rescue_path(path, &name("a"))
    }

    #[test]
    fn what_is_kept_is_brought_in_once_and_the_file_is_gone() {
        let (_folder, path) = place();
        record(&path, "k1", &[None]);
        record(&path, "k2", &[None]);
        let file =
            keep(&path, &[line(1, "k1", Outcome::Succeeded), line(2, "k2", Outcome::Refused)]);
        assert_eq!(waiting_outcomes(&path, &name("a")).unwrap(), (file.clone(), 2));
        let ledger = Ledger::open(&path).unwrap();
        let taken = ledger.take_in(&claim(&path)).unwrap().unwrap();
        assert_eq!((taken.outcomes, taken.unreadable), (2, 0));
        assert!(!file.exists());
        assert_eq!(ledger.take_in(&claim(&path)).unwrap(), None);
        let state = found(&path, "k1").unwrap().earlier.state;
        assert_eq!(state, RowState::Succeeded { attempts: 1, id: Some("tn_1".into()) });
        let earlier = found(&path, "k2").unwrap().earlier;
        assert_eq!(earlier.cause.unwrap().message.as_deref(), Some("past"));
    }

    #[test]
    fn bringing_in_may_be_interrupted_and_done_again() {
        let (_folder, path) = place();
        record(&path, "k1", &[None]);
        let file = keep(&path, &[line(1, "k1", Outcome::Succeeded)]);
        let bytes = std::fs::read(&file).unwrap();
        let ledger = Ledger::open(&path).unwrap();
        for _ in 0..2 {
            std::fs::write(&file, &bytes).unwrap();
            assert_eq!(ledger.take_in(&claim(&path)).unwrap().unwrap().outcomes, 1);
            let state = found(&path, "k1").unwrap().earlier.state;
            assert_eq!(state, RowState::Succeeded { attempts: 1, id: Some("tn_1".into()) });
        }
    }

    #[test]
    fn a_run_without_trouble_leaves_no_file_and_a_killed_one_a_file_that_means_nothing() {
        let (_folder, path) = place();
        record(&path, "k1", &[Some(Outcome::Succeeded)]);
        let file = rescue_path(&path, &name("a"));
        assert!(!file.exists());
        drop(Rescue::reserve(&path, &claim(&path)));
        assert_eq!(std::fs::metadata(&file).unwrap().len(), RESERVE as u64);
        assert_eq!(waiting_outcomes(&path, &name("a")).unwrap().1, 0);
        assert_eq!(Ledger::open(&path).unwrap().take_in(&claim(&path)).unwrap(), None);
        assert!(!file.exists());
    }

    #[test]
    fn half_a_line_is_passed_over() {
        let (_folder, path) = place();
        record(&path, "k1", &[None]);
        let file = keep(&path, &[line(1, "k1", Outcome::Succeeded)]);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes.extend_from_slice(b"{\"row_id\":2,\"key\":\"k2\",\"num   \0\0");
        std::fs::write(&file, bytes).unwrap();
        let taken = Ledger::open(&path).unwrap().take_in(&claim(&path)).unwrap().unwrap();
        assert_eq!((taken.outcomes, taken.unreadable), (1, 1));
    }

    #[test]
    fn outcomes_of_another_ledger_are_left_alone() {
        let (_folder, path) = place();
        record(&path, "k1", &[None]);
        for strange in [line(1, "k7", Outcome::Succeeded), line(9, "k1", Outcome::Succeeded)] {
            let file = keep(&path, &[line(1, "k1", Outcome::Succeeded), strange]);
            let refused = Ledger::open(&path).unwrap().take_in(&claim(&path));
            assert!(matches!(refused, Err(LedgerError::RescueMisfit { .. })), "{refused:?}");
            assert_eq!(
                found(&path, "k1").unwrap().earlier.state,
                RowState::Started { attempts: 1 }
            );
            assert!(file.exists());
        }
    }

    #[test]
    fn what_was_written_in_part_is_written_over() {
        let (_folder, path) = place();
        record(&path, "k1", &[None]);
        let mut rescue = Rescue::reserve(&path, &claim(&path));
        rescue.file.as_mut().unwrap().write_all(b"{\"row_id\":1,\"key\":\"k1\"").unwrap();
        rescue.keep(&[line(1, "k1", Outcome::Succeeded)]).unwrap();
        rescue.finish();
        let taken = Ledger::open(&path).unwrap().take_in(&claim(&path)).unwrap().unwrap();
        assert_eq!((taken.outcomes, taken.unreadable), (1, 0));
    }
}
