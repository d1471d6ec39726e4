//! Why a run is over, as a person reads it: the reason alone. What to do about it is for `summary`.

use super::{cause, fault, ledger_failure, no_token, rows};
use crate::event::{Ending, Obstacle};

/// The reason, without a full stop; none where every row has reached its end.
pub(crate) fn ending(ending: &Ending) -> Option<String> {
    Some(match ending {
        Ending::Finished => return None,
        Ending::Interrupted { signal } => format!("signal {signal}"),
        Ending::Unauthorized(obstacle)
        | Ending::Outage(obstacle)
        | Ending::NoLoginThere(obstacle)
        | Ending::WrongAddress(obstacle) => self::obstacle(obstacle),
        Ending::TooManyFailures { allowed } => format!("more than {} failed", rows(*allowed)),
        Ending::InOtherHands { rows: count } => format!(
            "{} in the hands of another process that has started {}",
            super::rows_are(*count),
            if *count == 1 { "it" } else { "them" }
        ),
        Ending::NothingDeleted(kept) => super::nothing_deleted(kept),
        Ending::Deadline => "the time of --deadline has come".to_owned(),
        Ending::MaxDuration => "the run has taken as long as --max-duration allows".to_owned(),
        Ending::LedgerFailed(error) => ledger_failure(error),
        Ending::RecorderGone => "its writer came to a sudden end".to_owned(),
        Ending::SourceFailed(problems) => match problems.first() {
            Some(first) => format!("the source cannot be read again: {}", first.message),
            None => "the source cannot be read again".to_owned(),
        },
        Ending::NoRuntime(error) => format!("the system gives nothing to run with: {error}"),
        Ending::Fault(fault) => self::fault(fault),
    })
}

/// What stood in the way of requests.
pub(crate) fn obstacle(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::Request(why) => {
            let words = cause(why);
            let status = why.status.map(|status| status.to_string());
            // What the last answer was tells whether it was the API that gave it.
            match status.filter(|status| !words.contains(status.as_str())) {
                Some(status) => format!("{words} (HTTP status {status})"),
                None => words,
            }
        }
        Obstacle::Token(why) => no_token(why),
    }
}
