//! Several files as one source, read one after the other: the columns of all, rows numbered through.
//!
//! A row keeps the file and the line it stands on. Which files, and in which order, the job says.

use std::sync::Arc;

use super::columns::{Columns, Keys};
use super::made::{Made, Passed, passed_by};
use super::record::{OwnedCell, Record};
use super::{Format, Location, Manner, Read, RowReader, Source};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::spelling::canonical;

/// Files that are read alike.
#[derive(Debug, Clone)]
pub struct Files {
    /// In their order: where each lies, and what messages call it.
    pub files: Vec<(Location, Arc<str>)>,
    /// What their rows are.
    pub format: Format,
    /// How they are written, beyond that.
    pub manner: Manner,
    /// Columns that all their rows have, with the same value in each.
    pub add: Vec<(Arc<str>, OwnedCell)>,
}

pub(super) struct Chain {
    all: Arc<[Files]>,
    /// Which files are next: of all, and of those that are read alike.
    next: (usize, usize),
    current: Option<Part>,
    asked: Vec<Arc<str>>,
    passed: Vec<Passed>,
    /// What was found wrong with a file, and is still to be told.
    untold: std::vec::IntoIter<Diagnostic>,
}

/// The file that is being read.
struct Part {
    source: Source,
    of: usize,
    /// Where each of its columns is among those of all.
    columns: Vec<usize>,
    /// Whether that is the same place for all.
    in_place: bool,
    added: Vec<usize>,
}

impl Chain {
    /// Opens all files, one after the other, for their columns.
    pub(super) fn source(name: Arc<str>, all: Arc<[Files]>) -> Result<Source, Vec<Diagnostic>> {
        let mut known = Known::default();
        let mut problems = Vec::new();
        for files in all.iter() {
            let mut tables = Vec::new();
            for (location, file) in &files.files {
                match Source::open(location, Arc::clone(file), files.format, &files.manner) {
                    Ok(source) => {
                        problems.extend(hidden(files, &source));
                        known.add(source.columns());
                        tables.push((Arc::clone(file), source.columns().clone()));
                    }
                    Err(found) => problems.extend(found),
                }
            }
            known.lack(&tables);
            let added = files.add.iter().map(|(name, _)| Arc::clone(name));
            known.add(&Columns::closed(added));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let made = Self {
            all,
            next: (0, 0),
            current: None,
            asked: Vec::new(),
            passed: Vec::new(),
            untold: Vec::new().into_iter(),
        };
        let mut source = Source::new(name, known.columns(), RowReader::Made(Box::new(made)));
        source.lacking = known.lacking;
        Ok(source)
    }

    /// Opens the next file. False: there is none.
    fn open_next(&mut self, keys: &mut Keys) -> Result<bool, Vec<Diagnostic>> {
        let Some(files) = self.all.get(self.next.0) else { return Ok(false) };
        let Some((location, name)) = files.files.get(self.next.1) else {
            self.next = (self.next.0 + 1, 0);
            return self.open_next(keys);
        };
        let of = self.next.0;
        self.next.1 += 1;
        let mut source = Source::open(location, Arc::clone(name), files.format, &files.manner)?;
        for asked in &self.asked {
            source.column(asked);
        }
        let added = files.add.iter().filter_map(|(name, _)| place_in(keys, name, 1)).collect();
        let mut part = Part { source, of, columns: Vec::new(), in_place: true, added };
        if !part.learn(keys) {
            let message = "the file has other columns than it had when its header was read first";
            let place = Place::File(Arc::clone(name));
            return Err(vec![
                Diagnostic::error(Code::UnreadableFile, place, message)
                    .hint("begin anew, and leave the file as it is until the end"),
            ]);
        }
        self.current = Some(part);
        Ok(true)
    }

    /// Puts the cells of a row into the columns that they have among all.
    fn place(&mut self, record: &mut Record, keys: &mut Keys) -> Result<(), Diagnostic> {
        let Some(part) = &mut self.current else { return Ok(()) };
        part.learn(keys);
        if !part.in_place {
            record.move_cells(&part.columns);
        }
        let Some(files) = self.all.get(part.of) else { return Ok(()) };
        if !files.add.is_empty() {
            record.hold_slots();
        }
        for ((name, cell), column) in files.add.iter().zip(&part.added) {
            if record.has(*column) {
                let message =
                    format!("the row has a cell `{name}` of its own, and the job adds one");
                let problem =
                    Diagnostic::error(Code::DuplicateKey, record.place.clone().into(), message);
                return Err(problem.hint("give the column under `add` another name"));
            }
            record.set_owned(*column, cell.clone());
        }
        if keys.columns().is_open() {
            let there = (0..record.width()).filter(|column| record.has(*column));
            let line = record.place.line;
            there.collect::<Vec<_>>().into_iter().for_each(|column| keys.met(column, line));
        }
        Ok(())
    }
}

impl Part {
    /// Finds places for columns that are new. False: there is none for one.
    fn learn(&mut self, keys: &mut Keys) -> bool {
        let names = self.source.columns().written();
        while let Some(name) = names.get(self.columns.len()) {
            let at = self.columns.len();
            let before = names[..at].iter().filter(|other| canonical(other) == canonical(name));
            let Some(place) = place_in(keys, name, before.count() + 1) else { return false };
            self.in_place &= place == at;
            self.columns.push(place);
        }
        true
    }
}

/// The place of the so-manieth column of a name; open columns make room for the first.
fn place_in(keys: &mut Keys, name: &str, nth: usize) -> Option<usize> {
    if nth == 1 && keys.columns().is_open() {
        return Some(keys.intern(name));
    }
    keys.columns().all(name).get(nth - 1).copied()
}

impl Made for Chain {
    fn next(&mut self, record: &mut Record, keys: &mut Keys) -> Read {
        loop {
            if let Some(problem) = self.untold.next() {
                return Read::Problem(problem);
            }
            let Some(part) = &mut self.current else {
                match self.open_next(keys) {
                    Ok(true) => continue,
                    Ok(false) => return Read::End,
                    Err(problems) => {
                        self.untold = problems.into_iter();
                        continue;
                    }
                }
            };
            match part.source.next(record) {
                Read::Row => {
                    return match self.place(record, keys) {
                        Ok(()) => Read::Row,
                        Err(problem) => Read::Problem(problem),
                    };
                }
                Read::Problem(problem) => return Read::Problem(problem),
                Read::End => {
                    self.passed.extend(passed_by(&part.source));
                    self.current = None;
                }
            }
        }
    }

    fn ask(&mut self, name: &str) {
        if let Some(part) = &mut self.current {
            part.source.column(name);
        }
        self.asked.push(name.into());
    }

    fn passed(&self) -> Vec<Passed> {
        let current = self.current.iter().flat_map(|part| passed_by(&part.source));
        self.passed.iter().cloned().chain(current).collect()
    }
}

/// A column of a file that the job would hide by one it adds.
fn hidden(files: &Files, source: &Source) -> Option<Diagnostic> {
    let is_there = |(name, _): &&(Arc<str>, OwnedCell)| {
        !source.columns().is_open() && source.columns().index(name).is_some()
    };
    let (name, _) = files.add.iter().find(is_there)?;
    let message = format!("the file has a column `{name}`, and the job adds one of that name");
    let place = Place::File(Arc::clone(&source.name));
    let problem = Diagnostic::error(Code::DuplicateColumn, place, message);
    Some(problem.hint("give the column under `add` another name"))
}

/// The columns of all files.
#[derive(Default)]
struct Known {
    names: Vec<Arc<str>>,
    is_open: bool,
    lacking: Vec<(Arc<str>, Arc<str>)>,
}

impl Known {
    fn add(&mut self, columns: &Columns) {
        self.is_open |= columns.is_open();
        let written = columns.written();
        for (at, name) in written.iter().enumerate() {
            let same = |other: &&Arc<str>| canonical(other) == canonical(name);
            let wanted = written[..=at].iter().filter(same).count();
            if self.names.iter().filter(same).count() < wanted {
                self.names.push(Arc::clone(name));
            }
        }
    }

    /// Notes which of the tables that are read alike lack a column that another of them has.
    fn lack(&mut self, tables: &[(Arc<str>, Columns)]) {
        let all: indexmap::IndexSet<&Arc<str>> =
            tables.iter().flat_map(|(_, columns)| columns.written()).collect();
        for (file, columns) in tables {
            let lacking = all.iter().filter(|name| !columns.has(name));
            self.lacking.extend(lacking.map(|name| (Arc::clone(file), Arc::clone(name))));
        }
    }

    fn columns(&self) -> Columns {
        match self.is_open {
            false => Columns::of_header(self.names.clone()),
            true => {
                let mut columns = Columns::open();
                for name in &self.names {
                    columns.intern(name);
                }
                columns
            }
        }
    }
}
