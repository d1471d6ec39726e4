//! `run`: checks every row, then sends what is to be sent, and writes down what came of it.

use std::path::PathBuf;

use crate::declared::connector::Connector;
use crate::event::Ending;
use crate::ledger::{JobLock, JobReader, Ledger, LedgerError};
use crate::plan::steps::{Steps, Tally};
use crate::plan::survey::{Keys, Survey, survey};
use crate::report::exit;
use crate::report::finished_event;
use crate::row::Totals;
use crate::sandbox::{self, Sandbox};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::traffic::transport::{Client, ClientError, ClientOptions, CredentialError, Http};

use super::arguments::RunArguments;
use super::deadline::RunTime;
use super::environment::Environment;
use super::opening::{self, Opening};
use super::output::Output;
use super::rescued;
use super::session::Session;
use super::target::{self, Target};
use super::wall_clock;

pub fn run(arguments: &RunArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    match attempt(arguments, environment, output) {
        Ok(exit) => exit,
        Err(failure) => failure.tell(&output),
    }
}

/// The whole of a run, one step after the other; nothing is written before all is known to be in order.
fn attempt(
    arguments: &RunArguments,
    environment: &Environment,
    output: Output,
) -> Result<u8, Failure> {
    let time = RunTime::new(&arguments.time, &jiff::Zoned::now())
        .map_err(|problem| Failure::Input(vec![problem]))?;
    let mut opening = opening::open(&arguments.job, &arguments.common).map_err(Failure::Input)?;
    if let Some(concurrency) = arguments.sending.concurrency {
        opening.job.concurrency = concurrency;
    }
    opening.job.quotas = target::quotas(&opening.job, &arguments.sending);
    let sandbox = start_sandbox(arguments)?;
    let url = sandbox.as_ref().map(Sandbox::base_url);
    let target = Target::find(&opening.job, &arguments.common, environment, url)
        .map_err(Failure::Credentials)?;
    let transport = transport(arguments, &opening.job.connector, &target, opening.job.concurrency)?;
    let path = opening::ledger_path(&arguments.job.job, &arguments.common, environment);
    if output.verbose {
        tell_details(&output, &opening, &target, &path);
    }
    let name = target.job_name(&opening.job);
    rescued::bring_in(&path, &name, &output).map_err(Failure::Ledger)?;
    let now = wall_clock();
    let found = survey_rows(&mut opening, &target, &path, now, &output)?;
    if found.broken || found.guessed || (found.invalid > 0 && !arguments.sending.skip_invalid) {
        return Err(Failure::Invalid { found, job: arguments.job.words(&arguments.common) });
    }
    let booked = Booking::make(&path, &opening, &target, now)?;
    let tally = booked.tally(&opening, &found, arguments, now)?;
    let session = Session {
        arguments,
        output,
        opening: &opening,
        target: &target,
        booked,
        tally,
        found,
        now,
        time,
    };
    session.run(&transport).map_err(Failure::Ledger)
}

fn start_sandbox(arguments: &RunArguments) -> Result<Option<Sandbox>, Failure> {
    if !arguments.sending.sandbox {
        return Ok(None);
    }
    Sandbox::start(sandbox::rehearsal())
        .map(Some)
        .map_err(|error| Failure::Sandbox(error.to_string()))
}

fn transport(
    arguments: &RunArguments,
    connector: &Connector,
    target: &Target,
    concurrency: u32,
) -> Result<Http, Failure> {
    let ca_pem = match &arguments.ca_file {
        Some(path) => {
            let pem =
                std::fs::read(path).map_err(|error| ClientError::Certificates(error.to_string()));
            Some(pem.map_err(Failure::Client)?)
        }
        None => None,
    };
    let options = ClientOptions { ca_pem, concurrency: concurrency as usize };
    let client = Client::new(connector, &target.base_url, &options).map_err(Failure::Client)?;
    Ok(Http::new(client, target.credentials.clone()))
}

fn tell_details(output: &Output, opening: &Opening, target: &Target, ledger: &std::path::Path) {
    let quotas: Vec<String> = opening.job.quotas.iter().map(ToString::to_string).collect();
    output.say(&format!(
        "connector: {} ({} operations)",
        opening.job.connector.name,
        opening.job.connector.operations.len()
    ));
    output.say(&format!("target: {}", target.words()));
    output.say(&format!("credentials: {}", target.credentials.origin()));
    output.say(&format!("ledger: {}", ledger.display()));
    output.say(&format!("quotas: {}; concurrency: {}", quotas.join(", "), opening.job.concurrency));
}

/// The first reading. Rows that the ledger knows to be done are not asked whether they would be valid today.
fn survey_rows(
    opening: &mut Opening,
    target: &Target,
    ledger: &std::path::Path,
    now: i64,
    output: &Output,
) -> Result<Survey, Failure> {
    let earlier = match Ledger::open_to_read(ledger).map_err(Failure::Ledger)? {
        Some(ledger) => {
            match ledger.find_job(&target.job_name(&opening.job)).map_err(Failure::Ledger)? {
                Some(job) => Some(JobReader::new(ledger, job).map_err(Failure::Ledger)?),
                None => None,
            }
        }
        None => None,
    };
    let again = opening.preparer.reopen(&opening.job).map_err(Failure::Input)?;
    let mut problems = output.problems();
    opening.warnings.iter().for_each(|warning| problems.tell(warning));
    let found = survey(
        &opening.job,
        &opening.preparer,
        std::mem::replace(&mut opening.source, again),
        now,
        Keys::All,
        &mut |key| earlier.as_ref().is_some_and(|earlier| earlier.is_done(key)),
        &mut |problem| problems.tell(&problem),
    );
    problems.finish();
    Ok(found)
}

/// A job's place in the ledger, locked for this run.
pub struct Booking {
    pub ledger: Ledger,
    pub path: PathBuf,
    pub job: crate::ledger::JobId,
    pub last_request: Option<i64>,
    pub lock: JobLock,
}

impl Booking {
    fn make(
        path: &std::path::Path,
        opening: &Opening,
        target: &Target,
        now: i64,
    ) -> Result<Self, Failure> {
        let name = target.job_name(&opening.job);
        let ledger = Ledger::open(path).map_err(Failure::Ledger)?;
        let lock = rescued::lock(path, &name).map_err(Failure::Ledger)?;
        // Again, for another run may have been here since the first reading.
        ledger.take_in(&name).map_err(Failure::Ledger)?;
        let others = ledger.other_accounts(&name).map_err(Failure::Ledger)?;
        if ledger.find_job(&name).map_err(Failure::Ledger)?.is_none() && !others.is_empty() {
            return Err(Failure::OtherAccount { present: name.account, others });
        }
        let job = ledger.enter_job(&name, now).map_err(Failure::Ledger)?;
        let before = ledger.keyed_by(job).map_err(Failure::Ledger)?;
        if let Some(problem) = opening::key_changed(&opening.job, before) {
            return Err(Failure::Input(vec![problem]));
        }
        // Each sandbox is a new one and has seen nothing yet.
        let last_request = match target.is_sandbox {
            true => None,
            false => ledger.last_request(&name.base_url).map_err(Failure::Ledger)?,
        };
        Ok(Self { ledger, path: path.to_owned(), job, last_request, lock })
    }

    /// What earlier runs have done to this job's rows.
    pub fn reader(&self) -> Result<JobReader, LedgerError> {
        JobReader::new(self.ledger.open_again()?, self.job)
    }

    /// How many rows are to be sent, and what becomes of the others.
    fn tally(
        &self,
        opening: &Opening,
        found: &Survey,
        arguments: &RunArguments,
        now: i64,
    ) -> Result<Tally, Failure> {
        let reader = self.reader().map_err(Failure::Ledger)?;
        if reader.is_empty() {
            return Ok(Tally {
                rows: found.rows,
                send: found.valid,
                reject: found.invalid,
                ..Tally::default()
            });
        }
        let repeated = found.repeated.clone();
        let retry_failed = arguments.sending.retry_failed;
        let mut steps = Steps::open(
            &opening.job,
            &opening.preparer,
            Some(reader),
            repeated,
            retry_failed,
            String::new(),
        )
        .map_err(Failure::Input)?;
        let mut tally = Tally::default();
        while let Some(step) = steps.next(now).map_err(Failure::Ledger)? {
            tally.count(&step);
        }
        Ok(tally)
    }
}

/// Why a run ended before it began. Nothing was sent.
enum Failure {
    Input(Vec<Diagnostic>),
    Credentials(CredentialError),
    Client(ClientError),
    Ledger(LedgerError),
    OtherAccount { present: String, others: Vec<String> },
    Sandbox(String),
    Invalid { found: Survey, job: String },
}

impl Failure {
    /// Tells why, closes the events, and gives the exit code.
    fn tell(self, output: &Output) -> u8 {
        let mut totals = Totals::default();
        let exit = match self {
            Self::Input(problems) => {
                output.tell(&problems);
                exit::USAGE
            }
            Self::Credentials(error) => {
                let hint = format!("{}; or rehearse with --sandbox", error.hint());
                output.fail(Code::Credentials, error.to_string(), hint);
                exit::USAGE
            }
            Self::Client(error) => {
                output.fail(Code::Address, error.to_string(), "nothing was sent");
                exit::USAGE
            }
            Self::Ledger(error) => {
                output.fail(Code::Ledger, error.to_string(), error.hint());
                match error {
                    LedgerError::Busy { .. } => exit::LOCKED,
                    error if error.may_pass() => exit::STOPPED,
                    _ => exit::USAGE,
                }
            }
            Self::OtherAccount { present, others } => {
                output.tell(&[other_account(&present, &others)]);
                exit::USAGE
            }
            Self::Sandbox(message) => {
                output.fail(
                    Code::Sandbox,
                    format!("the sandbox cannot be started: {message}"),
                    "nothing was sent",
                );
                exit::USAGE
            }
            Self::Invalid { found, job } => {
                totals = Totals {
                    rows: found.rows,
                    invalid: found.invalid,
                    not_started: found.valid,
                    ..Totals::default()
                };
                tell_invalid(output, &found, &job);
                if found.broken { exit::USAGE } else { exit::INVALID }
            }
        };
        output.event(&finished_event(&totals, &Ending::Finished, exit));
        exit
    }
}

fn tell_invalid(output: &Output, found: &Survey, job: &str) {
    if found.invalid == 0 {
        return;
    }
    if found.guessed {
        output.say(
            "A quote is never closed, so where rows begin and end is a guess. Nothing was sent, and --skip-invalid \
             would not help: correct the quote first.",
        );
        return;
    }
    let (rows, verb) = if found.invalid == 1 { ("row", "is") } else { ("rows", "are") };
    output.say(&format!(
        "{} of {} {rows} {verb} invalid. Nothing was sent.\nCorrect them and run again, or send the {} valid ones: \
         noteferry run {} --skip-invalid",
        found.invalid,
        found.rows,
        found.valid,
        job,
    ));
}

fn other_account(present: &str, others: &[String]) -> Diagnostic {
    let known: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
    let message = format!(
        "the ledger knows this job at this address for the account {}, not for `{present}`",
        known.join(", ")
    );
    Diagnostic::error(Code::OtherAccount, Place::Nowhere, message).hint(format!(
        "if both are the same account, add `account: {}` to the job, or rows that are done would be sent again; \
         if not, give this one a ledger of its own with --ledger",
        others.first().map_or("", String::as_str),
    ))
}
