//! Which encoding the bytes of a text are in: a guess by what the letters would be, and how sure it is.
//!
//! Pure: bytes in, a guess out. UTF-8 and UTF-16 are certain; the old encodings of one byte a letter are told from each other by
//! how many of the words are Vietnamese.

use super::syllable::is_vietnamese;
use crate::draft::seen::How;
use crate::source::Encoding;
use crate::source::peek::text_of;

/// The encodings that Vietnamese texts of one byte a letter are in.
const VIETNAMESE: [&str; 3] = ["windows-1258", "tcvn3", "vni"];
/// So many words are looked at.
const WORDS: usize = 20_000;
/// So many in a hundred words have to be good Vietnamese.
const ENOUGH: usize = 60;

/// An encoding by its label; none where it is UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EncodingGuess {
    pub label: Option<&'static str>,
    pub how: How,
}

/// The bytes are those of no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoText;

/// Which encoding it is.
pub(super) fn guess(bytes: &[u8], is_whole: bool) -> Result<EncodingGuess, NoText> {
    let sure = |label| Ok(EncodingGuess { label, how: How::Sure });
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return sure(Some("utf-16"));
    }
    if bytes.contains(&0) {
        return by_zeros(bytes).map_or(Err(NoText), |label| sure(Some(label)));
    }
    let is_utf8 = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        // The last letter may be cut in two.
        Err(error) => !is_whole && error.error_len().is_none(),
    };
    if is_utf8 {
        return sure(None);
    }
    let rated = VIETNAMESE.iter().filter_map(|label| Some((*label, rate(bytes, label)?)));
    let best = rated.max_by_key(|(_, share)| *share).filter(|(_, share)| *share >= ENOUGH);
    match best {
        Some((label, share)) => {
            let share = u8::try_from(share).unwrap_or(100);
            Ok(EncodingGuess { label: Some(label), how: How::Words(share) })
        }
        None => match rate_western(bytes) {
            true => Ok(EncodingGuess { label: Some("windows-1252"), how: How::Usual }),
            false => Err(NoText),
        },
    }
}

/// UTF-16 without a mark has zeros in every other byte.
fn by_zeros(bytes: &[u8]) -> Option<&'static str> {
    let zeros =
        |start: usize| bytes.iter().skip(start).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), bytes.len() / 2);
    if odd * 2 > half && even * 20 < half {
        return Some("utf-16le");
    }
    (even * 2 > half && odd * 20 < half).then_some("utf-16be")
}

/// How many in a hundred words with letters beyond ASCII are Vietnamese; none where bytes are no letters of the encoding.
fn rate(bytes: &[u8], label: &str) -> Option<usize> {
    let (text, misfits) = text_of(bytes, Encoding::of_label(label)?);
    let words = text.split(|letter: char| !letter.is_alphabetic() && !is_mark(letter));
    let foreign = words.filter(|word| !word.is_ascii()).take(WORDS);
    let (mut all, mut good) = (misfits, 0_usize);
    for word in foreign {
        all += 1;
        good += usize::from(is_vietnamese(word));
    }
    // Letters that are lost or made of signs show between words, not in them.
    let signs = text.chars().filter(|letter| "¸¨©«¬®µ¶·¹»¼½¾".contains(*letter)).count();
    (good * 100).checked_div(all + signs)
}

fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

/// Whether the bytes may be a text of a western Windows: few signs that steer machines.
fn rate_western(bytes: &[u8]) -> bool {
    let odd = bytes.iter().filter(|byte| byte.is_ascii_control() && !b"\t\r\n\x0c".contains(byte));
    odd.count() * 100 <= bytes.len()
}
