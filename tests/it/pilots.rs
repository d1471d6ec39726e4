//! Pilots: some rows before all of them, and what they show.

use crate::desk::{Desk, NOTES_JOB, sandbox, texts};

/// A hundred rows on as many tickets but for the first ones; one in the middle looks like markup, and one is long.
fn rows() -> String {
    let mut csv = "id,ticket,body\n".to_owned();
    for row in 1..=100 {
        let text = match row {
            40 => "<p>A paragraph</p>".to_owned(),
            60 => "long ".repeat(200),
            _ => format!("Note {row}"),
        };
        csv.push_str(&format!("k{row},tk_{},{text}\n", row.max(5)));
    }
    csv
}

#[test]
fn a_pilot_can_take_a_little_of_everything_and_says_what_to_look_at() {
    let (desk, sandbox) = (Desk::with_notes(rows()), sandbox(""));
    let outcome =
        desk.call_at(&sandbox, "run job.yaml --limit 12 --spread --rate 1000/10ms").exits(0);
    let sent = texts(&sandbox);
    assert_eq!(sent.len(), 12);
    assert!(sent.iter().any(|text| text.starts_with("<p>")), "{sent:?}");
    assert!(sent.iter().any(|text| text.starts_with("long")), "{sent:?}");
    assert!(
        sent.contains(&"Note 1".to_owned()) && sent.contains(&"Note 100".to_owned()),
        "{sent:?}"
    );
    // Of the ticket with the most notes the first ones, in their order.
    let first: Vec<&str> = sent
        .iter()
        .map(String::as_str)
        .filter(|text| ["Note 1", "Note 2", "Note 3"].contains(text))
        .collect();
    assert_eq!(first, ["Note 1", "Note 2", "Note 3"]);
    assert!(outcome.stderr.contains("This pilot has done 12 notes; look at them:"), "{outcome}");
    assert!(outcome.stderr.contains("  row 40 (line 41, ticket tk_40): tn_"), "{outcome}");
    // The rest goes without what was there.
    let rest = desk.run(&sandbox, "job.yaml").exits(0);
    rest.counts("rows=100 already_done=12 succeeded=88");
    assert_eq!(texts(&sandbox).len(), 100);
}

#[test]
fn a_spread_pilot_can_be_planned_and_is_the_one_that_is_run() {
    let (desk, sandbox) = (Desk::with_notes(rows()), sandbox(""));
    let desk = desk
        .env("STRINGEEX_EMAIL", noteferry::sandbox::EMAIL)
        .env("STRINGEEX_PASSWORD", noteferry::sandbox::PASSWORD);
    let address = sandbox.base_url();
    let plan = desk.call(&format!(
        "plan job.yaml --limit 7 --spread -o pilot.nfplan --base-url {address} --rate 1000/10ms --format json"
    ));
    let planned = plan.exits(0);
    assert_eq!(
        (&planned.all("planned")[0]["send"], &planned.all("planned")[0]["beyond_limit"]),
        (&7.into(), &93.into())
    );
    let mut rows: Vec<u64> =
        planned.all("step").iter().map(|step| step["row"].as_u64().unwrap()).collect();
    let run = desk.call("run pilot.nfplan --format json").exits(0);
    let mut sent: Vec<u64> =
        run.all("row").iter().map(|row| row["row"].as_u64().unwrap()).collect();
    rows.sort_unstable();
    sent.sort_unstable();
    assert_eq!(sent, rows);
    // It is over, and another run of it is no other pilot.
    desk.call("run pilot.nfplan --format json").exits(0).counts("already_done=7 not_started=93");
}

#[test]
fn a_spread_needs_a_limit() {
    let desk = Desk::new().file("job.yaml", NOTES_JOB);
    let outcome = desk.call("run job.yaml --spread").exits(2);
    assert!(outcome.stderr.contains("--limit"), "{outcome}");
}
