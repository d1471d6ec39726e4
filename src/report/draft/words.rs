//! What is said of a drafted job's parts: why they are so, what to check, what only a person can decide.

use super::yaml::line;
use crate::draft::DayOrder;
use crate::draft::{How, Part, Reason, Remark};

/// How much a sentence matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// It says why.
    Why,
    /// A guess that may be wrong.
    Check,
    /// Nothing in the files says it.
    Decide,
}

/// A sentence, with how much it matters in front of it.
pub(super) fn weighed((weight, text): (Weight, String)) -> String {
    match weight {
        Weight::Why => text,
        Weight::Check => format!("CHECK: {text}"),
        Weight::Decide => format!("DECIDE: {text}"),
    }
}

/// What a remark says; none where there is nothing to be said.
pub(super) fn remark(remark: &Remark) -> Option<(Weight, String)> {
    match remark {
        Remark::Told | Remark::OfSystem => None,
        Remark::ByName(_)
        | Remark::ByShape(_)
        | Remark::Matched { .. }
        | Remark::MapToFill
        | Remark::TheSameTickets => of_columns(remark),
        Remark::Day(_)
        | Remark::OddTimes(_)
        | Remark::Civil
        | Remark::ZoneOfSystem(_)
        | Remark::RemindersPast
        | Remark::RemindersToCome { .. } => of_times(remark),
        Remark::MostlyHtml { .. }
        | Remark::HardlyHtml { .. }
        | Remark::HtmlByColumn(_)
        | Remark::Jira
        | Remark::NoPeople(_)
        | Remark::NoTime
        | Remark::AuthorIsObject(_)
        | Remark::Unfinished { .. }
        | Remark::FirstMessage
        | Remark::WithIndex => of_texts(remark),
        Remark::NobodySays
        | Remark::SystemNeverSays
        | Remark::NeverShown
        | Remark::Opposite
        | Remark::Unsure
        | Remark::Contradicted { .. }
        | Remark::NotAllSeen => of_visibility(remark),
    }
}

/// How a column was found, and what the tables have.
fn of_columns(remark: &Remark) -> Option<(Weight, String)> {
    use Weight::{Check, Decide, Why};
    let said = |weight, text: &str| Some((weight, text.to_owned()));
    match remark {
        Remark::ByName(column) => {
            Some((Why, format!("By the name of the column, `{}`.", line(column))))
        }
        Remark::ByShape(column) => Some((
            Check,
            format!("only what stands in the column `{}` speaks for it.", line(column)),
        )),
        Remark::Matched { found: 0, .. } => said(
            Check,
            "no value of the rows that were looked at is in this table. Is it the right one?",
        ),
        Remark::Matched { found, of } if found < of => {
            Some((Why, format!("In this table: {found} of {of} values that were looked at.")))
        }
        Remark::Matched { .. } => said(Why, "In this table: all values that were looked at."),
        Remark::MapToFill => said(
            Decide,
            "which StringeeX ticket is each old one? Make this file with two columns, `legacy` (the number below `ticket_id`) \
             and `stringee` (the id of the ticket in StringeeX); a note whose ticket is not in it is never sent anywhere else. \
             If the tickets have the same ids in StringeeX: --same-tickets.",
        ),
        Remark::TheSameTickets => {
            said(Check, "the tickets have the same ids in StringeeX, as was said.")
        }
        _ => None,
    }
}

/// How times are read, and reminders.
fn of_times(remark: &Remark) -> Option<(Weight, String)> {
    use Weight::{Check, Why};
    let said = |weight, text: &str| Some((weight, text.to_owned()));
    match remark {
        Remark::Day(order) => day(*order),
        Remark::OddTimes(values) => {
            let values: Vec<String> =
                values.iter().map(|value| format!("\"{}\"", line(value))).collect();
            Some((
                Check,
                format!(
                    "some values are no times: {}. Their rows will be problems.",
                    values.join(", ")
                ),
            ))
        }
        Remark::Civil => {
            said(Why, "The times name no zone, so they are taken as those of `timezone`.")
        }
        Remark::ZoneOfSystem(zone) => {
            Some((Why, format!("Exports of this system write their times in {zone}.")))
        }
        Remark::RemindersPast => said(
            Check,
            "all reminders that were looked at are in the past, and StringeeX takes none of those, so they are left out. If there \
             are others, take the signs of comments away.",
        ),
        Remark::RemindersToCome { to_come, of } if to_come < of => Some((
            Check,
            format!(
                "{to_come} of {of} reminders that were looked at are still to come; rows with one in the past will be problems."
            ),
        )),
        _ => None,
    }
}

/// How the texts are written, and who wrote them.
fn of_texts(remark: &Remark) -> Option<(Weight, String)> {
    use Weight::{Check, Why};
    let said = |weight, text: &str| Some((weight, text.to_owned()));
    match remark {
        Remark::MostlyHtml { html, of } => Some((
            Check,
            format!(
                "{html} of {of} texts have marks of HTML; all are taken as HTML, in which line breaks of plain texts are blanks. \
                 If they are plain after all: --text plain."
            ),
        )),
        Remark::HardlyHtml { html, of } => Some((
            Check,
            format!(
                "{html} of {of} texts have marks of HTML; all are taken as they stand. If they are HTML: --text html."
            ),
        )),
        Remark::HtmlByColumn(column) => {
            Some((Why, format!("The column `{}` says which texts are HTML.", line(column))))
        }
        Remark::Jira => said(
            Why,
            "The text is in Jira's markup, which becomes plain text. To keep it as it stands: --text plain.",
        ),
        Remark::NoPeople(column) => Some((
            Check,
            format!(
                "`{}` holds ids of people. Give the export of users or agents as well, and their names are looked up.",
                line(column)
            ),
        )),
        Remark::AuthorIsObject(column) => Some((
            Check,
            format!(
                "`{}` says who wrote a note, but holds objects without a name, so no author is written into the notes.",
                line(column)
            ),
        )),
        Remark::Unfinished { column, value } => {
            let (column, value) = (line(column), line(value));
            Some((
                Check,
                format!(
                    "where `{column}` says \"{value}\", a note may be unfinished or hidden. Such rows are sent as all others; \
                     leave them out with `where` if they are no notes."
                ),
            ))
        }
        Remark::FirstMessage => said(
            Check,
            "the first message of each conversation stands in `source`, outside the list of its parts, and is not carried over.",
        ),
        Remark::NoTime => said(
            Check,
            "no column holds times, so the notes of a ticket go in the order of the file.",
        ),
        Remark::WithIndex => {
            said(Why, "The number in its list makes a note another one than its neighbours.")
        }
        _ => None,
    }
}

/// Who may see a note.
fn of_visibility(remark: &Remark) -> Option<(Weight, String)> {
    use Weight::{Check, Decide, Why};
    let said = |weight, text: &str| Some((weight, text.to_owned()));
    match remark {
        Remark::NobodySays => said(
            Decide,
            "nothing in the files says whether customers may see a note, so all are internal. If a column says it: \
             --internal COLUMN.",
        ),
        Remark::SystemNeverSays => said(
            Decide,
            "this export does not say whether customers may see a note, so all are internal.",
        ),
        Remark::NeverShown => {
            said(Why, "Notes of this system are never shown to customers, so all are internal.")
        }
        Remark::Opposite => {
            said(Why, "The column says the opposite: what is public is not internal.")
        }
        Remark::Contradicted { by, rows } => Some((
            Check,
            format!(
                "the column `{}` says otherwise in {rows} of the rows that were looked at, so all notes are internal. If one \
                 of the columns is right: --internal COLUMN.",
                line(by)
            ),
        )),
        Remark::Unsure => said(Check, "not sure, so it is internal until somebody says otherwise"),
        Remark::NotAllSeen => said(
            Check,
            "only the beginning of the file was looked at. A value that is not listed is a problem, and is never guessed.",
        ),
        _ => None,
    }
}

fn day(order: DayOrder) -> Option<(Weight, String)> {
    let first = |day_first: bool| if day_first { "day" } else { "month" };
    match order {
        DayOrder::NoChoice => None,
        DayOrder::Sure { day_first } => {
            Some((Weight::Why, format!("The {} comes first: no other way fits all dates.", first(day_first))))
        }
        DayOrder::Open { day_first } => Some((
            Weight::Check,
            format!(
                "the {} is taken to come first; the dates that were looked at could be read the other way as well \
                 (--dates mdy).",
                first(day_first)
            ),
        )),
        DayOrder::Mixed => Some((
            Weight::Check,
            "in some dates only the day can come first, in others only the month: the column has two kinds of dates.".to_owned(),
        )),
    }
}

/// How it was found out how a file is written.
pub(super) fn how(key: &str, how: &How) -> Option<(Weight, String)> {
    use Weight::{Check, Why};
    match how {
        How::Told | How::Sure => None,
        How::Words(share) => Some((
            if *share >= 90 { Why } else { Check },
            format!("Read so, {share} of 100 words with letters beyond a to z are Vietnamese."),
        )),
        How::Usual if key == "encoding" => Some((
            Check,
            "the file is not UTF-8, and not Vietnamese in any encoding that is known here. Do the letters come out right?"
                .to_owned(),
        )),
        How::Usual => Some((Check, "the names of this row are those that are known best.".to_owned())),
        How::NoNames => Some((
            Check,
            "the first row has values in it and no names, so names were made up. Give them better ones.".to_owned(),
        )),
        How::Sheet(others) => {
            let others: Vec<String> = others.iter().map(|name| format!("`{}`", line(name))).collect();
            Some((Check, format!("the workbook has other sheets, which are not read: {}.", others.join(", "))))
        }
    }
}

/// What a file is in the job.
pub(super) fn part(part: Part) -> &'static str {
    match part {
        Part::Main => "the notes",
        Part::Further => "more notes",
        Part::Tickets => "the map from old tickets to new ones",
        Part::Bridge => "leads from the notes to the numbers of tickets",
        Part::People => "names of people",
        Part::Unused => "not used: nothing in it fits the notes",
    }
}

/// Why rows are left out.
pub(super) fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::TicketDeleted => "the ticket is deleted",
        Reason::TicketSpam => "the ticket is spam",
        Reason::NoteDeleted => "the note is deleted",
        Reason::BySystem => "written by the system",
        Reason::HiddenVersion => "an earlier version of an edited entry",
        Reason::NoText => "no text",
        Reason::NoTextNoFiles => "no text and no attachment",
        Reason::Totals => "the row of totals",
    }
}
