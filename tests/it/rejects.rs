//! Rows that are not done are written out, corrected, and come back as the rows that they are: each note once, with a key and
//! without one, and the job comes to its end.

use noteferry::sandbox::{EMAIL, Options, PASSWORD, Sandbox};
use serde_json::Value;

use crate::desk::{Desk, NOTES_JOB, notes_csv, sandbox, sandbox_with, texts, unhurried};

/// The job with a key, and the one that knows its rows by their content.
pub(crate) fn jobs() -> [String; 2] {
    [NOTES_JOB.to_owned(), NOTES_JOB.replace("key: \"{{ id }}\"\n", "")]
}

/// Rows one and four can be sent; of the second the ticket is not there, and the third has none. The fifth is as the second.
const SOURCE: &str = "id,ticket,body\n\
                      k1,tk_1,Note 1\n\
                      k2,tk_missing1,Note 2\n\
                      k3,,Note 3\n\
                      k4,tk_1,\"Note 4, =1\"\n\
                      k5,tk_missing2,Note 5\n";

/// A desk on which that was run, with its rejects.
fn rejected(job: &str) -> (Desk, Sandbox) {
    let (desk, sandbox) = (Desk::with_notes(SOURCE).file("job.yaml", job), sandbox(""));
    desk.run(&sandbox, "job.yaml --skip-invalid")
        .exits(1)
        .counts("rows=5 succeeded=2 failed=2 invalid=1");
    desk.call("rejects job.yaml -o rejects.csv").exits(0);
    (desk, sandbox)
}

pub(crate) fn read(desk: &Desk, name: &str) -> String {
    std::fs::read_to_string(desk.path(name)).unwrap()
}

/// Corrects a file as a person would: each of the pairs is found, and replaced.
pub(crate) fn correct(desk: &Desk, name: &str, pairs: &[(&str, &str)]) {
    let mut text = read(desk, name);
    for (wrong, right) in pairs {
        assert!(text.contains(wrong), "{wrong}: {text}");
        text = text.replace(wrong, right);
    }
    desk.write(name, text);
}

const ALL_RIGHT: [(&str, &str); 3] =
    [("k2,tk_missing1,", "k2,tk_2,"), ("k3,,", "k3,tk_2,"), ("k5,tk_missing2,", "k5,tk_2,")];

pub(crate) fn sorted(sandbox: &Sandbox) -> Vec<String> {
    let mut texts = texts(sandbox);
    texts.sort();
    texts
}

fn notes(count: usize) -> Vec<String> {
    let all = (1..=count)
        .map(|row| if row == 4 { "Note 4, =1".to_owned() } else { format!("Note {row}") });
    all.collect()
}

/// The job's status as an event.
pub(crate) fn status(desk: &Desk) -> Value {
    desk.call("status job.yaml --format json").exits(0).events().pop().unwrap()
}

/// The whole of the source is done, and nothing else is there.
fn assert_all_done(desk: &Desk, sandbox: &Sandbox, rows: usize) {
    assert_eq!(sorted(sandbox), notes(rows));
    let status = status(desk);
    for (name, count) in
        [("rows", rows), ("succeeded", rows), ("failed", 0), ("invalid", 0), ("in_doubt", 0)]
    {
        assert_eq!(status[name], count, "{name}: {status}");
    }
    // The source still has what was wrong, and no run takes that for news.
    for arguments in ["job.yaml", "job.yaml --retry-failed"] {
        desk.run(sandbox, arguments)
            .exits(0)
            .counts(&format!("rows={rows} already_done={rows} requests=0"));
    }
    let told = desk.call("rejects job.yaml -o none.csv").exits(0);
    assert!(told.stderr.contains("nothing was written"), "{told}");
    assert!(!desk.path("none.csv").exists());
    desk.call("ledger check job.yaml").exits(0);
}

#[test]
fn corrected_rows_come_back_as_the_rows_that_they_are() {
    for job in jobs() {
        let (desk, sandbox) = rejected(&job);
        correct(&desk, "rejects.csv", &ALL_RIGHT);
        desk.call("check job.yaml --from rejects.csv").exits(0);
        desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0).counts("rows=3 succeeded=3");
        assert_all_done(&desk, &sandbox, 5);
        desk.run(&sandbox, "job.yaml --from rejects.csv")
            .exits(0)
            .counts("rows=3 already_done=3 requests=0");
        assert_all_done(&desk, &sandbox, 5);
    }
}

#[test]
fn what_is_written_has_the_sources_columns_and_says_why() {
    let (desk, _sandbox) = rejected(NOTES_JOB);
    let text = read(&desk, "rejects.csv");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("id,ticket,body,_ref,_row,_line,_state,_code,_why,_hint"));
    let second = lines.next().unwrap();
    assert!(second.starts_with("k2,tk_missing1,Note 2,np"), "{second}");
    assert!(second.contains(",2,3,failed,4,ticket not found,correct what was refused"), "{second}");
    let third = lines.next().unwrap();
    assert!(
        third.starts_with("k3,,Note 3,np") && third.contains(",3,4,invalid,missing-field,"),
        "{third}"
    );
    assert_eq!(lines.count(), 1);
    let failed = desk.call("rejects job.yaml --state failed --code 4").exits(0);
    assert_eq!(failed.stdout.lines().count(), 3, "{failed}");
    let invalid = desk.call("rejects job.yaml --state invalid").exits(0);
    assert_eq!(invalid.stdout.lines().count(), 2, "{invalid}");
    let events = desk.call("rejects job.yaml --format json").exits(0).events();
    assert_eq!(events.len(), 4);
    assert_eq!(events[0]["cells"]["ticket"], "tk_missing1");
    assert_eq!((&events[0]["state"], &events[3]["written"]), (&"failed".into(), &3.into()));
}

#[test]
fn half_is_corrected_and_then_the_rest() {
    for job in jobs() {
        let (desk, sandbox) = rejected(&job);
        correct(&desk, "rejects.csv", &ALL_RIGHT[..1]);
        let run = desk.run(&sandbox, "job.yaml --from rejects.csv --skip-invalid");
        run.exits(1).counts("rows=3 succeeded=1 failed=1 invalid=1");
        // The source alone neither sends what is corrected nor what is still wrong.
        desk.run(&sandbox, "job.yaml --skip-invalid")
            .exits(1)
            .counts("rows=5 already_done=3 failed=1 invalid=1 requests=0");
        desk.call("rejects job.yaml -o rest.csv").exits(0);
        assert_eq!(read(&desk, "rest.csv").lines().count(), 3);
        correct(&desk, "rest.csv", &ALL_RIGHT[1..]);
        desk.run(&sandbox, "job.yaml --from rest.csv").exits(0).counts("rows=2 succeeded=2");
        assert_all_done(&desk, &sandbox, 5);
        // The file of an earlier day says of a row what is not so any more.
        correct(
            &desk,
            "rejects.csv",
            &[("k3,,Note 3", "k3,tk_7,Another"), ("k5,tk_missing2,Note 5", "k5,tk_7,Other")],
        );
        desk.run(&sandbox, "job.yaml --from rejects.csv")
            .exits(0)
            .counts("rows=3 already_done=3 requests=0");
        assert_eq!(sorted(&sandbox), notes(5));
    }
}

#[test]
fn a_correction_that_fails_too_is_corrected_once_more() {
    for job in jobs() {
        let (desk, sandbox) = rejected(&job);
        correct(
            &desk,
            "rejects.csv",
            &[("k2,tk_missing1,", "k2,tk_missing7,"), ("k3,,", "k3,tk_2,"), ALL_RIGHT[2]],
        );
        desk.run(&sandbox, "job.yaml --from rejects.csv")
            .exits(1)
            .counts("rows=3 succeeded=2 failed=1");
        desk.run(&sandbox, "job.yaml --retry-failed")
            .exits(1)
            .counts("rows=5 already_done=4 failed=1 requests=0");
        desk.call("rejects job.yaml --from rejects.csv -o again.csv").exits(0);
        assert!(
            read(&desk, "again.csv").contains("k2,tk_missing7,"),
            "{}",
            read(&desk, "again.csv")
        );
        correct(&desk, "again.csv", &[("k2,tk_missing7,", "k2,tk_2,")]);
        desk.run(&sandbox, "job.yaml --from again.csv").exits(0).counts("rows=1 succeeded=1");
        assert_all_done(&desk, &sandbox, 5);
    }
}

#[test]
fn rows_are_known_in_any_order_and_whatever_a_program_has_made_of_the_rest() {
    for job in jobs() {
        let (desk, sandbox) = rejected(&job);
        correct(&desk, "rejects.csv", &ALL_RIGHT);
        let text = read(&desk, "rejects.csv");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let header = lines.remove(0);
        lines.reverse();
        // Numbers are altered, the columns are parted otherwise, and a mark stands before all.
        let text = format!("{header}\r\n{}\r\n", lines.join("\r\n"));
        let text = text.replace(",2,3,failed", ",99,98,failed").replace(',', ";");
        desk.write("rejects.csv", format!("\u{feff}{text}"));
        desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0).counts("rows=3 succeeded=3");
        assert_all_done(&desk, &sandbox, 5);
    }
}

#[test]
fn a_row_that_was_taken_out_stays_as_it_was() {
    for job in jobs() {
        let (desk, sandbox) = rejected(&job);
        let text = read(&desk, "rejects.csv");
        let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("k2,")).collect();
        desk.write("rejects.csv", kept.join("\n"));
        correct(&desk, "rejects.csv", &ALL_RIGHT[1..]);
        desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0).counts("rows=2 succeeded=2");
        desk.run(&sandbox, "job.yaml").exits(1).counts("rows=5 already_done=4 failed=1 requests=0");
    }
}

#[test]
fn a_row_without_its_reference_is_refused_and_so_is_a_copy() {
    for job in jobs() {
        let (desk, sandbox) = rejected(&job);
        correct(&desk, "rejects.csv", &ALL_RIGHT);
        let text = read(&desk, "rejects.csv");
        let reference = text.lines().nth(1).unwrap().split(',').nth(3).unwrap().to_owned();
        let refused = |text: String, words: &str| {
            desk.write("changed.csv", text);
            let outcome = desk.run(&sandbox, "job.yaml --from changed.csv").exits(3);
            assert!(outcome.stdout.contains(words), "{outcome}");
            outcome
        };
        refused(text.replace(&reference, ""), "has no reference");
        refused(text.replace(&reference, &reference[1..]), "is no reference of a row of this job");
        refused(format!("{text}k9,tk_1,Added,,,,,,,\n"), "has no reference");
        let copy = text.lines().nth(1).unwrap().replace("Note 2", "Note 2b");
        refused(format!("{text}{copy}\n"), "repeated-key");
        // Of another job.
        desk.write("other.yaml", job.replace("job: notes", "job: others"));
        desk.run(&sandbox, "other.yaml --from rejects.csv").exits(3);
        assert_eq!(sorted(&sandbox), ["Note 1", "Note 4, =1"]);
        desk.write("plain.csv", SOURCE);
        let outcome = desk.run(&sandbox, "job.yaml --from plain.csv").exits(2);
        assert!(outcome.stdout.contains("no column `_ref`"), "{outcome}");
    }
}

#[test]
fn a_key_that_was_changed_is_refused() {
    let (desk, sandbox) = rejected(NOTES_JOB);
    correct(&desk, "rejects.csv", &[("k2,tk_missing1,", "k9,tk_2,")]);
    let outcome = desk.run(&sandbox, "job.yaml --from rejects.csv --skip-invalid");
    assert!(outcome.stdout.contains("was another one when the row was written out"), "{outcome}");
    assert_eq!(sorted(&sandbox), ["Note 1", "Note 4, =1"]);
}

#[test]
fn rows_without_a_key_of_their_own_get_one_and_count_as_done() {
    let source = "id,ticket,body\nk1,tk_1,Note 1\n,tk_1,Note 2\nk1,tk_1,Note 3\n";
    let (desk, sandbox) = (Desk::with_notes(source), sandbox(""));
    desk.run(&sandbox, "job.yaml --skip-invalid").exits(1).counts("rows=3 succeeded=1 invalid=2");
    desk.call("rejects job.yaml -o rejects.csv").exits(0);
    // As it is it would be the first row.
    let outcome = desk.run(&sandbox, "job.yaml --from rejects.csv --skip-invalid");
    assert!(outcome.stdout.contains("which is that of another row"), "{outcome}");
    correct(&desk, "rejects.csv", &[("\n,tk_1,Note 2", "\nk2,tk_1,Note 2")]);
    let anothers = read(&desk, "rejects.csv").replace("k2,tk_1,Note 2", "k1,tk_1,Note 2");
    desk.write("anothers.csv", anothers);
    let outcome = desk.run(&sandbox, "job.yaml --from anothers.csv --skip-invalid");
    assert!(outcome.stdout.contains("that of another row of the job"), "{outcome}");
    assert_eq!(texts(&sandbox), ["Note 1"]);
    correct(&desk, "rejects.csv", &[("k1,tk_1,Note 3", "k3,tk_1,Note 3")]);
    desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0).counts("rows=2 succeeded=2");
    assert_all_done(&desk, &sandbox, 3);
}

#[test]
fn equal_rows_are_told_apart() {
    let source = "id,ticket,body\na,tk_missing1,Same\nb,tk_missing1,Same\nc,,Empty\nd,,Empty\n";
    let job = NOTES_JOB.replace("key: \"{{ id }}\"\n", "");
    let (desk, sandbox) = (Desk::with_notes(source).file("job.yaml", job), sandbox(""));
    desk.run(&sandbox, "job.yaml --skip-invalid").exits(1).counts("rows=4 failed=2 invalid=2");
    desk.call("rejects job.yaml -o rejects.csv").exits(0);
    correct(&desk, "rejects.csv", &[("b,tk_missing1,", "b,tk_1,"), ("d,,", "d,tk_1,")]);
    desk.run(&sandbox, "job.yaml --from rejects.csv --skip-invalid")
        .exits(1)
        .counts("rows=4 succeeded=2 failed=1 invalid=1");
    desk.run(&sandbox, "job.yaml --skip-invalid")
        .exits(1)
        .counts("rows=4 already_done=2 failed=1 invalid=1 requests=0");
    desk.call("rejects job.yaml -o rest.csv").exits(0);
    // Nobody can tell a second row of that content from the first that has come back once more.
    correct(&desk, "rest.csv", &[("tk_missing1", "tk_1"), (",,Empty", ",tk_1,Empty")]);
    let outcome = desk.run(&sandbox, "job.yaml --from rest.csv").exits(3);
    assert_eq!(outcome.stdout.matches("sent-before").count(), 2, "{outcome}");
    correct(&desk, "rest.csv", &[("Same", "Same too"), ("tk_1,Empty", "tk_1,Empty too")]);
    desk.run(&sandbox, "job.yaml --from rest.csv").exits(0).counts("rows=2 succeeded=2");
    assert_eq!(sorted(&sandbox), ["Empty", "Empty too", "Same", "Same too"]);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=4 already_done=4 requests=0");
}

#[test]
fn what_was_corrected_in_the_source_as_well_is_not_sent_twice() {
    let job = NOTES_JOB.replace("key: \"{{ id }}\"\n", "");
    let right = SOURCE
        .replace("tk_missing1", "tk_2")
        .replace("k3,,", "k3,tk_2,")
        .replace("tk_missing2", "tk_2");
    // The file first, and then the source.
    let (desk, sandbox) = rejected(&job);
    correct(&desk, "rejects.csv", &ALL_RIGHT);
    desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0);
    desk.write("notes.csv", &right);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=5 already_done=5 requests=0");
    assert_eq!(sorted(&sandbox), notes(5));
    assert_eq!(status(&desk)["succeeded"], 5);
    // The source first, and then the file.
    let (desk, sandbox) = rejected(&job);
    desk.write("notes.csv", &right);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=5 already_done=2 succeeded=3");
    correct(&desk, "rejects.csv", &ALL_RIGHT);
    let outcome = desk.run(&sandbox, "job.yaml --from rejects.csv").exits(3);
    assert!(outcome.stdout.contains("sent-before"), "{outcome}");
    desk.run(&sandbox, "job.yaml --from rejects.csv --skip-invalid")
        .exits(1)
        .counts("rows=3 invalid=3 requests=0");
    assert_eq!(sorted(&sandbox), notes(5));
}

#[test]
fn a_row_in_doubt_is_not_sent_because_it_was_edited() {
    for job in jobs() {
        for held in ["hold", "resend"] {
            let job = format!("{job}in_doubt: {held}\n");
            let desk =
                Desk::with_notes(notes_csv(3, 3)).file("job.yaml", job.replace("resend", "hold"));
            let sandbox = sandbox("503-after=100%");
            desk.run(&sandbox, "job.yaml").exits(6).counts("rows=3 in_doubt=3");
            desk.call("rejects job.yaml -o rejects.csv").exits(0);
            assert!(read(&desk, "rejects.csv").contains(",in_doubt,"));
            desk.write("job.yaml", &job);
            let before = texts(&sandbox).len();
            correct(
                &desk,
                "rejects.csv",
                &[("Note 1", "Note 1 edited"), ("tk_2", "tk_9"), ("Note 0", "Note 0")][..2],
            );
            let text = read(&desk, "rejects.csv");
            let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("k3,")).collect();
            desk.write("rejects.csv", kept.join("\n"));
            desk.run(&sandbox, "job.yaml --from rejects.csv")
                .exits(6)
                .counts("rows=2 in_doubt=2 requests=0");
            assert_eq!(texts(&sandbox).len(), before, "{held}");
        }
    }
}

#[test]
fn a_row_in_doubt_that_is_as_it_was_is_settled_by_looking() {
    for job in jobs() {
        let (desk, sandbox) = (
            Desk::with_notes(notes_csv(4, 2)).file("job.yaml", job).sure_after("10ms"),
            sandbox(""),
        );
        desk.run(&sandbox, "job.yaml").exits(0);
        let ledger = desk.ledger();
        ledger.execute("DELETE FROM ends WHERE id IN (2, 3)", []).unwrap();
        ledger.execute("UPDATE runs SET ended_at = NULL, succeeded = NULL", []).unwrap();
        drop(ledger);
        desk.call("rejects job.yaml -o rejects.csv").exits(0);
        assert_eq!(read(&desk, "rejects.csv").lines().count(), 3);
        desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0).counts("rows=2 succeeded=2");
        assert_eq!(sorted(&sandbox).len(), 4);
        desk.run(&sandbox, "job.yaml").exits(0).counts("rows=4 already_done=4");
    }
}

#[test]
fn what_a_person_has_settled_is_not_sent() {
    for job in jobs() {
        let (desk, sandbox) = rejected(&job);
        correct(&desk, "rejects.csv", &ALL_RIGHT);
        desk.call("settle job.yaml --by Lan --row 2 --dismiss").exits(0);
        desk.run(&sandbox, "job.yaml --from rejects.csv")
            .exits(0)
            .counts("rows=3 succeeded=2 dismissed=1");
        assert_eq!(sorted(&sandbox), ["Note 1", "Note 3", "Note 4, =1", "Note 5"]);
        desk.run(&sandbox, "job.yaml")
            .exits(0)
            .counts("rows=5 already_done=4 dismissed=1 requests=0");
    }
}

#[test]
fn a_run_that_dies_in_its_middle_goes_on_and_each_is_there_once() {
    for job in jobs() {
        let rows = 30;
        let wrong = notes_csv(rows, 5).replace(",tk_", ",tk_missing");
        let sandbox =
            sandbox_with(Options { latency: std::time::Duration::from_millis(20), ..unhurried() });
        let desk = Desk::with_notes(&wrong).file("job.yaml", &job).sure_after("10ms");
        desk.run(&sandbox, "job.yaml").exits(1).counts(&format!("rows={rows} failed={rows}"));
        desk.call("rejects job.yaml -o rejects.csv").exits(0);
        correct(&desk, "rejects.csv", &[(",tk_missing", ",tk_")]);
        for lines in [3, 9, 15] {
            let mut run = desk.start_run(&sandbox, "job.yaml --from rejects.csv --concurrency 4");
            for _ in 0..lines {
                run.line();
            }
            assert!(run.kill().killed);
            // Neither the source nor anything else takes it further meanwhile.
            let before = texts(&sandbox).len();
            desk.run(&sandbox, "job.yaml --retry-failed");
            assert_eq!(texts(&sandbox).len(), before);
        }
        desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0);
        let mut expected: Vec<String> = (1..=rows).map(|row| format!("Note {row}")).collect();
        expected.sort();
        assert_eq!(sorted(&sandbox), expected);
        desk.run(&sandbox, "job.yaml")
            .exits(0)
            .counts(&format!("rows={rows} already_done={rows} requests=0"));
        assert_eq!(status(&desk)["succeeded"], rows);
    }
}

#[test]
fn lines_of_json_and_workbooks_come_back_too() {
    for job in jobs() {
        for name in ["rejects.jsonl", "rejects.xlsx"] {
            let (desk, sandbox) = rejected(&job);
            desk.call(&format!("rejects job.yaml -o {name}")).exits(0);
            if name == "rejects.jsonl" {
                correct(
                    &desk,
                    name,
                    &[
                        ("tk_missing1", "tk_2"),
                        ("\"ticket\":\"\"", "\"ticket\":\"tk_2\""),
                        ("tk_missing2", "tk_2"),
                    ],
                );
                desk.run(&sandbox, "job.yaml --from rejects.jsonl")
                    .exits(0)
                    .counts("rows=3 succeeded=3");
                assert_all_done(&desk, &sandbox, 5);
            } else {
                desk.run(&sandbox, "job.yaml --from rejects.xlsx --skip-invalid")
                    .exits(1)
                    .counts("rows=3 failed=2 invalid=1 requests=0");
                // Its own like is replaced, and nothing else.
                desk.call("rejects job.yaml -o rejects.xlsx").exits(0);
            }
        }
    }
}

#[test]
fn rows_within_objects_come_back_by_themselves() {
    let source = r#"[{"id": "t1", "ticket": "tk_1", "notes": [{"n": 1, "text": "Note 1"}, {"n": 2, "text": ""}]},
        {"id": "t2", "ticket": "tk_missing1", "notes": [{"n": 1, "text": "Note 3", "extra": true}]}]"#;
    let job = "job: notes\noperation: ticket_note.create\nsource: { json: notes.json, each: /notes }\nmap:\n  ticket_id: \"{{ parent.ticket }}\"\n  note: \"{{ text }}\"\n  is_internal_note: true\nkey: \"{{ parent.id }}-{{ n }}\"\n";
    for job in [job.to_owned(), job.replace("key: \"{{ parent.id }}-{{ n }}\"\n", "")] {
        let (desk, sandbox) =
            (Desk::new().file("job.yaml", job).file("notes.json", source), sandbox(""));
        desk.run(&sandbox, "job.yaml --skip-invalid")
            .exits(1)
            .counts("rows=3 succeeded=1 failed=1 invalid=1");
        let refused = desk.call("rejects job.yaml -o rejects.csv").exits(2);
        assert!(refused.stderr.contains(".jsonl"), "{refused}");
        desk.call("rejects job.yaml -o rejects.jsonl").exits(0);
        let text = read(&desk, "rejects.jsonl");
        assert!(text.contains("\"extra\":true"), "{text}");
        correct(
            &desk,
            "rejects.jsonl",
            &[("\"text\":\"\"", "\"text\":\"Note 2\""), ("tk_missing1", "tk_2")],
        );
        desk.run(&sandbox, "job.yaml --from rejects.jsonl").exits(0).counts("rows=2 succeeded=2");
        assert_eq!(sorted(&sandbox), ["Note 1", "Note 2", "Note 3"]);
        desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 already_done=3 requests=0");
        assert_eq!(status(&desk)["succeeded"], 3);
    }
}

#[test]
fn a_source_is_never_replaced_and_nothing_else_without_consent() {
    let (desk, _sandbox) = rejected(NOTES_JOB);
    for flags in ["", " --force"] {
        let refused = desk.call(&format!("rejects job.yaml -o notes.csv{flags}")).exits(2);
        assert!(refused.stderr.contains("read from this file"), "{refused}");
    }
    assert_eq!(read(&desk, "notes.csv"), SOURCE);
    desk.write("other.csv", "mine\n");
    desk.call("rejects job.yaml -o other.csv").exits(2);
    assert_eq!(read(&desk, "other.csv"), "mine\n");
    desk.call("rejects job.yaml -o other.csv --force").exits(0);
    desk.call("rejects job.yaml -o other.csv").exits(0);
    desk.call("rejects job.yaml -o rejects.txt").exits(2);
    desk.call("rejects job.yaml -o there/rejects.csv").exits(2);
}

#[test]
fn rows_that_the_source_has_no_longer_are_told() {
    let (desk, _sandbox) = rejected(NOTES_JOB);
    desk.write("notes.csv", SOURCE.replace("k2,tk_missing1,Note 2\n", ""));
    let told = desk.call("rejects job.yaml -o rejects.csv").exits(0);
    assert!(told.stderr.contains("1 row is not in the source any more"), "{told}");
    assert!(told.stderr.contains("key k2, ticket tk_missing1) failed: ticket not found"), "{told}");
    let last =
        desk.call("rejects job.yaml -o rejects.csv --format json").exits(0).events().pop().unwrap();
    assert_eq!((&last["not_in_source"][0]["key"], &last["written"]), (&"k2".into(), &2.into()));
}

#[test]
fn columns_that_are_fields_by_their_names_stay_so() {
    let source = "operation,ticket_id,note,is_internal_note\nticket_note.create,tk_1,Note 1,true\nticket_note.create,tk_missing1,Note 2,true\n";
    let (desk, sandbox) = (Desk::new().file("data.csv", source), sandbox(""));
    desk.run(&sandbox, "data.csv").exits(1).counts("rows=2 succeeded=1 failed=1");
    desk.call("rejects data.csv -o rejects.csv").exits(0);
    correct(&desk, "rejects.csv", &[("tk_missing1", "tk_2")]);
    let outcome = desk.run(&sandbox, "data.csv --from rejects.csv").exits(0);
    outcome.counts("rows=1 succeeded=1");
    assert!(!outcome.stdout.contains("_state"), "{outcome}");
    desk.run(&sandbox, "data.csv").exits(0).counts("rows=2 already_done=2 requests=0");
    assert_eq!(sorted(&sandbox), ["Note 1", "Note 2"]);
}

#[test]
fn a_plan_of_rows_that_come_back_is_saved_and_carried_out() {
    for job in jobs() {
        let (desk, sandbox) = rejected(&job);
        correct(&desk, "rejects.csv", &ALL_RIGHT);
        let desk = desk.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD);
        let plan = format!(
            "plan job.yaml --from rejects.csv --base-url {} -o fix.nfplan",
            sandbox.base_url()
        );
        desk.call(&plan).exits(0);
        desk.call("run fix.nfplan --format json").exits(0).counts("rows=3 succeeded=3");
        assert_all_done(&desk, &sandbox, 5);
    }
}

#[test]
fn what_was_made_is_written_out_with_the_old_keys() {
    let (desk, sandbox) = rejected(NOTES_JOB);
    correct(&desk, "rejects.csv", &ALL_RIGHT);
    desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0);
    desk.call("done job.yaml -o done.csv").exits(0);
    let text = read(&desk, "done.csv");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["key", "id", "lane", "operation", "time", "row", "line", "run"]);
    let mut keys: Vec<&str> = rows[1..].iter().map(|row| row[0]).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["k1", "k2", "k3", "k4", "k5"]);
    // A corrected row stands where it stands in the source.
    assert_eq!((rows[2][2], rows[2][5], rows[2][7]), ("ticket tk_2", "2", "2"));
    let books = sandbox.books();
    let made: Vec<&str> = books["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| note["id"].as_str().unwrap())
        .collect();
    assert!(rows[1..].iter().all(|row| made.contains(&row[1])), "{text}");
    assert!(rows[1][4].parse::<jiff::Timestamp>().is_ok(), "{text}");
    let later = desk.call("done job.yaml --since 2 --as jsonl").exits(0);
    assert_eq!(later.stdout.lines().count(), 3, "{later}");
    let events = desk.call("done job.yaml --since 2020-01-01 --format json").exits(0).events();
    assert_eq!((events.len(), &events[5]["written"]), (6, &5.into()));
    let none = desk.call("done job.yaml --since 2100-01-01 -o none.csv").exits(0);
    assert!(none.stderr.contains("nothing was written") && !desk.path("none.csv").exists());
    desk.call("done job.yaml -o done.csv").exits(0);
    desk.call("done job.yaml -o notes.csv").exits(2);
    desk.call("done job.yaml --since soon").exits(2);
}

#[test]
fn a_status_tells_invalid_rows_and_groups_causes() {
    let mut source = "id,ticket,body\n".to_owned();
    (1..=30).for_each(|row| source.push_str(&format!("k{row},tk_missing{},Note {row}\n", row % 4)));
    (31..=36).for_each(|row| source.push_str(&format!("k{row},,Note {row}\n")));
    let (desk, sandbox) = (Desk::with_notes(&source), sandbox(""));
    desk.run(&sandbox, "job.yaml --skip-invalid").exits(1).counts("rows=36 failed=30 invalid=6");
    let told = desk.call("status job.yaml").exits(0);
    for words in [
        "  30 × 4: ticket not found (failed)\n    most often ticket tk_missing1 (8), ticket tk_missing2 (8), ticket tk_missing0 (7)",
        "Invalid when the last run began:\n  6 × missing-field: in the column ticket (invalid)",
        "row 31 (line 32, ticket) missing-field: `ticket_id` is missing",
        "… and 10 more rows",
    ] {
        assert!(told.stdout.contains(words), "{words}: {told}");
    }
    let all = desk.call("status job.yaml --all").exits(0);
    assert_eq!(all.stdout.matches(": 4: ticket not found").count(), 30, "{all}");
    let invalid = desk.call("status job.yaml --state invalid").exits(0);
    assert!(
        !invalid.stdout.contains("ticket not found") && invalid.stdout.contains("row 36"),
        "{invalid}"
    );
    let coded = desk.call("status job.yaml --code 4 --state failed,in-doubt").exits(0);
    assert!(
        !coded.stdout.contains("missing-field:") && coded.stdout.contains("ticket not found"),
        "{coded}"
    );
    let event = status(&desk);
    assert_eq!(event["failed_rows"].as_array().unwrap().len(), 30);
    assert_eq!(event["invalid_rows"].as_array().unwrap().len(), 6);
    assert_eq!(
        (&event["causes"][0]["rows"], &event["causes"][1]["code"]),
        (&30.into(), &"missing-field".into())
    );
    // Where nobody can read the source, the ledger tells them.
    std::fs::remove_file(desk.path("notes.csv")).unwrap();
    let told = desk.call("status").exits(0);
    assert!(told.stdout.contains("row 31 (line 32, ticket) missing-field"), "{told}");
    // What is sent corrected is invalid no more.
    desk.write("notes.csv", &source);
    desk.call("rejects job.yaml --state invalid -o rejects.csv").exits(0);
    correct(&desk, "rejects.csv", &[("k31,,", "k31,tk_1,")]);
    desk.run(&sandbox, "job.yaml --from rejects.csv --skip-invalid")
        .exits(1)
        .counts("rows=6 succeeded=1 invalid=5");
    assert_eq!(status(&desk)["invalid_rows"].as_array().unwrap().len(), 5);
}

#[test]
fn rows_in_an_order_and_texts_that_are_split_come_back() {
    let long = |text: &str| format!("{} {}", text.repeat(60), text.repeat(60));
    let source =
        format!("id,ticket,body\n3,tk_missing1,{}\n1,tk_1,One\n2,tk_missing1,Two\n", long("x"));
    let job = NOTES_JOB
        .replace("  note: \"{{ body }}\"\n", "  note: { from: \"{{ body }}\", split_at: 100 }\n");
    let keyed = format!("{job}order_by: \"{{{{ id | int }}}}\"\n");
    let (desk, there) = (Desk::with_notes(&source).file("job.yaml", &keyed), sandbox(""));
    desk.run(&there, "job.yaml").exits(1).counts("rows=4 succeeded=1 failed=3");
    desk.call("rejects job.yaml -o rejects.csv").exits(0);
    // A row is written once, however many notes it comes to.
    let text = read(&desk, "rejects.csv");
    assert_eq!(text.lines().count(), 3, "{text}");
    desk.call("rejects job.yaml --from rejects.csv -o again.csv").exits(0);
    assert_eq!(read(&desk, "again.csv"), text);
    correct(&desk, "rejects.csv", &[("tk_missing1", "tk_1")]);
    desk.run(&there, "job.yaml --from rejects.csv").exits(0).counts("rows=3 succeeded=3");
    assert_eq!(texts(&there).len(), 4);
    desk.run(&there, "job.yaml").exits(0).counts("rows=4 already_done=4 requests=0");
    // Without a key nothing tells which parts are those of which row.
    let keyless = job.replace("key: \"{{ id }}\"\n", "");
    let (desk, there) = (Desk::with_notes(&source).file("job.yaml", &keyless), sandbox(""));
    desk.run(&there, "job.yaml").exits(1).counts("rows=4 succeeded=1 failed=3");
    desk.call("rejects job.yaml -o rejects.csv").exits(0);
    let text = read(&desk, "rejects.csv");
    assert!(text.contains("cannot come back: give the job a `key`"), "{text}");
    correct(&desk, "rejects.csv", &[("tk_missing1", "tk_1")]);
    let outcome = desk.run(&there, "job.yaml --from rejects.csv --skip-invalid").exits(1);
    assert!(outcome.stdout.contains("has no reference"), "{outcome}");
    assert_eq!(sorted(&there), ["One", "Two"]);
}

#[test]
fn a_file_with_corrections_that_were_not_sent_is_not_replaced() {
    for job in jobs() {
        let (desk, sandbox) = rejected(&job);
        // As it was written there is nothing to lose in it.
        desk.call("rejects job.yaml -o rejects.csv").exits(0);
        correct(&desk, "rejects.csv", &ALL_RIGHT[..2]);
        let corrected = read(&desk, "rejects.csv");
        let refused = desk.call("rejects job.yaml -o rejects.csv").exits(2);
        assert!(refused.stderr.contains("2 rows of this file were corrected"), "{refused}");
        assert_eq!(read(&desk, "rejects.csv"), corrected);
        // What was sent needs to be kept no more.
        desk.run(&sandbox, "job.yaml --from rejects.csv").exits(1).counts("succeeded=2 failed=1");
        desk.call("rejects job.yaml -o rejects.csv").exits(0);
        correct(&desk, "rejects.csv", &ALL_RIGHT[2..]);
        desk.call("rejects job.yaml -o rejects.csv --force").exits(0);
        assert!(read(&desk, "rejects.csv").contains("k5,tk_missing2,"));
    }
}
