//! Several files as one, a row for each of several cells, and rows in an order.

use std::path::Path;

use crate::source::{Collector, Each, Files, OwnedCell, Turn};

use super::*;

fn write(folder: &Path, files: &[(&str, &str)]) -> Vec<(Location, Arc<str>)> {
    let written = files.iter().map(|(name, text)| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        (Location::File(path), Arc::from(*name))
    });
    written.collect()
}

fn files(folder: &Path, format: Format, named: &[(&str, &str)], add: &[(&str, &str)]) -> Files {
    let add = add.iter().map(|(name, text)| (Arc::from(*name), OwnedCell::Text((*text).into())));
    Files { files: write(folder, named), format, manner: Manner::default(), add: add.collect() }
}

fn chain(all: Vec<Files>) -> Result<Source, Vec<Diagnostic>> {
    Source::chain("all".into(), all.into())
}

#[test]
fn files_are_read_one_after_the_other_and_rows_keep_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let posts = files(
        folder.path(),
        CSV,
        &[("a2.csv", "id,text\n1,x\n\n2,y\n"), ("a10.csv", "text,id\nz,3\n,\nq,4,5\n")],
        &[("kind", "post")],
    );
    let notes = files(
        folder.path(),
        Format::JsonLines,
        &[("n.jsonl", "{\"id\": 10, \"note\": \"n\"}\n{\"id\": x}\n{\"kind\": \"own\"}\n")],
        &[("kind", "note")],
    );
    insta::assert_snapshot!(told_of(chain(vec![posts, notes])));
}

#[test]
fn what_is_wrong_with_several_files_is_told_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let one = files(
        folder.path(),
        CSV,
        &[("good.csv", "id\n1\n"), ("empty.csv", ""), ("twice.csv", "a,a\n")],
        &[],
    );
    let other = files(folder.path(), CSV, &[("own.csv", "id,kind\n1,x\n")], &[("kind", "note")]);
    insta::assert_snapshot!(told_of(chain(vec![one, other])));
}

#[test]
fn a_file_that_lacks_a_column_of_its_kind_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let one = files(folder.path(), CSV, &[("a.csv", "id,x\n"), ("b.csv", "id\n")], &[]);
    let other = files(folder.path(), CSV, &[("c.csv", "id,y\n")], &[]);
    let source = chain(vec![one, other]).unwrap();
    assert_eq!(source.lacking(), [("b.csv".into(), "x".into())]);
    assert!(source.columns().names().iter().map(AsRef::as_ref).eq(["id", "x", "y"]));
}

fn table(text: &str, each: &Each) -> Result<Source, Vec<Diagnostic>> {
    crate::source::TableEach::source(source(text.as_bytes(), CSV).unwrap(), each)
}

#[test]
fn the_parts_of_a_cell_are_rows() {
    let text = "id,tickets,text\n1,7; 8;;9 ,a\n2,,b\n\n3,5,c\n4,x,y,z\n";
    let split = Each::Split { column: "tickets".into(), by: ";".into() };
    let mut rows = table(text, &split).unwrap();
    rows.column("parent");
    insta::assert_snapshot!(told_of(Ok(rows)));
}

#[test]
fn a_cell_of_very_many_parts_is_a_problem_of_its_row() {
    let text = format!("id,tickets\n1,{}\n2,7\n", "7;".repeat(10_001));
    let told = told_of(table(&text, &Each::parse("split:;:tickets").unwrap()));
    assert!(told.starts_with("error[invalid-value]: the cell has more than 10000 parts\n--> notes.csv:2 (row 1, column `tickets`)"), "{told}");
    assert!(told.contains("row 2, line 3: id=Text(\"2\")"), "{told}");
}

#[test]
fn cells_of_a_column_are_rows_and_columns_that_each_makes_must_be_free() {
    insta::assert_snapshot!(
        [
            told_of(table("id,Comment\n1,a\n2,\n3,\" \"\n", &Each::Columns("Comment".into()))),
            told_of(table("id,Comment\n1,a\n", &Each::Columns("Coment".into()))),
            told_of(table("id,value\n1,a\n", &Each::Columns("id".into()))),
            told_of(table("id\n1\n", &Each::parse("/x").unwrap())),
        ]
        .join("\n---\n")
    );
}

#[test]
fn each_is_read_as_it_is_written_on_a_command_line() {
    for (written, each) in [
        ("columns:Comment", Each::Columns("Comment".into())),
        ("split:;:Ticket IDs", Each::Split { column: "Ticket IDs".into(), by: ";".into() }),
        ("split:::a:b", Each::Split { column: "a:b".into(), by: ":".into() }),
    ] {
        assert_eq!(Each::parse(written), Ok(each), "{written}");
    }
    for written in ["", "comments", "columns:", "split:;", "split:;:", "/", "/a//b"] {
        assert!(Each::parse(written).is_err(), "{written}");
    }
}

/// Rows in the order of their number or text in the column `turn`.
fn in_order(mut source: Source) -> Source {
    let column = source.column("turn").unwrap();
    let mut collector = Collector::new().unwrap();
    let mut record = Record::default();
    loop {
        match source.next(&mut record) {
            Read::Row => {
                let turn = match record.cell(column) {
                    Cell::Number(text) => Turn::Number(text.parse().unwrap()),
                    Cell::Text(text) => Turn::Text(text.into()),
                    _ => Turn::Unknown,
                };
                collector.add(&record, turn).unwrap();
            }
            Read::Problem(problem) => collector.add_problem(&problem).unwrap(),
            Read::End => return Source::ordered(collector.finish(&source).unwrap()),
        }
    }
}

#[test]
fn rows_come_in_order_and_keep_their_places() {
    let lines = "{\"turn\": 10}\n{\"turn\": \"b\"}\n{\"turn\": x}\n{\"a\": null}\n{\"turn\": 9, \"n\": 1.10, \"l\": [1, {\"x\": true}]}\n\
                 {\"turn\": \"a\"}\n{}\n{\"turn\": 10, \"a\": false, \"stray\": \"s\"}\n{\"turn\": -3}\n";
    insta::assert_snapshot!(told_of(Ok(in_order(
        source(lines.as_bytes(), Format::JsonLines).unwrap()
    ))));
}

#[test]
fn ordinals_count_in_the_order_of_rows() {
    let lines = "{\"turn\": 2}\n{\"turn\": 1}\n{\"x\": y}\n";
    let mut ordered = in_order(source(lines.as_bytes(), Format::JsonLines).unwrap());
    let mut record = Record::default();
    let mut seen = Vec::new();
    loop {
        match ordered.next(&mut record) {
            Read::Row => seen.push((record.ordinal, record.place.row)),
            Read::Problem(_) => seen.push((ordered.rows(), 0)),
            Read::End => break,
        }
    }
    assert_eq!(seen, [(1, 2), (2, 1), (3, 0)]);
}

proptest! {
    #[test]
    fn rows_that_waited_are_the_rows_that_came(
        rows in prop::collection::vec(("[a-c]{0,3}", any::<Option<i64>>(), "[^\0]{0,9}"), 0..30),
    ) {
        let lines: String = rows
            .iter()
            .map(|(key, turn, text)| match turn {
                Some(turn) => format!("{}\n", json!({"turn": turn % 5, "key": key, "text": text})),
                None => format!("{}\n", json!({"turn": key, "text": [text]})),
            })
            .collect();
        let read = |mut source: Source| {
            let (mut record, mut all) = (Record::default(), Vec::new());
            let columns: Vec<_> = ["turn", "key", "text"].map(|name| source.column(name).unwrap()).into();
            while let Read::Row = source.next(&mut record) {
                let cells: Vec<_> = columns.iter().map(|column| format!("{:?}", record.cell(*column))).collect();
                all.push((record.place.clone(), cells));
            }
            all
        };
        let mut expected = read(source(lines.as_bytes(), Format::JsonLines).unwrap());
        // The oracle: numbers first, then texts by code points; a stable sort of all rows in memory.
        let turn = |row: &(_, Vec<String>)| {
            let number = row.1[0].strip_prefix("Number(\"").map(|rest| rest.trim_end_matches("\")").parse::<i64>().unwrap());
            (number.is_none(), number, row.1[0].clone().into_bytes())
        };
        expected.sort_by(|one, other| {
            let (one, other) = (turn(one), turn(other));
            (one.0, one.1).cmp(&(other.0, other.1)).then_with(|| if one.0 { one.2.cmp(&other.2) } else { std::cmp::Ordering::Equal })
        });
        prop_assert_eq!(read(in_order(source(lines.as_bytes(), Format::JsonLines).unwrap())), expected);
    }
}
