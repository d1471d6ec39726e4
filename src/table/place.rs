//! Where files that are written go: beside their place until they are whole, and then there; or to standard output.
//!
//! What may be replaced is known here alone: what is absent, and plain files that are none of those that the tool lives on, such as
//! the job, its sources and its ledger. Which plain files are of the kind that is written is for who writes them.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::leftover;

/// Files that must stay as they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Staying {
    files: Vec<PathBuf>,
    ledger: Option<PathBuf>,
}

impl Staying {
    /// These, and a ledger with all that lies beside it and bears its name: its log, its locks.
    pub(crate) fn new<P: AsRef<Path>>(
        files: impl IntoIterator<Item = P>,
        ledger: Option<&Path>,
    ) -> Self {
        let files = files.into_iter().map(|file| file.as_ref().to_owned()).collect();
        Self { files, ledger: ledger.map(Path::to_owned) }
    }

    /// Another one.
    pub(crate) fn and(mut self, file: &Path) -> Self {
        self.files.push(file.to_owned());
        self
    }

    /// Whether a path leads to one of them, or to where one of them is going to be.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        self.files.iter().any(|other| is_one_place(path, other))
            || self.ledger.as_ref().is_some_and(|ledger| is_of_ledger(path, ledger))
    }
}

/// Says whether a file is at a place; refuses one where none may be put.
pub(crate) fn look(path: &Path, staying: &Staying) -> Result<bool, Refusal> {
    if staying.holds(path) {
        return Err(Refusal::Source);
    }
    match std::fs::symlink_metadata(path) {
        Err(_) => Ok(false),
        Ok(about) if about.is_file() => Ok(true),
        Ok(_) => Err(Refusal::Special),
    }
}

/// Makes a file beside a place, and takes away what was left of one for that place. An error tells what the system said, and not
/// what the file would have been called.
pub(crate) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let (folder, names) = (folder_of(path), leftover::names(path));
    let mut builder = tempfile::Builder::new();
    if let Some((begins, ends)) = &names {
        leftover::sweep(folder, (begins, ends));
        builder.prefix(begins).suffix(ends);
    }
    let said = Cell::new(None);
    let made = builder.make_in(folder, |path| {
        leftover::make(path).inspect_err(|error| said.set(error.raw_os_error()))
    });
    made.map_err(|error| match said.get() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error.kind().into(),
    })
}

/// Puts a file in its place, now that it is whole.
pub(crate) fn put(whole: NamedTempFile, path: &Path) -> io::Result<()> {
    whole.as_file().sync_all()?;
    whole.persist(path).map(drop).map_err(|error| error.error)
}

/// The folder that a file lies in.
pub(crate) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Whether two paths lead to one file, or would.
fn is_one_place(one: &Path, other: &Path) -> bool {
    real(one) == real(other) || is_one_file(one, other)
}

/// A path without links and detours, as far as it is there.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let name = path.file_name().unwrap_or_default();
        match folder_of(path).canonicalize() {
            Ok(folder) => folder.join(name),
            Err(_) => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        }
    })
}

fn is_of_ledger(path: &Path, ledger: &Path) -> bool {
    if is_one_place(path, ledger) {
        return true;
    }
    let (path, ledger) = (real(path), real(ledger));
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let rest = name(&path).strip_prefix(&name(&ledger)).map(str::to_owned);
    path.parent() == ledger.parent()
        && rest.is_some_and(|rest| rest.starts_with('-') || rest.starts_with('.'))
}

/// Where rows go.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    /// None for standard output.
    pub path: Option<PathBuf>,
    /// Whatever is there may be replaced.
    pub replaces: bool,
}

/// Why nothing can be written there.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It is one of the files that must stay, such as what the rows are read from.
    Source,
    /// Something else is there.
    Other,
    /// It is no plain file.
    Special,
    Io(io::Error),
}

/// A destination that has been taken: rows are written beside it first.
#[derive(Debug)]
pub(crate) struct Taken {
    beside: NamedTempFile,
    path: Option<PathBuf>,
}

impl Destination {
    /// Looks whether rows may go there; `is_such` says whether a file is one of the kind that is written.
    pub(crate) fn refuse(
        &self,
        staying: &Staying,
        is_such: impl Fn(&Path) -> bool,
    ) -> Result<(), Refusal> {
        let Some(path) = &self.path else { return Ok(()) };
        if !folder_of(path).is_dir() {
            let error = io::Error::new(io::ErrorKind::NotFound, "there is no such folder");
            return Err(Refusal::Io(error));
        }
        match look(path, staying)? {
            true if !self.replaces && !is_such(path) => Err(Refusal::Other),
            _ => Ok(()),
        }
    }

    /// Whether something is there already.
    pub(crate) fn is_there(&self) -> bool {
        self.path.as_ref().is_some_and(|path| path.exists())
    }

    /// Makes a file beside it, or among the temporary ones.
    pub(crate) fn take(&self) -> Result<(Taken, File), Refusal> {
        let beside = match &self.path {
            Some(path) => beside(path),
            None => NamedTempFile::new(),
        };
        let beside = beside.map_err(Refusal::Io)?;
        let to = beside.as_file().try_clone().map_err(Refusal::Io)?;
        Ok((Taken { beside, path: self.path.clone() }, to))
    }
}

impl Taken {
    /// Puts what was written in its place; `out` is standard output.
    pub(crate) fn put(self, out: &mut dyn Write) -> io::Result<()> {
        let Self { mut beside, path } = self;
        match path {
            Some(path) => self::put(beside, &path),
            None => {
                let file = beside.as_file_mut();
                file.seek(SeekFrom::Start(0))?;
                io::copy(file, out)?;
                out.flush()
            }
        }
    }
}

#[cfg(unix)]
fn is_one_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |path: &Path| path.metadata().map(|about| (about.dev(), about.ino())).ok();
    identity(one).is_some_and(|one| Some(one) == identity(other))
}

#[cfg(not(unix))]
fn is_one_file(_: &Path, _: &Path) -> bool {
    false
}
