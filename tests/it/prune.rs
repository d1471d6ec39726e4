//! `ledger prune`: rehearsals go, what was really sent stays unless it is named, and what is left is sound.

use std::time::Duration;

use noteferry::sandbox::Options;

use crate::desk::{Desk, NOTES_JOB, notes_csv, sandbox, sandbox_with, texts, unhurried};

fn counts(desk: &Desk) -> (i64, i64) {
    let one = |query: &str| desk.ledger().query_row(query, [], |row| row.get(0)).unwrap();
    (
        one("SELECT count(*) FROM row_states WHERE base_url = 'sandbox'"),
        one("SELECT count(*) FROM row_states WHERE base_url <> 'sandbox'"),
    )
}

#[test]
fn rehearsals_go_and_what_was_sent_stays() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(300, 7)), sandbox(""));
    desk.call("run job.yaml --sandbox").exits(0);
    desk.run(&sandbox, "job.yaml --limit 20").exits(0);
    desk.call("run job.yaml --sandbox").exits(0);
    assert_eq!(counts(&desk), (300, 20));
    let before = desk.files();
    let dry = desk.call("ledger prune --dry-run").exits(0);
    assert!(dry.stdout.contains("a rehearsal of notes: 300 rows"), "{dry}");
    assert!(dry.stdout.contains("Nothing was changed"), "{dry}");
    assert_eq!(desk.files(), before);
    let pruned = desk.call("ledger prune --format json").exits(0).events().remove(0);
    assert_eq!(
        (&pruned["event"], &pruned["rehearsals"][0]["rows"]),
        (&"pruned".into(), &300.into())
    );
    assert!(pruned["bytes_after"].as_u64() < pruned["bytes_before"].as_u64(), "{pruned}");
    assert_eq!(counts(&desk), (0, 20));
    desk.call("ledger check").exits(0);
    // Numbers are given once.
    let next = desk.run(&sandbox, "job.yaml").exits(0);
    next.counts("rows=300 succeeded=280 already_done=20");
    assert_eq!(next.all("started")[0]["run"], 4);
    assert_eq!(texts(&sandbox).len(), 300);
    desk.call("run job.yaml --sandbox").exits(0);
    desk.call("ledger check").exits(0);
    let nothing = desk.call("ledger prune other.yaml");
    assert_eq!(nothing.status, 2);
}

#[test]
fn what_was_really_sent_is_forgotten_only_by_name_by_day_and_by_word() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(5, 3)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("other.yaml", NOTES_JOB.replace("job: notes", "job: other"));
    desk.run(&sandbox, "other.yaml --as-new").exits(0);
    desk.call("ledger prune --before 2100-01-01 --yes").exits(2);
    let young = desk.call("ledger prune job.yaml --before 2020-01-01 --yes").exits(0);
    assert!(young.stdout.contains("stays: notes: 5 rows"), "{young}");
    let unsaid = desk.call("ledger prune job.yaml --before 2100-01-01").exits(2);
    assert!(unsaid.stderr.contains("a run would send them again"), "{unsaid}");
    let dry = desk.call("ledger prune job.yaml --before 2100-01-01 --dry-run").exits(0);
    assert!(dry.stdout.contains("would be there twice"), "{dry}");
    assert_eq!(counts(&desk).1, 10);
    desk.call("ledger prune job.yaml --before 2100-01-01 --yes").exits(0);
    assert_eq!(counts(&desk).1, 5);
    desk.call("ledger check").exits(0);
    desk.run(&sandbox, "other.yaml").exits(0).counts("rows=5 already_done=5");
    // As was said.
    desk.run(&sandbox, "job.yaml --as-new").exits(0).counts("rows=5 succeeded=5");
    desk.call("ledger check").exits(0);
}

#[test]
fn while_a_run_holds_a_job_nothing_goes_and_after_a_crash_the_next_run_is_as_it_would_be() {
    let sandbox = sandbox_with(Options { latency: Duration::from_millis(15), ..unhurried() });
    let desk = Desk::with_notes(notes_csv(100, 7));
    desk.call("run job.yaml --sandbox").exits(0);
    let mut run = desk.start_run(&sandbox, "job.yaml --concurrency 2");
    run.line().unwrap();
    desk.call("ledger prune").exits(5);
    assert_eq!(counts(&desk).0, 100);
    run.kill();
    desk.call("ledger prune").exits(0);
    assert_eq!(counts(&desk).0, 0);
    desk.call("ledger check").exits(0);
    let rest = desk.sure_after("0s").run(&sandbox, "job.yaml");
    assert!(rest.status == 0 || rest.status == 6, "{rest}");
    let mut sent = texts(&sandbox);
    let all = sent.len();
    sent.sort_unstable();
    sent.dedup();
    assert_eq!(sent.len(), all, "none twice");
}

#[test]
fn runs_that_did_nothing_go_but_for_the_last() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(5, 3)), sandbox(""));
    for _ in 0..6 {
        desk.run(&sandbox, "job.yaml").exits(0);
    }
    let pruned = desk.call("ledger prune --format json").exits(0).events().remove(0);
    assert_eq!(pruned["empty_runs"], 4, "{pruned}");
    desk.call("ledger check").exits(0);
    let status = desk.call("status job.yaml --format json").exits(0).events().remove(0);
    assert_eq!((&status["succeeded"], status["runs"].as_array().unwrap().len()), (&5.into(), 2));
    let again = desk.call("ledger prune").exits(0);
    assert!(again.stdout.contains("There is nothing to take out of the ledger."), "{again}");
}

#[test]
fn what_is_known_of_a_job_beside_its_requests_goes_with_it_and_no_number_is_given_twice() {
    let rows = "id,ticket,body\n1,tk_1,a\n2,,b\n3,,c\n";
    let (desk, sandbox) = (Desk::with_notes(rows), sandbox(""));
    let count = |table: &str| -> i64 {
        let query = format!("SELECT count(*) FROM {table}");
        desk.ledger().query_row(&query, [], |row| row.get(0)).unwrap_or(0)
    };
    let tables = ["corrections", "invalid_rows", "verifications"];
    desk.run(&sandbox, "job.yaml --skip-invalid").exits(1);
    desk.call("run job.yaml --sandbox --skip-invalid").exits(1);
    desk.call_at(&sandbox, "rejects job.yaml -o back.csv").exits(0);
    let back = std::fs::read_to_string(desk.path("back.csv")).unwrap();
    desk.write("back.csv", back.replace("2,,b", "2,tk_2,b"));
    desk.run(&sandbox, "job.yaml --from back.csv --skip-invalid");
    desk.call("rejects job.yaml --sandbox -o rehearsed.csv").exits(0);
    let rehearsed = std::fs::read_to_string(desk.path("rehearsed.csv")).unwrap();
    desk.write("rehearsed.csv", rehearsed.replace("2,,b", "2,tk_2,b"));
    desk.call("run job.yaml --sandbox --from rehearsed.csv --skip-invalid");
    desk.call_at(&sandbox, "verify job.yaml --rate 1000/10ms").exits(1);
    tables.iter().for_each(|table| assert!(count(table) > 0, "{table}"));
    // Rehearsals alone: what is known of the real job stays.
    let all = tables.map(count);
    desk.call("ledger prune").exits(0);
    let left = tables.map(count);
    assert!(left[0] > 0 && left[0] < all[0] && left[1] > 0 && left[1] < all[1], "{all:?} {left:?}");
    assert_eq!(left[2], all[2]);
    desk.call("ledger check").exits(0);
    desk.call("ledger prune job.yaml --before 2100-01-01 --yes").exits(0);
    assert_eq!(tables.map(count), [0, 0, 0]);
    desk.call("ledger check").exits(0);
    let last: i64 =
        desk.ledger().query_row("SELECT max(id) FROM jobs", [], |row| row.get(0)).unwrap();
    desk.write("other.yaml", NOTES_JOB.replace("job: notes", "job: other"));
    desk.run(&sandbox, "other.yaml --as-new --skip-invalid");
    let other = "SELECT id FROM jobs WHERE name = 'other'";
    let other: i64 = desk.ledger().query_row(other, [], |row| row.get(0)).unwrap();
    assert!(last >= 2 && other > last, "{other} after {last}");
    // The row is sent again as it stands in the source by now, and nothing holds it.
    desk.write("notes.csv", rows.replace("2,,b", "2,tk_2,b"));
    desk.run(&sandbox, "job.yaml --as-new --skip-invalid")
        .exits(1)
        .counts("rows=3 succeeded=2 invalid=1");
    desk.call("ledger check").exits(0);
    let never = desk.call("ledger prune job.yaml --before=-009999-01-01 --yes").exits(2);
    assert!(never.stderr.contains("begins at no moment"), "{never}");
}
