//! What cannot be meant in a source is told, in every format alike, and stops the run where it could do harm.

use serde_json::json;

use crate::desk::{Desk, Outcome, requests, sandbox, texts};

const CREATE: &str = "--operation ticket_note.create";

/// The problems of one code.
fn told(outcome: &Outcome, code: &str) -> Vec<serde_json::Value> {
    let problems = outcome.all("problem");
    problems.into_iter().filter(|problem| problem["code"] == code).collect()
}

fn text_of(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn a_field_that_is_one_letter_off_is_an_error_in_every_format() {
    let csv = "ticket_id,note,is_internl_note\ntk_1,a,true\n";
    let jsonl = "{\"ticket_id\":\"tk_1\",\"note\":\"a\",\"is_internal_note\":true}\n\
                 {\"ticket_id\":\"tk_1\",\"note\":\"b\",\"is_internl_note\":true}\n";
    let json = "[{\"ticket_id\":\"tk_1\",\"note\":\"a\",\"isInternalNote\":true}]";
    let yaml = "job: j\noperation: ticket_note.create\nsource:\n  rows:\n    - { ticket_id: tk_1, note: a, internal_note: true }\n";
    for (name, text) in [("n.csv", csv), ("n.jsonl", jsonl), ("n.json", json), ("job.yaml", yaml)] {
        let (desk, sandbox) = (Desk::new().file(name, text), sandbox(""));
        let operation = if name == "job.yaml" { "" } else { CREATE };
        let outcome = desk.run(&sandbox, &format!("{name} {operation}"));
        assert!([2, 3].contains(&outcome.status), "{outcome}");
        let found = told(&outcome, "unknown-field");
        assert_eq!(found.len(), 1, "{outcome}");
        assert_eq!(found[0]["severity"], "error");
        assert!(text_of(&found[0]["hint"]).contains("`is_internal_note`"), "{outcome}");
        assert_eq!(requests(&sandbox), 0, "{name}");
    }
    // The others may go where that is wanted.
    let (desk, sandbox) = (Desk::new().file("n.jsonl", jsonl), sandbox(""));
    desk.run(&sandbox, &format!("n.jsonl {CREATE} --skip-invalid")).exits(1);
    assert_eq!(texts(&sandbox), ["a"]);
}

#[test]
fn other_names_that_are_no_fields_are_warned_of_once_with_their_rows() {
    let rows: String = (1..=50)
        .map(|row| {
            format!("{{\"ticket_id\":\"tk_1\",\"note\":\"n{row}\",\"is_internal_note\":true,\"customer\":\"x\",\"notes\":\"y\"}}\n")
        })
        .collect();
    let desk = Desk::new().file("n.jsonl", &rows);
    let outcome = desk.call(&format!("check n.jsonl {CREATE} --format json")).exits(0);
    let found = told(&outcome, "unused-column");
    assert_eq!(found.len(), 2, "{outcome}");
    assert!(
        text_of(&found[0]["message"]).contains("50 rows have it: lines 1, 2, 3, …"),
        "{outcome}"
    );
    // Where a job says what goes where, the rest is nobody's affair.
    let job = "job: j\noperation: ticket_note.create\nsource: { jsonl: n.jsonl }\n\
        map: { ticket_id: \"{{ ticket_id }}\", note: \"{{ note }}\", is_internal_note: true }\n";
    let desk = desk.file("job.yaml", job);
    assert!(desk.call("check job.yaml --format json").exits(0).all("problem").is_empty());
}

#[test]
fn rows_in_which_nothing_is_written_are_passed_over_and_told() {
    let csv = "id,ticket,body\nk1,tk_1,a\n,,\n,,,,\nk2,tk_1,b\n ,,\n";
    let (desk, sandbox) = (Desk::with_notes(csv), sandbox(""));
    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
    outcome.counts("rows=2 succeeded=2");
    let found = told(&outcome, "blank-rows");
    assert_eq!(found.len(), 1, "{outcome}");
    assert!(text_of(&found[0]["message"]).contains("3 rows"), "{outcome}");
    assert!(text_of(&found[0]["message"]).contains("lines 3, 4, 6"), "{outcome}");
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 already_done=2 requests=0");
}

#[test]
fn a_header_among_the_rows_is_not_sent() {
    let csv = "id,ticket,body\nk1,tk_1,a\nid,ticket,body\nk2,tk_1,b\n";
    let (desk, sandbox) = (Desk::with_notes(csv), sandbox(""));
    let outcome = desk.run(&sandbox, "job.yaml").exits(3);
    assert_eq!(told(&outcome, "repeated-header")[0]["row"], 2, "{outcome}");
    assert_eq!(requests(&sandbox), 0);
    desk.run(&sandbox, "job.yaml --skip-invalid").exits(1).counts("rows=3 succeeded=2 invalid=1");
    assert_eq!(texts(&sandbox), ["a", "b"]);
}

#[test]
fn a_data_file_with_another_delimiter_is_led_to_the_flag_that_reads_it() {
    for (sign, flag) in
        [(';', "--delimiter ';'"), ('\t', "--delimiter tab"), ('|', "--delimiter '|'")]
    {
        let csv = "ticket_id,note,is_internal_note\ntk_1,a,true\n".replace(',', &sign.to_string());
        let (desk, sandbox) = (Desk::new().file("n.csv", csv), sandbox(""));
        let outcome = desk.call(&format!("check n.csv {CREATE} --format json")).exits(2);
        let hint = text_of(&told(&outcome, "delimiter")[0]["hint"]).to_owned();
        assert!(hint.contains(flag), "{hint}");
        let flag = flag.replace('\'', "");
        let outcome = desk.run(&sandbox, &format!("n.csv {CREATE} {flag}")).exits(0);
        outcome.counts("rows=1 succeeded=1");
        let status = desk.call(&format!("status n.csv {CREATE} {flag} --format json")).exits(0);
        assert!(status.stdout.contains("\"succeeded\":1"), "{status}");
    }
    let desk = Desk::with_notes("id,ticket,body\n").file("n.jsonl", "");
    for wrong in [
        "check job.yaml --delimiter ;",
        "check n.jsonl --delimiter ;",
        "check n.csv --delimiter ab",
    ] {
        desk.call(wrong).exits(2);
    }
}

#[test]
fn a_source_without_rows_is_told_of_and_refused_where_there_must_be_some() {
    let empty = [
        ("n.csv", "ticket_id,note,is_internal_note\n"),
        ("n.csv", "ticket_id,note,is_internal_note\n,,\n"),
        ("n.jsonl", ""),
        ("n.json", "[]"),
    ];
    for (name, text) in empty {
        let (desk, sandbox) = (Desk::new().file(name, text), sandbox(""));
        for verb in ["check", "plan", "check --quiet", "plan --quiet"] {
            let outcome = desk.call(&format!("{verb} {name} {CREATE}")).exits(0);
            assert!(outcome.stderr.contains("no-rows"), "{verb} {name}: {outcome}");
            let outcome = desk.call(&format!("{verb} {name} {CREATE} --min-rows 1"));
            assert!([2, 3].contains(&outcome.status), "{verb} {name}: {outcome}");
            assert!(outcome.stderr.contains("too-few-rows"), "{verb} {name}: {outcome}");
        }
        let outcome = desk.run(&sandbox, &format!("{name} {CREATE} --quiet")).exits(0);
        assert_eq!(told(&outcome, "no-rows").len(), 1, "{outcome}");
        let outcome = desk.run(&sandbox, &format!("{name} {CREATE} --min-rows 1"));
        assert!([2, 3].contains(&outcome.status), "{outcome}");
    }
    let job = "job: j\nmin_rows: 3\noperation: ticket_note.create\nsource: { csv: notes.csv }\n\
        map: { ticket_id: \"{{ ticket }}\", note: \"{{ body }}\", is_internal_note: true }\n";
    let desk = Desk::with_notes("id,ticket,body\n1,tk_1,a\n2,tk_1,b\n").file("job.yaml", job);
    let sandbox = sandbox("");
    let outcome = desk.run(&sandbox, "job.yaml");
    assert_eq!(told(&outcome, "too-few-rows").len(), 1, "{outcome}");
    assert_eq!(requests(&sandbox), 0);
    desk.run(&sandbox, "job.yaml --min-rows 2").exits(0).counts("rows=2 succeeded=2");
}

#[test]
fn defaults_that_matter_are_counted_by_why_they_apply() {
    let rows = "ticket_id,note,is_internal_note\n".to_owned()
        + &(1..=50)
            .map(|row| format!("tk_1,n{row},{}\n", if row % 5 == 0 { "" } else { "true" }))
            .collect::<String>();
    let desk = Desk::new().file("n.csv", rows);
    let outcome = desk.call(&format!("check n.csv {CREATE} --format json")).exits(0);
    let found = told(&outcome, "implicit-default");
    assert_eq!(found.len(), 1, "{outcome}");
    assert_eq!((&found[0]["row"], &found[0]["column"]), (&json!(5), &json!("is_internal_note")));
    let message = text_of(&found[0]["message"]);
    assert!(
        message.contains("in 10 rows the cell `is_internal_note` is empty: lines 6, 11, 16, …"),
        "{message}"
    );

    let desk = Desk::new().file("n.csv", "ticket_id,note\ntk_1,a\ntk_1,b\n");
    let outcome = desk.call(&format!("check n.csv {CREATE} --format json")).exits(0);
    let message = told(&outcome, "implicit-default")[0]["message"].clone();
    assert!(text_of(&message).contains("in 2 rows nothing fills `is_internal_note`"), "{message}");
}

#[test]
fn letters_that_look_like_others_are_named_in_cells_and_names() {
    let csv =
        "ticket_id,note,is_internal_note,task_type\ntk_1,a,tru\u{435},0\ntk_1,b,true,\u{ff11}\n";
    let desk = Desk::new().file("n.csv", csv);
    let outcome = desk.call(&format!("check n.csv {CREATE} --format json")).exits(3);
    let hints: Vec<String> =
        outcome.all("problem").iter().map(|problem| text_of(&problem["hint"]).to_owned()).collect();
    assert!(
        hints.iter().any(|hint| hint.contains("`true`") && hint.contains("U+0435")),
        "{hints:?}"
    );
    assert!(hints.iter().any(|hint| hint.contains("U+FF11")), "{hints:?}");
    // A header in NFD is the one that the job names.
    let job = "job: j\noperation: ticket_note.create\nsource: { csv: n.csv }\n\
        map: { ticket_id: \"{{ row['m\u{e3}'] }}\", note: \"{{ note }}\", is_internal_note: true }\n";
    let desk = Desk::new().file("n.csv", "ma\u{303},note\ntk_1,a\n").file("job.yaml", job);
    desk.call("check job.yaml").exits(0);
}

#[test]
fn a_text_of_very_many_lines_is_warned_of_by_its_row() {
    let long = "a line\n".repeat(1_200);
    let csv = format!("id,ticket,body\n1,tk_1,a\n2,tk_1,\"{long}\"\n");
    let outcome = Desk::with_notes(csv).call("check job.yaml --format json").exits(0);
    let found = told(&outcome, "many-lines");
    assert_eq!((found.len(), &found[0]["row"]), (1, &json!(2)), "{outcome}");
    let csv = format!("id,ticket,body\n1,tk_1,\"{}\"\n", "a line\n".repeat(900));
    assert!(
        Desk::with_notes(csv)
            .call("check job.yaml --format json")
            .exits(0)
            .all("problem")
            .is_empty()
    );
}

#[test]
fn what_repeats_itself_by_aliases_is_bounded() {
    let long = "x".repeat(100_000);
    let aliases = "*a,".repeat(5_000);
    let job = format!("a: &a \"{long}\"\nb: [{aliases}]\njob: a\n");
    let outcome = Desk::new().file("job.yaml", job).call("check job.yaml").exits(2);
    assert!(
        outcome.stderr.contains("aliases"),
        "{}",
        &outcome.stderr[outcome.stderr.len().saturating_sub(400)..]
    );
}
