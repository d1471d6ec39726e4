//! The job's named values, compiled in their order: each sees those above it, and hides a column of its name from all that
//! stands below.

use std::sync::Arc;

use crate::declared::job::MapEntry;
use crate::source::Source;
use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;
use crate::text::expression::{is_identifier, is_taken};

use super::mapping::{Language, Mapped, NamedValue, Origin};

/// Compiles named values. What is wrong with one goes to `problems`.
pub(super) fn named(
    language: &mut Language,
    entries: &[MapEntry],
    source: &mut Source,
    problems: &mut Vec<Diagnostic>,
) -> Vec<NamedValue> {
    let mut named: Vec<NamedValue> = Vec::new();
    for entry in entries {
        if let Some(problem) = unfit_name(entry) {
            problems.push(problem);
            continue;
        }
        problems.extend(hidden_column(entry, source));
        let origin = Origin::of_value(language, &entry.value, &entry.value_place, source);
        // One that cannot be made is there all the same: it is told once, and not missed wherever it is used.
        let origin = origin.unwrap_or_else(|found| {
            problems.extend(found);
            Origin::Constant(Mapped::Absent)
        });
        let name = Arc::from(entry.field.as_str());
        language.add_named(&name, &origin);
        named.push(NamedValue { name, origin });
    }
    named
}

/// A name that expressions could not use.
fn unfit_name(entry: &MapEntry) -> Option<Diagnostic> {
    let name = entry.field.as_str();
    let message = match is_identifier(name) {
        false => format!("`{name}` is no name for a value: expressions could not use it"),
        true if is_taken(name) => format!("`{name}` means something else in expressions"),
        true => return None,
    };
    let problem = Diagnostic::error(Code::InvalidValue, entry.field_place.clone(), message);
    Some(problem.hint("a name is of the letters a to z, digits and _, as in written_at"))
}

/// A name that a column has. Where later rows may bring columns nobody can tell.
fn hidden_column(entry: &MapEntry, source: &Source) -> Option<Diagnostic> {
    let columns = source.columns();
    columns.index(&entry.field).filter(|_| !columns.is_open())?;
    let name = &entry.field;
    let message =
        format!("the value `{name}` hides the column of this name from all that stands below");
    let warning = Diagnostic::warning(Code::HiddenColumn, entry.field_place.clone(), message);
    Some(warning.hint("call the value something else if both are needed"))
}
