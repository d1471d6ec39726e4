//! What is to be done with a row, given what happened to it before; and how long a whole plan will take.
//!
//! Pure: a table and some arithmetic. `plan` shows what this says, and `run` does it.

use crate::declared::connector::{Effect, Repeat};
use crate::declared::job::InDoubt;
use crate::row::{Earlier, RowState};

/// What is to be done with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Send(Sending),
    /// It is done already.
    Skip,
    /// It needs a decision by a person first.
    Hold(Held),
    /// It is invalid.
    Reject,
}

/// How a row is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// Nothing of it can be under way.
    Fresh,
    /// An earlier request may have acted, and a second is harmless.
    Repeat,
    /// An earlier request may have acted: it is looked for, and sent again only if it surely did not.
    Settle,
}

/// Why a row is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// A request may have acted.
    InDoubt,
    /// It was refused, and nothing about it has changed since.
    Refused,
    /// It stands behind a row of its lane that is in doubt and held, and must not overtake it.
    Behind,
}

/// What is known of a row when its fate is decided.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// None where the ledger does not know the row.
    pub earlier: Option<&'a Earlier>,
    pub valid: bool,
    /// Whether what would be sent is what was sent before.
    pub unchanged: bool,
    pub effect: Effect,
    pub repeat: Repeat,
    /// Whether a lost answer can be settled by looking.
    pub settles: bool,
    pub in_doubt: InDoubt,
    pub retry_failed: bool,
}

/// Decides a row's fate.
///
/// What is done is done, even if it would be invalid today: a reminder that has passed since is no fault.
pub fn decide(facts: &Facts<'_>) -> Action {
    let state = match facts.earlier {
        // Reading changes nothing and its answer is gone: it is done anew.
        _ if facts.effect == Effect::Read => &RowState::NotStarted,
        Some(earlier) => &earlier.state,
        None => &RowState::NotStarted,
    };
    match state {
        RowState::Succeeded { .. } => Action::Skip,
        RowState::Started { .. } | RowState::InDoubt { .. } => match facts.repeat {
            Repeat::Harmful => match facts.in_doubt {
                InDoubt::Verify if facts.settles => Action::Send(Sending::Settle),
                InDoubt::Resend if facts.valid => Action::Send(Sending::Repeat),
                _ => Action::Hold(Held::InDoubt),
            },
            Repeat::Harmless if facts.valid => Action::Send(Sending::Repeat),
            Repeat::Harmless => Action::Hold(Held::InDoubt),
        },
        _ if !facts.valid => Action::Reject,
        RowState::Refused { .. } if facts.unchanged && !facts.retry_failed => {
            Action::Hold(Held::Refused)
        }
        RowState::NotStarted
        | RowState::Deferred { .. }
        | RowState::Refused { .. }
        | RowState::GivenUp { .. } => Action::Send(Sending::Fresh),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_fate() {
        let mut table = String::new();
        let states = [
            None,
            Some(RowState::Started { attempts: 1 }),
            Some(RowState::Deferred { attempts: 1 }),
            Some(RowState::Succeeded { attempts: 1, id: None }),
            Some(RowState::Refused { attempts: 1 }),
            Some(RowState::GivenUp { attempts: 1 }),
            Some(RowState::InDoubt { attempts: 1 }),
        ];
        for state in states {
            let earlier = state.map(|state| Earlier { state, message: None });
            for (valid, unchanged, retry_failed, effect, repeat, settles) in [
                (true, true, false, Effect::Create, Repeat::Harmful, false),
                (true, false, false, Effect::Create, Repeat::Harmful, false),
                (true, true, true, Effect::Create, Repeat::Harmful, false),
                (false, true, false, Effect::Create, Repeat::Harmful, false),
                (true, true, false, Effect::Create, Repeat::Harmful, true),
                (false, true, false, Effect::Create, Repeat::Harmful, true),
                (true, true, false, Effect::Update, Repeat::Harmless, false),
                (false, true, false, Effect::Update, Repeat::Harmless, false),
                (true, true, false, Effect::Read, Repeat::Harmless, false),
            ] {
                let facts = Facts {
                    settles,
                    in_doubt: InDoubt::Verify,
                    earlier: earlier.as_ref(),
                    valid,
                    unchanged,
                    effect,
                    repeat,
                    retry_failed,
                };
                let name = earlier
                    .as_ref()
                    .map_or("unknown".to_owned(), |earlier| format!("{:?}", earlier.state));
                let words = [
                    if valid { "valid" } else { "invalid" },
                    if unchanged { "unchanged" } else { "changed" },
                    if retry_failed { "--retry-failed" } else { "" },
                    if settles { "can be settled" } else { "" },
                ];
                let words = words.join(" ");
                table.push_str(&format!(
                    "{name} {effect:?} {} = {:?}\n",
                    words.trim_end(),
                    decide(&facts)
                ));
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn the_user_decides_what_becomes_of_rows_in_doubt() {
        let earlier = Earlier { state: RowState::InDoubt { attempts: 1 }, message: None };
        for (in_doubt, settles, valid, action) in [
            (InDoubt::Verify, true, true, Action::Send(Sending::Settle)),
            (InDoubt::Verify, false, true, Action::Hold(Held::InDoubt)),
            (InDoubt::Hold, true, true, Action::Hold(Held::InDoubt)),
            (InDoubt::Resend, true, true, Action::Send(Sending::Repeat)),
            (InDoubt::Resend, true, false, Action::Hold(Held::InDoubt)),
        ] {
            let facts = Facts {
                earlier: Some(&earlier),
                valid,
                unchanged: true,
                effect: Effect::Create,
                repeat: Repeat::Harmful,
                settles,
                in_doubt,
                retry_failed: false,
            };
            assert_eq!(decide(&facts), action, "{in_doubt:?}");
        }
    }
}
