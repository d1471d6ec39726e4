//! What the lists say of each row, in the order of the source.

use std::collections::HashSet;

use crate::declared::connector::{Connector, Effect, FieldSet};
use crate::ledger::{LedgerError, Reader as _};
use crate::plan::Step;
use crate::recover::{Answered, Presence, Target, Unlike};
use crate::report::{Difference, RemoteRow, RowFound, WhyNotKnown};
use crate::row::Page;
use crate::task::booking::Past;

use super::lists::{Lists, Question};
use crate::task::asking::ListAnswer;

/// Compares rows with lists.
pub(super) struct Judge<'a> {
    pub connector: &'a Connector,
    pub lists: &'a mut Lists,
    pub past: Option<&'a Past>,
    pub allows_system: bool,
    /// Whether rows have keys of their own.
    pub has_keys: bool,
    /// Things that a row of the ledger owns, or an earlier row here: each stands for one row.
    taken: HashSet<String>,
    /// Lists of which the ledger has been asked.
    asked_about: HashSet<usize>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        connector: &'a Connector,
        lists: &'a mut Lists,
        past: Option<&'a Past>,
        (allows_system, has_keys): (bool, bool),
    ) -> Self {
        let (taken, asked_about) = (HashSet::new(), HashSet::new());
        Self { connector, lists, past, allows_system, has_keys, taken, asked_about }
    }

    /// None of a row that is about nothing there.
    pub(super) fn row(
        &mut self,
        step: &Step,
        value_called: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<RemoteRow>, LedgerError> {
        let Some(question) = self.lists.question(self.connector, step, value_called) else {
            return Ok(None);
        };
        let found = match question {
            Question::None(why) => RowFound::NotKnown(why),
            Question::Making { list } => self.making(step, list)?,
            Question::About { list, id } => self.about(list, id),
        };
        let goes = goes(step);
        let mut row = RemoteRow::of(step, found, goes);
        if !self.has_keys {
            // By its content nobody finds a row.
            row.key.clear();
        }
        Ok(Some(row))
    }

    fn answer(&self, list: usize) -> Result<&Answered, RowFound> {
        let known = self.lists.lists.get(list).map(|list| &list.answer);
        let not_known = |why| Err(RowFound::NotKnown(why));
        match known {
            Some(ListAnswer::Read(answered)) => Ok(answered),
            Some(ListAnswer::Missing(cause)) => Err(RowFound::NoLane(cause.clone())),
            Some(ListAnswer::Refused(cause)) => not_known(WhyNotKnown::Refused(cause.clone())),
            Some(ListAnswer::None(cause)) => not_known(WhyNotKnown::NoAnswer(cause.clone())),
            Some(ListAnswer::NotAsked | ListAnswer::Taken) | None => {
                not_known(WhyNotKnown::NotAsked)
            }
        }
    }

    fn making(&mut self, step: &Step, list: usize) -> Result<RowFound, LedgerError> {
        self.ask_ledger(step, list)?;
        let answered = match self.answer(list) {
            Ok(answered) => answered,
            Err(found) => return Ok(found),
        };
        let recover = self.lists.lists.get(list).and_then(|list| list.recover());
        let (Some(recover), Some(ready)) = (recover, &step.ready) else {
            return Ok(RowFound::NotKnown(WhyNotKnown::NoList));
        };
        let is_taken = |id: &str| self.taken.contains(id);
        Ok(match answered.presence(recover, &ready.fields, &is_taken) {
            Presence::There { id } => {
                self.taken.insert(id.clone());
                RowFound::There { id }
            }
            Presence::Unlike { id, unlike } => {
                let fields = &ready.operation.fields;
                let told = unlike.into_iter().map(|one| told(fields, one));
                RowFound::Unlike { id, unlike: told.collect() }
            }
            Presence::Alike { id } => RowFound::Alike { id },
            Presence::Absent => RowFound::Absent,
            Presence::NotShown => RowFound::NotShown { of: answered.count() },
            Presence::Unknown(extent) => RowFound::NotKnown(WhyNotKnown::List(extent)),
        })
    }

    fn about(&self, list: usize, id: String) -> RowFound {
        let answered = match self.answer(list) {
            Ok(answered) => answered,
            Err(found) => return found,
        };
        match answered.target(&id) {
            Target::Found { system: Some(mark), text } => {
                RowFound::System { id, mark, text, is_allowed: self.allows_system }
            }
            Target::Found { system: None, text } => RowFound::Found { id, text },
            Target::NotShown => RowFound::NoSuchThing { id, of: answered.count() },
            Target::Unknown(extent) => RowFound::NotKnown(WhyNotKnown::List(extent)),
        }
    }

    /// What rows of the ledger have made is theirs, and not a row's that is still to be sent.
    fn ask_ledger(&mut self, step: &Step, list: usize) -> Result<(), LedgerError> {
        let (Some(past), true) = (self.past, self.asked_about.insert(list)) else { return Ok(()) };
        let Ok(answered) = self.answer(list) else { return Ok(()) };
        let page = Page {
            ids: answered.ids().map(str::to_owned).collect(),
            operation: step.operation.as_ref().map_or("", |one| &*one.name).to_owned(),
            lane: step.ready.as_ref().map_or_else(String::new, |ready| ready.lane.clone()),
            wants_makers: false,
        };
        let owned = past.ledger().owned(past.job(), &[page])?;
        self.taken.extend(owned.into_iter().flat_map(|holdings| holdings.ids.into_keys()));
        Ok(())
    }
}

/// By what an item differs from what a row would make, in the connector's words where it has some.
pub(in crate::task) fn told(fields: &FieldSet, unlike: Unlike) -> Difference {
    let name = fields.name(unlike.field);
    let is_flag = fields.flags().any(|flag| flag == unlike.field);
    let words = |value: String| {
        if !is_flag {
            return value;
        }
        let says = value == "1";
        fields.counted_as(name, says).map_or_else(|| says.to_string(), str::to_owned)
    };
    Difference { field: name.to_owned(), there: words(unlike.there), row: words(unlike.row) }
}

/// The text that would be there afterwards; none where nothing would.
fn goes(step: &Step) -> Option<String> {
    let (operation, ready) = (step.operation.as_ref()?, step.ready.as_ref()?);
    if operation.effect != Effect::Update {
        return None;
    }
    let mut texts = operation.fields.properties().filter(|(field, name, _)| {
        operation.fields.is_text(name) && !operation.outside_body.contains(field)
    });
    let (field, _, _) = texts.next()?;
    ready.fields.get(field)?.as_str().map(str::to_owned)
}
