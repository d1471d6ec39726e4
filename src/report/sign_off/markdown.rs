//! A report as Markdown: for a ticket, a wiki, a terminal.

use super::{SignOff, SignOffForm};
use crate::report::words::{number, one_line};

impl SignOff {
    pub(super) fn markdown(&self) -> String {
        let mut text = SignOffForm::Markdown.begins().to_owned();
        let mut line = |words: &str| {
            text.push_str(words);
            text.push('\n');
        };
        line(&format!("# {}: report", plain(&one_line(&self.job))));
        line(&format!(
            "\nTo {} · {} · made {}\n\n**{}**\n",
            plain(&self.target_words()),
            self.scope_words(),
            self.made_words(),
            self.verdict_words()
        ));
        self.remarks().iter().for_each(|remark| line(&format!("- {}", plain(remark))));
        line("\n## Every row is accounted for\n");
        let mut rows: Vec<[String; 3]> = Vec::new();
        for one in self.equation() {
            let count = one.rows.map_or_else(|| "?".to_owned(), number);
            rows.push([count, one.what.to_owned(), one.why]);
        }
        rows.push([number(self.rows()), "**that the ledger knows of**".to_owned(), String::new()]);
        line(&table(["Rows", "What became of them", "Why"], &rows, 1));
        line(self.limits());
        let causes = self.causes();
        if !causes.is_empty() {
            line("\n### Why rows are not done\n");
            let rows: Vec<[String; 4]> = causes
                .into_iter()
                .map(|one| [one.rows, one.state.to_owned(), plain(&one.why), one.first])
                .collect();
            line(&table(["Rows", "Stand", "Why", "First"], &rows, 1));
            self.more_causes().iter().for_each(|more| line(more));
        }
        line("\n## Read back and compared\n");
        self.verification().iter().for_each(|says| line(&plain(says)));
        line("\n## Who approved, and who settled what\n");
        let said: Vec<[String; 4]> = self
            .approvals()
            .into_iter()
            .chain(self.settlements())
            .map(|one| [plain(&one.who), one.when, plain(&one.what), plain(&one.why)])
            .collect();
        match said.is_empty() {
            true => {
                line("No run names somebody who approved it, and no row was settled by a person.")
            }
            false => line(&table(["Who", "When", "What", "In their words"], &said, 0)),
        }
        line("\n## The runs\n");
        let runs: Vec<[String; 6]> = self
            .run_lines()
            .into_iter()
            .map(|run| [run.id.to_string(), run.started, run.took, run.end, run.done, run.requests])
            .collect();
        line(&table(["Run", "Started", "Took", "End", "Done", "Requests"], &runs, 1));
        self.more_runs().iter().for_each(|more| line(more));
        line("\n## How it was sent\n");
        self.sending().iter().chain(&self.latency()).for_each(|says| line(says));
        self.pause_words().iter().for_each(|says| line(&format!("- {says}")));
        text.push_str(&self.markdown_rows());
        text
    }

    fn markdown_rows(&self) -> String {
        let mut text = String::new();
        let rejected = self.rejected_rows();
        if !rejected.is_empty() {
            let rows: Vec<[String; 5]> = rejected
                .into_iter()
                .map(|row| {
                    [
                        row.row.to_string(),
                        plain(&row.key),
                        plain(&row.lane),
                        row.state.to_owned(),
                        plain(&row.why),
                    ]
                })
                .collect();
            text.push_str("\n## Rows that are not done\n\n");
            text.push_str(&table(["Row", "Key", "Where", "Stands", "Why"], &rows, 1));
            self.more_rejected().iter().for_each(|more| text.push_str(&format!("\n{more}\n")));
        }
        let invalid = self.invalid_rows();
        if !invalid.is_empty() {
            let rows: Vec<[String; 4]> = invalid
                .into_iter()
                .map(|row| [row.row.to_string(), plain(&row.column), row.code, plain(&row.why)])
                .collect();
            text.push_str("\n## Invalid when the last run began\n\n");
            text.push_str(&table(["Row", "Column", "Code", "What is wrong"], &rows, 1));
            self.more_invalid().iter().for_each(|more| text.push_str(&format!("\n{more}\n")));
        }
        text
    }
}

/// A table; so many of its first columns are numbers.
fn table<const N: usize>(head: [&str; N], rows: &[[String; N]], numbers: usize) -> String {
    let rule: Vec<&str> = (0..N).map(|at| if at < numbers { "--:" } else { "---" }).collect();
    let mut text = format!("| {} |\n| {} |\n", head.join(" | "), rule.join(" | "));
    for row in rows {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    text
}

/// A text of others, with nothing in it that Markdown would take for its own; what stands between backquotes is left as
/// it is only in sentences of ours, which have none of the others.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '&') {
            plain.push('\\');
        }
        plain.push(letter);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_have_written_is_no_markup() {
        assert_eq!(plain("a|b <img> [x](y) *z*"), "a\\|b \\<img\\> \\[x\\](y) \\*z\\*");
        assert_eq!(
            table(["A", "B"], &[["1".into(), "x".into()]], 1),
            "| A | B |\n| --: | --- |\n| 1 | x |\n"
        );
    }
}
