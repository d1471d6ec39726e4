//! The exit codes: what a script may branch on.
//!
//! The codes and how a run earns one. Not their words: those are for `report`.

use crate::event::Ending;

use crate::row::Totals;

/// Every row is done.
pub(crate) const DONE: u8 = 0;
/// The run finished; some rows failed or were left out as invalid.
pub(crate) const FAILED: u8 = 1;
/// A ledger was looked through, and something in it is wrong.
pub(crate) const UNSOUND: u8 = 1;
/// A verification read all, and something is not as it was sent.
pub(crate) const DIFFERENT: u8 = 1;
/// The command line, the job or the connector is wrong, or the address that they name.
pub(crate) const USAGE: u8 = 2;
/// What a plan that was asked for it says where there is something to send; it then says [`FAILED`] in the place of
/// [`USAGE`].
pub(crate) const SOMETHING_TO_SEND: u8 = 2;
/// Rows are invalid; nothing was sent.
pub(crate) const INVALID: u8 = 3;
/// Stopped before the end (authentication, outage, failure budget, deadline, ledger, source, a fault of ours); resumable.
pub(crate) const STOPPED: u8 = 4;
/// Another run holds the job.
pub(crate) const LOCKED: u8 = 5;
/// The run finished; some rows are in doubt, or what they have made is there twice, or nobody could see whether it is.
pub(crate) const IN_DOUBT: u8 = 6;

/// A signal's code is this much more than its number: 130 for SIGINT, 143 for SIGTERM; resumable.
pub(crate) const SIGNAL: u8 = 128;

/// The code for several jobs that were checked or planned: that of the one that is worst off.
pub(crate) fn gravest(codes: &[u8]) -> u8 {
    // A job that is wrong has not been looked at; rows that are wrong have.
    let grave = |code: u8| match code {
        DONE => 0,
        INVALID => 1,
        STOPPED => 3,
        code if code > SIGNAL => 4,
        _ => 2,
    };
    codes.iter().copied().max_by_key(|code| grave(*code)).unwrap_or(DONE)
}

/// Likewise for plans that say whether there is something to send.
pub(crate) fn gravest_of_detailed(codes: &[u8]) -> u8 {
    let grave = |code: u8| match code {
        DONE => 0,
        SOMETHING_TO_SEND => 1,
        INVALID => 2,
        STOPPED => 4,
        code if code > SIGNAL => 5,
        _ => 3,
    };
    codes.iter().copied().max_by_key(|code| grave(*code)).unwrap_or(DONE)
}

/// The exit code of a run.
pub(crate) fn of(totals: &Totals, ending: &Ending) -> u8 {
    match ending {
        // As for any mistake in what the user has written.
        Ending::WrongAddress(_) => USAGE,
        Ending::Interrupted { signal } => interrupted(*signal),
        Ending::Unauthorized(_)
        | Ending::Outage(_)
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
        | Ending::Fault(_) => STOPPED,
        Ending::Finished if totals.in_doubt + totals.miscounted + totals.uncounted > 0 => IN_DOUBT,
        Ending::Finished if totals.failed + totals.invalid > 0 => FAILED,
        Ending::Finished => DONE,
    }
}

/// The code that `status --exit-code` gives: what stands out most of where a job's rows stand.
pub(crate) fn of_standing(totals: &Totals, is_held: bool, is_amiss: bool) -> u8 {
    match () {
        () if is_held => LOCKED,
        // What the last count of the last run has found is told until a run finds it right.
        () if totals.in_doubt > 0 || is_amiss => IN_DOUBT,
        () if totals.not_started > 0 => STOPPED,
        () if totals.failed + totals.invalid > 0 => FAILED,
        () => DONE,
    }
}

/// Likewise of several jobs, or of one at several targets.
pub(crate) fn gravest_of_standings(codes: &[u8]) -> u8 {
    let grave = |code: u8| {
        [DONE, FAILED, STOPPED, IN_DOUBT, LOCKED].iter().position(|known| *known == code)
    };
    codes.iter().copied().max_by_key(|code| grave(*code)).unwrap_or(STOPPED)
}

/// A signal number that fits no exit code is told as SIGTERM.
pub(crate) fn interrupted(signal: i32) -> u8 {
    const SIGTERM: u8 = 15;
    SIGNAL + u8::try_from(signal).ok().filter(|signal| (1..=64).contains(signal)).unwrap_or(SIGTERM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Obstacle;
    use crate::report::tests::{full_disk, illegal_step, unreadable_source};
    use crate::row::Cause;

    #[test]
    fn a_standing_has_the_code_of_what_stands_out() {
        let none = Totals::default();
        for (totals, is_held, is_amiss, code) in [
            (Totals { succeeded: 3, already_done: 2, ..none }, false, false, 0),
            (Totals { failed: 1, ..none }, false, false, 1),
            (Totals { invalid: 1, dismissed: 4, ..none }, false, false, 1),
            (Totals { not_started: 1, failed: 1, ..none }, false, false, 4),
            (Totals { not_started: 1, in_doubt: 1, ..none }, false, false, 6),
            (Totals { succeeded: 1, ..none }, false, true, 6),
            (Totals { in_doubt: 1, ..none }, true, true, 5),
        ] {
            assert_eq!(of_standing(&totals, is_held, is_amiss), code, "{totals:?}");
        }
        assert_eq!(gravest_of_standings(&[0, 6, 1, 4]), 6);
        assert_eq!(gravest_of_standings(&[4, 5, 6]), 5);
        // Nothing is known of it: then nothing was sent.
        assert_eq!(gravest_of_standings(&[]), 4);
    }

    #[test]
    fn every_end_has_its_code() {
        let none = Totals::default();
        let failed = Totals { failed: 1, ..none };
        let invalid = Totals { invalid: 1, ..none };
        let in_doubt = Totals { in_doubt: 1, failed: 1, ..none };
        let not_started = Totals { not_started: 1, ..none };
        let unauthorized = Ending::Unauthorized(Obstacle::Request(Cause::default()));
        let ledger = Ending::LedgerFailed(full_disk());
        for (totals, ending, code) in [
            (failed, Ending::TooManyFailures { allowed: 0 }, 4),
            (none, Ending::Finished, 0),
            (not_started, Ending::InOtherHands { rows: 1 }, 4),
            (not_started, Ending::Finished, 0),
            (failed, Ending::Finished, 1),
            (invalid, Ending::Finished, 1),
            (in_doubt, Ending::Finished, 6),
            (Totals { miscounted: 1, ..none }, Ending::Finished, 6),
            (Totals { uncounted: 1, ..none }, Ending::Finished, 6),
            (Totals { uncounted: 1, failed: 1, ..none }, Ending::Finished, 6),
            (none, unauthorized.clone(), 4),
            (in_doubt, unauthorized, 4),
            (none, ledger, 4),
            (not_started, Ending::WrongAddress(Obstacle::Request(Cause::default())), 2),
            (none, Ending::RecorderGone, 4),
            (none, Ending::SourceFailed(vec![unreadable_source()]), 4),
            (none, Ending::NoRuntime("x".into()), 4),
            (in_doubt, Ending::Fault(illegal_step()), 4),
            (none, Ending::Deadline, 4),
            (none, Ending::MaxDuration, 4),
            (none, Ending::NoLoginThere(Obstacle::Request(Cause::default())), 4),
            (in_doubt, Ending::Interrupted { signal: 2 }, 130),
            (none, Ending::Interrupted { signal: 15 }, 143),
            (none, Ending::Interrupted { signal: 0 }, 143),
            (none, Ending::Interrupted { signal: 4000 }, 143),
        ] {
            assert_eq!(of(&totals, &ending), code, "{totals:?} {ending:?}");
        }
    }
}
