//! `done`: what was made of the rows that are done, written out for systems that link to it.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::ledger::{DoneRow, DoneSince};
use crate::report::{DoneView, done_row, exit, nothing_written};
use crate::table::{Out, Shape};
use crate::task::{self, DoneOptions, Failure, SANDBOX};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::arguments::CommonArguments;
use super::environment::Environment;
use super::gather;
use super::hearing::Hearing;
use super::layout::LayoutArguments;
use super::output::Output;
use super::written::{Written, WrittenArguments};

#[derive(Debug, Args)]
#[command(after_help = DONE_EXAMPLES)]
pub(super) struct DoneArguments {
    /// The job whose rows they are
    pub job: PathBuf,
    #[command(flatten)]
    pub written: WrittenArguments,
    /// Only rows that were done in this run of the ledger or later, or since this time, as in 2026-11-25 or 2026-11-25T06:00
    #[arg(long, value_name = "RUN|TIME")]
    pub since: Option<String>,
    /// Rows that were sent to a sandbox
    #[arg(long, conflicts_with = "base_url")]
    pub sandbox: bool,
    /// What each row of a data file does
    #[arg(long, value_name = "NAME", hide = true)]
    pub operation: Option<String>,
    #[command(flatten)]
    pub layout: LayoutArguments,
    #[command(flatten)]
    pub common: CommonArguments,
}

const DONE_EXAMPLES: &str = "\
Examples:
  noteferry done jobs/import.yaml -o done.csv            # old key -> new id, for systems that link to it
  noteferry done jobs/import.yaml --since 2026-11-01 --as jsonl
Exit codes: 0 written, or nothing to write; 2 the job, the ledger or the place is wrong; 4 not written to its end";

/// The columns of a file of rows that are done.
const COLUMNS: [&str; 8] = ["key", "id", "lane", "operation", "time", "row", "line", "run"];

pub(super) fn done(arguments: &DoneArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let fail = |problems: &[Diagnostic], code: u8| {
        output.tell(problems);
        output.event(&nothing_written("done"));
        code
    };
    let since = match since(arguments.since.as_deref()) {
        Ok(since) => since,
        Err(problem) => return fail(&[problem], exit::USAGE),
    };
    let options = DoneOptions {
        job: arguments.job.clone(),
        given: arguments.layout.given(arguments.operation.as_ref()),
        connectors: arguments.common.connectors.clone(),
        address: match arguments.sandbox {
            true => Some(SANDBOX.to_owned()),
            false => arguments.common.base_url.clone(),
        },
        ledger: gather::ledger(Some(&arguments.job), &arguments.common, environment),
        since,
    };
    output.detail(&format!("ledger: {}", options.ledger.display()));
    let as_events = output.is_json() && arguments.written.output.is_none();
    let usual = Shape::Csv { delimiter: b',', marked: false };
    let staying =
        task::lives_on(&options.job, &options.given, &options.connectors, &options.ledger);
    let written = (!as_events)
        .then(|| Written::new(&arguments.written, (usual, true), &staying, is_such))
        .transpose();
    let written = match written {
        Ok(written) => written,
        Err(problem) => return fail(&[problem], exit::USAGE),
    };
    let written = written.map(|rows| rows.with_names(COLUMNS.map(str::to_owned).to_vec()));
    // Whoever tells a row knows the zone, and that is known after the job has been read.
    let (zone, written) =
        (std::cell::RefCell::new(TimeZone::system()), std::cell::RefCell::new(written));
    let mut begin = |named: Option<&TimeZone>| -> Result<(), Failure> {
        named.into_iter().for_each(|named| *zone.borrow_mut() = named.clone());
        Ok(())
    };
    let mut tell = |row: &DoneRow| {
        let at = time(row.at, &zone.borrow());
        match written.borrow_mut().as_mut() {
            Some(written) => written.row(&cells(row, &at)),
            None => {
                output.event(&done_row(row, &at));
                true
            }
        }
    };
    let mut hearing = Hearing::new(output);
    let found = task::done(&options, &mut begin, &mut tell, &mut |told| hearing.hear(told));
    let found = match found {
        Ok(found) => found,
        Err(failure) => return fail(&failure.problems(), failure.exit()),
    };
    if let Err(problem) = written.into_inner().map(Written::finish).transpose() {
        return fail(&[problem], exit::STOPPED);
    }
    let view = DoneView {
        job: found.job,
        target: found.target,
        rows: found.rows,
        earlier: found.earlier,
        file: arguments.written.output.clone(),
    };
    if output.is_json() {
        output.event(&view.event());
    } else {
        output.say(view.text().trim_end());
    }
    exit::DONE
}

fn cells<'r>(row: &'r DoneRow, at: &'r str) -> Vec<(&'static str, Out<'r>)> {
    let cells = [
        Out::text(row.key.as_str()),
        Out::maybe(row.remote_id.as_deref()),
        Out::text(row.lane.as_str()),
        Out::text(row.operation.as_str()),
        Out::text(at),
        Out::number(row.place.row),
        Out::number(row.place.line),
        Out::number(row.run),
    ];
    COLUMNS.into_iter().zip(cells).collect()
}

/// A moment as RFC 3339 has it, in a zone.
fn time(moment: i64, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(moment) {
        Ok(moment) => moment.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        Err(_) => String::new(),
    }
}

/// From when on: a run of the ledger, or a time of the user's zone.
fn since(written: Option<&str>) -> Result<DoneSince, Diagnostic> {
    let Some(text) = written.map(str::trim) else { return Ok(DoneSince::Ever) };
    if let Ok(run) = text.parse::<i64>() {
        return Ok(DoneSince::Run(run));
    }
    let moment = text.parse::<Timestamp>().ok();
    let local = || {
        let time = text.parse::<DateTime>().ok()?;
        let zoned: Zoned = time.to_zoned(TimeZone::system()).ok()?;
        Some(zoned.timestamp())
    };
    match moment.or_else(local) {
        Some(moment) => Ok(DoneSince::Moment(moment.as_millisecond())),
        None => {
            let message = format!("`{text}` is neither the number of a run nor a time");
            Err(Diagnostic::error(Code::Usage, Place::Nowhere, message).hint(
                "write --since 12 for a run, as `noteferry status` numbers them, or --since 2026-11-25, or 2026-11-25T06:00",
            ))
        }
    }
}

/// Whether a file is one of rows that are done: of a workbook nobody looks.
fn is_such(path: &Path) -> bool {
    let mut head = vec![0; 64];
    let read = std::fs::File::open(path)
        .and_then(|mut file| std::io::Read::read(&mut file, &mut head))
        .unwrap_or_default();
    head.truncate(read);
    let begins = |delimiter: &str| COLUMNS[..4].join(delimiter);
    [",", "\t", ";"].iter().any(|delimiter| head.starts_with(begins(delimiter).as_bytes()))
        || head.starts_with(b"{\"key\":")
}
