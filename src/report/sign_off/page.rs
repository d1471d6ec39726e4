//! A report as one page, complete by itself: on a desktop, on a phone, on paper.

use minijinja::context;
use serde::Serialize;

use super::equation::Verdict;
use super::{SignOff, SignOffForm};
use crate::report::page::{document_head, nonce, rendered, told};
use crate::report::words::{number, one_line, stamp};

/// A line of the equation as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    class: &'static str,
    rows: String,
    what: &'static str,
    why: String,
}

impl SignOff {
    /// The page, in HTML.
    pub(super) fn html(&self) -> Result<String, minijinja::Error> {
        let job = one_line(&self.job);
        // Nothing of a page can be a script, so it is enough that this is no word that anybody writes.
        let nonce = nonce(&[&job, &stamp(&self.made_at)]);
        let title = format!("{job}: report");
        let styles = [include_str!("sign_off.css")];
        let drawn = self.charts();
        let quota =
            drawn.as_ref().and_then(|(width, _, columns)| self.quota_words(*width, columns));
        let body = rendered(
            include_str!("sign_off.html"),
            context! {
                document_head => document_head(&nonce, &title, &styles, false)?,
                job,
                target => self.target_words(),
                scope => self.scope_words(),
                made => self.made_words(),
                ledger => one_line(&self.ledger.display().to_string()),
                remarks => self.remarks(),
                verdict => self.verdict_words(),
                verdict_class => match self.verdict() {
                    _ if !self.owed.is_nothing() => "grave",
                    Verdict::AllDone => "good",
                    Verdict::SomeLeft | Verdict::Nothing => "",
                    Verdict::SomeWrong | Verdict::Open => "grave",
                },
                cards => told(self.cards()),
                equation => told(self.shown()),
                all_rows => number(self.rows()),
                causes => told(self.causes()),
                more_causes => self.more_causes(),
                verification => self.verification(),
                is_verified => self.is_verified(),
                approvals => told(self.approvals()),
                settlements => told(self.settlements()),
                more_settled => self.settled.len().saturating_sub(super::says::SETTLED),
                sending => self.sending(),
                latency => self.latency(),
                charts => told(drawn.as_ref().map(|(_, charts, _)| charts)),
                quota,
                undrawn => self.undrawn(),
                pauses => self.pause_words(),
                slow => told(self.slow_lanes()),
                runs => told(self.run_lines()),
                more_runs => self.more_runs(),
                rejected => told(self.rejected_rows()),
                more_rejected => self.more_rejected(),
                invalid => told(self.invalid_rows()),
                more_invalid => self.more_invalid(),
                limits => self.limits(),
            },
        )?;
        Ok(format!("{}{body}", SignOffForm::Html.begins()))
    }

    fn shown(&self) -> Vec<Shown> {
        let shown = |line: super::equation::Line| Shown {
            class: match (line.word, line.rows) {
                (_, None | Some(0)) => "none",
                ("succeeded" | "already_done", _) => "send",
                ("failed" | "invalid" | "in_doubt", _) => "reject",
                _ => "",
            },
            rows: line.rows.map_or_else(|| "?".to_owned(), number),
            what: line.what,
            why: line.why,
        };
        self.equation().into_iter().map(shown).collect()
    }

    /// The numbers that are read first: how many, of what, and how they are shown.
    fn cards(&self) -> Vec<(String, &'static str, &'static str)> {
        let (failed, in_doubt, invalid) =
            (self.count("failed"), self.count("in_doubt"), self.count("invalid"));
        let not_started = self.count("not_started");
        let wrong = |count: u64| if count > 0 { "delete" } else { "create" };
        let mut cards = vec![
            (number(self.done()), "done", "create"),
            (number(failed), "failed", wrong(failed)),
            (number(in_doubt), "in doubt", wrong(in_doubt)),
        ];
        if invalid > 0 {
            cards.push((number(invalid), "invalid", "delete"));
        }
        if not_started > 0 {
            cards.push((number(not_started), "not started", "create"));
        }
        cards.push((number(self.traffic.all.requests), "requests for rows", "create"));
        cards
    }
}
