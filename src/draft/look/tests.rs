//! How a file is written, told from its bytes and its text.

use proptest::prelude::*;

use super::encoding::{EncodingGuess, guess};
use super::outline;
use super::syllable::is_vietnamese;
use super::table;
use crate::draft::How;
use crate::source::peek::text_of;
use crate::source::{Encoding, Format};

const TEXT: &str = "Khách đã gọi lại hai lần, hẹn sáng mai giao hàng. Đã hoàn tiền cho chị Nguyễn Thị Hương; \
                    người ghi: Trần Văn Tuấn. Không liên lạc được, chờ khách trả lời.";

/// A text in an encoding, by what its bytes mean, alone or in pairs.
fn encoded(text: &str, label: &str) -> Vec<u8> {
    let encoding = Encoding::of_label(label).unwrap();
    let meant = |bytes: &[u8]| {
        let (text, misfits) = text_of(bytes, encoding);
        (misfits == 0).then_some(text)
    };
    let mut known: Vec<(String, Vec<u8>)> = Vec::new();
    for first in 0x20..=0xff_u8 {
        known.extend(meant(&[first]).map(|text| (text, vec![first])));
        for second in 0x80..=0xff_u8 {
            known.extend(meant(&[first, second]).map(|text| (text, vec![first, second])));
        }
    }
    let of = |letter: char| {
        let letter = letter.to_string();
        let found = known.iter().find(|(text, _)| *text == letter);
        found.map_or_else(|| panic!("{label} has no {letter}"), |(_, bytes)| bytes.clone())
    };
    text.chars().flat_map(of).collect()
}

#[test]
fn each_vietnamese_encoding_is_told_from_the_others() {
    for label in ["windows-1258", "tcvn3", "vni"] {
        // TCVN3 has no capitals with a tone, nor `Đ` of another size.
        let bytes = encoded(TEXT, label);
        assert!(std::str::from_utf8(&bytes).is_err(), "{label}");
        let EncodingGuess { label: found, how } = guess(&bytes, true).unwrap();
        assert_eq!(found, Some(label));
        assert!(matches!(how, How::Words(share) if share >= 90), "{label}: {how:?}");
    }
}

#[test]
fn what_is_not_vietnamese_is_western_and_what_is_no_text_is_none() {
    let western =
        encoding_rs::WINDOWS_1252.encode("Müller, Café, à bientôt, größer, naïve façade").0;
    let found = guess(&western, true).unwrap();
    assert_eq!((found.label, found.how), (Some("windows-1252"), How::Usual));
    let sure = |bytes: &[u8], is_whole| guess(bytes, is_whole).map(|guess| guess.label);
    assert_eq!(sure(TEXT.as_bytes(), true), Ok(None));
    // Cut within a letter.
    let cut = TEXT.find('á').unwrap() + 1;
    assert_eq!(sure(&TEXT.as_bytes()[..cut], false), Ok(None));
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    assert_eq!(sure(&wide("ticket,note\n1,xin"), true), Ok(Some("utf-16le")));
    assert_eq!(sure(&[b"\xff\xfe".to_vec(), wide("a")].concat(), true), Ok(Some("utf-16")));
    let noise: Vec<u8> = (0..4000_u32).map(|at| (at * 7919 % 251) as u8).collect();
    assert!(guess(&noise, true).is_err());
}

#[test]
fn syllables_are_told_from_other_words() {
    for word in
        ["nghiêng", "Được", "người", "quyển", "giữa", "ướt", "yến", "khuỷu", "à", "Đỗ", "thuở"]
    {
        assert!(is_vietnamese(word), "{word}");
    }
    for word in ["Müller", "façade", "hßa", "größer", "très", "naïve", "Tiáº¿ng"] {
        assert!(!is_vietnamese(word), "{word}");
    }
}

#[test]
fn a_table_is_known_by_the_records_that_are_alike() {
    struct Case(&'static str, u8, Option<u32>, bool, &'static [&'static str]);
    for Case(text, delimiter, header_line, has_invented, nulls) in [
        Case("ticket,note\n1,a\n2,b\n", b',', None, false, &[]),
        Case("ticket;note\n1;\"a, b; c\"\n2;\"d\ne\"\n", b';', None, false, &[]),
        Case("ticket\tnote\n1\ta, b\n2\tc, d\n", b'\t', None, false, &[]),
        Case("a|b|c\n1|2|x,y\n", b'|', None, false, &[]),
        Case("Báo cáo tháng 3\n\nMã phiếu;Nội dung\nP1;a\nP2;b\n", b';', Some(3), false, &[]),
        Case(
            "BÁO CÁO,,,\n,,,\nMã phiếu,Nội dung,Ngày,x\nP1,a,,\nP2,b,,\n",
            b',',
            Some(3),
            false,
            &[],
        ),
        Case("BÁO CÁO,,Tháng 3\nMã phiếu,Nội dung,Ngày\nP1,a,b\n", b',', Some(2), false, &[]),
        Case(",,\nMã phiếu,Nội dung,Ngày\nP1,a,b\n", b',', Some(2), false, &[]),
        Case("ticket,note,\nP1,body,date\n", b',', None, false, &[]),
        Case("\n\nticket,note\n1,a\n", b',', None, false, &[]),
        Case("1,05/03/2024,xin\n2,06/03/2024,hai\n", b',', None, true, &[]),
        Case("id,ticket,note\n1,2,NULL\n", b',', None, false, &["NULL"]),
        Case("id,note\n1,\"NULL\"\n", b',', None, false, &[]),
        Case("sep=;\nticket;note\n1;a\n", b';', None, false, &[]),
    ] {
        let found = table::guess(text, true, None);
        assert_eq!(char::from(found.delimiter), char::from(delimiter), "{text}");
        assert_eq!(found.header_line, header_line, "{text}");
        assert_eq!(found.invented.is_some(), has_invented, "{text}");
        assert_eq!(found.nulls, nulls, "{text}");
    }
}

#[test]
fn rows_of_json_are_found_wherever_they_lie() {
    struct Case(&'static str, &'static str, Format, Option<&'static str>, Option<&'static str>);
    let note = r#"{"id":1,"body":"x","created_at":"2024-03-04T02:11:09Z"}"#;
    for Case(text, ending, format, at, each) in [
        Case("[NOTE,NOTE]", "json", Format::Json, None, None),
        Case(
            "{\"meta\":{\"page\":1},\"notes\":[NOTE]}",
            "json",
            Format::Json,
            Some("/notes"),
            None,
        ),
        Case("[{\"note\":NOTE},{\"note\":NOTE}]", "json", Format::Json, Some("/*/note"), None),
        Case(
            "[{\"id\":7,\"subject\":\"s\",\"notes\":[NOTE]}]",
            "json",
            Format::Json,
            None,
            Some("/notes"),
        ),
        Case(
            "[{\"helpdesk_ticket\":{\"id\":7,\"notes\":[NOTE]}}]",
            "json",
            Format::Json,
            Some("/*/helpdesk_ticket"),
            Some("/notes"),
        ),
        Case(
            "{\"tickets\":[{\"number\":7,\"articles\":[NOTE]}]}",
            "json",
            Format::Json,
            Some("/tickets"),
            Some("/articles"),
        ),
        Case(
            "{\"id\":7,\"comments\":[NOTE]}\n{\"id\":8,\"comments\":[NOTE]}\n",
            "jsonl",
            Format::JsonLines,
            None,
            Some("/comments"),
        ),
        Case(
            "{\"id\":7,\"comments\":[NOTE]}\n",
            "jsonl",
            Format::JsonLines,
            None,
            Some("/comments"),
        ),
        Case("NOTE\nNOTE\n", "txt", Format::JsonLines, None, None),
        // The name counts, whatever lies around it.
        Case(
            "[{\"agent\":{\"id\":7,\"user_id\":12,\"user\":{\"id\":12,\"name\":\"Nam\"}}}]",
            "json",
            Format::Json,
            Some("/*/agent/user"),
            None,
        ),
        Case(
            "[{\"agent\":{\"id\":7,\"user_id\":12,\"created_at\":\"x\",\"user\":{\"id\":12,\"name\":\"Nam\"}}}]",
            "json",
            Format::Json,
            Some("/*/agent/user"),
            None,
        ),
    ] {
        let text = text.replace("NOTE", note);
        let found = outline::guess(&text, true, ending).unwrap();
        assert_eq!(
            (found.format, found.at.as_deref(), found.each.as_deref()),
            (format, at, each),
            "{text}"
        );
    }
    assert_eq!(outline::guess("ticket,note\n", true, "csv"), None);
}

proptest! {
    /// However little of a file is looked at, where its rows are is found, or nothing is.
    #[test]
    fn a_text_that_is_cut_off_is_read_as_far_as_it_goes(cut in 300_usize..900) {
        let ticket = r#"{"id":7,"tags":["a","b"],"notes":[{"id":1,"body":"x \" [ {","private":true}]}"#;
        let text = format!("{{\"tickets\":[{}]}}", [ticket; 12].join(","));
        let found = outline::guess(&text[..cut], false, "json").unwrap();
        prop_assert_eq!((found.at.as_deref(), found.each.as_deref()), (Some("/tickets"), Some("/notes")));
    }

    #[test]
    fn nothing_that_is_looked_at_stops_the_program(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in "\\PC{0,200}") {
        let _ = guess(&bytes, true);
        let _ = table::guess(&text, true, None);
        let _ = outline::guess(&format!("[{text}"), false, "json");
        let _ = outline::guess(&format!("{{{text}"), false, "jsonl");
    }
}
