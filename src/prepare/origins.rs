//! What the job's own source has, beside rows that come back from it corrected: other rows with the keys that those were given,
//! and what their cells come to by now.
//!
//! The source is read for it only where a row comes back that had no name of its own. What follows from it is not said here.

use std::collections::HashMap;

use crate::row::{Digest, Fingerprint, Identity, KeyHash};
use crate::source::{Read, Record, Source};

use super::Preparer;
use super::prepared::Findings;

/// What is known of a job's own source. Empty where nobody has to know.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    /// The cells of rows that come back and had no name.
    cells: HashMap<Fingerprint, Cells>,
    /// The keys that they were given, and what the first row of the source says that bears it; none where none does.
    keys: HashMap<KeyHash, Option<Bearer>>,
}

/// The rows of the source with the same cells.
#[derive(Debug, Clone, Copy, Default)]
struct Cells {
    rows: u64,
    content: Option<Digest>,
}

/// A row of the source.
#[derive(Debug, Clone, Copy)]
struct Bearer {
    content: Option<Digest>,
}

impl Origins {
    /// What rows that come back make worth knowing.
    pub(crate) fn asked_by(preparer: &Preparer, mut source: Source) -> Self {
        let mut asked = Self::default();
        let mut record = Record::default();
        loop {
            match source.next(&mut record) {
                Read::End => return asked,
                Read::Problem(_) => continue,
                Read::Row => {}
            }
            let Some(reference) = preparer.reference(&record) else { continue };
            if !matches!(reference.identity, Identity::Cells(_) | Identity::Anothers(_)) {
                continue;
            }
            asked.cells.entry(reference.cells).or_default();
            if preparer.key.is_some()
                && let Some(key) = preparer.whole_key(&record)
            {
                asked.keys.entry(KeyHash::of(&key)).or_default();
            }
        }
    }

    /// Whether nothing has to be known.
    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Reads the job's own source, by its own preparer.
    pub(crate) fn read(mut self, preparer: &Preparer, mut source: Source) -> Self {
        let mut record = Record::default();
        let mut findings = Findings::default();
        loop {
            match source.next(&mut record) {
                Read::End => return self,
                Read::Problem(_) => continue,
                Read::Row if record.share.is_some_and(|share| share.number > 1) => continue,
                Read::Row => {}
            }
            let bearer = match preparer.whole_key(&record) {
                Some(key) => self.keys.get_mut(&KeyHash::of(&key)).filter(|known| known.is_none()),
                None => None,
            };
            let cells = self.cells.get_mut(&preparer.fingerprint(&record));
            if bearer.is_none() && cells.is_none() {
                continue;
            }
            let content = preparer.draft(&record, &mut findings).digest();
            findings.take();
            bearer.into_iter().for_each(|bearer| *bearer = Some(Bearer { content }));
            if let Some(cells) = cells {
                cells.rows += 1;
                cells.content = cells.content.or(content);
            }
        }
    }

    /// Whether another row of the source bears a key. A row that says the same is the row itself, corrected there as well, but where
    /// that still stands there as it was.
    pub(crate) fn bears(
        &self,
        key: KeyHash,
        (cells, content): (Fingerprint, Option<Digest>),
    ) -> bool {
        let bearer = self.keys.get(&key).copied().flatten();
        bearer.is_some_and(|bearer| self.rows_of(cells) > 0 || bearer.content != content)
    }

    /// How many rows of the source have these cells.
    pub(crate) fn rows_of(&self, cells: Fingerprint) -> u64 {
        self.cells.get(&cells).map_or(0, |cells| cells.rows)
    }

    /// What these cells come to by now; none where no request can be made of them.
    pub(crate) fn content_of(&self, cells: Fingerprint) -> Option<Digest> {
        self.cells.get(&cells)?.content
    }
}

impl Preparer {
    /// With what the job's own source has beside the rows.
    pub(crate) fn beside(&mut self, origins: Origins) {
        self.origins = origins;
    }

    /// What the job's own source has beside rows that come back.
    pub(crate) fn origins(&self) -> &Origins {
        &self.origins
    }
}
