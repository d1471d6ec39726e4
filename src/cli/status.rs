//! `status`: what the ledger knows.

use jiff::tz::TimeZone;

use crate::declared::job;
use crate::ledger::{JobId, JobName, JobStatus, Ledger, LedgerError};
use crate::report::exit;
use crate::report::{RunLine, StatusView};
use crate::text::code::Code;

use super::arguments::StatusArguments;
use super::environment::Environment;
use super::opening;
use super::output::{Output, data};
use super::rescued;

const RUNS: u32 = 5;
const FAILED_ROWS: u32 = 20;

pub fn status(arguments: &StatusArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    let name = match &arguments.job {
        None => None,
        Some(path) => match job::load(path, None, &arguments.common.connectors) {
            Ok(job) => Some(job.name),
            Err(problems) => {
                output.tell(&problems);
                return exit::USAGE;
            }
        },
    };
    let place = arguments.job.clone().unwrap_or_default();
    let path = opening::ledger_path(&place, &arguments.common, environment);
    match views(&path, name.as_deref(), &output) {
        Ok(views) if views.is_empty() => {
            let about = name
                .as_ref()
                .map_or_else(|| "any job".to_owned(), |name| format!("the job `{name}`"));
            output.event(&serde_json::json!({"event": "status", "job": name, "rows": 0}));
            output.say(&format!(
                "The ledger {} knows nothing of {about} yet: nothing was sent.",
                path.display()
            ));
            exit::DONE
        }
        Ok(views) => {
            views.iter().for_each(|view| show(view, &output));
            exit::DONE
        }
        Err(error) => {
            output.fail(Code::Ledger, error.to_string(), error.hint());
            exit::USAGE
        }
    }
}

fn views(
    path: &std::path::Path,
    name: Option<&str>,
    output: &Output,
) -> Result<Vec<StatusView>, LedgerError> {
    let Some(ledger) = Ledger::open_to_read(path)? else { return Ok(Vec::new()) };
    let jobs: Vec<(JobId, JobName)> = ledger.jobs()?;
    let chosen = jobs.into_iter().filter(|(_, job)| name.is_none_or(|name| job.name == name));
    let views = chosen.map(|(id, job)| {
        rescued::warn(path, &job, output)?;
        ledger.status(id, job, RUNS, FAILED_ROWS).map(view)
    });
    views.collect()
}

fn view(status: JobStatus) -> StatusView {
    let target = match status.job.account.as_str() {
        "" => status.job.base_url,
        account => format!("{} as {account}", status.job.base_url),
    };
    StatusView {
        job: status.job.name,
        target,
        totals: status.totals,
        runs: status
            .runs
            .into_iter()
            .map(|run| RunLine {
                id: run.id,
                started_at: run.started_at,
                ended_at: run.ended_at,
                exit: run.exit,
                succeeded: run.totals.succeeded,
                failed: run.totals.failed,
                in_doubt: run.totals.in_doubt,
                requests: run.totals.requests,
            })
            .collect(),
        failed_rows: status.failed,
        more_failed: status.more_failed,
    }
}

fn show(view: &StatusView, output: &Output) {
    if output.is_json() {
        output.event(&view.event());
    } else {
        // Whoever closed stdout does not want to hear of it.
        let _ = std::io::Write::write_all(
            &mut data(),
            view.text(output.data_color, &TimeZone::system()).as_bytes(),
        );
    }
}
