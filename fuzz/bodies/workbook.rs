//! The parts of a workbook, in an archive that is as it should be: the first byte says of which kind and which part the rest
//! is, so that chance bytes come beyond the sums of the archive.

use noteferry::proofs::{Format, Location, Manner, Read, Record, Source, Table};

const RELATIONS: &str = "<Relationships><Relationship Id=\"a\" Type=\"/worksheet\" Target=\"sheet.xml\"/><Relationship Id=\"b\" \
                         Type=\"/sharedStrings\" Target=\"texts.xml\"/><Relationship Id=\"c\" Type=\"/styles\" Target=\"styles.xml\"/></Relationships>";
const BOOK: &str = "<workbook><sheets><sheet name=\"A\" r:id=\"a\"/></sheets></workbook>";
const TEXTS: &str = "<sst><si><t>id</t></si><si><t>note</t></si></sst>";
const STYLES: &str =
    "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>";
const SHEET: &str = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>\
                     <row r=\"2\"><c r=\"A2\" s=\"1\"><v>45000.5</v></c><c r=\"B2\" t=\"s\"><v>1</v></c></row></sheetData></worksheet>";

pub(crate) fn run(data: &[u8]) {
    let [choice, rest @ ..] = data else { return };
    let replaced = usize::from(*choice) % 6;
    let part = |number: usize, usual: &'static str| {
        if replaced == number { rest } else { usual.as_bytes() }
    };
    let whole = match replaced {
        5 => archive(&[
            ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
            ("content.xml", rest),
        ]),
        _ => archive(&[
            ("xl/workbook.xml", part(1, BOOK)),
            ("xl/_rels/workbook.xml.rels", part(2, RELATIONS)),
            ("xl/texts.xml", part(3, TEXTS)),
            ("xl/styles.xml", part(4, STYLES)),
            ("xl/sheet.xml", part(0, SHEET)),
        ]),
    };
    let location = Location::File(super::file("book.xlsx", &whole));
    let table = Table { header_row: std::num::NonZeroU32::new(1), ..Table::default() };
    let manner = Manner { table, ..Manner::default() };
    let mut source = match Source::open(&location, "book.xlsx".into(), Format::Workbook, &manner) {
        Ok(source) => source,
        Err(problems) => {
            assert!(!problems.is_empty());
            return problems.iter().for_each(super::check_problem);
        }
    };
    let (mut record, mut row) = (Record::default(), 0);
    // A row may be said to stand for millions; more than these are no news.
    while row < 10_000 {
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

/// A ZIP archive of parts that are stored as they are.
fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut all, mut list) = (Vec::new(), Vec::new());
    for (name, bytes) in parts {
        let offset = u32::try_from(all.len()).expect("it is short");
        let length = u32::try_from(bytes.len()).expect("it is short");
        let mut common = [20_u16, 0, 0, 0, 0x21].map(u16::to_le_bytes).concat();
        common.extend([sum(bytes), length, length].map(u32::to_le_bytes).concat());
        common.extend(
            [u16::try_from(name.len()).expect("it is short"), 0].map(u16::to_le_bytes).concat(),
        );
        all.extend_from_slice(b"PK\x03\x04");
        all.extend_from_slice(&common);
        all.extend_from_slice(name.as_bytes());
        all.extend_from_slice(bytes);
        list.extend_from_slice(b"PK\x01\x02\x14\x00");
        list.extend_from_slice(&common);
        list.extend_from_slice(&[0; 10]);
        list.extend_from_slice(&offset.to_le_bytes());
        list.extend_from_slice(name.as_bytes());
    }
    let count = u16::try_from(parts.len()).expect("there are few");
    let (start, length) = (all.len(), list.len());
    all.extend_from_slice(&list);
    all.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00");
    all.extend([count, count].map(u16::to_le_bytes).concat());
    all.extend(
        [length, start]
            .map(|size| u32::try_from(size).expect("it is short").to_le_bytes())
            .concat(),
    );
    all.extend_from_slice(&[0, 0]);
    all
}

/// CRC-32, bit by bit.
fn sum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    })
}
