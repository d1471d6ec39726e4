//! Expressions: the shortcut against the language, and what becomes of the language.

mod nothing;
mod templates;

use std::sync::Arc;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::json;

use super::expression::Compiled;
use super::filter::FILTERS;
use super::{Kept, Language, Mapped, NamedValue, Origin, Row, ValueError, evaluated, push_text};
use crate::declared::job::{Lookups, Written};
use crate::source::{InlineRow, OwnedCell, Read, Record, Source};
use crate::text::diagnostic::Place;

/// A row with these cells, and its source.
fn row(cells: &[(&str, OwnedCell)]) -> (Source, Record) {
    // A row in which nothing is written is none.
    let written = (Arc::from("written"), OwnedCell::Bool(true));
    let cells = cells.iter().map(|(name, cell)| (Arc::from(*name), cell.clone()));
    let cells = cells.chain([written]).collect();
    let mut source = Source::from_rows("rows".into(), vec![InlineRow { line: 1, cells }]);
    let mut record = Record::default();
    assert!(matches!(source.next(&mut record), Read::Row));
    (source, record)
}

/// A language that knows some named values, and these.
fn language(named: &[(&str, &str)], source: &mut Source) -> (Language, Vec<NamedValue>) {
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let mut language = Language::new(Some(zone), Lookups::default());
    let named = named.iter().map(|(name, text)| {
        let origin = Origin::compile(&language, &written(text), source).unwrap();
        let name = Arc::from(*name);
        language.add_named(&name, &origin);
        NamedValue { name, origin }
    });
    let named = named.collect();
    (language, named)
}

fn written(text: &str) -> Written {
    Written { text: text.to_owned(), place: Place::Nowhere }
}

/// Named values for random expressions: one that is always there, and one that may fail.
const NAMED: [(&str, &str); 2] =
    [("n", "{{ a | default('x', true) }}"), ("t", "{{ b | epoch_ms('%d/%m/%Y %H:%M') }}")];

fn compile(text: &str, source: &mut Source) -> (Compiled, Vec<NamedValue>) {
    let named: &[_] = if source.columns().index("b").is_some() { &NAMED } else { &[] };
    let (language, named) = language(named, source);
    (language.compile(&written(text), 0..text.len(), source).unwrap(), named)
}

/// What a text of the job comes to below some named values.
fn below(named: &[(&str, &str)], text: &str, a: &str, b: &str) -> Result<String, ValueError> {
    let cells = [("a", OwnedCell::Text(a.into())), ("b", OwnedCell::Text(b.into()))];
    let (mut source, record) = row(&cells);
    let (language, named) = language(named, &mut source);
    let origin = Origin::compile(&language, &written(text), &mut source).unwrap();
    let kept = Kept::of(&named);
    let value = origin.value(Row::new(&record, source.columns(), &kept))?;
    Ok(value.text().into_owned())
}

#[test]
fn named_values_are_seen_as_columns_by_what_stands_below() {
    let trimmed = ("c", "{{ a | trim }}");
    for (named, text, expected) in [
        (&[trimmed][..], "{{ c }}", "x"),
        (&[trimmed], "[{{ c }}, {{ b }}]", "[x, y]"),
        (&[trimmed], "{{ c ~ '!' }}", "x!"),
        (&[trimmed], "{{ row['c'] ~ row.c }}", "xx"),
        (&[trimmed], "{{ row.c | upper }}", "X"),
        (&[trimmed, ("d", "{{ c ~ c }}"), ("e", "{{ d | upper }}")], "{{ e }}", "XX"),
        // A name hides a column, and later ones of the same name hide it in turn.
        (&[("a", "{{ a | trim }}"), ("a", "<{{ a }}>")], "{{ a }}", "<x>"),
        (&[("a", "{{ a | trim }}")], "{{ row['a'] ~ '.' }}", "x."),
        (&[("c", "{{ 1 if b == 'y' else 2 }}")], "{{ c + 1 }}", "2"),
    ] {
        assert_eq!(below(named, text, " x ", "y"), Ok(expected.to_owned()), "{text}");
    }
}

#[test]
fn a_named_value_that_cannot_be_made_harms_only_who_asks_for_it() {
    let time = [("t", "{{ a | epoch_ms('%d/%m/%Y') }}"), ("u", "{{ t }}")];
    for (text, b, fails) in [
        ("{{ b }}", "y", false),
        ("{{ t if b == 'y' else 'none' }}", "n", false),
        ("{{ (t ~ '') if b == 'y' else 'none' }}", "n", false),
        ("{{ t if b == 'y' else 'none' }}", "y", true),
        ("{{ (t ~ '') if b == 'y' else 'none' }}", "y", true),
        ("{{ u }}", "n", true),
        ("at {{ u | string }}", "n", true),
        ("{{ row.t ~ '' }}", "n", true),
        ("{{ row.b ~ '' }}", "n", false),
    ] {
        let value = below(&time, text, "tomorrow", b);
        assert_eq!(matches!(value, Err(ValueError::Time(_))), fails, "{text}: {value:?}");
        assert_eq!(value.is_ok(), !fails, "{text}: {value:?}");
    }
}

/// What the shortcut and the language make of an expression, as a value and within a text.
fn both(text: &str, cells: &[(&str, OwnedCell)]) -> (Option<(String, String)>, (String, String)) {
    let (mut source, record) = row(cells);
    let (compiled, named) = compile(text, &mut source);
    let kept = Kept::of(&named);
    let row = Row::new(&record, source.columns(), &kept);
    let short = compiled.short(row).map(|value| {
        let mut shown = String::new();
        value.write(&mut shown);
        (format!("{:?}", Ok::<_, ()>(Mapped::from(value))), shown)
    });
    let full = compiled.evaluate_fully(row);
    let mut shown = String::new();
    let _ = full.as_ref().map(|value| push_text(value, &mut shown));
    (short, (format!("{:?}", full.and_then(evaluated)), shown))
}

fn a_cell() -> impl Strategy<Value = OwnedCell> {
    let times = ["31/01/2025 14:00", "2025-01-31T07:00:00Z", "tomorrow", " ", "0", "none"];
    prop_oneof![
        Just(OwnedCell::Null),
        any::<bool>().prop_map(OwnedCell::Bool),
        any::<i64>().prop_map(|number| OwnedCell::Number(number.to_string().into())),
        Just(OwnedCell::Number("1.50".into())),
        Just(OwnedCell::Number("123456789012345678901".into())),
        Just(OwnedCell::Json(json!([1, "a"]))),
        "[ \t\u{a0}]?[a-zA-ZäßİΐĐđ0-9<&]{0,30}[ \n]?".prop_map(|text| OwnedCell::Text(text.into())),
        prop::sample::select(times.to_vec()).prop_map(|text| OwnedCell::Text(text.into())),
    ]
}

fn a_literal() -> impl Strategy<Value = String> {
    let literals =
        ["'x'", "\"it's\"", "''", "0", "1", "12", "true", "False", "none", "'%d/%m/%Y %H:%M'"];
    prop::sample::select(literals.to_vec()).prop_map(str::to_owned)
}

fn an_operand() -> impl Strategy<Value = String> {
    let columns = ["a", "b", "n", "t", "row.a", "row.n", "row['b']", "row[\"the c\"]"];
    let of = prop_oneof![
        4 => prop::sample::select(columns.to_vec()).prop_map(str::to_owned),
        1 => a_literal(),
    ];
    let filter = prop_oneof![
        Just("trim".to_owned()),
        Just("lower".to_owned()),
        Just("upper()".to_owned()),
        Just("epoch_ms".to_owned()),
        Just("epoch_ms('%d/%m/%Y %H:%M')".to_owned()),
        a_literal().prop_map(|value| format!("default({value})")),
        (a_literal(), a_literal()).prop_map(|(value, lax)| format!("default({value}, {lax})")),
        a_literal().prop_map(|value| format!("trim({value})")),
        Just("length".to_owned()),
    ];
    (of, prop::collection::vec(filter, 0..3))
        .prop_map(|(of, filters)| [&[of][..], &filters].concat().join(" | "))
}

fn an_expression() -> impl Strategy<Value = String> {
    let test = (any::<bool>(), an_operand(), prop::option::of((any::<bool>(), an_operand())));
    let test = test.prop_map(|(negated, left, right)| {
        let right =
            right.map(|(equal, right)| format!(" {} {right}", if equal { "==" } else { "!=" }));
        format!("{}{left}{}", if negated { "not " } else { "" }, right.unwrap_or_default())
    });
    let choices = prop::collection::vec((an_operand(), test), 0..3);
    (choices, an_operand()).prop_map(|(choices, last)| {
        let choices = choices.iter().map(|(then, test)| format!("{then} if {test} else "));
        choices.collect::<String>() + &last
    })
}

/// Most expressions are plain in a few ways; PROPTEST_CASES asks for more of them.
fn many() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(2000), ..config }
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn a_shortcut_is_what_the_language_says(
        text in an_expression(), a in a_cell(), b in a_cell(), c in a_cell(),
    ) {
        let (short, full) = both(&text, &[("a", a), ("b", b), ("the c", c)]);
        prop_assert!(short.is_none_or(|short| short == full), "{text}");
    }
}

#[test]
fn plain_expressions_have_a_shortcut_and_others_have_none() {
    let text = |text: &str| OwnedCell::Text(text.into());
    let cells = [("a", text(" x ")), ("b", text("")), ("the c", text("31/01/2025 14:00"))];
    for (expression, has_one) in [
        ("a", true),
        ("a | trim", true),
        ("row['the c'] | trim | upper", true),
        ("1 if b else 0", true),
        ("a if a | trim == 'x' else b if not b else 'y'", true),
        ("row['the c'] | epoch_ms('%d/%m/%Y %H:%M')", true),
        ("b | default('none', true)", true),
        ("a ~ b", false),
        ("a | length", false),
        ("a if b", false),
        ("a if a and b else b", false),
        ("a | default(b)", false),
        ("a.b", false),
        ("-1", false),
        ("1.5", false),
        ("007", false),
        ("'a\\n'", false),
        ("(a)", false),
        ("range", false),
    ] {
        let (short, full) = both(expression, &cells);
        assert_eq!(short.is_some(), has_one, "{expression}");
        assert!(short.is_none_or(|short| short == full), "{expression}");
    }
}

#[test]
fn a_long_text_is_left_to_the_language() {
    let cells = [("a", OwnedCell::Text("x".repeat(100_000).into()))];
    assert!(both("a | trim", &cells).0.is_none());
}

#[test]
fn the_language_is_freed_with_the_last_of_its_expressions() {
    let (mut source, _) = row(&[("a", OwnedCell::Null)]);
    let language = Language::new(None, Lookups::default());
    let alive = language.witness();
    let origin = Origin::compile(&language, &written("{{ a | length }}"), &mut source).unwrap();
    drop(language);
    assert!(alive.strong_count() > 0);
    drop(origin);
    assert_eq!(alive.strong_count(), 0);
}

#[test]
fn every_filter_that_is_offered_is_there() {
    let language = Language::new(None, Lookups::default());
    for filter in FILTERS {
        assert!(language.has_filter(filter.name), "{}", filter.name);
        assert!(!filter.about.is_empty());
    }
    assert!(FILTERS.is_sorted_by_key(|filter| filter.name));
}
