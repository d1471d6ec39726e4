//! The letter that stands for a fate in a saved plan. Letters never change their meaning: a file outlives the order in
//! which fates are listed.

use crate::plan::decide::{Done, Fate, Held, LeftOut, Sending};

/// The letter of a fate. Those of rows that are sent are capitals.
pub(super) fn of(fate: Fate) -> u8 {
    match fate {
        Fate::Send(Sending::Fresh) => b'S',
        Fate::Send(Sending::IfSettled) => b'B',
        Fate::Send(Sending::Repeat) => b'R',
        Fate::Send(Sending::Resend) => b'A',
        Fate::Send(Sending::Settle) => b'L',
        Fate::Send(Sending::Update) => b'E',
        Fate::Send(Sending::UpdateAgain) => b'G',
        Fate::Send(Sending::Delete) => b'M',
        Fate::Send(Sending::DeleteAgain) => b'N',
        Fate::Later(Sending::Update) => b'e',
        Fate::Later(Sending::UpdateAgain) => b'g',
        Fate::Later(Sending::Delete) => b'm',
        Fate::Later(Sending::DeleteAgain) => b'n',
        Fate::Later(Sending::Fresh) => b's',
        Fate::Later(Sending::IfSettled) => b'b',
        Fate::Later(Sending::Repeat) => b'r',
        Fate::Later(Sending::Resend) => b'a',
        Fate::Later(Sending::Settle) => b'l',
        Fate::Skip(Done::Unchanged) => b'd',
        Fate::Skip(Done::Changed) => b'c',
        Fate::Hold(Held::InDoubt) => b'h',
        Fate::Hold(Held::Refused) => b'f',
        Fate::Hold(Held::Behind) => b'q',
        Fate::Hold(Held::UnderWay) => b'u',
        Fate::Reject => b'x',
        Fate::LeaveOut(LeftOut::Filtered) => b'w',
        Fate::LeaveOut(LeftOut::Duplicate) => b't',
        Fate::LeaveOut(LeftOut::Dismissed) => b'p',
        Fate::LeaveOut(LeftOut::Undone) => b'z',
    }
}

/// The fate that a letter stands for; none where it stands for nothing.
pub(super) fn fate(letter: u8) -> Option<Fate> {
    Fate::ALL.into_iter().find(|fate| of(*fate) == letter)
}
