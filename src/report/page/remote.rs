//! What `plan --remote` has found, as a page shows it. Masked, it shows how texts would change and not what they say.

use serde::Serialize;

use super::super::remote::{Mark, RemoteFindings, kind_words, lists_of, pieces, place, said};
use super::super::words::number;
use super::mask::Mask;
use crate::report::RemoteEnd;
use crate::text::visible::shown;

/// So many rows of a kind, and so many changes, are on a page.
const NAMED: usize = 10;

#[derive(Debug, Serialize)]
pub(super) struct RemoteSays {
    says: String,
    lines: Vec<Line>,
    changes: Vec<Change>,
}

#[derive(Debug, Serialize)]
struct Line {
    grave: bool,
    rows: String,
    words: String,
    named: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Change {
    place: String,
    pieces: Vec<Part>,
}

#[derive(Debug, Serialize)]
struct Part {
    mark: &'static str,
    text: String,
}

/// That not all are named.
fn more(count: u64) -> Option<String> {
    (count > 0).then(|| format!("and {} more", number(count)))
}

pub(super) fn remote(findings: &RemoteFindings, masked: bool) -> RemoteSays {
    let noun = findings.noun().unwrap_or("list");
    let asked = lists_of(findings.lists(), findings.noun());
    let says = match findings.end {
        RemoteEnd::Whole => match findings.known_earlier() {
            None => format!("As {asked} showed it when this page was made."),
            Some(earlier) => {
                format!("As {asked} showed it: {earlier}, the others when this page was made.")
            }
        },
        RemoteEnd::Interrupted { .. } | RemoteEnd::Stopped { .. } => {
            let earlier = findings.known_earlier().map(|earlier| format!(" ({earlier})"));
            format!(
                "Asking ended early: {} of {asked} had an answer{}.",
                number(findings.answered()),
                earlier.unwrap_or_default()
            )
        }
    };
    let mask = Mask;
    let hidden = |text: &str| if masked { mask.of(text) } else { shown(text).into_owned() };
    let lines = findings.kinds().map(|(kind, count)| Line {
        grave: kind.is_grave(),
        rows: number(count),
        words: kind_words(kind, noun),
        named: findings
            .named_of(kind)
            .take(NAMED)
            .map(|row| match said(row).filter(|_| !masked) {
                Some(said) => format!("row {}, line {}: {said}", row.place.row, row.place.line),
                None => format!("row {}, line {}", row.place.row, row.place.line),
            })
            .chain(more(findings.more_of(kind, NAMED)))
            .collect(),
    });
    let changes = findings.changes().take(NAMED).filter_map(|row| {
        let (from, to) = row.change()?;
        let part = |piece: super::super::remote::Piece| Part {
            mark: match piece.mark {
                Mark::Stays => "stays",
                Mark::Goes => "goes",
                Mark::Comes => "comes",
            },
            text: piece.text.split('\n').map(hidden).collect::<Vec<_>>().join("\n"),
        };
        let place = if masked { format!("row {}", row.place.row) } else { place(row) };
        Some(Change { place, pieces: pieces(from, to).into_iter().map(part).collect() })
    });
    RemoteSays { says, lines: lines.collect(), changes: changes.collect() }
}
