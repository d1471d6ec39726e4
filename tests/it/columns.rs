//! What a plan shows of its source: columns, single rows, several jobs at once.

use serde_json::{Value, json};

use crate::desk::{Desk, NOTES_JOB};

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
    insta::assert_snapshot!("columns", told.split("Columns of the source:").nth(1).unwrap());
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
