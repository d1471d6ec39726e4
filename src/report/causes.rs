//! Why rows did not succeed, by cause: what a summary shows instead of a line for each of ten thousand rows.

use super::narration::{code, place};
use super::words::{self, number, one_line};
use crate::event::{RowEnd, RowEnded};
use crate::row::Cause;

/// So many causes are shown.
const SHOWN: usize = 5;
/// So many are told apart; a server may have a cause of its own for each row.
const KEPT: usize = 200;

/// Rows that did not succeed in a run, counted by what became of them and why.
#[derive(Debug, Default)]
pub(crate) struct Causes {
    kinds: Vec<Kind>,
    /// Rows whose cause was one too many to be kept.
    others: u64,
}

#[derive(Debug)]
struct Kind {
    end: RowEnd,
    why: String,
    count: u64,
    /// The first row of the kind.
    first: String,
}

impl Causes {
    /// Takes note of a row that did not succeed.
    pub(super) fn see(&mut self, row: &RowEnded) {
        self.count(row.end, why(code(row), row.cause.as_ref()), || place(row));
    }

    /// Likewise, of a row in words; `place` says which it is.
    pub(super) fn count(&mut self, end: RowEnd, why: String, place: impl FnOnce() -> String) {
        let is_full = self.kinds.len() == KEPT;
        match self.kinds.iter_mut().find(|kind| kind.end == end && kind.why == why) {
            Some(kind) => kind.count += 1,
            None if is_full => self.others += 1,
            None => {
                self.kinds.push(Kind { end, why, count: 1, first: place() });
            }
        }
    }

    /// The causes, the most frequent first: two lines each, indented; nothing where all went well.
    pub(super) fn text(&self) -> String {
        let mut kinds: Vec<&Kind> = self.kinds.iter().collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        let mut text = String::new();
        for kind in kinds.iter().take(SHOWN) {
            let (end, rows) = (end_words(kind.end), number(kind.count));
            let first = if kind.count == 1 { "" } else { "first: " };
            text.push_str(&format!("  {rows} {end}: {}\n    {first}{}\n", kind.why, kind.first));
        }
        let more = kinds.iter().skip(SHOWN).map(|kind| kind.count).sum::<u64>() + self.others;
        if more > 0 {
            text.push_str(&format!("  and {} more for other reasons\n", number(more)));
        }
        text
    }
}

fn end_words(end: RowEnd) -> &'static str {
    match end {
        RowEnd::Succeeded => "succeeded",
        RowEnd::Failed => "failed",
        RowEnd::InDoubt => "in doubt",
        RowEnd::Invalid => "invalid",
    }
}

/// `1003: ticket not found`.
pub(super) fn why(code: Option<&str>, cause: Option<&Cause>) -> String {
    let parts = [code.map(str::to_owned), cause.map(words::cause)];
    let parts: Vec<String> = parts.into_iter().flatten().map(|part| one_line(&part)).collect();
    match parts.is_empty() {
        true => "no reason was given".to_owned(),
        false => parts.join(": "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::report::tests::refused;

    fn row(number: u64, message: &str) -> RowEnded {
        let Event::Row(mut row) = refused(number) else { unreachable!() };
        row.cause = row.cause.map(|cause| cause.saying(message));
        row
    }

    #[test]
    fn rows_are_counted_by_cause_and_what_is_rare_is_summed_up() {
        let mut causes = Causes::default();
        (1..=30).for_each(|number| causes.see(&row(number, "ticket not found")));
        (31..=40).for_each(|number| causes.see(&row(number, &format!("no {number}"))));
        (41..=500).for_each(|number| causes.see(&row(number, &format!("odd {number}"))));
        insta::assert_snapshot!(causes.text());
        assert_eq!(Causes::default().text(), "");
    }
}
