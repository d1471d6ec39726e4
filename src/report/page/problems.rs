//! What is wrong with the rows of a plan, by kind, for a page.

use serde::Serialize;

use super::super::words::{number, one_line};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, Severity};

/// So many of a kind are named.
const NAMED: usize = 3;

/// What is wrong, by kind.
#[derive(Debug, Default)]
pub(crate) struct PageProblems {
    kinds: Vec<Kind>,
}

#[derive(Debug)]
struct Kind {
    code: Code,
    severity: Severity,
    count: u64,
    examples: Vec<String>,
}

/// A kind as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    severity: &'static str,
    rows: String,
    summary: &'static str,
    code: &'static str,
    examples: Vec<String>,
}

impl PageProblems {
    /// Takes note of a problem.
    pub(crate) fn hear(&mut self, problem: &Diagnostic) {
        let is_same = |kind: &Kind| kind.code == problem.code && kind.severity == problem.severity;
        let kind = match self.kinds.iter().position(is_same) {
            Some(at) => &mut self.kinds[at],
            None => {
                let (code, severity) = (problem.code, problem.severity);
                self.kinds.push(Kind { code, severity, count: 0, examples: Vec::new() });
                let last = self.kinds.len() - 1;
                &mut self.kinds[last]
            }
        };
        kind.count += 1;
        if kind.examples.len() < NAMED {
            kind.examples.push(example(problem));
        }
    }

    /// The kinds, errors first and the most frequent before the others. A message may repeat what a cell holds, so of masked
    /// pages only the places are told.
    pub(super) fn told(&self, mask: bool) -> Vec<Told> {
        let mut kinds: Vec<&Kind> = self.kinds.iter().collect();
        kinds.sort_by_key(|kind| {
            (kind.severity == Severity::Warning, std::cmp::Reverse(kind.count))
        });
        let told = kinds.into_iter().map(|kind| Told {
            severity: match kind.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            rows: number(kind.count),
            summary: kind.code.summary(),
            code: kind.code.word(),
            examples: if mask { Vec::new() } else { kind.examples.clone() },
        });
        told.collect()
    }
}

fn example(problem: &Diagnostic) -> String {
    let message = one_line(&problem.message);
    let message = match &problem.hint {
        Some(hint) => format!("{message} ({})", one_line(hint)),
        None => message,
    };
    match &problem.place {
        Place::Row(place) if place.row.row > 0 => {
            let column =
                place.column.as_ref().map(|column| format!(", column {}", one_line(column)));
            let (row, line) = (place.row.row, place.row.line);
            format!("row {row} (line {line}{}): {message}", column.unwrap_or_default())
        }
        _ => message,
    }
}
