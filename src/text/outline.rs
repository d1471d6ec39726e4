//! What a JSON Schema tells of a place in a document: an example of what may stand there, and the least that may.
//!
//! For schemas that are made from our own types, which use few of the words that schemas have. Whether a value fits is
//! for the validator.

use serde_json::{Map, Value};

use crate::text::pointer::Pointer;

/// Deeper than any of our types; schemas may refer to themselves.
const DEEPEST: usize = 16;

/// A schema as a whole.
pub(crate) struct Outline<'a>(pub &'a Value);

impl<'a> Outline<'a> {
    /// An example of what may stand at a place, as it would be written in YAML; that of the nearest thing around it which
    /// has one.
    pub(crate) fn example(&self, pointer: &Pointer) -> Option<String> {
        let mut here = Some(pointer.clone());
        while let Some(pointer) = here {
            let found = self.at(&pointer).and_then(|schema| self.example_of(schema));
            if let Some(example) = found {
                let name = pointer.split_last().map(|(_, name)| name.into_owned());
                return Some(match name.filter(|name| name.parse::<usize>().is_err()) {
                    Some(name) => format!("{name}: {}", flow(example)),
                    None => flow(example),
                });
            }
            here = pointer.parent();
        }
        None
    }

    /// The least that may stand at a place: nothing, where that is allowed.
    pub(crate) fn least(&self, pointer: &Pointer) -> Value {
        self.at(pointer).map_or(Value::Null, |schema| self.least_of(schema, 0))
    }

    fn at(&self, pointer: &Pointer) -> Option<&'a Value> {
        pointer.tokens().try_fold(self.0, |schema, token| {
            self.forms(schema, 0).into_iter().find_map(|form| {
                let named = form.get("properties").and_then(|known| known.get(&*token));
                let any = || form.get("additionalProperties").filter(|any| any.is_object());
                let item = || form.get("items").filter(|_| token.parse::<usize>().is_ok());
                named.or_else(any).or_else(item)
            })
        })
    }

    fn example_of(&self, schema: &'a Value) -> Option<&'a Value> {
        let forms = self.forms(schema, 0);
        let mut all = std::iter::once(schema).chain(forms);
        all.find_map(|form| form.get("examples")?.as_array()?.first())
    }

    /// The forms that a schema allows, with what it refers to.
    fn forms(&self, schema: &'a Value, depth: usize) -> Vec<&'a Value> {
        if depth > DEEPEST {
            return Vec::new();
        }
        let mut forms = vec![schema];
        let referred = schema.get("$ref").and_then(Value::as_str);
        let referred = referred.and_then(|text| self.0.pointer(text.strip_prefix('#')?));
        let several =
            ["anyOf", "oneOf"].into_iter().filter_map(|word| schema.get(word)?.as_array());
        for form in referred.into_iter().chain(several.flatten()) {
            forms.extend(self.forms(form, depth + 1));
        }
        forms
    }

    fn least_of(&self, schema: &'a Value, depth: usize) -> Value {
        let forms = self.forms(schema, depth);
        let is = |form: &Value, name: &str| match form.get("type") {
            Some(Value::String(kind)) => kind == name,
            Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == name),
            _ => false,
        };
        if depth > DEEPEST || forms.iter().any(|form| is(form, "null")) {
            return Value::Null;
        }
        let word = |form: &&Value| form.get("const").or_else(|| form.get("enum")?.get(0)).cloned();
        if let Some(word) = forms.iter().find_map(word) {
            return word;
        }
        let Some(form) = forms.iter().find(|form| form.get("type").is_some()) else {
            return Value::Null;
        };
        match form.get("type").and_then(Value::as_str) {
            Some("string") => Value::String(String::new()),
            Some("boolean") => Value::Bool(false),
            Some("array") => Value::Array(Vec::new()),
            Some("integer" | "number") => form.get("minimum").cloned().unwrap_or_else(|| 0.into()),
            Some("object") => self.least_object(form, depth),
            _ => Value::Null,
        }
    }

    fn least_object(&self, schema: &'a Value, depth: usize) -> Value {
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        let fields = required.filter_map(|name| {
            let name = name.as_str()?;
            let field = schema.get("properties")?.get(name)?;
            Some((name.to_owned(), self.least_of(field, depth + 1)))
        });
        Value::Object(fields.collect::<Map<_, _>>())
    }
}

/// A value in YAML, on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{key}: {}", flow(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a text needs no quotes in YAML.
fn is_plain(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|letter| letter.is_alphanumeric() || "_-./@ ".contains(letter))
        && text.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "type": "object",
            "required": ["name", "kind", "inner"],
            "properties": {
                "name": { "type": "string", "examples": ["{{ a }}"] },
                "rate": { "type": ["array", "null"], "items": { "type": "string" }, "examples": [["30/10s"]] },
                "kind": { "oneOf": [{ "const": "small" }, { "const": "large" }] },
                "inner": { "$ref": "#/$defs/Inner" },
                "perhaps": { "anyOf": [{ "$ref": "#/$defs/Inner" }, { "type": "null" }] },
                "map": { "additionalProperties": { "type": "boolean" } },
            },
            "$defs": { "Inner": {
                "type": "object", "required": ["size"], "examples": [{ "size": 8 }],
                "properties": { "size": { "type": "integer", "minimum": 1 }, "next": { "$ref": "#/$defs/Inner" } },
            } },
        })
    }

    #[test]
    fn an_example_is_that_of_the_place_or_of_what_is_around_it() {
        let schema = schema();
        for (pointer, expected) in [
            ("/name", Some("name: \"{{ a }}\"")),
            ("/rate", Some("rate: [30/10s]")),
            ("/rate/0", Some("rate: [30/10s]")),
            ("/inner/size", Some("inner: { size: 8 }")),
            ("/perhaps", Some("perhaps: { size: 8 }")),
            ("/inner/next", Some("next: { size: 8 }")),
            ("/kind", None),
        ] {
            let found = Outline(&schema).example(&Pointer::parse(pointer).unwrap());
            assert_eq!(found.as_deref(), expected, "{pointer}");
        }
    }

    #[test]
    fn the_least_is_nothing_or_what_a_schema_insists_on() {
        let schema = schema();
        for (pointer, expected) in [
            ("/name", json!("")),
            ("/rate", json!(null)),
            ("/rate/1", json!("")),
            ("/kind", json!("small")),
            ("/inner", json!({ "size": 1 })),
            ("/perhaps", json!(null)),
            ("/map/x", json!(false)),
            ("", json!({ "name": "", "kind": "small", "inner": { "size": 1 } })),
        ] {
            assert_eq!(
                Outline(&schema).least(&Pointer::parse(pointer).unwrap()),
                expected,
                "{pointer}"
            );
        }
    }
}
