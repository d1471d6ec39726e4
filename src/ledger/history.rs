//! All rows of a job as they stand, held in memory: what a rerun asks of each row without asking the disk.
//!
//! Thirty bytes a row and one for finding it: the hash of the key, the digest of what was last sent, the row's id and
//! where it stands. Read once, in one ordered scan. A row that is done and has the same digest needs no second look,
//! since hash and digest match in 192 bits; any other is confirmed by its key with [`Ledger::known`].

use rusqlite::{Row, Rows};

use crate::row::{Digest, KeyHash, Outcome, RowId, RowState, Standing};

use super::{JobId, Ledger, LedgerError};

/// Bytes of a row's id: room for a million million rows.
const ID_BYTES: usize = 5;
/// So many rows share an entry of the index, on the average.
const ROWS_A_BUCKET: usize = 4;

/// All rows of a job that were ever sent.
#[derive(Debug, Default)]
pub struct History {
    /// In the order of their hashes.
    entries: Vec<Entry>,
    /// Where the entries begin whose hashes have the same first bits; one more at the end.
    buckets: Vec<u32>,
    /// How far a hash is shifted to the right to give its bucket.
    shift: u32,
}

/// A row of a [`History`] that may be the one that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub row: RowId,
    pub standing: Standing,
    /// Names the content that was last sent.
    pub digest: Digest,
    /// Its place in the history, from 0; each row has another.
    pub position: usize,
}

#[derive(Debug, Clone, Copy)]
#[repr(C, packed)]
struct Entry {
    hash: u64,
    digest: [u8; 16],
    row: [u8; ID_BYTES],
    standing: Standing,
}

impl History {
    /// Whether the job has sent nothing yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The rows whose keys have a hash: none for a new row, one for a known one, and by a rare chance more.
    pub fn find(&self, hash: KeyHash) -> impl Iterator<Item = Candidate> {
        let bucket = usize::try_from(hash.0 >> self.shift).unwrap_or(usize::MAX);
        let at = |bucket: usize| self.buckets.get(bucket).map(|at| *at as usize);
        let (from, to) = (at(bucket), at(bucket.saturating_add(1)));
        let range = from.zip(to).map_or(0..0, |(from, to)| from..to);
        let entries = self.entries.get(range.clone()).unwrap_or_default();
        let entries = range.zip(entries).filter(move |(_, entry)| entry.hash == hash.0);
        entries.map(|(position, entry)| Candidate {
            row: RowId(entry.row.iter().rev().fold(0, |id, byte| id << 8 | i64::from(*byte))),
            standing: entry.standing,
            digest: Digest(entry.digest),
            position,
        })
    }

    /// Where the rows stand, in no order.
    pub fn standings(&self) -> impl Iterator<Item = Standing> {
        self.entries.iter().map(|entry| entry.standing)
    }

    fn of(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable_by_key(|entry| entry.hash);
        let bits = (entries.len() / ROWS_A_BUCKET).max(2).next_power_of_two().ilog2();
        let shift = u64::BITS - bits;
        let mut buckets = Vec::with_capacity((1 << bits) + 1);
        for (at, entry) in (0..).zip(&entries) {
            let bucket = usize::try_from(entry.hash >> shift).unwrap_or_default();
            buckets.resize(buckets.len().max(bucket + 1), at);
        }
        buckets.resize((1 << bits) + 1, u32::try_from(entries.len()).unwrap_or(u32::MAX));
        Self { entries, buckets, shift }
    }
}

impl Entry {
    /// None where the id is out of range.
    fn new(id: i64, key: &str, digest: [u8; 16], standing: Standing) -> Option<Self> {
        let bytes = u64::try_from(id).ok()?.to_le_bytes();
        let (row, rest) = bytes.split_first_chunk()?;
        let fits = rest.iter().all(|byte| *byte == 0);
        fits.then_some(Self { hash: KeyHash::of(key).0, digest, row: *row, standing })
    }
}

impl Ledger {
    /// Reads all rows of a job.
    pub fn history(&self, job: JobId) -> Result<History, LedgerError> {
        self.read_history(job).map_err(|error| self.storage("read", &error))
    }

    fn read_history(&self, job: JobId) -> rusqlite::Result<History> {
        // Of one moment, whoever else writes to the file.
        let moment = self.connection.unchecked_transaction()?;
        let mut rows =
            moment.prepare("SELECT id, key, digest FROM rows WHERE job = ?1 ORDER BY id")?;
        let mut attempts =
            moment.prepare("SELECT row, outcome FROM attempts ORDER BY row, number")?;
        let mut rows = rows.query([job.0])?;
        let mut attempts = Attempts { rows: attempts.query([])?, next: None };
        attempts.advance()?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            let standing = attempts.standing_of(id)?;
            let entry = Entry::new(id, row.get_ref(1)?.as_str()?, row.get(2)?, standing);
            entries.push(entry.ok_or(rusqlite::Error::IntegralValueOutOfRange(0, id))?);
        }
        Ok(History::of(entries))
    }
}

/// The attempts of all rows, in the order of the rows.
struct Attempts<'s> {
    rows: Rows<'s>,
    /// The next one's row and outcome.
    next: Option<(i64, Outcomes)>,
}

/// An outcome as it stands in the ledger.
#[derive(Clone, Copy)]
enum Outcomes {
    None,
    Known(Outcome),
    Unknown,
}

impl Attempts<'_> {
    fn advance(&mut self) -> rusqlite::Result<()> {
        self.next = match self.rows.next()? {
            Some(row) => Some((row.get(0)?, outcome(row)?)),
            None => None,
        };
        Ok(())
    }

    /// Follows the attempts of a row through the transition function.
    fn standing_of(&mut self, id: i64) -> rusqlite::Result<Standing> {
        let mut state = Some(RowState::NotStarted);
        while let Some((row, outcome)) = self.next.filter(|(row, _)| *row <= id) {
            if row == id {
                state = state.and_then(|state| follow(state, outcome));
            }
            self.advance()?;
        }
        Ok(state.as_ref().map_or(Standing::Contradictory, RowState::standing))
    }
}

fn outcome(row: &Row<'_>) -> rusqlite::Result<Outcomes> {
    let word = row.get_ref(1)?.as_str_or_null()?;
    Ok(word.map_or(Outcomes::None, |word| {
        Outcome::parse(word).map_or(Outcomes::Unknown, Outcomes::Known)
    }))
}

/// None where the row cannot have come to that.
fn follow(state: RowState, outcome: Outcomes) -> Option<RowState> {
    let start = state.start();
    let state = state.after(start).ok()?;
    match outcome {
        Outcomes::None => Some(state),
        Outcomes::Known(outcome) => state.after(outcome.event(None)).ok(),
        Outcomes::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, name, place, record};
    use super::*;

    fn history(rows: &[(i64, &str)]) -> History {
        let entry = |(id, key): &(i64, &str)| {
            let digest = [u8::try_from(*id & 0xff).unwrap(); 16];
            Entry::new(*id, key, digest, Standing::Refused).unwrap()
        };
        History::of(rows.iter().map(entry).collect())
    }

    #[test]
    fn every_row_is_found_and_no_other() {
        for count in [0, 1, 2, 3, 7, 100, 1_000] {
            let keys: Vec<String> = (0..count).map(|at| format!("k{at}")).collect();
            let rows: Vec<(i64, &str)> = (1..).zip(keys.iter().map(String::as_str)).collect();
            let history = history(&rows);
            assert_eq!((history.len(), history.is_empty()), (count, count == 0));
            for (id, key) in &rows {
                let found: Vec<RowId> =
                    history.find(KeyHash::of(key)).map(|found| found.row).collect();
                assert_eq!(found, [RowId(*id)]);
            }
            assert_eq!(history.find(KeyHash::of("another")).count(), 0);
            assert_eq!(history.find(KeyHash(0)).count(), 0);
            assert_eq!(history.find(KeyHash(u64::MAX)).count(), 0);
        }
        assert_eq!(History::default().find(KeyHash::of("k")).count(), 0);
    }

    #[test]
    fn two_keys_with_one_hash_are_both_found() {
        let history = history(&[(1, "k1"), (2, "k1"), (3, "k2")]);
        let found: Vec<i64> = history.find(KeyHash::of("k1")).map(|found| found.row.0).collect();
        assert!(found == [1, 2] || found == [2, 1], "{found:?}");
    }

    #[test]
    fn an_id_is_kept_whole_or_refused() {
        for id in [0, 1, 255, 65_536, (1 << 40) - 1] {
            let found = history(&[(id, "k")]).find(KeyHash::of("k")).next().unwrap();
            assert_eq!((found.row, found.standing), (RowId(id), Standing::Refused));
            assert_eq!(found.digest, Digest([u8::try_from(id & 0xff).unwrap(); 16]));
        }
        for id in [-1, 1 << 40, i64::MAX] {
            assert!(Entry::new(id, "k", [0; 16], Standing::Deferred).is_none(), "{id}");
        }
    }

    #[test]
    fn a_row_takes_thirty_bytes() {
        assert_eq!(size_of::<Entry>(), 30);
    }

    #[test]
    fn rows_stand_where_their_attempts_say() {
        let (_folder, path) = place();
        let lives: [(&str, &[Option<Outcome>]); 5] = [
            ("done", &[Some(Outcome::Deferred), Some(Outcome::Succeeded)]),
            ("refused", &[Some(Outcome::Refused)]),
            ("under way", &[None]),
            ("looked for", &[Some(Outcome::Lost), Some(Outcome::NotFound)]),
            ("repeated", &[None, Some(Outcome::Lost)]),
        ];
        lives.iter().for_each(|(key, life)| record(&path, key, life));
        let ledger = Ledger::open(&path).unwrap();
        let job = ledger.find_job(&name("a")).unwrap().unwrap();
        let history = ledger.history(job).unwrap();
        assert_eq!(history.len(), lives.len());
        for (key, _) in lives {
            let candidate = history.find(KeyHash::of(key)).next().unwrap();
            let known = found(&path, key).unwrap();
            assert_eq!(candidate.standing, known.earlier.state.standing(), "{key}");
            assert_eq!((candidate.row, candidate.digest), (known.id, known.digest), "{key}");
        }
        assert!(ledger.history(JobId(99)).unwrap().is_empty());
    }

    #[test]
    fn a_row_that_contradicts_itself_stands_for_that_and_hides_no_other() {
        let (_folder, path) = place();
        for key in ["k1", "k2"] {
            record(&path, key, &[Some(Outcome::Succeeded)]);
        }
        let ledger = Ledger::open(&path).unwrap();
        let again = "INSERT INTO attempts (row, number, run, started_at) VALUES (1, 2, 1, 5)";
        ledger.connection.execute_batch(again).unwrap();
        let history = ledger.history(JobId(1)).unwrap();
        let standing = |key| history.find(KeyHash::of(key)).next().unwrap().standing;
        assert_eq!(standing("k1"), Standing::Contradictory);
        assert_eq!(standing("k2"), Standing::Done);
        let told = ledger.known(RowId(1), "k1").unwrap_err();
        assert!(matches!(told, LedgerError::Inconsistent { .. }), "{told:?}");
        assert_eq!(ledger.known(RowId(2), "another").unwrap(), None);
    }
}
