//! What a list is worth that does not show what was lost: the ledger's notes on other tickets are the measure.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use noteferry::sandbox::{ListModel, Options, Sandbox};
use serde_json::{Value, json};

use crate::ask::{ask, log_in};
use crate::desk::{
    Desk, NOTES_JOB, Outcome, forget_outcome, notes_csv, sandbox, sandbox_with, texts, unhurried,
};
use crate::stand::Stand;

/// A folder after a run of some rows, each on a ticket of its own, of whose last nobody knows what became of it.
fn with_last_lost(rows: usize, acted: bool) -> (Desk, Sandbox) {
    let desk = Desk::with_notes(notes_csv(rows, rows)).sure_after("0s");
    let sandbox = sandbox("");
    let outcome = desk.run(&sandbox, "job.yaml --concurrency 1").exits(0);
    let id = outcome.row(rows as u64)["id"].as_str().unwrap().to_owned();
    if !acted {
        remove(&sandbox, &id);
    }
    let ledger = desk.ledger();
    let query = "SELECT id FROM row_states WHERE remote_id = ?";
    let row = ledger.query_row(query, [id], |row| row.get(0)).unwrap();
    forget_outcome(&ledger, row, 1);
    (desk, sandbox)
}

fn remove(sandbox: &Sandbox, id: &str) {
    let token = log_in(sandbox.base_url());
    ask(sandbox.base_url(), "DELETE", &format!("/v1/ticketNote/{id}"), &token, &json!({}));
}

fn sorted_texts(sandbox: &Sandbox) -> Vec<String> {
    let mut texts = texts(sandbox);
    texts.sort_unstable();
    texts
}

fn why(outcome: &Outcome, row: u64) -> String {
    outcome.row(row)["message"].as_str().unwrap().to_owned()
}

#[test]
fn the_first_row_of_a_ticket_is_settled_by_what_the_ledger_owns_on_another() {
    for acted in [true, false] {
        let (desk, sandbox) = with_last_lost(2, acted);
        let expected = if acted { &["Note 1", "Note 2"][..] } else { &["Note 1"] };
        assert_eq!(sorted_texts(&sandbox), expected);
        let outcome = desk.run(&sandbox, "job.yaml").exits(0);
        outcome.counts("rows=2 succeeded=1 already_done=1");
        assert_eq!(sorted_texts(&sandbox), ["Note 1", "Note 2"], "{outcome}");
    }
}

#[test]
fn so_is_the_first_row_of_a_job_by_what_another_job_of_the_ledger_owns() {
    let (desk, sandbox) = with_last_lost(2, false);
    // As if another job had made the first.
    let rename = "INSERT INTO jobs SELECT 99, 'another', base_url, account, created_at FROM jobs; \
                  INSERT INTO runs (id, job, keyed_by, started_at) SELECT 99, 99, keyed_by, started_at FROM runs; \
                  INSERT INTO owners SELECT 99, 99, name, until FROM owners; \
                  UPDATE starts SET owner = 99 WHERE key = 'k1'; \
                  UPDATE ends SET owner = 99 WHERE id IN (SELECT id FROM starts WHERE key = 'k1'); \
                  UPDATE runs SET rows = 1, succeeded = 1 WHERE id = 1";
    desk.ledger().execute_batch(rename).unwrap();
    desk.write("notes.csv", "id,ticket,body\nk2,tk_0,Note 2\n");
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=1 succeeded=1");
    assert_eq!(sorted_texts(&sandbox), ["Note 1", "Note 2"]);
}

#[test]
fn a_row_that_is_all_there_is_stays_in_doubt_unless_its_note_is_found() {
    let (desk, sandbox) = with_last_lost(1, true);
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=1");

    let (desk, sandbox) = with_last_lost(1, false);
    let outcome = desk.run(&sandbox, "job.yaml").exits(6);
    let why = why(&outcome, 1);
    assert!(why.contains("no list has shown yet what is known to be there"), "{why}");
    assert!(why.contains("noteferry settle"), "{why}");
    assert!(texts(&sandbox).is_empty());
    // Another row of the job shows what lists are worth.
    desk.write("notes.csv", format!("{}k2,tk_9,Note 2\n", notes_csv(1, 1)));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 succeeded=2");
    assert_eq!(sorted_texts(&sandbox), ["Note 1", "Note 2"]);
}

#[test]
fn what_is_gone_from_another_ticket_shows_nothing() {
    let (desk, sandbox) = with_last_lost(2, false);
    for note in sandbox.books()["notes"].as_array().unwrap() {
        remove(&sandbox, note["id"].as_str().unwrap());
    }
    let outcome = desk.run(&sandbox, "job.yaml").exits(6);
    assert!(why(&outcome, 2).contains("no list has shown yet"), "{outcome}");
    assert!(texts(&sandbox).is_empty());
}

/// A list of the ticket that a request asks for, of what was made there, and an answer to a create that says nothing.
fn play(shape: &'static str) -> Stand {
    let made = Mutex::new(Vec::new());
    Stand::open(move |request| {
        if request.method == "GET" {
            let note = |(at, body): (usize, &Value)| {
                let mut note = body.clone();
                note["id"] = format!("tn_{at}").into();
                note["created"] = jiff::Timestamp::now().as_millisecond().into();
                if shape.contains("content") {
                    note["content"] = note.as_object_mut().unwrap().remove("note").unwrap();
                }
                note
            };
            let made = made.lock().unwrap();
            let of_ticket = |(_, body): &(usize, &Value)| {
                request.path.contains(&format!("ticket={}&", body["ticket_id"].as_str().unwrap()))
            };
            let items: Vec<Value> = made.iter().enumerate().filter(of_ticket).map(note).collect();
            return Some((200, shape.replace("LIST", &Value::from(items).to_string())));
        }
        made.lock().unwrap().push(request.body.clone());
        Some((500, String::new()))
    })
}

fn run_at(desk: &Desk, stand: &Stand) -> Outcome {
    desk.call(&format!("run job.yaml --format json --base-url {}", stand.address()))
}

#[test]
fn a_list_of_another_shape_is_read_where_it_can_mean_but_one_thing() {
    for shape in [
        r#"{"r":0,"data":{"rows":LIST}}"#,
        r#"{"r":0,"data":{"items":LIST,"content":1}}"#,
        r#"{"r":0,"notes":LIST}"#,
    ] {
        let desk =
            Desk::with_notes(notes_csv(2, 2)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
        let outcome = run_at(&desk, &play(shape)).exits(0);
        outcome.counts("rows=2 succeeded=2");
    }
}

#[test]
fn lists_that_cannot_be_read_are_doubts_about_their_rows_and_no_outage() {
    let desk = Desk::with_notes(notes_csv(6, 6)).sure_after("0s");
    let job = format!("{NOTES_JOB}limits: {{ attempts: 3 }}\n");
    let desk = desk.file("job.yaml", job).env("STRINGEEX_TOKEN", "x.y.z");
    let outcome = run_at(&desk, &play("LIST")).exits(6);
    outcome.counts("rows=6 in_doubt=6");
    assert!(why(&outcome, 6).contains("the list could not be read"), "{outcome}");
    assert!(!outcome.stdout.contains("outage"), "{outcome}");
}

#[test]
fn a_row_in_doubt_whose_content_has_changed_is_not_looked_for_by_the_new_content() {
    let (desk, sandbox) = with_last_lost(2, true);
    let changed = notes_csv(2, 2).replace("Note 2", "Note 2 corrected");
    desk.write("notes.csv", changed);
    let outcome = desk.run(&sandbox, "job.yaml").exits(6);
    outcome.counts("rows=2 already_done=1 in_doubt=1");
    assert_eq!(sorted_texts(&sandbox), ["Note 1", "Note 2"], "{outcome}");
    let plan = desk.call(&format!("plan job.yaml --base-url {}", sandbox.base_url()));
    assert!(plan.stdout.contains("put the former content back"), "{plan}");
    // With the former content it is found.
    desk.write("notes.csv", notes_csv(2, 2));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 succeeded=1 already_done=1");
    assert_eq!(sorted_texts(&sandbox), ["Note 1", "Note 2"]);
}

/// An API that takes its time with the first create of the first row: it is answered with 500, and acts when the row is sent
/// again. `doubles` says whether somebody on the way sends the second row twice, too.
struct SlowOnce {
    stand: Stand,
    made: Arc<Mutex<Vec<(String, Value)>>>,
    /// So many of the next lists cannot be read, once each note that will be made is there.
    spoilt: Arc<AtomicU32>,
}

impl SlowOnce {
    fn open(doubles: bool) -> Self {
        let made = Arc::new(Mutex::new(Vec::<(String, Value)>::new()));
        let (notes, slow) = (Arc::clone(&made), Mutex::new(None::<Value>));
        let spoilt = Arc::new(AtomicU32::new(0));
        let spoils = Arc::clone(&spoilt);
        let stand = Stand::open(move |request| {
            let mut notes = notes.lock().unwrap();
            if request.method == "GET" {
                let is_left = |left: u32| left.checked_sub(1);
                let order = Ordering::SeqCst;
                if notes.len() == 4 && spoils.fetch_update(order, order, is_left).is_ok() {
                    return Some((200, "<html>Sign in</html>".to_owned()));
                }
                let of_ticket = |(_, note): &&(String, Value)| {
                    let ticket = note["ticket_id"].as_str().unwrap();
                    request.path.contains(&format!("ticket={ticket}&"))
                };
                let newest_first = notes.iter().rev().filter(of_ticket);
                let rows: Vec<Value> = newest_first.map(|(_, note)| note.clone()).collect();
                return Some((200, json!({"r": 0, "data": {"rows": rows}}).to_string()));
            }
            let mut make = |body: &Value| {
                let id = format!("tn_{}", notes.len());
                let mut note = body.clone();
                note["id"] = id.clone().into();
                note["created"] = jiff::Timestamp::now().as_millisecond().into();
                notes.push((id.clone(), note));
                id
            };
            let mut slow = slow.lock().unwrap();
            let is_first = request.body["note"] == "Note 1";
            if is_first && slow.is_none() {
                *slow = Some(request.body.clone());
                return Some((500, String::new()));
            }
            let id = make(&request.body);
            if is_first || doubles {
                make(&request.body);
            }
            Some((200, json!({"r": 0, "id": id}).to_string()))
        });
        Self { stand, made, spoilt }
    }
}

#[test]
fn what_is_there_twice_is_told_by_name_until_somebody_has_mended_it() {
    let desk = Desk::with_notes(notes_csv(3, 3)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
    let api = SlowOnce::open(false);
    let outcome = run_at(&desk, &api.stand).exits(6);
    outcome.counts("rows=3 succeeded=3");
    let told = |outcome: &Outcome| {
        assert_eq!(outcome.finished()["miscounted"], 1, "{outcome}");
        let told = outcome.all("miscounted");
        assert_eq!(told.len(), 1, "{outcome}");
        assert_eq!((&told[0]["row"], &told[0]["key"]), (&json!(1), &json!("k1")), "{outcome}");
        assert_eq!(told[0]["lane"], "ticket tk_1", "{outcome}");
        let ids: Vec<String> = serde_json::from_value(told[0]["ids"].clone()).unwrap();
        let notes = api.made.lock().unwrap();
        let of_row = notes.iter().filter(|(_, note)| note["note"] == "Note 1");
        let mut both: Vec<&String> = of_row.map(|(id, _)| id).collect();
        let mut ids: Vec<&String> = ids.iter().collect();
        both.sort();
        ids.sort();
        assert_eq!(ids, both, "{outcome}");
    };
    told(&outcome);
    // The next run has nothing to send, and says so again.
    let outcome = run_at(&desk, &api.stand).exits(6);
    outcome.counts("rows=3 already_done=3");
    told(&outcome);
    let words = desk.call(&format!("run job.yaml -q --base-url {}", api.stand.address())).exits(6);
    let shown = format!("{}{}", words.stdout, words.stderr);
    assert!(shown.contains("row 1 (line 2, ticket tk_1, key k1) is there twice: tn_"), "{words}");
    assert!(
        shown.contains("Look there, delete what is too much, and run the job again"),
        "{words}"
    );
    assert!(!shown.contains("already done: all"), "{words}");
    let ids: Vec<String> =
        serde_json::from_value(outcome.all("miscounted")[0]["ids"].clone()).unwrap();
    assert_eq!(outcome.all("miscounted")[0]["own"], ids[0], "{outcome}");
    let advice = format!(
        "{0}, which is the one that the ledger knows, and {1}; keep {0}, look at {1}, and delete it if it is the same",
        ids[0], ids[1]
    );
    assert!(shown.contains(&advice), "{words}");
    // Status and report say which as long as nobody has.
    let named = format!("1 row is there twice: row 1 (ids {}, {})", ids[0], ids[1]);
    for call in ["status job.yaml", "report job.yaml"] {
        let told = desk.call(call).exits(0);
        assert!(told.stdout.replace("\\_", "_").contains(&named), "{told}");
    }
    let report = desk.call("report job.yaml").exits(0);
    let first = "**Every row is done: 3 rows. 1 row is there twice.**";
    assert!(report.stdout.contains(first), "{report}");
    // Somebody deletes the double.
    let double = outcome.all("miscounted")[0]["ids"][1].as_str().unwrap().to_owned();
    api.made.lock().unwrap().retain(|(id, _)| *id != double);
    let outcome = desk.call(&format!("run job.yaml --base-url {}", api.stand.address())).exits(0);
    assert!(
        outcome
            .stderr
            .contains("ticket tk_1: its list was read once more, and everything is there once now"),
        "{outcome}"
    );
    // From then on nobody is asked any more.
    let before = api.stand.seen().len();
    run_at(&desk, &api.stand).exits(0);
    assert_eq!(api.stand.seen().len(), before);
    let report = desk.call("report job.yaml").exits(0);
    assert!(report.stdout.contains("**Every row is done: 3 rows.**"), "{report}");
}

/// The two notes that are there of the row whose answer was lost: the ledger's, and the other.
fn both(outcome: &Outcome) -> [String; 2] {
    serde_json::from_value(outcome.all("miscounted")[0]["ids"].clone()).unwrap()
}

#[test]
fn a_copy_that_is_kept_in_the_place_of_the_ledgers_own_is_the_rows() {
    let desk = Desk::with_notes(notes_csv(3, 3)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
    let api = SlowOnce::open(false);
    let outcome = run_at(&desk, &api.stand).exits(6);
    let [own, copy] = both(&outcome);
    api.made.lock().unwrap().retain(|(id, _)| *id != own);
    let outcome = desk.call(&format!("run job.yaml --base-url {}", api.stand.address())).exits(0);
    let told = format!(
        "ticket tk_1: its list was read once more, and everything is there once now; {own} is gone, and {copy} is there in \
         its place"
    );
    assert!(outcome.stderr.contains(&told), "{outcome}");
    let before = api.stand.seen().len();
    let quiet = desk.call(&format!("run job.yaml -q --base-url {}", api.stand.address())).exits(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""), "{quiet}");
    assert_eq!(api.stand.seen().len(), before);
}

#[test]
fn what_cannot_be_counted_is_said_in_every_run_until_somebody_says_that_it_is_right() {
    let desk = Desk::with_notes(notes_csv(3, 3)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
    let api = SlowOnce::open(false);
    let outcome = run_at(&desk, &api.stand).exits(6);
    let both = both(&outcome);
    // Both are deleted: the list lacks what must be there.
    api.made.lock().unwrap().retain(|(id, _)| !both.contains(id));
    let run = format!("run job.yaml -q --base-url {}", api.stand.address());
    for _ in 0..2 {
        let outcome = desk.call(&run).exits(6);
        let shown = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(
            shown.contains("ticket tk_1: a lost answer was settled there, and its list"),
            "{shown}"
        );
        assert!(
            shown.contains("1 list in which a lost answer was settled was not read"),
            "{shown}"
        );
        assert!(shown.contains("--as-counted"), "{shown}");
    }
    assert!(desk.call("status job.yaml").stdout.contains("some uncounted"));
    let before = api.stand.seen().len();
    desk.call(&format!("{run} --as-counted")).exits(0);
    let outcome = desk.call(&run).exits(0);
    assert_eq!(outcome.stderr, "", "{outcome}");
    assert_eq!(api.stand.seen().len(), before);
}

#[test]
fn only_what_is_owed_is_counted_again() {
    let desk = Desk::with_notes(notes_csv(4, 2)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
    // On both tickets an answer is lost, and the lists of one cannot be read once that is settled.
    let made = Mutex::new(Vec::<Value>::new());
    let is_shown = AtomicU32::new(0);
    let api = Stand::open(move |request| {
        let mut made = made.lock().unwrap();
        if request.method == "GET" {
            let of_ticket = |note: &&Value| {
                let ticket = note["ticket_id"].as_str().unwrap();
                request.path.contains(&format!("ticket={ticket}&"))
            };
            let rows: Vec<&Value> = made.iter().rev().filter(of_ticket).collect();
            let is_second = request.path.contains("ticket=tk_1&") && rows.len() == 2;
            if is_second && is_shown.fetch_add(1, Ordering::SeqCst) > 1 {
                return Some((200, "<html>Sign in</html>".to_owned()));
            }
            return Some((200, json!({"r": 0, "data": {"rows": rows}}).to_string()));
        }
        let mut note = request.body.clone();
        let id = format!("tn_{}", made.len());
        note["id"] = id.clone().into();
        note["created"] = jiff::Timestamp::now().as_millisecond().into();
        let is_lost = ["Note 3", "Note 4"].iter().any(|text| note["note"] == *text);
        made.push(note);
        match is_lost {
            true => Some((500, String::new())),
            false => Some((200, json!({"r": 0, "id": id}).to_string())),
        }
    });
    run_at(&desk, &api).exits(6).counts("rows=4 succeeded=4");
    let lists = |of: &str| {
        let seen = api.seen();
        seen.iter().filter(|seen| seen.method == "GET" && seen.path.contains(of)).count()
    };
    let before = (lists("ticket=tk_1&"), lists("ticket=tk_0&"));
    run_at(&desk, &api).exits(6);
    let after = (lists("ticket=tk_1&"), lists("ticket=tk_0&"));
    assert!(after.0 > before.0, "{before:?} {after:?}");
    assert_eq!(after.1, before.1);
}

#[test]
fn what_a_killed_run_has_not_counted_the_next_one_counts() {
    let desk = Desk::with_notes(notes_csv(3, 3)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
    let api = SlowOnce::open(false);
    run_at(&desk, &api.stand).exits(6);
    // As if it had been killed before it could count.
    let killed = "UPDATE runs SET ended_at = NULL, exit = NULL, reason = NULL, uncounted = NULL; DELETE FROM uncounted";
    desk.ledger().execute_batch(killed).unwrap();
    let outcome = run_at(&desk, &api.stand).exits(6);
    assert_eq!(outcome.all("miscounted")[0]["row"], 1, "{outcome}");
}

#[test]
fn a_list_that_cannot_be_read_is_asked_for_again_before_its_lane_is_left_uncounted() {
    let desk = Desk::with_notes(notes_csv(3, 3)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
    let api = SlowOnce::open(false);
    api.spoilt.store(1, Ordering::SeqCst);
    let outcome = run_at(&desk, &api.stand).exits(6);
    assert_eq!(api.spoilt.load(Ordering::SeqCst), 0, "{outcome}");
    assert_eq!(outcome.all("miscounted")[0]["row"], 1, "{outcome}");
    assert_eq!(outcome.finished()["uncounted"], 0, "{outcome}");
}

#[test]
fn what_the_connector_no_longer_says_how_to_count_is_told_and_stays_to_be_counted() {
    let desk = Desk::with_notes(notes_csv(3, 3)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
    let desk = desk.file("job.yaml", format!("{NOTES_JOB}limits: {{ attempts: 2 }}\n"));
    let api = SlowOnce::open(false);
    api.spoilt.store(1_000, Ordering::SeqCst);
    run_at(&desk, &api.stand).exits(6);
    api.spoilt.store(0, Ordering::SeqCst);
    let desk = desk.without_recovery();
    for _ in 0..2 {
        let outcome = run_at(&desk, &api.stand).exits(6);
        assert_eq!(outcome.finished()["uncounted"], 1, "{outcome}");
        let notes = outcome.all("note");
        let is_told = |note: &Value| {
            note["message"].as_str().unwrap().contains("no longer says by `recover`")
        };
        assert!(notes.iter().any(is_told), "{outcome}");
    }
    std::fs::remove_dir_all(desk.path("schemas")).unwrap();
    let desk = desk.sure_after("0s");
    let outcome = run_at(&desk, &api.stand).exits(6);
    assert_eq!(outcome.all("miscounted")[0]["row"], 1, "{outcome}");
}

#[test]
fn what_a_run_could_not_count_the_next_one_counts_though_it_has_nothing_to_send() {
    let job = format!("{NOTES_JOB}limits: {{ attempts: 2 }}\n");
    let desk = Desk::with_notes(notes_csv(3, 3)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
    let desk = desk.file("job.yaml", job);
    let api = SlowOnce::open(false);
    api.spoilt.store(1_000, Ordering::SeqCst);
    let outcome = run_at(&desk, &api.stand).exits(6);
    outcome.counts("rows=3 succeeded=3");
    assert_eq!(outcome.finished()["uncounted"], 1, "{outcome}");
    // Nor can the next one.
    let outcome = run_at(&desk, &api.stand).exits(6);
    outcome.counts("rows=3 already_done=3");
    assert_eq!(outcome.finished()["uncounted"], 1, "{outcome}");
    api.spoilt.store(0, Ordering::SeqCst);
    let outcome = run_at(&desk, &api.stand).exits(6);
    outcome.counts("rows=3 already_done=3");
    assert_eq!(outcome.all("miscounted")[0]["row"], 1, "{outcome}");
    let double = outcome.all("miscounted")[0]["ids"][1].as_str().unwrap().to_owned();
    api.made.lock().unwrap().retain(|(id, _)| *id != double);
    run_at(&desk, &api.stand).exits(0);
    let before = api.stand.seen().len();
    run_at(&desk, &api.stand).exits(0);
    assert_eq!(api.stand.seen().len(), before);
}

#[test]
fn what_was_answered_and_is_there_twice_is_told_where_its_list_is_read_anyway() {
    let desk = Desk::with_notes(notes_csv(3, 2)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
    let api = SlowOnce::open(true);
    let outcome = run_at(&desk, &api.stand).exits(6);
    let rows: Vec<Value> =
        outcome.all("miscounted").iter().map(|told| told["row"].clone()).collect();
    assert_eq!(rows, [1, 3], "{outcome}");
}

/// An API that loses the answers to creates on tickets that it does not know, and whose lists say of which they are: of all, where
/// `knows_none`.
fn without_tickets(knows_none: bool) -> Stand {
    let made = Mutex::new(Vec::<Value>::new());
    Stand::open(move |request| {
        let mut made = made.lock().unwrap();
        if request.method == "GET" {
            if knows_none || request.path.contains("ticket=tk_missing&") {
                return Some((200, json!({"r": 4, "msg": "ticket not found"}).to_string()));
            }
            let of_ticket = |note: &&Value| {
                let ticket = note["ticket_id"].as_str().unwrap();
                request.path.contains(&format!("ticket={ticket}&"))
            };
            let rows: Vec<&Value> = made.iter().filter(of_ticket).collect();
            return Some((200, json!({"r": 0, "data": {"rows": rows}}).to_string()));
        }
        if request.body["ticket_id"] == "tk_missing" {
            return Some((503, String::new()));
        }
        let id = format!("tn_{}", made.len());
        let mut note = request.body.clone();
        note["id"] = id.clone().into();
        note["created"] = jiff::Timestamp::now().as_millisecond().into();
        made.push(note);
        Some((200, json!({"r": 0, "id": id}).to_string()))
    })
}

fn with_missing_ticket() -> Desk {
    let rows = "id,ticket,body\nk1,tk_missing,a\nk2,tk_1,b\nk3,tk_2,c\n";
    Desk::with_notes(rows).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z")
}

/// A gateway says so of any ticket while a server is being set up: nothing of the row is ever sent again unasked.
#[test]
fn what_was_sent_to_a_ticket_that_is_said_not_to_exist_stays_in_doubt() {
    for knows_none in [false, true] {
        let (desk, stand) = (with_missing_ticket(), without_tickets(knows_none));
        let outcome = run_at(&desk, &stand).exits(6);
        outcome.counts("rows=3 succeeded=2 in_doubt=1");
        let sent =
            || stand.seen().iter().filter(|seen| seen.body["ticket_id"] == "tk_missing").count();
        assert_eq!(sent(), 1, "{outcome}");
        run_at(&desk, &stand).exits(6).counts("rows=3 already_done=2 in_doubt=1");
        assert_eq!(sent(), 1);
        desk.call("ledger check").exits(0);
    }
}

#[test]
fn so_is_what_an_earlier_run_has_left_in_doubt() {
    let (desk, stand) = (with_missing_ticket(), without_tickets(false));
    run_at(&desk, &stand).exits(6);
    forget_outcome(&desk.ledger(), 1, 1);
    run_at(&desk, &stand).exits(6).counts("rows=3 already_done=2 in_doubt=1");
    desk.call("ledger check").exits(0);
}

#[test]
fn where_no_list_is_shown_that_a_ticket_does_not_exist_says_nothing() {
    let (desk, stand) = (with_missing_ticket(), without_tickets(true));
    let outcome = run_at(&desk, &stand).exits(6);
    outcome.counts("rows=3 succeeded=2 in_doubt=1");
    assert!(why(&outcome, 1).contains("503"), "{outcome}");
}

#[test]
fn a_row_in_doubt_keeps_the_first_cause_of_that() {
    let (desk, sandbox) = with_last_lost(2, false);
    let again = "INSERT INTO ends (id, number, owner, at, outcome, status, reason) \
                 SELECT id, number, owner, at, 'lost', 503, 'answered' FROM starts WHERE key = 'k2'; \
                 INSERT INTO starts SELECT id, 2, turn, owner, key, row, line, operation, lane, digest, at + 1, remote_at, print \
                 FROM starts WHERE key = 'k2'";
    desk.ledger().execute_batch(again).unwrap();
    let address = sandbox.base_url();
    desk.write("job.yaml", format!("{NOTES_JOB}in_doubt: hold\n"));
    let plan = desk.call(&format!("plan job.yaml --base-url {address}"));
    assert!(plan.stdout.contains("503"), "{plan}");
    let status = desk.call(&format!("status job.yaml --base-url {address}"));
    assert!(status.stdout.contains("503"), "{status}");
}

#[test]
fn an_answer_that_cannot_be_read_is_a_doubt_about_its_row_and_no_outage() {
    for (status, body) in [
        (200, ""),
        (204, ""),
        (200, "<html><body>Welcome</body></html>"),
        (200, r#"{"r":0,"id":"tn_"#),
        (200, r#"{"r":"0","id":"tn_1"}"#),
        (200, r#"[{"r":0}]"#),
        (200, "OK"),
    ] {
        // More rows than make an outage of failures.
        let desk =
            Desk::with_notes(notes_csv(24, 24)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
        let made = Mutex::new(Vec::<Value>::new());
        let stand = Stand::open(move |request| {
            let mut made = made.lock().unwrap();
            if request.method == "GET" {
                let of_ticket = |note: &&Value| {
                    let ticket = note["ticket_id"].as_str().unwrap();
                    request.path.contains(&format!("ticket={ticket}&"))
                };
                let rows: Vec<&Value> = made.iter().filter(of_ticket).collect();
                return Some((200, json!({"r": 0, "data": {"rows": rows}}).to_string()));
            }
            let mut note = request.body.clone();
            note["id"] = format!("tn_{}", made.len()).into();
            note["created"] = jiff::Timestamp::now().as_millisecond().into();
            made.push(note);
            Some((status, body.to_owned()))
        });
        let address = stand.address();
        let call = format!("run job.yaml --format json --rate 1000/10ms --base-url {address}");
        let outcome = desk.call(&call).exits(0);
        outcome.counts("rows=24 succeeded=24");
        assert_eq!(outcome.finished()["miscounted"], 0, "{outcome}");
    }
}

#[test]
fn where_nothing_can_be_read_nothing_more_is_sent_and_the_last_answer_is_named() {
    let desk = Desk::with_notes(notes_csv(60, 60)).sure_after("0s").env("STRINGEEX_TOKEN", "x.y.z");
    let stand = Stand::open(|_| Some((200, "<html><p>Sign in to the hotel</p></html>".to_owned())));
    let call = format!(
        "run job.yaml --format json --concurrency 4 --give-up-after 1s --base-url {}",
        stand.address()
    );
    let outcome = desk.call(&call).exits(4);
    let finished = outcome.finished();
    assert_eq!(finished["reason"], "outage", "{outcome}");
    let message = finished["message"].as_str().unwrap();
    assert!(message.contains("200") && message.contains("Sign in to the hotel"), "{message}");
    assert!(finished["not_started"].as_u64().unwrap() > 30, "{outcome}");
}

#[test]
fn changes_that_cannot_be_read_are_sent_again_as_often_as_any_and_hold_nothing_up() {
    let rows = "operation,note_id,note\nticket_note.update,tn_1,a\nticket_note.delete,tn_2,\n";
    for (status, body) in [(200, ""), (204, ""), (200, "<html>"), (200, r#"{"r":"0"}"#)] {
        let job = "job: changes\nsource: { csv: rows.csv }\nlimits: { attempts: 2 }\n";
        let desk = Desk::new().file("job.yaml", job).file("rows.csv", rows).sure_after("0s");
        let desk = desk.env("STRINGEEX_TOKEN", "x.y.z");
        let stand = Stand::open(move |_| Some((status, body.to_owned())));
        let outcome = run_at(&desk, &stand).exits(6);
        outcome.counts("rows=2 in_doubt=2");
    }
}

#[test]
fn lists_are_asked_for_past_caches_and_one_that_is_older_than_the_question_proves_nothing() {
    let stand = Stand::open(move |request| {
        assert_eq!(request.headers.get("cache-control").map(String::as_str), Some("no-cache"));
        Some((200, json!({"r": 0, "data": {"rows": []}}).to_string()))
    });
    let desk = Desk::new().file("job.yaml", "job: lists\nsource: { csv: rows.csv }\n");
    let desk = desk.file("rows.csv", "operation,ticket_id\nticket_note.list,tk_1\n");
    run_at(&desk.env("STRINGEEX_TOKEN", "x.y.z"), &stand).exits(0);

    // The cache of this one hides for three seconds what was made.
    let desk = Desk::with_notes(notes_csv(6, 1)).sure_after("2s");
    let options = Options {
        lists: vec![ListModel::Cached],
        faults: "reset-after=30%,reset=20%".parse().unwrap(),
        seed: 3,
        ..unhurried()
    };
    let sandbox = sandbox_with(options);
    let outcome = desk.run(&sandbox, "job.yaml");
    let mut found = texts(&sandbox);
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), texts(&sandbox).len(), "{outcome}");
}

#[test]
fn a_list_that_contradicts_itself_settles_nothing_and_says_so() {
    let desk = Desk::with_notes(notes_csv(1, 1)).sure_after("0s");
    let odd = Options { lists: vec![ListModel::Contradicts], ..unhurried() };
    let sandbox = sandbox_with(odd);
    let id = desk.run(&sandbox, "job.yaml").exits(0).row(1)["id"].as_str().unwrap().to_owned();
    let query = "SELECT id FROM row_states WHERE remote_id = ?";
    let row = desk.ledger().query_row(query, [&id], |row| row.get(0)).unwrap();
    forget_outcome(&desk.ledger(), row, 1);
    let outcome = desk.run(&sandbox, "job.yaml").exits(6);
    assert!(why(&outcome, 1).contains(&format!("the list shows {id} more than once")), "{outcome}");
    assert_eq!(texts(&sandbox), ["Note 1"]);
}
