//! Where every row is, by the ledger: lines that add up.

use super::{RunLine, Scope, SignOff};
use crate::report::exit;
use crate::report::words::{number, rows, rows_are};

/// So many rows that stand so, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// In the words of the output.
    pub word: &'static str,
    /// None where only the source can say.
    pub rows: Option<u64>,
    pub what: &'static str,
    pub why: String,
}

/// How a report begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Every row that the ledger knows of is done, or is none that anybody wants.
    AllDone,
    /// Some rows are to be done yet, and nothing is wrong with them.
    SomeLeft,
    /// Some rows failed, are invalid or in doubt.
    SomeWrong,
    Nothing,
    /// A run of its rows has no end: what it had to do is not all told of.
    Open,
}

impl SignOff {
    /// The sum of all lines.
    pub(super) fn rows(&self) -> u64 {
        self.equation().iter().filter_map(|line| line.rows).sum()
    }

    pub(super) fn count(&self, word: &str) -> u64 {
        let line = self.equation().into_iter().find(|line| line.word == word);
        line.and_then(|line| line.rows).unwrap_or_default()
    }

    pub(super) fn done(&self) -> u64 {
        self.count("succeeded") + self.count("already_done")
    }

    pub(super) fn verdict(&self) -> Verdict {
        let wrong = self.count("failed") + self.count("invalid") + self.count("in_doubt");
        match (self.rows(), wrong, self.count("not_started")) {
            _ if self.open_run().is_some() => Verdict::Open,
            (0, ..) => Verdict::Nothing,
            (_, 1.., _) => Verdict::SomeWrong,
            (_, 0, 1..) => Verdict::SomeLeft,
            (_, 0, 0) => Verdict::AllDone,
        }
    }

    /// The newest run of the job's rows, where it has no end.
    pub(super) fn open_run(&self) -> Option<&RunLine> {
        RunLine::open(&self.runs)
    }

    /// The lines, and among them those that only the source can tell.
    pub(super) fn equation(&self) -> Vec<Line> {
        let line = |word, rows, what, why| Line { word, rows, what, why };
        let some = |word, rows, what, why: String| line(word, Some(rows), what, why);
        let totals = &self.totals;
        let (invalid, not_started) = (totals.invalid, totals.not_started);
        let of_source = "not in the ledger: only the source says; `noteferry status` counts them";
        let mut lines = vec![some("succeeded", totals.succeeded, "done", self.why_done())];
        if matches!(self.scope, Scope::Run(_)) {
            let why = "an earlier run had done them".to_owned();
            lines.push(some("already_done", totals.already_done, "done before this run", why));
        }
        lines.extend([
            some("failed", totals.failed, "failed", self.why_failed()),
            some("invalid", invalid, "invalid", self.why_invalid(invalid)),
            some("in_doubt", totals.in_doubt, "in doubt", self.why_in_doubt()),
            some("not_started", not_started, "not started", self.why_not_started(not_started)),
        ]);
        match self.scope {
            Scope::Job => {
                let why = match totals.dismissed {
                    0 => String::new(),
                    _ => "persons want no more of them; see who settled what".to_owned(),
                };
                lines.push(some("dismissed", totals.dismissed, "dismissed", why));
                if totals.undone > 0 {
                    let why = "what they had done was undone; see the history".to_owned();
                    lines.push(some("undone", totals.undone, "undone", why));
                }
            }
            Scope::Run(_) => {
                let why = "not counted for a single run; the report of the job says".to_owned();
                lines.push(line("dismissed", None, "dismissed", why));
            }
        }
        if self.has_filter {
            let what = "left out by the job's `where`";
            lines.push(line("filtered", None, what, of_source.to_owned()));
        }
        lines.push(line("duplicates", None, "repeat an earlier row", of_source.to_owned()));
        lines
    }

    fn why_done(&self) -> String {
        match (self.scope, &self.last) {
            (Scope::Job, Some(last)) if self.last_already_done > 0 => format!(
                "{} by run {}, which found {} done before it",
                number(last.succeeded),
                last.id,
                number(self.last_already_done)
            ),
            (Scope::Run(_), _) => "the answer says so, or a look has found it".to_owned(),
            _ if self.totals.succeeded > 0 => {
                "the answer says so, a look has found it, or a person says so".to_owned()
            }
            _ => String::new(),
        }
    }

    fn why_failed(&self) -> String {
        if self.totals.failed == 0 {
            return String::new();
        }
        "they surely did nothing; see why below. `noteferry rejects` writes them out".to_owned()
    }

    fn why_invalid(&self, count: u64) -> String {
        let found_by = match self.scope {
            Scope::Job => self.whole,
            Scope::Run(run) => Some(run),
        };
        match (found_by, self.invalid.is_empty()) {
            (Some(run), _) if count > 0 => {
                format!("as run {run} found them; nothing was sent of them")
            }
            (None, false) => {
                let kept = rows_are(self.invalid.len() as u64);
                format!("a run has begun and not ended; {kept} noted as invalid")
            }
            _ => String::new(),
        }
    }

    fn why_in_doubt(&self) -> String {
        match (self.totals.in_doubt, &self.running) {
            (0, _) => String::new(),
            (_, Some(_)) => "no answer yet, or none that says what became of them; a run is under way".to_owned(),
            _ => "no answer says what became of them; a run looks for them, `noteferry settle` says what was seen".to_owned(),
        }
    }

    fn why_not_started(&self, count: u64) -> String {
        match (count, self.open_run(), &self.last) {
            (0, ..) => String::new(),
            (_, Some(open), _) if open.under_way => format!("run {} is under way", open.id),
            (_, Some(open), _) => format!("run {} was killed before it came to them", open.id),
            // Why it ended so has nothing to do with them.
            (_, None, Some(last)) if last.exit == Some(exit::IN_DOUBT) => {
                match self.totals.in_doubt {
                    0 => format!(
                        "when run {} was over: they stood behind rows in doubt, or were not asked for",
                        last.id
                    ),
                    _ => "they stand behind rows in doubt, or were not asked for".to_owned(),
                }
            }
            (_, None, Some(last)) => format!("when run {} was over: {}", last.id, last.end()),
            (_, None, None) => "a run has begun and not ended".to_owned(),
        }
    }

    /// Whether the last verification, if there was one, says that all is right, and nothing was sent since.
    pub(super) fn is_verified(&self) -> Option<bool> {
        let found = self.verified.as_ref()?;
        Some(found.exit == exit::DONE && !self.sent_since_verified())
    }

    pub(super) fn sent_since_verified(&self) -> bool {
        let since = self.verified.as_ref().map_or(i64::MAX, |found| found.began_at);
        self.runs.iter().any(|run| run.started_at > since && run.requests > 0)
    }

    /// What is known while a run has no end.
    fn open_words(&self) -> String {
        let Some(run) = self.open_run() else { return String::new() };
        let begins = match run.under_way {
            true => format!("Run {} is under way", run.id),
            false => format!("Run {} was killed before its end", run.id),
        };
        let done = self.done();
        // A run by itself does not say how many rows were done before it.
        match (&run.source, self.whole, self.scope) {
            (Some(_), Some(_), Scope::Job) => {
                let wrong =
                    [("failed", "failed"), ("invalid", "invalid"), ("in_doubt", "in doubt")];
                let all = wrong.into_iter().chain([("not_started", "not started")]);
                let all = all
                    .map(|(word, says)| (self.count(word), says))
                    .filter(|(count, _)| *count > 0);
                let not: Vec<String> =
                    all.map(|(count, says)| format!(", {} {says}", number(count))).collect();
                format!(
                    "{begins}: {} of {} are done{}.",
                    number(done),
                    rows(self.rows()),
                    not.concat()
                )
            }
            (source, ..) => {
                let had = match (source, self.scope) {
                    (Some(source), Scope::Run(_)) => {
                        format!("of {} that it has read", rows(source.rows))
                    }
                    _ => "; how many it had to send is not known".to_owned(),
                };
                let had = if had.starts_with(';') { had } else { format!(" {had}") };
                format!("{begins}: {} done{had}.", rows_are(done))
            }
        }
    }

    /// The sentence of the verdict, and what is not as it should be beside that.
    pub(super) fn verdict_words(&self) -> String {
        let owed = self.owed.short().into_iter();
        std::iter::once(self.verdict_sentence()).chain(owed).collect::<Vec<_>>().join(" ")
    }

    fn verdict_sentence(&self) -> String {
        let is = |count: u64| if count == 1 { "is" } else { "are" };
        let wrong = [("failed", ""), ("invalid", "invalid"), ("in_doubt", "in doubt")];
        let wrong = wrong.into_iter().filter(|(word, _)| self.count(word) > 0);
        let wrong: Vec<String> = wrong
            .map(|(word, says)| match (self.count(word), says) {
                (count, "") => format!("{} {word}", number(count)),
                (count, says) => format!("{} {} {says}", number(count), is(count)),
            })
            .collect();
        let not_started = self.count("not_started");
        match self.verdict() {
            Verdict::Open => self.open_words(),
            Verdict::Nothing => "The ledger knows of no row: nothing was sent.".to_owned(),
            Verdict::AllDone => match self.count("dismissed") {
                0 => format!("Every row is done: {}.", rows(self.done())),
                some => format!(
                    "Every row is done or dismissed: {} done, {} dismissed.",
                    number(self.done()),
                    number(some)
                ),
            },
            Verdict::SomeLeft => format!(
                "{} of {} are done; {} {} not started.",
                number(self.done()),
                rows(self.rows()),
                number(not_started),
                is(not_started)
            ),
            Verdict::SomeWrong => {
                let left = match not_started {
                    0 => Vec::new(),
                    some => vec![format!("{} {} not started", number(some), is(some))],
                };
                let not: Vec<String> = wrong.into_iter().chain(left).collect();
                let of = rows(self.rows());
                format!("{} of {of} are done; {}.", number(self.done()), not.join(", "))
            }
        }
    }
}
