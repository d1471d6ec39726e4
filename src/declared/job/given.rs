//! What the command line says of a job: how a data file is written that is a job by itself, which file is read in place of
//! the job's, and what its variables are.
//!
//! Values, and no flags: what a flag is called stands here only so that messages can name it.

use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::source::{DataPath, Each, Encoding, Format, Manner, Nulls, Shape, SheetName, Table};

use super::word::{self, Word};

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
    /// The line, or the row of a sheet, that names the columns.
    pub header_row: Option<NonZeroU32>,
    /// Texts that stand for nothing where they are not quoted.
    pub nulls: Vec<String>,
    /// Of JSON: where the rows are.
    pub at: Option<DataPath>,
    /// What makes several rows of one.
    pub each: Option<Each>,
    /// The sheet of a workbook.
    pub sheet: Option<SheetName>,
}

impl Layout {
    /// The words that were given.
    pub(super) fn words(&self) -> Vec<Word> {
        let each = self.each.as_ref().map(|each| word::of_each(matches!(each, Each::Within(_))));
        let said = |is_said: bool, word: Word| is_said.then_some(word);
        let all = [
            said(self.delimiter.is_some(), word::DELIMITER),
            said(self.quote.is_some(), word::QUOTE),
            said(self.escape.is_some(), word::ESCAPE),
            said(self.comment.is_some(), word::COMMENT),
            said(!self.header.is_empty(), word::HEADER),
            said(self.header_row.is_some(), word::HEADER_ROW),
            said(!self.nulls.is_empty(), word::NULLS),
            said(self.at.is_some(), word::AT),
            each,
            said(self.sheet.is_some(), word::SHEET),
            said(self.encoding.is_some(), word::ENCODING),
            said(self.input.is_some(), word::INPUT),
        ];
        all.into_iter().flatten().collect()
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
            shape: Shape {
                at: self.at.clone(),
                each: self.each.clone(),
                sheet: self.sheet.clone(),
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
