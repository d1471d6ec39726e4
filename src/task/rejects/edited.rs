//! Whether a file of rejects, which another is to take the place of, has corrections in it that were not sent.
//!
//! By the file, and the ledger: a row whose cells are not those that it was written out with was corrected. Not for whether a
//! correction is right.

use std::path::Path;

use crate::declared::job::Job;
use crate::ledger::History;
use crate::prepare::Preparer;
use crate::row::{KeyHash, Standing};
use crate::source::{Read, Record, Source};

use super::{JobOptions, Opening, RejectsOptions, known};

/// How many rows of a file were corrected and are not done. None where the file cannot be read as rows that come back.
pub(crate) fn unsent_corrections(options: &RejectsOptions, file: &Path) -> Option<u64> {
    let job = JobOptions { from: Some(file.to_owned()), ..options.job.clone() };
    let (opening, source) = Opening::open(&job, options.address.as_deref()).ok()?;
    let history = history(options, &opening.job);
    Some(count(source, &opening.preparer, &history))
}

fn history(options: &RejectsOptions, job: &Job) -> History {
    let known = known(options, job, &mut |_| {});
    known.ok().flatten().map(|known| known.history).unwrap_or_default()
}

fn count(mut source: Source, preparer: &Preparer, history: &History) -> u64 {
    let (mut record, mut edited) = (Record::default(), 0);
    loop {
        match source.next(&mut record) {
            Read::End => return edited,
            // What cannot be read any more was not written so.
            Read::Problem(_) => edited += 1,
            Read::Row => {
                edited +=
                    u64::from(is_edited(&record, preparer) && !is_done(&record, preparer, history));
            }
        }
    }
}

fn is_edited(record: &Record, preparer: &Preparer) -> bool {
    let written = preparer.reference(record).map(|reference| reference.cells);
    written != Some(preparer.fingerprint(record))
}

/// Whether the row is done, by its own key or as what it stands for.
fn is_done(record: &Record, preparer: &Preparer, history: &History) -> bool {
    let own = preparer.whole_key(record).map(|key| KeyHash::of(&key));
    let given =
        preparer.reference(record).map(|reference| history.corrections().of(reference.cells));
    let mut keys = own.into_iter().chain(given.unwrap_or_default().iter().copied());
    keys.any(|key| history.find(key).any(|found| found.standing == Standing::Done))
}
