//! Which lists have to be asked for: each once, however many rows it says something of.
//!
//! Memory: a few hundred bytes a list, and a hundred and some for each thing that it shows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::declared::connector::{Connector, Effect, Operation, SystemMark};
use crate::plan::Step;
use crate::recover::{Enquiry, Keeps};
use crate::report::WhyNotKnown;
use crate::row::{Field, FieldValue, Fields};
use crate::task::asking::{AskedList, ListAnswer};

/// All of them.
#[derive(Debug, Default)]
pub(in crate::task) struct Lists {
    pub lists: Vec<AskedList>,
    by_name: HashMap<Box<str>, usize>,
}

/// What is to be known of a row.
pub(in crate::task) enum Question {
    /// Whether what it makes is in the list of that number.
    Making { list: usize },
    /// Whether the thing that it is about is there.
    About { list: usize, id: String },
    /// It cannot be known.
    None(WhyNotKnown),
}

/// A question before its list has a number.
struct Wording {
    maker: Arc<Operation>,
    fields: Fields<'static>,
    about: Option<(String, Option<SystemMark>)>,
}

impl Lists {
    /// What is to be known of a row that would be sent. `value_called` says what the row has under a name.
    pub(in crate::task) fn question(
        &mut self,
        connector: &Connector,
        step: &Step,
        value_called: &dyn Fn(&str) -> Option<String>,
    ) -> Option<Question> {
        let wording = match wording(connector, step, value_called)? {
            Ok(wording) => wording,
            Err(why) => return Some(Question::None(why)),
        };
        let list = self.list_of(wording.maker, wording.fields);
        let Some(list) = list else { return Some(Question::None(WhyNotKnown::NoList)) };
        let Some((id, system)) = wording.about else { return Some(Question::Making { list }) };
        if let Some(asked) = self.lists.get_mut(list) {
            asked.wanted.insert(id.clone());
            asked.system = asked.system.take().or(system);
        }
        Some(Question::About { list, id })
    }

    /// The number of the list that shows what an operation makes, asked by these fields; none where it cannot be asked for.
    pub(in crate::task) fn list_of(
        &mut self,
        maker: Arc<Operation>,
        fields: Fields<'static>,
    ) -> Option<usize> {
        let recover = maker.recover.as_ref()?;
        let request = Enquiry::new(recover, Some(1)).request(recover, &fields)?;
        let name = format!("{} {}", recover.list.name, request.path);
        if let Some(known) = self.by_name.get(&*name) {
            return Some(*known);
        }
        self.by_name.insert(name.as_str().into(), self.lists.len());
        self.lists.push(AskedList {
            name,
            maker,
            fields,
            wanted: HashSet::new(),
            system: None,
            keeps: Keeps::Texts,
            otherwise: None,
            answer: ListAnswer::NotAsked,
        });
        Some(self.lists.len() - 1)
    }
}

/// None of a row that is not about anything there.
fn wording(
    connector: &Connector,
    step: &Step,
    value_called: &dyn Fn(&str) -> Option<String>,
) -> Option<Result<Wording, WhyNotKnown>> {
    let (operation, ready) = (step.operation.as_ref()?, step.ready.as_ref()?);
    let found = match operation.effect {
        Effect::Read => return None,
        Effect::Create => {
            let of_row = |field: Field, _: &str| ready.fields.get(field).cloned();
            filled(operation, &of_row).map(|fields| Wording {
                maker: Arc::clone(operation),
                fields,
                about: None,
            })
        }
        Effect::Update | Effect::Delete => {
            let look = operation.look.as_ref();
            let maker = look.and_then(|look| connector.operations.get(&*look.made_by));
            let id = look.and_then(|look| ready.fields.get(look.id)?.as_str());
            let (Some(look), Some(maker), Some(id)) = (look, maker, id) else {
                return Some(Err(WhyNotKnown::NoList));
            };
            let named = |_: Field, name: &str| {
                let own = operation.fields.find(name).and_then(|field| ready.fields.get(field));
                let own = own.cloned().map(FieldValue::into_owned);
                own.or_else(|| Some(FieldValue::Text(value_called(name)?.into())))
            };
            filled(maker, &named).map(|fields| Wording {
                maker: Arc::clone(maker),
                fields,
                about: Some((id.to_owned(), look.system.clone())),
            })
        }
    };
    Some(found)
}

/// The fields by which a list is asked for.
fn filled(
    maker: &Operation,
    value: &dyn Fn(Field, &str) -> Option<FieldValue<'static>>,
) -> Result<Fields<'static>, WhyNotKnown> {
    let recover = maker.recover.as_ref().ok_or(WhyNotKnown::NoList)?;
    let mut fields = Fields::default();
    for (_, from) in &recover.with {
        let name = maker.fields.name(*from);
        let value =
            value(*from, name).ok_or_else(|| WhyNotKnown::NotNamed { name: name.to_owned() })?;
        fields.set(*from, value);
    }
    Ok(fields)
}
