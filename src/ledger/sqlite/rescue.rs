//! Outcomes that the ledger could not take, in a file beside it, until the next run brings them in.
//!
//! When a ledger cannot be written any more, nothing is started; but of what is under way the outcomes will be
//! known, and a full disk is no reason to forget them. They are appended to the rescue file as lines of JSON, and count
//! when they are on the disk. The next run brings them into the ledger before it reads that, and removes the file.
//! Bringing them in twice is bringing them in once, so it may be interrupted at any moment. Each owner has a file of its
//! own: a run that has lost the job to another and does not know it yet shares none with it.
//!
//! A full disk would not let the file grow either. So a run makes it when it begins, filled with blanks that lines are
//! later written over, and removes it when it ends. That is a plain write which every system has; where a file system
//! writes nothing in place (ZFS, btrfs) it helps less, and what is known is told instead. It is not synced when it
//! is made: nothing depends on it yet, and a file of blanks means nothing.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::file;
use super::journal::{Belongs, Entries, reason};
use super::lock::{beside, undeletable};
use super::presence::{is_at, neighbours};
use super::{FileLedger, JobLock};
use crate::ledger::{
    Claim as _, Deed, JobName, LedgerError, LostOutcome, OwnerId, Reader as _, StorageFault,
    TakenIn,
};
use crate::row::{AttemptEnd, Cause, Doubt, Outcome, Reason, RowId};
use crate::text::private_file::open as open_beside;

/// How the name of a rescue file ends, after its owner's number.
const ENDING: &str = ".rescue";
/// How it ended before owners had files of their own.
const LEGACY_ENDING: &str = "rescue";
/// What is added to the name of one that is being brought in.
const TAKEN: &str = ".taken";
/// What stands before the number of a second one of its name.
const AGAIN: &str = ".rescue-";
/// What is added to that where a part of it could not be read.
const UNREADABLE: &str = ".unreadable";
/// So many files are made one after the other before it is given up that one stays.
const MOST_FILES: u32 = 8;
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

impl Rescue {
    /// Makes the file of an owner beside a ledger, when what earlier runs left has been brought in. Where that fails there
    /// is none, and a run can do without.
    pub(crate) fn reserve(ledger: &Path, lock: &JobLock, owner: OwnerId) -> Self {
        // Where an older copy of the ledger was put back, an owner's number may come a second time.
        let path = vacant(&beside(ledger, lock.job(), &owner.0.to_string()), ENDING);
        let mut opened = create(&path);
        if let Ok(file) = opened.as_mut() {
            // A part of the room is better than none.
            let _ = file.write_all(&[b' '; RESERVE]);
        }
        Self { path, file: opened.ok(), used: 0 }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes lines; they are on the disk, where the next run finds them, when this returns. What is written in part is
    /// written over by the next.
    pub(super) fn keep(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        for _ in 0..MOST_FILES {
            let file = match self.file.take() {
                Some(file) => file,
                None => {
                    self.path = vacant(&self.path.with_extension(""), ENDING);
                    create(&self.path)?
                }
            };
            let file = self.file.insert(file);
            file.seek(SeekFrom::Start(self.used))?;
            file.write_all(&text)?;
            file.sync_all()?;
            if is_at(file, &self.path) {
                self.used += text.len() as u64;
                return Ok(());
            }
            // Deleted, or taken by a run that holds the job now. What was kept there before was there to be read; whether
            // this was is not known.
            (self.file, self.used) = (None, 0);
        }
        Err(io::Error::other("it is taken away each time it is made"))
    }

    /// Removes the file if it holds nothing.
    pub(super) fn finish(&mut self) {
        let Some(file) = self.file.take() else { return };
        if self.used > 0 {
            // Blanks at the end mean nothing to the next run, only to a person who looks.
            let _ = file.set_len(self.used);
        } else if is_at(&file, &self.path) {
            drop(file);
            // The next run removes it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes a file, and takes the place of none.
fn create(path: &Path) -> io::Result<File> {
    open_beside(path, undeletable(OpenOptions::new().write(true).create_new(true)))
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

/// The rescue files of a job in which outcomes wait to be brought in, and how many.
pub(crate) fn waiting_outcomes(
    ledger: &Path,
    job: &JobName,
) -> Result<Vec<(PathBuf, usize)>, LedgerError> {
    let mut waiting = Vec::new();
    for path in rescue_files(ledger, job)? {
        let (lines, unreadable) = read(&path)?;
        let outcomes = lines.len() + unreadable;
        waiting.extend((outcomes > 0).then_some((path, outcomes)));
    }
    Ok(waiting)
}

/// Brings in what earlier runs of a job could not write; see [`crate::ledger::Books::take_in`].
pub(super) fn take_in(ledger: &FileLedger, job: &JobName) -> Result<Vec<TakenIn>, LedgerError> {
    let files = rescue_files(&ledger.path, job)?;
    let taken = files.into_iter().map(|path| take_in_file(ledger, job, path));
    Ok(taken.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Brings in one file. It gets another name before it is read: a run that still writes to it, since it does not know yet
/// that the job has been taken over, finds that out and makes a new one.
fn take_in_file(
    ledger: &FileLedger,
    job: &JobName,
    path: PathBuf,
) -> Result<Option<TakenIn>, LedgerError> {
    let taken = match path.to_string_lossy().ends_with(TAKEN) {
        true => path,
        false => {
            let taken = vacant(&path, TAKEN);
            std::fs::rename(&path, &taken).map_err(|error| failed(&path, Deed::Move, &error))?;
            taken
        }
    };
    let (lines, unreadable) = read(&taken)?;
    let outcomes = lines.len();
    if outcomes > 0 {
        complete(ledger, job, &taken, lines)?;
    }
    let kept = (unreadable > 0).then(|| vacant(&taken, UNREADABLE));
    match &kept {
        Some(kept) => {
            std::fs::rename(&taken, kept).map_err(|error| failed(&taken, Deed::Move, &error))?;
        }
        None => discard(&taken).map_err(|error| failed(&taken, Deed::Empty, &error))?,
    }
    let told = TakenIn { path: taken, outcomes, unreadable, kept };
    Ok((outcomes + unreadable > 0).then_some(told))
}

/// Emptied first: a file that comes back after a power cut must not speak against what was written since.
fn discard(path: &Path) -> io::Result<()> {
    let file = open_beside(path, OpenOptions::new().write(true))?;
    file.set_len(0).and_then(|()| file.sync_all())?;
    // Empty it means nothing.
    let _ = std::fs::remove_file(path);
    Ok(())
}

/// The rescue files of a job beside a ledger, in the order of their names: one for each owner that left one.
fn rescue_files(ledger: &Path, job: &JobName) -> Result<Vec<PathBuf>, LedgerError> {
    let start = beside(ledger, job, "");
    let start = start.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_one = |name: &OsString| {
        name.to_string_lossy().strip_prefix(&start).is_some_and(|rest| {
            let taken = rest.strip_suffix(TAKEN);
            let rest = taken.unwrap_or(rest);
            // Versions before this one had one file for a job.
            rest == LEGACY_ENDING
                || rest.ends_with(ENDING)
                || taken.is_some_and(|rest| rest.contains(AGAIN))
        })
    };
    let found = neighbours(ledger).map_err(|error| failed(ledger, Deed::Find, &error))?;
    let found = found.into_iter().filter(is_one);
    let mut files: Vec<PathBuf> = found.map(|name| ledger.with_file_name(name)).collect();
    files.sort();
    Ok(files)
}

/// A name for a file that is brought in, or is kept, which no other has: another may have been left there by a run that
/// came to no end.
fn vacant(path: &Path, ending: &str) -> PathBuf {
    let numbered = (2..).map(|number| file::beside(path, &format!("{AGAIN}{number}{ending}")));
    let mut names = std::iter::once(file::beside(path, ending)).chain(numbered);
    // There is always one.
    names.find(|name| !name.exists()).unwrap_or_else(|| file::beside(path, ending))
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
    let mut bytes = Vec::new();
    let opened = open_beside(path, OpenOptions::new().read(true));
    match opened.and_then(|mut file| file.read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok((Vec::new(), 0));
        }
        Err(error) => return Err(failed(path, Deed::Read, &error)),
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

fn failed(path: &Path, deed: Deed, error: &io::Error) -> LedgerError {
    let fault = StorageFault::of_io(error);
    LedgerError::Rescue { path: path.to_owned(), deed, fault, cause: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Open as _;
    use crate::ledger::tests::{claim, end, found, name, place, record};
    use crate::ledger::{Books as _, Ledger};
    use crate::row::RowState;

    fn line(row_id: i64, key: &str, outcome: Outcome) -> Line {
        Line::new(RowId(row_id), Some(key.to_owned()), OwnerId(row_id), &end(outcome, 1))
    }

    /// Keeps lines as a run does that ends after them.
    fn keep(path: &Path, lines: &[Line]) -> PathBuf {
        let mut rescue = Rescue::reserve(path, &claim(path), OwnerId(1));
        lines.iter().for_each(|line| rescue.keep(std::slice::from_ref(line)).unwrap());
        rescue.finish();
        rescue_path(path)
    }

    fn rescue_path(ledger: &Path) -> PathBuf {
        beside(ledger, &name("a"), "1.rescue")
    }

    #[test]
    fn what_is_kept_is_brought_in_once_and_the_file_is_gone() {
        let (_folder, path) = place();
        record(&path, "k1", &[None]);
        record(&path, "k2", &[None]);
        let file =
            keep(&path, &[line(1, "k1", Outcome::Succeeded), line(2, "k2", Outcome::Refused)]);
        assert_eq!(waiting_outcomes(&path, &name("a")).unwrap(), [(file.clone(), 2)]);
        let ledger = Ledger::open(&path).unwrap();
        let taken = ledger.take_in(&claim(&path)).unwrap().remove(0);
        assert_eq!((taken.outcomes, taken.unreadable), (2, 0));
        assert!(!file.exists());
        assert_eq!(ledger.take_in(&claim(&path)).unwrap(), []);
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
            assert_eq!(ledger.take_in(&claim(&path)).unwrap()[0].outcomes, 1);
            let state = found(&path, "k1").unwrap().earlier.state;
            assert_eq!(state, RowState::Succeeded { attempts: 1, id: Some("tn_1".into()) });
        }
    }

    #[test]
    fn a_run_without_trouble_leaves_no_file_and_a_killed_one_a_file_that_means_nothing() {
        let (_folder, path) = place();
        record(&path, "k1", &[Some(Outcome::Succeeded)]);
        let file = rescue_path(&path);
        assert!(!file.exists());
        drop(Rescue::reserve(&path, &claim(&path), OwnerId(1)));
        assert_eq!(std::fs::metadata(&file).unwrap().len(), RESERVE as u64);
        assert_eq!(waiting_outcomes(&path, &name("a")).unwrap(), []);
        assert_eq!(Ledger::open(&path).unwrap().take_in(&claim(&path)).unwrap(), []);
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
        let taken = Ledger::open(&path).unwrap().take_in(&claim(&path)).unwrap().remove(0);
        assert_eq!((taken.outcomes, taken.unreadable), (1, 1));
        assert!(taken.kept.unwrap().exists(), "for a person to look at");
        assert_eq!(waiting_outcomes(&path, &name("a")).unwrap(), []);
    }

    /// A file may be renamed and removed while it is open, as Unix has it.
    #[cfg(unix)]
    #[test]
    fn a_run_that_was_overtaken_keeps_its_outcomes_and_touches_no_other_file() {
        let (_folder, path) = place();
        record(&path, "k1", &[None]);
        record(&path, "k2", &[None]);
        let mut first = Rescue::reserve(&path, &claim(&path), OwnerId(1));
        first.keep(&[line(1, "k1", Outcome::Succeeded)]).unwrap();
        // Another run takes the job, with what is known by then, and has a file of its own.
        let ledger = Ledger::open(&path).unwrap();
        assert_eq!(ledger.take_in(&claim(&path)).unwrap()[0].outcomes, 1);
        let mut second = Rescue::reserve(&path, &claim(&path), OwnerId(2));
        first.keep(&[line(2, "k2", Outcome::Succeeded)]).unwrap();
        first.finish();
        assert!(second.path().exists());
        second.finish();
        let waiting = waiting_outcomes(&path, &name("a")).unwrap();
        assert_eq!(waiting, [(rescue_path(&path), 1)]);
        ledger.take_in(&claim(&path)).unwrap();
        let state = found(&path, "k2").unwrap().earlier.state;
        assert_eq!(state, RowState::Succeeded { attempts: 1, id: Some("tn_1".into()) });
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_taken_and_not_brought_in_is_not_replaced_by_the_next_of_its_owner() {
        let (_folder, path) = place();
        record(&path, "k1", &[None]);
        record(&path, "k2", &[None]);
        let mut rescue = Rescue::reserve(&path, &claim(&path), OwnerId(2));
        rescue.keep(&[line(1, "k1", Outcome::Succeeded)]).unwrap();
        // Another run takes the file and dies before what it holds is in the ledger.
        let taken = beside(&path, &name("a"), "2.rescue.taken");
        std::fs::rename(rescue.path(), &taken).unwrap();
        rescue.keep(&[line(2, "k2", Outcome::Succeeded)]).unwrap();
        rescue.finish();
        let told = Ledger::open(&path).unwrap().take_in(&claim(&path)).unwrap();
        assert_eq!(told.len(), 2, "{told:?}");
        for key in ["k1", "k2"] {
            let state = found(&path, key).unwrap().earlier.state;
            assert!(matches!(state, RowState::Succeeded { .. }), "{key}: {state:?}");
        }
        assert_eq!(waiting_outcomes(&path, &name("a")).unwrap(), []);
    }

    #[test]
    fn an_outcome_of_an_owner_before_the_one_that_began_the_attempt_is_not_of_it() {
        let (_folder, path) = place();
        record(&path, "other", &[Some(Outcome::Succeeded)]);
        record(&path, "k1", &[None]);
        let row = RowId(found(&path, "k1").unwrap().id.0);
        let key = Some("k1".to_owned());
        keep(&path, &[Line::new(row, key, OwnerId(1), &end(Outcome::Succeeded, 1))]);
        let refused = Ledger::open(&path).unwrap().take_in(&claim(&path));
        assert!(matches!(refused, Err(LedgerError::RescueMisfit { .. })), "{refused:?}");
    }

    #[test]
    fn a_file_that_an_earlier_version_left_or_an_interrupted_run_has_named_is_brought_in() {
        for ending in ["rescue", "rescue.taken", "1.rescue.taken"] {
            let (_folder, path) = place();
            record(&path, "k1", &[None]);
            let file = keep(&path, &[line(1, "k1", Outcome::Succeeded)]);
            std::fs::rename(file, beside(&path, &name("a"), ending)).unwrap();
            let taken = Ledger::open(&path).unwrap().take_in(&claim(&path)).unwrap().remove(0);
            assert_eq!((taken.outcomes, taken.kept), (1, None), "{ending}");
            assert_eq!(waiting_outcomes(&path, &name("a")).unwrap(), []);
        }
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
            assert_eq!(waiting_outcomes(&path, &name("a")).unwrap()[0].1, 2, "{}", file.display());
        }
    }

    #[test]
    fn what_was_written_in_part_is_written_over() {
        let (_folder, path) = place();
        record(&path, "k1", &[None]);
        let mut rescue = Rescue::reserve(&path, &claim(&path), OwnerId(1));
        rescue.file.as_mut().unwrap().write_all(b"{\"row_id\":1,\"key\":\"k1\"").unwrap();
        rescue.keep(&[line(1, "k1", Outcome::Succeeded)]).unwrap();
        rescue.finish();
        let taken = Ledger::open(&path).unwrap().take_in(&claim(&path)).unwrap().remove(0);
        assert_eq!((taken.outcomes, taken.unreadable), (1, 0));
    }
}
