//! What somebody at a terminal is asked: before a run begins, and before rows are said to be absent.

use super::{number, rows};
use crate::ledger::SettledNow;
use crate::text::visible::shown;

/// What is asked where rows go that delete, or go there for the first time without a plan that was saved.
pub(crate) fn question(target: &str, to_send: u64, (deletes, is_new): (bool, bool)) -> String {
    let mut lines = vec![format!("{} would go to {}.", rows(to_send), shown(target))];
    if deletes {
        lines.push("This job can delete what is there, and nothing brings that back.".to_owned());
    }
    if is_new {
        lines
            .push("It is the first run of this job there, and no plan of it was saved.".to_owned());
    }
    let them = if to_send == 1 { "it" } else { "them" };
    lines.push(format!("Send {them}? [y/N] "));
    lines.join("\n")
}

/// So many rows are named.
const NAMED: usize = 10;

/// What is asked where several rows are said not to be there.
pub(crate) fn question_of_absent(absent: &[SettledNow]) -> String {
    let mut lines = vec![format!(
        "The next run sends {} again. One that is there after all will be there twice:",
        rows(absent.len() as u64)
    )];
    lines.extend(absent.iter().take(NAMED).map(|row| {
        format!("  row {} (key {}), {}", row.place.row, shown(&row.key), shown(&row.lane))
    }));
    if absent.len() > NAMED {
        lines.push(format!("  and {} more", number((absent.len() - NAMED) as u64)));
    }
    lines.push("Has somebody looked for each of them, and none is there? [y/N] ".to_owned());
    lines.join("\n")
}
