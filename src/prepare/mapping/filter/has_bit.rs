//! `has_bit`: whether a flag is set in a number of flags.

use std::sync::Arc;

use minijinja::{Environment, Error, Value};

use super::{Argument, Example, Filter, Setting, refusal, text_of};

pub(super) const FILTER: Filter = Filter {
    name: "has_bit",
    about: "whether a number of flags has a flag set",
    details: "Some databases keep several marks in one number. An empty cell has none of them.",
    arguments: &[Argument {
        name: "flag",
        about: "the flag's number: 1, 2, 4, 8 and so on; of a sum of flags, all have to be set",
    }],
    examples: &[Example {
        given: &[("flags", "132")],
        expression: "{{ 'system' if flags | has_bit(128) else 'of a person' }}",
        gives: "system",
    }],
    add: Some(add),
    short: None,
};

fn add(environment: &mut Environment<'static>, _: &Arc<Setting>) {
    environment.add_filter("has_bit", |value: Value, flag: Value| {
        let flag = number(&flag)?.filter(|flag| *flag > 0);
        let flag = flag.ok_or_else(|| refusal("has_bit asks for a flag from 1 on"))?;
        Ok::<_, Error>(number(&value)?.is_some_and(|flags| flags & flag == flag))
    });
}

/// A number of a number or its digits; none where there is nothing.
fn number(value: &Value) -> Result<Option<u64>, Error> {
    let Some(text) = text_of("has_bit", value)? else { return Ok(None) };
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.strip_suffix(".0").unwrap_or(text);
    let read = digits.parse().map(Some);
    read.map_err(|_| refusal(format!("has_bit takes a whole number, and `{text}` is none")))
}
