//! The sentences of an undoing.

use super::{UndoAct, UndoCounts, UndoHead, UndoRow, WhyKept};
use crate::report::paint::Paint;
use crate::report::words::{about, number, one_line, rows};
use crate::text::visible::shown;

/// Of a text so many letters are shown.
const LONGEST_SHOWN: usize = 80;

/// What becomes of a row, in a line.
pub(crate) fn undo_line(row: &UndoRow, item: &str) -> String {
    let key = match row.key.is_empty() {
        true => String::new(),
        false => format!(", key {}", shown(&row.key)),
    };
    let place = format!("row {} (line {}{key})", row.place.row, row.place.line);
    format!("{place}: {}", act(&row.act, item))
}

/// What becomes of a row.
pub(super) fn act(act: &UndoAct, item: &str) -> String {
    let saying = |text: &Option<String>| match text {
        Some(text) => format!(": `{}`", shortened(text)),
        None => String::new(),
    };
    match act {
        UndoAct::Delete { id } => format!("delete the {item} {} that it created", shown(id)),
        UndoAct::GiveBack { id, text } => {
            format!("give the {item} {} its former text back{}", shown(id), saying(text))
        }
        UndoAct::MakeAnew { id, text } => format!(
            "make the deleted {item} {} anew, with a new id and a new time{}",
            shown(id),
            saying(text)
        ),
        UndoAct::Undone => "undone already".to_owned(),
        UndoAct::Kept(why) => format!("left as it is: {}", kept(*why)),
    }
}

fn kept(why: WhyKept) -> String {
    match why {
        WhyKept::Superseded { run } => {
            return format!("run {run} has acted on it since; undo that run first");
        }
        WhyKept::InDoubt => {
            "nobody knows what became of its request: run the job again, or settle the row, first"
        }
        WhyKept::Dismissed => {
            "a person wants no more of its undoing (`settle --dismiss`); `settle --unsettle` takes that back"
        }
        WhyKept::NoOperation => "the connector has no one operation that takes it back",
        WhyKept::NoId => "the ledger does not know the id of what it made",
        WhyKept::NoList => {
            "it is not known which list shows it, so nobody can see whether it is unchanged"
        }
        WhyKept::NoFormerText => {
            "what was there before was not kept (`snapshot: false`, or its list was not named)"
        }
        WhyKept::InPart => {
            "lists cut texts, and the one of before may have been longer than what was kept of it: giving that back is for a person"
        }
        WhyKept::NoFlag => {
            "its list did not show whether the customer may see it, so it is not made anew: that is for a person"
        }
        WhyKept::NoPrint => {
            "the ledger does not say what was sent, so nobody can see whether it is unchanged; \
             --even-if-changed undoes it all the same"
        }
    }
    .to_owned()
}

fn shortened(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(LONGEST_SHOWN) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// What all rows come to.
pub(crate) fn undo_summary(head: &UndoHead, counts: UndoCounts, color: bool) -> String {
    let paint = Paint(color);
    let would = if head.dry_run { "Undoing" } else { "To undo" };
    let title = format!(
        "{would} run {} of {} at {}: {}",
        head.run,
        shown(&head.job),
        shown(&head.target),
        rows(counts.rows())
    );
    let mut text = format!("{}\n", paint.bold(&title));
    let item = &head.item;
    let all = [
        (counts.delete, "delete", format!("{item}s that it created")),
        (counts.give_back, "give back", format!("former texts of {item}s that it changed")),
        (
            counts.make_anew,
            "make anew",
            format!("{item}s that it deleted, with new ids and new times"),
        ),
        (counts.undone, "undone", "undone already".to_owned()),
        (counts.kept, "keep", "left as they are; see above why".to_owned()),
    ];
    let width = all.iter().map(|(count, ..)| number(*count).len()).max().unwrap_or_default();
    for (count, word, words) in all.into_iter().filter(|(count, ..)| *count > 0) {
        text.push_str(&format!("  {word:<9}  {:>width$}  {words}\n", number(count)));
    }
    if counts.to_send() > 0 {
        text.push_str(&time_words(head));
        text.push_str("\nWhat is there is changed only where it is as the run has left it.\n");
    }
    text
}

/// How much is asked of the other side, and how long that takes.
pub(super) fn time_words(head: &UndoHead) -> String {
    let limited = head.limited_by.map(|quota| format!(", limited by {quota}"));
    format!(
        "{} requests at the least, {} of them to read first what is there: {}{}.",
        number(head.requests),
        number(head.lists),
        about(head.duration),
        limited.unwrap_or_default()
    )
}
