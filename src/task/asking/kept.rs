//! What an inquiry that was interrupted has learnt, in a file for the next call, which this user alone may read: ids and
//! fingerprints of what lists show, and the texts of things that rows would change or delete.
//!
//! It is gone when all was asked, and what is older than a day is not gone by. Where the file cannot be had, the inquiry
//! begins anew each time; it never fails for that.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::recover::Answered;
use crate::text::private_file;

const FORMAT: &str = "noteferry lists 2";
/// In milliseconds.
const GOOD_FOR: i64 = 24 * 3_600_000;
/// More than this of a file, in bytes, is not read.
const MOST: u64 = 1 << 30;

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: String,
    /// Unix milliseconds.
    began: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    list: String,
    answer: Answered,
}

/// See the module's text.
#[derive(Debug, Default)]
pub(in crate::task) struct Kept {
    file: Option<(PathBuf, File)>,
    known: HashMap<String, Answered>,
    /// When the first of it was asked for; unix milliseconds.
    since: Option<i64>,
}

impl Kept {
    /// Keeps nothing.
    pub(in crate::task) fn nothing() -> Self {
        Self::default()
    }

    /// What an earlier call has left in a folder for the same job at the same target.
    pub(in crate::task) fn open(folder: &Path, parts: &[&str], now: i64) -> Self {
        let folder = folder.join("remote");
        let path = folder.join(format!("{}.jsonl", hash(parts)));
        if private_file::folders().create(&folder).is_err() {
            return Self::nothing();
        }
        let known = read(&path, now);
        let mut options = OpenOptions::new();
        let is_new = known.is_none();
        options.create(true).append(true);
        let Ok(mut file) = private_file::open(&path, &mut options) else { return Self::nothing() };
        if is_new {
            let head = Head { format: FORMAT.to_owned(), began: now };
            let begun = file.set_len(0).and_then(|()| write_line(&mut file, &head));
            if begun.is_err() {
                return Self::nothing();
            }
        }
        let (since, known) = known.unzip();
        Self { file: Some((path, file)), known: known.unwrap_or_default(), since }
    }

    /// Nothing that is known was asked for before this; unix milliseconds.
    pub(in crate::task) fn since(&self) -> Option<i64> {
        self.since
    }

    /// Takes out what is known of a list.
    pub(in crate::task) fn take(&mut self, list: &str) -> Option<Answered> {
        self.known.remove(&hash(&[list]))
    }

    /// Keeps what a list has shown. A disk that is full costs nothing but that.
    pub(in crate::task) fn keep(&mut self, list: &str, answer: &Answered) {
        let Some((_, file)) = &mut self.file else { return };
        let line = Line { list: hash(&[list]), answer: answer.clone() };
        if write_line(file, &line).is_err() {
            self.file = None;
        }
    }

    /// Whether a later call goes on where this one ends.
    pub(in crate::task) fn is_on(&self) -> bool {
        self.file.is_some()
    }

    /// All was asked: the next call begins anew.
    pub(in crate::task) fn forget(self) {
        if let Some((path, _)) = self.file {
            // Left there, it is too old in a day.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn write_line(file: &mut File, line: &impl Serialize) -> std::io::Result<()> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    file.write_all(&bytes)
}

/// What is known, and since when; none where there is nothing to go by. A line that breaks off ends it.
fn read(path: &Path, now: i64) -> Option<(i64, HashMap<String, Answered>)> {
    let file = private_file::open(path, OpenOptions::new().read(true)).ok()?;
    let mut lines = BufReader::new(file.take(MOST)).lines();
    let head: Head = serde_json::from_str(&lines.next()?.ok()?).ok()?;
    if head.format != FORMAT || !(head.began..=head.began + GOOD_FOR).contains(&now) {
        return None;
    }
    let lines = lines.map_while(|line| serde_json::from_str::<Line>(&line.ok()?).ok());
    Some((head.began, lines.map(|line| (line.list, line.answer)).collect()))
}

/// A name that shows nothing of what it is made of.
fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hasher.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
