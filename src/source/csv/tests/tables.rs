//! Tables as people have them: other signs, lines above the header, no header, names that come again, texts for nothing.

use std::io::Cursor;

use super::super::super::{Cell, Format, Manner, Nulls, Read, Record, RowLimit, Source, Table};
use crate::source::window::{CHUNK, Window};

/// Rows as they are read, and problems as they are told, however few bytes are read at once.
fn told(text: &str, delimiter: u8, table: &Table) -> String {
    let whole = told_by(text, delimiter, table, CHUNK);
    for bits in [1, 2, 3, 7] {
        assert_eq!(told_by(text, delimiter, table, bits), whole, "by {bits}");
    }
    whole
}

fn told_by(text: &str, delimiter: u8, table: &Table, bits: usize) -> String {
    let input = Box::new(Cursor::new(text.as_bytes().to_vec()));
    let window = Window::new(input, bits, RowLimit::default());
    let manner = Manner { table: table.clone(), ..Manner::default() };
    let source = Source::from_window(window, "t.csv".into(), Format::Csv { delimiter }, &manner);
    let mut source = match source {
        Ok(source) => source,
        Err(problems) => return problems.iter().map(|problem| problem.render(false)).collect(),
    };
    let (mut record, mut told) = (Record::default(), String::new());
    loop {
        match source.next(&mut record) {
            Read::Row => {
                let names = source.columns().names().iter().enumerate();
                let cells: Vec<String> = names
                    .map(|(at, name)| match record.cell(at) {
                        Cell::Text(text) => format!("{name}={text:?}"),
                        other => format!("{name}={other:?}"),
                    })
                    .collect();
                told += &format!("{}: {}\n", record.place.line, cells.join(" "));
            }
            Read::Problem(problem) => told += &problem.render(false),
            Read::End => return told,
        }
    }
}

fn nulls(texts: &[&str]) -> Nulls {
    Nulls::Everywhere(texts.iter().map(|text| (*text).into()).collect())
}

fn header(names: &[&str]) -> Table {
    let names: Vec<_> = names.iter().map(|name| (*name).into()).collect();
    Table { header: Some(names.into()), ..Table::default() }
}

fn row(line: usize) -> Table {
    Table {
        header_row: u32::try_from(line).ok().and_then(std::num::NonZeroU32::new),
        ..Table::default()
    }
}

#[test]
fn a_first_line_may_say_the_delimiter() {
    for text in
        ["sep=;\na;b\n1;2,5\n", "\u{feff}sep=;\r\na;b\r\n1;2,5\r\n", "\"sep=;\"\na;b\n1;2,5"]
    {
        assert_eq!(told(text, b',', &Table::default()), "3: a=\"1\" b=\"2,5\"\n", "{text:?}");
    }
    assert_eq!(told("a\tsep=;\n1\t2\n", b'\t', &Table::default()), "2: a=\"1\" sep=;=\"2\"\n");
    assert!(told("sep=;\n", b',', &Table::default()).contains("error[empty-file]"));
}

#[test]
fn lines_above_the_header_are_passed_over() {
    let text = "Export of \"notes\nby An,\n\nid,note\n1,a\n";
    assert_eq!(told(text, b',', &row(4)), "5: id=\"1\" note=\"a\"\n");
    assert_eq!(told("sep=;\nx\nid;note\n1;a\n", b',', &row(3)), "4: id=\"1\" note=\"a\"\n");
    let beyond = told(text, b',', &row(40));
    assert!(beyond.contains("error[empty-file]") && beyond.contains("line 40"), "{beyond}");
    // A header that is not there is the first line in which something is written.
    assert_eq!(told(text, b',', &row(3)), "5: id=\"1\" note=\"a\"\n");
}

#[test]
fn names_may_be_given_where_a_file_has_none() {
    assert_eq!(
        told("1,a\n2,b\n", b',', &header(&["id", "note"])),
        "1: id=\"1\" note=\"a\"\n2: id=\"2\" note=\"b\"\n"
    );
    let told_twice = told("id,note\n2,b\n", b',', &header(&["id", "note"]));
    assert!(told_twice.contains("error[repeated-header]"), "{told_twice}");
    assert!(told("1,a,x\n", b',', &header(&["id", "note"])).contains("error[ragged-row]"));
    assert_eq!(told("", b',', &header(&["id"])), "");
}

#[test]
fn columns_of_one_name_are_known_by_their_place() {
    let text = "id,Labels,note,labels,Labels\n1,a,n,b,c\n";
    assert_eq!(
        told(text, b',', &Table::default()),
        "2: id=\"1\" Labels[1]=\"a\" note=\"n\" labels=\"b\" Labels[2]=\"c\"\n"
    );
    let window = Window::new(Box::new(Cursor::new(text)), CHUNK, RowLimit::default());
    let format = Format::Csv { delimiter: b',' };
    let source = Source::from_window(window, "t.csv".into(), format, &Manner::default()).unwrap();
    let columns = source.columns();
    assert_eq!(columns.all("Labels"), [1, 4]);
    assert_eq!((columns.all("id"), columns.all("none")), (vec![0], vec![]));
    assert_eq!((columns.index("Labels"), columns.index("Labels[2]")), (None, Some(4)));
    // However they are spelt, and whatever blanks stand around them.
    let text = "m\u{e3}, ma\u{303} ,x\n1,2,3\n";
    assert_eq!(
        told(text, b',', &Table::default()),
        "2: m\u{e3}[1]=\"1\" ma\u{303}[2]=\"2\" x=\"3\"\n"
    );
    // A name that would then mean two columns is refused.
    let twice = told("a,a,a[2]\n1,2,3\n", b',', &Table::default());
    assert!(twice.contains("error[duplicate-column]"), "{twice}");
    // A header that comes again is known.
    let again = told("id,Labels,Labels\n1,a,b\nid,Labels,Labels\n", b',', &Table::default());
    assert_eq!(again.matches("error[repeated-header]").count(), 1, "{again}");
}

#[test]
fn texts_for_nothing_count_where_they_are_not_quoted() {
    let table = Table { nulls: nulls(&["NULL", "\\N"]), ..Table::default() };
    let text =
        "id,a,b\n1,NULL,\"NULL\"\n\"2\nx\",\\N,null\n3,\"a,b\",NULL\n4,NULLs,\" \"\"NULL\"\"\"\n";
    assert_eq!(
        told(text, b',', &table),
        "2: id=\"1\" a=Null b=\"NULL\"\n\
         3: id=\"2\\nx\" a=Null b=\"null\"\n\
         5: id=\"3\" a=\"a,b\" b=Null\n\
         6: id=\"4\" a=\"NULLs\" b=\" \\\"NULL\\\"\"\n"
    );
    let of_a = Table {
        nulls: Nulls::In(vec![("a".into(), vec!["0000".into(), "NULL".into()])]),
        ..Table::default()
    };
    assert_eq!(told("id,a,b\n1,0000,0000\n", b',', &of_a), "2: id=\"1\" a=Null b=\"0000\"\n");
    let unknown = Table { nulls: Nulls::In(vec![("titel".into(), vec![])]), ..Table::default() };
    let told = told("id,title\n1,a\n", b',', &unknown);
    assert!(told.contains("error[unknown-column]") && told.contains("did you mean `title`"));
}

#[test]
fn files_of_databases_have_a_sign_before_others() {
    let table = Table {
        quote: None,
        escape: Some(b'\\'),
        comment: Some(b'#'),
        nulls: nulls(&["0000-00-00"]),
        ..header(&["id", "note", "due"])
    };
    let text = "1\ta\\\tb\\\nc\\\\\t\\N\n# a comment\n\n2\t\"x\" \\t\\n\\N\t0000-00-00\r\n3\t\\0\ty\n4\tlast\\\t\\";
    let expected = "1: id=\"1\" note=\"a\\tb\\nc\\\\\" due=Null\n\
                    5: id=\"2\" note=\"\\\"x\\\" \\t\\nN\" due=Null\n";
    let told_all = told(text, b'\t', &table);
    assert!(told_all.starts_with(expected), "{told_all}");
    assert!(told_all.contains("zero bytes") && told_all.contains("t.csv:6 "), "{told_all}");
    assert!(told_all.contains("has 2 cells, the header has 3"), "{told_all}");
    let advice = "is a tab missing? a line break within a text has to have a `\\\\` before it";
    assert!(told_all.contains(advice), "{told_all}");
    // With quotes around some cells.
    let quoted = Table { quote: Some(b'"'), nulls: nulls(&["\\N"]), ..table };
    assert_eq!(
        told("1,\"a \\\"b\\\" \\\\ c\\\nd\",\\N\n2,\"\\\\N\",x\n", b',', &quoted),
        "1: id=\"1\" note=\"a \\\"b\\\" \\\\ c\\nd\" due=Null\n3: id=\"2\" note=\"\\\\N\" due=\"x\"\n"
    );
    let open = told("1,\"a \\\",x\n", b',', &quoted);
    assert!(open.contains("is written \\\""), "{open}");
}

#[test]
fn a_record_with_signs_before_others_may_be_cut_anywhere_and_has_an_end() {
    let table = Table { quote: None, escape: Some(b'\\'), ..header(&["a", "b"]) };
    let long = "x\\\n".repeat(200_000);
    let told_long = told_by(&format!("{long}\ty\nc\td\n"), b'\t', &table, CHUNK);
    assert!(told_long.ends_with("200002: a=\"c\" b=\"d\"\n"));
    let endless = format!("{}\n1\t2\n", "x".repeat(17 << 20));
    let told_endless = told_by(&endless, b'\t', &table, CHUNK);
    assert!(told_endless.contains("error[row-too-long]"), "{told_endless}");
    assert!(told_endless.ends_with("2: a=\"1\" b=\"2\"\n"), "{told_endless}");
}
