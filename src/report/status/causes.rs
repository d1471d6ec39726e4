//! Why rows did not succeed, each cause once: with how many rows it is of, and what most of them are for. What comes first
//! where there are many rows, since a cause that is mended mends all of its rows.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::ledger::{InvalidRow, Unfinished};
use crate::report::words::{cause, number, one_line};

use super::rows::RowLine;

/// So many causes are shown to people.
const SHOWN: usize = 5;
/// So many are told apart; a server may have a cause of its own for each row.
const KEPT: usize = 200;
/// So many lanes of a cause are named, of so many that are counted.
const LANES: usize = 3;
const LANES_KEPT: usize = 10_000;

/// A cause, and the rows that it is of.
#[derive(Debug)]
struct Kind<'r> {
    state: &'static str,
    code: Option<&'r str>,
    message: Option<String>,
    rows: u64,
    lanes: HashMap<&'r str, u64>,
}

/// The causes of rows.
#[derive(Debug, Default)]
pub(super) struct Grouped<'r> {
    kinds: Vec<Kind<'r>>,
    /// Rows whose cause was one too many to be kept.
    others: u64,
}

impl<'r> Grouped<'r> {
    pub(super) fn of(rows: &'r [RowLine], invalid: &'r [InvalidRow]) -> Self {
        let mut grouped = Self::default();
        for line in rows.iter().filter(|line| !line.under_way) {
            let row = &line.row;
            let state = match row.state {
                Unfinished::Failed => "failed",
                Unfinished::InDoubt => "in doubt",
            };
            let code = row.cause.as_ref().and_then(|cause| cause.code.as_deref());
            grouped.count(state, code, row.cause.as_ref().map(cause), Some(&row.lane));
        }
        for row in invalid {
            // What is wrong names the value, which differs from row to row: the column does not.
            let message = row.column.as_ref().map(|column| format!("in the column {column}"));
            grouped.count("invalid", Some(&row.code), message, None);
        }
        grouped.kinds.sort_by_key(|kind| std::cmp::Reverse(kind.rows));
        grouped
    }

    fn count(
        &mut self,
        state: &'static str,
        code: Option<&'r str>,
        message: Option<String>,
        lane: Option<&'r str>,
    ) {
        let is_it = |kind: &&mut Kind<'_>| {
            kind.state == state && kind.code == code && kind.message == message
        };
        let is_full = self.kinds.len() == KEPT;
        let kind = match self.kinds.iter_mut().find(is_it) {
            Some(kind) => kind,
            None if is_full => {
                self.others += 1;
                return;
            }
            None => {
                let lanes = HashMap::new();
                self.kinds.push(Kind { state, code, message, rows: 0, lanes });
                let last = self.kinds.len() - 1;
                &mut self.kinds[last]
            }
        };
        kind.rows += 1;
        if let Some(lane) = lane.filter(|lane| {
            !lane.is_empty() && (kind.lanes.len() < LANES_KEPT || kind.lanes.contains_key(lane))
        }) {
            *kind.lanes.entry(lane).or_default() += 1;
        }
    }

    /// `180 × 1003: ticket not found (failed)`, and what most of them are for.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for kind in self.kinds.iter().take(SHOWN) {
            let why = [kind.code.map(one_line), kind.message.as_deref().map(one_line)];
            let why: Vec<String> = why.into_iter().flatten().collect();
            let why =
                if why.is_empty() { "no reason was given".to_owned() } else { why.join(": ") };
            text.push_str(&format!("  {} × {why} ({})\n", number(kind.rows), kind.state));
            let lanes: Vec<String> = kind
                .most_frequent()
                .into_iter()
                .map(|(lane, rows)| format!("{} ({})", one_line(lane), number(rows)))
                .collect();
            if !lanes.is_empty() && kind.rows > 1 {
                text.push_str(&format!("    most often {}\n", lanes.join(", ")));
            }
        }
        let more = self.kinds.iter().skip(SHOWN).map(|kind| kind.rows).sum::<u64>() + self.others;
        if more > 0 {
            text.push_str(&format!("  and {} more for other reasons\n", number(more)));
        }
        text
    }

    /// For a script: all that are kept.
    pub(super) fn json(&self) -> Value {
        let kinds = self.kinds.iter().map(|kind| {
            let lanes = kind.most_frequent().into_iter();
            let lanes: Vec<Value> =
                lanes.map(|(lane, rows)| json!({"lane": lane, "rows": rows})).collect();
            json!({
                "state": kind.state.replace(' ', "_"),
                "code": kind.code,
                "message": kind.message,
                "rows": kind.rows,
                "lanes": lanes,
            })
        });
        Value::Array(kinds.collect())
    }
}

impl Kind<'_> {
    fn most_frequent(&self) -> Vec<(&str, u64)> {
        let mut lanes: Vec<(&str, u64)> =
            self.lanes.iter().map(|(lane, rows)| (*lane, *rows)).collect();
        lanes.sort_by(|(one, of_one), (other, of_other)| of_other.cmp(of_one).then(one.cmp(other)));
        lanes.truncate(LANES);
        lanes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::FailedRow;
    use crate::row::{Cause, Reason, RowId};
    use crate::text::place::RowPlace;

    fn row(number: u64, lane: &str, message: &str) -> RowLine {
        let cause = Cause { code: Some("4".into()), ..Cause::of(Reason::Answered) };
        let row = FailedRow {
            operation: String::new(),
            undoes: false,
            may_have_acted: false,
            thing: None,
            id: RowId(1),
            place: RowPlace::of(number, number + 1),
            key: format!("k{number}"),
            lane: lane.into(),
            state: Unfinished::Failed,
            attempts: 1,
            cause: Some(cause.saying(message)),
        };
        RowLine { row, under_way: false, gone: false }
    }

    #[test]
    fn the_most_frequent_come_first_with_what_they_are_for() {
        let lanes =
            ["ticket a", "ticket b", "ticket b", "ticket c", "ticket d", "ticket b", "ticket a"];
        let mut rows: Vec<RowLine> =
            (1..).zip(lanes).map(|(at, lane)| row(at, lane, "ticket not found")).collect();
        rows.push(row(9, "ticket a", "too long"));
        let invalid = |column: Option<&str>, message: &str| {
            InvalidRow::new(RowPlace::of(1, 2), column, "past-time", message)
        };
        let invalid = [
            invalid(Some("due"), "1 is past"),
            invalid(Some("due"), "2 is past"),
            invalid(None, "x"),
        ];
        let grouped = Grouped::of(&rows, &invalid);
        assert_eq!(
            grouped.text(),
            "  7 × 4: ticket not found (failed)\n    most often ticket b (3), ticket a (2), ticket c (1)\n  \
             2 × past-time: in the column due (invalid)\n  1 × 4: too long (failed)\n  1 × past-time (invalid)\n"
        );
        let json = grouped.json();
        assert_eq!(
            (&json[0]["rows"], &json[0]["lanes"][0]["lane"]),
            (&7.into(), &"ticket b".into())
        );
        assert_eq!((&json[1]["state"], &json[1]["code"]), (&"invalid".into(), &"past-time".into()));
    }

    #[test]
    fn causes_without_number_are_counted_together() {
        let rows: Vec<RowLine> = (0..300).map(|at| row(at, "", &format!("trace {at}"))).collect();
        let text = Grouped::of(&rows, &[]).text();
        assert!(text.ends_with("  and 295 more for other reasons\n"), "{text}");
    }
}
