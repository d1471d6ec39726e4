//! Names a row of a saved plan: its key and its content, in sixteen bytes that mean the same in every process.

use sha2::{Digest as _, Sha256};

use super::MARK;
use crate::prepare::RowKey;
use crate::row::Digest;
use crate::text::spelling::canonical;

/// Names a row by its key and its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, PartialOrd, Ord)]
pub(crate) struct Mark(pub(super) [u8; MARK]);

impl Mark {
    /// Of a row that cannot be read, or that the job leaves out: what it says does not matter.
    pub(crate) const NONE: Self = Self([0; MARK]);

    /// `content` is none where no request can be made of the row.
    pub(crate) fn of(key: &RowKey, content: Option<Digest>) -> Self {
        let mut sum = Sha256::new();
        match key {
            RowKey::Written(key) => {
                let key = canonical(key);
                sum.update(b"k");
                sum.update((key.len() as u64).to_be_bytes());
                sum.update(key.as_bytes());
            }
            RowKey::Content => sum.update(b"c"),
            RowKey::Missing => sum.update(b"m"),
        }
        sum.update([u8::from(content.is_some())]);
        sum.update(content.unwrap_or_default().0);
        let mut mark = [0; MARK];
        mark.copy_from_slice(&sum.finalize()[..MARK]);
        Self(mark)
    }

    /// Enough of it to tell rows apart where many are compared.
    pub(super) fn half(self) -> u64 {
        self.0[..8].iter().fold(0, |half, byte| half << 8 | u64::from(*byte))
    }
}
