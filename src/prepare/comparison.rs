//! What is true or false by a comparison with a text: warned of, since a text that is spelled a little differently quietly
//! means the other.
//!
//! Where such comparisons stand in an expression is for `mapping`.

use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::FieldOrigin;
use super::mapping::{Comparison, Misread, Origin};

/// A warning for a field of true and false that hangs on a comparison.
pub(super) fn warning(field: &FieldOrigin) -> Option<Diagnostic> {
    let (Comparison { column, texts, equal }, place) =
        (field.origin.comparison()?, field.at.as_ref()?);
    let (name, other) = (&field.field, !equal);
    let quoted: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    let one_of = if texts.len() > 1 { "one of " } else { "" };
    let message = format!(
        "`{name}` hangs on whether `{column}` is exactly {one_of}{}: with another blank, capital or form of a letter it is not",
        quoted.join(", ")
    );
    let listed: Vec<String> = quoted.iter().map(|text| format!("{text}: {equal}")).collect();
    let column = column.replace('"', "'");
    let hint = format!(
        "name every text, and any other is a problem that is shown: {name}: {{ from: \"{{{{ {column} }}}}\", values: {{ \
         {}, \"…\": {other} }} }}",
        listed.join(", ")
    );
    let warning = Diagnostic::warning(Code::TextComparison, place.clone(), message);
    Some(warning.hint(hint))
}

/// What is wrong with an expression over columns of texts that takes one of them for something else. That a text is compared with
/// what no text equals cannot be meant; that it is negated may be, unless `decides` says that true and false hang on it.
pub(super) fn misread(origin: &Origin, place: &Place, decides: bool) -> Option<Diagnostic> {
    match origin.misread()? {
        Misread::Compared { column, with } => {
            let message = format!(
                "`{column}` is a text, as all cells of a CSV file are, and no text equals {with}: this is the same for every row"
            );
            let hint = format!(
                "write the text that the file has, as in {column} == '{with}'; or for true and false a table: {{ from: \"{{{{ \
                 {} }}}}\", values: {{ \"true\": true, \"false\": false }} }}",
                column.replace('"', "'")
            );
            let problem = Diagnostic::error(Code::TextComparison, place.clone(), message);
            Some(problem.hint(hint))
        }
        Misread::Negated { column } if decides => {
            let message = format!(
                "`not {column}` is false of every text but an empty one, and cells of a CSV file are texts: of \"false\" and \
                 \"0\" as well"
            );
            let hint = format!(
                "name the texts: {{ from: \"{{{{ {} }}}}\", values: {{ \"true\": false, \"false\": true }} }}; in `where`, \
                 {column} != 'true'",
                column.replace('"', "'")
            );
            let warning = Diagnostic::warning(Code::TextComparison, place.clone(), message);
            Some(warning.hint(hint))
        }
        Misread::Negated { .. } => None,
    }
}
