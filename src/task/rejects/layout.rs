//! What a file of rejects is like: as the source is written, where that can hold its rows one by one.
//!
//! Not for how such a file is written.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::declared::job::{Job, Rows};
use crate::source::{Format, Source, TELLING};
use crate::table::Shape;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::Failure;

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

/// Rows that tell of themselves would hide what is written beside them.
pub(super) fn refuse_own_columns(job: &Job, source: &Source) -> Result<(), Failure> {
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

impl Layout {
    pub(super) fn of(job: &Job, source: &Source) -> Self {
        let shape = shape_of(&job.rows, source);
        let columns = source.written_columns();
        Self {
            columns: columns.into_iter().map(|(_, name)| name.to_string()).collect(),
            shape,
            is_of_texts: shape.is_of_texts(),
            read: job.files().into_iter().map(Path::to_owned).collect(),
        }
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
