//! How fast a job is sent, and how much of it.

use std::collections::HashSet;
use std::time::Duration;

use crate::declared::job::{Job, OnChange, OnMissing};
use crate::plan::{Deletes, Policy, Prior, Readings, spread_rows};
use crate::text::quota::Quota;
use crate::traffic::pace::Timetable;

use super::Failure;
use super::target::Rehearsal;

/// What the user says about sending, beside the job.
#[derive(Debug, Clone, Default)]
pub(crate) struct SendingOptions {
    /// In the place of the job's quotas, unless empty.
    pub rate: Vec<Quota>,
    /// In the place of the job's.
    pub concurrency: Option<u32>,
    /// A pilot: only so many rows.
    pub limit: Option<u64>,
    /// The pilot takes a little of everything, and not the first rows.
    pub spread: bool,
    /// Send the valid rows although others are invalid.
    pub skip_invalid: bool,
    /// Send rows again that were refused earlier, though nothing about them has changed.
    pub retry_failed: bool,
    /// Send rows again of which what they had done was undone.
    pub undone: bool,
    /// Send rows although another job has done the same.
    pub as_new: bool,
    /// Files of the source that are gone on purpose.
    pub gone: Vec<String>,
}

/// How fast a job is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    pub quotas: Vec<Quota>,
    /// Requests under way at once, at the most.
    pub concurrency: u32,
}

/// How long a request is taken to be under way before that is known.
pub(super) const USUAL_LATENCY: Duration = Duration::from_millis(50);

impl Limits {
    /// How long so many requests take.
    pub(super) fn timetable(&self, requests: u64) -> Timetable {
        Timetable::new(requests, &self.quotas, self.concurrency, USUAL_LATENCY)
    }

    /// The user's word counts before a rehearsal's, and that before the job's.
    pub(super) fn new(job: &Job, sending: &SendingOptions, rehearsal: Option<&Rehearsal>) -> Self {
        let quotas = match (sending.rate.is_empty(), rehearsal) {
            (false, _) => &sending.rate,
            (true, Some(rehearsal)) => &rehearsal.quotas,
            (true, None) => &job.quotas,
        };
        let concurrency = sending.concurrency.unwrap_or(job.concurrency);
        Self { quotas: quotas.clone(), concurrency }
    }
}

impl SendingOptions {
    pub(super) fn policy(&self, job: &Job) -> Policy {
        Policy {
            in_doubt: job.in_doubt,
            retry_failed: self.retry_failed,
            undone: self.undone,
            limit: self.limit.unwrap_or(u64::MAX),
            updates: matches!(job.on_change, OnChange::Update(_)),
            comes_again: true,
            deletes: match job.on_missing {
                OnMissing::Keep => Deletes::Never,
                OnMissing::Delete { .. } if self.limit.is_some() || job.is_source_replaced => {
                    Deletes::NotNow
                }
                OnMissing::Delete { at_most, .. } => Deletes::AtMost(at_most),
            },
        }
    }

    /// The rows of a pilot that takes a little of everything; none where it is none.
    pub(super) fn chosen(
        &self,
        job: &Job,
        readings: Readings<'_>,
        prior: Option<Prior<'_>>,
    ) -> Result<Option<HashSet<u64>>, Failure> {
        if !self.spread || self.limit.is_none() {
            return Ok(None);
        }
        let source = (readings.open)()?;
        Ok(Some(spread_rows(readings, source, prior, self.policy(job))?))
    }
}
