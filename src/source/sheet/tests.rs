//! Tests of sheets, on workbooks that are put together here, part by part.

use std::path::{Path, PathBuf};

use crate::source::{Cell, Each, Format, Location, Manner, Read, Record, Shape, Source, Table};

use super::cells::SheetRow;
use super::value::{self, CellValue, Raw};
use super::{SheetName, header, letters_of};

/// A ZIP archive of parts that are stored as they are.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let (mut all, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in parts {
        let mut sum = flate2::Crc::new();
        sum.update(text.as_bytes());
        let offset = u32::try_from(all.len()).unwrap();
        let (length, of_name) =
            (u32::try_from(text.len()).unwrap(), u16::try_from(name.len()).unwrap());
        let mut common = Vec::new();
        for field in [20_u16, 0, 0, 0, 0x21] {
            common.extend_from_slice(&field.to_le_bytes());
        }
        for field in [sum.sum(), length, length] {
            common.extend_from_slice(&field.to_le_bytes());
        }
        common.extend_from_slice(&of_name.to_le_bytes());
        common.extend_from_slice(&[0, 0]);
        all.extend_from_slice(b"PK\x03\x04");
        all.extend_from_slice(&common);
        all.extend_from_slice(name.as_bytes());
        all.extend_from_slice(text.as_bytes());
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let (start, count) = (u32::try_from(all.len()).unwrap(), u16::try_from(parts.len()).unwrap());
    let size = u32::try_from(directory.len()).unwrap();
    all.extend_from_slice(&directory);
    all.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00");
    for field in [count, count] {
        all.extend_from_slice(&field.to_le_bytes());
    }
    for field in [size, start] {
        all.extend_from_slice(&field.to_le_bytes());
    }
    all.extend_from_slice(&[0, 0]);
    all
}

/// A workbook of Excel with one sheet of these rows. Style 1 is a date.
fn xlsx(rows: &str) -> Vec<u8> {
    xlsx_of(&format!("<sheetData>{rows}</sheetData>"))
}

/// The same, with a sheet of these parts.
fn xlsx_of(sheet: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    archive(&[
        (
            "_rels/.rels",
            &format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"rId1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            &format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"Hidden\" sheetId=\"1\" state=\"hidden\" r:id=\"rId1\"/>\
                 <sheet name=\"Ghi chú\" sheetId=\"2\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            &format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"rId1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
                 <Relationship Id=\"rId2\" Type=\"{office}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/styles.xml",
            &format!(
                "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"22\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", &format!("<worksheet xmlns=\"{main}\">{sheet}</worksheet>")),
    ])
}

fn ods(table: &str) -> Vec<u8> {
    archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        (
            "META-INF/manifest.xml",
            "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>",
        ),
        (
            "content.xml",
            &format!(
                "<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body><office:spreadsheet>\
                 <table:table table:name=\"Notes\">{table}</table:table></office:spreadsheet></office:body></office:document-content>"
            ),
        ),
    ])
}

fn text(at: &str, text: &str) -> String {
    format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

fn row(number: u32, cells: &[String]) -> String {
    format!("<row r=\"{number}\">{}</row>", cells.concat())
}

/// A file of these bytes, kept as long as the folder.
fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// The first sheet, with the names in this row.
fn header_in(row: u32) -> Manner {
    let header_row = std::num::NonZeroU32::new(row);
    Manner { table: Table { header_row, ..Table::default() }, ..Manner::default() }
}

fn shaped(shape: Shape) -> Manner {
    Manner { shape, ..Manner::default() }
}

fn told(path: &Path, manner: &Manner) -> String {
    let name = path.file_name().unwrap().to_str().unwrap();
    let location = Location::File(path.to_owned());
    let opened = Source::open(&location, name.into(), Format::Workbook, manner);
    let mut source = match opened {
        Ok(source) => source,
        Err(problems) => return problems.iter().map(|problem| problem.render(false)).collect(),
    };
    let mut record = Record::default();
    let mut told = String::new();
    loop {
        match source.next(&mut record) {
            Read::End => return told,
            Read::Problem(problem) => told.push_str(&problem.render(false)),
            Read::Row => {
                told.push_str(&format!("row {} in {}:", record.place.row, record.place.line));
                for (column, name) in source.columns().names().iter().enumerate() {
                    match record.cell(column) {
                        Cell::Absent => {}
                        cell => told.push_str(&format!(" {name}={cell:?}")),
                    }
                }
                for cell in record.faulty() {
                    told.push_str(&format!(
                        "\n  {}: {} – {}",
                        cell.address, cell.message, cell.hint
                    ));
                }
                told.push('\n');
            }
        }
    }
}

fn told_of(bytes: &[u8], name: &str, manner: &Manner) -> String {
    let folder = tempfile::tempdir().unwrap();
    told(&file(&folder, name, bytes), manner)
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/xlsx").join(name)
}

#[test]
fn a_sheet_that_people_wrote_is_read_below_its_titles() {
    insta::assert_snapshot!(told(&sample("so-ghi-chu.xlsx"), &Manner::default()));
    insta::assert_snapshot!("days_from_1904", told(&sample("moc-1904.xlsx"), &Manner::default()));
}

#[test]
fn rows_of_the_samples_are_those_that_were_counted() {
    for (name, expected) in
        [("so-ghi-chu.xlsx", "expected.json"), ("moc-1904.xlsx", "expected-1904.json")]
    {
        let counted: serde_json::Value =
            serde_json::from_slice(&std::fs::read(sample(expected)).unwrap()).unwrap();
        let told = told(&sample(name), &Manner::default());
        let rows = told.lines().filter(|line| line.starts_with("row ")).count();
        assert_eq!(counted["counts"]["rows"], rows, "{name}");
        for note in counted["notes"].as_array().unwrap() {
            let row = note["key"].as_str().unwrap();
            let found = told.lines().find(|line| line.contains(&format!(" in {row}:"))).unwrap();
            assert!(found.contains(note["legacy_ticket"].as_str().unwrap()), "{row}: {found}");
            let day = &note["written_at"].as_str().unwrap()[..19];
            let is_date = found.contains(&format!("\"{day}\""));
            // The others are texts, or numbers that nobody has called dates.
            assert!(
                is_date
                    || found.contains("/03/2024")
                    || found.contains("45357.5")
                    || found.contains("2024-03-06"),
                "{row}: {found}"
            );
        }
    }
}

#[test]
fn sheets_are_named_or_numbered() {
    let bytes = xlsx(&row(1, &[text("A1", "id"), text("B1", "note")]));
    let named = |name: &str| {
        let shape = shaped(Shape { sheet: Some(SheetName::parse(name)), ..Shape::default() });
        told_of(&bytes, "notes.xlsx", &shape)
    };
    assert_eq!(
        [named("Ghi chú"), named("Ghi chu\u{301}"), named("2"), named("Hidden")].concat(),
        ""
    );
    insta::assert_snapshot!([named("Notes"), named("3"), named("0")].concat());
}

#[test]
fn what_a_cell_does_not_hold_is_told_with_its_address() {
    let rows = [
        row(2, &[text("B2", "id"), text("C2", "when"), text("E2", "note")]),
        row(
            3,
            &[
                "<c r=\"B3\"><v>1234567890123456</v></c>".to_owned(),
                "<c r=\"C3\" s=\"1\"><v>60.5</v></c>".to_owned(),
                text("D3", "of no column"),
                "<c r=\"E3\"><f>A1</f></c>".to_owned(),
            ],
        ),
        row(
            4,
            &[
                "<c r=\"B4\"><v>999999999999999</v></c>".to_owned(),
                "<c r=\"C4\" s=\"1\"><v>0.25</v></c>".to_owned(),
                "<c r=\"E4\" t=\"e\"><v>#REF!</v></c>".to_owned(),
            ],
        ),
        row(
            5,
            &[text("D5", "nothing else"), "<c r=\"E5\" t=\"str\"><f>A1</f><v></v></c>".to_owned()],
        ),
        row(
            9,
            &[
                "<c r=\"B9\" t=\"b\"><v>1</v></c>".to_owned(),
                "<c r=\"C9\" s=\"1\"><v>45357.99998842592</v></c>".to_owned(),
                text("E9", "_x0041_ &amp; <![CDATA[x]]>"),
            ],
        ),
    ];
    let shape = header_in(2);
    insta::assert_snapshot!(told_of(&xlsx(&rows.concat()), "notes.xlsx", &shape));
}

#[test]
fn a_cell_far_away_costs_nothing() {
    let rows = [
        row(1, &[text("A1", "id"), text("B1", "note")]),
        row(2, &["<c r=\"A2\"><v>1</v></c>".to_owned(), text("B2", "x")]),
        row(1_048_576, &[text("XFD1048576", "stray")]),
    ];
    let told = told_of(&xlsx(&rows.concat()), "notes.xlsx", &Manner::default());
    assert_eq!(told, "row 1 in 2: id=Number(\"1\") note=Text(\"x\")\n");
}

#[test]
fn cells_of_a_sheet_are_rows_of_their_own() {
    let rows = [
        row(1, &[text("A1", "id"), text("B1", "Notes")]),
        row(2, &["<c r=\"A2\"><v>1</v></c>".to_owned(), text("B2", "x;y")]),
        row(
            3,
            &[
                "<c r=\"A3\"><v>2</v></c>".to_owned(),
                "<c r=\"B3\" t=\"e\"><v>#N/A</v></c>".to_owned(),
            ],
        ),
    ];
    let each = Each::Split { column: "Notes".into(), by: ";".into() };
    let shape = shaped(Shape { each: Some(each), ..Shape::default() });
    insta::assert_snapshot!(told_of(&xlsx(&rows.concat()), "notes.xlsx", &shape));
}

#[test]
fn a_sheet_of_ods_is_read_like_one_of_excel() {
    let cell = |kind: &str, value: &str| {
        format!("<table:table-cell office:value-type=\"{kind}\" {value}/>")
    };
    let text = |text: &str| {
        format!(
            "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let table = format!(
        "<table:table-row>{}</table:table-row><table:table-row table:number-rows-repeated=\"2\"><table:table-cell/></table:table-row>\
         <table:table-row>{}{}</table:table-row>\
         <table:table-row>{}{}{}{}</table:table-row>\
         <table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"1024\"/></table:table-row>",
        text("Title"),
        [text("id"), text("when")].concat(),
        [text("done"), text("note")].concat(),
        cell("float", "office:value=\"17\""),
        cell("date", "office:date-value=\"2024-03-05\""),
        cell("boolean", "office:boolean-value=\"true\""),
        text("x"),
    );
    insta::assert_snapshot!(told_of(&ods(&table), "notes.ods", &Manner::default()));
}

#[test]
fn a_sheet_of_ods_has_its_bounds() {
    let cells = |cell: &str, rows: u64, columns: u64| {
        format!(
            "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>note</text:p></table:table-cell></table:table-row>\
             <table:table-row table:number-rows-repeated=\"{rows}\"><table:table-cell table:number-columns-repeated=\"{columns}\" {cell}/></table:table-row>"
        )
    };
    let number = "office:value-type=\"float\" office:value=\"1\"";
    let text =
        format!("office:value-type=\"string\" office:string-value=\"{}\"", "x".repeat(1 << 17));
    let told = [(number, 99_999_999_999, 1), (number, 1, 99_999_999_999), (&text, 1, 1_000)].map(
        |(cell, rows, columns)| {
            told_of(&ods(&cells(cell, rows, columns)), "notes.ods", &header_in(1))
        },
    );
    insta::assert_snapshot!(told.concat());
}

/// People leave a few rows free, and programs millions; what stands below is not lost.
#[test]
fn what_stands_below_a_gap_of_ods_is_read() {
    let text = |text: &str| {
        format!(
            "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell></table:table-row>"
        )
    };
    let gap = "<table:table-row table:number-rows-repeated=\"2000000\"><table:table-cell/></table:table-row>";
    let again = "<table:table-row table:number-rows-repeated=\"3\"><table:table-cell office:value-type=\"string\"><text:p>c  d<text:s text:c=\"3\"/>e<text:line-break/>f</text:p><text:p> g </text:p></table:table-cell></table:table-row>";
    let table = [text("note").as_str(), &text("a"), gap, &text("b"), again].concat();
    let told = told_of(&ods(&table), "notes.ods", &header_in(1));
    let below = |number: u32| {
        format!("row {} in {}: note=Text(\"c d   e\\nf\\ng\")\n", number - 2_000_001, number)
    };
    let expected: String = [2_000_004, 2_000_005, 2_000_006].map(below).concat();
    assert_eq!(
        told,
        format!("row 1 in 2: note=Text(\"a\")\nrow 2 in 2000003: note=Text(\"b\")\n{expected}")
    );
}

#[test]
fn what_is_no_workbook_is_called_by_its_name() {
    let mut old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    old.extend_from_slice(&[0; 600]);
    let whole = xlsx(&row(1, &[text("A1", "id"), text("B1", "note")]));
    let files: [(&str, &[u8]); 9] = [
        ("empty.xlsx", b""),
        ("page.xls", b"\xef\xbb\xbf <html><table><tr><td>id</td></tr></table></html>"),
        ("book.xls", b"<?xml version=\"1.0\"?><Workbook/>"),
        ("table.xls", "mã,ghi chú\n1,x\n".as_bytes()),
        ("old.xls", &old),
        ("bytes.xlsx", b"\x00\x01\x02"),
        ("cut.xlsx", &whole[..whole.len() / 2]),
        ("other.xlsx", &archive(&[("Tickets0.json", "[]")])),
        ("blank.xlsx", &xlsx("")),
    ];
    let told = files.map(|(name, bytes)| told_of(bytes, name, &Manner::default()));
    insta::assert_snapshot!(told.concat());
}

#[test]
fn headers_that_cannot_be_told() {
    let shape = header_in;
    let twice = xlsx(&row(3, &[text("A3", "id"), text("C3", "ID")]));
    let told = [
        told_of(&twice, "twice.xlsx", &shape(3)),
        told_of(&twice, "row.xlsx", &shape(2)),
        told_of(&twice, "late.xlsx", &shape(9)),
        told_of(
            &xlsx(&row(1, &["<c r=\"A1\"><v>1</v></c>".to_owned()])),
            "none.xlsx",
            &Manner::default(),
        ),
    ];
    insta::assert_snapshot!(told.concat());
}

#[test]
fn a_header_is_told_from_titles_and_rows() {
    let cells = |row: &str| -> Vec<(u32, CellValue)> {
        let value = |text: &str| match text.parse::<u32>() {
            Ok(_) => CellValue::Number(text.to_owned()),
            Err(_) => CellValue::Text(text.to_owned()),
        };
        let all = row.split('|').enumerate().filter(|(_, text)| !text.is_empty());
        all.map(|(at, text)| (u32::try_from(at).unwrap(), value(text))).collect()
    };
    for (rows, expected) in [
        (&["id|note", "1|x"][..], Some(0)),
        (&["Title", "id|note", "1|x"], Some(1)),
        (&["A title||", "Group||Other", "id|when|note", "1|x|y"], Some(2)),
        (&["Group|Other", "id|when|note", "1|x|y"], Some(1)),
        (&["note", "x", "y"], Some(0)),
        (&["id|note"], Some(0)),
        (&["1|x", "2|y"], None),
        (&["id|ID|note", "1|2|x"], None),
        (&["id||note", "1||x"], None),
        (&["id|ID|note", "x|y|z", "u|v|w"], None),
        (&["05/03/2024|x", "06/03/2024|y"], None),
        (&["id|note", "1|x|beyond"], None),
        (&[], None),
    ] {
        let numbered = rows.iter().zip(1..);
        let rows: Vec<SheetRow> =
            numbered.map(|(row, number)| SheetRow { number, cells: cells(row) }).collect();
        assert_eq!(header::find(&rows), expected, "{rows:?}");
    }
}

#[test]
fn what_cells_are_worth() {
    let moment = |serial, counts_from_1904| Raw::Moment { serial, counts_from_1904 };
    let length = Raw::Length(1.5);
    for (data, expected) in [
        (Raw::Empty, "-"),
        (Raw::Number(1002.0), "Number 1002"),
        (Raw::Number(-0.0), "Number 0"),
        (Raw::Number(0.1), "Number 0.1"),
        (Raw::Number(45357.5), "Number 45357.5"),
        (Raw::Number(1e-7), "Number 0.0000001"),
        (Raw::Number(999_999_999_999_999.0), "Number 999999999999999"),
        (Raw::Number(1e15), "? 1000000000000000"),
        (Raw::Number(-1.5e300), "?"),
        (Raw::Number(f64::NAN), "? NaN"),
        (Raw::Unfit("abc".into()), "? abc"),
        (Raw::NoText { number: "7".into(), count: 3 }, "? "),
        (moment(2_957_004.0, true), "? 2957004"),
        (moment(2_957_003.0, true), "Text 9999-12-31T00:00:00"),
        (moment(59.999_999_999_9, false), "? 1900-02-29"),
        (moment(45_356.383_333_333_33, false), "Text 2024-03-05T09:12:00"),
        (moment(45_357.999_988_425_92, false), "Text 2024-03-06T23:59:59"),
        (moment(45943.541, false), "Text 2025-10-13T12:59:02.400"),
        (moment(1.0, false), "Text 1900-01-01T00:00:00"),
        (moment(59.0, false), "Text 1900-02-28T00:00:00"),
        (moment(60.0, false), "? 1900-02-29"),
        (moment(61.0, false), "Text 1900-03-01T00:00:00"),
        (moment(0.5, false), "? 0.5"),
        (moment(-1.0, false), "? -1"),
        (moment(2_958_466.0, false), "? 2958466"),
        (moment(43_894.383_333_333_33, true), "Text 2024-03-05T09:12:00"),
        (moment(60.0, true), "Text 1904-03-01T00:00:00"),
        (length, "? 1.5"),
        (Raw::Iso("2024-03-05".into()), "Text 2024-03-05T00:00:00"),
        (Raw::Iso("2024-03-05T09:12:00".into()), "Text 2024-03-05T09:12:00"),
        (Raw::IsoLength("PT9H".into()), "? PT9H"),
        (Raw::Error("#DIV/0!".into()), "? #DIV/0!"),
        (Raw::Bool(true), "Bool"),
        (Raw::Text(" 00123 ".into()), "Text  00123 "),
    ] {
        let found = match value::of(data.clone(), false) {
            None => "-".to_owned(),
            Some(CellValue::Text(text)) => format!("Text {text}"),
            Some(CellValue::Number(text)) => format!("Number {text}"),
            Some(CellValue::Bool(_)) => "Bool".to_owned(),
            Some(CellValue::Faulty { shown, .. }) => format!("? {shown}"),
        };
        assert!(
            found == expected || (expected == "?" && found.starts_with("? ")),
            "{data:?}: {found}"
        );
    }
}

#[test]
fn columns_of_a_sheet_have_letters() {
    for (column, letters) in
        [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")]
    {
        assert_eq!(letters_of(column), letters);
    }
}

#[test]
fn damaged_workbooks_are_problems() {
    let whole = xlsx(&row(1, &[text("A1", "id"), text("B1", "note"), text("C1", "x")]));
    let folder = tempfile::tempdir().unwrap();
    for at in (0..whole.len()).step_by(3) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x15;
        let path = file(&folder, "notes.xlsx", &damaged);
        drop(told(&path, &Manner::default()));
    }
}

/// Which of the two was meant, nobody can tell; to take the last one would lose a row in silence.
#[test]
fn rows_and_cells_that_are_there_twice_are_told() {
    let header = row(1, &[text("A1", "ticket_id"), text("B1", "note")]);
    let second = |note: &str| row(2, &[text("A2", "tk_1"), text("B2", note)]);
    let twice = row(2, &[text("A2", "tk_1"), text("B2", "a"), text("B2", "b")]);
    for rows in [format!("{header}{}{}", second("a"), second("b")), format!("{header}{twice}")] {
        let told = told_of(&xlsx(&rows), "notes.xlsx", &Manner::default());
        assert!(told.contains("row 2 of the sheet is there twice"), "{told}");
    }
}

/// The same workbook with another part, or with one more.
fn xlsx_with(name: &str, text: &str, rows: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |kind: &str, target: &str| {
        format!("<Relationship Id=\"{kind}\" Type=\"{office}/{kind}\" Target=\"{target}\"/>")
    };
    let relations =
        [("worksheet", "sheet1.xml"), ("styles", "styles.xml"), ("sharedStrings", "Texts.xml")];
    let relations: String = relations.map(|(kind, target)| relation(kind, target)).concat();
    archive(&[
        (
            "xl/workbook.xml",
            &format!(
                "<x:workbook xmlns:x=\"{main}\" xmlns:r=\"{office}\"><x:sheets><x:sheet name=\"A\" r:id=\"worksheet\"/></x:sheets></x:workbook>"
            ),
        ),
        ("xl/_rels/workbook.xml.rels", &format!("<Relationships>{relations}</Relationships>")),
        ("xl/sheet1.xml", &format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")),
        (name, text),
    ])
}

#[test]
fn hostile_workbooks_are_problems_that_name_the_cell() {
    let header = row(1, &[text("A1", "id"), text("B1", "note")]);
    let one = "<row r=\"2\"><c r=\"A2\"><v>1</v></c>";
    let of = |rows: &str| xlsx(&format!("{header}{rows}"));
    let shared = "<sst><si><t>id</t></si><si><t>note</t></si></sst>";
    let many_styles = format!("<s><cellXfs>{}</cellXfs></s>", "<xf/>".repeat(200_000));
    let deep = format!("{one}<c r=\"B2\"><is>{}", "<r>".repeat(300));
    let files = [
        of("<row r=\"99999999999\"><c><v>1</v></c></row>"),
        of("<row r=\"0\"><c><v>1</v></c></row>"),
        of(&format!("{one}<c r=\"ZZZ2\"><v>1</v></c></row>")),
        of(&format!("{one}<c r=\"A99999999999999999999\"><v>1</v></c></row>")),
        of(&format!("{one}<c r=\"AAAAAAAAAAAAAAAAAA2\"><v>1</v></c></row>")),
        of(&format!("{one}<c r=\"B2\" t=\"inlineStr\"><is><t>cut")),
        of(&format!("{one}<c r=\"B2\"><v>2</w></c></row>")),
        of(&format!(
            "{one}<c r=\"B2\" t=\"inlineStr\"><is><t>{}</t></is></c></row>",
            "x".repeat(9 << 20)
        )),
        of(&deep),
        xlsx_with("xl/styles.xml", &many_styles, &header),
        xlsx_with(
            "xl/texts.xml",
            shared,
            "<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c></row><row><c><v>1</v></c><c t=\"s\"><v>99</v></c></row>",
        ),
    ];
    let told = files.map(|bytes| told_of(&bytes, "notes.xlsx", &header_in(1)));
    insta::assert_snapshot!(told.join("--\n"));
}

/// What Excel would not show, or not as it is written, is no value: it is told with its cell, and the row is not sent.
#[test]
fn what_excel_would_not_show_is_told() {
    let header = row(1, &[text("A1", "id"), text("B1", "when"), text("C1", "note")]);
    let of = |address: &str, rest: &str| format!("<c r=\"{address}\" {rest}</c>");
    let rows = [
        header.clone(),
        row(2, &[of("A2", "><v>12a</v>"), of("B2", "s=\"1\"><v>45356</v>"), text("C2", "a")]),
        row(3, &[of("A3", "><v>NaN</v>"), of("B3", "s=\"2\"><v>45356</v>"), text("C3", "b")]),
        row(4, &[of("A4", "s=\"0\"><v>4</v>"), of("B4", "s=\"x\"><v>45356</v>"), text("C4", "c")]),
        row(5, &[of("A5", "><v>5</v>"), of("B5", "t=\"d\"><v>2024-13-05</v>"), text("C5", "d")]),
        row(6, &[of("A6", "><v>6</v>"), text("B6", "covered"), text("C6", "e")]),
        row(7, &[of("A7", "><v>7</v>"), text("B7", "   "), text("C7", "below")]),
        row(
            8,
            &[
                of("A8", "><v>8</v>"),
                of("B8", "t=\"d\"><v>2024-03-05T09:12:00Z</v>"),
                text("C8", "f"),
            ],
        ),
    ];
    let rows = rows.concat();
    let merged =
        "<mergeCells count=\"2\"><mergeCell ref=\"A6:B6\"/><mergeCell ref=\"B6:C7\"/></mergeCells>";
    let merged = format!("<sheetData>{rows}</sheetData>{merged}");
    let parted = format!("<sheetData>{header}</sheetData><sheetData>{rows}</sheetData>");
    let unsure = format!("<!-- <mergeCell ref=\"A1:B1\"/> --><sheetData>{header}</sheetData>");
    let versions = format!(
        "<sheetData>{header}<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><mc:AlternateContent><mc:Choice Requires=\"x\">\
         <t>one</t></mc:Choice><mc:Fallback><t>other</t></mc:Fallback></mc:AlternateContent></is></c></row></sheetData>"
    );
    let told = [merged, parted, unsure, versions]
        .map(|sheet| told_of(&xlsx_of(&sheet), "notes.xlsx", &header_in(1)));
    insta::assert_snapshot!(told.join("--\n"));
}

/// What a document type calls things may stand in any text, and would be sent as it is written.
#[test]
fn workbooks_with_a_document_type_are_refused() {
    let rows = "<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c></row><row><c><v>1</v></c><c t=\"s\"><v>1</v></c></row>";
    let texts = |head: &str, text: &str| {
        format!("{head}<sst><si><t>id</t></si><si><t>{text}</t></si></sst>")
    };
    let typed = "<!DOCTYPE sst [<!ENTITY firm \"Stringee\">]>";
    for (head, text, reason) in [
        (typed, "of &firm;", "it has a document type (DTD), and those are not read"),
        ("", "of &firm;", "it has &firm; in it, which stands for nothing"),
        ("", "of &#x41;&amp;&apos;", "of A&'"),
    ] {
        let bytes = xlsx_with("xl/texts.xml", &texts(head, text), rows);
        let told = told_of(&bytes, "notes.xlsx", &header_in(1));
        assert!(told.contains(reason), "{told}");
    }
}

#[test]
fn cells_of_ods_that_are_covered_or_no_dates_are_told() {
    let text = |name: &str, text: &str| {
        format!("<table:{name} office:value-type=\"string\"><text:p>{text}</text:p></table:{name}>")
    };
    let date = |value: &str| {
        format!("<table:table-cell office:value-type=\"date\" office:date-value=\"{value}\"/>")
    };
    let row = |cells: &[String]| format!("<table:table-row>{}</table:table-row>", cells.concat());
    let noted = "before<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>at  the foot</text:p>\
                 <text:p>twice</text:p></text:note-body></text:note> and after</text:p><text:p>below";
    let rows = [
        row(&["id", "when", "note"].map(|name| text("table-cell", name))),
        row(&[text("table-cell", "1"), date("2024-02-30"), text("table-cell", noted)]),
        row(&[
            text("table-cell", "2"),
            date("2024-02-29T23:59:60"),
            text("covered-table-cell", "x"),
        ]),
        row(&[
            text("table-cell", "3"),
            date("2024-02-29T23:59:59.123456789"),
            text("covered-table-cell", " "),
        ]),
        row(&[text("table-cell", "4"), date(""), text("table-cell", "y")]),
    ];
    insta::assert_snapshot!(told_of(&ods(&rows.concat()), "notes.ods", &header_in(1)));
}

/// A part that is not as long as the list says, or has another sum, is damaged: nothing of it is to be believed.
#[test]
fn parts_that_are_not_what_the_list_says_are_told() {
    let whole = xlsx(&row(1, &[text("A1", "id"), text("B1", "note")]));
    let at = memchr::memmem::rfind(&whole, b"note").unwrap();
    let mut changed = whole.clone();
    changed[at] = b'N';
    let told = told_of(&changed, "notes.xlsx", &Manner::default());
    assert!(told.contains("xl/worksheets/sheet1.xml in it is damaged"), "{told}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Against another reader: the same cells hold the same.
    #[test]
    fn cells_are_what_another_reader_finds(
        cells in proptest::collection::vec((0_usize..7, "[a-z0-9 _xế&;\n]{0,12}", -99_999.0_f64..99_999.0), 1..40),
    ) {
        use calamine::{Data, Reader as _};
        let cell = |at: usize, (kind, word, number): &(usize, String, f64)| {
            let address = format!("{}{}", letters_of(u32::try_from(at % 5).unwrap()), at / 5 + 1);
            let word = word.replace('&', "&amp;");
            match kind {
                0 => format!("<c r=\"{address}\"><v>{number}</v></c>"),
                1 => format!("<c r=\"{address}\" t=\"b\"><v>1</v></c>"),
                2 => format!("<c r=\"{address}\" t=\"str\"><f>A1</f><v>{word}</v></c>"),
                3 => format!("<c r=\"{address}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{word}</t></is></c>"),
                4 => format!("<c r=\"{address}\" t=\"inlineStr\"><is><r><t>{word}</t></r><r><t>{word}</t></r></is></c>"),
                5 => format!("<c r=\"{address}\" s=\"1\"><v>{}</v></c>", number.abs() + 61.0),
                _ => format!("<c r=\"{address}\" s=\"0\"/>"),
            }
        };
        let rows: String = cells
            .chunks(5)
            .enumerate()
            .map(|(line, chunk)| {
                let all: Vec<String> = chunk.iter().enumerate().map(|(at, one)| cell(line * 5 + at, one)).collect();
                row(u32::try_from(line + 1).unwrap(), &all)
            })
            .collect();
        let bytes = xlsx(&rows);
        let mut other: calamine::Xlsx<_> = calamine::Xlsx::new(std::io::Cursor::new(bytes.clone())).unwrap();
        let range = other.worksheet_range("Ghi chú").unwrap();
        let mut ours = super::open::cells(Box::new(std::io::Cursor::new(bytes)), None, crate::source::RowLimit::default()).unwrap();
        let mut found = Vec::new();
        while let Some(row) = ours.next_row().unwrap() {
            found.extend(row.cells.into_iter().map(|(column, value)| ((row.number - 1, column), value)));
        }
        let (top, left) = range.start().unwrap_or_default();
        let expected = range.used_cells().filter_map(|(row, column, data)| {
            let place = (top + u32::try_from(row).unwrap(), left + u32::try_from(column).unwrap());
            let raw = match data.clone() {
                Data::Float(number) => Raw::Number(number),
                Data::Bool(value) => Raw::Bool(value),
                Data::String(text) => Raw::Text(text),
                Data::DateTime(moment) => Raw::Moment { serial: moment.as_f64(), counts_from_1904: false },
                _ => return None,
            };
            Some((place, value::of(raw, false)?))
        });
        // Formulas without a value are a word of ours.
        found.retain(|(_, value)| !matches!(value, CellValue::Faulty { shown, .. } if shown.is_empty()));
        let filled = |value: &CellValue| !matches!(value, CellValue::Text(text) if text.is_empty());
        found.retain(|(_, value)| filled(value));
        let expected: Vec<_> = expected.filter(|(_, value)| filled(value)).collect();
        proptest::prop_assert_eq!(found, expected);
    }
}
