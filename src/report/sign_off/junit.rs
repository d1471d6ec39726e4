//! A report for a build server, in the XML of JUnit: a case for each thing that a build should fail on, and one for each of the
//! first rows that failed.

use super::equation::Verdict;
use super::says::{RowSays, state_words};
use super::{SignOff, SignOffForm};
use crate::ledger::Unfinished;
use crate::report::words::{one_line, rows};

/// What a case came to.
enum Came {
    Well,
    /// It says why.
    Wrong(String),
    /// Nobody has looked; it says why.
    Unknown(String),
}

struct Case {
    class: &'static str,
    name: String,
    came: Came,
}

impl SignOff {
    pub(super) fn junit(&self) -> String {
        let mut cases = self.checks();
        cases.extend(self.rejected_rows().iter().map(case_of_row));
        if let Some(more) = self.more_rejected() {
            let name = format!("{} more rows", self.rejected.more());
            cases.push(Case { class: "rows", name, came: Came::Wrong(more) });
        }
        let wrong = cases.iter().filter(|case| matches!(case.came, Came::Wrong(_))).count();
        let unknown = cases.iter().filter(|case| matches!(case.came, Came::Unknown(_))).count();
        let job = xml(&one_line(&self.job));
        let mut text = SignOffForm::Junit.begins().to_owned();
        text.push_str(&format!(
            "<testsuites name=\"noteferry\" tests=\"{0}\" failures=\"{wrong}\" skipped=\"{unknown}\">\n\
             <testsuite name=\"{job}\" tests=\"{0}\" failures=\"{wrong}\" skipped=\"{unknown}\" timestamp=\"{1}\">\n",
            cases.len(),
            self.made_at.timestamp().strftime("%Y-%m-%dT%H:%M:%S"),
        ));
        for case in &cases {
            let head = format!(
                "<testcase classname=\"{job}.{}\" name=\"{}\"",
                case.class,
                xml(&case.name)
            );
            text.push_str(&match &case.came {
                Came::Well => format!("{head}/>\n"),
                Came::Wrong(why) => {
                    format!("{head}><failure message=\"{}\"/></testcase>\n", xml(why))
                }
                Came::Unknown(why) => {
                    format!("{head}><skipped message=\"{}\"/></testcase>\n", xml(why))
                }
            });
        }
        text.push_str("</testsuite>\n</testsuites>\n");
        text
    }

    fn checks(&self) -> Vec<Case> {
        let check = |name: &str, came: Came| Case { class: "job", name: name.to_owned(), came };
        let none = |word: &str, says: &str| match self.count(word) {
            0 => Came::Well,
            some => Came::Wrong(format!("{} {says}", rows(some))),
        };
        let sent = match self.verdict() {
            Verdict::Nothing => Came::Wrong(self.verdict_words()),
            _ => Came::Well,
        };
        let under_way = match &self.running {
            Some(_) => Came::Wrong("a run is under way at this moment".to_owned()),
            None => Came::Well,
        };
        let ended = match self.open_run() {
            Some(_) => Came::Wrong(self.verdict_words()),
            None => Came::Well,
        };
        let once = match self.owed.is_nothing() {
            true => Came::Well,
            false => Came::Wrong(self.owed.sentences().join(" ")),
        };
        let verified = match self.is_verified() {
            Some(true) => Came::Well,
            Some(false) => Came::Wrong(self.verification().join(" ")),
            None => Came::Unknown(self.verification().join(" ")),
        };
        vec![
            check("something was sent", sent),
            check("no run is under way", under_way),
            check("the last run came to its end", ended),
            check("no row failed", none("failed", "failed")),
            check("no row is invalid", none("invalid", "invalid")),
            check("no row is in doubt", none("in_doubt", state_words(Unfinished::InDoubt))),
            check("every row was started", none("not_started", "not started")),
            check("what was counted is there once", once),
            check("what was sent is there", verified),
        ]
    }
}

fn case_of_row(row: &RowSays) -> Case {
    let name = format!("row {} (line {}, key {}, {})", row.row, row.line, row.key, row.lane);
    Case { class: "rows", name, came: Came::Wrong(format!("{}: {}", row.state, row.why)) }
}

/// A text within an attribute. Signs that XML cannot have were shown by name before.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            other if other.is_control() || matches!(other, '\u{fffe}' | '\u{ffff}') => {
                safe.push('?')
            }
            other => safe.push(other),
        }
    }
    safe
}
