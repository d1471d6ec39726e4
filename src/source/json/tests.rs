//! Tests of paths into JSON files and of rows within objects.

use std::io::Cursor;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::source::window::{CHUNK, Window};
use crate::source::{Cell, DataPath, Each, Format, Manner, Read, Record, RowLimit, Shape, Source};

fn shape(at: Option<&str>, each: Option<&str>) -> Manner {
    let shape = Shape {
        at: at.map(|path| DataPath::parse(path).unwrap()),
        each: each.map(|path| Each::Within(DataPath::parse(path).unwrap())),
        ..Shape::default()
    };
    Manner { shape, ..Manner::default() }
}

/// Everything that a source has to say.
fn told(text: &str, format: Format, manner: &Manner, chunk: usize) -> String {
    let input = Cursor::new(text.as_bytes().to_vec());
    let window = Window::new(Box::new(input), chunk, RowLimit::default());
    let mut told = String::new();
    let mut source = match Source::from_window(window, "t.json".into(), format, manner) {
        Ok(source) => source,
        Err(problems) => return problems.iter().map(|problem| problem.render(false)).collect(),
    };
    let parent = source.column("parent").unwrap();
    let index = source.column("index").unwrap();
    let mut record = Record::default();
    loop {
        match source.next(&mut record) {
            Read::End => return told,
            Read::Problem(problem) => told.push_str(&problem.render(false)),
            Read::Row => {
                let place = &record.place;
                told.push_str(&format!(
                    "row {} line {} at {}:",
                    place.row,
                    place.line,
                    place.within.as_deref().unwrap_or("-")
                ));
                for (column, name) in source.columns().names().iter().enumerate() {
                    match record.cell(column) {
                        Cell::Absent => {}
                        Cell::Shared(value) if column == parent => {
                            told.push_str(&format!(" parent={value}"));
                        }
                        Cell::Number(text) if column == index => {
                            told.push_str(&format!(" #{text}"))
                        }
                        cell => told.push_str(&format!(" {name}={cell:?}")),
                    }
                }
                told.push('\n');
            }
        }
    }
}

#[test]
fn rows_within_objects_know_what_is_around_them() {
    let lines = concat!(
        "{\"id\": 31000000000114, \"comments\": [{\"id\": 12345678901234567890123, \"n\": 1.10},\n",
        "{\"id\": 7, \"comments\": [{\"a\": 1}, \"text\", null, 5, [1], {}]}\n",
        "{\"id\": 8}\n{\"id\": 9, \"comments\": null}\n{\"id\": 10, \"comments\": []}\n",
        "{\"id\": 98765432109876543210, \"x\": 1.10, \"comments\": [{\"id\": 12345678901234567890123, \"n\": 1.10}]}\n",
        "{\"comments\": \"none\"}\n[1]\n7\n{\"comments\": {\"id\": 1}}\n",
    );
    insta::assert_snapshot!(told(lines, Format::JsonLines, &shape(None, Some("/comments")), CHUNK));
}

#[test]
fn a_path_leads_to_the_rows_of_a_file() {
    let file = concat!(
        "{\"meta\": {\"n\": [1, {\"tickets\": \"}\"}]}, \"tickets\": [\n {\"helpdesk\": {\"id\": 1, \"notes\": [{\"a\": \"x\"}, {\"a\": \"y\"}]}},\n",
        " {\"other\": 3},\n {\"helpdesk\": {\"id\": 2, \"notes\": []}}, 5, {\"helpdesk\": [{\"id\": 3, \"notes\": [{\"a\": \"z\"}]}]}], \"rest\": {}}\n"
    );
    let all = [
        (Some("/tickets"), None),
        (Some("/tickets/*/helpdesk"), None),
        (Some("/tickets/0"), None),
        (Some("/tickets/*/helpdesk"), Some("/notes")),
        (Some("/tickets/*"), Some("/helpdesk/notes")),
        (Some("/tickets/*"), Some("/helpdesk/*/notes")),
        (Some("/ticket"), None),
        (Some("/meta/x"), None),
        (Some("/tickets/9"), None),
    ];
    let all = all.map(|(at, each)| {
        let told = told(file, Format::Json, &shape(at, each), CHUNK);
        format!("{} {}\n{told}", at.unwrap_or("-"), each.unwrap_or("-"))
    });
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn what_is_wrong_on_the_way_is_told_with_its_place() {
    let files = [
        "",
        "[1, 2",
        "{\"tickets\": [{\"a\": 1}, {\"a\": }, {\"a\": 2}]}",
        "{\"tickets\": [{\"a\": 1}] \"x\": 1}",
        "{\"tickets\" [{\"a\": 1}]}",
        "{tickets: [{\"a\": 1}]}",
        "{\"tickets\": [{\"a\": 1},]}",
        "{\"tickets\": [{\"a\": 1}]} {}",
        "{\"tickets\": [{\"a\": 1}",
        "{\"tickets\": [{\"a\": 1, \"b\": \"open",
        "{\"x\": \"open",
        "7",
        "{\"tickets\": 7}",
    ];
    let all = files.map(|file| {
        format!("{file}\n{}", told(file, Format::Json, &shape(Some("/tickets"), None), CHUNK))
    });
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn depth_is_a_problem_and_no_overflow() {
    let deep = |close: bool| {
        let mut text = "[".repeat(100_000);
        text.push_str(&if close { "]".repeat(100_000) } else { String::new() });
        text
    };
    for close in [true, false] {
        let line = format!("{{\"id\": 1, \"a\": {}}}", deep(close));
        for (text, format, shape) in [
            (line.clone(), Format::JsonLines, shape(None, None)),
            (line.clone(), Format::JsonLines, shape(None, Some("/a"))),
            (line.clone(), Format::JsonLines, shape(None, Some("/a/*/0"))),
            (line.clone(), Format::Json, shape(Some("/b"), None)),
            (format!("[{line}]"), Format::Json, shape(None, None)),
            (format!("[{line}]"), Format::Json, shape(Some("/*/a/*/*"), None)),
        ] {
            assert!(told(&text, format, &shape, CHUNK).contains("error["), "{format:?} {shape:?}");
        }
    }
}

/// The values that a path leads to, by a reader of whole values.
fn expected(value: &Value, path: &[&str], pointer: &str, rows: &mut Vec<(String, Value)>) {
    let below = |step: &dyn Fn(&str, &Value) -> bool| -> Vec<(String, Value)> {
        match value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(at, item)| (at.to_string(), item.clone()))
                .filter(|(at, item)| step(at, item))
                .collect(),
            Value::Object(entries) => entries
                .iter()
                .map(|(key, item)| (key.clone(), item.clone()))
                .filter(|(key, item)| step(key, item))
                .collect(),
            _ => Vec::new(),
        }
    };
    match path {
        [] => match value {
            Value::Array(items) => rows.extend(
                items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| (format!("{pointer}/{at}"), item.clone())),
            ),
            Value::Object(_) => rows.push((pointer.to_owned(), value.clone())),
            _ => {}
        },
        [step, rest @ ..] => {
            for (key, item) in below(&|key, _| *step == "*" || *step == key) {
                expected(&item, rest, &format!("{pointer}/{key}"), rows);
            }
        }
    }
}

fn object(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(json!({})), Just(json!([])), Just(Value::Null)];
    leaf.prop_recursive(depth, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[ab]", inner), 0..4)
                .prop_map(|entries| entries.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #[test]
    fn rows_within_objects_are_those_that_a_reader_of_values_finds(
        values in prop::collection::vec(object(5), 1..5),
        path in prop::collection::vec(prop_oneof!["a", "b", "\\*", "0"], 1..4),
        pretty: bool,
        chunk in 1_usize..40,
    ) {
        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
        let written = format!("/{}", path.join("/"));
        let mut rows = Vec::new();
        let all: Vec<Value> = values.iter().map(|value| json!({"a": value, "b": [value]})).collect();
        for (at, value) in all.iter().enumerate() {
            expected(value, &steps, &format!("/{at}"), &mut rows);
        }
        // An item in which nothing is written is no row.
        let is_row = |value: &Value| match value {
            Value::Object(entries) => entries.values().any(|value| !value.is_null()),
            other => !other.is_null(),
        };
        let rows: Vec<String> =
            rows.into_iter().filter(|(_, value)| is_row(value)).map(|(pointer, _)| pointer).collect();
        let text = if pretty { format!("{:#}", json!(all)) } else { json!(all).to_string() };
        let found = |shape: &Manner, chunk| -> Vec<String> {
            let told = told(&text, Format::Json, shape, chunk);
            let at = |line: &str| {
                line.strip_prefix("row ")?.split(" at ").nth(1)?.split(':').next().map(str::to_owned)
            };
            told.lines().filter_map(at).collect()
        };
        prop_assert_eq!(&found(&shape(None, Some(&written)), CHUNK), &rows);
        prop_assert_eq!(&found(&shape(None, Some(&written)), chunk), &rows);
    }

    #[test]
    fn the_size_of_a_window_makes_no_difference(
        text in "[\\[{]{0,2}([{}\\[\\],: \n]|\"[ab\\\\]?\"|1|[{]\"a\": ?[\\[]1[}\\]],?){0,30}",
        path in "/[ab*](/[ab*0]){0,2}",
        chunk in 1_usize..20,
    ) {
        for shape in [shape(Some(&path), None), shape(None, Some(&path)), shape(Some("/a"), Some(&path))] {
            for format in [Format::Json, Format::JsonLines] {
                if shape.shape.at.is_none() || format == Format::Json {
                    prop_assert_eq!(
                        told(&text, format, &shape, chunk), told(&text, format, &shape, CHUNK)
                    );
                }
            }
        }
    }
}

#[test]
fn long_numbers_within_a_value_are_texts() {
    let read = |text: &str| super::exact::value(text).unwrap();
    assert_eq!(
        read(
            " {\"a\": 18446744073709551615, \"b\": [18446744073709551616, -1.5e3, {\"c\": -99999999999999999999}], \"d\": \"99999999999999999999\"} "
        ),
        json!({"a": 18446744073709551615_u64, "b": ["18446744073709551616", -1500.0, {"c": "-99999999999999999999"}], "d": "99999999999999999999"}),
    );
    let shared: Arc<Value> = Arc::new(read("[1, 2]"));
    assert_eq!(*shared, json!([1, 2]));
}
