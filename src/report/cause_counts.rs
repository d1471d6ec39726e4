//! Why rows did not succeed in a run, counted for files that others may read: by codes, words of ours and HTTP statuses.
//!
//! Without the other side's words, which may quote a row, and without keys. Those are for [`super::Causes`].

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::Reporter;
use super::narration::code;
use crate::event::{Event, Progress, RowEnd, RowEnded};
use crate::row::Reason;

/// So many are told apart; a server may have a code of its own for each row.
const KEPT: usize = 100;
/// A longer code, in bytes, is cut.
const LONGEST_CODE: usize = 64;

/// The counts, while a run goes on and after it.
#[derive(Debug, Clone, Default)]
pub(crate) struct CauseCounts(Arc<Mutex<Kinds>>);

#[derive(Debug, Default)]
struct Kinds {
    kinds: Vec<Kind>,
    /// Rows whose cause was one too many to be kept.
    others: u64,
}

#[derive(Debug)]
struct Kind {
    end: RowEnd,
    code: Option<String>,
    reason: Option<Reason>,
    status: Option<u16>,
    rows: u64,
    /// Where the first row of the kind stands.
    first: (u64, u64),
}

impl CauseCounts {
    /// Counts as a run goes on.
    pub(crate) fn reporter(&self) -> Box<dyn Reporter> {
        Box::new(self.clone())
    }

    /// The causes, the most frequent first, and how many rows had another one.
    pub(crate) fn json(&self) -> (Value, u64) {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kinds: Vec<&Kind> = counted.kinds.iter().collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.rows));
        (kinds.into_iter().map(Kind::json).collect(), counted.others)
    }
}

impl Reporter for CauseCounts {
    fn hear(&mut self, event: &Event) {
        if let Event::Row(row) = event
            && row.end != RowEnd::Succeeded
        {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).see(row);
        }
    }

    fn progress(&mut self, _: &Progress) {}
}

impl Kinds {
    fn see(&mut self, row: &RowEnded) {
        let code = code(row).map(|code| code[..code.floor_char_boundary(LONGEST_CODE)].to_owned());
        let reason = row.cause.as_ref().map(|cause| cause.reason);
        let status = row.cause.as_ref().and_then(|cause| cause.status);
        let is_it = |kind: &&mut Kind| {
            kind.end == row.end && (&kind.code, kind.reason, kind.status) == (&code, reason, status)
        };
        let is_full = self.kinds.len() == KEPT;
        match self.kinds.iter_mut().find(is_it) {
            Some(kind) => kind.rows += 1,
            None if is_full => self.others += 1,
            None => {
                let first = (row.place.row, row.place.line);
                self.kinds.push(Kind { end: row.end, code, reason, status, rows: 1, first });
            }
        }
    }
}

impl Kind {
    fn json(&self) -> Value {
        json!({
            "state": self.end.word(),
            "code": self.code,
            "reason": self.reason.map(Reason::word),
            "status": self.status,
            "rows": self.rows,
            "first_row": self.first.0,
            "first_line": self.first.1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::refused;

    #[test]
    fn causes_are_counted_without_words_of_others() {
        let counts = CauseCounts::default();
        let mut reporter = counts.reporter();
        for number in 1..=3 {
            reporter.hear(&refused(number));
        }
        let Event::Row(row) = refused(4) else { unreachable!() };
        let cause = row.cause.clone().map(|cause| cause.saying("quotes: Khách gọi"));
        reporter.hear(&Event::Row(RowEnded { cause: cause.clone(), ..row.clone() }));
        let other = cause.map(|cause| crate::row::Cause { code: Some("ă".repeat(99)), ..cause });
        reporter.hear(&Event::Row(RowEnded { cause: other, end: RowEnd::InDoubt, ..row.clone() }));
        reporter.hear(&Event::Row(RowEnded { end: RowEnd::Succeeded, ..row }));
        let (told, others) = counts.json();
        assert_eq!((told.as_array().unwrap().len(), others), (2, 0), "{told}");
        assert_eq!((&told[0]["rows"], &told[0]["first_row"]), (&4.into(), &1.into()));
        assert_eq!(told[0]["state"], "failed");
        assert_eq!(told[1]["code"].as_str().unwrap().len(), LONGEST_CODE);
        assert!(!told.to_string().contains("Khách"), "{told}");
    }

    #[test]
    fn causes_without_number_are_counted_together() {
        let mut kinds = Kinds::default();
        for number in 0..(KEPT as u64 + 20) {
            let Event::Row(row) = refused(number) else { unreachable!() };
            let cause = row.cause.clone();
            let cause =
                cause.map(|cause| crate::row::Cause { code: Some(format!("{number}")), ..cause });
            kinds.see(&RowEnded { cause, ..row });
        }
        assert_eq!((kinds.kinds.len(), kinds.others), (KEPT, 20));
    }
}
