//! What the readings found wrong with a row, and that a source has changed between them.

use super::counted;
use crate::plan::{RepeatedKey, RowProblem, SourceChange};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::place::RowPlace;

/// What is wrong with a row, in words.
pub(crate) fn of_row(problem: RowProblem) -> Diagnostic {
    match problem {
        RowProblem::Written(problem) => problem,
        RowProblem::KeyTaken(taken) => {
            let message = format!(
                "the key `{}` is that of a row that {}: it was for `{}`, and this row is for `{}`",
                taken.key,
                if taken.dismissed { "a person has dismissed" } else { "is done" },
                taken.then,
                taken.now
            );
            let problem = Diagnostic::error(Code::KeyTaken, taken.place.into(), message);
            if taken.dismissed {
                return problem.hint(
                    "give this row another key if it is another row; if it is that one, corrected, take back what was said \
                     of it (`noteferry settle --unsettle`) and run again",
                );
            }
            problem.hint(
                "a key names one row for ever: give this row another one, or take it out if it is that row; to send a \
                 file whose numbers begin anew, give its job another name",
            )
        }
        RowProblem::KeyRepeated(repeated) if repeated.returned => of_copy(&repeated),
        RowProblem::KeyOfAnother { place, key } => of_anothers_key(place, &key),
        RowProblem::CameBackTwice { place } => of_second_copy(place),
        RowProblem::SentBefore { place, item } => of_sent_before(place, &item),
        RowProblem::KeyRepeated(repeated) => {
            let key = &repeated.key;
            let message = match repeated.first {
                Some((row, line)) => {
                    format!("the key `{key}` is that of row {row} (line {line}) too")
                }
                None => format!("the key `{key}` is that of an earlier row, too"),
            };
            let spelt = match repeated.is_spelt_otherwise {
                true => {
                    ": they differ in nothing but how lines end or how letters with marks are put together (NFC, NFD)"
                }
                false => "",
            };
            let message = format!("{message}{spelt}");
            let hint = format!(
                "two rows with one key would be one {}: make the keys differ, or drop a row",
                repeated.item
            );
            Diagnostic::error(Code::RepeatedKey, repeated.place.into(), message).hint(hint)
        }
        RowProblem::TooFewRows { source, rows, least } => {
            let message = format!("the source has {rows} rows, and must have {least} at least");
            Diagnostic::error(Code::TooFewRows, Place::File(source), message).hint(
                "look whether the export came out whole; `min_rows`, or --min-rows, says how many there must be",
            )
        }
        RowProblem::NoRows { source } => {
            let message = "the source has no rows: there is nothing to do";
            Diagnostic::warning(Code::NoRows, Place::File(source), message).hint(
                "did the export come out empty? `min_rows: 1` in the job, or --min-rows 1, has that refused",
            )
        }
        RowProblem::NoneKept { source, rows } => {
            let message = format!(
                "the job's `where` leaves out all of the {}: there is nothing to do",
                counted(rows, "row")
            );
            Diagnostic::warning(Code::NoRows, Place::File(source), message).hint(
                "look at the reasons with `check`; cells of a CSV file are texts, so that `{{ deleted == false }}` is never true of one",
            )
        }
    }
}

/// A row that comes back twice.
fn of_copy(repeated: &RepeatedKey) -> Diagnostic {
    let first = match repeated.first {
        Some((row, line)) => format!("row {row} (line {line})"),
        None => "an earlier row".to_owned(),
    };
    let message = format!("the row is the same row of the job as {first}: both have its reference");
    Diagnostic::error(Code::RepeatedKey, repeated.place.clone().into(), message).hint(
        "a row comes back once: take the copy out; where it is to be a row of its own, add it to the job's source",
    )
}

/// A row that comes back twice, with another key each time.
fn of_second_copy(place: RowPlace) -> Diagnostic {
    let message = "the row is the same row of the job as an earlier one: both have its reference";
    Diagnostic::error(Code::RepeatedKey, place.into(), message).hint(
        "a row comes back once, under one key: take the copy out; where it is to be a row of its own, add it to the job's source",
    )
}

fn of_anothers_key(place: RowPlace, key: &str) -> Diagnostic {
    let message = format!("the key `{key}` is that of another row of the job");
    Diagnostic::error(Code::KeyTaken, place.into(), message)
        .hint("give the row a key that no row of the job's source has, and that none has had")
}

fn of_sent_before(place: RowPlace, item: &str) -> Diagnostic {
    let message = format!(
        "what this row says was sent before, by another row of the job or by this one under another name, so its {item} would be \
         there twice"
    );
    Diagnostic::error(Code::SentBefore, place.into(), message).hint(
        "take the row out of the file where the job's source was corrected as well; where both are meant, make them differ, or \
         write the rows out anew with `noteferry rejects`",
    )
}

/// That a source is not what it was when its rows were checked, in words.
pub(crate) fn of_source_change(change: &SourceChange) -> Diagnostic {
    let message = match change {
        SourceChange::Row(_) => "the row is not the one that stood here when the rows were checked",
        SourceChange::Fewer(_) => "the source has fewer rows than when they were checked",
    };
    let hint = "nothing more was taken from it; let nobody write to it while it is read";
    Diagnostic::error(Code::SourceChanged, change.place(), message).hint(hint)
}
