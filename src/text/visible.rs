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
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
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

/// A text that is put together already, as a terminal may get it: what is unseen by its code point, but for line breaks, tabs
/// and the colors that this program writes. The last door: what is foreign passes [`shown`] before.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    if shown(text) == text {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len() + 16), text);
    while let Some(at) = rest.find('\u{1b}') {
        let (before, escape) = rest.split_at(at);
        out.push_str(&shown(before));
        let length = color(escape).unwrap_or(0);
        out.push_str(&escape[..length]);
        rest = &escape[length..];
        if length == 0 {
            out.push_str("<U+001B>");
            rest = &escape[1..];
        }
    }
    out.push_str(&shown(rest));
    Cow::Owned(out)
}

/// How long a sequence is that does no more than color what follows, where a text begins with one.
fn color(text: &str) -> Option<usize> {
    let codes = text.strip_prefix("\u{1b}[")?;
    let end = codes.find('m')?;
    let is_color = |code: &str| matches!(code.parse().unwrap_or(u8::MAX), 0..=4 | 22..=24 | 31..=36 | 39 | 90..=97);
    let codes = &codes[..end];
    (codes.is_empty() || codes.split(';').all(is_color)).then_some(end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_steers_a_terminal_only_colors_pass() {
        for (text, expected) in [
            ("plain\n", "plain\n"),
            ("\u{1b}[1m\u{1b}[31mred\u{1b}[0m", "\u{1b}[1m\u{1b}[31mred\u{1b}[0m"),
            ("\u{1b}[m", "\u{1b}[m"),
            ("\u{1b}[1;94mblue", "\u{1b}[1;94mblue"),
            ("\u{1b}[8mhidden", "<U+001B>[8mhidden"),
            ("\u{1b}[30;40mhidden", "<U+001B>[30;40mhidden"),
            ("\u{1b}[2J\u{1b}]0;title\u{7}", "<U+001B>[2J<U+001B>]0;title<U+0007>"),
            ("a\u{9b}2J\u{1b}[31mb\u{202e}", "a<U+009B>2J\u{1b}[31mb<U+202E>"),
            ("\u{1b}", "<U+001B>"),
            ("\u{1b}[é", "<U+001B>[é"),
        ] {
            assert_eq!(safe(text), expected, "{text:?}");
        }
    }

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
