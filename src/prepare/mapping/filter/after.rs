//! `after`: what stands behind a part of a text.

use std::sync::Arc;

use minijinja::value::Kwargs;
use minijinja::{Environment, Value};

use super::search::Part;
use super::{Argument, Example, Filter, Setting, map_text};

pub(super) const FILTER: Filter = Filter {
    name: "after",
    about: "what stands behind the first occurrence of a part of a text",
    details: "A text that does not have the part gives nothing. Blanks are left as they are.",
    arguments: &[
        Argument { name: "part", about: "what is looked for, letter by letter" },
        Argument { name: "regex=true", about: "the part is a regular expression" },
    ],
    examples: &[Example {
        given: &[("url", "https://host/attachments/serial.png")],
        expression: "{{ url | after('/attachments/') }}",
        gives: "serial.png",
    }],
    add: Some(add),
    short: None,
};

fn add(environment: &mut Environment<'static>, setting: &Arc<Setting>) {
    let setting = Arc::clone(setting);
    environment.add_filter("after", move |value: Value, part: Value, options: Kwargs| {
        let part = Part::read("after", &part, &options, &setting.patterns)?;
        map_text("after", &value, |text| {
            let found = part.find(text)?;
            Ok(found.map_or(Value::from(""), |range| Value::from(&text[range.end..])))
        })
    });
}
