//! Reads the beginning of a file and says what is there: how it is written, and what stands in its columns.
//!
//! So much is read and no more, however large the file is: its first MiB tells how it is written, and its first rows, read as a
//! job would read them, what stands in it. What cannot be read is told with its place. What columns are for is not asked here.

mod encoding;
mod outline;
mod rows;
mod sheets;
mod syllable;
mod table;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use self::encoding::NoText;
use super::seen::{EachSeen, FileSeen, How, Trait};
use crate::source::peek::{self, FirstBytes, text_of};
use crate::source::{DataPath, Each, Encoding, Format, Location, Manner, SheetName, unpacked_name};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::file_kind::FileKind;

/// So many bytes tell how a file is written.
const BYTES: usize = 1 << 20;

/// What somebody has said of how the main file is written.
#[derive(Debug, Clone, Default)]
pub(crate) struct LookOptions {
    /// By its label.
    pub encoding: Option<String>,
    pub delimiter: Option<u8>,
    pub sheet: Option<String>,
    pub header_row: Option<NonZeroU32>,
    pub at: Option<String>,
    pub each: Option<String>,
}

/// Looks at a file.
///
/// # Errors
/// Why nothing can be made of it.
pub(crate) fn look(path: &Path, options: &LookOptions) -> Result<FileSeen, Vec<Diagnostic>> {
    let name = Location::name_of(path);
    if Location::is_piped(path) {
        let problem =
            Diagnostic::error(Code::Usage, Place::Nowhere, "`-` is no file that can be looked at");
        return Err(vec![problem.hint("write what is piped in into a file, and name that")]);
    }
    let file = Opened { location: Location::of(path), name, path };
    let head =
        peek::first_bytes(&file.location, &file.name, BYTES).map_err(|problem| vec![problem])?;
    if head.bytes.trim_ascii().is_empty() {
        return Err(vec![
            file.refuse(Code::EmptyFile, "the file is empty")
                .hint("export it again: an empty file has nothing to tell"),
        ]);
    }
    match FileKind::of(&head.bytes) {
        Some(FileKind::Zip | FileKind::OldWorkbook) => {
            file.refuse_idle("a workbook", options, &["--sheet", "--header-row"])?;
            return sheets::look(&file, options);
        }
        Some(kind @ (FileKind::Pdf | FileKind::Sqlite)) => {
            return Err(vec![kind.refused(Place::File(Arc::clone(&file.name)))]);
        }
        _ => {}
    }
    look_at_text(&file, &head, options)
}

/// A file that is looked at.
struct Opened<'a> {
    location: Location,
    name: Arc<str>,
    path: &'a Path,
}

impl Opened<'_> {
    fn refuse(&self, code: Code, message: &str) -> Diagnostic {
        Diagnostic::error(code, Place::File(Arc::clone(&self.name)), message)
    }

    /// Refuses what was said of the file and means nothing for one of its kind: `meant` are the flags that do.
    fn refuse_idle(
        &self,
        kind: &str,
        options: &LookOptions,
        meant: &[&str],
    ) -> Result<(), Vec<Diagnostic>> {
        let said = [
            ("--encoding", options.encoding.is_some()),
            ("--delimiter", options.delimiter.is_some()),
            ("--header-row", options.header_row.is_some()),
            ("--sheet", options.sheet.is_some()),
            ("--at", options.at.is_some()),
            ("--each", options.each.is_some()),
        ];
        let idle = said.iter().filter(|(flag, is_said)| *is_said && !meant.contains(flag));
        let problems: Vec<Diagnostic> = idle
            .map(|(flag, _)| {
                let message = format!("{flag} means nothing for this file, which is {kind}");
                self.refuse(Code::Usage, &message)
                    .hint("leave the flag out, or name the file first that it is said of")
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn ending(&self) -> String {
        let ending = unpacked_name(self.path).extension().and_then(|ending| ending.to_str());
        ending.unwrap_or_default().to_ascii_lowercase()
    }
}

fn look_at_text(
    file: &Opened<'_>,
    head: &FirstBytes,
    options: &LookOptions,
) -> Result<FileSeen, Vec<Diagnostic>> {
    let mut traits = Vec::new();
    let encoding = match &options.encoding {
        Some(label) => {
            let how = How::Told;
            traits.push(Trait { said: ("encoding", EachSeen::Text(label.clone())), how });
            Encoding::of_label(label).unwrap_or_default()
        }
        None => match encoding::guess(&head.bytes, head.is_whole) {
            Ok(guess) => {
                let said = |label: &str| ("encoding", EachSeen::Text(label.to_owned()));
                traits.extend(guess.label.map(|label| Trait { said: said(label), how: guess.how }));
                guess.label.and_then(Encoding::of_label).unwrap_or_default()
            }
            Err(NoText) => return Err(vec![no_text(file)]),
        },
    };
    let (text, _) = text_of(&head.bytes, encoding);
    if let Some(problem) = other_text(file, &text) {
        return Err(vec![problem]);
    }
    let mut manner = Manner { encoding, ..Manner::default() };
    let is_table = matches!(file.ending().as_str(), "csv" | "tsv");
    let json = (!is_table).then(|| outline::guess(&text, head.is_whole, &file.ending())).flatten();
    let (kind, meant): (&str, &[&str]) = match json {
        Some(_) => ("JSON", &["--encoding", "--at", "--each"]),
        None => ("a table", &["--encoding", "--delimiter", "--header-row"]),
    };
    file.refuse_idle(kind, options, meant)?;
    let format = match json {
        Some(guess) => {
            let path = |said: &Option<String>, found: Option<String>| match said {
                Some(said) => Some((said.clone(), How::Told)),
                None => found.map(|found| (found, How::Sure)),
            };
            if let Some((at, how)) = path(&options.at, guess.at) {
                manner.shape.at = DataPath::parse(&at).ok();
                traits.push(Trait { said: ("at", EachSeen::Text(at)), how });
            }
            if let Some((each, how)) = path(&options.each, guess.each) {
                manner.shape.each = Each::parse(&each).ok();
                traits.push(Trait { said: ("each", EachSeen::Text(each)), how });
            }
            guess.format
        }
        // The reader says what is wrong with it.
        None if file.ending() == "json" => Format::Json,
        None if matches!(file.ending().as_str(), "jsonl" | "ndjson") => Format::JsonLines,
        None => table_of(file, (&text, head.is_whole), options, (&mut manner, &mut traits))?,
    };
    rows::look(file, format, manner, traits)
}

/// How a table is written, told to the reader and kept for the job.
fn table_of(
    file: &Opened<'_>,
    (text, is_whole): (&str, bool),
    options: &LookOptions,
    (manner, traits): (&mut Manner, &mut Vec<Trait>),
) -> Result<Format, Vec<Diagnostic>> {
    let guess = table::guess(text, is_whole, options.delimiter);
    if guess.records == 0 && is_whole {
        return Err(vec![
            file.refuse(Code::EmptyFile, "no row of cells is in the file").hint("export it again"),
        ]);
    }
    let mut say = |key, value, how| traits.push(Trait { said: (key, value), how });
    let usual = if file.ending() == "tsv" { b'\t' } else { b',' };
    let is_said = text.starts_with("sep=");
    if guess.delimiter != usual && !is_said {
        let how = if options.delimiter.is_some() { How::Told } else { How::Sure };
        say("delimiter", EachSeen::Text(char::from(guess.delimiter).to_string()), how);
    }
    if guess.is_escaped {
        (manner.table.quote, manner.table.escape) = (None, Some(b'\\'));
        say("quote", EachSeen::Text("none".into()), How::Sure);
        say("escape", EachSeen::Text("\\".into()), How::Sure);
    }
    let line = options.header_row.or(guess.header_line.and_then(NonZeroU32::new));
    match (line, guess.invented) {
        (Some(line), _) => {
            manner.table.header_row = Some(line);
            let how = if options.header_row.is_some() { How::Told } else { How::Sure };
            say("header_row", EachSeen::Number(line.get()), how);
        }
        (None, Some(names)) => {
            manner.table.header = Some(names.iter().map(|name| name.as_str().into()).collect());
            say("header", EachSeen::Texts(names), How::NoNames);
        }
        (None, None) => {}
    }
    if !guess.nulls.is_empty() {
        let texts = guess.nulls.iter().map(|text| text.as_str().into()).collect();
        manner.table.nulls = crate::source::Nulls::Everywhere(texts);
        say("nulls", EachSeen::Texts(guess.nulls), How::Sure);
    }
    Ok(Format::Csv { delimiter: guess.delimiter })
}

fn no_text(file: &Opened<'_>) -> Diagnostic {
    file.refuse(Code::Encoding, "the file is no text in any encoding that is known here, and no workbook").hint(
        "export the data as CSV in UTF-8, as JSON or as XLSX; where the encoding is known, say it, as in --encoding windows-1258",
    )
}

/// A text of a kind that no rows can be read from.
fn other_text(file: &Opened<'_>, text: &str) -> Option<Diagnostic> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let lower: String = start.chars().take(4096).flat_map(char::to_lowercase).collect();
    let begins = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    let is_sql =
        begins(&["-- mysql dump", "-- phpmyadmin", "-- mariadb dump", "-- postgresql", "/*!"])
            || (begins(&["--", "create table", "insert into", "drop table", "set "])
                && lower.contains("create table"))
            || begins(&["insert into"]);
    if is_sql {
        let problem = file
            .refuse(Code::Encoding, "the file is a dump of a database in SQL, which is not read");
        return Some(problem.hint(
            "load it into a database and export the result of a SELECT as CSV with the names of the columns; docs/legacy.md has one for osTicket",
        ));
    }
    if begins(&["<!doctype html", "<html", "<table", "<?xml", "<!--"]) {
        let what = if begins(&["<?xml"]) { "XML" } else { "HTML" };
        let problem =
            file.refuse(Code::Encoding, &format!("the file is {what}, which is not read"));
        return Some(problem.hint("export the data as CSV, JSON or XLSX; a page that Excel opens can be saved as XLSX there"));
    }
    None
}

/// The sheet that was asked for.
fn sheet_of(said: &Option<String>) -> Option<SheetName> {
    said.as_deref().map(SheetName::parse)
}
