//! Reads a source once, and prepares its rows on every core: what is made of a row is told in the order of the rows.
//!
//! A few batches are under way at a time, whatever the source holds. What becomes of a row is decided by whoever asks.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::prepare::{Draft, Findings, Remarks};
use crate::source::{Milestone, Read, Record, Source};
use crate::text::diagnostic::Diagnostic;

use super::Readings;

/// Rows in a batch: large enough that handing it over costs nothing, small enough to stay in cache.
const BATCH: usize = 256;
/// Bytes in a batch: few rows fill it where rows are long, so that memory stays flat whatever rows there are.
const BATCH_BYTES: usize = 128 << 10;
/// A record keeps no more memory than this from one row to another.
const KEPT_BYTES: usize = 64 << 10;
/// Batches that may wait for a worker, beside the one that it has in hand.
const WAITING: usize = 1;

/// A batch of records on its way to a worker and back.
#[derive(Default)]
struct Batch {
    records: Vec<Record>,
    filled: usize,
    /// What could not be read, in order, each with how many rows there were with it.
    unreadable: Vec<(u64, Diagnostic)>,
}

/// What is kept of a row.
pub(super) trait Sight: Send {
    /// Whether the row is done already, so that it need not be checked.
    fn is_done(&self) -> bool {
        false
    }
}

/// A batch with what a worker has seen.
struct Seen<T> {
    batch: Batch,
    /// One a record.
    sights: Vec<Looked<T>>,
    /// By record, in order, for those about which there is something to tell.
    problems: Vec<(usize, Vec<Diagnostic>)>,
    remarks: Remarks,
}

/// What a worker has seen of a record.
struct Looked<T> {
    sight: T,
    /// Whether nothing is wrong with it; none where that was not asked.
    valid: Option<bool>,
    /// The number of the condition that leaves it out.
    out: Option<usize>,
}

/// A row of a source, in its turn.
pub(super) enum Heard<'a, T> {
    Row {
        record: &'a Record,
        sight: T,
        /// None where the row is done, so that nobody asked.
        valid: Option<bool>,
        /// The number of the condition that leaves the row out; then nothing else is said of it.
        out: Option<usize>,
        problems: Vec<Diagnostic>,
    },
    Unreadable(Box<Diagnostic>),
}

/// A source that has been read to its end.
pub(super) struct WholeSource {
    pub(super) source: Source,
    pub(super) milestones: Vec<Milestone>,
    /// What is to be said of many of its rows.
    pub(super) remarks: Remarks,
}

/// Reads all of a source and prepares its rows, on every core; `eye` makes of each what is kept of it, and `hear` gets
/// that in the order of the rows. Gives the source back, read to its end.
pub(super) fn read_all<T: Sight, E>(
    readings: &Readings<'_>,
    source: Source,
    eye: &(impl Fn(&Draft<'_>) -> T + Sync),
    hear: &mut dyn FnMut(Heard<'_, T>) -> Result<(), E>,
) -> Result<Option<WholeSource>, E> {
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| {
        let (to_workers, from_workers): (Vec<_>, Vec<_>) = (0..workers)
            .map(|_| {
                let (to_worker, batches) = sync_channel(WAITING);
                let (seen, from_worker) = sync_channel(WAITING);
                scope.spawn(move || look(readings, eye, &batches, &seen));
                (to_worker, from_worker)
            })
            .unzip();
        let (recycle, recycled) = sync_channel(workers * (WAITING * 2 + 2));
        let reader = scope.spawn(move || read(source, &to_workers, &recycled));
        let mut remarks = Remarks::default();
        for mut seen in in_turn(&from_workers) {
            remarks.append(std::mem::take(&mut seen.remarks));
            let batch = pass_on(seen, hear)?;
            // The reader may have ended; then there is no more use for the batch.
            let _ = recycle.try_send(batch);
        }
        drop(recycle);
        Ok(reader.join().ok().map(|read| WholeSource { remarks, ..read }))
    })
}

fn read(
    mut source: Source,
    to_workers: &[SyncSender<Batch>],
    recycled: &Receiver<Batch>,
) -> WholeSource {
    let (mut turn, mut milestones) = (0, Vec::new());
    loop {
        milestones.extend(source.milestone());
        let mut batch = recycled.try_recv().unwrap_or_default();
        let filled = fill(&mut source, &mut batch);
        let has_gone = to_workers[turn % to_workers.len()].send(batch).is_ok();
        match filled {
            Filled::Full if has_gone => turn += 1,
            Filled::Full | Filled::ToTheEnd => {
                return WholeSource { source, milestones, remarks: Remarks::default() };
            }
        }
    }
}

/// How a batch was filled.
enum Filled {
    /// More rows may follow.
    Full,
    /// With the last rows of the source.
    ToTheEnd,
}

fn fill(source: &mut Source, batch: &mut Batch) -> Filled {
    batch.records.iter_mut().for_each(|record| record.shrink_to(KEPT_BYTES));
    batch.filled = 0;
    batch.unreadable.clear();
    let mut bytes = 0;
    while batch.filled + batch.unreadable.len() < BATCH && bytes < BATCH_BYTES {
        if batch.records.len() == batch.filled {
            batch.records.push(Record::default());
        }
        match source.next(&mut batch.records[batch.filled]) {
            Read::Row => {
                bytes += batch.records[batch.filled].size();
                batch.filled += 1;
            }
            Read::Problem(problem) => batch.unreadable.push((source.rows(), problem)),
            Read::End => return Filled::ToTheEnd,
        }
    }
    Filled::Full
}

fn look<T: Sight>(
    readings: &Readings<'_>,
    eye: &impl Fn(&Draft<'_>) -> T,
    batches: &Receiver<Batch>,
    to: &SyncSender<Seen<T>>,
) {
    let mut findings = Findings::default();
    while let Ok(batch) = batches.recv() {
        let mut sights = Vec::with_capacity(batch.filled);
        let mut problems = Vec::new();
        for (at, record) in batch.records[..batch.filled].iter().enumerate() {
            let mut draft = readings.preparer.draft(record, &mut findings);
            let (sight, out) = (eye(&draft), draft.left_out());
            let valid = (!sight.is_done()).then(|| draft.is_valid(readings.now, &mut findings));
            sights.push(Looked { sight, valid, out });
            if !findings.problems.is_empty() {
                problems.push((at, findings.take()));
            }
        }
        let remarks = std::mem::take(&mut findings.remarks);
        if to.send(Seen { batch, sights, problems, remarks }).is_err() {
            return;
        }
    }
}

/// Passes the rows of a batch on, in their order; gives the batch back.
fn pass_on<T, E>(
    seen: Seen<T>,
    hear: &mut dyn FnMut(Heard<'_, T>) -> Result<(), E>,
) -> Result<Batch, E> {
    let Seen { mut batch, sights, problems, .. } = seen;
    let mut unreadable = batch.unreadable.drain(..).peekable();
    let mut problems = problems.into_iter().peekable();
    for (at, (record, Looked { sight, valid, out })) in batch.records.iter().zip(sights).enumerate()
    {
        while let Some((_, problem)) = unreadable.next_if(|(row, _)| *row < record.ordinal) {
            hear(Heard::Unreadable(Box::new(problem)))?;
        }
        let problems = problems.next_if(|(of, _)| *of == at).map_or_else(Vec::new, |(_, all)| all);
        hear(Heard::Row { record, sight, valid, out, problems })?;
    }
    for (_, problem) in unreadable {
        hear(Heard::Unreadable(Box::new(problem)))?;
    }
    Ok(batch)
}

/// Takes from each worker in turn, which keeps the order of the source.
fn in_turn<T>(from_workers: &[Receiver<T>]) -> impl Iterator<Item = T> {
    (0..).map_while(|turn: usize| from_workers[turn % from_workers.len()].recv().ok())
}
