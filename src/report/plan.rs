//! A plan, step by step: for whoever approves it, and for a script that compares it.
//!
//! It shows what is planned and plans nothing itself.

mod closing;
mod columns;
mod contents;
mod events;
mod reason;
mod row;
mod row_detail;

pub(super) use closing::{time, to_do};
pub(super) use columns::{filled_words, values_words};
pub(super) use contents::{details as details_of, lanes as lanes_of};
pub(crate) use events::nothing_planned;
#[cfg(test)]
pub(super) use events::words;
pub(super) use reason::reason;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use jiff::tz::TimeZone;

use self::closing::closing;
use self::events::{StepLine, planned_event};
use self::row::{changed_row, deleted, held, in_full};
use self::row_detail::{detail, detail_event};
use super::Outlet;
use super::paint::Paint;
use super::reads_ahead::ReadsAhead;
use super::reminders;
use super::remote::{RemoteFindings, RemoteRow, row_event};
use super::words::counted;
use crate::declared::job::{InDoubt, PastReminders};
use crate::ledger::PlanId;
use crate::plan::{
    Contents, Done, Fate, Filtered, Held, LeftOut, Notable, RowInsight, Sending, SourceProfile,
    Stays, Step, Tally, Turns,
};
use crate::text::command::CommandLine;
use crate::text::quota::Quota;

/// So many requests are shown in full, unless somebody asks for more, and so many rows that are looked at.
pub(crate) const SHOWN: u64 = 3;

/// What a plan is about.
#[derive(Debug, Clone)]
pub(crate) struct PlanHead {
    /// The job's name.
    pub job: String,
    /// The command as it was given, from which the advice makes those that it names.
    pub command: CommandLine,
    /// The same of the saved plan, where one is to be saved.
    pub saving: Option<CommandLine>,
    /// Base URL and account.
    pub target: String,
    /// The base URL, for the commands that send the same.
    pub address: String,
    /// The header that carries the token, if requests have one.
    pub header: Option<String>,
    /// What one row makes or changes on the other side, in a word of the connector's.
    pub item: String,
    /// All rows that somebody has to look at are shown, not only the first.
    pub verbose: bool,
    /// So many requests are shown in full.
    pub sample: u64,
}

/// What a plan comes to.
#[derive(Debug, Clone, Default)]
pub(crate) struct PlanTotals {
    pub tally: Tally,
    /// How long it takes at the quotas; zero where there are none.
    pub duration: Duration,
    /// The quota that binds.
    pub limited_by: Option<Quota>,
    /// What is in the rows that would be sent.
    pub contents: Contents,
    /// What is there already, where that was asked.
    pub remote: Option<RemoteFindings>,
    /// What is in the columns of the source.
    pub profile: SourceProfile,
    /// Why rows are left out.
    pub filtered: Filtered,
    /// The job's zone, in which times are shown; none where it names none.
    pub zone: Option<TimeZone>,
    /// The job has no key: rows are known by their content.
    pub by_content: bool,
    /// Rows that are taken for old ones by nothing but their content, in a source that is not the one before with more rows.
    pub repeated: u64,
    /// What the job says of rows in doubt.
    pub in_doubt: InDoubt,
    /// The run that holds the job at this moment, as it says itself; it may say nothing.
    pub running: Option<String>,
    /// When rows with reminders have their turns.
    pub turns: Turns,
    pub past_reminders: PastReminders,
    /// What stays there though it is missing from the source.
    pub stays: Stays,
    /// The name of the plan, where it is in a file.
    pub plan: Option<PlanId>,
    /// What is read and kept before rows change or delete something.
    pub before: ReadsAhead,
}

/// The groups of fates that a plan is summed up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Send,
    Skip,
    Hold,
    Reject,
    /// Beyond the limit of a pilot.
    Later,
    /// Left out by a condition of the job.
    Filter,
    /// Said by an earlier row.
    Duplicate,
    /// A person wants no more of it.
    Dismissed,
    /// What it had done was undone.
    Undone,
}

impl Group {
    pub(super) fn of(fate: Fate) -> Self {
        match fate {
            Fate::Send(_) => Self::Send,
            Fate::Later(_) => Self::Later,
            Fate::Skip(_) => Self::Skip,
            Fate::Hold(_) => Self::Hold,
            Fate::Reject => Self::Reject,
            Fate::LeaveOut(LeftOut::Filtered) => Self::Filter,
            Fate::LeaveOut(LeftOut::Duplicate) => Self::Duplicate,
            Fate::LeaveOut(LeftOut::Dismissed) => Self::Dismissed,
            Fate::LeaveOut(LeftOut::Undone) => Self::Undone,
        }
    }

    /// The word in the NDJSON output, and for people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Skip => "skip",
            Self::Hold => "hold",
            Self::Reject => "reject",
            Self::Later => "later",
            Self::Filter => "filter",
            Self::Duplicate => "duplicate",
            Self::Dismissed => "dismissed",
            Self::Undone => "undone",
        }
    }
}

impl PlanTotals {
    fn count(&self, group: Group) -> u64 {
        self.tally.sum(|fate| Group::of(fate) == group)
    }

    pub(super) fn sent(&self, sending: Sending) -> u64 {
        self.tally.sum(|fate| fate == Fate::Send(sending))
    }

    /// Rows of which what they have made is changed, and is deleted.
    pub(super) fn further(&self) -> (u64, u64) {
        let sum = |is: fn(Sending) -> bool| {
            self.tally.sum(|fate| matches!(fate, Fate::Send(sending) if is(sending)))
        };
        (sum(Sending::is_update), sum(Sending::is_delete))
    }

    pub(super) fn held(&self, held: Held) -> u64 {
        self.tally.sum(|fate| fate == Fate::Hold(held))
    }

    pub(super) fn changed(&self) -> u64 {
        self.tally.sum(|fate| fate == Fate::Skip(Done::Changed))
    }

    /// Rows on which somebody has to decide.
    fn to_decide(&self) -> u64 {
        self.count(Group::Hold) - self.held(Held::Behind)
    }
}

/// Tells a plan on standard output.
pub(crate) struct PlanReport {
    out: Outlet,
    style: Style,
    /// Rows that were shown in full, and rows that are held and were shown with their reason.
    shown: Shown,
    /// The rows that are shown in full, each with why it was chosen; none where the first are.
    chosen: Option<BTreeMap<u64, Option<Notable>>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    sent: u64,
    held: u64,
    changed: u64,
    deleted: u64,
}

enum Style {
    Text {
        head: Box<PlanHead>,
        paint: Paint,
        /// So many rows of a kind that somebody has to look at are shown.
        most: u64,
    },
    Ndjson,
}

impl PlanReport {
    /// For a person.
    pub(crate) fn text(out: Box<dyn Write + Send>, head: PlanHead, color: bool) -> Self {
        let paint = Paint(color);
        let most = if head.verbose { u64::MAX } else { SHOWN };
        let mut report = Self::new(out, Style::Text { head: Box::new(head), paint, most });
        if let Style::Text { head, .. } = &report.style {
            report.out.text(&format!("{} to {}\n", paint.bold(&head.job), head.target));
        }
        report
    }

    /// For a script.
    pub(crate) fn ndjson(out: Box<dyn Write + Send>) -> Self {
        Self::new(out, Style::Ndjson)
    }

    fn new(out: Box<dyn Write + Send>, style: Style) -> Self {
        Self { out: Outlet::new(out), style, shown: Shown::default(), chosen: None }
    }

    /// How many requests are to be shown in full; none where all steps are told.
    pub(crate) fn sample(&self) -> Option<u64> {
        match &self.style {
            Style::Ndjson => None,
            Style::Text { head, .. } => Some(head.sample),
        }
    }

    /// These requests are shown in full, by their numbers in the reading, each with why it was chosen.
    pub(crate) fn choose(&mut self, chosen: BTreeMap<u64, Option<Notable>>) {
        self.chosen = Some(chosen);
    }

    /// Whether a row is to be told, by its number in the reading and its fate.
    pub(crate) fn wants_row(&self, row: u64, fate: Fate) -> bool {
        match (&self.chosen, fate) {
            (_, Fate::Send(sending)) if sending.is_delete() => self.wants(fate),
            (Some(chosen), Fate::Send(_)) => chosen.contains_key(&row),
            _ => self.wants(fate),
        }
    }

    /// Whether a row with this fate is to be told.
    pub(crate) fn wants(&self, fate: Fate) -> bool {
        match &self.style {
            Style::Ndjson => Group::of(fate) != Group::Later,
            Style::Text { most, head, .. } => match fate {
                // What is to be deleted is named, each.
                Fate::Send(sending) if sending.is_delete() => self.shown.deleted < *most,
                Fate::Send(_) => self.shown.sent < head.sample,
                // Somebody has to decide on these.
                Fate::Hold(Held::InDoubt | Held::Refused | Held::UnderWay) => {
                    self.shown.held < *most
                }
                // What somebody has changed will not be sent, which that one does not expect.
                Fate::Skip(Done::Changed) => self.shown.changed < *most,
                Fate::Hold(Held::Behind)
                | Fate::Skip(Done::Unchanged)
                | Fate::Reject
                | Fate::LeaveOut(_)
                | Fate::Later(_) => false,
            },
        }
    }

    /// How many rows are to be told before nothing more is wanted.
    pub(crate) fn wanted(&self, tally: &Tally) -> u64 {
        match &self.style {
            Style::Ndjson => tally.sum(|fate| self.wants(fate)),
            Style::Text { most, head, .. } => {
                let sent = self.chosen.as_ref().map_or(tally.to_send(), |rows| rows.len() as u64);
                let changed = tally.sum(|fate| fate == Fate::Skip(Done::Changed));
                let held = tally.sum(|fate| self.wants(fate) && Group::of(fate) == Group::Hold);
                let shown = sent.min(head.sample).saturating_add(changed.min(*most));
                shown.saturating_add(held.min(*most))
            }
        }
    }

    /// Tells a step, if it is wanted. Steps come in the order of the rows.
    pub(crate) fn step(&mut self, step: &Step) {
        if !self.wants_row(step.ordinal, step.fate) {
            return;
        }
        match &self.style {
            Style::Ndjson => self.out.event(&StepLine::of(step)),
            Style::Text { head, paint, .. } => match step.fate {
                Fate::Hold(_) => {
                    self.shown.held += 1;
                    self.out.text(&held(step, *paint));
                }
                Fate::Send(sending) if sending.is_delete() => {
                    self.shown.deleted += 1;
                    self.out.text(&deleted(step, *paint));
                }
                Fate::Skip(_) => {
                    self.shown.changed += 1;
                    self.out.text(&changed_row(step, *paint));
                }
                _ => {
                    self.shown.sent += 1;
                    let chosen = self.chosen.as_mut().and_then(|rows| rows.remove(&step.ordinal));
                    self.out.text(&in_full(step, chosen.flatten(), (head, *paint)));
                }
            },
        }
    }

    /// Tells a script what was found of a row on the other side; people are told all of it at the end.
    pub(crate) fn remote_row(&mut self, row: &RemoteRow) {
        if matches!(self.style, Style::Ndjson) {
            self.out.event(&row_event(row));
        }
    }

    /// Tells a row that somebody has asked for, with all that is known of it.
    pub(crate) fn row(&mut self, step: &Step, insight: &RowInsight) {
        match &self.style {
            Style::Ndjson => self.out.event(&detail_event(step, insight)),
            Style::Text { head, paint, .. } => self.out.text(&detail(step, insight, head, *paint)),
        }
    }

    /// All rows that somebody has asked for have been told.
    pub(crate) fn finish_rows(mut self, totals: &PlanTotals) {
        match &self.style {
            Style::Ndjson => self.out.event(&planned_event(totals)),
            Style::Text { .. } => self.out.text("\nNothing was sent.\n"),
        }
        self.out.flush();
    }

    /// Tells what the plan comes to.
    pub(crate) fn finish(mut self, totals: &PlanTotals) {
        match &self.style {
            Style::Ndjson => self.out.event(&planned_event(totals)),
            Style::Text { head, paint, .. } => {
                let (_, deleted) = totals.further();
                let rest = totals.count(Group::Send).saturating_sub(deleted + self.shown.sent);
                let unnamed = deleted.saturating_sub(self.shown.deleted);
                if unnamed > 0 {
                    let all = head.command.with("verbose");
                    let more =
                        format!("… and {} to be deleted: {all}", counted(unnamed, "more row"));
                    self.out.text(&format!("\n{}\n", paint.faint(&more)));
                }
                if self.shown.sent > 0 && rest > 0 {
                    let more = format!("… and {}", counted(rest, "more request"));
                    self.out.text(&format!("\n{}\n", paint.faint(&more)));
                }
                let held = totals.to_decide().saturating_sub(self.shown.held);
                if held > 0 {
                    let all = head.command.with("verbose");
                    let more = format!("… and {} held: {all}", counted(held, "more row"));
                    self.out.text(&format!("\n{}\n", paint.faint(&more)));
                }
                self.out.text(&closing(totals, head, *paint));
                let (policy, zone) = (totals.past_reminders, totals.zone.as_ref());
                self.out.text(&reminders::planned(&totals.turns, policy, zone));
            }
        }
        self.out.flush();
    }
}

#[cfg(test)]
mod tests;
