//! Memory does not follow what others have written: hostile answers, rows, jobs and connectors, measured in the system's own
//! figures of the child. The bounds are generous; what they catch is growth without one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::desk::{Desk, NOTES_JOB, Outcome, notes_csv};
use crate::hostile::{Hostile, http};

const MIB: u64 = 1 << 20;

/// The most memory that a process has had, in bytes; none once it is gone.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// Runs the binary to its end, and gives the most memory that it was seen to have.
fn measured(desk: &Desk, arguments: &str) -> (Outcome, u64) {
    let started = desk.start(arguments);
    let (process, is_over) = (started.id(), Arc::new(AtomicBool::new(false)));
    let most = Arc::new(AtomicU64::new(0));
    let watcher = std::thread::spawn({
        let (is_over, most) = (Arc::clone(&is_over), Arc::clone(&most));
        move || {
            while !is_over.load(Ordering::Relaxed) {
                if let Some(peak) = peak(process) {
                    most.fetch_max(peak, Ordering::Relaxed);
                }
                // The system keeps the peak; so this need not be often.
                std::thread::park_timeout(Duration::from_millis(2));
            }
        }
    });
    let outcome = started.outcome();
    is_over.store(true, Ordering::Relaxed);
    watcher.join().unwrap();
    (outcome, most.load(Ordering::Relaxed))
}

#[track_caller]
fn within(bound: u64, (outcome, peak): (Outcome, u64)) -> Outcome {
    assert!(peak > 0, "nothing was measured: {outcome}");
    assert!(peak < bound * MIB, "{} MiB: {outcome}", peak / MIB);
    assert!(!outcome.killed, "{outcome}");
    outcome
}

#[test]
fn lists_of_huge_ids_and_of_very_many_items_take_no_more_than_what_is_read_of_them() {
    let id = "x".repeat(15 << 20);
    let items = vec!["{\"id\":\"tn_1\",\"note\":\"a\",\"created\":1}"; 300_000].join(",");
    for list in [
        format!("{{\"r\":0,\"data\":[{{\"id\":\"{id}\",\"note\":\"Note 1\",\"created\":1}}]}}"),
        format!("{{\"r\":0,\"data\":[{items}]}}"),
        format!("{{\"r\":0,\"data\":{}1{}}}", "[".repeat(1 << 20), "]".repeat(1 << 20)),
    ] {
        let server = Hostile::open(move |request, _| match request.starts_with("GET") {
            true => http("200 OK", "", &list),
            // What came of the create, nobody says.
            false => String::new(),
        });
        let desk = Desk::with_notes(notes_csv(4, 4)).sure_after("0s").env("STRINGEEX_TOKEN", "t");
        let run = format!(
            "run job.yaml --base-url {} --rate 1000/10ms --max-duration 20s --give-up-after 3s",
            server.address()
        );
        let outcome = within(600, measured(&desk, &run));
        assert!([4, 6].contains(&outcome.status), "{outcome}");
    }
}

#[test]
fn a_row_of_nested_json_is_refused_by_its_place() {
    let deep = format!("{{\"ticket_id\":{}1{}}}\n", "[".repeat(1 << 20), "]".repeat(1 << 20));
    let desk = Desk::new().file("rows.jsonl", deep);
    let check = "check rows.jsonl --operation ticket_note.create";
    let outcome = within(300, measured(&desk, check)).exits(3);
    assert!(outcome.stderr.contains("rows.jsonl:1"), "{outcome}");
}

#[test]
fn a_job_of_very_many_keys_is_refused() {
    let mut keys = NOTES_JOB.to_owned();
    (0..100_000).for_each(|key| keys.push_str(&format!("key_{key}: 1\n")));
    let desk = Desk::new().file("job.yaml", keys).file("notes.csv", notes_csv(1, 1));
    within(600, measured(&desk, "check job.yaml")).exits(2);
}

#[test]
fn forms_within_forms_in_a_connectors_schema_do_not_multiply() {
    let mut form = "{ type: string }".to_owned();
    for _ in 0..40 {
        form = format!("{{ anyOf: [{form}, {{ type: integer }}] }}");
    }
    let mut doubled = "{ type: string }".to_owned();
    for _ in 0..9 {
        doubled = format!("{{ anyOf: [{doubled}, {doubled}] }}");
    }
    for form in [form, doubled] {
        let desk = Desk::with_notes(notes_csv(50, 5)).with_connector(|text| {
            let schema = "    extra: ".to_owned() + &form + "\n    ticket_id:\n";
            match text.contains("operation: ticket_note.create\n") {
                true => text.replacen("    ticket_id:\n", &schema, 1),
                false => text,
            }
        });
        desk.write(
            "job.yaml",
            NOTES_JOB
                .replace("  is_internal_note: true", "  is_internal_note: true\n  extra: [[1]]"),
        );
        let outcome = within(600, measured(&desk, "check job.yaml"));
        assert!([2, 3].contains(&outcome.status), "{outcome}");
    }
}

#[test]
fn an_indent_of_a_billion_blanks_is_refused() {
    let job = NOTES_JOB.replace("{{ body }}", "{{ row | tojson(indent=1000000000) }}");
    let desk = Desk::new().file("job.yaml", job).file("notes.csv", notes_csv(3, 1));
    let outcome = within(300, measured(&desk, "check job.yaml"));
    assert!([2, 3].contains(&outcome.status), "{outcome}");
    assert!(outcome.stderr.contains("tojson indents by"), "{outcome}");
}
