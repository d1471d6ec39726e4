//! A fault of this program, as whoever is to mend it reads it.

use super::illegal_transition;
use crate::event::{Fault, Happening, Stage};

/// `row 12 was waiting in its lane when its request came to an end`.
pub(crate) fn fault(fault: &Fault) -> String {
    let happening = happening(fault.happening);
    let text = match fault.row {
        Some(row) => format!("row {row} {} when {happening}", stage(fault.stage)),
        None => format!("a row that is not in hand was named when {happening}"),
    };
    match &fault.transition {
        Some(transition) => format!("{text}: {}", illegal_transition(transition)),
        None => text,
    }
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Nowhere => "was not in hand",
        Stage::Queued => "was waiting in its lane",
        Stage::Unread => "was waiting for what it is about to be read",
        Stage::Starting => "was being entered in the ledger",
        Stage::Cleared => "was waiting for its request's turn",
        Stage::InFlight => "had its request under way",
        Stage::Landed => "had its answer",
        Stage::Sought => "was to be looked for",
        Stage::Looking => "was being looked for",
        Stage::Waiting => "was waiting for another attempt",
        Stage::Suspect => "was waiting for another token",
        Stage::Withdrawn => "was withdrawn",
        Stage::Ending => "was at its end",
    }
}

fn happening(happening: Happening) -> &'static str {
    match happening {
        Happening::Begun => "its turn came",
        Happening::StartDurable => "the ledger had its start",
        Happening::EndDurable => "the ledger had its end",
        Happening::StartUnwritten => "the ledger could not have its start",
        Happening::EndUnwritten => "the ledger could not have its end",
        Happening::Sent => "its request was sent",
        Happening::Replied => "its request came to an end",
        Happening::Sought => "it was to be looked for",
        Happening::LookSent => "a look for it was sent",
        Happening::Looked => "a look for it came to an end",
        Happening::PutOff => "it was put off",
        Happening::Resumed => "its wait was over",
        Happening::Ended => "it ended",
    }
}
