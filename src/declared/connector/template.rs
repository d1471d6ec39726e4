//! Texts with `{field}` in them: paths, query parameters, lanes.

use serde_json::{Map, Value};

/// A text with places for fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(String),
}

impl Template {
    /// Reads a template; an unclosed or empty brace is refused with what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, inside) = (&rest[..open], &rest[open + 1..]);
            let Some(close) = inside.find('}') else {
                return Err(format!("the brace before `{inside}` is never closed"));
            };
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            match inside[..close].trim() {
                "" => return Err("the braces are empty".to_owned()),
                name => parts.push(Part::Field(name.to_owned())),
            }
            rest = &inside[close + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The fields that the template has places for.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Field(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Appends the text with the fields in it, each passed through `write`. False where a field is absent.
    pub fn fill(
        &self,
        fields: &Map<String, Value>,
        into: &mut String,
        write: fn(&str, &mut String),
    ) -> bool {
        for part in &self.parts {
            match part {
                Part::Text(text) => into.push_str(text),
                Part::Field(name) => match fields.get(name) {
                    None | Some(Value::Null) => return false,
                    Some(Value::String(text)) => write(text, into),
                    Some(other) => write(&other.to_string(), into),
                },
            }
        }
        true
    }
}

/// Writes a text as it is.
pub fn as_is(text: &str, into: &mut String) {
    into.push_str(text);
}

/// Writes a text so that it stays one segment of a path or one value of a query (RFC 3986, unreserved characters).
pub fn percent_encoded(text: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(HEX[usize::from(byte >> 4)]));
            into.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_filled_in_and_encoded() {
        let fields = json!({"note_id": "a/b ü?", "n": 5, "none": null});
        let fields = fields.as_object().unwrap();
        for (template, write, filled) in [
            (
                "/notes/{note_id}",
                percent_encoded as fn(&str, &mut String),
                Some("/notes/a%2Fb%20%C3%BC%3F"),
            ),
            ("ticket {note_id}", as_is, Some("ticket a/b ü?")),
            ("{n}{n}", as_is, Some("55")),
            ("/notes/{other}", as_is, None),
            ("/notes/{none}", as_is, None),
            ("plain", as_is, Some("plain")),
        ] {
            let mut text = String::new();
            let whole = Template::parse(template).unwrap().fill(fields, &mut text, write);
            assert_eq!(whole.then_some(text.as_str()), filled, "{template}");
        }
    }

    #[test]
    fn broken_braces_are_refused() {
        assert!(Template::parse("/a/{b").is_err());
        assert!(Template::parse("/a/{}").is_err());
    }
}
