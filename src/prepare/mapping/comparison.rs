//! Comparisons with texts in an expression: `flag == "Có"`, `flag | lower in ["có", "co"]`.
//!
//! Where such a comparison decides between true and false, a text that is spelled a little differently quietly means the
//! other. Whether that matters is for whoever knows the field.

use super::scan_calls::outside_quotes;

/// A column that is compared with texts, as all are written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Comparison<'t> {
    /// With the filters behind it, as in `flag | lower`.
    pub(crate) column: &'t str,
    pub(crate) texts: Vec<&'t str>,
    /// Whether it is asked if they are equal, and not if they differ.
    pub(crate) equal: bool,
}

/// A column of texts that is taken for something else.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Misread<'t> {
    /// It is compared with what no text equals.
    Compared { column: &'t str, with: &'t str },
    /// It is negated, which any text is that is not empty: `false` as well.
    Negated { column: &'t str },
}

/// The first place at which a bare column is taken for true, false or a number.
pub(super) fn misread<'t>(code: &'t str, is_column: impl Fn(&str) -> bool) -> Option<Misread<'t>> {
    let bytes = code.as_bytes();
    let signs = outside_quotes(code)
        .filter(|(at, byte)| matches!(byte, b'=' | b'!') && bytes.get(at + 1) == Some(&b'='));
    let mut pairs = signs.flat_map(|(at, _)| {
        let (left, right) = (code[..at].trim_end(), code[at + 2..].trim_start());
        [
            last_column(left).zip(first_constant(right)),
            first_column(right).zip(last_column(left).filter(|word| is_constant(word))),
        ]
    });
    let compared = pairs.find_map(|pair| pair.filter(|(column, _)| is_column(name(column))));
    if let Some((column, with)) = compared {
        return Some(Misread::Compared { column, with });
    }
    let starts =
        outside_quotes(code).map(|(at, _)| at).filter(|at| code[*at..].starts_with("not "));
    starts.into_iter().find_map(|at| {
        let is_word = !code[..at].ends_with(is_of_name);
        let operand = code[at + "not ".len()..].trim_start();
        let column = first_column(operand).filter(|column| is_word && is_column(name(column)))?;
        let rest = operand[column.len()..].trim_start();
        let ends = ["and ", "or ", "if ", "else ", ")"].iter().any(|end| rest.starts_with(end));
        (rest.is_empty() || ends).then_some(Misread::Negated { column })
    })
}

/// What no text equals.
fn is_constant(word: &str) -> bool {
    matches!(word, "true" | "false" | "True" | "False")
        || (!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

fn first_constant(right: &str) -> Option<&str> {
    let end = right.find(|letter| !is_of_name(letter)).unwrap_or(right.len());
    Some(&right[..end]).filter(|word| is_constant(word))
}

/// Filters that leave a cell a text of its own: whatever else stands there is none of those that are compared.
const SPELLINGS: [&str; 7] = ["lower", "upper", "trim", "title", "nfc", "squeeze", "string"];

/// The first comparison of a column with texts. A column that goes through another filter before has been thought about.
pub(super) fn with_text<'t>(
    code: &'t str,
    is_column: impl Fn(&str) -> bool,
) -> Option<Comparison<'t>> {
    outside_quotes(code).find_map(|(at, byte)| {
        let (operand, texts, equal) = match byte {
            b'=' | b'!' => equality(code, at)?,
            b'i' => membership(code, at)?,
            _ => return None,
        };
        let Operand { column, written } = operand;
        is_column(name(column)).then_some(Comparison { column: written, texts, equal })
    })
}

/// A column, and what is written of it and its filters.
struct Operand<'t> {
    column: &'t str,
    written: &'t str,
}

fn equality(code: &str, at: usize) -> Option<(Operand<'_>, Vec<&str>, bool)> {
    if code.as_bytes().get(at + 1) != Some(&b'=') {
        return None;
    }
    let (left, right) = (code[..at].trim_end(), code[at + 2..].trim_start());
    let equal = code.as_bytes().get(at) == Some(&b'=');
    let (operand, text) = match operand_before(left).zip(first_text(right)) {
        Some(found) => found,
        None => operand_behind(right).zip(last_text(left))?,
    };
    Some((operand, vec![text], equal))
}

/// `flag in ["Có", "x"]`, `flag not in (…)`
fn membership(code: &str, at: usize) -> Option<(Operand<'_>, Vec<&str>, bool)> {
    let right = code[at..].strip_prefix("in")?;
    let left = code[..at].trim_end();
    let is_word = code[..at].ends_with(char::is_whitespace) && !right.starts_with(is_of_name);
    let mut list = right.trim_start().strip_prefix(['[', '('])?.trim_start();
    let (left, equal) = match left.strip_suffix("not") {
        Some(left) if left.ends_with(char::is_whitespace) => (left.trim_end(), false),
        _ => (left, true),
    };
    let mut texts = Vec::new();
    while let Some(text) = first_text(list) {
        texts.push(text);
        let behind = list.get(text.len() + 2..)?.trim_start();
        list = behind.strip_prefix(',').unwrap_or(behind).trim_start();
    }
    let ends = list.starts_with([']', ')']);
    operand_before(left)
        .filter(|_| is_word && ends && !texts.is_empty())
        .map(|operand| (operand, texts, equal))
}

fn operand_before(left: &str) -> Option<Operand<'_>> {
    let mut rest = left;
    loop {
        let length = rest.chars().rev().take_while(|letter| is_of_name(*letter)).count();
        let (before, word) = rest.split_at(rest.len() - length);
        match before.trim_end().strip_suffix('|') {
            Some(before) if SPELLINGS.contains(&word) => rest = before.trim_end(),
            _ => break,
        }
    }
    let column = last_column(rest)?;
    Some(Operand { column, written: &left[rest.len() - column.len()..] })
}

fn operand_behind(right: &str) -> Option<Operand<'_>> {
    let column = &right[..column_length(right)?];
    let mut end = column.len();
    while let Some(filter) = right[end..].trim_start().strip_prefix('|') {
        let filter = filter.trim_start();
        let length = filter.find(|letter| !is_of_name(letter)).unwrap_or(filter.len());
        if !SPELLINGS.contains(&&filter[..length]) {
            return None;
        }
        end = right.len() - filter.len() + length;
    }
    (!column.is_empty()).then_some(Operand { column, written: &right[..end] })
}

/// The name of `name`, `row.name` and `row["name"]`.
fn name(column: &str) -> &str {
    if let Some(inside) = column.strip_prefix("row[").and_then(|rest| rest.strip_suffix(']')) {
        return inside.trim_matches(['\'', '"']);
    }
    column.strip_prefix("row.").unwrap_or(column)
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '.'
}

fn last_column(left: &str) -> Option<&str> {
    let start = match left.ends_with(']') {
        true => left.rfind("row[")?,
        false => left.len() - left.chars().rev().take_while(|letter| is_of_name(*letter)).count(),
    };
    let column = &left[start..];
    (!column.is_empty() && !left[..start].trim_end().ends_with('|')).then_some(column)
}

fn column_length(right: &str) -> Option<usize> {
    match right.starts_with("row[") {
        true => right.find(']').map(|at| at + 1),
        false => Some(right.find(|letter| !is_of_name(letter)).unwrap_or(right.len())),
    }
}

fn first_column(right: &str) -> Option<&str> {
    let end = column_length(right)?;
    let column = &right[..end];
    (!column.is_empty() && !right[end..].trim_start().starts_with('|')).then_some(column)
}

fn first_text(right: &str) -> Option<&str> {
    let quote = right.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
    right[1..].split(quote).next()
}

fn last_text(left: &str) -> Option<&str> {
    let quote = left.chars().next_back().filter(|letter| matches!(letter, '\'' | '"'))?;
    left[..left.len() - 1].rsplit(quote).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_taken_for_something_else_are_found() {
        let is_column = |name: &str| matches!(name, "public" | "Nội bộ");
        let compared = |column, with| Some(Misread::Compared { column, with });
        let negated = |column| Some(Misread::Negated { column });
        for (code, expected) in [
            (" public == true ", compared("public", "true")),
            ("false != public", compared("public", "false")),
            ("1 if public == 0 else 0", compared("public", "0")),
            ("row['Nội bộ'] == True", compared("row['Nội bộ']", "True")),
            ("not public", negated("public")),
            ("x or (not row.public)", negated("row.public")),
            ("public == 'true'", None),
            ("public | int == 1", None),
            ("not (public | has_bit(4))", None),
            ("not public | trim", None),
            ("public is not none", None),
            ("public == trueish", None),
            ("'public == true'", None),
            ("other == true", None),
        ] {
            assert_eq!(misread(code, is_column), expected, "{code}");
        }
    }

    #[test]
    fn comparisons_are_found() {
        let is_column = |name: &str| matches!(name, "flag" | "Nội bộ");
        for (code, expected) in [
            ("flag == \"Có\"", Some(("flag", &["Có"][..], true))),
            (" true if flag!='Có' else false", Some(("flag", &["Có"], false))),
            ("'Có' == flag", Some(("flag", &["Có"], true))),
            ("row['Nội bộ'] == 'Có'", Some(("row['Nội bộ']", &["Có"], true))),
            ("row.flag == 'Có'", Some(("row.flag", &["Có"], true))),
            ("flag | trim == 'Có'", Some(("flag | trim", &["Có"], true))),
            ("1 and flag|lower | trim == 'có'", Some(("flag|lower | trim", &["có"], true))),
            ("'Có' == flag | trim and x", Some(("flag | trim", &["Có"], true))),
            ("flag in ['Có', \"C\" ,'x']", Some(("flag", &["Có", "C", "x"], true))),
            ("flag | lower not in ('có',)", Some(("flag | lower", &["có"], false))),
            ("row['Nội bộ'] in['Có']", Some(("row['Nội bộ']", &["Có"], true))),
            ("flag in others", None),
            ("flag in [other]", None),
            ("flag in []", None),
            ("flag | split(',') == 'Có'", None),
            ("flag | has_bit(4) == 'Có'", None),
            ("flag == 1", None),
            ("flag == other", None),
            ("other == 'Có'", None),
            ("flag", None),
            ("'flag == \"Có\"'", None),
            ("'flag in [1]'", None),
            ("==", None),
            ("in", None),
        ] {
            let expected = expected.map(|(column, texts, equal)| Comparison {
                column,
                texts: texts.to_vec(),
                equal,
            });
            assert_eq!(with_text(code, is_column), expected, "{code}");
        }
    }
}
