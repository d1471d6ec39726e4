//! What should be there, by what rows have done: each thing once, with what was said of it last.
//!
//! The ledger says what was done, and the source what was said by it. Memory: a few hundred bytes for each row that was sent.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::declared::connector::{Connector, Effect, Operation, Rule};
use crate::ledger::{Act, Acts};
use crate::plan::{Change, Step};
use crate::prepare::{Ready, is_mended_at};
use crate::recover::{Expected, asked_by};
use crate::report::{SourceSays, WhyNotKnown};
use crate::row::{Field, Fields, KeyHash, RowId};
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
    /// Where the row stands in the source as it is now, or in the file of the corrected rows.
    pub place: Option<Standing>,
    pub source: SourceSays,
    /// How many rows have done something to it, and of how many the source says what.
    acts: u32,
    heard: u32,
}

/// Where a row stands.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub place: RowPlace,
    pub text: TextPlace,
}

/// In which reading a text is found, and the how many row of that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TextPlace {
    pub reading: Reading,
    pub ordinal: u64,
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reading {
    Source,
    /// A file with rows that have come back corrected; the how many of such.
    Corrected(usize),
}

/// All of them.
pub(super) struct Things {
    pub things: Vec<Thing>,
    pub acts: Vec<Act>,
    /// Which thing something was done to, by its place among all that was done.
    of_act: Vec<Option<usize>>,
    /// What a row has done last.
    of_row: HashMap<RowId, usize>,
    /// Rows that have come back corrected.
    corrected: HashSet<RowId>,
    /// Rows of which a reading has said what was sent.
    spoken: HashSet<RowId>,
    /// What was done after something else to the same thing.
    pub superseded: u64,
    pub lists: Lists,
}

impl Things {
    /// By the ledger alone. `is_corrected` says of a key whether its row was sent otherwise than the source has it.
    pub(super) fn of(
        connector: &Connector,
        acts: Acts,
        is_corrected: &dyn Fn(KeyHash) -> bool,
    ) -> Self {
        let acts = acts.done;
        let mut found = Self {
            things: Vec::new(),
            of_act: vec![None; acts.len()],
            of_row: HashMap::new(),
            corrected: HashSet::new(),
            spoken: HashSet::new(),
            superseded: 0,
            lists: Lists::default(),
            acts,
        };
        let mut by_id: HashMap<String, usize> = HashMap::new();
        for at in 0..found.acts.len() {
            found.enter(connector, at, &mut by_id);
        }
        let corrected = found.acts.iter().filter(|act| is_corrected(KeyHash::of(&act.key)));
        found.corrected = corrected.map(|act| act.row).collect();
        for thing in &mut found.things {
            let row = found.acts.get(thing.act).map(|act| act.row);
            if row.is_some_and(|row| found.corrected.contains(&row)) {
                thing.source = SourceSays::Corrected;
            }
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
                // What changes or deletes what its own row has made goes in that row's lane, and the ledger has what it is about.
                let id = id.map(|(_, id)| id.to_owned()).or_else(|| act.id.clone());
                (maker.cloned(), id)
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
                acts: 0,
                heard: 0,
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
            // Of what one row did, the last counts.
            thing.acts += u32::from(act.is_last);
            // When a thing was made its change does not change.
            if act.id.is_none() || effect == Some(Effect::Create) || known.is_none() {
                thing.expected.sent_at = act.at;
            }
            thing.expected.is_gone = effect == Some(Effect::Delete);
            // What its own row has made was deleted since the source has the row no longer: so it says.
            if thing.expected.is_gone && act.id.is_some() {
                thing.source = SourceSays::TheSame;
            }
        }
    }

    /// A row of a reading as it is now. `value_called` says what the row has under a name.
    pub(super) fn see(
        &mut self,
        connector: &Connector,
        (step, reading): (&Step, Reading),
        value_called: &dyn Fn(&str) -> Option<String>,
    ) {
        let Some(row) = step.known.as_ref().map(|known| known.id) else { return };
        let Some(at) = self.of_row.get(&row).copied() else { return };
        let Some(thing) = self.of_act.get(at).copied().flatten() else { return };
        let is_corrected = self.corrected.contains(&row);
        // Of rows that have not come back corrected, the source says what was sent.
        if matches!(reading, Reading::Corrected(_)) && !is_corrected {
            return;
        }
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
        // What both readings say is heard once.
        if thing.act == at && (thing.source != SourceSays::TheSame || thing.place.is_none()) {
            let text = TextPlace { reading, ordinal: step.ordinal };
            if is_same || thing.place.is_none() {
                thing.place = Some(Standing { place: step.place.clone(), text });
            }
            thing.source = match (is_same, is_corrected) {
                (true, _) => SourceSays::TheSame,
                (false, true) => SourceSays::Corrected,
                (false, false) => SourceSays::SomethingElse,
            };
        }
        let Some(ready) = step.ready.as_ref().filter(|_| is_same) else { return };
        let Some(maker) = thing.maker.clone() else { return };
        if !self.spoken.insert(row) {
            return;
        }
        thing.heard += 1;
        // A corrected row was sent later than its neighbours: it has no turn among them.
        let turn = (!is_corrected).then_some(step.ordinal);
        say(thing, (&maker, ready), act, turn);
    }

    /// All rows of the source have been seen: which things are looked for in which list, in the order of the lists.
    pub(super) fn by_list(&mut self) -> Vec<Vec<usize>> {
        for thing in &mut self.things {
            // What was deleted has to be gone, whatever it said before.
            let is_in_part = thing.heard < thing.acts && !thing.expected.is_gone;
            if thing.source == SourceSays::TheSame && is_in_part {
                thing.source = SourceSays::OnlyInPart;
            }
        }
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
fn say(thing: &mut Thing, (maker, ready): (&Operation, &Ready), act: &Act, turn: Option<u64>) {
    let Some(recover) = &maker.recover else { return };
    match ready.operation.effect {
        Effect::Create => {
            thing.expected.turn = turn;
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
