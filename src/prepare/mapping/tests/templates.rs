//! Texts with statements: what they come to, what is wrong with them, and where.

use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::{Kept, Language, Mapped, Origin, Row};
use super::row;
use crate::declared::job::{Lookups, Written};
use crate::source::OwnedCell;
use crate::text::diagnostic::{Diagnostic, Place, SourceText};

fn cells() -> Vec<(&'static str, OwnedCell)> {
    let json = |value: Value| OwnedCell::Json(value);
    vec![
        ("text", OwnedCell::Text("Chào".into())),
        ("empty", OwnedCell::Null),
        ("flag", OwnedCell::Bool(true)),
        ("files", json(json!([{"name": "a.png", "size": 2}, {"name": "b.pdf", "size": 3}]))),
        ("none", json(json!([]))),
        ("the column", OwnedCell::Text("c".into())),
    ]
}

/// What a text comes to, or why it does not.
fn rendered(text: &str) -> Result<String, String> {
    let (mut source, record) = row(&cells());
    let language =
        Language::new(Some(TimeZone::get("Asia/Ho_Chi_Minh").unwrap()), Lookups::default());
    let written = Written { text: text.to_owned(), place: Place::Nowhere };
    let origin = Origin::compile(&language, &written, &mut source);
    let origin = origin.map_err(|problems| problems[0].message.clone())?;
    let kept = Kept::of(&[]);
    match origin.value(Row::new(&record, source.columns(), &kept)) {
        Ok(Mapped::Text(text)) => Ok(text.into_owned()),
        Ok(other) => panic!("{text}: {other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn statements_are_followed() {
    for (text, expected) in [
        ("{% for file in files %}{{ file.name }} {% endfor %}", "a.png b.pdf "),
        ("{% for file in files %}{{ loop.index }}/{{ file.size }};{% endfor %}", "1/2;2/3;"),
        (
            "{{ text }}{% if files %}\n\nTệp:{% for f in files %}\n- {{ f.name }}{% endfor %}{% endif %}",
            "Chào\n\nTệp:\n- a.png\n- b.pdf",
        ),
        ("{{ text }}{% if none %}: files{% endif %}.", "Chào."),
        ("{% if empty is empty %}nothing{% else %}{{ empty }}{% endif %}", "nothing"),
        ("{{ empty }}{{ flag }}{% set a = 1 %}{{ a }}", "true1"),
        ("{% set name = text | upper %}{{ name }} {{ row['the column'] }}", "CHÀO c"),
        ("{# nothing #}{% if flag %}a | b{% endif %}", "a | b"),
        // A line of statements alone leaves none; other line ends stay.
        ("a\n{% if flag %}\nb\n{% endif %}\nc\n", "a\nb\nc\n"),
        ("a\n  {% for f in files %}\n  {{ f.name }}\n  {% endfor %}\nc", "a\n  a.png\n  b.pdf\nc"),
        ("[{{ text }}]{% if flag %}!{% endif %}\nb", "[Chào]!\nb"),
        ("{{ text }}{% if flag -%}\n  b{% endif %}", "Chàob"),
        ("{% raw %}{% if x %}\n{{ y }}{% endraw %}", "{% if x %}\n{{ y }}"),
        ("{% for f in files %}{{ f.name | replace('.', '%}') }},{% endfor %}", "a%}png,b%}pdf,"),
    ] {
        assert_eq!(rendered(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    for (text, part) in [
        ("{% for f in files %}{{ f.name }}", "end of input"),
        ("{% if flag %}{{ txt }}{% endif %}", "no column `txt`"),
        ("{% if flag %}{{ text | uper }}{% endif %}", "no filter `uper`"),
        ("{% if flag %}{{ row['colum'] }}{% endif %}", "no column `colum`"),
        ("{% if text | epoch_ms('dd/mm/yyyy') %}{% endif %}", "no format"),
        ("{% if text | before('(', regex=true) %}{% endif %}", "unclosed group"),
        ("{% include 'x' %}", "unknown statement"),
        ("{% macro x() %}{% endmacro %}", "unknown statement"),
        ("{% for f in files %}{{ f.nam }}{% endfor %}", "`{{ f.nam }}` names something"),
        ("{% for f in range(100000) %}{{ f }}{% endfor %}", "range"),
        (
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            "takes too much work",
        ),
        ("{% for a in range(9999) %}{{ 'x' * 99999 }}{% endfor %}", "takes too much work"),
        ("{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}", "recursion"),
    ] {
        let found = rendered(text).unwrap_err();
        assert!(found.contains(part), "{text}: {found}");
    }
    let many = "{% if flag %}".repeat(300) + &"{% endif %}".repeat(300);
    assert!(rendered(&many).unwrap_err().contains("more than 400"));
    let chain = format!("{{% if flag %}}{}{{% endif %}}", "{% elif text %}".repeat(390));
    assert_eq!(rendered(&chain).as_deref(), Ok(""));
    let deep = "{% if flag %}".repeat(199) + &"{% endif %}".repeat(199);
    assert!(rendered(&deep).is_err_and(|found| found.contains("recursion")));
    let long = format!("{{% if flag %}}{}{{% endif %}}", "x".repeat(70_000));
    assert!(rendered(&long).unwrap_err().contains("longer than"));
}

/// The text that each problem of a job's text points at.
fn pointed_at(yaml: &str, value: &str) -> Vec<String> {
    let (mut source, _) = row(&cells());
    let document: Value = serde_yaml::from_str(yaml).unwrap();
    let text = document["note"].as_str().unwrap().to_owned();
    let span = yaml.find(value).unwrap()..yaml.len();
    let file = Arc::new(SourceText { name: "job.yaml".to_owned(), text: yaml.to_owned() });
    let written = Written { text, place: Place::Text(file, span) };
    let problems = Origin::compile(&Language::new(None, Lookups::default()), &written, &mut source)
        .unwrap_err();
    let pointed = problems.into_iter().map(|Diagnostic { place, .. }| match place {
        Place::Text(source, range) => source.text[range].to_owned(),
        other => format!("{other:?}"),
    });
    pointed.collect()
}

#[test]
fn a_mistake_is_shown_where_it_stands() {
    for (yaml, value) in [
        ("note: \"{% if flag %}{{ txt }}{% endif %}\"\n", "\""),
        ("note: \"a\\n\\\"{{ text }}\\\"{% if flag %}\\t{{ txt }}{% endif %}\"\n", "\""),
        ("note: 'it''s {% if flag %}{{ txt }}{% endif %}'\n", "'"),
        ("note: |\n  a\n\n    {% if flag %}\n  ế {{ txt }}\n  {% endif %}\n", "|"),
        ("note: |-\r\n  a\r\n  {% if flag %}{{ txt }}{% endif %}\r\n", "|"),
        ("note: >\n  a\n  b\n\n  c {% if flag %}\n  {{ txt }}{% endif %}\n", ">"),
        ("note: |\n  {{ text }}\n  {{ txt }}\n", "|"),
        ("note: a {% if flag %}{{ txt }}\n  {% endif %}\n", "a {%"),
    ] {
        assert_eq!(pointed_at(yaml, value), ["txt"], "{yaml}");
    }
}
