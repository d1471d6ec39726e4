//! Of the places at which a ledger knows a job, those that are meant where nobody names one.

use crate::desk::{Desk, notes_csv, sandbox};

const NOWHERE: &str = "http://127.0.0.1:9";

#[test]
fn an_address_to_which_nothing_was_ever_sent_is_nobodys_question() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(5, 3)), sandbox(""));
    // One desk signs in with a token, so that its requests find out, and one by a password.
    let mistyped = format!("run job.yaml --base-url {NOWHERE} --give-up-after 1s");
    let tokened = Desk::with_notes(notes_csv(5, 3)).env("STRINGEEX_TOKEN", "x");
    tokened.call(&mistyped).exits(4);
    let copied = std::fs::read(tokened.path(".noteferry/ledger.db")).unwrap();
    desk.write(".noteferry/ledger.db", copied);
    // While that is all there is, it is told.
    assert!(desk.call("status job.yaml").exits(0).stdout.contains(NOWHERE));
    desk.run(&sandbox, "job.yaml").exits(0);
    let status = desk.call("status job.yaml --exit-code").exits(0);
    assert!(!status.stdout.contains(NOWHERE), "{status}");
    let silent = desk.call("status job.yaml --exit-code -q").exits(0);
    assert!(silent.stdout.is_empty() && silent.stderr.is_empty(), "{silent}");
    for verb in ["rejects job.yaml -o left.csv", "report job.yaml", "done job.yaml"] {
        desk.call(verb).exits(0);
    }
    let named = desk.call(&format!("status job.yaml --base-url {NOWHERE}")).exits(0);
    assert!(named.stdout.contains(NOWHERE), "{named}");
    let dry = desk.call("ledger prune job.yaml --before 2000-01-01 --dry-run").exits(0);
    assert!(dry.stdout.contains(&format!("notes to {NOWHERE}")), "{dry}");
    assert!(!dry.stdout.contains("would send all of its rows again"), "{dry}");
    let pruned = desk.call("ledger prune --format json").exits(0).events().remove(0);
    assert_eq!(pruned["unused"].as_array().unwrap().len(), 1, "{pruned}");
    let again = desk.call("ledger prune").exits(0);
    assert!(again.stdout.contains("There is nothing to take out"), "{again}");
    desk.call("ledger check").exits(0);
}

#[test]
fn a_rehearsal_is_meant_where_that_is_said_or_where_there_is_nothing_else() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(5, 3)), sandbox(""));
    desk.call("run job.yaml --sandbox").exits(0);
    let rehearsed = desk.call("report job.yaml").exits(0);
    assert!(rehearsed.stdout.contains("This was a rehearsal"), "{rehearsed}");
    desk.run(&sandbox, "job.yaml --limit 3").exits(0);
    let real = desk.call("report job.yaml").exits(0);
    assert!(real.stdout.contains("3 of 5 rows are done"), "{real}");
    desk.call("rejects job.yaml -o left.csv").exits(0);
    let dismissed = desk.call("settle job.yaml --by Mai --row 1 --dismiss");
    assert!(!dismissed.stderr.contains("2 places"), "{dismissed}");
    let asked = desk.call("report job.yaml --sandbox").exits(0);
    assert!(asked.stdout.contains("Every row is done: 5 rows."), "{asked}");
}
