//! TCVN3 (the ABC fonts, `.VnTime`): a byte for each letter. There are no capitals with a tone: fonts of capitals show the
//! small letters as such, and nobody can tell from the bytes which font it was.

/// The letters of the bytes from 0xA1, by the byte: `\0` where there is none.
const FROM_A1: &str = "ĂÂÊÔƠƯĐăâêôơưđ\0\
    \0\0\0\0\0àảãáạ\0ằẳẵắ\0\
    \0\0\0\0\0\0ặầẩẫấậè\0ẻẽ\
    éẹềểễếệìỉ\0\0\0ĩíịò\
    \0ỏõóọồổỗốộờởỡớợù\
    \0ủũúụừửữứựỳỷỹýỵ\0";

/// What typists put between letters, as Windows has it: quotes, dashes, an ellipsis, a bullet, a hard blank.
pub(super) const PUNCTUATION: [(u8, char); 12] = [
    (0x82, '\u{201a}'),
    (0x84, '\u{201e}'),
    (0x85, '\u{2026}'),
    (0x8b, '\u{2039}'),
    (0x91, '\u{2018}'),
    (0x92, '\u{2019}'),
    (0x93, '\u{201c}'),
    (0x94, '\u{201d}'),
    (0x95, '\u{2022}'),
    (0x96, '\u{2013}'),
    (0x97, '\u{2014}'),
    (0xa0, '\u{a0}'),
];

/// What the bytes from 0x80 stand for.
pub(super) fn table() -> [Option<char>; 128] {
    let mut table = [None; 128];
    for (letter, place) in FROM_A1.chars().zip(&mut table[0x21..]) {
        *place = Some(letter).filter(|letter| *letter != '\0');
    }
    for (byte, sign) in PUNCTUATION {
        table[usize::from(byte - 0x80)] = Some(sign);
    }
    table
}
