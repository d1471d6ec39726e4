//! What a run under way says of itself to whoever looks on: values.
//!
//! It is no record: what counts stands in the ledger. A run that was killed may leave its last word behind, so it is
//! believed only while somebody holds the job.

use serde_json::{Value, json};

/// How a run goes at a moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Pulse {
    pub run: i64,
    pub process: u32,
    /// The machine that it runs on, where that has a name.
    pub host: Option<String>,
    /// Unix milliseconds.
    pub at: i64,
    pub to_send: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub in_doubt: u64,
    pub requests: u64,
    /// Requests a second, lately.
    pub per_second: Option<f64>,
    /// None where nobody can tell.
    pub seconds_left: Option<u64>,
    /// What it waits for, in words; none where it does not.
    pub waits: Option<String>,
}

impl Pulse {
    /// Rows that have reached their end.
    pub(crate) fn done(&self) -> u64 {
        self.succeeded + self.failed + self.in_doubt
    }

    /// As it is written down.
    pub(super) fn written(&self) -> String {
        let Self { run, process, host, at, to_send, succeeded, failed, in_doubt, .. } = self;
        json!({
            "run": run, "process": process, "host": host, "at": at, "to_send": to_send, "succeeded": succeeded,
            "failed": failed, "in_doubt": in_doubt, "requests": self.requests, "per_second": self.per_second,
            "seconds_left": self.seconds_left, "waits": self.waits,
        })
        .to_string()
    }

    /// What was written, if it is whole.
    pub(super) fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let count = |name: &str| value.get(name)?.as_u64();
        let words = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
        Some(Self {
            run: value.get("run")?.as_i64()?,
            process: u32::try_from(count("process")?).ok()?,
            host: words("host"),
            at: value.get("at")?.as_i64()?,
            to_send: count("to_send")?,
            succeeded: count("succeeded")?,
            failed: count("failed")?,
            in_doubt: count("in_doubt")?,
            requests: count("requests")?,
            per_second: value.get("per_second")?.as_f64(),
            seconds_left: count("seconds_left"),
            waits: words("waits"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_broken_is_not() {
        let pulse = Pulse {
            run: 12,
            process: 4711,
            host: Some("mail1".into()),
            to_send: 50,
            succeeded: 7,
            per_second: Some(2.5),
            waits: Some("the quota is used up".into()),
            ..Pulse::default()
        };
        let written = pulse.written();
        assert_eq!(Pulse::read(&written), Some(pulse));
        for broken in
            ["", "{}", "[1]", &written[..written.len() - 2], &written.replace("12", "\"x\"")]
        {
            assert_eq!(Pulse::read(broken), None, "{broken}");
        }
    }
}
