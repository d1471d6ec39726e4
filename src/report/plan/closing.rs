//! What a plan comes to, for a person: the counts, the time it takes, and what to do next.

use super::{Group, PlanHead, PlanTotals, SHOWN, columns, contents};
use crate::plan::{Held, Sending};
use crate::report::left_out::reasons;
use crate::report::paint::Paint;
use crate::report::remote::remote;
use crate::report::words::{
    about, behind_doubts, change_what_was_sent, counted, held_in_doubt, number, one_line, rows,
    rows_are, sent_again, stays, way_out_of_missing,
};
use crate::text::command::CommandLine;

/// The counts, the time it takes, and what to do next.
pub(super) fn closing(totals: &PlanTotals, head: &PlanHead, paint: Paint) -> String {
    let all = totals.tally.rows();
    let mut text = format!("\n{}\n", paint.bold(&rows(all)));
    let width = number(all).len();
    let long = [Group::Duplicate, Group::Dismissed];
    let word = match long.into_iter().any(|group| totals.count(group) > 0) {
        true => "duplicate".len(),
        false => "reject".len(),
    };
    for (group, words) in [
        (Group::Send, sent_words(totals)),
        (Group::Skip, skipped_words(totals)),
        (Group::Hold, held_words(totals)),
        (Group::Reject, format!("invalid; see {}", head.command.of("check"))),
        (Group::Later, "beyond the limit of this pilot".into()),
        (Group::Filter, "left out by the job's `where`".into()),
        (Group::Duplicate, "an earlier row says the same and is sent for both".into()),
        (
            Group::Dismissed,
            "a person wants no more of them; `settle --unsettle` takes that back".into(),
        ),
        (Group::Undone, "what they had done was undone; none is sent again by itself".into()),
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
    text.push_str(&columns::columns(&totals.profile, head.verbose));
    if let Some(findings) = &totals.remote {
        text.push_str(&remote(findings, &head.command, head.verbose, paint));
    }
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
    for why in stays(&totals.stays) {
        text.push_str(&format!("\nnote: {why}\n"));
    }
    if let Some(kept) = totals.stays.doubted() {
        text.push_str(&format!("{}\n", way_out_of_missing(kept)));
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
    for warning in totals.before.warnings() {
        text.push_str(&format!("warning: {warning}\n"));
    }
    text.extend(totals.before.cost().map(|cost| format!("{cost}\n")));
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
            "\n{} failed earlier and {} not changed. Correct {}, or to send {} as {}: {run}\n",
            rows(refused),
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
    let (updates, deletes) = totals.further();
    let parts = [
        (totals.sent(Sending::Fresh), "not sent before"),
        (settled, "in doubt: looked for first, and sent only where it surely is not there"),
        (totals.sent(Sending::IfSettled), "behind these: sent only once these are settled"),
        (again, "in doubt: sent again, which is harmless"),
        (twice, "in doubt: sent again, and may then be there twice"),
        (
            updates,
            "done and changed since: what they have made is changed, where that is as it was sent",
        ),
        (
            deletes,
            "no longer in the source: what they have made is deleted, where that is as it was sent",
        ),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|(count, _)| *count > 0).collect();
    match parts.as_slice() {
        _ if settled + again + twice + updates + deletes == 0 => String::new(),
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

/// `2 in doubt, 1 failed earlier`.
fn held_words(totals: &PlanTotals) -> String {
    let parts = [
        (Held::InDoubt, "in doubt"),
        (Held::Behind, "waiting behind these"),
        (Held::UnderWay, "in somebody else's hands"),
        (Held::Refused, "failed earlier, unchanged since"),
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
pub(in crate::report) fn time(totals: &PlanTotals) -> String {
    let count = totals.count(Group::Send);
    let count = if count == 0 { 0 } else { count + totals.before.requests };
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

/// The command that does what was planned: that of the saved plan, where there is one, which does just that.
pub(in crate::report) fn to_do(
    totals: &PlanTotals,
    command: &CommandLine,
    saving: Option<&CommandLine>,
) -> CommandLine {
    match totals.plan {
        Some(_) => saving.unwrap_or(command).approved(),
        None => command.of("run"),
    }
}

fn next(totals: &PlanTotals, head: &PlanHead) -> String {
    let run = to_do(totals, &head.command, head.saving.as_ref());
    let nothing = match totals.remote {
        Some(_) => "Nothing but reads was sent.",
        None => "Nothing was sent.",
    };
    match (totals.count(Group::Send), totals.count(Group::Reject)) {
        (0, 0) => "There is nothing to send.\n".into(),
        (0, _) => "Nothing else is left to send: correct what is invalid.\n".into(),
        (_, 0) => format!("{nothing} To do it: {run}\n"),
        // A run stops at an invalid row unless it is told to leave it out.
        _ => format!(
            "{nothing} Correct what is invalid; or to send only the valid rows: {}\n",
            run.with("skip-invalid")
        ),
    }
}
