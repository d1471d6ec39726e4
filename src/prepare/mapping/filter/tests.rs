//! The table of filters: every example is true, and every filter has one.

use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::{Example, FILTERS, Filter};
use crate::declared::job::{Lookups, Written};
use crate::prepare::mapping::{Kept, Language, Mapped, Origin, Row};
use crate::source::{InlineRow, OwnedCell, Read, Record, Source};
use crate::text::diagnostic::Place;

fn cell(text: &str) -> OwnedCell {
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_array() || value.is_object() => OwnedCell::Json(value),
        _ => OwnedCell::Text(text.into()),
    }
}

/// What an expression gives on a row, as a text; or the problem's.
fn given(cells: &[(&str, &str)], expression: &str) -> Result<String, String> {
    let cells = cells.iter().map(|(name, text)| (Arc::from(*name), cell(text)));
    let cells = cells.chain([("row_is_there".into(), OwnedCell::Bool(true))]).collect();
    let mut source = Source::from_rows("rows".into(), vec![InlineRow { line: 1, cells }]);
    let mut record = Record::default();
    assert!(matches!(source.next(&mut record), Read::Row));
    let written = Written { text: expression.to_owned(), place: Place::Nowhere };
    let language =
        Language::new(Some(TimeZone::get("Asia/Ho_Chi_Minh").unwrap()), Lookups::default());
    let origin = Origin::compile(&language, &written, &mut source);
    let origin = origin.map_err(|problems| problems[0].message.clone())?;
    let kept = Kept::of(&[]);
    let value = origin
        .value(Row::new(&record, source.columns(), &kept))
        .map_err(|error| error.to_string())?;
    Ok(match value {
        Mapped::Absent => String::new(),
        Mapped::Bool(value) => value.to_string(),
        Mapped::Integer(number) => number.to_string(),
        Mapped::Number(text) | Mapped::Text(text) => text.into_owned(),
        Mapped::Json(value) => value.to_string(),
    })
}

#[test]
fn every_example_is_true() {
    for filter in FILTERS {
        // A table is a job's.
        assert!(!filter.examples.is_empty() || filter.name == "lookup", "{}", filter.name);
        for Example { given: cells, expression, gives } in filter.examples {
            let found = given(cells, expression);
            assert_eq!(found.as_deref(), Ok(*gives), "{}: {expression}", filter.name);
        }
    }
}

#[test]
fn nothing_is_made_of_nothing() {
    // The language makes 0 of nothing by its own `int`, which ours only bounds.
    let own = |filter: &&Filter| filter.add.is_some() && filter.name != "int";
    for filter in FILTERS.iter().filter(own) {
        let expression = match filter.name {
            "after" | "before" => format!("{{{{ x | {}('a') }}}}", filter.name),
            "date" => "{{ x | date('%Y') }}".to_owned(),
            "regex_replace" => "{{ x | regex_replace('a', 'b') }}".to_owned(),
            "truncate" => "{{ x | truncate(3) }}".to_owned(),
            "has_bit" | "if_empty" | "lookup" => continue,
            name => format!("{{{{ x | {name} }}}}"),
        };
        assert_eq!(given(&[("x", "")], &expression).as_deref(), Ok(""), "{expression}");
    }
}

#[test]
fn filters_do_what_they_say() {
    let long = "x".repeat(50_000);
    for (cell, expression, expected) in [
        ("a-b-c", "{{ x | before('-') }}", Ok("a")),
        ("abc", "{{ x | before('-') }}", Ok("abc")),
        ("a-b-c", "{{ x | after('-') }}", Ok("b-c")),
        ("abc", "{{ x | after('-') }}", Ok("")),
        ("a1b22c", "{{ x | after('[0-9]+', regex=true) }}", Ok("b22c")),
        ("abc", "{{ x | before('') }}", Err("nothing to look for")),
        ("abc", "{{ x | before('(', regex=true) }}", Err("unclosed group")),
        ("abc", "{{ x | before('a', rgex=true) }}", Err("unknown keyword argument")),
        ("aXbxc", "{{ x | regex_replace('(?i)x', '-') }}", Ok("a-b-c")),
        ("a cat, concat", "{{ x | regex_replace('\\bcat', 'dog') }}", Ok("a dog, concat")),
        ("a", "{{ x | regex_replace('[', '') }}", Err("unclosed character class")),
        ("a", "{{ x | regex_replace('(((a{500}){500}){500})', '') }}", Err("too much memory")),
        (&long, "{{ x | regex_replace('x', x) }}", Err("takes too much work")),
        ("tiếng Việt", "{{ x | truncate(100) }}", Ok("tiếng Việt")),
        ("tie\u{302}\u{301}ng", "{{ x | truncate(4) }}", Ok("tie\u{302}\u{301}…")),
        ("👨‍👩‍👧🇻🇳x", "{{ x | truncate(2) }}", Ok("👨‍👩‍👧…")),
        ("abcdef", "{{ x | truncate(3, end='') }}", Ok("abc")),
        ("abcdef", "{{ x | truncate(2, '....') }}", Err("leaves no room")),
        ("abcdef", "{{ x | truncate }}", Err("asks for a length")),
        ("a;b;c;d", "{{ (x | split(';', 2)) | length }}", Ok("3")),
        ("5", "{{ x | has_bit(4) }}", Ok("true")),
        ("5", "{{ x | has_bit(2) }}", Ok("false")),
        ("", "{{ x | has_bit(2) }}", Ok("false")),
        ("abc", "{{ x | has_bit(2) }}", Err("is none")),
        ("5", "{{ x | has_bit(0) }}", Err("from 1 on")),
        ("0", "{{ x | if_empty('y') }}", Ok("0")),
        ("[]", "{{ x | if_empty('y') }}", Ok("y")),
        ("[\"a\"]", "{{ x | nfc }}", Err("is a list")),
        ("a\r\n\r\n\r\n b\u{a0}\u{a0}c ", "{{ x | squeeze }}", Ok("a\n\nb c")),
        ("001d000000irj8e", "{{ x | salesforce_id }}", Ok("001d000000irj8eAAA")),
        ("0015000000Gv7qJ", "{{ x | salesforce_id }}", Ok("0015000000Gv7qJAAR")),
        ("0015000000gv7qjaar", "{{ x | salesforce_id }}", Ok("0015000000Gv7qJAAR")),
        ("12", "{{ x | salesforce_id }}", Err("no Salesforce id")),
        ("0015000000gv7qjaa!", "{{ x | salesforce_id }}", Err("no Salesforce id")),
        ("1709518269", "{{ x | int | epoch_ms }}", Err("say what it counts")),
        ("1709518269", "{{ x | int | epoch_ms(unit='s') }}", Ok("1709518269000")),
        ("1709518269", "{{ x | epoch_ms(unit='h') }}", Err("'s' or 'ms'")),
        ("1709518269", "{{ x | epoch_ms(unit='s', excel=true) }}", Err("not both")),
        (
            "x",
            "{{ x | epoch_ms(['%d/%m/%Y', '%Y']) }}",
            Err("fits none of the formats `%d/%m/%Y`, `%Y`"),
        ),
        ("31/02/2025", "{{ x | epoch_ms(['%d/%m/%Y', '%m/%d/%Y']) }}", Err("28 days")),
        ("x", "{{ x | date('%Y') }}", Err("put epoch_ms before date")),
        ("-2208988800000", "{{ x | int | date('%H:%M:%S %:z') }}", Ok("07:06:30 +07:06:30")),
        ("99999999999999999", "{{ x | int | date('%Y') }}", Err("no calendar has")),
    ] {
        match (given(&[("x", cell)], expression), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{expression}"),
            (Err(found), Err(part)) => assert!(found.contains(part), "{expression}: {found}"),
            (found, expected) => panic!("{expression} of {cell}: {found:?}, not {expected:?}"),
        }
    }
}

#[test]
fn numbers_of_telephones_are_read_or_left_alone() {
    for (written, expected) in [
        ("0912345678", "+84912345678"),
        ("+84 (0)912.345.678", "+84912345678"),
        ("84-912-345-678", "+84912345678"),
        ("0084 912 345 678", "+84912345678"),
        ("(024) 3936 2633", "+842439362633"),
        ("0120 123 4567", "+84701234567"),
        ("01991234567", "+84591234567"),
        ("0130 123 4567", "0130 123 4567"),
        ("113", "113"),
        ("1800 1234", "1800 1234"),
        ("+1 212 555 0100", "+1 212 555 0100"),
        ("0912345678 / 0987654321", "0912345678 / 0987654321"),
        ("091234567", "091234567"),
        ("gọi Lan", "gọi Lan"),
    ] {
        assert_eq!(given(&[("x", written)], "{{ x | phone }}").unwrap(), expected, "{written}");
    }
}

#[test]
fn a_long_format_of_dates_is_refused() {
    let expression = format!("{{{{ x | int | date('{}') }}}}", "%Y".repeat(600));
    assert!(given(&[("x", "1")], &expression).unwrap_err().contains("longer than"));
}
