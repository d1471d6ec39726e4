//! Texts that are too long for one note, where some of their parts are there already: no reader gets the end of a text twice.

use serde_json::{Value, json};

use crate::desk::{Desk, Outcome, sandbox, texts};
use crate::stand::Stand;

const SPLIT: &str = "{ from: body, split_at: 110 }";
const KEY: &str = "key: '{{ id }}'\n";

fn paragraph(number: u32) -> String {
    format!("Paragraph {number} of it: {}", "words ".repeat(12).trim_end())
}

/// A text of so many paragraphs, each of which is a part.
fn long(paragraphs: u32) -> String {
    (1..=paragraphs).map(paragraph).collect::<Vec<_>>().join("\n\n")
}

fn job(note: &str, more: &str) -> String {
    format!(
        "job: notes\noperation: ticket_note.create\nsource: {{ csv: notes.csv }}\nmap:\n  ticket_id: tk_1\n  is_internal_note: true\n  note: {note}\n{more}"
    )
}

fn desk(rows: &[(&str, &str)]) -> Desk {
    Desk::new().file("notes.csv", csv(rows)).file("job.yaml", job(SPLIT, KEY))
}

fn csv(rows: &[(&str, &str)]) -> String {
    let rows = rows.iter().zip(1..).map(|((id, body), at)| format!("{id},{at},\"{body}\"\n"));
    format!("id,at,body\n{}", rows.collect::<String>())
}

fn counts<const N: usize>(run: &Outcome, names: [&str; N]) -> [u64; N] {
    let finished = run.finished();
    names.map(|name| finished[name].as_u64().unwrap_or_else(|| panic!("{name}: {finished}")))
}

#[test]
fn a_text_that_was_sent_whole_is_not_sent_in_parts() {
    let desk = desk(&[("k1", "short"), ("k2", &long(3))]);
    desk.write("job.yaml", job("'{{ body }}'", KEY));
    let stand = sandbox("");
    desk.run(&stand, "job.yaml").exits(0);
    desk.write("job.yaml", job(SPLIT, KEY));
    let run = desk.run(&stand, "job.yaml");
    assert_eq!(counts(&run, ["rows", "succeeded", "already_done", "changed"]), [4, 0, 4, 3]);
    assert_eq!(texts(&stand), ["short".to_owned(), long(3)]);
    let plan = desk.call_at(&stand, "plan job.yaml");
    assert!(plan.stdout.contains("was sent in other parts, or whole"), "{plan}");
    let status = desk.call_at(&stand, "status job.yaml --format json").exits(0);
    let status = &status.all("status")[0];
    let found = ["succeeded", "not_started", "changed"].map(|name| status[name].clone());
    assert_eq!(found, [4, 0, 3].map(Value::from), "{status}");
}

/// Of a text that has changed no further part is sent, whether it comes to more of them or to fewer, or to none.
#[test]
fn no_part_of_a_text_that_has_changed_is_sent() {
    let edited = long(3).replace("Paragraph 2", "Paragraph two");
    for (before, limit, after, parts, changed) in [
        (long(2), 9, long(3), 3, 3),
        (long(3), 9, long(2), 2, 2),
        (long(3), 9, "short".to_owned(), 1, 1),
        (long(3), 2, long(4), 4, 4),
        // The first part is the same in both.
        (long(3), 2, edited.clone(), 3, 2),
    ] {
        let desk = desk(&[("k1", &before)]);
        let stand = sandbox("");
        desk.run(&stand, &format!("job.yaml --limit {limit}"));
        let sent = texts(&stand);
        desk.write("notes.csv", csv(&[("k1", &after), ("k2", "another")]));
        let run = desk.run(&stand, "job.yaml");
        assert_eq!(
            counts(&run, ["rows", "succeeded", "changed"]),
            [parts + 1, 1, changed],
            "{before} / {after}"
        );
        assert_eq!(texts(&stand), [sent, vec!["another".to_owned()]].concat());
        let plan = desk.call_at(&stand, "plan job.yaml").exits(0);
        assert!(plan.stdout.contains("changed since"), "{plan}");
    }
    // What was not sent yet may change.
    let desk = desk(&[("k1", &long(3))]);
    let stand = sandbox("");
    desk.run(&stand, "job.yaml --limit 1");
    desk.write("notes.csv", csv(&[("k1", &edited)]));
    desk.run(&stand, "job.yaml").exits(0);
    assert_eq!(texts(&stand).len(), 3);
    assert!(texts(&stand)[1].starts_with("Paragraph two"));
}

/// A part that was refused goes once it is mended, but not where its row comes to other parts than those which are there.
#[test]
fn a_refused_part_goes_beside_the_others_of_its_version_only() {
    let refused_first = long(3).replace("Paragraph 1", "Refused 1");
    let refused_all = long(2).replace("Paragraph", "Refused");
    for (before, after, sent) in [
        (&refused_first, long(3), &["(1/3)"][..]),
        (&refused_first, long(4), &[]),
        (&refused_first, long(2), &[]),
        (&refused_first, "short".to_owned(), &[]),
        (&refused_all, long(3), &["(1/3)", "(2/3)", "(3/3)"]),
        (&refused_all, "short".to_owned(), &["short"]),
    ] {
        let stand = Stand::open(|seen| {
            let is_refused = seen.body["note"].as_str().unwrap().contains("Refused");
            let code = if is_refused { 3 } else { 0 };
            Some((200, json!({"r": code, "msg": "no", "id": "tn_1"}).to_string()))
        });
        let desk = desk(&[("k1", before)]).env("STRINGEEX_TOKEN", "t");
        let run = format!("run job.yaml --format json --base-url {}/v1", stand.address());
        desk.call(&run).exits(1);
        let came = stand.seen().len();
        desk.write("notes.csv", csv(&[("k1", &after)]));
        desk.call(&run);
        let ends: Vec<String> = stand.seen()[came..]
            .iter()
            .map(|seen| seen.body["note"].as_str().unwrap().lines().last().unwrap().to_owned())
            .collect();
        assert_eq!(ends, sent, "{before} / {after}");
    }
}

/// Of a row that is not sent, since its key is that of an earlier one, no part is sent that the earlier one has not.
#[test]
fn parts_of_a_row_with_a_repeated_key_go_nowhere() {
    for order in ["", "order_by: '{{ at | int }}'\n"] {
        let desk = desk(&[("k1", "short"), ("k1", &long(3)), ("k2", &long(2)), ("k2", &long(3))]);
        desk.write("job.yaml", job(SPLIT, &format!("{KEY}{order}")));
        let check = desk.call("check job.yaml --format json").exits(3);
        let checked = &check.all("checked")[0];
        assert_eq!([&checked["rows"], &checked["valid"]], [9, 3], "{checked}");
        let stand = sandbox("");
        let run = desk.run(&stand, "job.yaml --skip-invalid").exits(1);
        assert_eq!(counts(&run, ["rows", "succeeded", "invalid"]), [9, 3, 6]);
        let part = |number| format!("{}\n({number}/2)", paragraph(number));
        assert_eq!(texts(&stand), ["short".to_owned(), part(1), part(2)]);
    }
}

#[test]
fn a_key_that_looks_like_that_of_a_part_is_told() {
    let desk =
        desk(&[("k1", &long(2)), ("k1#part2", "mine"), ("k1#part", "fine"), ("k#2", "fine")]);
    let check = desk.call("check job.yaml --format json").exits(3);
    let problems = check.all("problem");
    let errors: Vec<_> = problems.iter().filter(|one| one["severity"] == "error").collect();
    assert_eq!(errors.len(), 1, "{check}");
    assert_eq!([&errors[0]["line"], &errors[0]["column"]], [&Value::from(5), &"id".into()]);
    assert!(errors[0]["message"].as_str().unwrap().contains("k1#part2"), "{check}");
    desk.write("job.yaml", job("'{{ body }}'", KEY));
    desk.call("check job.yaml").exits(0);
}

/// Without a key a text in parts is another one than the same text whole; that is told before it is sent.
#[test]
fn without_a_key_a_text_in_parts_is_a_new_one() {
    let desk = desk(&[("k1", "short"), ("k2", &long(2))]);
    desk.write("job.yaml", job("'{{ body }}'", ""));
    let stand = sandbox("");
    desk.run(&stand, "job.yaml").exits(0);
    desk.write("job.yaml", job(SPLIT, ""));
    let check = desk.call("check job.yaml").exits(0);
    assert!(check.stderr.contains("a text that was sent before"), "{check}");
    let run = desk.run(&stand, "job.yaml").exits(0);
    assert_eq!(counts(&run, ["rows", "succeeded", "already_done"]), [3, 2, 1]);
}

/// Rows in an order keep their numbers, and the parts of a row have the number of their row.
#[test]
fn all_parts_of_a_row_are_shown_by_its_number() {
    let desk = desk(&[("k1", "short"), ("k2", &long(3)), ("k3", "last")]);
    desk.write("job.yaml", job(SPLIT, &format!("{KEY}order_by: '{{{{ at | int }}}}'\n")));
    for (rows, shown) in [("--row 2", 3), ("--row 2 --row 3", 4), ("--row 1", 1)] {
        let plan = desk.call(&format!("plan job.yaml {rows} --format json"));
        assert_eq!(plan.all("step").len(), shown, "{plan}");
    }
    let plan = desk.call("plan job.yaml --row 4").exits(2);
    assert!(plan.stderr.contains("there is no row 4"), "{plan}");
}
