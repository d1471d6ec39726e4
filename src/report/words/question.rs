//! What somebody at a terminal is asked before a run begins.

use super::rows;
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
