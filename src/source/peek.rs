//! A look at the beginning of a file whose manner nobody has said: its first bytes, a text of them, the sheets of a workbook.
//!
//! Nothing is concluded here, and no row is read: what the bytes mean is for whoever looks.

use std::io::Read as _;
use std::sync::Arc;

use super::fault::Fault;
use super::input::{self, Encoding, Location};
use super::sheet;
use crate::text::diagnostic::Diagnostic;

/// The first bytes of a file, unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FirstBytes {
    pub bytes: Vec<u8>,
    /// Whether these are all of the file.
    pub is_whole: bool,
}

/// Reads the first bytes of a file, at most so many; of a packed file, of what is in it.
///
/// # Errors
/// What is wrong with the file as a whole.
pub(crate) fn first_bytes(
    location: &Location,
    name: &Arc<str>,
    most: usize,
) -> Result<FirstBytes, Diagnostic> {
    let read = || -> Result<FirstBytes, Fault> {
        let (input, _) = location.open()?;
        let mut bytes = Vec::new();
        let stream = input::stream(input).map_err(Fault::io)?;
        stream.take(most as u64 + 1).read_to_end(&mut bytes).map_err(Fault::io)?;
        let is_whole = bytes.len() <= most;
        bytes.truncate(most);
        Ok(FirstBytes { bytes, is_whole })
    };
    read().map_err(|fault| fault.at(name, 0))
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SheetSeen {
    pub name: String,
    pub is_visible: bool,
}

/// The sheets of a workbook, in their order.
///
/// # Errors
/// Why the file is no workbook that can be read.
pub(crate) fn sheets(location: &Location, name: &Arc<str>) -> Result<Vec<SheetSeen>, Diagnostic> {
    let read = || -> Result<Vec<SheetSeen>, Fault> {
        let (input, _) = location.open()?;
        let found = sheet::sheets(input::unpacked(input)?)?.into_iter();
        Ok(found.map(|(name, is_visible)| SheetSeen { name, is_visible }).collect())
    };
    read().map_err(|fault| fault.at(name, 0))
}

/// Bytes as a text of this encoding, and how many of them it does not have. The last ones may be half a letter.
pub(crate) fn text_of(bytes: &[u8], encoding: Encoding) -> (String, usize) {
    input::decoded_sample(bytes, encoding)
}
