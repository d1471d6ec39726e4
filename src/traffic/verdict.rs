//! What an answer, or the lack of one, means for a row.
//!
//! Pure. The connector says how its answers are read; this says what follows. The line that matters is
//! between *surely did not act* and *may have acted*: only the first is ever sent again unasked.

use std::time::Duration;

use serde_json::Value;

use crate::declared::connector::{Answers, Operation, Repeat};
use crate::row::{Cause, Reason};
use crate::text::pointer::Pointer;
use crate::text::redaction::Redactor;

use super::body::{Body, says_too_much};
use super::reply::{Answer, Reply};

/// What follows for the row.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is done.
    Done {
        /// What the other side calls what was made; none where the operation makes nothing.
        id: Option<String>,
        /// What a reading operation brought.
        items: Option<Vec<Value>>,
    },
    /// Another attempt may follow: it surely did not act, or a repeat is harmless.
    Retry {
        /// Why there has to be another.
        cause: Cause,
        /// How long the other side asks to wait.
        after: Option<Duration>,
        /// Whether there were too many requests.
        pushback: bool,
        /// Whether it may have acted, and a repeat is harmless.
        may_have_acted: bool,
    },
    /// The other side said no.
    Refused(Cause),
    /// The other side said no, because what was asked for is not there.
    NotFound(Cause),
    /// It may have acted.
    Unknown {
        /// Why that is not known.
        cause: Cause,
        /// How long the other side asks to wait.
        after: Option<Duration>,
    },
    /// The token was not accepted; it surely did not act.
    Unauthorized(Cause),
}

/// The longest name, in bytes, that the other side may give to what it has made.
const LONGEST_ID: usize = 1024;
/// Of a text that is no answer of the API so many bytes are read.
const MOST_READ: usize = 1 << 16;
const FOUND: u16 = 302;
const SEE_OTHER: u16 = 303;
const TOO_MANY_REQUESTS: u16 = 429;

/// Judges a reply to an operation's request. What it means is seen before its secrets are taken out; what leaves this has
/// none, but for the items of a list.
pub(crate) fn judge(
    answers: &Answers,
    operation: &Operation,
    reply: Reply,
    redactor: &Redactor,
) -> Verdict {
    match reply {
        Reply::NotSent(cause) => retry(cause, None, false),
        Reply::Lost(cause) => unknown(operation, cause, None),
        Reply::Answer(answer) => judge_answer(answers, operation, &answer, redactor),
    }
    .redacted(redactor)
}

/// The same where there are no secrets.
pub fn judge_openly(answers: &Answers, operation: &Operation, reply: Reply) -> Verdict {
    judge(answers, operation, reply, &Redactor::default())
}

impl Verdict {
    fn redacted(self, redactor: &Redactor) -> Self {
        match self {
            Self::Done { id, items } => {
                let id = id.map(|id| redactor.redact_data(&id).into_owned());
                Self::Done { id, items }
            }
            Self::Retry { cause, after, pushback, may_have_acted } => {
                let cause = cause.redacted(redactor);
                Self::Retry { cause, after, pushback, may_have_acted }
            }
            Self::Refused(cause) => Self::Refused(cause.redacted(redactor)),
            Self::NotFound(cause) => Self::NotFound(cause.redacted(redactor)),
            Self::Unknown { cause, after } => {
                Self::Unknown { cause: cause.redacted(redactor), after }
            }
            Self::Unauthorized(cause) => Self::Unauthorized(cause.redacted(redactor)),
        }
    }
}

/// Whether an answer, to whatever it is, says that it did not act for now, as there were too many requests.
pub(crate) fn asks_for_later(answers: &Answers, answer: &Answer) -> bool {
    if answer.status == TOO_MANY_REQUESTS || answers.retry.status.contains(&answer.status) {
        return true;
    }
    let body = Body::read(&answer.body);
    // Of this nothing is shown.
    let cause = cause(answers, answer, body.as_ref(), &Redactor::default());
    answers.retry.by_body(cause.code.as_deref(), cause.message.as_deref())
}

fn judge_answer(
    answers: &Answers,
    operation: &Operation,
    answer: &Answer,
    redactor: &Redactor,
) -> Verdict {
    // One that says too much is not understood.
    let body =
        Some(&answer.body).filter(|bytes| !says_too_much(bytes)).and_then(|it| Body::read(it));
    let status = answer.status;
    if answers.unauthorized.contains(&status) {
        return Verdict::Unauthorized(cause(answers, answer, body.as_ref(), redactor));
    }
    if status == TOO_MANY_REQUESTS || answers.retry.status.contains(&status) {
        let pushback = status == TOO_MANY_REQUESTS;
        return retry(
            cause(answers, answer, body.as_ref(), redactor),
            answer.retry_after,
            pushback,
        );
    }
    if status >= 500 {
        return unknown(
            operation,
            cause(answers, answer, body.as_ref(), redactor),
            answer.retry_after,
        );
    }
    if (300..400).contains(&status) {
        return redirected(answers, operation, answer);
    }
    let success = is_success(answers, body.as_ref());
    let is_good = (200..300).contains(&status);
    if is_good && success == Some(true) && answers.success.is_some() {
        return done(operation, body.as_ref());
    }
    let cause = cause(answers, answer, body.as_ref(), redactor);
    if answers.retry.by_body(cause.code.as_deref(), cause.message.as_deref()) {
        return retry(cause, answer.retry_after, true);
    }
    match (success, is_good) {
        (Some(true), true) => done(operation, body.as_ref()),
        (None, true) => unknown(operation, unreadable(answer, redactor), None),
        _ => refused(answers, cause),
    }
}

/// A redirect is followed nowhere, and is about the address, never about what was asked for. Whoever stands before the API
/// sends it without having acted; only "see other", and a "found" of an API that does not say what success is, may be
/// what follows a deed.
fn redirected(answers: &Answers, operation: &Operation, answer: &Answer) -> Verdict {
    let told = answer.location.clone().unwrap_or_default();
    let cause = Cause { status: Some(answer.status), ..Cause::of(Reason::Redirected).saying(told) };
    match answer.status == SEE_OTHER || (answer.status == FOUND && answers.success.is_none()) {
        true => unknown(operation, cause, answer.retry_after),
        false => retry(cause, answer.retry_after, false),
    }
}

fn refused(answers: &Answers, cause: Cause) -> Verdict {
    let known = &answers.not_found;
    let not_found = cause.status.is_some_and(|status| known.status.contains(&status))
        || known.by_body(cause.code.as_deref(), cause.message.as_deref());
    if not_found { Verdict::NotFound(cause) } else { Verdict::Refused(cause) }
}

/// Whether a body says success; none where it cannot be told, for then it may well be one.
fn is_success(answers: &Answers, body: Option<&Body<'_>>) -> Option<bool> {
    let Some((pointer, expected)) = &answers.success else { return Some(true) };
    says(&body?.find(pointer)?.value(), expected)
}

/// Whether a value is the one that is expected; none where it is of another kind, of which the connector says nothing.
fn says(said: &Value, expected: &Value) -> Option<bool> {
    match (said, expected) {
        // Numbers may be written in several ways.
        (Value::Number(said), Value::Number(expected)) => {
            Some(said == expected || said.as_f64() == expected.as_f64())
        }
        _ if said == expected => Some(true),
        (Value::Bool(_), Value::Bool(_)) | (Value::String(_), Value::String(_)) => Some(false),
        _ => None,
    }
}

fn done(operation: &Operation, body: Option<&Body<'_>>) -> Verdict {
    let at = |pointer| body?.find(pointer).map(Body::value);
    let id = operation.id.as_ref().and_then(at).map(plain_text);
    // Whatever is longer names nothing, and would be kept in memory and in the ledger.
    let id = id.filter(|id| id.len() <= LONGEST_ID);
    let items = operation.items.iter().find_map(|pointer| match at(pointer)? {
        Value::Array(items) => Some(items),
        _ => None,
    });
    Verdict::Done { id, items }
}

fn retry(cause: Cause, after: Option<Duration>, pushback: bool) -> Verdict {
    Verdict::Retry { cause, after, pushback, may_have_acted: false }
}

/// What may have acted is asked again where a repeat is harmless.
fn unknown(operation: &Operation, cause: Cause, after: Option<Duration>) -> Verdict {
    match operation.repeat {
        Repeat::Harmless => Verdict::Retry { cause, after, pushback: false, may_have_acted: true },
        Repeat::Harmful => Verdict::Unknown { cause, after },
    }
}

fn unreadable(answer: &Answer, redactor: &Redactor) -> Cause {
    let reason = match says_too_much(&answer.body) {
        true => return Cause { status: Some(answer.status), ..Cause::of(Reason::AnswerTooLong) },
        false => Reason::UnreadableAnswer,
    };
    let cause = Cause { status: Some(answer.status), ..Cause::of(reason) };
    cause.saying(first_words(&answer.body, redactor))
}

/// What a text that is no answer of the API says, without secrets, and without what stands in angle brackets where anything else is
/// left. What is long is cut between words.
fn first_words(body: &[u8], redactor: &Redactor) -> String {
    let read = body.get(..MOST_READ).map(|begins| {
        let last = begins.iter().rposition(u8::is_ascii_whitespace);
        &begins[..last.unwrap_or(0)]
    });
    // A secret may hold what is left out below, so it is taken out of the whole.
    let text = String::from_utf8_lossy(read.unwrap_or(body));
    let text = redactor.redact(&text);
    let mut plain = String::new();
    let mut rest = &*text;
    while let Some((before, tag)) = rest.split_once('<') {
        plain.push_str(before);
        plain.push(' ');
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (plain, whole) = (words(&plain), words(&text));
    if plain.is_empty() { whole } else { plain }
}

fn cause(
    answers: &Answers,
    answer: &Answer,
    body: Option<&Body<'_>>,
    redactor: &Redactor,
) -> Cause {
    let first = |pointers: &[Pointer]| {
        pointers.iter().find_map(|pointer| body?.find(pointer)).map(Body::value).map(plain_text)
    };
    let message = first(&answers.message).filter(|message| !message.is_empty());
    // Somebody before the API has answered.
    let page = || Some(first_words(&answer.body, redactor)).filter(|words| !words.is_empty());
    let message = message.or_else(|| page().filter(|_| body.is_none()));
    Cause {
        status: Some(answer.status),
        code: first(&answers.code),
        message,
        ..Cause::of(Reason::Answered)
    }
}

fn plain_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared::connector::Catalogue;
    use crate::text::diagnostic::Place;
    use crate::traffic::reply::LONGEST_MESSAGE;

    fn verdict(operation: &str, reply: Reply) -> Verdict {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        judge_openly(&connector.answers, &connector.operations[operation], reply)
    }

    fn answer(status: u16, body: &str) -> Reply {
        Reply::Answer(Answer {
            status,
            retry_after: Some(Duration::from_secs(7)),
            body: body.into(),
            ..Answer::default()
        })
    }

    /// What follows, in a word, and with whose words.
    fn words(verdict: &Verdict) -> String {
        let because = |cause: &Cause| {
            let parts = [
                cause.code.clone(),
                // What an answer that cannot be read begins with has a test of its own.
                cause.message.clone().filter(|_| cause.reason != Reason::UnreadableAnswer),
                (cause.reason != Reason::Answered).then(|| cause.reason.word().to_owned()),
            ];
            parts.into_iter().flatten().map(|part| format!(": {part}")).collect::<String>()
        };
        let after = |after: &Option<Duration>| {
            after.map(|after| format!(" after {} s", after.as_secs())).unwrap_or_default()
        };
        match verdict {
            Verdict::Done { id, .. } => format!("done as {}", id.as_deref().unwrap_or("nothing")),
            Verdict::Retry { cause, after: wait, pushback, may_have_acted } => {
                let word = match (pushback, may_have_acted) {
                    (true, false) => "push-back",
                    (false, false) => "retry",
                    (false, true) => "repeat",
                    (true, true) => "push-back that may have acted",
                };
                format!("{word}{}{}", after(wait), because(cause))
            }
            Verdict::Refused(cause) => format!("refused{}", because(cause)),
            Verdict::NotFound(cause) => format!("not found{}", because(cause)),
            Verdict::Unknown { cause, after: wait } => {
                format!("unknown{}{}", after(wait), because(cause))
            }
            Verdict::Unauthorized(cause) => format!("unauthorized{}", because(cause)),
        }
    }

    /// What a create and an update come to. What may have acted is *unknown* where a repeat is harmful, as with a create,
    /// and *repeated* where it is harmless; all else is the same for both.
    #[test]
    fn every_reply_has_its_verdict() {
        let both = |words: &'static str| (words, words);
        for (status, body, (create, update)) in [
            // Done: a status of success and the body says so. Only what makes something has an id.
            (200, r#"{"id":"tn_1","r":0}"#, ("done as tn_1", "done as nothing")),
            (201, r#"{"id":5,"r":0}"#, ("done as 5", "done as nothing")),
            (200, r#"{"r":0}"#, both("done as nothing")),
            // Refused: the body says no, or the status does.
            (200, r#"{"r":3,"msg":"too late"}"#, both("refused: 3: too late")),
            (400, r#"{"r":2,"message":"bad"}"#, both("refused: 2: bad")),
            (400, r#"{"r":0}"#, both("refused: 0")),
            (404, "nothing", both("not found: nothing")),
            (
                200,
                r#"{"r":4,"msg":"ticket note not found"}"#,
                both("not found: 4: ticket note not found"),
            ),
            // A success that cannot be read may well be one.
            (200, r#"{"r":"0"}"#, ("unknown: unreadable_answer", "repeat: unreadable_answer")),
            (200, r#"{"msg":"no r"}"#, ("unknown: unreadable_answer", "repeat: unreadable_answer")),
            (200, "<html>", ("unknown: unreadable_answer", "repeat: unreadable_answer")),
            (200, "", ("unknown: unreadable_answer", "repeat: unreadable_answer")),
            // Nor does the connector say what a value of another kind means. A number may be written in several ways.
            (200, r#"{"r":false}"#, ("unknown: unreadable_answer", "repeat: unreadable_answer")),
            (200, r#"{"r":null}"#, ("unknown: unreadable_answer", "repeat: unreadable_answer")),
            (200, r#"{"r":"3"}"#, ("unknown: unreadable_answer", "repeat: unreadable_answer")),
            (200, r#"{"r":"error"}"#, ("unknown: unreadable_answer", "repeat: unreadable_answer")),
            (200, r#"{"r":[0]}"#, ("unknown: unreadable_answer", "repeat: unreadable_answer")),
            (200, r#"{"r":0.0,"id":"tn_1"}"#, ("done as tn_1", "done as nothing")),
            (200, r#"{"r":-0,"id":"tn_1"}"#, ("done as tn_1", "done as nothing")),
            (200, r#"{"r":0e5,"id":"tn_1"}"#, ("done as tn_1", "done as nothing")),
            (200, r#"{"r":0.5}"#, both("refused: 0.5")),
            (200, r#"{"r":-1}"#, both("refused: -1")),
            // The token was refused before anything was done.
            (401, "", both("unauthorized")),
            (403, r#"{"r":5,"message":"keySid invalid"}"#, both("unauthorized: 5: keySid invalid")),
            // Not now, and surely nothing was done, whoever says it: the status or the body.
            (429, "", both("push-back after 7 s")),
            (408, "", both("retry after 7 s")),
            (
                200,
                r#"{"r":9,"msg":"Too many requests"}"#,
                both("push-back after 7 s: 9: Too many requests"),
            ),
            (
                400,
                r#"{"r":9,"msg":"TOO MANY REQUESTS, slow down"}"#,
                both("push-back after 7 s: 9: TOO MANY REQUESTS, slow down"),
            ),
            (200, r#"{"r":0,"msg":"Too many requests"}"#, both("done as nothing")),
            // Somebody before the API leads elsewhere: no row is to blame, and nobody has acted.
            (301, "", both("retry after 7 s: redirected")),
            (302, "<html>", both("retry after 7 s: redirected")),
            (302, r#"{"r":3}"#, both("retry after 7 s: redirected")),
            (304, "", both("retry after 7 s: redirected")),
            (307, "", both("retry after 7 s: redirected")),
            (308, r#"{"r":0,"id":"tn_1"}"#, both("retry after 7 s: redirected")),
            // What follows a deed.
            (303, "", ("unknown after 7 s: redirected", "repeat after 7 s: redirected")),
            // The server failed at an unknown moment, whatever its body says.
            (500, r#"{"r":0}"#, ("unknown after 7 s: 0", "repeat after 7 s: 0")),
            (502, "<html>", ("unknown after 7 s: <html>", "repeat after 7 s: <html>")),
            (503, "", ("unknown after 7 s", "repeat after 7 s")),
        ] {
            for (operation, expected) in
                [("ticket_note.create", create), ("ticket_note.update", update)]
            {
                let verdict = verdict(operation, answer(status, body));
                assert_eq!(words(&verdict), expected, "{operation}: {status} {body}");
            }
        }
    }

    #[test]
    fn what_an_answer_calls_things_has_a_greatest_length() {
        let long = "x".repeat(15 << 20);
        let made = format!(r#"{{"r":0,"id":"{long}"}}"#);
        let Verdict::Done { id, .. } = verdict("ticket_note.create", answer(200, &made)) else {
            panic!("done")
        };
        assert_eq!(id, None);
        let refused = judge_code(&long);
        assert!(refused.len() < 1000);
    }

    fn judge_code(code: &str) -> String {
        let mut connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        connector.answers.code = vec![Pointer::of(["code"])];
        let create = &connector.operations["ticket_note.create"];
        let reply = answer(200, &format!(r#"{{"r":3,"code":"{code}"}}"#));
        words(&judge_openly(&connector.answers, create, reply))
    }

    #[test]
    fn an_api_that_does_not_say_what_success_is_may_lead_elsewhere_after_a_deed() {
        let mut connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        connector.answers.success = None;
        connector.answers.retry.code = vec!["BUSY".to_owned()];
        let create = &connector.operations["ticket_note.create"];
        for (status, body, expected) in [
            (302, "", "unknown after 7 s: redirected"),
            (303, "", "unknown after 7 s: redirected"),
            (301, "", "retry after 7 s: redirected"),
            (307, "", "retry after 7 s: redirected"),
            (200, r#"{"r":"BUSY"}"#, "push-back after 7 s: BUSY"),
            (200, r#"{"r":"FINE","id":"tn_1"}"#, "done as tn_1"),
        ] {
            let verdict = judge_openly(&connector.answers, create, answer(status, body));
            assert_eq!(words(&verdict), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_redirect_says_where_it_leads() {
        let location = Some(format!("https://login.example.com/{}", "a".repeat(1000)));
        let reply = Reply::Answer(Answer { status: 302, location, ..Answer::default() });
        let Verdict::Retry { cause, pushback: false, .. } = verdict("ticket_note.create", reply)
        else {
            panic!()
        };
        assert!(cause.message.unwrap().starts_with("https://login.example.com/aaa"));
        assert_eq!(cause.status, Some(302));
    }

    #[test]
    fn without_an_answer_it_counts_whether_the_request_has_left() {
        let cause = || Cause::of(Reason::NoConnection).saying("connection refused");
        let lost = || Cause::of(Reason::AnswerTimeout);
        for (operation, reply, expected) in [
            (
                "ticket_note.create",
                Reply::NotSent(cause()),
                "retry: connection refused: no_connection",
            ),
            (
                "ticket_note.update",
                Reply::NotSent(cause()),
                "retry: connection refused: no_connection",
            ),
            ("ticket_note.create", Reply::Lost(lost()), "unknown: answer_timeout"),
            ("ticket_note.update", Reply::Lost(lost()), "repeat: answer_timeout"),
        ] {
            assert_eq!(words(&verdict(operation, reply)), expected, "{operation}");
        }
    }

    #[test]
    fn a_list_is_found_in_any_of_its_shapes() {
        for body in [
            r#"{"r":0,"data":{"rows":[1,2]}}"#,
            r#"{"r":0,"data":[1,2]}"#,
            r#"{"r":0,"rows":[1,2]}"#,
        ] {
            let Verdict::Done { items: Some(items), .. } =
                verdict("ticket_note.list", answer(200, body))
            else {
                panic!("{body}");
            };
            assert_eq!(items.len(), 2, "{body}");
        }
    }

    #[test]
    fn what_is_no_answer_of_the_api_is_shown_by_its_first_words() {
        let long = format!("<p>{}</p>", "gateway ".repeat(100));
        for (status, body, expected) in [
            (200, "<html><body><h1>Back\n soon</h1></body></html>", Some("Back soon")),
            (200, "<html>", Some("<html>")),
            (200, r#"{"r":"0"}"#, Some(r#"{"r":"0"}"#)),
            (200, r#"[{"id":"tn_1"}]"#, Some(r#"[{"id":"tn_1"}]"#)),
            (200, r#"{"r":0,"id":"tn"#, Some(r#"{"r":0,"id":"tn"#)),
            (200, "", None),
            (204, "", None),
            (502, "<h1>502 Bad Gateway</h1>", Some("502 Bad Gateway")),
            (503, r#"{"r":3,"msg":"later"}"#, Some("later")),
            (503, "", None),
            (
                200,
                &long,
                Some(&*format!(
                    "{}…",
                    "gateway ".repeat(100).chars().take(300).collect::<String>()
                )),
            ),
        ] {
            let Verdict::Unknown { cause, .. } =
                verdict("ticket_note.create", answer(status, body))
            else {
                panic!("{body}")
            };
            assert_eq!(
                (cause.status, cause.message.as_deref()),
                (Some(status), expected),
                "{body}"
            );
        }
    }

    #[test]
    fn a_long_message_is_cut() {
        let body = format!(r#"{{"r":1,"msg":"{}"}}"#, "ế".repeat(1000));
        let Verdict::Refused(cause) = verdict("ticket_note.create", answer(200, &body)) else {
            panic!()
        };
        assert_eq!(cause.message.unwrap().chars().count(), LONGEST_MESSAGE + 1);
    }
}
