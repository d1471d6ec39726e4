//! What is nothing is written as nothing, and an object is no text.

use serde_json::json;

use super::super::joined::marked;
use super::super::{Kept, Language, Origin, Row};
use super::{row, written};
use crate::declared::job::Lookups;
use crate::source::OwnedCell;

/// What a text comes to, or why it does not.
fn made(text: &str) -> Result<String, String> {
    let cells = [
        ("a", OwnedCell::Text("x".into())),
        ("nothing", OwnedCell::Null),
        ("list", OwnedCell::Json(json!(["p", null, "q"]))),
        ("author", OwnedCell::Json(json!({"name": "Lan", "email": null}))),
        ("authors", OwnedCell::Json(json!([{"name": "Lan"}]))),
    ];
    let (mut source, record) = row(&cells);
    let language = Language::new(None, Lookups::default());
    let origin = Origin::compile(&language, &written(text), &mut source);
    let origin = origin.map_err(|problems| problems[0].message.clone())?;
    let kept = Kept::of(&[]);
    let value = origin.value(Row::new(&record, source.columns(), &kept));
    value.map(|value| value.text().into_owned()).map_err(|error| error.to_string())
}

#[test]
fn nothing_is_never_a_word() {
    for cell in ["nothing", "author.email", "list[1]", "row['nothing']"] {
        for filter in [
            "trim",
            "replace('a', 'b') | trim",
            "lower",
            "upper",
            "title",
            "capitalize",
            "string",
            "join(', ')",
        ] {
            for text in [
                format!("{{{{ {cell} | {filter} }}}}"),
                format!("[{{{{ {cell} | {filter} }}}}]"),
                format!("[{{% if true %}}{{{{ {cell} | {filter} }}}}{{% endif %}}]"),
            ] {
                let found = made(&text).unwrap();
                assert!(matches!(found.as_str(), "" | "[]"), "{text}: {found}");
            }
        }
        for (expression, wanted) in [
            ("'<' ~ CELL ~ '>'", "<>"),
            ("CELL ~ a", "x"),
            ("a ~ CELL", "x"),
            ("a ~ CELL if a == 'x' else ''", "x"),
            ("(a ~ (CELL ~ '#') ~ '~') | upper", "X#~"),
            ("'~' ~ (CELL is none)", "~true"),
            ("a ~ CELL | trim", "x"),
            ("a ~ CELL == 'x'", "true"),
            ("'it\\'s ~ ' ~ CELL", "it's ~ "),
        ] {
            let expression = expression.replace("CELL", cell);
            for text in [
                format!("{{{{ {expression} }}}}"),
                format!("{{% if true %}}{{{{ {expression} }}}}{{% endif %}}"),
                format!("{{% set b = {expression} %}}{{{{ b }}}}"),
            ] {
                let found = made(&text).map(|found| found.to_lowercase());
                assert_eq!(found.as_deref(), Ok(wanted.to_lowercase().as_str()), "{text}");
            }
        }
    }
    assert_eq!(made("{{ list | join('+') }}").as_deref(), Ok("p++q"));
    assert_eq!(made("{{ authors | join(', ', attribute='name') }}").as_deref(), Ok("Lan"));
}

#[test]
fn an_object_or_a_list_is_no_text() {
    for text in [
        "By {{ author }}",
        "{{ list }}!",
        "{% if true %}{{ author }}{% endif %}",
        "{{ 'by ' ~ author }}",
        "{{ author | trim }}",
        "{{ authors | join(', ') }}",
        "{% set b = author ~ '' %}{{ b }}",
    ] {
        let found = made(text).unwrap_err();
        assert!(found.contains("an object") || found.contains("a list"), "{text}: {found}");
    }
    assert_eq!(made("By {{ author.name }}").as_deref(), Ok("By Lan"));
    assert!(made("By {{ author | tojson }}").unwrap().contains("\"Lan\""));
}

#[test]
fn sides_are_marked_to_their_ends() {
    for (expression, wanted) in [
        ("a", None),
        ("'a ~ b'", None),
        ("a ~ ", None),
        ("a~b", Some("a|_joined ~b|_joined ")),
        ("a ~ f(b, c) if d", Some("a |_joined ~ f(b, c) |_joined if d")),
        ("[a ~ b.if, c]", Some("[a |_joined ~ b.if|_joined , c]")),
        ("a ~ b is not none", Some("a |_joined ~ b is not none|_joined ")),
        ("a ~ -b", Some("a |_joined ~ -b|_joined ")),
    ] {
        assert_eq!(marked(expression).as_deref(), wanted, "{expression}");
    }
}
