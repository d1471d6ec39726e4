//! A secret and a text, apart by a line break: what is left of the text has the secret nowhere, and is text.

use noteferry::proofs::redacted;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((secret, text)) = text.split_once('\n') else { return };
    let clean = redacted(secret, text);
    // A shorter one counts as a word of its own only, and one of blanks is none.
    if secret.chars().filter(|letter| letter.is_ascii_alphanumeric()).count() >= 8 {
        let marks = clean.replace("[redacted]", "\u{0}");
        assert!(!marks.contains(secret), "{secret:?} in {clean:?}");
    }
}
