//! What the first reading decided of each row, for the second to go by: a byte a row, and a few more for those that
//! are to be sent or come again.

use crate::source::{Milestone, Source, Stamp};

use super::decide::Fate;
use super::missing::Missing;
use super::tally::Tally;

/// The fates of all rows of a source, in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fates {
    /// By row, from the first: the fate's place among all fates.
    of_rows: Vec<u8>,
    tally: Tally,
    /// Of each row that is to be sent: a part of its name and content, so that another row in its place is noticed.
    marks: Vec<u32>,
    /// Rows whose name an earlier row has: row and the how many of its name it is.
    again: Vec<(u64, u64)>,
    /// Places that the first reading has come by, so that the second need not read rows that nobody wants.
    milestones: Vec<Milestone>,
    /// The file in which these places are.
    stamp: Option<Stamp>,
    /// What is missing from the source: counted beside its rows, and no row of it.
    missing: Missing,
}

impl Fates {
    /// Notes the fate of a row. Rows that are passed over could not be read.
    pub(super) fn push(&mut self, row: u64, fate: Fate, mark: Option<u32>, nth: u64) {
        self.pass_to(row.saturating_sub(1));
        self.note(fate);
        if matches!(fate, Fate::Send(_)) {
            self.marks.push(mark.unwrap_or_default());
        }
        if nth > 1 {
            self.again.push((row, nth));
        }
    }

    /// Notes that all rows up to one, itself among them, that were not spoken of could not be read.
    pub(super) fn pass_to(&mut self, row: u64) {
        while self.rows() < row {
            self.note(Fate::Reject);
        }
    }

    fn note(&mut self, fate: Fate) {
        self.of_rows.push(u8::try_from(fate.index()).unwrap_or(u8::MAX));
        self.tally.count(fate);
    }

    /// Takes note of what is missing from the source.
    pub(super) fn note_missing(&mut self, missing: Missing) {
        missing.rows.iter().for_each(|row| self.tally.count(Fate::Send(row.sending)));
        self.missing = missing;
    }

    /// What is missing from the source.
    pub(crate) fn missing(&self) -> &Missing {
        &self.missing
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.of_rows.len() as u64
    }

    /// The fate of a row, which counts from 1; none where the source had no such row.
    pub(crate) fn of(&self, row: u64) -> Option<Fate> {
        let index = self.of_rows.get(usize::try_from(row.checked_sub(1)?).ok()?)?;
        Fate::ALL.get(usize::from(*index)).copied()
    }

    /// The first so many rows that would be sent.
    pub(super) fn first_sent(&self, most: usize) -> Vec<u64> {
        let sent = (1..=self.rows()).filter(|row| matches!(self.of(*row), Some(Fate::Send(_))));
        sent.take(most).collect()
    }

    /// The first reading has come by these places, in order.
    pub(super) fn come_by(&mut self, milestones: Vec<Milestone>, source: &Source) {
        (self.milestones, self.stamp) = (milestones, source.stamp());
    }

    /// Whether a source is the file that the first reading has read, as far as the system tells: then there is no need to
    /// see what it has in places that nobody asks for.
    pub(super) fn are_of(&self, source: &Source) -> bool {
        self.stamp.is_some() && self.stamp == source.stamp()
    }

    /// The last place with no more than so many rows before it.
    fn milestone(&self, rows: u64) -> Option<Milestone> {
        let behind = self.milestones.partition_point(|milestone| milestone.rows <= rows);
        self.milestones.get(behind.checked_sub(1)?).copied()
    }

    /// A place in front of the first row, for going through all rows in order.
    pub(super) fn walk(&self) -> Walk<'_> {
        Walk { fates: self, sent: 0, again: 0 }
    }
}

/// Goes through the rows in order, with what was noted of each.
#[derive(Debug, Clone)]
pub(super) struct Walk<'f> {
    fates: &'f Fates,
    sent: usize,
    again: usize,
}

/// What was noted of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Noted {
    pub fate: Fate,
    /// Of a row that is to be sent, its mark.
    pub mark: Option<u32>,
    /// The how many of its name the row is, from 1.
    pub nth: u64,
}

impl Walk<'_> {
    /// What was noted of a row. Rows are asked for in order, and none twice.
    pub(super) fn to(&mut self, row: u64) -> Option<Noted> {
        let fate = self.fates.of(row)?;
        let mark = matches!(fate, Fate::Send(_)).then(|| {
            self.sent += 1;
            self.fates.marks.get(self.sent - 1).copied().unwrap_or_default()
        });
        while self.fates.again.get(self.again).is_some_and(|(other, _)| *other < row) {
            self.again += 1;
        }
        let again = self.fates.again.get(self.again).filter(|(other, _)| *other == row);
        Some(Noted { fate, mark, nth: again.map_or(1, |(_, nth)| *nth) })
    }

    /// A place far behind the first `rows` rows with none between that is wanted, if there is one: the walk goes on there.
    pub(super) fn leap(
        &mut self,
        rows: u64,
        wants: impl Fn(u64, Fate) -> bool,
    ) -> Option<Milestone> {
        let from = usize::try_from(rows).ok()?;
        let fates = |range| {
            let of_rows: Option<&[u8]> = self.fates.of_rows.get(range);
            let fates = of_rows.unwrap_or_default().iter();
            fates.map(|index| Fate::ALL.get(usize::from(*index)).copied())
        };
        let ahead = (rows + 1..).zip(fates(from..self.fates.of_rows.len()));
        let unwanted = ahead.take_while(|(row, fate)| !fate.is_some_and(|fate| wants(*row, fate)));
        let milestone = match unwanted.count() {
            0 => None,
            count => self.fates.milestone((from + count) as u64),
        };
        let milestone = milestone.filter(|place| place.rows > rows)?;
        let passed = fates(from..usize::try_from(milestone.rows).ok()?);
        self.sent += passed.filter(|fate| matches!(fate, Some(Fate::Send(_)))).count();
        Some(milestone)
    }
}
