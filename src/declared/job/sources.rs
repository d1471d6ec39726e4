//! What stands under `source:` or `sources:`, as meant: files, and how rows are found in them.
//!
//! How a format is read is not known here, only which of a job's words are for which.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::source::{DataPath, Each, Files, Format, OwnedCell, Shape, SheetName};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::pointer::Pointer;

use super::Rows;
use super::file::{EachFile, JobFile, SourceFile};
use super::files::matching;
use super::resolve::Resolver;

/// Files of one source, and where the job names them.
struct OneSource {
    files: Files,
    /// As the job has it, from its folder.
    name: Arc<str>,
    written: Place,
    is_pattern: bool,
}

/// The files that a name stands for.
struct Named {
    /// Where each lies, and what messages call it.
    files: Vec<(PathBuf, Arc<str>)>,
    is_pattern: bool,
}

/// What of a shape is of no use for a format: what is wrong, and what to do.
pub(super) fn misfit(
    format: Format,
    shape: &Shape,
) -> Option<(&'static str, &'static str, &'static str)> {
    let is_table = matches!(format, Format::Csv { .. } | Format::Workbook);
    match shape {
        Shape { at: Some(_), .. } if format != Format::Json => {
            Some(("at", "`at` is a path into a JSON file", "leave it out"))
        }
        Shape { sheet: Some(_), .. } if format != Format::Workbook => {
            Some(("sheet", "`sheet` is for workbooks (xlsx, ods)", "leave it out"))
        }
        Shape { header_row: Some(_), .. } if format != Format::Workbook => {
            Some(("header_row", "`header_row` is for workbooks (xlsx, ods)", "leave it out"))
        }
        Shape { each: Some(Each::Within(_)), .. } if is_table => Some((
            "each",
            "`each` with a path is for JSON",
            "of a table it takes { columns: Comment }, or { split: Ticket IDs, by: \";\" }",
        )),
        Shape { each: Some(Each::Columns(_) | Each::Split { .. }), .. } if !is_table => Some((
            "each",
            "`each` by columns or by split is for tables",
            "of JSON it takes a path, as in /comments",
        )),
        _ => None,
    }
}

impl Resolver<'_> {
    /// Where the rows are; none where that cannot be told, of which something was said.
    pub(super) fn all_rows(&mut self, file: &JobFile, beside: &Path) -> Option<Rows> {
        let (one, several) = (Pointer::of(["source"]), Pointer::of(["sources"]));
        match (&file.source, &file.sources) {
            (Some(source), None) => match &source.rows {
                Some(_) => self.rows(source),
                None => self.one(source, &one, beside).map(|source| chained(vec![source])),
            },
            (None, Some(sources)) if !sources.is_empty() => {
                let found: Vec<Option<OneSource>> = sources
                    .iter()
                    .enumerate()
                    .map(|(at, source)| self.one(source, &several.join(at), beside))
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

    fn one(&mut self, source: &SourceFile, at: &Pointer, beside: &Path) -> Option<OneSource> {
        if self.unsound.covers(at) {
            return None;
        }
        let named = [
            ("csv", &source.csv, None),
            ("jsonl", &source.jsonl, Some(Format::JsonLines)),
            ("json", &source.json, Some(Format::Json)),
            ("xlsx", &source.xlsx, Some(Format::Workbook)),
            ("ods", &source.ods, Some(Format::Workbook)),
        ];
        let mut named = named
            .into_iter()
            .filter_map(|(key, file, format)| file.as_ref().map(|file| (key, file, format)));
        let (Some((key, file, format)), None, None) = (named.next(), named.next(), &source.rows)
        else {
            if !self.unsound.touches(at) {
                let place = self.document.place_of_key(at);
                let message = "a source is exactly one of csv, jsonl, json, xlsx, ods and rows";
                let problem = Diagnostic::error(Code::InvalidValue, place, message);
                self.problems.push(problem.hint(match source.rows {
                    Some(_) => "rows stand alone, under source: { rows: [ … ] }",
                    None => "as in source: { csv: notes.csv }",
                }));
            }
            return None;
        };
        let delimiter = self.delimiter(source, at);
        let longest = self.longest_row(source, at);
        let path = beside.join(file);
        let format = format.unwrap_or_else(|| super::resolve::csv_format(&path, delimiter));
        let shape = self.shape(source, format, at);
        let add = self.added(source, at);
        let written = at.join(key);
        if self.unsound.covers(&written) {
            return None;
        }
        let place = self.document.place_at(&written);
        let Named { files, is_pattern } = self.files(&path, &place)?;
        Some(OneSource {
            is_pattern,
            files: Files { files, format, longest, shape: shape?, add: add? },
            name: path.display().to_string().into(),
            written: place,
        })
    }

    /// The files that a name stands for, and whether it is a pattern.
    fn files(&mut self, path: &Path, place: &Place) -> Option<Named> {
        let called = |path: &Path| -> Arc<str> { path.display().to_string().into() };
        let Some(found) = matching(path) else {
            let files = vec![(path.to_owned(), called(path))];
            return Some(Named { files, is_pattern: false });
        };
        let (message, hint) = match found {
            Ok(files) if !files.is_empty() => {
                let files = files.into_iter().map(|path| (path.clone(), called(&path)));
                return Some(Named { files: files.collect(), is_pattern: true });
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
        self.problems.push(Diagnostic::error(Code::NoFile, place.clone(), message).hint(hint));
        None
    }

    fn shape(&mut self, source: &SourceFile, format: Format, at: &Pointer) -> Option<Shape> {
        let before = self.problems.len();
        let path = |written: &String| DataPath::parse(written);
        let path_at = source.at.as_ref().and_then(|written| match path(written) {
            Ok(path) => Some(path),
            Err(reason) => {
                self.refuse_at(&at.join("at"), reason, "as in /tickets");
                None
            }
        });
        let each = source.each.as_ref().and_then(|each| match each {
            EachFile::Path(written) => match path(written) {
                Ok(path) => Some(Each::Within(path)),
                Err(reason) => {
                    self.refuse_at(&at.join("each"), reason, "as in /comments");
                    None
                }
            },
            EachFile::Columns { columns } => Some(Each::Columns(columns.clone())),
            EachFile::Split { split, by } => {
                let by = by.clone().unwrap_or_else(|| ";".to_owned());
                if by.is_empty() {
                    let message = "what stands between two parts cannot be nothing";
                    self.refuse_at(&at.join("each").join("by"), message, "as in \";\"");
                }
                Some(Each::Split { column: split.clone(), by })
            }
        });
        let header_row = source.header_row;
        if header_row == Some(0) {
            self.refuse_at(&at.join("header_row"), "rows count from 1", "as in 4");
        }
        let sheet = source.sheet.as_deref().map(SheetName::parse);
        let shape = Shape { at: path_at, each, sheet, header_row };
        if let Some((key, message, hint)) = misfit(format, &shape) {
            self.refuse_at(&at.join(key), message, hint);
        }
        (self.problems.len() == before).then_some(shape)
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

/// Rows of files: of one alone as they are, of several one after the other.
fn chained(sources: Vec<OneSource>) -> Rows {
    if let [source] = sources.as_slice()
        && let Files { files, format, longest, shape, add } = &source.files
        && let ([(path, name)], [], false) = (files.as_slice(), add.as_slice(), source.is_pattern)
    {
        return Rows::File {
            path: path.clone(),
            name: Arc::clone(name),
            format: *format,
            longest: *longest,
            shape: shape.clone(),
            written: Some(source.written.clone()),
        };
    }
    let names: Vec<&str> = sources.iter().map(|source| &*source.name).collect();
    let name = names.join(", ").into();
    let (files, written): (Vec<_>, Vec<_>) =
        sources.into_iter().map(|source| (source.files, source.written)).unzip();
    Rows::Several { name, files: files.into(), written: written.into() }
}
