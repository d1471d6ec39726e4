//! JSON rows, as a list and line by line.

use noteferry::proofs::{Format, Location, Manner, Read, Record, Source};

pub(crate) fn run(data: &[u8]) {
    for (name, format) in [("rows.jsonl", Format::JsonLines), ("rows.json", Format::Json)] {
        let path = super::file(name, data);
        match Source::open(&Location::File(path), name.into(), format, &Manner::default()) {
            Ok(source) => read(source),
            Err(problems) => {
                assert!(!problems.is_empty());
                problems.iter().for_each(super::check_problem);
            }
        }
    }
}

fn read(mut source: Source) {
    let column = source.column("note");
    let mut record = Record::default();
    let (mut row, mut line) = (0, 0);
    loop {
        match source.next(&mut record) {
            Read::Row => {
                assert!(record.place.row > row && record.place.line >= line);
                (row, line) = (record.place.row, record.place.line);
                if let Some(column) = column {
                    let _ = record.cell(column);
                }
            }
            Read::Problem(problem) => super::check_problem(&problem),
            Read::End => return,
        }
    }
}
