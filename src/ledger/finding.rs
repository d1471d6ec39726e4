//! What may be wrong with a ledger file: values, each with a name for scripts, its words, and what to do.
//!
//! Finding them is for the kind of ledger; layout, colour and JSON are for `report`.

use std::collections::HashMap;

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
    Truncated {
        bytes: u64,
        expected: u64,
    },
    /// A page or an index, in SQLite's words.
    Damaged {
        words: String,
    },
    /// Nothing more could be read.
    Stopped {
        rows: u64,
        attempts: u64,
        cause: String,
    },
    /// An entry that does not hold what its columns promise.
    Unreadable {
        table: &'static str,
        id: Option<i64>,
        column: String,
    },
    /// Entries that name an entry of another table which is not there.
    Dangling {
        table: String,
        parent: String,
        entries: u64,
    },
    /// A row without an attempt.
    NoAttempt,
    /// An end without an outcome, or an outcome without an end; only older formats can say that.
    HalfEnded {
        attempt: i64,
    },
    /// What no row can have lived through.
    Life(Contradiction),
    /// The attempts of a row have not all the same key.
    KeysDiffer {
        attempt: i64,
        key: String,
    },
    /// An attempt of a run of another job.
    ForeignRun {
        attempt: i64,
        run: i64,
    },
    /// `row_states` and the attempts themselves differ.
    ViewDiffers {
        view: String,
        replay: String,
    },
    ViewUnreadable {
        cause: String,
    },
    /// Two rows of a job with one key.
    KeyTwice {
        other: u64,
    },
    /// Two rows claim to have made the same.
    MadeTwice {
        id: String,
        other: LedgerRow,
    },
    /// The counts of a run do not add up.
    RunSum {
        run: i64,
        rows: i64,
        sum: i64,
    },
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
            Self::Unreadable { .. } => Code::UnreadableEntry,
            Self::Dangling { .. } => Code::DanglingEntries,
            Self::NoAttempt => Code::NoAttempt,
            Self::HalfEnded { .. } => Code::HalfEnded,
            Self::Life(Contradiction::Gap { .. }) => Code::MissingAttempt,
            Self::Life(Contradiction::NeverBegun { .. }) => Code::NeverBegun,
            Self::Life(Contradiction::UnknownOutcome { .. }) => Code::UnknownOutcome,
            Self::Life(Contradiction::AfterSuccess { .. }) => Code::SentAfterSuccess,
            Self::Life(Contradiction::Turn { .. }) => Code::ImpossibleOperation,
            Self::Life(Contradiction::Impossible { .. }) => Code::ImpossibleStep,
            Self::KeysDiffer { .. } => Code::KeysDiffer,
            Self::ForeignRun { .. } => Code::ForeignRun,
            Self::ViewDiffers { .. } => Code::ViewDiffers,
            Self::ViewUnreadable { .. } => Code::ViewUnreadable,
            Self::KeyTwice { .. } => Code::KeyTwice,
            Self::MadeTwice { .. } => Code::MadeTwice,
            Self::RunSum { .. } => Code::RunSum,
        }
    }

    /// What is wrong, for a place before it: `row 5: attempt 2 is missing`.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Empty => "the file is empty".into(),
            Self::DamagedHead => {
                "the first bytes of the file are damaged; it cannot be read as a database".into()
            }
            Self::Truncated { bytes, expected } => {
                format!("the file ends after {bytes} of its {expected} bytes; the rest is lost")
            }
            Self::Damaged { words } => format!("a part of the file is damaged: {words}"),
            Self::Stopped { rows, attempts, cause } => {
                let (rows, attempts) = (several(*rows, "row"), several(*attempts, "attempt"));
                format!("reading stopped after {rows} and {attempts}: {cause}")
            }
            Self::Unreadable { table, id, column } => {
                let entry = id.map_or("an entry".to_owned(), |id| format!("entry {id}"));
                format!("{entry} of `{table}` does not hold what belongs in `{column}`")
            }
            Self::Dangling { table, parent, entries: 1 } => {
                format!("an entry of `{table}` belongs to an entry of `{parent}` that is not there")
            }
            Self::Dangling { table, parent, entries } => {
                format!(
                    "{entries} entries of `{table}` belong to entries of `{parent}` that are not there"
                )
            }
            Self::NoAttempt => "no attempt is known, though a row is entered with its first".into(),
            Self::HalfEnded { attempt } => {
                format!("of attempt {attempt}, only one of end and outcome is known")
            }
            Self::Life(contradiction) => contradiction.to_string(),
            Self::KeysDiffer { attempt, key } => {
                format!("attempt {attempt} has another key: {key}")
            }
            Self::ForeignRun { attempt, run } => {
                format!("attempt {attempt} is of run {run}, which is one of another job")
            }
            Self::ViewDiffers { view, replay } => {
                format!("the view row_states says {view}, its attempts say {replay}")
            }
            Self::ViewUnreadable { cause } => {
                format!("the view row_states cannot be read: {cause}")
            }
            Self::KeyTwice { other } => format!("row {other} has the same key"),
            Self::MadeTwice { id, other } => {
                format!("row {} of {} claims to have made {id}, too", other.place.row, other.job)
            }
            Self::RunSum { run, rows, sum } => {
                format!("run {run} knew of {rows} rows, and its counts add up to {sum}")
            }
        }
    }

    /// What it means, and what to do.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Empty => {
                "if jobs were run with it, put a copy back before the next run, which would send every row again; if \
                 none was, delete it"
            }
            Self::DamagedHead
            | Self::Truncated { .. }
            | Self::Damaged { .. }
            | Self::Stopped { .. }
            | Self::Unreadable { .. } => {
                "keep the file as it is, with its -wal, and run no job with it; put a copy back, and take out of the \
                 source what was sent since that copy was made, or it is sent again"
            }
            Self::Life(Contradiction::AfterSuccess { .. }) => {
                "it may have been done twice: look at what its lane names on the other side, and keep the file for an \
                 inquiry"
            }
            Self::Dangling { .. }
            | Self::NoAttempt
            | Self::HalfEnded { .. }
            | Self::Life(_)
            | Self::KeysDiffer { .. }
            | Self::ForeignRun { .. } => {
                "noteferry never writes this: somebody edited the file, or the disk is failing; keep it for an inquiry, \
                 and put a copy back before the next run"
            }
            Self::ViewDiffers { .. } | Self::ViewUnreadable { .. } => {
                "runs and `status` go by the attempts and are not harmed, but queries read the view: somebody edited the \
                 file"
            }
            Self::KeyTwice { .. } => {
                "a run finds only one of them and may send what the other has done: keep the file for an inquiry, and \
                 put a copy back before the next run"
            }
            Self::MadeTwice { .. } => {
                "one of the two was probably never made: look for both on the other side, and send what is missing \
                 under a new key"
            }
            Self::RunSum { .. } => {
                "only what `status` says of that run is wrong; where each row stands follows from its attempts"
            }
        }
    }
}

fn several(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
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
