//! The archive that a workbook is: which parts it has, and what is in one of them, unpacked as it is read.
//!
//! What an archive says of its parts is looked at before anything is unpacked, and its sums are checked while a part is read.
//! Not for archives as such: comments, folders and links in them are nothing to a workbook.

use std::collections::HashMap;
use std::io::{self, BufReader, ErrorKind, Read, Seek as _, SeekFrom, Take};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use crate::source::fault::Fault;
use crate::source::window::Input;

use super::open::{SAVE_ANEW, locked, no_workbook};

/// The list of parts may have so many bytes, …
const LONGEST_LIST: u64 = 4 << 20;
/// … and a part so many when it is unpacked.
pub(super) const LARGEST_PART: u64 = 4 << 30;

/// The end of the list, at the end of the file, and how long it is without its comment.
const END: (&[u8], usize) = (b"PK\x05\x06", 22);
const LONGEST_COMMENT: u64 = 0xffff;
/// Where the end of the list of a large archive is told, right before that end.
const LOCATOR: (&[u8], u64) = (b"PK\x06\x07", 20);
const LARGE_END: &[u8] = b"PK\x06\x06";
/// A part in the list, and at its own place.
const LISTED: (&[u8], usize) = (b"PK\x01\x02", 46);
const LOCAL: (&[u8], u64) = (b"PK\x03\x04", 30);

const IS_LOCKED: u16 = 1;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// A part as the list has it.
#[derive(Debug, Clone, Copy)]
struct Part {
    flags: u16,
    method: u16,
    sum: u32,
    packed: u64,
    length: u64,
    offset: u64,
}

/// An archive, opened.
pub(super) struct Archive {
    input: Box<dyn Input>,
    /// By name, in small letters: programs do not agree about capitals.
    parts: HashMap<String, Part>,
}

impl Archive {
    /// Reads the list of its parts.
    pub(super) fn open(mut input: Box<dyn Input>) -> Result<Self, Fault> {
        let (start, length) = list_of(&mut input)?;
        if length > LONGEST_LIST {
            let message = format!(
                "the workbook lists its parts in {length} bytes, and it may have {LONGEST_LIST} for that"
            );
            return Err(no_workbook(&message, SAVE_ANEW));
        }
        let list = read_at(&mut input, start, length)?;
        let mut parts = HashMap::new();
        let mut rest = list.as_slice();
        while rest.starts_with(LISTED.0) {
            let (name, part, behind) = listed(rest).ok_or_else(damaged)?;
            parts.insert(name, part);
            rest = behind;
        }
        Ok(Self { input, parts })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&plain(name))
    }

    /// A part, of which so many bytes may be read; none where it has none of this name.
    pub(super) fn small_part(
        &mut self,
        name: &str,
        most: u64,
    ) -> Result<Option<Unpacked<&mut Box<dyn Input>>>, Fault> {
        let Some(part) = self.parts.get(&plain(name)).copied() else { return Ok(None) };
        if part.length > most {
            return Err(too_large(name, part.length, most));
        }
        self.go_to(part)?;
        Ok(Some(Unpacked::new(&mut self.input, name, (part, most))))
    }

    /// A part, to be read for as long as it lasts; none where it has none of this name.
    pub(super) fn into_part(
        mut self,
        name: &str,
    ) -> Result<Option<Unpacked<Box<dyn Input>>>, Fault> {
        let Some(part) = self.parts.get(&plain(name)).copied() else { return Ok(None) };
        if part.length > LARGEST_PART {
            return Err(too_large(name, part.length, LARGEST_PART));
        }
        self.go_to(part)?;
        Ok(Some(Unpacked::new(self.input, name, (part, LARGEST_PART))))
    }

    /// Goes to the first byte of a part.
    fn go_to(&mut self, part: Part) -> Result<(), Fault> {
        if part.flags & IS_LOCKED != 0 {
            return Err(locked());
        }
        if part.method != STORED && part.method != DEFLATED {
            let message = format!(
                "the workbook is packed in a way that is not known here (method {})",
                part.method
            );
            return Err(no_workbook(&message, SAVE_ANEW));
        }
        let head = read_at(&mut self.input, part.offset, LOCAL.1)?;
        if !head.starts_with(LOCAL.0) {
            return Err(damaged());
        }
        let lengths = [26, 28].map(|at| short(&head, at).map(u64::from).unwrap_or_default());
        let start = part.offset.checked_add(LOCAL.1 + lengths[0] + lengths[1]);
        let start = start.ok_or_else(damaged)?;
        self.input.seek(SeekFrom::Start(start)).map(drop).map_err(Fault::io)
    }
}

/// What is in a part. Its length and its sum are those that the list says, or reading ends with an error.
pub(super) struct Unpacked<I> {
    bytes: Bytes<I>,
    name: String,
    sum: Crc,
    part: Part,
    read: u64,
    most: u64,
}

enum Bytes<I> {
    Stored(Take<I>),
    Deflated(Box<DeflateDecoder<BufReader<Take<I>>>>),
}

impl<I: Read> Unpacked<I> {
    fn new(input: I, name: &str, (part, most): (Part, u64)) -> Self {
        let packed = input.take(part.packed);
        let bytes = match part.method {
            STORED => Bytes::Stored(packed),
            _ => Bytes::Deflated(Box::new(DeflateDecoder::new(BufReader::new(packed)))),
        };
        Self { bytes, name: name.to_owned(), sum: Crc::new(), part, read: 0, most }
    }
}

impl<I: Read> Read for Unpacked<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.bytes {
            Bytes::Stored(bytes) => bytes.read(buffer)?,
            Bytes::Deflated(bytes) => bytes.read(buffer)?,
        };
        self.sum.update(&buffer[..count]);
        self.read += count as u64;
        if self.read > self.most {
            let (name, most) = (&self.name, self.most);
            return Err(broken(format!(
                "{name} in it has more than {most} bytes, as many as it may have"
            )));
        }
        let is_over = count == 0 && !buffer.is_empty();
        if is_over && (self.read != self.part.length || self.sum.sum() != self.part.sum) {
            let name = &self.name;
            return Err(broken(format!(
                "{name} in it is damaged: it is not what it was when it was saved"
            )));
        }
        Ok(count)
    }
}

/// An error of a file that is not what it should be, in words of our own.
pub(super) fn broken(message: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, message)
}

/// Where the list of the parts starts, and how long it is.
fn list_of(input: &mut Box<dyn Input>) -> Result<(u64, u64), Fault> {
    let size = input.seek(SeekFrom::End(0)).map_err(Fault::io)?;
    let tail_length = size.min(END.1 as u64 + LONGEST_COMMENT);
    let tail_start = size - tail_length;
    let tail = read_at(input, tail_start, tail_length)?;
    let at = memchr::memmem::rfind(&tail, END.0).ok_or_else(cut_off)?;
    let end = tail.get(at..at + END.1).ok_or_else(cut_off)?;
    let told = (long(end, 16), long(end, 12));
    let (Some(start), Some(length)) = told else { return Err(damaged()) };
    if start != u32::MAX && length != u32::MAX {
        return Ok((u64::from(start), u64::from(length)));
    }
    let locator = (tail_start + at as u64).checked_sub(LOCATOR.1).ok_or_else(damaged)?;
    let locator = read_at(input, locator, LOCATOR.1)?;
    let large_end = very_long(&locator, 8).filter(|_| locator.starts_with(LOCATOR.0));
    let large_end = read_at(input, large_end.ok_or_else(damaged)?, 56)?;
    let told = (very_long(&large_end, 48), very_long(&large_end, 40));
    match told {
        (Some(start), Some(length)) if large_end.starts_with(LARGE_END) => Ok((start, length)),
        _ => Err(damaged()),
    }
}

/// The first part of a list, its name, and the list behind it.
fn listed(list: &[u8]) -> Option<(String, Part, &[u8])> {
    let lengths = [28, 30, 32].map(|at| short(list, at).map(usize::from));
    let [of_name, of_extra, of_comment] = [lengths[0]?, lengths[1]?, lengths[2]?];
    let (head, rest) = list.split_at_checked(LISTED.1)?;
    let (name, rest) = rest.split_at_checked(of_name)?;
    let (extra, rest) = rest.split_at_checked(of_extra)?;
    let (_, rest) = rest.split_at_checked(of_comment)?;
    let mut sizes = [24, 20, 42].map(|at| long(head, at).map(u64::from).unwrap_or_default());
    if let Some(mut large) = large_sizes(extra) {
        for size in sizes.iter_mut().filter(|size| **size == u64::from(u32::MAX)) {
            *size = very_long(large, 0)?;
            large = &large[8..];
        }
    }
    let [length, packed, offset] = sizes;
    let (flags, method, sum) = (short(head, 8)?, short(head, 10)?, long(head, 16)?);
    let part = Part { flags, method, sum, packed, length, offset };
    Some((plain(&String::from_utf8_lossy(name)), part, rest))
}

/// The field that has what does not fit into four bytes.
fn large_sizes(mut extra: &[u8]) -> Option<&[u8]> {
    loop {
        let (kind, length) = (short(extra, 0)?, short(extra, 2)?);
        let (field, rest) = extra.get(4..)?.split_at_checked(usize::from(length))?;
        if kind == 1 {
            return Some(field);
        }
        extra = rest;
    }
}

fn plain(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_ascii_lowercase()
}

fn read_at(input: &mut Box<dyn Input>, at: u64, length: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    input.seek(SeekFrom::Start(at)).map_err(Fault::io)?;
    input.take(length).read_to_end(&mut bytes).map_err(Fault::io)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(damaged()) }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn very_long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn cut_off() -> Fault {
    no_workbook(
        "the workbook ends before its list of parts: it was cut off",
        "copy or download it again",
    )
}

fn damaged() -> Fault {
    no_workbook("the workbook is damaged: its list of parts does not fit what is in it", SAVE_ANEW)
}

fn too_large(name: &str, length: u64, most: u64) -> Fault {
    let message =
        format!("the workbook has {length} bytes in its part {name}, which may have {most}");
    no_workbook(&message, SAVE_ANEW)
}
