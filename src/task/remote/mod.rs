//! `plan --remote`: what is there already, asked for before anything is sent.
//!
//! The rows that would be sent say which lists there are; each is asked for once, within the quotas, and then each row is
//! compared with its list. Nothing but reads leaves, and nothing that a list does not show counts as gone. How
//! lists are asked for is for `asking`.

mod judge;
mod lists;

use crate::event::Obstacle;
use crate::plan::{Fate, ReadingFailure, Step, Steps};
use crate::recover::Answered;
use crate::report::{RemoteEnd, RemoteFindings, RemoteRow};
use crate::row::Cause;
use crate::traffic::transport::Credentials;

use super::Failure;
use super::asking::{AskEnd, Ear, Inquiry, Kept, ListAnswer};
use super::booking::Past;
use super::job::Opening;
use judge::Judge;
pub(super) use judge::told;
pub(super) use lists::{Lists, Question};

/// By what a plan finds again what it has kept.
const PURPOSE: &str = "plan";

/// What is asked about.
pub(super) struct Surroundings<'a> {
    pub opening: &'a Opening,
    pub inquiry: Inquiry<'a>,
    pub past: Option<&'a Past>,
    /// Opens the second reading.
    pub steps: &'a dyn Fn() -> Result<Steps<'a>, ReadingFailure>,
}

/// Lists that have an answer, as far as they could be had.
pub(super) struct Asked {
    lists: Lists,
    findings: RemoteFindings,
}

impl Surroundings<'_> {
    /// Asks for all lists.
    pub(super) fn ask(&self, credentials: Credentials) -> Result<Asked, Failure> {
        let mut lists = self.collect()?;
        let mut kept = self.inquiry.kept(PURPOSE);
        for list in &mut lists.lists {
            if let Some(answered) = kept.take(&list.name) {
                list.answer = ListAnswer::Read(answered);
            }
        }
        let cost = self.inquiry.cost(&lists.lists, kept.since());
        let mut progress = (self.inquiry.world.begins)(&cost);
        let names: Vec<String> = lists.lists.iter().map(|list| list.name.clone()).collect();
        let mut keeper = Keeper { names, kept: &mut kept };
        let asked = self.inquiry.ask(&mut lists.lists, credentials, (&mut keeper, &mut *progress));
        let (end, requests) = asked?;
        drop(progress);
        let is_kept = kept.is_on();
        if end == AskEnd::Whole {
            kept.forget();
        }
        let (noun, known_since) = (cost.noun, cost.known_since);
        let end = end_of(end, is_kept);
        let all = lists.lists.len() as u64;
        let answered = lists.lists.iter().filter(|list| list.is_answered()).count() as u64;
        let findings =
            RemoteFindings::new(end, noun, (all, answered), requests).with_known_since(known_since);
        Ok(Asked { lists, findings })
    }

    /// Compares all rows that would be sent with what was heard; `tell` hears of each.
    pub(super) fn judge(
        &self,
        asked: Asked,
        tell: &mut dyn FnMut(&RemoteRow),
    ) -> Result<RemoteFindings, Failure> {
        let Asked { mut lists, mut findings } = asked;
        let job = &self.opening.job;
        let mut judge = Judge::new(
            &job.connector,
            &mut lists,
            self.past,
            (job.allow_system_notes, self.opening.preparer.has_key()),
        );
        let mut failed = None;
        self.each_row(
            &mut |steps, step| match judge.row(step, &|name| steps.value_called(name)) {
                Ok(Some(row)) => {
                    tell(&row);
                    findings.see(row);
                }
                Ok(None) => {}
                Err(error) => drop(failed.get_or_insert(error)),
            },
        )?;
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(findings),
        }
    }

    /// What the rows that would be sent make, change or delete, by the lists in which that is seen.
    fn collect(&self) -> Result<Lists, Failure> {
        let mut lists = Lists::default();
        let connector = &self.opening.job.connector;
        self.each_row(&mut |steps, step| {
            lists.question(connector, step, &|name| steps.value_called(name));
        })?;
        Ok(lists)
    }

    fn each_row(&self, see: &mut dyn FnMut(&Steps<'_>, &Step)) -> Result<(), Failure> {
        let mut steps = (self.steps)()?;
        while let Some(step) = steps.next(|fate| matches!(fate, Fate::Send(_)))? {
            see(&steps, &step);
        }
        Ok(())
    }
}

/// Keeps what lists have shown for a later call.
struct Keeper<'k> {
    names: Vec<String>,
    kept: &'k mut Kept,
}

impl Ear for Keeper<'_> {
    fn hear(&mut self, list: usize, answered: Answered) -> ListAnswer {
        self.names.get(list).into_iter().for_each(|name| self.kept.keep(name, &answered));
        ListAnswer::Read(answered)
    }
}

/// How asking ended, as it is told.
pub(super) fn end_of(end: AskEnd, is_kept: bool) -> RemoteEnd {
    match end {
        AskEnd::Whole => RemoteEnd::Whole,
        AskEnd::Interrupted { signal } => RemoteEnd::Interrupted { signal, is_kept },
        AskEnd::Deaf => {
            let obstacle = Obstacle::Request(Cause::default());
            RemoteEnd::Stopped { obstacle, after: None, is_kept }
        }
        AskEnd::Stopped(obstacle, after) => RemoteEnd::Stopped { obstacle, after, is_kept },
    }
}
