//! A data file that is a job by itself: everything that no flag says is left to defaults.

use std::path::Path;
use std::sync::Arc;

use crate::declared::connector::{Catalogue, DEFAULT_CONNECTOR};
use crate::declared::job::{InDoubt, OnChange, OnMissing, PastReminders};
use crate::source::{Format, Location, unpacked_name};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::given::{Given, clashes};
use super::resolve::{DEFAULT_ATTEMPTS, find_operation};
use super::variables::Variables;
use super::word::Word;
use super::{Job, OperationChoice, Rows, Shaping};

/// What a job is called whose rows are piped in.
const PIPED_JOB: &str = "stdin";

/// The format of a data file; none where the file is a job.
pub(super) fn format_of(path: &Path, given: &Given) -> Result<Option<Format>, Vec<Diagnostic>> {
    let layout = &given.layout;
    let words = layout.words();
    let refused = |problems: Vec<Diagnostic>| match problems.is_empty() {
        true => Ok(()),
        false => Err(problems),
    };
    // Whatever a flag says of it, YAML is a job.
    let named = layout.input.filter(|_| !is_yaml(path)).or_else(|| Format::of_path(path));
    let is_table =
        |word: &Word| word.fits(Format::Csv { delimiter: b',' }) && !word.fits(Format::Json);
    let format = match named {
        Some(Format::Csv { delimiter }) => {
            Some(Format::Csv { delimiter: layout.delimiter.unwrap_or(delimiter) })
        }
        None if !is_yaml(path) && words.iter().any(is_table) => {
            Some(Format::Csv { delimiter: layout.delimiter.unwrap_or(b',') })
        }
        named => named,
    };
    match format {
        Some(format) => {
            let misfits = words.iter().filter(|word| !word.fits(format));
            refused(misfits.map(|word| misfit(path, word, format)).collect())?;
        }
        // Before it is read: rows of another format make broken YAML, and that would be told instead.
        None if given.operation.is_some() || Location::is_piped(path) => {
            return Err(vec![no_data_file(path)]);
        }
        None => refused(words.iter().map(|word| of_data_files(path, word)).collect())?,
    }
    Ok(format)
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

fn usage(path: &Path, message: impl Into<String>, hint: impl Into<String>) -> Diagnostic {
    let place = Place::File(Location::name_of(path));
    Diagnostic::error(Code::Usage, place, message).hint(hint)
}

/// A flag was given with a file of a format that it says nothing of.
fn misfit(path: &Path, word: &Word, format: Format) -> Diagnostic {
    let (message, hint) = word.misfit_of_flag(format);
    usage(path, message, hint)
}

/// A flag was given with a file that says the same itself.
fn of_data_files(path: &Path, word: &Word) -> Diagnostic {
    let Word { flag, what, in_jobs, .. } = word;
    let message = format!("--{flag} is for data files; a job file says its {what} itself");
    let hint = match *flag {
        "input" => format!("write it into the job, as in source: {{ {in_jobs} }}"),
        "at" | "each" => {
            format!("write it into the job, as in source: {{ json: tickets.json, {in_jobs} }}")
        }
        "sheet" => {
            format!("write it into the job, as in source: {{ xlsx: notes.xlsx, {in_jobs} }}")
        }
        _ => format!("write it into the job, as in source: {{ csv: notes.csv, {in_jobs} }}"),
    };
    usage(path, message, hint)
}

/// `--operation` was given with a file that is taken for a job.
fn no_data_file(path: &Path) -> Diagnostic {
    if Location::is_piped(path) {
        let message = "what is piped in has no name that says how its rows are written";
        return usage(path, message, "say it, as in --input csv or --input jsonl");
    }
    match is_yaml(path) {
        true => usage(
            path,
            "--operation is for data files; a job file says its operation itself",
            "leave --operation out",
        ),
        false => usage(
            path,
            "the file's name does not say how its rows are written",
            "data files end in .csv, .tsv, .jsonl, .ndjson, .json, .xlsx or .ods; for others say it, as in --input csv",
        ),
    }
}

/// The job that a data file is.
pub(super) fn job(
    path: &Path,
    given: &Given,
    format: Format,
    catalogue: &Catalogue,
) -> Result<Job, Vec<Diagnostic>> {
    let connector = Arc::new(catalogue.load(DEFAULT_CONNECTOR, Place::Nowhere)?);
    let operation = match &given.operation {
        Some(name) => OperationChoice::Fixed(
            find_operation(&connector, name, Place::Nowhere).map_err(|problem| vec![problem])?,
        ),
        None => OperationChoice::Column,
    };
    let manner = given.layout.manner();
    let delimiter = match format {
        Format::Csv { delimiter } => Some(delimiter),
        Format::JsonLines | Format::Json | Format::Workbook => None,
    };
    let mut problems: Vec<Diagnostic> = clashes(delimiter, &manner.table)
        .into_iter()
        .map(|(_, message)| usage(path, message, "leave one of the flags out"))
        .collect();
    problems.extend(given.variables.iter().map(|(name, _)| {
        let message = format!("--var {name} is for job files: a data file has no variables");
        usage(path, message, "leave --var out")
    }));
    let read = given.source.as_deref().unwrap_or(path);
    let differs = |named: Format| std::mem::discriminant(&named) != std::mem::discriminant(&format);
    if given.layout.input.is_none() && Format::of_path(read).is_some_and(differs) {
        let message = "--source names a file of another format than the data file";
        problems.push(usage(read, message, "name a file of the same format"));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let stem = unpacked_name(path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = if Location::is_piped(path) { Some(PIPED_JOB.to_owned()) } else { stem };
    Ok(Job {
        name: name.unwrap_or_else(|| "data".to_owned()),
        operation,
        rows: Rows::File {
            location: Location::of(read),
            name: Location::name_of(read),
            format,
            manner: Box::new(manner),
            written: None,
        },
        variables: Variables::default(),
        map: None,
        shaping: Shaping::default(),
        key: None,
        order_by: None,
        marker: None,
        timezone: None,
        quotas: connector.quotas.clone(),
        concurrency: connector.concurrency,
        attempts: DEFAULT_ATTEMPTS,
        in_doubt: InDoubt::default(),
        past_reminders: PastReminders::default(),
        on_change: OnChange::Hold,
        on_missing: OnMissing::Keep,
        parts: Vec::new(),
        let_go: Vec::new(),
        is_source_replaced: false,
        account: None,
        min_rows: 0,
        allow_system_notes: false,
        snapshot: true,
        document: None,
        connector,
    })
}
