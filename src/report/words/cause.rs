//! Why something did not succeed, as a person reads it.

use crate::row::{Cause, Doubt, Look, Plight, Reason};

/// Why, without the API's code: `ticket not found`, `no answer within the time allowed`.
pub(crate) fn cause(cause: &Cause) -> String {
    let why = reason(cause.reason, cause.status, cause.message.as_deref());
    match &cause.doubt {
        Some(doubt) => format!("{why}; looked for: {}", self::doubt(doubt)),
        None => why,
    }
}

fn reason(reason: Reason, status: Option<u16>, message: Option<&str>) -> String {
    let alone = match reason {
        Reason::Redirected => {
            let status =
                status.map(|status| format!(" (HTTP status {status})")).unwrap_or_default();
            let to = message.map(|to| format!(" to {to}")).unwrap_or_default();
            return format!(
                "the server redirects{to}{status}, which is not followed: check the base URL"
            );
        }
        Reason::Told | Reason::Answered => {
            return match (message, status) {
                (Some(message), _) => message.to_owned(),
                (None, Some(status)) => format!("HTTP status {status}"),
                (None, None) => "no reason given".to_owned(),
            };
        }
        Reason::UnreadableAnswer => {
            let status =
                status.map(|status| format!(" by its status, {status},")).unwrap_or_default();
            let what = message.map_or("it is empty".to_owned(), |begins| format!("`{begins}`"));
            return format!("the answer says success{status} and cannot be read: {what}");
        }
        Reason::AnswerTooLong => "the answer is longer than is read: 16 MiB, or 250,000 values",
        Reason::AnswerBroken => "the answer broke off",
        Reason::Unsendable => "the request cannot be put together",
        Reason::NoConnection => "no connection",
        Reason::NoSuchHost => "there is no host of this name",
        Reason::Untrusted => "the server's certificate is not trusted",
        Reason::NoTls => "what answers at this address does not speak TLS",
        Reason::ConnectionTimeout => "no connection within the time allowed",
        Reason::AnswerTimeout => "no answer within the time allowed",
        Reason::ConnectionBroken => "the connection broke before the answer",
        Reason::RunEnded => "its run ended before the answer",
        Reason::Withdrawn => "the run was stopped before the request was sent",
        Reason::Invalid => "the row is invalid now",
        Reason::TooLate => "a time of this row passed before its turn came",
        Reason::Interrupted => "interrupted before the answer came",
        Reason::ChangedSince => "what is there has been changed since, so nothing was sent",
        Reason::NotListed => {
            "what it is about is not in the list that should show it, so nothing was sent: somebody may have deleted it. Look \
             there; where it is gone for good, say so with `noteferry settle` (--dismiss), else try once more with \
             --retry-failed"
        }
        Reason::ListInPart => {
            "what was shown of the list does not have what it is about, and was not the whole list, so nothing was sent: look \
             there, and settle it, or try once more with --retry-failed"
        }
        Reason::Contradicting => {
            "the list shows what it is about more than once, and not the same of it, so nothing was sent: look there"
        }
        Reason::ShownInPart => {
            "the list shows only a part of what it is about, so whether that was changed since cannot be known and nothing \
             was sent"
        }
        Reason::ListStale => {
            "the list could not be read freshly: as often as it was, that was more than a minute before the turn of this row, \
             so nothing was sent; a higher --rate helps, or fewer runs at a time"
        }
        Reason::OfSystem => "the system has made what it is about, so nothing was sent",
        Reason::ListUnread => {
            let status = status.map(|status| format!(" (HTTP status {status})"));
            let status = status.unwrap_or_default();
            let why = message.map(|message| format!(": {message}")).unwrap_or_default();
            return format!(
                "what is there before could not be read, so nothing was sent{status}{why}"
            );
        }
        Reason::StillThere => "what was deleted is there again, so nothing was made anew",
    };
    let message = message.map(|message| match reason.has_plight() {
        true => plight(&Plight::read(message)),
        false => message.to_owned(),
    });
    match message {
        Some(message) => format!("{alone}: {message}"),
        None => alone.to_owned(),
    }
}

/// What broke a connection, in words that an administrator knows.
fn plight(plight: &Plight) -> String {
    let words = match plight {
        Plight::Refused => "connection refused: nothing listens at this address and port",
        Plight::Reset => "the connection was reset by the other side",
        Plight::Aborted => "the connection was aborted",
        Plight::Closed => "the other side closed the connection",
        Plight::ClosedTooEarly => "the other side closed the connection too early",
        Plight::AnswerIncomplete => {
            "the other side closed the connection before its answer was complete"
        }
        Plight::NoHttp => "what came back is no HTTP",
        Plight::TimedOut => "timed out",
        Plight::NetworkUnreachable => "the network cannot be reached from this machine",
        Plight::HostUnreachable => "the host cannot be reached from this machine",
        Plight::NoAddressLeft => "this machine has no address or port left to send from",
        Plight::NotPermitted => "this machine does not permit the connection",
        Plight::NameLookup(words) => {
            return format!("the name of the host could not be looked up ({words})");
        }
        Plight::CertificateExpired => "it has expired, or this machine's clock is wrong",
        Plight::CertificateNotYetValid => "it is not valid yet, or this machine's clock is wrong",
        Plight::UnknownIssuer => "nobody whom this machine trusts has issued it",
        Plight::CertificateRevoked => "it was revoked",
        Plight::OtherName { expected: None, .. } => "it is for another name",
        Plight::OtherName { expected: Some(expected), presented } => {
            return match presented.is_empty() {
                true => format!("it is not for `{expected}`"),
                false => format!("it is for {}, and not for `{expected}`", presented.join(", ")),
            };
        }
        Plight::Tls(words) => return format!("TLS: {words}"),
        Plight::Certificate(words) | Plight::Told(words) => words,
    };
    words.to_owned()
}

fn doubt(doubt: &Doubt) -> String {
    let look = |look: &Look| reason(look.reason, look.status, look.message.as_deref());
    match doubt {
        Doubt::StoppedBefore => "the run was stopped before it could be looked for".to_owned(),
        Doubt::FieldMissing => "the row lacks a field that the list asks for".to_owned(),
        Doubt::ListRefused(cause) => format!("the list was refused: {}", look(cause)),
        Doubt::ListUnread(cause) => format!("the list could not be read: {}", look(cause)),
        Doubt::ShapeUnknown => "the shape of the list is not understood".to_owned(),
        Doubt::ItemWithoutId => "an item of the list has no id".to_owned(),
        Doubt::Undated => "the list does not say when its items were made".to_owned(),
        Doubt::Endless => "the list does not end".to_owned(),
        Doubt::OnePage => "the list has but one page, and may be longer".to_owned(),
        Doubt::ListUnproven => {
            "it is not in the list, but no list has shown yet what is known to be there, so that proves nothing. Look there \
             yourself, and say what you have found: `noteferry settle` (--there or --absent)"
                .to_owned()
        }
        Doubt::Alike { id } => format!(
            "{id} is of no row and has the same content, but it may also be another row's or somebody else's; a marker would tell"
        ),
        Doubt::Altered { id } => {
            format!("{id} is of no row, and may be what was sent, with its text altered")
        }
        Doubt::Contradicting { id } => format!(
            "the list shows {id} more than once, and not the same of it, so it proves nothing: look there"
        ),
        Doubt::Unreadable { id } => format!(
            "{id} is of no row, and shows no text that could be compared with what was sent: look at it"
        ),
        Doubt::Differs { id } => {
            format!("{id} was made since and is of no row, but its content differs")
        }
        Doubt::OlderWithinClocks { id } => format!(
            "{id} has the same content and seems to be older than the request, by less than clocks may differ"
        ),
        Doubt::OlderByUnknownClocks { id } => format!(
            "{id} has the same content and seems to be older than the request, but the clocks of then are not known"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_broke_a_connection_is_told_in_words() {
        let name = || "api.example.com".to_owned();
        let of_other = |presented: &[&str]| Plight::OtherName {
            expected: Some(name()),
            presented: presented.iter().map(|name| (*name).to_owned()).collect(),
        };
        let told = [
            (Reason::NoConnection, Plight::Refused),
            (Reason::ConnectionBroken, Plight::Reset),
            (Reason::ConnectionBroken, Plight::Closed),
            (Reason::AnswerBroken, Plight::AnswerIncomplete),
            (Reason::NoConnection, Plight::NameLookup("Temporary failure".into())),
            (Reason::Untrusted, Plight::CertificateExpired),
            (Reason::Untrusted, Plight::UnknownIssuer),
            (Reason::Untrusted, of_other(&[])),
            (Reason::Untrusted, of_other(&["a.example", "b.example"])),
            (Reason::NoConnection, Plight::Tls("no cipher".into())),
            // As earlier versions have written it.
            (Reason::NoConnection, Plight::Told("connection refused: nothing listens".into())),
        ];
        let told = told.map(|(reason, plight)| cause(&Cause::of(reason).by(Some(&plight))));
        insta::assert_snapshot!(told.join("\n"));
    }
}
