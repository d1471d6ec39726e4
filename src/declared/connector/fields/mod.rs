//! The fields of an operation, as its JSON Schema declares them.
//!
//! What is wrong with the schema itself is found when the connector is loaded, by [`lint`] and by compiling it. Whether
//! a row's values fit it is for `schema`.

mod lint;

use std::sync::Arc;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value};

use crate::row::{Field, Fields, RowJson};

use super::reader::Reader;

pub(in crate::declared) use lint::KEYWORDS;

/// The fields that an operation has, in the order of their declaration.
#[derive(Debug)]
pub struct FieldSet {
    schema: Value,
    names: Vec<Arc<str>>,
    /// Each name as it stands before its value in an object: in quotes, with a colon.
    members: Vec<Box<str>>,
}

impl FieldSet {
    /// The fields that a schema of an object declares; none where it declares no properties.
    pub(super) fn of(schema: Map<String, Value>) -> Self {
        let properties = schema.get("properties").and_then(Value::as_object);
        let names = properties.into_iter().flatten().map(|(name, _)| name.as_str().into());
        let names: Vec<Arc<str>> = names.collect();
        let members = names.iter().map(|name| format!("{}:", Value::from(&**name)).into());
        Self { members: members.collect(), names, schema: Value::Object(schema) }
    }

    /// The whole schema.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    pub fn find(&self, name: &str) -> Option<Field> {
        self.names.iter().position(|known| **known == *name).and_then(Field::at)
    }

    pub fn name(&self, field: Field) -> &str {
        self.names.get(field.place()).map_or("", AsRef::as_ref)
    }

    /// The name in JSON, up to where its value begins.
    pub fn member(&self, field: Field) -> &str {
        self.members.get(field.place()).map_or("", AsRef::as_ref)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// The names by the fields' places.
    pub fn list(&self) -> &[Arc<str>] {
        &self.names
    }

    /// Each field, its name and its schema.
    pub fn properties(&self) -> impl Iterator<Item = (Field, &str, &Value)> {
        let properties = self.property_map().into_iter().flatten().enumerate();
        properties
            .filter_map(|(place, (name, schema))| Some((Field::at(place)?, name.as_str(), schema)))
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

    /// The fields that are true or false, in the order of their declaration.
    pub fn flags(&self) -> impl Iterator<Item = Field> {
        let is_flag = |schema: &Value| schema.get("type").is_some_and(|kind| kind == "boolean");
        self.properties().filter(move |(_, _, schema)| is_flag(schema)).map(|(field, _, _)| field)
    }

    /// What people call rows that say yes or no to a field that is true or false; none where the connector has no words.
    pub fn counted_as(&self, name: &str, value: bool) -> Option<&str> {
        let words = self.property_map()?.get(name)?.get("x-counted-as")?;
        words.get(if value { "true" } else { "false" })?.as_str()
    }

    /// What an absent field counts as.
    pub fn default_of(&self, name: &str) -> Option<&Value> {
        self.property_map()?.get(name)?.get("default")
    }

    /// The values of an object as fields; members that are none are left out.
    pub fn values(&self, object: &Value) -> Fields<'static> {
        let mut fields = Fields::default();
        for (name, value) in object.as_object().into_iter().flatten() {
            if let Some(field) = self.find(name) {
                fields.set(field, value.clone().into());
            }
        }
        fields
    }

    fn property_map(&self) -> Option<&Map<String, Value>> {
        self.schema.get("properties").and_then(Value::as_object)
    }
}

/// Compiles the fields' schema; none where it says nothing sensible, which is told to the reader at its place.
pub(super) fn validator(fields: &FieldSet, reader: &mut Reader<'_>) -> Option<Validator<RowJson>> {
    if reader.fields_are_unsound() {
        return None;
    }
    let before = reader.problems.len();
    lint::schema(&fields.schema, reader);
    if reader.problems.len() > before {
        return None;
    }
    let compiled = jsonschema::options_for::<RowJson>()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .build(&fields.schema);
    compiled.map_err(|error| lint::unusable(&error, reader)).ok()
}
