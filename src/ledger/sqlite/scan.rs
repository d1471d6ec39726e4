//! The one way to read what rows did: starts and ends in the order of their rows, each row followed through its
//! [`Life`].
//!
//! Two ordered cursors that go side by side; nothing is sorted and nothing is kept but the row in hand. What is asked
//! for beside that is a [`Listener`]'s affair.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator as _;
use rusqlite::{Connection, Row, Rows};

use super::fault::{Unread, misfit, text, text_or_null};
use super::undoing;
use super::values::{moment, moment_or_null};
use crate::ledger::{JobId, Misfit, OwnerId};
use crate::row::{Attempted, Begun, CameTo, Contradiction, Life, Purpose, Standing};

/// Which rows to read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    All,
    /// The one with this id.
    One(i64),
}

/// Hears what is read, row by row: its starts and ends in order, then what it came to.
pub(super) trait Listener {
    /// Columns of `starts` to be read as well, from [`Self::START_FROM`] on.
    const START: &'static str = "";
    /// Columns of `ends` to be read as well, from [`Self::END_FROM`] on.
    const END: &'static str = "";
    /// Whether more matters than where a row stands: moments of attempts, ids of what was made. A column that
    /// is not read saves a twentieth of a scan.
    const WHOLE: bool = true;
    /// How many columns come before those of [`Self::START`] and of [`Self::END`].
    const START_FROM: usize = if Self::WHOLE { 7 } else { 5 };
    const END_FROM: usize = if Self::WHOLE { 4 } else { 3 };

    /// An attempt was begun, as far as `life` has not been told to.
    fn start(&mut self, _owner: OwnerId, _start: &Row<'_>) -> rusqlite::Result<()> {
        Ok(())
    }

    /// An operation of the row in hand begins: what for, and what came of the one before.
    fn turn(&mut self, _purpose: Purpose, _over: Option<CameTo>) {}

    /// Something became known of an attempt.
    fn end(&mut self, _end: &Row<'_>) -> rusqlite::Result<()> {
        Ok(())
    }

    /// What that makes of the row.
    fn attempt(&mut self, _life: &Life) {}

    /// Something became known of an attempt of a row that was never begun.
    fn dangling(&mut self) {}

    /// Something in the row cannot have happened.
    fn contradiction(&mut self, _contradiction: Contradiction) {}

    /// An entry of a table cannot be read. An error ends the reading; otherwise it goes on after the entry.
    fn unreadable(&mut self, entry: Entry<'_>, error: rusqlite::Error) -> Result<(), Unread> {
        Err(Unread::Misfit(entry.misfit(error)?))
    }

    /// All entries of a row have been read. `owner` is who began the last attempt.
    fn row(&mut self, id: i64, owner: OwnerId, life: Life) -> Result<(), Unread>;
}

/// An entry that is read.
#[derive(Clone, Copy)]
pub(super) enum Entry<'r> {
    Start(&'r Row<'r>),
    End(&'r Row<'r>),
}

impl Entry<'_> {
    /// What in it is not what its column promises; the error itself where it is another one.
    pub(super) fn misfit(self, error: rusqlite::Error) -> rusqlite::Result<Misfit> {
        match self {
            Self::Start(row) => misfit("starts", Some(row.get(0)?), row, error),
            // A row may have several.
            Self::End(row) => misfit("ends", None, row, error),
        }
    }
}

/// The columns of `starts` that every reading needs, and those that only a whole one does. The operation says nothing of
/// where a row stands, but one that is no text is damage, and is told before anything is sent.
const START_COLUMNS: &str = "id, number, turn, owner, operation";
const START_WHOLE: &str = "at, remote_at";
/// Those of `ends`.
const END_COLUMNS: &str = "id, number, outcome";
const END_WHOLE: &str = "remote_id";

/// Reads rows in the order of their ids.
pub(super) fn scan<L: Listener>(
    connection: &Connection,
    which: Which,
    listener: &mut L,
) -> Result<(), Unread> {
    let (filter, parameter) = match which {
        Which::All => ("", None),
        Which::One(id) => ("WHERE id = ?1", Some(id)),
    };
    let select = |columns: [&str; 3], table: &str, order: &str| {
        let columns: Vec<&str> = columns.into_iter().filter(|some| !some.is_empty()).collect();
        format!("SELECT {} FROM {table} {filter} ORDER BY {order}", columns.join(", "))
    };
    let whole = |columns| if L::WHOLE { columns } else { "" };
    let starts = select([START_COLUMNS, whole(START_WHOLE), L::START], "starts", "id, number");
    let ends = select([END_COLUMNS, whole(END_WHOLE), L::END], "ends", "id, number, owner");
    let (mut starts, mut ends) =
        (connection.prepare_cached(&starts)?, connection.prepare_cached(&ends)?);
    let cursors = match parameter {
        Some(id) => (starts.query([id])?, ends.query([id])?),
        None => (starts.query([])?, ends.query([])?),
    };
    let (starts, ends) = (Cursor::over(cursors.0)?, Cursor::over(cursors.1)?);
    let undoers = Undoers { connection, owners: OnceCell::new() };
    Scan { undoers, starts, ends, hand: None, listener }.go()
}

/// Who undoes what others have done; read when a row has more than one operation.
struct Undoers<'s> {
    connection: &'s Connection,
    owners: OnceCell<HashSet<OwnerId>>,
}

impl Undoers<'_> {
    /// What the operation of a row is for that somebody has begun. The first operation of a row undoes nothing.
    fn purpose(&self, owner: OwnerId, turn: i64) -> rusqlite::Result<Purpose> {
        if turn < 2 {
            return Ok(Purpose::Do);
        }
        let owners = match self.owners.get() {
            Some(owners) => owners,
            None => {
                let owners = undoing::owners(self.connection)?;
                self.owners.get_or_init(|| owners)
            }
        };
        Ok(if owners.contains(&owner) { Purpose::Undo } else { Purpose::Do })
    }
}

struct Scan<'s, 'l, L> {
    undoers: Undoers<'s>,
    starts: Cursor<'s>,
    ends: Cursor<'s>,
    hand: Option<Hand>,
    listener: &'l mut L,
}

/// The row in hand.
struct Hand {
    id: i64,
    owner: OwnerId,
    life: Life,
}

/// Entries of a table in the order of their rows and numbers, and where they have come to.
struct Cursor<'s> {
    rows: Rows<'s>,
    at: Option<(i64, i64)>,
}

impl<'s> Cursor<'s> {
    fn over(rows: Rows<'s>) -> rusqlite::Result<Self> {
        let mut cursor = Self { rows, at: None };
        cursor.advance()?;
        Ok(cursor)
    }

    fn advance(&mut self) -> rusqlite::Result<()> {
        self.rows.advance()?;
        self.at = match self.rows.get() {
            Some(row) => Some((row.get(0)?, row.get(1)?)),
            None => None,
        };
        Ok(())
    }
}

impl<L: Listener> Scan<'_, '_, L> {
    fn go(mut self) -> Result<(), Unread> {
        loop {
            match (self.starts.at, self.ends.at) {
                (None, None) => break,
                (Some((id, number)), end) if end.is_none_or(|end| (id, number) <= end) => {
                    self.start(id, number)?;
                    self.starts.advance()?;
                }
                (_, Some((id, number))) => {
                    self.end(id, number)?;
                    self.ends.advance()?;
                }
                (Some(_), None) => {}
            }
        }
        self.finish_row()
    }

    fn start(&mut self, id: i64, number: i64) -> Result<(), Unread> {
        if self.hand.as_ref().is_none_or(|hand| hand.id != id) {
            self.finish_row()?;
        }
        let Some(start) = self.starts.rows.get() else { return Ok(()) };
        let hand =
            self.hand.get_or_insert_with(|| Hand { id, owner: OwnerId(0), life: Life::default() });
        let read = || -> rusqlite::Result<_> {
            let attempted = match L::WHOLE {
                true => attempted(start, 5)?,
                false => Attempted::default(),
            };
            let (operation, owner, turn) = (text(start, 4)?, OwnerId(start.get(3)?), start.get(2)?);
            let purpose = self.undoers.purpose(owner, turn)?;
            Ok((owner, Begun { number, turn, purpose, operation, attempted }))
        };
        let heard = read().and_then(|(owner, begun)| {
            hand.owner = owner;
            if hand.life.turn() != begun.turn {
                let over = (hand.life.turn() > 0).then(|| hand.life.came_to());
                self.listener.turn(begun.purpose, over);
            }
            if let Err(contradiction) = hand.life.begin(&begun) {
                self.listener.contradiction(contradiction);
            }
            self.listener.start(owner, start)
        });
        heard.or_else(|error| {
            hand.life.distrust();
            self.listener.unreadable(Entry::Start(start), error)
        })
    }

    fn end(&mut self, id: i64, number: i64) -> Result<(), Unread> {
        let Some(end) = self.ends.rows.get() else { return Ok(()) };
        let Some(hand) = self.hand.as_mut().filter(|hand| hand.id == id) else {
            self.listener.dangling();
            return Ok(());
        };
        let read = || -> rusqlite::Result<_> {
            let remote_id = if L::WHOLE { end.get(3)? } else { None };
            // Only an older format can say that an attempt has ended, and not how.
            Ok((text_or_null(end, 2)?, remote_id))
        };
        let heard = read().and_then(|(outcome, remote_id)| {
            if let Some(outcome) = outcome
                && let Err(contradiction) = hand.life.end(number, outcome, remote_id)
            {
                self.listener.contradiction(contradiction);
            }
            self.listener.end(end)?;
            self.listener.attempt(&hand.life);
            Ok(())
        });
        heard.or_else(|error| {
            hand.life.distrust();
            self.listener.unreadable(Entry::End(end), error)
        })
    }

    fn finish_row(&mut self) -> Result<(), Unread> {
        match self.hand.take() {
            Some(Hand { id, owner, life }) => self.listener.row(id, owner, life),
            None => Ok(()),
        }
    }
}

/// When an attempt was begun, by the columns `at, remote_at`.
pub(super) fn attempted(row: &Row<'_>, from: usize) -> rusqlite::Result<Attempted> {
    Ok(Attempted { at: moment(row, from)?, remote_at: moment_or_null(row, from + 1)? })
}

/// Whose the entries of a ledger are.
pub(super) struct Owners(HashMap<OwnerId, Owner>);

#[derive(Clone, Copy)]
struct Owner {
    job: JobId,
    run: i64,
    /// Whether its right to send is good at this moment, by the ledger's own clock.
    lives: bool,
    /// Whether its run undoes what another has done.
    undoes: bool,
}

impl Owners {
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let undoes = match undoing::is_known(connection)? {
            true => "runs.undoes IS NOT NULL",
            false => "0",
        };
        let query = format!(
            "SELECT owners.id, runs.job, runs.id, coalesce(owners.until > unixepoch('subsec') * 1000, 0), {undoes} \
             FROM owners JOIN runs ON runs.id = owners.run"
        );
        let mut statement = connection.prepare(&query)?;
        let owners = statement.query_map([], |row| {
            let (job, run) = (JobId(row.get(1)?), row.get(2)?);
            let owner = Owner { job, run, lives: row.get(3)?, undoes: row.get(4)? };
            Ok((OwnerId(row.get(0)?), owner))
        })?;
        Ok(Self(owners.collect::<rusqlite::Result<_>>()?))
    }

    /// The job in which an owner sends.
    pub(super) fn job(&self, owner: OwnerId) -> Option<JobId> {
        self.0.get(&owner).map(|owner| owner.job)
    }

    /// The job and the run in which it sends.
    pub(super) fn job_and_run(&self, owner: OwnerId) -> Option<(JobId, i64)> {
        self.0.get(&owner).map(|owner| (owner.job, owner.run))
    }

    /// Whether what an owner has started is still in its hands. A lock is not written down, so of a lock's holder this says
    /// no: a run that reads the ledger holds the job's lock itself, and knows that no other process does.
    pub(super) fn lives(&self, owner: OwnerId) -> bool {
        self.0.get(&owner).is_some_and(|owner| owner.lives)
    }

    /// Whether what an owner has started was to undo what was done before.
    pub(super) fn undoes(&self, owner: OwnerId) -> bool {
        self.0.get(&owner).is_some_and(|owner| owner.undoes)
    }

    /// Where a row stands whose last attempt an owner has begun.
    pub(super) fn standing(&self, owner: OwnerId, life: &Life) -> Standing {
        match life.standing() {
            Standing::Started if self.lives(owner) => Standing::UnderWay,
            standing => standing,
        }
    }
}
