//! Lookups as written.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::super::file::{NullsFile, SheetFile, SourceFile};

/// A table that cells are looked up in: exactly one of csv, jsonl, json, xlsx and ods. Files are named and written as those of
/// `source`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupFile {
    /// A CSV file with a header, relative to the job file; or several.
    #[schemars(extend("examples" = ["ticket-map.csv"]))]
    pub csv: Option<FilesFile>,
    /// A file with a JSON object on each line; or several.
    #[schemars(extend("examples" = ["users.jsonl"]))]
    pub jsonl: Option<FilesFile>,
    /// A file with a JSON list of objects; or several.
    #[schemars(extend("examples" = [["Users0.json", "Agents0.json"]]))]
    pub json: Option<FilesFile>,
    /// A workbook of Excel; or several.
    #[schemars(extend("examples" = ["tickets.xlsx"]))]
    pub xlsx: Option<FilesFile>,
    /// A workbook of LibreOffice; or several.
    #[schemars(extend("examples" = ["tickets.ods"]))]
    pub ods: Option<FilesFile>,
    /// For json: where the entries are, as in "/users" or "/*/user". Left out: the file is their list.
    #[schemars(extend("examples" = ["/*/user"]))]
    pub at: Option<String>,
    /// For xlsx and ods: the sheet, by its name or its number from 1. Left out: the first that is not hidden.
    #[schemars(extend("examples" = ["Tickets", 2]))]
    pub sheet: Option<SheetFile>,
    /// For csv: what stands between cells. Left out: a comma (a tab in a .tsv file).
    #[schemars(extend("examples" = [";"]))]
    pub delimiter: Option<String>,
    /// How the letters of the file are written, as in windows-1258, utf-16, tcvn3 or vni. Left out: UTF-8.
    #[schemars(extend("examples" = ["windows-1258"]))]
    pub encoding: Option<String>,
    /// For csv: what stands around cells; `none` where nothing does. Left out: a double quote.
    #[schemars(extend("examples" = ["'"]))]
    pub quote: Option<String>,
    /// For csv: what stands before a sign that means itself. Left out: a quote within quotes is written twice.
    #[schemars(extend("examples" = ["\\"]))]
    pub escape: Option<String>,
    /// For csv: what a line begins with that is no row.
    #[schemars(extend("examples" = ["#"]))]
    pub comment: Option<String>,
    /// For csv: the names of the columns, where the file does not have them.
    #[schemars(length(min = 1), extend("examples" = [["legacy_id", "stringee_id"]]))]
    pub header: Option<Vec<String>>,
    /// For csv, xlsx and ods: the line or the row with the names of the columns, from 1. Left out: the first line of csv; in a
    /// sheet it is looked for.
    #[schemars(range(min = 1), extend("examples" = [4]))]
    pub header_row: Option<u32>,
    /// For csv: texts that stand for nothing where they are not quoted, for all columns or for each by its name.
    #[schemars(extend("examples" = [["NULL"]]))]
    pub nulls: Option<NullsFile>,
    /// The column that is looked up.
    #[schemars(length(min = 1), extend("examples" = ["legacy_id"]))]
    pub key: String,
    /// The column that is found.
    #[schemars(length(min = 1), extend("examples" = ["stringee_id"]))]
    pub value: String,
    /// What becomes of a key that is not there: problem (the row is invalid; the default), keep (the key itself is taken), or
    /// { default: … }.
    #[schemars(extend("examples" = ["keep"]))]
    pub missing: Option<MissingFile>,
}

/// One file, or several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum FilesFile {
    /// One file.
    One(String),
    /// Several, read one after the other.
    Several(Vec<String>),
}

/// What becomes of a key that is not there.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum MissingFile {
    /// In a word.
    Word(MissingWord),
    /// A value that stands for all that is not there.
    Default(DefaultFile),
}

/// What becomes of a key that is not there, in a word.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MissingWord {
    /// The row is invalid.
    Problem,
    /// The key itself is taken.
    Keep,
}

/// A value that stands for all that is not there.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefaultFile {
    /// The value.
    pub default: Value,
}

impl LookupFile {
    /// How its files are written, as of a source.
    pub(super) fn layout(&self) -> SourceFile {
        SourceFile {
            at: self.at.clone(),
            sheet: self.sheet.clone(),
            delimiter: self.delimiter.clone(),
            encoding: self.encoding.clone(),
            quote: self.quote.clone(),
            escape: self.escape.clone(),
            comment: self.comment.clone(),
            header: self.header.clone(),
            header_row: self.header_row,
            nulls: self.nulls.clone(),
            ..SourceFile::default()
        }
    }
}

impl FilesFile {
    /// The names, in order.
    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }

    /// Whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::Several(_))
    }
}
