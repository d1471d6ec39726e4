//! What rows of a job have done, and what rows of all jobs at the same address own: one ordered scan.

use std::collections::HashSet;

use rusqlite::{Connection, Row};

use super::fault::{Unread, text, text_or_null};
use super::holdings::at_one_address;
use super::scan::{Listener, Owners, Which, scan};
use crate::ledger::{Act, Acts, JobId, OwnerId};
use crate::row::{Digest, KeyHash, Life, Outcome, RowId, RowState, Standing};
use crate::text::place::RowPlace;

/// See [`crate::ledger::Reader::acts`].
pub(super) fn read(connection: &Connection, job: JobId) -> Result<Acts, Unread> {
    // All of one moment, while other processes may write to the file.
    let moment = connection.unchecked_transaction()?;
    let mut gathering = Gathering {
        owners: Owners::read(&moment)?,
        here: at_one_address(&moment, job)?,
        job,
        hand: None,
        made: None,
        done: Vec::new(),
        acts: Acts::default(),
    };
    scan(&moment, Which::All, &mut gathering)?;
    let Gathering { mut acts, mut done, .. } = gathering;
    done.sort_by_key(|(turn, _)| *turn);
    acts.done = done.into_iter().map(|(_, act)| act).collect();
    Ok(acts)
}

/// Of two acts the later has the greater one: whoever came later, then when, then which row's.
type Turn = (OwnerId, i64, i64, i64);

struct Gathering {
    owners: Owners,
    /// The jobs at the same address.
    here: HashSet<JobId>,
    job: JobId,
    /// The last attempt of the row in hand, with its turn, the row's own turn, and whose it is.
    hand: Option<(Turn, i64, Option<JobId>, Act)>,
    /// What an attempt of the row in hand has made last.
    made: Option<String>,
    done: Vec<(Turn, Act)>,
    acts: Acts,
}

impl Gathering {
    fn push(&mut self, is_last: bool, id: Option<String>) {
        let Some((turn, _, job, act)) = self.hand.take() else { return };
        if job == Some(self.job) {
            self.done.push((turn, Act { id, is_last, ..act }));
        }
    }
}

impl Listener for Gathering {
    const START: &'static str = "key, row, line, lane, digest";

    fn start(&mut self, owner: OwnerId, start: &Row<'_>) -> rusqlite::Result<()> {
        let (id, number, turn): (i64, i64, i64) = (start.get(0)?, start.get(1)?, start.get(2)?);
        // What did not undo a row leaves it as it was, and what did is told by where the row stands.
        if self.owners.undoes(owner) {
            return Ok(());
        }
        // The operation before has succeeded, or there would be no next.
        if self.hand.as_ref().is_some_and(|(_, before, _, act)| act.row.0 == id && *before < turn) {
            let made = self.made.take();
            self.push(false, made);
        }
        let at: i64 = start.get(5)?;
        let from = Self::START_FROM;
        let act = Act {
            row: RowId(id),
            key: text(start, from)?.to_owned(),
            place: RowPlace::of(start.get(from + 1)?, start.get(from + 2)?),
            operation: text(start, 4)?.to_owned(),
            lane: text(start, from + 3)?.to_owned(),
            digest: Digest(start.get(from + 4)?),
            id: None,
            at,
            is_last: true,
        };
        self.hand = Some(((owner, at, id, number), turn, self.owners.job(owner), act));
        Ok(())
    }

    fn end(&mut self, end: &Row<'_>) -> rusqlite::Result<()> {
        let outcome = text_or_null(end, 2)?.and_then(Outcome::parse);
        if outcome.is_some_and(Outcome::succeeds)
            && let Some(id) = text_or_null(end, 3)?
        {
            self.made = Some(id.to_owned());
            let job = self.hand.as_ref().and_then(|(_, _, job, _)| *job);
            if job.is_some_and(|job| self.here.contains(&job)) {
                self.acts.owned.insert(KeyHash::of(id));
            }
        }
        Ok(())
    }

    fn row(&mut self, _: i64, owner: OwnerId, life: Life) -> Result<(), Unread> {
        let is_own = self.hand.as_ref().is_some_and(|(_, _, job, _)| *job == Some(self.job));
        let made = self.made.take();
        match self.owners.standing(owner, &life) {
            _ if !is_own => self.hand = None,
            Standing::Done => {
                let id = match life.row_state() {
                    RowState::Succeeded { id, .. } => id,
                    _ => made,
                };
                self.push(true, id);
            }
            Standing::Refused | Standing::GivenUp => self.acts.failed += 1,
            Standing::Dismissed => self.acts.dismissed += 1,
            Standing::Undone => self.acts.undone += 1,
            Standing::Started
            | Standing::UnderWay
            | Standing::InDoubt
            | Standing::Contradictory => self.acts.in_doubt += 1,
            Standing::NotStarted | Standing::Deferred => {}
        }
        self.hand = None;
        Ok(())
    }
}
