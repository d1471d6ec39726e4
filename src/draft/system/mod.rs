//! The exports of other helpdesks, known by their columns: what those are for, and which rows are no notes.
//!
//! A table and a look into it. What an export has beyond the table is found by the general means, as for any other file.

mod known;

use super::drafted::Reason;
use super::seen::FileSeen;

/// An export of a system. Columns are called as in an expression: `parent.id` is one of the object around the row.
#[derive(Debug)]
pub(super) struct System {
    pub name: &'static str,
    /// What its job is called.
    pub job: &'static str,
    /// The columns that tell the system: all of them are there.
    pub marks: &'static [&'static str],
    /// Where the number of the ticket stands, the best first.
    pub ticket: &'static [&'static str],
    pub text: &'static [&'static str],
    pub time: &'static [&'static str],
    pub key: &'static [&'static str],
    pub author: &'static [&'static str],
    /// In place of these: what says the author, where all these columns are there.
    pub author_of: Option<(&'static [&'static str], &'static str)>,
    pub visibility: Says,
    /// Whether all its texts are HTML, those without a mark of it as well.
    pub is_html: bool,
    /// The zone of its times that name none.
    pub zone: Option<&'static str>,
    /// What a row needs to be a note: the columns asked, the condition, and why a row is left out.
    pub keeps: &'static [(&'static [&'static str], &'static str, Reason)],
    /// Whether a ticket may be in two exports.
    pub is_same_once: bool,
    pub files: Option<FileKeys>,
    pub each: Option<TableEach>,
}

/// What says who may see a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// A column that is called so.
    Column,
    /// A column and its values: true is internal.
    Values(&'static str, &'static [(&'static str, bool)]),
    /// The export does not, so all are internal.
    Never,
    /// The system shows notes to agents alone.
    AllInternal,
}

/// What the attached files of a note are called in their list.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileKeys {
    pub name: &'static str,
    pub size: Option<&'static str>,
    pub address: Option<&'static str>,
    /// Those that these are true of are left out.
    pub without: &'static [&'static str],
}

/// What makes several rows of one in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TableEach {
    /// Cells of date, account and text, parted by semicolons, in the columns of this name.
    Cells(&'static str),
    /// The ids of tickets in a cell.
    Split { column: &'static str, by: &'static str },
}

/// The system that a file comes from.
pub(super) fn recognise(seen: &FileSeen) -> Option<&'static System> {
    known::SYSTEMS.iter().find(|system| system.marks.iter().all(|mark| has(seen, mark)))
}

/// Whether a file has a column of this name, or several.
fn has(seen: &FileSeen, name: &str) -> bool {
    let mut columns = seen.columns.iter().chain(&seen.around);
    columns.any(|column| {
        column.name == name
            || column.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('['))
    })
}
