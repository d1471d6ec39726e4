//! `ledger export`: the requests of a ledger as CSV or JSON lines, to a file or to standard output.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::ledger::Exported;
use crate::report::{LedgerExportForm, exit};
use crate::task::{self, LedgerExportOptions};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::arguments::{ExportArguments, ExportFormat};
use crate::cli::arguments::Format;
use crate::cli::environment::Environment;
use crate::cli::output::Output;
use crate::cli::{gather, streams};

pub(super) fn export(arguments: &ExportArguments, environment: &Environment) -> u8 {
    let output = Output {
        quiet: arguments.quiet,
        ..Output::plain(Format::Text, arguments.color, environment)
    };
    let form = match arguments.format {
        ExportFormat::Csv => LedgerExportForm::Csv,
        ExportFormat::Jsonl => LedgerExportForm::Jsonl,
    };
    let options = LedgerExportOptions {
        job: arguments.job.clone(),
        given: arguments.layout.given(arguments.operation.as_ref()),
        connectors: arguments.connectors.clone(),
        address: arguments.base_url.clone(),
        ledger: gather::ledger_at(arguments.job.as_ref(), arguments.ledger.clone(), environment),
    };
    let written = match &arguments.output {
        Some(file) => to_file(file, form, &options),
        None => to_stream(form, &options),
    };
    match written {
        Ok(count) => {
            if let Some(file) = &arguments.output {
                output
                    .say(&format!("{count} requests of the ledger written to {}", file.display()));
            }
            exit::DONE
        }
        Err(problems) => {
            output.tell(&problems);
            exit::USAGE
        }
    }
}

/// Writes the lines until a line cannot be written; that is the reader's end, or is told at the program's.
fn to_stream(
    form: LedgerExportForm,
    options: &LedgerExportOptions,
) -> Result<u64, Vec<Diagnostic>> {
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
) -> Result<u64, Vec<Diagnostic>> {
    let refuse = |error: io::Error| {
        let place = Place::File(file.display().to_string().into());
        let message = format!("the file cannot be written here: {error}");
        vec![
            Diagnostic::error(Code::UnwritableFile, place, message)
                .hint("name a file in a folder that is there and may be written to"),
        ]
    };
    let is_ledger = || Some(file.canonicalize().ok()? == options.ledger.canonicalize().ok()?);
    if is_ledger() == Some(true) {
        return Err(refuse(io::Error::other("the ledger itself is there")));
    }
    let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let beside = NamedTempFile::new_in(folder).map_err(refuse)?;
    let mut out = BufWriter::new(beside);
    let (count, fault) = write_all(form, options, &mut out)?;
    fault.map_or(Ok(()), Err).map_err(refuse)?;
    let beside = out.into_inner().map_err(|error| refuse(error.into_error()))?;
    beside.as_file().sync_all().map_err(refuse)?;
    beside.persist(file).map_err(|error| refuse(error.error))?;
    Ok(count)
}

/// Writes head and lines; gives how many, and why they came to an end before theirs.
fn write_all(
    form: LedgerExportForm,
    options: &LedgerExportOptions,
    out: &mut dyn Write,
) -> Result<(u64, Option<io::Error>), Vec<Diagnostic>> {
    let mut fault = None;
    let mut is_first = true;
    let mut take = |request: &Exported| {
        let head = form.head().filter(|_| std::mem::take(&mut is_first)).unwrap_or_default();
        let line = form.line(request);
        fault = out.write_all(head.as_bytes()).and_then(|()| out.write_all(line.as_bytes())).err();
        fault.is_none()
    };
    let count = task::export_ledger(options, &mut take).map_err(|failure| failure.problems())?;
    if count == 0 {
        fault = form.head().and_then(|head| out.write_all(head.as_bytes()).err());
    }
    Ok((count, fault))
}
