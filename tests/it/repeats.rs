//! A request that is made again, because nobody knows what became of it, leaves what one alone leaves: for every
//! operation, however the outcome was lost.

use noteferry::sandbox::{Options, Sandbox};

use crate::ask::Contents;
use crate::desk::{Desk, Outcome, forget_outcome, sandbox, sandbox_with, unhurried};

/// An operation, and what a row of it says beside its name, `{n}` being its number.
struct Operation {
    name: &'static str,
    fields: &'static str,
    /// Whether the user may have it sent again, unseen.
    resendable: bool,
}

/// All that the connector has.
const OPERATIONS: [Operation; 4] = [
    Operation {
        name: "ticket_note.create",
        fields: "ticket_id: tk_{n}, note: Note {n}, is_internal_note: true",
        resendable: false,
    },
    Operation {
        name: "ticket_note.update",
        fields: "note_id: tn_sandbox00000{n}, note: Changed {n}",
        resendable: true,
    },
    Operation {
        name: "ticket_note.delete",
        fields: "note_id: tn_sandbox00000{n}",
        resendable: true,
    },
    Operation {
        name: "ticket_note.list",
        fields: "ticket_id: tk_sandbox00000{n}",
        resendable: true,
    },
];

const ROWS: usize = 3;

impl Operation {
    /// A job of some rows, each in a lane of its own.
    fn desk(&self, settings: &str) -> Desk {
        // Neither is slow, so there is nothing to wait for.
        let mut job = format!(
            "job: repeats\noperation: {}\nlimits: {{ attempts: 20 }}\n{settings}source:\n  rows:\n",
            self.name
        );
        for row in 1..=ROWS {
            let fields = self.fields.replace("{n}", &row.to_string());
            job.push_str(&format!("    - {{ {fields} }}\n"));
        }
        Desk::new().file("job.yaml", job).sure_after("0s")
    }

    /// What one undisturbed run leaves.
    fn once(&self) -> Contents {
        let (desk, sandbox) = (self.desk(""), sandbox(""));
        run(&desk, &sandbox).exits(0).counts(&format!("rows={ROWS} succeeded={ROWS}"));
        let contents = Contents::of(&sandbox);
        let changes = self.name != "ticket_note.list";
        assert_eq!(contents != Contents::at_first(), changes, "{}", self.name);
        contents
    }
}

fn run(desk: &Desk, sandbox: &Sandbox) -> Outcome {
    desk.run(sandbox, "job.yaml --concurrency 1")
}

/// Takes what came of each row's last attempt out of the ledger.
fn forget_outcomes(desk: &Desk) {
    let ledger = desk.ledger();
    let mut query = ledger.prepare("SELECT row, max(number) FROM attempts GROUP BY row").unwrap();
    let last = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let last: Vec<(i64, i64)> = last.map(Result::unwrap).collect();
    assert!(last.len() >= ROWS);
    last.into_iter().for_each(|(row, number)| forget_outcome(&ledger, row, number));
}

/// A connector that does not know that a repeat is harmless.
fn suspicious(text: String) -> String {
    text.replace("repeat: harmless", "repeat: harmful")
}

#[test]
fn what_was_done_and_forgotten_is_as_if_done_once() {
    for operation in &OPERATIONS {
        let once = operation.once();
        let ways: [(&str, Desk); 4] = [
            ("as shipped", operation.desk("")),
            ("held where a repeat would harm", operation.desk("in_doubt: hold\n")),
            ("sent again, which is harmless", operation.desk("in_doubt: resend\n")),
            (
                "sent again, as the user wants it",
                operation.desk("in_doubt: resend\n").with_connector(suspicious),
            ),
        ];
        let ways = ways.into_iter().take(if operation.resendable { 4 } else { 1 });
        for (way, desk) in ways {
            let sandbox = sandbox("");
            let case = format!("{}, {way}", operation.name);
            run(&desk, &sandbox).exits(0);
            for repeat in 1..=2 {
                forget_outcomes(&desk);
                let outcome = run(&desk, &sandbox).exits(0);
                outcome.counts(&format!("rows={ROWS} succeeded={ROWS}"));
                assert_eq!(Contents::of(&sandbox), once, "{case}, repeat {repeat}\n{outcome}");
            }
        }
    }
}

#[test]
fn what_was_done_and_whose_answer_was_lost_is_as_if_done_once() {
    let faults = ["500-after=60%", "503-after=60%", "reset-after=60%", "cut-after=60%"];
    let try_out = |operation: &Operation, fault: &str| {
        let faults = fault.parse().unwrap();
        let sandbox = sandbox_with(Options { faults, seed: 4, ..unhurried() });
        let outcome = run(&operation.desk(""), &sandbox).exits(0);
        let case = format!("{}, {fault}\n{outcome}", operation.name);
        outcome.counts(&format!("rows={ROWS} succeeded={ROWS}"));
        let lost = sandbox.books()["journal"].to_string().contains("-after");
        assert!(lost, "the seed loses no answer: {case}");
        assert_eq!(Contents::of(&sandbox), operation.once(), "{case}");
    };
    std::thread::scope(|scope| {
        for operation in &OPERATIONS {
            for fault in faults {
                scope.spawn(move || try_out(operation, fault));
            }
        }
    });
}
