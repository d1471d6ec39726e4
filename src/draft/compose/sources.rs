//! The files that rows come from, as a job names them: one, a pattern for several, or a list.

use std::path::{Path, PathBuf};

use super::Composing;
use crate::draft::drafted::SourceDraft;
use crate::draft::seen::{EachSeen, FileSeen, How, Trait};
use crate::draft::system::TableEach;

impl Composing<'_> {
    pub(super) fn sources(&self) -> Vec<SourceDraft> {
        let further = &self.parts.further;
        let draft = |seen: &FileSeen, path: PathBuf| {
            let mut traits = seen.traits.clone();
            let each = self.table_each().map(|each| match each {
                TableEach::Cells(name) => EachSeen::Columns(name.to_owned()),
                TableEach::Split { column, by } => {
                    EachSeen::Split { column: column.to_owned(), by: by.to_owned() }
                }
            });
            traits.extend(each.map(|each| Trait { said: ("each", each), how: How::Sure }));
            SourceDraft { path, format: seen.format, traits }
        };
        if further.is_empty() {
            return vec![draft(self.main, self.main.path.clone())];
        }
        let paths: Vec<&Path> =
            [self.main].iter().chain(further).map(|seen| seen.path.as_path()).collect();
        let is_alike = further
            .iter()
            .all(|seen| seen.traits == self.main.traits && seen.format == self.main.format);
        match pattern(&paths).filter(|_| is_alike) {
            Some(pattern) => vec![draft(self.main, pattern)],
            None => [self.main]
                .iter()
                .chain(further)
                .map(|seen| draft(seen, seen.path.clone()))
                .collect(),
        }
    }
}

/// A name with a star that stands for all of these: they lie in one folder and differ by digits.
pub(in crate::draft) fn pattern(paths: &[&Path]) -> Option<PathBuf> {
    let folder = paths.first()?.parent();
    let names: Vec<&str> = paths.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    if names.len() != paths.len() || paths.iter().any(|path| path.parent() != folder) {
        return None;
    }
    let first = names.first()?;
    let digits_from = first.find(|letter: char| letter.is_ascii_digit())?;
    let before = first.get(..digits_from)?;
    let digits =
        first[digits_from..].find(|letter: char| !letter.is_ascii_digit() && letter != '-')?;
    let behind = first.get(digits_from + digits..)?;
    let fits = |name: &&str| {
        let middle = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind));
        middle.is_some_and(|middle| {
            !middle.is_empty()
                && middle.chars().all(|letter| letter.is_ascii_digit() || letter == '-')
        })
    };
    // With a star in the name those of the folder would stand for others as well.
    let folder_name = folder.and_then(Path::to_str).unwrap_or("*");
    let is_plain = [before, behind, folder_name].iter().all(|part| !part.contains(['*', '?', '[']));
    (is_plain && names.iter().all(fits)).then(|| {
        let name = format!("{before}*{behind}");
        folder.map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name))
    })
}
