//! What a ledger promises, whatever kind it is: what can be asked of it, what is durable when a call returns, and who may
//! make the call. The recorder's promises stand in `recorder`.
//!
//! A kind of ledger (`sqlite`, in time a shared PostgreSQL) fulfils these traits. Rows are asked for by the batch, since
//! a question to another machine costs a round trip. A row's id is chosen before its start is written, so that a start
//! needs no answer. Each process that sends is an owner with a number of its own: of two that both believe to hold a job,
//! the number tells which came later.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::row::{
    Digest, Holdings, KeyHash, Known, Page, RowId, Snapshot, Sought, Totals, Uncounted,
};
use crate::text::place::RowPlace;

use super::{
    Acts, Approval, Correction, DoneRow, FailedRow, FilesNow, History, InvalidRow, JobStatus,
    LedgerError, Location, Mandate, PlanId, RunSource, SettledRow, Settling, TurnedRow,
    Verification,
};

/// A job in a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct JobId(pub(crate) i64);

/// What a job in the ledger is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobName {
    pub name: String,
    /// The base URL, or `sandbox`.
    pub base_url: String,
    /// Empty where the connector names none.
    pub account: String,
}

/// Who starts requests of a run: on one machine the process that runs it. Each time a process takes the right to send
/// rows it gets a new number, greater than all before. Where two owners disagree about a row the greater number holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct OwnerId(pub(crate) i64);

/// A run in a ledger, as the process knows it that sends in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) id: i64,
    pub(crate) job: JobId,
    pub(crate) owner: OwnerId,
    /// The first of the ids that are set aside for its new rows.
    pub(crate) first_row: RowId,
}

impl Run {
    /// The run's number in the ledger.
    pub(crate) fn number(self) -> i64 {
        self.id
    }
}

/// Until when a claim is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    /// Until it is given back, or its process ends however that ends: an operating system's lock.
    Held,
    #[allow(dead_code)] // a part of the contract that a lock of this machine has no use for
    /// Until a moment of the ledger's clock, in unix milliseconds. Whoever gives such a claim renews it by itself, while its
    /// [`Watch`] says that it holds, and enters the later moment with the owner.
    Until(i64),
}

/// The right to send a job's rows. While one process has the right, no other starts a request in its lanes.
///
/// The calls that need the right take it as an argument, so they cannot be made without it.
pub(crate) trait Claim: std::fmt::Debug {
    /// The job whose rows they are.
    fn job(&self) -> &JobName;

    /// Who holds it, as others are told.
    fn holder(&self) -> &str;

    /// For whoever sends requests: tells before each whether the right is still there.
    fn watch(&self) -> Box<dyn Watch>;

    /// Until when the right stays by itself.
    fn validity(&self) -> Validity;
}

/// Tells at any moment which lanes a claim holds.
pub(crate) trait Watch: std::fmt::Debug {
    /// Whether a row of the lane may leave at this very moment. A lock holds every lane of its job, until it is lost.
    fn holds(&self, lane: &str) -> bool;
}

/// Requests of earlier runs, for the pace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Requests {
    /// How many came to their end in a second; the moment is the second's end, in unix milliseconds.
    pub ended: Vec<(i64, u32)>,
    /// Whether that is all: a run that was killed has not said how often it looked for what was lost.
    pub is_whole: bool,
}

/// What an earlier run had left beside the ledger, and is in it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TakenIn {
    /// The file that held it.
    pub path: PathBuf,
    pub outcomes: usize,
    /// Lines that make no sense. The last one may be half a line; it never counted.
    pub unreadable: usize,
    /// Where the file is kept, if a part of it could not be read.
    pub kept: Option<PathBuf>,
}

/// How one comes to a ledger. An error leaves whatever is at its place as it was, and says whether it is no ledger, one of a newer
/// version, a damaged one, or one that cannot be had at present. What makes no sense in it is an error here, and not amid a run.
pub(crate) trait Open: Reader + Books + Sized {
    /// The right to send a job's rows that this kind of ledger gives.
    type Lock: Claim;

    /// Opens it to write, and makes it where there is none: that it is there is durable when the call returns. One of an older
    /// format is brought up to date, as a whole or not at all. A place at which a ledger has been, and is no more, is an error:
    /// a new one there would know of nothing that was sent.
    fn open(place: impl Into<Location>) -> Result<Self, LedgerError>;

    /// Likewise, where there is one, for whoever holds the right to a job of it. One of an older format stays as it is, and that
    /// is the error, while a run of another job uses it: that may be of an older version.
    fn open_claimed(place: &Path, lock: &Self::Lock) -> Result<Self, LedgerError>;

    /// Opens it to read; none where there is none. Reads every format, changes nothing and leaves no trace.
    fn open_to_read(place: impl Into<Location>) -> Result<Option<Self>, LedgerError>;

    /// Another way to the very same ledger, for another thread. Where that is gone, or another one is in its place, that is the
    /// error.
    fn open_again(&self) -> Result<Self, LedgerError>;
}

/// What can be asked of a ledger. Nothing of it writes, and all of it may be asked while somebody else runs the job.
pub(crate) trait Reader {
    /// All jobs in the order in which they came.
    fn jobs(&self) -> Result<Vec<(JobId, JobName)>, LedgerError>;

    /// The job's id, if the ledger knows it.
    fn find_job(&self, job: &JobName) -> Result<Option<JobId>, LedgerError>;

    /// Other accounts for which the same job has done something at the same address, or may have.
    fn other_accounts(&self, job: &JobName) -> Result<Vec<String>, LedgerError>;

    /// Whether the job has done something, or may have.
    fn has_done(&self, job: JobId) -> Result<bool, LedgerError>;

    /// What the job's rows were known by in its last run; none where it has sent nothing.
    fn keyed_by(&self, job: JobId) -> Result<Option<String>, LedgerError>;

    /// The last owner who took the right to send the job's rows; zero where nobody did.
    fn last_owner(&self, job: JobId) -> Result<OwnerId, LedgerError>;

    /// The number of the job's last run; 0 where there was none.
    fn last_run(&self, job: JobId) -> Result<i64, LedgerError>;

    /// The keys of the job's rows that runs behind one have sent or settled, but for the runs of a plan.
    fn touched_behind(
        &self,
        job: JobId,
        run: i64,
        plan: PlanId,
    ) -> Result<HashSet<KeyHash>, LedgerError>;

    /// Who has approved a plan, by the last run of it that says so.
    fn approval_of(&self, plan: PlanId) -> Result<Option<Approval>, LedgerError>;

    /// When the last request to an address left, by any job; unix milliseconds.
    fn last_request(&self, base_url: &str) -> Result<Option<i64>, LedgerError>;

    /// Requests to an address that came to their end since a moment, by any job.
    fn requests_since(&self, base_url: &str, since: i64) -> Result<Requests, LedgerError>;

    /// All rows of a job, as they stand at one moment. Outcomes whose rows are gone are an error: whoever deleted them has
    /// made the ledger forget what was sent. So are two rows with one key.
    fn history(&self, job: JobId) -> Result<History, LedgerError>;

    /// What is known of rows, each if it has this very key; in the order in which they are asked for.
    fn find_many(&self, rows: &[(RowId, &str)]) -> Result<Vec<Option<Known>>, LedgerError>;

    /// Jobs at targets to which no request of a row has ever left.
    fn unused_jobs(&self) -> Result<HashSet<JobId>, LedgerError>;

    /// What is known of one row, if it has this very key.
    fn known(&self, row: RowId, key: &str) -> Result<Option<Known>, LedgerError> {
        Ok(self.find_many(&[(row, key)])?.pop().flatten())
    }

    /// What is known of one row, whatever its key.
    fn known_row(&self, row: RowId) -> Result<Option<Known>, LedgerError>;

    /// The print of what a row has left there with a content; none where nobody has written that down.
    fn print(&self, row: RowId, content: Digest) -> Result<Option<i64>, LedgerError>;

    /// What rows own of pages of lists, and of the lanes that are looked through in `job`; in the order in which they are
    /// asked about. Of each lane one row is looked for: what that may have made is nobody's. An error means that nothing is
    /// known, never that something is nobody's.
    fn owned(&self, job: JobId, pages: &[Page]) -> Result<Vec<Holdings>, LedgerError>;

    /// The lanes of a job in which a look has settled what became of a row and that no run has counted since, or found as
    /// they should be: those that the last run which has said so left, and those in which something was settled after it. To
    /// be asked before another run begins.
    fn uncounted(&self, job: JobId) -> Result<Vec<Uncounted>, LedgerError>;

    /// Rows of a job of which a person's word holds, in the order of the source.
    fn settled(&self, job: JobId) -> Result<Vec<SettledRow>, LedgerError>;

    /// All that persons have ever said of rows of a job, in the order in which it was said: whether it still holds or not.
    fn settlements(&self, job: JobId) -> Result<Vec<SettledRow>, LedgerError>;

    /// Where the row stood, and its key, that has made at the job's target what the other side calls `id`; of that it is done
    /// is a matter of an answer, a look or a person.
    fn maker(&self, job: JobId, id: &str) -> Result<Option<(RowPlace, String)>, LedgerError>;

    /// What the job's rows have done, and what rows of all jobs at the same address own, as it stands at one moment.
    fn acts(&self, job: JobId) -> Result<Acts, LedgerError>;

    /// What the job's rows have done in which a run has had a hand, in the order in which they were first sent.
    fn turned(&self, job: JobId, run: i64) -> Result<Vec<TurnedRow>, LedgerError>;

    /// What was there before a request changed or deleted it; none where that was not kept.
    fn snapshot(&self, row: RowId, number: u32) -> Result<Option<Snapshot>, LedgerError>;

    /// What the last verification of the job came to.
    fn last_verification(&self, job: JobId) -> Result<Option<Verification>, LedgerError>;

    /// Rows of which the last owner has lost the answer and said no more: while it is at work, and can look for them, it does.
    fn sought(&self, job: JobId) -> Result<Vec<Sought>, LedgerError>;

    /// Why a row is not done, where it is not; none where it is, or is not known.
    fn unfinished(&self, row: RowId) -> Result<Option<FailedRow>, LedgerError>;

    /// Rows of a job that were invalid when its last run began, as far as they are kept.
    fn invalid_rows(&self, job: JobId) -> Result<Vec<InvalidRow>, LedgerError>;

    /// Tells of each row of a job that is done, in the order in which they were first sent, until `tell` has heard enough.
    fn done(&self, job: JobId, tell: &mut dyn FnMut(&DoneRow) -> bool) -> Result<(), LedgerError>;

    /// Where a job stands, with at most so many runs and so many rows that need a look.
    fn status(
        &self,
        id: JobId,
        job: JobName,
        runs: u32,
        rows: u32,
    ) -> Result<JobStatus, LedgerError>;

    /// Likewise, and all rows of the job as [`Self::history`] has them, of one moment.
    fn status_and_history(
        &self,
        id: JobId,
        job: JobName,
        runs: u32,
        rows: u32,
    ) -> Result<(JobStatus, History), LedgerError>;
}

/// What is written of jobs and runs. Each call is durable when it returns, and an error leaves all as it was.
pub(crate) trait Books {
    /// The job's id; the job is entered where it is new.
    fn enter_job(&self, claim: &dyn Claim, now: i64) -> Result<JobId, LedgerError>;

    /// Enters a run of the claim's job and who sends in it, and sets ids aside for its new rows. `keyed_by` is the job's key
    /// as written, or empty. `after` is the last owner at a moment before the job's rows were read: where another has come
    /// since who may have sent rows that the claim covers, what was read does not hold any more, and the error is
    /// [`LedgerError::Overtaken`]. A claim of this machine covers the whole job; one of a part of it is compared with owners
    /// of that part alone.
    fn begin_run(
        &self,
        claim: &dyn Claim,
        after: OwnerId,
        keyed_by: &str,
        now: i64,
    ) -> Result<Run, LedgerError>;

    /// Writes what a run carries out and on whose word; to be done before its first request.
    fn entrust(&self, run: Run, mandate: &Mandate) -> Result<(), LedgerError>;

    /// Writes what a run has read; to be done before its first request.
    fn note_source(&self, run: Run, source: &RunSource) -> Result<(), LedgerError>;

    /// Writes which files a run has read; to be done before its first request.
    fn note_files(&self, run: Run, files: &FilesNow, now: i64) -> Result<(), LedgerError>;

    /// Writes that a run undoes what another has done; to be done before its first request.
    fn note_undoing(&self, run: Run, of: i64) -> Result<(), LedgerError>;

    /// Writes which rows the run sends in the place of what their source has: all of these, or none. All that a run sends so are
    /// to be written before its first request; of those that it does not come to, the ledger knows no request, and the row is what
    /// its source has.
    fn correct(&self, run: Run, rows: &[Correction]) -> Result<(), LedgerError>;

    /// Writes which rows are invalid as a run begins, in the place of those of earlier runs.
    fn note_invalid(&self, run: Run, rows: &[InvalidRow]) -> Result<(), LedgerError>;

    /// Writes how a run ended; `exit` is its code, and why it has that, where it stopped before its end. `left` are the
    /// lanes that the next one has to count, as [`Reader::uncounted`] will give them; none where the run does not know.
    /// Where that fails nothing is lost but that: the rows are written already, and what earlier runs left is counted again.
    fn end_run(
        &self,
        run: Run,
        totals: &Totals,
        exit: (u8, Option<&str>),
        left: Option<&[Uncounted]>,
        now: i64,
    ) -> Result<(), LedgerError>;

    /// Enters what a person says of rows of the claim's job: all of it or nothing, as a run of its own that sends nothing and
    /// whose number is given back. A row that was sent again since its attempt is [`LedgerError::Overtaken`].
    fn settle(
        &self,
        claim: &dyn Claim,
        settling: &Settling<'_>,
        now: i64,
    ) -> Result<i64, LedgerError>;

    /// Writes what a verification of the claim's job came to; gives its number. It is no run, and says nothing of any row.
    fn keep_verification(
        &self,
        claim: &dyn Claim,
        found: &Verification,
    ) -> Result<i64, LedgerError>;

    /// Brings in what earlier runs of the claim's job could not write; nothing where they left nothing. To be done before
    /// anything of the job is read. Bringing it in twice is bringing it in once.
    fn take_in(&self, claim: &dyn Claim) -> Result<Vec<TakenIn>, LedgerError>;
}
