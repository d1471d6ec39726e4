//! What may be wrong with a ledger file: values, each with a name for scripts.
//!
//! Finding them is for the kind of ledger; words, layout and JSON are for `report`.

use std::collections::HashMap;

use super::{Misfit, Missing};
use crate::row::Contradiction;
use crate::text::code::Code;
use crate::text::place::RowPlace;

/// So many findings of a kind are kept; beyond that they are only counted.
const KEPT: u64 = 100;

/// Something wrong with a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The row it is about; none where it is about the file.
    pub row: Option<LedgerRow>,
    pub problem: Problem,
}

/// A row as a ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LedgerRow {
    /// The job's name.
    pub job: String,
    /// The job's base URL, or `sandbox`.
    pub base_url: String,
    /// Where it stood when it was last sent; both count from 1.
    pub place: RowPlace,
    pub key: String,
    pub lane: String,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// A file of no bytes, or a database without a table.
    Empty,
    /// It says that it is a ledger, but not that it is a database, or of which format.
    DamagedHead,
    /// In bytes.
    Truncated { bytes: u64, expected: u64 },
    /// A page or an index, in SQLite's words.
    Damaged { words: String },
    /// Nothing more could be read, in SQLite's words.
    Stopped { rows: u64, attempts: u64, cause: String },
    /// An entry that does not hold what its columns promise.
    Unreadable(Misfit),
    /// Something without which no ledger is one.
    Incomplete(Missing),
    /// Entries that name an entry of another table which is not there.
    Dangling { table: String, parent: String, entries: u64 },
    /// A row without an attempt.
    NoAttempt,
    /// An end without an outcome, or an outcome without an end; only older formats can say that.
    HalfEnded { attempt: i64 },
    /// What no row can have lived through.
    Life(Contradiction),
    /// The attempts of a row have not all the same key.
    KeysDiffer { attempt: i64, key: String },
    /// One owner has found that an attempt did what it was for, and another that it did not.
    Contested { attempt: i64 },
    /// An attempt of a run of another job.
    ForeignRun { attempt: i64, run: i64 },
    /// `row_states` and the attempts themselves differ.
    ViewDiffers { view: ViewSays, replay: ViewRow },
    /// A view of the ledger's own is gone, or is not the one that this version makes.
    ViewReplaced { view: &'static str, is_gone: bool },
    /// In SQLite's words.
    ViewUnreadable { cause: String },
    /// Two rows of a job with one key.
    KeyTwice { other: u64 },
    /// Two rows claim to have made the same.
    MadeTwice { id: String, other: LedgerRow },
    /// A run did more rows than outcomes of it are there.
    OutcomesGone { run: i64, told: u64, found: u64 },
    /// What was kept before a request changed or deleted something cannot be given back: this of it is not what it should be.
    UnreadableSnapshot { attempt: i64, column: &'static str },
    /// The counts of a run do not add up.
    RunSum { run: i64, rows: i64, sum: i64 },
}

/// What the view `row_states` says of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ViewSays {
    Nothing,
    Row(ViewRow),
    /// In SQLite's words.
    Unreadable {
        cause: String,
    },
}

/// A row as the view shows it, or should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ViewRow {
    /// One of the view's words, such as `in_doubt`, or whatever else stands there.
    pub state: String,
    pub attempts: i64,
}

impl Problem {
    /// What kind of problem it is; a stable word for scripts.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Empty => Code::EmptyFile,
            Self::DamagedHead => Code::DamagedHead,
            Self::Truncated { .. } => Code::TruncatedFile,
            Self::Damaged { .. } => Code::DamagedFile,
            Self::Stopped { .. } => Code::ReadingStopped,
            Self::Unreadable(_) => Code::UnreadableEntry,
            Self::Incomplete(_) => Code::IncompleteLedger,
            Self::Dangling { .. } => Code::DanglingEntries,
            Self::NoAttempt => Code::NoAttempt,
            Self::HalfEnded { .. } => Code::HalfEnded,
            Self::Life(Contradiction::Gap { .. }) => Code::MissingAttempt,
            Self::Life(Contradiction::NeverBegun { .. }) => Code::NeverBegun,
            Self::Life(Contradiction::UnknownOutcome { .. }) => Code::UnknownOutcome,
            Self::Life(Contradiction::Made { .. }) => Code::MadeUnsuccessfully,
            Self::Life(Contradiction::AfterSuccess { .. }) => Code::SentAfterSuccess,
            Self::Life(Contradiction::Turn { .. }) => Code::ImpossibleOperation,
            Self::Life(Contradiction::Impossible { .. }) => Code::ImpossibleStep,
            Self::Contested { .. } => Code::ContestedAttempt,
            Self::KeysDiffer { .. } => Code::KeysDiffer,
            Self::ForeignRun { .. } => Code::ForeignRun,
            Self::ViewDiffers { .. } => Code::ViewDiffers,
            Self::ViewReplaced { .. } => Code::ViewReplaced,
            Self::ViewUnreadable { .. } => Code::ViewUnreadable,
            Self::KeyTwice { .. } => Code::KeyTwice,
            Self::MadeTwice { .. } => Code::MadeTwice,
            Self::OutcomesGone { .. } => Code::OutcomesGone,
            Self::UnreadableSnapshot { .. } => Code::UnreadableSnapshot,
            Self::RunSum { .. } => Code::RunSum,
        }
    }
}

/// All that was found: the first hundred of each kind, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Findings {
    /// In the order in which they were found.
    pub kept: Vec<Finding>,
    counts: HashMap<Code, u64>,
}

impl Findings {
    pub(crate) fn add(&mut self, row: Option<LedgerRow>, problem: Problem) {
        let count = self.counts.entry(problem.code()).or_default();
        *count += 1;
        if *count <= KEPT {
            self.kept.push(Finding { row, problem });
        }
    }

    /// How many there are, kept or not.
    pub(crate) fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// How many there are of a kind, kept or not.
    pub(crate) fn count_of(&self, code: Code) -> u64 {
        self.counts.get(&code).copied().unwrap_or_default()
    }
}
