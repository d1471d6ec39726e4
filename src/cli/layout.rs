//! Flags that say which file is read and how it is written, for every verb that is given a job.
//!
//! What they mean for a job is for `declared`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use crate::declared::job::{ENCODINGS, Given, Layout, quote_of};
use crate::source::{DataPath, Each, Encoding, Format, SheetName, delimiter_of, sign_of};

/// Where the flags stand in the help.
const HEADING: &str = "How the rows are written";

#[derive(Debug, Clone, Args)]
pub(super) struct LayoutArguments {
    /// Read this file in place of the job's; the job stays the same one. `-` is what is piped in
    #[arg(long, help_heading = HEADING, value_name = "FILE")]
    pub source: Option<PathBuf>,
    /// Give a variable of the job this value, as in day=2026-11-26; may be given several times
    #[arg(long, help_heading = HEADING, value_name = "NAME=VALUE", value_parser = variable)]
    pub var: Vec<(String, String)>,
    /// The format of a data file whose name does not say it, or of what is piped in: csv, tsv, jsonl, json, xlsx, ods
    #[arg(long, help_heading = HEADING, value_name = "FORMAT", value_parser = input)]
    pub input: Option<Format>,
    /// What stands between the cells of a data file: ';', '|', tab [default: a comma; in .tsv a tab]
    #[arg(long, help_heading = HEADING, value_name = "SIGN", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// How the letters of a data file are written, as in windows-1258, utf-16, tcvn3 or vni [default: UTF-8]
    #[arg(long, help_heading = HEADING, value_name = "NAME", value_parser = encoding)]
    pub encoding: Option<Encoding>,
    /// What stands around the cells of a data file, or none [default: a double quote]
    #[arg(long, help_heading = HEADING, value_name = "SIGN", value_parser = quote)]
    pub quote: Option<Quote>,
    /// What stands before a sign that means itself, as \ in files of MySQL
    #[arg(long, help_heading = HEADING, value_name = "SIGN", value_parser = sign)]
    pub escape: Option<u8>,
    /// What the lines of a data file begin with that are no rows
    #[arg(long, help_heading = HEADING, value_name = "SIGN", value_parser = sign)]
    pub comment: Option<u8>,
    /// The names of the columns, as in id,ticket,note, of a data file that does not have them
    #[arg(long, help_heading = HEADING, value_name = "NAMES", value_parser = names)]
    pub header: Option<Names>,
    /// The line of a data file, or the row of a sheet, that has the names of the columns, from 1
    #[arg(long, help_heading = HEADING, value_name = "N")]
    pub header_row: Option<NonZeroU32>,
    /// A text that stands for nothing where it is not quoted, as in NULL; may be given several times
    #[arg(long, help_heading = HEADING, value_name = "TEXT", allow_hyphen_values = true)]
    pub null: Vec<String>,
    /// Where the rows of a JSON file are, as in /tickets or '/*/ticket'
    #[arg(long, help_heading = HEADING, value_name = "PATH", value_parser = path)]
    pub at: Option<DataPath>,
    /// What makes several rows of one: /comments in JSON; of a table columns:Comment or 'split:;:Ticket IDs'
    #[arg(long, help_heading = HEADING, value_name = "WHAT", value_parser = Each::parse)]
    pub each: Option<Each>,
    /// The sheet of a workbook, by name or number [default: the first that is not hidden]
    #[arg(long, help_heading = HEADING, value_name = "NAME", value_parser = sheet)]
    pub sheet: Option<SheetName>,
}

/// What stands around cells, if anything does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quote(Option<u8>);

/// Names with commas between them.
#[derive(Debug, Clone)]
pub(super) struct Names(Vec<String>);

impl LayoutArguments {
    /// What is said of a job, with what each row of a data file does.
    pub(super) fn given(&self, operation: Option<&String>) -> Given {
        Given {
            operation: operation.cloned(),
            layout: Layout {
                input: self.input,
                delimiter: self.delimiter,
                encoding: self.encoding,
                quote: self.quote.map(|Quote(quote)| quote),
                escape: self.escape,
                comment: self.comment,
                header: self.header.clone().map_or_else(Vec::new, |Names(names)| names),
                header_row: self.header_row,
                nulls: self.null.clone(),
                at: self.at.clone(),
                each: self.each.clone(),
                sheet: self.sheet.clone(),
            },
            source: self.source.clone(),
            variables: self.var.clone(),
        }
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a variable is given as name=value, as in day=2026-11-26".to_owned()),
    }
}

fn input(text: &str) -> Result<Format, String> {
    Format::of_name(text).ok_or_else(|| "a format is csv, tsv, jsonl, json, xlsx or ods".to_owned())
}

fn delimiter(text: &str) -> Result<u8, String> {
    let refuse =
        || "a delimiter is one ASCII character, as in ';' or ',', or the word tab".to_owned();
    delimiter_of(text).ok_or_else(refuse)
}

fn encoding(text: &str) -> Result<Encoding, String> {
    let refuse = || format!("there is no such encoding; {ENCODINGS}");
    Encoding::of_label(text).ok_or_else(refuse)
}

fn quote(text: &str) -> Result<Quote, String> {
    let refuse = || "a quote is one ASCII sign, or the word none".to_owned();
    quote_of(text).map(Quote).ok_or_else(refuse)
}

fn sign(text: &str) -> Result<u8, String> {
    sign_of(text).ok_or_else(|| "this is one ASCII sign".to_owned())
}

fn path(text: &str) -> Result<DataPath, String> {
    DataPath::parse(text).map_err(|reason| format!("{reason}: write it as in /tickets"))
}

// A name may be any text.
fn sheet(text: &str) -> Result<SheetName, std::convert::Infallible> {
    Ok(SheetName::parse(text))
}

fn names(text: &str) -> Result<Names, String> {
    Ok(Names(text.split(',').map(|name| name.trim().to_owned()).collect()))
}
