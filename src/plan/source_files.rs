//! The files of a source beside those that earlier runs have read: rows of a file that is not there any more are not taken for
//! rows that are gone.
//!
//! A file is known as it was when all that had been sent was last accounted for. As long as rows are missing and one of these
//! files is not read, has no rows left, or is read otherwise, nobody can tell whether the rows are gone or the file is. What was
//! renamed is no matter: its rows are found by their keys, none is missing, and what is known of the files is what is there.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::declared::job::{Job, SourcePart};
use crate::ledger::{FilesNow, History, ReadFile};
use crate::source::Record;

/// A file of which earlier runs have read rows, and that does not show them any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GoneFile {
    pub name: Arc<str>,
    pub why: WhyGone,
}

/// Why a file does not show the rows that it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WhyGone {
    /// It is not there, or the job does not name it any more.
    NotRead,
    /// It has no rows, and had some.
    NoRows,
    /// It is read in another manner, as the job says both.
    ReadOtherwise { then: Arc<str>, now: Arc<str> },
    /// Which files earlier runs have read is not known.
    Unknown,
}

/// Counts the rows of each file while a source is read.
#[derive(Debug, Default)]
pub(super) struct FileRows {
    counts: IndexMap<Arc<str>, u64>,
    /// Where the file of the row before stands among them.
    last: usize,
}

impl FileRows {
    pub(super) fn see(&mut self, record: &Record) {
        let Some(file) = &record.place.file else { return };
        if let Some((name, count)) = self.counts.get_index_mut(self.last)
            && (Arc::ptr_eq(name, file) || name == file)
        {
            *count += 1;
            return;
        }
        let entry = self.counts.entry(Arc::clone(file));
        self.last = entry.index();
        *entry.or_default() += 1;
    }

    fn of(&self, part: &SourcePart) -> u64 {
        self.counts.get(&part.called).copied().unwrap_or_default()
    }
}

/// The files of a source as they are, and those that are gone.
pub(super) struct Files {
    read: Vec<ReadFile>,
    gone: Vec<GoneFile>,
    /// Names of files that are gone, and on purpose.
    let_go: Vec<Arc<str>>,
}

impl Files {
    pub(super) fn of(job: &Job, rows: &FileRows, history: Option<&History>) -> Self {
        let mut read: Vec<ReadFile> = Vec::with_capacity(job.parts.len());
        for part in &job.parts {
            let SourcePart { name, manner, .. } = part;
            let rows = rows.of(part);
            read.push(ReadFile { name: Arc::clone(name), manner: Arc::clone(manner), rows });
        }
        let known = history.map(History::files).unwrap_or_default();
        let gone = match history.is_some_and(|history| !history.is_empty()) && known.is_empty() {
            true => unknown(job),
            false => gone(known, &read),
        };
        let is_let_go = |gone: &GoneFile| job.let_go.iter().any(|name| **name == *gone.name);
        let (let_go, gone): (Vec<_>, Vec<_>) = gone.into_iter().partition(is_let_go);
        Self { read, gone, let_go: let_go.into_iter().map(|gone| gone.name).collect() }
    }

    /// Those that are gone and not said to be so on purpose.
    pub(super) fn gone(&self) -> &[GoneFile] {
        &self.gone
    }

    /// What is known of the files from now on. `is_all_there` says that no row is missing that was sent: then what is gone has
    /// taken nothing with it.
    pub(super) fn now(self, is_all_there: bool) -> FilesNow {
        let Self { mut read, gone, mut let_go } = self;
        let stays = |file: &WhyGone| *file == WhyGone::Unknown;
        match is_all_there {
            true => let_go.extend(gone.into_iter().map(|gone| gone.name)),
            // None is written down as long as some are not known that might be.
            false if gone.iter().any(|gone| stays(&gone.why)) => return FilesNow::default(),
            false => read.retain(|file| !gone.iter().any(|gone| gone.name == file.name)),
        }
        let_go.retain(|name| !read.iter().any(|file| file.name == *name));
        FilesNow { read, let_go }
    }
}

/// Known files that are not as they were.
fn gone(known: &[ReadFile], read: &[ReadFile]) -> Vec<GoneFile> {
    let read: IndexMap<&str, &ReadFile> = read.iter().map(|file| (&*file.name, file)).collect();
    let gone = known.iter().filter(|file| file.rows > 0).filter_map(|file| {
        let why = match read.get(&*file.name) {
            None => WhyGone::NotRead,
            Some(now) if now.rows == 0 => WhyGone::NoRows,
            Some(now) if now.manner != file.manner => WhyGone::ReadOtherwise {
                then: Arc::clone(&file.manner),
                now: Arc::clone(&now.manner),
            },
            Some(_) => return None,
        };
        Some(GoneFile { name: Arc::clone(&file.name), why })
    });
    gone.collect()
}

/// By the names that the job has: of a pattern nobody knows what it has found.
fn unknown(job: &Job) -> Vec<GoneFile> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for part in &job.parts {
        if names.last() != Some(&part.written) {
            names.push(Arc::clone(&part.written));
        }
    }
    names.into_iter().map(|name| GoneFile { name, why: WhyGone::Unknown }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, manner: &str, rows: u64) -> ReadFile {
        ReadFile { name: name.into(), manner: manner.into(), rows }
    }

    #[test]
    fn a_file_that_is_not_read_as_it_was_is_gone_and_one_that_is_new_is_not() {
        let known = [file("a", "", 2), file("b", "", 2), file("c", "", 2), file("d", "", 0)];
        let now = [file("b", "", 0), file("c", "encoding windows-1258", 2), file("e", "", 1)];
        let found: Vec<(String, WhyGone)> =
            gone(&known, &now).into_iter().map(|gone| (gone.name.to_string(), gone.why)).collect();
        let otherwise =
            WhyGone::ReadOtherwise { then: "".into(), now: "encoding windows-1258".into() };
        assert_eq!(
            found,
            [
                ("a".to_owned(), WhyGone::NotRead),
                ("b".to_owned(), WhyGone::NoRows),
                ("c".to_owned(), otherwise)
            ]
        );
    }

    #[test]
    fn what_is_known_of_a_file_stays_until_its_rows_are_there_or_it_is_let_go() {
        let gone = |name: &str, why| GoneFile { name: name.into(), why };
        let files = |let_go: &[&str]| Files {
            read: vec![file("a", "", 0), file("b", "", 2)],
            gone: vec![gone("a", WhyGone::NoRows), gone("c", WhyGone::NotRead)],
            let_go: let_go.iter().map(|name| (*name).into()).collect(),
        };
        let names =
            |now: &FilesNow| now.read.iter().map(|file| file.name.to_string()).collect::<Vec<_>>();
        let missing = files(&["d"]).now(false);
        assert_eq!((names(&missing), missing.let_go), (vec!["b".to_owned()], vec!["d".into()]));
        let there = files(&[]).now(true);
        assert_eq!(
            (names(&there), there.let_go),
            (vec!["a".to_owned(), "b".to_owned()], vec!["c".into()])
        );
        let unknown = Files { gone: vec![gone("*.csv", WhyGone::Unknown)], ..files(&[]) };
        assert_eq!(unknown.now(false), FilesNow::default());
    }
}
