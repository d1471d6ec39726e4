//! `squeeze`: a text without blanks and blank lines that say nothing.

use std::sync::Arc;

use minijinja::{Environment, Value};

use super::{Example, Filter, Setting, map_text};

pub(super) const FILTER: Filter = Filter {
    name: "squeeze",
    about: "a text without needless blanks and blank lines",
    details: "A run of blanks within a line becomes one blank, blanks at the ends of lines go, and no more than one blank line \
              stands in a row. Line breaks stay; CRLF becomes LF.",
    arguments: &[],
    examples: &[Example {
        given: &[("note", "  Đã   gọi \n\n\n\n khách.  ")],
        expression: "{{ note | squeeze }}",
        gives: "Đã gọi\n\nkhách.",
    }],
    add: Some(add),
    short: None,
};

fn add(environment: &mut Environment<'static>, _: &Arc<Setting>) {
    environment.add_filter("squeeze", |value: Value| {
        map_text("squeeze", &value, |text| Ok(squeezed(text).into()))
    });
}

fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut breaks = 0;
    for line in text.lines() {
        let mut words = line.split_whitespace().peekable();
        if words.peek().is_some() && !out.is_empty() {
            out.push_str(if breaks > 1 { "\n\n" } else { "\n" });
        }
        if words.peek().is_some() {
            breaks = 0;
        }
        for (index, word) in words.enumerate() {
            if index > 0 {
                out.push(' ');
            }
            out.push_str(word);
        }
        breaks += 1;
    }
    out
}
