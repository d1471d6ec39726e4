//! What the command line says of a job: how a data file is written that is a job by itself, which file is read in place of
//! the job's, and what its variables are.
//!
//! Values, and no flags: what a flag is called stands here only so that messages can name it.

use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::source::{Encoding, Format, Manner, Nulls, Table};

/// What is said of a job where it is named.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// What each row of a data file does; left out: its column `operation` says.
    pub operation: Option<String>,
    /// How a data file is written.
    pub layout: Layout,
    /// A file that is read in place of the job's; `-` for what is piped in.
    pub source: Option<PathBuf>,
    /// Names and values, in place of the job's.
    pub variables: Vec<(String, String)>,
}

/// What is said of how a data file is written; all else is as its name says, or as usual.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The format of its rows.
    pub input: Option<Format>,
    /// What stands between its cells.
    pub delimiter: Option<u8>,
    /// How its letters are written.
    pub encoding: Option<Encoding>,
    /// What stands around a cell; none in it where nothing does.
    pub quote: Option<Option<u8>>,
    /// What stands before a sign that means itself.
    pub escape: Option<u8>,
    /// What a line begins with that is no row.
    pub comment: Option<u8>,
    /// The names of its columns, which it does not have itself.
    pub header: Vec<String>,
    /// The line that names the columns.
    pub header_row: Option<NonZeroU32>,
    /// Texts that stand for nothing where they are not quoted.
    pub nulls: Vec<String>,
}

/// A flag of a layout.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayoutFlag {
    /// Without the dashes.
    pub(super) name: &'static str,
    /// What it says, as in "the file has no …".
    pub(super) what: &'static str,
    /// How a job says it.
    pub(super) in_jobs: &'static str,
    /// Whether only tables have such a thing.
    pub(super) of_tables: bool,
}

impl Layout {
    /// The flags that were given.
    pub(super) fn flags(&self) -> Vec<LayoutFlag> {
        let flag = |name, what, in_jobs| LayoutFlag { name, what, in_jobs, of_tables: true };
        let all = [
            (self.delimiter.is_some(), flag("delimiter", "delimiter", "delimiter: \";\"")),
            (self.quote.is_some(), flag("quote", "quote", "quote: \"'\"")),
            (self.escape.is_some(), flag("escape", "escape", "escape: \"\\\\\"")),
            (self.comment.is_some(), flag("comment", "comment", "comment: \"#\"")),
            (!self.header.is_empty(), flag("header", "header", "header: [id, note]")),
            (self.header_row.is_some(), flag("header-row", "header row", "header_row: 4")),
            (!self.nulls.is_empty(), flag("null", "null text", "nulls: [NULL]")),
            (
                self.encoding.is_some(),
                LayoutFlag {
                    of_tables: false,
                    ..flag("encoding", "encoding", "encoding: windows-1258")
                },
            ),
            (
                self.input.is_some(),
                LayoutFlag { of_tables: false, ..flag("input", "format", "csv: notes.csv") },
            ),
        ];
        all.into_iter().filter(|(is_given, _)| *is_given).map(|(_, flag)| flag).collect()
    }

    /// How the file is written.
    pub(super) fn manner(&self) -> Manner {
        let usual = Table::default();
        let names = || self.header.iter().map(|name| name.as_str().into()).collect();
        Manner {
            encoding: self.encoding.unwrap_or_default(),
            table: Table {
                quote: self.quote.unwrap_or(usual.quote),
                escape: self.escape,
                comment: self.comment,
                header: (!self.header.is_empty()).then(names),
                header_row: self.header_row,
                nulls: Nulls::Everywhere(
                    self.nulls.iter().map(|text| text.as_str().into()).collect(),
                ),
            },
            ..Manner::default()
        }
    }
}

/// What of a table's signs and header cannot hold together: the key at fault, and what is wrong.
pub(super) fn clashes(delimiter: Option<u8>, table: &Table) -> Vec<(&'static str, &'static str)> {
    let same = |one: Option<u8>, other: Option<u8>| one.is_some() && one == other;
    let mut clashes = Vec::new();
    if same(table.quote, delimiter) {
        clashes.push(("quote", "the quote is the delimiter, too"));
    }
    if same(table.escape, delimiter) {
        clashes.push(("escape", "the sign before signs is the delimiter, too"));
    }
    if same(table.comment, delimiter) || same(table.comment, table.quote) {
        clashes.push(("comment", "the sign of comments is the delimiter or the quote, too"));
    }
    if table.header.is_some() && table.header_row.is_some() {
        clashes.push((
            "header",
            "names of columns are given, and the file is said to have them on a line of its own",
        ));
    }
    if table.header.iter().flat_map(|names| names.iter()).any(|name| name.trim().is_empty()) {
        clashes.push(("header", "a name of a column is empty"));
    }
    clashes
}
