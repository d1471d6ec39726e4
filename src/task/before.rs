//! What is read and kept before rows change or delete something: how many lists that takes, and of which rows nothing can be
//! kept.

use std::collections::HashSet;

use crate::declared::connector::Effect;
use crate::declared::job::Job;
use crate::plan::{Fate, ReadingFailure, Steps};
use crate::recover::{NoSubject, Subject};
use crate::report::ReadsAhead;

/// Goes through the rows that are to be sent, where some may change or delete something. `is_rehearsal` is whether no list shows
/// what they are about.
pub(super) fn reads_ahead<'s>(
    job: &Job,
    is_rehearsal: bool,
    steps: impl FnOnce() -> Result<Steps<'s>, ReadingFailure>,
) -> Result<ReadsAhead, ReadingFailure> {
    let mut ahead = ReadsAhead::default();
    if is_rehearsal || !super::run::may_have(job, is_about_something) {
        return Ok(ahead);
    }
    let mut lists = HashSet::new();
    let mut steps = steps()?;
    while let Some(step) = steps.next(|fate| matches!(fate, Fate::Send(_)))? {
        let Some(ready) = &step.ready else { continue };
        let operation = &ready.operation;
        if !is_about_something(operation.effect) {
            continue;
        }
        if !job.snapshot {
            ahead.off += 1;
            continue;
        }
        let value_called = |name: &str| steps.value_called(name);
        match Subject::of(&job.connector, operation, &ready.fields, &value_called, true) {
            Ok(subject) => {
                ahead.rows += 1;
                lists.insert(subject.list);
            }
            Err(why) => {
                ahead.unnamed += 1;
                if let (NoSubject::NotNamed { name }, None) = (why, &ahead.name) {
                    ahead.name = Some(name);
                }
            }
        }
    }
    ahead.lists = lists.len() as u64;
    Ok(ahead)
}

fn is_about_something(effect: Effect) -> bool {
    matches!(effect, Effect::Update | Effect::Delete)
}
