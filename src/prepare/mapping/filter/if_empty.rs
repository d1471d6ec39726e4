//! `if_empty`: another value for an empty cell.

use std::sync::Arc;

use minijinja::{Environment, Value};

use super::{Argument, Example, Filter, Setting, is_empty};

pub(super) const FILTER: Filter = Filter {
    name: "if_empty",
    about: "another value for an empty cell",
    details: "Empty is no value, a text of blanks alone, and a list or an object without entries; 0 and false are not. In \
              conditions, `cell is empty` asks for the same.",
    arguments: &[Argument { name: "other", about: "the value instead" }],
    examples: &[
        Example {
            given: &[("author", "  ")],
            expression: "{{ author | if_empty('(unknown)') }}",
            gives: "(unknown)",
        },
        Example {
            given: &[("author", "Lan")],
            expression: "{{ 'nobody' if author is empty else author }}",
            gives: "Lan",
        },
    ],
    add: Some(add),
    short: None,
};

fn add(environment: &mut Environment<'static>, _: &Arc<Setting>) {
    environment.add_filter(
        "if_empty",
        |value: Value, other: Value| {
            if is_empty(&value) { other } else { value }
        },
    );
}
