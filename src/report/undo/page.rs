//! What undoing a run would do, as one page for whoever has to approve it. It asks nothing of any server, and shows no more
//! than so many rows.

use jiff::Zoned;
use minijinja::context;
use serde::Serialize;

use super::words::{act, time_words};
use super::{UndoAct, UndoCounts, UndoHead, UndoRow};
use crate::report::page::{PAGE_BEGINS, document_head, nonce, rendered, told};
use crate::report::words::{number, rows, stamp};
use crate::text::command::CommandLine;
use crate::text::visible::shown;

/// What such a page begins with.
pub(crate) const UNDO_PAGE_BEGINS: &str = PAGE_BEGINS;
/// A page shows no more rows.
const MOST_ROWS: usize = 5_000;

/// Takes rows in, and makes a page of them.
#[derive(Debug, Default)]
pub(crate) struct UndoPage {
    rows: Vec<PageRow>,
    left_out: u64,
}

#[derive(Debug, Serialize)]
struct PageRow {
    row: String,
    key: String,
    lane: String,
    kind: &'static str,
    says: String,
}

#[derive(Debug, Serialize)]
struct PageCount {
    effect: &'static str,
    rows: String,
    says: String,
}

impl UndoPage {
    pub(crate) fn see(&mut self, row: &UndoRow, item: &str) {
        if self.rows.len() >= MOST_ROWS {
            self.left_out += 1;
            return;
        }
        self.rows.push(PageRow {
            row: number(row.place.row),
            key: shown(&row.key).into_owned(),
            lane: shown(&row.lane).into_owned(),
            kind: match row.act {
                UndoAct::Kept(_) => "doubt",
                UndoAct::Undone => "rest",
                _ => "send",
            },
            says: act(&row.act, item),
        });
    }

    /// The page. `command` is the one that does it.
    pub(crate) fn html(
        &self,
        (head, counts): (&UndoHead, UndoCounts),
        command: &CommandLine,
        made_at: &Zoned,
    ) -> Result<String, minijinja::Error> {
        let title = format!("Undo run {} of {}", head.run, shown(&head.job));
        let command = command.to_string();
        let nonce = nonce(&[&title, &command, &stamp(made_at)]);
        let item = &head.item;
        let all = [
            ("delete", counts.delete, format!("{item}s are deleted that it created")),
            ("update", counts.give_back, format!("{item}s get their former texts back")),
            ("create", counts.make_anew, format!("deleted {item}s are made anew")),
            ("read", counts.undone, "rows are undone already".to_owned()),
            ("read", counts.kept, "rows are left as they are".to_owned()),
        ];
        let all = all.into_iter().filter(|(_, count, _)| *count > 0);
        let all = all.map(|(effect, count, says)| PageCount { effect, rows: number(count), says });
        let left_out = (self.left_out > 0).then(|| {
            format!("{} more are not shown here; --format json tells of all.", rows(self.left_out))
        });
        rendered(
            include_str!("undo.html"),
            context! {
                document_head => document_head(&nonce, &title, &[], false)?,
                run => head.run,
                job => shown(&head.job),
                target => shown(&head.target),
                made_at => stamp(made_at),
                counts => told(all.collect::<Vec<_>>()),
                time => time_words(head),
                rows => told(&self.rows),
                left_out,
                command,
            },
        )
    }
}
