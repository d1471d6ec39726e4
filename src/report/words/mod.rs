//! Numbers, durations, times and foreign texts as people read them.

mod access;
mod cause;
mod contradiction;
mod ending;
mod fault;
mod ledger;
mod mandate;
mod miscounted;
mod missing;
mod missing_row;
mod no_token;
mod notable;
mod note;
mod problem;
mod question;
mod row_problem;
mod saved;

use std::time::Duration;

use jiff::Zoned;

use crate::declared::job::InDoubt;
use crate::text::visible::shown;

pub(crate) use access::credentials;
pub(super) use access::{client_error, credential_error, credential_hint};
pub(crate) use cause::cause;
use contradiction::{contradiction, illegal_transition};
pub(super) use ending::{ending, obstacle};
pub(super) use fault::fault;
pub(super) use ledger::{ledger_error, ledger_failure, ledger_hint};
pub(super) use mandate::{add_mandate, mandate};
pub(super) use miscounted::miscounted;
pub(crate) use missing::{
    not_shown_as_sent, nothing_deleted, stays, unfinished, way_out_of_missing,
};
pub(crate) use missing_row::of_missing_row;
pub(super) use no_token::no_token;
pub(super) use notable::notable;
pub(crate) use note::note;
pub(super) use problem::{problem, problem_hint};
pub(crate) use question::{question, question_of_absent};
pub(crate) use row_problem::{of_row, of_source_change};
pub(crate) use saved::{
    Outdated, of_differences, of_flag_beside_plan, of_no_plan, of_outdated, of_piped_plan,
    of_plan_beside_run, of_plan_for_job, of_unsaved_plan,
};

/// Where requests go, for people. The account may not be known.
pub(crate) fn target(base_url: &str, account: Option<&str>, is_sandbox: bool) -> String {
    match (is_sandbox, account) {
        (true, _) => "a sandbox on this machine".to_owned(),
        (false, None | Some("")) => base_url.to_owned(),
        (false, Some(account)) => format!("{base_url} as {account}"),
    }
}

/// `1234567` as `1,234,567`.
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `1,234 rows`.
pub(super) fn rows(count: u64) -> String {
    counted(count, "row")
}

/// A number and its noun, which takes an `s` in the plural.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(count))
}

/// `a note`, `an item`.
pub(super) fn one_of(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// A number and the beginning of a sentence about rows: `1 row is`, `2 rows are`.
pub(super) fn rows_are(count: u64) -> String {
    format!("{} {}", rows(count), if count == 1 { "is" } else { "are" })
}

/// Likewise of what is past: `1 row was`, `2 rows were`.
pub(super) fn rows_were(count: u64) -> String {
    format!("{} {}", rows(count), if count == 1 { "was" } else { "were" })
}

/// What becomes of rows that are done and were changed afterwards, if somebody wants it.
pub(super) fn change_what_was_sent(count: u64) -> &'static str {
    match count {
        1 => {
            "To change what was sent, use an operation that changes it, with the id that `plan` shows; to send it as another \
             one, give the row another key."
        }
        _ => {
            "To change what was sent, use an operation that changes it, with the ids that `plan` shows; to send one as another \
             one, give its row another key."
        }
    }
}

/// How to go on with rows that are in doubt and held back.
pub(super) fn held_in_doubt(in_doubt: InDoubt, count: u64) -> String {
    let (it, is) = if count == 1 { ("it", "it is") } else { ("them", "they are") };
    let way = match in_doubt {
        InDoubt::Hold => format!(
            "`in_doubt: hold` in the job says so: look whether {is} there; `in_doubt: verify` has a run look for {it}, \
             `in_doubt: resend` sends {it} again, and what is there may then be there twice."
        ),
        // It would be looked for, or sent again, if it could be as it is now.
        InDoubt::Verify | InDoubt::Resend => format!(
            "No run can look for {it} as {is} now: put back what was sent, or correct what is invalid, and the next run does; \
             or look whether {is} there yourself, and have `in_doubt: resend` send what is not."
        ),
    };
    format!(
        "{way} What you have seen yourself, `noteferry settle` writes down. More: noteferry explain in-doubt"
    )
}

/// Rows that go only if others before them are settled.
pub(super) fn behind_doubts(count: u64) -> String {
    let (stand, them) = if count == 1 { ("stands", "it is") } else { ("stand", "they are") };
    format!(
        "{} {stand} behind rows in doubt (of the same ticket, say), which nothing overtakes: those are looked for first, and \
         where that settles nothing, {them} not started.",
        rows(count)
    )
}

/// That the job has doubtful rows sent again, and what that may come to.
pub(super) fn sent_again(count: u64, item: &str) -> String {
    let them = if count == 1 { "it" } else { "them" };
    format!(
        "{} in doubt, and a run sends {them} again without a look, as `in_doubt: resend` in the job says: where a lost \
         request has acted, {} is then there twice. `in_doubt: verify` has a run look for {them} first.",
        rows_are(count),
        one_of(item)
    )
}

/// A duration that is an estimate.
pub(super) fn about(duration: Duration) -> String {
    match duration.as_secs() {
        0 => span(duration),
        _ => format!("about {}", span(duration)),
    }
}

/// A duration in its two largest units, rounded down: `45 s`, `12 min 5 s`, `5 h 23 min`, `2 d 3 h`.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0 => "less than 1 s".into(),
        1..60 => format!("{seconds} s"),
        60..600 => two(minutes, "min", seconds % 60, "s"),
        600..3_600 => format!("{minutes} min"),
        3_600..86_400 => two(hours, "h", minutes % 60, "min"),
        _ => two(days, "d", hours % 24, "h"),
    }
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

/// Requests a second: `0.25/s`, `2.5/s`, `1,200/s`.
pub(super) fn rate(per_second: f64) -> String {
    if !per_second.is_finite() || per_second <= 0.0 {
        "0/s".into()
    } else if per_second < 0.995 {
        format!("{per_second:.2}/s")
    } else if per_second < 99.95 {
        format!("{per_second:.1}/s")
    } else {
        // A rate is far below 2^53.
        format!("{}/s", number(per_second.round() as u64))
    }
}

/// The time of day of a moment; with the weekday or the date where it is not today.
pub(super) fn clock(moment: &Zoned, now: &Zoned) -> String {
    let days = now.date().until(moment.date()).map_or(i32::MAX, |span| span.get_days());
    let format = match days {
        0 => "%H:%M",
        1..=6 => "%a %H:%M",
        _ => "%Y-%m-%d %H:%M",
    };
    moment.strftime(format).to_string()
}

/// A moment for a log, which may be read anywhere: `2026-11-22 21:40:00+07:00`.
pub(super) fn stamp(moment: &Zoned) -> String {
    moment.strftime("%Y-%m-%d %H:%M:%S%:z").to_string()
}

/// A moment that much later, if the calendar reaches so far.
pub(super) fn later(moment: &Zoned, by: Duration) -> Option<Zoned> {
    moment.checked_add(jiff::SignedDuration::try_from(by).ok()?).ok()
}

/// A foreign text on one line. What is unseen is named, so that an answer cannot steer a terminal.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    shown(&words).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Cause, Doubt, Look, Reason};

    #[test]
    fn numbers_have_separators() {
        for (value, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (50_320, "50,320"),
            (123_456, "123,456"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(
            (rows(1), rows(0), rows(2_000)),
            ("1 row".into(), "0 rows".into(), "2,000 rows".into())
        );
    }

    #[test]
    fn durations_have_two_units() {
        for (seconds, text) in [
            (0, "less than 1 s"),
            (59, "59 s"),
            (60, "1 min"),
            (125, "2 min 5 s"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (19_380, "5 h 23 min"),
            (86_399, "23 h 59 min"),
            (86_400, "1 d"),
            (183_600, "2 d 3 h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn rates_keep_two_digits_that_matter() {
        for (value, text) in [
            (f64::NAN, "0/s"),
            (0.0, "0/s"),
            (0.25, "0.25/s"),
            (0.999, "1.0/s"),
            (2.5, "2.5/s"),
            (99.96, "100/s"),
            (1200.0, "1,200/s"),
        ] {
            assert_eq!(rate(value), text);
        }
    }

    #[test]
    fn a_time_names_its_day_where_it_is_not_today() {
        let now: Zoned = "2026-11-22T21:49:00+07:00[Asia/Ho_Chi_Minh]".parse().unwrap();
        for (hours, text) in
            [(2, "23:49"), (6, "Mon 03:49"), (24 * 6, "Sat 21:49"), (24 * 9, "2026-12-01 21:49")]
        {
            let moment = later(&now, Duration::from_secs(hours * 3_600)).unwrap();
            assert_eq!(clock(&moment, &now), text);
        }
        assert_eq!(later(&now, Duration::MAX), None);
    }

    #[test]
    fn every_reason_and_every_doubt_has_its_words() {
        let why = Reason::ALL.map(|reason| {
            let foreign = Cause { status: Some(500), ..Cause::of(reason).saying("try later") };
            format!("{}\n  {}", cause(&Cause::of(reason)), cause(&foreign))
        });
        let look = || Box::new(Look { status: Some(500), ..Cause::of(Reason::Answered).into() });
        let id = || "tn_1".to_owned();
        let doubts = [
            Doubt::StoppedBefore,
            Doubt::FieldMissing,
            Doubt::ListRefused(look()),
            Doubt::ListUnread(look()),
            Doubt::ShapeUnknown,
            Doubt::ItemWithoutId,
            Doubt::Undated,
            Doubt::Endless,
            Doubt::OnePage,
            Doubt::ListUnproven,
            Doubt::Alike { id: id() },
            Doubt::Contradicting { id: id() },
            Doubt::Altered { id: id() },
            Doubt::Unreadable { id: id() },
            Doubt::Differs { id: id() },
            Doubt::OlderWithinClocks { id: id() },
            Doubt::OlderByUnknownClocks { id: id() },
        ];
        let looked = doubts
            .map(|doubt| cause(&Cause { doubt: Some(doubt), ..Cause::of(Reason::AnswerTimeout) }));
        insta::assert_snapshot!([why.as_slice(), looked.as_slice()].concat().join("\n"));
    }

    #[test]
    fn a_foreign_text_cannot_steer_a_terminal() {
        assert_eq!(
            one_line("a\r\nb\u{1b}[2Jc\u{9b}31m  d\u{202e}"),
            "a b<U+001B>[2Jc<U+009B>31m d<U+202E>"
        );
    }
}
