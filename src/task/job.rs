//! A job as a verb opens it: the file, its source, its mapping.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::declared::job::{self, Broken, Given, Job, Rows};
use crate::plan::{Open, Readings};
use crate::prepare::{Origins, Preparer};
use crate::report::of_changed_key;
use crate::source::Source;
use crate::text::address::{AddressError, BaseUrl};
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::pointer::Pointer;
use crate::text::spelling::is_same;

use super::{Listener, Told};

/// Which job, and where things are.
#[derive(Debug, Clone)]
pub(crate) struct JobOptions {
    /// A YAML job, or a data file.
    pub path: PathBuf,
    /// What the command line says of it.
    pub given: Given,
    /// Rows of the job that come back corrected, in the place of its source.
    pub from: Option<PathBuf>,
    /// A source with fewer rows is refused, where that was said; otherwise what the job says.
    pub min_rows: Option<u64>,
    /// Folders in which connectors are looked for first.
    pub connectors: Vec<PathBuf>,
    /// Where the ledger is, or would be.
    pub ledger: PathBuf,
}

/// A job, ready to be read.
pub(super) struct Opening {
    pub job: Job,
    pub preparer: Preparer,
    /// Told, and passed over.
    pub warnings: Vec<Diagnostic>,
}

impl Opening {
    /// Opens a job and everything that it names; the source is at its first row. `address` is that of the command line,
    /// if it names one.
    pub(super) fn open(
        options: &JobOptions,
        address: Option<&str>,
    ) -> Result<(Self, Source), Vec<Diagnostic>> {
        let job = job::load(&options.path, &options.given, &options.connectors);
        let mut job = job.map_err(all_mistakes)?;
        job.min_rows = options.min_rows.unwrap_or(job.min_rows);
        address.map_or(Ok(()), refuse_address)?;
        match &options.from {
            Some(file) => Self::of_returned(job, (file, options.min_rows)),
            None => Self::of(job),
        }
    }

    /// Opens some rows of a job that come back, in any number.
    fn of_returned(
        own: Job,
        (file, min_rows): (&Path, Option<u64>),
    ) -> Result<(Self, Source), Vec<Diagnostic>> {
        let rows = own.rows.returned(file.to_owned());
        let job = Job { rows, min_rows: min_rows.unwrap_or(0), ..own.clone() };
        let (mut opening, source) = Self::of(job)?;
        let asked = Origins::asked_by(&opening.preparer, opening.reopen()?);
        if !asked.is_empty() {
            // Whether rows without a name were sent meanwhile shows beside the source alone.
            let (own, own_source) = Self::of(own)?;
            opening.preparer.beside(asked.read(&own.preparer, own_source));
        }
        Ok((opening, source))
    }

    /// Opens what a job names; the source is at its first row.
    pub(super) fn of(job: Job) -> Result<(Self, Source), Vec<Diagnostic>> {
        let mut source = job.rows.open().map_err(|mut problems| {
            problems.extend(Preparer::faults_without_source(&job));
            problems
        })?;
        let (mut preparer, warnings) = Preparer::compile(&job, &mut source)?;
        let source = preparer.in_order(source)?;
        Ok((Self { job, preparer, warnings }, source))
    }

    /// Tells what was passed over, once.
    pub(super) fn tell_warnings(&mut self, listener: Listener<'_>) {
        self.warnings.drain(..).for_each(|warning| listener(Told::Problem(warning)));
    }

    /// The source from its beginning, once more.
    pub(super) fn reopen(&self) -> Result<Source, Vec<Diagnostic>> {
        self.preparer.reopen(&self.job)
    }

    /// `now` is the moment that all readings go by, in unix milliseconds.
    pub(super) fn readings<'a>(&'a self, open: Open<'a>, now: i64) -> Readings<'a> {
        Readings { job: &self.job, preparer: &self.preparer, open, now }
    }
}

/// All that is wrong with a job: what its file shows, and what shows before its source.
fn all_mistakes(broken: Broken) -> Vec<Diagnostic> {
    let Broken { mut problems, sketch } = broken;
    let Some(sketch) = sketch else { return problems };
    let opened = sketch.rows.as_ref().map(Rows::open).transpose();
    let source = opened.unwrap_or_else(|found| {
        problems.extend(found);
        None
    });
    problems.extend(Preparer::faults(&sketch, source));
    problems
}

/// Refuses an address of the command line to which no requests can go, or that holds credentials. Those are not
/// repeated: they would be shown, and kept in the ledger.
fn refuse_address(address: &str) -> Result<(), Vec<Diagnostic>> {
    let refuse = |error: AddressError| {
        let problem = Diagnostic::error(error.code(), Place::Nowhere, error.to_string());
        vec![problem.hint(error.hint())]
    };
    BaseUrl::parse(address).map(drop).map_err(refuse)
}

/// Where a job's ledger is: where the user says, or beside the job.
pub(crate) fn ledger_place(job: &Path, named: Option<PathBuf>) -> PathBuf {
    // By a link to it, or to its folder, it is the same job.
    let path = named.unwrap_or_else(|| beside(&without_links(job)));
    // What lies beside a ledger belongs to it, and lies beside the file, not beside a link to it.
    if path.is_symlink() { path.canonicalize().unwrap_or(path) } else { path }
}

/// Where a job's ledger may be that the user has not named: beside the job, or beside a link to it, where it was made by
/// versions that did not follow links.
pub(super) fn usual_ledger_places(job: &Path) -> [PathBuf; 2] {
    [ledger_place(job, None), beside(job)]
}

fn beside(job: &Path) -> PathBuf {
    job.parent().unwrap_or(Path::new("")).join(".noteferry").join("ledger.db")
}

/// The path itself, if no link is in it.
fn without_links(path: &Path) -> Cow<'_, Path> {
    match path.ancestors().any(Path::is_symlink) {
        true => path.canonicalize().map_or(Cow::Borrowed(path), Cow::Owned),
        false => Cow::Borrowed(path),
    }
}

/// Under another key every row would be a new one, and everything that is done would be sent again. `before` is what
/// the rows were known by until now, if any were sent.
pub(super) fn refuse_changed_key(job: &Job, before: Option<String>) -> Result<(), Vec<Diagnostic>> {
    let Some(before) = before.filter(|before| !is_same(before, job.keyed_by())) else {
        return Ok(());
    };
    let place = match (&job.document, &job.key) {
        (_, Some(key)) => key.place.clone(),
        (Some(document), None) => document.place_of_key(&Pointer::of(["job"])),
        (None, None) => Place::Nowhere,
    };
    let (was, is) = (before.as_str(), job.keyed_by());
    // A data file has no key to put back, and its name is the file's.
    let data_file = job.document.is_none().then_some(&*job.name);
    Err(vec![of_changed_key(place, (was, is), data_file)])
}
