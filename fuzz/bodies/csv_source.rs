//! A CSV file, and where it is well-formed, what another reader makes of it.

use noteferry::proofs::{Cell, Format, Location, Manner, Read, Record, Source};

pub(crate) fn run(data: &[u8]) {
    let path = super::file("rows.csv", data);
    let format = Format::Csv { delimiter: b',' };
    let location = Location::File(path);
    let mut source = match Source::open(&location, "rows.csv".into(), format, &Manner::default()) {
        Ok(source) => source,
        Err(problems) => {
            assert!(!problems.is_empty());
            return problems.iter().for_each(super::check_problem);
        }
    };
    let width = source.columns().names().len();
    let mut record = Record::default();
    let (mut rows, mut line, mut sound) = (Vec::new(), 1, true);
    loop {
        match source.next(&mut record) {
            Read::Row => {
                assert!(record.place.line > line, "line {} after line {line}", record.place.line);
                line = record.place.line;
                rows.push((0..width).map(|at| text(record.cell(at))).collect::<Vec<_>>());
                assert!(record.place.row >= rows.len() as u64);
            }
            Read::Problem(problem) => {
                super::check_problem(&problem);
                sound = false;
            }
            Read::End => break,
        }
    }
    if sound {
        agree(data, width, &rows);
    }
}

fn text(cell: Cell<'_>) -> String {
    match cell {
        Cell::Text(text) => text.to_owned(),
        Cell::Absent => String::new(),
        other => panic!("a CSV has texts alone, and not {other:?}"),
    }
}

/// The usual reader takes more for well-formed; what it reads in as many cells must be the same.
fn agree(data: &[u8], width: usize, rows: &[Vec<String>]) {
    let data = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    if data.contains(&0) {
        return;
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(data);
    let read: Result<Vec<csv::StringRecord>, _> = reader.records().collect();
    let Ok(read) = read else { return };
    if read.len() != rows.len() || read.iter().any(|row| row.len() != width) {
        return;
    }
    for (ours, theirs) in rows.iter().zip(&read) {
        assert!(ours.iter().eq(theirs.iter()), "{ours:?} and {theirs:?}");
    }
}
