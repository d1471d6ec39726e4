//! Where files are not clear, no customer sees a note, no object stands in a text, and somebody is told.

use serde_json::{Value, json};

use super::*;

fn notes(column: &str, values: &[&str]) -> Draft {
    let rows = values.iter().enumerate();
    let rows = rows.map(|(at, value)| format!("t{at}|a text of some length {at}|{value}"));
    let lines: Vec<String> = std::iter::once(format!("ticket|note|{column}")).chain(rows).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    drafted(&[seen("notes.csv", &lines)], &Answers::default())
}

/// A file of objects.
fn objects(rows: &[Value]) -> FileSeen {
    let mut file = seen("notes.json", &[""]);
    file.format = Format::Json;
    let mut columns: Vec<ColumnSeen> = Vec::new();
    for key in rows.iter().flat_map(|row| row.as_object().unwrap().keys()) {
        if columns.iter().all(|column| column.name != *key) {
            columns.push(ColumnSeen::new(key.clone()));
        }
    }
    for row in rows {
        columns.iter_mut().for_each(|column| column.add_json(&row[column.name.as_str()]));
    }
    FileSeen { columns, rows: rows.len() as u64, ..file }
}

fn remarks(draft: &Draft) -> Vec<Remark> {
    match &draft.visibility {
        Visibility::AllInternal(remark) => vec![remark.clone()],
        Visibility::ByColumn { entries, remarks, .. } => {
            let of_entries = entries.iter().filter_map(|(_, _, remark)| remark.clone());
            remarks.iter().cloned().chain(of_entries).collect()
        }
    }
}

#[test]
fn a_name_that_says_more_than_internal_shows_nothing() {
    for column in [
        "Không nội bộ",
        "not_internal",
        "is_not_internal",
        "non_internal",
        "noninternal",
        "non_private",
        "Không phải nội bộ",
        "Ngoài nội bộ",
        "private_removed",
        "Show internal",
        "public/internal",
        "Internal or public",
        "!internal",
        "не internal",
        "≠ public",
    ] {
        for values in [["true", "false"], ["Có", "Không"], ["1", "0"]] {
            let draft = notes(column, &values);
            let found = entries(&draft);
            assert!(found.iter().all(|(_, is_internal)| *is_internal), "{column}: {found:?}");
            let marks = [Remark::Unsure, Remark::NobodySays];
            assert!(remarks(&draft).iter().any(|one| marks.contains(one)), "{column}");
        }
    }
}

#[test]
fn columns_that_contradict_each_other_show_nothing() {
    let with = |column: &str, values: &[&str]| {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        notes(column, &values)
    };
    for (columns, values, is_contradicted) in [
        ("internal|public", ["no|yes", "yes|no"], false),
        ("internal|public", ["no|no", "yes|no"], true),
        ("public|internal", ["yes|yes", "no|yes"], true),
        ("internal|visibility", ["no|public", "yes|internal"], false),
        ("internal|visibility", ["no|internal", "yes|internal"], true),
        ("internal|type", ["no|note", "yes|note"], false),
        ("internal|public", ["no|", "yes|no"], true),
    ] {
        let draft = with(columns, &values);
        let is_told = remarks(&draft).iter().any(|one| matches!(one, Remark::Contradicted { .. }));
        assert_eq!(is_told, is_contradicted, "{columns} {values:?}");
        let shows = entries(&draft).iter().any(|(_, is_internal)| !is_internal);
        assert_eq!(shows, !is_contradicted, "{columns} {values:?}");
    }
}

#[test]
fn a_word_of_another_pair_shows_nothing() {
    for (column, values, shown) in [
        ("Công khai", ["Có", "Không", "x"], &["Có"][..]),
        ("internal", ["yes", "no", "0"], &["no"]),
        ("public", ["1", "0", "true"], &["1"]),
    ] {
        let found = entries(&notes(column, &values));
        let visible = found.iter().filter(|(_, is_internal)| !is_internal);
        let visible: Vec<&str> = visible.map(|(text, _)| text.as_str()).collect();
        assert_eq!(visible, shown, "{column} {values:?}");
    }
}

#[test]
fn an_author_is_told_by_a_name_and_never_by_an_object() {
    let author = |author: Value| {
        let row = |at: u32| json!({"ticket_id": at, "body": format!("a text of some length {at}"), "author": author});
        let draft = drafted(&[objects(&[row(1), row(2)])], &Answers::default());
        let found = draft.lets.iter().find(|named| draft.note.author.as_ref() == Some(&named.name));
        let doubts = draft.note.remarks.contains(&Remark::AuthorIsObject("author".to_owned()));
        (found.map(|named| named.expression.clone()), doubts)
    };
    let name = "author.name | default('(unknown)', true)";
    assert_eq!(
        author(json!({"type": "admin", "name": "Lan", "email": "a@b"})),
        (Some(name.into()), false)
    );
    let both =
        "((author.first | default('', true)) ~ ' ' ~ (author.last | default('', true))) | trim";
    assert_eq!(author(json!({"id": 7, "first": "Lan", "last": "Vũ"})), (Some(both.into()), false));
    assert_eq!(author(json!({"type": "admin", "email": "a@b"})), (None, true));
    assert_eq!(author(json!([{"name": "Lan"}])), (None, true));
}

#[test]
fn rows_without_a_text_and_unfinished_ones_are_told() {
    let rows = [
        json!({"ticket_id": 1, "body": "a text of some length", "state": "published"}),
        json!({"ticket_id": 2, "body": null, "state": "draft"}),
        json!({"ticket_id": 3, "state": "published"}),
    ];
    let draft = drafted(&[objects(&rows)], &Answers::default());
    assert!(draft.keeps.contains(&("text is not empty".to_owned(), Reason::NoText)));
    let unfinished = Remark::Unfinished { column: "state".into(), value: "draft".into() };
    assert!(draft.note.remarks.contains(&unfinished), "{:?}", draft.note.remarks);
}

#[test]
fn what_is_called_an_id_is_a_key_where_it_differs() {
    for (column, values, is_key) in [
        ("postid", ["1", "2", "3"], true),
        ("Mã", ["1", "2", "3"], true),
        ("postid", ["1", "2", "2"], false),
        ("customer_id", ["1", "2", "3"], false),
        ("grade", ["1", "2", "3"], false),
    ] {
        let draft = notes(column, &values);
        assert_eq!(matches!(draft.key, KeyDraft::Text(..)), is_key, "{column} {values:?}");
    }
}
