//! What is told once on the way, as a person reads it.

use super::{
    about, cause, counted, ledger_error, no_token, not_shown_as_sent, nothing_deleted, one_line,
    span, unfinished,
};
use crate::event::Note;
use crate::ledger;
use crate::traffic::shared_pace::Unheard;

/// A rate from which on it is no limit that anybody feels, in requests a second.
const MOST_TOLD: f64 = 10_000.0;

pub(crate) fn note(note: &Note) -> String {
    match note {
        Note::OutageBegan(why) => {
            format!("nothing gets through, trying one row at a time: {}", cause(why))
        }
        Note::TokenRefused(why) => format!(
            "the token is refused, though requests were let in before: trying one row at a time until one is accepted: {}",
            cause(why)
        ),
        Note::Answered => "the server answers again, going on".to_owned(),
        Note::PushedBack { wait, rate } => {
            let then = match *rate >= MOST_TOLD {
                true => String::new(),
                false => format!(", then {rate:.1} requests/s at first"),
            };
            let wait = wait.as_secs_f64();
            format!("the server asks for less: nothing leaves for {wait:.1} s{then}")
        }
        Note::NoToken(why) => format!("no token yet, trying again: {}", no_token(why)),
        Note::Stopping { rows, at_most } => format!(
            "asked to stop: waiting for {} under way, {} at the most; asked once more, it stops at once, with {} in \
             doubt",
            counted(*rows, "request"),
            span(*at_most),
            if *rows == 1 { "its row" } else { "their rows" },
        ),
        Note::Counting { lanes, at_most } => format!(
            "no more rows go in this run; where a lost answer was settled, {} read once more to see that nothing is \
             there twice: {}",
            match lanes {
                1 => "one list is".to_owned(),
                lanes => format!("{} are", counted(*lanes, "list")),
            },
            match at_most.is_zero() {
                true => "now".to_owned(),
                false => format!("in {}, when it surely shows everything", about(*at_most)),
            }
        ),
        Note::LeftUncounted { lanes } => format!(
            "{} in which a lost answer was settled {} not read once more, to see that nothing is there twice: the next run \
             does that, and has to be given the time for it",
            counted(*lanes, "list"),
            if *lanes == 1 { "is" } else { "are" }
        ),
        Note::Uncounted { lane } => format!(
            "{}: a lost answer was settled there, and its list does not show well enough whether everything is there \
             once; look at it, and the next run reads the list once more",
            one_line(lane)
        ),
        Note::Uncountable { operation, lane } => format!(
            "{}: an earlier run has settled a lost answer there, and the connector no longer says by `recover` how the list of \
             {} is read, so nobody sees whether everything is there once; bring that back, and the next run reads the list; \
             or look yourself, and say so with --as-counted",
            one_line(lane),
            one_line(operation)
        ),
        Note::CountedRight { lane, replaced } => counted_right(lane, replaced),
        Note::QuotaSpent { wait } => format!(
            "earlier requests of this account have used up its quota: nothing leaves for {}",
            span(*wait)
        ),
        Note::OwnPace(why) => format!(
            "runs of this account that go at the same time are not counted, nor those before with another ledger: {}; \
             this run takes the whole quotas for itself, so that together they may send more than these allow (--own-pace \
             asks for that)",
            unheard(why)
        ),
        Note::PaceBegunAnew(path) => format!(
            "{} could not be read and was begun anew: runs of this account in the last hour are counted as far as \
             this ledger knows them, so more than the quotas may leave once where there were others",
            path.display()
        ),
        Note::NothingDeleted(kept) => nothing_deleted(kept),
        Note::NotShownAsSent { rows } => not_shown_as_sent(*rows),
        Note::Unfinished { rows } => unfinished(*rows),
        Note::Ledger(note) => of_recorder(note),
    }
}

fn counted_right(lane: &str, replaced: &[(String, String)]) -> String {
    let mut text = format!(
        "{}: its list was read once more, and everything is there once now",
        one_line(lane)
    );
    for (own, copy) in replaced {
        text.push_str(&format!(
            "; {} is gone, and {} is there in its place",
            one_line(own),
            one_line(copy)
        ));
    }
    text
}

fn unheard(why: &Unheard) -> String {
    match why {
        Unheard::NoFolder => {
            "no folder is known for what they share; name one in NOTEFERRY_STATE".to_owned()
        }
        Unheard::File { path, cause } => format!("{}: {cause}", path.display()),
        Unheard::FolderElsewhere { path } => {
            format!("{}: its folder is none, or a link to one", path.display())
        }
        Unheard::TwoNames { path } => format!("{}: it has another name elsewhere", path.display()),
        Unheard::Newer { path } => {
            format!("{} was written by a newer version", path.display())
        }
        Unheard::Stuck { path } => {
            format!("{} is held by somebody, or its disk does not answer", path.display())
        }
    }
}

fn of_recorder(note: &ledger::Note) -> String {
    match note {
        ledger::Note::Trouble { error, patience } => format!(
            "{}; nothing is sent until it can be, and it is tried again for {} s",
            ledger_error(error),
            patience.as_secs()
        ),
        ledger::Note::Mended { after } => {
            format!("the ledger can be written again, after {:.1} s", after.as_secs_f64())
        }
        ledger::Note::Kept { path } => format!(
            "what comes of requests under way is kept in {}; the next run brings it into the ledger",
            path.display()
        ),
    }
}
