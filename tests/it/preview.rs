//! The page that somebody approves: written by the binary, and looked at in a real browser where there is one.

use crate::browser::{chromium, probed};
use crate::desk::{Desk, notes_csv, requests, sandbox};

fn desk(rows: usize) -> Desk {
    Desk::with_notes(notes_csv(rows, 7))
}

#[test]
fn a_plan_can_be_written_as_a_page_and_sends_nothing() {
    let sandbox = sandbox("");
    let desk = desk(30);
    let planned = desk.call_at(&sandbox, "plan job.yaml --html preview.html").exits(0);
    let page = std::fs::read_to_string(desk.path("preview.html")).unwrap();
    assert!(page.contains("<h1>notes</h1>") && page.contains("Note 17"), "{page}");
    assert!(page.contains("All 30 rows are on this page"));
    assert!(planned.stdout.contains("30 rows"), "the plan is shown as well: {planned}");
    assert_eq!(requests(&sandbox), 0);
    desk.call("plan job.yaml --html preview.html --mask --base-url http://127.0.0.1:1").exits(0);
    let masked = std::fs::read_to_string(desk.path("preview.html")).unwrap();
    assert!(!masked.contains("Note 17") && masked.contains("xxxx 00"), "{masked}");
}

#[test]
fn a_page_that_cannot_be_written_is_told_and_not_half_there() {
    let desk = desk(3);
    let told = desk.call("plan job.yaml --html nowhere/preview.html").exits(4);
    assert!(told.stderr.contains("[unwritable-file]"), "{told}");
    assert!(!desk.path("nowhere").exists());
    for other in ["notes.csv", "job.yaml"] {
        let before = std::fs::read(desk.path(other)).unwrap();
        let told = desk.call(&format!("plan job.yaml --html {other}")).exits(4);
        assert!(told.stderr.contains("something else is there"), "{told}");
        assert_eq!(std::fs::read(desk.path(other)).unwrap(), before);
    }
    let told = desk.call("plan job.yaml --mask").exits(2);
    assert!(told.stderr.contains("--html"), "{told}");
}

#[test]
fn invalid_rows_are_on_the_page_with_their_reason() {
    let csv = "id,ticket,body\nk1,tk_1,Fine\nk2,,\"no <b>ticket</b>\"\n";
    let desk = Desk::with_notes(csv);
    desk.call("plan job.yaml --html preview.html").exits(3);
    let page = std::fs::read_to_string(desk.path("preview.html")).unwrap();
    assert!(page.contains("would not be sent; see below"), "{page}");
    assert!(page.contains("row 2 (line 3"), "{page}");
}

#[test]
fn a_browser_finds_no_fault_with_the_page() {
    let Some(chromium) = chromium() else { return };
    let body = "\"</script><script>document.title='taken'</script> & Khách gọi \u{202e}\"";
    let mut csv = notes_csv(400, 9);
    csv.push_str(&format!("k401,tk_1,{body}\nk402,,\n"));
    let desk = Desk::with_notes(csv);
    desk.call("plan job.yaml --html preview.html").exits(3);
    let page = std::fs::read_to_string(desk.path("preview.html")).unwrap();
    let found = probed(&desk, &chromium, &page, PROBE);
    assert_eq!(found["title"], "notes: preview");
    assert_eq!(found["all"], "402 of 402 rows on this page");
    assert_eq!(found["searched"], "1 of 402 rows on this page");
    assert_eq!(found["rows"], 1);
    assert_eq!(found["violations"], serde_json::json!([]), "{found:#}");
    assert_eq!(found["looked"], std::env::var_os("NOTEFERRY_AXE").is_some());
    let wide = found["wider_than_the_window"].as_bool();
    assert_eq!(wide, Some(false), "the page is wider than its window");
}

/// Searches as a person does, has axe-core look at the page, and writes down what came of it.
const PROBE: &str = r##"
(async () => {
  const found = () => document.getElementById("found").textContent;
  const result = { title: document.title, all: found() };
  result.wider_than_the_window = document.documentElement.scrollWidth > innerWidth;
  const query = document.getElementById("query");
  query.value = "note 217";
  query.dispatchEvent(new Event("input"));
  result.searched = found();
  result.rows = document.querySelectorAll("#list > li").length;
  result.looked = typeof axe !== "undefined";
  const violations = result.looked ? (await axe.run(document)).violations : [];
  result.violations = violations.map((one) => [one.id, one.nodes.map((node) => node.html)]);
  const told = document.createElement("pre");
  told.id = "result";
  told.textContent = JSON.stringify(result);
  document.body.append(told);
})();
"##;

#[test]
fn a_plan_tells_a_script_whether_there_is_something_to_send() {
    let sandbox = sandbox("");
    let desk = desk(3);
    let plan = "plan job.yaml --detailed-exitcode";
    desk.call_at(&sandbox, plan).exits(2);
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.call_at(&sandbox, plan).exits(0);
    desk.call_at(&sandbox, "plan nowhere.yaml --detailed-exitcode").exits(1);
    desk.call("plan job.yaml --sample 0 --base-url http://127.0.0.1:1").exits(0);
    let shown = desk.call("plan job.yaml --sample 1 --base-url http://127.0.0.1:1").exits(0);
    assert_eq!(shown.stdout.matches("POST /ticketNote").count(), 1, "{shown}");
    assert!(shown.stdout.contains("… and 2 more requests"), "{shown}");
}
