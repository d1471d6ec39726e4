//! `verify`: whatever becomes of notes behind everybody's back is told, and nothing else; and nothing but reads leaves.

use noteferry::sandbox::{Alteration, EMAIL, ListModel, Options, PASSWORD, Sandbox};
use serde_json::{Value, json};

use crate::ask::{ask, log_in};
use crate::desk::{
    Desk, Outcome, assert_reads, notes_csv, requests, sandbox, sandbox_with, unhurried,
};

/// Notes on three tickets, and what the sandbox calls them.
fn imported(sandbox: &Sandbox, rows: usize, tickets: usize) -> Desk {
    let desk = Desk::with_notes(notes_csv(rows, tickets)).sure_after("1ms");
    desk.run(sandbox, "job.yaml").exits(0);
    desk
}

/// What the sandbox calls a note, by its text.
fn id_of(sandbox: &Sandbox, text: &str) -> String {
    let books = sandbox.books();
    let mut notes = books["notes"].as_array().unwrap().iter();
    notes.find(|note| note["note"] == text).unwrap()["id"].as_str().unwrap().to_owned()
}

fn verify(desk: &Desk, sandbox: &Sandbox, flags: &str) -> Outcome {
    desk.call_at(sandbox, &format!("verify job.yaml --rate 1000/10ms --format json {flags}"))
}

/// What was found of each row that is not right, by its number.
fn wrong(outcome: &Outcome) -> Vec<(u64, String)> {
    let rows = outcome.all("verified_row");
    let mut rows: Vec<(u64, String)> = rows
        .iter()
        .filter(|row| row["found"] != "there")
        .map(|row| (row["row"].as_u64().unwrap(), row["found"].as_str().unwrap().to_owned()))
        .collect();
    rows.sort();
    rows
}

fn closing(outcome: &Outcome) -> Value {
    let last = outcome.events().pop().unwrap();
    assert_eq!((&last["event"], &last["exit"]), (&json!("verified"), &json!(outcome.status)));
    last
}

#[track_caller]
fn assert_only_reads(sandbox: &Sandbox, before: usize) {
    for entry in &sandbox.books()["journal"].as_array().unwrap()[before..] {
        let is_login = entry["path"] == "/v1/account";
        assert!(entry["method"] == "GET" || is_login, "{entry}");
    }
}

fn journal(sandbox: &Sandbox) -> usize {
    sandbox.books()["journal"].as_array().unwrap().len()
}

#[test]
fn what_is_all_right_is_said_to_be_so_and_kept() {
    let sandbox = sandbox("");
    let desk = imported(&sandbox, 12, 3);
    let before = journal(&sandbox);
    let told = verify(&desk, &sandbox, "").exits(0);
    let last = closing(&told);
    assert_eq!(
        (&last["rows"], &last["there"], &last["lists"]),
        (&json!(12), &json!(12), &json!(3))
    );
    assert_eq!((&last["order_compared"], &last["read_twice"]), (&json!(3), &json!(0)));
    assert_eq!(told.all("asking")[0]["requests"], 3);
    assert_only_reads(&sandbox, before);
    let told = desk.call_at(&sandbox, "verify job.yaml --by Lan").exits(0);
    assert!(
        told.stdout.contains("All is right: each of 12 rows is there, once, as it was sent."),
        "{told}"
    );
    assert!(
        told.stderr
            .contains("Reading back the lists of 3 tickets for 12 rows: at least 3 requests"),
        "{told}"
    );
    let quiet = desk.call_at(&sandbox, "verify job.yaml -q").exits(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""), "{quiet}");
    let status = desk.call("status job.yaml --format json").exits(0);
    let kept = &status.all("status")[0]["verified"];
    assert_eq!((&kept["rows"], &kept["there"], &kept["exit"]), (&json!(12), &json!(12), &json!(0)));
    let status = desk.call("status job.yaml").exits(0);
    assert!(status.stdout.contains(": all of 12 rows were right."), "{status}");
    assert!(desk.call("ledger check job.yaml").status == 0);
}

#[test]
fn whatever_somebody_has_done_is_told_the_gravest_first() {
    let sandbox = sandbox("");
    let desk = imported(&sandbox, 12, 3);
    let id = |number: usize| id_of(&sandbox, &format!("Note {number}"));
    let gone = id(1);
    assert!(sandbox.alter(&gone, Alteration::Deleted));
    assert!(sandbox.alter(&id(2), Alteration::Doubled));
    assert!(sandbox.alter(&id(3), Alteration::Text("Note 3, sửa".to_owned())));
    assert!(sandbox.alter(&id(5), Alteration::Internal(false)));
    assert!(sandbox.alter(&id(9), Alteration::Created(1_500_000_000_000)));
    let token = log_in(sandbox.base_url());
    ask(
        sandbox.base_url(),
        "POST",
        "/v1/ticketNote",
        &token,
        &json!({"ticket_id": "tk_1", "note": "A person"}),
    );
    let told = verify(&desk, &sandbox, "").exits(1);
    let expected =
        [(1, "missing_there"), (2, "twice"), (3, "altered"), (5, "exposed"), (9, "out_of_order")];
    let expected: Vec<(u64, String)> =
        expected.iter().map(|(row, found)| (*row, (*found).to_owned())).collect();
    assert_eq!(wrong(&told), expected, "{told}");
    let last = closing(&told);
    assert_eq!(
        (&last["there"], &last["strange"], &last["read_twice"]),
        (&json!(7), &json!(1), &json!(3))
    );
    let altered = told.all("verified_row").into_iter().find(|row| row["row"] == 3).unwrap();
    assert_eq!(altered["change"], json!({"sent": "Note 3", "there": "Note 3, sửa"}));
    let read = desk.call_at(&sandbox, "verify job.yaml --strange --sample 100%").exits(1);
    let mut shown = read.stdout.replace(&gone, "tn[gone]");
    for note in sandbox.books()["notes"].as_array().unwrap() {
        let name = note["note"].as_str().unwrap().replace(' ', "_");
        shown = shown.replace(note["id"].as_str().unwrap(), &format!("tn[{name}]"));
    }
    assert_reads("verified", shown);
    assert!(
        desk.call("status job.yaml")
            .stdout
            .contains("5 of 12 rows were not as sent, or that is not known: 1 exposed, 1 twice")
    );
}

#[test]
fn a_copy_that_the_customer_sees_is_told_before_all_else() {
    let sandbox = sandbox("");
    let desk = imported(&sandbox, 4, 2);
    let exposed = id_of(&sandbox, "Note 2");
    let token = log_in(sandbox.base_url());
    let copy = json!({"ticket_id": "tk_1", "note": "Note 1", "is_internal_note": false});
    ask(sandbox.base_url(), "POST", "/v1/ticketNote", &token, &copy);
    assert!(sandbox.alter(&exposed, Alteration::Internal(false)));
    let told = verify(&desk, &sandbox, "").exits(1);
    let expected = [(1, "exposed_copy".to_owned()), (2, "exposed".to_owned())];
    assert_eq!(wrong(&told), expected, "{told}");
    assert_eq!(closing(&told)["strange"], 0, "{told}");
    let read = desk.call_at(&sandbox, "verify job.yaml").exits(1).stdout;
    let place = |words: &str| read.find(words).unwrap_or_else(|| panic!("{words}: {read}"));
    assert!(place("with a copy that lacks a flag") < place("without a flag that was sent"));
    assert!(read.contains("visible to the customer there, internal in the row"), "{read}");
    // A row of another job has made it: that is known, and no copy.
    let own = Desk::with_notes("id,ticket,body\nx,tk_1,Note 3\n").sure_after("1ms").beside(&desk);
    let public =
        crate::desk::NOTES_JOB.replace("is_internal_note: true", "is_internal_note: false");
    own.write("public.yaml", public.replace("job: notes", "job: public"));
    let ledger = desk.path(".noteferry/ledger.db");
    own.call_at(&sandbox, &format!("run public.yaml --yes --ledger {}", ledger.display())).exits(0);
    assert_eq!(wrong(&verify(&desk, &sandbox, "")), expected);
}

#[test]
fn who_sees_a_copy_is_not_known_where_no_list_says_so() {
    let sandbox = sandbox_with(Options { lists: vec![ListModel::HidesFlags], ..unhurried() });
    let desk = imported(&sandbox, 1, 1);
    let token = log_in(sandbox.base_url());
    let copy = json!({"ticket_id": "tk_0", "note": "Note 1", "is_internal_note": false});
    ask(sandbox.base_url(), "POST", "/v1/ticketNote", &token, &copy);
    let told = verify(&desk, &sandbox, "").exits(1);
    assert_eq!(wrong(&told), [(1, "twice".to_owned())], "{told}");
    assert!(told.stdout.contains("who sees it cannot be known"), "{told}");
}

#[test]
fn rows_that_changed_or_went_and_later_operations_count_as_they_should() {
    let sandbox = sandbox("");
    let job = r#"job: notes
operation: "{{ does }}"
source: { csv: notes.csv }
let: { ticket_id: "{{ ticket }}" }
map:
  ticket_id: "{{ ticket if does == 'ticket_note.create' else '' }}"
  note: "{{ body }}"
  is_internal_note: "{{ 'true' if does == 'ticket_note.create' else '' }}"
  note_id: "{{ note }}"
key: "{{ id }}"
"#;
    let desk = Desk::new().file("job.yaml", job).sure_after("1ms");
    let rows = "id,does,ticket,note,body\nk1,ticket_note.create,tk_1,,Một\nk2,ticket_note.create,tk_1,,Hai\n\
                k3,ticket_note.create,tk_1,,Ba\nk4,ticket_note.create,tk_1,,Bốn\n";
    desk.write("notes.csv", rows);
    desk.run(&sandbox, "job.yaml").exits(0);
    let (one, two) = (id_of(&sandbox, "Một"), id_of(&sandbox, "Hai"));
    let later = format!(
        "{rows}k5,ticket_note.update,tk_1,{one},Một (sửa)\nk6,ticket_note.delete,tk_1,{two},\n\
         k7,ticket_note.update,tk_sandbox000001,tn_sandbox000001,Khác\n"
    );
    desk.write("notes.csv", &later);
    desk.run(&sandbox, "job.yaml").exits(0);
    let told = verify(&desk, &sandbox, "").exits(0);
    let last = closing(&told);
    assert_eq!((&last["rows"], &last["superseded"]), (&json!(5), &json!(2)), "{told}");
    // What was changed after that, and what was deleted and came back, is told of the row that came last.
    assert!(sandbox.alter(&one, Alteration::Text("Một".to_owned())));
    assert!(sandbox.alter(&id_of(&sandbox, "Ba"), Alteration::Internal(false)));
    let without =
        later.lines().filter(|line| !line.starts_with("k3")).map(|line| format!("{line}\n"));
    desk.write("notes.csv", without.collect::<String>().replace("Bốn", "Bốn (mới)"));
    let told = verify(&desk, &sandbox, "").exits(1);
    let found: Vec<Value> = told.all("verified_row");
    let found = |key: &str| {
        let row = found.iter().find(|row| row["key"] == key);
        row.map(|row| (row["found"].clone(), row["source"].clone()))
    };
    assert_eq!(found("k5"), Some((json!("altered"), json!("same"))), "{told}");
    assert_eq!(found("k3"), Some((json!("there_by_id"), json!("gone"))), "{told}");
    assert_eq!(found("k4"), Some((json!("row_changed"), json!("changed"))), "{told}");
    assert_eq!(found("k7"), Some((json!("there"), json!("same"))), "{told}");
}

#[test]
fn no_list_is_believed_that_may_leave_something_out() {
    for (list, expected) in [
        (ListModel::NewestFirst, "missing_there"),
        (ListModel::OldestFirst, "missing_there"),
        (ListModel::Shuffled, "missing_there"),
        (ListModel::PagesFromZero, "missing_there"),
        (ListModel::PagesIgnored, "not_known"),
        (ListModel::HidesInternal, "not_known"),
        (ListModel::EscapesHtml, "missing_there"),
        (ListModel::NestedData, "missing_there"),
        (ListModel::BareArray, "not_known"),
    ] {
        let sandbox = sandbox_with(Options { lists: vec![list], ..unhurried() });
        let desk = imported(&sandbox, 24, 2);
        sandbox.alter(&id_of(&sandbox, "Note 3"), Alteration::Deleted);
        let told = verify(&desk, &sandbox, "");
        let found = wrong(&told).into_iter().find(|(row, _)| *row == 3);
        assert_eq!(found, Some((3, expected.to_owned())), "{list:?}: {told}");
        if expected == "missing_there" {
            assert_eq!(wrong(&told).len(), 1, "{list:?}: {told}");
        }
    }
}

#[test]
fn what_the_server_does_to_texts_is_known_from_the_connector() {
    let sandbox = sandbox_with(Options { lists: vec![ListModel::EscapesHtml], ..unhurried() });
    let rows = "id,ticket,body\nk1,tk_1,a < b & c\n";
    let desk = Desk::with_notes(rows).sure_after("1ms");
    desk.run(&sandbox, "job.yaml").exits(0);
    assert_eq!(wrong(&verify(&desk, &sandbox, "").exits(1)), [(1, "altered".to_owned())]);
    let desk = desk.with_connector(|text| {
        text.replace("text: [line_ends, trimming]", "text: [line_ends, trimming, html_escapes]")
    });
    verify(&desk, &sandbox, "").exits(0);
}

#[test]
fn what_was_sent_a_moment_ago_may_still_be_on_its_way() {
    let sandbox = sandbox("");
    let desk = Desk::with_notes(notes_csv(4, 1));
    desk.run(&sandbox, "job.yaml").exits(0);
    sandbox.alter(&id_of(&sandbox, "Note 2"), Alteration::Deleted);
    let told = verify(&desk, &sandbox, "").exits(1);
    assert_eq!(wrong(&told), [(2, "not_known".to_owned())]);
    assert!(told.stdout.contains("the list may be late"), "{told}");
}

#[test]
fn faults_on_the_way_change_nothing_of_what_is_found() {
    for faults in ["429=40%", "503=10%"] {
        let sandbox = sandbox(faults);
        let desk = Desk::with_notes(notes_csv(30, 6)).sure_after("1ms");
        for _ in 0..20 {
            if desk.run(&sandbox, "job.yaml").status == 0 {
                break;
            }
        }
        let told = verify(&desk, &sandbox, "");
        let rows = told.all("verified_row");
        let is_fine = |row: &&Value| row["found"] == "there" || row["found"] == "not_known";
        let wrong = rows.iter().filter(|row| !is_fine(row)).count();
        assert_eq!((rows.len(), wrong), (30, 0), "{faults}: {told}");
    }
}

#[test]
fn endless_push_backs_and_outages_come_to_an_end_that_is_told() {
    for faults in ["429=100%", "503=100%"] {
        let good = sandbox("");
        let desk = imported(&good, 6, 6);
        let address = good.base_url().to_owned();
        let port = address.split([':', '/']).nth(4).unwrap().parse().unwrap();
        good.stop();
        let bad = sandbox_with(Options { port, faults: faults.parse().unwrap(), ..unhurried() });
        let flags = "--rate 1000/10ms --give-up-after 300ms";
        let told = desk.call_at(&bad, &format!("verify job.yaml {flags}")).exits(4);
        assert!(told.stdout.contains("Stopped after 0 of 6 lists"), "{faults}: {told}");
        let silence = "nothing has got through for less than 1 s, and --give-up-after says";
        assert!(told.stdout.contains(silence), "{faults}: {told}");
        let fresh = Desk::with_notes(notes_csv(6, 6));
        let told = fresh.call_at(&bad, &format!("plan job.yaml --remote --sample 0 {flags}"));
        let told = told.exits(4);
        assert!(told.stdout.contains(silence), "{faults}: {told}");
    }
}

#[test]
fn a_job_that_the_ledger_does_not_know_here_is_refused() {
    let sandbox = sandbox("");
    let desk = Desk::with_notes(notes_csv(2, 1));
    let told = desk.call_at(&sandbox, "verify job.yaml").exits(2);
    assert!(told.stderr.contains("there is no ledger"), "{told}");
    desk.run(&sandbox, "job.yaml").exits(0);
    let told = desk.call("verify job.yaml").exits(2);
    assert!(told.stderr.contains("error["), "{told}");
    let events = desk.call("verify job.yaml --format json").exits(2).events();
    assert_eq!(events.last().unwrap()["event"], "verified");
    // Somebody else's account is not the one that the notes went to.
    let other = desk
        .env("STRINGEE_KEY_SID", "SK.0.sandbox")
        .env("STRINGEE_KEY_SECRET", "sandbox-key-secret");
    let told = other.call(&format!("verify job.yaml --base-url {}", sandbox.base_url())).exits(2);
    assert!(told.stderr.contains("account"), "{told}");
    let wrong = Desk::with_notes(notes_csv(2, 1));
    wrong.run(&sandbox, "job.yaml").exits(0);
    let wrong = wrong.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", "wrong");
    let told = wrong.call(&format!("verify job.yaml --base-url {}", sandbox.base_url())).exits(4);
    assert!(told.stdout.contains("Stopped after 0 of 1 list"), "{told}");
    assert!(!told.stdout.contains("was not asked for"), "nothing is known of any row: {told}");
}

#[test]
fn a_job_that_has_gone_elsewhere_is_told_where() {
    let sandbox = sandbox("");
    let desk = imported(&sandbox, 2, 1);
    let desk = desk.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD);
    let told = desk.call("verify job.yaml").exits(2);
    let known = format!("it knows that job at {}", sandbox.base_url());
    assert!(told.stderr.contains(&known) && told.stderr.contains("error[ledger]"), "{told}");
    assert!(told.stderr.contains(&format!("say --base-url {}", sandbox.base_url())), "{told}");
}

#[test]
fn a_verification_that_read_nothing_is_not_kept() {
    let sandbox = sandbox("");
    let desk = imported(&sandbox, 6, 2);
    verify(&desk, &sandbox, "").exits(0);
    let wrong = desk.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", "wrong");
    wrong.call(&format!("verify job.yaml --base-url {}", sandbox.base_url())).exits(4);
    let status = wrong.call("status job.yaml");
    assert!(status.stdout.contains(": all of 6 rows were right."), "{status}");
}

#[test]
fn what_is_known_by_its_id_alone_is_not_right() {
    let sandbox = sandbox("");
    let desk = imported(&sandbox, 4, 2);
    // Another export of the source, and a note that the customer sees.
    desk.write("notes.csv", "id,ticket,body\nx1,tk_9,Other\n");
    assert!(sandbox.alter(&id_of(&sandbox, "Note 2"), Alteration::Internal(false)));
    let told = desk.call_at(&sandbox, "verify job.yaml").exits(1);
    assert!(!told.stdout.contains("All is right"), "{told}");
    assert!(told.stdout.contains("0 rows compared by what was sent, and 4 by the id"), "{told}");
    let status = desk.call("status job.yaml");
    assert!(!status.stdout.contains("were right"), "{status}");
    let told = desk.call_at(&sandbox, "verify job.yaml --by-id").exits(0);
    assert!(!told.stdout.contains("as it was sent"), "{told}");
    assert!(told.stdout.contains("0 rows compared by what was sent, 4 by the id alone"), "{told}");
    let status = desk.call("status job.yaml");
    assert!(status.stdout.contains("0 rows were right, and 4 there by the id alone"), "{status}");
}

#[test]
fn a_note_of_which_the_list_may_hide_a_second_is_not_known() {
    let sandbox = sandbox_with(Options { lists: vec![ListModel::PagesIgnored], ..unhurried() });
    let desk = imported(&sandbox, 24, 2);
    let told = verify(&desk, &sandbox, "").exits(1);
    assert_eq!(closing(&told)["there"], 0, "{told}");
}

#[test]
fn rows_that_were_sent_corrected_are_compared_with_their_file() {
    let keyed = crate::desk::NOTES_JOB.to_owned();
    for job in [keyed.replace("key: \"{{ id }}\"\n", ""), keyed] {
        let sandbox = sandbox("");
        let source =
            "id,ticket,body\nk1,tk_1,Note 1\nk2,tk_missing1,Note 2\nk3,,Note 3\nk4,tk_1,Note 4\n";
        let desk = Desk::with_notes(source).file("job.yaml", &job).sure_after("1ms");
        desk.run(&sandbox, "job.yaml --skip-invalid").exits(1);
        desk.call("rejects job.yaml -o rejects.csv").exits(0);
        let text = std::fs::read_to_string(desk.path("rejects.csv")).unwrap();
        let text = text.replace("k2,tk_missing1,", "k2,tk_1,").replace("k3,,", "k3,tk_1,");
        desk.write("rejects.csv", text);
        desk.run(&sandbox, "job.yaml --from rejects.csv").exits(0);
        let told = verify(&desk, &sandbox, "").exits(1);
        let last = closing(&told);
        assert_eq!(
            (&last["there"], &last["there_by_id"], &last["not_sent"]),
            (&json!(2), &json!(2), &json!(0)),
            "{told}"
        );
        let rows = told.all("verified_row");
        assert_eq!(rows.iter().filter(|row| row["source"] == "corrected").count(), 2, "{told}");
        verify(&desk, &sandbox, "--by-id").exits(0);
        let told = verify(&desk, &sandbox, "--from rejects.csv").exits(0);
        assert_eq!(closing(&told)["there"], 4, "{told}");
        // In two files as in one.
        let text = std::fs::read_to_string(desk.path("rejects.csv")).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        desk.write("one.csv", format!("{}\n{}\n", lines[0], lines[1]));
        desk.write("two.csv", format!("{}\n{}\n", lines[0], lines[2]));
        let told = verify(&desk, &sandbox, "--from one.csv").exits(1);
        assert_eq!(closing(&told)["there"], 3, "{told}");
        let told = verify(&desk, &sandbox, "--from one.csv --from two.csv").exits(0);
        assert_eq!(closing(&told)["there"], 4, "{told}");
        let run = desk.run(&sandbox, "job.yaml --from one.csv --from two.csv").exits(2);
        assert!(run.stderr.contains("cannot be used multiple times"), "{run}");
        assert!(sandbox.alter(&id_of(&sandbox, "Note 2"), Alteration::Text("Khác".to_owned())));
        assert!(sandbox.alter(&id_of(&sandbox, "Note 3"), Alteration::Internal(false)));
        let told = verify(&desk, &sandbox, "--from rejects.csv").exits(1);
        let found: Vec<String> = wrong(&told).into_iter().map(|(_, found)| found).collect();
        assert_eq!(found, ["altered", "exposed"], "{told}");
        let altered =
            told.all("verified_row").into_iter().find(|row| row["found"] == "altered").unwrap();
        assert_eq!(altered["change"], json!({"sent": "Note 2", "there": "Khác"}));
    }
}

#[test]
fn reminders_that_lists_do_not_show_are_told_as_not_compared() {
    let job = r#"job: notes
operation: ticket_note.create
source: { csv: notes.csv }
map:
  ticket_id: "{{ ticket }}"
  note: "{{ body }}"
  is_internal_note: true
  task_type: "{{ 1 if at else '' }}"
  task_reminder_time: "{{ at }}"
  task_due_date: "{{ at }}"
key: "{{ id }}"
"#;
    let rows = "id,ticket,body,at\nk1,tk_1,Note 1,4000000000000\nk2,tk_1,Note 2,\n";
    for (lists, counts) in [
        (
            vec![ListModel::HidesReminders],
            json!({"task_due_date": 1, "task_reminder_time": 1, "task_type": 1}),
        ),
        (Vec::new(), json!({})),
    ] {
        let is_silent = !lists.is_empty();
        let sandbox = sandbox_with(Options { lists, ..unhurried() });
        let desk = Desk::new().file("job.yaml", job).file("notes.csv", rows).sure_after("1ms");
        desk.run(&sandbox, "job.yaml").exits(0);
        let told = verify(&desk, &sandbox, "").exits(0);
        assert_eq!(closing(&told)["not_compared"], counts, "{told}");
        let words = "`task_reminder_time` of 1 row";
        let read = desk.call_at(&sandbox, "verify job.yaml").exits(0).stdout;
        assert_eq!(read.matches(words).count(), usize::from(is_silent), "{read}");
        let status = desk.call_at(&sandbox, "status job.yaml").exits(0).stdout;
        assert_eq!(status.matches(words).count(), usize::from(is_silent), "{status}");
        desk.call_at(&sandbox, "report job.yaml -o report.html").exits(0);
        let report = std::fs::read_to_string(desk.path("report.html")).unwrap();
        assert_eq!(report.contains("Not compared, since"), is_silent);
    }
}

#[test]
fn a_sample_is_said_and_the_same_each_time() {
    let sandbox = sandbox("");
    let desk = imported(&sandbox, 40, 20);
    let told = verify(&desk, &sandbox, "--sample 10%").exits(0);
    let last = closing(&told);
    assert_eq!(
        (&last["lists"], &last["of_lists"], &last["rows"]),
        (&json!(2), &json!(20), &json!(4))
    );
    assert_eq!(last["not_in_sample"], 36);
    let lanes = |told: &Outcome| -> Vec<Value> {
        told.all("verified_row").iter().map(|row| row["lane"].clone()).collect()
    };
    assert_eq!(lanes(&verify(&desk, &sandbox, "--sample 2")), lanes(&told));
    let told = desk.call_at(&sandbox, "verify job.yaml --sample 2").exits(0);
    assert!(told.stdout.contains("A sample: 2 of 20 tickets, chosen by"), "{told}");
    let told = desk.call_at(&sandbox, "verify job.yaml --sample few").exits(2);
    assert!(told.stderr.contains("neither a number of tickets nor a percentage"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_verification_that_was_killed_goes_on_where_it_ended() {
    let sandbox =
        sandbox_with(Options { latency: std::time::Duration::from_millis(60), ..unhurried() });
    let desk = imported(&sandbox, 40, 40);
    let desk = desk.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD);
    sandbox.alter(&id_of(&sandbox, "Note 3"), Alteration::Text("Khác".to_owned()));
    let before = requests(&sandbox);
    let call = format!(
        "verify job.yaml --format json --rate 1000/10ms --concurrency 1 --base-url {}",
        sandbox.base_url()
    );
    let started = desk.start(&call);
    while requests(&sandbox) < before + 20 {
        std::thread::yield_now();
    }
    started.kill();
    let kept = desk
        .all_files()
        .into_iter()
        .filter(|(path, _)| path.to_string_lossy().contains("/remote/"));
    for (path, content) in kept {
        let text = String::from_utf8_lossy(&content).into_owned();
        assert!(!text.contains("Note 1"), "{}: {text}", path.display());
    }
    let told = desk.call(&call.replace("--concurrency 1", "--concurrency 8")).exits(1);
    assert!(told.all("asking")[0]["known"].as_u64().unwrap() > 5, "{told}");
    assert_eq!(wrong(&told), [(3, "altered".to_owned())], "{told}");
    assert_eq!(closing(&told)["rows"], 40);
    let told = desk.call(&call.replace("--concurrency 1", "--concurrency 8")).exits(1);
    assert_eq!(told.all("asking")[0]["known"], 0, "what was read to its end is not gone by");
}

#[cfg(unix)]
#[test]
fn what_an_earlier_call_has_read_holds_no_longer_where_another_job_went_there_since() {
    let sandbox =
        sandbox_with(Options { latency: std::time::Duration::from_millis(60), ..unhurried() });
    let desk = imported(&sandbox, 40, 40);
    let desk = desk.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD);
    let before = requests(&sandbox);
    let address = format!("--rate 1000/10ms --base-url {}", sandbox.base_url());
    let started = desk.start(&format!("verify job.yaml --concurrency 1 {address}"));
    while requests(&sandbox) < before + 20 {
        std::thread::yield_now();
    }
    started.kill();
    let gone = id_of(&sandbox, "Note 1");
    desk.write("gone.csv", format!("note_id\n{gone}\n"));
    let call = format!("run gone.csv --operation ticket_note.delete --yes {address}");
    desk.call(&format!("{call} --ledger .noteferry/ledger.db")).exits(0);
    let told = desk.call(&format!("verify job.yaml --format json {address}")).exits(1);
    assert_eq!(told.all("asking")[0]["known"], 0, "{told}");
    assert_eq!(wrong(&told).len(), 1, "{told}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_verification_says_how_far_it_came() {
    let sandbox =
        sandbox_with(Options { latency: std::time::Duration::from_millis(60), ..unhurried() });
    let desk = imported(&sandbox, 40, 40);
    let desk = desk.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD);
    let before = requests(&sandbox);
    let call = format!(
        "verify job.yaml --rate 1000/10ms --concurrency 1 --base-url {}",
        sandbox.base_url()
    );
    let started = desk.start(&call);
    while requests(&sandbox) < before + 12 {
        std::thread::yield_now();
    }
    started.signal("INT");
    let told = started.outcome().exits(130);
    assert!(told.stdout.contains("Interrupted after"), "{told}");
    assert!(told.stdout.contains("it was not asked for"), "{told}");
    assert!(told.stdout.contains("noteferry verify job.yaml"), "{told}");
}
