//! Rows that come back corrected beside a source, a job or an earlier file that says something else by now: no note twice, none
//! lost, and what nobody can tell is refused.

use noteferry::sandbox::{EMAIL, Sandbox};

use crate::desk::{Desk, NOTES_JOB, requests, sandbox, texts};
use crate::rejects::{correct, jobs, read, sorted, status};

/// A desk with a job and its rows, and its rejects before anything was sent.
fn unsent(job: &str, source: &str) -> (Desk, Sandbox) {
    let desk = Desk::with_notes(source).file("job.yaml", job);
    desk.call("rejects job.yaml -o rejects.csv").exits(0);
    (desk, sandbox(""))
}

fn keyless() -> String {
    let [_, keyless] = jobs();
    keyless
}

/// As if the run had died before it could write down what came of the row that was sent last.
fn lose_the_last_answer(desk: &Desk) {
    let ledger = desk.ledger();
    ledger.execute("DELETE FROM ends WHERE id = (SELECT max(id) FROM ends)", []).unwrap();
    ledger.execute("UPDATE runs SET ended_at = NULL, succeeded = NULL", []).unwrap();
}

#[test]
fn a_correction_in_doubt_is_not_sent_by_the_source_that_says_the_same() {
    let (desk, sandbox) = unsent(&keyless(), "id,ticket,body\nk1,tk_1,Note 1\nk2,,Note 2\n");
    desk.run(&sandbox, "job.yaml --skip-invalid").exits(1).counts("rows=2 succeeded=1 invalid=1");
    correct(&desk, "rejects.csv", &[("k2,,", "k2,tk_2,")]);
    desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0).counts("rows=1 succeeded=1");
    lose_the_last_answer(&desk);
    desk.write("notes.csv", "id,ticket,body\nk1,tk_1,Note 1\nk2,tk_2,Note 2\n");
    desk.call("rejects job.yaml -o doubt.csv").exits(0);
    assert!(read(&desk, "doubt.csv").contains(",in_doubt,"), "{}", read(&desk, "doubt.csv"));
    let outcome = desk.run(&sandbox, "job.yaml --from doubt.csv").exits(3);
    assert!(outcome.stdout.contains("sent-before"), "{outcome}");
    assert_eq!(sorted(&sandbox), ["Note 1", "Note 2"]);
}

#[test]
fn a_row_that_says_what_another_one_was_corrected_to_is_sent_itself() {
    let (desk, sandbox) = unsent(&keyless(), "id,ticket,body\nk1,,Same\nk2,tk_1,Same\n");
    correct(&desk, "rejects.csv", &[("k1,,", "k1,tk_1,")]);
    desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0).counts("rows=1 succeeded=1");
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 already_done=1 succeeded=1");
    assert_eq!(texts(&sandbox), ["Same", "Same"]);
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 already_done=2 requests=0");
    assert_eq!(status(&desk)["succeeded"], 2);
}

#[test]
fn a_twin_stands_for_its_own_correction_and_not_for_that_of_the_row_with_the_key() {
    let source = "id,ticket,body\nk2,tk_missing1,Same\nk2,tk_missing1,Same\n";
    let desk = Desk::with_notes(source);
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml --skip-invalid").exits(1);
    desk.call("rejects job.yaml -o rejects.csv").exits(0);
    let text = read(&desk, "rejects.csv");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    let first = lines[1].replace("k2,tk_missing1,Same", "k2,tk_1,Same");
    let second = lines[2].replace("k2,tk_missing1,Same", "k9,tk_missing7,Other");
    desk.write("rejects.csv", format!("{}\n{first}\n{second}\n", lines[0]));
    desk.run(&sandbox, "job.yaml --from rejects.csv")
        .exits(1)
        .counts("rows=2 succeeded=1 failed=1");
    desk.run(&sandbox, "job.yaml --skip-invalid --retry-failed")
        .exits(1)
        .counts("rows=2 already_done=1 invalid=1 requests=0");
    let status = status(&desk);
    assert_eq!((&status["succeeded"], &status["failed"]), (&1.into(), &1.into()), "{status}");
    desk.call("rejects job.yaml -o rest.csv").exits(0);
    assert_eq!(read(&desk, "rest.csv").lines().count(), 2);
    // It has a key already: under another one it would be two rows.
    correct(&desk, "rest.csv", &[("k2,tk_missing1,Same", "k9,tk_1,Other")]);
    desk.run(&sandbox, "job.yaml --from rest.csv").exits(0).counts("rows=1 succeeded=1");
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 already_done=2 requests=0");
    assert_eq!(sorted(&sandbox), ["Other", "Same"]);
}

#[test]
fn a_key_that_a_later_row_of_the_source_has_is_refused() {
    for says in ["Note 2", "Note 3"] {
        let source = "id,ticket,body\nk1,tk_1,Note 1\n,tk_1,Note 2\nk3,tk_1,Note 3\n";
        let (desk, sandbox) = unsent(NOTES_JOB, source);
        correct(&desk, "rejects.csv", &[(",tk_1,Note 2", &format!("k3,tk_1,{says}"))]);
        let outcome = desk.run(&sandbox, "job.yaml --from rejects.csv").exits(3);
        assert!(outcome.stdout.contains("is that of another row of the job"), "{outcome}");
        assert_eq!(requests(&sandbox), 0);
        correct(&desk, "rejects.csv", &[("k3,tk_1,", "k2,tk_1,")]);
        desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0).counts("rows=1 succeeded=1");
        desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 already_done=1 succeeded=2");
        assert_eq!(texts(&sandbox).len(), 3);
    }
}

#[test]
fn a_key_that_the_source_was_given_as_well_is_the_rows_own() {
    let source = "id,ticket,body\nk1,tk_1,Note 1\n,tk_1,Note 2\n";
    let (desk, sandbox) = unsent(NOTES_JOB, source);
    desk.write("notes.csv", source.replace("\n,", "\nk2,"));
    correct(&desk, "rejects.csv", &[("\n,tk_1,", "\nk2,tk_1,")]);
    desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0).counts("rows=1 succeeded=1");
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 already_done=1 succeeded=1");
    assert_eq!(sorted(&sandbox), ["Note 1", "Note 2"]);
}

#[test]
fn a_row_whose_correction_was_never_begun_goes_itself_and_then_no_correction_does() {
    for job in jobs() {
        let source = "id,ticket,body\nk1,tk_2,Note 1\nk2,,Note 2\n";
        let (desk, sandbox) = (Desk::with_notes(source).file("job.yaml", &job), sandbox(""));
        desk.run(&sandbox, "job.yaml --skip-invalid").exits(1);
        desk.call("rejects job.yaml -o rejects.csv").exits(0);
        correct(&desk, "rejects.csv", &[("k2,,Note 2", "k2,tk_2,Note two")]);
        let address = sandbox.base_url();
        let desk = desk.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", "wrong");
        desk.call(&format!("run job.yaml --from rejects.csv --base-url {address}")).exits(4);
        assert_eq!(texts(&sandbox), ["Note 1"]);
        // Neither lost from the rejects, nor held for ever.
        desk.call("rejects job.yaml -o rest.csv").exits(0);
        assert_eq!(read(&desk, "rest.csv").lines().count(), 2);
        desk.write("job.yaml", job.replace("{{ ticket }}", "{{ ticket | default('tk_2', true) }}"));
        assert_eq!(status(&desk)["not_started"], 1);
        desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 already_done=1 succeeded=1");
        assert_eq!(sorted(&sandbox), ["Note 1", "Note 2"]);
        desk.run(&sandbox, "job.yaml --from rejects.csv");
        assert_eq!(sorted(&sandbox), ["Note 1", "Note 2"]);
        desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 already_done=2 requests=0");
    }
}

#[test]
fn a_correction_that_was_sent_stands_for_its_row_though_the_job_could_send_that_by_now() {
    for job in jobs() {
        let (desk, sandbox) = unsent(&job, "id,ticket,body\nk1,,Note 1\n");
        correct(&desk, "rejects.csv", &[("k1,,Note 1", "k1,tk_2,Note one")]);
        desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0).counts("rows=1 succeeded=1");
        desk.write("job.yaml", job.replace("{{ ticket }}", "{{ ticket | default('tk_2', true) }}"));
        desk.run(&sandbox, "job.yaml").exits(0).counts("rows=1 already_done=1 requests=0");
        assert_eq!(texts(&sandbox), ["Note one"]);
    }
}

#[test]
fn a_row_that_the_source_has_sent_under_its_new_key_is_not_sent_under_another() {
    let source = "id,ticket,body\nk1,tk_1,Note 1\n,tk_1,Note 2\n";
    let (desk, sandbox) = unsent(NOTES_JOB, source);
    desk.write("notes.csv", source.replace("\n,", "\nk5,"));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 succeeded=2");
    correct(&desk, "rejects.csv", &[("\n,tk_1,", "\nk9,tk_1,")]);
    let outcome = desk.run(&sandbox, "job.yaml --from rejects.csv").exits(3);
    assert!(outcome.stdout.contains("sent-before"), "{outcome}");
    assert_eq!(texts(&sandbox).len(), 2);
    // Nor where it was given one in the file, and another in a copy of that.
    let (desk, sandbox) = unsent(NOTES_JOB, source);
    correct(&desk, "rejects.csv", &[("\n,tk_1,", "\nk5,tk_1,")]);
    desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0).counts("rows=1 succeeded=1");
    correct(&desk, "rejects.csv", &[("\nk5,tk_1,Note 2", "\nk9,tk_1,Note two")]);
    desk.run(&sandbox, "job.yaml --from rejects.csv").exits(3);
    assert_eq!(texts(&sandbox), ["Note 2"]);
}

#[test]
fn what_a_rehearsal_refused_is_written_and_the_command_names_its_target() {
    let source = "id,ticket,body\nk1,tk_1,Note 1\nk2,tk_missing1,Note 2\n";
    let desk = Desk::with_notes(source);
    desk.call("run job.yaml --sandbox").exits(1);
    let told = desk.call("rejects job.yaml --sandbox -o rejects.csv").exits(0);
    assert!(told.stderr.contains("run job.yaml --from rejects.csv --sandbox"), "{told}");
    assert_eq!(read(&desk, "rejects.csv").lines().count(), 2);
    // Of the only target that the ledger knows, too, since the job may go to another one.
    let (desk, sandbox) = (Desk::with_notes(source), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(1);
    let told = desk.call("rejects job.yaml -o rejects.csv").exits(0);
    let named = format!("--base-url {}", sandbox.base_url());
    assert!(told.stderr.contains(&named), "{told}");
    // Where others were asked for, that is said.
    let none = desk.call("rejects job.yaml --code 999 -o none.csv").exits(0);
    let words = "Without them 1 row is failed, invalid or in doubt";
    assert!(none.stdout.contains(words) || none.stderr.contains(words), "{none}");
    desk.call("rejects job.yaml -o nowhere/rejects.csv").exits(2);
}

#[test]
fn a_row_in_doubt_that_was_edited_is_held_though_a_repeat_is_harmless() {
    let desk = Desk::with_notes("id,ticket,body\nk1,tk_1,Note 1\n")
        .with_connector(|text| text.replace("repeat: harmful", "repeat: harmless"));
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml").exits(0);
    lose_the_last_answer(&desk);
    desk.call("rejects job.yaml -o rejects.csv").exits(0);
    correct(&desk, "rejects.csv", &[("Note 1", "Note one")]);
    desk.run(&sandbox, "job.yaml --from rejects.csv")
        .exits(6)
        .counts("rows=1 in_doubt=1 requests=0");
    assert_eq!(texts(&sandbox), ["Note 1"]);
}

#[test]
fn a_row_that_is_held_is_named_by_its_place_in_the_source() {
    let source = "id,ticket,body\nk1,tk_1,Note 1\nk2,tk_1,Note 2\nk3,tk_missing1,Note 3\n";
    let (desk, sandbox) = (Desk::with_notes(source), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(1);
    desk.call("rejects job.yaml -o rejects.csv").exits(0);
    let told = desk.call_at(&sandbox, "run job.yaml --from rejects.csv");
    assert!(format!("{told}").contains("row 3 (line 4"), "{told}");
}

#[test]
fn as_many_rows_of_a_content_are_taken_as_corrections_say_it() {
    for (wrong, rows) in [("tk_missing1", 2), ("tk_missing1", 3), ("", 2), ("", 3)] {
        let source = format!("id,ticket,body\n{}", format!("k,{wrong},Same\n").repeat(rows));
        let (desk, sandbox) = (Desk::with_notes(&source).file("job.yaml", keyless()), sandbox(""));
        desk.run(&sandbox, "job.yaml --skip-invalid");
        desk.call("rejects job.yaml -o rejects.csv").exits(0);
        let [from, to] = [format!("k,{wrong},Same"), "k,tk_1,Same".to_owned()];
        correct(&desk, "rejects.csv", &[(&from, &to)]);
        desk.run(&sandbox, "job.yaml --from rejects.csv")
            .exits(0)
            .counts(&format!("rows={rows} succeeded={rows}"));
        correct(&desk, "notes.csv", &[(&from, &to)]);
        desk.run(&sandbox, "job.yaml")
            .exits(0)
            .counts(&format!("rows={rows} already_done={rows} requests=0"));
        assert_eq!(texts(&sandbox).len(), rows, "{wrong}");
        assert_eq!(status(&desk)["succeeded"], rows);
        // One more is one more.
        desk.write("notes.csv", format!("{}{to}\n", read(&desk, "notes.csv")));
        desk.run(&sandbox, "job.yaml").exits(0).counts(&format!("already_done={rows} succeeded=1"));
    }
}

#[test]
fn a_row_that_comes_back_twice_under_two_keys_is_sent_once() {
    let source = "id,ticket,body\nk1,tk_1,Note 1\n,tk_1,Note 2\nk1,tk_1,Note 3\n";
    for row in ["\n,tk_1,Note 2", "\nk1,tk_1,Note 3"] {
        let (desk, sandbox) = unsent(NOTES_JOB, source);
        let text = read(&desk, "rejects.csv");
        let line = text.lines().find(|line| format!("\n{line}").starts_with(row)).unwrap();
        let says = line.split_once(',').unwrap().1;
        let other = says.replacen("Note", "Nota", 1);
        let header = text.lines().next().unwrap();
        desk.write("rejects.csv", format!("{header}\nk8,{says}\nk9,{other}\n"));
        let outcome = desk.run(&sandbox, "job.yaml --from rejects.csv --skip-invalid").exits(1);
        let outcome = outcome.counts("rows=2 succeeded=1 invalid=1");
        assert!(outcome.stdout.contains("both have its reference"), "{outcome}");
        desk.write("rejects.csv", format!("{header}\nk9,{other}\n"));
        desk.run(&sandbox, "job.yaml --from rejects.csv").exits(3);
        assert_eq!(texts(&sandbox).len(), 1);
    }
}

#[test]
fn what_was_done_before_is_told_where_nothing_is_listed() {
    let (desk, sandbox) = (Desk::with_notes("id,ticket,body\nk1,tk_1,Note 1\n"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let told = desk.call("done job.yaml --since 99 -o done.csv").exits(0);
    let words = "1 row was done before";
    assert!(told.stdout.contains(words) || told.stderr.contains(words), "{told}");
}

#[test]
fn a_file_that_was_written_for_one_place_is_refused_at_another() {
    let desk = Desk::with_notes("id,ticket,body\nk1,tk_1,Note 1\nk2,tk_missing1,Note 2\n");
    // Rehearsed, written out and corrected, and then sent where nothing of it is known.
    desk.call("run job.yaml --sandbox --rate 1000/s").exits(1);
    desk.call("rejects job.yaml --sandbox -o rejects.csv").exits(0);
    correct(&desk, "rejects.csv", &[("k2,tk_missing1,", "k2,tk_2,")]);
    let sandbox = sandbox("");
    let told = desk.run(&sandbox, "job.yaml --from rejects.csv").exits(3);
    assert!(told.stdout.contains("written out as it stood at another place"), "{told}");
    assert!(told.stdout.contains("unknown-reference"), "{told}");
    let told = desk.call_at(&sandbox, "plan job.yaml --from rejects.csv");
    assert!(told.stderr.contains("--base-url or --sandbox"), "{told}");
    assert!(texts(&sandbox).is_empty());
    desk.call("run job.yaml --sandbox --rate 1000/s --from rejects.csv").exits(0);
    // Where it was written for a base URL, that place takes it, however the address is spelt.
    desk.run(&sandbox, "job.yaml").exits(1);
    let address = sandbox.base_url().to_owned();
    desk.call(&format!("rejects job.yaml --base-url {address}/ -o rejects.csv --force")).exits(0);
    correct(&desk, "rejects.csv", &[("k2,tk_missing1,", "k2,tk_2,")]);
    let told = desk.call("run job.yaml --sandbox --from rejects.csv --format json").exits(3);
    assert!(told.stdout.contains("another place"), "{told}");
    desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0).counts("rows=1 succeeded=1");
    assert_eq!(sorted(&sandbox), ["Note 1", "Note 2"]);
}
