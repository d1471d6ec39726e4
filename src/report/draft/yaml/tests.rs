use proptest::prelude::*;

use super::*;
use crate::text::document::Document;

proptest! {
    #[test]
    fn whatever_a_text_holds_it_is_read_as_itself(text in "\\PC{0,20}|[ -~]{0,12}|[:#{}\\[\\]\"'\\\\\\n\\t\u{85}\u{2028}]{0,8}") {
        let yaml = format!("{}: {}\n", scalar(&text), scalar(&text));
        let document = Document::parse("job.yaml".into(), yaml.clone()).unwrap();
        let mut wanted = serde_json::Map::new();
        wanted.insert(text.clone(), text.into());
        prop_assert_eq!(document.root().to_json(), serde_json::Value::Object(wanted), "{}", yaml);
    }

    #[test]
    fn a_comment_stays_one(text in "\\PC{0,40}|[a-z \\n\\r\u{85}\u{2028}]{0,40}") {
        let yaml = format!("{}a: 1\n", comment(&line(&text), 2));
        let document = Document::parse("job.yaml".into(), yaml).unwrap();
        prop_assert_eq!(document.root().to_json(), serde_json::json!({"a": 1}));
    }
}

#[test]
fn words_that_mean_something_else_stand_in_quotes() {
    for (text, written) in [
        ("notes.csv", "notes.csv"),
        ("../a b.csv", "\"../a b.csv\""),
        ("true", "\"true\""),
        ("No", "\"No\""),
        ("0123", "\"0123\""),
        ("Có", "Có"),
        ("/comments", "/comments"),
        (";", "\";\""),
        ("", "\"\""),
    ] {
        assert_eq!(scalar(text), written);
    }
}
