//! Outcomes that an earlier run could not write to the ledger: a run brings them in, the other verbs say so.

use std::path::Path;

use serde_json::json;

use crate::ledger::{JobLock, JobName, Ledger, LedgerError, TakenIn, waiting_outcomes};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::output::Output;

/// Takes the job's lock for this process.
pub fn lock(ledger: &Path, job: &JobName) -> Result<JobLock, LedgerError> {
    let since = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string();
    JobLock::take(ledger, job, std::process::id(), &since)
}

/// Brings in what waits, before anything is read.
pub fn bring_in(path: &Path, job: &JobName, output: &Output) -> Result<(), LedgerError> {
    if waiting_outcomes(path, job)?.1 == 0 {
        return Ok(());
    }
    let ledger = Ledger::open(path)?;
    let _lock = lock(path, job)?;
    if let Some(taken) = ledger.take_in(job)? {
        let note = words(&taken);
        output.say(&format!("note: {note}"));
        output.event(&json!({"event": "note", "message": note}));
    }
    Ok(())
}

/// Warns that what is shown is not all that is known.
pub fn warn(path: &Path, job: &JobName, output: &Output) -> Result<(), LedgerError> {
    let (file, waiting) = waiting_outcomes(path, job)?;
    if waiting > 0 {
        let message = format!(
            "{} that the last run could not write to the ledger {} in {}",
            outcomes(waiting),
            if waiting == 1 { "waits" } else { "wait" },
            file.display()
        );
        let hint = "the next run brings them in; until then their rows are shown as in doubt";
        output.tell(&[Diagnostic::warning(Code::OutcomesWait, Place::Nowhere, message).hint(hint)]);
    }
    Ok(())
}

fn words(taken: &TakenIn) -> String {
    let mut words = format!(
        "{} that the last run could not write to the ledger {} brought in from {}",
        outcomes(taken.outcomes),
        if taken.outcomes == 1 { "was" } else { "were" },
        taken.path.display()
    );
    if taken.unreadable > 0 {
        words.push_str(&format!(
            "; {} more could not be read, and the rows are in doubt",
            taken.unreadable
        ));
    }
    words
}

fn outcomes(count: usize) -> String {
    if count == 1 { "1 outcome".to_owned() } else { format!("{count} outcomes") }
}
