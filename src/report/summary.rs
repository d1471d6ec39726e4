//! The end of a run in words: what happened, and what to do next.
//!
//! For whoever reads it at two in the morning: short sentences, and commands that can be pasted.

use std::time::Duration;

use jiff::Zoned;
use jiff::civil::{Date, Time};

use super::left_out::reasons;
use super::paint::Paint;
use super::words;
use super::words::{
    change_what_was_sent, counted, held_in_doubt, number, one_line, one_of, rows, rows_are, span,
};
use super::{Causes, RunView};
use crate::declared::job::InDoubt;
use crate::event::{Ending, Obstacle};
use crate::plan::{Held, NamedRow};
use crate::row::{Reason, Totals};
use crate::text::command::CommandLine;
use crate::text::diagnostic::Diagnostic;
use crate::traffic::reply::NoToken;

/// So many rows of a kind are named.
const NAMED: usize = 5;

/// What a run comes to, over several lines: how long it took, and why rows did not succeed, is known from what was told.
pub(crate) fn summary(
    view: &RunView,
    totals: &Totals,
    ending: &Ending,
    (elapsed, causes): (Duration, &Causes),
) -> String {
    let mut text = headline(view, totals, ending, elapsed);
    text.push('\n');
    if !nothing_to_do(totals, ending) || totals.left_out() > 0 {
        text.push_str(&tally(totals, 0, Paint(view.color)));
        let causes = causes.text();
        if !causes.is_empty() {
            text.push_str(&format!("\nWhy rows did not succeed in this run:\n{causes}"));
        }
        text.push_str(&reasons(&view.filtered));
    }
    for advice in advice(view, totals, ending) {
        text.push('\n');
        text.push_str(&advice);
        text.push('\n');
    }
    text
}

/// Everything was done before, or there never was anything.
fn nothing_to_do(totals: &Totals, ending: &Ending) -> bool {
    let is_counted = totals.miscounted + totals.uncounted == 0;
    *ending == Ending::Finished
        && totals.already_done + totals.left_out() == totals.rows
        && totals.succeeded == 0
        && is_counted
}

fn headline(view: &RunView, totals: &Totals, ending: &Ending, elapsed: Duration) -> String {
    if nothing_to_do(totals, ending) {
        return match totals.rows {
            0 => format!("{}: there are no rows.", view.job),
            all if totals.already_done == all => {
                format!("Everything is already done: {} of {}.", number(all), rows(all))
            }
            _ if totals.already_done == 0 => {
                format!("{}: the job wants none of its {}.", view.job, rows(totals.rows))
            }
            all => format!(
                "Everything that the job wants is already done: {} of {}.",
                number(totals.already_done),
                rows(all)
            ),
        };
    }
    let end = match ending {
        Ending::Finished => "finished in",
        Ending::Interrupted { .. } => "interrupted after",
        Ending::Unauthorized(_)
        | Ending::Outage(_)
        | Ending::WrongAddress(_)
        | Ending::TooManyFailures { .. }
        | Ending::Deadline
        | Ending::MaxDuration
        | Ending::NoLoginThere(_)
        | Ending::InOtherHands { .. }
        | Ending::NothingDeleted(_)
        | Ending::LedgerFailed(_)
        | Ending::RecorderGone
        | Ending::SourceFailed(_)
        | Ending::NoRuntime(_)
        | Ending::Fault(_) => "stopped after",
    };
    let job = Paint(view.color).bold(&view.job);
    let run = view.run.map(|run| format!(" (run {run})")).unwrap_or_default();
    format!("{job}: {end} {}, {}{run}.", span(elapsed), counted(totals.requests, "request"))
}

/// Rows by their ends, in aligned lines: those that are not 0, and always those that succeeded.
pub(super) fn tally(totals: &Totals, under_way: u64, paint: Paint) -> String {
    let plain: fn(Paint, &str) -> String = |_, text| text.into();
    let lines = [
        ("succeeded", totals.succeeded, Paint::good as fn(Paint, &str) -> String),
        ("  updated", totals.updated, plain),
        ("  deleted", totals.deleted, plain),
        ("already done", totals.already_done, plain),
        ("failed", totals.failed, Paint::bad),
        ("invalid", totals.invalid, Paint::bad),
        ("in doubt", totals.in_doubt, Paint::doubtful),
        ("under way", under_way, plain),
        ("not started", totals.not_started, plain),
        ("filtered", totals.filtered, plain),
        ("duplicates", totals.duplicates, plain),
        ("dismissed", totals.dismissed, plain),
        ("undone", totals.undone, plain),
    ];
    let shown = |(at, line): &(usize, (&str, u64, _))| *at == 0 || line.1 > 0;
    let width = lines.iter().map(|line| number(line.1).len()).max().unwrap_or(0);
    let mut text = String::new();
    for (_, (name, count, color)) in lines.into_iter().enumerate().filter(shown) {
        let line = format!("{name:<12}  {:>width$}", number(count));
        let line = if count > 0 { color(paint, &line) } else { line };
        text.push_str(&format!("  {line}\n"));
    }
    text
}

/// What to do next, a paragraph each; the most pressing first.
fn advice(view: &RunView, totals: &Totals, ending: &Ending) -> Vec<String> {
    let mut advice = Vec::new();
    advice.extend(stopped(view, ending));
    advice.extend((totals.miscounted > 0).then(|| miscounted(view, totals.miscounted)));
    advice.extend((totals.uncounted > 0).then(|| uncounted(view, totals.uncounted, ending)));
    advice.extend((totals.in_doubt > 0).then(|| in_doubt(view, totals.in_doubt)));
    let behind = view.behind_doubts(totals, ending);
    advice.extend((behind > 0).then(|| not_overtaking(behind)));
    // Which rows an undoing leaves as they are, and why, was told before it began.
    let is_held = view.undoes.is_none() && view.held(Held::InDoubt) + view.held(Held::Refused) > 0;
    advice.extend(is_held.then(|| held(view)));
    advice.extend((totals.failed > 0).then(|| failed(view, totals.failed)));
    advice.extend((totals.invalid > 0).then(|| invalid(view, totals.invalid)));
    advice.extend(stays(view));
    advice.extend((view.changed() > 0).then(|| changed(view)));
    advice.extend((totals.repeated > 0).then(|| repeated(view, totals)));
    advice.extend(resume(view, totals, ending));
    advice.extend(view.sandbox.then(|| rehearsal(view, totals, ending)));
    advice
}

/// What is missing from the source and stays, and what to do about it, however the run has ended.
fn stays(view: &RunView) -> Vec<String> {
    let said = words::stays(&view.stays).into_iter().map(|why| sentence(&why));
    let mut said: Vec<String> = said.collect();
    if let (Some(first), Some(kept)) = (said.first_mut(), view.stays.doubted()) {
        first.push_str(&format!("\n{}", words::way_out_of_missing(kept)));
    }
    said
}

/// What mends an address at which nothing answers.
fn way_out(obstacle: &Obstacle) -> &'static str {
    let (Obstacle::Request(cause) | Obstacle::Token(NoToken::LoginFailed(cause))) = obstacle else {
        return "Check the base URL.";
    };
    match cause.reason {
        Reason::Untrusted => {
            "Check the base URL; if this is the right server, name the certificate of its authority with --ca-file."
        }
        Reason::NoTls => "Check the base URL and its port: is it http:// there?",
        _ => "Check the base URL: is the name of the host right?",
    }
}

fn stopped(view: &RunView, ending: &Ending) -> Option<String> {
    match ending {
        Ending::Finished | Ending::Interrupted { .. } => None,
        Ending::NoLoginThere(obstacle) => Some(format!(
            "Nobody could sign in: {}\nCheck the base URL, its path too. No row was marked failed for it.",
            sentence(&words::obstacle(obstacle))
        )),
        Ending::Unauthorized(obstacle) => Some(format!(
            "The credentials were refused: {}\nCheck the credentials ({}). No row was marked failed for it.",
            sentence(&words::obstacle(obstacle)),
            view.credentials
        )),
        Ending::Outage(obstacle) => Some(format!(
            "The server was out of reach for too long: {}\nNo row was marked failed for it.",
            sentence(&words::obstacle(obstacle))
        )),
        Ending::WrongAddress(obstacle) => Some(format!(
            "Nothing can be sent to this address: {}\n{} No row was marked failed for it.",
            sentence(&words::obstacle(obstacle)),
            way_out(obstacle)
        )),
        Ending::TooManyFailures { allowed } => Some(format!(
            "More than {} failed, which is all that --max-failures allows.",
            counted(*allowed, "row")
        )),
        Ending::Deadline => {
            Some("The time of --deadline has come: nothing more was started.".to_owned())
        }
        Ending::MaxDuration => Some(
            "The run has taken as long as --max-duration allows: nothing more was started."
                .to_owned(),
        ),
        Ending::InOtherHands { .. } => Some(format!(
            "{}\nRun again when that process has ended; nothing that it has started was touched.",
            sentence(&reason(ending))
        )),
        // What stays is said of any run.
        Ending::NothingDeleted(_) => None,
        Ending::LedgerFailed(_) | Ending::RecorderGone => {
            Some(format!("Nothing more is sent without a ledger: {}", reason(ending)))
        }
        Ending::SourceFailed(problems) => Some(source_failed(view, problems)),
        Ending::NoRuntime(_) => Some(format!("Nothing was sent: {}", reason(ending))),
        Ending::Fault(_) => Some(format!(
            "Nothing more was sent, because of a fault in noteferry itself: {}\nYour data is not at fault. Please keep \
             this message for whoever looks after noteferry. What had left has been waited for.",
            reason(ending)
        )),
    }
}

fn reason(ending: &Ending) -> String {
    words::ending(ending).map(|reason| sentence(&reason)).unwrap_or_default()
}

fn source_failed(view: &RunView, problems: &[Diagnostic]) -> String {
    let told: Vec<String> = problems.iter().map(|problem| problem.render(view.color)).collect();
    format!(
        "Nothing more was sent, because the source could not be read a second time:\n{}",
        told.concat().trim_end()
    )
}

fn miscounted(view: &RunView, count: u64) -> String {
    format!(
        "{} not there exactly once, though the ledger has {} as done: {} is there twice, or is two rows' at once.\nEach \
         was told above by its row, key and ids. Look there, delete what is too much, and run the job again, which counts \
         {} once more. Keep the item that the ledger knows: the message names it.",
        rows_are(count),
        them(count),
        one_of(&view.item),
        them(count)
    )
}

/// Lists in which something was settled by a look, and that were not seen to show everything once.
fn uncounted(view: &RunView, count: u64, ending: &Ending) -> String {
    let (lists, was, it) = match count {
        1 => ("1 list".to_owned(), "was", "it"),
        _ => (format!("{} lists", number(count)), "were", "them"),
    };
    let next = match ending {
        Ending::Finished => format!(
            "Which, was told above. The next run reads {it} once more.\nWhere you have looked, and everything is there once, \
             say so: {}",
            view.command.with("as-counted")
        ),
        _ => "The run stopped before that. The next run does it, and has to be given the time for it."
            .to_owned(),
    };
    format!(
        "{lists} in which a lost answer was settled {was} not read once more to the end, to see that nothing is there \
         twice or missing from {it}. {next}"
    )
}

fn in_doubt(view: &RunView, count: u64) -> String {
    let held = view.held(Held::InDoubt).min(count);
    let mut lines = vec![format!(
        "{} in doubt: a request left and no answer says what became of it, so {} may or may not exist.",
        rows_are(count),
        one_of(&view.item)
    )];
    if count > held {
        let them = them(count - held);
        lines.push(match view.in_doubt {
            InDoubt::Verify => format!(
                "The next run looks for {them} once more, and sends again only what surely is not there."
            ),
            InDoubt::Resend => format!(
                "The next run sends {them} again, as `in_doubt: resend` says, which may make {} twice.",
                one_of(&view.item)
            ),
            InDoubt::Hold => format!(
                "The next run holds {them} back, as `in_doubt: hold` says: look on the other side. `in_doubt: verify` has a \
                 run look for {them}."
            ),
        });
    }
    if held > 0 {
        lines.push(format!("{} held back. {}", rows_are(held), held_in_doubt(view.in_doubt, held)));
    }
    lines.push(look(view, count));
    if let Some(settle) = of_job("settle", &view.command, view.sandbox) {
        lines.push(format!(
            "Whoever can look on the other side says there what became of {}: {settle}",
            them(count)
        ));
    }
    lines.join("\n")
}

/// The first of the rows that this run has held back, by name.
fn held(view: &RunView) -> String {
    let count = view.held(Held::InDoubt) + view.held(Held::Refused);
    let named = named(&view.held_rows, count, view);
    let kinds = [
        (view.held(Held::InDoubt), "in doubt"),
        (view.held(Held::Refused), "failed earlier and unchanged since"),
    ];
    let kinds = kinds.into_iter().filter(|(count, _)| *count > 0);
    let kinds: Vec<String> = kinds
        .map(|(some, word)| match some == count {
            true => word.to_owned(),
            false => format!("{} {word}", number(some)),
        })
        .collect();
    format!("{} held back by this run ({}):{named}", rows_are(count), kinds.join(", "))
}

/// Why rows were not started though the run came to its end.
fn not_overtaking(count: u64) -> String {
    let (stands, was, it) = match count {
        1 => ("it stands", "was", "it goes"),
        _ => ("they stand", "were", "they go"),
    };
    format!(
        "{} {was} not started: {stands} behind a row in doubt (of the same ticket, say) and must not overtake that one. As \
         soon as that is settled, {it} with the next run.",
        rows(count)
    )
}

/// The first of some rows, each in a line, and how to see all `count` of them.
fn named(rows: &[NamedRow], count: u64, view: &RunView) -> String {
    let mut text = String::new();
    let shown = &rows[..rows.len().min(NAMED)];
    for row in shown {
        let lane = one_line(&row.lane);
        let lane = if lane.is_empty() { String::new() } else { format!(", {lane}") };
        let key = one_line(&row.key);
        let key = if key.is_empty() { String::new() } else { format!(", key {key}") };
        text.push_str(&format!("\n  row {} (line {}{lane}{key})", row.place.row, row.place.line));
    }
    let more = count.saturating_sub(shown.len() as u64);
    if more > 0 {
        let all = view.command.of("plan").with("verbose");
        text.push_str(&format!("\n  and {} more: {all}", number(more)));
    }
    text
}

fn failed(view: &RunView, count: u64) -> String {
    let seen = format!("{} failed. {}", rows(count), look(view, count));
    if view.undoes.is_some() {
        let (was, it) = if count == 1 { ("was", "it") } else { ("were", "them") };
        return format!(
            "{seen}\nWhat {it} had done {was} left as it is. The same command tries {it} again; --even-if-changed undoes \
             also what somebody has changed since."
        );
    }
    let written = rejects(&view.command, view.sandbox).map(|rejects| {
        format!(
            "\nOr correct {} in a file of {} own, with the reason beside: {rejects}",
            them(count),
            their(count)
        )
    });
    format!(
        "{seen}\nAfter correcting {} run the job again: changed rows are sent, the rest is left alone\n\
         (--retry-failed sends unchanged ones again).{}",
        them(count),
        written.unwrap_or_default()
    )
}

/// What writes out rows that failed, to be corrected; none where the rows were piped in and are gone, or no job is named.
pub(super) fn rejects(command: &CommandLine, is_sandbox: bool) -> Option<CommandLine> {
    of_job("rejects", command, is_sandbox)
}

/// A verb for the rows of the job; none where its rows came by a pipe.
fn of_job(verb: &str, command: &CommandLine, is_sandbox: bool) -> Option<CommandLine> {
    let command = command.of(verb);
    command.job().filter(|job| *job != "-")?;
    Some(if is_sandbox { command.with("sandbox") } else { command })
}

/// Where to see rows one by one, those of earlier runs among them.
fn look(view: &RunView, count: u64) -> String {
    format!("Look at {}: {}", them(count), view.command.of("status"))
}

fn them(count: u64) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

fn their(count: u64) -> &'static str {
    if count == 1 { "its" } else { "their" }
}

fn invalid(view: &RunView, count: u64) -> String {
    let check = view.command.of("check");
    format!("{} invalid and left out. Look at {}: {check}", rows_are(count), them(count))
}

fn changed(view: &RunView) -> String {
    let count = view.changed();
    let (have, were) = if count == 1 { ("has", "it was") } else { ("have", "they were") };
    let mut text =
        format!("{} done and {have} changed since; {were} not sent again:", rows_are(count));
    text.push_str(&named(&view.changed_rows, count, view));
    text.push_str(&format!("\n{}", change_what_was_sent(count)));
    text
}

/// Of a job without a key nobody can tell whether an old text is an old row, or a new one that says the same.
fn repeated(view: &RunView, totals: &Totals) -> String {
    let count = totals.repeated;
    let (was, one) = match count {
        1 => ("was taken for an old one", "it is a new one"),
        _ => ("were taken for old ones", "some are new ones"),
    };
    format!(
        "{} {was} by nothing but the content, for `{}` has no key: the very same was sent before.\n\
         If {one} that say{} the same, put just those into a file of their own under another job name, and send that with \
         --as-new; or they are never sent.",
        rows(count),
        view.job,
        if count == 1 { "s" } else { "" }
    )
}

/// How to go on where rows are left; none where nothing is left of what was asked for.
fn resume(view: &RunView, totals: &Totals, ending: &Ending) -> Option<String> {
    let beyond = view.beyond_limit();
    match ending {
        Ending::Finished if totals.not_started == 0 => None,
        // What to do comes first, and was said.
        Ending::Finished if totals.not_started == view.behind_doubts(totals, ending) => None,
        // A rehearsed pilot is over; what comes next is for `rehearsal` to say.
        Ending::Finished if view.sandbox => None,
        Ending::Finished if beyond > 0 => Some(format!(
            "{} beyond the limit of this pilot. To send {}, too: {}",
            rows_are(beyond),
            them(beyond),
            on_its_day(view, view.command.beyond("limit"))
        )),
        // Nothing of the pilot is left to send, and what it was not asked for is sent only where somebody wants that.
        _ if beyond > 0 && totals.not_started <= view.not_for_this_run() => Some(format!(
            "What is done is safe, and nothing of it is done again. Every row of this pilot has had its turn; {} beyond its \
             limit. To send {}, too: {}",
            rows_are(beyond),
            them(beyond),
            to_resume(view, totals, ending).beyond("limit")
        )),
        _ => {
            let resume = if view.sandbox { "Go on with the rehearsal" } else { "Resume" };
            let run = to_resume(view, totals, ending);
            let gone = match (view.command.value("deadline"), run.value("deadline")) {
                (Some(_), None) => {
                    "\n(Its --deadline has passed: name another one if that run has to end in time, too.)"
                }
                _ => "",
            };
            Some(format!(
                "What is done is safe, and nothing of it is done again.\n{resume}: {run}{gone}"
            ))
        }
    }
}

/// The command that does what is left of what was asked for.
fn to_resume(view: &RunView, totals: &Totals, ending: &Ending) -> CommandLine {
    // What it said of earlier runs is in the ledger; of what this one has left nobody has looked yet.
    let mut run = view.command.without("as-counted").without("ping");
    // A saved plan knows itself which rows are its own.
    if view.beyond_limit() > 0 && view.mandate.plan.is_none() {
        // The same limit would have the pilot send more rows than it was given.
        let left = totals.not_started.saturating_sub(view.not_for_this_run());
        run = run.with_value("limit", &left.to_string());
    }
    match ending {
        Ending::Deadline => run.without("deadline"),
        _ => on_its_day(view, run),
    }
}

/// The same, its deadline as a time of its day: pasted later, a time of day would be that of the next one.
fn on_its_day(view: &RunView, run: CommandLine) -> CommandLine {
    let deadline = run.value("deadline").and_then(|deadline| day_of(deadline, &view.started));
    match deadline {
        Some(deadline) => run.with_value("deadline", &deadline),
        None => run,
    }
}

/// A time of day as a time of the day that a run which began at `started` took it for; none for any other time.
fn day_of(deadline: &str, started: &Zoned) -> Option<String> {
    let time: Time = deadline.trim().parse().ok().filter(|_| !deadline.contains('-'))?;
    let on = |day: Date| day.to_datetime(time).to_zoned(started.time_zone().clone()).ok();
    let today = on(started.date()).filter(|today| today > started);
    let day = today.or_else(|| on(started.date().tomorrow().ok()?))?;
    Some(day.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// That nothing was real, and what comes next where all that was asked for went well.
fn rehearsal(view: &RunView, totals: &Totals, ending: &Ending) -> String {
    let was = "This was a rehearsal in the sandbox: nothing reached the real API.";
    let succeeded = *ending == Ending::Finished && totals.failed + totals.in_doubt == 0;
    // What is done in a rehearsal is done for the next one, too, as it would be in the real run.
    let anew = view.started.strftime("rehearsal-%Y%m%d-%H%M%S.db").to_string();
    let anew = view.command.with_value("ledger", &anew);
    match (succeeded, ending) {
        (true, _) => {
            // Whoever confirmed the rehearsal has not confirmed this.
            let run = view.command.beyond("sandbox");
            let rate = match run.value("rate") {
                Some(_) => {
                    "\n--rate takes the place of the real API's quotas there, too: leave it out to keep to those."
                }
                None => "",
            };
            let again = match totals.requests {
                0 if totals.already_done > 0 => format!(
                    "\nNothing was sent in it: its rows were rehearsed before. To rehearse them again, with a ledger of its own: {anew}"
                ),
                _ => String::new(),
            };
            format!(
                "{was}{again}\nThe same without --sandbox is the real thing, and does reach it: {run}{rate}"
            )
        }
        (false, Ending::Finished) => {
            // As it is, the same command would send nothing: what was refused is held, what is done is done.
            let again = on_its_day(view, view.command.without("limit"));
            let again = if totals.failed > 0 { again.with("retry-failed") } else { again };
            format!(
                "{was}\nTo rehearse again what did not succeed: {again}\nTo rehearse all of it from the beginning, with a \
                 ledger of its own: {anew}"
            )
        }
        (false, _) => was.to_owned(),
    }
}

/// A foreign message with a full stop.
fn sentence(message: &str) -> String {
    let message = one_line(message);
    if message.ends_with(['.', '!', '?']) { message } else { format!("{message}.") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Obstacle;
    use crate::plan::{Fate, Filtered, Sending, Tally};
    use crate::report::tests::{
        CHANGED, DONE, SENT, full_disk, illegal_step, totals, unreadable_source, view,
    };
    use crate::row::{Cause, Reason};

    fn told(view: &RunView, totals: Totals, ending: &Ending) -> String {
        summary(view, &totals, ending, (Duration::from_secs(20_004), &Causes::default()))
    }

    #[test]
    fn all_is_well() {
        insta::assert_snapshot!(told(&view(), totals(), &Ending::Finished));
    }

    #[test]
    fn everything_was_done_before() {
        let done = Totals { rows: 320, already_done: 320, ..Totals::default() };
        let changed = RunView {
            tally: Tally::from_iter([(SENT, 50_000), (DONE, 295), (CHANGED, 25)]),
            ..view()
        };
        let none = told(&view(), Totals::default(), &Ending::Finished);
        let all = told(&view(), done, &Ending::Finished);
        let changed = told(&changed, done, &Ending::Finished);
        insta::assert_snapshot!([none, all, changed].join("\n---\n"));
    }

    #[test]
    fn rows_that_are_left_out_are_told_with_their_reasons() {
        let totals = Totals { rows: 50_342, filtered: 19, duplicates: 3, ..totals() };
        let filtered = Filtered(vec![("the ticket is deleted".into(), 7), ("no text".into(), 12)]);
        let view = RunView { filtered, ..view() };
        let done = Totals { succeeded: 0, already_done: 50_320, requests: 0, ..totals };
        let none = Totals { rows: 22, filtered: 19, duplicates: 3, ..Totals::default() };
        let texts = [totals, done, none].map(|totals| told(&view, totals, &Ending::Finished));
        insta::assert_snapshot!(texts.join("\n---\n"));
    }

    #[test]
    fn some_rows_are_not_done() {
        let totals = Totals { succeeded: 49_990, failed: 4, in_doubt: 3, invalid: 5, ..totals() };
        let view = RunView {
            tally: Tally::from_iter([(SENT, 50_000), (CHANGED, 1), (Fate::Hold(Held::InDoubt), 2)]),
            ..view()
        };
        insta::assert_snapshot!(told(&view, totals, &Ending::Finished));
        insta::assert_snapshot!(told(&RunView { color: true, ..view }, totals, &Ending::Finished));
    }

    #[test]
    fn a_run_that_stopped_says_how_to_go_on() {
        let part = Totals { succeeded: 1_230, not_started: 48_770, requests: 1_234, ..totals() };
        let refused = Cause::default().saying("r=2: token expired\u{1b}[2J");
        let unauthorized = Ending::Unauthorized(Obstacle::Request(refused));
        let ledger = Ending::LedgerFailed(full_disk());
        let source = Ending::SourceFailed(vec![unreadable_source()]);
        let runtime = Ending::NoRuntime("too many open files".into());
        let fault = Ending::Fault(illegal_step());
        let interrupted = Ending::Interrupted { signal: 2 };
        let failures = Ending::TooManyFailures { allowed: 100 };
        let outage = Ending::Outage(Obstacle::Request(Cause::of(Reason::AnswerTimeout)));
        let texts = [
            &interrupted,
            &unauthorized,
            &outage,
            &failures,
            &ledger,
            &Ending::RecorderGone,
            &source,
            &runtime,
            &fault,
            &Ending::Deadline,
            &Ending::MaxDuration,
            &Ending::NoLoginThere(Obstacle::Token(NoToken::NoLoginThere {
                address: "https://api.example.com/login".into(),
                status: 404,
                usual: "https://api.example.com/v1".into(),
            })),
            &Ending::Finished,
        ]
        .map(|ending| told(&view(), part, ending));
        insta::assert_snapshot!(texts.join("\n---\n"));
    }

    #[test]
    fn a_rehearsal_is_called_one() {
        let command = view().command.with("sandbox");
        let view = RunView { sandbox: true, command, ..view() };
        let one_failed = Totals { succeeded: 49_999, failed: 1, ..totals() };
        let part = Totals { succeeded: 1_230, not_started: 48_770, ..totals() };
        let texts = [
            told(&view, one_failed, &Ending::Finished),
            told(&view, part, &Ending::Interrupted { signal: 2 }),
            told(&view, totals(), &Ending::Finished),
        ];
        insta::assert_snapshot!(texts.join("\n---\n"));
    }

    #[test]
    fn a_pilot_sends_no_more_rows_for_being_interrupted() {
        let command = view().command.with_value("limit", "10");
        // Neither goes on to the rest: `--spread` is for a pilot, and `--yes` was said of it.
        let hurried = command.with("spread").with("yes");
        let tally = Tally::from_iter([(SENT, 10), (Fate::Later(Sending::Fresh), 40), (DONE, 5)]);
        let view = RunView { command, tally, ..view() };
        for (ending, not_started, wanted) in [
            (
                Ending::Interrupted { signal: 2 },
                47,
                "Resume: noteferry run jobs/import-notes.yaml --limit 7\n",
            ),
            (
                Ending::Deadline,
                40,
                "Every row of this pilot has had its turn; 40 rows are beyond its limit. To send them, too: noteferry run jobs/import-notes.yaml\n",
            ),
            (
                Ending::Finished,
                40,
                "40 rows are beyond the limit of this pilot. To send them, too: noteferry run jobs/import-notes.yaml\n",
            ),
        ] {
            let succeeded = 50 - not_started;
            let totals =
                Totals { rows: 55, succeeded, not_started, already_done: 5, ..Totals::default() };
            let text = told(&view, totals, &ending);
            assert!(text.ends_with(wanted), "{text}");
            if !matches!(ending, Ending::Interrupted { .. }) {
                let view = RunView { command: hurried.clone(), ..view.clone() };
                let text = told(&view, totals, &ending);
                assert!(text.ends_with(wanted), "{text}");
            }
        }
    }

    #[test]
    fn a_deadline_that_has_passed_is_not_named_again() {
        let part = Totals { succeeded: 1_230, not_started: 48_770, ..totals() };
        let interrupted = || Ending::Interrupted { signal: 2 };
        for (deadline, ending, named) in [
            ("2026-11-25T06:00", Ending::Deadline, None),
            ("2026-11-25T06:00", interrupted(), Some("--deadline 2026-11-25T06:00\n")),
            ("06:00", Ending::Deadline, None),
            // It was late in the evening; pasted after six, the line must not mean the day after.
            ("06:00", interrupted(), Some("--deadline 2026-11-23T06:00:00+07:00\n")),
            ("23:30", interrupted(), Some("--deadline 2026-11-22T23:30:00+07:00\n")),
        ] {
            let command = view().command.with_value("deadline", deadline);
            let text = told(&RunView { command, ..view() }, part, &ending);
            match named {
                Some(named) => assert!(text.contains(named), "{text}"),
                None => {
                    assert!(text.contains("jobs/import-notes.yaml\n(Its --deadline has"), "{text}");
                }
            }
        }
    }
}
