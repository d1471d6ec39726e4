//! Tables: what is found in them, what they weigh, and what is wrong with their files.

use std::collections::HashMap;
use std::path::Path;

use proptest::prelude::*;

use super::table::Entered;
use super::{Column, Lookup, Lookups, Missing, Table};
use crate::declared::job::Rows;
use crate::source::{DataPath, Format, Location, Manner, Shape};
use crate::text::code::Code;
use crate::text::diagnostic::Place;

proptest! {
    #[test]
    fn a_table_is_a_map(entries in prop::collection::vec(("[a-cé]{0,2}", 0..300_usize), 0..40)) {
        let entries = entries.into_iter().map(|(key, length)| (key, "x".repeat(length)));
        let entries: Vec<(String, String)> = entries.collect();
        let (mut table, mut map) = (Table::default(), HashMap::new());
        for (key, value) in &entries {
            let expected = match map.get(key) {
                None => Entered::New,
                Some(known) if *known == value => Entered::Same,
                Some(_) => Entered::Other,
            };
            map.entry(key).or_insert(value);
            prop_assert_eq!(table.enter(key, value), expected);
        }
        prop_assert_eq!(table.len(), map.len());
        for (key, value) in map {
            prop_assert_eq!(table.find(key), Some(value.as_str()));
        }
        prop_assert_eq!(table.find("nowhere"), None);
    }
}

/// Keys of 18 letters and values of 19, as of Salesforce and StringeeX: 3 million of them are to take 150 MB at the most.
#[test]
fn an_entry_takes_few_bytes() {
    const ENTRIES: usize = 200_000;
    let mut table = Table::with_room(ENTRIES * 40);
    for number in 0..ENTRIES {
        table.enter(&format!("5003x0000{number:09}"), &format!("tk_00000000{number:08}"));
    }
    table.settle();
    let per_entry = table.bytes() as f64 / ENTRIES as f64;
    assert!(per_entry <= 50.0, "{per_entry}");
    assert_eq!(table.find("5003x0000000123456"), Some("tk_0000000000123456"));
}

fn column(name: &str) -> Column {
    Column { name: name.to_owned(), place: Place::Nowhere }
}

fn lookup(folder: &Path, files: &[(&str, &str)], at: Option<&str>) -> Lookup {
    let rows = files.iter().map(|(name, content)| {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        Rows::File {
            format: Format::of_path(&path).unwrap(),
            name: (*name).into(),
            manner: Box::new(Manner {
                shape: Shape {
                    at: at.map(|path| DataPath::parse(path).unwrap()),
                    ..Shape::default()
                },
                ..Manner::default()
            }),
            written: Some(Place::Nowhere),
            location: Location::File(path),
        }
    });
    Lookup {
        name: "users".to_owned(),
        place: Place::Nowhere,
        files: rows.collect(),
        key: column("id"),
        value: column("name"),
        missing: Missing::Problem,
    }
}

/// The value of some keys, and what is told of the files.
fn found(
    files: &[(&str, &str)],
    at: Option<&str>,
    keys: &[&str],
) -> (Vec<Option<String>>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let (lookups, problems) = Lookups::load(&[lookup(folder.path(), files, at)]);
    let table = &lookups.find("users").unwrap().table;
    let values = keys.iter().map(|key| table.find(key).map(str::to_owned)).collect();
    let told = problems.iter().map(|problem| {
        let place = match &problem.place {
            Place::Row(place) => format!("{place}: "),
            Place::File(file) => format!("{file}: "),
            _ => String::new(),
        };
        format!("{}: {place}{}", problem.severity.word(), problem.message)
    });
    (values, told.collect())
}

#[test]
fn values_are_found_in_files_of_all_kinds() {
    for (files, at) in [
        (&[("u.csv", "name,id\nAn,1\n Bình ,\" 02 \"\n")][..], None),
        (&[("u.jsonl", "{\"id\":1,\"name\":\"An\"}\n{\"id\":\"02\",\"name\":\"Bình\"}\n")], None),
        (
            &[("u.json", r#"[{"user":{"id":1,"name":"An"}},{"user":{"id":"02","name":"Bình"}}]"#)],
            Some("/*/user"),
        ),
        (&[("a.csv", "id,name\n1,An\n"), ("b.csv", "name,id\nBình,02\n")], None),
    ] {
        let (values, told) = found(files, at, &["1", "02", "2", "An"]);
        let expected = [Some("An".to_owned()), Some("Bình".to_owned()), None, None];
        assert_eq!((values.as_slice(), told), (&expected[..], Vec::new()), "{files:?}");
    }
}

#[test]
fn keys_differ_by_case_and_not_by_spelling() {
    let (values, told) =
        found(&[("u.csv", "id,name\na,1\nA,2\nme\u{302},3\n")], None, &["a", "A", "mê"]);
    assert_eq!(values, ["1", "2", "3"].map(|value| Some(value.to_owned())));
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn what_is_wrong_with_a_table_is_told_with_its_place() {
    let two = "id,name\n1,An\n2,Bình\n1,An\n1,Ân\n2,\n";
    let others = "id,name\n2,Bình\n2,Lan\n";
    let (_, told) = found(&[("u.csv", two), ("v.csv", others)], None, &[]);
    insta::assert_snapshot!(told.join("\n"), @r#"
    warning: u.csv: 1 row has no `id` or no `name`, and no entry in the table `users`: line 6
    error: u.csv:5 (row 4, column `id`): the table `users` has two values for "1": "An" (line 2) and "Ân"
    error: v.csv:3 (row 2, column `id`): the table `users` has two values for "2": "Bình" (u.csv, line 3) and "Lan"
    "#);
    let (_, told) = found(&[("u.csv", "legacy,name\n1,An\n")], None, &[]);
    assert_eq!(told, ["error: u.csv has no column `id`"]);
    let (_, told) = found(&[("u.jsonl", "{\"ID\":1,\"name\":\"An\"}\n")], None, &[]);
    assert_eq!(told, ["error: no row of u.jsonl has `id`"]);
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let lookup = lookup(folder.path(), &[("u.csv", "id,name\n")], None);
    std::fs::remove_file(folder.path().join("u.csv")).unwrap();
    let (_, problems) = Lookups::load(&[lookup]);
    assert_eq!(
        problems.iter().map(|problem| problem.code).collect::<Vec<_>>(),
        [Code::UnreadableFile]
    );
}
