//! Rows that another job has done already: found by what they send, since another job knows them by another name.
//!
//! A source that was saved under a new name, or a job that was copied, begins with nothing done. Which jobs are asked, and
//! what follows, is for `task`.

use crate::ledger::History;
use crate::prepare::Draft;
use crate::row::{Digest, Standing};
use crate::source::Source;
use crate::text::place::RowPlace;

use super::Readings;
use super::crew::{Heard, Sight, read_all};

/// What other jobs have done of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DoneElsewhere {
    /// Rows of the source that are done.
    pub rows: u64,
    /// Rows of the source.
    pub all: u64,
    /// The first row that is done.
    pub first: RowPlace,
    /// Which of the jobs has done the first row.
    pub job: usize,
}

/// Contents that are done, each with the place of the job that has done it.
#[derive(Debug, Default)]
pub(crate) struct DoneContents(Vec<(Digest, usize)>);

impl DoneContents {
    /// Takes in what a job has done.
    pub(crate) fn add(&mut self, job: usize, history: &History) {
        self.0.extend(history.contents(Standing::Done).map(|digest| (digest, job)));
    }

    /// Looks through a source; none where nothing of it is done.
    pub(crate) fn among(mut self, readings: Readings<'_>, source: Source) -> Option<DoneElsewhere> {
        if self.0.is_empty() {
            return None;
        }
        self.0.sort_unstable();
        let mut found: Option<DoneElsewhere> = None;
        let mut all = 0;
        let eye = |draft: &Draft<'_>| {
            let present = draft.digest().filter(|_| !draft.only_reads())?;
            draft.digests(present).find(|digest| self.job_of(*digest).is_some())
        };
        let heard = read_all(&readings, source, &eye, &mut |heard| {
            all += u64::from(!matches!(heard, Heard::Row { out: Some(_), .. }));
            if let Heard::Row { record, sight: Some(digest), .. } = heard
                && let Some(job) = self.job_of(digest)
            {
                let first = || DoneElsewhere { rows: 0, all: 0, first: record.place.clone(), job };
                found.get_or_insert_with(first).rows += 1;
            }
            Ok::<(), std::convert::Infallible>(())
        });
        let Ok(_) = heard;
        found.map(|found| DoneElsewhere { all, ..found })
    }

    fn job_of(&self, digest: Digest) -> Option<usize> {
        let at = self.0.partition_point(|(done, _)| *done < digest);
        self.0.get(at).filter(|(done, _)| *done == digest).map(|(_, job)| *job)
    }
}

/// Only its content is asked for: the row has been checked.
impl Sight for Option<Digest> {
    fn is_done(&self) -> bool {
        true
    }
}
