//! Texts as they stand in YAML and in its comments: whatever they hold, nothing in them is taken for YAML.

use crate::text::visible::{is_unseen, shown};

/// Lines of comments are no longer than this, unless a single word is.
const WIDTH: usize = 110;

/// A text as a value or a key: without quotes where that is safe.
pub(super) fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain = |letter: char| letter.is_alphanumeric() || "_./-".contains(letter);
    let begins_well =
        text.starts_with(|first: char| first.is_alphabetic() || first == '/' || first == '_');
    let is_word = WORDS.contains(&text.to_lowercase().as_str());
    match begins_well && text.chars().all(is_plain) && !is_word {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// A text in double quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if is_unseen(letter) => out.push_str(&format!("\\U{:08X}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// An expression as a value.
pub(super) fn expression(text: &str) -> String {
    let quoted = quoted(&format!("{{{{ {text} }}}}"));
    // As people write it: in double quotes YAML itself knows these ends of lines.
    quoted.replace("replace('\\\\r\\\\n', '\\\\n')", "replace('\\r\\n', '\\n')")
}

/// A foreign text within a line of a comment.
pub(super) fn line(text: &str) -> String {
    shown(text).replace(['\n', '\r', '\t', '\u{85}', '\u{2028}', '\u{2029}'], " ")
}

/// Lines of a comment, indented.
pub(super) fn comment(text: &str, indent: usize) -> String {
    let indent = " ".repeat(indent);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line)
                if line.chars().count() + 1 + word.chars().count() <= WIDTH - indent.len() =>
            {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}# {word}")),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests;
