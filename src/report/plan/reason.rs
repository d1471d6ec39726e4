//! Why a row is treated as it is, in words.
//!
//! What becomes of a row has been decided; nothing is decided here.

use crate::plan::{Change, Done, Fate, Held, LeftOut, Sending, Step};
use crate::report::words::{cause, of_row};
use crate::row::RowState;

/// Why a row is treated so, where there is more to say than its fate says.
pub(in crate::report) fn reason(step: &Step) -> Option<String> {
    match step.fate {
        Fate::Reject => step.problem.clone().map(|problem| of_row(problem).message),
        Fate::Skip(done) => {
            let id = step.known.as_ref().and_then(|known| known.remote_id.as_ref());
            let id = id.map(|id| format!("done already as {id}"));
            match done {
                Done::Unchanged => id,
                Done::Changed if !is_done(step) => {
                    let was = "the text of its row was sent in other parts, or whole";
                    Some(format!("{was}, and has changed since; nothing more of it is sent"))
                }
                Done::Changed => {
                    let id = id.unwrap_or_else(|| "done already".to_owned());
                    Some(format!("{id}, and changed since; not sent again"))
                }
            }
        }
        Fate::Hold(Held::Refused) => {
            let words = told_of(step).unwrap_or_else(|| "no reason given".to_owned());
            Some(format!("failed earlier and not changed since: {words}"))
        }
        Fate::Hold(Held::InDoubt) => Some(why_in_doubt(step)),
        Fate::Hold(Held::UnderWay) => Some(under_way(step)),
        Fate::Hold(Held::Behind) => {
            Some("waits behind a row of its lane that is in doubt".to_owned())
        }
        Fate::Send(Sending::Settle) => Some(
            "a request left and may have acted: looked for first, sent only if it is not there"
                .to_owned(),
        ),
        Fate::Send(Sending::IfSettled) => Some(
            "stands behind a row of its lane that is in doubt: sent once a look has settled that one, and else left not \
             started"
                .to_owned(),
        ),
        Fate::Send(Sending::Repeat) => {
            Some("a request left and may have acted; a repeat is harmless".to_owned())
        }
        Fate::LeaveOut(LeftOut::Filtered) => step.left_out.as_deref().map(str::to_owned),
        Fate::LeaveOut(LeftOut::Duplicate) => {
            Some("an earlier row has its key and says the same; that one is sent".to_owned())
        }
        Fate::LeaveOut(LeftOut::Dismissed) => Some(dismissed(step)),
        Fate::LeaveOut(LeftOut::Undone) => {
            Some("what it had done was undone; it is sent again with --undone, and not by itself".to_owned())
        }
        Fate::Send(Sending::Resend) => Some(
            "a request left and may have acted: sent again, as `in_doubt: resend` says, and may then be there twice"
                .to_owned(),
        ),
        Fate::Send(Sending::Update) => Some(update(step)),
        Fate::Send(Sending::UpdateAgain) => {
            Some(format!("{}; an earlier update left and may have acted, and a repeat is harmless", update(step)))
        }
        Fate::Send(Sending::Delete) => Some(deletion(step)),
        Fate::Send(Sending::DeleteAgain) => {
            Some(format!("{}; an earlier delete left and may have acted, and a repeat is harmless", deletion(step)))
        }
        Fate::Send(Sending::Fresh) | Fate::Later(_) => None,
    }
}

/// What a changed row would change.
fn update(step: &Step) -> String {
    format!(
        "changes {}, which the row has made: read first, and changed only where it is as it was sent",
        thing(step)
    )
}

/// What a row that is missing would delete.
fn deletion(step: &Step) -> String {
    format!(
        "deletes {}: its row is no longer in the source; read first, and deleted only where it is as it was sent",
        thing(step)
    )
}

/// What a row has made.
fn thing(step: &Step) -> &str {
    step.known.as_ref().and_then(|known| known.thing.as_deref()).unwrap_or_default()
}

/// Whether the ledger knows the row as done by itself, and not as a part of a row that is.
fn is_done(step: &Step) -> bool {
    let earlier = step.known.as_ref().map(|known| &known.earlier);
    earlier.is_some_and(|earlier| {
        earlier.turn() > 1 || matches!(earlier.state, RowState::Succeeded { .. })
    })
}

/// That a person wants no more of a row, and what became of it before.
fn dismissed(step: &Step) -> String {
    let why = told_of(step).map(|why| format!("; before: {why}")).unwrap_or_default();
    format!("dismissed by a person, so neither sent nor told of again (`settle`){why}")
}

/// What the ledger says of the last attempt.
fn told_of(step: &Step) -> Option<String> {
    step.known.as_ref().and_then(|known| known.earlier.cause.as_ref()).map(cause)
}

fn under_way(step: &Step) -> String {
    let holder = step.known.as_ref().and_then(|known| known.earlier.holder.as_deref());
    format!("{} is at work on it at this moment", holder.unwrap_or("another run"))
}

fn why_in_doubt(step: &Step) -> String {
    let state = step.known.as_ref().map(|known| &known.earlier.state);
    // Of one whose run was killed it is known where it came to be in doubt before that.
    let lost = matches!(state, Some(RowState::InDoubt { .. } | RowState::Started { .. }));
    let words = told_of(step).filter(|_| lost);
    let words = words.unwrap_or_else(|| "its run ended before the answer".to_owned());
    let then = match (step.change, &step.known) {
        (Change::Lane, Some(known)) => Some(&known.lane),
        (Change::Operation, Some(known)) => Some(&known.operation),
        _ => None,
    };
    let advice = match then {
        Some(then) => format!("it was for `{then}`: look there, or put that back"),
        None if step.change == Change::Content => {
            "its content has changed since, and what was sent then is not known any more: put the former content back \
             and it is looked for, or look yourself"
                .to_owned()
        }
        None => "look whether it is there, and decide with the job's `in_doubt`: verify, hold or resend".to_owned(),
    };
    let invalid = step.problem.clone().map(of_row);
    let invalid = invalid.map(|problem| format!("; and it is invalid now: {}", problem.message));
    let invalid = invalid.unwrap_or_default();
    format!("a request left and may have acted: {words} ({advice}){invalid}")
}
