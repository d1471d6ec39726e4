use std::io::{Read as _, Seek as _, SeekFrom};

use serde_json::json;

use super::*;

/// What is written of a row, with its columns.
fn written(shape: Shape, cells: &[(&str, Out<'_>)]) -> Vec<u8> {
    let mut file = tempfile::tempfile().unwrap();
    let names = cells.iter().map(|(name, _)| *name);
    let mut table = Table::begin(shape, names, file.try_clone().unwrap()).unwrap();
    table.row(cells).unwrap();
    table.finish().unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

fn row() -> Vec<(&'static str, Out<'static>)> {
    vec![
        ("a", Out::text("=1+1")),
        ("b", Out::text("one, \"two\"\nthree")),
        ("c", Out::Number("12345678901234567890.10".into())),
        ("d", Out::Null),
        ("e", Out::Absent),
        ("f", Out::Json(Cow::Owned(json!({"x": [1]})))),
        ("g", Out::Bool(true)),
    ]
}

#[test]
fn a_table_has_every_cell_as_it_is() {
    let shape = Shape::Csv { delimiter: b';', marked: false };
    let text = String::from_utf8(written(shape, &row())).unwrap();
    assert_eq!(
        text,
        "a;b;c;d;e;f;g\n=1+1;\"one, \"\"two\"\"\nthree\";12345678901234567890.10;;;\"{\"\"x\"\":[1]}\";true\n"
    );
}

#[test]
fn a_mark_comes_before_the_names() {
    let shape = Shape::Csv { delimiter: b',', marked: true };
    assert!(written(shape, &row()).starts_with("\u{feff}a,b".as_bytes()));
}

#[test]
fn lines_of_json_keep_kinds_and_leave_out_what_is_not_there() {
    let text = String::from_utf8(written(Shape::JsonLines, &row())).unwrap();
    assert_eq!(
        text,
        "{\"a\":\"=1+1\",\"b\":\"one, \\\"two\\\"\\nthree\",\"c\":12345678901234567890.10,\"d\":null,\"f\":{\"x\":[1]},\"g\":true}\n"
    );
}

#[test]
fn a_number_that_json_does_not_know_is_a_text_there() {
    let cells = [("a", Out::Number("007".into())), ("b", Out::Number("1.10".into()))];
    let text = String::from_utf8(written(Shape::JsonLines, &cells)).unwrap();
    assert_eq!(text, "{\"a\":\"007\",\"b\":1.10}\n");
}

#[test]
fn a_workbook_has_texts_alone() {
    let bytes = written(Shape::Workbook, &row());
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    let sheet = calamine::Reader::worksheet_range_at(&mut book, 0).unwrap().unwrap();
    let text = |column| {
        calamine::DataType::get_string(sheet.get_value((1, column)).unwrap()).map(str::to_owned)
    };
    assert_eq!(text(0).as_deref(), Some("=1+1"));
    assert_eq!(text(1).as_deref(), Some("one, \"two\"\nthree"));
    assert_eq!(text(2).as_deref(), Some("12345678901234567890.10"));
    assert_eq!(text(6).as_deref(), Some("true"));
}

#[test]
fn a_cell_that_no_workbook_takes_is_refused() {
    let long = "x".repeat(SHEET_CELL + 1);
    let mut table = Table::begin(Shape::Workbook, ["a"], tempfile::tempfile().unwrap()).unwrap();
    let error = table.row(&[("a", Out::text(long))]).unwrap_err();
    assert!(error.to_string().contains("write csv"), "{error}");
}

#[test]
fn what_rows_are_read_from_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.csv");
    std::fs::write(&path, "a").unwrap();
    let to = |replaces| Destination { path: Some(path.clone()), replaces };
    for replaces in [true, false] {
        let refused = to(replaces).refuse(&Staying::new([&path], None), |_| true);
        assert!(matches!(refused, Err(Refusal::Source)), "{refused:?}");
    }
    let nothing = Staying::default();
    assert!(matches!(to(false).refuse(&nothing, |_| false), Err(Refusal::Other)));
    assert!(to(true).refuse(&nothing, |_| false).is_ok());
    assert!(to(false).refuse(&nothing, |_| true).is_ok());
    let special = Destination { path: Some(folder.path().to_owned()), replaces: true };
    assert!(matches!(special.refuse(&nothing, |_| true), Err(Refusal::Special)));
}

#[cfg(unix)]
#[test]
fn what_must_stay_is_known_by_every_name_that_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for file in ["notes.csv", "ledger.db"] {
        std::fs::write(at(file), "a").unwrap();
    }
    std::fs::hard_link(at("notes.csv"), at("other.csv")).unwrap();
    std::os::unix::fs::symlink(at("notes.csv"), at("link.csv")).unwrap();
    let staying = Staying::new([at("notes.csv"), at("absent.csv")], Some(&at("ledger.db")));
    let detour = folder.path().join(".").join("notes.csv");
    let all = ["notes.csv", "other.csv", "link.csv", "absent.csv", "ledger.db", "ledger.db-wal"];
    for path in
        all.into_iter().map(at).chain([detour, at("ledger.db-shm"), at("ledger.db.0f.lock")])
    {
        assert!(staying.holds(&path), "{}", path.display());
    }
    for name in ["notes.csv.bak", "ledger.dbx", "new.csv"] {
        assert!(!staying.holds(&at(name)), "{name}");
    }
    std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
    assert!(matches!(look(&at("dangling"), &staying), Err(Refusal::Special)));
    assert!(matches!(look(&at("new.csv"), &staying), Ok(false)));
    assert!(matches!(look(&at("ledger.dbx"), &staying), Ok(false)));
    let nowhere = beside(&at("no").join("such")).unwrap_err().to_string();
    assert!(!nowhere.contains("-tmp"), "{nowhere}");
}

#[cfg(unix)]
#[test]
fn what_a_process_has_left_that_is_gone_is_taken_away_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let place = at("out.csv");
    let leftovers = [".out.csv.abc.noteferry-tmp", ".out.csv.held.noteferry-tmp"];
    let others = [".other.csv.abc.noteferry-tmp", ".out.csv.noteferry-tmp", ".tmpabc", "out.csv"];
    for name in leftovers.iter().chain(&others) {
        std::fs::write(at(name), "x").unwrap();
    }
    let held = std::fs::File::open(at(leftovers[1])).unwrap();
    held.lock().unwrap();
    std::os::unix::fs::symlink(at("out.csv"), at(".out.csv.link.noteferry-tmp")).unwrap();
    let made = beside(&place).unwrap();
    assert!(!at(leftovers[0]).exists());
    assert!(at(leftovers[1]).exists(), "somebody writes it");
    assert!(others.iter().all(|name| at(name).exists()));
    assert!(at(".out.csv.link.noteferry-tmp").symlink_metadata().is_ok());
    // Another process that writes for the same place leaves it alone.
    let other = beside(&place).unwrap();
    put(made, &place).unwrap();
    put(other, &place).unwrap();
    let long = "x".repeat(240);
    put(beside(&at(&long)).unwrap(), &at(&long)).unwrap();
}
