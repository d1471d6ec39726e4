//! JSON as text, laid out for reading without touching a token: numbers, escapes and the order of keys stay as
//! they are sent.
//!
//! It works on text that is known to be JSON; what is not comes out oddly laid out, but whole.

use std::fmt::Write as _;

use crate::text::visible::is_unseen;

/// Lays JSON out over several lines, two spaces a level. Control characters that JSON lets stand are escaped.
pub(super) fn pretty(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut letters = letters(text).peekable();
    while let Some((letter, in_string)) = letters.next() {
        if in_string {
            push_visible(&mut out, letter);
            continue;
        }
        match letter {
            '{' | '[' => {
                out.push(letter);
                if let Some((end, _)) = letters.next_if(|(next, _)| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    break_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(',');
                break_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            other => push_visible(&mut out, other),
        }
    }
    out
}

/// The same text with what is unseen as JSON escapes, so that it cannot steer a terminal.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|letter| push_visible(&mut out, letter));
    out
}

/// The same JSON on one line. A line break inside a string is always escaped, so one that is not is mere space.
pub(super) fn on_one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

fn push_visible(out: &mut String, letter: char) {
    if is_unseen(letter) {
        for unit in letter.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    } else {
        out.push(letter);
    }
}

fn break_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Letters with whether they belong to a string, its quotes included; space outside of strings is dropped.
fn letters(text: &str) -> impl Iterator<Item = (char, bool)> {
    let (mut in_string, mut escaped) = (false, false);
    text.chars().filter_map(move |letter| {
        let was_inside = in_string;
        if letter == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = was_inside && letter == '\\' && !escaped;
        let belongs = was_inside || in_string;
        (belongs || !letter.is_ascii_whitespace()).then_some((letter, belongs))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\\\\\"{},:\\[\\] ]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_layout_is_the_usual_one(value in json()) {
            let usual = serde_json::to_string_pretty(&value).unwrap();
            prop_assume!(!usual.chars().any(|letter| is_unseen(letter) && letter != '\n'));
            prop_assert_eq!(pretty(&value.to_string()), usual);
        }

        #[test]
        fn nothing_is_changed_by_it(value in json()) {
            let back: Value = serde_json::from_str(&pretty(&value.to_string())).unwrap();
            prop_assert_eq!(back, value);
        }
    }

    #[test]
    fn tokens_stay_as_they_are() {
        let text = "{\"a\":1.50e3,\"b\":123456789012345678901234567890,\"c\":\"\\u00e9\\/\u{9b}\"}";
        insta::assert_snapshot!(pretty(text), @r#"
        {
          "a": 1.50e3,
          "b": 123456789012345678901234567890,
          "c": "\u00e9\/\u009b"
        }
        "#);
        assert_eq!(on_one_line("{\n\"a\":1\r\n}"), "{ \"a\":1  }");
    }
}
