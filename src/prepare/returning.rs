//! Which row a row is that comes back corrected, and what a row's cells are, by which it is known again in its source.
//!
//! A row keeps what the ledger knows it by, whatever was corrected in it: a job without a key would take it for another
//! one. That a row of that name may be sent is not said here.

use std::borrow::Cow;

use crate::row::{Fingerprint, Identity, PlaceMark, Reference};
use crate::source::{Cell, Record};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::visible::shown;

use super::Preparer;
use super::mapping::Row;
use super::prepared::RowKey;

impl Preparer {
    /// Stands for the cells of a row that the job uses.
    pub(crate) fn fingerprint(&self, record: &Record) -> Fingerprint {
        let used = self.columns.names().iter().zip(&self.used).enumerate();
        let cells = used.filter(|(_, (_, is_used))| **is_used).map(|(column, (name, _))| {
            let text = match record.cell(column) {
                Cell::Absent | Cell::Null => Cow::Borrowed(""),
                Cell::Bool(value) => Cow::Owned(value.to_string()),
                Cell::Number(text) | Cell::Text(text) => Cow::Borrowed(text),
                Cell::Json(value) => Cow::Owned(value.to_string()),
                Cell::Shared(value) => Cow::Owned(value.to_string()),
            };
            (name.as_ref(), text)
        });
        Fingerprint::of(cells)
    }

    /// Which row of its job a row is that comes back; none of any other, or where that cannot be read.
    pub(crate) fn reference(&self, record: &Record) -> Option<Reference> {
        Reference::read(&record.origin()?.reference, self.returned.as_deref()?)
    }

    /// Rows go there: one that comes back of another place is not the row that it says.
    pub(crate) fn goes_to(&mut self, base_url: &str) {
        self.place = Some(PlaceMark::of(base_url));
    }

    /// Whether a row comes back that was written out as it stood at another place.
    fn is_of_another_place(&self, record: &Record) -> bool {
        let written = record.origin().and_then(|origin| PlaceMark::of_reference(&origin.reference));
        written.zip(self.place).is_some_and(|(written, own)| written != own)
    }

    /// What makes a row the same row next time, and what is wrong with that.
    pub(super) fn identity_of(&self, row: Row<'_, '_>) -> (RowKey, Option<Diagnostic>) {
        if !self.returns() {
            return self.key_of(row);
        }
        let refuse = |column: &str, message: String, hint: &str| {
            let mut place = self.place(row.record, None, None);
            place.column = Some(column.into());
            let problem = Diagnostic::error(Code::UnknownReference, Place::Row(place), message);
            (RowKey::Missing, Some(problem.hint(hint)))
        };
        let Some(reference) = self.reference(row.record) else {
            let written = row.record.origin().map_or("", |origin| &*origin.reference);
            return match written {
                "" => refuse(
                    "_ref",
                    "the row has no reference, so nobody knows which row of the job it is"
                        .to_owned(),
                    "rows can be corrected here, or taken out, but not added: add new ones to the job's own source",
                ),
                _ => refuse(
                    "_ref",
                    format!("`{}` is no reference of a row of this job", shown(written)),
                    "leave the cells of `_ref` as they were written; where the file is of another job, name that",
                ),
            };
        };
        if self.is_of_another_place(row.record) {
            return refuse(
                "_ref",
                "the row was written out as it stood at another place than the one that it would go to".to_owned(),
                "name the place that the file was written for, as --base-url or --sandbox; or write the rows out for this one: \
                 `noteferry rejects`",
            );
        }
        let own = match reference.key() {
            Some(key) if self.key.is_none() => return (RowKey::Written(key), None),
            _ if self.key.is_none() => {
                return refuse(
                    "_ref",
                    "the row was written out when the job had a key, and the job has none now"
                        .to_owned(),
                    "give the job its key back, or write the rows out anew",
                );
            }
            _ => self.key_of(row),
        };
        match (&own, reference.identity) {
            ((RowKey::Written(key), _), Identity::Key(_))
                if Identity::of_key(key) != reference.identity =>
            {
                let message = format!(
                    "the row's key is `{}`, and was another one when the row was written out",
                    shown(key)
                );
                refuse(
                    "_ref",
                    message,
                    "the ledger knows a row by its key: put it back here; where the key itself is wrong, correct it in the job's source",
                )
            }
            ((RowKey::Written(key), _), Identity::Anothers(_))
                if Identity::of_anothers_key(key) == reference.identity =>
            {
                let message =
                    format!("the row's key is `{}`, which is that of another row", shown(key));
                refuse(
                    "_ref",
                    message,
                    "give the row a key of its own, and the same one in the job's source",
                )
            }
            _ => own,
        }
    }
}
