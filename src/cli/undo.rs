//! `undo`: takes back what a run has done, as a run of its own.

use std::cell::RefCell;
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Zoned;

use crate::declared::job::Given;
use crate::event::Ending;
use crate::report::{
    RunView, UNDO_PAGE_BEGINS, UndoCounts, UndoHead, UndoPage, UndoRow, exit, finished_event,
    nothing_undone, of_no_job_of_run, refused_event, undo_line, undo_planned_event, undo_row_event,
    undo_summary,
};
use crate::row::Totals;
use crate::task::{
    self, Failure, JobOptions, TargetOptions, UndoHearing, UndoOptions, Undone, World,
};
use crate::text::command::CommandLine;
use crate::text::diagnostic::Diagnostic;

use super::arguments::UndoArguments;
use super::asking;
use super::consent;
use super::environment::Environment;
use super::hearing::Hearing;
use super::output::Output;
use super::place::Kind;
use super::run::{reporter, view};
use super::streams;
use super::{gather, signals, wall_clock};

/// So many rows are named where nobody says how many.
const SHOWN: u64 = 20;

/// The page of an undoing.
const PAGE: Kind = Kind {
    begins: UNDO_PAGE_BEGINS.as_bytes(),
    refused: "the page cannot be written here",
    something_else: "something else is there that no plan has written",
    earlier: "the page of an earlier plan",
};

pub(super) fn undo(
    arguments: &UndoArguments,
    given: &CommandLine,
    environment: &Environment,
) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let (job, run) = match named(arguments, environment) {
        Ok(named) => named,
        Err(problem) => return refused(&[problem], &output),
    };
    let secrets = gather::secrets(false, environment);
    let options = UndoOptions {
        job: JobOptions {
            path: job.clone(),
            given: Given::default(),
            from: None,
            min_rows: None,
            connectors: arguments.common.connectors.clone(),
            ledger: gather::ledger(Some(&job), &arguments.common, environment),
        },
        run,
        target: TargetOptions {
            base_url: arguments.common.base_url.clone(),
            allow_http: arguments.asking.allow_http,
            secrets: &secrets,
            rehearsal: None,
        },
        sending: asking::sending(&arguments.asking),
        give_up_after: arguments.asking.give_up_after,
        ca_file: arguments.asking.ca_file.clone(),
        state_folder: match arguments.asking.own_pace {
            true => environment.state_folder().telling(),
            false => environment.state_folder(),
        },
        even_if_changed: arguments.even_if_changed,
        dry_run: arguments.dry_run,
    };
    let planned = Plan::default();
    let ended = act(arguments, &options, (given, &output), (environment, &planned));
    let page = planned.page(arguments, given);
    if let Err(problem) = page {
        output.tell(&[problem]);
        return exit::STOPPED;
    }
    match ended {
        Ok(Undone::Ran(outcome)) => {
            if let Some(fault) = &outcome.fault {
                streams::broke_off(fault);
            }
            outcome.exit
        }
        Ok(Undone::Planned(totals, exit)) => {
            if !arguments.dry_run {
                output.say("Nothing is to be undone.");
                output.event(&finished_event(&totals, &Ending::Finished, exit));
            }
            exit
        }
        Err(failure) => tell(&failure, arguments.dry_run, &output),
    }
}

fn act(
    arguments: &UndoArguments,
    options: &UndoOptions<'_>,
    (given, output): (&CommandLine, &Output<'_>),
    (environment, plan): (&Environment, &Plan),
) -> Result<Undone, Failure> {
    let world = World {
        wall: &wall_clock,
        began: Zoned::now(),
        process: std::process::id(),
        host: environment.host(),
        awaits: &|_| false,
        chance: &fastrand::f64,
        stops: &signals::stops,
        consent: &|_| {
            let can_ask = !arguments.yes && !output.is_json() && consent::is_heard();
            !can_ask || confirmed()
        },
        reporter: &|outlook| {
            let pulse = outlook.pulse.clone();
            let command = given.for_job(&options.job.path.display().to_string());
            let command = command.with_value("run", &options.run.to_string());
            let view = RunView { undoes: Some(options.run), ..view(&command, output, outlook) };
            reporter(&view, pulse, output)
        },
    };
    let most = match (arguments.sample, output.verbose) {
        (Some(most), _) => most,
        (None, true) => u64::MAX,
        (None, false) => SHOWN,
    };
    let mut hearing = Hearing::new(*output);
    let undone = UndoHearing {
        row: &mut |row| plan.hear(row, (output, most)),
        planned: &mut |head| plan.told(head, output),
    };
    task::undo(options, &world, &mut |told| hearing.hear(told), undone)
}

/// What has been told of an undoing.
#[derive(Debug, Default)]
struct Plan {
    rows: RefCell<Vec<UndoRow>>,
    counts: RefCell<UndoCounts>,
    head: RefCell<Option<UndoHead>>,
}

impl Plan {
    fn hear(&self, row: UndoRow, (output, most): (&Output<'_>, u64)) {
        self.counts.borrow_mut().see(&row.act);
        if output.is_json() {
            output.event(&undo_row_event(&row));
        } else if self.counts.borrow().rows() <= most {
            output.say(&undo_line(&row, "note"));
        }
        self.rows.borrow_mut().push(row);
    }

    fn told(&self, head: &UndoHead, output: &Output<'_>) {
        let counts = *self.counts.borrow();
        match output.is_json() {
            true => output.event(&undo_planned_event(head, counts)),
            false => output.show(&undo_summary(head, counts, output.data_color)),
        }
        self.head.replace(Some(head.clone()));
    }

    /// Writes the page, where one is wanted.
    fn page(&self, arguments: &UndoArguments, given: &CommandLine) -> Result<(), Diagnostic> {
        let head = self.head.borrow();
        let (Some(file), Some(head)) = (&arguments.html, head.as_ref()) else { return Ok(()) };
        let mut page = UndoPage::default();
        self.rows.borrow().iter().for_each(|row| page.see(row, &head.item));
        let command = given.without("html").without("dry-run");
        let html = page.html((head, *self.counts.borrow()), &command, &Zoned::now());
        let html = html.map_err(|error| PAGE.unwritable(file, &io::Error::other(error)))?;
        let mut beside = PAGE.beside(file)?;
        let written = beside.as_file_mut().write_all(html.as_bytes());
        written.map_err(|error| PAGE.unwritable(file, &error))?;
        PAGE.put(beside, file)
    }
}

/// The job and the run that are named.
fn named(
    arguments: &UndoArguments,
    environment: &Environment,
) -> Result<(PathBuf, i64), Diagnostic> {
    let number = arguments.what.to_str().and_then(|text| text.parse::<i64>().ok());
    match (arguments.run, number) {
        (Some(run), _) => Ok((arguments.what.clone(), run)),
        (None, Some(run)) if !arguments.what.exists() => {
            let ledger = gather::ledger(None, &arguments.common, environment);
            let known = task::job_of_run(&ledger, run).map_err(|error| {
                Failure::from(error).problems().pop().unwrap_or_else(|| of_no_job_of_run(run, None))
            })?;
            let known = known.ok_or_else(|| of_no_job_of_run(run, None))?;
            let file = task::job_file_here(Path::new("."), &known, &arguments.common.connectors);
            Ok((file.ok_or_else(|| of_no_job_of_run(run, Some(&known)))?, run))
        }
        (None, _) => Err(crate::report::of_no_run_named()),
    }
}

fn confirmed() -> bool {
    streams::write(streams::words(), "Undo it? [y/N] ");
    let mut answer = String::new();
    let heard = io::stdin().lock().read_line(&mut answer).is_ok();
    heard && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn refused(problems: &[Diagnostic], output: &Output<'_>) -> u8 {
    output.tell(problems);
    output.event(&nothing_undone());
    exit::USAGE
}

fn tell(failure: &Failure, dry_run: bool, output: &Output<'_>) -> u8 {
    output.tell(&failure.problems());
    if matches!(failure, Failure::Declined) {
        output.warn("Nothing was sent.");
    }
    match dry_run {
        true => output.event(&nothing_undone()),
        false => {
            let problems = failure.problems();
            let none = Totals::default();
            output.event(&refused_event(&none, failure.exit(), failure.reason(), &problems));
        }
    }
    failure.exit()
}
