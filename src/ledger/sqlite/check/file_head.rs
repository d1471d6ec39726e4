//! The first hundred bytes of a SQLite file, as its format documents them, read without SQLite.
//!
//! For what SQLite refuses to open: whether it was a ledger once, and whether its end is missing. Only where no
//! log (`-wal`) lies beside it, since then the head may be older than the log.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::ledger::sqlite::format::APPLICATION_ID;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const LENGTH: u64 = 100;

/// What a file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FileHead {
    /// Whether its application id is ours.
    pub is_ours: bool,
    /// How many bytes the file should have; none where it does not say so.
    pub expected: Option<u64>,
}

impl FileHead {
    /// What cannot be read says nothing.
    pub(super) fn read(path: &Path) -> Self {
        let mut bytes = Vec::new();
        // Opening a pipe would wait for its writer.
        let is_file = path.is_file();
        let read = is_file.then(|| File::open(path)?.take(LENGTH).read_to_end(&mut bytes));
        match read {
            Some(Ok(_)) => Self::of(&bytes),
            _ => Self::default(),
        }
    }

    fn of(bytes: &[u8]) -> Self {
        let number = |at: usize| {
            let four = bytes.get(at..at + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
            four.map(u32::from_be_bytes)
        };
        let is_ours = number(68).is_some_and(|id| i64::from(id) == APPLICATION_ID);
        let page = match bytes.get(16..18) {
            Some([0, 1]) => Some(65_536),
            Some([high, low]) => Some(u64::from(*high) << 8 | u64::from(*low)),
            _ => None,
        };
        let page = page.filter(|page| page.is_power_of_two() && *page >= 512);
        // The count of pages holds only if the version that wrote last knew to keep it.
        let pages = number(28).filter(|_| number(24) == number(92));
        let expected = match (bytes.starts_with(MAGIC), page, pages) {
            (true, Some(page), Some(pages)) => Some(page * u64::from(pages)),
            _ => None,
        };
        Self { is_ours, expected }
    }
}
