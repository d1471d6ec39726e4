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

use crate::row::Cause;

use super::attempt::complete_attempt;
use super::lock::beside;
use super::stated;
use super::{JobName, Ledger, LedgerError, StorageFault};
use crate::row::{AttemptEnd, Outcome, RowId};

/// Room for more outcomes than requests are ever under way at once, in bytes.
const RESERVE: usize = 256 << 10;

/// The rescue file of a run.
#[derive(Debug)]
pub struct Rescue {
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
    /// The row's key, to make sure that this is the ledger. None where it could not be read.
    pub key: Option<String>,
    pub number: u32,
    pub outcome: String,
    pub ended_at: i64,
    pub status: Option<u16>,
    pub code: Option<String>,
    pub message: Option<String>,
    pub remote_id: Option<String>,
}

/// What a rescue file held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenIn {
    pub path: PathBuf,
    pub outcomes: usize,
    /// Lines that make no sense. The last one may be half a line; it never counted.
    pub unreadable: usize,
}

impl Rescue {
    /// Makes the file beside a ledger. Where that fails there is none, and a run can do without. To be called under the
    /// job's lock, when what an earlier run left has been brought in.
    pub fn reserve(ledger: &Path, job: &JobName) -> Self {
        let path = rescue_path(ledger, job);
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
    pub(super) fn new(row_id: RowId, key: Option<String>, end: &AttemptEnd) -> Self {
        let cause = end.cause.as_ref();
        Self {
            row_id: row_id.0,
            key,
            number: end.number,
            outcome: end.outcome.word().to_owned(),
            ended_at: end.at,
            status: cause.and_then(|cause| cause.status),
            code: cause.and_then(|cause| cause.code.clone()),
            message: cause.map(stated::cause),
            remote_id: end.remote_id.clone(),
        }
    }

    fn end(self) -> Option<AttemptEnd> {
        let (status, code) = (self.status, self.code);
        Some(AttemptEnd {
            outcome: Outcome::parse(&self.outcome)?,
            known: Some(RowId(self.row_id)),
            number: self.number,
            cause: self
                .message
                .map(|message| Cause { status, code, ..Cause::default() }.saying(message)),
            remote_id: self.remote_id,
            at: self.ended_at,
        })
    }

    /// `k7 succeeded as tn_12`, for a person.
    pub(super) fn words(&self) -> String {
        let key = match &self.key {
            Some(key) => key.clone(),
            None => format!("the row with the ledger's id {}", self.row_id),
        };
        match &self.remote_id {
            Some(id) => format!("{key} {} as {id}", self.outcome),
            None => format!("{key} {}", self.outcome),
        }
    }
}

/// How many outcomes of a job wait beside its ledger to be brought in, and in which file.
pub fn waiting_outcomes(ledger: &Path, job: &JobName) -> Result<(PathBuf, usize), LedgerError> {
    let path = rescue_path(ledger, job);
    let (lines, unreadable) = read(&path)?;
    Ok((path, lines.len() + unreadable))
}

impl Ledger {
    /// Brings in what an earlier run of a job could not write; none where it left nothing. To be called under the job's
    /// lock, before anything is read. Durable when this returns.
    pub fn take_in(&self, job: &JobName) -> Result<Option<TakenIn>, LedgerError> {
        let path = rescue_path(&self.path, job);
        if !path.exists() {
            return Ok(None);
        }
        let (lines, unreadable) = read(&path)?;
        let outcomes = lines.len();
        if outcomes > 0 {
            self.complete(job, &path, lines)?;
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
    fn complete(&self, job: &JobName, path: &Path, lines: Vec<Line>) -> Result<(), LedgerError> {
        let misfit = || LedgerError::RescueMisfit { path: path.to_owned() };
        let id = self.find_job(job)?.ok_or_else(misfit)?;
        let complete = || {
            let immediate = TransactionBehavior::Immediate;
            let transaction = Transaction::new_unchecked(&self.connection, immediate)?;
            for line in lines {
                let fits = transaction
                    .prepare_cached(
                        "SELECT 1 FROM rows WHERE id = ?1 AND job = ?2 AND (?3 IS NULL OR key = ?3)",
                    )?
                    .exists(params![line.row_id, id.0, line.key])?;
                let row_id = RowId(line.row_id);
                let completed = match line.end().filter(|_| fits) {
                    Some(end) => complete_attempt(&transaction, row_id, &end)?,
                    None => 0,
                };
                if completed == 0 {
                    return Ok(false);
                }
            }
            transaction.commit()?;
            Ok(true)
        };
        let fits = complete().map_err(|error: rusqlite::Error| self.storage("written", &error))?;
        if fits { Ok(()) } else { Err(misfit()) }
    }

    /// A row's key, as far as the ledger can be read.
    pub(super) fn key_of(&self, row_id: RowId) -> Option<String> {
        let query = "SELECT key FROM rows WHERE id = ?1";
        let mut statement = self.connection.prepare_cached(query).ok()?;
        statement.query_row([row_id.0], |row| row.get(0)).optional().ok()?
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
    use super::super::tests::{end, found, name, place, record};
    use super::*;
    use crate::row::RowState;

    fn line(row_id: i64, key: &str, outcome: Outcome) -> Line {
        Line::new(RowId(row_id), Some(key.to_owned()), &end(outcome, 1))
    }

    /// Keeps lines as a run does that ends after them.
    fn keep(path: &Path, lines: &[Line]) -> PathBuf {
        let mut rescue = Rescue::reserve(path, &name("a"));
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
        let taken = ledger.take_in(&name("a")).unwrap().unwrap();
        assert_eq!((taken.outcomes, taken.unreadable), (2, 0));
        assert!(!file.exists());
        assert_eq!(ledger.take_in(&name("a")).unwrap(), None);
        let state = found(&path, "k1").unwrap().earlier.state;
        assert_eq!(state, RowState::Succeeded { attempts: 1, id: Some("tn_1".into()) });
        let earlier = found(&path, "k2").unwrap().earlier;
        assert_eq!(earlier.message.as_deref(), Some("past"));
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
            assert_eq!(ledger.take_in(&name("a")).unwrap().unwrap().outcomes, 1);
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
        drop(Rescue::reserve(&path, &name("a")));
        assert_eq!(std::fs::metadata(&file).unwrap().len(), RESERVE as u64);
        assert_eq!(waiting_outcomes(&path, &name("a")).unwrap().1, 0);
        assert_eq!(Ledger::open(&path).unwrap().take_in(&name("a")).unwrap(), None);
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
        let taken = Ledger::open(&path).unwrap().take_in(&name("a")).unwrap().unwrap();
        assert_eq!((taken.outcomes, taken.unreadable), (1, 1));
    }

    #[test]
    fn outcomes_of_another_ledger_are_left_alone() {
        let (_folder, path) = place();
        record(&path, "k1", &[None]);
        for strange in [line(1, "k7", Outcome::Succeeded), line(9, "k1", Outcome::Succeeded)] {
            let file = keep(&path, &[line(1, "k1", Outcome::Succeeded), strange]);
            let refused = Ledger::open(&path).unwrap().take_in(&name("a"));
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
        let mut rescue = Rescue::reserve(&path, &name("a"));
        rescue.file.as_mut().unwrap().write_all(b"{\"row_id\":1,\"key\":\"k1\"").unwrap();
        rescue.keep(&[line(1, "k1", Outcome::Succeeded)]).unwrap();
        rescue.finish();
        let taken = Ledger::open(&path).unwrap().take_in(&name("a")).unwrap().unwrap();
        assert_eq!((taken.outcomes, taken.unreadable), (1, 0));
    }
}
