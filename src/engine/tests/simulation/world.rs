//! Everything that outlives a crash: the server with its faults and moods, and what the ledger made durable.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::manner::{Created, Manner, Note, Order, Pages, Shows};
use crate::declared::connector::{Connector, Operation, Repeat};
use crate::declared::job::InDoubt;
use crate::engine::Work;
use crate::engine::tests::rows;
use crate::plan::decide::{Facts, Fate, Last, decide};
use crate::row::{
    Attempted, Cause, Doubt, Earlier, Elsewhere, Holdings, Made, Maker, Making, Newest, Reason,
    RowId, RowState,
};
use crate::text::place::RowPlace;
use crate::text::quota::Quota;
use crate::traffic::verdict::Verdict;

/// The start of imaginary time, in unix milliseconds.
const EPOCH: i64 = 1_800_000_000_000;
/// How long the server may be at work on a request of which nobody hears any more; the connector knows.
pub(super) const LATE: Duration = Duration::from_secs(10);

/// How long a slow one may be, which no connector knows.
pub(super) const SLOW: Duration = Duration::from_secs(20);

/// A row of the imaginary source.
#[derive(Clone)]
pub(super) struct Row {
    pub number: u64,
    pub lane: String,
    pub operation: Arc<Operation>,
}

/// What the server does to one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    None,
    Refuse,
    Busy,
    Pushback,
    NotSent,
    LostBefore,
    LostAfter,
    Unauthorized,
    Revoked,
}

/// Everything that outlives a crash: the server, and what the ledger made durable.
pub(super) struct World {
    pub random: fastrand::Rng,
    pub rows: Vec<Row>,
    pub quota: Quota,
    pub faulty: bool,
    /// Rows on which the server acted, in order.
    pub acted: Vec<u64>,
    /// What the server holds.
    pub notes: Vec<Note>,
    pub pages: Pages,
    pub manner: Manner,
    /// Whether the job has a marker.
    pub is_marked: bool,
    /// Why a row was left in doubt, each time.
    pub doubts: HashMap<u64, Vec<Doubt>>,
    /// When the server acts on requests of which nobody hears any more, and for which rows.
    pub late: Vec<(Duration, u64)>,
    /// When the last attempt of a row was started.
    pub started: HashMap<u64, Attempted>,
    /// When the first attempt of a row was started.
    pub first_started: HashMap<u64, Attempted>,
    /// Rows of which a look has settled what became of them.
    pub settled: HashSet<u64>,
    /// Lanes of those that no run has counted since.
    pub owed: BTreeMap<String, Vec<Vec<String>>>,
    /// Rows that were told to be there twice, and lanes of which that could not be told.
    pub told: HashSet<u64>,
    pub uncounted: HashSet<String>,
    /// When the list of a lane was asked for last to count what is there.
    pub counted: HashMap<String, Duration>,
    /// Rows that acted once more than they were sent, or later than anybody expects.
    pub beyond: Vec<u64>,
    /// What was made of which the ledger knows, in the order in which it came to know: the id, the row, and when its
    /// last attempt was started.
    pub owned: Vec<(String, u64, Attempted)>,
    /// When nothing gets through.
    pub down: std::ops::Range<Duration>,
    /// When no token is good.
    pub revoked: std::ops::Range<Duration>,
    /// Rows that the server has said no to.
    pub refused: HashSet<u64>,
    /// How far the server's clock is ahead, in milliseconds.
    pub ahead: i64,
    /// Whether the answer to a login tells the server's clock.
    pub dated_logins: bool,
    /// How far our clock has been set since, in milliseconds.
    pub set: i64,
    /// When requests left, in time over all lives.
    pub left: Vec<Duration>,
    /// Durable attempts by row: the state that replay gives.
    pub ledger: BTreeMap<u64, RowState>,
    /// What was written of each row, as it is read.
    pub lives: HashMap<u64, crate::row::Life>,
    pub clock: Duration,
    pub token: u32,
    pub valid_token: u32,
}

/// What a list is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asked {
    pub newest_first: bool,
    /// Counts from 1.
    pub page: usize,
}

impl Asked {
    pub(super) fn read(path: &str) -> Self {
        let page = path.split_once("&page=").and_then(|(_, rest)| rest.split('&').next());
        Self {
            newest_first: path.contains("sort_order=desc"),
            page: page.unwrap().parse().unwrap(),
        }
    }
}

impl World {
    pub(super) fn new(connector: &Connector, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let lanes = random.u64(1..12);
        let faulty = random.u8(0..4) > 0;
        let rows = (1..=random.u64(1..60))
            .map(|number| {
                let name =
                    if random.u8(0..5) == 0 { "ticket_note.update" } else { "ticket_note.create" };
                let operation = Arc::clone(&connector.operations[name]);
                Row { number, lane: format!("lane {}", random.u64(0..lanes)), operation }
            })
            .collect();
        let manner = Manner::draw(&mut random);
        let quota = ["1000/1s", "30/10s", "5/1s", "200/1s"][random.usize(0..4)].parse().unwrap();
        Self {
            rows,
            quota,
            faulty,
            acted: Vec::new(),
            notes: Vec::new(),
            pages: [Pages::Of(3), Pages::Of(100), Pages::Whole, Pages::Cut(20)][random.usize(0..4)],
            manner,
            is_marked: random.u8(0..4) == 0,
            doubts: HashMap::new(),
            late: Vec::new(),
            started: HashMap::new(),
            first_started: HashMap::new(),
            settled: HashSet::new(),
            owed: BTreeMap::new(),
            told: HashSet::new(),
            uncounted: HashSet::new(),
            counted: HashMap::new(),
            beyond: Vec::new(),
            owned: Vec::new(),
            down: {
                let start = Duration::from_millis(random.u64(0..20_000));
                start..start + Duration::from_millis(random.u64(0..200_000))
            },
            revoked: {
                let start = Duration::from_millis(random.u64(0..60_000));
                start..start + Duration::from_millis(random.u64(0..100_000))
            },
            refused: HashSet::new(),
            ahead: random.i64(-5_000_000..5_000_000),
            set: 0,
            dated_logins: random.bool(),
            left: Vec::new(),
            ledger: BTreeMap::new(),
            lives: HashMap::new(),
            clock: Duration::ZERO,
            token: 0,
            valid_token: 0,
            random,
        }
    }

    /// The rows that a new run has to send.
    pub(super) fn work(&self) -> Vec<Work> {
        self.rows
            .iter()
            .filter_map(|row| {
                let earlier = self.ledger.get(&row.number).map(|state| Earlier::of(state.clone()));
                let facts = Facts {
                    earlier: earlier.as_ref(),
                    valid: true,
                    unchanged: true,
                    is_another: false,
                    last: Last::Own,
                    updates: false,
                    comes_again: false,
                    effect: row.operation.effect,
                    repeat: row.operation.repeat,
                    settles: row.operation.recover.is_some(),
                    in_doubt: InDoubt::Verify,
                    retry_failed: false,
                    undone: false,
                };
                let Fate::Send(sending) = decide(&facts) else { return None };
                let attempts = earlier.as_ref().map_or(0, |earlier| earlier.state.attempts());
                let draft = rows::row(&row.operation, row.number).on(&row.lane);
                let draft = draft.internal(is_internal(row.number));
                let draft = match self.is_marked && self.creates(row.number) {
                    true => draft.marked(&text(row.number), &marker(row.number)),
                    false => draft.saying(&text(row.number)),
                };
                let draft = draft.sending(sending);
                let draft = draft.attempted(attempts, self.started.get(&row.number).copied());
                let id = RowId(row.number.try_into().unwrap());
                Some(draft.known(earlier.map(|_| id)).work())
            })
            .collect()
    }

    /// Lets time go on to a moment; meanwhile the server acts on what it has been slow with.
    pub(super) fn advance(&mut self, to: Duration) {
        self.late.sort_unstable();
        while self.late.first().is_some_and(|(at, _)| *at <= to) {
            let (at, row) = self.late.remove(0);
            self.clock = self.clock.max(at);
            self.act(row);
        }
        self.clock = self.clock.max(to);
    }

    /// Nobody will hear of a request any more, but the server may be at work on it.
    pub(super) fn forsake(&mut self, row: u64) {
        if self.random.bool() {
            let is_slow = self.manner.is_slow && self.creates(row) && self.random.bool();
            let late = if is_slow { SLOW } else { LATE };
            let slow = self.random.u64(0..late.as_millis().try_into().unwrap());
            if Duration::from_millis(slow) > LATE {
                self.beyond.push(row);
            }
            self.late.push((self.clock + Duration::from_millis(slow), row));
        }
    }

    pub(super) fn row(&self, number: u64) -> &Row {
        &self.rows[usize::try_from(number - 1).unwrap()]
    }

    pub(super) fn repeat(&self, row: u64) -> Repeat {
        self.row(row).operation.repeat
    }

    /// The server's clock.
    pub(super) fn remote(&self) -> i64 {
        wall(self.clock) + self.ahead
    }

    /// Lanes that wait for a row of which the lists of this server do not tell whether it acted.
    pub(super) fn stuck_lanes(&self) -> HashSet<&str> {
        let is_stuck = |row: &&Row| {
            let state = self.ledger.get(&row.number);
            let again = |doubt: &Doubt| {
                matches!(doubt, Doubt::StoppedBefore | Doubt::ListRefused(_) | Doubt::ListUnread(_))
            };
            matches!(state, Some(RowState::InDoubt { .. }))
                && self.doubts.get(&row.number).is_some_and(|doubts| {
                    // A list may have failed by bad luck.
                    doubts.iter().filter(|doubt| !again(doubt)).count() >= 3
                })
        };
        self.rows.iter().filter(is_stuck).map(|row| row.lane.as_str()).collect()
    }

    /// Whether all is done that can be.
    pub(super) fn is_settled(&self) -> bool {
        let stuck = self.stuck_lanes();
        self.work().iter().all(|work| stuck.contains(self.row(work.ready.place.row).lane.as_str()))
    }

    /// What is there and what is known of it, for whoever plays a seed again.
    pub(super) fn describe(&self, lane: &str) -> String {
        let notes = self.notes.iter().filter(|note| note.lane == lane);
        let notes: Vec<String> = notes
            .map(|note| {
                let is_owned = self.owned.iter().any(|(id, ..)| *id == note.id);
                format!("{} at {}, owned: {is_owned}, {:?}", note.id, note.at, note.text)
            })
            .collect();
        let rows = self.ledger.iter().filter(|(row, _)| self.row(**row).lane == lane);
        let rows: Vec<String> = rows
            .map(|(row, state)| {
                let (is_settled, text) = (self.settled.contains(row), self.text(*row));
                format!(
                    "{row} {state:?} settled: {is_settled} internal: {} {text:?}",
                    is_internal(*row)
                )
            })
            .collect();
        format!("{}\n{}\nbeyond: {:?}", notes.join("\n"), rows.join("\n"), self.beyond)
    }

    /// Whether no lane is left that is to be counted, but for those in which something is there twice, or that nobody can
    /// count.
    pub(super) fn are_counted(&self) -> bool {
        let told: HashSet<&str> =
            self.told.iter().map(|row| self.row(*row).lane.as_str()).collect();
        self.owed.keys().all(|lane| told.contains(lane.as_str()) || self.uncounted.contains(lane))
    }

    pub(super) fn fault(&mut self) -> Fault {
        if !self.faulty {
            return Fault::None;
        }
        if self.down.contains(&self.clock) {
            return Fault::NotSent;
        }
        if self.revoked.contains(&self.clock) {
            return Fault::Revoked;
        }
        match self.random.u8(0..40) {
            0 => Fault::Refuse,
            1 | 2 => Fault::Busy,
            3 => Fault::Pushback,
            4 => Fault::NotSent,
            5 => Fault::LostBefore,
            6 => Fault::LostAfter,
            7 => Fault::Unauthorized,
            _ => Fault::None,
        }
    }

    pub(super) fn act(&mut self, row: u64) -> String {
        self.acted.push(row);
        let id = format!("tn_{row}_{}", self.acted.len());
        if self.creates(row) {
            let at = i64::try_from(self.clock.as_millis()).unwrap();
            let note = Note {
                id: id.clone(),
                lane: self.row(row).lane.clone(),
                text: self.text(row),
                shows: Shows::Text,
                is_internal: is_internal(row),
                at,
            };
            if self.manner.is_crowded {
                self.crowd(&note);
            }
            self.notes.push(note);
        }
        id
    }

    /// What a row makes says this; rows of one lane often say the same, where there is no marker.
    pub(super) fn text(&self, row: u64) -> String {
        match self.is_marked {
            true => format!("{}\n{}", text(row), marker(row)),
            false => text(row),
        }
    }

    /// The system, or somebody else, writes something on a ticket at any time.
    pub(super) fn intrude(&mut self, lane: &str) {
        if !self.manner.is_crowded || self.random.u8(0..3) > 0 {
            return;
        }
        let shows = [Shows::Text, Shows::Null, Shows::Nothing][self.random.usize(0..3)];
        let at = i64::try_from(self.clock.as_millis()).unwrap();
        let id = format!("intruder_{at}_{}", self.notes.len());
        let text = "khách hàng đã gọi lại và cảm ơn".to_owned();
        self.notes.push(Note { id, lane: lane.to_owned(), text, shows, is_internal: false, at });
    }

    /// Long after a life in which a row was lost somebody else writes what it says, but for its marker. Of the server's clocks
    /// must be known which notes are of then.
    pub(super) fn write_again_later(&mut self) {
        let is_open = |row: &&Row| {
            let state = self.ledger.get(&row.number);
            let known = self.started.get(&row.number).is_some_and(|at| at.remote_at.is_some());
            self.creates(row.number) && known && state.is_some_and(RowState::may_have_acted)
        };
        let is_told = matches!(self.manner.created, Created::Ahead(_)) && self.manner.is_dated;
        if !self.manner.is_crowded || !is_told || self.manner.is_nameless {
            return;
        }
        let Some(row) = self.rows.iter().find(is_open).map(|row| row.number) else { return };
        // Clocks that are not known may have been wrong by days.
        self.advance(self.clock + Duration::from_secs(80 * 3_600));
        let at = i64::try_from(self.clock.as_millis()).unwrap();
        let (id, lane) = (format!("later_{at}"), self.row(row).lane.clone());
        let (text, is_internal) = (text(row), is_internal(row));
        self.notes.push(Note { id, lane, text, shows: Shows::Text, is_internal, at });
    }

    /// Somebody else has just written something; now and then the same, but for a marker.
    fn crowd(&mut self, note: &Note) {
        let said = note.text.split_once('\n').map_or(&*note.text, |(said, _)| said).to_owned();
        let note = &Note { text: said, ..note.clone() };
        let id = |kind: &str| format!("{kind}_{}", note.id);
        match self.random.u8(0..24) {
            // In no order and without dates nobody can tell an old one.
            0 if self.manner.tells_age() => {
                // Of one second nobody can tell which of two that are equal was first, if it is not asked for.
                let before = if self.manner.order == Order::AsAsked { 0 } else { 2_000 };
                let at = (note.at - before).max(0);
                self.notes.push(Note { id: id("equal"), at, ..note.clone() });
                self.notes.sort_by_key(|note| note.at);
            }
            1..8 => {
                let text = "khách hàng đã gọi lại và cảm ơn".to_owned();
                self.notes.push(Note { id: id("other"), text, is_internal: false, ..note.clone() });
            }
            8 if self.manner.tells_age() => {
                let at = note.at - self.random.i64(180_000..9_000_000);
                self.notes.insert(0, Note { id: id("old"), at, ..note.clone() });
                self.notes.sort_by_key(|note| note.at);
            }
            _ => {}
        }
    }

    /// What the ledger owns of what a look at a lane shows, for a row.
    pub(super) fn holdings(&self, row: u64, lane: &str, items: &[serde_json::Value]) -> Holdings {
        let ids = items.iter().filter_map(|item| {
            let id = item["id"].as_str().unwrap();
            let at = self.owned.iter().position(|(owned, ..)| owned == id)?;
            let (id, row, attempted) = &self.owned[at];
            let (in_lane, turn) = (self.row(*row).lane == lane, (1, at.try_into().unwrap()));
            let made = Made { attempted: *attempted, in_lane, turn };
            Some((id.clone(), Some(made)))
        });
        let in_lane = |row: &u64| self.row(*row).lane == lane && self.creates(*row);
        let newest = self.owned.iter().rfind(|(_, row, _)| in_lane(row));
        let newest =
            newest.map(|(id, _, attempted)| Newest { id: id.clone(), attempted: *attempted });
        let nameless = self.rows.iter().any(|other| {
            let state = self.ledger.get(&other.number);
            let is_open = state.is_some_and(RowState::may_have_acted) && other.number != row;
            let has_no_name = matches!(state, Some(RowState::Succeeded { id: None, .. }));
            in_lane(&other.number) && (is_open || has_no_name)
        });
        let elsewhere = self.elsewhere(lane);
        Holdings { ids: ids.collect(), newest, nameless, elsewhere, makers: Vec::new() }
    }

    /// All rows that were sent in a lane.
    pub(super) fn makers(&self, lane: &str) -> Vec<Maker> {
        let of_lane = self.ledger.iter().filter(|(row, _)| {
            self.row(**row).lane == lane && self.creates(**row) && self.started.contains_key(row)
        });
        let makers = of_lane.map(|(row, state)| {
            let own = self.owned.iter().position(|(_, owner, _)| owner == row);
            let making = match (state, own) {
                (RowState::Succeeded { .. }, Some(at)) => Making::Named(self.owned[at].0.clone()),
                (RowState::Succeeded { .. }, None) => Making::Nameless,
                (state, _) if state.may_have_acted() => Making::Open,
                _ => Making::Nothing,
            };
            Maker {
                place: RowPlace::of(*row, *row + 1),
                key: row.to_string().into(),
                making,
                first: self.first_started[row],
                last: self.started[row],
                turn: (1, own.map_or(u64::MAX, |at| at.try_into().unwrap())),
                is_settled: self.settled.contains(row),
            }
        });
        makers.collect()
    }

    /// What the ledger owns in some other lanes, the latest first.
    fn elsewhere(&self, lane: &str) -> Vec<Elsewhere> {
        let mut lanes = HashSet::from([lane]);
        let latest =
            self.owned.iter().rev().filter(|(_, row, _)| {
                self.creates(*row) && lanes.insert(self.row(*row).lane.as_str())
            });
        let others = latest.map(|(id, row, attempted)| Elsewhere {
            lane: format!("ticket {}", self.row(*row).lane),
            made: Newest { id: id.clone(), attempted: *attempted },
        });
        others.take(4).collect()
    }

    pub(super) fn creates(&self, row: u64) -> bool {
        self.repeat(row) == Repeat::Harmful
    }

    /// What the server makes of a look at a lane.
    pub(super) fn list(&mut self, lane: &str, asked: Asked, token: u32) -> Verdict {
        let cause = Cause::default().saying("a fault");
        if token < self.valid_token {
            return Verdict::Unauthorized(cause);
        }
        match self.fault() {
            fault @ (Fault::Busy | Fault::NotSent | Fault::LostBefore) => {
                let status = [503, 408, 500][usize::from(self.random.u8(0..3))];
                let status = Some(status).filter(|_| fault == Fault::Busy);
                let cause = Cause { status, ..cause };
                Verdict::Retry { cause, after: None, pushback: false, may_have_acted: false }
            }
            Fault::Refuse if self.random.bool() => Verdict::Refused(cause),
            Fault::Revoked => Verdict::Unauthorized(cause),
            _ => {
                let notes = self.notes.iter().filter(|note| note.lane == lane).cloned();
                let (notes, now) = (notes.collect::<Vec<_>>(), (self.clock, self.ahead));
                let items = self.manner.show(&notes, now, asked.newest_first);
                match self.page(items, asked.page) {
                    Some(items) => Verdict::Done { id: None, items: Some(items) },
                    None => Verdict::Refused(cause),
                }
            }
        }
    }

    /// A page of what there is; none where the server has no such page.
    fn page(&self, items: Vec<serde_json::Value>, page: usize) -> Option<Vec<serde_json::Value>> {
        Some(match self.pages {
            Pages::Of(size) => {
                let skipped = page.checked_sub(self.manner.first_page)? * size;
                items.into_iter().skip(skipped).take(size).collect()
            }
            Pages::Whole => items,
            Pages::Cut(size) => items.into_iter().take(size).collect(),
        })
    }

    /// What the server makes of a request that arrives with a token.
    pub(super) fn answer(&mut self, row: u64, token: u32) -> Verdict {
        let operation = Arc::clone(&self.row(row).operation);
        let harmless = operation.repeat == Repeat::Harmless;
        let cause = Cause::default().saying("a fault");
        let again =
            |cause| Verdict::Retry { cause, after: None, pushback: false, may_have_acted: true };
        if token < self.valid_token {
            return Verdict::Unauthorized(cause);
        }
        match self.fault() {
            Fault::None => {
                let id = self.act(row);
                if self.manner.doubles && self.creates(row) && self.random.u8(0..12) == 0 {
                    self.beyond.push(row);
                    self.act(row);
                }
                if self.manner.is_garbled && self.creates(row) && self.random.u8(0..6) == 0 {
                    let cause = Cause { status: Some(200), ..Cause::of(Reason::UnreadableAnswer) };
                    return Verdict::Unknown { cause, after: None };
                }
                let is_nameless = self.manner.is_nameless && self.random.u8(0..6) == 0;
                Verdict::Done { id: Some(id).filter(|_| !is_nameless), items: None }
            }
            Fault::Refuse => {
                self.refused.insert(row);
                Verdict::Refused(cause)
            }
            Fault::Revoked => Verdict::Unauthorized(cause),
            Fault::Busy | Fault::NotSent => again(cause),
            Fault::Pushback => Verdict::Retry {
                cause,
                after: self.random.bool().then_some(Duration::from_millis(1500)),
                pushback: true,
                may_have_acted: false,
            },
            Fault::LostBefore if harmless => {
                self.forsake(row);
                again(cause)
            }
            Fault::LostBefore => {
                self.forsake(row);
                let lane = self.row(row).lane.clone();
                self.intrude(&lane);
                Verdict::Unknown { cause, after: None }
            }
            Fault::LostAfter => {
                self.act(row);
                if harmless { again(cause) } else { Verdict::Unknown { cause, after: None } }
            }
            Fault::Unauthorized => {
                // All tokens so far are over, as when a password was changed.
                self.valid_token = self.token + 1;
                Verdict::Unauthorized(cause)
            }
        }
    }
}

pub(super) fn wall(clock: Duration) -> i64 {
    EPOCH + i64::try_from(clock.as_millis()).unwrap()
}

/// The line by which what a row makes is known again.
fn marker(row: u64) -> String {
    format!("[ref {row}]")
}

/// What a row says.
fn text(row: u64) -> String {
    match row % 7 {
        5 => return "👍".to_owned(),
        6 => return "<https://example.com/>".to_owned(),
        _ => {}
    }
    let first = ["Một", "Hai", "Ba"][usize::try_from(row % 3).unwrap()];
    format!("{first} khách hàng <Lan> & chị Huệ nhờ gọi lại ")
}

/// Whether what a row makes is to be seen by agents alone.
pub(super) fn is_internal(row: u64) -> bool {
    row.is_multiple_of(5)
}
