//! What is asked of whoever sits at a terminal: before rows are deleted, before a job is sent for the first time that nobody has
//! saved a plan of, and before many rows are said to be absent.
//!
//! Where nobody sits there, as on a schedule, nothing is asked.

use std::io::{IsTerminal as _, stderr, stdin};

use crate::ledger::SettledNow;
use crate::report::{question, question_of_absent};
use crate::row::Settlement;
use crate::task::Outlook;

use super::streams;

/// Whether somebody can be asked, and can answer.
pub(super) fn is_heard() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Asks, where there is something to ask; gives whether the run may go on.
pub(super) fn given(outlook: &Outlook) -> bool {
    let Some(question) = of(outlook) else { return true };
    streams::write(streams::words(), &question);
    let mut answer = String::new();
    stdin().read_line(&mut answer).is_ok() && is_yes(&answer)
}

/// Asks before rows are said to be absent, which are sent again then: of one, whoever names it has looked.
pub(super) fn to_send_again(rows: &[SettledNow], said: &Settlement) -> bool {
    if *said != Settlement::Absent || rows.len() < 2 {
        return true;
    }
    streams::write(streams::words(), &question_of_absent(rows));
    let mut answer = String::new();
    stdin().read_line(&mut answer).is_ok() && is_yes(&answer)
}

/// What is asked before a run; nothing where it deletes nothing and is not the first, or has a plan that was saved.
fn of(outlook: &Outlook) -> Option<String> {
    let is_new = outlook.is_first && outlook.mandate.plan.is_none();
    let to_send = outlook.tally.to_send();
    let is_asked = !outlook.is_sandbox && to_send > 0 && (outlook.may_delete || is_new);
    is_asked.then(|| question(&outlook.target, to_send, (outlook.may_delete, is_new)))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::declared::job::InDoubt;
    use crate::ledger::{Mandate, PlanId};
    use crate::plan::{Filtered, Tally};
    use crate::report::tests::{DONE, SENT};
    use crate::traffic::transport::CredentialKind;

    fn outlook() -> Outlook {
        Outlook {
            pulse: None,
            job: "import".into(),
            item: "note".into(),
            target: "https://api.example.com/v1 as an@example.vn".into(),
            is_sandbox: false,
            is_first: true,
            may_delete: false,
            ledger: "ledger.db".into(),
            credentials: CredentialKind::Token,
            tally: Tally::from_iter([(SENT, 1_200), (DONE, 3)]),
            mandate: Mandate::default(),
            in_doubt: InDoubt::Verify,
            is_presumed: false,
            filtered: Filtered::default(),
            stays: Default::default(),
            changed: Vec::new(),
            held: Vec::new(),
            until: None,
            duration: Duration::ZERO,
            limited_by: None,
            before: Default::default(),
        }
    }

    #[test]
    fn it_is_asked_before_what_deletes_and_before_the_first_run_without_a_plan() {
        let planned = Mandate { plan: Some(PlanId([1; 32])), approval: None };
        let nothing = Tally::from_iter([(DONE, 3)]);
        for (outlook, is_asked) in [
            (outlook(), true),
            (Outlook { is_first: false, ..outlook() }, false),
            (Outlook { is_first: false, may_delete: true, ..outlook() }, true),
            (Outlook { mandate: planned.clone(), ..outlook() }, false),
            (Outlook { mandate: planned, may_delete: true, ..outlook() }, true),
            (Outlook { is_sandbox: true, may_delete: true, ..outlook() }, false),
            (Outlook { tally: nothing, may_delete: true, ..outlook() }, false),
        ] {
            assert_eq!(of(&outlook).is_some(), is_asked, "{outlook:?}");
        }
        assert_eq!(
            of(&Outlook { may_delete: true, ..outlook() }).unwrap(),
            "1,200 rows would go to https://api.example.com/v1 as an@example.vn.\nThis job can delete what is there, and \
             nothing brings that back.\nIt is the first run of this job there, and no plan of it was saved.\nSend them? \
             [y/N] "
        );
    }

    #[test]
    fn only_yes_is_yes() {
        for (answer, expected) in [
            ("y\n", true),
            ("Yes\r\n", true),
            ("", false),
            ("\n", false),
            ("n\n", false),
            ("yess\n", false),
        ] {
            assert_eq!(is_yes(answer), expected, "{answer:?}");
        }
    }
}
