//! The commands that advice names: the command that was given, with what differs.

use crate::desk::{Desk, assert_reads, notes_csv};

/// The commands that a text names, in their order.
fn commands(text: &str) -> Vec<&str> {
    let names = |line: &'_ str| line.find("noteferry ").map(|at| at..line.len());
    text.lines().filter_map(|line| names(line).map(|range| &line[range])).collect()
}

const FLAGS: &str = "--ledger l.db --rate 50/s --concurrency 2 --sandbox";

#[test]
fn a_rehearsal_leads_to_the_real_api_only_where_it_went_well() {
    let desk = Desk::with_notes(notes_csv(4, 2));
    let mut shown = String::new();
    for (what, call) in [
        ("went well", format!("run job.yaml {FLAGS} --limit 2 --give-up-after 5m")),
        ("the time is over", format!("run job.yaml {FLAGS} --max-duration 1ms")),
        (
            "the time is over in a pilot",
            format!("run job.yaml {FLAGS} --limit 1 --max-duration 1ms"),
        ),
    ] {
        shown.push_str(&format!("=== {what}\n{}\n", desk.call(&call)));
    }
    desk.write("notes.csv", notes_csv(4, 2) + "k5,,no ticket\nk6,tk_missing1,refused\n");
    for (what, call) in [
        ("a row is invalid", format!("run job.yaml {FLAGS}")),
        ("a row is refused", format!("run job.yaml {FLAGS} --skip-invalid")),
        ("nothing is left", format!("run job.yaml {FLAGS}")),
    ] {
        shown.push_str(&format!("=== {what}\n{}\n", desk.call(&call)));
    }
    assert_reads("advice_rehearsals", shown);
}

#[test]
fn what_advice_names_does_the_same_as_what_was_given() {
    let desk = Desk::with_notes(notes_csv(3, 1));
    let plan = desk.call("plan job.yaml --limit 2 --rate 50/s --retry-failed --sandbox --quiet");
    let run = "noteferry run job.yaml --limit 2 --rate 50/s --retry-failed --sandbox";
    assert_eq!(commands(&plan.stdout), [run], "{plan}");
    let done = desk.call(&run["noteferry ".len()..]).exits(0);
    assert_eq!(commands(&done.stderr), [run.replace(" --sandbox", "")], "{done}");
    let plan = desk.call(&run["noteferry ".len()..].replace("run", "plan")).exits(0);
    assert!(plan.stdout.contains("skip    2  already done"), "{plan}");
}

#[test]
fn rows_that_are_done_are_not_counted_among_those_that_could_be_sent() {
    let desk = Desk::with_notes(notes_csv(2, 1));
    desk.call("run job.yaml --sandbox").exits(0);
    desk.write("notes.csv", notes_csv(2, 1) + "k3,,no ticket\n");
    let refused = desk.call("run job.yaml --sandbox --format json").exits(3);
    refused.counts("rows=3 already_done=2 invalid=1");
    let told = desk.call("run job.yaml --sandbox").exits(3);
    assert!(told.stderr.contains("1 of 3 rows is invalid; 2 done already."), "{told}");
    let expected = ["noteferry explain missing-field", "noteferry rejects job.yaml --sandbox"];
    assert_eq!(commands(&told.stderr), expected, "{told}");
    desk.call("rejects job.yaml --sandbox -o rejects.csv").exits(0);
    let written = std::fs::read_to_string(desk.path("rejects.csv")).unwrap();
    assert!(written.contains("k3,,no ticket"), "{written}");
    desk.write("notes.csv", notes_csv(3, 1) + "k4,,no ticket\n");
    let refused = desk.call("run job.yaml --sandbox --format json").exits(3);
    refused.counts("rows=4 already_done=2 invalid=1 not_started=1");
}
