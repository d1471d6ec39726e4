//! A plan, step by step: for whoever approves it, and for a script that compares it.
//!
//! It shows what is planned and plans nothing itself.

mod contents;

pub(super) use contents::{details as details_of, lanes as lanes_of};

use std::io::Write;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Outlet;
use super::json_text::{on_one_line, pretty, visible};
use super::left_out::{reasons, reasons_event};
use super::ndjson::event_of_nothing;
use super::paint::Paint;
use super::reminders;
use super::words::{
    about, behind_doubts, cause, change_what_was_sent, counted, held_in_doubt, number, of_row,
    one_line, rows, rows_are, rows_were, sent_again,
};
use crate::declared::job::{InDoubt, PastReminders};
use crate::ledger::PlanId;
use crate::plan::{
    Change, Contents, Done, Fate, Filtered, Held, LeftOut, Sending, Step, Tally, Turns,
};
use crate::prepare::PastReminder;
use crate::row::RowState;
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
    /// The name of the plan, where it is in a file.
    pub plan: Option<PlanId>,
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
}

#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    sent: u64,
    held: u64,
    changed: u64,
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
        Self { out: Outlet::new(out), style, shown: Shown::default() }
    }

    /// Whether a row with this fate is to be told.
    pub(crate) fn wants(&self, fate: Fate) -> bool {
        match &self.style {
            Style::Ndjson => Group::of(fate) != Group::Later,
            Style::Text { most, head, .. } => match fate {
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
                let sent = tally.to_send();
                let changed = tally.sum(|fate| fate == Fate::Skip(Done::Changed));
                let held = tally.sum(|fate| self.wants(fate) && Group::of(fate) == Group::Hold);
                let shown = sent.min(head.sample).saturating_add(changed.min(*most));
                shown.saturating_add(held.min(*most))
            }
        }
    }

    /// Tells a step, if it is wanted. Steps come in the order of the rows.
    pub(crate) fn step(&mut self, step: &Step) {
        if !self.wants(step.fate) {
            return;
        }
        match &self.style {
            Style::Ndjson => self.out.event(&StepLine::of(step)),
            Style::Text { head, paint, .. } => match step.fate {
                Fate::Hold(_) => {
                    self.shown.held += 1;
                    self.out.text(&held(step, *paint));
                }
                Fate::Skip(_) => {
                    self.shown.changed += 1;
                    self.out.text(&changed_row(step, *paint));
                }
                _ => {
                    self.shown.sent += 1;
                    self.out.text(&in_full(step, head, *paint));
                }
            },
        }
    }

    /// Tells what the plan comes to.
    pub(crate) fn finish(mut self, totals: &PlanTotals) {
        match &self.style {
            Style::Ndjson => self.out.event(&planned_event(totals)),
            Style::Text { head, paint, .. } => {
                let rest = totals.count(Group::Send).saturating_sub(self.shown.sent);
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

/// Why a row is treated so, where there is more to say than its fate says.
pub(super) fn reason(step: &Step) -> Option<String> {
    match step.fate {
        Fate::Reject => step.problem.clone().map(|problem| of_row(problem).message),
        Fate::Skip(done) => {
            let id = step.known.as_ref().and_then(|known| known.remote_id.as_ref());
            let id = id.map(|id| format!("done already as {id}"));
            match done {
                Done::Unchanged => id,
                Done::Changed => {
                    let id = id.unwrap_or_else(|| "done already".to_owned());
                    Some(format!("{id}, and changed since; not sent again"))
                }
            }
        }
        Fate::Hold(Held::Refused) => {
            let words = told_of(step).unwrap_or_else(|| "no reason given".to_owned());
            Some(format!("refused earlier and not changed since: {words}"))
        }
        Fate::Hold(Held::InDoubt) => Some(why_in_doubt(step)),
        Fate::Hold(Held::UnderWay) => Some(under_way(step)),
        Fate::Hold(Held::Behind) => {
            Some("waits behind a row of its lane that is in doubt".to_owned())
        }
        Fate::Send(Sending::Settle) => Some(
            "a request left and may have acted: looked for first, sent only if it is not there"
                .to_owned(),
        ),
        Fate::Send(Sending::IfSettled) => Some(
            "stands behind a row of its lane that is in doubt: sent once a look has settled that one, and else left not \
             started"
                .to_owned(),
        ),
        Fate::Send(Sending::Repeat) => {
            Some("a request left and may have acted; a repeat is harmless".to_owned())
        }
        Fate::LeaveOut(LeftOut::Filtered) => step.left_out.as_deref().map(str::to_owned),
        Fate::LeaveOut(LeftOut::Duplicate) => {
            Some("an earlier row has its key and says the same; that one is sent".to_owned())
        }
        Fate::Send(Sending::Resend) => Some(
            "a request left and may have acted: sent again, as `in_doubt: resend` says, and may then be there twice"
                .to_owned(),
        ),
        Fate::Send(Sending::Fresh) | Fate::Later(_) => None,
    }
}

/// What the ledger says of the last attempt.
fn told_of(step: &Step) -> Option<String> {
    step.known.as_ref().and_then(|known| known.earlier.cause.as_ref()).map(cause)
}

fn under_way(step: &Step) -> String {
    let holder = step.known.as_ref().and_then(|known| known.earlier.holder.as_deref());
    format!("{} is at work on it at this moment", holder.unwrap_or("another run"))
}

fn why_in_doubt(step: &Step) -> String {
    let state = step.known.as_ref().map(|known| &known.earlier.state);
    // Of one whose run was killed it is known where it came to be in doubt before that.
    let lost = matches!(state, Some(RowState::InDoubt { .. } | RowState::Started { .. }));
    let words = told_of(step).filter(|_| lost);
    let words = words.unwrap_or_else(|| "its run ended before the answer".to_owned());
    let then = match (step.change, &step.known) {
        (Change::Lane, Some(known)) => Some(&known.lane),
        (Change::Operation, Some(known)) => Some(&known.operation),
        _ => None,
    };
    let advice = match then {
        Some(then) => format!("it was for `{then}`: look there, or put that back"),
        None if step.change == Change::Content => {
            "its content has changed since, and what was sent then is not known any more: put the former content back \
             and it is looked for, or look yourself"
                .to_owned()
        }
        None => "look whether it is there, and decide with the job's `in_doubt`: verify, hold or resend".to_owned(),
    };
    let invalid = step.problem.clone().map(of_row);
    let invalid = invalid.map(|problem| format!("; and it is invalid now: {}", problem.message));
    let invalid = invalid.unwrap_or_default();
    format!("a request left and may have acted: {words} ({advice}){invalid}")
}

/// A `step` event.
#[derive(Serialize)]
struct StepLine<'a> {
    event: &'static str,
    row: u64,
    line: u64,
    action: &'static str,
    operation: &'a str,
    method: &'static str,
    path: Option<&'a str>,
    body: Option<Body>,
    /// Only where it is so: the row is done and has changed since.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What is made of the row's reminder, if that is past.
    #[serde(skip_serializing_if = "Option::is_none")]
    reminder: Option<&'static str>,
}

/// A body as it is sent, or as text should it be no JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Body {
    Json(Box<RawValue>),
    Text(String),
}

impl<'a> StepLine<'a> {
    fn of(step: &'a Step) -> Self {
        let request = step.ready.as_ref().map(|ready| &ready.request);
        Self {
            event: "step",
            row: step.place.row,
            line: step.place.line,
            action: Group::of(step.fate).word(),
            operation: name_of(step),
            method: method_of(step),
            path: request.map(|request| request.path.as_str()),
            body: request.and_then(|request| request.body.as_deref()).map(Body::of),
            changed: step.fate == Fate::Skip(Done::Changed),
            reason: reason(step),
            reminder: step
                .ready
                .as_ref()
                .and_then(|ready| ready.reminder.made)
                .map(PastReminder::word),
        }
    }
}

/// Empty for a row that does not say its operation.
fn name_of(step: &Step) -> &str {
    step.operation.as_ref().map_or("", |operation| &*operation.name)
}

fn method_of(step: &Step) -> &'static str {
    step.operation.as_ref().map_or("", |operation| operation.method.as_str())
}

impl Body {
    fn of(text: &str) -> Self {
        let text = on_one_line(text);
        match serde_json::from_str(&text) {
            Ok(json) => Self::Json(json),
            Err(_) => Self::Text(text),
        }
    }
}

/// The closing event of `plan`. Seconds are rounded up.
fn planned_event(totals: &PlanTotals) -> Value {
    let part = u64::from(totals.duration.subsec_nanos() > 0);
    let mut event = json!({
        "event": "planned",
        "rows": totals.tally.rows(),
        "send": totals.count(Group::Send),
        "skip": totals.count(Group::Skip),
        "hold": totals.count(Group::Hold),
        "reject": totals.count(Group::Reject),
        "requests": totals.count(Group::Send),
        "seconds": totals.duration.as_secs().saturating_add(part),
        "limited_by": totals.limited_by,
        "changed": totals.changed(),
        "beyond_limit": totals.count(Group::Later),
        "repeated": totals.repeated,
        "looked_for_first": totals.sent(Sending::Settle),
        "behind_doubts": totals.sent(Sending::IfSettled),
        "sent_again": totals.sent(Sending::Repeat) + totals.sent(Sending::Resend),
        "may_be_twice": totals.sent(Sending::Resend),
        "filtered": totals.count(Group::Filter),
        "filtered_by": reasons_event(&totals.filtered),
        "duplicates": totals.count(Group::Duplicate),
        "running": totals.running,
        "held": held_event(totals),
        "contents": contents::contents_event(&totals.contents, totals.zone.as_ref()),
    });
    if let Value::Object(fields) = &mut event {
        fields.insert("reminders".into(), reminders::planned_event(&totals.turns));
        fields.extend(totals.plan.map(|plan| ("plan".to_owned(), json!(plan.to_string()))));
    }
    event
}

/// All words that a plan has for what becomes of rows.
#[cfg(test)]
pub(super) fn words() -> Vec<String> {
    let mut words: Vec<String> =
        Fate::ALL.iter().map(|fate| Group::of(*fate).word().to_owned()).collect();
    if let Value::Object(held) = held_event(&PlanTotals::default()) {
        words.extend(held.into_iter().map(|(name, _)| name));
    }
    let counts =
        ["looked_for_first", "behind_doubts", "sent_again", "may_be_twice", "beyond_limit"];
    words.extend(counts.map(str::to_owned));
    words
}

/// Why rows are held.
fn held_event(totals: &PlanTotals) -> Value {
    let names = [
        ("in_doubt", Held::InDoubt),
        ("behind", Held::Behind),
        ("under_way", Held::UnderWay),
        ("refused", Held::Refused),
    ];
    names.map(|(name, held)| (name.to_owned(), json!(totals.held(held)))).into_iter().collect()
}

/// The closing event of a plan that there is not.
pub(crate) fn nothing_planned() -> Value {
    let unknown = [
        "rows",
        "send",
        "skip",
        "hold",
        "reject",
        "requests",
        "seconds",
        "limited_by",
        "changed",
        "beyond_limit",
        "repeated",
        "looked_for_first",
        "behind_doubts",
        "sent_again",
        "may_be_twice",
        "filtered",
        "filtered_by",
        "duplicates",
        "running",
        "held",
        "contents",
    ];
    event_of_nothing("planned", &unknown)
}

/// A request as it is sent, and the command that sends the same.
fn in_full(step: &Step, head: &PlanHead, paint: Paint) -> String {
    let mut text = format!("\n{}\n", paint.faint(&place(step)));
    if let Some(ready) = &step.ready {
        let request = format!("{} {}", method_of(step), one_line(&ready.request.path));
        text.push_str(&format!("  {}\n", paint.bold(&request)));
        if let Some(body) = &ready.request.body {
            text.push_str(&indented(&pretty(body)));
        }
    }
    if let Some(reason) = reason(step) {
        text.push_str(&format!("  note: {}\n", one_line(&reason)));
    }
    if let Some(ready) = &step.ready {
        let curl = ready.request.curl(&head.address, head.header.as_deref());
        for line in [PASTED, &*visible(&curl)] {
            text.push_str(&format!("  {}\n", paint.faint(line)));
        }
    }
    text
}

/// What whoever pastes a command has to know first.
const PASTED: &str = "pasting this into sh, bash or zsh SENDS it, unknown to the ledger:";

/// A row that is done and has changed.
fn changed_row(step: &Step, paint: Paint) -> String {
    let reason = reason(step).unwrap_or_default();
    format!("\n{}\n  {}\n", paint.faint(&named(step)), one_line(&reason))
}

/// A row that is held, and why.
fn held(step: &Step, paint: Paint) -> String {
    let reason = reason(step).unwrap_or_default();
    format!("\n{}\n  held: {}\n", paint.faint(&named(step)), one_line(&reason))
}

/// `row 12 (line 13, ticket tk_1, key L-12): ticket_note.create`.
fn named(step: &Step) -> String {
    let lane = match (&step.ready, &step.known) {
        (Some(ready), _) => &*ready.lane,
        (None, Some(known)) => &*known.lane,
        (None, None) => "",
    };
    let lane = if lane.is_empty() { String::new() } else { format!(", {}", one_line(lane)) };
    let key = match &*step.key {
        "" => String::new(),
        key => format!(", key {}", one_line(key)),
    };
    format!("row {} (line {}{lane}{key}): {}", step.place.row, step.place.line, name_of(step))
}

fn place(step: &Step) -> String {
    format!("row {} (line {}): {}", step.place.row, step.place.line, name_of(step))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// The counts, the time it takes, and what to do next.
fn closing(totals: &PlanTotals, head: &PlanHead, paint: Paint) -> String {
    let all = totals.tally.rows();
    let mut text = format!("\n{}\n", paint.bold(&rows(all)));
    let width = number(all).len();
    let word = if totals.count(Group::Duplicate) > 0 { "duplicate".len() } else { "reject".len() };
    for (group, words) in [
        (Group::Send, sent_words(totals)),
        (Group::Skip, skipped_words(totals)),
        (Group::Hold, held_words(totals)),
        (Group::Reject, format!("invalid; see {}", head.command.of("check"))),
        (Group::Later, "beyond the limit of this pilot".into()),
        (Group::Filter, "left out by the job's `where`".into()),
        (Group::Duplicate, "an earlier row says the same and is sent for both".into()),
    ] {
        let count = totals.count(group);
        if count > 0 {
            let line = format!("  {:<word$}  {:>width$}  {words}", group.word(), number(count));
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text.push_str(&reasons(&totals.filtered));
    text.push_str(&contents::contents(&totals.contents, totals.zone.as_ref()));
    if totals.changed() > 0 {
        let have = if totals.changed() == 1 { "has" } else { "have" };
        text.push_str(&format!(
            "\n{} done and {have} changed since; not sent again.\n{}\n",
            rows_are(totals.changed()),
            change_what_was_sent(totals.changed())
        ));
        let all = head.command.with("verbose");
        if totals.changed() > SHOWN && !head.verbose {
            text.push_str(&format!("To see all of them: {all}\n"));
        }
    }
    text.push_str(&decide(totals, head));
    text.push('\n');
    if let Some(holder) = &totals.running {
        let holder =
            if holder.is_empty() { String::new() } else { format!(": {}", one_line(holder)) };
        text.push_str(&format!(
            "A run of this job is under way{holder}. Another one is refused until it is over, and what it does meanwhile is \
             not in this plan.\n"
        ));
    }
    text.push_str(&time(totals));
    text.push_str(&next(totals, head));
    text
}

/// What somebody has to decide before held rows go on, and how.
fn decide(totals: &PlanTotals, head: &PlanHead) -> String {
    let mut text = String::new();
    let (in_doubt, refused) = (totals.held(Held::InDoubt), totals.held(Held::Refused));
    let (behind, twice) = (totals.sent(Sending::IfSettled), totals.sent(Sending::Resend));
    if behind > 0 {
        text.push_str(&format!("\n{}\n", behind_doubts(behind)));
    }
    if twice > 0 {
        text.push_str(&format!("\nwarning: {}\n", sent_again(twice, &head.item)));
    }
    if in_doubt > 0 {
        let way = held_in_doubt(totals.in_doubt, in_doubt);
        text.push_str(&format!("\n{} in doubt and held back. {way}\n", rows_are(in_doubt)));
    }
    if refused > 0 {
        let run = head.command.of("run").with("retry-failed");
        text.push_str(&format!(
            "\n{} refused earlier and {} not changed. Correct {}, or to send {} as {}: {run}\n",
            rows_were(refused),
            if refused == 1 { "has" } else { "have" },
            if refused == 1 { "it" } else { "them" },
            if refused == 1 { "it" } else { "them" },
            if refused == 1 { "it is" } else { "they are" },
        ));
    }
    text
}

/// Which rows are sent plainly, and which are in doubt.
fn sent_words(totals: &PlanTotals) -> String {
    let settled = totals.sent(Sending::Settle);
    let again = totals.sent(Sending::Repeat);
    let twice = totals.sent(Sending::Resend);
    let parts = [
        (totals.sent(Sending::Fresh), "not sent before"),
        (settled, "in doubt: looked for first, and sent only where it surely is not there"),
        (totals.sent(Sending::IfSettled), "behind these: sent only once these are settled"),
        (again, "in doubt: sent again, which is harmless"),
        (twice, "in doubt: sent again, and may then be there twice"),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|(count, _)| *count > 0).collect();
    match parts.as_slice() {
        _ if settled + again + twice == 0 => String::new(),
        [(_, word)] => (*word).to_owned(),
        parts => {
            let words = parts.iter().map(|(count, word)| format!("{} {word}", number(*count)));
            words.collect::<Vec<_>>().join("; ")
        }
    }
}

/// Why rows are taken for done.
fn skipped_words(totals: &PlanTotals) -> String {
    match totals.by_content {
        true => "already done: rows of the very same content were sent before".to_owned(),
        false => "already done: their keys are known as sent".to_owned(),
    }
}

/// `2 in doubt, 1 refused earlier`.
fn held_words(totals: &PlanTotals) -> String {
    let parts = [
        (Held::InDoubt, "in doubt"),
        (Held::Behind, "waiting behind these"),
        (Held::UnderWay, "in somebody else's hands"),
        (Held::Refused, "refused earlier, unchanged since"),
    ];
    let parts = parts.map(|(held, word)| (totals.held(held), word)).into_iter();
    let parts: Vec<_> = parts.filter(|(count, _)| *count > 0).collect();
    // All of one kind have been counted already.
    if let [(_, word)] = parts.as_slice() {
        return (*word).to_owned();
    }
    let words = parts.iter().map(|(count, word)| format!("{} {word}", number(*count)));
    words.collect::<Vec<_>>().join(", ")
}

/// `50,000 requests take about 5 h 33 min: 9000/h is the quota that binds.`
pub(super) fn time(totals: &PlanTotals) -> String {
    let count = totals.count(Group::Send);
    let is_at_once = totals.limited_by.is_none() && totals.duration.as_secs() == 0;
    if count == 0 || totals.duration.is_zero() || is_at_once {
        return String::new();
    }
    let take = if count == 1 { "takes" } else { "take" };
    let mut text = format!("{} {take} {}", counted(count, "request"), about(totals.duration));
    if let Some(quota) = &totals.limited_by {
        text.push_str(&format!(": {quota} is the quota that binds"));
    }
    text.push_str(".\n");
    text
}

fn next(totals: &PlanTotals, head: &PlanHead) -> String {
    let run = head.command.of("run");
    match (totals.count(Group::Send), totals.count(Group::Reject)) {
        (0, 0) => "There is nothing to send.\n".into(),
        (0, _) => "Nothing else is left to send: correct what is invalid.\n".into(),
        (_, 0) => format!("Nothing was sent. To do it: {run}\n"),
        // A run stops at an invalid row unless it is told to leave it out.
        _ => format!(
            "Nothing was sent. Correct what is invalid; or to send only the valid rows: {}\n",
            run.with("skip-invalid")
        ),
    }
}

#[cfg(test)]
mod tests;
