//! The file of an export while it is not whole: `notes.csv.part` with what was read so far, and `notes.csv.part.log`, which says
//! what of it counts.
//!
//! A list is written at once and counts when the log says so: whatever was torn by a sudden end is cut off by the next call, which
//! goes on behind it. When all is there the part takes the file's name. Both are for this user alone.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::text::private_file;

const FORMAT: &str = "noteferry export 2";
/// More than this of a log, in bytes, is not read.
const MOST: u64 = 1 << 30;

/// What an export is of: one of something else does not go on with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub format: String,
    pub job: String,
    /// Its name and its fingerprint: one that was changed may read the same list otherwise.
    pub connector: String,
    pub base_url: String,
    pub account: String,
    pub written_as: String,
    pub columns: Vec<String>,
}

impl Head {
    pub(super) fn format() -> String {
        FORMAT.to_owned()
    }
}

/// That a list is in the part, up to a byte.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    list: String,
    things: u64,
    end: u64,
    /// When it was read; unix milliseconds.
    at: i64,
}

/// Why a file cannot be written.
#[derive(Debug)]
pub(super) enum Unwritable {
    /// Something is in its place.
    Exists,
    /// The part is of another export.
    Other {
        part: PathBuf,
    },
    /// Another process writes it at this moment.
    InUse {
        part: PathBuf,
    },
    Io {
        path: PathBuf,
        error: io::Error,
    },
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct ExportFile {
    path: PathBuf,
    part: File,
    part_path: PathBuf,
    log: File,
    log_path: PathBuf,
    /// Where the next list begins.
    end: u64,
    /// The lists that are there already, with how many things each has.
    known: HashMap<String, u64>,
    /// When the first of them was read; unix milliseconds.
    since: Option<i64>,
}

impl ExportFile {
    /// Goes on with a part of the same export, or begins one with `begins`.
    pub(super) fn open(
        path: &Path,
        (head, begins): (&Head, &[u8]),
        replaces: bool,
    ) -> Result<Self, Unwritable> {
        if !replaces && path.symlink_metadata().is_ok() {
            return Err(Unwritable::Exists);
        }
        let (part_path, log_path) = (beside(path, ".part"), beside(path, ".part.log"));
        let of = |path: &Path| {
            let path = path.to_owned();
            move |error| Unwritable::Io { path, error }
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut log = private_file::open(&log_path, &mut options).map_err(of(&log_path))?;
        match log.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Unwritable::InUse { part: part_path }),
            Err(TryLockError::Error(error)) => return Err(of(&log_path)(error)),
        }
        let part = private_file::open(&part_path, &mut options).map_err(of(&part_path))?;
        let length = part.metadata().map_err(of(&part_path))?.len();
        let entries = match read(&mut log, head).map_err(of(&log_path))? {
            Found::Same(entries) => entries,
            Found::Other => return Err(Unwritable::Other { part: part_path }),
            // A part without a log is none of ours.
            Found::Nothing if length > 0 => return Err(Unwritable::Other { part: part_path }),
            Found::Nothing => Vec::new(),
        };
        // What the log says and the part does not have was lost with the power: no line of it may come to count later.
        let there = entries.iter().take_while(|(entry, _)| entry.end <= length).count();
        let log_end = match there.checked_sub(1).and_then(|last| entries.get(last)) {
            Some((_, log_end)) => *log_end,
            None => 0,
        };
        let entries: Vec<Entry> = entries.into_iter().take(there).map(|(entry, _)| entry).collect();
        let mut file = Self {
            path: path.to_owned(),
            end: entries.last().map_or(0, |entry| entry.end),
            since: entries.iter().map(|entry| entry.at).min(),
            known: entries.into_iter().map(|entry| (entry.list, entry.things)).collect(),
            part,
            part_path,
            log,
            log_path,
        };
        let begun = match log_end {
            0 => file.begin(head, begins),
            log_end => file.cut(log_end),
        };
        begun.map_err(of(&file.part_path))?;
        Ok(file)
    }

    fn begin(&mut self, head: &Head, begins: &[u8]) -> io::Result<()> {
        self.part.set_len(0)?;
        self.part.seek(SeekFrom::Start(0))?;
        self.part.write_all(begins)?;
        self.end = begins.len() as u64;
        self.log.set_len(0)?;
        self.log.seek(SeekFrom::Start(0))?;
        write_line(&mut self.log, head)
    }

    /// Cuts off what does not count.
    fn cut(&mut self, log_end: u64) -> io::Result<()> {
        self.part.set_len(self.end)?;
        self.part.seek(SeekFrom::Start(self.end))?;
        self.log.set_len(log_end)?;
        self.log.seek(SeekFrom::Start(log_end)).map(drop)
    }

    /// How many things of a list are there; none where it is not.
    pub(super) fn known(&self, list: &str) -> Option<u64> {
        self.known.get(list).copied()
    }

    /// When the first of the lists that are there was read.
    pub(super) fn since(&self) -> Option<i64> {
        self.since
    }

    /// Where it is as long as it is not whole.
    pub(super) fn part(&self) -> &Path {
        &self.part_path
    }

    /// Writes a list, all of it or nothing that counts.
    pub(super) fn write(
        &mut self,
        (list, at): (&str, i64),
        things: u64,
        lines: &[u8],
    ) -> io::Result<()> {
        self.part.write_all(lines)?;
        self.part.sync_data()?;
        self.end += lines.len() as u64;
        write_line(&mut self.log, &Entry { list: list.to_owned(), things, end: self.end, at })
    }

    /// All is there: the part takes the file's name.
    pub(super) fn finish(self) -> io::Result<()> {
        self.part.sync_all()?;
        std::fs::rename(&self.part_path, &self.path)?;
        // Left there, it is without a part, and begins anew.
        let _ = std::fs::remove_file(&self.log_path);
        Ok(())
    }
}

enum Found {
    Nothing,
    /// Each with where its line of the log ends.
    Same(Vec<(Entry, u64)>),
    Other,
}

/// What a log says. A line that breaks off ends it, and one that goes back behind what is there already.
fn read(log: &mut File, head: &Head) -> io::Result<Found> {
    log.seek(SeekFrom::Start(0))?;
    let mut lines = BufReader::new(log.take(MOST));
    let (mut line, mut end, mut reached, mut entries) = (String::new(), 0, 0, Vec::new());
    loop {
        line.clear();
        // What is no text is none of ours.
        if lines.read_line(&mut line).is_err() || !line.ends_with('\n') {
            break;
        }
        match end {
            0 if serde_json::from_str::<Head>(&line).ok().as_ref() != Some(head) => {
                return Ok(Found::Other);
            }
            0 => {}
            _ => match serde_json::from_str::<Entry>(&line) {
                Ok(entry) if entry.end >= reached => {
                    reached = entry.end;
                    entries.push((entry, end + line.len() as u64));
                }
                _ => break,
            },
        }
        end += line.len() as u64;
    }
    Ok(if end == 0 { Found::Nothing } else { Found::Same(entries) })
}

fn write_line(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    file.write_all(&bytes)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(connector: &str) -> Head {
        Head {
            format: Head::format(),
            job: "backup".to_owned(),
            connector: connector.to_owned(),
            base_url: "https://api.example".to_owned(),
            account: String::new(),
            written_as: "csv".to_owned(),
            columns: vec!["note".to_owned()],
        }
    }

    fn open(path: &Path) -> ExportFile {
        ExportFile::open(path, (&head("desk"), b"note\n"), false).unwrap()
    }

    /// The names of what counts, in their order.
    fn known(file: &ExportFile) -> Vec<&str> {
        let mut names: Vec<&str> = file.known.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn what_was_lost_never_comes_to_count_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.csv");
        let part = folder.path().join("notes.csv.part");
        let mut file = open(&path);
        for (at, list) in ["a", "b", "c"].into_iter().enumerate() {
            file.write((list, 1_000 + at as i64), 1, b"12345678\n").unwrap();
        }
        drop(file);
        // The power goes: the log has been written, and of the part only the first list is there.
        let torn = File::options().write(true).open(&part).unwrap();
        torn.set_len(5 + 9 + 4).unwrap();
        let mut file = open(&path);
        assert_eq!((known(&file), file.since()), (vec!["a"], Some(1_000)));
        // What is written now is longer than what was lost: an old line of the log would count by that.
        file.write(("d", 2_000), 1, b"1234567890123456789012345678\n").unwrap();
        drop(file);
        let file = open(&path);
        assert_eq!(known(&file), ["a", "d"]);
        file.finish().unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        assert_eq!(whole, "note\n12345678\n1234567890123456789012345678\n");
    }

    #[test]
    fn a_log_that_goes_back_ends_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.csv");
        let mut file = open(&path);
        file.write(("a", 1_000), 1, b"12345678\n").unwrap();
        file.end = 0;
        file.write(("b", 1_000), 1, b"12\n").unwrap();
        drop(file);
        assert_eq!(known(&open(&path)), ["a"]);
    }

    #[test]
    fn a_part_that_another_connector_has_read_is_of_another_export() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.csv");
        drop(open(&path));
        let other = ExportFile::open(&path, (&head("desk, changed"), b"note\n"), false);
        assert!(matches!(other, Err(Unwritable::Other { .. })), "{other:?}");
    }
}
