//! The rows that a run is to undo: what becomes of each, as it is told, and what is sent for it.

use std::collections::{HashMap, HashSet};

use tokio::sync::mpsc::Sender;

use crate::declared::connector::{Effect, Repeat};
use crate::declared::job::{InDoubt, Job};
use crate::engine::Work;
use crate::engine::dispatch::FeedFailure;
use crate::ledger::{Books as _, History, JobId, Ledger, LedgerError, Reader as _, Run, TurnedRow};
use crate::plan::{Begun, Done, Fate, Held, Sending, Tally, UndoFate, as_it_is, undo_fate};
use crate::report::{UndoAct, UndoRow, WhyKept};
use crate::task::Failure;
use crate::task::run::{Cargo, Fed};

use super::inverse::{Inverse, Known};

/// Rows that travel to the engine together.
const BATCH: usize = 32;

/// What of a run there is to undo.
pub(super) struct Undoable<'a> {
    pub job: &'a Job,
    /// The run that is undone.
    pub run: i64,
    pub even_if_changed: bool,
    /// In the order in which they are undone: what was sent last comes first.
    rows: Vec<(TurnedRow, UndoFate)>,
}

/// A row for which something is made anew.
struct Anew {
    at: usize,
    /// When that was once made, as its list has said.
    made_at: Option<i64>,
}

/// How many rows come to what, and how many lists are read for them.
#[derive(Debug, Default)]
pub(super) struct Count {
    pub tally: Tally,
    pub lists: u64,
}

impl<'a> Undoable<'a> {
    pub(super) fn read(
        (ledger, id): (&Ledger, JobId),
        job: &'a Job,
        (run, even_if_changed): (i64, bool),
    ) -> Result<Self, LedgerError> {
        let mut rows = ledger.turned(id, run)?;
        rows.sort_by_key(|row| std::cmp::Reverse((row.place.row, row.row)));
        let rows = rows.into_iter().map(|row| {
            let fate = undo_fate(&row, run);
            (row, fate)
        });
        let mut undoable = Self { job, run, even_if_changed, rows: rows.collect() };
        undoable.make_anew_as_once(ledger)?;
        Ok(undoable)
    }

    /// What of one ticket is made anew comes in the order in which it was once made: as its list has said, or else as the rows.
    fn make_anew_as_once(&mut self, ledger: &Ledger) -> Result<(), LedgerError> {
        let operations = &self.job.connector.operations;
        let mut lanes: HashMap<String, Vec<Anew>> = HashMap::new();
        for (at, (row, fate)) in self.rows.iter().enumerate() {
            let UndoFate::Undo(undone) = *fate else { continue };
            let Some(turn) = row.turns.get(undone.of) else { continue };
            let operation = operations.get(turn.operation.as_str());
            if operation.is_none_or(|operation| operation.effect != Effect::Delete) {
                continue;
            }
            let Ok((inverse, _)) = self.inverse(ledger, row, *fate)? else { continue };
            let made_at = match turn.first {
                Some(first) => ledger.snapshot(row.row, first)?.and_then(|was| was.made_at),
                None => None,
            };
            lanes.entry(inverse.ready.lane).or_default().push(Anew { at, made_at });
        }
        for anew in lanes.into_values() {
            let places: Vec<usize> = anew.iter().map(|one| one.at).collect();
            let mut order = anew;
            order.reverse();
            if order.iter().all(|one| one.made_at.is_some()) {
                order.sort_by_key(|one| one.made_at);
            }
            let rows: Vec<_> = order.iter().map(|one| self.rows[one.at].clone()).collect();
            places.into_iter().zip(rows).for_each(|(at, row)| self.rows[at] = row);
        }
        Ok(())
    }

    /// Counts all rows, and tells of each what becomes of it.
    pub(super) fn look(
        &self,
        ledger: &Ledger,
        tell: &mut dyn FnMut(UndoRow),
    ) -> Result<Count, LedgerError> {
        let mut count = Count::default();
        let mut lists = HashSet::new();
        for (row, fate) in &self.rows {
            let act = match *fate {
                UndoFate::Nothing => continue,
                UndoFate::Undo(_) => match self.inverse(ledger, row, *fate)? {
                    Ok((inverse, sending)) => {
                        lists.insert(inverse.subject.list.clone());
                        count.tally.count(Fate::Send(sending));
                        act_of(&inverse)
                    }
                    Err(why) => UndoAct::Kept(why),
                },
                UndoFate::Undone => {
                    count.tally.count(Fate::Skip(Done::Unchanged));
                    UndoAct::Undone
                }
                UndoFate::Superseded { run } => UndoAct::Kept(WhyKept::Superseded { run }),
                UndoFate::InDoubt => UndoAct::Kept(WhyKept::InDoubt),
                UndoFate::Dismissed => UndoAct::Kept(WhyKept::Dismissed),
            };
            if let UndoAct::Kept(why) = &act {
                count.tally.count(Fate::Hold(match why {
                    WhyKept::InDoubt => Held::InDoubt,
                    _ => Held::Refused,
                }));
            }
            let last = row.turns.last();
            tell(UndoRow {
                place: row.place.clone(),
                key: row.key.clone(),
                lane: last.map_or_else(String::new, |turn| turn.lane.clone()),
                operation: last.map_or_else(String::new, |turn| turn.operation.clone()),
                act,
            });
        }
        count.lists = lists.len() as u64;
        Ok(count)
    }

    /// What undoes a row and how that is sent, or why it is not.
    fn inverse(
        &self,
        ledger: &Ledger,
        row: &TurnedRow,
        fate: UndoFate,
    ) -> Result<Result<(Inverse, Sending), WhyKept>, LedgerError> {
        let UndoFate::Undo(undoing) = fate else { return Ok(Err(WhyKept::InDoubt)) };
        let Some((turn, anew)) = as_it_is(row, undoing.of) else {
            return Ok(Err(WhyKept::InDoubt));
        };
        let snapshot = match turn.first {
            Some(first) => ledger.snapshot(row.row, first)?,
            None => None,
        };
        let known = Known {
            connector: &self.job.connector,
            place: &row.place,
            anew,
            snapshot: snapshot.as_ref(),
            even_if_changed: self.even_if_changed,
        };
        Ok(known.inverse(&turn).and_then(|inverse| {
            let operation = &inverse.ready.operation;
            let sending = match (undoing.begun, operation.repeat) {
                (Begun::No, _) => Sending::Fresh,
                (Begun::MayHaveActed, Repeat::Harmless) => Sending::Repeat,
                (Begun::MayHaveActed, Repeat::Harmful)
                    if operation.recover.is_some() && self.job.in_doubt == InDoubt::Verify =>
                {
                    Sending::Settle
                }
                (Begun::MayHaveActed, Repeat::Harmful) => return Err(WhyKept::InDoubt),
            };
            Ok((inverse, sending))
        }))
    }

    fn work(&self, ledger: &Ledger, at: usize) -> Result<Option<Work>, LedgerError> {
        let Some((row, fate)) = self.rows.get(at) else { return Ok(None) };
        let UndoFate::Undo(undoing) = *fate else { return Ok(None) };
        let Ok((inverse, sending)) = self.inverse(ledger, row, *fate)? else { return Ok(None) };
        Ok(Some(Work {
            ready: inverse.ready,
            key: row.key.as_str().into(),
            known: Some(row.row),
            next: undoing.next,
            thing: None,
            lost: None,
            sending,
            subject: Some(inverse.subject.into()),
            print: inverse.print,
        }))
    }

    fn send(&self, ledger: &Ledger, to: &Sender<Fed>) -> Result<(), LedgerError> {
        let mut batch = Vec::with_capacity(BATCH);
        for at in 0..self.rows.len() {
            batch.extend(self.work(ledger, at)?);
            if batch.len() == BATCH && to.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
                return Ok(());
            }
        }
        // A run that is over wants to hear no more.
        let _ = to.blocking_send(Ok(batch));
        Ok(())
    }
}

impl Cargo for Undoable<'_> {
    fn note(&self, ledger: &Ledger, run: Run, _: &History) -> Result<(), Failure> {
        Ok(ledger.note_undoing(run, self.run)?)
    }

    fn feed(&self, _: Run, _: &History, ledger: Option<Ledger>, to: &Sender<Fed>) {
        let Some(ledger) = ledger else { return };
        if let Err(error) = self.send(&ledger, to) {
            let _ = to.blocking_send(Err(FeedFailure::Ledger(error)));
        }
    }
}

fn act_of(inverse: &Inverse) -> UndoAct {
    let (id, text) = (inverse.id.clone(), inverse.text.clone());
    match inverse.effect {
        Effect::Delete => UndoAct::Delete { id },
        Effect::Update => UndoAct::GiveBack { id, text },
        Effect::Create | Effect::Read => UndoAct::MakeAnew { id, text },
    }
}
