//! `ledger check`: what is sound is called so, what is not has a name, and the file stays as it is.

use std::path::PathBuf;

use noteferry::sandbox::Sandbox;
use rusqlite::Connection;

use crate::desk::{Desk, NOTES_JOB, Outcome, assert_reads, notes_csv, sandbox, texts};
use crate::stand::Stand;

const LEDGER: &str = ".noteferry/ledger.db";

/// A desk whose job of four rows was run: three are done, one was refused.
fn after_a_run() -> (Desk, Sandbox) {
    let rows = "id,ticket,body\nk1,tk_1,a\nk2,tk_missing1,b\nk3,tk_2,c\nk4,tk_2,d\n";
    let (desk, sandbox) = (Desk::with_notes(rows), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(1);
    (desk, sandbox)
}

/// Writes to the ledger as no version of noteferry would.
fn tamper(desk: &Desk, statements: &str) {
    let ledger = desk.ledger();
    ledger
        .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
        .unwrap();
    ledger.execute_batch(statements).unwrap();
}

/// Changes the bytes of the ledger.
fn damage(desk: &Desk, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(desk.path(LEDGER)).unwrap();
    change(&mut bytes);
    desk.write(LEDGER, bytes);
}

/// Checks the ledger, as text and as events, and that neither leaves a trace; gives both.
#[track_caller]
fn check(desk: &Desk, arguments: &str, status: i32) -> (Outcome, Outcome) {
    let before = desk.all_files();
    let text = desk.call(&format!("ledger check {arguments}")).exits(status);
    let json = desk.call(&format!("ledger check {arguments} --format json")).exits(status);
    assert!(desk.all_files() == before, "a trace was left\n{text}");
    let last = json.events().pop().unwrap();
    assert_eq!(last["event"], "ledger_checked", "{json}");
    (text, json)
}

/// The names of what was found, in order, without those of SQLite's own check.
fn codes(json: &Outcome) -> Vec<String> {
    let problems = json.all("problem").into_iter();
    let codes = problems.map(|problem| problem["code"].as_str().unwrap().to_owned());
    codes.filter(|code| code != "damaged-file").collect()
}

#[test]
fn a_run_among_faults_leaves_a_sound_ledger() {
    let desk = Desk::with_notes(notes_csv(60, 12)).sure_after("0s");
    let sandbox = sandbox("503=15%,reset-after=10%,500-after=5%");
    desk.run(&sandbox, "job.yaml --limit 20");
    desk.run(&sandbox, "job.yaml");
    // A rehearsal gets ids that another one has got.
    desk.call("run job.yaml --sandbox --limit 5").exits(0);
    desk.call("run job.yaml --sandbox --limit 5").exits(0);
    let (_, json) = check(&desk, "", 0);
    let last = json.events().pop().unwrap();
    assert_eq!((&last["jobs"], &last["problems"]), (&2.into(), &0.into()), "{json}");
    let count = |table: &str| -> u64 {
        let query = format!("SELECT count(*) FROM {table}");
        desk.ledger().query_row(&query, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(
        (&last["rows"], &last["attempts"]),
        (&count("rows").into(), &count("attempts").into())
    );
    assert!(count("attempts") > count("rows"));
    assert_eq!(codes(&check(&desk, "job.yaml", 0).1), Vec::<String>::new());
}

#[test]
fn what_is_sound_is_told_calmly() {
    let (desk, _sandbox) = after_a_run();
    let (text, json) = check(&desk, "job.yaml", 0);
    let mut shown = format!("=== text\n{text}\n=== json\n{json}");
    let quiet = desk.call("ledger check -q").exits(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    desk.write("job.yaml", NOTES_JOB.replace("job: notes", "job: other"));
    let (text, _) = check(&desk, "job.yaml", 0);
    shown.push_str(&format!("\n=== another job\n{text}"));
    assert_reads("ledger_check_sound", sizeless(&shown));
}

/// What SQLite takes for a file is its own affair.
fn sizeless(shown: &str) -> String {
    let mut settings = String::new();
    for line in shown.lines() {
        let line = match (line.find(", ").filter(|_| line.contains(" KiB")), line.find(" KiB")) {
            (Some(from), Some(to)) => format!("{}, [size]{}", &line[..from], &line[to + 4..]),
            _ => line.to_owned(),
        };
        settings.push_str(&line);
        settings.push('\n');
    }
    settings
}

#[test]
fn a_run_that_was_killed_leaves_a_sound_ledger_and_its_log() {
    let stand = Stand::open(|_| None);
    let desk = Desk::with_notes(notes_csv(3, 3)).env("STRINGEEX_TOKEN", "ready");
    let run = desk.start(&format!("run job.yaml --rate 100000/s --base-url {}", stand.address()));
    stand.arrival();
    // While it is under way,
    let under_way = desk.call("ledger check --format json").exits(0).events().pop().unwrap();
    assert_eq!(under_way["endless_runs"], 1, "{under_way}");
    run.kill();
    // and when it is dead.
    let names = |desk: &Desk| -> Vec<PathBuf> {
        desk.all_files().into_iter().map(|(path, _)| path).collect()
    };
    let before = names(&desk);
    let text = desk.call("ledger check").exits(0);
    assert!(text.stdout.contains("1 run has no end: it was killed or cut off."), "{text}");
    assert!(text.stdout.contains("The log .noteferry/ledger.db-wal beside it"), "{text}");
    assert_eq!(names(&desk), before);
}

#[test]
fn a_copy_with_its_log_is_read_without_a_trace() {
    let stand = Stand::open(|_| None);
    let desk = Desk::with_notes(notes_csv(3, 3)).env("STRINGEEX_TOKEN", "ready");
    let run = desk.start(&format!("run job.yaml --rate 100000/s --base-url {}", stand.address()));
    stand.arrival();
    run.kill();
    for ending in ["", "-wal"] {
        let bytes = std::fs::read(desk.path(&format!("{LEDGER}{ending}"))).unwrap();
        desk.write(&format!("copy.db{ending}"), bytes);
    }
    let (_, json) = check(&desk, "--ledger copy.db", 0);
    assert!(json.events().pop().unwrap()["attempts"].as_u64() >= Some(1), "{json}");
}

#[test]
fn each_contradiction_has_its_name() {
    let mut shown = String::new();
    let cases = [
        (
            "missing-attempt",
            "UPDATE starts SET number = 2 WHERE id = 1; UPDATE ends SET number = 2 WHERE id = 1",
        ),
        ("made-unsuccessfully", "UPDATE ends SET remote_id = 'tn_9' WHERE id = 2"),
        (
            "made-unsuccessfully",
            "UPDATE ends SET remote_id = 'tn_9', outcome = 'deferred' WHERE id = 2",
        ),
        ("unknown-outcome", "UPDATE ends SET outcome = 'dunno' WHERE id = 2"),
        (
            "sent-after-success",
            "INSERT INTO starts SELECT id, 2, turn, owner, key, row, line, operation, lane, digest, at, remote_at, print \
             FROM starts WHERE id = 1",
        ),
        (
            "impossible-operation",
            "INSERT INTO starts SELECT id, 2, 3, owner, key, row, line, operation, lane, digest, at, remote_at, print \
             FROM starts WHERE id = 1",
        ),
        (
            "contested-attempt",
            "INSERT INTO ends (id, number, owner, at, outcome) VALUES (1, 1, 2, 5, 'not_found'); \
             INSERT INTO owners VALUES (2, 1, '', NULL)",
        ),
        (
            "keys-differ",
            "INSERT INTO starts SELECT id, 2, turn, owner, 'another', row, line, operation, lane, digest, at, remote_at, print \
             FROM starts WHERE id = 2",
        ),
        (
            "foreign-run",
            "INSERT INTO jobs VALUES (9, 'other', 'sandbox', '', 0); \
             INSERT INTO runs (id, job, keyed_by, started_at) VALUES (9, 9, '', 0); \
             INSERT INTO owners VALUES (9, 9, '', NULL); \
             INSERT INTO starts SELECT id, 2, turn, 9, key, row, line, operation, lane, digest, at, remote_at, print \
             FROM starts WHERE id = 2",
        ),
        ("dangling-entries", "DELETE FROM starts WHERE id IN (3, 4)"),
        ("key-twice", "UPDATE starts SET key = 'k1' WHERE id = 3"),
        ("made-twice", "UPDATE ends SET remote_id = 'tn_1' WHERE id IN (3, 4)"),
        ("run-sum", "UPDATE runs SET rows = 9"),
        ("outcomes-gone", "DELETE FROM ends WHERE id = 1; DELETE FROM starts WHERE id = 1"),
        ("unreadable-entry", "UPDATE starts SET digest = x'00' WHERE id = 1"),
        ("unreadable-entry", "UPDATE starts SET key = CAST(x'6bff' AS TEXT) WHERE id = 1"),
        ("unreadable-entry", "UPDATE ends SET message = CAST(x'ff' AS TEXT) WHERE id = 2"),
        ("unreadable-entry", "UPDATE starts SET id = -id; UPDATE ends SET id = -id"),
        ("view-replaced", "DROP VIEW rows; CREATE VIEW rows AS SELECT 1 AS id"),
        ("view-replaced", "DROP VIEW attempts"),
        ("view-unreadable", "DROP VIEW row_states"),
        (
            "view-differs",
            "DROP VIEW row_states; CREATE VIEW row_states AS \
             SELECT 2 AS id, 'succeeded' AS state, 1 AS attempts UNION SELECT id, 'succeeded', 1 FROM starts WHERE id < 4",
        ),
    ];
    for (code, statements) in cases {
        let (desk, _sandbox) = after_a_run();
        tamper(&desk, statements);
        let (text, json) = check(&desk, "", 1);
        let found = codes(&json);
        // A view that says something else is another view.
        let others = found.iter().filter(|one| *one != code);
        let is_view = code.starts_with("view-");
        assert!(others.clone().all(|one| is_view && one == "view-replaced"), "{code}: {json}");
        assert!(others.count() < found.len(), "{code}: {json}");
        let last = json.events().pop().unwrap();
        assert_eq!(last["problems"], json.all("problem").len(), "{json}");
        shown.push_str(&format!("=== {statements}\n{}\n", text.stdout));
    }
    assert_reads("ledger_check_contradictions", sizeless(&shown));
}

#[test]
fn what_was_kept_before_a_request_is_looked_at_too() {
    for (code, statement) in [
        ("dangling-entries", "UPDATE snapshots SET number = 9"),
        ("unreadable-snapshot", "UPDATE snapshots SET fields = substr(fields, 1, 5)"),
        ("unreadable-snapshot", "UPDATE snapshots SET fields = '{}'"),
        ("unreadable-snapshot", "UPDATE snapshots SET remote_id = ''"),
        ("unreadable-snapshot", "UPDATE snapshots SET read_at = -1"),
    ] {
        let job = format!("{NOTES_JOB}on_missing: {{ delete: {{ at_most: 50% }} }}\n");
        let csv = "id,ticket,body\nk1,tk_1,Note 1\nk2,tk_1,Note 2\n";
        let desk = Desk::with_notes(csv).file("job.yaml", job).sure_after("50ms");
        let sandbox = sandbox("");
        desk.run(&sandbox, "job.yaml").exits(0);
        desk.write("notes.csv", csv.replace("k2,tk_1,Note 2\n", ""));
        desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=1 already_done=1");
        desk.call("ledger check").exits(0);
        tamper(&desk, statement);
        let (text, json) = check(&desk, "", 1);
        assert_eq!(codes(&json), [code], "{statement}: {text}");
    }
}

#[test]
fn what_no_ledger_can_hold_is_found_by_the_check_and_refused_by_every_verb() {
    const LAST: &str = "9223372036854775807";
    let cases = [
        ("unreadable-entry", format!("UPDATE runs SET started_at = {LAST}")),
        ("unreadable-entry", format!("UPDATE runs SET ended_at = {LAST}")),
        ("unreadable-entry", "UPDATE runs SET ended_at = -1".to_owned()),
        ("unreadable-entry", "UPDATE runs SET requests = -5".to_owned()),
        ("unreadable-entry", format!("UPDATE runs SET requests = {LAST}")),
        ("unreadable-entry", "UPDATE runs SET exit = -1".to_owned()),
        ("unreadable-entry", "UPDATE runs SET exit = 256".to_owned()),
        ("unreadable-entry", format!("UPDATE runs SET in_doubt = {LAST}")),
        ("unreadable-entry", "UPDATE runs SET keyed_by = CAST(x'ff' AS TEXT)".to_owned()),
        ("unreadable-entry", "UPDATE jobs SET account = CAST(x'ff' AS TEXT)".to_owned()),
        ("unreadable-entry", "UPDATE owners SET name = CAST(x'ff' AS TEXT)".to_owned()),
        ("unreadable-entry", format!("UPDATE owners SET until = {LAST}")),
        ("unreadable-entry", format!("UPDATE starts SET at = {LAST} WHERE id = 1")),
        ("unreadable-entry", format!("UPDATE starts SET remote_at = -{LAST} - 1 WHERE id = 1")),
        ("unreadable-entry", format!("UPDATE ends SET at = {LAST} WHERE id = 1")),
        ("unreadable-entry", "UPDATE ends SET remote_id = CAST(x'ff' AS TEXT) WHERE id = 1".to_owned()),
        (
            "run-sum",
            "DELETE FROM ends WHERE id = 1; DELETE FROM starts WHERE id = 1; UPDATE runs SET succeeded = succeeded - 1"
                .to_owned(),
        ),
    ];
    for (code, statements) in cases {
        let (desk, sandbox) = after_a_run();
        tamper(&desk, &statements);
        let (_, json) = check(&desk, "", 1);
        assert!(codes(&json).iter().any(|found| found == code), "{statements}: {json}");
        let before = texts(&sandbox).len();
        let outcome = desk.run(&sandbox, "job.yaml");
        assert_eq!(outcome.status, 2, "{statements}: {outcome}");
        assert!(!outcome.to_string().contains("panic"), "{statements}: {outcome}");
        assert_eq!(texts(&sandbox).len(), before, "{statements}: {outcome}");
        for verb in ["plan job.yaml", "status job.yaml", "status"] {
            let outcome = desk.call(&format!("{verb} --base-url {}", sandbox.base_url()));
            assert!(!outcome.to_string().contains("panic"), "{statements}: {outcome}");
            // What can be told of a ledger that no run goes on with is told, and what is wrong with it beside that.
            assert!(outcome.status != 0 || verb.starts_with("status"), "{statements}: {outcome}");
        }
    }
}

#[test]
fn a_run_that_leaves_rows_to_whoever_has_started_them_says_so_and_is_not_done() {
    let (desk, sandbox) = after_a_run();
    // Another machine, whose right to send lasts for another hour.
    tamper(
        &desk,
        "DELETE FROM ends WHERE id = 1; \
         UPDATE owners SET name = 'worker 2 on mars', until = (unixepoch() + 3600) * 1000",
    );
    let json = desk.run(&sandbox, "job.yaml").exits(4);
    let last = json.finished();
    assert_eq!(
        (&last["reason"], &last["not_started"]),
        (&"in-other-hands".into(), &1.into()),
        "{json}"
    );
    let message = last["message"].as_str().unwrap();
    assert!(message.contains("1 row is in the hands of another process"), "{json}");
}

#[test]
fn only_the_job_that_is_asked_for_is_looked_at() {
    let (desk, sandbox) = after_a_run();
    desk.write("other.yaml", NOTES_JOB.replace("job: notes", "job: other"));
    desk.run(&sandbox, "other.yaml --as-new").exits(1);
    tamper(&desk, "UPDATE ends SET outcome = 'dunno' WHERE id = 3");
    check(&desk, "other.yaml", 0);
    let (_, json) = check(&desk, "job.yaml", 1);
    let problem = json.all("problem").remove(0);
    assert_eq!((&problem["job"], &problem["key"]), (&"notes".into(), &"k3".into()), "{problem}");
}

#[test]
fn each_damage_of_the_file_has_its_words() {
    type Change = fn(&mut Vec<u8>);
    let mut shown = String::new();
    let cases: [(&str, i32, &[&str], Change); 6] = [
        ("nothing is left", 1, &["empty-file"], |bytes| bytes.clear()),
        ("the end is missing", 1, &["truncated-file", "reading-stopped"], |bytes| {
            bytes.truncate(2 * 4096);
        }),
        ("all but the head is missing", 1, &["truncated-file", "reading-stopped"], |bytes| {
            bytes.truncate(100);
        }),
        ("the first byte is another", 1, &["damaged-head"], |bytes| bytes[0] = b'X'),
        ("the format is none", 1, &["damaged-head"], |bytes| bytes[60..64].fill(0)),
        ("all pages but the first are zeros", 1, &["reading-stopped"], |bytes| {
            bytes[4096..].fill(0);
        }),
    ];
    for (name, status, expected, change) in cases {
        let (desk, _sandbox) = after_a_run();
        damage(&desk, change);
        let (text, json) = check(&desk, "", status);
        assert_eq!(codes(&json), expected, "{name}: {json}");
        shown.push_str(&format!("=== {name}\n{}\n", text.stdout));
    }
    assert_reads("ledger_check_damages", sizeless(&shown));
}

#[test]
fn what_can_still_be_read_of_half_a_file_is_counted() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(600, 600)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    damage(&desk, |bytes| bytes.truncate(bytes.len() * 3 / 5));
    let (_, json) = check(&desk, "", 1);
    let rows = json.events().pop().unwrap()["rows"].as_u64().unwrap();
    assert!(rows > 0 && rows < 600, "{json}");
    assert_eq!(codes(&json), ["truncated-file", "reading-stopped"]);
}

#[test]
fn a_byte_that_flips_anywhere_is_survived() {
    let (desk, _sandbox) = after_a_run();
    let sound = std::fs::read(desk.path(LEDGER)).unwrap();
    // Every structure of the file begins a page; the rest is reached by odd steps.
    let begins = (0..sound.len()).step_by(4096).flat_map(|page| [page + 3, page + 5, page + 9]);
    let others = (0..sound.len()).step_by(2_111);
    for at in begins.chain(others).filter(|at| *at < sound.len()) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0xff;
        desk.write(LEDGER, bytes);
        let outcome = desk.call("ledger check --format json");
        assert!(matches!(outcome.status, 0..=2), "byte {at}: {outcome}");
        let last = outcome.events().pop().unwrap();
        assert_eq!(last["event"], "ledger_checked", "byte {at}: {outcome}");
        assert_eq!(outcome.status == 1, last["problems"] != 0, "byte {at}: {outcome}");
        assert!(!outcome.stderr.contains("panicked"), "byte {at}: {outcome}");
    }
}

#[test]
fn what_is_no_ledger_is_refused() {
    let (desk, _sandbox) = after_a_run();
    desk.ledger().pragma_update(None, "user_version", 99).unwrap();
    Connection::open(desk.path("other.db")).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    desk.write("text.db", "a text, and no database".repeat(20));
    desk.write("short.db", "short");
    desk.write("folder/x", "");
    let mut shown = String::new();
    for ledger in [LEDGER, "other.db", "text.db", "short.db", "missing.db"] {
        let (text, json) = check(&desk, &format!("--ledger {ledger}"), 2);
        assert_eq!(json.all("problem").len(), 1, "{json}");
        shown.push_str(&format!("=== {ledger}\n{}\n", text.stderr));
    }
    check(&desk, "--ledger folder", 2);
    check(&desk, "missing.yaml", 2);
    assert_reads("ledger_check_refusals", shown);
}

/// A desk with a ledger that an earlier version has written.
fn with_ledger_of(format: i64) -> Desk {
    let kept = format!("{}/tests/ledgers/format-{format}.db", env!("CARGO_MANIFEST_DIR"));
    Desk::new().file(LEDGER, std::fs::read(kept).unwrap())
}

#[test]
fn ledgers_of_older_formats_are_as_sound() {
    for format in [1, 2] {
        let (_, json) = check(&with_ledger_of(format), "", 0);
        let last = json.events().pop().unwrap();
        assert_eq!((&last["format"], &last["jobs"]), (&format.into(), &3.into()), "{json}");
    }
}

#[test]
fn contradictions_that_only_older_formats_can_have_keep_their_names() {
    let mut shown = String::new();
    for (code, statements) in [
        ("no-attempt", "DELETE FROM attempts WHERE row = 3"),
        ("half-ended", "UPDATE attempts SET ended_at = NULL WHERE row = 1"),
        ("half-ended", "UPDATE attempts SET outcome = NULL WHERE row = 1"),
        ("unreadable-entry", "UPDATE rows SET digest = x'00' WHERE id = 1"),
    ] {
        let desk = with_ledger_of(2);
        tamper(&desk, &format!("DROP VIEW row_states; {statements}"));
        let (text, json) = check(&desk, "", 1);
        let found = codes(&json);
        assert_eq!(found, ["view-unreadable", code], "{json}");
        shown.push_str(&format!("=== {statements}\n{}\n", text.stdout));
    }
    assert_reads("ledger_check_older", sizeless(&shown));
}

#[test]
fn a_database_without_a_table_is_empty() {
    let desk = Desk::new();
    Connection::open(desk.path("new.db")).unwrap().execute_batch("VACUUM").unwrap();
    let (_, json) = check(&desk, "--ledger new.db", 1);
    assert_eq!(codes(&json), ["empty-file"]);
}

#[test]
fn what_contradicts_itself_is_sent_by_no_run() {
    let again = "INSERT INTO starts SELECT id, 2, turn, owner, key, row, line, operation, lane, digest, at, remote_at, print \
                 FROM starts WHERE id = ROW; \
                 INSERT INTO ends (id, number, owner, at, outcome) VALUES (ROW, 2, 1, 5, 'OUTCOME');";
    let of = |row: &str, outcome: &str| again.replace("ROW", row).replace("OUTCOME", outcome);
    let gap = "DELETE FROM starts WHERE number = 1 AND id = 2; DELETE FROM ends WHERE number = 1 AND id = 2";
    let cases = [
        ("UPDATE starts SET id = -id; UPDATE ends SET id = -id".to_owned(), "belongs in `id`"),
        ("UPDATE ends SET remote_id = 'tn_9' WHERE id = 2".to_owned(), "tn_9"),
        (
            "UPDATE ends SET remote_id = 'tn_9', outcome = 'given_up' WHERE id = 2".to_owned(),
            "tn_9",
        ),
        (format!("{} {gap}", of("2", "deferred")), "attempt 1 is missing"),
        (format!("{} {gap}", of("2", "refused")), "attempt 1 is missing"),
        (
            "DELETE FROM starts WHERE id = 1; DELETE FROM ends WHERE id = 1".to_owned(),
            "has the outcomes of 2",
        ),
        (
            format!(
                "{} UPDATE ends SET outcome = 'deferred', remote_id = NULL WHERE id = 1 AND number = 1; \
                 DELETE FROM starts WHERE id = 1 AND number = 2; DELETE FROM ends WHERE id = 1 AND number = 2",
                of("1", "succeeded")
            ),
            "has the outcomes of 2",
        ),
    ];
    for (statements, words) in cases {
        let (desk, sandbox) = after_a_run();
        tamper(&desk, &statements);
        let before = crate::desk::texts(&sandbox);
        let checked = desk.call("ledger check").exits(1);
        assert!(checked.stdout.contains(words), "{statements}: {checked}");
        let run = desk.run(&sandbox, "job.yaml --retry-failed").exits(2);
        assert!(run.stdout.contains(words), "{statements}: {run}");
        assert!(!run.stdout.contains("full disk"), "{statements}: {run}");
        assert_eq!(crate::desk::texts(&sandbox), before, "{statements}");
    }
}

#[test]
fn an_outcome_that_is_gone_and_whose_start_is_there_is_looked_for() {
    let (desk, sandbox) = after_a_run();
    tamper(&desk, "DELETE FROM ends WHERE id = 1");
    desk.run(&sandbox, "job.yaml").exits(1).counts("rows=4 succeeded=1 already_done=2 failed=1");
    // What it was settled by does not count for the first run, and no later one takes offence at that.
    desk.run(&sandbox, "job.yaml").exits(1).counts("rows=4 already_done=3 failed=1");
    assert_eq!(crate::desk::texts(&sandbox).len(), 3);
}

#[test]
fn what_a_ledger_of_an_older_format_cannot_have_or_lacks_is_named_and_nothing_is_changed() {
    for (damage, words) in [
        ("CREATE TABLE owners (id INTEGER PRIMARY KEY, run INTEGER)", "has `owners`"),
        ("CREATE TABLE starts (id)", "has `starts`"),
        ("CREATE VIEW Ends AS SELECT 1", "has `Ends`"),
        ("CREATE TABLE old_rows (id)", "has `old_rows`"),
        ("DROP VIEW row_states; DROP TABLE attempts", "no such table: main.attempts"),
        ("DROP VIEW row_states; ALTER TABLE rows DROP COLUMN digest", "no such column: digest"),
        ("DELETE FROM jobs", "of jobs that are not in the table `jobs` any more"),
    ] {
        let desk = with_ledger_of(2).file("notes.csv", notes_csv(3, 3)).file("job.yaml", NOTES_JOB);
        tamper(&desk, damage);
        let before = desk.files();
        let (checked, _) = check(&desk, "", 1);
        assert!(checked.stdout.contains(words), "{damage}: {checked}");
        let run = desk.run(&sandbox(""), "job.yaml").exits(2);
        assert!(run.stdout.contains(words), "{damage}: {run}");
        assert!(!run.stdout.contains("full disk"), "{damage}: {run}");
        assert_eq!(desk.files(), before, "{damage}");
    }
}

/// What somebody may do to a ledger with another program, and what is said of it.
const DAMAGES: [(&str, &str); 8] = [
    ("DROP TABLE ends", "no such table: main.ends"),
    ("ALTER TABLE starts DROP COLUMN remote_at", "no such column: remote_at"),
    ("DELETE FROM ids", "the table `ids` does not say the next free id"),
    ("UPDATE ids SET next = -5", "says that -5 is free"),
    ("UPDATE ids SET next = 1", "says that 1 is free"),
    ("UPDATE ids SET next = 1 << 40", "says that 1099511627776 is free"),
    ("INSERT INTO ids VALUES (900000)", "says that 900000 is free"),
    ("DELETE FROM jobs", "of jobs that are not in the table `jobs` any more"),
];

#[test]
fn what_is_missing_in_a_ledger_is_named_and_no_run_goes_on_with_it() {
    for (damage, words) in DAMAGES {
        let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 3)), sandbox(""));
        desk.run(&sandbox, "job.yaml --limit 2").exits(0);
        let edited = desk.ledger();
        let views = "DROP VIEW row_states; DROP VIEW attempts; DROP VIEW rows;";
        edited.execute_batch(&format!("PRAGMA foreign_keys = OFF; {views} {damage}")).unwrap();
        drop(edited);
        let before = crate::desk::texts(&sandbox);
        let run = desk.run(&sandbox, "job.yaml");
        assert!(matches!(run.status, 2 | 4), "{damage}: {run}");
        assert!(run.stdout.contains(words), "{damage}: {run}");
        assert!(!run.stdout.contains("full disk") && !run.stdout.contains(".lock"), "{run}");
        assert_eq!(crate::desk::texts(&sandbox), before, "{damage}: nothing is sent");
        let checked = desk.call("ledger check job.yaml").exits(1);
        assert!(checked.stdout.contains(words), "{damage}: {checked}");
        let status = desk.call("status job.yaml").exits(2);
        assert!(status.stderr.contains(words), "{damage}: {status}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_called_what_it_is() {
    let desk = Desk::with_notes(notes_csv(1, 1));
    std::fs::create_dir(desk.path("folder")).unwrap();
    std::os::unix::fs::symlink(desk.path("loop"), desk.path("loop")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(desk.path("socket")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(desk.path("pipe")).status().unwrap();
    assert!(made.success());
    for (place, words) in [
        ("folder", "it is a folder"),
        ("loop", "it is a link that leads back to itself, not a file"),
        ("socket", "it is a socket, not a file"),
        ("pipe", "it is a pipe, not a file"),
        ("/dev/null", "it is a device, not a file"),
    ] {
        for verb in ["run job.yaml --sandbox", "plan job.yaml --sandbox", "status", "ledger check"]
        {
            let told = desk.call(&format!("{verb} --ledger {place}")).exits(2);
            assert!(told.stderr.contains(words), "{verb} {place}: {told}");
        }
    }
}
