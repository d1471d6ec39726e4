//! A job's marker: a line in each note by which it is known again.

use serde_json::json;

use crate::desk::{Desk, NOTES_JOB, sandbox, texts};
use crate::stand::Stand;

fn marked() -> String {
    format!("{NOTES_JOB}marker: \"[ref {{{{ key }}}}]\"\n")
}

#[test]
fn notes_of_one_text_on_one_ticket_are_told_apart() {
    let mut rows = "id,ticket,body\n".to_owned();
    (1..=12).for_each(|row| rows.push_str(&format!("k{row},tk_1,Called back\n")));
    let expected: Vec<String> = (1..=12).map(|row| format!("Called back\n[ref k{row}]")).collect();
    for fault in ["reset-after=30%", "500-after=30%", "cut-after=20%,reset=10%"] {
        let desk = Desk::with_notes(&rows).file("job.yaml", marked()).sure_after("0s");
        let sandbox = sandbox(fault);
        desk.run(&sandbox, "job.yaml").exits(0).counts("rows=12 succeeded=12");
        assert_eq!(texts(&sandbox), expected, "{fault}");
        desk.run(&sandbox, "job.yaml").exits(0).counts("already_done=12 requests=0");
    }
}

#[test]
fn a_plan_shows_the_marker_and_only_where_it_goes() {
    let job = "job: both\nsource: { csv: rows.csv }\nkey: \"{{ id }}\"\nmarker: \"#{{ key }}\"\n\
               map:\n  ticket_id: \"{{ ticket_id }}\"\n  note_id: \"{{ note_id }}\"\n  note: \"{{ note }}\"\n";
    let rows = "id,operation,ticket_id,note_id,note\n1,ticket_note.create,tk_1,,a\n2,ticket_note.update,,tn_1,b\n";
    let desk = Desk::new().file("job.yaml", job).file("rows.csv", rows);
    let steps = desk.call("plan job.yaml --format json").exits(0);
    let notes: Vec<String> = steps
        .events()
        .iter()
        .filter_map(|step| Some(step["body"]["note"].as_str()?.to_owned()))
        .collect();
    assert_eq!(notes, ["a\n#1", "b"]);
}

#[test]
fn a_note_is_found_though_the_server_rewrites_its_text() {
    for (job, exit) in [(marked(), 0), (NOTES_JOB.to_owned(), 6)] {
        let stand = Stand::open(|seen| {
            let note = json!({
                "id": "tn_1",
                "note": "<p>Called <b>back</b></p>\r\n[ref k1]\r\n",
                "created": 4_000_000_000_u64,
            });
            Some(match (seen.method.as_str(), seen.path.contains("page=1")) {
                ("GET", true) => (200, json!({"r": 0, "data": {"rows": [note]}}).to_string()),
                ("GET", false) => (200, json!({"r": 0, "data": {"rows": []}}).to_string()),
                _ => (500, "{}".to_owned()),
            })
        });
        let desk = Desk::with_notes("id,ticket,body\nk1,tk_1,Called back\n")
            .file("job.yaml", job)
            .env("STRINGEEX_TOKEN", "ready");
        let run =
            format!("run job.yaml --rate 1000/s --base-url {} --format json", stand.address());
        let outcome = desk.call(&run).exits(exit);
        assert_eq!(outcome.row(1)["id"].as_str(), (exit == 0).then_some("tn_1"));
    }
}
