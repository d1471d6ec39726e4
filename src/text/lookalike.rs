//! Letters that look like others, or like nothing: what people type or paste without seeing it.
//!
//! Names them by their code points, and says what was meant. What is refused for them is for whoever reads the text.

use super::spelling::{Spelling, canonical, is_canonical};
use super::visible::is_unseen;

/// A letter that is not what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lookalike {
    pub letter: char,
    /// Where it stands, in bytes.
    pub at: usize,
    /// What it looks like; none where it is not seen at all, or is a mark of its own on the letter before it.
    pub meant: Option<char>,
}

/// Whether a sign is a mark on the letter before it.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

/// The signs of YAML and of expressions that a letter looks like; none where it looks like none of them.
fn sign(letter: char) -> Option<char> {
    Some(match letter {
        '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{b4}' | '\u{ff07}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ab}' | '\u{bb}' | '\u{ff02}' => '"',
        '\u{ff1a}' | '\u{2236}' => ':',
        '\u{ff0c}' => ',',
        '\u{ff5b}' => '{',
        '\u{ff5d}' => '}',
        '\u{ff3b}' => '[',
        '\u{ff3d}' => ']',
        '\u{ff08}' => '(',
        '\u{ff09}' => ')',
        '\u{ff5c}' => '|',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' => '-',
        blank if blank.is_whitespace() && !blank.is_ascii() => ' ',
        _ => return None,
    })
}

/// The letters of other scripts, and of other widths, that look like one of ours.
fn latin(letter: char) -> Option<char> {
    if matches!(letter, '\u{ff01}'..='\u{ff5e}') {
        return char::from_u32(u32::from(letter) - 0xfee0);
    }
    const PAIRS: [(&str, &str); 2] = [
        ("аеорсухіјѕԁһкмтвнАВЕКМНОРСТХ", "aeopcyxijsdhkmtbhABEKMHOPCTX"),
        ("οαιυνκρΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oaiuvkpABEZHIKMNOPTYX"),
    ];
    PAIRS.iter().find_map(|(odd, plain)| {
        odd.chars().zip(plain.chars()).find(|(odd, _)| *odd == letter).map(|(_, plain)| plain)
    })
}

impl Lookalike {
    /// The first in a text that looks like a sign, or is not seen.
    pub(crate) fn of_signs(text: &str) -> Option<Self> {
        text.char_indices().find_map(|(at, letter)| match sign(letter) {
            Some(meant) => Some(Self { letter, at, meant: Some(meant) }),
            None => (is_unseen(letter) && !matches!(letter, '\t' | '\n' | '\r')).then_some(Self {
                letter,
                at,
                meant: None,
            }),
        })
    }

    /// The first in a name that looks like a letter or a sign of the name that was meant.
    pub(crate) fn in_name(written: &str, meant: &str) -> Option<Self> {
        let of_letters = written.char_indices().find_map(|(at, letter)| {
            let looks_like = latin(letter).or_else(|| sign(letter))?;
            Some(Self { letter, at, meant: Some(looks_like) })
        });
        let of_marks = || {
            let mut letters = written.char_indices();
            let (at, letter) = letters.find(|(_, letter)| is_mark(*letter))?;
            Some(Self { letter, at, meant: None })
        };
        let found = of_letters.or_else(|| Self::of_signs(written)).or_else(of_marks);
        found.filter(|found| !meant.contains(found.letter))
    }

    /// ``the sign `“` (U+201C)``; a letter that is not seen by its code point alone.
    pub(crate) fn named(self) -> String {
        let code = format!("U+{:04X}", u32::from(self.letter));
        match self.meant {
            Some(' ') => format!("{code}, a blank of another kind"),
            Some(_) => format!("`{}` ({code})", self.letter),
            None if is_mark(self.letter) => {
                format!("{code}, a mark of its own on the letter before it (NFD)")
            }
            None => format!("{code}, which is not seen"),
        }
    }

    /// What to do about it.
    pub(crate) fn advice(self) -> String {
        match self.meant {
            Some(' ') => "put a usual blank in its place".to_owned(),
            Some(meant) => format!("write {meant} in its place"),
            None => "take it out; writing the line anew by hand does".to_owned(),
        }
    }
}

/// The word of some that a text is to the eye: with other letters that look the same, or with signs that are not seen.
pub(crate) fn seen_as<'a>(written: &str, words: &[&'a str]) -> Option<&'a str> {
    let seen = |text: &str| -> String {
        let letters = canonical(text).chars().collect::<Vec<_>>().into_iter();
        let plain = letters.filter(|letter| !is_unseen(*letter));
        let plain: String =
            plain.map(|letter| latin(letter).or_else(|| sign(letter)).unwrap_or(letter)).collect();
        plain.trim().to_lowercase()
    };
    let text = seen(written);
    words.iter().find(|word| seen(word) == text).copied()
}

/// `` did you mean `note`? ``, with the letter that is not what it looks like.
pub(crate) fn did_you_mean(written: &str, meant: &str) -> String {
    match (Lookalike::in_name(written, meant), Lookalike::in_name(meant, written)) {
        (Some(found), _) => {
            format!("did you mean `{meant}`? What is written has {} in it", found.named())
        }
        (None, Some(found)) if found.meant.is_some() => {
            format!("did you mean `{meant}`, which has {} in it?", found.named())
        }
        (None, _) if !is_canonical(meant) && *canonical(meant) == *canonical(written) => {
            let decomposed = Spelling::OTHERS[1].of(meant);
            let mark = decomposed.chars().find(|letter| is_mark(*letter));
            let mark =
                mark.map_or_else(String::new, |mark| format!(" (U+{:04X})", u32::from(mark)));
            format!("did you mean `{meant}`, whose letters have marks of their own{mark}?")
        }
        (None, _) => format!("did you mean `{meant}`?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_known_by_how_it_is_seen() {
        let words = ["true", "false", "yes", "high priority"];
        for (written, word) in [
            ("tru\u{435}", Some("true")),
            ("TRU\u{415}", Some("true")),
            ("y\u{435}\u{455}", Some("yes")),
            ("\u{ff54}\u{ff52}\u{ff55}\u{ff45}", Some("true")),
            ("\u{200b}false\u{200b}", Some("false")),
            ("high\u{a0}priority", Some("high priority")),
            ("truth", None),
            ("", None),
        ] {
            assert_eq!(seen_as(written, &words), word, "{written}");
        }
    }

    #[test]
    fn letters_are_named_by_their_code_points() {
        for (written, meant, part) in [
            ("n\u{43e}te", "note", "`\u{43e}` (U+043E)"),
            ("note\u{200b}", "note", "U+200B, which is not seen"),
            ("ticket\u{a0}id", "ticket id", "U+00A0, a blank of another kind"),
            ("ma\u{303}", "m\u{e3}", "U+0303, a mark of its own"),
            ("m\u{e3}", "ma\u{303}", "marks of their own (U+0303)"),
            ("\u{ff4e}ote", "note", "`\u{ff4e}` (U+FF4E)"),
            ("note", "n\u{43e}te", "which has `\u{43e}` (U+043E) in it"),
            ("nots", "note", "`note`?"),
            ("mã phiếu", "mã phiếu", "?"),
        ] {
            let words = did_you_mean(written, meant);
            assert!(words.contains(part), "{words}");
        }
    }
}
