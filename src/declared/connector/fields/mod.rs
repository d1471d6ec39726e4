//! The fields of an operation, as its JSON Schema declares them.
//!
//! What is wrong with the schema itself is found when the connector is loaded, by [`lint`] and by compiling it. Whether
//! a row's values fit it is for `schema`.

mod lint;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value};

use super::reader::Reader;

/// The fields that an operation has, in the order of their declaration.
#[derive(Debug)]
pub struct FieldSet {
    schema: Value,
}

impl FieldSet {
    /// The fields that a schema of an object declares; none where it declares no properties.
    pub(super) fn of(schema: Map<String, Value>) -> Self {
        Self { schema: Value::Object(schema) }
    }

    /// The whole schema.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.properties().map(|(name, _)| name)
    }

    /// Each field and its schema.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.property_map().into_iter().flatten().map(|(name, schema)| (name.as_str(), schema))
    }

    pub fn has(&self, name: &str) -> bool {
        self.property_map().is_some_and(|properties| properties.contains_key(name))
    }

    pub fn is_required(&self, name: &str) -> bool {
        let required = self.schema.get("required").and_then(Value::as_array);
        required.is_some_and(|required| required.iter().any(|field| field == name))
    }

    /// Whether the field is declared as text and nothing else.
    pub fn is_text(&self, name: &str) -> bool {
        let field = self.property_map().and_then(|properties| properties.get(name));
        field.and_then(|field| field.get("type")).is_some_and(|kind| kind == "string")
    }

    /// What an absent field counts as.
    pub fn default_of(&self, name: &str) -> Option<&Value> {
        self.property_map()?.get(name)?.get("default")
    }

    fn property_map(&self) -> Option<&Map<String, Value>> {
        self.schema.get("properties").and_then(Value::as_object)
    }
}

/// Compiles the fields' schema; none where it says nothing sensible, which is told to the reader at its place.
pub(super) fn validator(fields: &FieldSet, reader: &mut Reader<'_>) -> Option<Validator> {
    let before = reader.problems.len();
    lint::schema(&fields.schema, reader);
    if reader.problems.len() > before {
        return None;
    }
    let compiled = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .build(&fields.schema);
    compiled.map_err(|error| lint::unusable(&error, reader)).ok()
}
