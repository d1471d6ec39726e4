//! Pages as they are made: what stands on them, that nothing in a cell is markup, and that they stay small.

use std::sync::Arc;

use jiff::Zoned;

use super::*;
use crate::declared::connector::{Catalogue, Operation};
use crate::plan::{Change, Held, Sending, Turns};
use crate::prepare::Ready;
use crate::prepare::request::Request;
use crate::row::{FieldValue, Fields};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::place::RowPlace;

fn head(mask: bool) -> PageHead {
    let made_at: Zoned = "2026-11-26T21:00:00+07:00[Asia/Ho_Chi_Minh]".parse().unwrap();
    PageHead {
        job: "import-notes".into(),
        target: "https://api.stringeex.com/v1 as admin@example.vn".into(),
        source: "notes.csv".into(),
        made_at,
        saving: None,
        command: CommandLine::new("plan", Some("jobs/import-notes.yaml")),
        mask,
    }
}

fn create() -> Arc<Operation> {
    let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
    Arc::clone(&connector.operations["ticket_note.create"])
}

fn step(row: u64, fate: Fate, text: &str, ticket: &str) -> Step {
    let operation = create();
    let mut fields = Fields::default();
    let mut set = |name: &str, value: FieldValue<'static>| {
        fields.set(operation.fields.find(name).unwrap(), value);
    };
    set("ticket_id", FieldValue::Text(ticket.to_owned().into()));
    set("note", FieldValue::Text(text.to_owned().into()));
    set("is_internal_note", FieldValue::Bool(row.is_multiple_of(2)));
    let request = Request { method: operation.method, path: "/ticketNote".into(), body: None };
    let ready = Ready {
        place: RowPlace::of(row, row + 1),
        operation: Arc::clone(&operation),
        lane: format!("ticket {ticket}"),
        digest: request.digest(&operation.name),
        request,
        send_before: None,
        reminder: Default::default(),
        valid: true,
        fields,
        marker: None,
    };
    Step {
        place: RowPlace::of(row, row + 1),
        ordinal: row,
        fate,
        operation: Some(operation),
        ready: Some(ready),
        key: format!("key-{row}"),
        known: None,
        expects: None,
        change: Change::None,
        problem: None,
        left_out: None,
    }
}

fn page(steps: &[Step], mask: bool, problems: &PageProblems) -> String {
    let tally: Tally = steps.iter().map(|step| (step.fate, 1)).collect();
    let mut page = PreviewPage::new(head(mask), &tally);
    steps.iter().filter(|step| PreviewPage::wants(step.fate)).for_each(|step| page.step(step));
    page.html(&PlanTotals { tally, ..PlanTotals::default() }, problems).unwrap()
}

const SEND: Fate = Fate::Send(Sending::Fresh);

#[test]
fn a_page_says_where_every_row_goes() {
    let steps = [
        step(1, SEND, "Khách gọi lần 1", "tk_1"),
        step(2, SEND, "Khách gọi lần 2\nhẹn chiều", "tk_1"),
        step(3, Fate::Hold(Held::InDoubt), "Mất tín hiệu", "tk_2"),
        step(4, Fate::Reject, "", "tk_3"),
    ];
    let mut problems = PageProblems::default();
    let place: Place = RowPlace::of(4, 5).into();
    problems.hear(&Diagnostic::error(Code::MissingField, place, "`note` is missing"));
    let html = page(&steps, false, &problems).replace("&#x2f;", "/");
    for said in [
        PAGE_BEGINS,
        "<h1>import-notes</h1>",
        "would be sent",
        "held back, in doubt",
        "invalid",
        "row 4 (line 5): `note` is missing",
        "How the fullest lanes will look",
        "2 rows in this order",
        "All 4 rows are on this page",
        "noteferry run jobs/import-notes.yaml",
        "longest",
    ] {
        assert!(html.contains(said), "{said} is missing:\n{html}");
    }
}

#[test]
fn a_page_says_which_reminders_will_be_late() {
    let tally: Tally = [(SEND, 3)].into_iter().collect();
    let turns = Turns {
        late: 2,
        first_late: vec![(4, 5), (9, 10)],
        start_by: Some(1_800_000_000_000),
        ..Turns::default()
    };
    let page = PreviewPage::new(head(false), &tally);
    let totals = PlanTotals { tally, turns, ..PlanTotals::default() };
    let html = page.html(&totals, &PageProblems::default()).unwrap();
    for said in [
        "2 reminders will be past before their turn: row 4 (line 5), row 9 (line 10)",
        "the run would have to start by 2027-01-15 08:00:00 (UTC)",
    ] {
        assert!(html.contains(said), "{said} is missing:\n{html}");
    }
    assert!(!html.contains("warning: "));
}

#[test]
fn what_a_cell_holds_is_never_markup() {
    let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}\u{7}";
    let html = page(&[step(1, SEND, hostile, "<b>tk</b>")], false, &PageProblems::default());
    assert_eq!(html.matches("<script").count(), 2, "{html}");
    assert_eq!(html.matches("</script>").count(), 2);
    assert!(!html.contains("<img") && !html.contains("<b>"), "{html}");
    assert!(!html.contains(['\u{202e}', '\u{7}']), "unseen characters are shown by name");
    assert!(html.contains("default-src &#x27;none&#x27;") || html.contains("default-src 'none'"));
}

#[test]
fn a_masked_page_shows_no_text_and_no_key() {
    let mut problems = PageProblems::default();
    let place: Place = RowPlace::of(2, 3).into();
    problems.hear(&Diagnostic::error(Code::PastTime, place, "`bí mật` has passed"));
    let html = page(&[step(1, SEND, "Nguyễn Văn A nợ 500 nghìn", "tk_1")], true, &problems);
    for hidden in ["Nguyễn", "500", "key-1", "bí mật"] {
        assert!(!html.contains(hidden), "{hidden} is shown:\n{html}");
    }
    assert!(html.contains("xxxxxx xxx x xx 000 xxxxx"), "{html}");
    assert!(html.contains("are masked on this page"));
}

#[test]
fn a_page_of_many_rows_stays_small_and_says_what_it_leaves_out() {
    let text = "\"ế\" ".repeat(200);
    for (rows, says) in [(2_000, "All 2,000 rows"), (150_000, " of 150,000 rows are on this page")]
    {
        let tally: Tally = [(SEND, rows)].into_iter().collect();
        let mut page = PreviewPage::new(head(false), &tally);
        let one = step(1, SEND, &text, "tk_1");
        for row in 1..=rows {
            let mut next = one.clone();
            next.place = RowPlace::of(row, row + 1);
            page.step(&next);
        }
        let totals = PlanTotals { tally, ..PlanTotals::default() };
        let html = page.html(&totals, &PageProblems::default()).unwrap();
        assert!(html.len() <= MOST_BYTES, "{rows} rows make {} bytes", html.len());
        assert!(html.contains(says), "{rows}");
    }
}
