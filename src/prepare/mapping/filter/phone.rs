//! `phone`: a Vietnamese telephone number in the form that all countries write.

use std::sync::Arc;

use minijinja::{Environment, Value};

use super::{Example, Filter, Setting, map_text};

pub(super) const FILTER: Filter = Filter {
    name: "phone",
    about: "a Vietnamese telephone number as +84…",
    details: "Reads 0912 345 678, 84-912-345-678, +84 (0)912.345.678 and numbers in towns such as 024 3936 2633. Mobile numbers \
              of eleven digits are renumbered as they were in 2018: 0168… becomes +8438…. Everything else is left as it is: \
              numbers of other countries, short ones such as 113 and 1900 1234, two numbers in a cell, and texts.",
    arguments: &[],
    examples: &[
        Example {
            given: &[("phone", "0912 345 678")],
            expression: "{{ phone | phone }}",
            gives: "+84912345678",
        },
        Example {
            given: &[("phone", "0168.123.4567")],
            expression: "{{ phone | phone }}",
            gives: "+84381234567",
        },
        Example {
            given: &[("phone", "1900 1234")],
            expression: "{{ phone | phone }}",
            gives: "1900 1234",
        },
    ],
    add: Some(add),
    short: None,
};

/// The beginnings of mobile numbers before 2018, without the 0, and those since.
const RENUMBERED: [(&str, &str); 21] = [
    ("120", "70"),
    ("121", "79"),
    ("122", "77"),
    ("126", "76"),
    ("128", "78"),
    ("123", "83"),
    ("124", "84"),
    ("125", "85"),
    ("127", "81"),
    ("129", "82"),
    ("162", "32"),
    ("163", "33"),
    ("164", "34"),
    ("165", "35"),
    ("166", "36"),
    ("167", "37"),
    ("168", "38"),
    ("169", "39"),
    ("186", "56"),
    ("188", "58"),
    ("199", "59"),
];

fn add(environment: &mut Environment<'static>, _: &Arc<Setting>) {
    environment.add_filter("phone", |value: Value| {
        map_text("phone", &value, |text| {
            Ok(international(text).map_or_else(|| Value::from(text), Value::from))
        })
    });
}

/// None for what is no Vietnamese number, or not surely one.
fn international(text: &str) -> Option<String> {
    // The longest way to write one is far shorter.
    let text = text.trim();
    if text.len() > 40 {
        return None;
    }
    let mut digits = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        match letter {
            '0'..='9' => digits.push(letter),
            '+' if at == 0 => digits.push('+'),
            ' ' | '.' | '-' | '(' | ')' | '\u{a0}' => {}
            _ => return None,
        }
    }
    let national = ["+84", "0084", "84"]
        .iter()
        .find_map(|prefix| digits.strip_prefix(prefix))
        .map(|rest| rest.strip_prefix('0').unwrap_or(rest))
        .or_else(|| digits.strip_prefix('0').filter(|rest| !rest.starts_with('0')))?;
    let renumbered = RENUMBERED.iter().find(|(old, _)| national.starts_with(old));
    match (national.len(), national.as_bytes().first()?) {
        (9, b'3' | b'5' | b'7' | b'8' | b'9') => Some(format!("+84{national}")),
        (10, b'2') => Some(format!("+84{national}")),
        (10, b'1') => renumbered.map(|(_, new)| format!("+84{new}{}", &national[3..])),
        _ => None,
    }
}
