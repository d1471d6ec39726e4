//! That the source has no row of a number that somebody has named.

use std::sync::Arc;

use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

/// `all` is how many rows the source has, where that is how they are numbered; `source` is its name.
pub(crate) fn of_missing_row(row: u64, all: Option<u64>, source: &Arc<str>) -> Diagnostic {
    let message = match all {
        Some(all) => format!("there is no row {row}: the source has {all}"),
        None => format!("there is no row {row} in the source"),
    };
    let hint = "rows count from 1, and the header is none; a line of the file is another number";
    Diagnostic::error(Code::UnknownRow, Place::File(Arc::clone(source)), message).hint(hint)
}
