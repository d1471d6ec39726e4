//! All rows of a job as they stand, held in memory: what a rerun asks of each row without asking the disk.
//!
//! Thirty bytes a row and one for finding it: the hash of the key, the digest of what was last sent, the row's id and
//! where it stands. Read once, in one ordered scan. A row that is done and has the same digest needs no second look,
//! since hash and digest match in 192 bits; any other is confirmed by its key ([`super::Reader::known`]).

use crate::row::{Digest, KeyHash, RowId, Standing};

/// Bytes of a row's id: room for a million million rows.
const ID_BYTES: usize = 5;
/// So many rows share an entry of the index, on the average.
const ROWS_A_BUCKET: usize = 4;

/// All rows of a job that were ever sent.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// In the order of their hashes.
    entries: Vec<HistoryRow>,
    /// Where the entries begin whose hashes have the same first bits; one more at the end.
    buckets: Vec<u32>,
    /// How far a hash is shifted to the right to give its bucket.
    shift: u32,
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
        let at = |bucket: usize| self.buckets.get(bucket).map(|at| *at as usize);
        let (from, to) = (at(bucket), at(bucket.saturating_add(1)));
        let range = from.zip(to).map_or(0..0, |(from, to)| from..to);
        let entries = self.entries.get(range.clone()).unwrap_or_default();
        let entries = range.zip(entries).filter(move |(_, entry)| entry.hash == hash.0);
        entries.map(|(position, entry)| Candidate {
            row: entry.id(),
            standing: entry.standing,
            digest: Digest(entry.digest),
            position,
        })
    }

    /// Pairs of rows whose keys have one hash: by a rare chance, or since they have one key.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (RowId, RowId)> {
        let equal = self.entries.windows(2).filter(|pair| pair[0].hash == pair[1].hash);
        equal.map(|pair| (pair[0].id(), pair[1].id()))
    }

    /// What was last sent of the rows that stand so, in no order.
    pub(crate) fn contents(&self, standing: Standing) -> impl Iterator<Item = Digest> {
        let standing_so = self.entries.iter().filter(move |entry| entry.standing == standing);
        standing_so.map(|entry| Digest(entry.digest))
    }

    /// Where the rows stand, in no order.
    pub(crate) fn standings(&self) -> impl Iterator<Item = Standing> {
        self.entries.iter().map(|entry| entry.standing)
    }

    /// The rows of a job, in any order.
    pub(crate) fn of(mut entries: Vec<HistoryRow>) -> Self {
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

impl HistoryRow {
    /// None where the id is out of the range from 0 to 2^40.
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
            assert!(row(id, "k").is_none(), "{id}");
        }
    }

    #[test]
    fn a_row_takes_thirty_bytes() {
        assert_eq!(size_of::<HistoryRow>(), 30);
    }
}
