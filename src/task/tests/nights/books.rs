//! The ledger: entries in memory, read again as the one in a file is.

use std::collections::HashSet;

use crate::ledger::{Turn, TurnedRow};
use crate::row::{
    AttemptEnd, AttemptStart, Attempted, Begun, CameTo, Cause, Digest, Earlier, Elsewhere,
    Holdings, Known, Life, Made, Maker, Making, Newest, Outcome, Purpose, RowId, RowState,
    Settlement, Snapshot, Uncounted,
};
use crate::text::place::RowPlace;

/// A run, or a person who says what became of rows: each has one owner, and its number.
pub(super) type Run = i64;

/// A start, and whose it is.
#[derive(Clone)]
pub(super) struct Started {
    pub run: Run,
    pub undoes: bool,
    pub start: AttemptStart,
}

#[derive(Clone)]
struct Ended {
    run: Run,
    end: AttemptEnd,
}

/// The entries of a row.
#[derive(Default)]
pub(super) struct Entries {
    pub key: String,
    pub starts: Vec<Started>,
    /// In the order in which they are read: by their attempts, then by who has found out.
    ends: Vec<Ended>,
}

#[derive(Default)]
pub(super) struct Books {
    pub rows: Vec<Entries>,
    pub runs: Run,
    /// What the last run that came to its end has left to be counted, and which one that was.
    left: (Run, Vec<Uncounted>),
}

/// What the entries of a row come to.
pub(super) struct Read {
    pub life: Life,
    pub turned: TurnedRow,
    known: Known,
}

impl Books {
    pub(super) fn begin_run(&mut self) -> Run {
        self.runs += 1;
        self.runs
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = RowId> + use<> {
        (1..=i64::try_from(self.rows.len()).unwrap()).map(RowId)
    }

    pub(super) fn entries(&self, row: RowId) -> &Entries {
        &self.rows[usize::try_from(row.0 - 1).unwrap()]
    }

    fn entries_mut(&mut self, row: RowId) -> &mut Entries {
        &mut self.rows[usize::try_from(row.0 - 1).unwrap()]
    }

    pub(super) fn find(&self, key: &str) -> Option<RowId> {
        self.ids().find(|row| self.entries(*row).key == key)
    }

    /// Enters a start.
    pub(super) fn begin(&mut self, (run, undoes): (Run, bool), start: AttemptStart) -> RowId {
        let row = start.known.or_else(|| self.find(&start.key)).unwrap_or_else(|| {
            self.rows.push(Entries { key: start.key.to_string(), ..Entries::default() });
            RowId(i64::try_from(self.rows.len()).unwrap())
        });
        let entries = self.entries_mut(row);
        let last = entries.starts.last().map_or(0, |last| last.start.number);
        assert_eq!(start.number, last + 1, "attempts of {} are counted on", start.key);
        entries.starts.push(Started { run, undoes, start });
        self.read(row);
        row
    }

    /// Enters what came of an attempt; a second word of one run takes the place of its first.
    pub(super) fn end(&mut self, run: Run, row: RowId, end: AttemptEnd) {
        let entries = self.entries_mut(row);
        let of = |ended: &Ended| (ended.end.number, ended.run);
        let place = (end.number, run);
        entries.ends.retain(|ended| of(ended) != place);
        let at = entries.ends.partition_point(|ended| of(ended) < place);
        entries.ends.insert(at, Ended { run, end });
        self.read(row);
    }

    /// A person says what became of a row's last attempt.
    pub(super) fn settle(&mut self, row: RowId, said: &Settlement, at: i64) {
        let run = self.begin_run();
        let entries = self.entries(row);
        let number = entries.starts.last().unwrap().start.number;
        let end = match said.outcome() {
            Some(outcome) => AttemptEnd {
                outcome,
                known: Some(row),
                number,
                cause: None,
                remote_id: said.id().map(str::to_owned),
                at,
            },
            None => {
                let of = |ended: &&Ended| ended.end.number == number;
                let mut before = entries.ends.iter().filter(of);
                let before = before.rfind(|ended| !ended.end.outcome.is_of_person());
                let lost = AttemptEnd {
                    outcome: Outcome::Lost,
                    known: Some(row),
                    number,
                    cause: None,
                    remote_id: None,
                    at,
                };
                before.map_or(lost, |before| AttemptEnd { at, ..before.end.clone() })
            }
        };
        self.end(run, row, end);
    }

    /// Rows of which a person's word holds.
    pub(super) fn settled(&self) -> Vec<RowId> {
        let is_settled = |row: &RowId| {
            let entries = self.entries(*row);
            let last = entries.starts.last().unwrap().start.number;
            self.holding(entries, last).is_some_and(|(outcome, _)| outcome.is_of_person())
        };
        self.ids().filter(is_settled).collect()
    }

    /// What holds of an attempt: that it did what it was for, or else what was said last.
    fn holding<'e>(
        &self,
        entries: &'e Entries,
        number: u32,
    ) -> Option<(Outcome, Option<&'e String>)> {
        let of = entries.ends.iter().filter(|ended| ended.end.number == number);
        let seen =
            |ended: &&Ended| matches!(ended.end.outcome, Outcome::Succeeded | Outcome::Found);
        let holding = of.clone().rfind(seen).or_else(|| of.clone().next_back());
        holding.map(|ended| (ended.end.outcome, ended.end.remote_id.as_ref()))
    }

    /// Reads a row. Its entries never contradict each other.
    pub(super) fn read(&self, row: RowId) -> Read {
        let entries = self.entries(row);
        let mut reading = Reading::new(row, entries);
        for started in &entries.starts {
            reading.start(started);
            let number = started.start.number;
            for ended in entries.ends.iter().filter(|ended| ended.end.number == number) {
                reading.end(&ended.end);
            }
        }
        reading.finish()
    }

    pub(super) fn known(&self, row: RowId) -> Known {
        self.read(row).known
    }

    /// What rows have done in which a run has had a hand; what was sent last comes first.
    pub(super) fn turned(&self, run: Run) -> Vec<TurnedRow> {
        let rows = self.ids().map(|row| self.read(row).turned);
        let is_of_run = |row: &TurnedRow| row.turns.iter().any(|turn| turn.run == run);
        let mut rows: Vec<TurnedRow> = rows.filter(is_of_run).collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.place.row, row.row)));
        rows
    }

    pub(super) fn snapshot(&self, row: RowId, number: u32) -> Option<&Snapshot> {
        let starts = self.entries(row).starts.iter();
        let mut starts = starts.filter(|started| started.start.number == number);
        starts.find_map(|started| started.start.snapshot.as_deref())
    }

    /// The print of what a row has left there with a content.
    pub(super) fn print(&self, row: RowId, content: Digest) -> Option<i64> {
        let starts = self.entries(row).starts.iter().rev();
        let mut starts = starts.filter(|started| started.start.digest == content);
        starts.find_map(|started| started.start.print)
    }

    /// A run has come to its end and has left this to be counted.
    pub(super) fn leave(&mut self, run: Run, lanes: Vec<Uncounted>) {
        self.left = (run, lanes);
    }

    /// Lanes that are to be counted.
    pub(super) fn uncounted(&self) -> Vec<Uncounted> {
        let (since, mut lanes) = (self.left.0, self.left.1.clone());
        for entries in &self.rows {
            for Ended { run, end } in &entries.ends {
                let settles =
                    matches!(end.outcome, Outcome::Found | Outcome::NotFound | Outcome::Denied);
                if *run <= since || !settles {
                    continue;
                }
                let start = &entries.starts[end.number as usize - 1].start;
                let (operation, lane) = (start.operation.to_string(), start.lane.clone());
                if !lanes.iter().any(|left| (&left.operation, &left.lane) == (&operation, &lane)) {
                    lanes.push(Uncounted { operation, lane, copies: Vec::new() });
                }
            }
        }
        lanes
    }

    /// What rows own of what a page of a lane's list shows, and of the lane.
    pub(super) fn holdings(
        &self,
        (operation, lane): (&str, &str),
        ids: &HashSet<String>,
        wants_makers: bool,
    ) -> Holdings {
        let mut sent: Vec<LastStart<'_>> = Vec::new();
        for entries in &self.rows {
            let mut of_lane = entries.starts.iter().filter(|started| started.start.lane == lane);
            let Some(first) = of_lane.next() else { continue };
            let last = of_lane.next_back().unwrap_or(first);
            if &*last.start.operation == operation {
                sent.push(LastStart { entries, first, last });
            }
        }
        let end =
            |of: &LastStart<'_>| self.holding_before_dismissal(of.entries, of.last.start.number);
        let turn = |started: &Started| (started.run, started.start.place.row);
        let is_open = |of: &&LastStart<'_>| matches!(end(of).0, None | Some(Outcome::Lost));
        let first_open = sent.iter().filter(is_open).map(|of| turn(of.first)).min();
        let newest = sent.iter().filter_map(|of| {
            let (Some(Outcome::Succeeded | Outcome::Found), Some(id)) = end(of) else {
                return None;
            };
            let newest = Newest { id, attempted: attempted(&of.last.start) };
            Some((turn(of.last), newest))
        });
        let newest = newest.filter(|(turn, _)| first_open.is_none_or(|open| *turn < open));
        let newest = newest.max_by_key(|(turn, _)| *turn).map(|(_, newest)| newest);
        let open = sent.iter().filter(is_open).count();
        let is_nameless = |of: &&LastStart<'_>| {
            let (outcome, id) = end(of);
            outcome.is_some_and(Outcome::succeeds) && id.is_none()
        };
        let nameless = sent.iter().filter(is_nameless).count() + open.saturating_sub(1) > 0;
        let makers = sent.iter().filter(|_| wants_makers).map(|of| Maker {
            place: of.last.start.place.clone(),
            key: of.entries.key.as_str().into(),
            making: match end(of) {
                (Some(outcome), Some(id)) if outcome.succeeds() => Making::Named(id),
                (Some(outcome), None) if outcome.succeeds() => Making::Nameless,
                (None | Some(Outcome::Lost), _) => Making::Open,
                (Some(_), _) => Making::Nothing,
            },
            first: attempted(&of.first.start),
            last: attempted(&of.last.start),
            turn: turn(of.last),
            is_settled: of.entries.ends.iter().any(|ended| {
                matches!(ended.end.outcome, Outcome::Found | Outcome::NotFound | Outcome::Denied)
            }),
        });
        let makers = makers.collect();
        let ids = ids.iter().filter_map(|id| Some((id.clone(), self.made(id, lane)?)));
        let elsewhere = self.elsewhere(operation, lane);
        Holdings { ids: ids.collect(), newest, nameless, elsewhere, makers }
    }

    /// What a person has dismissed is what was known of it before.
    fn holding_before_dismissal(
        &self,
        entries: &Entries,
        number: u32,
    ) -> (Option<Outcome>, Option<String>) {
        match self.holding(entries, number) {
            Some((Outcome::Dismissed, _)) => {
                let mut of = entries.ends.iter().filter(|ended| ended.end.number == number);
                let before = of.rfind(|ended| !ended.end.outcome.is_of_person());
                (before.map(|before| before.end.outcome), None)
            }
            Some((outcome, id)) => (Some(outcome), id.cloned()),
            None => (None, None),
        }
    }

    /// What is known of what the other side calls so: none where no row has made it, or only a person says so.
    fn made(&self, id: &str, lane: &str) -> Option<Option<Made>> {
        for entries in &self.rows {
            for Ended { run, end } in &entries.ends {
                if end.remote_id.as_deref() != Some(id) {
                    continue;
                }
                let is_of_person = end.outcome == Outcome::Confirmed;
                let holding = self.holding(entries, end.number);
                if is_of_person && holding.is_none_or(|(outcome, _)| outcome != end.outcome) {
                    continue;
                }
                let Started { start, .. } = &entries.starts[end.number as usize - 1];
                let turn = (*run, start.place.row);
                let (attempted, in_lane) = (attempted(start), start.lane == lane);
                return Some((!is_of_person).then_some(Made { attempted, in_lane, turn }));
            }
        }
        None
    }

    fn elsewhere(&self, operation: &str, lane: &str) -> Vec<Elsewhere> {
        let mut found: Vec<Elsewhere> = Vec::new();
        for entries in self.rows.iter().rev() {
            let Some(Started { start, .. }) = entries.starts.last() else { continue };
            if &*start.operation != operation || start.lane == lane {
                continue;
            }
            let ends = entries.ends.iter().filter(|ended| ended.end.number == start.number);
            let mut ends = ends
                .filter(|ended| matches!(ended.end.outcome, Outcome::Succeeded | Outcome::Found));
            let Some(id) = ends.find_map(|ended| ended.end.remote_id.clone()) else { continue };
            if found.iter().all(|known| known.lane != start.lane) {
                let made = Newest { id, attempted: attempted(start) };
                found.push(Elsewhere { lane: start.lane.clone(), made });
            }
        }
        found.truncate(4);
        found
    }
}

/// The first and the last start of a row in a lane.
struct LastStart<'e> {
    entries: &'e Entries,
    first: &'e Started,
    last: &'e Started,
}

fn attempted(start: &AttemptStart) -> Attempted {
    Attempted { at: start.at, remote_at: start.remote_at }
}

/// A row that is being read, entry by entry.
struct Reading {
    life: Life,
    turned: TurnedRow,
    known: Known,
    /// What was there before each operation that was done and is not undone.
    standing: Vec<Known>,
    in_hand: InHand,
    cause: Option<Cause>,
    is_open: bool,
}

/// The operation of a row that is being read.
struct InHand {
    purpose: Purpose,
    /// What was there before it.
    before: Known,
    /// Why the row stood where it did.
    cause: Option<Cause>,
    /// What it has made, where it undoes.
    anew: Option<String>,
}

impl Reading {
    fn new(row: RowId, entries: &Entries) -> Self {
        let key = entries.key.clone();
        let life = Life::default();
        let known = Known {
            id: row,
            key: key.clone(),
            earlier: Earlier::of(RowState::NotStarted),
            digest: Digest::default(),
            operation: String::new(),
            lane: String::new(),
            remote_id: None,
            thing: None,
            there: Vec::new(),
            place: RowPlace::default(),
            attempted: Attempted::default(),
        };
        Self {
            turned: TurnedRow {
                row,
                key,
                place: RowPlace::default(),
                turns: Vec::new(),
                position: life.position(),
                is_own: true,
            },
            life,
            in_hand: InHand {
                purpose: Purpose::Do,
                before: known.clone(),
                cause: None,
                anew: None,
            },
            known,
            standing: Vec::new(),
            cause: None,
            is_open: false,
        }
    }

    /// The operation in hand is over.
    fn resolve(&mut self, came_to: CameTo) {
        if let Some(last) = self.turned.turns.last_mut() {
            last.came_to = came_to;
        }
        let InHand { purpose, before, cause, anew } = &self.in_hand;
        match (came_to, purpose) {
            (CameTo::Done, Purpose::Do) => self.standing.push(before.clone()),
            (CameTo::Done, Purpose::Undo) => {
                let Some(before) = self.standing.pop() else { return };
                let known = &mut self.known;
                if before.there.is_empty() {
                    (known.thing, known.there) = (None, Vec::new());
                    return;
                }
                let Known { operation, lane, digest, thing, there, .. } = before;
                (known.operation, known.lane, known.digest) = (operation, lane, digest);
                (known.thing, known.there) = (anew.clone().or(thing), there);
            }
            (CameTo::Nothing, Purpose::Undo) => self.cause.clone_from(cause),
            (CameTo::Nothing | CameTo::Unknown, _) => {}
        }
    }

    fn start(&mut self, Started { run, undoes, start }: &Started) {
        let purpose = if *undoes { Purpose::Undo } else { Purpose::Do };
        let is_new = self.turned.turns.last().is_none_or(|last| last.number != start.turn);
        if is_new {
            if !self.turned.turns.is_empty() {
                self.resolve(self.life.came_to());
            }
            let (before, cause) = (self.known.clone(), self.cause.clone());
            self.in_hand = InHand { purpose, before, cause, anew: None };
            self.turned.turns.push(Turn {
                number: start.turn,
                run: *run,
                operation: String::new(),
                lane: String::new(),
                undoes: *undoes,
                came_to: CameTo::Unknown,
                id: None,
                first: None,
                last: start.number,
                print: None,
            });
        }
        let begun = Begun {
            number: start.number.into(),
            turn: start.turn.into(),
            purpose,
            operation: &start.operation,
            attempted: attempted(start),
        };
        if let Err(contradiction) = self.life.begin(&begun) {
            panic!("the entries of {} contradict each other: {contradiction:?}", self.known.key);
        }
        self.turned.place = start.place.clone();
        let last = self.turned.turns.last_mut().unwrap();
        last.operation = start.operation.to_string();
        last.lane.clone_from(&start.lane);
        (last.run, last.last, last.print) = (*run, start.number, start.print);
        last.first.get_or_insert(start.number);
        if !self.is_open {
            self.cause = None;
        }
        self.is_open = true;
        if *undoes {
            return;
        }
        let known = &mut self.known;
        known.operation = start.operation.to_string();
        known.lane.clone_from(&start.lane);
        known.place = start.place.clone();
        known.digest = start.digest;
        known.there.push(start.digest);
    }

    fn end(&mut self, end: &AttemptEnd) {
        let taken = self.life.end(end.number.into(), end.outcome.word(), end.remote_id.clone());
        if let Err(contradiction) = taken {
            panic!("the entries of {} contradict each other: {contradiction:?}", self.known.key);
        }
        let turn = self.turned.turns.last_mut().unwrap();
        if self.life.came_to() == CameTo::Nothing {
            turn.first = None;
        }
        if let Some(id) = end.remote_id.as_ref().filter(|_| end.outcome.succeeds()) {
            turn.id = Some(id.clone());
        }
        let first = self.cause.take();
        self.is_open = end.outcome == Outcome::Lost;
        match self.in_hand.purpose {
            Purpose::Undo if end.outcome.succeeds() => {
                self.in_hand.anew = end.remote_id.clone().or(self.in_hand.anew.take());
            }
            Purpose::Undo => {}
            Purpose::Do => self.note(end),
        }
        if end.outcome.is_of_person() {
            self.cause = first;
            return;
        }
        self.cause = match (first, end.cause.clone()) {
            (Some(first), Some(cause)) if self.is_open => {
                Some(Cause { doubt: cause.doubt, ..first })
            }
            (first, None) if self.is_open => first,
            (_, cause) => cause,
        };
    }

    /// What is there now, as far as the row's requests go.
    fn note(&mut self, end: &AttemptEnd) {
        let known = &mut self.known;
        let own = known.digest;
        match end.outcome {
            outcome if outcome.succeeds() => {
                known.there = vec![own];
                known.thing = end.remote_id.clone().or(known.thing.take());
            }
            outcome if outcome.denies() => drop(known.there.pop_if(|last| *last == own)),
            _ => {}
        }
    }

    fn finish(mut self) -> Read {
        let (life, came_to) = (self.life.clone(), self.life.came_to());
        match life.state() {
            RowState::Dismissed { .. } => {
                self.turned.turns.last_mut().unwrap().came_to = came_to;
            }
            _ => self.resolve(came_to),
        }
        self.turned.position = life.position();
        self.known.attempted = life.attempted();
        self.known.remote_id = match life.row_state() {
            RowState::Succeeded { id, .. } => id,
            _ => None,
        };
        self.known.earlier = Earlier::of_life(&life, None, self.cause);
        Read { life, turned: self.turned, known: self.known }
    }
}
