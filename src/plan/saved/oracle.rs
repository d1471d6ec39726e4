//! Compares what a survey decides with what was planned, row by row, and lets no row be sent that was not to be.
//!
//! A row may have gone on since by runs of the plan itself; that is no difference. Memory is flat as long as the rows are
//! those of the plan. From the first one on that is not, thirty-two bytes a row are kept, to tell a row that was put in
//! from rows that were all changed.

use std::collections::HashSet;

use super::differences::Differences;
use super::mark::Mark;
use super::reader::{PlannedRows, SavedPlan};
use super::{Companion, Seen};
use crate::plan::decide::{Fate, Held, LeftOut};
use crate::row::KeyHash;
use crate::text::place::RowPlace;

/// Compares a survey with a plan.
pub(crate) struct Oracle {
    planned: PlannedRows,
    /// The keys of rows that other runs have sent or settled since.
    touched: HashSet<KeyHash>,
    found: Differences,
    /// How many rows have come.
    came: u64,
    /// From the first row on that is not the planned one.
    strays: Vec<Stray>,
    /// Which row that is.
    strayed_at: u64,
}

/// A row that came after the source had changed.
#[derive(Debug, Clone, Copy)]
struct Stray {
    half: u64,
    /// The how many row of the source it is.
    ordinal: u64,
    row: u64,
    line: u64,
}

/// How a row stands to what was planned of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    AsPlanned,
    /// A run of the plan has brought it there.
    GoneOn,
    DoneMeanwhile,
    Invalid,
    KeptBack,
    Unplanned,
}

impl Oracle {
    /// `touched` are the keys of rows that other runs than the plan's own have sent or settled since.
    pub(crate) fn new(plan: &SavedPlan, touched: HashSet<KeyHash>) -> Self {
        Self {
            planned: plan.planned(),
            touched,
            found: Differences::default(),
            came: 0,
            strays: Vec::new(),
            strayed_at: 0,
        }
    }

    /// What differs, once all rows have come.
    pub(crate) fn differences(self) -> Differences {
        self.found
    }

    /// A row has come; gives what it is to be.
    fn come(&mut self, mark: Mark, fate: Fate, key: Option<KeyHash>, place: &RowPlace) -> Fate {
        self.came += 1;
        let planned = match self.planned.at(self.came) {
            Ok(planned) => planned,
            Err(error) => {
                self.found.unreadable.get_or_insert(error);
                None
            }
        };
        let same = planned.filter(|(planned, _)| *planned == mark);
        if same.is_none() && self.strayed_at == 0 {
            self.strayed_at = self.came;
        }
        if self.strayed_at > 0 {
            self.strays.push(Stray {
                half: mark.half(),
                ordinal: self.came,
                row: place.row,
                line: place.line,
            });
        }
        let Some((_, planned)) = same else { return put_off(fate) };
        let touched = key.is_some_and(|key| self.touched.contains(&key));
        match verdict(planned, fate, touched) {
            Verdict::AsPlanned | Verdict::GoneOn => {}
            Verdict::DoneMeanwhile => self.found.done_meanwhile.add(place),
            Verdict::Invalid => self.found.invalid.add(place),
            Verdict::KeptBack => self.found.kept_back.add(place),
            Verdict::Unplanned => self.found.unplanned.add(place),
        }
        match planned {
            Fate::Send(_) => fate,
            _ => put_off(fate),
        }
    }

    /// What has become of the source from the first row on that was not the planned one.
    fn compare_sources(&mut self) -> std::io::Result<()> {
        if self.strayed_at == 0 {
            if self.came == self.planned.rows() {
                return Ok(());
            }
            self.strayed_at = self.came + 1;
        }
        let mut before = Vec::new();
        for row in self.strayed_at..=self.planned.rows() {
            if let Some((mark, _)) = self.planned.at(row)? {
                before.push(Stray { half: mark.half(), ordinal: row, row, line: 0 });
            }
        }
        let now = std::mem::take(&mut self.strays);
        let (mut added, mut gone) = only_in_one(now.clone(), before);
        added.sort_unstable_by_key(|stray| stray.ordinal);
        gone.sort_unstable_by_key(|stray| stray.ordinal);
        let gone_rows: HashSet<u64> = gone.iter().map(|stray| stray.ordinal).collect();
        let added_rows: HashSet<u64> = added.iter().map(|stray| stray.ordinal).collect();
        let found = &mut self.found;
        for stray in &added {
            let rows = match gone_rows.contains(&stray.ordinal) {
                true => &mut found.changed,
                false => &mut found.added,
            };
            rows.put(stray.row, Some(stray.line));
        }
        for stray in gone.iter().filter(|stray| !added_rows.contains(&stray.ordinal)) {
            found.gone.put(stray.row, None);
        }
        if added.is_empty() && gone.is_empty() {
            for stray in &now {
                let planned = self.planned.at(stray.ordinal)?;
                if planned.is_some_and(|(mark, _)| mark.half() != stray.half) {
                    self.found.moved.put(stray.row, Some(stray.line));
                }
            }
        }
        Ok(())
    }
}

impl Companion for Oracle {
    fn see(&mut self, row: &Seen<'_>) -> Fate {
        self.pass_to(row.ordinal.saturating_sub(1));
        self.come(row.mark, row.fate, row.key, row.place)
    }

    fn end(&mut self, rows: u64) {
        self.pass_to(rows);
        if let Err(error) = self.compare_sources() {
            self.found.unreadable.get_or_insert(error);
        }
    }
}

impl Oracle {
    /// Rows up to one that were passed over could not be read.
    fn pass_to(&mut self, rows: u64) {
        while self.came < rows {
            let place = RowPlace::of(self.came + 1, 0);
            self.come(Mark::NONE, Fate::Reject, None, &place);
        }
    }
}

/// A row that must not be sent now.
fn put_off(fate: Fate) -> Fate {
    match fate {
        Fate::Send(sending) => Fate::Later(sending),
        fate => fate,
    }
}

/// How a row that is the planned one stands to what was planned of it. Pure: a table.
pub(super) fn verdict(planned: Fate, present: Fate, touched: bool) -> Verdict {
    match (planned, present) {
        (Fate::Send(_), _) if planned.alone() == present.alone() && !touched => Verdict::AsPlanned,
        // Whatever another run has come to with it was not planned.
        (Fate::Send(_), _) if touched => Verdict::DoneMeanwhile,
        (Fate::Send(_), Fate::Reject) => Verdict::Invalid,
        (Fate::Send(_), Fate::LeaveOut(LeftOut::Filtered | LeftOut::Duplicate))
        | (Fate::Send(_), Fate::Later(_)) => Verdict::KeptBack,
        (Fate::Send(_), Fate::Hold(Held::UnderWay)) => Verdict::DoneMeanwhile,
        (
            Fate::Send(_),
            Fate::Send(_)
            | Fate::Skip(_)
            | Fate::Hold(Held::InDoubt | Held::Refused | Held::Behind),
        ) => Verdict::GoneOn,
        // What a pilot leaves for later is left.
        (Fate::Later(_), Fate::Send(_)) => Verdict::AsPlanned,
        (_, Fate::Send(_)) => Verdict::Unplanned,
        _ => Verdict::AsPlanned,
    }
}

/// What is in the one and not in the other, and the other way round; each as often.
fn only_in_one(mut one: Vec<Stray>, mut other: Vec<Stray>) -> (Vec<Stray>, Vec<Stray>) {
    let by_half = |stray: &Stray| (stray.half, stray.ordinal);
    one.sort_unstable_by_key(by_half);
    other.sort_unstable_by_key(by_half);
    let (mut only_one, mut only_other) = (Vec::new(), Vec::new());
    let (mut ones, mut others) = (one.into_iter().peekable(), other.into_iter().peekable());
    loop {
        match (ones.peek(), others.peek()) {
            (Some(a), Some(b)) if a.half == b.half => {
                ones.next();
                others.next();
            }
            (Some(a), Some(b)) if a.half < b.half => only_one.extend(ones.next()),
            (Some(_), None) => only_one.extend(ones.next()),
            (_, Some(_)) => only_other.extend(others.next()),
            (None, None) => return (only_one, only_other),
        }
    }
}
