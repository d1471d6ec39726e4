//! Bytes in, text out: letter by letter, against the encoders of others, packed and broken, from a file and piped in.

use std::io::{Cursor, Write as _};

use encoding_rs::WINDOWS_1252;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::super::{Cell, Format, Manner, Read, Record, RowLimit, Source, Table};
use super::*;
use crate::text::spelling::composed;

const CSV: Format = Format::Csv { delimiter: b',' };

fn manner(encoding: &str) -> Manner {
    Manner { encoding: Encoding::of_label(encoding).unwrap(), ..Manner::default() }
}

/// A text as a window on bytes of an encoding shows it, with the marks of what does not fit.
fn decoded_bytes(bytes: &[u8], encoding: &str) -> Vec<u8> {
    let mut window = window(Box::new(Cursor::new(bytes.to_vec())), &manner(encoding)).unwrap();
    while window.more().unwrap() {}
    window.bytes().to_vec()
}

fn decoded_text(bytes: &[u8], encoding: &str) -> String {
    String::from_utf8(decoded_bytes(bytes, encoding)).unwrap()
}

/// Rows as they are read, and problems as they are told.
fn told(bytes: &[u8], format: Format, manner: &Manner) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows");
    std::fs::write(&path, bytes).unwrap();
    told_of(&Location::File(path), format, manner)
}

fn told_of(location: &Location, format: Format, manner: &Manner) -> String {
    let mut source = match Source::open(location, "rows".into(), format, manner) {
        Ok(source) => source,
        Err(problems) => return problems.iter().map(|problem| problem.render(false)).collect(),
    };
    let (mut record, mut told) = (Record::default(), String::new());
    loop {
        match source.next(&mut record) {
            Read::Row => {
                let names = source.columns().names().iter().enumerate();
                let cells = names.filter(|(at, _)| record.cell(*at) != Cell::Absent);
                let cells: Vec<String> =
                    cells.map(|(at, name)| format!("{name}={:?}", record.cell(at))).collect();
                told += &format!("line {}: {}\n", record.place.line, cells.join(" "));
            }
            Read::Problem(problem) => told += &problem.render(false),
            Read::End => return told,
        }
    }
}

/// Bytes, written as the letters that Windows-1252 has for them.
fn bytes_of(text: &str) -> Vec<u8> {
    let (bytes, _, lost) = WINDOWS_1252.encode(text);
    assert!(!lost, "{text}");
    bytes.into_owned()
}

#[test]
fn every_letter_of_tcvn3_is_known() {
    // As `iconv -f TCVN5712-1` has them, in the order of the bytes.
    for (first, letters) in [
        (0xa1, "ĂÂÊÔƠƯĐăâêôơưđ"),
        (0xb5, "àảãáạ"),
        (0xbb, "ằẳẵắ"),
        (0xc6, "ặầẩẫấậè"),
        (0xce, "ẻẽéẹềểễếệìỉ"),
        (0xdc, "ĩíịò"),
        (0xe1, "ỏõóọồổỗốộờởỡớợù"),
        (0xf1, "ủũúụừửữứựỳỷỹýỵ"),
    ] {
        for (byte, letter) in (first..=0xff).zip(letters.chars()) {
            assert_eq!(decoded_text(&[byte], "tcvn3"), letter.to_string(), "{byte:X}");
        }
    }
    // The same as people see it in a program that does not know the fonts.
    for (seen, meant) in [
        ("Céng hßa x· héi chñ nghÜa ViÖt Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam"),
        ("§\u{a9}y lµ ghi chó «n ®Þnh", "Đây là ghi chú ôn định"),
    ] {
        assert_eq!(decoded_text(&bytes_of(seen), "tcvn3"), meant);
    }
    let letters = tcvn3::table().iter().flatten().filter(|letter| letter.is_alphabetic()).count();
    assert_eq!(letters, 67 + 7, "all small letters, and the capitals without a tone");
}

#[test]
fn every_letter_of_vni_is_known() {
    let mut known = std::collections::HashSet::new();
    for (letters, seen) in [
        ("áàảãạ", "aù aø aû aõ aï"),
        ("âấầẩẫậ", "aâ aá aà aå aã aä"),
        ("ăắằẳẵặ", "aê aé aè aú aü aë"),
        ("éèẻẽẹ", "eù eø eû eõ eï"),
        ("êếềểễệ", "eâ eá eà eå eã eä"),
        ("íìỉĩị", "í ì æ ó ò"),
        ("óòỏõọ", "où oø oû oõ oï"),
        ("ôốồổỗộ", "oâ oá oà oå oã oä"),
        ("ơớờởỡợ", "ô ôù ôø ôû ôõ ôï"),
        ("úùủũụ", "uù uø uû uõ uï"),
        ("ưứừửữự", "ö öù öø öû öõ öï"),
        ("ýỳỷỹỵ", "yù yø yû yõ î"),
        ("đ", "ñ"),
    ] {
        for (letter, seen) in letters.chars().zip(seen.split(' ')) {
            let capital = letter.to_uppercase().to_string();
            let seen_capital = seen.to_uppercase();
            for (seen, meant) in [(seen, letter.to_string()), (&seen_capital, capital.clone())] {
                assert_eq!(decoded_text(&bytes_of(seen), "vni"), meant, "{seen}");
                known.insert(meant);
            }
            // The base is a capital, the mark is small: so people type, and so fonts show it.
            if let (Some(base), Some(mark)) = (seen_capital.chars().next(), seen.chars().nth(1)) {
                let mixed = format!("{base}{mark}");
                assert_eq!(decoded_text(&bytes_of(&mixed), "vni"), capital, "{mixed}");
            }
        }
    }
    assert_eq!(known.len(), 134);
    assert_eq!(
        decoded_text(&bytes_of("Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam, ñöôøng"), "vni"),
        "Cộng hòa xã hội chủ nghĩa Việt Nam, đường"
    );
    assert!(Misfit::find(&decoded_bytes(b"b\xf9", "vni")).is_some(), "there is no such letter");
}

#[test]
fn letters_of_windows_1258_are_put_together() {
    // Real files have a base and a tone: there are no bytes for ế and ộ.
    for (bytes, text) in [
        (&b"Ti\xea\xecng Vi\xea\xf2t"[..], "Tiếng Việt"),
        (b"Nguy\xea\xden, \xd0\xfd\xf5\xccng", "Nguyễn, Đường"),
        (b"n\xcc b\xec", "ǹ b\u{301}"),
        (b"\xfe", "₫"),
    ] {
        assert_eq!(decoded_text(bytes, "windows-1258"), text);
    }
    // However the bytes are cut: 61 are decoded at once in tests.
    for before in 55..65 {
        let text = [&vec![b'x'; before], &b"Vi\xea\xf2t"[..]].concat();
        assert!(decoded_text(&text, "windows-1258").ends_with("xViệt"), "{before}");
        let text = [&vec![b'x'; before], &bytes_of("Vieät")[..]].concat();
        assert!(decoded_text(&text, "vni").ends_with("xViệt"), "{before}");
    }
}

#[test]
fn a_byte_that_does_not_fit_is_told_with_its_place_and_the_next_row_is_read() {
    let long = "x".repeat(200);
    let rows = |bad: &[u8]| {
        let head = format!("id,note\n1,{long}\n2,\"a\n");
        [head.as_bytes(), bad, b"\"\n3,c\n"].concat()
    };
    for (encoding, bad, byte) in [
        ("windows-1252", &b"\x81"[..], "81"),
        ("windows-1258", b"\x8a", "8A"),
        ("tcvn3", b"\xaf", "AF"),
        ("vni", b"\xff", "FF"),
        ("shift_jis", b"\xa0", "A0"),
        ("gb18030", b"\xff", "FF"),
        ("euc-kr", b"\xff", "FF"),
    ] {
        let told = told(&rows(bad), CSV, &manner(encoding));
        let place = format!("no letter {byte} (on line 4, byte 217 of the file)");
        assert!(told.contains(&place) && told.contains("error[unfit-byte]"), "{told}");
        assert!(told.contains("rows:3 (row 2, column `note`)"), "{told}");
        assert!(told.contains("line 5: id=Text(\"3\")"), "{told}");
        // As JSON.
        let json = [&b"{\"id\":1}\n{\"id\":\""[..], bad, b"\"}\n{\"id\":3}\n"].concat();
        let told = super::tests::told(&json, Format::JsonLines, &manner(encoding));
        assert!(told.contains(&format!("no letter {byte} (byte 17 of the file)")), "{told}");
        assert!(told.contains("line 3: id=Number(\"3\")"), "{told}");
    }
    // In the header.
    let told = told(b"id,n\x81te\n1,a\n", CSV, &manner("windows-1252"));
    assert!(told.contains("no letter 81 (byte 5 of the file)"), "{told}");
}

#[test]
fn utf_16_goes_by_its_mark() {
    let text = "id,note\r\n1,Tiếng Việt 🚚\r\n";
    let bytes = |swap: bool| -> Vec<u8> {
        let pair = |unit: u16| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(pair).collect()
    };
    let expected = "line 2: id=Text(\"1\") note=Text(\"Tiếng Việt 🚚\")\n";
    for (mark, swap, encoding) in [
        (&b"\xff\xfe"[..], false, "utf-16"),
        (b"\xfe\xff", true, "utf-16"),
        (b"", false, "utf-16"),
        (b"\xff\xfe", false, "utf-16le"),
        (b"", true, "utf-16be"),
    ] {
        let file = [mark, &bytes(swap)].concat();
        assert_eq!(told(&file, CSV, &manner(encoding)), expected, "{encoding} {mark:?}");
    }
    // What nobody has named is named.
    for (mark, swap, hint) in [
        (&b"\xff\xfe"[..], false, "--encoding utf-16;"),
        (b"", false, "--encoding utf-16le;"),
        (b"", true, "--encoding utf-16be;"),
    ] {
        let told = told(&[mark, &bytes(swap)].concat(), CSV, &Manner::default());
        assert!(told.contains(hint) && told.contains("error[encoding]"), "{told}");
    }
    // Half a letter at the end, and half of a pair.
    let cut = [b"\xff\xfe", &bytes(false)[..], b"2\0,\0a"].concat();
    assert!(told(&cut, CSV, &manner("utf-16")).contains("unfit-byte"));
    let lone = [b"\xff\xfe", &bytes(false)[..], b"2\0,\0\x00\xd8a\0"].concat();
    assert!(told(&lone, CSV, &manner("utf-16")).contains("unfit-byte"));
}

#[test]
fn a_file_that_is_plainly_something_else_is_refused() {
    for (bytes, encoding, part) in [
        (&b"\xef\xbb\xbfid,note\n"[..], "windows-1258", "begins with the mark of utf-8"),
        (b"\xff\xfei\0d\0\n\0", "tcvn3", "begins with the mark of utf-16"),
        (b"PK\x03\x04\x14\0\x06\0", "windows-1252", "a workbook"),
        (b"i\0d\0,\0n\0", "windows-1252", "UTF-16"),
        (b"%PDF-1.7\n", "vni", "a PDF"),
    ] {
        let told = told(bytes, CSV, &manner(encoding));
        assert!(told.contains("error[encoding]") && told.contains(part), "{told}");
    }
}

#[test]
fn labels_are_those_of_the_web_and_two_more() {
    for (label, name) in [
        ("Windows-1258", "windows-1258"),
        ("latin1", "windows-1252"),
        (" SHIFT_JIS ", "Shift_JIS"),
        ("utf8", "UTF-8"),
        ("UTF-16", "UTF-16"),
        ("ABC", "TCVN3"),
        ("vni", "VNI"),
        ("x-user-defined", ""),
        ("iso-2022-kr", ""),
        ("replacement", ""),
        ("klingon", ""),
    ] {
        let found = Encoding::of_label(label).map_or_else(String::new, Encoding::name);
        assert_eq!(found, name, "{label}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn packed_files_are_read_through_whatever_they_are_called() {
    let (head, tail) = ("id,note\n1,a\n", "2,Tiếng Việt\n");
    let whole = [head, tail].concat();
    let expected = told(whole.as_bytes(), CSV, &Manner::default());
    assert_eq!(expected.lines().count(), 2);
    for pack in [gzip as fn(&[u8]) -> Vec<u8>, zstd] {
        assert_eq!(told(&pack(whole.as_bytes()), CSV, &Manner::default()), expected);
        // Two of them, one behind the other, are one file.
        let two = [pack(head.as_bytes()), pack(tail.as_bytes())].concat();
        assert_eq!(told(&two, CSV, &Manner::default()), expected);
        // In another encoding.
        let text = b"id,note\n1,a\n2,Ti\xea\xecng Vi\xea\xf2t\n";
        assert_eq!(told(&pack(text), CSV, &manner("windows-1258")), expected);
        // There is no going back in it, so nothing says that there is.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv.gz");
        std::fs::write(&path, pack(whole.as_bytes())).unwrap();
        let mut source =
            Source::open(&Location::File(path), "rows".into(), CSV, &Manner::default()).unwrap();
        assert!(matches!(source.next(&mut Record::default()), Read::Row));
        assert_eq!(source.milestone(), None);
    }
    for (name, format) in [
        ("a.csv.gz", Some(CSV)),
        ("a.CSV.GZ", Some(CSV)),
        ("a.jsonl.zst", Some(Format::JsonLines)),
        ("a.gz", None),
        (".gz", None),
    ] {
        assert_eq!(Format::of_path(Path::new(name)), format, "{name}");
    }
}

#[test]
fn packed_files_that_are_broken_are_told_of() {
    let rows: String = (0..4_000).map(|id| format!("{id},a note {}\n", id * 7919)).collect();
    let text = format!("id,note\n{rows}");
    for (name, packed) in [("gzip", gzip(text.as_bytes())), ("zstd", zstd(text.as_bytes()))] {
        let cut = told(&packed[..packed.len() - 200], CSV, &Manner::default());
        assert!(cut.contains("error[damaged-packing]"), "{name}: {}", &cut[cut.len() - 300..]);
        assert!(cut.contains("ends in the midst of it"), "{name}: {}", &cut[cut.len() - 300..]);
        // Its check sum does not fit.
        let mut wrong = packed.clone();
        let at = if name == "gzip" { wrong.len() - 6 } else { wrong.len() - 2 };
        wrong[at] ^= 0x55;
        let wrong = told(&wrong, CSV, &Manner::default());
        assert!(wrong.contains("error[damaged-packing]"), "{name}");
        // Something stands behind it.
        let more = told(&[&packed[..], b"id,note\n1,a\n"].concat(), CSV, &Manner::default());
        assert!(more.contains("error[damaged-packing]"), "{name}");
        assert!(more.contains("written behind what is packed"), "{name}");
        // Each ends the rows, and none of them is a row.
        assert_eq!(more.matches("error[").count(), 1);
    }
    let head = told(b"\x1f\x8b\x08\0\0\0\0\0\0\x03", CSV, &Manner::default());
    assert!(head.contains("error[damaged-packing]"), "{head}");
    let long = format!("id,note\n1,{}\n", "x".repeat(3 << 20));
    let narrow = Manner { longest: RowLimit::of_mebibytes(1).unwrap(), ..Manner::default() };
    assert!(told(&gzip(long.as_bytes()), CSV, &narrow).contains("error[row-too-long]"));
}

#[test]
fn what_is_piped_in_is_read_as_often_as_need_be() {
    let spool = Spool::of(&b"id,note\n1,a\n2,b\n"[..]);
    let location = Location::Piped(Arc::new(spool));
    let first = told_of(&location, CSV, &Manner::default());
    assert_eq!(first.lines().count(), 2);
    // Two readings at once do not disturb each other, and there is going back.
    let mut one = Source::open(&location, "rows".into(), CSV, &Manner::default()).unwrap();
    let mut record = Record::default();
    assert!(matches!(one.next(&mut record), Read::Row));
    let milestone = one.milestone().unwrap();
    assert_eq!(told_of(&location, CSV, &Manner::default()), first);
    assert!(matches!(one.next(&mut record), Read::Row));
    assert_eq!(record.cell(0), Cell::Text("2"));
    let mut other = Source::open(&location, "rows".into(), CSV, &Manner::default()).unwrap();
    other.go_to(milestone).unwrap();
    assert!(matches!(other.next(&mut record), Read::Row));
    assert_eq!((record.cell(0), record.place.row), (Cell::Text("2"), 2));
    assert_eq!(one.stamp(), other.stamp());
}

/// Texts of letters that an encoding has.
fn a_text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 ,;\n\"éèêàâôùçñüößĂăĐđƠơƯư€–“”жшЯあ漢字가힣]{0,200}"
}

proptest! {
    #[test]
    fn what_another_has_encoded_is_decoded(text in a_text(), at in 0..12_usize) {
        let encodings = [
            encoding_rs::WINDOWS_1252, encoding_rs::WINDOWS_1258, encoding_rs::WINDOWS_1251,
            encoding_rs::WINDOWS_1250, encoding_rs::ISO_8859_15, encoding_rs::KOI8_R,
            encoding_rs::IBM866, encoding_rs::SHIFT_JIS, encoding_rs::EUC_JP,
            encoding_rs::ISO_2022_JP, encoding_rs::GB18030, encoding_rs::EUC_KR,
        ];
        let encoding = encodings[at];
        let fits = |letter: &char| {
            !encoding.encode(letter.encode_utf8(&mut [0; 4])).2
        };
        let text: String = text.chars().filter(fits).collect();
        let (bytes, _, _) = encoding.encode(&text);
        prop_assert_eq!(decoded_text(&bytes, encoding.name()), composed(&text));
    }

    #[test]
    fn any_bytes_become_text_or_marks_and_rows_or_problems(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b','), 0x20..0x7f_u8], 0..300),
        at in 0..7_usize,
    ) {
        let label = ["windows-1258", "tcvn3", "vni", "utf-16", "shift_jis", "gb18030", "iso-2022-jp"][at];
        let told = told(&bytes, CSV, &manner(label));
        prop_assert!(!told.contains('\u{fffd}') || label == "utf-16" || label == "gb18030", "{}", told);
        let _ = super::tests::told(&bytes, Format::JsonLines, &manner(label));
    }
}

#[test]
fn a_table_of_its_own_goes_with_an_encoding() {
    let table = Table { header: Some(["id".into(), "note".into()].into()), ..Table::default() };
    let manner = Manner { table, ..manner("tcvn3") };
    assert_eq!(
        told(&bytes_of("1;ViÖt\n"), Format::Csv { delimiter: b';' }, &manner),
        "line 1: id=Text(\"1\") note=Text(\"Việt\")\n"
    );
}
