//! What is said beside a drafted job: what was written, and what to do next.

use std::path::Path;

use super::yaml::line;
use crate::draft::{Draft, TicketMap};
use crate::text::command::CommandLine;

/// What was made, in a line.
pub(crate) fn drafted_line(
    draft: &Draft,
    (checks, decisions): (usize, usize),
    file: Option<&Path>,
) -> String {
    let from = match &draft.system {
        Some((name, _)) => format!("an export of {name}"),
        None => "files of no system that is known".to_owned(),
    };
    let lines = |count: usize| {
        if count == 1 { "1 line says".to_owned() } else { format!("{count} lines say") }
    };
    let todo = match (checks, decisions) {
        (0, 0) => "nothing in it is in doubt".to_owned(),
        (checks, 0) => format!("{} CHECK", lines(checks)),
        (0, decisions) => format!("{} DECIDE", lines(decisions)),
        (checks, decisions) => format!("{} CHECK, {} DECIDE", lines(checks), lines(decisions)),
    };
    match file {
        Some(file) => format!("{}: a job for {from}; {todo}.", line(&file.display().to_string())),
        None => format!("A job for {from}; {todo}."),
    }
}

/// What to do next.
pub(crate) fn next_after_draft(draft: &Draft, file: Option<&Path>, is_good: bool) -> String {
    let job = file.map_or_else(|| "job.yaml".to_owned(), |file| file.display().to_string());
    let check = CommandLine::new("check", Some(&job));
    let saved = if file.is_some() {
        ""
    } else {
        "Save it beside the files, as job.yaml (or say -o job.yaml). "
    };
    let map = draft.lookups.iter().find(|table| table.name == "tickets");
    match (&draft.map, map) {
        (TicketMap::ToFill { .. }, Some(map)) => format!(
            "{saved}Next: make {}, with the columns {} (the old number) and {} (the ticket in StringeeX), then: {check}",
            line(&map.path.display().to_string()),
            line(&map.key),
            line(&map.value),
        ),
        _ if is_good => {
            let plan = CommandLine::new("plan", Some(&job)).with_value("html", "preview.html");
            format!("Next: {plan}")
        }
        _ if file.is_some() => format!("Next: put right what is told above, then: {check}"),
        _ => format!("{saved}Next: look at it, then: {check}"),
    }
}
