//! Letters that look like others, or like nothing: what people type or paste without seeing it.
//!
//! Names them by their code points, and says what was meant. What is refused for them is for whoever reads the text.

use super::visible::is_unseen;

/// A letter that is not what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lookalike {
    pub letter: char,
    /// Where it stands, in bytes.
    pub at: usize,
    /// What it looks like; none where it is not seen at all.
    pub meant: Option<char>,
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

/// The letters of other scripts that look like one of ours.
fn latin(letter: char) -> Option<char> {
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
        let found = of_letters.or_else(|| Self::of_signs(written));
        found.filter(|found| !meant.contains(found.letter))
    }

    /// ``the sign `“` (U+201C)``; a letter that is not seen by its code point alone.
    pub(crate) fn named(self) -> String {
        let code = format!("U+{:04X}", u32::from(self.letter));
        match self.meant {
            Some(' ') => format!("{code}, a blank of another kind"),
            Some(_) => format!("`{}` ({code})", self.letter),
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

/// `` did you mean `note`? ``, with the letter that is not what it looks like.
pub(crate) fn did_you_mean(written: &str, meant: &str) -> String {
    match Lookalike::in_name(written, meant) {
        Some(found) => {
            format!("did you mean `{meant}`? What is written has {} in it", found.named())
        }
        None => format!("did you mean `{meant}`?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_named_by_their_code_points() {
        for (written, meant, part) in [
            ("n\u{43e}te", "note", "`\u{43e}` (U+043E)"),
            ("note\u{200b}", "note", "U+200B, which is not seen"),
            ("ticket\u{a0}id", "ticket id", "U+00A0, a blank of another kind"),
            ("nots", "note", "`note`?"),
            ("mã phiếu", "mã phiếu", "?"),
        ] {
            let words = did_you_mean(written, meant);
            assert!(words.contains(part), "{words}");
        }
    }
}
