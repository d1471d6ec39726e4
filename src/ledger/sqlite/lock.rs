//! One run of a job at a time.
//!
//! A lock on a file beside the ledger. The operating system lets go of it when the process ends, however it
//! ends, so there is never a stale one; the file itself stays and means nothing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::fault::of_io;
use super::file::make_folder;
use super::presence::{is_at, neighbours};
use crate::ledger::{Claim, Deed, JobName, LedgerError, Validity, Watch};
use crate::text::private_file::open as open_beside;

/// What became of a lock when it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ledger) enum Renewed {
    /// Its file was where it was, so it kept every other run out.
    Held,
    /// Its file was gone, and it has been taken once more. Another run may have held the job and ended meanwhile.
    TakenAgain,
}

/// Longer than it takes to look who holds a lock.
const GLANCE: Duration = Duration::from_millis(20);

/// Held for as long as a job runs.
#[derive(Debug)]
pub(crate) struct JobLock {
    job: JobName,
    /// Shared with whoever watches it.
    file: Arc<Mutex<File>>,
    /// The file that was locked in the place of one that was gone, until it is known that nobody held the job meanwhile.
    unconfirmed: Option<File>,
    path: PathBuf,
    /// Who holds it.
    text: String,
}

/// Tells at any moment whether a lock keeps others out.
#[derive(Debug, Clone)]
struct LockWatch {
    file: Arc<Mutex<File>>,
    path: PathBuf,
}

impl Watch for LockWatch {
    /// All lanes of the job, as long as the lock's file is where it was: a lock on a deleted file keeps no other run out.
    fn holds(&self, _lane: &str) -> bool {
        self.is_in_place()
    }
}

impl LockWatch {
    fn is_in_place(&self) -> bool {
        is_at(&self.file.lock().unwrap_or_else(PoisonError::into_inner), &self.path)
    }
}

impl JobLock {
    /// Takes the job's lock beside the ledger, or says who holds it. `process` (a number, and the machine where that is known) and
    /// `since` are told to the next who asks.
    pub(crate) fn take(
        ledger: &Path,
        job: &JobName,
        process: impl std::fmt::Display,
        since: &str,
    ) -> Result<Self, LedgerError> {
        let path = beside(ledger, job, "lock");
        let text = format!("process {process} since {since}\n");
        let file = Self::lock(&path, &text, ledger)?;
        let file = Arc::new(Mutex::new(file));
        Ok(Self { job: job.clone(), file, unconfirmed: None, path, text })
    }

    /// Who holds the job's lock at this moment, as others are told; empty where that cannot be read, none where nobody does.
    /// Makes no file. The lock is shared for as long as it takes to look, so [`Self::lock`] tries twice.
    pub(crate) fn held_by(ledger: &Path, job: &JobName) -> Option<String> {
        let path = beside(ledger, job, "lock");
        let mut file = open_beside(&path, OpenOptions::new().read(true)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(read_holder(&mut file)),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }

    fn own_watch(&self) -> LockWatch {
        LockWatch { file: Arc::clone(&self.file), path: self.path.clone() }
    }

    /// Takes the lock once more where its file has been deleted: a lock on a deleted file keeps no other run out. An error
    /// where another run has taken the lock meanwhile. What is taken counts when it is confirmed.
    pub(in crate::ledger) fn renew(&mut self, ledger: &Path) -> Result<Renewed, LedgerError> {
        if self.own_watch().is_in_place() {
            return Ok(Renewed::Held);
        }
        if self.unconfirmed.as_ref().is_some_and(|file| is_at(file, &self.path)) {
            return Ok(Renewed::TakenAgain);
        }
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_folder(folder).map_err(|error| of_io(ledger, Deed::Lock, &error))?;
        }
        self.unconfirmed = Some(Self::lock(&self.path, &self.text, ledger)?);
        Ok(Renewed::TakenAgain)
    }

    /// No other run has held the job since the lock was lost.
    pub(in crate::ledger) fn confirm(&mut self) {
        if let Some(file) = self.unconfirmed.take() {
            *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
        }
    }

    fn lock(path: &Path, text: &str, ledger: &Path) -> Result<File, LedgerError> {
        let storage = |error: std::io::Error| of_io(ledger, Deed::Lock, &error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = open_beside(path, undeletable(&mut options)).map_err(storage)?;
        match try_twice(&file) {
            Ok(()) => {
                let written = file
                    .set_len(0)
                    .and_then(|()| file.rewind())
                    .and_then(|()| file.write_all(text.as_bytes()));
                written.map_err(storage)?;
                Ok(file)
            }
            Err(TryLockError::WouldBlock) => Err(LedgerError::Busy { holder: holder(&mut file) }),
            Err(TryLockError::Error(error)) => Err(storage(error)),
        }
    }
}

impl Claim for JobLock {
    fn job(&self) -> &JobName {
        &self.job
    }

    fn holder(&self) -> &str {
        self.text.trim_end()
    }

    fn watch(&self) -> Box<dyn Watch> {
        Box::new(self.own_watch())
    }

    fn validity(&self) -> Validity {
        Validity::Held
    }
}

/// Who holds the lock of another job beside the same ledger, as far as that can be read; none where nobody does.
pub(super) fn other_holder(ledger: &Path, own: &JobLock) -> io::Result<Option<Option<String>>> {
    let start = format!("{}.", ledger.file_name().unwrap_or_default().to_string_lossy());
    for name in neighbours(ledger)? {
        let text = name.to_string_lossy();
        let is_lock = text.starts_with(&start) && text.ends_with(".lock");
        if !is_lock || own.path.file_name() == Some(&*name) {
            continue;
        }
        let path = ledger.with_file_name(&name);
        let mut file = open_beside(&path, OpenOptions::new().read(true).write(true))?;
        if matches!(try_twice(&file), Err(TryLockError::WouldBlock)) {
            return Ok(Some(holder(&mut file)));
        }
    }
    Ok(None)
}

/// Tries to lock a file, twice: the first time somebody may have done no more than look who holds it.
fn try_twice(file: &File) -> Result<(), TryLockError> {
    file.try_lock().or_else(|_| {
        std::thread::sleep(GLANCE);
        file.try_lock()
    })
}

/// Windows lets a file that is open be deleted and made anew, unless whoever opens it says no. Elsewhere a file is known
/// by its number.
#[cfg(windows)]
pub(super) fn undeletable(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::windows::fs::OpenOptionsExt as _;
    const SHARE_READ_AND_WRITE: u32 = 3;
    options.share_mode(SHARE_READ_AND_WRITE)
}

#[cfg(not(windows))]
pub(super) fn undeletable(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Who holds the lock, as far as the file can be read: some systems keep others from reading it, too.
fn holder(file: &mut File) -> Option<String> {
    Some(read_holder(file)).filter(|text| !text.is_empty())
}

fn read_holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.take(200).read_to_string(&mut text) {
        Ok(_) => text.trim().to_owned(),
        Err(_) => String::new(),
    }
}

/// A job's own file beside the ledger.
pub(super) fn beside(ledger: &Path, job: &JobName, extension: &str) -> PathBuf {
    let mut hasher = Sha256::new();
    for part in [&job.name, &job.base_url, &job.account] {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let hash: String = hasher.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    let mut name = ledger.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{hash}.{extension}"));
    ledger.with_file_name(name)
}
