//! A data file that is a job by itself: everything that no flag says is left to defaults.

use std::path::Path;
use std::sync::Arc;

use crate::declared::connector::{Catalogue, DEFAULT_CONNECTOR};
use crate::declared::job::InDoubt;
use crate::source::{Format, Location, unpacked_name};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::given::{Given, LayoutFlag, clashes};
use super::resolve::{DEFAULT_ATTEMPTS, find_operation};
use super::variables::Variables;
use super::{Job, OperationChoice, Rows, Shaping};

/// What a job is called whose rows are piped in.
const PIPED_JOB: &str = "stdin";

/// The format of a data file; none where the file is a job.
pub(super) fn format_of(path: &Path, given: &Given) -> Result<Option<Format>, Vec<Diagnostic>> {
    let layout = &given.layout;
    let flags = layout.flags();
    let refused = |flags: &[LayoutFlag], refuse: &dyn Fn(&LayoutFlag) -> Diagnostic| {
        let problems: Vec<Diagnostic> = flags.iter().map(refuse).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    };
    // Whatever a flag says of it, YAML is a job.
    let named = layout.input.filter(|_| !is_yaml(path)).or_else(|| Format::of_path(path));
    match named {
        Some(Format::Csv { delimiter }) => {
            Ok(Some(Format::Csv { delimiter: layout.delimiter.unwrap_or(delimiter) }))
        }
        Some(format) => {
            let of_tables: Vec<LayoutFlag> =
                flags.into_iter().filter(|flag| flag.of_tables).collect();
            refused(&of_tables, &|flag| not_of_json(path, flag))?;
            Ok(Some(format))
        }
        None if !is_yaml(path) && flags.iter().any(|flag| flag.of_tables) => {
            Ok(Some(Format::Csv { delimiter: layout.delimiter.unwrap_or(b',') }))
        }
        // Before it is read: rows of another format make broken YAML, and that would be told instead.
        None if given.operation.is_some() || Location::is_piped(path) => {
            Err(vec![no_data_file(path)])
        }
        None => {
            refused(&flags, &|flag| of_data_files(path, flag))?;
            Ok(None)
        }
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

fn usage(path: &Path, message: impl Into<String>, hint: impl Into<String>) -> Diagnostic {
    let place = Place::File(Location::name_of(path));
    Diagnostic::error(Code::Usage, place, message).hint(hint)
}

/// A flag was given with a file that has no such thing.
fn not_of_json(path: &Path, flag: &LayoutFlag) -> Diagnostic {
    usage(path, format!("JSON has no {}", flag.what), format!("leave --{} out", flag.name))
}

/// A flag was given with a file that says the same itself.
fn of_data_files(path: &Path, flag: &LayoutFlag) -> Diagnostic {
    let LayoutFlag { name, what, in_jobs, .. } = flag;
    let message = format!("--{name} is for data files; a job file says its {what} itself");
    let hint = match *name {
        "input" => format!("write it into the job, as in source: {{ {in_jobs} }}"),
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
            "data files end in .csv, .tsv, .jsonl, .ndjson or .json; for others say it, as in --input csv",
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
        Format::JsonLines | Format::Json => None,
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
            manner,
            written: None,
        },
        variables: Variables::default(),
        map: None,
        shaping: Shaping::default(),
        key: None,
        marker: None,
        timezone: None,
        quotas: connector.quotas.clone(),
        concurrency: connector.concurrency,
        attempts: DEFAULT_ATTEMPTS,
        in_doubt: InDoubt::default(),
        account: None,
        min_rows: 0,
        document: None,
        connector,
    })
}
