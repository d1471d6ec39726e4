//! From lookups as written to lookups as meant; finds every mistake that shows without their files.

use std::path::Path;

use indexmap::IndexMap;

use crate::source::{Files, Format};
use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;
use crate::text::pointer::Pointer;

use super::super::resolve::Resolver;
use super::super::sources::{Naming, csv_format};
use super::file::{DefaultFile, FilesFile, MissingFile, MissingWord};
use super::{Column, Lookup, LookupFile, Missing, Rows};

impl Resolver<'_> {
    /// All that is written under `lookups`.
    pub(in super::super) fn lookups(
        &mut self,
        written: Option<&IndexMap<String, LookupFile>>,
        naming: Naming<'_>,
    ) -> Vec<Lookup> {
        let all = written.into_iter().flatten();
        all.map(|(name, file)| self.lookup(name, file, naming)).collect()
    }

    fn lookup(&mut self, name: &str, file: &LookupFile, naming: Naming<'_>) -> Lookup {
        let at = Pointer::of(["lookups", name]);
        let column = |key: &str, name: &str| Column {
            name: name.to_owned(),
            place: self.document.place_at(&at.join(key)),
        };
        Lookup {
            name: name.to_owned(),
            place: self.document.place_of_key(&at),
            key: column("key", &file.key),
            value: column("value", &file.value),
            missing: match &file.missing {
                None | Some(MissingFile::Word(MissingWord::Problem)) => Missing::Problem,
                Some(MissingFile::Word(MissingWord::Keep)) => Missing::Keep,
                Some(MissingFile::Default(DefaultFile { default })) => {
                    Missing::Default(default.clone())
                }
            },
            files: self.tables(file, &at, naming),
        }
    }

    /// The rows of each file, or of all that fit a pattern.
    fn tables(&mut self, file: &LookupFile, at: &Pointer, naming: Naming<'_>) -> Vec<Rows> {
        let kinds: [(&str, Option<&FilesFile>, Option<Format>); 5] = [
            ("csv", file.csv.as_ref(), None),
            ("jsonl", file.jsonl.as_ref(), Some(Format::JsonLines)),
            ("json", file.json.as_ref(), Some(Format::Json)),
            ("xlsx", file.xlsx.as_ref(), Some(Format::Workbook)),
            ("ods", file.ods.as_ref(), Some(Format::Workbook)),
        ];
        let named =
            kinds.into_iter().filter_map(|(key, files, format)| Some((key, files?, format)));
        let named: Vec<_> = named.collect();
        let [(key, files, format)] = named.as_slice() else {
            if !self.unsound.touches(at) {
                let place = self.document.place_of_key(at);
                let message = "a lookup is exactly one of csv, jsonl, json, xlsx and ods";
                let problem = Diagnostic::error(Code::InvalidValue, place, message);
                let hint = "as in { csv: ticket-map.csv, key: legacy_id, value: stringee_id }";
                self.problems.push(problem.hint(hint));
            }
            return Vec::new();
        };
        let layout = file.layout();
        let delimiter = self.delimiter(file.delimiter.as_deref(), at);
        let format_of = |path: &Path| format.unwrap_or_else(|| csv_format(path, delimiter));
        let first = files.names().first().map_or("", String::as_str);
        let manner = self.manner(&layout, format_of(Path::new(first)), at);
        let is_sound = !self.unsound.touches(at);
        let at = at.join(*key);
        let mut all = Vec::new();
        for (number, name) in files.names().iter().enumerate() {
            let written = if files.is_list() { at.join(number) } else { at.clone() };
            let named = self.named(name, &written, naming);
            let Some((named, manner)) = named.zip(manner.clone()) else { continue };
            let format = format_of(&named.path);
            let files = Files { files: named.files.clone(), format, manner, add: Vec::new() };
            all.push(Rows::of(named, files));
        }
        if is_sound { all } else { Vec::new() }
    }
}
