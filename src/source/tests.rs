use std::fmt::Write as _;
use std::io::{self, Cursor};

use proptest::prelude::*;
use serde_json::json;

use super::window::CHUNK;
use super::*;

mod several;

const CSV: Format = Format::Csv { delimiter: b',' };

/// Hands out few bytes at a time, as a pipe may.
struct Dribble(Cursor<Vec<u8>>, usize);

impl io::Read for Dribble {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.1);
        self.0.read(&mut buffer[..most])
    }
}

impl io::Seek for Dribble {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// Hands out its bytes, and then fails.
struct Failing(Cursor<Vec<u8>>);

impl io::Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the network share is gone")),
            count => Ok(count),
        }
    }
}

impl io::Seek for Failing {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

fn source(bytes: &[u8], format: Format) -> Result<Source, Vec<Diagnostic>> {
    source_in_bits(bytes, format, CHUNK)
}

fn source_in_bits(bytes: &[u8], format: Format, bits: usize) -> Result<Source, Vec<Diagnostic>> {
    let input = Dribble(Cursor::new(bytes.to_vec()), bits);
    Source::from_window(
        Window::new(Box::new(input), bits, RowLimit::default()),
        name_of(format),
        format,
        &Manner::default(),
    )
}

fn name_of(format: Format) -> Arc<str> {
    match format {
        Format::Csv { .. } => "notes.csv".into(),
        Format::JsonLines => "notes.jsonl".into(),
        Format::Json => "notes.json".into(),
        Format::Workbook => "notes.xlsx".into(),
    }
}

/// Everything a source has to say, one row a line and each problem as a person sees it.
fn told(bytes: &[u8], format: Format) -> String {
    told_of(source(bytes, format))
}

fn told_of(source: Result<Source, Vec<Diagnostic>>) -> String {
    let mut text = String::new();
    let mut source = match source {
        Ok(source) => source,
        Err(problems) => {
            for problem in problems {
                text += &problem.render(false);
            }
            return text;
        }
    };
    let mut record = Record::default();
    loop {
        match source.next(&mut record) {
            Read::Row => {
                let cells = cells(&source, &record);
                writeln!(text, "row {}, line {}: {cells}", record.place.row, record.place.line)
                    .unwrap();
            }
            Read::Problem(problem) => text += &problem.render(false),
            Read::End => return text,
        }
    }
}

fn cells(source: &Source, record: &Record) -> String {
    let names = source.columns().names().iter().enumerate();
    let shown = names.map(|(column, name)| format!("{name}={:?}", record.cell(column)));
    shown.collect::<Vec<_>>().join(" ")
}

/// The text cells of all rows, and no problem.
fn texts(mut source: Source) -> Vec<Vec<String>> {
    let mut record = Record::default();
    let mut rows = Vec::new();
    loop {
        match source.next(&mut record) {
            Read::Row => rows.push(
                (0..source.columns().names().len())
                    .map(|column| match record.cell(column) {
                        Cell::Text(text) => text.to_owned(),
                        other => panic!("{other:?}"),
                    })
                    .collect(),
            ),
            Read::Problem(problem) => panic!("{}", problem.render(false)),
            Read::End => return rows,
        }
    }
}

#[test]
fn the_ending_names_the_format() {
    for (path, format) in [
        ("a/notes.csv", Some(CSV)),
        ("NOTES.CSV", Some(CSV)),
        ("notes.tsv", Some(Format::Csv { delimiter: b'\t' })),
        ("notes.jsonl", Some(Format::JsonLines)),
        ("notes.ndjson", Some(Format::JsonLines)),
        ("notes.json", Some(Format::Json)),
        ("notes.XLSX", Some(Format::Workbook)),
        ("notes.ods", Some(Format::Workbook)),
        // Whatever it is, it can be called by its name.
        ("notes.xls", Some(Format::Workbook)),
        ("notes.doc", None),
        ("notes", None),
    ] {
        assert_eq!(Format::of_path(Path::new(path)), format, "{path}");
    }
}

#[test]
fn cells_arrive_as_they_were() {
    let text = "\u{feff}phone,note\n\
                0912345678,  blanks stay \n\
                \"1,5\",\"anh \"\"Tú\"\" gọi\r\nlại\nsau 🚚\"\n\
                00,{{ ten_khach }}\n\
                5\" screen,e\u{302}\u{301} and \u{1ebf}\n\
                \"\",.\n";
    assert_eq!(
        texts(source(text.as_bytes(), CSV).unwrap()),
        [
            ["0912345678", "  blanks stay "],
            ["1,5", "anh \"Tú\" gọi\r\nlại\nsau 🚚"],
            ["00", "{{ ten_khach }}"],
            ["5\" screen", "e\u{302}\u{301} and \u{1ebf}"],
            ["", "."],
        ]
    );
}

#[test]
fn rows_in_which_nothing_is_written_are_passed_over_and_counted() {
    for (text, format) in [
        ("a,b\n1,2\n,\n3,4\n\"\",\" \"\n ,\u{a0}\n,,,,\n", CSV),
        (
            "{\"a\":1}\n{}\n{\"b\":2}\n{\"a\":null}\n{\"a\":\"\",\"b\":\" \"}\n{\"c\":null}",
            Format::JsonLines,
        ),
    ] {
        let mut source = source(text.as_bytes(), format).unwrap();
        let mut record = Record::default();
        let mut lines = Vec::new();
        while let Read::Row = source.next(&mut record) {
            lines.push((record.place.row, record.place.line));
        }
        let first = if format == CSV { 2 } else { 1 };
        assert_eq!(lines, [(1, first), (2, first + 2)], "{text}");
        let expected = Lines { count: 4, first: vec![first + 1, first + 3, first + 4] };
        let blank = source.passed().into_iter().map(|passed| passed.lines).collect::<Vec<_>>();
        assert_eq!((source.rows(), blank), (2, vec![expected]), "{text}");
    }
    // What a job says of every row needs no cells.
    let bare = vec![InlineRow { line: 3, cells: Vec::new() }];
    assert!(told_of(Ok(Source::from_rows("job.yaml".into(), bare))).starts_with("row 1, line 3"));
}

#[test]
fn a_header_among_the_rows_is_no_row() {
    for (text, format) in [
        ("id,note\n1,a\nid,note\n2,b\n", CSV),
        ("id,note\n1,a\n\u{feff}ID , Note\n2,b\n", CSV),
        ("id,note\n1,a\nnote,id\n2,b\n", CSV),
        ("id,note,due\n1,a,\nid,note,until\n2,b,\n", CSV),
        ("note\na\nnote\nb\n", CSV),
        (
            "{\"id\":1}\n{\"id\":\"a\",\"note\":\"b\"}\n{\"id\":\"id\",\"note\":\"note\"}\n",
            Format::JsonLines,
        ),
    ] {
        let told = told(text.as_bytes(), format);
        assert_eq!(told.matches("error[repeated-header]").count(), 1, "{told}");
        assert_eq!(told.matches("\nrow").count() + 1, 2, "{told}");
    }
    for text in ["id,note\n1,note\nid,a\nx,id\n", "note\nNote\nnote it\n", "a,b,c\na,1,2\n1,b,2\n"]
    {
        assert!(!told(text.as_bytes(), CSV).contains("error"), "{text}");
    }
}

#[test]
fn wrong_quotes_in_every_line_cost_a_little_for_each() {
    // Each line opens a quote that the next one closes, so that a record seems to go on to the end of the file.
    let text = format!("a,b,c\n{}", "1,\"a\",\"\n".repeat(30_000));
    let mut source = source(text.as_bytes(), CSV).unwrap();
    let (mut record, mut faults) = (Record::default(), 0);
    let begun = std::time::Instant::now();
    while let Read::Problem(_) = source.next(&mut record) {
        faults += 1;
    }
    assert_eq!(faults, 30_000);
    // Where all that follows is cut for each it takes minutes.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
}

#[test]
fn a_row_is_on_the_line_it_starts_on() {
    let text = "a,b\n1,x\n\n2,\"two\nlines\"\n\"3\n\",y\n\n\n4,z";
    let marked = format!("\u{feff}{text}");
    for text in [text.to_owned(), text.replace('\n', "\r\n"), marked] {
        for bits in [1, 2, 3, 7, CHUNK] {
            let mut source = source_in_bits(text.as_bytes(), CSV, bits).unwrap();
            let mut record = Record::default();
            let mut places = Vec::new();
            while let Read::Row = source.next(&mut record) {
                places.push((record.place.row, record.place.line));
            }
            assert_eq!(places, [(1, 2), (2, 4), (3, 6), (4, 10)], "{text:?} by {bits}");
        }
    }
}

#[test]
fn a_bad_row_is_told_and_the_next_is_read() {
    let mut text = b"ticket,note,internal\ntk_1,one,yes\ntk_2,two\ntk_3,th,ree,yes\n".to_vec();
    text.extend(b"tk_4,xin ch\xe0o,no\ntk_5,zero\0byte,no\ntk_6\xe1,\xbb\x99,no\ntk_7,seven,no\n");
    insta::assert_snapshot!(told(&text, CSV));
}

#[test]
fn halves_of_a_character_in_two_cells_are_not_text() {
    let mut text = b"a,b\n".to_vec();
    text.extend(b"\xc3,\xa9\n");
    let told = told(&text, CSV);
    assert!(told.contains("invalid-utf8") && told.contains("column `a`"), "{told}");
}

#[test]
fn a_quote_left_open_costs_its_own_line_only() {
    insta::assert_snapshot!(
        "a_quote_closed_by_the_next_one",
        told(b"id,note\n1,one\n2,\"two\n3,three\n4,\"four\"\n5,five\n", CSV)
    );
    insta::assert_snapshot!(
        "a_quote_open_at_the_end",
        told(b"id,note\n1,\"one\nand a half\"\n2,\"two\n3,three\n4,four", CSV)
    );
    insta::assert_snapshot!(
        "a_quote_within_a_quoted_cell",
        told(b"id,note\n1,\"he said \"no\" twice\"\n2,two\n", CSV)
    );
    insta::assert_snapshot!("a_quote_in_the_header", told(b"id,\"note\n1,one\n", CSV));
}

#[test]
fn a_quote_left_open_on_the_last_line_is_told_once() {
    let told = told(b"id,note\n1,one\n2,\"two", CSV);
    assert_eq!(told.matches("error").count(), 1, "{told}");
    assert!(told.contains("[unclosed-quote]") && told.contains("notes.csv:3 "), "{told}");
    assert_eq!(told.matches("row 1, line 2").count(), 1, "{told}");
}

#[test]
fn a_closed_cell_may_have_any_number_of_lines_and_mebibytes() {
    let long = "a line of an old thread\n".repeat(300_000);
    let text = format!("id,note\n1,\"{long}\"\n2,\"two\"\n");
    let mut source = source(text.as_bytes(), CSV).unwrap();
    let mut record = Record::default();
    assert!(matches!(source.next(&mut record), Read::Row));
    assert_eq!(record.cell(1), Cell::Text(&long));
    assert!(matches!(source.next(&mut record), Read::Row));
    assert_eq!((record.place.row, record.place.line), (2, 300_003));
}

#[test]
fn the_longest_row_is_as_the_job_says() {
    let text = format!("id,note\n1,\"{}\"\n", "x".repeat(3 << 20));
    let rows = |mebibytes| {
        let longest = RowLimit::of_mebibytes(mebibytes).unwrap();
        let window = Window::new(Box::new(Cursor::new(text.clone())), CHUNK, longest);
        told_of(Source::from_window(window, "notes.csv".into(), CSV, &Manner::default()))
    };
    assert!(rows(2).contains("is not closed within 2 MiB"), "{}", rows(2));
    assert!(!rows(4).contains("error"), "{}", rows(4));
}

#[test]
fn an_open_quote_is_given_up_after_the_longest_row() {
    let mut text = "id,note\n1,\"one\n".to_owned();
    for id in 2..400_000 {
        writeln!(text, "{id},a note of some length so that it is far to the end").unwrap();
    }
    let mut source = source(text.as_bytes(), CSV).unwrap();
    let mut record = Record::default();
    let Read::Problem(problem) = source.next(&mut record) else { panic!("a row") };
    insta::assert_snapshot!(problem.render(false));
    assert!(matches!(source.next(&mut record), Read::Row));
    assert_eq!((record.place.row, record.place.line), (2, 3), "reading goes on right below");
}

#[test]
fn what_has_no_line_breaks_does_not_fill_the_memory() {
    let mut text = b"a,b\n".to_vec();
    text.resize(40 << 20, b'x');
    text.extend(b"\n1,2\n");
    insta::assert_snapshot!(told(&text, CSV));
}

#[test]
fn headers_that_cannot_be_meant() {
    for (name, bytes) in [
        ("duplicate", "ticket,note,note,note[2]\n1,2,3,4\n".as_bytes()),
        ("nameless", b"ticket,,note, \n1,2,3,4\n"),
        ("semicolon", "ticket;note, as it was;due\n1;2;3\n".as_bytes()),
        ("only_semicolons", b"ticket;note\n1;2\n"),
        ("tab", b"ticket\tnote\n1\t2\n"),
        ("not_utf8", b"ticket,n\xf4i dung\n1,2\n"),
        ("empty", b""),
        ("blank", b"\xef\xbb\xbf\r\n\r\n"),
        ("utf16", b"\xff\xfet\0i\0c\0k\0e\0t\0"),
        ("utf16_without_a_mark", b"t\0i\0c\0k\0e\0t\0"),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03"),
        ("workbook", b"PK\x03\x04\x14\0\x06\0\x08\0"),
        ("ledger", b"SQLite format 3\0\x10\0"),
    ] {
        insta::assert_snapshot!(format!("header_{name}"), told(bytes, CSV));
    }
}

#[test]
fn a_header_alone_is_a_source_without_rows() {
    assert_eq!(told(b"ticket,note\n", CSV), "");
    assert_eq!(told(b"[]", Format::Json), "");
}

#[test]
fn files_that_cannot_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("none.csv"), folder.path().to_owned()] {
        let opened =
            Source::open(&Location::File(path), "jobs/none.csv".into(), CSV, &Manner::default());
        let problems = opened.err().unwrap();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].code, Code::UnreadableFile);
        assert!(problems[0].hint.is_some());
    }
}

#[test]
fn a_file_that_fails_halfway_ends_there() {
    let input = Failing(Cursor::new(b"a,b\n1,2\n3,more than a head".to_vec()));
    let window = Window::new(Box::new(input), CHUNK, RowLimit::default());
    insta::assert_snapshot!(told_of(Source::from_window(
        window,
        "notes.csv".into(),
        CSV,
        &Manner::default()
    )));
}

#[test]
fn json_cells_are_what_is_written() {
    let text = r#"{"id": 12345678901234567890, "price": 1.10, "far": 1e400, "none": null}

{"text": "ế \u1ebf \"q\" \\ \n", "yes": true, "list": [1, {"a": "b"}], "id": -0}
"#;
    insta::assert_snapshot!(told(text.as_bytes(), Format::JsonLines));
}

#[test]
fn a_bad_line_of_json_is_told_and_the_next_is_read() {
    let mut text = br#"{"id": 1}
{"id": 2, "note": "cut off
[3]
"four"
{"id": 5},
{"id": 6, "note": "a", "id": 7}
{"id": 8, "note": "\ud800"}
{"note": "t"#
        .to_vec();
    text.extend(b"\xe0\"}\nnot json\n{\"id\": 10}");
    insta::assert_snapshot!(told(&text, Format::JsonLines));
}

#[test]
fn the_objects_of_an_array_have_the_lines_they_start_on() {
    let text = "\u{feff}\n[ {\"id\": 1,\n   \"note\": \"a ] and } in text \\\" \"},\n  [2], 3,\n  {\"id\": \"b\"\n   \"c\": 1},\n {\"id\": {\"x\": [5]}}\n]\n";
    let whole = told(text.as_bytes(), Format::Json);
    for bits in [1, 2, 5] {
        assert_eq!(told_of(source_in_bits(text.as_bytes(), Format::Json, bits)), whole);
    }
    insta::assert_snapshot!(whole);
}

#[test]
fn arrays_that_are_none() {
    for (name, text) in [
        ("object", r#"{"rows": [{"id": 1}]}"#),
        ("text", "id,note"),
        ("empty", " \n"),
        ("cut_off", r#"[{"id": 1}, {"id": 2, "#),
        ("cut_off_between", r#"[{"id": 1}, "#),
        ("comma_at_the_end", r#"[{"id": 1}, ]"#),
        ("no_comma", r#"[{"id": 1} {"id": 2}]"#),
        ("more_after", "[{\"id\": 1}]\n[{\"id\": 2}]"),
        ("brackets_crossed", r#"[{"id": 1, {"id": 2}, {"id": 3}]"#),
    ] {
        insta::assert_snapshot!(format!("array_{name}"), told(text.as_bytes(), Format::Json));
    }
}

#[test]
fn keys_used_as_data_do_not_fill_the_memory() {
    let text: String = (0..10_050).map(|key| format!("{{\"key {key}\": 1}}\n")).collect();
    let mut source = source(text.as_bytes(), Format::JsonLines).unwrap();
    let mut record = Record::default();
    let mut problems = Vec::new();
    loop {
        match source.next(&mut record) {
            Read::Row => {}
            Read::Problem(problem) => problems.push(problem.code),
            Read::End => break,
        }
    }
    assert_eq!(problems, [Code::TooManyColumns; 50]);
}

#[test]
fn an_open_source_makes_room_for_a_name_and_tells_whether_it_came() {
    let mut source = source(b"{\"a\": 1}\n{\"b\": 2}\n", Format::JsonLines).unwrap();
    let (b, c) = (source.column("b").unwrap(), source.column("c").unwrap());
    let mut record = Record::default();
    assert!(matches!(source.next(&mut record), Read::Row));
    assert_eq!(record.cell(b), Cell::Absent);
    assert!(!source.seen(b));
    assert!(matches!(source.next(&mut record), Read::Row));
    assert_eq!(record.cell(b), Cell::Number("2"));
    assert!(source.seen(b) && !source.seen(c));
    assert!(source.columns().is_open());
}

#[test]
fn a_closed_source_knows_its_columns() {
    let mut source = source(b"a, b\n1,2\n", CSV).unwrap();
    assert_eq!(source.column("a"), Some(0));
    assert_eq!(
        (source.column("b"), source.column(" b")),
        (Some(1), Some(1)),
        "blanks do not count"
    );
    assert_eq!(source.column("B"), None, "capitals do");
    assert!(source.seen(1) && !source.seen(2));
    assert!(!source.columns().is_open());
}

#[test]
fn rows_of_a_job_have_the_columns_of_all_of_them() {
    let cell = |name: &str, cell| (Arc::from(name), cell);
    let rows = vec![
        InlineRow {
            line: 7,
            cells: vec![
                cell("note", OwnedCell::Text("{{ x }}".into())),
                cell("id", OwnedCell::Number("1.10".into())),
            ],
        },
        InlineRow {
            line: 12,
            cells: vec![
                cell("tags", OwnedCell::Json(json!(["a"]))),
                cell("internal", OwnedCell::Bool(true)),
                cell("note", OwnedCell::Null),
            ],
        },
    ];
    insta::assert_snapshot!(told_of(Ok(Source::from_rows("job.yaml".into(), rows))));
}

#[test]
fn a_record_can_be_kept() {
    let mut source = source(b"a,b\n1,2\n3,4\n", CSV).unwrap();
    let mut record = Record::default();
    source.next(&mut record);
    let kept = record.clone();
    source.next(&mut record);
    assert_eq!((kept.place.row, kept.cell(1)), (1, Cell::Text("2")));
    assert_eq!((record.place.row, record.cell(1)), (2, Cell::Text("4")));
    assert_eq!(record.cell(2), Cell::Absent);
}

fn rows_of_text() -> impl Strategy<Value = Vec<Vec<String>>> {
    let cell = prop_oneof!["[a-z0-9]{0,8}", "[a,\"\r\n; ế\u{302}🚚{}]{0,12}", "[^\0]{0,6}"];
    (1usize..5).prop_flat_map(move |width| {
        // What nothing is written in is no row.
        let is_row = |row: &Vec<String>| row.iter().any(|cell| !cell.trim().is_empty());
        let row = prop::collection::vec(cell.clone(), width).prop_filter("blank", is_row);
        prop::collection::vec(row, 0..6)
    })
}

fn width(rows: &[Vec<String>]) -> usize {
    rows.first().map_or(2, Vec::len)
}

proptest! {
    #[test]
    fn csv_out_is_csv_in(rows in rows_of_text(), bits in 1usize..40) {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record((0..width(&rows)).map(|column| format!("column {column}"))).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        prop_assert_eq!(texts(source_in_bits(&bytes, CSV, bits).unwrap()), rows);
    }

    #[test]
    fn json_out_is_json_in(rows in rows_of_text(), bits in 1usize..40, pretty: bool) {
        let objects: Vec<serde_json::Value> = rows
            .iter()
            .map(|row| row.iter().enumerate().map(|(at, cell)| (format!("column {at}"), json!(cell))).collect())
            .collect();
        let mut lines: String = objects.iter().map(|object| format!("{object}\n")).collect();
        let array = if pretty { format!("{:#}", json!(objects)) } else { json!(objects).to_string() };
        if !rows.is_empty() {
            lines.push('\n');
            prop_assert_eq!(
                &texts(source_in_bits(lines.as_bytes(), Format::JsonLines, bits).unwrap()), &rows
            );
        }
        prop_assert_eq!(texts(source_in_bits(array.as_bytes(), Format::Json, bits).unwrap()), rows);
    }

    #[test]
    fn no_bytes_are_too_odd_and_bits_make_no_difference(
        bytes in prop::collection::vec(
            prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), Just(b'{'), Just(b'['), any::<u8>()], 0..60
        ),
        bits in 1usize..9,
    ) {
        for format in [CSV, Format::JsonLines, Format::Json] {
            prop_assert_eq!(told_of(source_in_bits(&bytes, format, bits)), told(&bytes, format));
        }
    }
}

/// A row with its place, but for the columns that it does not have: who asks for one may do so before any row has it.
fn shown(source: &Source, record: &Record) -> String {
    let names = source.columns().names().iter().enumerate();
    let there = names.filter(|(column, _)| record.cell(*column) != Cell::Absent);
    let cells: Vec<String> =
        there.map(|(column, name)| format!("{name}={:?}", record.cell(column))).collect();
    format!("{:?} {cells:?}", record.place)
}

/// Rows and problems from here to the end, with their places.
fn rest(source: &mut Source) -> Vec<String> {
    let mut record = Record::default();
    let mut rest = Vec::new();
    loop {
        rest.push(match source.next(&mut record) {
            Read::Row => shown(source, &record),
            Read::Problem(problem) => format!("{problem:?}"),
            Read::End => return rest,
        });
    }
}

/// Goes through a source, and from each place in it to the end once more.
fn go_everywhere(bytes: &[u8], format: Format, bits: usize) -> usize {
    let Ok(mut source) = source_in_bits(bytes, format, bits) else { return 0 };
    let (mut rows, mut milestones) = (Vec::new(), Vec::new());
    let mut record = Record::default();
    loop {
        milestones.extend(source.milestone().map(|milestone| (rows.len(), milestone)));
        rows.push(match source.next(&mut record) {
            Read::Row => shown(&source, &record),
            Read::Problem(problem) => format!("{problem:?}"),
            Read::End => break,
        });
    }
    for (read, milestone) in &milestones {
        let mut again = source_in_bits(bytes, format, bits).unwrap();
        for name in source.columns().names() {
            again.column(name);
        }
        again.next(&mut record);
        again.go_to(*milestone).unwrap();
        assert_eq!(rest(&mut again), rows[*read..], "from {milestone:?}");
    }
    milestones.len()
}

#[test]
fn from_any_place_between_rows_the_rest_is_read_as_ever() {
    let csv =
        "\u{feff}a,b\r\n1,\"two\r\nlines\"\r\n\r\n3\n\n4,\"q\" x\n5,\"\u{1ea1}\"\n6,\"open\n7,8\n";
    let lines = "\n{\"a\": 1}\n\n{\"b\": [2,\n{\"a\": 3, \"c\": \"\u{1ea1}\"}\r\n  {\"b\": 4}";
    let array = "[ {\"a\": 1},\n {\"b\": 2} {\"a\": 3},, {\"c\":\n 4} , {\"a\": x}, {\"a\": 5} ] x";
    for bits in [3, 16, CHUNK] {
        assert!(go_everywhere(csv.as_bytes(), CSV, bits) >= 6);
        assert!(go_everywhere(lines.as_bytes(), Format::JsonLines, bits) >= 4);
        assert!(go_everywhere(array.as_bytes(), Format::Json, bits) >= 4);
    }
}

proptest! {
    #[test]
    fn from_any_place_in_any_file_the_rest_is_read_as_ever(
        text in "(a,b|a)\n([ab,\"\r\n\u{e1}]|,a\n|\r\n|\"\n\"){0,60}",
        json in "[\\[]?([{}\\[\\], \n]|[{]\"a\": ?1[}],?\n?){0,30}",
        bits in 1_usize..40,
    ) {
        go_everywhere(text.as_bytes(), CSV, bits);
        go_everywhere(json.as_bytes(), Format::JsonLines, bits);
        go_everywhere(json.as_bytes(), Format::Json, bits);
    }
}
