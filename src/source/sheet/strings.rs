//! The texts that the cells of a workbook share, by their numbers.
//!
//! A few are in memory; many are in a temporary file, where every sixteenth is known by its place. So the memory they take
//! does not depend on how long they are, and little on how many. Not for what stands in a sheet itself.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek as _, SeekFrom, Write as _};

use crate::source::scratch;

use super::xml::{Node, Xml, early_end, too_long, versions};
use super::zip::broken;

/// So many bytes of them are kept in memory.
const IN_MEMORY: usize = 2 << 20;
/// One of so many is known by its place.
const STRIDE: u64 = 16;
/// A workbook may have so many of them.
const MOST: u64 = 1 << 26;
/// What is read of the file at once, and how many such pages are at hand.
const PAGE: usize = 16 * 1024;
const PAGES: usize = 64;
/// The length of a text stands before it.
const OF_LENGTH: u64 = 4;

/// See the module's text.
#[derive(Default)]
pub(super) struct Strings {
    tape: Tape,
    length: u64,
    count: u64,
    /// Where each sixteenth text begins.
    places: Vec<u64>,
}

#[derive(Default)]
struct Tape {
    memory: Vec<u8>,
    file: Option<Paged>,
}

/// What was written, of which some pages are at hand.
struct Paged {
    file: File,
    pages: Vec<(u64, Vec<u8>)>,
}

impl Strings {
    /// Reads them from their part. A text may have so many bytes.
    pub(super) fn read<R: Read>(xml: &mut Xml<R>, most: usize) -> Result<Self, quick_xml::Error> {
        let mut strings = Self::default();
        let mut writer: Option<BufWriter<File>> = None;
        let mut text = String::new();
        loop {
            match xml.next()? {
                Node::Start(tag) if tag.name().local() == "si" => {
                    drop(tag);
                    text.clear();
                    rich_text(xml, most, &mut text)?;
                    if strings.count == MOST {
                        return Err(broken(format!("it has more than {MOST} shared texts")).into());
                    }
                    strings.add(&text, &mut writer)?;
                }
                Node::Over => break,
                _ => {}
            }
        }
        if let Some(writer) = writer {
            let file = writer.into_inner().map_err(|error| scratch::no_room(error.into_error()))?;
            strings.tape.file = Some(Paged { file, pages: vec![(u64::MAX, Vec::new()); PAGES] });
        }
        Ok(strings)
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The text of a number, from 0; none where there is none.
    pub(super) fn get(&mut self, number: u64) -> io::Result<Option<String>> {
        if number >= self.count {
            return Ok(None);
        }
        let place = usize::try_from(number / STRIDE).ok().and_then(|at| self.places.get(at));
        let Some(mut at) = place.copied() else { return Ok(None) };
        for _ in 0..number % STRIDE {
            at += OF_LENGTH + u64::from(self.length_at(at)?);
        }
        let mut bytes = vec![0; self.length_at(at)? as usize];
        self.tape.read(at + OF_LENGTH, &mut bytes)?;
        String::from_utf8(bytes).map(Some).map_err(io::Error::other)
    }

    fn length_at(&mut self, at: u64) -> io::Result<u32> {
        let mut length = [0; OF_LENGTH as usize];
        self.tape.read(at, &mut length)?;
        Ok(u32::from_le_bytes(length))
    }

    fn add(&mut self, text: &str, writer: &mut Option<BufWriter<File>>) -> io::Result<()> {
        let length = u32::try_from(text.len()).map_err(io::Error::other)?;
        if self.count.is_multiple_of(STRIDE) {
            self.places.push(self.length);
        }
        self.count += 1;
        self.length += OF_LENGTH + u64::from(length);
        let memory = &mut self.tape.memory;
        memory.extend_from_slice(&length.to_le_bytes());
        memory.extend_from_slice(text.as_bytes());
        if memory.len() > IN_MEMORY || writer.is_some() {
            if writer.is_none() {
                *writer = Some(BufWriter::with_capacity(PAGE, scratch::file()?));
            }
            if let Some(writer) = writer {
                writer.write_all(memory).map_err(scratch::no_room)?;
            }
            memory.clear();
            memory.shrink_to(PAGE);
        }
        Ok(())
    }
}

impl Tape {
    fn read(&mut self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let Some(paged) = &mut self.file else {
            let at = usize::try_from(at).map_err(io::Error::other)?;
            let from = self.memory.get(at..at + into.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            into.copy_from_slice(from);
            return Ok(());
        };
        let mut done = 0;
        while done < into.len() {
            let at = at + done as u64;
            let (number, within) = (at / PAGE as u64, (at % PAGE as u64) as usize);
            let page = paged.page(number)?;
            let from = page.get(within..).filter(|from| !from.is_empty());
            let from = from.ok_or(io::ErrorKind::UnexpectedEof)?;
            let count = from.len().min(into.len() - done);
            into[done..done + count].copy_from_slice(&from[..count]);
            done += count;
        }
        Ok(())
    }
}

impl Paged {
    fn page(&mut self, number: u64) -> io::Result<&[u8]> {
        let slot = &mut self.pages[(number % PAGES as u64) as usize];
        if slot.0 != number {
            slot.0 = u64::MAX;
            slot.1.clear();
            self.file.seek(SeekFrom::Start(number * PAGE as u64)).map_err(scratch::no_room)?;
            let read = (&self.file).take(PAGE as u64).read_to_end(&mut slot.1);
            read.map_err(scratch::no_room)?;
            slot.0 = number;
        }
        Ok(&slot.1)
    }
}

/// Adds the text of an element that has begun, which may have parts in several fonts; how it is spoken is none of it.
pub(super) fn rich_text<R: Read>(
    xml: &mut Xml<R>,
    most: usize,
    text: &mut String,
) -> Result<(), quick_xml::Error> {
    let mut within = 1_usize;
    let mut run = String::new();
    loop {
        match xml.next()? {
            Node::Start(tag) => {
                let (is_text, is_spoken) = (tag.name().local() == "t", tag.name().local() == "rPh");
                if tag.name().local() == "AlternateContent" {
                    return Err(versions());
                }
                let keeps = tag.attribute("xml:space").is_some_and(|space| space == "preserve");
                drop(tag);
                if is_spoken {
                    xml.pass()?;
                } else if is_text {
                    run.clear();
                    xml.text(most, &mut run)?;
                    let trimmed = match keeps {
                        true => run.as_str(),
                        false => run.trim_matches([' ', '\t', '\r', '\n']),
                    };
                    if text.len() + trimmed.len() > most {
                        return Err(too_long(most));
                    }
                    text.push_str(&unescaped(trimmed));
                } else {
                    within += 1;
                }
            }
            Node::End(_) => {
                within -= 1;
                if within == 0 {
                    return Ok(());
                }
            }
            Node::Over => return Err(early_end()),
            _ => {}
        }
    }
}

/// A text in which Excel has written letters as in `_x000D_`, with those letters.
pub(super) fn unescaped(text: &str) -> std::borrow::Cow<'_, str> {
    let unit_at = |at: usize| -> Option<u16> {
        let digits = text.get(at..at + ESCAPE)?.strip_prefix("_x")?.strip_suffix('_')?;
        let are_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        are_digits.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    let mut unescaped = String::new();
    let (mut copied, mut from) = (0, 0);
    while let Some(found) = text[from..].find('_') {
        let at = from + found;
        let Some(unit) = unit_at(at) else {
            from = at + 1;
            continue;
        };
        let second = unit_at(at + ESCAPE).filter(|second| (0xdc00..0xe000).contains(second));
        let units: &[u16] = match second {
            Some(second) if (0xd800..0xdc00).contains(&unit) => &[unit, second],
            _ => &[unit],
        };
        unescaped.push_str(&text[copied..at]);
        let letters = char::decode_utf16(units.iter().copied());
        unescaped.extend(letters.map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)));
        copied = at + ESCAPE * units.len();
        from = copied;
    }
    if copied == 0 {
        return text.into();
    }
    unescaped.push_str(&text[copied..]);
    unescaped.into()
}

const ESCAPE: usize = "_x0000_".len();

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: &str) -> Strings {
        Strings::read(&mut Xml::new(document.as_bytes()), 1 << 20).unwrap()
    }

    #[test]
    fn texts_are_found_by_their_numbers_in_memory_and_beyond() {
        let of = |number: usize| format!("{number} {}", "ghi chú ".repeat(number % 700));
        let all: String = (0..2_000)
            .map(|number| format!("<si><t xml:space=\"preserve\">{}</t></si>", of(number)))
            .collect();
        let mut strings = read(&format!("<sst>{all}</sst>"));
        assert!(strings.tape.file.is_some() && strings.tape.memory.len() <= PAGE);
        for number in (0..2_000).rev().chain([0, 1_999, 17]) {
            assert_eq!(strings.get(number as u64).unwrap().unwrap(), of(number));
        }
        assert_eq!(strings.get(2_000).unwrap(), None);
        let mut few = read(
            "<sst><si><t> a </t></si><si><r><rPr/><t>b</t></r><rPh><t>x</t></rPh><r><t>c</t></r></si><si/></sst>",
        );
        let all: Vec<_> = (0..3).map(|number| few.get(number).unwrap().unwrap()).collect();
        assert_eq!(all, ["a", "bc", ""]);
    }

    #[test]
    fn letters_that_excel_has_escaped() {
        for (written, meant) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x0041_", "_x0041_"),
            ("_xD83D__xDE00_!", "😀!"),
            ("_xD83D_!", "\u{fffd}!"),
            ("_x00_ _xzzzz_ _x0041", "_x00_ _xzzzz_ _x0041"),
            ("_ế_x0041_", "_ếA"),
            ("_x+041_", "_x+041_"),
        ] {
            assert_eq!(unescaped(written), meant, "{written}");
        }
    }
}
