//! What is read and kept before rows change or delete something: how many lists that takes, how many requests, and of which rows
//! nothing can be kept.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use crate::declared::connector::{Effect, Recover};
use crate::declared::job::Job;
use crate::engine::{FRESH, LOOK_AHEAD_ROWS};
use crate::plan::{Fate, Fates, ReadingFailure, Step, Steps};
use crate::recover::{NoSubject, Subject};
use crate::report::ReadsAhead;
use crate::text::quota::Quota;

use super::run::{subject_as_sent, subject_unchanged};

/// Goes through the rows that are to be sent at these quotas, where some may change or delete something. `is_rehearsal` is
/// whether no list shows what they are about.
pub(super) fn reads_ahead<'s>(
    job: &Job,
    (fates, quotas): (&Fates, &[Quota]),
    is_rehearsal: bool,
    steps: impl FnOnce() -> Result<Steps<'s>, ReadingFailure>,
) -> Result<ReadsAhead, ReadingFailure> {
    let mut ahead = ReadsAhead::default();
    let is_update = |fate| matches!(fate, Fate::Send(sending) if sending.is_update());
    let updates = fates.tally().sum(is_update) > 0;
    let may_change = updates || super::run::may_have(job, is_about_something);
    if is_rehearsal || !may_change && fates.missing().rows.is_empty() {
        return Ok(ahead);
    }
    let mut readings = Counted::at(quotas);
    for row in &fates.missing().rows {
        let subject = subject_unchanged(row, (job, job.snapshot));
        subject.into_iter().for_each(|subject| readings.count(&subject, &mut ahead));
        ahead.off += u64::from(!job.snapshot);
    }
    if may_change {
        let mut steps = steps()?;
        while let Some(step) = steps.next(|fate| matches!(fate, Fate::Send(_)))? {
            let value_called = |name: &str| steps.value_called(name);
            readings.see(&step, job, &value_called, &mut ahead);
        }
    }
    ahead.lists = readings.lists.len() as u64;
    ahead.follows_too_late = ahead.rows > 0 && quotas.iter().any(lets_none_follow);
    Ok(ahead)
}

/// How often lists are read for rows that come one after the other.
struct Counted {
    /// So many rows behind the first a reading still holds.
    serves: u64,
    rows: u64,
    /// Of each list: which reading of all the last one is, and before which row it was made.
    lists: HashMap<Arc<str>, (u64, u64)>,
    /// Of each thing, by which reading it was seen last.
    things: HashMap<u64, u64>,
}

impl Counted {
    fn at(quotas: &[Quota]) -> Self {
        let most = |quota: &Quota| {
            let period = quota.window.as_secs_f64() / f64::from(quota.requests.get());
            (FRESH.as_secs_f64() / period) as u64
        };
        let serves = quotas.iter().map(most).min().unwrap_or(u64::MAX);
        let (lists, things) = (HashMap::new(), HashMap::new());
        Self { serves: serves.min(LOOK_AHEAD_ROWS as u64), rows: 0, lists, things }
    }

    /// Takes a row in, where it changes or deletes something.
    fn see(
        &mut self,
        step: &Step,
        job: &Job,
        value_called: &dyn Fn(&str) -> Option<String>,
        ahead: &mut ReadsAhead,
    ) {
        let Some(ready) = &step.ready else { return };
        let operation = &ready.operation;
        if let Some(expects) = &step.expects {
            let subject = subject_as_sent(step, expects, (job, job.snapshot));
            subject.into_iter().for_each(|subject| self.count(&subject, ahead));
            ahead.off += u64::from(!job.snapshot);
            return;
        }
        if !is_about_something(operation.effect) {
            return;
        }
        if !job.snapshot {
            ahead.off += 1;
            return;
        }
        match Subject::of(&job.connector, operation, &ready.fields, value_called, true) {
            Ok(subject) => self.count(&subject, ahead),
            Err(why) => {
                ahead.unnamed += 1;
                if let (NoSubject::NotNamed { name }, None) = (why, &ahead.name) {
                    ahead.name = Some(name);
                }
            }
        }
    }

    fn count(&mut self, subject: &Subject, ahead: &mut ReadsAhead) {
        self.rows += 1;
        ahead.rows += 1;
        let mut hasher = DefaultHasher::new();
        (&subject.list, &subject.id).hash(&mut hasher);
        let thing = hasher.finish();
        let seen = self.things.get(&thing).copied();
        let reading = self.lists.get(&subject.list).copied();
        // What a row has done there is seen by nobody who has read before.
        let serves = |(reading, from): &(u64, u64)| {
            self.rows - from <= self.serves && seen.is_none_or(|seen| seen < *reading)
        };
        let (reading, _) = reading.filter(serves).unwrap_or_else(|| {
            ahead.requests += 1;
            let reading = (ahead.requests, self.rows);
            self.lists.insert(Arc::clone(&subject.list), reading);
            reading
        });
        self.things.insert(thing, reading);
        let cuts = subject.maker.recover.as_ref().and_then(Recover::cuts_after);
        ahead.cut_after = ahead.cut_after.or(cuts);
    }
}

/// Whether a quota keeps a request from following another before what that has shown is too old.
fn lets_none_follow(quota: &Quota) -> bool {
    quota.requests.get() == 1 && quota.window >= FRESH
}

fn is_about_something(effect: Effect) -> bool {
    matches!(effect, Effect::Update | Effect::Delete)
}
