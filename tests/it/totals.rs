//! How many rows a job has, as its ledger says without its source: after rows came back, while a run is under way, after a kill.

use std::time::Duration;

use noteferry::sandbox::Options;

use crate::desk::{Desk, notes_csv, sandbox, sandbox_with, unhurried};

fn report(desk: &Desk) -> serde_json::Value {
    desk.call("report job.yaml --format json").exits(0).events().pop().unwrap()
}

#[test]
fn rows_that_come_back_neither_lower_the_totals_nor_forget_other_invalid_rows() {
    let mut csv = notes_csv(8, 3);
    csv.push_str("k9,,nine\nk10,,ten\nk11,,eleven\n");
    let (desk, sandbox) = (Desk::with_notes(csv), sandbox(""));
    desk.run(&sandbox, "job.yaml --skip-invalid").exits(1);
    desk.call("rejects job.yaml -o back.csv").exits(0);
    let back = std::fs::read_to_string(desk.path("back.csv")).unwrap();
    desk.write(
        "back.csv",
        back.replace("k9,,nine", "k9,tk_1,nine").replace("k10,,ten", "k10,tk_1,ten"),
    );
    desk.run(&sandbox, "job.yaml --from back.csv --skip-invalid").exits(1);
    let event = report(&desk);
    for (name, count) in [("rows", 11), ("succeeded", 10), ("invalid", 1), ("not_started", 0)] {
        assert_eq!(event[name], count, "{name} of {event:#}");
    }
    assert_eq!(event["invalid_rows"][0]["row"], 11, "{event:#}");
    assert_eq!(event["invalid_rows"].as_array().unwrap().len(), 1);
    let shown = desk.call("report job.yaml").exits(0);
    assert!(shown.stdout.contains("**10 of 11 rows are done; 1 is invalid.**"), "{shown}");
    assert!(shown.stdout.contains("came back corrected for run 2, in back.csv"), "{shown}");
    assert!(shown.stdout.contains("The rows are of notes.csv"), "{shown}");
    desk.call("report job.yaml -o report.xml").exits(0);
    let junit = std::fs::read_to_string(desk.path("report.xml")).unwrap();
    assert!(junit.contains("failures=\"1\""), "{junit}");
    desk.call("ledger check").exits(0);
}

#[test]
fn nothing_is_called_done_while_a_run_has_no_end() {
    let sandbox = sandbox_with(Options { latency: Duration::from_millis(15), ..unhurried() });
    let desk = Desk::with_notes(notes_csv(60, 7));
    let mut run = desk.start_run(&sandbox, "job.yaml --concurrency 1");
    while !run.line().unwrap().contains("\"event\":\"row\"") {}
    let during = desk.call("report job.yaml").exits(0);
    assert!(during.stdout.contains("**Run 1 is under way: "), "{during}");
    assert!(during.stdout.contains(" of 60 rows are done"), "{during}");
    run.kill();
    let after = desk.call("report job.yaml").exits(0);
    assert!(after.stdout.contains("**Run 1 was killed before its end: "), "{after}");
    assert!(after.stdout.contains(" of 60 rows are done"), "{after}");
    assert_eq!(report(&desk)["rows"], 60);
    let status = desk.call("status").exits(0);
    assert!(status.stdout.contains(" of 60 rows that the ledger knows are done"), "{status}");
    desk.call("report job.yaml -o report.xml").exits(0);
    let junit = std::fs::read_to_string(desk.path("report.xml")).unwrap();
    assert!(junit.contains("name=\"the last run came to its end\"><failure"), "{junit}");
    // A ledger of an older version has not kept how much there was to do.
    desk.ledger().execute("DROP TABLE run_sources", []).unwrap();
    let older = desk.call("report job.yaml").exits(0);
    assert!(older.stdout.contains("how many it had to send is not known"), "{older}");
    let status = desk.call("status").exits(0);
    assert!(status.stdout.contains("how many run 1 had to send is not known"), "{status}");
    let rest = desk.sure_after("0s").run(&sandbox, "job.yaml");
    assert!(rest.status == 0 || rest.status == 6, "{rest}");
}
