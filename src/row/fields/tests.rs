//! Values by their fields, and the validator's view of a row beside its view of the same JSON.

use std::sync::Arc;

use jsonschema::json::Object;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::instance::Members;
use super::{Field, FieldValue, Fields, Instance, RowJson};

fn field(place: usize) -> Field {
    Field::at(place).unwrap()
}

/// An object as a row: its names and its values.
fn row(object: &Map<String, Value>) -> (Vec<Arc<str>>, Fields<'static>) {
    let mut fields = Fields::default();
    for (place, value) in object.values().enumerate() {
        fields.set(field(place), value.clone().into());
    }
    (object.keys().map(|name| name.as_str().into()).collect(), fields)
}

#[test]
fn values_stand_in_the_order_of_the_declaration_whatever_order_they_come_in() {
    let text = |text: &'static str| FieldValue::Text(text.into());
    let mut fields = Fields::default();
    for (place, value) in [(3, "d"), (1, "x"), (2, "c"), (1, "b")] {
        fields.set(field(place), text(value));
    }
    let found: Vec<_> =
        fields.iter().map(|(field, value)| (field.place(), value.clone())).collect();
    assert_eq!(found, [(1, text("b")), (2, text("c")), (3, text("d"))]);
    assert!(!fields.has(field(0)) && fields.has(field(3)));
    assert_eq!(fields.clone().into_owned(), fields);
}

#[test]
fn a_value_is_what_json_says_it_is() {
    for value in [json!("a"), json!(1), json!(1.5), json!(true), json!([1]), json!(null)] {
        let own = FieldValue::from(value.clone());
        assert!(own.is(&value), "{value}");
        assert_eq!(own.to_json(), value);
        assert_eq!(own.is_something(), !value.is_null());
        assert!(!own.is(&json!("other")));
    }
    assert!(!FieldValue::from(json!(1)).is(&json!(1.0)));
}

#[test]
fn fields_that_are_not_there_are_no_members() {
    let names: Vec<Arc<str>> = vec!["a".into(), "b".into()];
    let mut fields = Fields::default();
    fields.set(field(1), FieldValue::Bool(true));
    let members = Members::Row { names: &names, fields: &fields };
    assert_eq!(members.len(), 1);
    assert!(members.get(&"a".into()).is_none() && members.get(&"b".into()).is_some());
    assert_eq!(members.members().map(|(name, _)| name).collect::<Vec<_>>(), ["b"]);
}

fn a_value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..20).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-4.0..4.0_f64).prop_map(|number| Value::from((number * 4.0).round() / 4.0)),
        "[a-zä]{0,4}".prop_map(Value::from),
    ];
    let list = prop::collection::vec(scalar.clone(), 0..3).prop_map(Value::from);
    prop_oneof![8 => scalar, 1 => list, 1 => Just(json!({"a": 1, "b": "x"}))]
}

proptest! {
    #[test]
    fn a_row_is_valid_and_wrong_as_the_same_json_is(
        values in prop::collection::btree_map("[a-h]", a_value(), 0..8),
    ) {
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["a", "b"],
            "minProperties": 2,
            "propertyNames": {"maxLength": 1},
            "properties": {
                "a": {"type": "string", "minLength": 1, "maxLength": 2, "pattern": "^[a-m]"},
                "b": {"type": "integer", "enum": [0, 1, 2.0, 9]},
                "c": {"type": ["number", "null"], "minimum": -1, "maximum": 2.5, "multipleOf": 0.5},
                "d": {"enum": ["", "a", true, 1, null, [1]]},
                "e": {"type": "array", "uniqueItems": true, "items": {"type": "integer"}},
                "f": {"const": {"a": 1.0, "b": "x"}},
                "g": {"type": "object", "properties": {"a": {"type": "string"}}},
            },
            "if": {"properties": {"b": {"const": 1}}}, "then": {"required": ["c"]},
        });
        let object: Map<String, Value> = values.into_iter().collect();
        let (names, fields) = row(&object);
        let of_rows = jsonschema::options_for::<RowJson>().build(&schema).unwrap();
        let of_json = jsonschema::options().build(&schema).unwrap();
        let instance = Instance::Row { names: &names, fields: &fields };
        let json = Value::Object(object);
        prop_assert_eq!(of_rows.is_valid(instance), of_json.is_valid(&json));
        let shown = |error: jsonschema::ValidationError<'_>| {
            format!("{} {} {error}", error.instance_path(), error.schema_path())
        };
        let found: Vec<String> = of_rows.iter_errors(instance).map(shown).collect();
        let expected: Vec<String> = of_json.iter_errors(&json).map(shown).collect();
        prop_assert_eq!(found, expected);
    }
}
