//! Plans: what they show is what a run sends, and they leave no trace.

use std::time::Duration;

use noteferry::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::desk::{
    Desk, NOTES_JOB, Outcome, assert_reads, forget_outcome, notes_csv, requests, sandbox, texts,
};
use crate::stand::Stand;

fn plan(desk: &Desk, sandbox: &Sandbox, arguments: &str) -> Outcome {
    desk.call(&format!("plan {arguments} --format json --base-url {}", sandbox.base_url()))
}

fn planned(outcome: &Outcome) -> Value {
    let last = outcome.events().pop().unwrap();
    assert_eq!(last["event"], "planned", "{outcome}");
    let count = |name: &str| last[name].as_u64().unwrap();
    let shown = ["send", "skip", "hold", "reject"].into_iter().map(count).sum::<u64>();
    assert_eq!(outcome.all("step").len() as u64, shown, "{outcome}");
    assert_eq!(count("rows"), shown + count("beyond_limit"), "{outcome}");
    last
}

#[test]
fn a_plan_leaves_no_trace() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(5, 2)), sandbox(""));
    let before = desk.files();
    plan(&desk, &sandbox, "job.yaml").exits(0);
    assert_eq!(desk.files(), before);
    desk.run(&sandbox, "job.yaml").exits(0);
    let (before, seen) = (desk.files(), requests(&sandbox));
    plan(&desk, &sandbox, "job.yaml").exits(0);
    desk.call("status job.yaml").exits(0);
    assert_eq!((desk.files(), requests(&sandbox)), (before, seen));
}

#[test]
fn what_a_plan_shows_is_what_a_run_sends() {
    let job = r#"job: mixed
source:
  rows:
    - operation: ticket_note.create
      ticket_id: tk/1 ?&%
      note: "Tiếng Việt \"quoted\" \\ \u2028 <b>\n\t"
      is_internal_note: true
    - { operation: ticket_note.create, ticket_id: 00012345678901234567, note: 1.0, note_type: 3 }
    - { operation: ticket_note.update, note_id: "a b/ü", note: b }
    - { operation: ticket_note.delete, note_id: tn_sandbox000003 }
    - { operation: ticket_note.list, ticket_id: "tk 1&2", sort_order: desc }
"#;
    let stand = Stand::open(|_| Some((200, r#"{"r":0,"msg":"","id":"tn_1"}"#.to_owned())));
    let desk = Desk::new().file("job.yaml", job).env("STRINGEEX_TOKEN", "ready");
    let at = format!("job.yaml --format json --base-url {} --concurrency 1", stand.address());
    let plan = desk.call(&format!("plan {at}")).exits(0);
    assert_eq!(stand.seen().len(), 0);
    desk.call(&format!("run {at} --rate 100000/s")).exits(0);
    let shown: Vec<(String, String, Value)> = plan
        .all("step")
        .iter()
        .map(|step| {
            let text = |name: &str| step[name].as_str().unwrap().to_owned();
            (text("method"), text("path"), step["body"].clone())
        })
        .collect();
    let seen = stand.seen().into_iter().map(|seen| (seen.method, seen.path, seen.body));
    assert_eq!(shown, seen.collect::<Vec<_>>());
    // Not only the same values: the same bytes.
    let bodies = stand.bodies().into_iter().filter(|body| !body.is_empty());
    let lines = plan.stdout.lines().filter(|line| line.starts_with("{\"event\":\"step\""));
    for (line, body) in lines.zip(bodies) {
        // But for what nobody sees: that is an escape of JSON there.
        let body = body.replace('\u{2028}', "\\u2028");
        assert!(line.contains(&format!("\"body\":{body}")), "{line}\n{body}");
    }
}

#[test]
fn a_plan_counts_what_earlier_runs_have_done() {
    let rows = "id,ticket,body\n1,tk_1,a\n2,tk_missing1,b\n3,tk_3,c\n4,tk_4,d\n5,,e\n";
    let (desk, sandbox) = (Desk::with_notes(rows), sandbox(""));
    desk.run(&sandbox, "job.yaml --skip-invalid --limit 3").exits(1);
    let outcome = plan(&desk, &sandbox, "job.yaml").exits(3);
    let expected = json!({"send": 1, "skip": 2, "hold": 1, "reject": 1});
    let last = planned(&outcome);
    for name in ["send", "skip", "hold", "reject"] {
        assert_eq!(last[name], expected[name], "{name}: {outcome}");
    }
    let actions: Vec<String> = outcome
        .all("step")
        .iter()
        .map(|step| step["action"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(actions, ["skip", "hold", "skip", "send", "reject"]);
    let outcome = plan(&desk, &sandbox, "job.yaml --skip-invalid --retry-failed").exits(0);
    assert_eq!((&planned(&outcome)["send"], &planned(&outcome)["hold"]), (&json!(2), &json!(0)));
}

#[test]
fn a_plan_says_how_long_it_takes_and_which_quota_binds() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3000, 50)), sandbox(""));
    let last = planned(&plan(&desk, &sandbox, "job.yaml").exits(0));
    assert_eq!((&last["requests"], &last["limited_by"]), (&json!(3000), &json!("30/10s")));
    // 3000 at 3 a second: they fit in an hour's quota, which does not make them wait.
    let seconds = last["seconds"].as_u64().unwrap();
    assert!((999..1100).contains(&seconds), "{seconds}");
    let last = planned(&plan(&desk, &sandbox, "job.yaml --rate 10/1s").exits(0));
    assert_eq!(last["limited_by"], "10/1s");
    let seconds = Duration::from_secs(last["seconds"].as_u64().unwrap());
    assert!((290..400).contains(&seconds.as_secs()), "{seconds:?}");
}

#[test]
fn a_plan_of_a_pilot_shows_the_rows_of_the_pilot() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(10, 3)), sandbox(""));
    let outcome = plan(&desk, &sandbox, "job.yaml --limit 4").exits(0);
    assert_eq!(outcome.all("step").len(), 4);
    let last = planned(&outcome);
    assert_eq!((&last["send"], &last["requests"]), (&json!(4), &json!(4)));
    assert_eq!((&last["rows"], &last["beyond_limit"]), (&json!(10), &json!(6)));
    desk.run(&sandbox, "job.yaml --limit 4").exits(0).counts("succeeded=4 not_started=6");
}

#[test]
fn plans_read_well() {
    let rows = "id,ticket,body\n1,tk_1,it's a \"note\"\n2,tk_missing1,b\n3,tk_3,c\n4,tk_3,d\n5,tk_3,e\n6,tk_3,f\n";
    let desk = Desk::with_notes(rows);
    let mut shown = desk.call("plan job.yaml").exits(0).to_string();
    desk.call("run job.yaml --sandbox --limit 2 --rate 100000/s").exits(1);
    shown.push_str(&format!("\n=== after a pilot\n{}", desk.call("plan job.yaml --sandbox")));
    desk.write("job.yaml", NOTES_JOB.replace("{{ body }}", "{{ body | trim }}!"));
    shown.push_str(&format!("\n=== changed\n{}", desk.call("plan job.yaml --sandbox")));
    shown.push_str(&format!("\n=== a pilot\n{}", desk.call("plan job.yaml --limit 1")));
    assert_reads("plans", shown);
}

#[test]
fn a_rejected_row_says_its_operation_and_what_is_wrong_first() {
    let rows = [
        "{ operation: ticket_note.create, note: no ticket }",
        "{ operation: ticket_note.create, ticket_id: t, note: a, note_type: x }",
        "{ operation: ticket_note.update, note_id: \"..\", note: a }",
        "{ operation: ticket_note.rename, note_id: a }",
    ];
    let job = format!("job: x\nsource:\n  rows:\n    - {}\n", rows.join("\n    - "));
    let desk = Desk::new().file("job.yaml", job);
    let outcome = desk.call("plan job.yaml --format json").exits(3);
    let steps = outcome.all("step");
    let found: Vec<[&str; 2]> = steps
        .iter()
        .map(|step| ["operation", "method"].map(|name| step[name].as_str().unwrap()))
        .collect();
    let expected = [
        ["ticket_note.create", "POST"],
        ["ticket_note.create", "POST"],
        ["ticket_note.update", "PUT"],
        ["", ""],
    ];
    assert_eq!(found, expected, "{outcome}");
    // What `check` says of the row first.
    let check = desk.call("check job.yaml --format json").exits(3);
    for step in steps {
        let problems = check.all("problem");
        let first = problems.iter().find(|problem| problem["row"] == step["row"]).unwrap();
        assert_eq!(step["reason"], first["message"], "{check}");
    }
}

#[test]
fn the_command_that_a_plan_suggests_does_what_was_planned() {
    let desk = Desk::with_notes(notes_csv(3, 3));
    for flags in [
        "job.yaml --sandbox",
        "job.yaml --ledger other.db --rate 50/s --rate 1000/1h --concurrency 2 --limit 2 --retry-failed --sandbox",
    ] {
        let outcome = desk.call(&format!("plan {flags}")).exits(0);
        let wanted = format!("To do it: noteferry run {}\n", flags);
        assert!(outcome.stdout.ends_with(&wanted), "{outcome}");
    }
}

#[test]
fn a_key_that_has_changed_is_refused_by_plan_and_run_alike() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 3)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=3");
    for key in ["key: \"{{ body }}\"\n", ""] {
        desk.write("job.yaml", NOTES_JOB.replace("key: \"{{ id }}\"\n", key));
        let address = sandbox.base_url();
        let plan = desk.call(&format!("plan job.yaml --base-url {address} --format json")).exits(2);
        assert_eq!(plan.all("problem")[0]["code"], "key-changed");
        assert!(plan.all("step").is_empty());
        let run = desk.run(&sandbox, "job.yaml").exits(2);
        assert_eq!(run.all("problem")[0]["code"], "key-changed");
    }
    assert_eq!(texts(&sandbox).len(), 3);
}

#[test]
fn a_data_file_that_has_the_name_of_a_job_with_a_key_is_told_what_it_can_do() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(2, 1)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("notes.csv", "ticket_id,note,is_internal_note\ntk_1,a,true\n");
    let flags = "notes.csv --operation ticket_note.create";
    let plan = format!("plan {flags} --base-url {} --format json", sandbox.base_url());
    for refused in [desk.run(&sandbox, flags), desk.call(&plan)] {
        let problem = refused.exits(2).events().remove(0);
        assert_eq!(problem["code"], "key-changed", "{problem}");
        let hint = problem["hint"].as_str().unwrap();
        assert!(
            hint.contains("--ledger or another name") && !hint.contains("put the key"),
            "{hint}"
        );
    }
    desk.run(&sandbox, &format!("{flags} --ledger own.db")).exits(0).counts("rows=1 succeeded=1");
}

#[test]
fn rows_behind_one_that_is_held_are_held_in_the_plan_as_in_the_run() {
    let job = format!("{NOTES_JOB}in_doubt: hold\n");
    let rows = |count| notes_csv(count, 2);
    let (desk, sandbox) = (Desk::with_notes(rows(1)).file("job.yaml", job), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    forget_outcome(&desk.ledger(), 1, 1);
    desk.write("notes.csv", rows(4));
    let shown = plan(&desk, &sandbox, "job.yaml").exits(0);
    let actions: Vec<_> = shown.all("step").iter().map(|step| step["action"].clone()).collect();
    assert_eq!(actions, ["hold", "send", "hold", "send"]);
    assert_eq!(planned(&shown)["hold"], 2);
    let outcome = desk.run(&sandbox, "job.yaml").exits(6);
    outcome.counts("rows=4 succeeded=2 in_doubt=1 not_started=1");
    let rehearsed = desk.call(&format!("plan job.yaml --base-url {}", sandbox.base_url())).exits(0);
    assert_reads("held_rows", rehearsed);
}
