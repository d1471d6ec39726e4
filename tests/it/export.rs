//! `export`: what lists show, written down whole or not at all, each thing once; and what was exported goes back in as it is.

use std::time::Duration;

use noteferry::sandbox::{EMAIL, ListModel, Options, PASSWORD, Sandbox};
use serde_json::{Value, json};

use crate::ask::{ask, log_in};
use crate::desk::{Desk, Outcome, notes_csv, requests, sandbox, sandbox_with, texts, unhurried};

const BACKUP: &str = "job: backup\noperation: ticket_note.list\nsource: { csv: tickets.csv }\n\
                      map: { ticket_id: \"{{ ticket }}\" }\n";

fn tickets(names: &[&str]) -> String {
    names.iter().fold("ticket\n".to_owned(), |csv, name| csv + name + "\n")
}

fn desk(names: &[&str]) -> Desk {
    Desk::new().file("backup.yaml", BACKUP).file("tickets.csv", tickets(names))
}

fn export(desk: &Desk, sandbox: &Sandbox, flags: &str) -> Outcome {
    desk.call_at(sandbox, &format!("export backup.yaml --rate 1000/10ms --format json {flags}"))
}

fn closing(outcome: &Outcome) -> Value {
    let last = outcome.events().pop().unwrap();
    assert_eq!(
        (&last["event"], &last["exit"]),
        (&json!("exported"), &json!(outcome.status)),
        "{outcome}"
    );
    last
}

/// The cells of a file, by row and column.
fn cells(desk: &Desk, name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(desk.path(name)).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn the_notes_of_tickets_are_written_whole_and_in_order() {
    let sandbox = sandbox("");
    let names = ["tk_sandbox000001", "tk_sandbox000002", "tk_none", "tk_sandbox000001"];
    let desk = desk(&names);
    let told = export(&desk, &sandbox, "-o notes.csv").exits(0);
    let last = closing(&told);
    assert_eq!(
        (&last["written"], &last["lists"], &last["lists_empty"]),
        (&json!(20), &json!(3), &json!(1))
    );
    let cells = cells(&desk, "notes.csv");
    let head = "note_id,created,is_internal_note,note,note_type,task_due_date,task_reminder_time,task_type,ticket_id";
    let mut columns = cells[0].clone();
    columns[2..].sort();
    assert_eq!(columns.join(","), head);
    assert_eq!(cells.len(), 21);
    let of = |column: &str| cells[0].iter().position(|name| name == column).unwrap();
    let texts: Vec<&str> = cells[1..].iter().map(|row| row[of("note")].as_str()).collect();
    let first = texts.iter().position(|text| *text == "Seeded note 1").unwrap();
    assert_eq!(texts[first..first + 3], ["Seeded note 1", "Seeded note 2", "Seeded note 3"]);
    assert!(cells[1][of("created")].starts_with("2020-01-01T"), "{:?}", cells[1]);
    assert!(!desk.path("notes.csv.part").exists() && !desk.path("notes.csv.part.log").exists());
    for entry in sandbox.books()["journal"].as_array().unwrap() {
        assert!(entry["method"] == "GET" || entry["path"] == "/v1/account", "{entry}");
    }
    let told = desk.call_at(&sandbox, "export backup.yaml -o notes.csv").exits(2);
    assert!(told.stderr.contains("a file of this name is there already"), "{told}");
    let told = desk.call_at(&sandbox, "export backup.yaml -o notes.csv --replace").exits(0);
    assert!(told.stdout.contains("20 notes of 3 tickets are in notes.csv."), "{told}");
    for stays in ["tickets.csv", "./tickets.csv", "backup.yaml --as csv"] {
        let command = format!("export backup.yaml -o {stays} --replace");
        let told = desk.call_at(&sandbox, &command).exits(2);
        assert!(told.stderr.contains("which is never replaced"), "{told}");
    }
    let told = desk.call_at(&sandbox, "export backup.yaml -o notes.txt").exits(2);
    assert!(told.stderr.contains(".jsonl"), "{told}");
}

#[test]
fn what_was_exported_goes_back_in_as_it_is() {
    let first = sandbox("");
    let token = log_in(first.base_url());
    let texts_of = ["Dòng một\nDòng \"hai\", ba", "=1+1", " blanks ", "🙂 0012"];
    for (at, text) in texts_of.iter().enumerate() {
        let note = json!({"ticket_id": "tk_a", "note": text, "is_internal_note": at % 2 == 0});
        ask(first.base_url(), "POST", "/v1/ticketNote", &token, &note);
    }
    for (file, format) in [("notes.csv", ""), ("notes.jsonl", ""), ("notes.txt", "--as jsonl")] {
        let desk = desk(&["tk_a"]);
        export(&desk, &first, &format!("-o {file} {format}")).exits(0);
        let second = sandbox("");
        let run = match file {
            "notes.txt" => format!("{file} --operation ticket_note.create --input jsonl"),
            _ => format!("{file} --operation ticket_note.create"),
        };
        let plan = desk.call_at(&second, &format!("plan {run}")).exits(0);
        // The columns of lines of JSON are known when all are read.
        let is_told = plan.stderr.contains("warning[exported-rows]");
        assert_eq!(is_told, file == "notes.csv", "{file}: {plan}");
        desk.run(&second, &run).exits(0);
        assert_eq!(texts(&second), texts_of, "{file}");
        let internal: Vec<bool> = second.books()["notes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|note| note["is_internal_note"].as_bool().unwrap())
            .collect();
        assert_eq!(internal, [true, false, true, false], "{file}");
    }
}

#[test]
fn a_ticket_that_is_not_there_is_told_and_the_rest_goes_on() {
    let sandbox = sandbox("");
    let desk = desk(&["tk_sandbox000001", "tk_missing1", "tk_sandbox000002"]);
    let told = export(&desk, &sandbox, "-o notes.csv").exits(1);
    let last = closing(&told);
    assert_eq!(
        (&last["written"], &last["lists_missing"], &last["whole"]),
        (&json!(20), &json!(1), &json!(true))
    );
    let told = desk.call_at(&sandbox, "export backup.yaml -o other.csv").exits(1);
    assert!(told.stdout.contains("ticket tk_missing1 (row 2):"), "{told}");
}

#[test]
fn what_cannot_be_read_to_its_end_never_looks_whole() {
    let sandbox = sandbox_with(Options { lists: vec![ListModel::PagesIgnored], ..unhurried() });
    let desk = desk(&["tk_sandbox000001", "tk_none"]);
    let told = export(&desk, &sandbox, "-o notes.csv").exits(4);
    let last = closing(&told);
    assert_eq!((&last["whole"], &last["not_known"]), (&json!(false), &json!(1)), "{told}");
    assert!(!desk.path("notes.csv").exists() && desk.path("notes.csv.part").exists());
    let read = desk.call_at(&sandbox, "export backup.yaml -o notes.csv").exits(4);
    assert!(
        read.stdout.contains("is no more than a part of it. The same command goes on"),
        "{read}"
    );
}

#[test]
fn lists_of_every_shape_come_to_the_same_file() {
    let mut files = Vec::new();
    for list in [
        ListModel::NewestFirst,
        ListModel::OldestFirst,
        ListModel::Shuffled,
        ListModel::PagesFromZero,
        ListModel::NestedData,
    ] {
        let sandbox = sandbox_with(Options { lists: vec![list], ..unhurried() });
        let import = Desk::with_notes(notes_csv(130, 1));
        import.run(&sandbox, "job.yaml").exits(0);
        let desk = desk(&["tk_0"]);
        export(&desk, &sandbox, "-o notes.csv").exits(0);
        let cells = cells(&desk, "notes.csv");
        let at = cells[0].iter().position(|name| name == "note").unwrap();
        let mut texts: Vec<String> = cells[1..].iter().map(|row| row[at].clone()).collect();
        texts.sort();
        files.push((list, texts));
    }
    assert_eq!(files[0].1.len(), 130);
    assert!(files.iter().all(|(_, texts)| *texts == files[0].1), "{files:?}");
}

#[test]
fn faults_on_the_way_change_nothing_of_the_file() {
    for faults in ["429=30%", "503=10%", "reset=10%"] {
        let sandbox = sandbox(faults);
        let names: Vec<String> = (1..=20).map(|number| format!("tk_sandbox{number:06}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let desk = desk(&names);
        for _ in 0..5 {
            if export(&desk, &sandbox, "-o notes.csv").status == 0 {
                break;
            }
        }
        let cells = cells(&desk, "notes.csv");
        let mut ids: Vec<&String> = cells[1..].iter().map(|row| &row[0]).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), cells.len()), (200, 201), "{faults}");
    }
}

#[cfg(unix)]
#[test]
fn an_export_that_was_killed_goes_on_and_has_each_note_once() {
    let sandbox = sandbox_with(Options { latency: Duration::from_millis(50), ..unhurried() });
    let names: Vec<String> = (1..=20).map(|number| format!("tk_sandbox{number:06}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let desk = desk(&names).env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD);
    let call = format!(
        "export backup.yaml -o notes.csv --format json --rate 1000/10ms --concurrency 1 --base-url {}",
        sandbox.base_url()
    );
    for round in 1..=3 {
        let before = requests(&sandbox);
        let started = desk.start(&call);
        while requests(&sandbox) < before + 10 {
            std::thread::yield_now();
        }
        started.kill();
        // A sudden end tears a line, of the part or of its log.
        let torn = if round == 2 { "notes.csv.part.log" } else { "notes.csv.part" };
        let mut content = std::fs::read(desk.path(torn)).unwrap();
        content.extend_from_slice(b"{\"list\":\"torn");
        std::fs::write(desk.path(torn), content).unwrap();
        assert!(!desk.path("notes.csv").exists());
    }
    let told = desk.call(&call.replace("--concurrency 1", "--concurrency 8")).exits(0);
    assert!(told.all("asking")[0]["known"].as_u64().unwrap() > 3, "{told}");
    let cells = cells(&desk, "notes.csv");
    let mut ids: Vec<&String> = cells[1..].iter().map(|row| &row[0]).collect();
    assert_eq!(ids.len(), 200);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 200, "each once");
    assert_eq!(closing(&told)["written"], 200);
}

#[test]
fn a_part_of_another_export_is_not_gone_on_with() {
    let sandbox = sandbox("503=100%");
    let desk = desk(&["tk_sandbox000001"]);
    let flags = "--rate 1000/10ms --give-up-after 200ms";
    desk.call_at(&sandbox, &format!("export backup.yaml -o notes.csv {flags}")).exits(4);
    let jsonl = desk.call_at(&sandbox, "export backup.yaml -o notes.csv --as jsonl").exits(2);
    assert!(jsonl.stderr.contains("the part of another export"), "{jsonl}");
    desk.write("other.csv.part", "something else");
    let other = desk.call_at(&sandbox, "export backup.yaml -o other.csv").exits(2);
    assert!(other.stderr.contains("the part of another export"), "{other}");
    assert_eq!(std::fs::read_to_string(desk.path("other.csv.part")).unwrap(), "something else");
}

#[test]
fn rows_that_list_nothing_are_refused() {
    let sandbox = sandbox("");
    let desk = Desk::with_notes(notes_csv(2, 1));
    let told = desk.call_at(&sandbox, "export job.yaml -o notes.csv").exits(2);
    assert!(told.stderr.contains("lists nothing that could be exported"), "{told}");
    let events =
        desk.call_at(&sandbox, "export job.yaml -o notes.csv --format json").exits(2).events();
    assert_eq!(events.last().unwrap()["event"], "exported");
    let desk =
        Desk::new().file("backup.yaml", BACKUP).file("tickets.csv", "ticket,x\ntk_1,1\n,2\n");
    let told = desk.call_at(&sandbox, "export backup.yaml -o notes.csv").exits(3);
    assert!(told.stderr.contains("error["), "{told}");
    assert_eq!(requests(&sandbox), 0);
}

#[test]
fn a_list_that_hides_a_flag_is_left_out_and_named() {
    let sandbox = sandbox_with(Options { lists: vec![ListModel::HidesFlags], ..unhurried() });
    let desk = desk(&["tk_sandbox000001", "tk_none"]);
    for file in ["notes.csv", "notes.jsonl"] {
        let told = export(&desk, &sandbox, &format!("-o {file}")).exits(1);
        let last = closing(&told);
        assert_eq!(
            (&last["written"], &last["lists_untold"], &last["lists_empty"]),
            (&json!(0), &json!(1), &json!(1)),
            "{told}"
        );
        let text = std::fs::read_to_string(desk.path(file)).unwrap();
        assert!(!text.contains("Seeded"), "{text}");
    }
    let told = desk.call_at(&sandbox, "export backup.yaml -o other.csv").exits(1);
    assert!(
        told.stdout
            .contains("ticket tk_sandbox000001 (row 1): the list does not show `is_internal_note`"),
        "{told}"
    );
    desk.call("explain flag-not-shown").exits(0);
}

#[test]
fn a_refusal_of_the_moment_is_asked_about_again() {
    let sandbox = sandbox("refuse=10%");
    let names: Vec<String> = (1..=20).map(|number| format!("tk_sandbox{number:06}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let desk = desk(&names);
    let told = export(&desk, &sandbox, "-o notes.csv");
    assert_eq!(told.all("exported_list").len(), 20, "{told}");
    assert!(!told.stdout.contains("\"the list was refused:"), "{told}");
}

#[cfg(unix)]
#[test]
fn nothing_but_an_earlier_file_is_replaced() {
    let sandbox = sandbox("");
    let desk = desk(&["tk_sandbox000001"]);
    desk.write("kept.csv", "kept");
    std::os::unix::fs::symlink(desk.path("kept.csv"), desk.path("link.csv")).unwrap();
    std::fs::create_dir(desk.path("folder.csv")).unwrap();
    for (to, why) in [
        ("link.csv", "no plain file"),
        ("folder.csv", "no plain file"),
        ("/dev/null", "no plain file"),
        ("tickets.csv", "the job reads this file"),
        ("backup.yaml", "the job reads this file"),
    ] {
        let call = format!("export backup.yaml -o {to} --as csv --replace");
        let told = desk.call_at(&sandbox, &call).exits(2);
        assert!(told.stderr.contains(why), "{to}: {told}");
    }
    assert_eq!(std::fs::read_to_string(desk.path("kept.csv")).unwrap(), "kept");
    assert_eq!(std::fs::read_to_string(desk.path("backup.yaml")).unwrap(), BACKUP);
    assert_eq!(requests(&sandbox), 0);
}
