//! The arguments of `init`: which files, where the job goes, and whatever somebody knows of them.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::arguments::Color;
use crate::declared::job::ENCODINGS;
use crate::draft::TableAnswer;
use crate::source::{DataPath, Encoding, delimiter_of};

#[derive(Debug, Args)]
#[command(next_help_heading = "What the columns are for")]
pub(in crate::cli) struct InitArguments {
    /// The notes, and what belongs to them: people, a table from old tickets to new ones; in any order
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Write the job to this file, and check it [default: show it]
    #[arg(short, long, value_name = "FILE", help_heading = "Options")]
    pub(super) output: Option<PathBuf>,
    /// Replace that file
    #[arg(long, requires = "output", help_heading = "Options")]
    pub(super) force: bool,
    /// Ask nothing, and take what is guessed; nothing is asked without a terminal
    #[arg(short, long, help_heading = "Options")]
    pub(super) yes: bool,
    /// When to use color
    #[arg(long, value_enum, default_value_t = Color::Auto, help_heading = "Options")]
    pub(super) color: Color,
    /// The name of the job
    #[arg(long, value_name = "NAME", help_heading = "Options")]
    pub(super) job: Option<String>,
    /// The zone of times that name none [default: Asia/Ho_Chi_Minh]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub(super) timezone: Option<String>,
    /// The column with the number of the ticket
    #[arg(long, value_name = "COLUMN")]
    pub(super) ticket: Option<String>,
    /// The column with the text of the note
    #[arg(long, value_name = "COLUMN")]
    pub(super) note: Option<String>,
    /// The column that says whether customers may see a note; `always` for notes that are all internal
    #[arg(long, value_name = "COLUMN")]
    pub(super) internal: Option<String>,
    /// A value of that column that means that customers may see the note; may be given several times
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) visible_value: Vec<String>,
    /// A value of that column that means that only agents may; may be given several times
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) internal_value: Vec<String>,
    /// The column that says who wrote the note
    #[arg(long, value_name = "COLUMN")]
    pub(super) author: Option<String>,
    /// The column that says when
    #[arg(long, value_name = "COLUMN")]
    pub(super) time: Option<String>,
    /// The column that tells one note from all others
    #[arg(long, value_name = "COLUMN")]
    pub(super) key: Option<String>,
    /// Whether the day or the month comes first in dates
    #[arg(long, value_enum, value_name = "ORDER")]
    pub(super) dates: Option<Dates>,
    /// How the texts of notes are written [default: what they look like]
    #[arg(long, value_enum, value_name = "KIND")]
    pub(super) text: Option<TextKind>,
    /// A table: tickets=map.csv:legacy:stringee leads from old tickets to new ones, others from ids to names
    #[arg(long, value_name = "NAME=FILE:KEY:VALUE", value_parser = TableAnswer::parse)]
    pub(super) lookup: Vec<TableAnswer>,
    /// The tickets have the same ids in StringeeX: no table is needed
    #[arg(long)]
    pub(super) same_tickets: bool,
    /// Its encoding, as in windows-1258
    #[arg(long, value_name = "NAME", value_parser = encoding_label, help_heading = "How the first file is written")]
    pub(super) encoding: Option<String>,
    /// What stands between its cells, as in ';' or tab
    #[arg(long, value_name = "SIGN", value_parser = delimiter_sign, help_heading = "How the first file is written")]
    pub(super) delimiter: Option<u8>,
    /// The line, or the row of a sheet, that names its columns, from 1
    #[arg(long, value_name = "N", help_heading = "How the first file is written")]
    pub(super) header_row: Option<NonZeroU32>,
    /// The sheet of a workbook, by name or number
    #[arg(long, value_name = "NAME", help_heading = "How the first file is written")]
    pub(super) sheet: Option<String>,
    /// Where the rows of a JSON file are, as in /tickets
    #[arg(long, value_name = "PATH", value_parser = data_path, help_heading = "How the first file is written")]
    pub(super) at: Option<String>,
    /// What makes several rows of one, as in /comments
    #[arg(long, value_name = "PATH", value_parser = data_path, help_heading = "How the first file is written")]
    pub(super) each: Option<String>,
}

/// What comes first in a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Dates {
    /// The day
    Dmy,
    /// The month
    Mdy,
}

impl Dates {
    pub(super) fn is_day_first(self) -> bool {
        self == Self::Dmy
    }
}

/// How texts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TextKind {
    /// As they stand
    Plain,
    Html,
    /// Jira's markup
    Jira,
}

fn zone(text: &str) -> Result<String, String> {
    let refuse = |_| {
        "there is no such zone; one is called as in Asia/Ho_Chi_Minh or Europe/Berlin".to_owned()
    };
    jiff::tz::TimeZone::get(text).map(|_| text.to_owned()).map_err(refuse)
}

fn encoding_label(text: &str) -> Result<String, String> {
    let found = Encoding::of_label(text);
    found.map(|_| text.to_owned()).ok_or_else(|| format!("there is no such encoding; {ENCODINGS}"))
}

fn delimiter_sign(text: &str) -> Result<u8, String> {
    delimiter_of(text)
        .ok_or_else(|| "a delimiter is one ASCII character, or the word tab".to_owned())
}

fn data_path(text: &str) -> Result<String, String> {
    let found = DataPath::parse(text);
    found.map(|_| text.to_owned()).map_err(|reason| format!("{reason}: write it as in /tickets"))
}
