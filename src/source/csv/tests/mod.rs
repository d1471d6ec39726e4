mod tables;

use std::io::Cursor;

use csv::{QuoteStyle, Terminator};
use proptest::prelude::*;

use super::super::RowLimit;
use super::super::record::Cell;
use super::super::window::CHUNK;
use super::*;

/// What a file written in some dialect has in it, or its first fault; read so many bytes at a time.
fn rows(text: &[u8], dialect: Dialect, bits: usize) -> Result<Vec<(u64, Vec<String>)>, Fault> {
    let window = Window::new(Box::new(Cursor::new(text.to_vec())), bits, RowLimit::default());
    let mut source = CsvRows::in_dialect(window, dialect);
    let mut record = Record::default();
    let mut rows = Vec::new();
    let width = width(text, dialect);
    let columns = Columns::closed((0..width).map(|column| format!("c{column}").into()));
    while source.read(&mut record, &columns)? {
        let cells = (0..width).map(|column| text_of(record.cell(column)));
        rows.push((record.place.line, cells.collect()));
    }
    Ok(rows)
}

/// How many cells the first record has for the `csv` crate alone.
fn width(text: &[u8], dialect: Dialect) -> usize {
    let mut record = ByteRecord::new();
    dialect.reader(text).read_byte_record(&mut record).unwrap();
    record.len()
}

fn text_of(cell: Cell<'_>) -> String {
    match cell {
        Cell::Text(text) => text.to_owned(),
        other => panic!("{other:?}"),
    }
}

fn common() -> Dialect {
    Dialect::with_delimiter(b',')
}

fn read(text: &str, dialect: Dialect) -> Vec<(u64, Vec<String>)> {
    let whole = rows(text.as_bytes(), dialect, CHUNK).unwrap();
    for bits in 1..9 {
        assert_eq!(rows(text.as_bytes(), dialect, bits).unwrap(), whole, "by {bits}");
    }
    whole
}

fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
    (line, cells.iter().map(|cell| (*cell).to_owned()).collect())
}

#[test]
fn another_quote_makes_a_double_quote_a_character() {
    let dialect = Dialect { quote: Some(b'\''), ..common() };
    let text = "'a,''b\n',\"c\n\"d\",e\n";
    assert_eq!(read(text, dialect), [row(1, &["a,'b\n", "\"c"]), row(3, &["\"d\"", "e"])]);
    let none = Dialect { quote: None, ..common() };
    assert_eq!(
        read("\"a,'b\nc,\"d\"e\n", none),
        [row(1, &["\"a", "'b"]), row(2, &["c", "\"d\"e"])]
    );
}

#[test]
fn an_escape_makes_a_quote_part_of_its_cell() {
    let dialect = Dialect { escape: Some(b'\\'), doubled_quotes: false, ..common() };
    let text = "\"a \\\"b\\\" \\\\\",c\n\"\\\"\n\",d\\e\n\"f\",g";
    assert_eq!(
        read(text, dialect),
        [row(1, &["a \"b\" \\", "c"]), row(2, &["\"\n", "d\\e"]), row(4, &["f", "g"])]
    );
    assert!(rows(b"\"a\"\"b\",c\n", dialect, CHUNK).is_err(), "quotes are not doubled there");
    assert!(rows(b"\"a\\\",c\n", dialect, CHUNK).is_err(), "the last quote is escaped");
}

#[test]
fn comments_are_no_rows_and_have_lines() {
    let dialect = Dialect { comment: Some(b'#'), ..common() };
    let text = "# one, \"two\n\n#\na,b\n#c,d\n#\n\"e\n#f\",#g\r\n# at the end";
    assert_eq!(read(text, dialect), [row(4, &["a", "b"]), row(7, &["e\n#f", "#g"])]);
    assert_eq!(read("# nothing", dialect), []);
    let long = format!("a,b\n#{}\nc,d\n", "x".repeat(CHUNK * 3));
    assert_eq!(read_at_once(&long, dialect), [row(1, &["a", "b"]), row(3, &["c", "d"])]);
}

fn read_at_once(text: &str, dialect: Dialect) -> Vec<(u64, Vec<String>)> {
    rows(text.as_bytes(), dialect, CHUNK).unwrap()
}

#[test]
fn a_terminator_leaves_line_breaks_to_the_cells() {
    let dialect = Dialect { terminator: Terminator::Any(b'\x1e'), delimiter: b'\x1f', ..common() };
    let text = "a\x1fb\nc\x1e\n\x1f\"d\x1e\"\x1e\x1ee\x1f\r\n\x1e";
    assert_eq!(
        read(text, dialect),
        [row(1, &["a", "b\nc"]), row(2, &["\n", "d\x1e"]), row(3, &["e", "\r\n"])]
    );
}

#[test]
fn lines_ended_by_returns_alone_are_lines() {
    let text = "a,b\rc,d\r\r\"e\",f\r\ng,h\r";
    assert_eq!(
        read(text, common()),
        [row(1, &["a", "b"]), row(2, &["c", "d"]), row(4, &["e", "f"]), row(5, &["g", "h"])]
    );
}

#[test]
fn a_byte_order_mark_within_the_file_is_text() {
    let text = "\u{feff}a,b\n\u{feff}c,\"d\n\u{feff}e,f\n";
    assert_eq!(read(&text[..7], common()), [row(1, &["\u{feff}a", "b"])]);
    let window =
        Window::new(Box::new(Cursor::new(text.as_bytes().to_vec())), CHUNK, RowLimit::default());
    let (columns, mut source) = CsvRows::begin(window, b',', &Table::default()).unwrap();
    let mut record = Record::default();
    assert!(source.read(&mut record, &columns).is_err(), "its quote is never closed");
    assert!(source.read(&mut record, &columns).unwrap());
    assert_eq!(record.cell(0), Cell::Text("\u{feff}e"));
}

#[test]
fn a_record_may_be_larger_than_what_is_read_at_once() {
    let (text, lines) = ("x".repeat(CHUNK), "y\n".repeat(900));
    let cells = [&format!("{text}\"\"{text}"), &lines, &lines, &text, &lines];
    let written: Vec<String> = cells.iter().map(|cell| format!("\"{cell}\"")).collect();
    let found = read_at_once(&format!("{}\na,b,c,d,e", written.join(",")), common());
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].1[0].len(), 2 * CHUNK + 1);
    assert_eq!((&found[0].1[4], found[1].0), (&lines, 2702));
}

fn dialect() -> impl Strategy<Value = Dialect> {
    let signs = (
        prop::sample::select(vec![b',', b';', b'\t']),
        prop::sample::select(vec![b'"', b'\'']),
        prop::option::of(Just(b'\\')),
        prop::sample::select(vec![Terminator::CRLF, Terminator::Any(b'|'), Terminator::Any(b'\n')]),
    );
    signs.prop_map(|(delimiter, quote, escape, terminator)| Dialect {
        delimiter,
        quote: Some(quote),
        doubled_quotes: escape.is_none(),
        escape,
        comment: None,
        terminator,
    })
}

/// The records of RFC 4180, spelt out a character at a time; none where a quote is out of place.
fn by_hand(text: &str) -> Option<Vec<Vec<String>>> {
    let mut rest = text.chars().peekable();
    let mut records = Vec::new();
    loop {
        while rest.next_if(|sign| matches!(sign, '\r' | '\n')).is_some() {}
        if rest.peek().is_none() {
            return Some(records);
        }
        let mut record = Vec::new();
        loop {
            let mut cell = String::new();
            if rest.next_if_eq(&'"').is_some() {
                loop {
                    match rest.next()? {
                        '"' if rest.next_if_eq(&'"').is_none() => break,
                        sign => cell.push(sign),
                    }
                }
            } else {
                let is_text = |sign: &char| !matches!(sign, ',' | '\r' | '\n');
                while let Some(sign) = rest.next_if(is_text) {
                    cell.push(sign);
                }
            }
            record.push(cell);
            match rest.peek() {
                Some(',') => drop(rest.next()),
                None | Some('\r' | '\n') => break,
                Some(_) => return None,
            }
        }
        records.push(record);
    }
}

proptest! {
    #[test]
    fn records_and_faults_are_those_spelt_out_by_hand(text in "[ab\",\r\n ế]{0,40}", bits in 1usize..50) {
        let mut source =
            CsvRows::in_dialect(Window::new(Box::new(Cursor::new(text.clone().into_bytes())), bits, RowLimit::default()), common());
        let mut records = Some(Vec::new());
        loop {
            match source.cut(&Columns::default()) {
                Ok(None) => break,
                Ok(Some(_)) => {
                    let cells = source.cells.iter().map(|cell| String::from_utf8(cell.to_vec()));
                    let cells = cells.collect::<Result<Vec<_>, _>>().unwrap();
                    if let Some(records) = &mut records {
                        records.push(cells);
                    }
                }
                Err(_) => records = None,
            }
        }
        prop_assert_eq!(records, by_hand(&text));
    }

    #[test]
    fn what_is_written_in_a_dialect_is_read_in_it(
        dialect in dialect(),
        rows in prop::collection::vec(prop::collection::vec("[a\"',;|\t\r\n]{0,9}", 3), 1..5),
        bits in 1usize..50,
    ) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(dialect.delimiter)
            .quote(dialect.quote.unwrap())
            .double_quote(dialect.doubled_quotes)
            .escape(dialect.escape.unwrap_or(b'\\'))
            .terminator(dialect.terminator)
            .quote_style(QuoteStyle::Always)
            .from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let read = self::rows(&text, dialect, bits);
        let read: Vec<_> = read.unwrap().into_iter().map(|(_, cells)| cells).collect();
        prop_assert_eq!(read, rows);
    }
}
