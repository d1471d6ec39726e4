//! What stands under `source:` or `sources:`, as meant: files, one after the other, or rows in the job.
//!
//! How a file is written is for `layout`, which files a name stands for is for `files`; tables of `lookups` are read by the
//! same means.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::source::{Files, Format, Location, OwnedCell, delimiter_of};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::pointer::Pointer;

use super::file::{JobFile, SourceFile};
use super::files::matching;
use super::resolve::Resolver;
use super::{Rows, SourcePart, Variables};

/// What is known where a job names a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Naming<'a> {
    /// The job's folder, from which names start.
    pub beside: &'a Path,
    /// Values that a name may hold.
    pub variables: &'a Variables,
    /// The file that is read in place of the job's.
    pub replaced: Option<&'a Path>,
}

/// Files that a name stands for.
pub(super) struct Named {
    pub files: Vec<(Location, Arc<str>)>,
    /// As the job has the name, from its folder.
    pub path: PathBuf,
    /// Where the job has it; none of a file in its place.
    pub written: Option<Place>,
    pub is_pattern: bool,
}

/// Files of one source.
struct OneSource {
    named: Named,
    files: Files,
}

impl Resolver<'_> {
    /// Where the rows are; none where that cannot be told, of which something was said.
    pub(super) fn rows(&mut self, file: &JobFile, naming: Naming<'_>) -> Option<Rows> {
        let (one, several) = (Pointer::of(["source"]), Pointer::of(["sources"]));
        match (&file.source, &file.sources) {
            (Some(source), None) if source.rows.is_some() && file_of(source).is_none() => {
                if let Some(path) = naming.replaced {
                    let message = "--source replaces a file, and the rows of this job stand in the job itself";
                    self.refuse_replacement(path, message, "leave --source out");
                }
                let is_sound = !self.unsound.covers(&one.join("rows"));
                is_sound.then(|| self.inline_rows())
            }
            (Some(source), None) => self
                .one(source, &one, naming)
                .map(|OneSource { named, files }| Rows::of(named, files)),
            (None, Some(sources)) if !sources.is_empty() => {
                if let Some(path) = naming.replaced {
                    let message = "--source replaces one file, and this job has several sources";
                    let hint = "leave --source out, or name the files by a variable, as in csv: \"{{ var.folder }}/posts.csv\"";
                    self.refuse_replacement(path, message, hint);
                }
                let naming = Naming { replaced: None, ..naming };
                let found: Vec<Option<OneSource>> = sources
                    .iter()
                    .enumerate()
                    .map(|(at, source)| self.one(source, &several.join(at), naming))
                    .collect();
                found.into_iter().collect::<Option<Vec<_>>>().map(chained)
            }
            (None, _) if self.unsound.touches(&one) || self.unsound.touches(&several) => None,
            (Some(_), Some(_)) => {
                let hint = "leave one of them out";
                self.refuse_at(&several, "a job has either `source` or `sources`", hint);
                None
            }
            (None, _) => {
                let place = self.document.place_of_key(&Pointer::root());
                let problem = Diagnostic::error(Code::MissingField, place, "`source` is missing");
                self.problems.push(problem.hint("as in source: { csv: notes.csv }"));
                None
            }
        }
    }

    fn one(&mut self, source: &SourceFile, at: &Pointer, naming: Naming<'_>) -> Option<OneSource> {
        if self.unsound.covers(at) {
            return None;
        }
        let Some((key, file, format)) = file_of(source).filter(|_| source.rows.is_none()) else {
            if !self.unsound.touches(at) {
                let place = self.document.place_of_key(at);
                let message = "a source is exactly one of csv, jsonl, json, xlsx, ods and rows";
                let problem = Diagnostic::error(Code::InvalidValue, place, message);
                self.problems.push(problem.hint(match (&source.rows, at.tokens().count()) {
                    (Some(_), 2) => "rows stand alone, under source: { rows: [ … ] }",
                    _ => "as in source: { csv: notes.csv }",
                }));
            }
            return None;
        };
        let delimiter = self.delimiter(source.delimiter.as_deref(), at);
        // A mistake in its name does not hide those in how it is written.
        let named = self.named(file, &at.join(key), naming);
        let path = named.as_ref().map_or(Path::new(file), |named| &named.path);
        let format = format.unwrap_or_else(|| csv_format(path, delimiter));
        self.refuse_other_format(naming.replaced, format, key);
        let (manner, add) = (self.manner(source, format, at), self.added(source, at));
        let named = named?;
        self.parts.extend(SourcePart::of(source, file, &named, naming.beside));
        let files = named.files.clone();
        Some(OneSource { named, files: Files { files, format, manner: manner?, add: add? } })
    }

    /// The files that a name in the job stands for.
    pub(super) fn named(&mut self, file: &str, at: &Pointer, naming: Naming<'_>) -> Option<Named> {
        if let Some(path) = naming.replaced {
            self.is_piped |= Location::is_piped(path);
            return Some(Named::one(path.to_owned(), None));
        }
        if self.unsound.covers(at) {
            return None;
        }
        let place = self.document.place_at(at);
        let file = match naming.variables.fill(file, &place) {
            Ok(file) => file?,
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        if Location::is_piped(Path::new(&file)) {
            if std::mem::replace(&mut self.is_piped, true) {
                let message =
                    "`-` stands for what is piped in, and two sources cannot both read that";
                let problem = Diagnostic::error(Code::InvalidValue, place, message);
                self.problems.push(problem.hint("write one of the two into a file, and name that"));
                return None;
            }
            return Some(Named::one(file.into(), Some(place)));
        }
        let path = naming.beside.join(file);
        let Some(found) = matching(&path) else { return Some(Named::one(path, Some(place))) };
        let (message, hint) = match found {
            Ok(files) if !files.is_empty() => {
                let files = files.iter().map(|path| (Location::of(path), Location::name_of(path)));
                let files = files.collect();
                return Some(Named { files, path, written: Some(place), is_pattern: true });
            }
            Ok(_) => (
                format!("no file fits `{}`", path.display()),
                "is it spelt right? a path in a job starts from the job's folder",
            ),
            Err(error) => (
                format!("the folder of `{}` cannot be read: {error}", path.display()),
                "allow the account that runs this to read it",
            ),
        };
        self.problems.push(Diagnostic::error(Code::NoFile, place, message).hint(hint));
        None
    }

    /// Complains of a file in place of the job's whose name says another format.
    fn refuse_other_format(&mut self, replaced: Option<&Path>, format: Format, key: &str) {
        let Some(path) = replaced else { return };
        let named = Format::of_path(path);
        let differs = |named| std::mem::discriminant(&named) != std::mem::discriminant(&format);
        if named.is_some_and(differs) {
            let message = format!("--source names a file of another format than the job's {key}");
            let hint = format!("name a file of {key}, or write a job for the other format");
            self.refuse_replacement(path, &message, &hint);
        }
    }

    fn refuse_replacement(&mut self, path: &Path, message: &str, hint: &str) {
        let place = Place::File(Location::name_of(path));
        self.problems.push(Diagnostic::error(Code::Usage, place, message).hint(hint));
    }

    pub(super) fn delimiter(&mut self, written: Option<&str>, at: &Pointer) -> Option<u8> {
        let delimiter = delimiter_of(written?);
        if delimiter.is_none() {
            let message = "a delimiter is one ASCII character";
            self.refuse_at(&at.join("delimiter"), message, "as in \";\" or \"\\t\"");
        }
        delimiter
    }

    fn added(&mut self, source: &SourceFile, at: &Pointer) -> Option<Vec<(Arc<str>, OwnedCell)>> {
        let Some(add) = &source.add else { return Some(Vec::new()) };
        let before = self.problems.len();
        let cells = add.iter().filter_map(|(name, value)| {
            let cell = match value {
                Value::Null => OwnedCell::Null,
                Value::Bool(value) => OwnedCell::Bool(*value),
                Value::Number(number) => OwnedCell::Number(number.to_string().into()),
                Value::String(text) => OwnedCell::Text(text.as_str().into()),
                Value::Array(_) | Value::Object(_) => {
                    let message = "a column that is added has one value for all rows";
                    self.refuse_at(
                        &at.join("add").join(name),
                        message,
                        "as in add: { kind: mail }",
                    );
                    return None;
                }
            };
            Some((Arc::from(name.as_str()), cell))
        });
        let cells = cells.collect();
        (self.problems.len() == before).then_some(cells)
    }
}

impl Named {
    fn one(path: PathBuf, written: Option<Place>) -> Self {
        let files = vec![(Location::of(&path), Location::name_of(&path))];
        Self { files, path, written, is_pattern: false }
    }
}

/// The one file that a source names: under which key, and its format where the key says it. None where there is none, or more.
fn file_of(source: &SourceFile) -> Option<(&'static str, &str, Option<Format>)> {
    let files = [
        ("csv", &source.csv, None),
        ("jsonl", &source.jsonl, Some(Format::JsonLines)),
        ("json", &source.json, Some(Format::Json)),
        ("xlsx", &source.xlsx, Some(Format::Workbook)),
        ("ods", &source.ods, Some(Format::Workbook)),
    ];
    let mut files =
        files.into_iter().filter_map(|(key, file, format)| Some((key, file.as_deref()?, format)));
    files.next().filter(|_| files.next().is_none())
}

/// The format of a file that a job calls csv.
pub(super) fn csv_format(path: &Path, delimiter: Option<u8>) -> Format {
    match (delimiter, Format::of_path(path)) {
        (Some(delimiter), _) => Format::Csv { delimiter },
        (None, Some(format @ Format::Csv { .. })) => format,
        (None, _) => Format::Csv { delimiter: b',' },
    }
}

impl Rows {
    /// The rows of the files of one name.
    pub(super) fn of(named: Named, files: Files) -> Self {
        match (files.files.as_slice(), files.add.as_slice()) {
            ([(location, name)], []) if !named.is_pattern => Self::File {
                location: location.clone(),
                name: Arc::clone(name),
                format: files.format,
                manner: Box::new(files.manner),
                written: named.written,
            },
            _ => Self::Several {
                name: Location::name_of(&named.path),
                files: [files].into(),
                written: [named.written].into(),
            },
        }
    }
}

/// The rows of sources, one after the other.
fn chained(mut sources: Vec<OneSource>) -> Rows {
    if sources.len() == 1
        && let Some(OneSource { named, files }) = sources.pop()
    {
        return Rows::of(named, files);
    }
    let names: Vec<Arc<str>> =
        sources.iter().map(|source| Location::name_of(&source.named.path)).collect();
    let (files, written): (Vec<_>, Vec<_>) =
        sources.into_iter().map(|source| (source.files, source.named.written)).unzip();
    Rows::Several { name: names.join(", ").into(), files: files.into(), written: written.into() }
}
