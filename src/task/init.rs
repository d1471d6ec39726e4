//! `init`: looks at data files and drafts a job for them; writes nothing itself.

use std::path::{Component, Path, PathBuf};

use jiff::civil::Date;

use crate::draft::{self, Answers, Draft, FileSeen, LookOptions};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

/// What was seen of the files that somebody has named.
#[derive(Debug)]
pub(crate) struct Heads {
    files: Vec<FileSeen>,
    /// Those of which somebody has said what they are.
    tables: Vec<FileSeen>,
}

impl Heads {
    /// The names of the columns of the file that has the notes, as far as that can be told.
    pub(crate) fn columns(&self, draft: &Draft) -> Vec<String> {
        let main = draft
            .looked
            .iter()
            .zip(&self.files)
            .find(|(looked, _)| looked.part == draft::Part::Main);
        let columns =
            main.into_iter().flat_map(|(_, seen)| seen.columns.iter().chain(&seen.around));
        columns.map(|column| column.name.clone()).collect()
    }

    /// What is wrong with rows that were looked at.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &Diagnostic> {
        self.files.iter().chain(&self.tables).flat_map(|seen| &seen.problems)
    }
}

/// Looks at all files; what somebody has said of how a file is written is said of the first.
///
/// # Errors
/// What is wrong with any of them.
pub(crate) fn look(
    files: &[PathBuf],
    options: &LookOptions,
    answers: &Answers,
) -> Result<Heads, Vec<Diagnostic>> {
    let usual = LookOptions::default();
    let tables: Vec<&Path> = answers.tables.iter().map(|table| table.path.as_path()).collect();
    let mut problems = Vec::new();
    let mut seen = |path: &Path, options: &LookOptions| {
        draft::look(path, options).map_err(|found| problems.extend(found)).ok()
    };
    // A file that was named twice is one, and one that is a table is nothing else.
    let mut named: Vec<&Path> = Vec::new();
    for path in files {
        if !named.contains(&path.as_path()) && !tables.contains(&path.as_path()) {
            named.push(path);
        }
    }
    let looked: Vec<Option<FileSeen>> = named
        .iter()
        .enumerate()
        .map(|(at, path)| seen(path, if at == 0 { options } else { &usual }))
        .collect();
    let tables: Vec<Option<FileSeen>> = tables.iter().map(|path| seen(path, &usual)).collect();
    match problems.is_empty() {
        true => Ok(Heads {
            files: looked.into_iter().flatten().collect(),
            tables: tables.into_iter().flatten().collect(),
        }),
        false => Err(problems),
    }
}

/// Drafts a job for what was seen, to lie in a folder.
///
/// # Errors
/// What nothing can be guessed about.
pub(crate) fn draft(
    heads: &Heads,
    answers: &Answers,
    folder: &Path,
    today: Date,
) -> Result<Draft, Vec<Diagnostic>> {
    let mut draft = draft::compose(&heads.files, &heads.tables, answers, today)?;
    draft.start_paths_from(|path| from_folder(path, folder));
    let problems: Vec<Diagnostic> = draft.paths().filter_map(unnameable).collect();
    if problems.is_empty() { Ok(draft) } else { Err(problems) }
}

/// That a job cannot name a file: its name is no text, or means something else there.
fn unnameable(path: &Path) -> Option<Diagnostic> {
    let (reason, hint) = match path.to_str() {
        None => (
            "its name has bytes that are no UTF-8",
            "give the file, or the folder that it lies in, another name",
        ),
        Some(name) if name.contains("{{") => (
            "in its name {{ begins a variable of the job",
            "give the file, or the folder that it lies in, a name without {{",
        ),
        Some(_) => return None,
    };
    let place = Place::File(path.display().to_string().into());
    let message = format!("a job cannot name this file: {reason}");
    Some(Diagnostic::error(Code::Unrecognised, place, message).hint(hint))
}

/// A path from where somebody is, as it is written in a file that lies in a folder.
fn from_folder(path: &Path, folder: &Path) -> PathBuf {
    let is_plain = |part: &Component<'_>| matches!(part, Component::Normal(_));
    let steps: Vec<Component<'_>> =
        folder.components().filter(|part| *part != Component::CurDir).collect();
    if path.is_absolute() || steps.is_empty() {
        return path.to_owned();
    }
    if let Ok(inside) = path.strip_prefix(folder) {
        return inside.to_owned();
    }
    match steps.iter().all(is_plain) {
        true => steps.iter().map(|_| Component::ParentDir).collect::<PathBuf>().join(path),
        // From elsewhere there is no other way that holds.
        false => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_job_cannot_write_are_told() {
        use std::os::unix::ffi::OsStrExt as _;
        for (name, told) in [
            ("notes (1)*.csv", false),
            ("not[e]s?.csv", false),
            ("a\\b.csv", false),
            ("notes {1}.csv", false),
            ("{{ day }}/notes.csv", true),
            ("notes{{.csv", true),
        ] {
            assert_eq!(unnameable(Path::new(name)).is_some(), told, "{name}");
        }
        assert!(unnameable(Path::new(std::ffi::OsStr::from_bytes(b"notes\xff.csv"))).is_some());
    }

    #[test]
    fn a_path_starts_from_the_folder_of_the_job() {
        for (path, folder, wanted) in [
            ("a.csv", "", "a.csv"),
            ("a.csv", ".", "a.csv"),
            ("data/a.csv", "data", "a.csv"),
            ("data/a.csv", "jobs", "../data/a.csv"),
            ("a.csv", "jobs/new", "../../a.csv"),
        ] {
            assert_eq!(
                from_folder(Path::new(path), Path::new(folder)),
                Path::new(wanted),
                "{path} {folder}"
            );
        }
    }
}
