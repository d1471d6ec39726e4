//! VNI: a letter is a base, or a base and a mark behind it, as in `a` and 0xF9 for á.
//!
//! A mark has a byte for small letters and one for capitals, 0x20 apart; either is taken behind any base, since fonts show
//! both alike and people type them so.

use super::misfit::Misfit;
use super::tcvn3::PUNCTUATION;

/// The marks for small letters, as columns of the tables below.
const MARKS: [u8; 17] = [
    0xf9, 0xf8, 0xfb, 0xf5, 0xef, 0xe2, 0xe1, 0xe0, 0xe5, 0xe3, 0xe4, 0xea, 0xe9, 0xe8, 0xfa, 0xfc,
    0xeb,
];

/// What a base becomes with each of the [`MARKS`], as far as there are such letters. The dot of `y` has a byte of its own.
const WITH_MARKS: [(char, &str); 14] = [
    ('a', "áàảãạâấầẩẫậăắằẳẵặ"),
    ('A', "ÁÀẢÃẠÂẤẦẨẪẬĂẮẰẲẴẶ"),
    ('e', "éèẻẽẹêếềểễệ"),
    ('E', "ÉÈẺẼẸÊẾỀỂỄỆ"),
    ('o', "óòỏõọôốồổỗộ"),
    ('O', "ÓÒỎÕỌÔỐỒỔỖỘ"),
    ('ơ', "ớờởỡợ"),
    ('Ơ', "ỚỜỞỠỢ"),
    ('u', "úùủũụ"),
    ('U', "ÚÙỦŨỤ"),
    ('ư', "ứừửữự"),
    ('Ư', "ỨỪỬỮỰ"),
    ('y', "ýỳỷỹ"),
    ('Y', "ÝỲỶỸ"),
];
/// Letters of one byte.
const ALONE: [(u8, char); 18] = [
    (0xed, 'í'),
    (0xec, 'ì'),
    (0xe6, 'ỉ'),
    (0xf3, 'ĩ'),
    (0xf2, 'ị'),
    (0xf4, 'ơ'),
    (0xf6, 'ư'),
    (0xee, 'ỵ'),
    (0xf1, 'đ'),
    (0xcd, 'Í'),
    (0xcc, 'Ì'),
    (0xc6, 'Ỉ'),
    (0xd3, 'Ĩ'),
    (0xd2, 'Ị'),
    (0xd4, 'Ơ'),
    (0xd6, 'Ư'),
    (0xce, 'Ỵ'),
    (0xd1, 'Đ'),
];

/// What a single byte stands for; none for marks and for what there is not.
fn alone(byte: u8) -> Option<char> {
    let known = || ALONE.iter().chain(&PUNCTUATION).find(|(known, _)| *known == byte);
    match byte {
        0..=0x7f => Some(char::from(byte)),
        // Signs such as §, © and °, as in Windows.
        0xa1..=0xbf => Some(char::from(byte)),
        _ => known().map(|(_, letter)| *letter),
    }
}

/// A base with the mark behind it; none where the byte is no mark, or none for this base.
fn with_mark(base: char, byte: u8) -> Option<char> {
    // A mark of capitals is 0x20 below that of small letters.
    let column = MARKS.iter().position(|known| *known == byte | 0x20)?;
    let (_, letters) = WITH_MARKS.iter().find(|(known, _)| *known == base)?;
    letters.chars().nth(column)
}

/// Decodes as much as can be told without what follows: a base at the end may get a mark, unless it is the `last`. Gives
/// how many bytes were decoded; `offset` is that of the first.
pub(super) fn decode(bytes: &[u8], offset: u64, last: bool, text: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let next = bytes.get(at + 1).copied();
        if next.is_none() && !last {
            break;
        }
        let base = alone(byte);
        let marked = base.zip(next).and_then(|(base, next)| with_mark(base, next));
        match (marked, base) {
            (Some(letter), _) => push(letter, text),
            (None, Some(letter)) => push(letter, text),
            (None, None) => Misfit { byte, offset: offset + at as u64 }.write(text),
        }
        at += if marked.is_some() { 2 } else { 1 };
    }
    at
}

fn push(letter: char, text: &mut Vec<u8>) {
    text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
}
