//! The report of a job after its runs, for whoever has to sign it off: what became of every row, what was read back, who
//! approved and settled what, how it was sent. As a page, a text, tables, or for a build server.
//!
//! By the ledger alone: what only the source knows is said to be missing. Every list here is bounded, and says what it leaves
//! out, so that a report of any job is small. Gathering is for `traffic` and `rejected`; `equation` says where rows stand and
//! `says` has the sentences, from which each form takes them.

mod charts;
mod csv;
mod equation;
mod json;
mod junit;
mod latency;
mod markdown;
mod page;
mod rejected;
mod says;
#[cfg(test)]
mod tests;
mod traffic;

use std::path::PathBuf;

use jiff::Zoned;

use super::Owed;
use super::page::Mask;
use super::words::one_line;
use crate::ledger::{InvalidRow, JobName, SettledRow, Verification};
use crate::row::Totals;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::quota::Quota;

pub(crate) use super::status::RunLine;
pub(crate) use json::no_report;
pub(crate) use rejected::Rejected;
pub(crate) use traffic::Traffic;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignOffForm {
    Html,
    Json,
    Markdown,
    Csv,
    Junit,
}

impl SignOffForm {
    /// What a report in this form begins with, by which it is known again.
    pub(crate) fn begins(self) -> &'static str {
        match self {
            Self::Html => "<!doctype html>\n<!-- noteferry report -->\n",
            Self::Json => "{\n  \"event\": \"report\",\n",
            Self::Markdown => "<!-- noteferry report -->\n",
            Self::Csv => "noteferry_report,name,rows,detail\r\n",
            Self::Junit => {
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- noteferry report -->\n"
            }
        }
    }
}

/// What the rows are that a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All that the ledger knows of the job.
    Job,
    /// A run of it.
    Run(i64),
}

/// All that a report says.
#[derive(Debug, Clone)]
pub(crate) struct SignOff {
    pub job: String,
    pub target: JobName,
    pub is_sandbox: bool,
    pub ledger: PathBuf,
    /// In the zone that times are shown in.
    pub made_at: Zoned,
    pub scope: Scope,
    /// Where rows stand by the ledger: of the job, or of the run as it ended.
    pub totals: Totals,
    /// The last run that came to its end, of those that the report is about.
    pub last: Option<RunLine>,
    /// What that knew of rows done before it.
    pub last_already_done: u64,
    /// The last run that has read the whole source, as far as that is known.
    pub whole: Option<i64>,
    /// What one row makes or changes, in a word of the connector's.
    pub item: String,
    /// The job leaves rows out.
    pub has_filter: bool,
    /// The newest first.
    pub runs: Vec<RunLine>,
    /// Whoever is at work on the job at this moment.
    pub running: Option<String>,
    /// All that persons have said of rows, whether it still holds or not.
    pub settled: Vec<SettledRow>,
    /// What was left to be counted.
    pub owed: Owed,
    pub invalid: Vec<InvalidRow>,
    pub verified: Option<Verification>,
    /// As the job says now.
    pub quotas: Vec<Quota>,
    pub traffic: Traffic,
    pub rejected: Rejected,
    pub masked: bool,
}

impl SignOff {
    /// The report in a form; an error is the template's own, which a test excludes.
    pub(crate) fn written(&self, form: SignOffForm) -> Result<String, String> {
        let text = match form {
            SignOffForm::Html => self.html().map_err(|error| error.to_string())?,
            SignOffForm::Json => self.pretty(),
            SignOffForm::Markdown => self.markdown(),
            SignOffForm::Csv => self.csv(),
            SignOffForm::Junit => self.junit(),
        };
        Ok(text)
    }

    /// With nothing of others in it that is long; `masked` hides what texts and keys say as well. Names of persons, tickets and
    /// codes stay.
    pub(crate) fn told(mut self, masked: bool) -> Self {
        let (whole, hidden) = (|text: &str| mask(None, text), masked.then(Mask::default));
        for row in &mut self.settled {
            row.key = mask(hidden, &row.key);
            row.lane = whole(&row.lane);
            row.by = whole(&row.by);
            row.comment = row.comment.as_deref().map(|text| mask(hidden, text));
        }
        for row in &mut self.invalid {
            row.message = if masked { String::new() } else { whole(&row.message) };
        }
        let runs = self.runs.iter_mut().chain(&mut self.last);
        for approval in runs.filter_map(|run| run.mandate.approval.as_mut()) {
            approval.by = whole(&approval.by);
            approval.comment = approval.comment.as_deref().map(|text| mask(hidden, text));
        }
        if let Some(found) = &mut self.verified {
            found.by = whole(&found.by);
        }
        self.masked = masked;
        self
    }
}

/// A text of others as it is told: on one line, not too long, and hidden where that is wished for.
fn mask(mask: Option<Mask>, text: &str) -> String {
    // Of what is told the beginning, the rest is not even read.
    let begin =
        text.char_indices().nth(rejected::LONGEST * 8).map_or(text, |(end, _)| &text[..end]);
    let text = one_line(begin);
    let cut = match text.char_indices().nth(rejected::LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    };
    match mask {
        Some(mask) => mask.of(&cut),
        None => cut,
    }
}

/// That the ledger has no such run of the job.
pub(crate) fn of_unknown_run(run: i64, known: &[i64]) -> Diagnostic {
    let message = format!("the ledger has no run {run} of this job at this target");
    let hint = match known {
        [] => "no run of it has begun there: leave --run out".to_owned(),
        [only] => format!("it has run {only}; `noteferry status` lists the runs"),
        [newest, .., oldest] => {
            format!(
                "it has {} runs, from {oldest} to {newest}; `noteferry status -v` lists them",
                known.len()
            )
        }
    };
    Diagnostic::error(Code::Usage, Place::Nowhere, message).hint(hint)
}
