//! Writes a plan along with its survey: marks as rows come by, and the rest when all rows have their fates.

use std::io::{self, BufWriter, Write};

use sha2::{Digest as _, Sha256};

use super::facts::{FactsFile, PlanFacts};
use super::mark::Mark;
use super::{BEGINS, Companion, Seen, VERSION, letter};
use crate::ledger::PlanId;
use crate::plan::Fates;
use crate::plan::decide::Fate;
use crate::text::fingerprint::Fingerprint;

/// Why a plan could not be written.
#[derive(Debug)]
pub(crate) enum NotSaved {
    Io(io::Error),
    /// There is a mark for more rows, or fewer, than have a fate.
    Miscounted,
}

impl From<io::Error> for NotSaved {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A plan that is being written.
pub(crate) struct PlanWriter<'w> {
    out: BufWriter<&'w mut (dyn Write + Send)>,
    sum: Sha256,
    marks: Sha256,
    rows: u64,
    /// What went wrong first; nothing is written after it.
    fault: Option<io::Error>,
}

impl<'w> PlanWriter<'w> {
    /// Begins a plan.
    pub(crate) fn new(out: &'w mut (dyn Write + Send)) -> Self {
        let mut writer = Self {
            out: BufWriter::with_capacity(64 << 10, out),
            sum: Sha256::new(),
            marks: Sha256::new(),
            rows: 0,
            fault: None,
        };
        writer.put(format!("{BEGINS}{VERSION}\n").as_bytes());
        writer
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.fault.is_none() {
            self.sum.update(bytes);
            self.fault = self.out.write_all(bytes).err();
        }
    }

    fn mark(&mut self, mark: Mark) {
        self.marks.update(mark.0);
        self.put(&mark.0);
        self.rows += 1;
    }

    fn pass_to(&mut self, rows: u64) {
        while self.rows < rows {
            self.mark(Mark::NONE);
        }
    }

    /// Writes what was decided of all rows, and for what; gives the plan's name.
    pub(crate) fn finish(mut self, fates: &Fates, facts: &PlanFacts) -> Result<PlanId, NotSaved> {
        if self.rows != fates.rows() {
            return Err(self.fault.map_or(NotSaved::Miscounted, NotSaved::Io));
        }
        for row in 1..=self.rows {
            self.put(&[letter::of(fates.of(row).unwrap_or(Fate::Reject))]);
        }
        let source = Fingerprint(self.marks.clone().finalize().into());
        let facts = FactsFile::of(facts, self.rows, source);
        let facts = serde_json::to_vec(&facts).map_err(io::Error::from)?;
        self.put(&facts);
        self.put(&(facts.len() as u64).to_be_bytes());
        let name: [u8; 32] = self.sum.clone().finalize().into();
        self.put(&name);
        match self.fault {
            Some(fault) => Err(fault.into()),
            None => {
                self.out.flush()?;
                Ok(PlanId(name))
            }
        }
    }
}

impl Companion for PlanWriter<'_> {
    fn see(&mut self, row: &Seen<'_>) -> Fate {
        self.pass_to(row.ordinal.saturating_sub(1));
        self.mark(row.mark);
        row.fate
    }

    fn end(&mut self, rows: u64) {
        self.pass_to(rows);
    }
}
