//! Whether a word is a syllable of Vietnamese, by the letters that may follow each other in one: so that a wrong encoding, which
//! makes other letters of the same bytes, shows.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

const BEGINNINGS: [&str; 27] = [
    "ngh", "ng", "nh", "ch", "gh", "gi", "kh", "ph", "qu", "th", "tr", "b", "c", "d", "đ", "g",
    "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "x",
];
const CORES: [&str; 59] = [
    "a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y", "ai", "ao", "au", "ay", "âu", "ây",
    "eo", "êu", "ia", "iê", "iu", "oa", "oă", "oe", "oi", "oo", "ôi", "ơi", "ua", "uâ", "uê", "ui",
    "uô", "uơ", "uy", "ưa", "ưi", "ươ", "ưu", "iêu", "yê", "yêu", "oai", "oao", "oay", "oeo",
    "uây", "uôi", "uya", "uyê", "uyu", "ươi", "ươu", "ya", "uă", "ue", "uai",
];
const ENDS: [&str; 9] = ["", "c", "ch", "m", "n", "ng", "nh", "p", "t"];

/// The marks of tones.
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// See the module's text.
pub(super) fn is_vietnamese(word: &str) -> bool {
    let lower = word.to_lowercase();
    let apart = DecomposingNormalizerBorrowed::new_nfd().normalize(&lower);
    let tones = apart.chars().filter(|letter| TONES.contains(letter)).count();
    let toneless: String = apart.chars().filter(|letter| !TONES.contains(letter)).collect();
    let toneless = ComposingNormalizerBorrowed::new_nfc().normalize(&toneless);
    let behind = BEGINNINGS.iter().filter_map(|beginning| toneless.strip_prefix(beginning));
    tones <= 1 && behind.chain([toneless.as_ref()]).any(is_rhyme)
}

fn is_rhyme(text: &str) -> bool {
    ENDS.iter().any(|end| text.strip_suffix(end).is_some_and(|core| CORES.contains(&core)))
}
