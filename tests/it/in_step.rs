//! A job over a growing file that keeps the notes in step with it: changed rows change their notes, rows that are gone take theirs
//! with them, and whatever cannot be shown to be as it was sent stays.

use std::time::Duration;

use noteferry::sandbox::{Alteration, Options, Sandbox};
use serde_json::Value;

use crate::desk::{
    Desk, NOTES_JOB, forget_outcome, requests, sandbox, sandbox_with, texts, unhurried,
};

const FIRST: &str = "id,ticket,body\nk1,tk_1,Note 1\nk2,tk_1,Note 2\nk3,tk_2,Note 3\n";

fn job(more: &str) -> String {
    format!("{NOTES_JOB}{more}")
}

fn updating() -> Desk {
    Desk::with_notes(FIRST).file("job.yaml", job("on_change: update\n")).sure_after("50ms")
}

fn deleting(at_most: &str) -> Desk {
    let more = format!("on_change: update\non_missing: {{ delete: {{ at_most: {at_most} }} }}\n");
    Desk::with_notes(FIRST).file("job.yaml", job(&more)).sure_after("50ms")
}

fn notes(sandbox: &Sandbox) -> Vec<Value> {
    sandbox.books()["notes"].as_array().unwrap().clone()
}

/// That these notes are there and no others, in whatever order.
fn is_there(sandbox: &Sandbox, expected: &[&str]) {
    let (mut there, mut expected) = (texts(sandbox), expected.to_vec());
    there.sort();
    expected.sort_unstable();
    assert_eq!(there, expected);
}

/// The note that says so.
fn note(sandbox: &Sandbox, text: &str) -> Value {
    let notes = notes(sandbox);
    notes.into_iter().find(|note| note["note"] == text).unwrap()
}

/// As if the run had died before it could write down what came of its last request for a row.
fn lose_the_outcome(desk: &Desk, key: &str, number: i64) {
    let ledger = desk.ledger();
    let query = "SELECT id FROM starts WHERE key = ? AND number = ?";
    let row: i64 = ledger.query_row(query, (key, number), |row| row.get(0)).unwrap();
    forget_outcome(&ledger, row, number);
    let forget =
        "UPDATE runs SET ended_at = NULL, succeeded = NULL WHERE id = (SELECT max(id) FROM runs)";
    ledger.execute(forget, []).unwrap();
}

/// Somebody at the help desk gives a note another text, with a job of their own.
fn edit(sandbox: &Sandbox, text: &str, to: &str) {
    let note = note(sandbox, text);
    let rows = format!("note_id,note\n{},{to}\n", note["id"].as_str().unwrap());
    let desk = Desk::new().file("edit.csv", rows);
    desk.run(sandbox, "edit.csv --operation ticket_note.update").exits(0);
}

#[test]
fn a_changed_row_changes_its_note_once_and_is_done_the_next_night() {
    let (desk, sandbox) = (updating(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 succeeded=3");
    let before = note(&sandbox, "Note 2");
    desk.write("notes.csv", FIRST.replace("Note 2", "Note two"));
    let plan = desk.call_at(&sandbox, "plan job.yaml --format json").exits(0);
    let planned = &plan.events()[plan.events().len() - 1];
    assert_eq!((&planned["send"], &planned["update"]), (&1.into(), &1.into()), "{plan}");
    let step = &plan.all("step")[1];
    assert_eq!(step["operation"], "ticket_note.update", "{plan}");
    assert_eq!((&step["changed"], &step["body"]["note"]), (&true.into(), &"Note two".into()));
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    let outcome = outcome.counts("rows=3 succeeded=1 already_done=2");
    let row = &outcome.all("row")[0];
    assert_eq!(row["operation"], "ticket_note.update");
    assert_eq!(outcome.all("finished")[0]["updated"], 1);
    is_there(&sandbox, &["Note 1", "Note two", "Note 3"]);
    let after = note(&sandbox, "Note two");
    assert_eq!(before["id"], after["id"], "it is the same note");
    assert_eq!(row["id"], after["id"]);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 already_done=3 requests=0");
    // Changed back it is changed.
    desk.write("notes.csv", FIRST);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 succeeded=1 already_done=2");
    is_there(&sandbox, &["Note 1", "Note 2", "Note 3"]);
    desk.call("ledger check").exits(0);
    desk.call_at(&sandbox, "verify job.yaml").exits(0);
}

#[test]
fn without_the_jobs_word_a_changed_row_is_named_and_nothing_is_sent() {
    let (desk, sandbox) = (updating().file("job.yaml", NOTES_JOB), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("notes.csv", FIRST.replace("Note 2", "Note two"));
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    outcome.counts("rows=3 already_done=3 requests=0");
    is_there(&sandbox, &["Note 1", "Note 2", "Note 3"]);
}

#[test]
fn a_note_that_somebody_has_edited_is_left_alone_and_holds_nobody_up() {
    let (desk, sandbox) = (updating(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    edit(&sandbox, "Note 2", "Edited by hand");
    desk.write("notes.csv", FIRST.replace("Note 2", "Note two") + "k4,tk_1,Note 4\n");
    let outcome = desk.run(&sandbox, "job.yaml").exits(1);
    let outcome = outcome.counts("rows=4 succeeded=1 already_done=2 failed=1");
    assert!(outcome.stdout.contains("changed since"), "{outcome}");
    is_there(&sandbox, &["Note 1", "Edited by hand", "Note 3", "Note 4"]);
    // It is held and named from then on, until a person has decided.
    let again = desk.run(&sandbox, "job.yaml").exits(1);
    again.counts("rows=4 already_done=3 failed=1 requests=0");
    edit(&sandbox, "Edited by hand", "Note 2");
    desk.run(&sandbox, "job.yaml --retry-failed")
        .exits(0)
        .counts("rows=4 succeeded=1 already_done=3");
    is_there(&sandbox, &["Note 1", "Note two", "Note 3", "Note 4"]);
}

#[test]
fn a_row_of_which_more_than_the_text_has_changed_is_not_half_updated() {
    let (desk, sandbox) = (updating(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let visible = job("on_change: update\n")
        .replace("is_internal_note: true", "is_internal_note: \"{{ id != 'k2' }}\"");
    desk.write("job.yaml", visible);
    desk.write("notes.csv", FIRST.replace("Note 2", "Note two"));
    let outcome = desk.run(&sandbox, "job.yaml").exits(1);
    outcome.counts("rows=3 already_done=2 failed=1");
    is_there(&sandbox, &["Note 1", "Note 2", "Note 3"]);
    assert_eq!(note(&sandbox, "Note 2")["is_internal_note"], true);
}

#[test]
fn a_run_killed_before_it_could_write_down_an_update_goes_on_with_it() {
    for acted in [true, false] {
        let (desk, sandbox) = (updating(), sandbox(""));
        desk.run(&sandbox, "job.yaml").exits(0);
        desk.write("notes.csv", FIRST.replace("Note 2", "Note two"));
        desk.run(&sandbox, "job.yaml").exits(0);
        let ledger = desk.ledger();
        let row: i64 =
            ledger.query_row("SELECT id FROM starts WHERE turn = 2", [], |row| row.get(0)).unwrap();
        forget_outcome(&ledger, row, 2);
        ledger
            .execute("UPDATE runs SET ended_at = NULL, succeeded = NULL WHERE id = 2", [])
            .unwrap();
        if !acted {
            edit(&sandbox, "Note two", "Note 2");
        }
        // The newest text goes, whatever the lost update said.
        desk.write("notes.csv", FIRST.replace("Note 2", "Note II"));
        let outcome = desk.run(&sandbox, "job.yaml").exits(0);
        outcome.counts("rows=3 succeeded=1 already_done=2");
        is_there(&sandbox, &["Note 1", "Note II", "Note 3"]);
        desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 already_done=3 requests=0");
    }
}

#[test]
fn killed_at_any_moment_the_notes_come_into_step() {
    let rows = |word: &str| {
        let row = |at: usize| match at % 3 {
            0 => format!("k{at},tk_{},Note {at}\n", at % 4),
            _ => format!("k{at},tk_{},Note {at} {word}\n", at % 4),
        };
        format!("id,ticket,body\n{}", (1..=24).map(row).collect::<String>())
    };
    let desk = Desk::with_notes(rows("old")).file("job.yaml", job("on_change: update\n"));
    let desk = desk.sure_after("50ms");
    let latency = Duration::from_millis(4);
    let sandbox = sandbox_with(Options { latency, ..unhurried() });
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("notes.csv", rows("new"));
    let mut random = fastrand::Rng::with_seed(13);
    for _ in 0..4 {
        let started = desk.start_run(&sandbox, "job.yaml");
        std::thread::sleep(Duration::from_millis(random.u64(40..160)));
        started.kill();
    }
    desk.run(&sandbox, "job.yaml").exits(0);
    let mut expected: Vec<String> =
        rows("new").lines().skip(1).map(|row| row.rsplit(',').next().unwrap().to_owned()).collect();
    let mut there = texts(&sandbox);
    there.sort();
    expected.sort();
    assert_eq!(there, expected);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=24 already_done=24 requests=0");
    desk.call("ledger check").exits(0);
}

#[test]
fn what_is_gone_from_the_source_is_deleted_and_made_anew_where_it_comes_again() {
    let (desk, sandbox) = (deleting("50%"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let first = note(&sandbox, "Note 2")["id"].clone();
    desk.write("notes.csv", FIRST.replace("k2,tk_1,Note 2\n", ""));
    let plan = desk.call_at(&sandbox, "plan job.yaml").exits(0);
    assert!(plan.stdout.contains("key k2): ticket_note.delete"), "{plan}");
    assert!(plan.stdout.contains("no longer in the source"), "{plan}");
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    let outcome = outcome.counts("rows=3 succeeded=1 already_done=2");
    assert_eq!(outcome.all("finished")[0]["deleted"], 1);
    assert_eq!(outcome.all("row")[0]["operation"], "ticket_note.delete");
    is_there(&sandbox, &["Note 1", "Note 3"]);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 already_done=2 requests=0");
    desk.write("notes.csv", FIRST);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 succeeded=1 already_done=2");
    is_there(&sandbox, &["Note 1", "Note 3", "Note 2"]);
    assert_ne!(note(&sandbox, "Note 2")["id"], first, "it is a note of its own");
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 already_done=3 requests=0");
    desk.call("ledger check").exits(0);
}

#[test]
fn what_somebody_has_edited_is_not_deleted() {
    let (desk, sandbox) = (deleting("50%"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    edit(&sandbox, "Note 2", "Edited by hand");
    desk.write("notes.csv", FIRST.replace("k2,tk_1,Note 2\n", ""));
    desk.run(&sandbox, "job.yaml").exits(1).counts("rows=3 already_done=2 failed=1");
    is_there(&sandbox, &["Note 1", "Edited by hand", "Note 3"]);
}

#[test]
fn where_too_much_is_missing_nothing_is_deleted_and_the_run_says_so() {
    let (desk, sandbox) = (deleting("40%"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("notes.csv", "id,ticket,body\nk1,tk_1,Note 1\nk4,tk_2,Note 4\n");
    let outcome = desk.run(&sandbox, "job.yaml").exits(4);
    let outcome = outcome.counts("rows=2 succeeded=1 already_done=1");
    assert_eq!(outcome.all("finished")[0]["reason"], "too-many-missing", "{outcome}");
    is_there(&sandbox, &["Note 1", "Note 2", "Note 3", "Note 4"]);
    desk.write("notes.csv", "id,ticket,body\n");
    let outcome = desk.run(&sandbox, "job.yaml");
    assert_eq!(texts(&sandbox).len(), 4, "{outcome}");
}

#[test]
fn that_too_much_is_missing_is_told_however_the_run_ends() {
    let (desk, sandbox) = (deleting("1%"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    edit(&sandbox, "Note 1", "Edited by hand");
    // Its update is not let through, and one failure is too many.
    desk.write("notes.csv", "id,ticket,body\nk1,tk_1,Note one\n");
    let stopped = "job.yaml --max-failures 0 --summary-file summary.json";
    let outcome = desk.run(&sandbox, stopped).exits(4);
    let finished = outcome.finished();
    assert_eq!(finished["reason"], "too-many-failures", "{outcome}");
    assert!(finished["nothing_deleted"].is_string(), "{outcome}");
    let summary = std::fs::read_to_string(desk.path("summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert!(summary["nothing_deleted"].is_string(), "{summary}");
    let told = "run job.yaml --yes --retry-failed --max-failures 0";
    let told = desk.call_at(&sandbox, told).exits(4);
    // Once when it begins, and once more at its end.
    assert_eq!(told.stderr.matches("nothing is deleted that is missing").count(), 2, "{told}");
    is_there(&sandbox, &["Edited by hand", "Note 2", "Note 3"]);
}

#[test]
fn what_a_source_does_not_show_for_another_reason_is_not_missing() {
    let without_k2 = FIRST.replace("k2,tk_1,Note 2\n", "");
    let filter = job("on_missing: delete\nwhere: [\"{{ id != 'k2' }}\"]\n");
    for (files, arguments, status) in [
        (vec![("job.yaml", filter)], "job.yaml", 0),
        (vec![("notes.csv", without_k2.clone())], "job.yaml --limit 1", 0),
        (vec![("other.csv", without_k2.clone())], "job.yaml --source other.csv", 0),
        (vec![("notes.csv", without_k2.clone() + "k5,,No ticket\n")], "job.yaml --skip-invalid", 1),
        (vec![("notes.csv", without_k2.clone() + "k5,,No ticket\n")], "job.yaml", 3),
    ] {
        let (desk, sandbox) = (deleting("100%"), sandbox(""));
        desk.run(&sandbox, "job.yaml").exits(0);
        let before = requests(&sandbox);
        files.iter().for_each(|(name, text)| desk.write(name, text));
        let outcome = desk.run(&sandbox, arguments).exits(status);
        is_there(&sandbox, &["Note 1", "Note 2", "Note 3"]);
        assert_eq!(requests(&sandbox), before, "{arguments}: {outcome}");
    }
}

#[test]
fn a_row_in_doubt_is_never_deleted() {
    let (desk, sandbox) = (deleting("100%"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    lose_the_outcome(&desk, "k2", 1);
    desk.write("notes.csv", FIRST.replace("k2,tk_1,Note 2\n", ""));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 already_done=2 requests=0");
    is_there(&sandbox, &["Note 1", "Note 2", "Note 3"]);
}

#[test]
fn a_row_whose_last_update_has_not_come_about_stays_and_is_told() {
    let (desk, sandbox) = (deleting("100%"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    edit(&sandbox, "Note 2", "Edited by hand");
    desk.write("notes.csv", FIRST.replace("Note 2", "Note two"));
    desk.run(&sandbox, "job.yaml").exits(1);
    desk.write("notes.csv", FIRST.replace("k2,tk_1,Note 2\n", ""));
    let plan = desk.call_at(&sandbox, "plan job.yaml --format json").exits(0);
    assert_eq!(plan.events().pop().unwrap()["unfinished"], 1, "{plan}");
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    assert_eq!(outcome.finished()["unfinished"], 1, "{outcome}");
    let told = desk.call_at(&sandbox, "run job.yaml --yes").exits(0);
    assert!(
        told.stderr.contains("1 row is missing from the source, and what it has made stays"),
        "{told}"
    );
    is_there(&sandbox, &["Note 1", "Edited by hand", "Note 3"]);
}

#[test]
fn a_deletion_that_a_person_has_dismissed_is_left_at_that_though_its_row_comes_again() {
    let (desk, sandbox) = (deleting("50%"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("notes.csv", FIRST.replace("k2,tk_1,Note 2\n", ""));
    desk.run(&sandbox, "job.yaml").exits(0);
    lose_the_outcome(&desk, "k2", 2);
    desk.call("settle job.yaml --by Lan --key k2 --dismiss --why seen").exits(0);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 already_done=2 requests=0");
    // Nobody knows whether its note is there, so none is made beside it.
    desk.write("notes.csv", FIRST);
    let plan = desk.call_at(&sandbox, "plan job.yaml --format json").exits(0);
    assert_eq!(plan.events().pop().unwrap()["dismissed"], 1, "{plan}");
    let again = desk.run(&sandbox, "job.yaml").exits(0);
    again.counts("rows=3 already_done=2 dismissed=1 requests=0");
    is_there(&sandbox, &["Note 1", "Note 3"]);
    let status = desk.call("status job.yaml --format json").exits(0);
    assert_eq!(status.all("status")[0]["dismissed"], 1, "{status}");
    // A person who knows better says so under another key.
    desk.write("notes.csv", FIRST.replace("k2,", "k2 again,"));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 succeeded=1 already_done=2");
    is_there(&sandbox, &["Note 1", "Note 2", "Note 3"]);
}

#[test]
fn a_note_that_was_not_listed_when_it_was_to_be_deleted_is_nothing_that_is_done() {
    let on_missing = job("on_missing: { delete: { at_most: 50% } }\n");
    let desk = Desk::with_notes(FIRST).file("job.yaml", on_missing).sure_after("50ms");
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml").exits(0);
    let id = note(&sandbox, "Note 2")["id"].as_str().unwrap().to_owned();
    assert!(sandbox.alter(&id, Alteration::Deleted));
    desk.write("notes.csv", FIRST.replace("k2,tk_1,Note 2\n", ""));
    desk.run(&sandbox, "job.yaml").exits(1).counts("already_done=2 failed=1");
    // Its row comes again, as it was: nobody has seen its note since.
    desk.write("notes.csv", FIRST);
    let again = desk.run(&sandbox, "job.yaml").exits(1);
    again.counts("rows=3 already_done=2 failed=1 requests=0");
    let plan = desk.call_at(&sandbox, "plan job.yaml --format json").exits(0);
    assert_eq!(plan.events().pop().unwrap()["held"]["refused"], 1, "{plan}");
}

#[test]
fn a_deletion_that_nobody_has_written_down_is_repeated() {
    let (desk, sandbox) = (deleting("50%"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("notes.csv", FIRST.replace("k2,tk_1,Note 2\n", ""));
    desk.run(&sandbox, "job.yaml").exits(0);
    lose_the_outcome(&desk, "k2", 2);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 succeeded=1 already_done=2");
    is_there(&sandbox, &["Note 1", "Note 3"]);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 already_done=2 requests=0");
}

#[test]
fn a_job_that_cannot_keep_notes_in_step_is_refused() {
    for (from, to) in [
        ("key: \"{{ id }}\"\n", ""),
        ("operation: ticket_note.create", "operation: ticket_note.update"),
        ("operation: ticket_note.create", "operation: \"ticket_note.{{ 'create' }}\""),
    ] {
        let text = job("on_change: update\non_missing: delete\n").replace(from, to);
        let desk = Desk::with_notes(FIRST).file("job.yaml", text);
        let outcome = desk.call("check job.yaml").exits(2);
        assert!(
            outcome.stderr.contains("on_change") && outcome.stderr.contains("on_missing"),
            "{outcome}"
        );
    }
    let desk =
        Desk::with_notes(FIRST).file("job.yaml", job("on_missing: { delete: { at_most: 5 } }\n"));
    let outcome = desk.call("check job.yaml").exits(2);
    assert!(outcome.stderr.contains("5%") || outcome.stderr.contains("percentage"), "{outcome}");
}

#[test]
fn a_rehearsal_keeps_in_step_what_no_list_shows_there() {
    let desk = deleting("50%");
    let rehearse = || desk.call("run job.yaml --sandbox --format json").exits(0);
    rehearse().counts("rows=3 succeeded=3");
    desk.write("notes.csv", FIRST.replace("k2,tk_1,Note 2\n", "").replace("Note 3", "Note three"));
    let outcome = rehearse();
    outcome.counts("rows=3 succeeded=2 already_done=1");
    let finished = &outcome.all("finished")[0];
    assert_eq!((&finished["updated"], &finished["deleted"]), (&1.into(), &1.into()));
    rehearse().counts("rows=2 already_done=2");
}

#[test]
fn a_row_comes_again_though_the_job_deletes_no_more() {
    let (desk, sandbox) = (deleting("50%"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("notes.csv", FIRST.replace("k2,tk_1,Note 2\n", ""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("notes.csv", FIRST);
    desk.write("job.yaml", NOTES_JOB);
    let status = desk.call("status job.yaml --format json").exits(0);
    assert_eq!(status.all("status")[0]["not_started"], 1, "{status}");
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 succeeded=1 already_done=2");
    is_there(&sandbox, &["Note 1", "Note 2", "Note 3"]);
}

#[test]
fn a_plan_counts_what_is_read_before_notes_are_kept_in_step() {
    let (desk, sandbox) = (deleting("50%"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("notes.csv", "id,ticket,body\nk1,tk_1,Note one\nk2,tk_1,Note two\n");
    let plan = desk.call_at(&sandbox, "plan job.yaml --format json").exits(0);
    let planned = &plan.all("planned")[0];
    let (counts, send) = (&planned["snapshots"], &planned["send"]);
    assert_eq!((&counts["rows"], &counts["lists"], send), (&3.into(), &2.into(), &3.into()));
    assert_eq!((&counts["requests"], &planned["requests"]), (&2.into(), &5.into()), "{plan}");
    // And a login.
    desk.run(&sandbox, "job.yaml --yes").exits(0).counts("succeeded=3 requests=6");
}

#[test]
fn a_note_that_somebody_has_deleted_holds_nobody_up() {
    let (desk, sandbox) = (updating(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let id = note(&sandbox, "Note 1")["id"].as_str().unwrap().to_owned();
    assert!(sandbox.alter(&id, Alteration::Deleted));
    desk.write(
        "notes.csv",
        FIRST.replace("Note 1", "Note one").replace("Note 2", "Note two") + "k4,tk_1,Note 4\n",
    );
    let told = desk.run(&sandbox, "job.yaml").exits(1);
    told.counts("rows=4 succeeded=2 already_done=1 failed=1");
    assert!(told.stdout.contains("not_listed"), "{told}");
    is_there(&sandbox, &["Note two", "Note 3", "Note 4"]);
    desk.write(
        "notes.csv",
        std::fs::read_to_string(desk.path("notes.csv")).unwrap() + "k5,tk_1,Note 5\n",
    );
    let again = desk.run(&sandbox, "job.yaml").exits(1);
    again.counts("rows=5 succeeded=1 already_done=3 failed=1");
    desk.call_at(&sandbox, "settle job.yaml --key k1 --dismiss").exits(0);
    desk.run(&sandbox, "job.yaml").exits(0);
}
