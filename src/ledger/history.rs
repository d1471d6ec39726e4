//! All rows of a job as they stand, held in memory: what a rerun asks of each row without asking the disk.
//!
//! Thirty bytes a row and seven for finding it: the hash of the key, the digest of what was last sent, the row's id and
//! where it stands. Read once, in one ordered scan. A row that is done and has the same digest needs no second look,
//! since hash and digest match; any other is confirmed by its key ([`super::Reader::known`]).
//!
//! The rows stay in the order of their ids, which is about that in which they were sent. A source that is read again comes
//! in that order, too, so most rows stand behind the one before, and finding them waits for no memory
//! ([`History::at`]).

use super::{Corrections, ReadFile};
use crate::row::{Digest, KeyHash, RowId, Standing};

/// Bytes of a row's id: room for a million million rows.
const ID_BYTES: usize = 5;
/// Rows have ids below this one, and none below zero.
pub(crate) const ROW_IDS: i64 = 1 << (8 * ID_BYTES);
/// So many rows share an entry of the index, on the average.
const ROWS_A_BUCKET: usize = 4;

/// All rows of a job that were ever sent.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// In the order of their ids.
    entries: Vec<HistoryRow>,
    /// The places of all entries, in the order of the first bits of their hashes.
    places: Vec<Place>,
    /// Where the places begin of entries whose hashes have the same first bits; one more at the end.
    buckets: Vec<u32>,
    /// How far a hash is shifted to the right to give its bucket.
    shift: u32,
    corrections: Corrections,
    /// Files that the job's runs have read.
    files: Vec<ReadFile>,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C, packed)]
struct Place {
    /// The last bits of its hash, so that few others are looked at.
    last_bits: u16,
    position: u32,
}

/// A row of a [`History`] that may be the one that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub row: RowId,
    pub standing: Standing,
    /// Names the content that was last sent.
    pub digest: Digest,
    /// Its place in the history, from 0; each row has another.
    pub position: usize,
}

/// A row as a [`History`] holds it.
#[derive(Debug, Clone, Copy)]
#[repr(C, packed)]
pub(crate) struct HistoryRow {
    hash: u64,
    digest: [u8; 16],
    row: [u8; ID_BYTES],
    standing: Standing,
}

impl History {
    /// Whether the job has sent nothing yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many rows there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The rows whose keys have a hash: none for a new row, one for a known one, and by a rare chance more.
    pub(crate) fn find(&self, hash: KeyHash) -> impl Iterator<Item = Candidate> {
        let bucket = usize::try_from(hash.0 >> self.shift).unwrap_or(usize::MAX);
        let places = self.bucket(bucket).iter();
        let places = places.filter(move |place| place.last_bits == hash.0 as u16);
        places.filter_map(move |place| self.at(place.position as usize, hash))
    }

    /// The row that stands there, if its key has that hash.
    pub(crate) fn at(&self, position: usize, hash: KeyHash) -> Option<Candidate> {
        let entry = self.entries.get(position).filter(|entry| entry.hash == hash.0)?;
        Some(entry.at(position))
    }

    /// All rows, in the order of their ids, each with the hash of its key.
    pub(crate) fn all(&self) -> impl Iterator<Item = (KeyHash, Candidate)> {
        self.entries.iter().enumerate().map(|(position, entry)| {
            let found = Candidate {
                row: entry.id(),
                standing: entry.standing,
                digest: Digest(entry.digest),
                position,
            };
            (KeyHash(entry.hash), found)
        })
    }

    /// Pairs of rows whose keys have one hash: by a rare chance, or since they have one key.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (RowId, RowId)> {
        let buckets = (0..self.buckets.len().saturating_sub(1)).map(|bucket| self.bucket(bucket));
        let pairs = buckets.flat_map(|places| {
            let others =
                move |at: usize| places[at + 1..].iter().map(move |other| (places[at], *other));
            (0..places.len()).flat_map(others)
        });
        let alike = pairs.filter(|(one, other)| one.last_bits == other.last_bits);
        let entries = alike.filter_map(|(one, other)| {
            Some((
                self.entries.get(one.position as usize)?,
                self.entries.get(other.position as usize)?,
            ))
        });
        let equal = entries.filter(|(one, other)| one.hash == other.hash);
        equal.map(|(one, other)| (one.id(), other.id()))
    }

    fn bucket(&self, bucket: usize) -> &[Place] {
        let at = |bucket: usize| self.buckets.get(bucket).map(|at| *at as usize);
        let range = at(bucket).zip(at(bucket.saturating_add(1)));
        range.and_then(|(from, to)| self.places.get(from..to)).unwrap_or_default()
    }

    /// What was last sent of the rows that stand so, in no order.
    pub(crate) fn contents(&self, standing: Standing) -> impl Iterator<Item = Digest> {
        let standing_so = self.entries.iter().filter(move |entry| entry.standing == standing);
        standing_so.map(|entry| Digest(entry.digest))
    }

    /// All rows, by their places in the history.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Candidate> {
        self.entries.iter().enumerate().map(|(position, entry)| entry.at(position))
    }

    /// Where the rows stand, in no order.
    pub(crate) fn standings(&self) -> impl Iterator<Item = Standing> {
        self.entries.iter().map(|entry| entry.standing)
    }

    /// The rows of a job, in the order of their ids.
    pub(crate) fn of(entries: Vec<HistoryRow>) -> Self {
        let bits = (entries.len() / ROWS_A_BUCKET).max(2).next_power_of_two().ilog2();
        let shift = u64::BITS - bits;
        let bucket = |entry: &HistoryRow| usize::try_from(entry.hash >> shift).unwrap_or_default();
        // How many there are in each bucket, and then where each ends; filled from its end, it is where each begins.
        let mut buckets = vec![0_u32; (1 << bits) + 1];
        entries.iter().for_each(|entry| buckets[bucket(entry)] += 1);
        let mut end = 0;
        for count in &mut buckets {
            end += *count;
            *count = end;
        }
        let mut places = vec![Place::default(); entries.len()];
        for (position, entry) in entries.iter().enumerate().rev() {
            let at = &mut buckets[bucket(entry)];
            *at -= 1;
            places[*at as usize] =
                Place { last_bits: entry.hash as u16, position: position as u32 };
        }
        Self {
            entries,
            places,
            buckets,
            shift,
            corrections: Corrections::default(),
            files: Vec::new(),
        }
    }

    /// With the rows that have come back corrected.
    pub(crate) fn corrected(self, corrections: Corrections) -> Self {
        Self { corrections, ..self }
    }

    /// With the files that the job's runs have read.
    pub(crate) fn of_files(self, files: Vec<ReadFile>) -> Self {
        Self { files, ..self }
    }

    /// The files that the job's runs have read and that are not let go; none where no run has written them down.
    pub(crate) fn files(&self) -> &[ReadFile] {
        &self.files
    }

    /// The rows that have come back corrected; some of them may never have been sent.
    pub(crate) fn corrections(&self) -> &Corrections {
        &self.corrections
    }
}

impl HistoryRow {
    /// None where the id is no row's: see [`ROW_IDS`].
    pub(crate) fn new(
        row: RowId,
        key: KeyHash,
        digest: Digest,
        standing: Standing,
    ) -> Option<Self> {
        let bytes = u64::try_from(row.0).ok()?.to_le_bytes();
        let (row, rest) = bytes.split_first_chunk()?;
        let fits = rest.iter().all(|byte| *byte == 0);
        fits.then_some(Self { hash: key.0, digest: digest.0, row: *row, standing })
    }

    fn at(&self, position: usize) -> Candidate {
        let (row, digest) = (self.id(), Digest(self.digest));
        Candidate { row, standing: self.standing, digest, position }
    }

    fn id(&self) -> RowId {
        RowId(self.row.iter().rev().fold(0, |id, byte| id << 8 | i64::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, key: &str) -> Option<HistoryRow> {
        let digest = Digest([u8::try_from(id & 0xff).unwrap(); 16]);
        HistoryRow::new(RowId(id), KeyHash::of(key), digest, Standing::Refused)
    }

    fn history(rows: &[(i64, &str)]) -> History {
        History::of(rows.iter().map(|(id, key)| row(*id, key).unwrap()).collect())
    }

    #[test]
    fn every_row_is_found_and_no_other() {
        for count in [0, 1, 2, 3, 7, 100, 1_000, 10_000] {
            let keys: Vec<String> = (0..count).map(|at| format!("k{at}")).collect();
            let rows: Vec<(i64, &str)> = (1..).zip(keys.iter().map(String::as_str)).collect();
            let history = history(&rows);
            assert_eq!((history.len(), history.is_empty()), (count, count == 0));
            for (id, key) in &rows {
                let found: Vec<RowId> =
                    history.find(KeyHash::of(key)).map(|found| found.row).collect();
                assert_eq!(found, [RowId(*id)]);
                let position = usize::try_from(*id).unwrap() - 1;
                let there = history.at(position, KeyHash::of(key));
                assert_eq!(there.map(|there| there.row), Some(RowId(*id)));
                assert_eq!(history.at(position + 1, KeyHash::of(key)), None);
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
        assert_eq!(found, [1, 2]);
        assert_eq!(history.pairs().collect::<Vec<_>>(), [(RowId(1), RowId(2))]);
    }

    #[test]
    fn an_id_is_kept_whole_or_refused() {
        for id in [0, 1, 255, 65_536, (1 << 40) - 1] {
            let found = history(&[(id, "k")]).find(KeyHash::of("k")).next().unwrap();
            assert_eq!((found.row, found.standing), (RowId(id), Standing::Refused));
            assert_eq!(found.digest, Digest([u8::try_from(id & 0xff).unwrap(); 16]));
        }
        for id in [-1, 1 << 40, i64::MAX] {
            assert!(row(id, "k").is_none(), "{id}");
        }
    }

    #[test]
    fn a_row_takes_thirty_bytes_and_its_place_six() {
        assert_eq!((size_of::<HistoryRow>(), size_of::<Place>()), (30, 6));
    }
}
