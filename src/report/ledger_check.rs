//! What came of looking a ledger through, for a person and for a script.

use serde_json::{Map, Value, json};

use super::explanation::more_about;
use super::ndjson::event_of_nothing;
use super::paint::Paint;
use super::words::{counted, number, one_line, problem, problem_hint};
use crate::ledger::{Finding, Inspection, LedgerRow};
use crate::text::code::Code;
use crate::text::place::RowPlace;

/// A person is shown so many findings of a kind.
const SHOWN: usize = 20;

/// A ledger that was looked through.
#[derive(Debug, Clone)]
pub(crate) struct LedgerCheckView {
    /// The file, as the user would name it.
    pub ledger: String,
    /// The job's name, where only one was asked for.
    pub job: Option<String>,
    pub checked: Inspection,
}

impl LedgerCheckView {
    /// For a person: what there is, then what is wrong with it.
    pub(crate) fn text(&self, color: bool) -> String {
        let paint = Paint(color);
        let mut text = format!("{}: {}\n", paint.bold(&self.ledger), self.file());
        text.push_str(&self.contents());
        if let Some(bytes) = self.checked.log_bytes {
            text.push_str(&format!(
                "The log {}-wal beside it ({}) is a part of it: where one goes, the other goes, too.\n",
                self.ledger,
                size(bytes)
            ));
        }
        match self.checked.findings.count() {
            0 => text.push_str(&format!("\n{}\n", paint.good("No problem was found."))),
            count => {
                let found = format!("{} found.", counted(count, "problem"));
                text.push_str(&format!("\n{}\n", paint.bad(&found)));
                text.push_str(&self.findings(paint));
            }
        }
        text
    }

    fn file(&self) -> String {
        let size = size(self.checked.bytes);
        match self.checked.format {
            Some(format) => format!("a ledger of format {format}, {size}"),
            None => size,
        }
    }

    fn contents(&self) -> String {
        let Inspection { jobs, runs, endless_runs, rows, attempts, .. } = self.checked;
        if self.checked.format.is_none() {
            return String::new();
        }
        if let Some(job) = self.job.as_ref().filter(|_| jobs == 0) {
            return format!("It knows nothing of the job `{job}`.\n");
        }
        format!(
            "{}, {}, {} and {}.\n{}",
            jobs_words(jobs),
            counted(rows, "row"),
            counted(attempts, "attempt"),
            counted(runs, "run"),
            self.endless(endless_runs),
        )
    }

    /// Who holds a job has begun its run, unless it is not done yet with checking rows.
    fn under_way(&self) -> &[String] {
        let held = &self.checked.held_by;
        let runs = usize::try_from(self.checked.endless_runs).unwrap_or(usize::MAX);
        &held[..held.len().min(runs)]
    }

    /// Of the runs without an end, which are under way and how many were killed.
    fn endless(&self, runs: u64) -> String {
        let mut text = String::new();
        for holder in self.under_way() {
            let holder =
                if holder.is_empty() { String::new() } else { format!(": {}", one_line(holder)) };
            text.push_str(&format!("A run is under way{holder}.\n"));
        }
        match runs.saturating_sub(self.under_way().len() as u64) {
            0 => {}
            1 => text.push_str("1 run has no end: it was killed or cut off.\n"),
            many => text.push_str(&format!(
                "{} runs have no end: they were killed or cut off.\n",
                number(many)
            )),
        }
        text
    }

    /// Each kind with its rows, and what to do.
    fn findings(&self, paint: Paint) -> String {
        let mut codes: Vec<Code> = Vec::new();
        for finding in &self.checked.findings.kept {
            let code = finding.problem.code();
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        let mut text = String::new();
        for code in codes.iter().copied() {
            let kept = self.checked.findings.kept.iter();
            let kind: Vec<&Finding> = kept.filter(|one| one.problem.code() == code).collect();
            text.push_str(&format!("\n{}\n", paint.doubtful(code.word())));
            for finding in kind.iter().take(SHOWN) {
                text.push_str(&format!("  {}\n", line(finding)));
            }
            let all = self.checked.findings.count_of(code);
            let shown = kind.len().min(SHOWN) as u64;
            if all > shown {
                text.push_str(&format!("  … and {} more\n", number(all - shown)));
            }
            // Kinds with the same advice do not share it: whoever looks for a kind finds what to do beside it.
            if let Some(first) = kind.first() {
                text.push_str(&format!("  hint: {}\n", problem_hint(&first.problem)));
            }
        }
        text.push_str(
            &codes.first().map_or(String::new(), |code| format!("\n{}\n", more_about(*code))),
        );
        text
    }

    /// The closing event; `problems` counts those, too, that are not told one by one.
    fn closing(&self) -> Value {
        let checked = &self.checked;
        json!({
            "event": "ledger_checked",
            "jobs": checked.jobs,
            "rows": checked.rows,
            "attempts": checked.attempts,
            "problems": checked.findings.count(),
            "runs": checked.runs,
            "endless_runs": checked.endless_runs,
            "runs_under_way": self.under_way().len(),
            "format": checked.format,
            "bytes": checked.bytes,
            "log_bytes": checked.log_bytes,
        })
    }

    /// For a script: a `problem` event for each finding, and the closing one.
    pub(crate) fn events(&self) -> Vec<Value> {
        let findings = self.checked.findings.kept.iter().map(event);
        findings.chain([self.closing()]).collect()
    }
}

/// The closing event where no ledger could be looked at: its counts are not known.
pub(crate) fn nothing_checked_event() -> Value {
    let unknown = [
        "jobs",
        "rows",
        "attempts",
        "problems",
        "runs",
        "endless_runs",
        "runs_under_way",
        "format",
        "bytes",
        "log_bytes",
    ];
    event_of_nothing("ledger_checked", &unknown)
}

/// `notes to sandbox, row 5 (line 6, key k5, ticket tk_1): attempt 2 is missing`.
fn line(finding: &Finding) -> String {
    let message = one_line(&problem(&finding.problem));
    match &finding.row {
        None => message,
        Some(place) => {
            let LedgerRow { job, base_url, place: RowPlace { row, line, .. }, key, lane } = place;
            let place = format!("{job} to {base_url}, row {row} (line {line}, key {key}, {lane})");
            format!("{}: {message}", one_line(&place))
        }
    }
}

fn event(finding: &Finding) -> Value {
    let mut event = Map::new();
    event.insert("event".into(), "problem".into());
    if let Some(place) = &finding.row {
        event.insert("job".into(), json!(place.job));
        event.insert("base_url".into(), json!(place.base_url));
        event.insert("row".into(), json!(place.place.row));
        event.insert("line".into(), json!(place.place.line));
        event.insert("key".into(), json!(place.key));
        event.insert("lane".into(), json!(place.lane));
    }
    event.insert("severity".into(), "error".into());
    event.insert("code".into(), json!(finding.problem.code().word()));
    event.insert("message".into(), json!(problem(&finding.problem)));
    event.insert("hint".into(), json!(problem_hint(&finding.problem)));
    Value::Object(event)
}

/// Bytes, rounded up to the unit that reads best.
/// A job at another address or for another account has a history of its own.
fn jobs_words(jobs: u64) -> String {
    match jobs {
        0 | 1 => counted(jobs, "job"),
        _ => format!("{} (each address and account of a job counts)", counted(jobs, "job")),
    }
}

fn size(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match bytes {
        0..KIB => counted(bytes, "byte"),
        KIB..MIB => format!("{} KiB", bytes.div_ceil(KIB)),
        _ => format!("{} MiB", number(bytes.div_ceil(MIB))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Findings, Problem};

    fn row(row: u64) -> LedgerRow {
        LedgerRow {
            job: "notes".into(),
            base_url: "https://api.stringeex.com/v1".into(),
            place: RowPlace::of(row, row + 1),
            key: format!("L-{row}"),
            lane: "ticket tk_\u{1b}[2J1".into(),
        }
    }

    fn view(findings: Findings) -> LedgerCheckView {
        let checked = Inspection {
            bytes: 5_000_000,
            log_bytes: Some(4_152),
            format: Some(2),
            jobs: 2,
            runs: 31,
            endless_runs: 3,
            held_by: vec!["process 4711 since 2026-11-22 21:40:00".into()],
            rows: 50_000,
            attempts: 50_311,
            findings,
        };
        LedgerCheckView { ledger: ".noteferry/ledger.db".into(), job: None, checked }
    }

    fn findings() -> Findings {
        let mut findings = Findings::default();
        (1..=230).for_each(|at| findings.add(Some(row(at)), Problem::NoAttempt));
        findings.add(Some(row(7)), Problem::KeyTwice { other: 3 });
        findings.add(None, Problem::Truncated { bytes: 4_000, expected: 8_192 });
        findings
    }

    #[test]
    fn a_sound_ledger_for_a_person() {
        insta::assert_snapshot!(view(Findings::default()).text(false));
    }

    #[test]
    fn many_findings_are_told_by_kind_and_counted() {
        insta::assert_snapshot!(view(findings()).text(false));
    }

    #[test]
    fn a_script_is_told_a_hundred_of_a_kind_and_how_many_there_are() {
        let events = view(findings()).events();
        assert_eq!(events.len(), 100 + 2 + 1);
        insta::assert_json_snapshot!([&events[0], &events[101], &events[102]]);
    }
}
