//! What `ledger prune` has taken out of a ledger, or would: the words.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::words::{counted, ledger_failure, number, one_line, rows, target};
use crate::ledger::{Extent, LedgerError};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

/// What went, or would go.
#[derive(Debug, Clone)]
pub(crate) struct PruneView {
    pub rehearsals: Vec<Extent>,
    /// Jobs at real targets.
    pub forgotten: Vec<Extent>,
    /// Targets of jobs that have another, to which no request of a row has ever left.
    pub unused: Vec<Extent>,
    /// Those that were asked for and stay.
    pub kept: Vec<Extent>,
    pub empty_runs: u64,
    /// The file's size before and after; none where nothing was changed.
    pub bytes: Option<(u64, u64)>,
    pub not_smaller: Option<LedgerError>,
}

impl PruneView {
    /// For a person.
    pub(crate) fn text(&self, zone: &TimeZone) -> String {
        let mut text = String::new();
        for one in &self.rehearsals {
            text.push_str(&format!("a rehearsal of {}\n", extent(one)));
        }
        for one in &self.forgotten {
            text.push_str(&format!("{} to {}\n", extent(one), place(one)));
        }
        if self.empty_runs > 0 {
            text.push_str(&format!(
                "{} that did nothing\n",
                counted(self.empty_runs, "earlier run")
            ));
        }
        for one in &self.unused {
            let job = one_line(&one.name.name);
            text.push_str(&format!("{job} to {}: no row was ever sent there\n", place(one)));
        }
        let is_nothing = self.rehearsals.is_empty()
            && self.forgotten.is_empty()
            && self.unused.is_empty()
            && self.empty_runs == 0;
        text.push_str(&match (is_nothing, self.bytes) {
            (true, _) => "There is nothing to take out of the ledger.\n".to_owned(),
            (false, None) => {
                "All of that would be taken out of the ledger. Nothing was changed (--dry-run).\n"
                    .to_owned()
            }
            (false, Some((before, after))) => format!(
                "All of that was taken out of the ledger: {} KiB before, {} KiB now.\n",
                number(before.div_ceil(1024)),
                number(after.div_ceil(1024))
            ),
        });
        if !self.forgotten.is_empty() {
            text.push_str(again(self.bytes.is_some()));
        }
        for one in &self.kept {
            let last = Timestamp::from_millisecond(one.last).ok();
            let last =
                last.map(|last| last.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string());
            text.push_str(&format!(
                "stays: {} to {}, for something of it is of {}\n",
                extent(one),
                place(one),
                last.unwrap_or_default()
            ));
        }
        if let Some(error) = &self.not_smaller {
            text.push_str(&format!(
                "The file could not be made smaller: {}\n",
                one_line(&ledger_failure(error))
            ));
        }
        text
    }

    /// For a script: the closing event.
    pub(crate) fn event(&self) -> Value {
        let list = |extents: &[Extent]| -> Vec<Value> {
            let told = |one: &Extent| {
                json!({
                    "job": one.name.name, "base_url": one.name.base_url, "account": one.name.account, "rows": one.rows,
                    "requests": one.requests, "runs": one.runs,
                    "last": Timestamp::from_millisecond(one.last).ok().map(|last| last.to_string()),
                })
            };
            extents.iter().map(told).collect()
        };
        json!({
            "event": "pruned",
            "dry_run": self.bytes.is_none(),
            "rehearsals": list(&self.rehearsals),
            "forgotten": list(&self.forgotten),
            "unused": list(&self.unused),
            "kept": list(&self.kept),
            "empty_runs": self.empty_runs,
            "bytes_before": self.bytes.map(|(before, _)| before),
            "bytes_after": self.bytes.map(|(_, after)| after),
            "not_smaller": self.not_smaller.as_ref().map(ledger_failure),
        })
    }
}

fn again(is_done: bool) -> &'static str {
    match is_done {
        true => {
            "A run of this job sends all of its rows again, and what was made is then there twice.\n"
        }
        false => {
            "After that a run of this job would send all of its rows again, and what was made would be there twice.\n"
        }
    }
}

/// `notes: 40 rows, 42 requests, 2 runs`.
fn extent(one: &Extent) -> String {
    format!(
        "{}: {}, {}, {}",
        one_line(&one.name.name),
        rows(one.rows),
        counted(one.requests, "request"),
        counted(one.runs, "run")
    )
}

fn place(one: &Extent) -> String {
    one_line(&target(&one.name.base_url, Some(&one.name.account), false))
}

/// What is asked before a job is forgotten: its name is the answer.
pub(crate) fn forget_question(job: &str, forgotten: &[Extent]) -> String {
    let told: Vec<String> =
        forgotten.iter().map(|one| format!("  {} to {}\n", extent(one), place(one))).collect();
    format!(
        "This makes the ledger forget what was really sent:\n{}{}Type the name of the job ({}) to go on: ",
        told.concat(),
        again(false),
        one_line(job)
    )
}

/// Nobody has said that it may be forgotten.
pub(crate) fn of_job_not_forgotten(forgotten: &[Extent]) -> Diagnostic {
    let sent: u64 = forgotten.iter().map(|one| one.rows).sum();
    let message = format!(
        "{} that were really sent would be forgotten, so a run would send them again; nothing was changed",
        rows(sent)
    );
    Diagnostic::error(Code::Ledger, Place::Nowhere, message)
        .hint("keep the ledger, or say --yes where the job never runs again; --dry-run shows what would go")
}

/// An earlier run has left outcomes beside the ledger.
pub(crate) fn of_outcomes_to_bring_in(job: &str) -> Diagnostic {
    let message =
        format!("outcomes of the job `{job}` wait beside the ledger; nothing was changed");
    Diagnostic::error(Code::Ledger, Place::Nowhere, message)
        .hint("run that job first, which brings them in")
}
