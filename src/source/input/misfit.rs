//! A byte that its encoding does not have, marked in the decoded text so that its row is told of in the row's turn.
//!
//! A mark is made of bytes that UTF-8 never has, or never has in such an order: the row is no good text, whoever reads it,
//! and no sign of any format is in it. It names the byte and where it stood, which nobody could tell from the text alone.

/// What a mark begins with. UTF-8 has no such byte.
pub(super) const MARK: u8 = 0xff;
/// The byte in two halves, and its place in eight bytes likewise.
pub(super) const HALVES: usize = 2 + 16;

/// A byte that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) struct Misfit {
    pub byte: u8,
    /// Where it stands in the file, or in what is packed there, from 0.
    pub offset: u64,
}

impl Misfit {
    /// Marks it in a decoded text.
    pub(super) fn write(self, text: &mut Vec<u8>) {
        text.push(MARK);
        let bytes = [self.byte].into_iter().chain(self.offset.to_be_bytes());
        text.extend(bytes.flat_map(|byte| [0x80 | byte >> 4, 0x80 | byte & 0xf]));
    }

    /// The first one that is marked in a text, and where its mark stands.
    pub(in crate::source) fn find(text: &[u8]) -> Option<(usize, Self)> {
        let at = memchr::memchr(MARK, text)?;
        let halves = text.get(at + 1..at + 1 + HALVES)?;
        let mut bytes = halves.chunks_exact(2).map(|halves| halves[0] << 4 | halves[1] & 0xf);
        let byte = bytes.next()?;
        let offset = bytes.fold(0, |offset, byte| offset << 8 | u64::from(byte));
        Some((at, Self { byte, offset }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_says_what_was_marked_and_is_no_text() {
        for misfit in [
            Misfit { byte: 0, offset: 0 },
            Misfit { byte: 0xd2, offset: 40_113 },
            Misfit { byte: 0xff, offset: u64::MAX },
        ] {
            let mut text = "ế, ".as_bytes().to_vec();
            misfit.write(&mut text);
            text.extend(b" more");
            assert_eq!(Misfit::find(&text), Some((5, misfit)));
            assert!(text[5..24].iter().all(|byte| *byte >= 0x80), "no sign of any format");
            assert!(std::str::from_utf8(&text).is_err());
        }
        assert_eq!(Misfit::find("Tiếng Việt".as_bytes()), None);
        assert_eq!(Misfit::find(b"\xff\x80"), None);
    }
}
