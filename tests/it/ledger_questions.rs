//! The questions of `docs/ledger.md` are answered by a real ledger, and `ledger export` says the same.

use serde_json::Value;

use crate::desk::{Desk, NOTES_JOB, forget_outcome, notes_csv, sandbox};

/// Each question with its SQL.
fn questions() -> Vec<(String, String)> {
    let page = include_str!("../../docs/ledger.md");
    let part = page.split("<!-- questions -->").nth(1).unwrap();
    let part = part.split("<!-- end of questions -->").next().unwrap();
    let mut questions = Vec::new();
    for piece in part.split("```sql\n").collect::<Vec<_>>().windows(2) {
        let words = piece[0].rsplit("```\n").next().unwrap().trim().to_owned();
        questions.push((words, piece[1].split("```").next().unwrap().to_owned()));
    }
    questions
}

/// A ledger in which everything has happened that is asked about.
fn eventful() -> Desk {
    let rows = notes_csv(6, 3) + "k7,tk_missing1,x\nk8,tk_missing1,y\nk9,tk_2,z\n";
    let desk = Desk::new()
        .file("job.yaml", NOTES_JOB.replace("job: notes", "job: import-notes"))
        .file("notes.csv", rows)
        .without_recovery();
    let sandbox = sandbox("");
    desk.call("run job.yaml --sandbox").exits(1);
    desk.run(&sandbox, "job.yaml --limit 2 --approved-by Lan").exits(0);
    desk.run(&sandbox, "job.yaml").exits(1);
    desk.run(&sandbox, "job.yaml --retry-failed").exits(1);
    let settle =
        format!("settle job.yaml --key k8 --dismiss --why gone --base-url {}", sandbox.base_url());
    desk.call(&settle).exits(0);
    desk
}

#[test]
fn every_question_of_the_page_has_an_answer() {
    let desk = eventful();
    let ledger = desk.ledger();
    let questions = questions();
    assert!(questions.len() >= 12, "{questions:?}");
    for (words, sql) in &questions {
        let real = sql.replace("run = 1", "run = 3").replace(
            "'tn_1'",
            "(SELECT min(remote_id) FROM row_states WHERE base_url <> 'sandbox')",
        );
        let mut statement =
            ledger.prepare(&real).unwrap_or_else(|error| panic!("{words}: {error}"));
        let mut rows = statement.query([]).unwrap();
        let mut count = 0;
        while rows.next().unwrap().is_some() {
            count += 1;
        }
        assert!(count > 0, "nothing answers: {words}\n{sql}");
    }
    let state = |state: &str| {
        let (_, sql) = &questions[0];
        let query = format!(
            "SELECT rows FROM ({}) WHERE base_url <> 'sandbox' AND state = ?",
            sql.trim().trim_end_matches(';')
        );
        ledger.query_row(&query, [state], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!((state("succeeded"), state("failed"), state("dismissed")), (7, 1, 1));
}

#[test]
fn an_export_has_each_request_once_in_either_form() {
    let desk = eventful();
    let ledger = desk.ledger();
    let all: i64 = ledger.query_row("SELECT count(*) FROM starts", [], |row| row.get(0)).unwrap();
    let told = desk.call("ledger export job.yaml --format jsonl").exits(0);
    let lines: Vec<Value> =
        told.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len() as i64, all);
    let done =
        lines.iter().filter(|line| line["last"] == true && line["outcome"] == "succeeded").count();
    let sql = "SELECT count(*) FROM row_states WHERE state = 'succeeded'";
    assert_eq!(done as i64, ledger.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap());
    for line in &lines {
        let moment: jiff::Timestamp = line["started_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(moment.as_millisecond(), line["started_ms"].as_i64().unwrap());
    }
    let before = desk.files();
    desk.call("ledger export job.yaml -o all.csv").exits(0);
    let mut reader = csv::Reader::from_path(desk.path("all.csv")).unwrap();
    let head = reader.headers().unwrap().clone();
    let names: Vec<&str> = lines[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(head.iter().collect::<Vec<_>>(), names);
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    for (record, line) in records.iter().zip(&lines) {
        assert_eq!(
            (&record[7], record[10].parse().ok()),
            (line["key"].as_str().unwrap(), line["attempt"].as_i64())
        );
    }
    assert_eq!(records.len(), lines.len());
    let after = desk.files().into_iter().filter(|(path, _)| !path.ends_with("all.csv"));
    assert_eq!(after.collect::<Vec<_>>(), before, "it changes nothing");
    let rehearsed = desk.call("ledger export --format jsonl --base-url sandbox").exits(0);
    assert!(rehearsed.stdout.lines().count() > 0);
    assert!(rehearsed.stdout.lines().all(|line| line.contains("\"base_url\":\"sandbox\"")));
}

#[test]
fn an_export_amid_a_crash_has_what_is_known_and_one_that_cannot_be_is_refused() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 3)), sandbox(""));
    desk.call("ledger export job.yaml").exits(2);
    desk.run(&sandbox, "job.yaml").exits(0);
    // As if the run had died before it knew what came of it.
    let id: i64 =
        desk.ledger().query_row("SELECT min(id) FROM starts", [], |row| row.get(0)).unwrap();
    forget_outcome(&desk.ledger(), id, 1);
    let told = desk.call("ledger export --format jsonl").exits(0);
    let first: Value = serde_json::from_str(told.stdout.lines().next().unwrap()).unwrap();
    assert_eq!((&first["outcome"], &first["ended_at"]), (&Value::Null, &Value::Null), "{first}");
    let ledger = std::fs::read(desk.path(".noteferry/ledger.db")).unwrap();
    desk.call("ledger export -o .noteferry/ledger.db").exits(2);
    desk.call("ledger export -o nowhere/all.csv").exits(2);
    assert_eq!(std::fs::read(desk.path(".noteferry/ledger.db")).unwrap(), ledger);
    desk.write("job.yaml", NOTES_JOB.replace("job: notes", "job: others"));
    assert_eq!(desk.call("ledger export job.yaml").exits(0).stdout.lines().count(), 1);
}
