//! What comes after an undo, or after one that did not come about: further runs, further undos, and what a person says.

use std::time::Duration;

use noteferry::sandbox::{Alteration, Options, Sandbox};

use crate::ask::seeded;
use crate::desk::{
    Desk, NOTES_JOB, Outcome, forget_outcome, notes_csv, sandbox, sandbox_with, texts, unhurried,
};

const PACE: &str = "--rate 1000/10ms --format json";
const FIRST: &str = "id,ticket,body\nk1,tk_1,Note 1\nk2,tk_1,Note 2\nk3,tk_1,Note 3\n";

/// A job that keeps the notes in step with its rows.
fn in_step() -> Desk {
    let job =
        format!("{NOTES_JOB}on_change: update\non_missing: {{ delete: {{ at_most: 100% }} }}\n");
    Desk::with_notes(FIRST).file("job.yaml", job).sure_after("50ms")
}

fn undo(desk: &Desk, sandbox: &Sandbox, run: u32) -> Outcome {
    desk.call_at(sandbox, &format!("undo {run} --yes {PACE}"))
}

/// As if the run had died before it could write down what came of its last request for a row.
fn lose_the_outcome(desk: &Desk, key: &str) -> (i64, i64) {
    let ledger = desk.ledger();
    let query = "SELECT id, max(number) FROM starts WHERE key = ?";
    let last: (i64, i64) =
        ledger.query_row(query, [key], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    forget_outcome(&ledger, last.0, last.1);
    let forget =
        "UPDATE runs SET ended_at = NULL, succeeded = NULL WHERE id = (SELECT max(id) FROM runs)";
    ledger.execute(forget, []).unwrap();
    last
}

/// The id of the note that says so.
fn note(sandbox: &Sandbox, text: &str) -> String {
    let books = sandbox.books();
    let mut notes = books["notes"].as_array().unwrap().iter();
    let note = notes.find(|note| note["note"] == text).unwrap();
    note["id"].as_str().unwrap().to_owned()
}

fn is_sound(desk: &Desk) {
    desk.call("ledger check").exits(0);
}

#[test]
fn an_undoing_in_doubt_that_a_person_dismisses_is_left_and_the_ledger_is_whole() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(2, 1)).sure_after("50ms"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    undo(&desk, &sandbox, 1).exits(0);
    let (row, number) = lose_the_outcome(&desk, "k1");
    desk.run(&sandbox, "job.yaml").exits(6).counts("in_doubt=1 undone=1");
    desk.call("settle job.yaml --row 1 --dismiss").exits(0);
    let told = undo(&desk, &sandbox, 1).exits(1);
    let kept = told.all("undo").into_iter().find(|row| row["key"] == "k1").unwrap().clone();
    assert_eq!((&kept["action"], &kept["reason"]), (&"keep".into(), &"dismissed".into()), "{told}");
    is_sound(&desk);
    desk.run(&sandbox, "job.yaml").exits(0).counts("dismissed=1 undone=1");
    // A former version went on with it, and wrote a ledger that no run accepted any more.
    let ledger = desk.ledger();
    let went_on = "INSERT INTO starts SELECT id, number + 1, turn, owner, key, row, line, operation, lane, digest, at, \
                   remote_at, print FROM starts WHERE id = ? AND number = ?";
    ledger.execute(went_on, (row, number)).unwrap();
    is_sound(&desk);
    desk.run(&sandbox, "job.yaml").exits(6).counts("in_doubt=1 undone=1");
    ledger.execute("DELETE FROM starts WHERE id = ? AND number = ?", (row, number + 1)).unwrap();
    // Taken back, the same undo goes on.
    desk.call("settle job.yaml --row 1 --unsettle").exits(0);
    undo(&desk, &sandbox, 1).exits(0).counts("succeeded=1 already_done=1");
    is_sound(&desk);
    desk.run(&sandbox, "job.yaml").exits(0).counts("undone=2");
}

#[test]
fn a_person_says_what_became_of_an_undoing() {
    for (said, undone) in [("--there", true), ("--absent", false)] {
        let (desk, sandbox) = (Desk::with_notes(notes_csv(2, 1)).sure_after("50ms"), sandbox(""));
        desk.run(&sandbox, "job.yaml").exits(0);
        undo(&desk, &sandbox, 1).exits(0);
        lose_the_outcome(&desk, "k1");
        let told = desk.call(&format!("settle job.yaml --row 1 {said}")).exits(0);
        let word = if undone { "-> undone" } else { "-> not undone" };
        assert!(told.stdout.contains(word), "{told}");
        let counts = if undone { "undone=2" } else { "undone=1 already_done=1" };
        desk.run(&sandbox, "job.yaml").exits(0).counts(counts);
        is_sound(&desk);
    }
}

#[test]
fn what_came_to_nothing_stands_in_the_way_of_no_undo() {
    let (desk, sandbox) = (in_step(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let id = note(&sandbox, "Note 2");
    assert!(sandbox.alter(&id, Alteration::Text("Edited by hand".to_owned())));
    desk.write("notes.csv", FIRST.replace("Note 2", "Note two"));
    desk.run(&sandbox, "job.yaml").exits(1).counts("failed=1 already_done=2");
    assert!(sandbox.alter(&id, Alteration::Text("Note 2".to_owned())));
    undo(&desk, &sandbox, 1).exits(0).counts("succeeded=3");
    assert_eq!(texts(&sandbox), [] as [&str; 0]);
    is_sound(&desk);
    undo(&desk, &sandbox, 1).exits(0).counts("already_done=3");
    desk.run(&sandbox, "job.yaml").exits(0).counts("undone=3");
}

#[test]
fn an_undoing_that_came_to_nothing_leaves_the_row_as_it_was() {
    let (desk, sandbox) = (in_step(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let id = note(&sandbox, "Note 2");
    assert!(sandbox.alter(&id, Alteration::Text("Edited by hand".to_owned())));
    undo(&desk, &sandbox, 1).exits(1).counts("succeeded=2 failed=1");
    assert!(sandbox.alter(&id, Alteration::Text("Note 2".to_owned())));
    desk.write("notes.csv", FIRST.replace("Note 2", "Note two"));
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=1 undone=2");
    assert_eq!(texts(&sandbox), ["Note two"]);
    is_sound(&desk);
    // And it is undone once more, operation by operation.
    undo(&desk, &sandbox, 3).exits(0).counts("succeeded=1");
    assert_eq!(texts(&sandbox), ["Note 2"]);
    undo(&desk, &sandbox, 1).exits(0).counts("succeeded=1 already_done=2");
    assert_eq!(texts(&sandbox), [] as [&str; 0]);
    is_sound(&desk);
}

#[test]
fn what_was_made_anew_is_undone_and_changed_under_its_new_id() {
    let (desk, sandbox) = (in_step(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let old = note(&sandbox, "Note 3");
    desk.write("notes.csv", FIRST.replace("k3,tk_1,Note 3\n", ""));
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=1 already_done=2");
    undo(&desk, &sandbox, 2).exits(0).counts("succeeded=1");
    let new = note(&sandbox, "Note 3");
    assert_ne!(old, new);
    // The row comes again, and says something else.
    desk.write("notes.csv", FIRST.replace("Note 3", "Note three"));
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=2 undone=1 requests=0");
    let told = desk.run(&sandbox, "job.yaml --undone").exits(0);
    told.counts("already_done=2 succeeded=1");
    assert_eq!(note(&sandbox, "Note three"), new, "{told}");
    is_sound(&desk);
    let last = told.all("started").first().and_then(|run| run["run"].as_u64());
    let last: u32 = last.map_or_else(
        || desk.ledger().query_row("SELECT max(id) FROM runs", [], |row| row.get(0)).unwrap(),
        |run| run.try_into().unwrap(),
    );
    undo(&desk, &sandbox, last).exits(0).counts("succeeded=1");
    assert_eq!(note(&sandbox, "Note 3"), new);
    undo(&desk, &sandbox, 1).exits(0).counts("succeeded=3");
    assert_eq!(texts(&sandbox), [] as [&str; 0]);
    is_sound(&desk);
}

#[test]
fn rows_that_were_undone_are_sent_again_where_somebody_says_so() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(2, 1)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    undo(&desk, &sandbox, 1).exits(0);
    let planned = desk.call_at(&sandbox, "plan job.yaml --undone --format json").exits(0);
    assert_eq!(planned.events().last().unwrap()["send"], 2, "{planned}");
    desk.run(&sandbox, "job.yaml --undone").exits(0).counts("succeeded=2");
    let mut there = texts(&sandbox);
    there.sort();
    assert_eq!(there.len(), 2, "{there:?}");
    desk.run(&sandbox, "job.yaml --undone").exits(0).counts("already_done=2 requests=0");
    undo(&desk, &sandbox, 1).exits(0).counts("already_done=2");
    let run = desk.ledger().query_row(
        "SELECT max(run) FROM owners JOIN starts ON owner = owners.id",
        [],
        |row| row.get(0),
    );
    undo(&desk, &sandbox, run.unwrap()).exits(0).counts("succeeded=2");
    assert_eq!(texts(&sandbox), [] as [&str; 0]);
    is_sound(&desk);
}

#[test]
fn a_run_of_undone_rows_that_is_killed_makes_nothing_twice() {
    let sandbox = sandbox_with(Options { latency: Duration::from_millis(10), ..unhurried() });
    let desk = Desk::with_notes(notes_csv(40, 5)).sure_after("100ms");
    desk.run(&sandbox, "job.yaml").exits(0);
    let mut expected = texts(&sandbox);
    undo(&desk, &sandbox, 1).exits(0).counts("succeeded=40");
    let mut started = desk.start_run(&sandbox, "job.yaml --undone --concurrency 4");
    let mut ended = 0;
    while ended < 9 {
        let Some(line) = started.line() else { break };
        ended += usize::from(line.starts_with("{\"event\":\"row\""));
    }
    started.kill();
    for _ in 0..3 {
        desk.run(&sandbox, "job.yaml --undone");
    }
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=40");
    let mut there = texts(&sandbox);
    there.sort();
    expected.sort();
    assert_eq!(there, expected);
    is_sound(&desk);
}

#[test]
fn notes_of_one_ticket_are_made_anew_in_the_order_in_which_they_were_made() {
    let job = "job: clearing\noperation: ticket_note.delete\nsource: { csv: rows.csv }\nlet: { ticket_id: tk_sandbox000001 }\n\
               map: { note_id: \"{{ of }}\" }\nkey: \"{{ of }}\"\n";
    for order in [[1, 2, 3], [3, 1, 2]] {
        let rows: String = order.iter().map(|note| format!("{}\n", seeded(*note))).collect();
        let desk = Desk::new().file("job.yaml", job).file("rows.csv", format!("of\n{rows}"));
        let sandbox = sandbox("");
        for (note, hours) in [(1, 1), (2, 2), (3, 3)] {
            let made = 1_700_000_000_000 + hours * 3_600_000;
            assert!(sandbox.alter(&seeded(note), Alteration::Created(made)));
        }
        desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=3");
        undo(&desk, &sandbox, 1).exits(0).counts("succeeded=3");
        let texts = texts(&sandbox);
        assert_eq!(texts, ["Seeded note 1", "Seeded note 2", "Seeded note 3"], "{order:?}");
    }
}

#[test]
fn a_person_says_what_became_of_an_update() {
    let changed = |desk: &Desk| desk.write("notes.csv", FIRST.replace("Note 2", "Note two"));
    let doubtful = || {
        let (desk, sandbox) = (in_step(), sandbox(""));
        desk.run(&sandbox, "job.yaml").exits(0);
        changed(&desk);
        desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=2 succeeded=1");
        lose_the_outcome(&desk, "k2");
        (desk, sandbox)
    };
    let (desk, sandbox) = doubtful();
    let (id, other) = (note(&sandbox, "Note two"), note(&sandbox, "Note 1"));
    let told = desk.call(&format!("settle job.yaml --row 2 --there {other}")).exits(2);
    assert!(told.stderr.contains(&id) && told.stderr.contains(&other), "{told}");
    desk.call(&format!("settle job.yaml --row 2 --there {id}")).exits(0);
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=3 requests=0");
    is_sound(&desk);

    let (desk, sandbox) = doubtful();
    let told = desk.call("settle job.yaml --row 2 --absent").exits(0);
    assert!(told.stdout.contains("-> not changed") && !told.stdout.contains("twice"), "{told}");
    // Said of one that is there after all, nothing is sent.
    let told = desk.run(&sandbox, "job.yaml").exits(1);
    assert_eq!(told.row(2)["reason"], "changed_since", "{told}");
    assert!(sandbox.alter(&note(&sandbox, "Note two"), Alteration::Text("Note 2".to_owned())));
    desk.run(&sandbox, "job.yaml --retry-failed").exits(0).counts("already_done=2 succeeded=1");
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=3 requests=0");
    is_sound(&desk);
}

#[test]
fn a_person_says_what_became_of_a_deletion() {
    let doubtful = || {
        let (desk, sandbox) = (in_step(), sandbox(""));
        desk.run(&sandbox, "job.yaml").exits(0);
        desk.write("notes.csv", FIRST.replace("k3,tk_1,Note 3\n", ""));
        desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=2 succeeded=1");
        lose_the_outcome(&desk, "k3");
        (desk, sandbox)
    };
    let (desk, sandbox) = doubtful();
    desk.call("settle job.yaml --key k3 --there").exits(0);
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=2 requests=0");
    is_sound(&desk);

    let (desk, sandbox) = doubtful();
    let told = desk.call("settle job.yaml --key k3 --absent").exits(0);
    assert!(told.stdout.contains("-> not deleted") && !told.stdout.contains("twice"), "{told}");
    // It is looked for before it is deleted, and is gone.
    let told = desk.run(&sandbox, "job.yaml").exits(1);
    assert_eq!(told.row(3)["reason"], "not_listed", "{told}");
    is_sound(&desk);
}
