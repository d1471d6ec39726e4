//! Why a verb came to nothing before it began, as a diagnostic; and what to do about it.

use std::path::Path;

use super::summary::rejects;
use super::words::{
    client_error, credential_error, credential_hint, ledger_error, ledger_hint, number, rows,
};
use crate::ledger::{LedgerError, TakenIn};
use crate::plan::DoneElsewhere;
use crate::text::account;
use crate::text::code::Code;
use crate::text::command::CommandLine;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::traffic::transport::{ClientError, CredentialError};

pub(crate) fn of_credentials(error: &CredentialError) -> Diagnostic {
    let hint = format!("{}; or rehearse with --sandbox", credential_hint(error));
    Diagnostic::error(Code::Credentials, Place::Nowhere, credential_error(error)).hint(hint)
}

pub(crate) fn of_client(error: &ClientError) -> Diagnostic {
    Diagnostic::error(Code::Address, Place::Nowhere, client_error(error)).hint("nothing was sent")
}

pub(crate) fn of_ledger(error: &LedgerError) -> Diagnostic {
    let code = match error {
        LedgerError::Busy { .. } => Code::Locked,
        _ => Code::Ledger,
    };
    Diagnostic::error(code, Place::Nowhere, ledger_error(error)).hint(ledger_hint(error))
}

/// That credentials would go to another machine where anybody could read them.
pub(crate) fn of_plain_http(host: &str) -> Diagnostic {
    let message = format!(
        "the base URL is plain http, and `{host}` is another machine: whoever is on the way could read the credentials"
    );
    let hint = "write https://, or add --allow-http if nobody is on the way whom you do not trust";
    Diagnostic::error(Code::PlainHttp, Place::Nowhere, message).hint(hint)
}

pub(crate) fn of_passed_deadline() -> Diagnostic {
    Diagnostic::error(Code::Deadline, Place::Nowhere, "the time that --deadline names has passed")
        .hint("nothing was sent; name a time that lies ahead, or a time of day such as 06:00")
}

/// That a job's rows would be known by another key than they were. Keys are as written, and empty where rows are known by
/// their content. `data_file` is the job's name where it is a data file, which has no key of its own.
pub(crate) fn of_changed_key(
    place: Place,
    (was, is): (&str, &str),
    data_file: Option<&str>,
) -> Diagnostic {
    let words = |key: &str| match key {
        "" => "their content".to_owned(),
        key => format!("the key `{key}`"),
    };
    let message = format!(
        "the rows of this job were known by {} until now, and would be by {}",
        words(was),
        words(is)
    );
    let hint = match (data_file, was) {
        (Some(name), _) => format!(
            "a data file is the job `{name}`, by its name, and a job file of that name has sent rows: run that one, or give \
             the data file a ledger of its own with --ledger or another name; rows that are done would be sent again then"
        ),
        (None, was) => {
            let back = match was {
                "" => "take `key` out again, and new rows are sent as before".to_owned(),
                _ => format!(
                    "put the key back, `key: \"{was}\"`; where its column was given another name in the data, give it the \
                     old one there"
                ),
            };
            format!(
                "rows that are done would be sent again: {back}; to know rows by the other key from now on, put those that \
                 are not done yet into a file of their own, with a job of another name"
            )
        }
    };
    Diagnostic::error(Code::KeyChanged, place, message).hint(hint)
}

pub(crate) fn of_no_ledger(ledger: &Path) -> Diagnostic {
    let message = format!("there is no ledger {}", ledger.display());
    let hint = "nothing was recorded here yet, or it is elsewhere: name it with --ledger";
    Diagnostic::error(Code::Ledger, Place::Nowhere, message).hint(hint)
}

pub(crate) fn of_sandbox(error: &std::io::Error) -> Diagnostic {
    let message = format!("the sandbox cannot be started: {error}");
    Diagnostic::error(Code::Sandbox, Place::Nowhere, message).hint("nothing was sent")
}

pub(crate) fn of_account(present: &str, others: &[String]) -> Diagnostic {
    let known: Vec<String> = others.iter().map(|name| of_name(name)).collect();
    let message = format!(
        "the ledger knows this job at this address for {}, not for {}",
        known.join(", "),
        of_name(present)
    );
    let first = others.first().map_or("", String::as_str);
    Diagnostic::error(Code::OtherAccount, Place::Nowhere, message).hint(format!(
        "if both are the same account, add `account: {}` to the job, or rows that are done would be sent again; \
         if not, give this one a ledger of its own with --ledger",
        serde_json::Value::from(first),
    ))
}

/// A token need not say whose it is.
fn of_name(name: &str) -> String {
    match (name, account::is_named(name)) {
        (_, true) => format!("the account `{name}`"),
        ("", false) => "credentials that name no account".to_owned(),
        (_, false) => format!("a token that names no account (`{name}`)"),
    }
}

/// That rows of a job that has done nothing yet were sent by another job.
pub(crate) fn of_done_elsewhere(
    found: &DoneElsewhere,
    (job, keyed_by): (&str, Option<&str>),
    (ledger, is_same_job): (&Path, bool),
) -> Diagnostic {
    let message = format!(
        "{} of {} {} done already at this address; the job `{job}` has sent this one, says the ledger {}",
        number(found.rows),
        rows(found.all),
        if found.rows == 1 { "is" } else { "are" },
        ledger.display()
    );
    // Under its name alone the key would be refused.
    let key = match keyed_by {
        None => String::new(),
        Some("") => " and no `key`".to_owned(),
        Some(key) => format!(" and `key: \"{key}\"`"),
    };
    let left = found.all.saturating_sub(found.rows);
    let only_new = match left {
        0 => String::new(),
        1 => "to send only the one that is not done, put it into a file of its own; ".to_owned(),
        _ => format!(
            "to send only the {} that are not done, put them into a file of their own; ",
            number(left)
        ),
    };
    let problem = Diagnostic::error(Code::DoneElsewhere, found.first.clone().into(), message);
    if is_same_job && keyed_by.is_none() {
        return problem.hint(format!(
            "the job is the same and its ledger another: go on with that one, by --ledger {}; {only_new}to send all of these \
             rows once more, add --as-new",
            ledger.display()
        ));
    }
    problem.hint(format!(
        "if this is the same job, go on under its name: give the data file its old name or write `job: {job}`{key} in a YAML \
         job, with that ledger; {only_new}to send all of these rows once more, add --as-new"
    ))
}

/// That a secret is given twice, and which one counts.
pub(crate) fn of_secret_given_twice(taken: &str, passed_over: &str) -> Diagnostic {
    let message = format!(
        "{taken} and {passed_over} are both set: {taken} is taken, and the file of the other is not read"
    );
    let problem = Diagnostic::warning(Code::Credentials, Place::Nowhere, message);
    problem.hint("unset the one that is not meant")
}

/// Rows that are refused because some are invalid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InvalidRows {
    pub rows: u64,
    pub invalid: u64,
    /// Where a row begins and ends is a guess.
    pub guessed: bool,
    /// Rows that would be sent if the invalid ones were left out.
    pub to_send: u64,
    pub already_done: u64,
    /// Rows that the job does not want.
    pub left_out: u64,
    /// Rows that a run without --limit would send, too.
    pub beyond_limit: u64,
}

/// Why a run sends nothing where rows are invalid; none where it is something else that is wrong. `given` is the command.
pub(crate) fn of_invalid(found: &InvalidRows, given: &CommandLine) -> Option<String> {
    if found.guessed {
        return Some(
            "A quote is never closed, so where rows begin and end is a guess. Nothing was sent, and --skip-invalid \
             would not help: correct the quote first."
                .to_owned(),
        );
    }
    // Every row is in one of the figures. A row in doubt that is invalid now is invalid.
    let others = found.rows.saturating_sub(found.invalid + found.already_done + found.left_out);
    let to_send = found.to_send.min(others);
    let beyond_limit = found.beyond_limit.min(others - to_send);
    let held = others - to_send - beyond_limit;
    let figures = [
        (found.already_done, "done already"),
        (to_send, "valid and to be sent"),
        (beyond_limit, "beyond the limit"),
        (held, "held back"),
        (found.left_out, "left out"),
    ];
    let figures = figures.into_iter().filter(|(count, _)| *count > 0);
    let others: String =
        figures.map(|(count, what)| format!("; {} {what}", number(count))).collect();
    let next = match to_send {
        0 if held > 0 => format!(
            "Correct them and run again. Why rows are held back, and what to do, says: {}",
            given.of("plan")
        ),
        0 => "Correct them and run again; nothing else is left to send.".to_owned(),
        1 => format!(
            "Correct them and run again, or send the valid one: {}",
            given.with("skip-invalid")
        ),
        valid => format!(
            "Correct them and run again, or send the {} valid ones: {}",
            number(valid),
            given.with("skip-invalid")
        ),
    };
    // The ledger knows no row of a run that did not begin: they are read from the source again.
    let written = rejects(given, given.has("sandbox")).filter(|_| !given.has("from"));
    let written = written.map_or_else(String::new, |rejects| {
        let (them, their) = if found.invalid == 1 { ("it", "its") } else { ("them", "their") };
        format!("\nOr correct {them} in a file of {their} own, with the reason beside: {rejects}")
    });
    let verb = if found.invalid == 1 { "is" } else { "are" };
    let (invalid, all) = (number(found.invalid), rows(found.rows));
    (found.invalid > 0).then(|| {
        format!("{invalid} of {all} {verb} invalid{others}. Nothing was sent.\n{next}{written}")
    })
}

/// What a run brought into the ledger before it began.
pub(crate) fn brought_in(taken: &TakenIn) -> String {
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
    if let Some(kept) = &taken.kept {
        words.push_str(&format!("; the file is kept as {}", kept.display()));
    }
    words
}

/// That what is shown is not all that is known.
pub(crate) fn of_waiting(file: &Path, waiting: usize) -> Diagnostic {
    let message = format!(
        "{} that the last run could not write to the ledger {} in {}",
        outcomes(waiting),
        if waiting == 1 { "waits" } else { "wait" },
        file.display()
    );
    let hint = "the next run brings them in; until then their rows are shown as in doubt";
    Diagnostic::warning(Code::OutcomesWait, Place::Nowhere, message).hint(hint)
}

fn outcomes(count: usize) -> String {
    if count == 1 { "1 outcome".to_owned() } else { format!("{count} outcomes") }
}
