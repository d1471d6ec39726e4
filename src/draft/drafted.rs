//! A drafted job: what it says, and why, as values. How that is written down is for `report`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::source::Format;

use super::seen::Trait;
use super::time::{DayOrder, TimeSeen};

/// See the module's text.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// The system that the files come from, and the columns by which it was recognised.
    pub system: Option<(&'static str, &'static [&'static str])>,
    pub looked: Vec<Looked>,
    pub job: String,
    pub timezone: String,
    pub is_zone_told: bool,
    /// The columns that have the number of the ticket and the text of the note.
    pub columns: MainColumns,
    pub sources: Vec<SourceDraft>,
    pub lookups: Vec<LookupDraft>,
    pub lets: Vec<Named>,
    /// What has to be true of a row, or it is left out.
    pub keeps: Vec<(String, Reason)>,
    pub is_same_once: bool,
    pub key: KeyDraft,
    /// The named value that rows are put in order by.
    pub order_by: Option<String>,
    pub ticket: Entry,
    pub map: TicketMap,
    pub visibility: Visibility,
    pub note: NoteDraft,
    pub reminder: Option<ReminderDraft>,
    pub left_out: Vec<LeftOut>,
}

/// Columns by their names.
#[derive(Debug, Clone)]
pub(crate) struct MainColumns {
    pub ticket: String,
    pub text: String,
}

/// A file that was looked at.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    pub name: Arc<str>,
    pub part: Part,
    pub rows: u64,
    pub is_whole: bool,
}

/// What a file is in the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Main,
    Further,
    Tickets,
    Bridge,
    People,
    Unused,
}

/// A file, or a pattern, that rows come from.
#[derive(Debug, Clone)]
pub(crate) struct SourceDraft {
    pub path: PathBuf,
    pub format: Format,
    pub traits: Vec<Trait>,
}

/// A table that cells are looked up in.
#[derive(Debug, Clone)]
pub(crate) struct LookupDraft {
    pub name: String,
    pub path: PathBuf,
    pub format: Format,
    pub traits: Vec<Trait>,
    pub key: String,
    pub value: String,
    pub remark: Remark,
}

/// A named value.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub name: String,
    /// Without its brackets.
    pub expression: String,
    pub remarks: Vec<Remark>,
}

/// A field and where its value comes from.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub expression: String,
    pub remarks: Vec<Remark>,
}

/// What leads from the old tickets to those of StringeeX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TicketMap {
    Found,
    /// Nobody has given one: the file has yet to be made; some of the numbers that it needs.
    ToFill {
        examples: Vec<String>,
    },
    TheSame,
}

/// Who may see the notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Only agents: nothing in the files says so.
    AllInternal(Remark),
    /// What a column says. An entry is true where the note is internal.
    ByColumn {
        /// As it stands under `from`.
        from: String,
        entries: Vec<(String, bool, Option<Remark>)>,
        remarks: Vec<Remark>,
    },
}

/// The text of a note. Names are those of named values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoteDraft {
    pub text: String,
    pub author: Option<String>,
    pub time: Option<String>,
    pub files: Option<FilesDraft>,
    pub remarks: Vec<Remark>,
}

/// How the names of attached files are written below a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilesDraft {
    /// The named value that holds them.
    pub list: String,
    pub name: String,
    pub size: Option<String>,
    pub address: Option<String>,
}

/// What makes a row the same row next time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyDraft {
    /// A text with expressions.
    Text(String, Remark),
    None,
}

/// When somebody is reminded, and by when a thing is due. Expressions.
#[derive(Debug, Clone)]
pub(crate) struct ReminderDraft {
    pub column: String,
    pub remind: String,
    pub due: Option<String>,
    pub remarks: Vec<Remark>,
}

/// A column that the job has no use for, with a value of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub column: String,
    pub example: Option<String>,
}

/// Why rows are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    TicketDeleted,
    TicketSpam,
    NoteDeleted,
    BySystem,
    HiddenVersion,
    NoText,
    NoTextNoFiles,
    Totals,
}

/// What a person should know of a part of the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remark {
    /// Somebody said so.
    Told,
    /// The system is known to have it so.
    OfSystem,
    ByName(String),
    ByShape(String),
    /// So many of the values that were seen are in the table.
    Matched {
        found: usize,
        of: usize,
    },
    /// The table has yet to be made.
    MapToFill,
    TheSameTickets,
    /// Whether day or month comes first.
    Day(DayOrder),
    OddTimes(Vec<String>),
    /// Times name no zone and are those of the job's.
    Civil,
    ZoneOfSystem(&'static str),
    /// So many texts have marks of HTML: all are taken as such, …
    MostlyHtml {
        html: u64,
        of: u64,
    },
    /// … or none.
    HardlyHtml {
        html: u64,
        of: u64,
    },
    HtmlByColumn(String),
    Jira,
    /// Ids of people without a table of their names.
    NoPeople(String),
    /// Nothing says who may see a note.
    NobodySays,
    SystemNeverSays,
    /// Customers never see notes there.
    NeverShown,
    /// The column says the opposite of internal.
    Opposite,
    /// Another column says otherwise of so many rows.
    Contradicted {
        by: String,
        rows: usize,
    },
    /// Who wrote a note is an object without a name.
    AuthorIsObject(String),
    /// Some rows may be unfinished, by a value of a column.
    Unfinished {
        column: String,
        value: String,
    },
    /// What a conversation begins with is not among its parts.
    FirstMessage,
    /// It is not sure what a value means.
    Unsure,
    /// The column may have other values further down.
    NotAllSeen,
    NoTime,
    /// A row comes of a list: its number is part of its key.
    WithIndex,
    RemindersPast,
    RemindersToCome {
        to_come: usize,
        of: usize,
    },
}

impl Draft {
    /// Has every path start from this folder.
    pub(crate) fn start_paths_from(&mut self, rebased: impl Fn(&Path) -> PathBuf) {
        self.sources.iter_mut().for_each(|source| source.path = rebased(&source.path));
        self.lookups.iter_mut().for_each(|lookup| lookup.path = rebased(&lookup.path));
    }

    /// The files that the job names.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        let sources = self.sources.iter().map(|source| source.path.as_path());
        sources.chain(self.lookups.iter().map(|lookup| lookup.path.as_path()))
    }
}

/// What is to be said of how times are written.
pub(super) fn remarks_on(times: &TimeSeen, zone: Option<&'static str>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if times.order != DayOrder::NoChoice {
        remarks.push(Remark::Day(times.order));
    }
    if !times.odd.is_empty() {
        remarks.push(Remark::OddTimes(times.odd.clone()));
    }
    match zone {
        Some(zone) if times.is_civil => remarks.push(Remark::ZoneOfSystem(zone)),
        _ if times.is_civil => remarks.push(Remark::Civil),
        _ => {}
    }
    remarks
}
