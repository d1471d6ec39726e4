//! What undoes one operation of a row: the request that does it, and what has to be there first.
//!
//! Pure: what the ledger has kept goes in. A create is undone by the connector's delete, an update by the same update with
//! the former text, a delete by a create of what was there. What cannot be shown to be as the row has left it is not touched.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::declared::connector::{Connector, Effect, Operation};
use crate::declared::job::PastReminders;
use crate::ledger::Turn;
use crate::prepare::Ready;
use crate::recover::{ContentPrint, Expectation, Subject};
use crate::report::WhyKept;
use crate::row::{FieldValue, Fields, Snapshot};
use crate::text::place::RowPlace;

/// A number of time below this is in seconds.
const FIRST_MILLISECONDS: i64 = 1_000_000_000_000;

/// What undoes an operation.
pub(in crate::task) struct Inverse {
    pub ready: Ready,
    pub subject: Subject,
    /// The print of what it leaves there.
    pub print: Option<ContentPrint>,
    /// What the other side calls what is undone; what was deleted gets another name.
    pub id: String,
    /// The text that is given back.
    pub text: Option<String>,
    pub effect: Effect,
}

/// What is known of a row whose operation is undone.
pub(in crate::task) struct Known<'a> {
    pub connector: &'a Connector,
    pub place: &'a RowPlace,
    /// What the other side calls it by now, where it was deleted since and made anew.
    pub anew: Option<&'a str>,
    /// What was there before.
    pub snapshot: Option<&'a Snapshot>,
    /// A person wants it undone whatever is there now.
    pub even_if_changed: bool,
}

impl Known<'_> {
    /// What undoes an operation, or why that cannot be done.
    pub(in crate::task) fn inverse(&self, turn: &Turn) -> Result<Inverse, WhyKept> {
        let operation = self.connector.operations.get(turn.operation.as_str());
        let operation = operation.ok_or(WhyKept::NoOperation)?;
        match operation.effect {
            Effect::Create => self.of_create(operation, turn),
            Effect::Update => self.of_update(operation, turn),
            Effect::Delete => self.of_delete(operation),
            Effect::Read => Err(WhyKept::NoOperation),
        }
    }

    fn of_create(&self, create: &Arc<Operation>, turn: &Turn) -> Result<Inverse, WhyKept> {
        let delete = self.connector.delete_of(create).ok_or(WhyKept::NoOperation)?;
        let id = self.anew.or(turn.id.as_deref()).ok_or(WhyKept::NoId)?.to_owned();
        let mut fields = Fields::default();
        fields.set(delete.id, FieldValue::Text(id.clone().into()));
        let asked_by = asked_by_lane(create, &turn.lane).ok_or(WhyKept::NoList)?;
        let subject = Subject::in_list(create, asked_by, &id).ok_or(WhyKept::NoList)?;
        Ok(Inverse {
            subject: Subject {
                expects: self.expectation(turn)?,
                effect: Effect::Delete,
                ..subject
            },
            ready: self.ready(&delete.operation, fields)?,
            print: None,
            id,
            text: None,
            effect: Effect::Delete,
        })
    }

    fn of_update(&self, update: &Arc<Operation>, turn: &Turn) -> Result<Inverse, WhyKept> {
        let (snapshot, maker) = self.before()?;
        let look = update.look.as_ref().ok_or(WhyKept::NoList)?;
        let id = self.anew.unwrap_or(&snapshot.id);
        let mut fields = Fields::default();
        for (field, name, _) in update.fields.properties() {
            let value = match field == look.id {
                true => Some(Value::String(id.to_owned())),
                false => snapshot.fields.get(name).cloned(),
            };
            if let Some(value) = value {
                fields.set(field, value.into());
            }
        }
        let subject = in_list_of(snapshot, maker, id).ok_or(WhyKept::NoList)?;
        let print = ContentPrint::of_request(maker, update, &fields);
        // What of the former state the update does not carry was not changed by it either.
        let print = print.ok_or(WhyKept::NoFormerText)?;
        Ok(Inverse {
            subject: Subject {
                expects: self.expectation(turn)?,
                leaves: Some(print),
                effect: Effect::Update,
                ..subject
            },
            text: text_of(maker, &snapshot.fields),
            ready: self.ready(update, fields)?,
            print: Some(print),
            id: id.to_owned(),
            effect: Effect::Update,
        })
    }

    fn of_delete(&self, delete: &Operation) -> Result<Inverse, WhyKept> {
        let (snapshot, maker) = self.before()?;
        delete.look.as_ref().ok_or(WhyKept::NoList)?;
        // Made anew without it, what only agents saw would be there for the customer.
        let fields = as_sent(maker, &snapshot.fields).ok_or(WhyKept::NoFlag)?;
        let subject = in_list_of(snapshot, maker, &snapshot.id).ok_or(WhyKept::NoList)?;
        Ok(Inverse {
            subject: Subject { expects: Expectation::Gone, ..subject },
            print: ContentPrint::of_request(maker, maker, &fields),
            text: text_of(maker, &snapshot.fields),
            ready: self.ready(maker, fields)?,
            id: snapshot.id.clone(),
            effect: Effect::Create,
        })
    }

    /// What was there before, and what makes such things.
    fn before(&self) -> Result<(&Snapshot, &Arc<Operation>), WhyKept> {
        let snapshot = self.snapshot.ok_or(WhyKept::NoFormerText)?;
        let maker = self.connector.operations.get(&*snapshot.maker);
        let maker = maker.ok_or(WhyKept::NoOperation)?;
        let recover = maker.recover.as_ref();
        let is_cut = |text: String| recover.is_some_and(|recover| recover.may_have_cut(&text));
        match text_of(maker, &snapshot.fields).is_some_and(is_cut) {
            true => Err(WhyKept::InPart),
            false => Ok((snapshot, maker)),
        }
    }

    fn expectation(&self, turn: &Turn) -> Result<Expectation, WhyKept> {
        match turn.print {
            _ if self.even_if_changed => Ok(Expectation::There),
            Some(print) => Ok(Expectation::Unchanged(print.into())),
            None => Err(WhyKept::NoPrint),
        }
    }

    /// A reminder that is past by then is not given back: nobody could send it.
    fn ready(&self, operation: &Arc<Operation>, fields: Fields<'static>) -> Result<Ready, WhyKept> {
        let of = (self.place.clone(), PastReminders::Drop);
        Ready::of_fields(operation, fields, of).ok_or(WhyKept::NoFormerText)
    }
}

/// What the list of a thing is asked by, as its lane says; none where that is not all.
fn asked_by_lane(create: &Operation, lane: &str) -> Option<Fields<'static>> {
    let (field, text) = create.lane.read(lane)?;
    let recover = create.recover.as_ref()?;
    if recover.with.iter().any(|(_, from)| *from != field) {
        return None;
    }
    let mut fields = Fields::default();
    let value = match create.fields.is_text(create.fields.name(field)) {
        true => Value::from(text),
        false => serde_json::from_str(text).ok()?,
    };
    fields.set(field, value.into());
    Some(fields)
}

fn in_list_of(snapshot: &Snapshot, maker: &Arc<Operation>, id: &str) -> Option<Subject> {
    let recover = maker.recover.as_ref()?;
    let mut asked_by = Fields::default();
    for (_, from) in &recover.with {
        let value = snapshot.fields.get(maker.fields.name(*from))?;
        asked_by.set(*from, value.clone().into());
    }
    Subject::in_list(maker, asked_by, id)
}

/// What a list has shown, as a request says it: lists write flags as numbers, ids as numbers, times in seconds. None where it
/// has not shown a yes or no of what tells one kind of thing from another.
fn as_sent(maker: &Operation, shown: &Map<String, Value>) -> Option<Fields<'static>> {
    let mut fields = Fields::default();
    for (field, name, schema) in maker.fields.properties() {
        let kind = schema.get("type").and_then(Value::as_str);
        let mut kinds = maker.recover.iter().flat_map(|recover| &recover.kinds);
        let is_needed = kind == Some("boolean") && kinds.any(|(kind, _)| *kind == field);
        let Some(value) = shown.get(name) else {
            if is_needed {
                return None;
            }
            continue;
        };
        let is_time = maker.times().any(|rule| rule.field == field);
        let value = match (kind, value) {
            (Some("boolean"), value) => Value::Bool(yes_or_no(value)?),
            (Some("string"), Value::Number(number)) => Value::String(number.to_string()),
            (Some("integer"), Value::String(text)) => {
                text.parse::<i64>().map_or_else(|_| value.clone(), Value::from)
            }
            _ => value.clone(),
        };
        let value = match value.as_i64().filter(|number| is_time && *number < FIRST_MILLISECONDS) {
            // No time at all.
            Some(..=0) => continue,
            Some(seconds) => Value::from(seconds.saturating_mul(1_000)),
            None => value,
        };
        fields.set(field, value.into());
    }
    Some(fields)
}

fn yes_or_no(shown: &Value) -> Option<bool> {
    match shown {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => match number.as_i64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        Value::String(text) => match text.as_str() {
            "0" | "false" => Some(false),
            "1" | "true" => Some(true),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn text_of(maker: &Operation, fields: &Map<String, Value>) -> Option<String> {
    let recover = maker.recover.as_ref()?;
    let mut names = recover.fields.iter().map(|(field, _)| maker.fields.name(*field));
    names.find_map(|name| fields.get(name)?.as_str()).map(str::to_owned)
}
