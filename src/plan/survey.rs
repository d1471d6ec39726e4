//! The first reading of a source: every row is checked, on every core, and nothing is kept but counts and keys.
//!
//! What is wrong is told in the order of the rows. Keys cost eight bytes a row, whatever the rows hold. The
//! second reading, which sends, comes after; it is for the feeder of a run.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::declared::job::Job;
use crate::prepare::{Findings, Preparer};
use crate::row::{Digest, KeyHash};
use crate::source::{Read, Record, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, RowPlace};
use crate::text::pointer::Pointer;

/// Rows in a batch: large enough that handing it over costs nothing, small enough to stay in cache.
const BATCH: usize = 256;
/// Batches that may wait for a worker.
const WAITING: usize = 2;

/// What a source holds.
#[derive(Debug, Default)]
pub struct Survey {
    pub rows: u64,
    /// Something is wrong with the source as a whole.
    pub broken: bool,
    /// A quote was never closed: where rows begin and end from there on is a guess.
    pub guessed: bool,
    pub valid: u64,
    pub invalid: u64,
    /// Hashes of keys, or else of contents, that occur more than once.
    pub repeated: HashSet<KeyHash>,
}

/// Which keys a survey keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// The job's `key`, if it has one: enough to find a key twice.
    Written,
    /// The content where the job has no `key`: for a plan or a run.
    All,
}

/// A batch of records on its way to a worker and back.
#[derive(Default)]
struct Batch {
    records: Vec<Record>,
    filled: usize,
    /// Rows in all, those that could not be read among them.
    rows: u64,
    /// Rows that could not be read, in order.
    unreadable: Vec<Diagnostic>,
}

/// What a worker found in a batch.
struct Verdict {
    batch: Batch,
    /// Rows about which there is something to tell, in order.
    remarks: Vec<Remark>,
    valid: u64,
    keys: Vec<KeyHash>,
}

/// What is wrong with a row.
struct Remark {
    row: u64,
    /// The key of an invalid row, where it has one all the same.
    key: Option<String>,
    problems: Vec<Diagnostic>,
}

/// Reads and checks all of a source; `tell` hears what is wrong, in order. `now` is in unix milliseconds.
///
/// `is_done` is asked whether an invalid row's key is done already: then it counts as valid and nothing is told,
/// for a time that has passed since is no fault.
pub fn survey(
    job: &Job,
    preparer: &Preparer,
    source: Source,
    now: i64,
    keys: Keys,
    is_done: &mut dyn FnMut(&str) -> bool,
    tell: &mut dyn FnMut(Diagnostic),
) -> Survey {
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut survey = Survey::default();
    let mut hashes: Vec<KeyHash> = Vec::new();
    let mut once = HashSet::new();
    let source = thread::scope(|scope| {
        let (to_workers, from_workers): (Vec<_>, Vec<_>) = (0..workers)
            .map(|_| {
                let (to_worker, batches) = sync_channel(WAITING);
                let (verdicts, from_worker) = sync_channel(WAITING);
                scope.spawn(move || work(preparer, now, keys, &batches, &verdicts));
                (to_worker, from_worker)
            })
            .unzip();
        let (recycle, recycled) = sync_channel(workers * (WAITING * 2 + 2));
        let reader = scope.spawn(move || read(source, &to_workers, &recycled));
        for verdict in in_turn(&from_workers) {
            survey.rows += verdict.batch.rows;
            survey.valid += verdict.valid;
            hashes.extend_from_slice(&verdict.keys);
            // The reader may have ended; then there is no more use for the batch.
            let _ = recycle.try_send(verdict.batch);
            for remark in verdict.remarks {
                survey.note(remark, is_done, &mut once, tell);
            }
        }
        drop(recycle);
        reader.join().ok()
    });
    for problem in source.iter().flat_map(|source| preparer.never_seen(source)) {
        survey.broken = true;
        tell(problem);
    }
    survey.repeated = repeated(hashes);
    if preparer.has_key() && !survey.repeated.is_empty() {
        survey.valid -=
            tell_repeated_keys(job, preparer, now, &survey.repeated, tell).min(survey.valid);
    }
    survey.invalid = survey.rows - survey.valid;
    survey
}

impl Survey {
    fn note(
        &mut self,
        remark: Remark,
        is_done: &mut dyn FnMut(&str) -> bool,
        once: &mut HashSet<(Code, Option<Pointer>)>,
        tell: &mut dyn FnMut(Diagnostic),
    ) {
        if remark.key.as_deref().is_some_and(is_done) {
            self.valid += 1;
            return;
        }
        self.broken |= remark.row == 0;
        self.guessed |= remark.problems.iter().any(|problem| problem.code == Code::UnclosedQuote);
        remark.problems.into_iter().filter(|problem| is_news(problem, once)).for_each(tell);
    }
}

/// A warning that holds for all rows alike comes from each worker once, and is told once.
fn is_news(problem: &Diagnostic, once: &mut HashSet<(Code, Option<Pointer>)>) -> bool {
    match &problem.place {
        Place::Row(place) if problem.once => once.insert((problem.code, place.pointer.clone())),
        _ => true,
    }
}

fn read(
    mut source: Source,
    to_workers: &[SyncSender<Batch>],
    recycled: &Receiver<Batch>,
) -> Source {
    let mut turn = 0;
    loop {
        let mut batch = recycled.try_recv().unwrap_or_default();
        let more = fill(&mut source, &mut batch);
        if to_workers[turn % to_workers.len()].send(batch).is_err() || !more {
            return source;
        }
        turn += 1;
    }
}

fn fill(source: &mut Source, batch: &mut Batch) -> bool {
    batch.filled = 0;
    batch.unreadable.clear();
    let mut more = true;
    while more && batch.filled + batch.unreadable.len() < BATCH {
        if batch.records.len() == batch.filled {
            batch.records.push(Record::default());
        }
        match source.next(&mut batch.records[batch.filled]) {
            Read::Row => batch.filled += 1,
            Read::Problem(problem) => batch.unreadable.push(problem),
            Read::End => more = false,
        }
    }
    // A problem of the file as a whole is no row.
    let unreadable = batch.unreadable.iter().filter(|problem| row_of(problem) > 0).count();
    batch.rows = (batch.filled + unreadable) as u64;
    more
}

fn work(
    preparer: &Preparer,
    now: i64,
    keys: Keys,
    batches: &Receiver<Batch>,
    verdicts: &SyncSender<Verdict>,
) {
    let mut findings = Findings::default();
    while let Ok(mut batch) = batches.recv() {
        let mut verdict =
            Verdict { remarks: Vec::new(), valid: 0, keys: Vec::new(), batch: Batch::default() };
        for record in &batch.records[..batch.filled] {
            check(preparer, record, now, keys, &mut findings, &mut verdict);
        }
        if !batch.unreadable.is_empty() {
            verdict.remarks.extend(batch.unreadable.drain(..).map(unreadable));
            verdict.remarks.sort_by_key(|remark| remark.row);
        }
        verdict.batch = batch;
        if verdicts.send(verdict).is_err() {
            return;
        }
    }
}

fn check(
    preparer: &Preparer,
    record: &Record,
    now: i64,
    keys: Keys,
    findings: &mut Findings,
    verdict: &mut Verdict,
) {
    let checked = preparer.check(record, now, findings);
    let written = preparer.key(record).and_then(|key| keep(key, findings));
    let fits = checked.as_ref().is_some_and(|checked| checked.valid);
    let content = checked
        .filter(|_| keys == Keys::All && !preparer.has_key())
        .and_then(|checked| match preparer.ready(checked, record) {
            // What keeps an invalid row from having a request has been told already.
            Err(_) if !fits => None,
            ready => keep(ready, findings),
        })
        .map(|ready| ready.digest);
    let valid = fits && !findings.has_errors();
    verdict.valid += u64::from(valid);
    verdict.keys.extend(written.as_deref().map(KeyHash::of).or(content.as_ref().map(Digest::hash)));
    if !findings.problems.is_empty() {
        let key = written.or(content.map(|digest| digest.to_string())).filter(|_| !valid);
        verdict.remarks.push(Remark { row: record.row, key, problems: findings.take() });
    }
}

fn keep<T>(result: Result<T, Diagnostic>, findings: &mut Findings) -> Option<T> {
    result.map_err(|problem| findings.problems.push(problem)).ok()
}

/// A row that could not be read at all.
fn unreadable(problem: Diagnostic) -> Remark {
    Remark { row: row_of(&problem), key: None, problems: vec![problem] }
}

fn row_of(problem: &Diagnostic) -> u64 {
    match &problem.place {
        Place::Row(place) => place.row,
        _ => 0,
    }
}

/// Takes from each worker in turn, which keeps the order of the source.
fn in_turn(from_workers: &[Receiver<Verdict>]) -> impl Iterator<Item = Verdict> {
    (0..).map_while(|turn: usize| from_workers[turn % from_workers.len()].recv().ok())
}

/// The hashes that occur more than once. Sorts in place, so that no second copy is needed.
fn repeated(mut hashes: Vec<KeyHash>) -> HashSet<KeyHash> {
    hashes.sort_unstable();
    hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
}

/// Reads the source again to say which rows share a key. Gives the number of rows that come second and are valid
/// otherwise.
fn tell_repeated_keys(
    job: &Job,
    preparer: &Preparer,
    now: i64,
    repeated: &HashSet<KeyHash>,
    tell: &mut dyn FnMut(Diagnostic),
) -> u64 {
    let Ok(mut source) = preparer.reopen(job) else { return 0 };
    let mut first: HashMap<String, (u64, u64)> = HashMap::new();
    let mut record = Record::default();
    let mut findings = Findings::default();
    let mut repeats = 0;
    loop {
        match source.next(&mut record) {
            Read::End => return repeats,
            Read::Problem(_) => {}
            Read::Row => {
                let Some(Ok(key)) = preparer.key(&record) else { continue };
                if !repeated.contains(&KeyHash::of(&key)) {
                    continue;
                }
                let (row, line) = *first.entry(key.clone()).or_insert((record.row, record.line));
                if row != record.row {
                    let checked = preparer.check(&record, now, &mut findings);
                    findings.take();
                    repeats += u64::from(checked.is_some_and(|checked| checked.valid));
                    let place = RowPlace {
                        file: job.rows.name().clone(),
                        row: record.row,
                        line: record.line,
                        column: None,
                        pointer: None,
                    };
                    let message = format!("the key `{key}` is that of row {row} (line {line}) too");
                    let item = &job.connector.item;
                    tell(
                        Diagnostic::error(Code::RepeatedKey, Place::Row(place), message).hint(
                            format!("two rows with one key would be one {item}: make the keys differ, or drop a row"),
                        ),
                    );
                }
            }
        }
    }
}
