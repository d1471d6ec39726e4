//! Where rows that are written out go: into a file that is put in its place when it is whole, or to standard output.
//!
//! A file is replaced only by its like, or where that was allowed; what rows are read from never is.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

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
    /// It is what the rows are read from.
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
    /// Looks whether rows may go there; `read` are files that must stay, `is_such` says whether a file is one of the kind that is
    /// written.
    pub(crate) fn refuse(
        &self,
        read: &[&Path],
        is_such: impl Fn(&Path) -> bool,
    ) -> Result<(), Refusal> {
        let Some(path) = &self.path else { return Ok(()) };
        if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
            std::fs::metadata(folder).map_err(Refusal::Io)?;
        }
        let Ok(about) = std::fs::symlink_metadata(path) else { return Ok(()) };
        let real = path.canonicalize().ok();
        if read.iter().any(|other| other.canonicalize().ok() == real || is_one_file(path, other)) {
            return Err(Refusal::Source);
        }
        match (about.is_file(), self.replaces) {
            (false, _) => Err(Refusal::Special),
            (true, false) if !is_such(path) => Err(Refusal::Other),
            (true, _) => Ok(()),
        }
    }

    /// Whether something is there already.
    pub(crate) fn is_there(&self) -> bool {
        self.path.as_ref().is_some_and(|path| path.exists())
    }

    /// Makes a file beside it, or among the temporary ones.
    pub(crate) fn take(&self) -> Result<(Taken, File), Refusal> {
        let beside = match &self.path {
            Some(path) => {
                let folder = path.parent().filter(|folder| *folder != Path::new(""));
                NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
            }
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
            Some(path) => {
                beside.as_file().sync_all()?;
                beside.persist(path).map(drop).map_err(|error| error.error)
            }
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
