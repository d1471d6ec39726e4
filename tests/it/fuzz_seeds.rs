//! What the fuzz targets do, over their seeds and over whatever they have found.

use std::path::Path;

#[path = "../../fuzz/bodies/mod.rs"]
mod bodies;

fn play(target: &str, run: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut played = 0;
    for kind in ["seeds", "regressions"] {
        let Ok(files) = std::fs::read_dir(fuzz.join(kind).join(target)) else { continue };
        for file in files {
            let path = file.unwrap().path();
            println!("{}", path.display());
            run(&std::fs::read(path).unwrap());
            played += 1;
        }
    }
    assert!(played > 0, "{target} has no seeds");
}

#[test]
fn tables_of_any_bytes_are_rows_or_problems() {
    play("csv_source", bodies::csv_source::run);
}

#[test]
fn files_of_any_encoding_and_dialect_are_rows_or_problems() {
    play("layout_source", bodies::layout_source::run);
}

#[test]
fn json_of_any_bytes_is_rows_or_problems() {
    play("json_source", bodies::json_source::run);
}

#[test]
fn workbooks_and_paths_of_any_bytes_are_rows_or_problems() {
    play("shapes", bodies::shapes::run);
}

#[test]
fn parts_of_workbooks_of_any_bytes_are_rows_or_problems() {
    play("workbook", bodies::workbook::run);
}

#[test]
fn tables_to_look_up_in_of_any_bytes_are_tables_or_problems() {
    play("lookup_table", bodies::lookup_table::run);
}

#[test]
fn a_job_of_any_bytes_is_a_job_or_a_problem() {
    play("job_file", bodies::job_file::run);
}

#[test]
fn a_connector_of_any_bytes_is_a_connector_or_a_problem() {
    play("connector_file", bodies::connector_file::run);
}

#[test]
fn an_answer_of_any_bytes_is_done_only_if_it_says_so() {
    play("answer", bodies::answer::run);
}

#[test]
fn in_a_list_of_any_bytes_nothing_is_found_that_was_not_sent() {
    play("list", bodies::list::run);
}

#[test]
fn of_any_bytes_no_secret_is_left() {
    play("redaction", bodies::redaction::run);
}

#[test]
fn any_bytes_are_shown_without_steering() {
    play("terminal", bodies::terminal::run);
}

#[test]
fn markup_of_any_bytes_is_a_text_in_proportion() {
    play("markup", bodies::markup::run);
}
