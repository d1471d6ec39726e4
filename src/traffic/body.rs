//! The body of an answer as JSON, read without tables and copies: an answer has a few fields, and each is asked for
//! once or twice.
//!
//! What counts as JSON, and which of two equal names counts, is as `serde_json::Value` has it. What a body means is
//! for `verdict`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::text::pointer::Pointer;

/// More values in one answer are not read: in memory each takes many times what it takes on the way.
const MOST_VALUES: usize = 250_000;

/// Whether an answer may have more values than are read.
pub(super) fn says_too_much(bytes: &[u8]) -> bool {
    // Each but the first stands behind one of these.
    bytes.len() / 2 > MOST_VALUES && {
        let (mut is_inside, mut is_escaped, mut values) = (false, false, 1);
        for byte in bytes {
            match byte {
                b'"' if !is_escaped => is_inside = !is_inside,
                b',' | b':' | b'[' | b'{' if !is_inside => values += 1,
                _ => {}
            }
            is_escaped = is_inside && *byte == b'\\' && !is_escaped;
        }
        values > MOST_VALUES
    }
}

/// A JSON value whose texts are borrowed from the answer's bytes, but for those that are escaped there.
#[derive(Debug)]
pub(super) enum Body<'a> {
    Text(Cow<'a, str>),
    List(Vec<Body<'a>>),
    /// In the order of the answer; of two equal names the last counts.
    Fields(Vec<(Cow<'a, str>, Body<'a>)>),
    /// A number, `true`, `false` or `null`.
    Plain(Value),
}

impl<'a> Body<'a> {
    /// None for what is no JSON.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// What stands at a pointer.
    pub(super) fn find(&self, pointer: &Pointer) -> Option<&Self> {
        pointer.tokens().try_fold(self, |body, token| match body {
            Self::Fields(fields) => {
                fields.iter().rev().find(|(name, _)| *name == token).map(|(_, value)| value)
            }
            Self::List(items) => items.get(index(&token)?),
            Self::Text(_) | Self::Plain(_) => None,
        })
    }

    /// The same as a value of its own.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone().into_owned()),
            Self::List(items) => items.iter().map(Self::value).collect(),
            Self::Fields(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone().into_owned(), value.value()))
                .collect(),
            Self::Plain(value) => value.clone(),
        }
    }
}

/// The digits of an index, as RFC 6901 allows them.
fn index(token: &str) -> Option<usize> {
    let canonical = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|_| canonical)
}

impl<'de> Deserialize<'de> for Body<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// A name, borrowed where it is not escaped.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Body<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Body<'de>, E> {
        Ok(Body::Plain(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Body<'de>, E> {
        Ok(Body::Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Body<'de>, E> {
        Ok(Body::Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Body<'de>, E> {
        Ok(Body::Plain(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Body<'de>, E> {
        Ok(Body::Plain(value.into()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Body<'de>, E> {
        Ok(Body::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Body<'de>, E> {
        Ok(Body::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Body<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Body::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Body<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some((Name(name), value)) = entries.next_entry()? {
            fields.push((name, value));
        }
        Ok(Body::Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Asserts that a text is JSON here where it is JSON for `Value`, and the same at each pointer.
    #[track_caller]
    fn is_as_value_has_it(text: &[u8]) {
        let expected: Option<Value> = serde_json::from_slice(text).ok();
        let body = Body::read(text);
        let shown = String::from_utf8_lossy(text);
        assert_eq!(body.as_ref().map(Body::value), expected, "{shown}");
        for pointer in
            ["", "/a", "/b", "/a/0", "/a/1/b", "/a/a", "/ab", "/a~1b", "/0", "/00", "/+0", "/-"]
        {
            let pointer = Pointer::parse(pointer).unwrap();
            let found = body.as_ref().and_then(|body| body.find(&pointer)).map(Body::value);
            let expected = expected.as_ref().and_then(|value| pointer.find(value)).cloned();
            assert_eq!(found, expected, "{pointer:?} in {shown}");
        }
    }

    #[test]
    fn what_is_json_and_what_it_says_is_as_value_has_it() {
        for text in [
            r#"{"r":0,"a":"tn_1","a":[true,{"b":-1.50}],"a/b":null}"#,
            r#"{"a":{"b":1},"a":{"\u0062":"\u00e9\ud83d\ude00"}}"#,
            "[1e999]",
            r#"["\ud800"]"#,
            "[18446744073709551616,1E2,-0]",
            r#"{"r":0}x"#,
            "<html>",
            "",
        ] {
            is_as_value_has_it(text.as_bytes());
        }
        is_as_value_has_it(b"{\"r\":0,\"a\":\"\xff\"}");
        is_as_value_has_it("[".repeat(200).as_bytes());
    }

    #[test]
    fn values_are_counted_where_they_are_values() {
        let text = format!("[\"{}\\\",\"]", ",[{".repeat(400_000));
        assert!(!says_too_much(text.as_bytes()));
        for many in ["[],", "0,", "{\"\":0},", "\"\","] {
            assert!(says_too_much(format!("[{}0]", many.repeat(250_001)).as_bytes()), "{many}");
            assert!(!says_too_much(format!("[{}0]", many.repeat(50_000)).as_bytes()), "{many}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_read_as_value_reads_it(text in r#"[\[\]{},:"ab01.e\\/ -]{0,24}"#) {
            is_as_value_has_it(text.as_bytes());
        }

        #[test]
        fn any_json_is_read_as_value_reads_it(value in json()) {
            is_as_value_has_it(value.to_string().as_bytes());
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[ab\"\\\\/é]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::vec(("[ab/]{0,2}", inner), 0..3)
                    .prop_map(|fields| fields.into_iter().collect()),
            ]
        })
    }
}
