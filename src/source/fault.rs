//! What is wrong with a row or a file, before its source has said which row of which file it is.
//!
//! Not a second diagnostic: it lacks the place, and becomes one in [`Fault::at`].

use std::io::{self, ErrorKind};
use std::sync::Arc;

use super::RowLimit;
use super::input::{Damaged, Encoding, Misfit};
use super::record::Repeated;
use super::scratch::NoRoom;
use crate::text::code::Code;
use crate::text::diagnostic::{CellPlace, Diagnostic, Place};
use crate::text::place::RowPlace;

pub(super) const SAVE_AS_UTF8: &str = "the file may be in Windows-1258 or Windows-1252: name its encoding, as in --encoding windows-1258, or in a job \
     `encoding: windows-1258` under `source` – or save it again as UTF-8 (in Excel: CSV UTF-8)";

pub(super) const RAISE_LIMIT: &str =
    "where a row is meant to be that long, set `longest_row_mib` in the job's `source`";

#[derive(Debug)]
pub(super) struct Fault {
    /// The line of the row; none when the file as a whole is at fault.
    line: Option<u64>,
    column: Option<Arc<str>>,
    /// What of the line the row is, where that is not all of it.
    within: Option<Arc<str>>,
    code: Code,
    message: String,
    hint: Option<String>,
    last: bool,
}

impl Fault {
    /// A row that cannot be read; the next one can.
    pub(super) fn row(line: u64, code: Code, message: impl Into<String>) -> Self {
        Self { line: Some(line), last: false, ..Self::file(code, message) }
    }

    /// A file that cannot be read any further.
    pub(super) fn file(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { line: None, column: None, within: None, code, message, hint: None, last: true }
    }

    /// The file could not be read.
    pub(super) fn io(error: io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Damaged>());
        if let Some(damaged) = inner {
            return Self::file(Code::DamagedPacking, damaged.to_string()).hint(damaged.hint());
        }
        if let Some(no_room) = NoRoom::of(&error) {
            return Self::file(Code::TemporaryFile, no_room.to_string()).hint(no_room.hint());
        }
        let fault = Self::unreadable(&error.to_string());
        match error.kind() {
            ErrorKind::NotFound => {
                fault.hint(
                    "is it spelt right? a path in a job starts from the job's folder, one on the command line from the \
                     folder you are in",
                )
            }
            ErrorKind::PermissionDenied => {
                fault.hint("allow the account that runs this to read it")
            }
            _ => fault,
        }
    }

    /// The file could not be read, for this reason.
    pub(super) fn unreadable(reason: &str) -> Self {
        Self::file(Code::UnreadableFile, format!("the file cannot be read: {reason}"))
    }

    /// Zero bytes where there should be text.
    pub(super) fn nul(line: u64) -> Self {
        Self::row(line, Code::Encoding, "the row has zero bytes in it, which text never has")
            .hint("the file may be UTF-16, or damaged: save it again as UTF-8")
    }

    /// Bytes that are no text. They stand so many lines below the first of their row.
    pub(super) fn not_text((line, below): (u64, u64), bytes: &[u8], encoding: Encoding) -> Self {
        if encoding.is_utf8() {
            return Self::row(line, Code::InvalidUtf8, "the text is not UTF-8").hint(SAVE_AS_UTF8);
        }
        let (at, misfit) =
            Misfit::find(bytes).unwrap_or((0, Misfit { byte: 0, offset: u64::default() }));
        let Misfit { byte, offset } = misfit;
        let on = match below + super::window::line_feeds(&bytes[..at]) {
            0 => String::new(),
            lines => format!("on line {}, ", line + lines),
        };
        let encoding = encoding.name();
        let message = format!(
            "the text is not {encoding}, which has no letter {byte:02X} ({on}byte {} of the file)",
            offset + 1
        );
        Self::row(line, Code::UnfitByte, message).hint(
            "the file is in another encoding, or damaged at this place: name the encoding in which it was saved; for UTF-8 name none",
        )
    }

    pub(super) fn row_too_long(line: u64, longest: RowLimit) -> Self {
        Self::row(line, Code::RowTooLong, format!("the row is longer than {longest}"))
            .hint(format!("is this a file of text? a row ends where its line does; {RAISE_LIMIT}"))
    }

    /// The same in other words.
    #[must_use]
    pub(super) fn says(self, message: String) -> Self {
        Self { message, ..self }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(super) fn column(mut self, column: Option<&Arc<str>>) -> Self {
        self.column = column.cloned();
        self
    }

    #[must_use]
    pub(super) fn within(mut self, within: Option<impl Into<Arc<str>>>) -> Self {
        self.within = within.map(Into::into).or(self.within);
        self
    }

    #[must_use]
    pub(super) fn hint_if_none(mut self, hint: &str) -> Self {
        self.hint.get_or_insert_with(|| hint.to_owned());
        self
    }

    /// Nothing after it can be read.
    #[must_use]
    pub(super) fn last(self) -> Self {
        Self { last: true, ..self }
    }

    /// Reading goes on after it.
    #[must_use]
    pub(super) fn not_last(self) -> Self {
        Self { last: false, ..self }
    }

    pub(super) fn is_last(&self) -> bool {
        self.last
    }

    /// Whether a row is at fault, which counts as one.
    pub(super) fn is_of_row(&self) -> bool {
        self.line.is_some()
    }

    pub(super) fn at(self, file: &Arc<str>, row: u64) -> Diagnostic {
        let file = Arc::clone(file);
        let place = match self.line {
            None => Place::File(file),
            Some(line) => {
                let row = RowPlace { file: Some(file), row, line, within: self.within };
                Place::Row(CellPlace { row, column: self.column, pointer: None })
            }
        };
        Diagnostic { hint: self.hint, ..Diagnostic::error(self.code, place, self.message) }
    }
}

/// A row that is no row: a header came again.
pub(super) fn repeated_header(line: u64, repeated: Repeated) -> Fault {
    let (message, hint) = match repeated {
        Repeated::AsItIs => (
            "the row is the header once more: its cells are the names of the columns",
            "files were put together with their headers, most likely: delete this line",
        ),
        Repeated::Otherwise => (
            "the row looks like another header: its cells are names of columns",
            "files were put together with their headers, most likely: the rows below may have their columns in another \
             order, so send them from a file of their own",
        ),
    };
    Fault::row(line, Code::RepeatedHeader, message).hint(hint)
}
