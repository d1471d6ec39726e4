//! `nfc`: letters and their marks as one sign each.

use std::sync::Arc;

use icu_normalizer::ComposingNormalizerBorrowed;
use minijinja::{Environment, Value};

use super::{Example, Filter, Setting, map_text};

pub(super) const FILTER: Filter = Filter {
    name: "nfc",
    about: "a text in which each letter with its marks is one sign",
    details: "ễ can be written as one sign, or as e followed by two marks, and the two look alike. Programs on macOS, and files \
              that were in windows-1258, have the marks apart. Use it where texts are compared or looked up.",
    arguments: &[],
    examples: &[Example {
        given: &[("name", "Nguye\u{302}\u{303}n")],
        expression: "{{ name | nfc | length }}",
        gives: "6",
    }],
    add: Some(add),
    short: None,
};

fn add(environment: &mut Environment<'static>, _: &Arc<Setting>) {
    environment.add_filter("nfc", |value: Value| {
        map_text("nfc", &value, |text| {
            let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
            Ok(Value::from(&*composed))
        })
    });
}
