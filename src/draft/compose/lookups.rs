//! The tables of the job: the map of tickets, what leads to it, and people.

use std::path::PathBuf;

use super::Composing;
use super::pick::find;
use crate::draft::drafted::{LookupDraft, Remark};
use crate::draft::names::plain;
use crate::draft::parts::Table;
use crate::draft::seen::FileSeen;
use crate::draft::{MapAnswer, TableAnswer};
use crate::source::Format;
use crate::text::diagnostic::Diagnostic;

/// What the map is called in the job, and the file that has yet to be filled.
const MAP: &str = "tickets";
const MAP_FILE: &str = "ticket-map.csv";

/// The tables, and what each is for.
pub(super) struct Lookups {
    pub drafts: Vec<LookupDraft>,
    pub has_map: bool,
    /// What leads to the map, one after the other.
    pub bridges: Vec<String>,
    pub people: Vec<String>,
}

impl Composing<'_> {
    /// `tables` are the files of the answers, in their order.
    pub(super) fn lookups(&self, tables: &[FileSeen], problems: &mut Vec<Diagnostic>) -> Lookups {
        let mut found =
            Lookups { drafts: Vec::new(), has_map: false, bridges: Vec::new(), people: Vec::new() };
        let told: Vec<LookupDraft> = self
            .answers
            .tables
            .iter()
            .zip(tables)
            .filter_map(|(answer, seen)| {
                told(answer, seen).map_err(|problem| problems.push(problem)).ok()
            })
            .collect();
        let is_told = |name: &str| told.iter().any(|table| table.name == name);
        let wants_map = self.answers.map != Some(MapAnswer::TheSame);
        found.has_map = is_told(MAP) || self.parts.map.is_some();
        match &self.parts.map {
            _ if !wants_map || is_told(MAP) => {}
            Some(map) => found.drafts.push(draft(MAP.to_owned(), map)),
            None => found.drafts.push(LookupDraft {
                name: MAP.to_owned(),
                path: self.main.path.with_file_name(MAP_FILE),
                format: Format::Csv { delimiter: b',' },
                traits: Vec::new(),
                key: "legacy".to_owned(),
                value: "stringee".to_owned(),
                remark: Remark::MapToFill,
            }),
        }
        for bridge in &self.parts.bridges {
            let name = self.name_of(bridge.seen, &found.drafts);
            found.bridges.push(name.clone());
            found.drafts.push(draft(name, bridge));
        }
        for people in &self.parts.people {
            let name = self.name_of(people.seen, &found.drafts);
            found.people.push(name.clone());
            found.drafts.push(draft(name, people));
        }
        for table in told {
            match table.name.as_str() {
                MAP => found.drafts.insert(0, table),
                "cases" => {
                    found.bridges = vec![table.name.clone()];
                    found.drafts.push(table);
                }
                _ => {
                    found.people.push(table.name.clone());
                    found.drafts.push(table);
                }
            }
        }
        found
    }

    /// What a table is called: as its file is, in the plural.
    fn name_of(&self, seen: &FileSeen, drafts: &[LookupDraft]) -> String {
        let stem =
            seen.path.file_stem().map(|stem| plain(&stem.to_string_lossy())).unwrap_or_default();
        let stem = stem.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let name = match stem {
            "" => "table".to_owned(),
            stem if stem.ends_with('s') => stem.to_owned(),
            stem => format!("{stem}s"),
        };
        let is_free = |name: &str| name != MAP && drafts.iter().all(|draft| draft.name != name);
        let numbered = (2..).map(|number| format!("{name}{number}"));
        std::iter::once(name.clone()).chain(numbered).find(|name| is_free(name)).unwrap_or_default()
    }
}

fn draft(name: String, table: &Table<'_>) -> LookupDraft {
    let (found, of) = table.matched;
    LookupDraft {
        name,
        path: table.seen.path.clone(),
        format: table.seen.format,
        traits: table.seen.traits.clone(),
        key: table.key.clone(),
        value: table.value.clone(),
        remark: Remark::Matched { found, of },
    }
}

fn told(answer: &TableAnswer, seen: &FileSeen) -> Result<LookupDraft, Diagnostic> {
    let path: PathBuf = answer.path.clone();
    let column = |name: &str| find(seen, name).map(|column| column.name.clone());
    let (key, value) = match &answer.columns {
        Some((key, value)) => (column(key)?, column(value)?),
        // The first two columns, as such tables are written.
        None => {
            let mut names = seen.columns.iter().map(|column| column.name.clone());
            let (first, second) = (names.next().unwrap_or_default(), names.next());
            (first.clone(), second.unwrap_or(first))
        }
    };
    let (name, format, traits) = (answer.name.clone(), seen.format, seen.traits.clone());
    Ok(LookupDraft { name, path, format, traits, key, value, remark: Remark::Told })
}
