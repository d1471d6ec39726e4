//! `settle` on a terminal: asks of each row in doubt, with its list beside it, and keeps each answer as it is given.

use noteferry::sandbox::Sandbox;

use crate::ask::{ask, log_in};
use crate::desk::{Desk, forget_outcome, notes_csv, requests, sandbox, texts};
use crate::terminal::{CTRL_C, ENTER, Terminal, UP};
use serde_json::json;

/// So many rows of one ticket, of which some are in doubt though their notes are there.
fn in_doubt(rows: usize, doubtful: &[i64]) -> (Desk, Sandbox) {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(rows, 1)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    doubtful.iter().for_each(|row| forget_outcome(&desk.ledger(), *row, 1));
    (desk, sandbox)
}

fn states(desk: &Desk) -> Vec<String> {
    let ledger = desk.ledger();
    let query = "SELECT state || coalesce(' ' || remote_id, '') FROM row_states ORDER BY row";
    let mut query = ledger.prepare(query).unwrap();
    let rows = query.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn id_of(sandbox: &Sandbox, text: &str) -> String {
    let books = sandbox.books();
    let mut notes = books["notes"].as_array().unwrap().iter();
    notes.find(|note| note["note"] == text).unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn each_row_in_doubt_is_asked_about_with_its_list_beside_it() {
    let (desk, sandbox) = in_doubt(4, &[1, 3, 4]);
    let token = log_in(sandbox.base_url());
    let twin = json!({"ticket_id": "tk_0", "note": "Note 1", "is_internal_note": false});
    ask(sandbox.base_url(), "POST", "/v1/ticketNote", &token, &twin);
    let [one, two] = ["Note 1", "Note 2"].map(|text| id_of(&sandbox, text));
    let sent = texts(&sandbox).len();
    let Some(mut terminal) =
        Terminal::start(&desk.command_at(&sandbox, "settle job.yaml --by Lan --color never"))
    else {
        return;
    };
    let asked = terminal.until("What became of it");
    assert!(asked.contains("1 of 3: row 1 (line 2, key k1, ticket tk_0) is in doubt"), "{asked}");
    let line = |id: &str| asked.lines().find(|line| line.contains(id)).unwrap().to_owned();
    assert!(line(&one).contains("[the same]"), "{asked}");
    assert!(line(&two).contains("[made by row 2 (line 3, key k2)]"), "{asked}");
    assert!(asked.contains("visible to the customer there, internal in the row"), "{asked}");
    let choices = terminal.until("stop here");
    assert!(choices.contains(&format!("it is there, as {one}")), "{choices}");
    assert!(!choices.contains(&two), "what another row has made cannot be chosen: {choices}");
    // From `skip`, where Enter decides nothing, to the first.
    terminal.press(&[UP, UP, UP, UP, UP, UP, ENTER]);
    terminal.until("settled: it is there, as");
    let asked = terminal.until("What became of it");
    assert!(asked.contains("2 of 3: row 3"), "{asked}");
    let line = asked.lines().rfind(|line| line.contains(&one)).unwrap().to_owned();
    assert!(line.contains("[made by row 1"), "{asked}");
    // Not there, though something is there that says the same: that is asked once more, and taken back.
    terminal.until("stop here");
    terminal.press(&[UP, UP, ENTER]);
    terminal.until("Is it surely another one");
    terminal.press(&["n"]);
    terminal.until("What became of it");
    terminal.until("stop here");
    terminal.press(&[UP, ENTER]);
    terminal.until("settled: dismissed");
    terminal.until("3 of 3: row 4");
    terminal.until("stop here");
    terminal.press(&[ENTER]);
    let (status, last) = terminal.end();
    assert_eq!(status, 0, "{last}");
    assert!(
        last.contains("2 rows are settled by Lan: 1 there, 0 not there, 1 dismissed"),
        "{last}"
    );
    let succeeded = |id: &str| format!("succeeded {id}");
    assert_eq!(
        states(&desk),
        [succeeded(&one), succeeded(&two), "dismissed".into(), "in_doubt".into()]
    );
    assert_eq!(texts(&sandbox).len(), sent, "nothing is sent");
    desk.call("ledger check job.yaml").exits(0);
    let status = desk.call("status job.yaml");
    assert!(status.stdout.contains("says Lan"), "{status}");
}

#[test]
fn what_was_answered_before_a_sudden_end_is_kept() {
    let (desk, sandbox) = in_doubt(3, &[1, 2, 3]);
    let Some(mut terminal) =
        Terminal::start(&desk.command_at(&sandbox, "settle job.yaml --color never"))
    else {
        return;
    };
    terminal.until("stop here");
    terminal.press(&[UP, ENTER]);
    terminal.until("settled: dismissed");
    terminal.until("2 of 3");
    terminal.until("stop here");
    terminal.kill();
    assert_eq!(states(&desk), ["dismissed", "in_doubt", "in_doubt"]);
    desk.call("ledger check job.yaml").exits(0);
    let mut terminal =
        Terminal::start(&desk.command_at(&sandbox, "settle job.yaml --color never")).unwrap();
    terminal.until("1 of 2: row 2");
    terminal.until("stop here");
    // Somebody else has said it in between: that is not settled by what was seen before.
    desk.call_at(&sandbox, "settle job.yaml --row 2 --absent").exits(0);
    terminal.press(&[UP, ENTER]);
    terminal.until("was sent again or settled since its list was read");
    terminal.until("stop here");
    terminal.press(&[CTRL_C]);
    let (status, last) = terminal.end();
    assert_eq!(status, 130, "{last}");
    assert!(last.contains("Nothing was settled"), "{last}");
}

#[test]
fn where_nobody_sits_nobody_is_asked() {
    let (desk, sandbox) = in_doubt(2, &[1]);
    let before = requests(&sandbox);
    let told = desk.call_at(&sandbox, "settle job.yaml").exits(2);
    assert!(
        told.stderr.contains("there is no terminal on which somebody could be asked"),
        "{told}"
    );
    assert!(told.stderr.contains("--row 17 --there tn_1"), "{told}");
    let told = desk.call_at(&sandbox, "settle job.yaml --format json").exits(2);
    assert_eq!(told.events().last().unwrap()["event"], "settled", "{told}");
    let told = desk.call_at(&sandbox, "settle job.yaml --absent").exits(2);
    assert!(told.stderr.contains("--row"), "what is said is of some rows: {told}");
    assert_eq!(requests(&sandbox), before);
}
