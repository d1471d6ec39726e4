//! Which row of a sheet names its columns, where nobody says.
//!
//! A guess that is wrong would make notes of names, so one is made only where a row can be nothing else.

use std::collections::HashSet;

use super::cells::SheetRow;
use super::value::CellValue;

/// The first row whose cells are texts, side by side, each another, and that reaches as far to both sides as the row below
/// it. A title above a table has fewer cells than the header: a row above that has as many is a row of the table.
pub(super) fn find(rows: &[SheetRow]) -> Option<usize> {
    let is_narrow = rows.iter().all(|row| filled(row).count() < 2);
    let mut candidates = rows.iter().enumerate().filter(|(_, row)| may_name(row, is_narrow));
    let (at, row) = candidates.find(|(at, row)| match rows.get(at + 1) {
        Some(below) => covers(row, below),
        None => rows.len() == 1,
    })?;
    let are_titles = rows[..at].iter().all(|above| filled(above).count() < filled(row).count());
    are_titles.then_some(at)
}

fn may_name(row: &SheetRow, is_narrow: bool) -> bool {
    let columns: Vec<u32> = filled(row).map(|(column, _)| *column).collect();
    let (Some(first), Some(last)) = (columns.first(), columns.last()) else { return false };
    let are_side_by_side = (last - first) as usize + 1 == columns.len();
    let mut names = HashSet::new();
    let are_names = filled(row).all(|(_, value)| match value {
        CellValue::Text(text) => !is_figure(text) && names.insert(text.trim().to_lowercase()),
        _ => false,
    });
    are_side_by_side && are_names && (columns.len() > 1 || is_narrow)
}

/// A text that is a number or a date, as no name of a column is.
fn is_figure(text: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_digit() || "+-.,/: TZ".contains(letter);
    text.chars().any(|letter| letter.is_ascii_digit()) && text.chars().all(is_part)
}

fn covers(row: &SheetRow, below: &SheetRow) -> bool {
    let ends = |row: &SheetRow| {
        let columns = filled(row).map(|(column, _)| *column);
        (columns.clone().min(), columns.max())
    };
    let ((first, last), (first_below, last_below)) = (ends(row), ends(below));
    first <= first_below && last >= last_below
}

fn filled(row: &SheetRow) -> impl Iterator<Item = &(u32, CellValue)> + Clone {
    row.cells.iter().filter(|(_, value)| !value.is_blank())
}
