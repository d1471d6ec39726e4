//! `plan`: what a run would do, with no trace on disk or network.

use crate::ledger::{JobReader, Ledger, LedgerError};
use crate::plan::decide::Action;
use crate::plan::steps::{Step, Steps};
use crate::plan::survey::{Keys, Survey, survey};
use crate::report::exit;
use crate::report::{PlanHead, PlanReport, PlanStep, PlanTotals};
use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;

use super::arguments::PlanArguments;
use super::environment::Environment;
use super::opening::{self, Opening};
use super::output::{Output, data};
use super::rescued;
use super::target::{self, Target};
use super::wall_clock;

pub fn plan(arguments: &PlanArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    match Planning::open(arguments, environment, output) {
        Ok(mut planning) => match planning.show() {
            Ok(exit) => exit,
            Err(error) => {
                output.fail(Code::Ledger, error.to_string(), error.hint());
                nothing_planned(&output)
            }
        },
        Err(problems) => {
            output.tell(&problems);
            nothing_planned(&output)
        }
    }
}

/// Closes the events of a plan that there is not.
fn nothing_planned(output: &Output) -> u8 {
    if output.is_json() {
        // Whoever closed stdout does not want to hear of it.
        let _ = PlanReport::ndjson(data()).finish(&PlanTotals::default());
    }
    exit::USAGE
}

struct Planning<'a> {
    arguments: &'a PlanArguments,
    output: Output,
    opening: Opening,
    ledger: Option<std::path::PathBuf>,
    /// None where no credentials are set: then the address alone tells what was done before.
    target: Option<Target>,
    address: String,
}

impl<'a> Planning<'a> {
    fn open(
        arguments: &'a PlanArguments,
        environment: &Environment,
        output: Output,
    ) -> Result<Self, Vec<Diagnostic>> {
        let opening = opening::open(&arguments.job, &arguments.common)?;
        let ledger = opening::ledger_path(&arguments.job.job, &arguments.common, environment);
        let sandbox = arguments.sending.sandbox.then_some("http://127.0.0.1/v1");
        let target = Target::find(&opening.job, &arguments.common, environment, sandbox).ok();
        let address = match arguments.sending.sandbox {
            true => "http://127.0.0.1:7878/v1".to_owned(),
            false => target::address(&arguments.common, &opening.job.connector),
        };
        Ok(Self { arguments, output, opening, ledger: Some(ledger), target, address })
    }

    fn show(&mut self) -> Result<u8, LedgerError> {
        let now = wall_clock();
        let mut earlier = self.reader()?;
        let before = earlier.as_ref().map(JobReader::keyed_by).transpose()?.flatten();
        if let Some(problem) = opening::key_changed(&self.opening.job, before) {
            self.output.tell(&[problem]);
            return Ok(nothing_planned(&self.output));
        }
        let found = self.survey(now, earlier.as_ref());
        if found.broken {
            return Ok(nothing_planned(&self.output));
        }
        let mut report = self.report();
        let totals = self.steps(now, earlier.take(), &found, &mut report)?;
        if let Some(fault) = report.finish(&totals) {
            self.output.say(&fault);
        }
        Ok(if (totals.reject > 0 || found.invalid > 0) && !self.arguments.sending.skip_invalid {
            exit::INVALID
        } else {
            exit::DONE
        })
    }

    fn reader(&self) -> Result<Option<JobReader>, LedgerError> {
        let Some(path) = &self.ledger else { return Ok(None) };
        let Some(ledger) = Ledger::open_to_read(path)? else { return Ok(None) };
        let name = match &self.target {
            Some(target) => target.job_name(&self.opening.job),
            None => return self.only_job(ledger),
        };
        rescued::warn(path, &name, &self.output)?;
        match ledger.find_job(&name)? {
            Some(job) => JobReader::new(ledger, job).map(Some),
            None => Ok(None),
        }
    }

    /// Without credentials the account is not known; where the ledger has just one for the address, it is that.
    fn only_job(&self, ledger: Ledger) -> Result<Option<JobReader>, LedgerError> {
        let jobs = ledger.jobs()?;
        let mut fitting = jobs.iter().filter(|(_, name)| {
            name.name == self.opening.job.name && name.base_url == self.address
        });
        match (fitting.next(), fitting.next()) {
            (Some((job, name)), None) => {
                rescued::warn(ledger.path(), name, &self.output)?;
                let job = *job;
                JobReader::new(ledger, job).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn survey(&mut self, now: i64, earlier: Option<&JobReader>) -> Survey {
        let mut problems = self.output.problems();
        self.opening.warnings.iter().for_each(|warning| problems.tell(warning));
        let source = match self.opening.preparer.reopen(&self.opening.job) {
            Ok(source) => source,
            Err(found) => {
                found.iter().for_each(|problem| problems.tell(problem));
                return Survey { broken: true, ..Survey::default() };
            }
        };
        let found = survey(
            &self.opening.job,
            &self.opening.preparer,
            std::mem::replace(&mut self.opening.source, source),
            now,
            Keys::All,
            &mut |key| earlier.is_some_and(|earlier| earlier.is_done(key)),
            &mut |problem| problems.tell(&problem),
        );
        problems.finish();
        found
    }

    fn report(&self) -> PlanReport {
        if self.output.is_json() {
            return PlanReport::ndjson(data());
        }
        let target = self.target.as_ref().map_or_else(|| self.address.clone(), Target::words);
        let head = PlanHead {
            job: self.opening.job.name.clone(),
            job_path: self.arguments.job.words(&self.arguments.common),
            flags: self.arguments.sending.words(),
            target,
        };
        PlanReport::text(data(), head, self.output.data_color)
    }

    fn steps(
        &self,
        now: i64,
        earlier: Option<JobReader>,
        found: &Survey,
        report: &mut PlanReport,
    ) -> Result<PlanTotals, LedgerError> {
        let job = &self.opening.job;
        let sending = &self.arguments.sending;
        let mut totals = PlanTotals::default();
        let repeated = found.repeated.clone();
        let steps = Steps::open(
            job,
            &self.opening.preparer,
            earlier,
            repeated,
            sending.retry_failed,
            "plan/".into(),
        );
        let Ok(mut steps) = steps else { return Ok(totals) };
        let limit = sending.limit.unwrap_or(u64::MAX);
        while let Some(step) = steps.next(now)? {
            totals.rows += 1;
            match step.action {
                Action::Send(_) if totals.send >= limit => {
                    totals.beyond_limit += 1;
                    continue;
                }
                Action::Send(_) => totals.send += 1,
                Action::Skip => totals.skip += 1,
                Action::Hold(_) => totals.hold += 1,
                Action::Reject => totals.reject += 1,
            }
            totals.changed += u64::from(step.changed);
            report.step(&self.shown(step));
        }
        totals.requests = totals.send;
        let quotas = target::quotas(job, sending);
        (totals.duration, totals.limited_by) =
            crate::traffic::pace::duration(totals.requests, &quotas);
        Ok(totals)
    }

    fn shown(&self, step: Step) -> PlanStep {
        let header =
            self.opening.job.connector.authentication.as_ref().map(|file| file.header.as_str());
        let operation = step.operation.as_deref();
        let (path, body, curl) = match step.ready {
            Some(ready) => {
                let curl = ready.request.curl(&self.address, header);
                (ready.request.path, ready.request.body, Some(curl))
            }
            None => (String::new(), None, None),
        };
        PlanStep {
            row: step.row,
            line: step.line,
            action: step.action,
            operation: operation.map(|operation| operation.name.clone()).unwrap_or_default(),
            method: operation.map_or("", |operation| operation.method.as_str()),
            path,
            body,
            reason: step.reason,
            curl,
        }
    }
}
