//! A file in some encoding and some dialect, packed or not: rows or problems, and what is plain text is what it was.
//!
//! The first three bytes choose; the rest is the file.

use noteferry::proofs::{
    Cell, Encoding, Format, Location, Manner, Nulls, Read, Record, Source, Table,
};

const ENCODINGS: [&str; 10] = [
    "utf-8",
    "windows-1258",
    "tcvn3",
    "vni",
    "utf-16",
    "utf-16be",
    "shift_jis",
    "gb18030",
    "iso-2022-jp",
    "windows-1252",
];

pub(crate) fn run(data: &[u8]) {
    let [encoding, signs, shape, file @ ..] = data else { return };
    let label = ENCODINGS[usize::from(*encoding) % ENCODINGS.len()];
    let manner = Manner {
        encoding: Encoding::of_label(label).expect("it is known"),
        table: table(*signs, *shape),
        ..Manner::default()
    };
    let delimiter = [b',', b';', b'\t', b'|'][usize::from(*signs) % 4];
    let format = match shape >> 6 {
        0 => Format::JsonLines,
        1 => Format::Json,
        _ => Format::Csv { delimiter },
    };
    let location = Location::File(super::file("rows", file));
    let first = read(&location, format, &manner);
    assert_eq!(first, read(&location, format, &manner), "two readings are one");
    // Letters that all encodings share are what they were, but for a file that is packed or says its delimiter.
    let is_plain = file.iter().all(|byte| byte.is_ascii_alphanumeric() || b",\n".contains(byte));
    if is_plain && !label.starts_with("utf-16") && !file.starts_with(b"sep=") {
        let utf8 = Manner { encoding: Encoding::default(), ..manner };
        assert_eq!(first, read(&location, format, &utf8), "{label}");
    }
}

fn table(signs: u8, shape: u8) -> Table {
    let nulls: Vec<Box<str>> = vec!["NULL".into(), "\\N".into()];
    Table {
        quote: [Some(b'"'), Some(b'\''), None][usize::from(signs >> 2) % 3],
        escape: [None, Some(b'\\'), Some(b'!')][usize::from(signs >> 4) % 3],
        comment: (shape & 1 == 1).then_some(b'#'),
        header: (shape & 2 == 2).then(|| ["a".into(), "b".into(), "a".into()].into()),
        header_row: std::num::NonZeroU32::new(u32::from(shape >> 2 & 3)),
        nulls: match shape >> 4 & 3 {
            0 => Nulls::default(),
            1 => Nulls::In(vec![("a".into(), nulls)]),
            _ => Nulls::Everywhere(nulls),
        },
    }
}

/// All that is read, with its places.
fn read(location: &Location, format: Format, manner: &Manner) -> Vec<String> {
    let mut source = match Source::open(location, "rows".into(), format, manner) {
        Ok(source) => source,
        Err(problems) => {
            assert!(!problems.is_empty());
            problems.iter().for_each(super::check_problem);
            return problems.iter().map(|problem| problem.message.clone()).collect();
        }
    };
    let (mut record, mut told, mut row) = (Record::default(), Vec::new(), 0);
    loop {
        match source.next(&mut record) {
            Read::Row => {
                assert!(record.place.row > row);
                row = record.place.row;
                let columns = 0..source.columns().names().len();
                let cells: Vec<Cell<'_>> = columns.map(|column| record.cell(column)).collect();
                told.push(format!("{}: {cells:?}", record.place.line));
            }
            Read::Problem(problem) => {
                super::check_problem(&problem);
                told.push(problem.message);
            }
            Read::End => return told,
        }
    }
}
