//! Killed anywhere: for every beginning of a run's ledger, and whatever the last request in it did, the next run
//! loses nothing and repeats nothing.

use std::collections::BTreeMap;

use noteferry::sandbox::Sandbox;
use rusqlite::Connection;
use serde_json::json;

use crate::ask::{ask, log_in};
use crate::desk::{Desk, Outcome, forget_outcome, notes_csv, sandbox, texts};

const ROWS: usize = 6;
const JOB_LIMITS: &str = "limits: { attempts: 20 }\n";

/// An attempt of a finished run, in the order in which attempts began.
#[derive(Debug, Clone)]
struct Attempt {
    row: i64,
    number: i64,
    /// The row's place in the source.
    place: usize,
    acted: bool,
}

/// What is known of the last attempt of a beginning.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Last {
    /// Its outcome.
    Ended,
    /// That it began; its request never left.
    Unsent,
    /// That it began; its request was answered, but the answer was not written down.
    Unwritten,
}

/// A finished run of some rows, some of whose attempts were told "not now".
struct Finished {
    desk: Desk,
    attempts: Vec<Attempt>,
}

impl Finished {
    fn new() -> Self {
        let job = format!("{}{JOB_LIMITS}", crate::desk::NOTES_JOB);
        let desk = Desk::with_notes(notes_csv(ROWS, ROWS)).file("job.yaml", job).trusting_503();
        desk.run(&sandbox("503=30%"), "job.yaml --concurrency 1").exits(0);
        let attempts = attempts(&desk.ledger());
        assert!(attempts.len() > ROWS, "the seed draws no fault");
        Self { desk, attempts }
    }

    /// The same folder as it was after so many attempts had begun, with a sandbox that has seen as much.
    fn beginning(&self, length: usize, last: Last) -> (Desk, Sandbox) {
        let sandbox = sandbox("");
        let token = log_in(sandbox.base_url());
        let happened = &self.attempts[..length];
        let mut named = Vec::new();
        for (at, attempt) in happened.iter().enumerate() {
            if attempt.acted && (at + 1 < length || last != Last::Unsent) {
                let place = attempt.place;
                let body = json!({
                    "ticket_id": format!("tk_{}", place % ROWS), "note": format!("Note {place}"),
                    "is_internal_note": true,
                });
                let answer = ask(sandbox.base_url(), "POST", "/v1/ticketNote", &token, &body);
                named.push((answer["id"].as_str().unwrap().to_owned(), attempt));
            }
        }
        let desk = Desk::new();
        for (path, content) in self.desk.files() {
            let name = path.strip_prefix(self.desk.path("")).unwrap();
            desk.write(name.to_str().unwrap(), content);
        }
        let ledger = desk.ledger();
        // This sandbox calls them by names of its own.
        for (id, Attempt { row, number, .. }) in named {
            let name = "UPDATE ends SET remote_id = ? WHERE id = ? AND number = ?";
            ledger.execute(name, (id, row, number)).unwrap();
        }
        cut(&ledger, happened, last, sandbox.base_url());
        (desk, sandbox)
    }
}

fn attempts(ledger: &Connection) -> Vec<Attempt> {
    let mut query = ledger
        .prepare(
            "SELECT attempts.row, number, rows.row, outcome = 'succeeded' FROM attempts \
             JOIN rows ON rows.id = attempts.row ORDER BY started_at, number, rows.row",
        )
        .unwrap();
    let rows = query.query_map([], |row| {
        Ok(Attempt {
            row: row.get(0)?,
            number: row.get(1)?,
            place: row.get(2)?,
            acted: row.get(3)?,
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Takes out of a ledger what had not happened yet.
fn cut(ledger: &Connection, happened: &[Attempt], last: Last, base_url: &str) {
    let kept: BTreeMap<(i64, i64), ()> =
        happened.iter().map(|attempt| ((attempt.row, attempt.number), ())).collect();
    for attempt in attempts(ledger) {
        if !kept.contains_key(&(attempt.row, attempt.number)) {
            let at = (attempt.row, attempt.number);
            for table in ["ends", "starts"] {
                let delete = format!("DELETE FROM {table} WHERE id = ? AND number = ?");
                ledger.execute(&delete, at).unwrap();
            }
        }
    }
    if let (Some(attempt), false) = (happened.last(), last == Last::Ended) {
        forget_outcome(ledger, attempt.row, attempt.number);
    }
    ledger.execute_batch("UPDATE runs SET ended_at = NULL, exit = NULL").unwrap();
    ledger.execute("UPDATE jobs SET base_url = ?", [base_url]).unwrap();
}

/// The notes that a sandbox has, with how often it has each.
fn notes(sandbox: &Sandbox) -> BTreeMap<String, u32> {
    let mut notes = BTreeMap::new();
    for text in texts(sandbox) {
        *notes.entry(text).or_default() += 1;
    }
    notes
}

#[track_caller]
fn assert_once(sandbox: &Sandbox, missing: Option<usize>, outcome: &Outcome, case: &str) {
    let expected = (1..=ROWS).filter(|place| Some(*place) != missing);
    let expected: BTreeMap<String, u32> =
        expected.map(|place| (format!("Note {place}"), 1)).collect();
    assert_eq!(notes(sandbox), expected, "{case}\n{outcome}");
}

#[test]
fn a_run_goes_on_from_every_moment() {
    let finished = Finished::new();
    for length in 0..=finished.attempts.len() {
        let (desk, sandbox) = finished.beginning(length, Last::Ended);
        let case = format!("after {length} attempts");
        let outcome = desk.run(&sandbox, "job.yaml").exits(0);
        assert_once(&sandbox, None, &outcome, &case);
    }
}

#[test]
fn a_request_of_unknown_fate_is_in_doubt_and_alone_in_that() {
    let finished = Finished::new();
    for length in 1..=finished.attempts.len() {
        let place = finished.attempts[length - 1].place;
        for last in [Last::Unsent, Last::Unwritten] {
            let (desk, sandbox) = finished.beginning(length, last);
            let desk = desk.without_recovery();
            let case = format!("{last:?} after {length} attempts");
            // Twice: what is in doubt stays so.
            for _ in 0..2 {
                let outcome = desk.run(&sandbox, "job.yaml").exits(6);
                assert_eq!(outcome.finished()["in_doubt"], 1, "{case}\n{outcome}");
                let acted = finished.attempts[length - 1].acted && last == Last::Unwritten;
                assert_once(&sandbox, (!acted).then_some(place), &outcome, &case);
            }
        }
    }
}

#[test]
fn a_request_of_unknown_fate_is_looked_for() {
    let finished = Finished::new();
    for length in 1..=finished.attempts.len() {
        for last in [Last::Unsent, Last::Unwritten] {
            let (desk, sandbox) = finished.beginning(length, last);
            let desk = desk.sure_after("0s");
            let case = format!("{last:?} after {length} attempts");
            let outcome = desk.run(&sandbox, "job.yaml").exits(0);
            assert_once(&sandbox, None, &outcome, &case);
        }
    }
}
