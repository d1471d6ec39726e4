//! The status of what a ledger knows nothing of.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::Counted;
use crate::report::ndjson::counts;
use crate::report::words::{number, rows};
use crate::row::Totals;

/// A place in which a ledger knows nothing of what was asked for.
#[derive(Debug, Clone)]
pub(crate) struct NothingKnown {
    pub ledger: PathBuf,
    pub why: WhyNothing,
    /// The job that was asked for.
    pub job: Option<String>,
    /// Where the rows of its source stand; none where they cannot be told.
    pub rows: Option<Totals>,
}

/// Why nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhyNothing {
    NoLedger,
    EmptyFile,
    UnknownJob,
}

impl NothingKnown {
    pub(crate) fn text(&self) -> String {
        let ledger = self.ledger.display();
        let about = self
            .job
            .as_ref()
            .map_or_else(|| "any job".to_owned(), |job| format!("the job `{job}`"));
        let text = match self.why {
            WhyNothing::NoLedger => {
                format!("There is no ledger at {ledger} yet: nothing was recorded.")
            }
            WhyNothing::EmptyFile => {
                format!("The ledger {ledger} is empty: nothing was recorded, or all of it is lost.")
            }
            WhyNothing::UnknownJob => {
                format!("The ledger {ledger} knows nothing of {about} yet: nothing was recorded.")
            }
        };
        match &self.rows {
            Some(Totals { rows: all, invalid: 0, .. }) => {
                format!("{text}\nThe source has {}.", rows(*all))
            }
            Some(Totals { rows: all, invalid, .. }) => {
                format!(
                    "{text}\nThe source has {}, {} of them invalid.",
                    rows(*all),
                    number(*invalid)
                )
            }
            None => text,
        }
    }

    /// For a script: the `status` event. Of rows that cannot be told there is no count.
    pub(crate) fn event(&self) -> Value {
        let mut event = Map::new();
        event.insert("event".into(), "status".into());
        event.insert("job".into(), json!(self.job));
        match &self.rows {
            Some(totals) => {
                event.insert("counted".into(), Counted::Source.word().into());
                for (name, count) in counts(totals) {
                    event.insert(name.into(), json!(count));
                }
                event.insert("under_way".into(), json!(0));
            }
            None => {
                event.insert("rows".into(), json!(0));
            }
        }
        let ledger = match self.why {
            WhyNothing::NoLedger => "missing",
            WhyNothing::EmptyFile => "empty",
            WhyNothing::UnknownJob => "without-the-job",
        };
        event.insert("ledger".into(), ledger.into());
        Value::Object(event)
    }
}
