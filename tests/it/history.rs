//! What runs have done and how one under way goes: `status` for those who watch and for scripts that ask.

use std::time::Duration;

use noteferry::sandbox::{Options, Sandbox};

use crate::desk::{Desk, NOTES_JOB, Started, notes_csv, sandbox, sandbox_with, unhurried};
use crate::stand::Stand;

/// A sandbox that takes its time.
fn slow() -> Sandbox {
    sandbox_with(Options { latency: Duration::from_millis(15), ..unhurried() })
}

/// A run of which some rows are over.
fn begun(desk: &Desk, sandbox: &Sandbox, flags: &str) -> Started {
    let mut run = desk.start_run(sandbox, &format!("job.yaml --concurrency 1 {flags}"));
    run.line().unwrap();
    run.line().unwrap();
    run
}

#[test]
fn a_run_of_another_process_is_followed_to_its_end() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(150, 7)), slow());
    let run = begun(&desk, &sandbox, "");
    let watched = desk.call("status job.yaml --watch --exit-code").exits(0);
    run.outcome().exits(0);
    assert!(watched.stdout.starts_with("notes: run 1, "), "{watched}");
    assert!(watched.stdout.contains(" of 150 rows, "), "{watched}");
    assert!(watched.stdout.contains("Everything is done: 150 of 150 rows."), "{watched}");
    // It has left nothing behind but the ledger.
    let left = desk.files().into_iter().map(|(path, _)| path);
    let left: Vec<_> = left.filter(|path| path.to_string_lossy().contains("pulse")).collect();
    assert!(left.is_empty(), "{left:?}");
    let nothing = desk.call("status job.yaml --watch").exits(0);
    assert!(nothing.stderr.contains("No run is under way."), "{nothing}");
}

#[test]
fn programs_follow_it_by_events() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(150, 7)), slow());
    let run = begun(&desk, &sandbox, "");
    let watched = desk.call("status job.yaml --watch --format json").exits(0);
    let process = run.id();
    run.outcome().exits(0);
    let events = watched.events();
    let first = &events[0];
    assert_eq!((&first["event"], &first["job"]), (&"under_way".into(), &"notes".into()));
    assert_eq!((&first["run"], &first["process"]), (&1.into(), &process.into()), "{first}");
    assert_eq!(first["to_send"], 150);
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["succeeded"]), (&"status".into(), &150.into()));
    assert!(last["running"].is_null(), "{last}");
}

#[test]
fn a_run_that_is_killed_is_followed_to_that_end_too_and_what_it_said_last_counts_no_more() {
    let answered = std::sync::atomic::AtomicUsize::new(0);
    let stand = Stand::open(move |_| {
        let answer = || (200, r#"{"r":0,"msg":"","id":"tn_1"}"#.to_owned());
        (answered.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 3).then(answer)
    });
    let desk = Desk::with_notes(notes_csv(9, 9)).env("STRINGEEX_TOKEN", "ready");
    let mut run = desk.start(&format!(
        "run job.yaml --format json --rate 100000/s --concurrency 1 --base-url {}",
        stand.address()
    ));
    (0..3).for_each(|_| drop(run.line().unwrap()));
    (0..4).for_each(|_| drop(stand.arrival()));
    let mut watch = desk.start("status job.yaml --watch --exit-code --format json");
    let first = watch.line().unwrap();
    assert!(first.contains("\"under_way\""), "{first}");
    run.kill();
    let watched = watch.outcome().exits(6);
    let last = watched.events().pop().unwrap();
    assert!(last["running"].is_null() && last["runs"][0]["exit"].is_null(), "{watched}");
    let status = desk.call("status job.yaml").exits(0);
    assert!(!status.stdout.contains("under way"), "{status}");
}

#[cfg(unix)]
#[test]
fn whoever_watches_may_leave_and_the_run_goes_on() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(120, 7)), slow());
    let run = begun(&desk, &sandbox, "");
    let mut watch = desk.start("status job.yaml --watch");
    watch.line().unwrap();
    watch.signal("INT");
    watch.outcome().exits(130);
    run.outcome().exits(0).counts("rows=120 succeeded=120");
}

#[test]
fn the_exit_code_says_where_the_rows_stand() {
    let rows = "id,ticket,body\n1,tk_1,a\n2,tk_missing1,b\n3,tk_3,c\n";
    let (desk, sandbox) = (Desk::with_notes(rows).without_recovery(), self::sandbox(""));
    let code = |status: i32| drop(desk.call("status job.yaml --exit-code").exits(status));
    code(4);
    // What was rehearsed is done nowhere.
    desk.call("run job.yaml --sandbox").exits(1);
    code(4);
    desk.run(&sandbox, "job.yaml --limit 1").exits(0);
    code(4);
    desk.run(&sandbox, "job.yaml").exits(1);
    code(1);
    desk.write("notes.csv", rows.replace("tk_missing1", "tk_2"));
    desk.run(&sandbox, "job.yaml").exits(0);
    code(0);
    desk.write("notes.csv", format!("{rows}4,tk_1,d\n").replace("tk_missing1", "tk_2"));
    let doubtful = self::sandbox("500-after=100%");
    desk.write("job.yaml", NOTES_JOB.replace("job: notes", "job: doubtful"));
    desk.run(&doubtful, "job.yaml --as-new").exits(6);
    code(6);
    desk.write("job.yaml", "job: [");
    code(2);
}

#[test]
fn a_job_that_is_held_says_so_with_its_code() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(120, 7)), slow());
    let run = begun(&desk, &sandbox, "");
    let held = desk.call("status job.yaml --exit-code").exits(5);
    assert!(held.stdout.contains("Run 1 has sent "), "{held}");
    run.outcome().exits(0);
}

#[test]
fn a_run_says_its_number() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(2, 2)), self::sandbox(""));
    desk.run(&sandbox, "job.yaml --limit 1").exits(0);
    let told = desk.call_at(&sandbox, "run job.yaml").exits(0);
    assert!(
        told.stderr.contains("2 requests (run 2).") || told.stderr.contains("(run 2)."),
        "{told}"
    );
    let status = desk.call("status job.yaml --format json").exits(0).events().remove(0);
    assert_eq!(status["runs"][0]["id"], 2);
}
