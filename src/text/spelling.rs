//! Ways to write one text: how its lines end, and whether letters with marks are one sign or several.
//!
//! Programs change these unasked when they save a file, so they say nothing of which text it is. What is sent is the text as
//! it was written; what is asked here is only which texts are one.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// A way to write texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spelling {
    /// CRLF, and not LF.
    returns: bool,
    /// NFD, and not NFC.
    decomposed: bool,
}

impl Spelling {
    /// The one by which texts are compared: LF, and NFC.
    pub(crate) const CANONICAL: Self = Self { returns: false, decomposed: false };
    /// Letters apart from their marks, and the ends of lines as they are compared.
    pub(crate) const DECOMPOSED: Self = Self { returns: false, decomposed: true };
    /// The others in which programs save whole files.
    pub(crate) const OTHERS: [Self; 3] = [
        Self { returns: true, decomposed: false },
        Self { returns: false, decomposed: true },
        Self { returns: true, decomposed: true },
    ];

    /// A text as it is written so.
    pub(crate) fn of(self, text: &str) -> Cow<'_, str> {
        if has_one_spelling(text) {
            return Cow::Borrowed(text);
        }
        let ended = self.end_lines(text);
        if text.is_ascii() {
            return ended;
        }
        let formed = match self.decomposed {
            false => ComposingNormalizerBorrowed::new_nfc().normalize(&ended),
            true => DecomposingNormalizerBorrowed::new_nfd().normalize(&ended),
        };
        match formed {
            Cow::Owned(formed) => Cow::Owned(formed),
            // Nothing was changed but the ends of lines.
            Cow::Borrowed(_) => ended,
        }
    }

    fn end_lines(self, text: &str) -> Cow<'_, str> {
        let lines = match text.contains('\r') {
            true => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
            false => Cow::Borrowed(text),
        };
        match self.returns && lines.contains('\n') {
            true => Cow::Owned(lines.replace('\n', "\r\n")),
            false => lines,
        }
    }
}

/// A text with its letters put together (NFC), and its lines as they were.
pub(crate) fn composed(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// The text by which it is compared with others.
pub(crate) fn canonical(text: &str) -> Cow<'_, str> {
    Spelling::CANONICAL.of(text)
}

/// Whether a text is the one by which it is compared. Most are, and that is seen at once.
pub(crate) fn is_canonical(text: &str) -> bool {
    !text.as_bytes().contains(&b'\r')
        && (text.is_ascii() || ComposingNormalizerBorrowed::new_nfc().is_normalized(text))
}

/// Whether there is but one way to write a text, as far as a look at its bytes tells.
pub(crate) fn has_one_spelling(text: &str) -> bool {
    // All bytes without a branch.
    text.bytes().fold(true, |one, byte| one & (byte < 0x80) & (byte != b'\n') & (byte != b'\r'))
}

/// Whether two texts are one, however they are written.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one == other || canonical(one) == canonical(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_to_write_a_text_are_one_text() {
        for ways in [
            &["a\nb\n", "a\r\nb\r\n", "a\rb\r", "a\r\nb\n"][..],
            &["\u{1ec7}", "e\u{323}\u{302}", "\u{1eb9}\u{302}", "\u{ea}\u{323}"],
            &["Vi\u{1ec7}t\n", "Vie\u{323}\u{302}t\r\n"],
            &["\n", "\r\n", "\r"],
        ] {
            for way in ways {
                assert_eq!(canonical(way), ways[0], "{way:?}");
                assert_eq!(is_canonical(way), *way == ways[0], "{way:?}");
                assert!(is_same(way, ways[1]) && !has_one_spelling(way));
                for other in Spelling::OTHERS {
                    assert_eq!(canonical(&other.of(way)), ways[0]);
                }
            }
        }
        for (one, other) in
            [("a\n\nb", "a\nb"), ("a b", "ab"), ("\u{e9}", "e"), ("A", "a"), ("\n\r", "\n")]
        {
            assert!(!is_same(one, other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn plain_texts_are_not_copied() {
        for text in ["", "plain", "tab\tand \"quotes\""] {
            assert!(has_one_spelling(text) && is_canonical(text));
            for spelling in Spelling::OTHERS {
                assert!(matches!(spelling.of(text), Cow::Borrowed(_)));
            }
        }
        assert!(matches!(canonical("Vi\u{1ec7}t\n"), Cow::Borrowed(_)));
        assert_eq!(Spelling::OTHERS[0].of("a\nb"), "a\r\nb");
        assert_eq!(Spelling::OTHERS[1].of("\u{1ec7}\r\n"), "e\u{323}\u{302}\n");
        assert_eq!(Spelling::OTHERS[2].of("\u{1ec7}\n"), "e\u{323}\u{302}\r\n");
    }
}
