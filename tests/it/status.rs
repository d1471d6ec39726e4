//! `status`: what it says to people and to programs.

use crate::desk::{Desk, NOTES_JOB, assert_reads, notes_csv, sandbox};

#[test]
fn what_there_is_to_know_reads_well() {
    let rows = "id,ticket,body\n1,tk_1,a\n2,tk_missing1,b\n3,tk_3,c\n";
    let (desk, sandbox) = (Desk::with_notes(rows).without_recovery(), sandbox(""));
    let mut shown = format!("=== nothing yet\n{}", desk.call("status job.yaml").exits(0));
    desk.run(&sandbox, "job.yaml --limit 1").exits(0);
    desk.run(&sandbox, "job.yaml").exits(1);
    shown.push_str(&format!("\n=== a failed row\n{}", desk.call("status job.yaml").exits(0)));
    let doubtful = self::sandbox("500-after=100%");
    desk.write("job.yaml", NOTES_JOB.replace("job: notes", "job: doubtful"));
    desk.run(&doubtful, "job.yaml").exits(6);
    let call = format!("status --base-url {}", doubtful.base_url());
    shown.push_str(&format!("\n=== rows in doubt, all jobs\n{}", desk.call(&call).exits(0)));
    assert_reads("status", shown);
}

#[test]
fn programs_are_told_the_same() {
    let rows = "id,ticket,body\n1,tk_1,a\n2,tk_missing1,b\n";
    let (desk, sandbox) = (Desk::with_notes(rows), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(1);
    assert_reads("status_json", desk.call("status job.yaml --format json").exits(0));
    let all = desk.call("status --format json").exits(0).events();
    assert_eq!(all, desk.call("status job.yaml --format json").events());
}

#[test]
fn rows_in_flight_of_a_dead_run_are_in_doubt() {
    let stand = crate::stand::Stand::open(|_| None);
    let desk = Desk::with_notes(notes_csv(3, 3)).env("STRINGEEX_TOKEN", "ready");
    let run = desk.start(&format!(
        "run job.yaml --rate 100000/s --concurrency 2 --base-url {}",
        stand.address()
    ));
    stand.arrival();
    stand.arrival();
    run.kill();
    let status = desk.call("status --format json").exits(0).events().remove(0);
    assert_eq!(status["in_doubt"], 2, "{status}");
    assert!(status["runs"][0]["exit"].is_null(), "{status}");
}

#[test]
fn status_of_a_broken_job_is_told() {
    let desk = Desk::new().file("job.yaml", "job: x\n");
    let outcome = desk.call("status job.yaml --format json").exits(2);
    assert_eq!(outcome.events()[0]["event"], "problem");
}
