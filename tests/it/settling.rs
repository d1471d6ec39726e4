//! A person settles what no run can: said once, kept with who and why, taken back, and never in part.

use noteferry::sandbox::{Options, Sandbox};
use serde_json::Value;

use crate::desk::{
    Desk, NOTES_JOB, Outcome, forget_outcome, notes_csv, sandbox, sandbox_with, texts, unhurried,
};

/// Four rows in doubt at an address, whose notes are all there.
fn in_doubt() -> (Desk, Sandbox) {
    let job = format!("{NOTES_JOB}in_doubt: hold\n");
    let (desk, sandbox) =
        (Desk::with_notes(notes_csv(4, 4)).file("job.yaml", job), sandbox("503-after=100%"));
    desk.run(&sandbox, "job.yaml").exits(6).counts("rows=4 in_doubt=4");
    (desk, sandbox)
}

/// The same address, and a server that is in order again. What was there before is not.
fn mended(sandbox: Sandbox) -> Sandbox {
    let authority = sandbox.base_url().trim_start_matches("http://").split('/').next().unwrap();
    let port = authority.split_once(':').unwrap().1.parse().unwrap();
    drop(sandbox);
    sandbox_with(Options { port, ..unhurried() })
}

fn settle(desk: &Desk, arguments: &str) -> Outcome {
    desk.call(&format!("settle job.yaml --by Lan {arguments}"))
}

fn states(desk: &Desk) -> Vec<(i64, String)> {
    let ledger = desk.ledger();
    let mut query = ledger.prepare("SELECT row, state FROM row_states ORDER BY row").unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn what_a_person_says_of_rows_in_doubt_ends_the_doubt() {
    let (desk, sandbox) = in_doubt();
    let told = settle(&desk, "--row 1 --there tn_77 --why seen").exits(0);
    assert!(
        told.stdout.contains("row 1 (line 2, key k1, ticket tk_1): in doubt -> done, as tn_77"),
        "{told}"
    );
    let told = settle(&desk, "--key k2 --absent").exits(0);
    assert!(told.stdout.contains(&format!("--base-url {}", sandbox.base_url())), "{told}");
    assert!(told.stdout.contains("will then be there twice"), "{told}");
    settle(&desk, "--row 3 --row 4 --dismiss --why closed").exits(0);
    let word = |state: &str| state.to_owned();
    let expected = [
        (1, word("succeeded")),
        (2, word("not_started")),
        (3, word("dismissed")),
        (4, word("dismissed")),
    ];
    assert_eq!(states(&desk), expected);
    desk.call("ledger check job.yaml").exits(0);
    let sandbox = mended(sandbox);
    let plan = format!("plan job.yaml --format json --base-url {}", sandbox.base_url());
    let plan = desk.call(&plan).exits(0);
    assert!(plan.stdout.contains("dismissed by a person"), "{plan}");
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    outcome.counts("rows=4 succeeded=1 already_done=1 dismissed=2");
    assert_eq!(texts(&sandbox), ["Note 2"]);
    // A cron job hears nothing of it any more.
    let quiet = desk.call_at(&sandbox, "run job.yaml -q").exits(0);
    assert_eq!(format!("{}{}", quiet.stdout, quiet.stderr), "");
    desk.call("ledger check job.yaml").exits(0);
    let status = desk.call("status job.yaml").exits(0);
    for words in [
        "Everything that the job wants is done",
        "Settled by a person:",
        "says Lan",
        ": seen",
        "dismissed",
    ] {
        assert!(status.stdout.contains(words), "{words}: {status}");
    }
    let event = desk.call("status job.yaml --format json").exits(0).events().pop().unwrap();
    assert_eq!(
        (&event["dismissed"], &event["settled_rows"][0]["remote_id"]),
        (&Value::from(2), &Value::from("tn_77"))
    );
}

#[test]
fn what_was_said_is_taken_back() {
    let (desk, sandbox) = in_doubt();
    settle(&desk, "--row 1 --there --why mistaken").exits(0);
    settle(&desk, "--row 2 --absent --why mistaken").exits(0);
    settle(&desk, "--row 3 --skip --why mistaken").exits(0);
    settle(&desk, "--row 1,2,3 --unsettle").exits(0);
    assert!(states(&desk).iter().all(|(_, state)| state == "in_doubt"), "{:?}", states(&desk));
    desk.call("ledger check job.yaml").exits(0);
    let sandbox = mended(sandbox);
    desk.run(&sandbox, "job.yaml").exits(6).counts("rows=4 in_doubt=4");
    assert!(texts(&sandbox).is_empty());
    let told = settle(&desk, "--row 1 --unsettle").exits(2);
    assert!(told.stderr.contains("nobody has settled row 1"), "{told}");
    // The first cause of the doubt is there as before.
    let status = desk.call("status job.yaml");
    assert!(
        status.stdout.matches("503").count() == 4 && !status.stdout.contains("mistaken"),
        "{status}"
    );
}

#[test]
fn an_id_that_was_taken_back_is_nobodys_so_a_look_finds_it() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(2, 1)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let id = sandbox.books()["notes"][0]["id"].as_str().unwrap().to_owned();
    forget_outcome(&desk.ledger(), 1, 1);
    settle(&desk, &format!("--row 1 --there {id}")).exits(0);
    settle(&desk, "--row 1 --unsettle").exits(0);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 succeeded=1 already_done=1");
    assert_eq!(texts(&sandbox), ["Note 1", "Note 2"]);
}

#[test]
fn what_is_denied_and_is_there_after_all_is_told_by_the_next_run() {
    let desk = Desk::with_notes(notes_csv(2, 1)).sure_after("50ms");
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml").exits(0);
    forget_outcome(&desk.ledger(), 1, 1);
    settle(&desk, "--row 1 --absent").exits(0);
    let told = desk.run(&sandbox, "job.yaml").exits(6);
    let last = told.events().pop().unwrap();
    let count = |name: &str| last[name].as_u64().unwrap();
    assert_eq!(count("miscounted") + count("uncounted"), 1, "{told}");
}

#[test]
fn a_dismissed_row_is_no_trouble_whatever_becomes_of_it() {
    let (desk, sandbox) = in_doubt();
    settle(&desk, "--row 3 --row 4 --dismiss").exits(0);
    let event = desk.call("status --format json").exits(0).events().pop().unwrap();
    let count = |name: &str| event[name].as_u64().unwrap();
    assert_eq!(
        (count("rows"), count("in_doubt"), count("dismissed"), count("not_started")),
        (4, 2, 2, 0),
        "{event}"
    );
    // Its text is gone, and its time may be past: no run sends it, so nothing is wrong with it.
    let rows = notes_csv(4, 4).replace("Note 3", "");
    desk.write("notes.csv", rows);
    let sandbox = mended(sandbox);
    desk.run(&sandbox, "job.yaml").exits(6).counts("rows=4 in_doubt=2 dismissed=2");
    let event = desk.call("status --format json").exits(0).events().pop().unwrap();
    assert_eq!(
        (&event["rows"], &event["dismissed"]),
        (&Value::from(4), &Value::from(2)),
        "{event}"
    );
}

#[test]
fn a_number_that_two_rows_had_names_none() {
    let (desk, sandbox) = in_doubt();
    desk.write("notes.csv", "id,ticket,body\nk9,tk_9,Note 9\n");
    desk.run(&sandbox, "job.yaml").exits(6);
    let told = settle(&desk, "--row 1 --absent").exits(2);
    assert!(
        told.stderr.contains("several rows were row 1") && told.stderr.contains("`k9`"),
        "{told}"
    );
    settle(&desk, "--key k9 --absent").exits(0);
}

#[test]
fn a_row_that_failed_is_dismissed_and_nothing_else() {
    let rows = "id,ticket,body\nk1,tk_missing1,a\nk2,tk_2,b\n";
    let (desk, sandbox) = (Desk::with_notes(rows), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(1);
    let told = settle(&desk, "--row 1 --there").exits(2);
    assert!(told.stderr.contains("error[not-settled]: row 1 (line 2, key k1) failed"), "{told}");
    settle(&desk, "--state failed --dismiss").exits(0);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 already_done=1 dismissed=1");
    desk.run(&sandbox, "job.yaml --retry-failed")
        .exits(0)
        .counts("rows=2 already_done=1 dismissed=1");
    // Its key is not free for another ticket's row.
    desk.write("notes.csv", rows.replace("tk_missing1", "tk_9"));
    let told = desk.call_at(&sandbox, "run job.yaml").exits(3);
    assert!(told.stderr.contains("that of a row that a person has dismissed"), "{told}");
    desk.write("notes.csv", rows);
    settle(&desk, "--row 1 --unsettle").exits(0);
    desk.run(&sandbox, "job.yaml").exits(1).counts("rows=2 already_done=1 failed=1");
    desk.call("ledger check job.yaml").exits(0);
}

#[test]
fn nothing_is_settled_in_part_or_for_the_wrong_row() {
    let (desk, sandbox) = in_doubt();
    settle(&desk, "--row 1 --there tn_1").exits(0);
    let before = states(&desk);
    for (arguments, words) in [
        ("--row 2 --row 99 --absent", "row 99 is neither in doubt nor failed"),
        ("--row 2 --row 1 --absent", "was settled before, by Lan"),
        ("--row 2 --there tn_1", "`tn_1` was made by row 1"),
        ("--row 2,3 --there tn_5", "2 rows cannot all have made `tn_5`"),
        ("--key nobody --dismiss", "the row with the key `nobody` is neither"),
        (
            "--row 2 --absent --base-url https://elsewhere.example",
            "knows nothing of the job `notes`",
        ),
    ] {
        let told = settle(&desk, arguments).exits(2);
        assert!(told.stderr.contains(words), "{arguments}: {told}");
        assert_eq!(states(&desk), before, "{arguments}");
    }
    settle(&desk, "--absent").exits(2);
    settle(&desk, "--row 2 --absent --dismiss").exits(2);
    drop(sandbox);
}

#[test]
fn a_job_that_went_to_two_places_is_asked_which() {
    let ((desk, _sandbox), other) = (in_doubt(), sandbox(""));
    desk.call("run job.yaml --sandbox").exits(0);
    desk.run(&other, "job.yaml").exits(0);
    let told = settle(&desk, "--row 1 --absent").exits(2);
    assert!(told.stderr.contains("the job has gone to 2 places"), "{told}");
    let told = settle(&desk, "--row 1 --absent --sandbox").exits(2);
    assert!(told.stderr.contains("row 1 is neither in doubt nor failed"), "{told}");
}

#[test]
fn what_was_said_of_a_row_is_told_after_it_was_sent_again() {
    let (desk, sandbox) = in_doubt();
    settle(&desk, "--row 1,2,3,4 --absent --why looked").exits(0);
    let sandbox = mended(sandbox);
    desk.run(&sandbox, "job.yaml").counts("rows=4 succeeded=4");
    for call in ["status job.yaml", "report job.yaml"] {
        let told = desk.call(call).exits(0);
        assert_eq!(told.stdout.matches("looked").count(), 4, "{told}");
    }
    let event = desk.call("status job.yaml --format json").exits(0).events().pop().unwrap();
    assert_eq!(event["settled_rows"].as_array().unwrap().len(), 0, "{event}");
    assert_eq!(event["settlements"].as_array().unwrap().len(), 4, "{event}");
}
