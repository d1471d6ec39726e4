//! What the lists say of each thing, and so of the row that did something to it last.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::declared::connector::{Effect, Operation};
use crate::ledger::Act;
use crate::prepare::Ready;
use crate::recover::{Answered, Copies, Expected, Order, Seeing, Seen, Unlike, review, spoken};
use crate::report::{Difference, Matter, SourceSays, VerifiedRow, VerifyFindings, WhyNotKnown};
use crate::row::KeyHash;
use crate::task::asking::{AskedList, ListAnswer};
use crate::task::remote::told;
use crate::text::place::RowPlace;

use super::is_owned;
use super::things::{TextPlace, Thing, Things};

/// So many times as long as a request may still act after it was lost, a list may be late.
const SPANS: u32 = 3;

/// What should be there, and what was seen of it.
pub(super) struct Bench {
    things: Things,
    /// The things of each list.
    by_list: Vec<Vec<usize>>,
    makers: Vec<Arc<Operation>>,
    /// What each list is of, in words.
    names: Vec<String>,
    pub owned: HashSet<KeyHash>,
    seen: Vec<Option<Seen>>,
    strange: Vec<Vec<String>>,
    order: Vec<Option<Order>>,
    /// The kinds that some list has shown.
    kinds: HashSet<String>,
    /// Why lists say nothing.
    silent: HashMap<usize, Matter>,
}

impl Bench {
    pub(super) fn new(
        things: Things,
        by_list: Vec<Vec<usize>>,
        makers: Vec<Arc<Operation>>,
        names: Vec<String>,
    ) -> Self {
        let (count, lists) = (things.things.len(), by_list.len());
        Self {
            things,
            by_list,
            makers,
            names,
            owned: HashSet::new(),
            seen: vec![None; count],
            strange: vec![Vec::new(); lists],
            order: vec![None; lists],
            kinds: HashSet::new(),
            silent: HashMap::new(),
        }
    }

    /// How many rows are compared.
    pub(super) fn rows(&self) -> u64 {
        let nowhere = self.things.things.iter().filter(|thing| thing.list.is_err()).count();
        (self.by_list.iter().map(Vec::len).sum::<usize>() + nowhere) as u64
    }

    /// When something was sent last that a list should show.
    pub(super) fn last_sent(&self, list: usize) -> i64 {
        let own = self.by_list.get(list).into_iter().flatten();
        let sent = own.filter_map(|at| Some(self.things.things.get(*at)?.expected.sent_at));
        sent.max().unwrap_or_default()
    }

    /// Takes a list in, and leaves of it what a later call needs: no text of what is right.
    pub(super) fn hear(&mut self, list: usize, answered: &mut Answered) {
        let (Some(own), Some(maker)) = (self.by_list.get(list), self.makers.get(list)) else {
            return;
        };
        let Some(recover) = &maker.recover else { return };
        let expected: Vec<&Expected> =
            own.iter().filter_map(|at| Some(&self.things.things.get(*at)?.expected)).collect();
        let span = i64::try_from((maker.sure_after * SPANS).as_millis()).unwrap_or(i64::MAX);
        let owned = &self.owned;
        let found = review(maker, recover, answered, &expected, (&|id| is_owned(owned, id), span));
        answered.keep_texts(&|id| {
            let mut seen = found.seen.iter();
            seen.any(|seen| {
                let is_it = matches!(&seen.presence, Seeing::There { id: there } if there == id);
                is_it && seen.altered.is_some()
            })
        });
        for (at, seen) in own.iter().zip(found.seen) {
            // Which of the things stands behind is told by its number among all.
            let behind = seen.behind.and_then(|behind| own.get(behind).copied());
            if let Some(place) = self.seen.get_mut(*at) {
                *place = Some(Seen { behind, ..seen });
            }
        }
        self.kinds.extend(found.kinds);
        if let Some(strange) = self.strange.get_mut(list) {
            *strange = found.strange;
        }
        if let Some(order) = self.order.get_mut(list) {
            *order = Some(found.order);
        }
    }

    /// Lists in which something is the matter.
    pub(super) fn wants_second_look(&self) -> Vec<usize> {
        let wants = |at: &usize| {
            self.seen.get(*at).and_then(Option::as_ref).is_some_and(Seen::wants_second_look)
        };
        let lists = self.by_list.iter().enumerate();
        lists.filter(|(_, own)| own.iter().any(wants)).map(|(list, _)| list).collect()
    }

    /// All was asked: which lists have said nothing, and why.
    pub(super) fn note_answers(&mut self, lists: &[AskedList]) {
        for (at, list) in lists.iter().enumerate() {
            let why = match &list.answer {
                ListAnswer::Taken | ListAnswer::Read(_) => continue,
                ListAnswer::Missing(cause) => Matter::NoLane(cause.clone()),
                ListAnswer::Refused(cause) => Matter::NotKnown(WhyNotKnown::Refused(cause.clone())),
                ListAnswer::None(cause) => Matter::NotKnown(WhyNotKnown::NoAnswer(cause.clone())),
                ListAnswer::NotAsked => Matter::NotKnown(WhyNotKnown::NotAsked),
            };
            self.silent.insert(at, why);
        }
    }

    /// Rows of which the text is wanted that they say, by their numbers in the reading.
    pub(super) fn wants_texts(&self) -> HashSet<TextPlace> {
        let things = self.things.things.iter().zip(&self.seen);
        let altered = things.filter(|(_, seen)| {
            seen.as_ref().is_some_and(|seen| matches!(&seen.altered, Some(Some(_))))
        });
        altered.filter_map(|(thing, _)| Some(thing.place.as_ref()?.text)).collect()
    }

    /// Tells of each row that did something last, in the order in which it was done.
    pub(super) fn each_row(
        &self,
        has_keys: bool,
        texts: &HashMap<TextPlace, String>,
        tell: &mut dyn FnMut(VerifiedRow),
    ) {
        let mut list_of = vec![None; self.things.things.len()];
        for (list, own) in self.by_list.iter().enumerate() {
            for at in own {
                if let Some(place) = list_of.get_mut(*at) {
                    *place = Some(list);
                }
            }
        }
        for (at, thing) in self.things.things.iter().enumerate() {
            let list = list_of.get(at).copied().flatten();
            // What is not in the sample is no part of it.
            if list.is_none() && thing.list.is_ok() {
                continue;
            }
            let Some(act) = self.things.act_of(thing) else { continue };
            let seen = self.seen.get(at).and_then(Option::as_ref);
            let matters = self.matters(thing, seen, list);
            let there = seen.and_then(|seen| seen.altered.clone().flatten());
            let sent = thing.place.as_ref().and_then(|one| texts.get(&one.text));
            tell(VerifiedRow {
                place: place_of(thing, act),
                key: if has_keys { act.key.clone() } else { String::new() },
                lane: list.and_then(|list| self.names.get(list)).unwrap_or(&act.lane).clone(),
                operation: act.operation.clone(),
                id: id_of(thing, seen),
                source: thing.source,
                matters,
                change: sent.cloned().zip(there).filter(|(sent, there)| sent != there),
            });
        }
    }

    /// What is in the lists beside that.
    pub(super) fn count(&self, findings: &mut VerifyFindings) {
        for (list, strange) in self.names.iter().zip(&self.strange) {
            strange.iter().for_each(|id| findings.see_stranger(list, id));
        }
        let count =
            |order: Order| self.order.iter().filter(|found| **found == Some(order)).count() as u64;
        findings.order.compared = count(Order::Compared);
        findings.order.undated = count(Order::Undated);
        let mut recovers = self.makers.iter().filter_map(|maker| maker.recover.as_ref());
        self.count_uncompared(findings);
        findings.order.is_declared = recovers.any(|recover| !recover.created.is_empty());
    }

    /// What was sent and could be compared with nothing.
    fn count_uncompared(&self, findings: &mut VerifyFindings) {
        for (thing, seen) in self.things.things.iter().zip(&self.seen) {
            let (Some(maker), Some(seen)) = (&thing.maker, seen) else { continue };
            for field in &seen.uncompared {
                findings.see_uncompared(maker.fields.name(*field));
            }
        }
    }

    fn matters(&self, thing: &Thing, seen: Option<&Seen>, list: Option<usize>) -> Vec<Matter> {
        let mut matters = Vec::new();
        if let Err(why) = &thing.list {
            return vec![Matter::NotKnown(why.clone())];
        }
        // A list that was read once and not a second time has shown something all the same, but for what it does not show.
        let silent = list.and_then(|list| self.silent.get(&list));
        let Some(seen) = seen.filter(|_| silent.is_none()) else {
            return vec![silent.cloned().unwrap_or(Matter::NotKnown(WhyNotKnown::NotAsked))];
        };
        match &seen.presence {
            Seeing::There { .. } | Seeing::Gone => {}
            Seeing::StillThere { .. } => matters.push(Matter::StillThere),
            Seeing::Missing { unshown_kind, of, alike } => {
                let is_listed = unshown_kind.as_ref().is_none_or(|kind| match kind.is_empty() {
                    true => !self.kinds.is_empty(),
                    false => self.kinds.contains(kind),
                });
                matters.push(match is_listed {
                    true => Matter::Missing { of: *of, alike: alike.clone() },
                    false => Matter::NotKnown(WhyNotKnown::NotShown { of: *of }),
                });
            }
            Seeing::TooEarly => matters.push(Matter::NotKnown(WhyNotKnown::TooEarly)),
            Seeing::Unknown(extent) => {
                matters.push(Matter::NotKnown(WhyNotKnown::List(*extent)));
            }
        }
        if let Some(extent) = seen.beyond {
            matters.push(Matter::NotKnown(WhyNotKnown::List(extent)));
        }
        if let Some(maker) = list.and_then(|list| self.makers.get(list)) {
            of_copies(maker, &seen.copies, &mut matters);
        }
        if seen.altered.is_some() {
            matters.push(Matter::Altered);
        }
        if let Some(maker) = &thing.maker {
            differences(maker, &seen.unlike, &mut matters);
            let untold = seen.untold.iter().map(|field| maker.fields.name(*field).to_owned());
            matters.extend(untold.map(|field| Matter::NotKnown(WhyNotKnown::Untold { field })));
        }
        let behind = seen.behind.and_then(|at| self.things.things.get(at));
        if let Some((behind, act)) = behind.and_then(|one| Some((one, self.things.act_of(one)?))) {
            matters.push(Matter::OutOfOrder { behind: place_of(behind, act).row });
        }
        if thing.source == SourceSays::SomethingElse {
            matters.push(Matter::Changed);
        }
        matters
    }
}

/// What no row has made and says the same: who sees it is what matters most.
fn of_copies(maker: &Operation, copies: &Copies, matters: &mut Vec<Matter>) {
    if !copies.exposed.is_empty() {
        let exposed = copies.exposed.iter().cloned();
        let exposed = exposed.map(|(id, unlike)| (id, told(&maker.fields, unlike)));
        matters.push(Matter::ExposedCopy(exposed.collect()));
    }
    if !copies.same.is_empty() {
        matters.push(Matter::Twice { ids: copies.same.clone() });
    }
    matters.extend(copies.untold.iter().map(|(id, field)| {
        let field = maker.fields.name(*field).to_owned();
        Matter::NotKnown(WhyNotKnown::UntoldCopy { id: id.clone(), field })
    }));
}

/// Sorts what differs by whether a flag that was sent is not there.
fn differences(maker: &Operation, unlike: &[Unlike], matters: &mut Vec<Matter>) {
    let is_lost = |one: &Unlike| {
        let is_flag = maker.fields.flags().any(|flag| flag == one.field);
        let default = maker.fields.default_of(maker.fields.name(one.field));
        let default = default.map_or_else(|| "0".to_owned(), spoken);
        is_flag && one.there == default && one.row != default
    };
    let (lost, others): (Vec<Unlike>, Vec<Unlike>) = unlike.iter().cloned().partition(is_lost);
    let words = |all: Vec<Unlike>| -> Vec<Difference> {
        all.into_iter().map(|one| told(&maker.fields, one)).collect()
    };
    if !lost.is_empty() {
        matters.push(Matter::Exposed(words(lost)));
    }
    if !others.is_empty() {
        matters.push(Matter::Otherwise(words(others)));
    }
}

fn id_of(thing: &Thing, seen: Option<&Seen>) -> Option<String> {
    thing.expected.id.clone().or_else(|| match &seen?.presence {
        Seeing::There { id } | Seeing::StillThere { id } => Some(id.clone()),
        _ => None,
    })
}

/// Where the row stands in the source, or stood when it was sent.
fn place_of(thing: &Thing, act: &Act) -> RowPlace {
    thing.place.as_ref().map_or_else(|| act.place.clone(), |one| one.place.clone())
}

/// The text that a row has sent, in the one spelling in which texts are compared.
pub(in crate::task) fn text_of(ready: &Ready) -> Option<String> {
    let operation = &ready.operation;
    if operation.effect == Effect::Delete {
        return None;
    }
    let mut texts = operation.fields.properties().filter(|(field, name, _)| {
        operation.fields.is_text(name) && !operation.outside_body.contains(field)
    });
    let known = operation.recover.as_ref().and_then(|recover| recover.fields.first());
    let field = known.map(|(field, _)| *field).or_else(|| texts.next().map(|(field, ..)| field))?;
    let text = ready.fields.get(field)?.as_str()?;
    let changes = operation.recover.as_ref().map(|recover| recover.text.as_slice());
    Some(crate::recover::in_one_spelling(text, changes.unwrap_or_default()))
}
