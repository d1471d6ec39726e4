//! Decides the fate of every row, in their order: with what the ledger knows, what the rows before have left, and how
//! many a pilot has.
//!
//! Most rows need no more than their [`Glance`], which threads make beside each other. The few of which the ledger may
//! know something that memory does not hold are prepared once more and looked up.

use std::collections::HashSet;

use crate::ledger::{History, LedgerError};
use crate::prepare::{Draft, Findings, RowKey};
use crate::row::{Digest, KeyHash, Known, Lane, Standing, content_key};
use crate::source::Record;

use super::Readings;
use super::crew::Sight;
use super::decide::{Done, Fate, Held, LeftOut, Sending};
use super::fates::Fates;
use super::look::{Look, Policy};
use super::missing::Deletes;
use super::names::{Arrival, Name, Names};
use super::once::Once;
use super::prior::{Found, Prior, Trail, find};
use super::returned::{CameBack, Said, Unfit, stands_against};
use super::row_problem::RowProblem;
use super::saved::{Companion, Mark, Seen};
use super::superseded::{Original, Superseded};
use super::versions::{Asked, Part, PartedRow};

/// What a row is like at first sight: all that its fate needs, for most rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glance {
    /// None where a row has no key that it ought to have, or no content.
    name: Option<Name>,
    /// Of a row that is known by its content, the name by which the history knows that.
    digest: Option<Digest>,
    found: Found,
    /// Where rows may be held, the lane.
    lane: Option<Lane>,
    /// Where somebody goes along, what names the row in every process.
    mark: Option<Mark>,
}

/// What has been decided of a row.
#[derive(Debug)]
pub(super) struct Decided {
    pub fate: Fate,
    /// Whether nothing is wrong with the row, as far as that was asked.
    pub valid: bool,
    /// What is wrong with a row that was not checked before.
    pub problems: Vec<RowProblem>,
}

/// What came of looking a row up.
struct LookedUp {
    fate: Fate,
    /// The so-manieth of its name.
    nth: u64,
    /// That its key is another row's.
    taken: Option<RowProblem>,
}

impl Default for Decided {
    fn default() -> Self {
        Self { fate: Fate::Reject, valid: false, problems: Vec::new() }
    }
}

/// Decides rows one after the other. See the module's text.
pub(super) struct Decider<'a, 'c> {
    readings: Readings<'a>,
    policy: Policy,
    prior: Option<Prior<'a>>,
    has_lanes: bool,
    /// Rows of the history that have come.
    came: Came,
    /// Whether the key of each row that is left out could be told, as far as that was asked.
    could_tell: bool,
    /// Names of rows that are not in the history.
    names: Names,
    /// The contents of rows whose keys may come again.
    once: Once,
    /// Rows in whose place corrected ones were sent.
    superseded: Option<Superseded<'a>>,
    /// Where rows come back corrected, what others have said.
    said: Said,
    /// Rows that have come back by now and had no key of their own.
    came_back: CameBack,
    held: HeldLanes,
    /// Whether texts are split.
    splits: bool,
    parted: PartedRow,
    sent: u64,
    fates: Fates,
    findings: Findings,
    /// Who goes along.
    companion: Option<&'c mut dyn Companion>,
}

/// Lanes in which a row is held that is in doubt, or in somebody else's hands. Nothing overtakes such a row, neither in its lane nor in that in which
/// it was sent. Nor does a row overtake one that is looked for first; whether it goes is known when that one is settled.
#[derive(Debug, Default)]
pub(super) struct HeldLanes {
    held: HashSet<Lane>,
    /// Lanes in which a row is looked for first.
    sought: HashSet<Lane>,
}

impl HeldLanes {
    /// The fate of a row, with what the rows before it let it.
    pub(super) fn let_pass(
        &mut self,
        fate: Fate,
        lane: Option<Lane>,
        sent_in: Option<Lane>,
    ) -> Fate {
        let is_in = |lanes: &HashSet<Lane>| lane.is_some_and(|lane| lanes.contains(&lane));
        let waits = is_in(&self.held);
        let fate = match fate {
            Fate::Send(Sending::Fresh | Sending::Update) if waits => Fate::Hold(Held::Behind),
            Fate::Send(_) if waits => Fate::Hold(Held::InDoubt),
            Fate::Send(Sending::Fresh) if is_in(&self.sought) => Fate::Send(Sending::IfSettled),
            fate => fate,
        };
        match fate {
            Fate::Hold(Held::InDoubt | Held::UnderWay) => {
                self.held.extend(lane.into_iter().chain(sent_in));
            }
            Fate::Send(Sending::Settle) => self.sought.extend(lane),
            _ => {}
        }
        fate
    }
}

/// Which rows of a history have come.
#[derive(Debug)]
pub(super) struct CameBy {
    pub came: Came,
    /// Whether the key of each row of the source could be told, as far as that was asked.
    pub could_tell: bool,
}

/// A bit for each row of a history.
#[derive(Debug, Default)]
pub(super) struct Came(Vec<u64>);

impl Came {
    /// Whether a row has come.
    pub(super) fn has(&self, position: usize) -> bool {
        self.0.get(position / 64).is_some_and(|word| word & (1 << (position % 64)) != 0)
    }

    /// A row has come.
    pub(super) fn arrive(&mut self, position: usize) -> Arrival {
        let (word, bit) = (position / 64, 1 << (position % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let before = self.0[word];
        self.0[word] |= bit;
        match before & bit {
            0 => Arrival::First,
            _ => Arrival::Again,
        }
    }
}

/// The key of a row that is the so-manieth of its name; none where it has none.
pub(super) fn key_of(key: RowKey, digest: Option<Digest>, nth: u64) -> Option<String> {
    match key {
        RowKey::Written(key) => Some(key),
        RowKey::Content => digest.map(|digest| content_key(digest, nth)),
        RowKey::Missing => None,
    }
}

impl Readings<'_> {
    /// The hash by which the ledger knows a row that is the so-manieth of its name.
    fn key_hash(&self, name: Name, nth: u64) -> KeyHash {
        match self.preparer.has_key() {
            true => name.first_half(),
            false => KeyHash::of(&content_key(name.content(), nth)),
        }
    }
}

impl Sight for Glance {
    /// What is done is done: it need not be valid any more.
    fn is_done(&self) -> bool {
        matches!(self.found, Found::Done(_))
    }
}

impl Glance {
    /// Looks at a row. The last two say whether its lane and its mark will be asked for.
    fn at(
        draft: &Draft<'_>,
        history: Option<(&History, &Trail)>,
        (has_lanes, has_marks): (bool, bool),
    ) -> Self {
        let mark = has_marks.then(|| Mark::of(draft.key(), draft.digest()));
        let digest = match draft.key() {
            RowKey::Missing => None,
            _ => draft.digest(),
        };
        let history = history.filter(|_| !draft.only_reads());
        let (digest, found) = match (history, draft.key(), digest) {
            (Some((history, trail)), RowKey::Content, Some(digest)) => {
                let (digest, found) = trail.find_content(history, draft, digest);
                (Some(digest), found)
            }
            (Some((history, trail)), RowKey::Written(key), digest) => {
                (digest, trail.find_key(history, draft, KeyHash::of(key), digest))
            }
            (_, _, digest) => (digest, Found::New),
        };
        let name = Name::of(draft.key(), digest);
        let lane = if has_lanes { draft.lane() } else { None };
        let lane = lane.map(|lane| Lane::named(&lane));
        Self { name, digest, found, lane, mark }
    }
}

impl<'a, 'c> Decider<'a, 'c> {
    pub(super) fn new(
        readings: Readings<'a>,
        prior: Option<Prior<'a>>,
        policy: Policy,
        companion: Option<&'c mut dyn Companion>,
    ) -> Self {
        let prior = prior
            .filter(|prior| !prior.history.is_empty() || !prior.history.corrections().is_empty());
        let may_be_held = |standing| {
            matches!(standing, Standing::Started | Standing::UnderWay | Standing::InDoubt)
        };
        let superseded = Superseded::of(prior.as_ref().map(|prior| prior.history), &readings);
        let said = Said::of(prior.as_ref().map(|prior| prior.history), readings.preparer);
        let has_lanes =
            prior.as_ref().is_some_and(|prior| prior.history.standings().any(may_be_held));
        Self {
            readings,
            policy,
            prior,
            has_lanes,
            came: Came::default(),
            could_tell: true,
            names: Names::default(),
            once: Once::of(readings.job.shaping.duplicates),
            superseded,
            said,
            came_back: CameBack::default(),
            held: HeldLanes::default(),
            splits: readings.preparer.splits(),
            parted: PartedRow::default(),
            sent: 0,
            fates: Fates::default(),
            findings: Findings::default(),
            companion,
        }
    }

    /// What may be asked by several threads: how a row is looked at.
    pub(super) fn eye(&self) -> impl Fn(&Draft<'_>) -> Glance + Sync + use<'a> {
        let history = self.prior.as_ref().map(|prior| prior.history);
        let asked = (self.has_lanes, self.companion.is_some());
        let trail = Trail::default();
        move |draft| Glance::at(draft, history.map(|history| (history, &trail)), asked)
    }

    /// Decides a row; the rows before it have been decided. `valid` says whether nothing is wrong with the row; none
    /// where it was not checked, since it seemed to be done.
    pub(super) fn decide(
        &mut self,
        record: &Record,
        glance: &Glance,
        valid: Option<bool>,
    ) -> Result<Decided, LedgerError> {
        let mut decided = Decided { valid: valid.unwrap_or(true), ..Decided::default() };
        let (fate, nth) = match (glance.name, glance.found) {
            (None, _) => (Fate::Reject, 1),
            (Some(name), Found::Perhaps) => {
                let looked_up = self.look_up(record, name, 1)?;
                decided.valid &= looked_up.taken.is_none();
                decided.problems.extend(looked_up.taken);
                (looked_up.fate, looked_up.nth)
            }
            (Some(name), Found::New) => match self.names.arrive(name) {
                Arrival::First => {
                    self.once.first(name, glance.digest);
                    (self.fate_of_new(glance, decided.valid), 1)
                }
                Arrival::Again => self.decide_again(record, glance, name, decided.valid)?,
            },
            (Some(name), Found::Done(position)) => match self.came.arrive(position) {
                Arrival::First => {
                    self.once.first(name, glance.digest);
                    (Fate::Skip(Done::Unchanged), 1)
                }
                Arrival::Again => {
                    if valid.is_none() {
                        decided = self.check(record);
                    }
                    self.decide_again(record, glance, name, decided.valid)?
                }
            },
        };
        let fate = self.with_other_parts(record, fate, &mut decided)?;
        let fate = self.in_the_place_of(record, (glance, nth), fate, &mut decided)?;
        decided.fate = self.within_limit(fate);
        if let Some(companion) = &mut self.companion {
            decided.fate = companion.see(&Seen {
                ordinal: record.ordinal,
                place: &record.place,
                mark: glance.mark.unwrap_or(Mark::NONE),
                fate: decided.fate,
                key: glance.name.map(|name| self.readings.key_hash(name, nth)),
            });
        }
        let mark = glance.name.map(|name| name.mark(glance.digest));
        self.fates.push(record.ordinal, decided.fate, mark, nth);
        Ok(decided)
    }

    /// The fate of a row in whose place another one was sent, or that comes in the place of one.
    fn in_the_place_of(
        &mut self,
        record: &Record,
        (glance, nth): (&Glance, u64),
        fate: Fate,
        decided: &mut Decided,
    ) -> Result<Fate, LedgerError> {
        let Readings { preparer, .. } = self.readings;
        if let Some(superseded) = &mut self.superseded {
            let is_anothers =
                decided.problems.iter().any(|problem| matches!(problem, RowProblem::KeyTaken(_)));
            let name = glance.name.filter(|_| nth == 1 || !preparer.has_key());
            let original = Original {
                key: name.map(|name| self.readings.key_hash(name, nth)),
                is_anothers,
                digest: glance.digest,
            };
            if let Some(correction) = superseded.correction(preparer, record, &original) {
                let new = correction.fate(fate);
                if new != fate && new != Fate::Reject {
                    // Nothing is wrong with what is not sent.
                    decided.valid = true;
                    decided.problems.clear();
                }
                return Ok(new);
            }
            return Ok(fate);
        }
        if !preparer.returns() || fate == Fate::Reject {
            return Ok(fate);
        }
        let asked = (&self.readings, self.prior.as_ref(), &self.said);
        let is_known = glance.found != Found::New;
        let unfit = match self.came_back.has_come(preparer, record) {
            true => Some(Unfit(RowProblem::CameBackTwice { place: record.place.clone() })),
            false => stands_against(asked, record, (fate, glance.digest), is_known)?,
        };
        match unfit {
            None => Ok(fate),
            Some(Unfit(problem)) => {
                decided.valid = false;
                decided.problems.push(problem);
                Ok(Fate::Reject)
            }
        }
    }

    /// The fate of a row that may be a part of one.
    fn with_other_parts(
        &mut self,
        record: &Record,
        fate: Fate,
        decided: &mut Decided,
    ) -> Result<Fate, LedgerError> {
        if !self.splits {
            return Ok(fate);
        }
        let (readings, prior) = (&self.readings, self.prior.as_ref());
        let asked = Asked { readings, prior, policy: &self.policy };
        let part = Part { fate, valid: decided.valid };
        let Part { fate, valid } = self.parted.decide(&asked, record, part)?;
        decided.valid = valid;
        Ok(fate)
    }

    /// Notes a row that the job leaves out.
    pub(super) fn leave_out(&mut self, record: &Record) {
        let fate = Fate::LeaveOut(LeftOut::Filtered);
        if let Some(companion) = &mut self.companion {
            companion.see(&Seen {
                ordinal: record.ordinal,
                place: &record.place,
                mark: Mark::NONE,
                fate,
                key: None,
            });
        }
        self.fates.push(record.ordinal, fate, None, 1);
        self.see_left_out(record);
    }

    /// A row that is left out is in the source: where somebody asks for what is missing, it is not.
    fn see_left_out(&mut self, record: &Record) {
        let is_asked = matches!(self.policy.deletes, Deletes::AtMost(_));
        let Some(prior) = self.prior.filter(|_| is_asked) else { return };
        match self.readings.preparer.whole_key(record) {
            Some(key) => prior.history.find(KeyHash::of(&key)).for_each(|found| {
                self.came.arrive(found.position);
            }),
            None => self.could_tell = false,
        }
    }

    /// The fate of a row whose key an earlier row has.
    fn fate_of_repeated(&self, name: Name, content: Option<Digest>, valid: bool) -> Fate {
        match valid && self.once.is_same(name, content) {
            true => Fate::LeaveOut(LeftOut::Duplicate),
            false => Fate::Reject,
        }
    }

    /// Checks a row that seemed to be done and is another one.
    fn check(&mut self, record: &Record) -> Decided {
        let preparer = self.readings.preparer;
        let valid = preparer.prepare(record, self.readings.now, &mut self.findings).valid;
        Decided {
            valid,
            problems: self.findings.take().into_iter().map(RowProblem::Written).collect(),
            ..Decided::default()
        }
    }

    /// A row whose name an earlier row has, too.
    fn decide_again(
        &mut self,
        record: &Record,
        glance: &Glance,
        name: Name,
        valid: bool,
    ) -> Result<(Fate, u64), LedgerError> {
        let nth = self.names.again(name);
        // A key belongs to the first row that bears it; a content that occurs again is told apart by its number.
        if self.readings.preparer.has_key() {
            return Ok((self.fate_of_repeated(name, glance.digest, valid), nth));
        }
        let digest = name.content();
        let found = self.prior.as_ref().map_or(Found::New, |prior| {
            find(prior.history, KeyHash::of(&content_key(digest, nth)), Some(digest))
        });
        match found {
            Found::New => Ok((self.fate_of_new(glance, valid), nth)),
            Found::Done(_) => Ok((Fate::Skip(Done::Unchanged), nth)),
            Found::Perhaps => {
                let LookedUp { fate, nth, .. } = self.look_up(record, name, nth)?;
                Ok((fate, nth))
            }
        }
    }

    fn fate_of_new(&mut self, glance: &Glance, valid: bool) -> Fate {
        let fate = if valid { Fate::Send(Sending::Fresh) } else { Fate::Reject };
        self.held.let_pass(fate, glance.lane, None)
    }

    /// Prepares a row once more, with all that is known of it.
    fn look_up(&mut self, record: &Record, name: Name, nth: u64) -> Result<LookedUp, LedgerError> {
        let rejected = |nth| LookedUp { fate: Fate::Reject, nth, taken: None };
        let preparer = self.readings.preparer;
        let prepared = preparer.prepare(record, self.readings.now, &mut self.findings);
        self.findings.problems.clear();
        let (operation, reads) = (prepared.operation().cloned(), prepared.only_reads());
        let key = prepared.key().clone();
        let ready = prepared.ready();
        let digest = ready.as_ref().map(|ready| match &self.prior {
            Some(prior) if !reads && key == RowKey::Content => prior.content_of(ready),
            _ => ready.digest,
        });
        let Some(key) = key_of(key, digest, nth) else { return Ok(rejected(nth)) };
        let found = match &self.prior {
            Some(prior) if !reads => prior.known(&key)?,
            _ => None,
        };
        let arrival = match &found {
            _ if nth > 1 => Arrival::First,
            Some((_, position)) => self.came.arrive(*position),
            None => self.names.arrive(name),
        };
        match arrival {
            Arrival::First => self.once.first(name, digest),
            Arrival::Again => {
                let nth = self.names.again(name);
                let valid = ready.as_ref().is_some_and(|ready| ready.valid);
                return match preparer.has_key() {
                    true => Ok(LookedUp {
                        fate: self.fate_of_repeated(name, digest, valid),
                        ..rejected(nth)
                    }),
                    false => self.look_up(record, name, nth),
                };
            }
        }
        let known = found.as_ref().map(|(known, _)| known);
        let returned = preparer.returns();
        let connector = &*self.readings.job.connector;
        let look = Look {
            connector,
            operation: operation.as_deref(),
            ready: ready.as_ref(),
            known,
            returned,
        };
        let lane = ready.as_ref().map(|ready| Lane::named(&ready.lane));
        let sent_in = known.map(|known: &Known| Lane::named(&known.lane));
        let taken = look.taken_key(&record.place, &key);
        Ok(LookedUp {
            fate: self.held.let_pass(look.fate(&self.policy), lane, sent_in),
            nth,
            taken,
        })
    }

    fn within_limit(&mut self, fate: Fate) -> Fate {
        match fate {
            Fate::Send(sending) if self.sent >= self.policy.limit => Fate::Later(sending),
            Fate::Send(_) => {
                self.sent += 1;
                fate
            }
            fate => fate,
        }
    }

    /// What has been decided, where the source has so many rows; and the hashes of keys that occur more than once.
    pub(super) fn finish(mut self, rows: u64) -> (Fates, HashSet<KeyHash>, CameBy) {
        self.fates.pass_to(rows);
        if let Some(companion) = self.companion {
            companion.end(rows);
        }
        (self.fates, self.names.repeated(), CameBy { came: self.came, could_tell: self.could_tell })
    }
}
