//! What an update or a delete is about, and whether what is there lets its request leave.
//!
//! The list of what makes such things is read right before the request: what it shows of the thing is kept, so that it can be
//! given back, and a request that expects something else than is there does not leave. Pure: what a list has shown goes in, and
//! what follows comes out. A thing that a list does not show is not taken for gone. How lists are read is for `engine`.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::print::fingerprint_of_all;
use super::{AsSent, request_of};
use crate::declared::connector::{Connector, Effect, Operation, Recover, SystemMark};
use crate::row::{Cause, FieldValue, Fields, Reason, Snapshot};

/// What is read before a row's request leaves, and what has to be there.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// The operation that makes such things; its `recover` says how their list is read.
    pub maker: Arc<Operation>,
    /// What the list is asked by, in the maker's fields.
    pub asked_by: Fields<'static>,
    /// The list and the request for it: rows of one list have the same.
    pub list: Arc<str>,
    /// What the other side calls the thing.
    pub id: Arc<str>,
    /// What marks things of the system; none where the row may be about those, too.
    pub spares: Option<SystemMark>,
    pub expects: Expectation,
    /// The print of what the row's own request leaves there; none where that is not known, or it leaves nothing.
    pub leaves: Option<ContentPrint>,
    pub effect: Effect,
    /// Whether what is there is kept.
    pub keeps: bool,
}

/// What has to be there before a request leaves.
#[derive(Debug, Clone)]
pub(crate) enum Expectation {
    /// The thing, whatever it says: that is kept.
    There,
    /// The thing, and it says what has this print.
    Unchanged(ContentPrint),
    /// The thing, and it is as it was sent; and the row differs from that in nothing but what an update carries.
    AsSent(Arc<AsSent>),
    /// Not the thing: it was deleted, and nobody has brought it back.
    Gone,
}

/// The fingerprint of all that a thing is known by in its list, in the one spelling in which texts are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ContentPrint(pub u64);

/// Why it is not known where a row's thing is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoSubject {
    /// The connector does not say how such things are listed, or the row does not name its thing.
    NoList,
    /// The row does not say what the list is asked by.
    NotNamed { name: String },
}

/// What has come of reading a list, for one thing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Showing<'a> {
    Item(&'a Value),
    /// It is not in the list, which was read to its end.
    Nothing,
    /// It is not in what was shown, and there may be more.
    InPart,
    /// It was shown more than once, and not the same of it.
    Contradicting,
    Unread(&'a Cause),
}

impl ContentPrint {
    /// Of what a request sends, where it says all that such things are known by.
    pub(crate) fn of_request(
        maker: &Operation,
        operation: &Operation,
        fields: &Fields<'_>,
    ) -> Option<Self> {
        let recover = maker.recover.as_ref()?;
        let value = |field| {
            let own = match maker.name == operation.name {
                true => field,
                false => operation.fields.find(maker.fields.name(field))?,
            };
            Some(fields.get(own)?.to_json())
        };
        Self::of_values(recover, recover.fields.iter().map(|(field, _)| value(*field)))
    }

    /// Of what a list shows, where it shows all of that.
    pub(crate) fn of_item(recover: &Recover, item: &Value) -> Option<Self> {
        let shown = recover.fields.iter().map(|(_, pointers)| {
            let found = pointers.iter().find_map(|pointer| pointer.find(item));
            found.filter(|found| !found.is_null()).cloned()
        });
        Self::of_values(recover, shown)
    }

    fn of_values(recover: &Recover, values: impl Iterator<Item = Option<Value>>) -> Option<Self> {
        let values: Vec<Value> = values.collect::<Option<_>>()?;
        (!values.is_empty()).then(|| Self(fingerprint_of_all(&values, recover)))
    }
}

impl Subject {
    /// What a request is about. `value_called` says what its row has under a name; `allows_system` is whether it may be about
    /// things of the system.
    pub(crate) fn of(
        connector: &Connector,
        operation: &Operation,
        fields: &Fields<'_>,
        value_called: &dyn Fn(&str) -> Option<String>,
        allows_system: bool,
    ) -> Result<Self, NoSubject> {
        let look = operation.look.as_ref().ok_or(NoSubject::NoList)?;
        let maker = connector.operations.get(&*look.made_by).ok_or(NoSubject::NoList)?;
        let id = fields.get(look.id).and_then(FieldValue::as_str).ok_or(NoSubject::NoList)?;
        let recover = maker.recover.as_ref().ok_or(NoSubject::NoList)?;
        let mut asked_by = Fields::default();
        for (_, from) in &recover.with {
            let name = maker.fields.name(*from);
            let own = operation.fields.find(name).and_then(|field| fields.get(field));
            let own = own.cloned().map(FieldValue::into_owned);
            let value = own.or_else(|| Some(FieldValue::Text(value_called(name)?.into())));
            let value = value.ok_or_else(|| NoSubject::NotNamed { name: name.to_owned() })?;
            asked_by.set(*from, value);
        }
        let spares = look.system.clone().filter(|_| !allows_system);
        let subject = Self::in_list(maker, asked_by, id).ok_or(NoSubject::NoList)?;
        let leaves = match operation.effect {
            Effect::Update => ContentPrint::of_request(maker, operation, fields),
            _ => None,
        };
        Ok(Self { spares, leaves, effect: operation.effect, ..subject })
    }

    /// What a row has made itself, which an operation changes; it has to be there as it was sent.
    pub(crate) fn of_row(
        operation: &Operation,
        (sent, id): (&Arc<AsSent>, &str),
        allows_system: bool,
    ) -> Option<Self> {
        let recover = sent.maker.recover.as_ref()?;
        let mut asked_by = Fields::default();
        for (_, from) in &recover.with {
            asked_by.set(*from, sent.fields.get(*from)?.clone());
        }
        let system = operation.look.as_ref().and_then(|look| look.system.clone());
        Some(Self {
            spares: system.filter(|_| !allows_system),
            expects: Expectation::AsSent(Arc::clone(sent)),
            effect: operation.effect,
            ..Self::in_list(&sent.maker, asked_by, id)?
        })
    }

    /// A thing in the list that is asked by some of the maker's fields; none where that is not enough to ask by.
    pub(crate) fn in_list(
        maker: &Arc<Operation>,
        asked_by: Fields<'static>,
        id: &str,
    ) -> Option<Self> {
        let recover = maker.recover.as_ref()?;
        let request = request_of(recover, &asked_by, 1)?;
        Some(Self {
            list: format!("{} {}", recover.list.name, request.path).into(),
            maker: Arc::clone(maker),
            asked_by,
            id: id.into(),
            spares: None,
            expects: Expectation::There,
            leaves: None,
            effect: maker.effect,
            keeps: true,
        })
    }

    /// What follows from what its list has shown: what is kept of the thing, or why the request does not leave. `repeats` is
    /// whether an earlier request of the row may have acted.
    pub(crate) fn judge(
        &self,
        shown: Showing<'_>,
        read_at: i64,
        repeats: bool,
    ) -> Result<Option<Snapshot>, Cause> {
        match shown {
            Showing::Unread(cause) if cause.reason == Reason::ListStale => Err(cause.clone()),
            Showing::Unread(cause) => Err(Cause { reason: Reason::ListUnread, ..cause.clone() }),
            Showing::InPart => Err(Cause::of(Reason::ListInPart)),
            Showing::Contradicting => Err(Cause::of(Reason::Contradicting)),
            Showing::Item(_) if matches!(self.expects, Expectation::Gone) => {
                Err(Cause::of(Reason::StillThere))
            }
            Showing::Item(item) => {
                let seen = self.judge_item(item, read_at, repeats)?;
                Ok(self.keeps.then_some(seen))
            }
            Showing::Nothing if matches!(self.expects, Expectation::Gone) => Ok(None),
            // The earlier request has deleted it.
            Showing::Nothing if repeats && self.effect == Effect::Delete => Ok(None),
            Showing::Nothing => Err(Cause::of(Reason::NotListed)),
        }
    }

    fn judge_item(&self, item: &Value, read_at: i64, repeats: bool) -> Result<Snapshot, Cause> {
        if let Some(mark) = self.spares.as_ref().and_then(|system| system.of(item)) {
            return Err(Cause::of(Reason::OfSystem).saying(mark));
        }
        let there =
            self.maker.recover.as_ref().and_then(|recover| ContentPrint::of_item(recover, item));
        let there = there.ok_or_else(|| Cause::of(Reason::ShownInPart))?;
        if !matches!(self.expects, Expectation::There) && self.is_cut(item) {
            return Err(Cause::of(Reason::ShownInPart));
        }
        let is_expected = match &self.expects {
            Expectation::Unchanged(print) => *print == there,
            Expectation::AsSent(sent) => sent.is_there(item),
            Expectation::There | Expectation::Gone => true,
        };
        // An earlier request of the row's own has done it.
        let is_own = repeats && self.leaves == Some(there);
        if !is_expected && !is_own {
            return Err(Cause::of(Reason::ChangedSince));
        }
        Ok(self.snapshot(item, read_at))
    }

    /// Whether a text of the thing may be longer than the list shows.
    fn is_cut(&self, item: &Value) -> bool {
        let Some(recover) = &self.maker.recover else { return false };
        recover.fields.iter().any(|(_, pointers)| {
            let found = pointers.iter().find_map(|pointer| pointer.find(item));
            found.and_then(Value::as_str).is_some_and(|text| recover.may_have_cut(text))
        })
    }

    fn snapshot(&self, item: &Value, read_at: i64) -> Snapshot {
        let mut fields = Map::new();
        let recover = self.maker.recover.as_ref();
        for (field, name, _) in self.maker.fields.properties() {
            let known =
                recover.iter().flat_map(|recover| recover.fields.iter().chain(&recover.kinds));
            let mut pointers = known.filter(|(known, _)| *known == field).flat_map(|(_, at)| at);
            let shown = pointers.find_map(|pointer| pointer.find(item)).or_else(|| item.get(name));
            let shown = shown.filter(|shown| !shown.is_null()).cloned();
            // By what the list was asked, it need not say.
            let value = self.asked_by.get(field).map(FieldValue::to_json).or(shown);
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        }
        Snapshot {
            id: self.id.to_string(),
            maker: Arc::clone(&self.maker.name),
            fields,
            made_at: recover.and_then(|recover| super::created(recover, item)),
            read_at,
        }
    }
}

/// A number that a kept print is written as.
impl From<ContentPrint> for i64 {
    fn from(print: ContentPrint) -> Self {
        print.0.cast_signed()
    }
}

impl From<i64> for ContentPrint {
    fn from(number: i64) -> Self {
        Self(number.cast_unsigned())
    }
}
