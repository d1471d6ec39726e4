//! Which column of a file is for what: what somebody has said, what its system is known for, what it is called, what stands in it.

use std::sync::Arc;

use crate::draft::drafted::Remark;
use crate::draft::names::{Role, fits, is_called_id, plain};
use crate::draft::seen::{ColumnSeen, FileSeen};
use crate::draft::system::{System, TableEach};
use crate::draft::{Answers, shape, time};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use crate::text::expression::term;

/// A column that was picked.
#[derive(Debug, Clone)]
pub(in crate::draft) struct Pick {
    pub column: ColumnSeen,
    /// As it stands in an expression.
    pub term: String,
    pub by: Remark,
}

impl Pick {
    fn of(column: &ColumnSeen, by: Remark) -> Self {
        Self { column: column.clone(), term: term(&column.name), by }
    }
}

/// The columns of the main file.
#[derive(Debug, Clone)]
pub(in crate::draft) struct Picked {
    pub ticket: Option<Pick>,
    pub text: Option<Pick>,
    pub author: Option<Pick>,
    pub time: Option<Pick>,
    pub key: Option<Pick>,
    pub reminder: Option<Pick>,
    pub due: Option<Pick>,
}

/// Finds the columns. `problems` gets what somebody has said of columns that are not there.
pub(in crate::draft) fn pick(
    seen: &FileSeen,
    system: Option<&System>,
    answers: &Answers,
    problems: &mut Vec<Diagnostic>,
) -> Picked {
    let mut finder = Finder { seen, problems };
    let of = |list: fn(&System) -> &'static [&'static str]| system.map_or(&[][..], list);
    let ticket = finder
        .told(answers.ticket.as_ref())
        .or_else(|| finder.known(of(|system| system.ticket)))
        .or_else(|| finder.ticket());
    let cells = system.and_then(|system| match system.each {
        Some(TableEach::Cells(name)) => Some(cells_of(seen, name)),
        _ => None,
    });
    if let Some([time, author, text]) = cells {
        let told = |finder: &mut Finder<'_>, said: &Option<String>| finder.told(said.as_ref());
        return Picked {
            text: told(&mut finder, &answers.note).or(Some(text)),
            author: told(&mut finder, &answers.author).or(Some(author)),
            time: told(&mut finder, &answers.time).or(Some(time)),
            key: finder.told(answers.key.as_ref()),
            reminder: None,
            due: None,
            ticket,
        };
    }
    let text = finder
        .told(answers.note.as_ref())
        .or_else(|| finder.known(of(|system| system.text)))
        .or_else(|| finder.text());
    let reminder = finder.time_called(Role::Reminder);
    let due = finder.time_called(Role::Due);
    let taken: Vec<String> = [&ticket, &text, &reminder, &due]
        .into_iter()
        .flatten()
        .map(|pick| pick.column.name.clone())
        .collect();
    let time = finder
        .told(answers.time.as_ref())
        .or_else(|| finder.known(of(|system| system.time)))
        .or_else(|| finder.time(&taken));
    let author = finder
        .told(answers.author.as_ref())
        .or_else(|| finder.known(of(|system| system.author)))
        .or_else(|| finder.author(&taken));
    let key = finder
        .told(answers.key.as_ref())
        .or_else(|| finder.known(of(|system| system.key)))
        .or_else(|| finder.key(&taken));
    Picked { ticket, text, author, time, key, reminder, due }
}

/// The columns of a cell of date, account and text.
fn cells_of(seen: &FileSeen, name: &str) -> [Pick; 3] {
    let is_one = |column: &&ColumnSeen| {
        column.name == name
            || column.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('['))
    };
    let cells: Vec<&str> = seen.columns.iter().filter(is_one).flat_map(ColumnSeen::texts).collect();
    let part = |at: usize| {
        let parts = cells.iter().filter_map(|cell| cell.splitn(3, ';').nth(at));
        ColumnSeen::of_texts(name, parts)
    };
    [(0, "parts[0]"), (1, "account"), (2, "parts[2]")].map(|(at, term)| Pick {
        column: part(at),
        term: term.to_owned(),
        by: Remark::OfSystem,
    })
}

struct Finder<'a> {
    seen: &'a FileSeen,
    problems: &'a mut Vec<Diagnostic>,
}

impl Finder<'_> {
    fn told(&mut self, name: Option<&String>) -> Option<Pick> {
        let name = name?;
        match find(self.seen, name) {
            Ok(column) => Some(Pick::of(column, Remark::Told)),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    fn known(&self, names: &[&str]) -> Option<Pick> {
        let there = names.iter().filter_map(|name| self.seen.column(name));
        there
            .filter(|column| column.rows() > 0)
            .map(|column| Pick::of(column, Remark::OfSystem))
            .next()
    }

    /// The column that is called so most clearly, of those that may be.
    fn called(&self, role: Role, may_be: impl Fn(&ColumnSeen) -> bool) -> Option<Pick> {
        let named = self.seen.columns.iter().map(|column| (fits(role, &column.name), column));
        let named = named.filter(|(rated, column)| *rated > 0 && may_be(column));
        // Of two that are called alike the first counts.
        let best = named.rev().max_by_key(|(rated, _)| *rated);
        best.map(|(_, column)| Pick::of(column, Remark::ByName(column.name.clone())))
    }

    fn ticket(&self) -> Option<Pick> {
        let around = ["parent.number", "parent.display_id", "parent.ticket_id", "parent.key"];
        let is_short = |column: &ColumnSeen| {
            column.filled > 0
                && column.nested == 0
                && column.average() <= 40
                && column.several_lines == 0
        };
        let by_name = |column: &ColumnSeen| Pick::of(column, Remark::ByName(column.name.clone()));
        let own = || self.called(Role::Ticket, is_short);
        let of_around =
            |names: &[&str]| names.iter().find_map(|name| self.seen.column(name)).map(by_name);
        of_around(&around).or_else(own).or_else(|| of_around(&["parent.id"]))
    }

    fn text(&self) -> Option<Pick> {
        let may_be = |column: &ColumnSeen| {
            column.texts > 0 && column.share(time::is_time) < 50 && column.share(shape::is_id) < 90
        };
        let longest = || {
            let long =
                self.seen.columns.iter().filter(|column| may_be(column) && column.average() >= 15);
            let best = long.rev().max_by_key(|column| column.average());
            best.map(|column| Pick::of(column, Remark::ByShape(column.name.clone())))
        };
        self.called(Role::Text, may_be).or_else(longest)
    }

    fn is_time(&self, column: &ColumnSeen) -> bool {
        let is_workbook = self.seen.format == crate::source::Format::Workbook;
        column.nested == 0 && time::recognise(column.texts(), None, is_workbook).is_some()
    }

    fn time_called(&self, role: Role) -> Option<Pick> {
        self.called(role, |column| self.is_time(column))
    }

    fn time(&self, taken: &[String]) -> Option<Pick> {
        let may_be = |column: &ColumnSeen| !taken.contains(&column.name) && self.is_time(column);
        let by_shape = || {
            let found = self.seen.columns.iter().find(|column| may_be(column));
            found.map(|column| Pick::of(column, Remark::ByShape(column.name.clone())))
        };
        self.called(Role::Time, may_be).or_else(by_shape)
    }

    fn author(&self, taken: &[String]) -> Option<Pick> {
        let may_be = |column: &ColumnSeen| {
            !taken.contains(&column.name)
                && column.filled > 0
                && column.truths == 0
                && column.average() <= 80
                && !self.is_time(column)
        };
        self.called(Role::Author, may_be)
    }

    fn key(&self, taken: &[String]) -> Option<Pick> {
        let may_be = |column: &ColumnSeen| {
            !taken.contains(&column.name) && column.is_unique() && column.filled == self.seen.rows
        };
        let by_ending = || {
            let is_id = |column: &&ColumnSeen| {
                is_called_id(&column.name)
                    && may_be(column)
                    && self.seen.rows > 1
                    && column.average() <= 40
                    && column.share(time::is_time) == 0
            };
            let found = self.seen.columns.iter().find(is_id);
            found.map(|column| Pick::of(column, Remark::ByName(column.name.clone())))
        };
        self.called(Role::Key, may_be).or_else(by_ending)
    }
}

/// The column that somebody has named.
pub(super) fn find<'a>(seen: &'a FileSeen, name: &str) -> Result<&'a ColumnSeen, Diagnostic> {
    let all = || seen.columns.iter().chain(&seen.around);
    let alike =
        || all().find(|column| plain(&column.name) == plain(name) && !plain(name).is_empty());
    seen.column(name).or_else(alike).ok_or_else(|| {
        let place = Place::File(Arc::clone(&seen.name));
        let problem = Diagnostic::error(
            Code::UnknownColumn,
            place,
            format!("the file has no column `{name}`"),
        );
        problem.hint_names(name, all().map(|column| column.name.as_str()))
    })
}
