//! The values that are at fault in many rows: one deleted agent is a thousand rows, and mended by one line of a table.
//!
//! Of each value the first row is shown, and those of most rows are named at the end. Values beyond a bound are not told
//! apart, which is said.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::words::{counted, rows};
use crate::text::code::Code;
use crate::text::visible::shown;

/// So many values are told apart, over all causes.
const TOLD_APART: usize = 10_000;
/// So many of a cause are named.
const NAMED: usize = 10;
/// So many letters of one are shown.
const LONGEST: usize = 40;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Values(HashMap<Fault, Rows>);

/// A value, and what is wrong with it where.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Fault {
    code: Code,
    column: Option<String>,
    value: Box<str>,
}

/// The rows in which a value is at fault.
#[derive(Debug)]
struct Rows {
    count: u64,
    first_line: u64,
}

impl Values {
    /// A value is at fault on a line; gives whether that is the first row of it.
    pub(super) fn add(
        &mut self,
        code: Code,
        column: Option<String>,
        value: &str,
        line: u64,
    ) -> bool {
        let fault = Fault { code, column, value: Box::from(value) };
        if let Some(known) = self.0.get_mut(&fault) {
            known.count += 1;
            return false;
        }
        let has_room = self.0.len() < TOLD_APART;
        if has_room {
            self.0.insert(fault, Rows { count: 1, first_line: line });
        }
        has_room
    }

    /// The values of a cause, those of most rows first, a line each; empty where there is only one.
    pub(super) fn worst(&self, (code, column): (Code, &Option<String>), indent: usize) -> String {
        let is_of = |(fault, _): &(&Fault, &Rows)| fault.code == code && fault.column == *column;
        let mut values: Vec<(&Fault, &Rows)> = self.0.iter().filter(is_of).collect();
        if values.len() < 2 {
            return String::new();
        }
        values.sort_by_key(|(_, found)| (Reverse(found.count), found.first_line));
        let mut text = String::new();
        for (fault, found) in values.iter().take(NAMED) {
            let (value, rows) = (quoted(&fault.value), rows(found.count));
            let line = found.first_line;
            text.push_str(&format!("{:indent$}{value}: {rows}, first in line {line}\n", ""));
        }
        if values.len() > NAMED {
            let more = counted((values.len() - NAMED) as u64, "more value");
            let least = if self.0.len() >= TOLD_APART { "at least " } else { "" };
            text.push_str(&format!("{:indent$}and {least}{more}\n", ""));
        }
        text
    }
}

/// A value in quotes, cut where it is long.
fn quoted(value: &str) -> String {
    let begin: String = value.chars().take(LONGEST).collect();
    let rest = if begin.len() < value.len() { "…" } else { "" };
    format!("\"{}{rest}\"", shown(&begin))
}
