//! Texts with `{field}` in them: paths, query parameters, lanes.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::row::{Field, FieldValue, Fields};

/// What cannot stand in a segment of a path or in a value of a query as it is (RFC 3986: all but unreserved characters).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text with places for fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(Field),
}

impl Template {
    /// Reads a template; an unclosed or empty brace is refused with what is wrong. `find` is asked for each field by its
    /// name; one that it does not find is left out.
    pub fn parse(text: &str, mut find: impl FnMut(&str) -> Option<Field>) -> Result<Self, String> {
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
                name => parts.extend(find(name).map(Part::Field)),
            }
            rest = &inside[close + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The fields that the template has places for.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        self.parts.iter().filter_map(|part| match part {
            Part::Field(field) => Some(*field),
            Part::Text(_) => None,
        })
    }

    /// The field that the template has a place for, where it has one place.
    pub fn only_field(&self) -> Option<Field> {
        let mut fields = self.fields();
        fields.next().filter(|_| fields.next().is_none())
    }

    /// The word that a template begins with before its only field, as `ticket` in `ticket {ticket_id}`; none where it is
    /// made otherwise.
    pub fn noun(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(text), Part::Field(_)] => {
                let noun = text.trim();
                let is_word = !noun.is_empty() && noun.chars().all(char::is_alphabetic);
                is_word.then_some(noun)
            }
            _ => None,
        }
    }

    /// The text with the same in the place of each field.
    pub fn filled_with(&self, filling: &str) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Field(_) => filling,
        });
        parts.collect()
    }

    /// The one field of which a text was made, with its text; none where the template has places for none or for several,
    /// or where the text is not of it.
    pub fn read<'t>(&self, text: &'t str) -> Option<(Field, &'t str)> {
        let is_field = |part: &Part| matches!(part, Part::Field(_));
        let at = self.parts.iter().position(is_field)?;
        let (before, after) = (self.parts.get(..at)?, self.parts.get(at + 1..)?);
        let mut inside = text;
        for part in before {
            let Part::Text(plain) = part else { return None };
            inside = inside.strip_prefix(plain.as_str())?;
        }
        for part in after.iter().rev() {
            let Part::Text(plain) = part else { return None };
            inside = inside.strip_suffix(plain.as_str())?;
        }
        Some((self.fields().next()?, inside)).filter(|(_, inside)| !inside.is_empty())
    }

    /// Appends the text with the fields in it, each passed through `write`; none where a field is absent or null.
    pub fn fill(
        &self,
        fields: &Fields<'_>,
        into: &mut String,
        write: fn(&str, &mut String),
    ) -> Option<()> {
        for part in &self.parts {
            match part {
                Part::Text(text) => into.push_str(text),
                Part::Field(field) => match fields.get(*field)? {
                    FieldValue::Text(text) => write(text, into),
                    FieldValue::Number(number) => write(&number.to_string(), into),
                    FieldValue::Bool(value) => write(if *value { "true" } else { "false" }, into),
                    FieldValue::Json(value) if value.is_null() => return None,
                    FieldValue::Json(value) => write(&value.to_string(), into),
                },
            }
        }
        Some(())
    }
}

/// Writes a text as it is.
pub(crate) fn as_is(text: &str, into: &mut String) {
    into.push_str(text);
}

/// Writes a text so that it stays one segment of a path or one value of a query.
pub(crate) fn percent_encoded(text: &str, into: &mut String) {
    into.extend(utf8_percent_encode(text, RESERVED));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NAMES: [&str; 4] = ["note_id", "n", "none", "other"];

    fn find(name: &str) -> Option<Field> {
        NAMES.iter().position(|known| *known == name).and_then(Field::at)
    }

    #[test]
    fn fields_are_filled_in_and_encoded() {
        let mut fields = Fields::default();
        for (place, value) in [json!("a/b ü?-._~"), json!(5), json!(null)].into_iter().enumerate()
        {
            fields.set(Field::at(place).unwrap(), value.into());
        }
        for (template, write, filled) in [
            (
                "/notes/{note_id}",
                percent_encoded as fn(&str, &mut String),
                Some("/notes/a%2Fb%20%C3%BC%3F-._~"),
            ),
            ("ticket {note_id}", as_is, Some("ticket a/b ü?-._~")),
            ("{n}{n}", as_is, Some("55")),
            ("/notes/{other}", as_is, None),
            ("/notes/{none}", as_is, None),
            ("plain", as_is, Some("plain")),
        ] {
            let mut text = String::new();
            let template = Template::parse(template, find).unwrap();
            let whole = template.fill(&fields, &mut text, write);
            assert_eq!(whole.map(|()| text.as_str()), filled, "{template:?}");
        }
    }

    #[test]
    fn the_one_field_of_a_text_is_read_back() {
        for (template, text, read) in [
            ("ticket {note_id}", "ticket a/b ü", Some("a/b ü")),
            ("{n}", "5", Some("5")),
            ("<{n}>", "<5>", Some("5")),
            ("<{n}>", "<>", None),
            ("<{n}>", "<5", None),
            ("{n}/{other}", "5/6", None),
            ("plain", "plain", None),
        ] {
            let template = Template::parse(template, find).unwrap();
            assert_eq!(template.read(text).map(|(_, inside)| inside), read, "{template:?}");
        }
    }

    #[test]
    fn broken_braces_are_refused() {
        assert!(Template::parse("/a/{b", find).is_err());
        assert!(Template::parse("/a/{}", find).is_err());
    }
}
