//! The words that say how a file is written and where its rows are, as jobs and flags have them, and which format each is for.
//!
//! Not for what they mean: that is for `layout` and `sources`.

use crate::source::Format;

/// One of the words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    /// In a job.
    pub(super) key: &'static str,
    /// On the command line, without the dashes.
    pub(super) flag: &'static str,
    /// Which use of the word is meant, where it has several.
    use_of: &'static str,
    /// What it says, as in "a job file says its … itself".
    pub(super) what: &'static str,
    /// How a job says it.
    pub(super) in_jobs: &'static str,
    of: Of,
}

/// Which formats a word is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Csv,
    Tables,
    Workbooks,
    Json,
    Objects,
    Texts,
    All,
}

const fn word(key: &'static str, flag: &'static str, of: Of, words: [&'static str; 2]) -> Word {
    let [what, in_jobs] = words;
    Word { key, flag, use_of: "", what, in_jobs, of }
}

pub(super) const INPUT: Word = word("format", "input", Of::All, ["format", "csv: notes.csv"]);
pub(super) const DELIMITER: Word =
    word("delimiter", "delimiter", Of::Csv, ["delimiter", "delimiter: \";\""]);
pub(super) const QUOTE: Word = word("quote", "quote", Of::Csv, ["quote", "quote: \"'\""]);
pub(super) const ESCAPE: Word = word("escape", "escape", Of::Csv, ["escape", "escape: \"\\\\\""]);
pub(super) const COMMENT: Word = word("comment", "comment", Of::Csv, ["comment", "comment: \"#\""]);
pub(super) const HEADER: Word = word("header", "header", Of::Csv, ["header", "header: [id, note]"]);
pub(super) const HEADER_ROW: Word =
    word("header_row", "header-row", Of::Tables, ["header row", "header_row: 4"]);
pub(super) const NULLS: Word = word("nulls", "null", Of::Csv, ["null text", "nulls: [NULL]"]);
pub(super) const ENCODING: Word =
    word("encoding", "encoding", Of::Texts, ["encoding", "encoding: windows-1258"]);
pub(super) const SHEET: Word = word("sheet", "sheet", Of::Workbooks, ["sheet", "sheet: 2"]);
pub(super) const AT: Word = word("at", "at", Of::Json, ["path to the rows", "at: /tickets"]);
pub(super) const EACH_WITHIN: Word = Word {
    use_of: " with a path",
    ..word("each", "each", Of::Objects, ["rows within rows", "each: /comments"])
};
pub(super) const EACH_CELL: Word = Word {
    use_of: " by columns or by split",
    ..word("each", "each", Of::Tables, ["rows within rows", "each: { columns: Comment }"])
};
pub(super) const LONGEST_ROW: Word =
    word("longest_row_mib", "", Of::Texts, ["longest row", "longest_row_mib: 64"]);

impl Word {
    /// Whether it says something of a file of this format.
    pub(super) fn fits(&self, format: Format) -> bool {
        let is_csv = matches!(format, Format::Csv { .. });
        match self.of {
            Of::Csv => is_csv,
            Of::Tables => is_csv || format == Format::Workbook,
            Of::Workbooks => format == Format::Workbook,
            Of::Json => format == Format::Json,
            Of::Objects => matches!(format, Format::Json | Format::JsonLines),
            Of::Texts => format != Format::Workbook,
            Of::All => true,
        }
    }

    /// What is wrong with the word in a job whose file has another format: a sentence, and what to do.
    pub(super) fn misfit_in_job(&self, format: Format) -> (String, &'static str) {
        let message = self.misfit(&format!("`{}`", self.key), format);
        let hint = match (self.key, format) {
            ("each", Format::Csv { .. } | Format::Workbook) => {
                "of a table it takes { columns: Comment }, or { split: Ticket IDs, by: \";\" }"
            }
            ("each", Format::Json | Format::JsonLines) => {
                "of JSON it takes a path, as in /comments"
            }
            _ => "leave it out",
        };
        (message, hint)
    }

    /// The same of a flag and a data file.
    pub(super) fn misfit_of_flag(&self, format: Format) -> (String, String) {
        let message = self.misfit(&format!("--{}", self.flag), format);
        let hint = match (self.key, format) {
            ("each", Format::Csv { .. } | Format::Workbook) => {
                "of a table it takes columns:Comment, or 'split:;:Ticket IDs'".to_owned()
            }
            ("each", Format::Json | Format::JsonLines) => {
                "of JSON it takes a path, as in /comments".to_owned()
            }
            _ => format!("leave --{} out", self.flag),
        };
        (message, hint)
    }

    fn misfit(&self, called: &str, format: Format) -> String {
        let of = match self.of {
            Of::Csv => "csv",
            Of::Tables => "csv, xlsx and ods",
            Of::Workbooks => "xlsx and ods",
            Of::Json => "json",
            Of::Objects => "json and jsonl",
            Of::Texts => "csv, json and jsonl",
            Of::All => "all files",
        };
        let format = match format {
            Format::Csv { .. } => "csv",
            Format::JsonLines => "jsonl",
            Format::Json => "json",
            Format::Workbook => "a workbook",
        };
        format!("{called}{} is for {of}, and the file is {format}", self.use_of)
    }
}

/// The word that says how rows come of others.
pub(super) fn of_each(is_within: bool) -> Word {
    if is_within { EACH_WITHIN } else { EACH_CELL }
}
