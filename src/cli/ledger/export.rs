//! `ledger export`: the requests of a ledger as CSV or JSON lines, to a file or to standard output.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Read as _, Write};
use std::path::{Path, PathBuf};

use crate::ledger::Exported;
use crate::report::{LedgerExportForm, exit};
use crate::table::{self, Destination, Shape, Staying};
use crate::task::{self, LedgerExportOptions};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::arguments::{ExportArguments, ExportFormat};
use crate::cli::arguments::Format;
use crate::cli::environment::Environment;
use crate::cli::output::Output;
use crate::cli::place::{of_refusal, unwritable};
use crate::cli::{gather, streams};

/// Why nothing was written, and the exit code.
struct Unwritten(Vec<Diagnostic>, u8);

pub(super) fn export(arguments: &ExportArguments, environment: &Environment) -> u8 {
    let output = Output {
        quiet: arguments.quiet,
        ..Output::plain(Format::Text, arguments.color, environment)
    };
    let options = LedgerExportOptions {
        job: arguments.job.clone(),
        given: arguments.layout.given(arguments.operation.as_ref()),
        connectors: arguments.connectors.clone(),
        address: arguments.base_url.clone(),
        ledger: gather::ledger_at(arguments.job.as_ref(), arguments.ledger.clone(), environment),
    };
    let written = form(arguments).and_then(|form| match &arguments.output {
        Some(file) => to_file(file, form, &options),
        None => to_stream(form, &options),
    });
    match written {
        Ok(count) => {
            if let Some(file) = &arguments.output {
                output
                    .say(&format!("{count} requests of the ledger written to {}", file.display()));
            }
            exit::DONE
        }
        Err(Unwritten(problems, exit)) => {
            output.tell(&problems);
            exit
        }
    }
}

/// As --format says, or the ending of the file.
fn form(arguments: &ExportArguments) -> Result<LedgerExportForm, Unwritten> {
    let of_file = |file: &PathBuf| match Shape::of_path(file) {
        Some(Shape::Csv { delimiter: b',', .. }) => Ok(LedgerExportForm::Csv),
        Some(Shape::JsonLines) => Ok(LedgerExportForm::Jsonl),
        _ => {
            let place = Place::File(file.display().to_string().into());
            let message = "the file's name does not say how the requests are to be written";
            let problem = Diagnostic::error(Code::Usage, place, message).hint(
                "name a file that ends in .csv or .jsonl, or add --format csv or --format jsonl",
            );
            Err(Unwritten(vec![problem], exit::USAGE))
        }
    };
    match (arguments.format, &arguments.output) {
        (Some(ExportFormat::Csv), _) | (None, None) => Ok(LedgerExportForm::Csv),
        (Some(ExportFormat::Jsonl), _) => Ok(LedgerExportForm::Jsonl),
        (None, Some(file)) => of_file(file),
    }
}

/// Writes the lines until a line cannot be written; that is the reader's end, or is told at the program's.
fn to_stream(form: LedgerExportForm, options: &LedgerExportOptions) -> Result<u64, Unwritten> {
    let mut out = BufWriter::new(streams::data());
    let written = write_all(form, options, &mut out);
    // What went wrong is remembered where it is written.
    let _ = out.flush();
    written.map(|(count, _)| count)
}

/// Likewise, beside the file's place first: a file that is not whole takes nobody's place.
fn to_file(
    file: &Path,
    form: LedgerExportForm,
    options: &LedgerExportOptions,
) -> Result<u64, Unwritten> {
    let fault = |error: io::Error| {
        let problem = unwritable(file, "the file cannot be written here", &error);
        Unwritten(vec![problem], exit::STOPPED)
    };
    let staying = match &options.job {
        Some(job) => task::lives_on(job, &options.given, &options.connectors, &options.ledger),
        None => Staying::new(Vec::<PathBuf>::new(), Some(&options.ledger)),
    };
    let destination = Destination { path: Some(file.to_owned()), replaces: false };
    destination.refuse(&staying, is_export).map_err(|refusal| {
        let problem = of_refusal(file, &refusal, "an earlier export of a ledger");
        Unwritten(vec![problem], exit::USAGE)
    })?;
    let beside = table::beside(file).map_err(|error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => fault(error),
        // A place at which nothing can be written is a mistake of the command line.
        _ => Unwritten(fault(error).0, exit::USAGE),
    })?;
    let mut out = BufWriter::new(beside.as_file());
    let (count, broken) = write_all(form, options, &mut out)?;
    broken.map_or(Ok(()), Err).and_then(|()| out.flush()).map_err(fault)?;
    drop(out);
    table::put(beside, file).map_err(fault)?;
    Ok(count)
}

/// Whether a file is an earlier export, by how it begins, or empty.
fn is_export(file: &Path) -> bool {
    const MOST: u64 = 256;
    let mut head = Vec::new();
    let read = File::open(file).and_then(|file| file.take(MOST).read_to_end(&mut head));
    LedgerExportForm::is_begun_by(&head) && read.is_ok()
}

/// Writes head and lines; gives how many, and why they came to an end before theirs.
fn write_all(
    form: LedgerExportForm,
    options: &LedgerExportOptions,
    out: &mut dyn Write,
) -> Result<(u64, Option<io::Error>), Unwritten> {
    let mut fault = None;
    let mut is_first = true;
    let mut take = |request: &Exported| {
        let head = form.head().filter(|_| std::mem::take(&mut is_first)).unwrap_or_default();
        let line = form.line(request);
        fault = out.write_all(head.as_bytes()).and_then(|()| out.write_all(line.as_bytes())).err();
        fault.is_none()
    };
    let count = task::export_ledger(options, &mut take)
        .map_err(|failure| Unwritten(failure.problems(), exit::USAGE))?;
    if count == 0 {
        fault = form.head().and_then(|head| out.write_all(head.as_bytes()).err());
    }
    Ok((count, fault))
}
