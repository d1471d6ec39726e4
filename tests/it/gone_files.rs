//! Rows that a source does not show since a file of it is not there, is empty or is read otherwise: nothing of theirs is deleted,
//! it is told which file that is, and a person says where it is gone on purpose.

use crate::desk::{Desk, Outcome, sandbox, texts};
use noteferry::sandbox::Sandbox;

const ONE: &str = "id,ticket,body\nk1,tk_1,Note 1\nk2,tk_1,Note 2\n";
const TWO: &str = "id,ticket,body\nk3,tk_2,Note 3\n";
const NOTHING: &str = "id,ticket,body\n";
const ALL: [&str; 3] = ["Note 1", "Note 2", "Note 3"];

fn job(source: &str) -> String {
    format!(
        "job: j\noperation: ticket_note.create\nkey: \"{{{{ id }}}}\"\nsource: {source}\n\
         map: {{ ticket_id: \"{{{{ ticket }}}}\", note: \"{{{{ body }}}}\", is_internal_note: true }}\n\
         on_missing: {{ delete: {{ at_most: 100% }} }}\n"
    )
}

/// Two files that a pattern finds.
fn desk() -> Desk {
    let desk = Desk::new().file("job.yaml", job("{ csv: \"in/*.csv\" }"));
    std::fs::create_dir(desk.path("in")).unwrap();
    desk.file("in/one.csv", ONE).file("in/two.csv", TWO).sure_after("50ms")
}

/// That these notes are there and no others, in whatever order.
fn is_there(sandbox: &Sandbox, expected: &[&str], outcome: &Outcome) {
    let (mut there, mut expected) = (texts(sandbox), expected.to_vec());
    there.sort();
    expected.sort_unstable();
    assert_eq!(there, expected, "{outcome}");
}

fn remove(desk: &Desk, file: &str) {
    std::fs::remove_file(desk.path(file)).unwrap();
}

/// That nothing was deleted, and the run and its plan say which file it is for.
fn is_kept(desk: &Desk, sandbox: &Sandbox, words: &str) -> Outcome {
    let plan = desk.call_at(sandbox, "plan job.yaml").exits(0);
    assert!(plan.stdout.contains(words), "{plan}");
    let outcome = desk.run(sandbox, "job.yaml").exits(4);
    let finished = outcome.finished();
    assert_eq!(finished["reason"], "files-gone", "{outcome}");
    assert!(finished["nothing_deleted"].as_str().unwrap().contains(words), "{outcome}");
    is_there(sandbox, &ALL, &outcome);
    outcome
}

#[test]
fn a_file_that_a_pattern_finds_no_more_takes_no_notes_with_it() {
    let (desk, sandbox) = (desk(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=3");
    remove(&desk, "in/two.csv");
    is_kept(&desk, &sandbox, "in/two.csv");
    // What is known of it stays from night to night.
    is_kept(&desk, &sandbox, "in/two.csv");
    let told = desk.call_at(&sandbox, "run job.yaml --yes").exits(4);
    assert!(told.stderr.contains("--gone 'in/two.csv'"), "{told}");
    // Another name is no word for this file.
    let outcome = desk.run(&sandbox, "job.yaml --gone two.csv").exits(4);
    is_there(&sandbox, &ALL, &outcome);
    // Rows that are gone from a file that is there wait for it, too.
    desk.write("in/one.csv", ONE.replace("k2,tk_1,Note 2\n", ""));
    is_kept(&desk, &sandbox, "in/two.csv");
    // It was late.
    desk.write("in/two.csv", TWO);
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    is_there(&sandbox, &["Note 1", "Note 3"], &outcome);
    desk.call("ledger check").exits(0);
}

#[test]
fn a_file_that_is_gone_on_purpose_is_named_once() {
    let (desk, sandbox) = (desk(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    remove(&desk, "in/two.csv");
    desk.run(&sandbox, "job.yaml").exits(4);
    let plan = desk.call_at(&sandbox, "plan job.yaml --gone in/two.csv --format json").exits(0);
    assert_eq!(plan.events().pop().unwrap()["delete"], 1, "{plan}");
    let outcome = desk.run(&sandbox, "job.yaml --gone in/two.csv").exits(0);
    is_there(&sandbox, &["Note 1", "Note 2"], &outcome);
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=2 requests=0");
    desk.write("in/one.csv", ONE.replace("k2,tk_1,Note 2\n", ""));
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    is_there(&sandbox, &["Note 1"], &outcome);
}

#[test]
fn a_file_that_was_emptied_takes_no_notes_with_it() {
    let (desk, sandbox) = (desk(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("in/two.csv", NOTHING);
    is_kept(&desk, &sandbox, "in/two.csv, in which earlier runs have read rows, has none now");
    let outcome = desk.run(&sandbox, "job.yaml --gone in/two.csv").exits(0);
    is_there(&sandbox, &["Note 1", "Note 2"], &outcome);
}

#[test]
fn a_file_that_was_renamed_is_no_matter() {
    let (desk, sandbox) = (desk(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    std::fs::rename(desk.path("in/two.csv"), desk.path("in/three.csv")).unwrap();
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=3 requests=0");
    desk.write("in/one.csv", ONE.replace("k2,tk_1,Note 2\n", ""));
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    is_there(&sandbox, &["Note 1", "Note 3"], &outcome);
}

#[test]
fn another_source_in_the_job_takes_no_notes_with_it() {
    let (desk, sandbox) = (desk(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("job.yaml", job("{ csv: in/one.csv }"));
    is_kept(&desk, &sandbox, "in/two.csv");
    desk.write("job.yaml", job("{ rows: [{ id: k1, ticket: tk_1, body: Note 1 }] }"));
    is_kept(&desk, &sandbox, "in/one.csv");
}

#[test]
fn a_file_with_the_day_in_its_name_is_one_file() {
    let named = job("{ csv: \"in/{{ var.day }}.csv\" }\nvars: { day: one }");
    let (desk, sandbox) = (desk().file("job.yaml", named), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=2");
    desk.write("in/next.csv", ONE.replace("k2,tk_1,Note 2\n", ""));
    let outcome = desk.run(&sandbox, "job.yaml --var day=next").exits(0);
    is_there(&sandbox, &["Note 1"], &outcome);
}

#[test]
fn a_file_that_is_read_otherwise_takes_no_notes_with_it() {
    let source = "{ csv: in/one.csv, encoding: ENCODING }";
    let with = |encoding: &str| job(&source.replace("ENCODING", encoding));
    let rows = ONE.replace("k2", "kỳ").into_bytes();
    let desk = desk().file("job.yaml", with("utf-8")).file("in/one.csv", rows);
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=2");
    desk.write("job.yaml", with("windows-1252"));
    let outcome = desk.run(&sandbox, "job.yaml").exits(4);
    assert_eq!(outcome.finished()["reason"], "files-gone", "{outcome}");
    assert!(outcome.finished()["nothing_deleted"].as_str().unwrap().contains("windows-1252"));
    assert!(texts(&sandbox).contains(&"Note 2".to_owned()), "{outcome}");
}

#[test]
fn where_all_keys_differ_nothing_is_deleted() {
    let (desk, sandbox) = (desk(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("in/one.csv", ONE.replace("\nk", "\nno. "));
    desk.write("in/two.csv", TWO.replace("\nk", "\nno. "));
    let outcome = desk.run(&sandbox, "job.yaml").exits(4);
    assert_eq!(outcome.finished()["reason"], "too-many-missing", "{outcome}");
    assert_eq!(texts(&sandbox).len(), 6, "{outcome}");
    // Another expression for the key is refused before anything is read.
    let other = job("{ csv: \"in/*.csv\" }").replace("{{ id }}", "{{ ticket }}-{{ id }}");
    desk.write("job.yaml", other);
    desk.run(&sandbox, "job.yaml").exits(2);
    assert_eq!(texts(&sandbox).len(), 6);
}

#[test]
fn a_sheet_or_a_named_file_that_is_gone_stops_the_run() {
    let named = job("{ csv: in/two.csv }").replace("source:", "source: ");
    let (desk, sandbox) = (desk().file("job.yaml", named), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    remove(&desk, "in/two.csv");
    let outcome = desk.run(&sandbox, "job.yaml").exits(2);
    is_there(&sandbox, &["Note 3"], &outcome);
    desk.write("in/two.csv", NOTHING);
    let outcome = desk.run(&sandbox, "job.yaml").exits(4);
    is_there(&sandbox, &["Note 3"], &outcome);
}

#[test]
fn what_reads_but_some_rows_or_files_changes_nothing_about_which_there_are() {
    let (desk, sandbox) = (desk(), sandbox(""));
    desk.run(&sandbox, "job.yaml --limit 1").exits(0).counts("succeeded=1 not_started=2");
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=2 already_done=1");
    remove(&desk, "in/two.csv");
    desk.run(&sandbox, "job.yaml --limit 1").exits(0);
    desk.write("job.yaml", job("{ csv: in/one.csv }"));
    let outcome = desk.run(&sandbox, "job.yaml --source in/one.csv").exits(0);
    is_there(&sandbox, &ALL, &outcome);
    // What these have read is not taken for all that there is.
    is_kept(&desk, &sandbox, "in/two.csv");
}

#[test]
fn a_ledger_that_does_not_know_the_files_of_earlier_runs_deletes_nothing_until_all_is_there() {
    let (desk, sandbox) = (desk(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.ledger().execute("DROP TABLE source_files", []).unwrap();
    remove(&desk, "in/two.csv");
    is_kept(&desk, &sandbox, "in/*.csv is not known");
    is_kept(&desk, &sandbox, "in/*.csv is not known");
    desk.write("in/two.csv", TWO);
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=3 requests=0");
    desk.write("in/one.csv", ONE.replace("k2,tk_1,Note 2\n", ""));
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    is_there(&sandbox, &["Note 1", "Note 3"], &outcome);
}
