//! From a file, or what is piped in, to a window on UTF-8 text: opened safely, unpacked, decoded.
//!
//! What a file is packed with is told from its first bytes, whatever it is called. Its encoding is told by the job; where
//! none is told it is UTF-8, and then nothing stands between the file and the window. Not for formats: what a row is, the
//! readers above say. No guess at an encoding is acted on; one is only named in a hint.

mod decoding;
mod encoding;
mod misfit;
mod packing;
mod spool;
mod tcvn3;
mod vni;

use std::fs::{File, Metadata};
use std::io::{self, Cursor, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::decoding::Decoding;
use self::packing::Packing;
use super::fault::Fault;
use super::manner::Manner;
use super::scratch;
use super::window::{CHUNK, Input, Window};
use crate::text::code::Code;
use crate::text::file_kind::{self, FileKind};

pub use self::encoding::Encoding;
pub(super) use self::misfit::Misfit;
pub(super) use self::packing::Damaged;
use self::spool::{Spool, Unkept};

/// The marks that a text may begin with, and the encoding each is the mark of.
const MARKS: [(&[u8], &str); 3] =
    [(b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16le"), (b"\xfe\xff", "utf-16be")];

/// Where bytes lie that can be read any number of times.
#[derive(Debug, Clone)]
pub enum Location {
    /// A file.
    File(PathBuf),
    /// What was piped in, kept for as long as it is needed.
    Piped(Arc<Spool>),
}

/// What stands for what is piped in where a file is named.
const PIPED: &str = "-";
const PIPE_IN: &str = "pipe the rows in, as in `zcat notes.csv.gz | noteferry check - --input csv`; they are kept in the folder \
                       for temporary files until the end";

impl Location {
    /// Whether a path stands for what is piped in.
    pub fn is_piped(path: &Path) -> bool {
        path == Path::new(PIPED)
    }

    /// As messages call what lies at a path.
    pub fn name_of(path: &Path) -> Arc<str> {
        match Self::is_piped(path) {
            true => "standard input".into(),
            false => path.display().to_string().into(),
        }
    }

    /// What lies at a path; nothing is opened.
    pub fn of(path: &Path) -> Self {
        match Self::is_piped(path) {
            true => Self::Piped(Arc::default()),
            false => Self::File(path.to_owned()),
        }
    }

    /// The file; none of what is piped in.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Piped(_) => None,
        }
    }

    /// Opens it at its first byte, and tells what the system says of it.
    pub(super) fn open(&self) -> Result<(Box<dyn Input>, Option<Metadata>), Fault> {
        match self {
            Self::File(path) => {
                // Before it is opened: to open a pipe is to wait for its writer.
                let about = std::fs::metadata(path).map_err(Fault::io)?;
                if !about.is_file() {
                    return Err(irregular(&about));
                }
                let file = File::open(path).map_err(Fault::io)?;
                let about = file.metadata().ok();
                Ok((Box::new(file), about))
            }
            Self::Piped(spool) => {
                let reader = spool.reader().map_err(|error| match error {
                    Unkept::Nothing => Fault::unreadable("nothing is piped in").hint(PIPE_IN),
                    Unkept::Error(error) => {
                        Fault::io(io::Error::new(error.kind(), error)).hint_if_none(PIPE_IN)
                    }
                })?;
                let about = reader.about();
                Ok((Box::new(reader), about))
            }
        }
    }
}

/// Whatever is not read from its start twice, once to check it and once to send it.
fn irregular(about: &Metadata) -> Fault {
    if about.is_dir() {
        return Fault::unreadable("it is a folder").hint("name a file in it");
    }
    Fault::unreadable("it is a pipe or a device").hint(
        "rows are read twice, to be checked and to be sent: write them into a file first, or name `-` and pipe them in",
    )
}

/// A window on the text of what was opened.
pub(super) fn window(mut input: Box<dyn Input>, manner: &Manner) -> Result<Window, Fault> {
    let longest = manner.longest;
    let head = head(&mut input).map_err(Fault::io)?;
    input.seek(SeekFrom::Start(0)).map_err(Fault::io)?;
    let packing = Packing::of(&head);
    if packing.is_none() && manner.encoding.is_utf8() {
        return Ok(Window::new(input, CHUNK, longest));
    }
    let stream: Box<dyn Read + Send> = match packing {
        None => Box::new(input),
        Some(packing) => packing.unpacked(input).map_err(Fault::io)?,
    };
    if manner.encoding.is_utf8() {
        return Ok(Window::on_stream(stream, CHUNK, longest));
    }
    decoded(stream, manner)
}

/// What was opened, unpacked, to be read once.
pub(super) fn stream(mut input: Box<dyn Input>) -> io::Result<Box<dyn Read + Send>> {
    let head = head(&mut input)?;
    input.seek(SeekFrom::Start(0))?;
    match Packing::of(&head) {
        None => Ok(Box::new(input)),
        Some(packing) => packing.unpacked(input),
    }
}

/// Bytes as a text of an encoding, and how many of them it does not have: those are left out.
pub(super) fn decoded_sample(bytes: &[u8], encoding: Encoding) -> (String, usize) {
    let mut text = Vec::new();
    let decoder = encoding.decoder(bytes);
    // Memory can be read to its end.
    let _ = Decoding::new(bytes, decoder).read_to_end(&mut text);
    let misfits = memchr::memchr_iter(misfit::MARK, &text).count();
    let mut plain = String::with_capacity(text.len());
    for (at, part) in text.split(|byte| *byte == misfit::MARK).enumerate() {
        let part = if at == 0 { part } else { part.get(misfit::HALVES..).unwrap_or_default() };
        plain.push_str(&String::from_utf8_lossy(part));
    }
    (plain, misfits)
}

/// What was opened, to be read in any order: where it is packed, what is in it, in a file without a name.
pub(super) fn unpacked(mut input: Box<dyn Input>) -> Result<Box<dyn Input>, Fault> {
    let head = head(&mut input).map_err(Fault::io)?;
    input.seek(SeekFrom::Start(0)).map_err(Fault::io)?;
    let Some(packing) = Packing::of(&head) else { return Ok(input) };
    let unpack = || scratch::kept(&mut packing.unpacked(input)?);
    unpack().map(|file| Box::new(file) as Box<dyn Input>).map_err(Fault::io)
}

fn decoded(mut stream: Box<dyn Read + Send>, manner: &Manner) -> Result<Window, Fault> {
    let head = head(&mut stream).map_err(Fault::io)?;
    let refuse = |kind: FileKind| Fault::file(Code::Encoding, kind.message()).hint(kind.hint());
    if let Some(kind) = FileKind::of(&head).filter(|kind| *kind != FileKind::Utf16) {
        return Err(refuse(kind));
    }
    let encoding = manner.encoding;
    let mark = MARKS.iter().find(|(mark, _)| head.starts_with(mark));
    if let Some((_, of)) = mark.filter(|(_, of)| !encoding.has_mark_of(of)) {
        let message =
            format!("the file begins with the mark of {of}, and is said to be {}", encoding.name());
        return Err(Fault::file(Code::Encoding, message).hint(match *of {
            "utf-8" => "leave the encoding out: UTF-8 is what is read without one".to_owned(),
            other => format!("say {other} in its place"),
        }));
    }
    let decoder = encoding.decoder(&head);
    let stream = Decoding::new(Cursor::new(head).chain(stream), decoder);
    Ok(Window::on_stream(Box::new(stream), CHUNK, manner.longest).decoded_from(encoding))
}

/// The first bytes of what is read; fewer where it ends before.
fn head(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(file_kind::HEAD);
    input.take(file_kind::HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// The encoding that a text without one most likely has, by its first bytes; none where they do not tell.
pub(super) fn probable(head: &[u8]) -> Option<&'static str> {
    if let Some((_, of)) = MARKS.iter().find(|(mark, _)| head.starts_with(mark)) {
        // With its mark it needs no more to be known.
        return Some(if of.starts_with("utf-16") { "utf-16" } else { of });
    }
    let zero = |at: usize| head.get(at) == Some(&0);
    match (zero(0) || zero(2), zero(1) || zero(3)) {
        (false, true) => Some("utf-16le"),
        (true, false) => Some("utf-16be"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
