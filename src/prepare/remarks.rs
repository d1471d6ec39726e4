//! What is no mistake of a row and is still to be said of many: counted row by row, told in a few warnings at the end.

use super::defaults::Defaults;
use super::garbled::Garbled;
use super::split::SplitRows;
use crate::text::diagnostic::Diagnostic;

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    /// Rows that leave a field to a default that matters.
    pub(super) defaults: Defaults,
    /// Rows whose texts were read in the wrong encoding before.
    pub(super) garbled: Garbled,
    /// Rows that come to several notes.
    pub(super) split: SplitRows,
}

impl Remarks {
    /// Takes in what was counted of rows that come later.
    pub(crate) fn append(&mut self, later: Self) {
        self.defaults.append(later.defaults);
        self.garbled.append(later.garbled);
        self.split.append(later.split);
    }

    pub(crate) fn warnings(&self) -> impl Iterator<Item = Diagnostic> {
        self.defaults.warnings().chain(self.garbled.warnings()).chain(self.split.warning())
    }
}
