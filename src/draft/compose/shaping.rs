//! Which rows are no notes and are left out, each with its reason.

use super::pick::Pick;
use super::{Composing, has_all};
use crate::draft::drafted::{Named, Reason};
use crate::draft::names::{Role, fits};
use crate::draft::seen::ColumnSeen;
use crate::draft::shape;
use crate::draft::system::TableEach;

use crate::text::expression::{quoted, term};

impl Composing<'_> {
    pub(super) fn keeps(
        &mut self,
        ticket: &Pick,
        text: &Named,
        files: Option<&str>,
    ) -> Vec<(String, Reason)> {
        let mut keeps = self.flags();
        let of_system = self.system.map_or(&[][..], |system| system.keeps);
        for (needs, condition, reason) in of_system {
            if has_all(self.main, needs) {
                self.used.extend(needs.iter().map(|name| (*name).to_owned()));
                keeps.push(((*condition).to_owned(), *reason));
            }
        }
        keeps.extend(
            ticket.column.texts().find(|text| shape::is_total(text)).map(|total| {
                (format!("{} | trim != {}", ticket.term, quoted(total)), Reason::Totals)
            }),
        );
        let is_cells = matches!(self.table_each(), Some(TableEach::Cells(_)));
        let is_empty = |pick: &Pick| pick.column.empty > 0;
        // HTML may come to nothing, and a text of JSON may be null or not there at all.
        let is_html = |pick: &Pick| pick.column.html > 0;
        let may_be_empty = self.system.is_some()
            || self.main.is_json()
            || self.picked.text.as_ref().is_some_and(|pick| is_empty(pick) || is_html(pick));
        let has_text = format!("{} is not empty", text.name);
        match files {
            Some(files) => {
                keeps.push((format!("{has_text} or {files} | length > 0"), Reason::NoTextNoFiles))
            }
            // What is no cell of such parts is no empty note, but a problem to look at.
            None if is_cells => {
                keeps.push((format!("{has_text} or parts | length < 3"), Reason::NoText))
            }
            None if may_be_empty => keeps.push((has_text, Reason::NoText)),
            None => {}
        }
        keeps
    }

    /// Tickets and notes that are marked as deleted, or as spam.
    fn flags(&mut self) -> Vec<(String, Reason)> {
        let mut found = Vec::new();
        let around = self.main.around.iter().map(|column| (true, column));
        for (is_around, column) in
            around.chain(self.main.columns.iter().map(|column| (false, column)))
        {
            let is = |role: Role| fits(role, &column.name) >= 100;
            let reason = match (is_around, is(Role::Spam), is(Role::Deleted)) {
                (_, true, _) => Reason::TicketSpam,
                (true, _, true) => Reason::TicketDeleted,
                (false, _, true) => Reason::NoteDeleted,
                (_, false, false) => continue,
            };
            if let Some(condition) = is_not(column) {
                self.used.push(column.name.clone());
                found.push((condition, reason));
            }
        }
        found
    }
}

/// The condition that a flag is not set; none where its values are no truth values.
fn is_not(column: &ColumnSeen) -> Option<String> {
    let name = term(&column.name);
    let are_truths = column.filled > 0 && column.texts().all(|text| shape::truth(text).is_some());
    if !are_truths {
        return None;
    }
    if column.truths == column.filled {
        return Some(format!("not {name}"));
    }
    // The word for no, as it is written here.
    let no = column.texts().find(|text| shape::truth(text) == Some(false)).map(str::to_owned);
    let other = || column.texts().find_map(shape::counterpart).map(str::to_owned);
    let no = no.or_else(other)?;
    let is_no = format!("{name} | trim == {}", quoted(&no));
    Some(if column.empty > 0 { format!("{is_no} or not {name}") } else { is_no })
}
