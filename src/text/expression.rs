//! Columns as they stand in an expression, and texts as they stand in quotes there.

/// What means something else in an expression than a column of that name.
const TAKEN: [&str; 33] = [
    "row",
    "parent",
    "index",
    "value",
    "var",
    "key",
    "true",
    "false",
    "none",
    "True",
    "False",
    "None",
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "elif",
    "else",
    "endif",
    "for",
    "endfor",
    "loop",
    "recursive",
    "set",
    "block",
    "range",
    "dict",
    "namespace",
    "debug",
    "self",
    "super",
];

/// A column by its name; `parent.x` is one of the object around the row.
pub(super) fn term(name: &str) -> String {
    match name.strip_prefix("parent.") {
        Some(inner) if is_identifier(inner) => format!("parent.{inner}"),
        Some(inner) => format!("parent[{}]", quoted(inner)),
        None if is_identifier(name) && !TAKEN.contains(&name) => name.to_owned(),
        None => format!("row[{}]", quoted(name)),
    }
}

fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
