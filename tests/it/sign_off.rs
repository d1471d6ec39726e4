//! The report that somebody signs: written by the binary after runs with failures, an approval, a settled row, a verification.

use noteferry::sandbox::Sandbox;
use serde_json::json;

use crate::browser::{chromium, probed};
use crate::desk::{Desk, NOTES_JOB, notes_csv, requests, sandbox};

/// Rows of which some are refused, with somebody's word; a row that was dismissed; and all of it read back.
fn signed() -> (Desk, Sandbox) {
    let sandbox = sandbox("");
    let mut csv = notes_csv(40, 6);
    csv.push_str("k41,tk_missing1,\"Gone <b>Nguyễn</b>\"\nk42,tk_missing2,Gone too\nk43,tk_1,\n");
    let desk = Desk::with_notes(csv).sure_after("1ms");
    desk.run(&sandbox, "job.yaml --skip-invalid --approved-by Mai --approval-comment fine")
        .exits(1);
    desk.call("settle job.yaml --by Lan --row 42 --dismiss --why closed").exits(0);
    desk.call_at(&sandbox, "verify job.yaml --rate 1000/10ms --by Lan").exits(0);
    (desk, sandbox)
}

fn report(desk: &Desk, flags: &str) -> String {
    let file = flags.split_whitespace().skip_while(|word| *word != "-o").nth(1).unwrap();
    desk.call(&format!("report job.yaml {flags}")).exits(0);
    std::fs::read_to_string(desk.path(file)).unwrap()
}

#[test]
fn a_report_says_what_became_of_every_row_and_who_has_said_what() {
    let (desk, sandbox) = signed();
    let before = (requests(&sandbox), desk.files());
    let told = desk.call("report job.yaml --format json").exits(0);
    assert_eq!((requests(&sandbox), desk.files()), before, "it sends and changes nothing");
    let event = told.events().pop().unwrap();
    for (name, count) in [
        ("rows", 43),
        ("succeeded", 40),
        ("failed", 1),
        ("invalid", 1),
        ("in_doubt", 0),
        ("not_started", 0),
        ("dismissed", 1),
        ("requests", 42),
    ] {
        assert_eq!(event[name], count, "{name} of {event:#}");
    }
    assert_eq!(event["filtered"], json!(null));
    assert_eq!(event["verified"]["there"], 40);
    assert_eq!(event["sent_since_verified"], false);
    assert_eq!(event["settled"][0]["by"], "Lan");
    let approved = |run: &serde_json::Value| run["approved_by"] == "Mai";
    assert!(event["runs"].as_array().unwrap().iter().any(approved), "{event:#}");
    assert_eq!(event["rejected"][0]["row"], 41);
    assert_eq!(event["causes"][0]["rows"], 1);

    let page = report(&desk, "-o report.html");
    for said in [
        "<h1>notes</h1>",
        "40 of 43 rows are done",
        "approved run",
        "Read back on",
        "closed",
        "k41",
    ] {
        assert!(page.contains(said), "{said} is missing:\n{page}");
    }
    assert!(!page.contains("<script") && !page.contains("<b>Nguyễn"), "{page}");
    assert!(
        !page.contains("http-equiv=\"refresh\"")
            && !page.contains(" src=")
            && !page.contains("url(")
    );
    let masked = report(&desk, "-o report.html --mask");
    for hidden in ["k41", "k42", "closed", "fine"] {
        assert!(!masked.contains(hidden), "{hidden} is shown:\n{masked}");
    }
    let junit = report(&desk, "-o report.xml");
    assert!(
        junit.contains("failures=\"3\"") && junit.contains("row 41 (line 42, key k41"),
        "{junit}"
    );
    assert!(report(&desk, "-o report.md").contains("| 40 | done |"));
    assert!(report(&desk, "-o report.csv").contains("rows,succeeded,40,"));
    let saved: serde_json::Value = serde_json::from_str(&report(&desk, "-o report.json")).unwrap();
    assert_eq!(saved["rows"], 43);
    let shown = desk.call("report job.yaml").exits(0);
    assert!(shown.stdout.starts_with("<!-- noteferry report -->\n# notes: report"), "{shown}");
}

#[test]
fn a_report_of_one_run_is_of_that_run() {
    let (desk, sandbox) = signed();
    desk.write("notes.csv", notes_csv(41, 6));
    desk.run(&sandbox, "job.yaml --skip-invalid").exits(0);
    let runs = desk.call("report job.yaml --format json").exits(0).events().pop().unwrap();
    assert_eq!(runs["sent_since_verified"], true);
    let runs = runs["runs"].as_array().unwrap();
    let (newest, oldest) = (&runs[0]["id"], &runs[runs.len() - 1]["id"]);
    let of = |run: &serde_json::Value| {
        let told = desk.call(&format!("report job.yaml --run {run} --format json")).exits(0);
        told.events().pop().unwrap()
    };
    let first = of(oldest);
    assert_eq!((&first["run"], &first["rows"], &first["failed"]), (oldest, &json!(43), &json!(2)));
    let last = of(newest);
    assert_eq!(last["already_done"], 40);
    let told = desk.call("report job.yaml --run 999").exits(2);
    assert!(told.stderr.contains("no run 999"), "{told}");
}

#[test]
fn a_report_takes_the_place_of_a_report_and_of_nothing_else() {
    let (desk, _sandbox) = signed();
    desk.call("report job.yaml -o report.html").exits(0);
    desk.call("report job.yaml -o report.html").exits(0);
    desk.write("other.html", "<!doctype html>\n<html lang=\"en\">");
    desk.write("other.csv", "id,ticket\n");
    for other in ["notes.csv", "other.csv", "other.html", "job.yaml --as html"] {
        let file = other.split(' ').next().unwrap();
        let before = std::fs::read(desk.path(file)).unwrap();
        let told = desk.call(&format!("report job.yaml -o {other}")).exits(2);
        assert!(told.stderr.contains("something else is there"), "{told}");
        assert_eq!(std::fs::read(desk.path(file)).unwrap(), before);
    }
    let told = desk.call("report job.yaml -o report.txt").exits(2);
    assert!(told.stderr.contains("or say --as"), "{told}");
    desk.call("report job.yaml -o report.txt --as markdown").exits(0);
    assert!(
        desk.call("report job.yaml -o nowhere/r.html")
            .exits(2)
            .stderr
            .contains("[unwritable-file]")
    );
}

#[test]
fn what_there_is_nothing_to_report_of_is_told() {
    let desk = Desk::with_notes(notes_csv(3, 1));
    let told = desk.call("report job.yaml --format json").exits(2);
    assert_eq!(told.events().pop().unwrap(), json!({"event": "report", "job": null, "rows": null}));
    desk.run(&sandbox(""), "job.yaml").exits(0);
    desk.write("another.yaml", NOTES_JOB.replace("job: notes", "job: another"));
    let told = desk.call("report another.yaml").exits(2);
    assert!(told.stderr.contains("knows nothing of the job `another`"), "{told}");
}

#[test]
fn a_browser_finds_no_fault_with_the_report() {
    let Some(chromium) = chromium() else { return };
    let (desk, _sandbox) = signed();
    let page = report(&desk, "-o report.html");
    let nonce = page.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    // The page itself may have no script at all; the copy has the one that looks at it.
    let script = format!("script-src 'nonce-{nonce}'; base-uri");
    let found = probed(&desk, &chromium, &page.replacen("base-uri", &script, 1), PROBE);
    assert_eq!(found["title"], "notes: report");
    assert_eq!(found["violations"], json!([]), "{found:#}");
    assert_eq!(found["looked"], std::env::var_os("NOTEFERRY_AXE").is_some());
    assert_eq!(found["wider_than_the_window"], json!(false), "the page is wider than its window");
}

/// Has axe-core look at the page, and writes down what came of it.
const PROBE: &str = r##"
(async () => {
  const result = { title: document.title };
  result.wider_than_the_window = document.documentElement.scrollWidth > innerWidth;
  document.querySelectorAll("details").forEach((one) => (one.open = true));
  result.looked = typeof axe !== "undefined";
  const violations = result.looked ? (await axe.run(document)).violations : [];
  result.violations = violations.map((one) => [one.id, one.nodes.map((node) => node.html)]);
  const told = document.createElement("pre");
  told.id = "result";
  told.textContent = JSON.stringify(result);
  document.body.append(told);
})();
"##;
