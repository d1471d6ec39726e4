//! Hides what texts say and keeps how they look, so that a page can go to people who must not read them.

/// Writes `x` for every letter and `0` for every digit; what parts words stays.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::report) struct Mask;

impl Mask {
    pub(in crate::report) fn of(self, text: &str) -> String {
        let hidden = text.chars().filter_map(|letter| match letter {
            _ if letter.is_ascii_digit() => Some('0'),
            _ if letter.is_alphabetic() => Some('x'),
            _ if letter.is_whitespace() || letter.is_ascii_punctuation() => Some(letter),
            // Marks that stand upon letters.
            _ if unmarked(letter) => None,
            _ => Some('x'),
        });
        hidden.collect()
    }
}

/// A mark of its own in decomposed text.
fn unmarked(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}
