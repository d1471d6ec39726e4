//! What stands in expressions: which words mean something there, columns by their names, and texts in quotes.
//!
//! Not for reading or evaluating one.

/// Words that mean something else in every expression than a value of that name.
const WORDS: [&str; 22] = [
    "row",
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
    "else",
    "loop",
    "self",
    "super",
    "range",
    "dict",
    "namespace",
    "debug",
];

/// Words that mean something else only at places, and that a column is not called by where it need not be.
const WORDS_AT_PLACES: [&str; 11] = [
    "parent",
    "index",
    "value",
    "var",
    "elif",
    "endif",
    "for",
    "endfor",
    "recursive",
    "set",
    "block",
];

/// Whether a word means something else in every expression.
pub(crate) fn is_taken(word: &str) -> bool {
    WORDS.contains(&word)
}

/// A column by its name; `parent.x` is one of the object around the row.
pub(crate) fn term(name: &str) -> String {
    match name.strip_prefix("parent.") {
        Some(inner) if is_identifier(inner) => format!("parent.{inner}"),
        Some(inner) => format!("parent[{}]", quoted(inner)),
        None if is_identifier(name) && !is_taken(name) && !WORDS_AT_PLACES.contains(&name) => {
            name.to_owned()
        }
        None => format!("row[{}]", quoted(name)),
    }
}

/// Whether a name can stand in an expression as it is.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// A text in quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
