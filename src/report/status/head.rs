//! How a status begins: whether a run is under way and how it goes, how much is done, and rows that no run will send.

use std::time::Duration;

use super::runs::RunLine;
use super::{Counted, StatusView};
use crate::ledger::Pulse;
use crate::report::words::{about, counted, number, one_line, rate, rows, rows_are, span};

impl StatusView {
    pub(super) fn running(&self) -> String {
        match self.running.as_deref() {
            None => String::new(),
            Some("") => format!("A run is under way.\n{}", self.pace()),
            Some(holder) => format!("A run is under way: {}.\n{}", one_line(holder), self.pace()),
        }
    }

    /// The run under way, for how long it has been, and how much it has sent.
    pub(super) fn under_way_run(&self) -> Option<(&RunLine, Duration)> {
        let run = self.runs.first().filter(|run| run.under_way)?;
        let elapsed = u64::try_from(self.now.saturating_sub(run.started_at)).ok()?;
        Some((run, Duration::from_millis(elapsed)))
    }

    /// Requests a second so far, and how long the rest takes at that pace; none while the run is too young to tell.
    pub(super) fn estimate(&self) -> Option<(f64, Option<Duration>)> {
        let (run, elapsed) = self.under_way_run()?;
        if let Some(pulse) = self.fresh_pulse(run)
            && let Some(rate) = pulse.per_second
        {
            return Some((rate, pulse.seconds_left.map(Duration::from_secs)));
        }
        let seconds = elapsed.as_secs_f64();
        if seconds < 1.0 {
            return None;
        }
        let done = run.succeeded + run.failed;
        let left = self.totals.not_started + self.under_way;
        // Rows of a run are far below 2^53.
        let time =
            (done > 0).then(|| Duration::try_from_secs_f64(left as f64 * seconds / done as f64));
        Some((run.requests as f64 / seconds, time.and_then(Result::ok)))
    }

    /// What the run itself says, unless that is a while ago.
    fn fresh_pulse(&self, run: &RunLine) -> Option<&Pulse> {
        const FRESH: i64 = 60_000;
        let is_fresh = |pulse: &&Pulse| self.now.saturating_sub(pulse.at) <= FRESH;
        self.pulse.as_ref().filter(|pulse| pulse.run == run.id).filter(is_fresh)
    }

    /// `Run 12 has sent 1,234 requests in 8 min 12 s, 2.5/s; the rest takes about 5 h 20 min.`
    fn pace(&self) -> String {
        let Some((run, elapsed)) = self.under_way_run() else { return String::new() };
        let sent = counted(run.requests, "request");
        let mut text = format!("Run {} has sent {sent} in {}", run.id, span(elapsed));
        if let Some((per_second, left)) = self.estimate() {
            text.push_str(&format!(", {}", rate(per_second)));
            let rest = left.map(|left| format!("; the rest takes {} at this pace", about(left)));
            text.push_str(&rest.unwrap_or_default());
        }
        text.push_str(".\n");
        if let Some(waits) = self.fresh_pulse(run).and_then(|pulse| pulse.waits.as_ref()) {
            text.push_str(&format!("At this moment: {}.\n", one_line(waits)));
        }
        text
    }

    pub(super) fn standing(&self) -> String {
        let done = self.totals.succeeded + self.totals.already_done;
        match (self.counted, self.totals.rows) {
            (Counted::Source, 0) => "The source has no rows.\n".into(),
            (Counted::Source, all) if all == done => {
                format!("Everything is done: {} of {}.\n", number(done), rows(all))
            }
            (Counted::Source, all) if all == done + self.totals.left_out() => format!(
                "Everything that the job wants is done: {} of {}.\n",
                number(done),
                rows(all)
            ),
            (Counted::Source, all) => format!("{} of {} done.\n", number(done), rows_are(all)),
            (Counted::Ledger, 0) => "The ledger knows no row yet.\n".into(),
            (Counted::Ledger, all) => {
                let (are, all) = (if all == 1 { "is" } else { "are" }, rows(all));
                let open = RunLine::open(&self.runs);
                if let Some(open) = open.filter(|run| run.source.is_none()) {
                    return format!(
                        "{} of {all} that the ledger knows {are} done; how many run {} had to send is not known.\n",
                        number(done),
                        open.id
                    );
                }
                format!(
                    "{} of {all} that the ledger knows {are} done; the source was not counted.\n",
                    number(done)
                )
            }
        }
    }

    /// Rows that no run sends, whatever it is asked.
    pub(super) fn passed_over(&self) -> String {
        let (taken, changed) = (self.taken, self.totals.changed);
        let mut text = String::new();
        if taken > 0 {
            text.push_str(&format!(
                "\n{} not sent, and no run sends {}: {} of another row that is done. Which, and what to do, says: {}\n",
                rows_are(taken),
                if taken == 1 { "it" } else { "them" },
                if taken == 1 { "its key is that" } else { "their keys are each that" },
                self.plan,
            ));
        }
        if changed > 0 {
            let (have, are, them) = match changed {
                1 => ("has", "it is", "it"),
                _ => ("have", "they are", "them"),
            };
            text.push_str(&format!(
                "\n{} done and {have} changed since; {are} not sent anew. What a run does with {them}, and what to do, says: {}\n",
                rows_are(changed),
                self.plan,
            ));
        }
        text
    }

    /// Why a run may leave rows where they are though it comes to its end.
    pub(super) fn behind_doubts(&self) -> String {
        if self.totals.in_doubt == 0 || self.totals.not_started == 0 || self.running.is_some() {
            return String::new();
        }
        format!(
            "\nRows that are not started may stand behind rows in doubt (of the same ticket, say), which nothing overtakes: \
             they go once those are settled. Which, and what to do, says: {}\n",
            self.plan
        )
    }

    /// `The ledger also knows 20 rows that the source does not have: 19 succeeded, 1 failed.`
    pub(super) fn gone(&self) -> String {
        if self.gone.rows == 0 {
            return String::new();
        }
        let parts = [
            (self.gone.succeeded.saturating_sub(self.gone.deleted), "succeeded"),
            (self.gone.deleted, "deleted since they were no longer there"),
            (self.gone.failed, "failed"),
            (self.gone.in_doubt, "in doubt"),
            (self.gone.not_started, "not started"),
            (self.gone.dismissed, "dismissed"),
            (self.gone.undone, "undone"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> =
            parts.map(|(count, word)| format!("{} {word}", number(count))).collect();
        format!(
            "\nThe ledger also knows {} that the source does not have: {}.\n",
            rows(self.gone.rows),
            parts.join(", ")
        )
    }
}
