//! `rejects`: the rows of a job that failed, are invalid or in doubt, as its source has them, to be corrected and to come back.
//!
//! Reads the source once, beside the ledger, and changes nothing. What is written of a row, and where to, is for whoever asks.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::declared::job::{Job, Rows};
use crate::ledger::{
    Candidate, FailedRow, History, JobLock, JobName, Ledger, LedgerError, Reader as _, Unfinished,
};
use crate::plan::{Chronicle, Named, RowProblem, Stand, Stands, Watched, standings};
use crate::prepare::Preparer;
use crate::report::{of_cause, of_row};
use crate::row::{Fingerprint, Identity, Reference, Standing};
use crate::source::{Format, Record, Source, TELLING};
use crate::table::{Out, Shape};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::place::RowPlace;

use super::job::{JobOptions, Opening, refuse_changed_key};
use super::rescued::tell_waiting;
use super::{Details, Failure, Listener, SANDBOX, Told, one_target};

/// Which rows of which job.
#[derive(Debug, Clone)]
pub(crate) struct RejectsOptions {
    pub job: JobOptions,
    /// Where the job has gone, where it has gone to several places.
    pub address: Option<String>,
    /// Only rows that stand so; any where none is named.
    pub states: Vec<RejectState>,
    /// Only rows with one of these codes; any where none is named.
    pub codes: Vec<String>,
}

/// How a row stands that is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RejectState {
    Invalid,
    Failed,
    InDoubt,
}

impl RejectState {
    /// The word in the output.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
        }
    }
}

/// A row that is not done.
#[derive(Debug)]
pub(crate) struct Reject<'a> {
    /// By which it comes back; empty where it cannot.
    pub reference: String,
    /// Where it stands in the source.
    pub place: RowPlace,
    pub state: RejectState,
    pub said: Said,
    /// Its cells, with the names of their columns.
    pub cells: Vec<(&'a str, Out<'a>)>,
}

/// Why a row is not done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Said {
    /// The API's own, or that of the diagnostic.
    pub code: Option<String>,
    pub why: String,
    pub hint: Option<String>,
}

/// What has to be known before the first row.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The names of the columns; none where each row has its own.
    pub columns: Vec<String>,
    /// As the source is written.
    pub shape: Shape,
    /// Whether a table of texts loses nothing.
    pub is_of_texts: bool,
    /// The files that the rows are read from.
    pub read: Vec<PathBuf>,
}

/// Takes rows.
pub(crate) trait Sink {
    /// Before the first row, once it is known what the source is like.
    fn begin(&mut self, layout: &Layout) -> Result<(), Vec<Diagnostic>>;
    /// Takes a row. What goes wrong is remembered there.
    fn row(&mut self, row: &Reject<'_>);
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Rejected {
    pub job: String,
    /// None where the ledger knows nothing of the job there.
    pub target: Option<JobName>,
    pub failed: u64,
    pub in_doubt: u64,
    pub invalid: u64,
    /// Rows that cannot be read at all, so that nothing can be written of them.
    pub unreadable: u64,
    /// Rows with a request under way.
    pub under_way: u64,
    /// Rows that are failed, invalid or in doubt, and otherwise than was asked for.
    pub others: u64,
    /// Rows that the source has no longer.
    pub gone: Vec<FailedRow>,
}

/// Tells of each row that is not done. `now` is in unix milliseconds.
pub(crate) fn rejects(
    options: &RejectsOptions,
    now: i64,
    sink: &mut dyn Sink,
    listener: Listener<'_>,
) -> Result<Rejected, Failure> {
    // A rehearsal is a target, and no address.
    let address = options.address.as_deref().filter(|address| *address != SANDBOX);
    let (mut opening, mut source) = Opening::open(&options.job, address)?;
    listener(Told::Details(Details {
        ledger: Some(options.job.ledger.clone()),
        ..Details::of(&opening.job)
    }));
    opening.tell_warnings(listener);
    let known = known(options, &opening.job, listener)?;
    source.name_rows();
    refuse_own_columns(&opening.job, &source)?;
    sink.begin(&layout(&opening.job, &source))?;
    let nothing = History::default();
    let (history, runs) = match &known {
        Some(known) => (&known.history, known.runs.as_slice()),
        None => (&nothing, &[][..]),
    };
    let ledger = known.as_ref().map(|known| &known.ledger);
    let again = || opening.reopen();
    let readings = opening.readings(&again, now);
    let mut telling = Telling {
        options,
        job: &opening.job.name,
        ledger,
        is_run: known.as_ref().is_some_and(|known| known.is_run),
        preparer: &opening.preparer,
        columns: source.written_columns(),
        cells: HashMap::new(),
        waiting: None,
        counts: [0; 3],
        under_way: 0,
        others: 0,
        sink,
    };
    let chronicle = [Chronicle { history, runs }];
    let mut broken = Vec::new();
    let mut hear = |problem: RowProblem| {
        let problem = of_row(problem);
        if problem.is_error()
            && (!matches!(problem.place, Place::Row(_)) || problem.code == Code::UnclosedQuote)
        {
            broken.push(problem);
        }
    };
    let watch = &mut |row: Watched<'_>| telling.hear(row);
    let found = standings(readings, source, (&chronicle, ledger), Some(watch), &mut hear)?;
    listener(Told::Surveyed);
    if found.checked.broken || found.checked.guessed {
        return Err(Failure::Input(broken));
    }
    telling.pass_on();
    let stand = found.targets.into_iter().next().unwrap_or_default();
    let [invalid, failed, in_doubt] = telling.counts;
    Ok(Rejected {
        job: opening.job.name.clone(),
        failed,
        in_doubt,
        invalid,
        unreadable: found.unreadable,
        under_way: telling.under_way,
        others: telling.others,
        gone: gone(options, known.as_ref(), &stand)?,
        target: known.map(|known| known.name),
    })
}

/// What a ledger knows of a job.
struct Known {
    ledger: Ledger,
    name: JobName,
    history: History,
    runs: Vec<i64>,
    failed: Vec<FailedRow>,
    /// A run holds the job.
    is_run: bool,
}

fn known(
    options: &RejectsOptions,
    job: &Job,
    listener: Listener<'_>,
) -> Result<Option<Known>, Failure> {
    let place = &options.job.ledger;
    let found = one_target::find(place, &job.name, options.address.as_deref())?;
    let Some((ledger, id, name)) = found else { return Ok(None) };
    tell_waiting(place, &name, listener)?;
    refuse_changed_key(job, ledger.keyed_by(id)?)?;
    let is_run = JobLock::held_by(place, &name).is_some();
    let (status, history) = ledger.status_and_history(id, name.clone(), u32::MAX, u32::MAX)?;
    let runs = status.runs.iter().map(|run| run.id).collect();
    Ok(Some(Known { ledger, name, history, runs, failed: status.failed, is_run }))
}

/// Rows that the ledger knows as not done, and that the source has no longer. A file of some rows tells nothing of others.
fn gone(
    options: &RejectsOptions,
    known: Option<&Known>,
    stand: &Stand,
) -> Result<Vec<FailedRow>, Failure> {
    let Some(known) = known.filter(|_| options.job.from.is_none()) else { return Ok(Vec::new()) };
    let is_gone = |row: &&FailedRow| !stand.has(&known.history, &row.key);
    let is_meant = |row: &&FailedRow| {
        let code = row.cause.as_ref().and_then(|cause| cause.code.as_deref());
        options.wants(state_of(row.state), code)
    };
    Ok(known.failed.iter().filter(is_gone).filter(is_meant).cloned().collect())
}

impl RejectsOptions {
    fn wants(&self, state: RejectState, code: Option<&str>) -> bool {
        (self.states.is_empty() || self.states.contains(&state))
            && (self.codes.is_empty()
                || code.is_some_and(|code| self.codes.iter().any(|wanted| wanted == code)))
    }
}

fn state_of(unfinished: Unfinished) -> RejectState {
    match unfinished {
        Unfinished::Failed => RejectState::Failed,
        Unfinished::InDoubt => RejectState::InDoubt,
    }
}

/// Rows that tell of themselves would hide what is written beside them.
fn refuse_own_columns(job: &Job, source: &Source) -> Result<(), Failure> {
    let columns = source.written_columns();
    let own = columns.iter().find(|(_, name)| TELLING.contains(&name.trim()));
    let Some((_, name)) = own else { return Ok(()) };
    let message = format!(
        "the source has a column `{name}` of its own, which `rejects` writes beside each row"
    );
    let hint = "where the source is itself a file that `rejects` has written, name it with --from; otherwise give its column another name";
    let place = Place::File(Arc::clone(job.rows.name()));
    Err(Failure::Input(vec![Diagnostic::error(Code::DuplicateColumn, place, message).hint(hint)]))
}

fn layout(job: &Job, source: &Source) -> Layout {
    let shape = shape_of(&job.rows, source);
    Layout {
        columns: source.written_columns().into_iter().map(|(_, name)| name.to_string()).collect(),
        shape,
        is_of_texts: shape.is_of_texts(),
        read: job.files().into_iter().map(Path::to_owned).collect(),
    }
}

/// As the source is written, where that can hold its rows one by one.
fn shape_of(rows: &Rows, source: &Source) -> Shape {
    let of_file = |format: Format, path: Option<&Path>| match format {
        Format::Csv { delimiter } => Shape::Csv { delimiter, marked: path.is_some_and(is_marked) },
        Format::Workbook => Shape::Workbook,
        Format::Json | Format::JsonLines => Shape::JsonLines,
    };
    match rows {
        Rows::File { format, manner, location, .. } if manner.shape.each.is_none() => {
            of_file(*format, location.path())
        }
        Rows::Several { files, .. } if source.lacking().is_empty() => {
            let are_plain = files.iter().all(|files| files.manner.shape.each.is_none());
            let mut shapes = files.iter().map(|files| {
                let first = files.files.first().and_then(|(location, _)| location.path());
                of_file(files.format, first)
            });
            let first = shapes.next().filter(|_| are_plain);
            first.filter(|first| shapes.all(|other| other == *first)).unwrap_or(Shape::JsonLines)
        }
        Rows::Returned { path, .. } => match Format::of_path(path) {
            Some(format) => of_file(format, Some(path)),
            None => Shape::JsonLines,
        },
        Rows::File { .. } | Rows::Several { .. } | Rows::Inline { .. } => Shape::JsonLines,
    }
}

/// Whether a file begins with the mark of UTF-8.
fn is_marked(path: &Path) -> bool {
    let mut head = [0; 3];
    let is_file = std::fs::metadata(path).is_ok_and(|about| about.is_file());
    is_file
        && std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
        && head == *"\u{feff}".as_bytes()
}

/// Hears rows and passes on those that are not done.
struct Telling<'a> {
    options: &'a RejectsOptions,
    job: &'a str,
    ledger: Option<&'a Ledger>,
    is_run: bool,
    preparer: &'a Preparer,
    columns: Vec<(usize, Arc<str>)>,
    /// How many rows without a name of their own have come that have these cells.
    cells: HashMap<Fingerprint, u64>,
    /// A row of which further parts may come.
    waiting: Option<Waiting>,
    /// By state.
    counts: [u64; 3],
    under_way: u64,
    others: u64,
    sink: &'a mut dyn Sink,
}

struct Waiting {
    first_share: u64,
    record: Record,
    reference: String,
    state: RejectState,
    said: Said,
}

impl Telling<'_> {
    fn hear(&mut self, row: Watched<'_>) -> Result<(), LedgerError> {
        let Watched { record, stands, name, problems } = row;
        if self.waiting.as_ref().is_some_and(|row| row.first_share != record.first_share()) {
            self.pass_on();
        }
        let reference = self.reference(record, name);
        let (state, said) = match stands {
            Stands::NotStarted => return Ok(()),
            Stands::Invalid => (RejectState::Invalid, said_of(problems)),
            Stands::Known(found) => match self.state(found) {
                Some(state) => (state, Said { hint: Some(hint_of(state)), ..self.cause(found)? }),
                None => return Ok(()),
            },
        };
        if !self.options.wants(state, said.code.as_deref()) {
            self.others += 1;
            return Ok(());
        }
        match &mut self.waiting {
            // Another part of the same row: the row comes back once, as what is the gravest.
            Some(waiting) if state > waiting.state => (waiting.state, waiting.said) = (state, said),
            Some(_) => {}
            None => {
                self.waiting = Some(Waiting {
                    first_share: record.first_share(),
                    record: record.clone(),
                    reference,
                    state,
                    said,
                });
            }
        }
        Ok(())
    }

    fn state(&mut self, found: Candidate) -> Option<RejectState> {
        match found.standing {
            Standing::Refused | Standing::GivenUp => Some(RejectState::Failed),
            Standing::UnderWay => {
                self.under_way += 1;
                None
            }
            Standing::Started if self.is_run => {
                self.under_way += 1;
                None
            }
            Standing::Started | Standing::InDoubt | Standing::Contradictory => {
                Some(RejectState::InDoubt)
            }
            Standing::Done
            | Standing::Dismissed
            | Standing::Undone
            | Standing::NotStarted
            | Standing::Deferred => None,
        }
    }

    fn cause(&self, found: Candidate) -> Result<Said, LedgerError> {
        let row = self.ledger.map(|ledger| ledger.unfinished(found.row)).transpose()?.flatten();
        let Some(cause) = row.and_then(|row| row.cause) else {
            return Ok(Said {
                why: "nothing is known of its answer".to_owned(),
                ..Said::default()
            });
        };
        Ok(Said { code: cause.code.clone(), why: of_cause(&cause), hint: None })
    }

    /// The name by which a row comes back; empty where it cannot.
    fn reference(&mut self, record: &Record, name: Option<Named>) -> String {
        if let Some(origin) = &record.origin {
            return origin.reference.to_string();
        }
        let is_known_by_parts = record.share.is_some_and(|share| share.count > 1);
        if is_known_by_parts && !self.preparer.has_key() {
            return String::new();
        }
        let key = self.preparer.whole_key(record);
        let identity = match (name, key) {
            (Some(Named::Content(digest, nth)), _) => Identity::Content(digest, nth),
            (Some(Named::Key), Some(key)) => Identity::of_key(&key),
            (None, Some(key)) => Identity::of_anothers_key(&key),
            (_, None) => {
                let come = self.cells.entry(self.preparer.fingerprint(record)).or_default();
                *come += 1;
                Identity::Cells(*come)
            }
        };
        Reference { cells: self.preparer.fingerprint(record), identity }.written(self.job)
    }

    /// Passes on the row that waits.
    fn pass_on(&mut self) {
        let Some(Waiting { record, reference, state, mut said, .. }) = self.waiting.take() else {
            return;
        };
        if reference.is_empty() {
            said.hint = Some(
                "the row comes to several notes and the job has no key, so it cannot come back: give the job a `key`, or correct the \
                 row in the source"
                    .to_owned(),
            );
        }
        let at = match state {
            RejectState::Invalid => 0,
            RejectState::Failed => 1,
            RejectState::InDoubt => 2,
        };
        self.counts[at] += 1;
        // Where each row has columns of its own it says which.
        let own = record.columns.as_ref().map(|columns| columns.names());
        let names: Vec<(usize, &str)> = match own {
            Some(names) => names.iter().map(AsRef::as_ref).enumerate().collect(),
            None => self.columns.iter().map(|(column, name)| (*column, name.as_ref())).collect(),
        };
        let cells = names.into_iter().filter(|(_, name)| own.is_none() || !TELLING.contains(name));
        let cells = cells.map(|(column, name)| (name, Out::from(record.written(column)))).collect();
        self.sink.row(&Reject { reference, place: record.stood(), state, said, cells });
    }
}

/// What to do with a row that was sent.
fn hint_of(state: RejectState) -> String {
    let hint = match state {
        RejectState::InDoubt => {
            "it may have arrived: look whether it is there and say so with `noteferry settle` (--there or --absent). Left as it is \
             here a run looks for it"
        }
        RejectState::Failed | RejectState::Invalid => {
            "correct what was refused. A row that is right as it is goes again with --retry-failed"
        }
    };
    hint.to_owned()
}

/// What is wrong with a row, as one text.
fn said_of(problems: Vec<RowProblem>) -> Said {
    let problems: Vec<Diagnostic> =
        problems.into_iter().map(of_row).filter(Diagnostic::is_error).collect();
    let Some(first) = problems.first() else {
        return Said {
            code: Some(Code::RepeatedKey.word().to_owned()),
            why: "an earlier row of the source has its key".to_owned(),
            hint: Some("give the row a key of its own".to_owned()),
        };
    };
    let words: Vec<Cow<'_, str>> = problems
        .iter()
        .map(|problem| match &problem.place {
            Place::Row(place) => match &place.column {
                Some(column) => Cow::Owned(format!("{column}: {}", problem.message)),
                None => Cow::Borrowed(problem.message.as_ref()),
            },
            _ => Cow::Borrowed(problem.message.as_ref()),
        })
        .collect();
    Said {
        code: Some(first.code.word().to_owned()),
        why: words.join("; "),
        hint: first.hint.as_ref().map(ToString::to_string),
    }
}
