//! Foreign texts as they may be shown: nothing in them steers a terminal, turns the direction of writing, or hides.
//!
//! Where a text is put, and how it is laid out, is for whoever shows it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a letter is not seen itself, but changes how others are: control characters (C1, too), marks of direction,
/// and letters without a width.
pub(crate) fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// The same text with what is unseen by its code point, as in `<U+009B>`. Line breaks and tabs stay.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let is_to_name = |letter: char| is_unseen(letter) && !matches!(letter, '\n' | '\t');
    if !text.contains(is_to_name) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match is_to_name(letter) {
            true => {
                let _ = write!(out, "<U+{:04X}>", u32::from(letter));
            }
            false => out.push(letter),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unseen_is_named() {
        for (text, expected) in [
            ("Xin chào \"anh\" 😀\n\tä", "Xin chào \"anh\" 😀\n\tä"),
            ("\u{1b}[2J", "<U+001B>[2J"),
            ("a\u{9b}31m", "a<U+009B>31m"),
            ("a\r\u{7f}", "a<U+000D><U+007F>"),
            ("\u{202e}txt.exe", "<U+202E>txt.exe"),
            ("a\u{2066}b\u{2069}", "a<U+2066>b<U+2069>"),
            ("pass\u{200b}word\u{feff}", "pass<U+200B>word<U+FEFF>"),
            ("\u{e0041}", "<U+E0041>"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }
}
