//! What users are told to do next, followed to the letter; and that the figures they are told add up.

use serde_json::Value;

use crate::desk::{Desk, NOTES_JOB, Outcome, notes_csv, sandbox, texts};

/// The command that stands behind some words, without the program's name.
fn command_after(text: &str, words: &str) -> String {
    let (_, after) = text.split_once(words).unwrap_or_else(|| panic!("no `{words}` in {text}"));
    let (_, command) = after.split_once("noteferry ").unwrap();
    command.lines().next().unwrap().to_owned()
}

fn said(outcome: &Outcome) -> String {
    format!("{}{}", outcome.stdout, outcome.stderr)
}

/// A desk on which six rows are done, and then two of them are for other tickets, three have another text, one is new.
fn moved_on() -> (Desk, noteferry::sandbox::Sandbox) {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(6, 6)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let csv = "id,ticket,body\nk1,tk_other,Note 1\nk2,tk_2,Note 2\nk3,tk_another,Note 3\nk4,tk_4,four\nk5,tk_5,five\n\
               k6,tk_0,six\nk7,tk_7,Note 7\n";
    desk.write("notes.csv", csv);
    (desk, sandbox)
}

#[test]
fn rows_whose_keys_are_taken_are_counted_by_status_and_refused_by_check() {
    let (desk, sandbox) = moved_on();
    desk.run(&sandbox, "job.yaml --skip-invalid").exits(1);
    let status = desk.call("status job.yaml").exits(0);
    assert!(!status.stdout.contains("Everything is done"), "{status}");
    assert!(status.stdout.contains("2 rows are not sent, and no run sends them"), "{status}");
    assert!(status.stdout.contains("3 rows are done and have changed since"), "{status}");
    let plan = command_after(&status.stdout, "2 rows are not sent");
    let told = desk.call(&plan).exits(3);
    assert_eq!(told.stderr.matches("error[key-taken]").count(), 2, "{plan}: {told}");
    let event = desk.call("status job.yaml --format json").exits(0).events().pop().unwrap();
    let count = |name: &str| event[name].as_u64().unwrap();
    assert_eq!((count("key_taken"), count("changed")), (2, 3), "{event}");
    assert_eq!(
        (count("rows"), count("succeeded"), count("invalid"), count("not_started")),
        (7, 5, 2, 0),
        "{event}"
    );
    // The rows that have these keys on the other side are not in the source.
    assert_eq!(event["not_in_source"]["rows"], 2, "{event}");
    let check = desk.call(&format!("check job.yaml --base-url {}", sandbox.base_url())).exits(3);
    assert_eq!(said(&check).matches("error[key-taken]").count(), 2, "{check}");
    // At another address nothing is known of them.
    desk.call("check job.yaml").exits(0);
}

#[test]
fn a_ledger_that_cannot_be_read_keeps_nobody_from_checking_rows() {
    let desk = Desk::with_notes(notes_csv(2, 2)).file("broken.db", "this is no ledger at all");
    let told = desk.call("check job.yaml --ledger broken.db").exits(0);
    assert!(said(&told).contains("warning[ledger]"), "{told}");
}

#[test]
fn a_job_that_is_given_a_key_finds_a_way_that_works() {
    let keyless = NOTES_JOB.replace("key: \"{{ id }}\"\n", "");
    let (desk, sandbox) =
        (Desk::with_notes(notes_csv(3, 3)).file("job.yaml", &keyless), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("notes.csv", notes_csv(5, 5));
    desk.write("job.yaml", NOTES_JOB);
    let told = desk.run(&sandbox, "job.yaml").exits(2);
    let said_by = said(&told);
    for words in ["take `key` out again", "into a file of their own, with a job of another name"] {
        assert!(said_by.contains(words), "{told}");
    }
    // The second way: what is not done yet, under another name and with the key.
    desk.write("new.csv", "id,ticket,body\nk4,tk_4,Note 4\n");
    desk.write(
        "new.yaml",
        NOTES_JOB.replace("job: notes", "job: later").replace("notes.csv", "new.csv"),
    );
    desk.run(&sandbox, "new.yaml").exits(0);
    assert_eq!(texts(&sandbox).len(), 4);
    // All of them under another name are refused, and that hint does not lead back.
    desk.write("all.yaml", NOTES_JOB.replace("job: notes", "job: all"));
    let all = desk.run(&sandbox, "all.yaml").exits(2);
    assert!(said(&all).contains("`job: notes` and no `key`"), "{all}");
    assert!(said(&all).contains("into a file of their own"), "{all}");
    // The first way.
    desk.write("notes.csv", notes_csv(3, 3) + "k5,tk_5,Note 5\n");
    desk.write("job.yaml", &keyless);
    desk.run(&sandbox, "job.yaml").exits(0);
    assert_eq!(texts(&sandbox).len(), 5);
}

#[test]
fn a_new_row_that_says_what_an_old_one_said_can_be_sent() {
    let keyless = NOTES_JOB.replace("key: \"{{ id }}\"\n", "");
    let (desk, sandbox) =
        (Desk::with_notes(notes_csv(3, 3)).file("job.yaml", &keyless), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("notes.csv", "id,ticket,body\nx,tk_1,Note 1\ny,tk_8,Note 8\n");
    let told = desk.call_at(&sandbox, "run job.yaml").exits(0);
    assert!(said(&told).contains("a file of their own under another job name"), "{told}");
    desk.write("again.csv", "id,ticket,body\nx,tk_1,Note 1\n");
    desk.write(
        "again.yaml",
        keyless.replace("job: notes", "job: again").replace("notes.csv", "again.csv"),
    );
    desk.run(&sandbox, "again.yaml --as-new").exits(0);
    assert_eq!(texts(&sandbox).iter().filter(|text| *text == "Note 1").count(), 2);
}

#[test]
fn rows_that_have_changed_are_named_with_the_next_step_in_plan_run_and_quietly() {
    let (desk, sandbox) = moved_on();
    let rest = notes_csv(6, 6).replace(",Note ", ",changed ");
    desk.write("notes.csv", rest);
    for call in ["run job.yaml -q", "run job.yaml", "plan job.yaml"] {
        let told = said(&desk.call_at(&sandbox, call).exits(0));
        assert!(told.contains("6 rows are done and have changed since"), "{call}: {told}");
        assert!(told.contains("row 1 (line 2, ticket tk_1, key k1)"), "{call}: {told}");
        assert!(!told.contains("row 6 (line 7"), "{call}: {told}");
        assert!(
            told.contains("To change what was sent, use an operation that changes it"),
            "{told}"
        );
        let all = told.lines().find(|line| line.contains("--verbose")).unwrap();
        let all = said(&desk.call(&command_after(all, "")).exits(0));
        assert!(all.contains("row 6 (line 7, ticket tk_0, key k6)"), "{all}");
    }
}

/// A job of thirty rows of which many are in doubt and some are refused, and whose lists do not help.
fn doubtful() -> (Desk, noteferry::sandbox::Sandbox) {
    let job = NOTES_JOB.to_owned() + "in_doubt: hold\n";
    let sandbox = sandbox("503-after=40%,refuse=20%");
    let desk = Desk::with_notes(notes_csv(30, 30)).file("job.yaml", job);
    desk.run(&sandbox, "job.yaml").exits(6);
    (desk, sandbox)
}

#[test]
fn held_rows_are_named_with_their_ticket_and_with_what_can_be_done() {
    let (desk, sandbox) = doubtful();
    let planned = desk.call_at(&sandbox, "plan job.yaml").exits(0);
    let quiet = desk.call_at(&sandbox, "run job.yaml -q").exits(6);
    for told in [said(&planned), said(&quiet)] {
        for words in [
            "`in_doubt: hold`",
            "`in_doubt: verify`",
            "`in_doubt: resend`",
            "noteferry explain in-doubt",
            "--retry-failed",
            ", ticket tk_",
            "--verbose",
        ] {
            assert!(told.contains(words), "{words}: {told}");
        }
    }
    desk.call("explain in-doubt").exits(0);
    let more = said(&planned);
    let all = more.lines().find(|line| line.contains("more rows held")).unwrap();
    let all = said(&desk.call(&command_after(all, "")).exits(0));
    let status = desk.call("status job.yaml --format json").exits(0).events().pop().unwrap();
    let held = status["failed"].as_u64().unwrap() + status["in_doubt"].as_u64().unwrap();
    assert_eq!(all.matches("\n  held: ").count() as u64, held, "{all}");
    // Looked for, they are counted apart from what is plainly sent.
    desk.write("job.yaml", NOTES_JOB);
    desk.write("notes.csv", notes_csv(30, 30) + "k31,tk_31,Note 31\n");
    let told = desk.call_at(&sandbox, "plan job.yaml").exits(0);
    let words = format!("1 not sent before; {} in doubt: looked for first", status["in_doubt"]);
    assert!(told.stdout.contains(&words), "{words}: {told}");
    let event = desk.call_at(&sandbox, "plan job.yaml --format json").exits(0).events();
    assert_eq!(event.last().unwrap()["looked_for_first"], status["in_doubt"]);
}

#[test]
fn a_status_groups_causes_and_shows_all_rows_to_whoever_asks() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(40, 40)), sandbox("refuse=100%"));
    desk.run(&sandbox, "job.yaml").exits(1);
    let told = desk.call("status job.yaml").exits(0).stdout;
    assert!(told.contains("  40 × 1: internal error (failed)\n"), "{told}");
    assert!(told.contains("row 1 (line 2, ticket tk_1, key k1) failed after 1 attempt"), "{told}");
    assert!(!told.contains("row 40 "), "{told}");
    let all = command_after(&told, "and 20 more rows");
    let all = desk.call(&all).exits(0).stdout;
    assert!(all.contains("row 40 (line 41, ticket tk_0, key k40)"), "{all}");
}

#[test]
fn a_status_is_of_the_address_that_is_asked_for() {
    let (desk, one, other) = (Desk::with_notes(notes_csv(2, 2)), sandbox(""), sandbox(""));
    desk.run(&one, "job.yaml").exits(0);
    desk.run(&other, "job.yaml --limit 1").exits(0);
    assert_eq!(desk.call("status job.yaml --format json").exits(0).all("status").len(), 2);
    for job in ["job.yaml ", ""] {
        let call = format!("status {job}--format json --base-url {}", other.base_url());
        let told = desk.call(&call).exits(0).all("status");
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["succeeded"], 1, "{told:?}");
    }
}

#[test]
fn the_figures_of_a_refusal_add_up() {
    let (desk, sandbox) = doubtful();
    desk.write(
        "notes.csv",
        notes_csv(30, 30) + "n1,tk_a,a\nn2,tk_b,b\nn3,tk_c,c\nn4,tk_d,d\nx1,,none\nx2,,none\n",
    );
    let told = said(&desk.call_at(&sandbox, "run job.yaml --limit 3").exits(3));
    let line = told.lines().find(|line| line.contains("Nothing was sent")).unwrap();
    let figure = |words: &str| -> u64 {
        let (before, _) = line.split_once(words).unwrap_or_else(|| panic!("{words}: {told}"));
        before.trim_end().rsplit(' ').next().unwrap().parse().unwrap()
    };
    let parts = ["done already", "valid and to be sent", "beyond the limit", "held back"];
    let sum: u64 = parts.iter().map(|words| figure(words)).sum();
    let invalid: u64 = line.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(sum + invalid, figure("rows"), "{told}");
    assert_eq!((invalid, figure("beyond the limit")), (2, 1), "{told}");
}

#[test]
fn a_rehearsal_is_done_again_by_the_command_that_it_names() {
    let csv = "id,ticket,body\n1,tk_missing1,one\n2,tk_2,two\n";
    let desk = Desk::with_notes(csv);
    for call in ["run job.yaml --sandbox", "run job.yaml --sandbox --limit 1"] {
        let told = said(&desk.call(call).exits(1));
        let again = command_after(&told, "To rehearse again what did not succeed");
        let events = desk.call(&format!("{again} --format json")).exits(1).events();
        let rows: Vec<&Value> = events.iter().filter(|event| event["event"] == "row").collect();
        assert!(!rows.is_empty(), "{again}: {events:?}");
    }
}

#[test]
fn a_deadline_is_told_with_its_day() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 3)), sandbox(""));
    let passed = jiff::Zoned::now().checked_sub(jiff::Span::new().minutes(2)).unwrap();
    let call = format!("run job.yaml --limit 1 --deadline {}", passed.strftime("%H:%M"));
    let told = said(&desk.call_at(&sandbox, &call).exits(0));
    let tomorrow = passed.checked_add(jiff::Span::new().days(1)).unwrap();
    let day = tomorrow.strftime("%A %Y-%m-%d %H:%M:00%:z").to_string();
    assert!(told.contains(&format!("It has to be over by tomorrow, {day}, in 23 h 5")), "{told}");
    let rest = command_after(&told, "To send them, too");
    let absolute = tomorrow.strftime("--deadline %Y-%m-%dT%H:%M:00%:z").to_string();
    assert!(rest.contains(&absolute), "{rest}");
}
