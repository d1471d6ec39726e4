//! `before`: what stands before a part of a text.

use std::sync::Arc;

use minijinja::value::Kwargs;
use minijinja::{Environment, Value};

use super::search::Part;
use super::{Argument, Example, Filter, Setting, map_text};

pub(super) const FILTER: Filter = Filter {
    name: "before",
    about: "what stands before the first occurrence of a part of a text",
    details: "A text that does not have the part is left whole. That cuts quoted history off a mail, for example. Blanks are \
              left as they are.",
    arguments: &[
        Argument { name: "part", about: "what is looked for, letter by letter" },
        Argument { name: "regex=true", about: "the part is a regular expression" },
    ],
    examples: &[
        Example {
            given: &[("body", "Đã nhận.\n-----Original Message-----\nFrom: …")],
            expression: "{{ body | before('-----Original Message') | trim }}",
            gives: "Đã nhận.",
        },
        Example {
            given: &[("body", "Ok em.\nVào 08:10, 5 thg 3, 2024, Lan đã viết:\n> …")],
            expression: "{{ body | before('\\nVào .*đã viết:', regex=true) }}",
            gives: "Ok em.",
        },
    ],
    add: Some(add),
    short: None,
};

fn add(environment: &mut Environment<'static>, setting: &Arc<Setting>) {
    let setting = Arc::clone(setting);
    environment.add_filter("before", move |value: Value, part: Value, options: Kwargs| {
        let part = Part::read("before", &part, &options, &setting.patterns)?;
        map_text("before", &value, |text| {
            let found = part.find(text)?;
            Ok(Value::from(&text[..found.map_or(text.len(), |range| range.start)]))
        })
    });
}
