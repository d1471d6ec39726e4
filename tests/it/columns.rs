//! What a plan shows of its source: columns, single rows, several jobs at once.

use serde_json::{Value, json};

use crate::desk::{Desk, NOTES_JOB, assert_reads, notes_csv, sandbox};

const ROWS: &str = "id,ticket,body,internal,created,old\n\
                    k1,tk_1,Khách gọi,yes,2024-01-31,\n\
                    k2,tk_1,Nhắn lại,no,2024-02-01,x\n\
                    k3,tk_2,Đã xong,yes,2024-04-02, \n";

fn planned(desk: &Desk, arguments: &str) -> Value {
    let outcome = desk.call(&format!("plan {arguments} --format json")).exits(0);
    let last = outcome.stdout.lines().last().unwrap();
    serde_json::from_str(last).unwrap()
}

#[test]
fn a_plan_says_what_stands_in_each_column() {
    let desk = Desk::with_notes(ROWS);
    let planned = planned(&desk, "job.yaml");
    let columns = planned["columns"].as_array().unwrap();
    let all = json!([
        {"name": "id", "used": true, "filled": 3, "examples": ["k1", "k2"], "values": [
            {"value": "k1", "rows": 1}, {"value": "k2", "rows": 1}, {"value": "k3", "rows": 1}]},
        {"name": "internal", "used": false, "filled": 3, "examples": ["yes", "no"], "values": [
            {"value": "yes", "rows": 2}, {"value": "no", "rows": 1}]},
        {"name": "old", "used": false, "filled": 1, "examples": ["x"], "values": [
            {"value": "x", "rows": 1}]},
    ]);
    assert_eq!([&columns[0], &columns[3], &columns[5]], [&all[0], &all[1], &all[2]]);
    let told = desk.call("plan job.yaml").exits(0).stdout;
    assert_reads("columns", told.split("Columns of the source:").nth(1).unwrap());
}

#[test]
fn of_a_source_of_objects_a_column_that_nobody_asks_for_is_counted() {
    let desk = Desk::new()
        .file("job.yaml", NOTES_JOB.replace("csv: notes.csv", "jsonl: notes.jsonl"))
        .file(
            "notes.jsonl",
            "{\"id\":\"k1\",\"ticket\":\"tk_1\",\"body\":\"a\",\"more\":[1]}\n\
             {\"id\":\"k2\",\"ticket\":\"tk_1\",\"body\":\"b\"}\n",
        );
    let planned = planned(&desk, "job.yaml");
    let columns = planned["columns"].as_array().unwrap().iter();
    let counts: Vec<Value> =
        columns.map(|one| json!([one["name"], one["used"], one["filled"]])).collect();
    assert_eq!(
        json!(counts),
        json!([["id", true, 2], ["ticket", true, 2], ["body", true, 2], ["more", false, 1]])
    );
}

#[test]
fn a_page_shows_the_columns_and_when_rows_are_from() {
    let desk = Desk::with_notes(ROWS);
    desk.call("plan job.yaml --html page.html").exits(0);
    let page = std::fs::read_to_string(desk.path("page.html")).unwrap();
    for said in [
        "6 columns of 3 rows: 3 used, 3 left out.",
        "yes (2), no (1)",
        "3 rows by day, as column `created` says: from 2024-01-31 to 2024-04-02",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
    desk.call("plan job.yaml --html masked.html --mask").exits(0);
    let page = std::fs::read_to_string(desk.path("masked.html")).unwrap();
    assert!(!page.contains("Khách") && page.contains(">xx_0<"), "{page}");
}

#[test]
fn a_row_is_shown_with_all_that_is_known_of_it() {
    let job = NOTES_JOB.replace("map:", "let: { who: \"{{ id | upper }}\" }\nmap:");
    let rows = "id,ticket,body,old\nk1,tk_1,Khách gọi,\nk2,tk_1,\" Nhắn lại\nhai dòng \",x\nk3,,Đã xong,y\n";
    let desk = Desk::new().file("job.yaml", job).file("notes.csv", rows);
    let told = desk.call("plan job.yaml --row 2 --row 3").exits(3);
    assert_reads("rows_in_full", &told);
    let told = desk.call("plan job.yaml --row 3 --format json").exits(3);
    let steps = told.all("step");
    assert_eq!(steps.len(), 1, "{told}");
    assert_eq!(
        steps[0]["source"],
        json!({"id": "k3", "ticket": "", "body": "Đã xong", "old": "y"})
    );
    assert_eq!(steps[0]["let"], json!({"who": "K3"}));
    assert_eq!(steps[0]["problems"][0]["error"], true, "{told}");
    assert_eq!(told.all("planned").len(), 1, "{told}");
    let refused = desk.call("plan job.yaml --row 9").exits(2);
    assert!(refused.stderr.contains("there is no row 9: the source has 3"), "{refused}");
}

#[test]
fn a_row_that_is_done_says_what_the_ledger_has_of_it() {
    let sandbox = sandbox("");
    let desk = Desk::with_notes(notes_csv(2, 1));
    desk.run(&sandbox, "job.yaml").exits(0);
    let told = desk.call_at(&sandbox, "plan job.yaml --row 1").exits(0);
    assert!(told.stdout.contains("would be passed over: done already as tn_"), "{told}");
    assert!(told.stdout.contains("ledger: succeeded after 1 attempt, as tn_"), "{told}");
}

#[test]
fn several_jobs_have_a_block_each_and_the_gravest_exit_code() {
    let desk = Desk::with_notes(notes_csv(2, 1))
        .file(
            "other.yaml",
            NOTES_JOB.replace("job: notes", "job: other").replace("notes.csv", "other.csv"),
        )
        .file("other.csv", "id,ticket,body\nk1,,a\n")
        .file("broken.yaml", "job: [");
    let told = desk.call("check job.yaml other.yaml").exits(3);
    assert!(told.stderr.contains("job.yaml:\n") && told.stderr.contains("other.yaml:\n"), "{told}");
    desk.call("check job.yaml job.yaml").exits(0);
    desk.call("check other.yaml broken.yaml job.yaml").exits(2);
    let told = desk.call("check job.yaml other.yaml --format json").exits(3);
    let jobs = |kind: &str| told.all(kind).iter().map(|one| one["job"].clone()).collect::<Vec<_>>();
    assert_eq!(jobs("checked"), ["job.yaml", "other.yaml"]);
    assert_eq!(jobs("problem"), ["other.yaml"]);
    let told = desk.call("plan job.yaml other.yaml --format json").exits(3);
    assert_eq!(told.all("planned").len(), 2, "{told}");
    assert!(told.all("step").iter().all(|step| step["job"].is_string()), "{told}");
    let told = desk.call("plan job.yaml other.yaml").exits(3);
    assert!(told.stdout.contains("noteferry run job.yaml"), "{told}");
    desk.call("plan job.yaml job.yaml --detailed-exitcode").exits(2);
    desk.call("plan job.yaml broken.yaml --detailed-exitcode").exits(1);
    desk.call("plan job.yaml other.yaml --html page.html").exits(2);
}
