//! What documents read as, where their values stand, and what is told of those that cannot be read.

use serde::Deserialize;

use super::*;

fn parse(text: &str) -> Document {
    Document::parse("a.yaml".into(), text.into()).unwrap()
}

#[test]
fn scalars_mean_what_they_say() {
    let document = parse(
        "x: 0x1F\na: 0123\nb: yes\nc: 1_000\nd: true\ne: 12345678901234567890\nf: 1.10\ng: ~\nh: \"12\"\ni: -4\n",
    );
    let expected = serde_json::json!({
        "x": "0x1F", "a": "0123", "b": "yes", "c": "1_000", "d": true, "e": "12345678901234567890",
        "f": 1.1, "g": null, "h": "12", "i": -4,
    });
    assert_eq!(document.root().to_json(), expected);
    assert!(
        matches!(&document.at(&Pointer::of(["f"])).unwrap().content, Content::Number(text) if **text == *"1.10")
    );
}

#[test]
fn every_value_and_key_has_its_bytes() {
    let text = "job: thử\nmap:\n  note: \"{{ body }}\"\nrows:\n  - {a: 1, b: hai}\n";
    let document = parse(text);
    for (pointer, key, value) in [
        ("/job", "job", "thử"),
        ("/map/note", "note", "\"{{ body }}\""),
        ("/rows/0/b", "b", "hai"),
        ("/map", "map", "map"),
        ("/map/absent", "map", "map"),
    ] {
        let (found_key, found_value) = document.locate(&Pointer::parse(pointer).unwrap());
        assert_eq!(&text[found_key], key, "{pointer}");
        assert_eq!(&text[found_value], value, "{pointer}");
    }
}

#[test]
fn broken_yaml_is_shown_where_it_breaks() {
    let mut shown = String::new();
    for text in [
        "a: 1\na: 2\n",
        "a: [1, 2\nb: 3\n",
        "a: \"x\n",
        "\t- a\n",
        "",
        "a: 1\n---\na: 2\n",
        "a: -.inf\n",
        "a: [.NaN]\n",
        "a: 1e999\n",
    ] {
        match Document::parse("a.yaml".into(), text.into()) {
            Ok(document) => shown.push_str(&format!("{:?}\n", document.root().to_json())),
            Err(problem) => shown.push_str(&problem.render(false)),
        }
    }
    insta::assert_snapshot!(shown);
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Example {
    name: String,
    count: Option<u32>,
    kind: Option<Kind>,
    inner: Option<Inner>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Inner {
    names: Option<Vec<String>>,
    within: Option<Box<Inner>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Small,
    Large,
}

#[test]
fn a_number_or_a_truth_value_where_a_text_belongs_is_taken_as_written() {
    for (written, name) in [
        ("500", Some("500")),
        ("1.10", Some("1.10")),
        ("0x1F", Some("0x1F")),
        ("12345678901234567890", Some("12345678901234567890")),
        ("True  # a remark", Some("True")),
        ("*one", Some("7")),
        ("~", None),
        ("[500]", None),
    ] {
        let document = parse(&format!("count: &one 7\nname: {written}\n"));
        let Reading { value: read, problems, .. } = document.read_as::<Example>();
        let found = read.filter(|_| problems.is_empty()).map(|example| example.name);
        assert_eq!(found.as_deref(), name, "{written}");
    }
    let nested = parse("name: a\ninner: { names: [b, 1.10], within: { names: [yes, true] } }\n");
    let Reading { value: read, problems, .. } = nested.read_as::<Example>();
    let inner = read.and_then(|read| read.inner).unwrap();
    assert_eq!((inner.names.unwrap().join(" "), problems), ("b 1.10".to_owned(), vec![]));
    assert_eq!(inner.within.unwrap().names.unwrap(), ["yes", "true"]);
    let problems = parse("name: a\nkind: 5\n").read_as::<Example>().problems;
    let messages: Vec<&str> = problems.iter().map(|problem| &*problem.message).collect();
    assert_eq!(messages, ["this must be one of small, large"]);
}

#[test]
fn all_structural_mistakes_are_told_at_once() {
    let document = parse("nam: x\ncount: many\nkind: smal\n");
    let problems = document.read_as::<Example>().problems;
    let shown: String = problems.iter().map(|problem| problem.render(false)).collect();
    insta::assert_snapshot!(shown);
}
