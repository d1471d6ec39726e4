//! From lookups as written to lookups as meant; finds every mistake that shows without their files.

use std::path::Path;

use indexmap::IndexMap;

use crate::source::{Format, RowLimit, delimiter_of};
use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;
use crate::text::document::{Document, Unsound};
use crate::text::pointer::Pointer;

use super::super::resolve::csv_format;
use super::file::{DefaultFile, FilesFile, MissingFile, MissingWord};
use super::{Column, Lookup, LookupFile, Missing, Rows};

/// All that is written under `lookups`. What is wrong with one goes to `problems`.
pub(in super::super) fn lookups(
    (document, unsound): (&Document, &Unsound),
    beside: &Path,
    written: Option<&IndexMap<String, LookupFile>>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Lookup> {
    let all = written.into_iter().flatten();
    let all = all.map(|(name, file)| {
        let at = Pointer::of(["lookups", name]);
        let mut resolver = Resolver { document, unsound, at, problems };
        resolver.lookup(name, file, beside)
    });
    all.collect()
}

struct Resolver<'a> {
    document: &'a Document,
    unsound: &'a Unsound,
    /// Where the lookup is written.
    at: Pointer,
    problems: &'a mut Vec<Diagnostic>,
}

impl Resolver<'_> {
    fn lookup(&mut self, name: &str, file: &LookupFile, beside: &Path) -> Lookup {
        Lookup {
            name: name.to_owned(),
            place: self.document.place_of_key(&self.at),
            files: self.files(file, beside),
            at: self.path(file),
            key: self.column("key", &file.key),
            value: self.column("value", &file.value),
            missing: match &file.missing {
                None | Some(MissingFile::Word(MissingWord::Problem)) => Missing::Problem,
                Some(MissingFile::Word(MissingWord::Keep)) => Missing::Keep,
                Some(MissingFile::Default(DefaultFile { default })) => {
                    Missing::Default(default.clone())
                }
            },
        }
    }

    fn column(&self, key: &str, name: &str) -> Column {
        Column { name: name.to_owned(), place: self.document.place_at(&self.at.join(key)) }
    }

    fn files(&mut self, file: &LookupFile, beside: &Path) -> Vec<Rows> {
        let delimiter = file.delimiter.as_ref().and_then(|text| {
            let delimiter = delimiter_of(text);
            if delimiter.is_none() {
                self.refuse(
                    "delimiter",
                    "a delimiter is one ASCII character",
                    "as in \";\" or \"\\t\"",
                );
            }
            delimiter
        });
        let kinds: [(&str, Option<&FilesFile>, Option<Format>); 3] = [
            ("csv", file.csv.as_ref(), None),
            ("jsonl", file.jsonl.as_ref(), Some(Format::JsonLines)),
            ("json", file.json.as_ref(), Some(Format::Json)),
        ];
        let named =
            kinds.into_iter().filter_map(|(key, files, format)| Some((key, files?, format)));
        let named: Vec<_> = named.collect();
        let [(key, files, format)] = named.as_slice() else {
            if !self.unsound.touches(&self.at) {
                let place = self.document.place_of_key(&self.at);
                let message = "a lookup is exactly one of csv, jsonl and json";
                let problem = Diagnostic::error(Code::InvalidValue, place, message);
                let hint = "as in { csv: ticket-map.csv, key: legacy_id, value: stringee_id }";
                self.problems.push(problem.hint(hint));
            }
            return Vec::new();
        };
        let at = self.at.join(*key);
        let rows = files.names().iter().enumerate().map(|(number, name)| {
            let path = beside.join(name);
            let written = match files.is_list() {
                true => self.document.place_at(&at.join(number)),
                false => self.document.place_at(&at),
            };
            Rows::File {
                name: path.display().to_string().into(),
                format: format.unwrap_or_else(|| csv_format(&path, delimiter)),
                longest: RowLimit::default(),
                written: Some(written),
                path,
            }
        });
        if self.unsound.touches(&self.at) { Vec::new() } else { rows.collect() }
    }

    /// Where in a row of a file an entry is.
    fn path(&mut self, file: &LookupFile) -> Vec<String> {
        let Some(written) = &file.at else { return Vec::new() };
        let pointer = Pointer::parse(written).ok();
        let steps = pointer.map(|pointer| pointer.tokens().map(|step| step.into_owned()).collect());
        let steps: Vec<String> = steps.unwrap_or_default();
        match steps.split_first() {
            Some((first, rest)) if first == "*" && !rest.iter().any(|step| step == "*") => {
                rest.to_vec()
            }
            _ => {
                let message = "`at` says where in each item of the file's list the entry is";
                self.refuse(
                    "at",
                    message,
                    "as in \"/*/user\"; leave it out where the item is the entry",
                );
                Vec::new()
            }
        }
    }

    fn refuse(&mut self, key: &str, message: &str, hint: &str) {
        let at = self.at.join(key);
        if !self.unsound.covers(&at) {
            let place = self.document.place_at(&at);
            self.problems.push(Diagnostic::error(Code::InvalidValue, place, message).hint(hint));
        }
    }
}
