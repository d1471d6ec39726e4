//! What a task has to tell on its way, passed on as it is heard.

use serde_json::json;

use crate::report::{Problems, brought_in, credentials, of_waiting};
use crate::task::{Details, Limits, Told};
use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;
use crate::text::visible::shown;

use super::output::Output;

/// Passes on what a task tells.
pub(super) struct Hearing<'j> {
    output: Output<'j>,
    /// The problems of a reading under way.
    problems: Option<Problems>,
    /// What stands above all else for those who hear only of what is wrong; none once it is said, or where nobody needs it.
    heading: Option<String>,
}

/// Whether something is worth a word to whoever writes a job, and to nobody who runs it every night.
fn is_usual(problem: &Diagnostic) -> bool {
    !problem.is_error() && problem.code == Code::UnusedColumn
}

impl<'j> Hearing<'j> {
    pub(super) fn new(output: Output<'j>) -> Self {
        Self { output, problems: None, heading: None }
    }

    /// For whoever reads it in a mail: where it comes from stands above what is told first.
    pub(super) fn headed(self, heading: String) -> Self {
        let is_mail = self.output.quiet && !self.output.is_json();
        Self { heading: is_mail.then_some(heading), ..self }
    }

    /// Says where it all comes from, unless that has been said.
    pub(super) fn head(&mut self) {
        if let Some(heading) = self.heading.take() {
            self.output.warn(&heading);
        }
    }

    pub(super) fn hear(&mut self, told: Told) {
        match told {
            Told::Details(details) => self.details(&details),
            Told::BroughtIn(taken) => {
                let note = brought_in(&taken);
                self.output.say(&format!("note: {note}"));
                self.output.event(&json!({"event": "note", "message": note}));
            }
            Told::Waiting { file, outcomes } => {
                self.head();
                self.output.tell(&[of_waiting(&file, outcomes)]);
            }
            // It is so every time, and nothing is wrong: a log has it.
            Told::Problem(problem) if self.output.quiet && is_usual(&problem) => {
                self.output.keep(&[problem]);
            }
            Told::Problem(problem) => {
                self.head();
                self.problems.get_or_insert_with(|| self.output.problems()).tell(&problem);
            }
            Told::Surveyed => {
                self.problems.take().map(Problems::finish);
            }
        }
    }

    /// Where it all comes from and goes: for those who want to hear more, and what a saved plan says of it for all.
    fn details(&self, details: &Details) {
        let Details {
            connector,
            folder,
            operations,
            is_planned,
            target,
            passed_over,
            credentials: kind,
            variables,
            ledger,
            limits,
        } = details;
        let folder = match folder {
            Some(folder) => format!("from {}", folder.display()),
            None => "built in".to_owned(),
        };
        let from = match variables.as_slice() {
            [] => String::new(),
            variables => format!(", from {}", variables.join(" and ")),
        };
        let quotas = |limits: &Limits| {
            let quotas: Vec<String> = limits.quotas.iter().map(ToString::to_string).collect();
            format!("quotas: {}; concurrency: {}", quotas.join(", "), limits.concurrency)
        };
        let instead =
            passed_over.as_ref().map(|own| format!(", in place of the connector's own {own}"));
        let instead = instead.unwrap_or_default();
        let where_to = [
            Some(format!(
                "connector: {} ({operations} operations), {}",
                shown(connector),
                shown(&folder.to_string())
            )),
            target.as_ref().map(|target| format!("target: {}{}", shown(target), shown(&instead))),
        ];
        let more = [
            kind.map(|kind| format!("credentials: {}{}", credentials(kind), shown(&from))),
            ledger
                .as_ref()
                .map(|ledger| format!("ledger: {}", shown(&ledger.display().to_string()))),
            limits.as_ref().map(quotas),
        ];
        if self.output.verbose || *is_planned {
            where_to.into_iter().flatten().for_each(|line| self.output.say(&line));
        }
        more.into_iter().flatten().for_each(|line| self.output.detail(&line));
    }
}
