//! Which sheet of a workbook has the notes, and which of its rows names the columns.

use std::num::NonZeroU32;

use super::{LookOptions, Opened, rows, sheet_of};
use crate::draft::names::{Role, fits};
use crate::draft::seen::{ColumnSeen, EachSeen, FileSeen, How, Trait};
use crate::source::peek;
use crate::source::{Format, Manner, Shape, SheetName, Table};
use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;

/// So many sheets are looked into.
const SHEETS: usize = 20;
/// So many rows are tried as the header, where it does not show by itself.
const HEADER_ROWS: u32 = 20;

/// Looks at a workbook.
pub(super) fn look(file: &Opened<'_>, options: &LookOptions) -> Result<FileSeen, Vec<Diagnostic>> {
    let sheets = peek::sheets(&file.location, &file.name).map_err(|problem| vec![problem])?;
    let visible: Vec<String> =
        sheets.into_iter().filter(|sheet| sheet.is_visible).map(|sheet| sheet.name).collect();
    if options.sheet.is_some() || visible.len() < 2 {
        let told =
            |name: &String| Trait { said: ("sheet", EachSeen::Text(name.clone())), how: How::Told };
        let traits = options.sheet.iter().map(told).collect();
        return look_at_sheet(file, sheet_of(&options.sheet), options.header_row, traits);
    }
    let mut found: Option<(usize, FileSeen)> = None;
    let mut problems = Vec::new();
    for name in visible.iter().take(SHEETS) {
        let others = visible.iter().filter(|other| *other != name).cloned().collect();
        let said = ("sheet", EachSeen::Text(name.clone()));
        let traits = vec![Trait { said, how: How::Sheet(others) }];
        match look_at_sheet(file, Some(SheetName::parse(name)), options.header_row, traits) {
            Ok(seen) => {
                let rated = rate(&seen.columns);
                if found.as_ref().is_none_or(|(best, _)| rated > *best) {
                    found = Some((rated, seen));
                }
            }
            // The first sheet is the likeliest one, so its problems are told.
            Err(faults) if problems.is_empty() => problems = faults,
            Err(_) => {}
        }
    }
    found.map(|(_, seen)| seen).ok_or(problems)
}

fn look_at_sheet(
    file: &Opened<'_>,
    sheet: Option<SheetName>,
    header_row: Option<NonZeroU32>,
    traits: Vec<Trait>,
) -> Result<FileSeen, Vec<Diagnostic>> {
    let read = |header_row: Option<NonZeroU32>, how: How| {
        let manner = Manner {
            table: Table { header_row, ..Table::default() },
            shape: Shape { sheet: sheet.clone(), ..Shape::default() },
            ..Manner::default()
        };
        let mut traits = traits.clone();
        let said = |row: NonZeroU32| ("header_row", EachSeen::Number(row.get()));
        traits.extend(header_row.map(|row| Trait { said: said(row), how }));
        rows::look(file, Format::Workbook, manner, traits)
    };
    let problems = match read(header_row, How::Told) {
        Err(problems) if header_row.is_none() && problems.iter().any(is_about_header) => problems,
        seen => return seen,
    };
    // No row can be nothing but the header: the one counts whose names are known best.
    let tried = (1..=HEADER_ROWS).filter_map(NonZeroU32::new);
    let tried = tried.filter_map(|row| read(Some(row), How::Usual).ok());
    let best = tried.max_by_key(|seen| rate(&seen.columns)).filter(|seen| rate(&seen.columns) > 1);
    best.ok_or(problems)
}

fn is_about_header(problem: &Diagnostic) -> bool {
    matches!(problem.code, Code::Sheet | Code::DuplicateColumn)
}

/// How many of the columns of notes are among these.
fn rate(columns: &[ColumnSeen]) -> usize {
    let has = |role: Role| columns.iter().any(|column| fits(role, &column.name) > 0);
    let all = [Role::Ticket, Role::Text, Role::Internal, Role::Author, Role::Time];
    all.into_iter().filter(|role| has(*role)).count()
}
