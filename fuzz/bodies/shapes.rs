//! Workbooks, and rows within JSON values: the first line of the bytes may be a path.

use std::num::NonZeroU32;

use noteferry::proofs::{
    DataPath, Each, Format, Location, Manner, Read, Record, Shape, Source, Table,
};

pub(crate) fn run(data: &[u8]) {
    let name = if data.starts_with(b"PK") { "book.xlsx" } else { "book.xls" };
    let path = super::file(name, data);
    let location = Location::File(path);
    for header_row in [None, NonZeroU32::new(1)] {
        let table = Table { header_row, ..Table::default() };
        let manner = Manner { table, ..Manner::default() };
        read(Source::open(&location, name.into(), Format::Workbook, &manner));
    }
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (line, rest) = data.split_at(end);
    let Ok(way) = std::str::from_utf8(line)
        .map_err(drop)
        .and_then(|line| DataPath::parse(line).map_err(drop))
    else {
        return;
    };
    let location = Location::File(super::file("rows.json", rest));
    let each = Some(Each::Within(way.clone()));
    for (format, shape) in [
        (Format::Json, Shape { at: Some(way), ..Shape::default() }),
        (Format::Json, Shape { each: each.clone(), ..Shape::default() }),
        (Format::JsonLines, Shape { each, ..Shape::default() }),
    ] {
        let manner = Manner { shape, ..Manner::default() };
        read(Source::open(&location, "rows.json".into(), format, &manner));
    }
}

fn read(opened: Result<Source, Vec<noteferry::proofs::Diagnostic>>) {
    let mut source = match opened {
        Ok(source) => source,
        Err(problems) => {
            assert!(!problems.is_empty());
            return problems.iter().for_each(super::check_problem);
        }
    };
    for name in ["parent", "index", "note"] {
        source.column(name);
    }
    let mut record = Record::default();
    let mut row = 0;
    loop {
        match source.next(&mut record) {
            Read::Row => {
                assert!(record.place.row > row);
                row = record.place.row;
            }
            Read::Problem(problem) => super::check_problem(&problem),
            Read::End => return,
        }
    }
}
