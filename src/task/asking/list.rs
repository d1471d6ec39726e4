//! A list that has to be asked for, and what came of it.

use std::collections::HashSet;
use std::sync::Arc;

use crate::declared::connector::{Operation, Recover, SystemMark};
use crate::recover::{Answered, Keeps, Sights};
use crate::row::{Cause, Fields};

/// A list that has to be asked for.
#[derive(Debug)]
pub(in crate::task) struct AskedList {
    /// By what it is kept for a later call.
    pub name: String,
    /// The operation that makes what is listed.
    pub maker: Arc<Operation>,
    /// What the list is asked by.
    pub fields: Fields<'static>,
    /// Things of which more is wanted than a fingerprint.
    pub wanted: HashSet<String>,
    pub system: Option<SystemMark>,
    pub keeps: Keeps,
    /// How it is asked for, where that is not as the operation says.
    pub otherwise: Option<Arc<Recover>>,
    pub answer: ListAnswer,
}

/// What came of a list.
#[derive(Debug)]
pub(in crate::task) enum ListAnswer {
    NotAsked,
    Read(Answered),
    /// It was read, and whoever asked has taken what it showed.
    Taken,
    /// What the list is of is not there, in the other side's words.
    Missing(Cause),
    /// It was refused.
    Refused(Cause),
    /// No answer that could be read.
    None(Cause),
}

impl AskedList {
    /// How the list is read; none is never asked for without.
    pub(in crate::task) fn recover(&self) -> Option<&Recover> {
        self.otherwise.as_deref().or(self.maker.recover.as_ref())
    }

    /// The list, to be asked for; what is left in its place says nothing.
    pub(in crate::task) fn taken(&mut self) -> Self {
        Self {
            name: self.name.clone(),
            maker: Arc::clone(&self.maker),
            fields: self.fields.clone(),
            wanted: std::mem::take(&mut self.wanted),
            system: self.system.clone(),
            keeps: self.keeps,
            otherwise: self.otherwise.clone(),
            answer: std::mem::replace(&mut self.answer, ListAnswer::NotAsked),
        }
    }

    /// What is to be seen of its items.
    pub(super) fn sights(&self) -> Sights<'_> {
        Sights {
            wanted: &self.wanted,
            system: self.system.as_ref(),
            keeps: self.keeps,
            fields: &self.maker.fields,
        }
    }
}
