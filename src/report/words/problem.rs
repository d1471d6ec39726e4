//! What looking a ledger through has found, as a person reads it, and what to do.
//!
//! Layout, colour and JSON are for `ledger_check`.

use super::contradiction;
use crate::ledger::{Misfit, Missing, Problem, ViewRow, ViewSays};
use crate::row::Contradiction;

/// What is wrong, for a place before it: `row 5: attempt 2 is missing`.
pub(crate) fn problem(problem: &Problem) -> String {
    match problem {
        Problem::Empty => "the file is empty".into(),
        Problem::DamagedHead => {
            "the first bytes of the file are damaged; it cannot be read as a database".into()
        }
        Problem::Truncated { bytes, expected } => {
            format!("the file ends after {bytes} of its {expected} bytes; the rest is lost")
        }
        Problem::Damaged { words } => format!("a part of the file is damaged: {words}"),
        Problem::Stopped { rows, attempts, cause } => {
            let (rows, attempts) = (several(*rows, "row"), several(*attempts, "attempt"));
            format!("reading stopped after {rows} and {attempts}: {cause}")
        }
        Problem::Unreadable(misfit) => self::misfit(Some(misfit)),
        Problem::Incomplete(missing) => self::missing(missing),
        Problem::Dangling { table, parent, entries: 1 } => {
            format!("an entry of `{table}` belongs to an entry of `{parent}` that is not there")
        }
        Problem::Dangling { table, parent, entries } => format!(
            "{entries} entries of `{table}` belong to entries of `{parent}` that are not there"
        ),
        Problem::NoAttempt => "no attempt is known, though a row is entered with its first".into(),
        Problem::HalfEnded { attempt } => {
            format!("of attempt {attempt}, only one of end and outcome is known")
        }
        Problem::Life(found) => contradiction(found),
        Problem::Contested { attempt } => {
            format!(
                "one run found that attempt {attempt} did what it was for, another that it did not"
            )
        }
        Problem::KeysDiffer { attempt, key } => {
            format!("attempt {attempt} has another key: {key}")
        }
        Problem::ForeignRun { attempt, run } => {
            format!("attempt {attempt} is of run {run}, which is one of another job")
        }
        Problem::ViewDiffers { view, replay } => format!(
            "the view row_states says {}, its attempts say {}",
            view_says(view),
            view_row(replay)
        ),
        Problem::ViewReplaced { view, is_gone: true } => format!("the view {view} is gone"),
        Problem::ViewReplaced { view, is_gone: false } => {
            format!("the view {view} is not the one that this version of noteferry makes")
        }
        Problem::ViewUnreadable { cause } => {
            format!("the view row_states cannot be read: {cause}")
        }
        Problem::KeyTwice { other } => format!("row {other} has the same key"),
        Problem::MadeTwice { id, other } => {
            format!("row {} of {} claims to have made {id}, too", other.place.row, other.job)
        }
        Problem::OutcomesGone { run, told, found } => {
            format!(
                "run {run} says that {told} of its rows were done, and the ledger has the outcomes of {found}"
            )
        }
        Problem::UnreadableSnapshot { attempt, column } => {
            format!("what was kept before attempt {attempt} cannot be read: `{column}`")
        }
        Problem::RunSum { run, rows, sum } => {
            format!("run {run} knew of {rows} rows, and its counts add up to {sum}")
        }
    }
}

/// What it means, and what to do.
pub(crate) fn problem_hint(problem: &Problem) -> &'static str {
    match problem {
        Problem::Empty => {
            "if jobs were run with it, put a copy back before the next run, which would send every row again; if \
             none was, delete it"
        }
        Problem::DamagedHead
        | Problem::Truncated { .. }
        | Problem::Damaged { .. }
        | Problem::Stopped { .. }
        | Problem::Incomplete(_)
        | Problem::Unreadable(_) => {
            "keep the file as it is, with its -wal, and run no job with it; put a copy back, and take out of the \
             source what was sent since that copy was made, or it is sent again"
        }
        Problem::Life(Contradiction::Made { .. }) => {
            "what has an id may be there: look for it on the other side, keep the file for an inquiry, and put a copy \
             back; no run sends the row as long as this stands there"
        }
        Problem::Contested { .. } | Problem::Life(Contradiction::AfterSuccess { .. }) => {
            "it may have been done twice: look at what its lane names on the other side, and keep the file for an \
             inquiry"
        }
        Problem::Dangling { .. }
        | Problem::NoAttempt
        | Problem::HalfEnded { .. }
        | Problem::Life(_)
        | Problem::KeysDiffer { .. }
        | Problem::ForeignRun { .. } => {
            "noteferry never writes this: somebody edited the file, or the disk is failing; keep it for an inquiry, \
             and put a copy back before the next run"
        }
        Problem::ViewDiffers { .. } | Problem::ViewUnreadable { .. } => {
            "runs and `status` go by the attempts and are not harmed, but queries read the view: somebody edited the \
             file"
        }
        Problem::ViewReplaced { .. } => {
            "runs and `status` go by the tables and are not harmed, but queries read the views: the next run of any job \
             of the ledger makes them anew"
        }
        Problem::KeyTwice { .. } => {
            "a run finds only one of them and may send what the other has done: keep the file for an inquiry, and \
             put a copy back before the next run"
        }
        Problem::MadeTwice { .. } => {
            "one of the two was probably never made: look for both on the other side, and send what is missing \
             under a new key"
        }
        Problem::OutcomesGone { .. } => {
            "somebody has deleted outcomes, and a run may send those rows again: put a copy of the ledger back, or look on the \
             other side before the next run"
        }
        Problem::UnreadableSnapshot { .. } => {
            "`undo` cannot give back what was there and leaves the row as it is: put a copy of the ledger back, if one has it"
        }
        Problem::RunSum { rows, sum, .. } if sum < rows => {
            "somebody has lowered a count, as whoever takes out attempts of rows would, and a run would send those rows again, so \
             it refuses to: put a copy of the ledger back"
        }
        Problem::RunSum { .. } => {
            "only what `status` says of that run is wrong; where each row stands follows from its attempts"
        }
    }
}

/// ``entry 1 of `starts` does not hold what belongs in `digest` ``; less where less is known.
pub(super) fn missing(missing: &Missing) -> String {
    match missing {
        Missing::Table(words) => format!("something that every ledger has is gone: {words}"),
        Missing::Jobs { runs } => format!(
            "{} {} of jobs that are not in the table `jobs` any more",
            several(*runs, "run"),
            if *runs == 1 { "is" } else { "are" }
        ),
        Missing::OutOfPlace { format, name } => format!(
            "it says that it is of format {format}, and has `{name}`, which no ledger of that format has"
        ),
        Missing::Trigger(name) => format!(
            "somebody has added the trigger `{name}`, which may change what is written; without it the ledger can be used: \
             DROP TRIGGER"
        ),
        Missing::NextId(None) => "the table `ids` does not say the next free id".to_owned(),
        Missing::NextId(Some(next)) => {
            format!(
                "the table `ids` says that {next} is free, which is no id or one that a row has"
            )
        }
    }
}

pub(super) fn misfit(misfit: Option<&Misfit>) -> String {
    let Some(Misfit { table, id, column }) = misfit else {
        return "an entry does not hold what belongs there".to_owned();
    };
    let entry = id.map_or("an entry".to_owned(), |id| format!("entry {id}"));
    let place = column.as_ref().map_or("there".to_owned(), |column| format!("in `{column}`"));
    format!("{entry} of `{table}` does not hold what belongs {place}")
}

fn view_says(view: &ViewSays) -> String {
    match view {
        ViewSays::Nothing => "nothing".to_owned(),
        ViewSays::Row(row) => view_row(row),
        ViewSays::Unreadable { cause } => cause.clone(),
    }
}

/// `succeeded after 2 attempts`.
fn view_row(row: &ViewRow) -> String {
    let ViewRow { state, attempts } = row;
    match attempts {
        1 => format!("{state} after 1 attempt"),
        _ => format!("{state} after {attempts} attempts"),
    }
}

fn several(count: u64, noun: &str) -> String {
    super::counted(count, noun)
}
