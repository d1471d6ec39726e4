//! What should be there, by what rows have done: each thing once, with what was said of it last.
//!
//! The ledger says what was done, and the source what was said by it. Memory: a few hundred bytes for each row that was sent.

use std::collections::HashMap;
use std::sync::Arc;

use crate::declared::connector::{Connector, Effect, Operation, Rule};
use crate::ledger::{Act, Acts};
use crate::plan::{Change, Step};
use crate::prepare::{Ready, is_mended_at};
use crate::recover::{Expected, asked_by};
use crate::report::{SourceSays, WhyNotKnown};
use crate::row::{Field, Fields, RowId};
use crate::task::remote::{Lists, Question};
use crate::text::place::RowPlace;

/// Something that rows have made, changed or deleted.
pub(super) struct Thing {
    /// What makes such things; none where the connector does not say.
    pub maker: Option<Arc<Operation>>,
    /// The list that shows it.
    pub list: Result<usize, WhyNotKnown>,
    pub expected: Expected,
    /// What was done last to it, by its place among all that was done.
    pub act: usize,
    /// Where the row stands in the source as it is now, and the how many row of the reading it is.
    pub place: Option<(RowPlace, u64)>,
    pub source: SourceSays,
}

/// All of them.
pub(super) struct Things {
    pub things: Vec<Thing>,
    pub acts: Vec<Act>,
    /// Which thing something was done to, by its place among all that was done.
    of_act: Vec<Option<usize>>,
    /// What a row has done last.
    of_row: HashMap<RowId, usize>,
    /// What was done after something else to the same thing.
    pub superseded: u64,
    pub lists: Lists,
}

impl Things {
    /// By the ledger alone.
    pub(super) fn of(connector: &Connector, acts: Acts) -> Self {
        let acts = acts.done;
        let mut found = Self {
            things: Vec::new(),
            of_act: vec![None; acts.len()],
            of_row: HashMap::new(),
            superseded: 0,
            lists: Lists::default(),
            acts,
        };
        let mut by_id: HashMap<String, usize> = HashMap::new();
        for at in 0..found.acts.len() {
            found.enter(connector, at, &mut by_id);
        }
        found
    }

    fn enter(&mut self, connector: &Connector, at: usize, by_id: &mut HashMap<String, usize>) {
        let Some(act) = self.acts.get(at) else { return };
        if act.is_last {
            self.of_row.insert(act.row, at);
        }
        let operation = connector.operations.get(&*act.operation);
        let (maker, id) = match operation.map(|operation| (operation.effect, operation)) {
            Some((Effect::Read, _)) => return,
            Some((Effect::Create, operation)) => (Some(Arc::clone(operation)), act.id.clone()),
            Some((Effect::Update | Effect::Delete, operation)) => {
                let look = operation.look.as_ref();
                let maker = look.and_then(|look| connector.operations.get(&*look.made_by));
                let named = operation.lane.read(&act.lane);
                let id = named.filter(|(field, _)| look.is_some_and(|look| look.id == *field));
                (maker.cloned(), id.map(|(_, id)| id.to_owned()))
            }
            None => (None, None),
        };
        let effect = operation.map(|operation| operation.effect);
        let known = id.as_ref().and_then(|id| by_id.get(id)).copied();
        let thing = known.unwrap_or_else(|| {
            let list = match (&maker, effect) {
                (Some(maker), Some(Effect::Create)) => asked_by(maker, &act.lane)
                    .and_then(|fields| self.lists.list_of(Arc::clone(maker), fields)),
                _ => None,
            };
            self.things.push(Thing {
                maker: maker.clone(),
                list: list.ok_or_else(|| nowhere(maker.as_deref())),
                expected: Expected::new(id.clone()),
                act: at,
                place: None,
                source: SourceSays::Nothing,
            });
            self.things.len() - 1
        });
        if let Some(id) = id {
            by_id.insert(id, thing);
        }
        self.superseded += u64::from(known.is_some());
        if let Some(of_act) = self.of_act.get_mut(at) {
            *of_act = Some(thing);
        }
        if let (Some(thing), Some(act)) = (self.things.get_mut(thing), self.acts.get(at)) {
            thing.act = at;
            thing.expected.sent_at = act.at;
            thing.expected.is_gone = effect == Some(Effect::Delete);
        }
    }

    /// A row of the source as it is now. `value_called` says what the row has under a name.
    pub(super) fn see(
        &mut self,
        connector: &Connector,
        step: &Step,
        value_called: &dyn Fn(&str) -> Option<String>,
    ) {
        let Some(at) = step.known.as_ref().and_then(|known| self.of_row.get(&known.id)).copied()
        else {
            return;
        };
        let Some(thing) = self.of_act.get(at).copied().flatten() else { return };
        let is_same = step.change == Change::None && step.ready.is_some();
        if is_same && self.things.get(thing).is_some_and(|thing| thing.list.is_err()) {
            let list = match self.lists.question(connector, step, value_called) {
                Some(Question::Making { list } | Question::About { list, .. }) => Ok(list),
                Some(Question::None(why)) => Err(why),
                None => Err(WhyNotKnown::NoList),
            };
            if let Some(thing) = self.things.get_mut(thing) {
                thing.list = list;
            }
        }
        let Some(act) = self.acts.get(at) else { return };
        let Some(thing) = self.things.get_mut(thing) else { return };
        if thing.act == at {
            thing.place = Some((step.place.clone(), step.ordinal));
            thing.source = if is_same { SourceSays::TheSame } else { SourceSays::SomethingElse };
        }
        let Some(ready) = step.ready.as_ref().filter(|_| is_same) else { return };
        let Some(maker) = thing.maker.clone() else { return };
        say(thing, (&maker, ready), act, step.ordinal);
    }

    /// All rows of the source have been seen: which things are looked for in which list, in the order of the lists.
    pub(super) fn by_list(&self) -> Vec<Vec<usize>> {
        let mut by_list = vec![Vec::new(); self.lists.lists.len()];
        for (at, thing) in self.things.iter().enumerate() {
            if let Ok(list) = thing.list
                && let Some(things) = by_list.get_mut(list)
            {
                things.push(at);
            }
        }
        by_list
    }

    pub(super) fn act_of(&self, thing: &Thing) -> Option<&Act> {
        self.acts.get(thing.act)
    }
}

/// Why a thing has no list as far as the ledger tells.
fn nowhere(maker: Option<&Operation>) -> WhyNotKnown {
    let asks = maker.and_then(|maker| Some((maker, maker.recover.as_ref()?.with.first()?.1)));
    match asks {
        Some((maker, field)) => WhyNotKnown::NotNamed { name: maker.fields.name(field).to_owned() },
        None => WhyNotKnown::NoList,
    }
}

/// Takes in what a row says of its thing.
fn say(thing: &mut Thing, (maker, ready): (&Operation, &Ready), act: &Act, ordinal: u64) {
    let Some(recover) = &maker.recover else { return };
    match ready.operation.effect {
        Effect::Create => {
            thing.expected.turn = Some(ordinal);
            thing.expected.take(maker, recover, &ready.fields, true);
            if is_mended_at(ready, act.at) {
                thing.expected.forget_fields(&reminders(maker));
            }
        }
        Effect::Update => {
            let fields = renamed(&ready.operation, maker, &ready.fields);
            thing.expected.take(maker, recover, &fields, false);
        }
        Effect::Delete | Effect::Read => {}
    }
}

/// The fields that a row can be sent without, since they are about a reminder.
fn reminders(maker: &Operation) -> Vec<Field> {
    let times = maker.rules.iter().filter_map(|rule| match rule {
        Rule::Time(rule) => Some(rule),
        _ => None,
    });
    times.flat_map(|rule| rule.without.iter().copied().chain([rule.field])).collect()
}

/// The fields of one operation as those of another that bear their names.
fn renamed(from: &Operation, to: &Operation, fields: &Fields<'static>) -> Fields<'static> {
    let mut renamed = Fields::default();
    for (field, value) in fields.iter() {
        if let Some(field) = to.fields.find(from.fields.name(field)) {
            renamed.set(field, value.clone());
        }
    }
    renamed
}
