//! `salesforce_id`: a Salesforce id in its long form, which is the same in all programs.

use std::sync::Arc;

use minijinja::{Environment, Error, Value};

use super::{Example, Filter, Setting, map_text, refusal};

pub(super) const FILTER: Filter = Filter {
    name: "salesforce_id",
    about: "a Salesforce id of 15 characters as one of 18",
    details: "Ids of 15 characters differ by capitals alone, so programs that take no notice of capitals confuse them; those of \
              18 have three characters more that say which letters are capitals. An id of 18 characters keeps them, and gets \
              its capitals back where a program has lost them. Anything else is a problem of the row.",
    arguments: &[],
    examples: &[
        Example {
            given: &[("id", "5003000000D8cuI")],
            expression: "{{ id | salesforce_id }}",
            gives: "5003000000D8cuIAAR",
        },
        Example {
            given: &[("id", "5003000000d8cuiaar")],
            expression: "{{ id | salesforce_id }}",
            gives: "5003000000D8cuIAAR",
        },
    ],
    add: Some(add),
    short: None,
};

/// How five capitals are written as one character.
const SIGNS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

fn add(environment: &mut Environment<'static>, _: &Arc<Setting>) {
    environment.add_filter("salesforce_id", |value: Value| {
        map_text("salesforce_id", &value, |text| match text.trim() {
            "" => Ok(Value::from(())),
            id => long(id).map(Value::from),
        })
    });
}

fn long(id: &str) -> Result<String, Error> {
    let is_id = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let no_id =
        || refusal(format!("`{id}` is no Salesforce id: that has 15 or 18 letters and digits"));
    match (is_id, id.len()) {
        (true, 15) => Ok(format!("{id}{}", suffix(id))),
        (true, 18) => restored(id).ok_or_else(no_id),
        _ => Err(no_id()),
    }
}

fn suffix(short: &str) -> String {
    let signs = short.as_bytes().chunks(5).map(|five| {
        let capitals = five.iter().enumerate();
        let bits = capitals
            .fold(0, |bits, (at, byte)| bits | usize::from(byte.is_ascii_uppercase()) << at);
        char::from(SIGNS[bits & 31])
    });
    signs.collect()
}

/// The id with the capitals that its last three characters say; none where they say nothing.
fn restored(id: &str) -> Option<String> {
    let (short, suffix) = id.split_at_checked(15)?;
    let mut restored = String::with_capacity(18);
    for (five, sign) in short.as_bytes().chunks(5).zip(suffix.bytes()) {
        let bits = SIGNS.iter().position(|known| *known == sign.to_ascii_uppercase())?;
        for (at, byte) in five.iter().enumerate() {
            let is_capital = bits >> at & 1 == 1;
            if is_capital && !byte.is_ascii_alphabetic() {
                return None;
            }
            restored.push(char::from(match is_capital {
                true => byte.to_ascii_uppercase(),
                false => byte.to_ascii_lowercase(),
            }));
        }
    }
    restored.push_str(&suffix.to_ascii_uppercase());
    Some(restored)
}
