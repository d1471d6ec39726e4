//! The ledger: who may write it, what survives, and what it knows a job by.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use noteferry::sandbox::Options;
use rusqlite::Connection;

use crate::desk::{
    Desk, NOTES_JOB, Outcome, assert_reads, notes_csv, sandbox, sandbox_with, texts, unhurried,
};
use crate::stand::Stand;

/// A StringeeX that leaves requests without an answer as long as it is told to.
struct Held {
    stand: Stand,
    held: Arc<AtomicBool>,
}

impl Held {
    fn open() -> Self {
        let held = Arc::new(AtomicBool::new(true));
        let shared = Arc::clone(&held);
        let stand = Stand::open(move |_| {
            let answer = r#"{"r":0,"msg":"Success","id":"tn_1"}"#;
            (!shared.load(Ordering::Relaxed)).then(|| (200, answer.to_owned()))
        });
        Self { stand, held }
    }

    fn release(&self) {
        self.held.store(false, Ordering::Relaxed);
    }

    fn run(&self) -> String {
        format!("run job.yaml --format json --rate 100000/s --base-url {}", self.stand.address())
    }
}

fn desk(csv: &str) -> Desk {
    Desk::with_notes(csv).env("STRINGEEX_TOKEN", "ready")
}

#[test]
fn anyone_can_read_where_each_row_stands() {
    let (desk, sandbox) =
        (Desk::with_notes("id,ticket,body\n1,tk_1,a\n2,tk_missing1,b\n"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(1);
    let ledger = desk.ledger();
    let mut query = ledger
        .prepare(
            "SELECT key, row, line, state, code, message, remote_id FROM row_states ORDER BY row",
        )
        .unwrap();
    type Row = (String, u64, u64, String, Option<String>, Option<String>, Option<String>);
    let rows: Vec<Row> = query
        .query_map([], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
                row.get(6)?,
            ))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let id = sandbox.books()["notes"][0]["id"].as_str().map(str::to_owned);
    let text = |text: &str| Some(text.to_owned());
    let expected = [
        ("1".to_owned(), 1, 2, "succeeded".to_owned(), None, None, id),
        ("2".to_owned(), 2, 3, "failed".to_owned(), text("4"), text("ticket not found"), None),
    ];
    assert_eq!(rows, expected);
    let runs: (u64, u64, u64) = ledger
        .query_row("SELECT exit, succeeded, failed FROM runs", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(runs, (1, 1, 1));
}

/// The statements that a page of the documentation gives to `sqlite3`, in their order.
fn statements(page: &str) -> Vec<String> {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let commands = page.replace("\\\n", " ");
    let quoted = commands.lines().filter(|line| line.starts_with("$ sqlite3"));
    let quoted = quoted.filter_map(|line| line.split('"').nth(1).map(str::to_owned));
    quoted.filter(|statement| !statement.starts_with('.')).collect()
}

#[test]
fn the_queries_of_the_documentation_say_what_they_promise() {
    let rows = "id,ticket,body\n1,tk_1,a\n2,tk_missing1,b\n3,tk_3,c\n";
    let (desk, sandbox) = (Desk::with_notes(rows), sandbox(""));
    desk.write("job.yaml", NOTES_JOB.replace("job: notes", "job: import-notes"));
    // A rehearsal does not get in their way.
    desk.call("run job.yaml --sandbox").exits(1);
    desk.run(&sandbox, "job.yaml").exits(1);
    desk.run(&sandbox, "job.yaml --retry-failed").exits(1);
    let statements = statements("docs/ledger.md");
    let ledger = desk.ledger();
    let found: Vec<usize> = statements
        .iter()
        .map(|statement| {
            let statement = statement.replace("row = 123", "row = 2");
            let mut query = ledger.prepare(&statement).unwrap();
            match statement.starts_with("SELECT") {
                true => query.query_map([], |_| Ok(())).unwrap().count(),
                // What is brought in by hand belongs to no row of this ledger.
                false => 0,
            }
        })
        .collect();
    // Two states at each of two targets; two rows done, one refused; two attempts of that.
    assert_eq!(found, [4, 2, 1, 2, 0], "{statements:?}");
}

#[test]
fn a_job_is_run_by_one_at_a_time_and_the_lock_of_the_dead_is_gone() {
    let (held, desk) = (Held::open(), desk("id,ticket,body\n1,tk_1,a\n").without_recovery());
    let first = desk.start(&held.run());
    held.stand.arrival();
    let second = desk.call(&held.run()).exits(5);
    second.counts("requests=0");
    let told = desk.call(&held.run().replace("--format json", "")).exits(5);
    assert_reads("locked", told);
    first.kill();
    // The request has left, and nobody knows what became of it.
    held.release();
    desk.call(&held.run()).exits(6).counts("rows=1 in_doubt=1 requests=0");
}

#[test]
fn two_jobs_may_share_a_ledger_at_once() {
    let (held, desk) = (Held::open(), desk("id,ticket,body\n1,tk_1,a\n"));
    let first = desk.start(&held.run());
    held.stand.arrival();
    desk.write("other.yaml", NOTES_JOB.replace("job: notes", "job: other"));
    let sandbox = sandbox("");
    let other = Desk::run(&desk, &sandbox, "other.yaml");
    // The token of the desk is not one of the sandbox's.
    other.exits(4).counts("not_started=1");
    drop(first);
}

#[test]
fn nothing_is_done_twice_however_often_a_run_is_killed() {
    for events in [1, 3, 12] {
        let sandbox = sandbox_with(Options { latency: Duration::from_millis(10), ..unhurried() });
        let desk = Desk::with_notes(notes_csv(40, 8)).sure_after("50ms");
        let mut run = desk.start_run(&sandbox, "job.yaml --concurrency 4");
        for _ in 0..events {
            assert!(run.line().unwrap().contains("succeeded"));
        }
        let heard = run.kill();
        let last = settled(&desk, &desk.run(&sandbox, "job.yaml"));
        let told =
            heard.stdout.lines().filter(|line| line.contains("\"succeeded\"")).count() as u64;
        let (done, in_doubt) = (last.0, last.1);
        assert!(done >= told, "what was told is durable: {done} < {told}");
        assert!(in_doubt <= 4, "at most as many as were under way: {in_doubt}");
        let mut found = texts(&sandbox);
        let count = found.len() as u64;
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len() as u64, count, "a note twice");
        assert!((40 - in_doubt..=40).contains(&count), "{count} notes, {in_doubt} in doubt");
        // Nothing more happens.
        settled(&desk, &desk.run(&sandbox, "job.yaml"));
        assert_eq!(texts(&sandbox).len() as u64, count);
    }
}

/// Asserts that every row is done or in doubt; gives how many were done before, and how many are in doubt.
#[track_caller]
fn settled(_: &Desk, outcome: &Outcome) -> (u64, u64) {
    let last = outcome.finished();
    let count = |name: &str| last[name].as_u64().unwrap();
    assert_eq!(count("failed") + count("invalid") + count("not_started"), 0, "{outcome}");
    assert_eq!(outcome.status, if count("in_doubt") > 0 { 6 } else { 0 }, "{outcome}");
    (count("already_done"), count("in_doubt"))
}

#[test]
fn an_update_under_way_when_its_run_died_is_sent_again() {
    let job = "job: changes\nsource:\n  rows:\n    - { operation: ticket_note.update, note_id: n, note: a }\n";
    let (held, desk) = (Held::open(), desk("").file("job.yaml", job).sure_after("0s"));
    let run = desk.start(&held.run());
    held.stand.arrival();
    run.kill();
    held.release();
    let outcome = desk.call(&held.run()).exits(0);
    outcome.counts("rows=1 succeeded=1");
    assert_eq!(outcome.row(1)["attempts"], 2);
}

#[test]
fn another_address_has_done_nothing_yet() {
    let desk = Desk::with_notes(notes_csv(3, 3));
    desk.call("run job.yaml --sandbox --rate 100000/s").exits(0);
    let (one, other) = (sandbox(""), sandbox(""));
    for sandbox in [&one, &other] {
        desk.run(sandbox, "job.yaml").exits(0).counts("rows=3 succeeded=3");
        assert_eq!(texts(sandbox).len(), 3);
    }
    desk.call("run job.yaml --sandbox --format json").exits(0).counts("already_done=3 requests=0");
}

#[test]
fn what_was_done_under_another_name_is_not_sent_again_unless_that_is_wanted() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 2)), sandbox(""));
    desk.run(&sandbox, "job.yaml --limit 2").exits(0);
    desk.write("job.yaml", NOTES_JOB.replace("job: notes", "job: more"));
    let refused = desk.run(&sandbox, "job.yaml").exits(2);
    assert_reads("done_elsewhere", refused);
    let plan = format!("plan job.yaml --base-url {}", sandbox.base_url());
    assert!(desk.call(&plan).exits(2).to_string().contains("--as-new"));
    desk.run(&sandbox, "job.yaml --as-new").exits(0).counts("succeeded=3");
    // From now on it has a history of its own.
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=3");
    assert_eq!(texts(&sandbox).len(), 5);
}

#[test]
fn a_key_that_comes_again_for_another_ticket_or_operation_is_no_row_that_is_done() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 3)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=3");
    // The next month's file, whose numbers begin anew; one row is still what it was.
    desk.write("notes.csv", "id,ticket,body\nk1,tk_1,Note 1\nk2,tk_8,April\nk9,tk_9,May\n");
    let refused = desk.run(&sandbox, "job.yaml").exits(3);
    refused.counts("invalid=1 already_done=1 not_started=1");
    assert_reads("key_taken", refused);
    let plan = format!("plan job.yaml --base-url {}", sandbox.base_url());
    assert!(
        desk.call(&plan).to_string().contains("it was for `ticket tk_2`"),
        "{}",
        desk.call(&plan)
    );
    let rest = desk.run(&sandbox, "job.yaml --skip-invalid").exits(1);
    rest.counts("invalid=1 already_done=1 succeeded=1");
    // Nor is a row that was created done when it is to be deleted.
    desk.write("job.yaml", DELETE_JOB);
    desk.write("notes.csv", "id\nk1\n");
    let refused = desk.run(&sandbox, "job.yaml").exits(3);
    assert_eq!(refused.all("problem")[0]["code"], "key-taken", "{refused}");
}

const DELETE_JOB: &str = r#"job: notes
operation: ticket_note.delete
source: { csv: notes.csv }
map: { note_id: "{{ id }}" }
key: "{{ id }}"
"#;

#[test]
fn a_data_file_under_a_new_name_and_a_job_with_another_ledger_are_what_they_were() {
    let rows = "ticket_id,note,is_internal_note\ntk_1,a,true\ntk_2,b,true\n";
    let (desk, sandbox) = (Desk::new().file("notes.csv", rows), sandbox(""));
    let run = "--operation ticket_note.create";
    desk.run(&sandbox, &format!("notes.csv {run}")).exits(0);
    desk.write("notes-fixed.csv", format!("{rows}tk_3,c,true\n"));
    let refused = desk.run(&sandbox, &format!("notes-fixed.csv {run}")).exits(2);
    assert!(refused.to_string().contains("2 of 3 rows are done already"), "{refused}");
    let refused = desk.run(&sandbox, &format!("notes.csv {run} --ledger new.db")).exits(2);
    assert!(refused.to_string().contains("done-elsewhere"), "{refused}");
    // Rows that nobody has sent are nobody's business.
    desk.write("others.csv", "ticket_id,note,is_internal_note\ntk_1,other,true\n");
    desk.run(&sandbox, &format!("others.csv {run}")).exits(0);
    assert_eq!(texts(&sandbox).len(), 3);
}

#[cfg(unix)]
#[test]
fn a_job_behind_a_link_has_the_ledger_of_the_real_one_and_a_ledger_has_one_name() {
    let (desk, sandbox) = (Desk::new(), sandbox(""));
    std::fs::create_dir(desk.path("real")).unwrap();
    desk.write("real/job.yaml", NOTES_JOB);
    desk.write("real/notes.csv", notes_csv(3, 2));
    std::os::unix::fs::symlink(desk.path("real"), desk.path("link")).unwrap();
    desk.run(&sandbox, "real/job.yaml --limit 1").exits(0);
    desk.run(&sandbox, "link/job.yaml").exits(0).counts("already_done=1 succeeded=2");
    assert!(!desk.path(".noteferry").exists());
    std::fs::hard_link(desk.path("real/.noteferry/ledger.db"), desk.path("second.db")).unwrap();
    for ledger in ["real/.noteferry/ledger.db", "second.db"] {
        let refused = desk.run(&sandbox, &format!("real/job.yaml --ledger {ledger}")).exits(2);
        assert!(refused.to_string().contains("has a second name"), "{refused}");
    }
    assert_eq!(texts(&sandbox).len(), 3);
}

#[test]
fn another_account_is_asked_about_first() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(2, 2)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let chosen = desk.env("STRINGEEX_PORTAL", "sandbox");
    let outcome = chosen.run(&sandbox, "job.yaml").exits(2);
    outcome.counts("requests=0");
    assert_reads("other_account", outcome);
    let chosen = chosen.env("STRINGEEX_EMAIL", noteferry::sandbox::EMAIL);
    let chosen = chosen.env("STRINGEEX_PASSWORD", noteferry::sandbox::PASSWORD);
    let plan = format!("plan job.yaml --base-url {}", sandbox.base_url());
    let planned = chosen.call(&plan).exits(2);
    assert!(planned.to_string().contains("other-account"), "{planned}");
    assert_eq!(texts(&sandbox).len(), 2);

    // Either they are the same,
    let account = format!("{NOTES_JOB}account: admin@sandbox.example\n");
    chosen.write("job.yaml", account);
    chosen.run(&sandbox, "job.yaml").exits(0).counts("already_done=2");
    // or not.
    chosen.write("job.yaml", NOTES_JOB);
    chosen.run(&sandbox, "job.yaml --ledger other.db").exits(0).counts("succeeded=2");
}

#[test]
fn the_ledger_is_where_it_is_wanted() {
    let sandbox = sandbox("");
    let desk = Desk::with_notes(notes_csv(1, 1)).env("NOTEFERRY_LEDGER", "from-environment.db");
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=1");
    assert!(desk.path("from-environment.db").is_file() && !desk.path(".noteferry").exists());
    desk.run(&sandbox, "job.yaml --ledger deep/down/named.db").exits(0).counts("succeeded=1");
    assert!(desk.path("deep/down/named.db").is_file());
}

#[test]
fn a_ledger_of_a_newer_program_or_of_another_is_left_alone() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(1, 1)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let mut shown = String::new();
    desk.ledger().pragma_update(None, "user_version", 99).unwrap();
    let before = desk.files();
    for verb in ["run job.yaml --sandbox", "plan job.yaml --sandbox", "status job.yaml"] {
        shown.push_str(&format!("=== newer: {verb}\n{}\n", desk.call(verb).exits(2)));
    }
    assert_eq!(desk.files(), before);
    Connection::open(desk.path("other.db"))
        .unwrap()
        .execute_batch("CREATE TABLE people (name TEXT); INSERT INTO people VALUES ('ann')")
        .unwrap();
    desk.write(
        "text.db",
        "not a database, but long enough to be looked at by one who reads it all",
    );
    for ledger in ["other.db", "text.db"] {
        let outcome = desk.call(&format!("run job.yaml --sandbox --ledger {ledger}"));
        shown.push_str(&format!("=== {ledger}\n{outcome}\n"));
    }
    let people: u64 = Connection::open(desk.path("other.db"))
        .unwrap()
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    assert_eq!(people, 1);
    assert_reads("foreign_ledgers", shown);
}

#[test]
fn an_address_is_the_same_with_and_without_a_slash_at_its_end() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(2, 2)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let desk = desk
        .env("STRINGEEX_EMAIL", noteferry::sandbox::EMAIL)
        .env("STRINGEEX_PASSWORD", noteferry::sandbox::PASSWORD);
    let run = format!("run job.yaml --format json --base-url {}/", sandbox.base_url());
    desk.call(&run).exits(0).counts("already_done=2 requests=0");
}

#[test]
fn a_ledger_that_cannot_be_written_stops_the_run_before_it_begins() {
    let sandbox = sandbox("");
    let desk = Desk::with_notes(notes_csv(2, 2)).file("folder/x", "");
    for ledger in ["folder", "notes.csv/ledger.db"] {
        let outcome = desk.run(&sandbox, &format!("job.yaml --ledger {ledger}"));
        assert_eq!(outcome.status, 2, "{outcome}");
        assert_eq!(outcome.all("problem")[0]["code"], "ledger", "{outcome}");
        outcome.counts("requests=0");
    }
    assert!(texts(&sandbox).is_empty());
}

#[test]
fn a_proxy_is_not_asked_for_an_address_of_this_machine() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(2, 2)), sandbox(""));
    let proxy = "http://127.0.0.1:1";
    let desk = desk.env("HTTP_PROXY", proxy).env("http_proxy", proxy).env("ALL_PROXY", proxy);
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=2");
}

/// Asserts that the ledger is left alone by every verb, that its cause is told, and that nothing is sent.
#[track_caller]
fn is_refused(desk: &Desk, sandbox: &noteferry::sandbox::Sandbox, words: &str) {
    let (notes, before) = (texts(sandbox), desk.files());
    let outcome = desk.run(sandbox, "job.yaml").exits(2);
    outcome.counts("requests=0");
    assert_eq!(outcome.all("problem")[0]["code"], "ledger", "{outcome}");
    let message = outcome.all("problem")[0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains(words), "{words}: {outcome}");
    let target = format!("--base-url {}", sandbox.base_url());
    let plan = desk.call(&format!("plan job.yaml --format json {target}")).exits(2);
    assert_eq!(plan.events().last().unwrap()["event"], "planned", "{plan}");
    desk.call("status job.yaml").exits(2);
    assert_eq!(texts(sandbox), notes, "{outcome}");
    assert!(desk.files() == before, "a file was changed: {outcome}");
}

#[test]
fn a_ledger_that_was_cut_short_is_never_taken_for_a_new_one() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(200, 20)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let ledger = desk.path(".noteferry/ledger.db");
    let whole = std::fs::read(&ledger).unwrap();
    for (left, words) in [
        (whole.len() - 4_096, "damaged"),
        (whole.len() / 2 + 100, "damaged"),
        (4_096, "damaged"),
        (700, "damaged"),
        (50, "damaged"),
        (0, "is empty, though runs have used it before"),
    ] {
        std::fs::write(&ledger, &whole[..left]).unwrap();
        is_refused(&desk, &sandbox, words);
    }
    // Whoever wants to begin anew deletes it.
    std::fs::write(&ledger, whole).unwrap();
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=200 requests=0");
}

#[test]
fn no_page_of_a_ledger_can_be_damaged_so_that_anything_is_sent_twice() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(200, 20)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let ledger = desk.path(".noteferry/ledger.db");
    let whole = std::fs::read(&ledger).unwrap();
    let mut seen = 0;
    for page in 1..whole.len() / 4_096 {
        let mut damaged = whole.clone();
        damaged[page * 4_096..][..64].iter_mut().for_each(|byte| *byte ^= 0xa5);
        std::fs::write(&ledger, damaged).unwrap();
        let outcome = desk.run(&sandbox, "job.yaml");
        // Some pages are read by nobody here, such as those of an index that is not asked.
        assert!(matches!(outcome.status, 0 | 2), "{outcome}");
        assert_eq!(outcome.finished()["requests"], 0, "{outcome}");
        if outcome.status == 2 {
            seen += 1;
            let message = &outcome.all("problem")[0]["message"];
            assert!(message.as_str().unwrap().contains("the file is damaged"), "{outcome}");
        }
        assert_eq!(texts(&sandbox).len(), 200, "{outcome}");
        std::fs::remove_file(desk.path(".noteferry/ledger.db-wal")).ok();
        std::fs::remove_file(desk.path(".noteferry/ledger.db-shm")).ok();
    }
    assert!(seen > whole.len() / 4_096 / 2, "{seen}");
}

#[test]
fn what_is_no_ledger_and_a_folder_in_its_place_are_told_as_such() {
    let sandbox = sandbox("");
    let desk = Desk::with_notes(notes_csv(2, 2)).file("folder/x", "").file("text.db", "hello\n");
    let mut shown = String::new();
    for ledger in ["folder", "text.db", "notes.csv/ledger.db"] {
        let outcome = desk.call(&format!("run job.yaml --sandbox --ledger {ledger}")).exits(2);
        shown.push_str(&format!("=== {ledger}\n{outcome}\n"));
        desk.run(&sandbox, &format!("job.yaml --ledger {ledger}")).exits(2).counts("requests=0");
    }
    assert_eq!(std::fs::read_to_string(desk.path("text.db")).unwrap(), "hello\n");
    assert_reads("misplaced_ledgers", shown);
}

#[test]
fn a_value_that_was_edited_is_told_as_damage_and_nothing_is_sent() {
    let mut shown = String::new();
    for statement in [
        "UPDATE starts SET digest = x'00' WHERE id = 1",
        "UPDATE starts SET key = CAST(x'6bff' AS TEXT) WHERE id = 1",
        "UPDATE starts SET operation = CAST(x'ff' AS TEXT) WHERE id = 1",
        "UPDATE ends SET outcome = CAST(x'ff' AS TEXT) WHERE id = 1",
        "UPDATE runs SET keyed_by = CAST(x'ff' AS TEXT)",
    ] {
        let (desk, sandbox) = (Desk::with_notes(notes_csv(4, 4)), sandbox(""));
        desk.run(&sandbox, "job.yaml").exits(0);
        desk.ledger().execute_batch(statement).unwrap();
        let outcome = desk.run(&sandbox, "job.yaml").exits(2);
        outcome.counts("requests=0");
        assert_eq!(texts(&sandbox).len(), 4);
        let plan = format!("plan job.yaml --base-url {}", sandbox.base_url());
        let told = desk.call(&plan).exits(2).stderr;
        let message = outcome.all("problem")[0]["message"].as_str().unwrap().to_owned();
        assert!(told.contains(&message), "{told}\n{outcome}");
        shown.push_str(&format!("=== {statement}\n{told}\n"));
    }
    assert_reads("edited_ledger", shown);
}

#[test]
fn a_folder_in_place_of_a_ledger_is_called_one_by_every_verb() {
    let desk = Desk::with_notes(notes_csv(2, 2)).file("folder/x", "");
    for verb in ["run job.yaml --sandbox", "plan job.yaml", "status job.yaml", "ledger check"] {
        let outcome = desk.call(&format!("{verb} --ledger folder")).exits(2);
        let told = "error[ledger]: the ledger folder cannot be opened: it is a folder";
        assert!(outcome.stderr.contains(told), "{verb}: {outcome}");
        assert!(outcome.stderr.contains("name a file with --ledger"), "{verb}: {outcome}");
    }
}

/// Whether permissions mean nothing to the user of these tests.
#[cfg(unix)]
#[allow(unsafe_code)]
fn is_root() -> bool {
    // SAFETY: the call has no preconditions.
    unsafe { libc::geteuid() == 0 }
}

#[cfg(unix)]
#[test]
fn a_ledger_or_a_folder_that_may_not_be_written_stops_the_run_before_it_begins() {
    use std::os::unix::fs::PermissionsExt as _;
    if is_root() {
        // Root may write everything.
        return;
    }
    let allow = |path: &str, desk: &Desk, mode: u32| {
        std::fs::set_permissions(desk.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let (desk, sandbox) = (Desk::with_notes(notes_csv(2, 2)), sandbox(""));
    std::fs::create_dir(desk.path("closed")).unwrap();
    allow("closed", &desk, 0o555);
    for ledger in ["closed/ledger.db", "closed/deeper/ledger.db"] {
        let outcome = desk.run(&sandbox, &format!("job.yaml --ledger {ledger}")).exits(2);
        outcome.counts("requests=0");
        assert!(outcome.stdout.contains("it is read-only for this user"), "{outcome}");
    }
    desk.run(&sandbox, "job.yaml").exits(0);
    let rows = "id,ticket,body\nk1,tk_1,Note 1\nk2,tk_0,Note 2\nk3,tk_1,Note 3\n";
    desk.write("notes.csv", rows);
    for (path, mode) in [(".noteferry/ledger.db", 0o444), (".noteferry", 0o555)] {
        let before = std::fs::metadata(desk.path(path)).unwrap().permissions();
        allow(path, &desk, mode);
        let outcome = desk.run(&sandbox, "job.yaml").exits(2);
        outcome.counts("requests=0");
        assert!(outcome.stdout.contains("it is read-only for this user"), "{outcome}");
        // Whoever may not write may still look.
        desk.call("status job.yaml").exits(0);
        std::fs::set_permissions(desk.path(path), before).unwrap();
    }
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=2 succeeded=1");
}

/// Runs twenty rows against an API that does something to the ledger when the sixth arrives. Gives what came of it, and
/// the API.
#[cfg(unix)]
fn run_while(desk: &Desk, deed: fn(&Path)) -> (Outcome, Stand, String) {
    let folder = desk.path(".noteferry");
    let count = AtomicU64::new(0);
    let stand = Stand::open(move |_| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        if number == 5 {
            deed(&folder);
        }
        Some((200, format!(r#"{{"r":0,"msg":"Success","id":"tn_{number}"}}"#)))
    });
    let run = format!(
        "run job.yaml --format json --rate 100000/s --concurrency 3 --base-url {}",
        stand.address()
    );
    (desk.call(&run).exits(4), stand, run)
}

/// Runs the rest, and asserts that each row was sent once.
#[cfg(unix)]
fn finish_once(desk: &Desk, first: &Outcome, stand: &Stand, run: &str) {
    let done = first.finished()["succeeded"].as_u64().unwrap();
    assert!(done >= 5, "what was under way came to its end: {first}");
    let rest = format!("rows=20 succeeded={} already_done={done}", 20 - done);
    desk.call(run).exits(0).counts(&rest);
    let bodies: BTreeSet<String> = stand.bodies().into_iter().collect();
    assert_eq!((stand.seen().len(), bodies.len()), (20, 20));
    desk.call("ledger check").exits(0);
}

#[cfg(unix)]
#[test]
fn a_ledger_that_is_deleted_during_a_run_is_written_again_with_all_that_is_known() {
    let with_all_beside_it: fn(&Path) = |folder| std::fs::remove_dir_all(folder).unwrap();
    let alone: fn(&Path) = |folder| std::fs::remove_file(folder.join("ledger.db")).unwrap();
    for deed in [with_all_beside_it, alone] {
        let desk = desk(&notes_csv(20, 20));
        let (first, stand, run) = run_while(&desk, deed);
        let message = first.finished()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("was deleted while the run used it, and has been"), "{first}");
        finish_once(&desk, &first, &stand, &run);
    }
}

#[cfg(unix)]
#[test]
fn a_ledger_that_loses_its_log_is_written_beside_it() {
    let desk = desk(&notes_csv(20, 20));
    let remove_log = |folder: &Path| std::fs::remove_file(folder.join("ledger.db-wal")).unwrap();
    let (first, stand, run) = run_while(&desk, remove_log);
    assert!(first.stdout.contains("ledger.db.kept"), "{first}");
    // Until somebody does what the message says, nothing is sent.
    for verb in [run.as_str(), "status job.yaml"] {
        let refused = desk.call(verb).exits(2);
        assert!(refused.to_string().contains("is in .noteferry/ledger.db.kept"), "{refused}");
    }
    put_in_place(&desk);
    finish_once(&desk, &first, &stand, &run);
}

#[cfg(unix)]
#[test]
fn a_ledger_in_whose_place_another_is_put_is_written_beside_it() {
    let desk = desk(&notes_csv(20, 20));
    let (first, stand, run) = run_while(&desk, |folder| {
        let ledger = folder.join("ledger.db");
        std::fs::rename(&ledger, folder.join("moved.db")).unwrap();
        std::fs::write(&ledger, "another").unwrap();
    });
    assert!(first.stdout.contains("ledger.db.kept"), "{first}");
    assert_eq!(std::fs::read(desk.path(".noteferry/ledger.db")).unwrap(), b"another");
    put_in_place(&desk);
    finish_once(&desk, &first, &stand, &run);
}

/// Does what the message says.
#[cfg(unix)]
fn put_in_place(desk: &Desk) {
    for name in ["ledger.db-wal", "ledger.db-shm"] {
        let _ = std::fs::remove_file(desk.path(&format!(".noteferry/{name}")));
    }
    let kept = desk.path(".noteferry/ledger.db.kept");
    std::fs::rename(kept, desk.path(".noteferry/ledger.db")).unwrap();
}

#[cfg(unix)]
#[test]
fn a_link_to_a_ledger_is_as_good_as_the_ledger() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 3)), sandbox(""));
    desk.run(&sandbox, "job.yaml --ledger kept/ledger.db --limit 1").exits(0);
    std::os::unix::fs::symlink(desk.path("kept/ledger.db"), desk.path("link.db")).unwrap();
    let rest = desk.run(&sandbox, "job.yaml --ledger link.db").exits(0);
    rest.counts("rows=3 succeeded=2 already_done=1");
    let status = "status job.yaml --ledger link.db --format json";
    assert!(desk.call(status).exits(0).stdout.contains("\"succeeded\":3"));
    assert!(!desk.path("link.db-wal").exists() && !desk.path("kept/ledger.db-wal").exists());
}

#[cfg(unix)]
#[test]
fn an_older_ledger_stays_as_it_is_where_the_job_may_not_be_run() {
    let kept = format!("{}/tests/ledgers/format-2.db", env!("CARGO_MANIFEST_DIR"));
    let (held, desk) = (Held::open(), desk("id,ticket,body\n1,tk_1,a\n"));
    let first = desk.start(&held.run());
    held.stand.arrival();
    // A run of another job has the ledger in hand: as far as anyone can tell, one of an older version.
    let older = desk.path(".noteferry/ledger.db");
    std::fs::remove_file(&older).unwrap();
    std::fs::copy(kept, &older).unwrap();
    for log in ["ledger.db-wal", "ledger.db-shm"] {
        let _ = std::fs::remove_file(desk.path(&format!(".noteferry/{log}")));
    }
    let sandbox = sandbox("");
    let update = "UPDATE jobs SET base_url = ?, account = ''";
    desk.ledger().execute(update, [sandbox.base_url()]).unwrap();
    let before = std::fs::read(&older).unwrap();
    let keyed = NOTES_JOB.replace("job: notes", "job: by-content\naccount: ''");
    desk.write("other.yaml", keyed.replace("key: \"{{ id }}\"\n", ""));
    let refused = desk.run(&sandbox, "other.yaml").exits(5);
    assert!(
        refused.to_string().contains("of an older format, and another run uses it"),
        "{refused}"
    );
    drop(first);
    // Nor where the key is another one.
    desk.write("keyed.yaml", keyed);
    let refused = desk.run(&sandbox, "keyed.yaml").exits(2);
    assert!(refused.to_string().contains("key"), "{refused}");
    let format = |ledger: &[u8]| ledger[63];
    let after = std::fs::read(&older).unwrap();
    assert_eq!((format(&before), format(&after)), (2, 2), "the format that the file's head names");
}

#[test]
fn a_run_goes_on_with_the_ledger_of_an_earlier_version() {
    let job = NOTES_JOB.replace("job: notes", "job: by-content").replace("key: \"{{ id }}\"\n", "");
    let rows = notes_csv(5, 5);
    for format in [1, 2] {
        let kept = format!("{}/tests/ledgers/format-{format}.db", env!("CARGO_MANIFEST_DIR"));
        let kept = std::fs::read(kept).unwrap();
        let desk = Desk::new().file("job.yaml", &job).file("notes.csv", &rows);
        let (desk, sandbox) = (desk.file(".noteferry/ledger.db", &kept), sandbox(""));
        desk.ledger().execute("UPDATE jobs SET base_url = ?", [sandbox.base_url()]).unwrap();
        let before = std::fs::read(desk.path(".noteferry/ledger.db")).unwrap();
        // Who only looks leaves it as it is.
        let status = desk.call("status job.yaml --format json").exits(0).events().remove(0);
        assert_eq!((&status["rows"], &status["succeeded"]), (&5.into(), &3.into()), "{status}");
        let plan = format!("plan job.yaml --format json --base-url {}", sandbox.base_url());
        let planned = desk.call(&plan).exits(0).events().pop().unwrap();
        assert_eq!((&planned["skip"], &planned["send"]), (&3.into(), &2.into()), "{planned}");
        assert!(std::fs::read(desk.path(".noteferry/ledger.db")).unwrap() == before);
        desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=3 succeeded=2");
        desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=5 requests=0");
        let format: i64 =
            desk.ledger().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(format, 3);
        desk.call("ledger check").exits(0);
    }
}

#[cfg(unix)]
#[test]
fn a_ledger_is_for_its_user_alone_and_nothing_else_is_written_in_its_place() {
    use std::os::unix::fs::{MetadataExt as _, symlink};
    let sandbox = sandbox("");
    let desk = Desk::with_notes(notes_csv(2, 1));
    desk.run(&sandbox, "job.yaml").exits(0);
    let mode = |path: &str| desk.path(path).metadata().unwrap().mode() & 0o777;
    assert_eq!((mode(".noteferry"), mode(".noteferry/ledger.db")), (0o700, 0o600));
    let folder = std::fs::read_dir(desk.path(".noteferry")).unwrap().flatten();
    let lock = folder
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|ending| ending == "lock"));
    let lock = lock.unwrap();
    assert_eq!(lock.metadata().unwrap().mode() & 0o777, 0o600);
    let rescue = lock.with_extension("1.rescue");
    desk.write("precious", "precious\n");
    for place in [&lock, &rescue] {
        let _ = std::fs::remove_file(place);
        symlink(desk.path("precious"), place).unwrap();
        let outcome = desk.run(&sandbox, "job.yaml");
        assert!(outcome.stdout.contains("a symbolic link is in its place"), "{outcome}");
        assert_eq!(std::fs::read_to_string(desk.path("precious")).unwrap(), "precious\n");
        std::fs::remove_file(place).unwrap();
        let made = std::process::Command::new("mkfifo").arg(place).status().unwrap();
        assert!(made.success());
        let outcome = desk.run(&sandbox, "job.yaml");
        assert!(outcome.stdout.contains("no regular file"), "{outcome}");
        std::fs::remove_file(place).unwrap();
    }
    desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=2");
}
