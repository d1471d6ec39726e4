//! The file of a register: opened so that nobody can put another in its place, locked, read, written.
//!
//! It is written in place, in one line: what a shorter one leaves behind is not read. Nothing is lost with it that matters for
//! longer than a window.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::clock::{self, Clock};
use super::{Heard, PATIENCE, Unheard};
use crate::text::private_file;
use crate::traffic::pace::{Register, Report, Run};

const FORMAT: u32 = 1;
/// No register is longer.
const LARGEST: u64 = 4 << 20;
/// How long to wait before a lock that is held is tried again.
const SOON: Duration = Duration::from_millis(1);

/// What stands in the file.
#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    #[serde(flatten)]
    content: Content,
}

#[derive(Serialize, Deserialize)]
struct Content {
    clock: Clock,
    register: Register,
}

/// What was found in it.
enum Found {
    Nothing,
    Register(Content),
    /// No register, or a broken one.
    Rubbish,
    Newer,
}

pub(super) struct RegisterFile {
    path: PathBuf,
    run: Run,
    file: Option<File>,
    /// Whether this run has written to it before.
    has_come: bool,
}

impl RegisterFile {
    pub(super) fn new(path: PathBuf, run: Run) -> Self {
        Self { path, run, file: None, has_come: false }
    }

    /// Says how a run stands, and hears of the others.
    pub(super) fn come(&mut self, report: &Report) -> Result<Heard, Unheard> {
        let path = self.path.clone();
        let refused = |error: io::Error| match error.kind() {
            io::ErrorKind::TimedOut => Unheard::Stuck { path: path.clone() },
            _ => Unheard::File { path: path.clone(), cause: error.to_string() },
        };
        let told = |why: Exchange| match why {
            Exchange::Newer => Unheard::Newer { path: path.clone() },
            Exchange::FolderElsewhere => Unheard::FolderElsewhere { path: path.clone() },
            Exchange::TwoNames => Unheard::TwoNames { path: path.clone() },
            Exchange::Failed(error) => refused(error),
        };
        let mut file = self.locked().map_err(told)?;
        let heard = self.exchange(&mut file, report);
        self.has_come |= heard.is_ok();
        // The lock goes with the file if this fails.
        let _ = file.unlock();
        if !matches!(heard, Err(Exchange::Failed(_))) {
            self.file = Some(file);
        }
        heard.map_err(told)
    }

    fn exchange(&self, file: &mut File, report: &Report) -> Result<Heard, Exchange> {
        let (found, clock) = (read(file)?, Clock::read());
        let (clock, mut register, is_anew) = match found {
            Found::Register(Content { clock: before, mut register }) => {
                register.shift(clock.set_since(&before));
                (clock.steady(&before), register, false)
            }
            // Somebody has deleted it, and with it what other runs had sent.
            Found::Nothing => (clock.clone(), Register::begin(clock.now), self.has_come),
            Found::Rubbish => (clock.clone(), Register::begin(clock.now), true),
            Found::Newer => return Err(Exchange::Newer),
        };
        let own = self.run.process.as_ref();
        let has_died = |process: &_| clock::has_died(process, own);
        let view = register.come(&self.run, report, clock.now, &has_died);
        write(file, Written { format: FORMAT, content: Content { clock, register } })?;
        Ok(Heard { view, begun_anew: is_anew.then(|| self.path.clone()) })
    }

    /// The file, locked. One that was deleted is made anew.
    fn locked(&mut self) -> Result<File, Exchange> {
        let began = Instant::now();
        loop {
            let file = match self.file.take() {
                Some(file) => file,
                None => open(&self.path)?,
            };
            match file.try_lock() {
                Ok(()) if is_at(&file, &self.path)? => return Ok(file),
                // It was deleted or replaced meanwhile.
                Ok(()) if began.elapsed() < PATIENCE => std::thread::sleep(SOON),
                Err(TryLockError::Error(error)) => return Err(error.into()),
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                    self.file = Some(file);
                    std::thread::sleep(SOON);
                }
                Ok(()) | Err(TryLockError::WouldBlock) => {
                    return Err(Exchange::Failed(io::ErrorKind::TimedOut.into()));
                }
            }
        }
    }
}

/// Why nothing was exchanged.
enum Exchange {
    Newer,
    /// Its folder is none, or a link to one.
    FolderElsewhere,
    /// The file has another name elsewhere.
    TwoNames,
    Failed(io::Error),
}

impl From<io::Error> for Exchange {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

fn open(path: &Path) -> Result<File, Exchange> {
    if let Some(folder) = path.parent() {
        private_file::folders().create(folder)?;
        keep_others_out(folder)?;
    }
    let mut options = OpenOptions::new();
    let file =
        private_file::open(path, options.read(true).write(true).create(true).truncate(false))?;
    keep_others_out_of(&file)?;
    Ok(file)
}

fn read(file: &mut File) -> io::Result<Found> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Ok(Found::Nothing);
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if let Ok(written) = serde_json::from_slice::<Written>(line)
        && written.format == FORMAT
        && written.content.register.is_sound()
    {
        return Ok(Found::Register(written.content));
    }
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let version = serde_json::from_slice::<Version>(line);
    let is_newer = version.is_ok_and(|version| version.format > FORMAT);
    Ok(if is_newer { Found::Newer } else { Found::Rubbish })
}

fn write(file: &mut File, written: Written) -> io::Result<()> {
    let mut line = serde_json::to_vec(&written).map_err(io::Error::other)?;
    line.push(b'\n');
    file.rewind()?;
    file.write_all(&line)?;
    file.set_len(line.len() as u64)
}

/// Whether a file is still what its path leads to.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let open = file.metadata()?;
    match path.symlink_metadata() {
        Ok(found) => Ok((found.dev(), found.ino()) == (open.dev(), open.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file that is open is not replaced there without anybody's noticing.
#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}

/// Whoever could write in the folder could put another file in the register's place.
#[cfg(unix)]
fn keep_others_out(folder: &Path) -> Result<(), Exchange> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = folder.symlink_metadata()?;
    if !found.is_dir() {
        return Err(Exchange::FolderElsewhere);
    }
    let mut permissions = found.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o700);
        std::fs::set_permissions(folder, permissions)?;
    }
    Ok(())
}

#[cfg(unix)]
fn keep_others_out_of(file: &File) -> Result<(), Exchange> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let found = file.metadata()?;
    if found.nlink() > 1 {
        return Err(Exchange::TwoNames);
    }
    let mut permissions = found.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o600);
        file.set_permissions(permissions)?;
    }
    Ok(())
}

/// The folder is in the user's own profile, which others cannot write to.
#[cfg(not(unix))]
fn keep_others_out(_folder: &Path) -> Result<(), Exchange> {
    Ok(())
}

#[cfg(not(unix))]
fn keep_others_out_of(_file: &File) -> Result<(), Exchange> {
    Ok(())
}
