//! What is true or false by a comparison with a text: warned of, since a text that is spelled a little differently quietly
//! means the other.
//!
//! Where such comparisons stand in an expression is for `mapping`.

use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;

use super::FieldOrigin;
use super::mapping::Comparison;

/// A warning for a field of true and false that hangs on a comparison.
pub(super) fn warning(field: &FieldOrigin) -> Option<Diagnostic> {
    let (Comparison { column, text, equal }, place) =
        (field.origin.comparison()?, field.at.as_ref()?);
    let (name, other) = (&field.field, !equal);
    let message = format!(
        "`{name}` hangs on whether `{column}` is exactly \"{text}\": with another blank, capital or form of a letter it is not"
    );
    let column = column.replace('"', "'");
    let hint = format!(
        "name every text, and any other is a problem that is shown: {name}: {{ from: \"{{{{ {column} }}}}\", values: {{ \
         \"{text}\": {equal}, \"…\": {other} }} }}"
    );
    let warning = Diagnostic::warning(Code::TextComparison, place.clone(), message);
    Some(warning.hint(hint))
}
