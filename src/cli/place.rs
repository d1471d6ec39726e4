//! A file that a verb writes where it was told to: beside its place until it is whole, and never in the place of something else.
//!
//! Not for what stands in it.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::table::{self, Refusal, Staying};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

/// What such files are, and how they are spoken of.
pub(super) struct Kind {
    /// How each of them begins.
    pub begins: &'static [u8],
    /// What cannot be done where there is no place, as in "the plan cannot be saved here".
    pub refused: &'static str,
    /// What is there where it is none of them.
    pub something_else: &'static str,
    /// Which of them may be named again, as in "an earlier plan".
    pub earlier: &'static str,
}

impl Kind {
    /// Whether a file is one of them, by how it begins.
    pub(super) fn is_that_of(&self, file: &Path) -> bool {
        let is_file = std::fs::metadata(file).is_ok_and(|about| about.is_file());
        let mut head = vec![0; self.begins.len()];
        is_file
            && File::open(file).and_then(|mut file| file.read_exact(&mut head)).is_ok()
            && head == self.begins
    }

    /// Whether nothing is lost by another of them in the place of a file: there is none, or it is one itself.
    fn may_replace(&self, file: &Path) -> bool {
        match table::look(file, &Staying::default()) {
            Ok(is_there) => !is_there || self.is_that_of(file),
            Err(_) => false,
        }
    }

    /// A file beside the place where one is to be.
    pub(super) fn beside(&self, file: &Path) -> Result<NamedTempFile, Diagnostic> {
        if !self.may_replace(file) {
            let hint = format!("name a file that is not there yet, or {}", self.earlier);
            return Err(Diagnostic::error(Code::UnwritableFile, place(file), self.something_else)
                .hint(hint));
        }
        table::beside(file).map_err(|error| self.unwritable(file, &error))
    }

    /// Puts one in its place, now that it is whole.
    pub(super) fn put(&self, mut whole: NamedTempFile, file: &Path) -> Result<(), Diagnostic> {
        let written = whole.as_file_mut().flush().and_then(|()| table::put(whole, file));
        written.map_err(|error| self.unwritable(file, &error))
    }

    pub(super) fn unwritable(&self, file: &Path, cause: &io::Error) -> Diagnostic {
        unwritable(file, self.refused, cause)
    }
}

/// A file cannot be put in its place.
pub(super) fn unwritable(file: &Path, refused: &str, error: &io::Error) -> Diagnostic {
    let is_full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let folder = table::folder_of(file).display().to_string();
    let (message, hint) = match is_full {
        true => (
            format!("{refused}: the disk is full ({error})"),
            format!("make room on the disk of the folder {folder}, or name a file on another one"),
        ),
        false => (
            format!("{refused}: {error}"),
            "name a file in a folder that is there and may be written to".to_owned(),
        ),
    };
    Diagnostic::error(Code::UnwritableFile, place(file), message).hint(hint)
}

/// A file may not be put where another one is.
pub(super) fn of_refusal(file: &Path, refusal: &Refusal, earlier: &str) -> Diagnostic {
    let (message, hint) = match refusal {
        Refusal::Io(error) => return unwritable(file, "the file cannot be written here", error),
        Refusal::Source => (
            "the file cannot be written here: the job, its sources, its ledger or another file of this command is there",
            "name another file: what the command lives on is never replaced".to_owned(),
        ),
        Refusal::Other => (
            "the file cannot be written here: something else is there",
            format!("name a file that is not there yet, or {earlier}"),
        ),
        Refusal::Special => (
            "the file cannot be written here: a folder, a link or a device is there",
            "name a file that is not there yet".to_owned(),
        ),
    };
    Diagnostic::error(Code::UnwritableFile, place(file), message).hint(hint)
}

fn place(file: &Path) -> Place {
    Place::File(file.display().to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: Kind = Kind {
        begins: b"Dear",
        refused: "the letter cannot be written here",
        something_else: "something else is there that is no letter",
        earlier: "an earlier letter",
    };

    #[test]
    fn only_what_is_of_its_kind_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let letter = file("letter", "Dear Lan");
        std::os::unix::fs::symlink(&letter, folder.path().join("link")).unwrap();
        let put = |name: &str| {
            let path = folder.path().join(name);
            let mut beside = LETTER.beside(&path).map_err(|problem| problem.render(false))?;
            beside.write_all(b"Dear Minh").unwrap();
            LETTER.put(beside, &path).map_err(|problem| problem.render(false))?;
            Ok::<_, String>(std::fs::read_to_string(path).unwrap())
        };
        assert_eq!(put("letter"), Ok("Dear Minh".to_owned()));
        assert_eq!(put("new"), Ok("Dear Minh".to_owned()));
        for (name, text) in [("short", "Dea"), ("empty", ""), ("notes.csv", "ticket,body")] {
            let path = file(name, text);
            let told = put(name).unwrap_err();
            assert!(told.contains("something else is there that is no letter"), "{told}");
            assert_eq!(std::fs::read_to_string(path).unwrap(), text);
        }
        assert!(put("link").unwrap_err().contains("or an earlier letter"));
        assert!(put(".").unwrap_err().contains("something else is there"));
        assert!(put("no/such/folder").unwrap_err().contains("the letter cannot be written here"));
    }
}
