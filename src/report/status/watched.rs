//! How a run of another process goes, while somebody looks on.

use std::time::Duration;

use serde_json::{Value, json};

use super::moments::rfc3339;
use crate::ledger::Pulse;
use crate::report::words::{about, number, one_line, rate, rows};

/// A run that somebody follows.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub job: String,
    pub target: String,
    /// Who holds the job, as they say themselves; it may be empty.
    pub holder: String,
    /// What the run has said last; none where it has said nothing yet.
    pub pulse: Option<Pulse>,
}

impl Watched {
    /// `notes: run 12, 1,234 of 50,000 rows, 1,230 succeeded, 4 failed, 2.5/s, about 5 h 20 min left`.
    pub(crate) fn line(&self) -> String {
        let job = one_line(&self.job);
        let Some(pulse) = &self.pulse else {
            let holder = match self.holder.as_str() {
                "" => String::new(),
                holder => format!(" ({})", one_line(holder)),
            };
            return format!("{job}: the run{holder} has sent nothing yet");
        };
        let mut parts = vec![
            format!("run {}", pulse.run),
            format!("{} of {}", number(pulse.done()), rows(pulse.to_send)),
        ];
        let counts = [
            (pulse.succeeded, "succeeded"),
            (pulse.failed, "failed"),
            (pulse.in_doubt, "in doubt"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        parts.extend(counts.map(|(count, word)| format!("{} {word}", number(count))));
        match &pulse.waits {
            Some(waits) => parts.push(one_line(waits)),
            None => parts.extend(pulse.per_second.map(rate)),
        }
        let left = pulse.seconds_left.map(Duration::from_secs);
        parts.extend(left.map(|left| format!("{} left", about(left))));
        format!("{job}: {}", parts.join(", "))
    }

    /// The same for a script.
    pub(crate) fn event(&self) -> Value {
        let pulse = self.pulse.clone().unwrap_or_default();
        let is_known = self.pulse.is_some();
        json!({
            "event": "under_way",
            "job": self.job,
            "target": self.target,
            "running": self.holder,
            "run": is_known.then_some(pulse.run),
            "process": is_known.then_some(pulse.process),
            "host": pulse.host,
            "to_send": is_known.then_some(pulse.to_send),
            "succeeded": pulse.succeeded,
            "failed": pulse.failed,
            "in_doubt": pulse.in_doubt,
            "requests": pulse.requests,
            "requests_per_second": pulse.per_second,
            "seconds_left": pulse.seconds_left,
            "waits": pulse.waits,
            "told_at": if is_known { rfc3339(pulse.at) } else { None },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_followed_in_lines() {
        let silent = Watched {
            job: "notes".into(),
            target: "https://api.example.com".into(),
            holder: "process 4711 on mail1 since 2026-11-22 21:40:00".into(),
            pulse: None,
        };
        let pulse = Pulse {
            run: 12,
            process: 4711,
            to_send: 50_000,
            succeeded: 1_230,
            failed: 4,
            per_second: Some(2.5),
            seconds_left: Some(19_380),
            ..Pulse::default()
        };
        let waits = Some("paused 12 s: the server asked for it".into());
        let paused = Pulse { waits, seconds_left: None, ..pulse.clone() };
        let [going, paused] =
            [pulse, paused].map(|pulse| Watched { pulse: Some(pulse), ..silent.clone() });
        insta::assert_snapshot!([&silent, &going, &paused].map(Watched::line).join("\n"));
        assert_eq!(silent.event()["run"], Value::Null);
        assert_eq!(going.event()["run"], 12);
    }
}
