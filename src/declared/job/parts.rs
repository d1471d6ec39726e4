//! Of which files a source consists, by names that they keep from night to night, and how each is read.
//!
//! A file that the job names is known by that name as written, so that one with the day in it is the same file every day; one
//! that a pattern finds by where it was found. For telling that a file is not there any more which was read before; what that
//! means for its rows is for `plan`.

use std::path::Path;
use std::sync::Arc;

use super::file::{SheetFile, SourceFile};
use super::files::is_pattern;
use super::sources::Named;
use crate::source::{Encoding, Location};

/// A file that rows come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePart {
    /// Its name from night to night.
    pub name: Arc<str>,
    /// As the job has it: for all that one pattern finds.
    pub written: Arc<str>,
    /// As the places of its rows call it.
    pub called: Arc<str>,
    /// How it is read, as far as its rows would be others if it were read otherwise; empty where the job says nothing.
    pub manner: Arc<str>,
}

impl SourcePart {
    /// The rows that stand in the job itself.
    pub(super) fn inline(called: &str) -> Self {
        Self {
            name: "rows".into(),
            written: "rows".into(),
            called: called.into(),
            manner: "".into(),
        }
    }

    /// The files of a source. `written` is the name as the job has it.
    pub(super) fn of(
        source: &SourceFile,
        written: &str,
        named: &Named,
        beside: &Path,
    ) -> Vec<Self> {
        let manner: Arc<str> = manner(source).into();
        let within = match (&source.sheet, &source.at) {
            (Some(SheetFile::Name(name)), _) => format!("#{name}"),
            (Some(SheetFile::Number(number)), _) => format!("#{number}"),
            (None, Some(at)) => format!("#{at}"),
            (None, None) => String::new(),
        };
        let part = |(location, called): &(Location, Arc<str>)| {
            let found = location.path().filter(|_| named.is_pattern);
            let name = found.and_then(|found| found_name(found, written, named, beside));
            Self {
                name: format!("{}{within}", name.as_deref().unwrap_or(written)).into(),
                written: format!("{written}{within}").into(),
                called: Arc::clone(called),
                manner: Arc::clone(&manner),
            }
        };
        named.files.iter().map(part).collect()
    }
}

/// The name of a file that a pattern has found: as the job has it where that is no pattern, and as it was found where it is.
fn found_name(found: &Path, written: &str, named: &Named, beside: &Path) -> Option<String> {
    let from_job = |path: &'_ Path| path.strip_prefix(beside).unwrap_or(path).to_owned();
    let (found, pattern) = (from_job(found), from_job(&named.path));
    let count = |path: &Path| path.components().count();
    let written = Path::new(written);
    if count(&pattern) != count(&found) || count(&pattern) != count(written) {
        return found.to_str().map(|found| found.replace('\\', "/"));
    }
    let all = pattern.components().zip(found.components()).zip(written.components());
    let names = all.map(|((pattern, found), written)| match is_pattern(&pattern) {
        true => found.as_os_str().to_str(),
        false => written.as_os_str().to_str(),
    });
    Some(names.collect::<Option<Vec<_>>>()?.join("/"))
}

/// What a job says of how a file is read, in its own words.
fn manner(source: &SourceFile) -> String {
    let encoding = source.encoding.as_deref().and_then(Encoding::of_label);
    let said = [
        ("encoding", encoding.and_then(Encoding::named)),
        ("delimiter", source.delimiter.clone()),
        ("quote", source.quote.clone()),
        ("escape", source.escape.clone()),
        ("comment", source.comment.clone()),
        ("header", source.header.as_ref().map(|names| names.join(" | "))),
        ("header_row", source.header_row.map(|row| row.to_string())),
    ];
    let said = said.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?)));
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(written: &str, filled: &str, found: &str) -> String {
        let beside = Path::new("/jobs");
        let path = beside.join(filled);
        let named = Named { files: Vec::new(), path, written: None, is_pattern: true };
        found_name(&beside.join(found), written, &named, beside).unwrap()
    }

    #[test]
    fn a_file_keeps_its_name_though_a_folder_is_another_one_each_day() {
        for (written, filled, found, expected) in [
            ("*.csv", "*.csv", "a.csv", "a.csv"),
            ("{{ var.day }}/*.csv", "26/*.csv", "26/a.csv", "{{ var.day }}/a.csv"),
            ("in/*/notes.csv", "in/*/notes.csv", "in/a/notes.csv", "in/a/notes.csv"),
            ("{{ var.folder }}/*.csv", "in/26/*.csv", "in/26/a.csv", "in/26/a.csv"),
        ] {
            assert_eq!(name(written, filled, found), expected, "{written}");
        }
    }
}
