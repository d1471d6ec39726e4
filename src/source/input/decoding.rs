//! Bytes of any encoding, read as UTF-8. A byte that does not fit is never replaced: a [`Misfit`] marks it.
//!
//! Encodings of one byte a letter go by a table, which `encoding_rs` fills; those of several bytes are decoded by it. A letter
//! and marks behind it become one letter where there is such a one, since Windows-1258 has no other way to write it and no
//! other text has it so.

use std::io::{self, ErrorKind, Read};

use encoding_rs::DecoderResult;

use super::misfit::Misfit;
use crate::text::spelling::composed;

/// So many bytes are decoded at once.
const AT_ONCE: usize = if cfg!(test) { 61 } else { 64 * 1024 };
/// So many bytes of a letter may have come with those before.
const LONGEST_LETTER: usize = 8;

/// Decodes one text from its start to its end.
pub(super) enum Decoder {
    Table(Box<Table>),
    Vni,
    Many(Box<Many>),
}

impl Decoder {
    /// For an encoding with letters of several bytes.
    pub(super) fn many(encoding: &'static encoding_rs::Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self::Many(Box::new(Many { decoder, before: Vec::new() }))
    }

    /// For an encoding with a byte for each letter.
    pub(super) fn of_single_bytes(encoding: &'static encoding_rs::Encoding) -> Self {
        let mut table = [None; 128];
        for (byte, letter) in (0x80..=0xff_u8).zip(&mut table) {
            let bytes = [byte];
            let decoded = encoding.decode_without_bom_handling_and_without_replacement(&bytes);
            // Control characters stand where the encoding has no letter: no text has them.
            let found = decoded.and_then(|text| text.chars().next());
            *letter = found.filter(|letter| !letter.is_control());
        }
        Self::of_table(table)
    }

    /// For an encoding in which the bytes from 0x80 stand for these letters.
    pub(super) fn of_table(letters: [Option<char>; 128]) -> Self {
        Self::Table(Box::new(Table { letters, held: String::new() }))
    }

    /// Decodes bytes that stand at an offset, up to such as only the next ones tell about, unless they are the `last`. Gives
    /// how many were decoded; the rest has to come again.
    fn decode(&mut self, bytes: &[u8], offset: u64, last: bool, text: &mut Vec<u8>) -> usize {
        match self {
            Self::Table(table) => table.decode(bytes, offset, last, text),
            Self::Vni => super::vni::decode(bytes, offset, last, text),
            Self::Many(many) => many.decode(bytes, offset, last, text),
        }
    }
}

/// Several bytes for a letter.
pub(super) struct Many {
    decoder: encoding_rs::Decoder,
    /// The last of the bytes before.
    before: Vec<u8>,
}

impl Many {
    fn decode(&mut self, bytes: &[u8], offset: u64, last: bool, text: &mut Vec<u8>) -> usize {
        let mut at = 0;
        loop {
            let start = text.len();
            let room = self.decoder.max_utf8_buffer_length_without_replacement(bytes.len() - at);
            text.resize(start + room.unwrap_or(4 * AT_ONCE), 0);
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                &bytes[at..],
                &mut text[start..],
                last,
            );
            text.truncate(start + written);
            at += read;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, behind) => {
                    let back = usize::from(length) + usize::from(behind);
                    let byte = self.byte(bytes, at, back);
                    let offset = (offset + at as u64).saturating_sub(back as u64);
                    Misfit { byte, offset }.write(text);
                }
            }
        }
        self.before.extend(&bytes[bytes.len().saturating_sub(LONGEST_LETTER)..]);
        self.before.drain(..self.before.len().saturating_sub(LONGEST_LETTER));
        at
    }

    /// The byte that stands so far back before a place.
    fn byte(&self, bytes: &[u8], at: usize, back: usize) -> u8 {
        let found = match at.checked_sub(back) {
            Some(at) => bytes.get(at),
            None => {
                let at = (self.before.len() + at).checked_sub(back);
                at.and_then(|at| self.before.get(at))
            }
        };
        found.copied().unwrap_or_default()
    }
}

/// A byte for each letter.
pub(super) struct Table {
    /// From 0x80.
    letters: [Option<char>; 128],
    /// A letter that may get marks, and those that it has.
    held: String,
}

impl Table {
    fn decode(&mut self, bytes: &[u8], offset: u64, last: bool, text: &mut Vec<u8>) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let plain = encoding_rs::Encoding::ascii_valid_up_to(rest);
            if plain > 0 {
                self.let_go(text);
                text.extend_from_slice(&rest[..plain - 1]);
                self.held.push(char::from(rest[plain - 1]));
            }
            at += plain;
            let Some(byte) = bytes.get(at).copied() else { break };
            match self.letters[usize::from(byte & 0x7f)] {
                Some(letter) => {
                    if !is_mark(letter) || self.held.len() > AT_ONCE {
                        self.let_go(text);
                    }
                    self.held.push(letter);
                }
                None => {
                    self.let_go(text);
                    Misfit { byte, offset: offset + at as u64 }.write(text);
                }
            }
            at += 1;
        }
        if last {
            self.let_go(text);
        }
        at
    }

    /// Writes down the letter that was held, with its marks.
    fn let_go(&mut self, text: &mut Vec<u8>) {
        match self.held.len() {
            0 => {}
            1 => text.extend_from_slice(self.held.as_bytes()),
            _ => text.extend_from_slice(composed(&self.held).as_bytes()),
        }
        self.held.clear();
    }
}

/// Whether a sign belongs to the letter before it.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

/// Reads a text of some encoding as UTF-8.
pub(super) struct Decoding<R> {
    input: R,
    decoder: Decoder,
    /// What was read and is not decoded yet.
    bytes: Vec<u8>,
    /// Where the first of them stands.
    offset: u64,
    /// What is decoded, and how much of it was handed out.
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Decoding<R> {
    pub(super) fn new(input: R, decoder: Decoder) -> Self {
        let (bytes, text) = (Vec::new(), Vec::new());
        Self { input, decoder, bytes, offset: 0, text, given: 0, ended: false }
    }

    /// Decodes what is read next.
    fn more(&mut self) -> io::Result<()> {
        let kept = self.bytes.len();
        self.bytes.resize(kept + AT_ONCE, 0);
        let read = loop {
            match self.input.read(&mut self.bytes[kept..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.bytes.truncate(kept + read.as_ref().copied().unwrap_or_default());
        self.ended = read? == 0;
        self.text.clear();
        self.given = 0;
        let decoded = self.decoder.decode(&self.bytes, self.offset, self.ended, &mut self.text);
        self.bytes.drain(..decoded);
        self.offset += decoded as u64;
        Ok(())
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            self.more()?;
        }
        let rest = &self.text[self.given..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}
