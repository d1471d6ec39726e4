//! Files that are packed with gzip or zstd, read through as if they were not.
//!
//! What is cut off, damaged or followed by something else is an error in its turn, with how much was read before it; what
//! a decoder would pass over in silence is none. Not for archives of several files.

use std::fmt;
use std::io::{self, BufReader, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;

use crate::source::window::{CHUNK, Input};

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstandard,
}

impl Packing {
    /// Told from the first bytes of a file; none where it is not packed.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        // Behind the mark of gzip comes the one method that there is: a text of that mark alone is none.
        if head.starts_with(b"\x1f\x8b\x08") {
            return Some(Self::Gzip);
        }
        // A frame that is to be passed over may come first, as some programs write them.
        let is_skipped = matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
        (is_skipped || head.starts_with(b"\x28\xb5\x2f\xfd")).then_some(Self::Zstandard)
    }

    /// Reads what is in it.
    pub(super) fn unpacked(self, input: Box<dyn Input>) -> io::Result<Box<dyn Read + Send>> {
        let input = BufReader::with_capacity(CHUNK, input);
        Ok(match self {
            Self::Gzip => Box::new(Unpacking::new(self, MultiGzDecoder::new(input))),
            // It refuses windows of more than 128 MiB by itself.
            Self::Zstandard => {
                Box::new(Unpacking::new(self, zstd::stream::read::Decoder::with_buffer(input)?))
            }
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstandard => "zstd",
        }
    }
}

/// Counts what a decoder gives, and says of its errors where they came.
struct Unpacking<D> {
    packing: Packing,
    decoder: D,
    read: u64,
}

impl<D: Read> Unpacking<D> {
    fn new(packing: Packing, decoder: D) -> Self {
        Self { packing, decoder, read: 0 }
    }
}

impl<D: Read> Read for Unpacking<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.decoder.read(buffer) {
            Ok(count) => {
                self.read += count as u64;
                Ok(count)
            }
            Err(error) if is_of_the_disk(&error) => Err(error),
            Err(error) => Err(io::Error::new(
                ErrorKind::InvalidData,
                Damaged {
                    packing: self.packing,
                    read: self.read,
                    is_cut_off: error.kind() == ErrorKind::UnexpectedEof,
                    words: error.to_string(),
                },
            )),
        }
    }
}

/// Decoders make their own errors; those of the system have a number.
fn is_of_the_disk(error: &io::Error) -> bool {
    error.raw_os_error().is_some() || error.kind() == ErrorKind::Interrupted
}

/// What is wrong with a packed file.
#[derive(Debug)]
pub(in crate::source) struct Damaged {
    packing: Packing,
    /// So many bytes were unpacked before.
    read: u64,
    is_cut_off: bool,
    /// What the decoder says.
    words: String,
}

impl Damaged {
    pub(in crate::source) fn hint(&self) -> &'static str {
        match (self.is_cut_off, self.read) {
            (true, _) => {
                "was the file cut off when it was copied or written? copy or export it again"
            }
            (false, 0) => "copy or export the file again",
            (false, _) => {
                "the file was damaged, or something was written behind what is packed: copy or export it again"
            }
        }
    }
}

impl fmt::Display for Damaged {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, read) = (self.packing.name(), self.read);
        match self.is_cut_off {
            true => write!(
                formatter,
                "the file is packed with {name} and ends in the midst of it, behind {read} bytes of its text"
            ),
            false => write!(
                formatter,
                "the file is packed with {name} and cannot be unpacked behind {read} bytes of its text: {}",
                self.words
            ),
        }
    }
}

impl std::error::Error for Damaged {}
