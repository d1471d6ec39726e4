//! A first job for files that nobody has described: what is drafted is what the files need, and what is not sure is said.

use std::path::Path;
use std::process::Stdio;

use serde_json::json;

use crate::desk::{Desk, assert_reads, sandbox, texts};
use crate::samples::{assert_makes, desk_of, folder};

/// Drafts a job for a sample, looks at its text, and runs it.
fn assert_drafts((sample, shown): (&str, &str), files: &str, flags: &str) {
    let desk = desk_of(sample);
    let drafted = desk.call(&format!("init {files} -o made.yaml {flags}")).exits(0);
    assert_eq!(drafted.stdout, "", "{drafted}");
    let text = std::fs::read_to_string(desk.path("made.yaml")).unwrap();
    assert_reads(shown, &text);
    assert_makes(&desk, "made.yaml", &folder(sample).join("expected.json"));
}

#[test]
fn zendesk() {
    assert_drafts(
        ("zendesk", "init_zendesk"),
        "tickets.jsonl users.jsonl ticket-map.csv",
        "--timezone Asia/Ho_Chi_Minh",
    );
}

#[test]
fn freshdesk() {
    assert_drafts(
        ("freshdesk", "init_freshdesk"),
        "Users0.json Agents0.json Tickets0.json ticket-map.csv",
        "",
    );
}

#[test]
fn jira() {
    assert_drafts(
        ("jira", "init_jira"),
        "jira.csv users.csv ticket-map.csv",
        "--text plain --internal always",
    );
}

#[test]
fn salesforce() {
    assert_drafts(
        ("salesforce", "init_salesforce"),
        "CaseComment.csv Case.csv User.csv ticket-map.csv",
        "",
    );
}

#[test]
fn osticket() {
    assert_drafts(
        ("osticket", "init_osticket"),
        "thread_entry.csv --lookup tickets=ticket-map.csv:number:stringee_id",
        "",
    );
}

#[test]
fn a_spreadsheet() {
    assert_drafts(
        ("xlsx", "init_xlsx"),
        "so-ghi-chu.xlsx ticket-map.csv",
        "--visible-value= --sheet 1",
    );
}

/// The exports beside the presets, which are of other shapes.
#[test]
fn the_files_of_every_preset_give_a_job_that_passes() {
    let presets = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let mut passed = Vec::new();
    for entry in std::fs::read_dir(presets).unwrap().map(|entry| entry.unwrap().path()) {
        if !entry.is_dir() {
            continue;
        }
        let desk = Desk::new();
        let mut files = Vec::new();
        for file in std::fs::read_dir(&entry).unwrap().map(|file| file.unwrap().path()) {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            if name.ends_with(".yaml") {
                continue;
            }
            // In every preset the map has all tickets but those of notes that are left out.
            desk.write(&name, std::fs::read(&file).unwrap());
            files.push(name);
        }
        files.sort();
        let drafted = desk.call(&format!("init {} -o made.yaml", files.join(" "))).exits(0);
        desk.call("check made.yaml").exits(0);
        assert!(drafted.stderr.contains("Next: noteferry plan made.yaml"), "{drafted}");
        passed.push(entry);
    }
    assert_eq!(passed.len(), 9, "{passed:?}");
}

#[test]
fn without_a_map_of_tickets_the_job_says_what_it_needs() {
    let desk =
        Desk::new().file("notes.csv", "ticket,note,internal\n501,Xin chào,yes\n502,Xin,no\n");
    let drafted = desk.call("init notes.csv -o job.yaml").exits(0);
    assert!(drafted.stderr.contains("Next: make ticket-map.csv"), "{drafted}");
    let text = std::fs::read_to_string(desk.path("job.yaml")).unwrap();
    assert!(text.contains("# DECIDE: which StringeeX ticket is each old one?"), "{text}");
    desk.write("ticket-map.csv", "legacy,stringee\n501,tk_1\n502,tk_2\n");
    desk.call("check job.yaml").exits(0);
    // Or none is needed.
    let same = desk.call("init notes.csv --same-tickets -o same.yaml").exits(0);
    assert!(same.stderr.contains("2 rows: all valid"), "{same}");
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml").exits(0);
    assert_eq!(texts(&sandbox), ["Xin chào", "Xin"]);
    let books = sandbox.books();
    let tickets: Vec<_> =
        books["notes"].as_array().unwrap().iter().map(|note| &note["ticket_id"]).collect();
    assert!(tickets.contains(&&json!("tk_1")), "{tickets:?}");
}

#[test]
fn the_job_goes_where_it_is_wanted_and_replaces_nothing() {
    let desk = Desk::new().file("data/notes.csv", "ticket,note,internal\ntk_1,Xin chào,yes\n");
    let shown = desk.call("init data/notes.csv --same-tickets").exits(0);
    assert!(shown.stdout.contains("  csv: data/notes.csv\n"), "{shown}");
    assert_eq!(desk.files().len(), 1);
    desk.write("jobs/job.yaml", "mine\n");
    let refused = desk.call("init data/notes.csv --same-tickets -o jobs/job.yaml").exits(2);
    assert!(refused.stderr.contains("error[unwritable-file]"), "{refused}");
    assert_eq!(std::fs::read_to_string(desk.path("jobs/job.yaml")).unwrap(), "mine\n");
    let made = desk.call("init data/notes.csv --same-tickets -o jobs/job.yaml --force").exits(0);
    assert!(made.stderr.contains("1 row: "), "{made}");
    let text = std::fs::read_to_string(desk.path("jobs/job.yaml")).unwrap();
    assert!(text.contains("  csv: \"../data/notes.csv\"\n"), "{text}");
    desk.call("init data/notes.csv -o nowhere/job.yaml").exits(2);
}

#[test]
fn several_exports_are_one_job() {
    let desk = Desk::new();
    for number in 1..=3 {
        let row = format!("id,ticket,note,internal\n{number},tk_1,Text {number},yes\n");
        desk.write(&format!("notes-{number}.csv"), row);
    }
    let files = "notes-1.csv notes-2.csv notes-3.csv";
    desk.call(&format!("init {files} --same-tickets -o job.yaml")).exits(0);
    let text = std::fs::read_to_string(desk.path("job.yaml")).unwrap();
    assert!(text.contains("  csv: \"notes-*.csv\"\n"), "{text}");
    let checked = desk.call("check job.yaml").exits(0);
    assert!(checked.stderr.contains("3 rows: all valid"), "{checked}");
    desk.write("more.csv", "id,ticket,note,internal\n9,tk_2,Text 9,no\n");
    desk.call("init notes-1.csv more.csv --same-tickets -o two.yaml").exits(0);
    let checked = desk.call("check two.yaml").exits(0);
    assert!(checked.stderr.contains("2 rows: all valid"), "{checked}");
}

#[test]
fn a_file_that_nothing_can_be_made_of_is_told_with_its_place() {
    let wide: Vec<u8> = (0..40_000_u32).map(|at| (at * 7919 % 251) as u8).collect();
    let table: &[(&str, &[u8], &str)] = &[
        ("empty.csv", b"", "empty-file"),
        ("blank.csv", b"\n \n", "empty-file"),
        ("header.csv", b"ticket,note\n", "empty-file"),
        ("noise.csv", &wide, "encoding"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more", "sheet"),
        ("zip.xlsx", b"PK\x03\x04 and more", "sheet"),
        ("page.xls", b"<html><table>", "encoding"),
        ("feed.xml", b"<?xml version=\"1.0\"?><a/>", "encoding"),
        ("dump.sql", b"-- MySQL dump 10.13\nCREATE TABLE x", "encoding"),
        ("paper.pdf", b"%PDF-1.7", "encoding"),
        ("cut.json", b"{\"a\": 1", "json-syntax"),
        ("object.json", b"{\"a\": 1}", "json-syntax"),
        ("lines.jsonl", b"[1]\n", "not-an-object"),
        ("cut.csv.gz", b"\x1f\x8b\x08\x00\x00", "damaged-packing"),
        ("two.csv", b"a,b\n1,2\n", "unrecognised"),
    ];
    for (name, bytes, code) in table {
        let desk = Desk::new().file(name, bytes);
        let told = desk.call(&format!("init {name} -o job.yaml")).exits(2);
        assert!(told.stderr.contains(&format!("error[{code}]")), "{name}\n{told}");
        assert!(told.stderr.contains(&format!("--> {name}")), "{name}\n{told}");
        assert_eq!(desk.files().len(), 1, "{name}");
    }
    let desk = Desk::new();
    desk.call("init missing.csv").exits(2);
    desk.call("init .").exits(2);
    desk.call("init -").exits(2);
    desk.call("init").exits(2);
    desk.call("init a.csv --timezone Nowhere/Land").exits(2);
    let desk = desk.file("a.csv", "ticket,note\n1,a\n");
    for flag in ["--sheet 2", "--at /tickets", "--each /notes"] {
        let told = desk.call(&format!("init a.csv {flag}")).exits(2);
        assert!(told.stderr.contains("means nothing for this file, which is a table"), "{told}");
    }
}

#[test]
fn a_line_without_an_end_takes_no_memory_that_grows_with_it() {
    let desk = Desk::new();
    desk.write("long.csv", "a".repeat(20 << 20));
    let told = desk.call("init long.csv").exits(2);
    assert!(told.stderr.contains("error[row-too-long]"), "{told}");
}

#[test]
fn whoever_does_not_read_on_gets_no_broken_words() {
    let desk = Desk::new().file("notes.csv", "ticket,note,internal\ntk_1,Xin chào,yes\n");
    desk.call_into("init notes.csv", Stdio::null(), Stdio::null()).exits(0);
}

/// The walk-through of the documentation, on the files that it names.
#[test]
fn the_walk_through_is_as_it_is_written() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/init.md");
    let page = std::fs::read_to_string(page).unwrap();
    let desk = Desk::new();
    let mut commands = 0;
    let mut blocks = page.split("```");
    while let (Some(before), Some(block)) = (blocks.next(), blocks.next()) {
        let (kind, body) = block.split_once('\n').unwrap();
        let named = before.trim_end().lines().next_back().unwrap_or_default();
        match (kind, named.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:"))) {
            ("csv", Some(file)) => desk.write(file, body),
            ("yaml", Some(file)) => {
                let made = std::fs::read_to_string(desk.path(file)).unwrap();
                assert_eq!(made, body, "{file}");
            }
            ("console", _) => {
                for line in body.split("\n$ ").map(|part| part.trim_start_matches("$ ")) {
                    let (command, wanted) = line.split_once('\n').unwrap_or((line, ""));
                    let arguments = command.strip_prefix("noteferry ").unwrap();
                    let called = desk.call(arguments);
                    let said = format!("{}{}", called.stderr, called.stdout);
                    assert_eq!(said.trim_end(), wanted.trim_end(), "{command}");
                    commands += 1;
                }
            }
            _ => {}
        }
    }
    assert!(commands >= 3, "{commands}");
}
