//! The same in words.

use std::time::Duration;

use jiff::Zoned;

use super::diff::{Mark, pieces};
use super::{Kind, RemoteEnd, RemoteFindings, RemoteRow, RowFound, WhyNotKnown};
use crate::recover::Extent;
use crate::report::paint::Paint;
use crate::report::words::{about, cause, counted, number, obstacle, one_line, span};
use crate::text::code::Code;
use crate::text::command::CommandLine;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::quota::Quota;
use crate::text::visible::shown;

/// So many rows of a kind are shown where nobody asks for more.
const SHOWN: usize = 3;

/// What asking will cost, before it begins.
pub(crate) fn remote_begins(
    (lists, known, known_since): (u64, u64, Option<&Zoned>),
    noun: Option<&str>,
    (duration, limited_by): (Duration, Option<&Quota>),
) -> String {
    if lists == 0 {
        return "Nothing can be asked of the other side about these rows.".to_owned();
    }
    let what = lists_of(lists, noun);
    let open = lists - known;
    let since = known_since.map(|since| format!(", from {} on", minute(since))).unwrap_or_default();
    let before = match known {
        0 => String::new(),
        known => format!(" ({} asked for by the call before{since})", number(known)),
    };
    if open == 0 {
        return format!("What is asked is known from the call before{since}: {what}.");
    }
    let binds = limited_by.map(|quota| format!(", {quota} is the quota that binds"));
    format!(
        "Asking for {what}{before}: at least {}, {} or longer{}. Nothing but reads is sent.",
        counted(open, "request"),
        about(duration),
        binds.unwrap_or_default()
    )
}

/// `the lists of 1,200 tickets`.
pub(in crate::report) fn lists_of(lists: u64, noun: Option<&str>) -> String {
    match noun {
        Some(noun) => format!("the lists of {}", counted(lists, &one_line(noun))),
        None => counted(lists, "list"),
    }
}

/// A moment, by the minute.
pub(in crate::report) fn minute(moment: &Zoned) -> String {
    moment.strftime("%Y-%m-%d %H:%M").to_string()
}

/// How far it is.
pub(crate) fn remote_line(answered: u64, lists: u64, requests: u64) -> String {
    format!("{} of {}, {}", number(answered), counted(lists, "list"), counted(requests, "request"))
}

/// The block of a plan.
pub(in crate::report) fn remote(
    findings: &RemoteFindings,
    command: &CommandLine,
    all: bool,
    paint: Paint,
) -> String {
    let noun = findings.noun.as_deref().unwrap_or("list");
    let head = match findings.known_earlier() {
        None => "The rows on the other side, as its lists show it now:".to_owned(),
        Some(earlier) => format!("The rows on the other side, as its lists show it ({earlier}):"),
    };
    let mut text = format!("\n{}\n", paint.bold(&head));
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| findings.count(*kind) > 0).collect();
    let width = kinds.iter().map(|kind| number(findings.count(*kind)).len()).max().unwrap_or(0);
    for kind in &kinds {
        let (count, words) = (number(findings.count(*kind)), kind_words(*kind, noun));
        text.push_str(&format!("  {count:>width$}  {words}\n"));
        let most = if all { usize::MAX } else { SHOWN };
        let named = findings.named_of(*kind).take(most);
        named.for_each(|row| text.push_str(&format!("  {:width$}    {}\n", "", named_row(row))));
        let more = findings.more_of(*kind, most);
        if more > 0 {
            text.push_str(&format!("  {:width$}    and {} more\n", "", number(more)));
        }
    }
    if kinds.is_empty() {
        text.push_str("  there is no row to ask about\n");
    }
    if findings.unchanged > 0 {
        text.push_str(&format!(
            "{} the very text that is there already.\n",
            counted_of(findings.unchanged, "update carries", "updates carry")
        ));
    }
    text.push_str(&changes(findings, all, paint));
    text.push_str(&advice(findings, command));
    text
}

/// What somebody has to do about it.
fn advice(findings: &RemoteFindings, command: &CommandLine) -> String {
    let mut text = String::new();
    if findings.count(Kind::There) > 0 {
        text.push_str(
            "\nWhat is there already would be there twice after a run. If an earlier import has made it, leave these rows out \
             of the source; a ledger of that import, named with --ledger, does that by itself.\n",
        );
    }
    if findings.count(Kind::Unlike) > 0 {
        text.push_str(
            "\nWhere the same text is there and something else of it differs, a run makes a second one, and what is there \
             stays as it is: if the customer sees what nobody should, that has to be mended there.\n",
        );
    }
    let goes_on = |is_kept: bool| match is_kept {
        true => format!("The same command goes on where this one ended: {command}"),
        false => "Nothing could be kept: the same command begins anew.".to_owned(),
    };
    match &findings.end {
        RemoteEnd::Whole => {}
        RemoteEnd::Interrupted { is_kept, .. } => {
            text.push_str(&format!(
                "\nAsking was interrupted after {} of {}. {}\n",
                number(findings.answered),
                counted(findings.lists, "list"),
                goes_on(*is_kept)
            ));
        }
        RemoteEnd::Stopped { obstacle: why, after, is_kept } => {
            text.push_str(&format!(
                "\nAsking stopped after {} of {}: {}{}. {}\n",
                number(findings.answered),
                counted(findings.lists, "list"),
                one_line(&obstacle(why)),
                silence(*after),
                goes_on(*is_kept)
            ));
        }
    }
    text
}

/// How long nothing had got through.
pub(in crate::report) fn silence(after: Option<Duration>) -> String {
    let told = after.map(|after| {
        format!(
            "; nothing has got through for {}, and --give-up-after says how long that may be",
            span(after)
        )
    });
    told.unwrap_or_default()
}

/// How texts would change.
fn changes(findings: &RemoteFindings, all: bool, paint: Paint) -> String {
    let most = if all { usize::MAX } else { SHOWN };
    let mut text = String::new();
    for row in findings.changes.iter().take(most) {
        let Some((from, to)) = row.change() else { continue };
        text.push_str(&format!("\n{}\n  ", paint.faint(&place(row))));
        text.push_str(&changed_text(from, to, paint));
        text.push('\n');
    }
    let more = findings.more_changes(most);
    if more > 0 {
        text.push_str(&format!("\nand {}\n", counted(more, "more change")));
    }
    text
}

/// One text and what becomes of it, with what goes and what comes in brackets of their own.
pub(in crate::report) fn changed_text(from: &str, to: &str, paint: Paint) -> String {
    let pieces = pieces(from, to).into_iter().map(|piece| {
        let lines: Vec<_> = piece.text.split('\n').map(shown).collect();
        let shown = lines.join("\n  ");
        match piece.mark {
            Mark::Stays => shown,
            Mark::Goes => paint.bad(&format!("[-{shown}-]")),
            Mark::Comes => paint.good(&format!("{{+{shown}+}}")),
        }
    });
    pieces.collect()
}

pub(in crate::report) fn kind_words(kind: Kind, noun: &str) -> String {
    match kind {
        Kind::System => "about what the system has made there, which the job does not allow".into(),
        Kind::SystemAllowed => "about what the system has made there, as the job allows".into(),
        Kind::There => {
            "there already: the same is in the list, and no row of this ledger has made it".into()
        }
        Kind::Unlike => {
            "perhaps there already: the same text is in the list, and something else of it differs"
                .into()
        }
        Kind::Alike => "perhaps there already: something in the list looks like it, altered".into(),
        Kind::NoLane => format!("of a {noun} that is not there"),
        Kind::NoSuchThing => "about something that is not in its list".into(),
        Kind::NotKnown => "of which it is not known".into(),
        Kind::NotShown => {
            "not in the list, which shows nothing of its kind: that is no proof".into()
        }
        Kind::Found => "about something that is there".into(),
        Kind::Absent => "not there yet".into(),
    }
}

fn named_row(row: &RemoteRow) -> String {
    match said(row) {
        Some(said) => format!("{}: {said}", place(row)),
        None => place(row),
    }
}

/// `row 12 (line 13, ticket tk_1, key L-12)`.
pub(in crate::report) fn place(row: &RemoteRow) -> String {
    let mut parts = vec![format!("line {}", row.place.line)];
    parts.extend(Some(one_line(&row.lane)).filter(|lane| !lane.is_empty()));
    if !row.key.is_empty() {
        parts.push(format!("key {}", one_line(&row.key)));
    }
    format!("row {} ({})", row.place.row, parts.join(", "))
}

/// What is to be said of a row beside its kind.
pub(in crate::report) fn said(row: &RemoteRow) -> Option<String> {
    match &row.found {
        RowFound::There { id } | RowFound::Alike { id } => Some(format!("as {}", one_line(id))),
        RowFound::Unlike { id, unlike } => {
            let differs = unlike.iter().map(|one| {
                let [field, there, row] = [&one.field, &one.there, &one.row].map(|it| one_line(it));
                format!("`{field}`: {there} there, {row} in the row")
            });
            Some(format!("as {}: {}", one_line(id), differs.collect::<Vec<_>>().join("; ")))
        }
        RowFound::Absent => None,
        RowFound::NotShown { of: 0 } => Some("the list is empty".to_owned()),
        RowFound::NotShown { of } => {
            Some(format!("the list shows {}", counted(*of as u64, "other")))
        }
        RowFound::Found { .. } => None,
        RowFound::System { id, mark, .. } => {
            Some(format!("{} is marked by {}", one_line(id), one_line(mark)))
        }
        RowFound::NoSuchThing { id, of } => {
            let shown = counted(*of as u64, "item");
            Some(format!("{} is none of the {shown} that the list shows", one_line(id)))
        }
        RowFound::NoLane(why) => Some(one_line(&cause(why))),
        RowFound::NotKnown(why) => Some(not_known(why)),
    }
}

/// Why it is not known.
pub(in crate::report) fn not_known(why: &WhyNotKnown) -> String {
    match why {
        WhyNotKnown::NoList => {
            "the connector declares no list that would show it (`recover`, or `look`)".to_owned()
        }
        WhyNotKnown::NotNamed { name } => format!(
            "nothing says in which list to look: give the job's `let`, or the source, a `{}`",
            one_line(name)
        ),
        WhyNotKnown::List(extent) => match extent {
            Extent::Whole => "the list is whole".to_owned(),
            Extent::Cut => "the list shows one page, and may go on behind it".to_owned(),
            Extent::Endless => "the list does not come to its end".to_owned(),
            Extent::Refused => "a page of the list was refused".to_owned(),
            Extent::Nameless => "the list has items without an id".to_owned(),
            Extent::Contradicting => {
                "the list shows one id more than once, with different contents".to_owned()
            }
        },
        WhyNotKnown::Refused(why) => format!("the list was refused: {}", one_line(&cause(why))),
        WhyNotKnown::NoAnswer(why) => {
            format!("the list could not be had: {}", one_line(&cause(why)))
        }
        WhyNotKnown::NotAsked => "it was not asked for".to_owned(),
        WhyNotKnown::TooEarly => {
            "it was sent so shortly before that the list may be late: ask again in a minute"
                .to_owned()
        }
        WhyNotKnown::NotShown { of } => format!(
            "the list does not show it, and none of its kind among the {} that it shows: it may leave such things out",
            counted(*of as u64, "item")
        ),
        WhyNotKnown::Untold { field } => {
            format!("the list does not show `{}`", one_line(field))
        }
        WhyNotKnown::UntoldCopy { id, field } => format!(
            "the same text is there once more as {}, which no row has made, and the list does not show its `{}`: who sees it cannot be known",
            one_line(id),
            one_line(field)
        ),
    }
}

/// That a row is about what the system has made.
pub(crate) fn of_system(row: &RemoteRow) -> Option<Diagnostic> {
    let RowFound::System { id, mark, is_allowed: false, .. } = &row.found else { return None };
    let message = format!(
        "{} was made by the system ({}), and {} would act on it",
        one_line(id),
        one_line(mark),
        one_line(&row.operation)
    );
    let problem = Diagnostic::error(Code::SystemNote, Place::from(row.place.clone()), message);
    Some(problem.hint(
        "leave the row out of the source; or say `allow_system_notes: true` in the job, if that is meant",
    ))
}

fn counted_of(count: u64, one: &str, more: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{} {more}", number(count)),
    }
}
