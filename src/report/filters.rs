//! The filters of expressions: one explained, or the list of all.
//!
//! What they do stands with them; here is how that is laid out.

use serde_json::{Map, Value, json};

use super::explanation::wrapped;
use super::paint::Paint;
use crate::prepare::mapping::{Argument, Example, FILTERS, Filter};

/// Every filter in a line.
pub(crate) fn all_filters(color: bool) -> String {
    let widest = FILTERS.iter().map(|filter| filter.name.len()).max().unwrap_or_default();
    let mut text = format!("{}\n", Paint(color).bold("Filters, as in {{ column | trim }}"));
    for filter in FILTERS {
        text.push_str(&format!("  {:widest$}  {}\n", filter.name, filter.about));
    }
    text.push_str("\nExplained by: noteferry filters NAME\n");
    text
}

/// One filter, for a person.
pub(crate) fn filter(filter: &Filter, color: bool) -> String {
    let paint = Paint(color);
    let mut text = format!("{}: {}\n", paint.bold(filter.name), filter.about);
    if !filter.details.is_empty() {
        text.push_str(&format!("\n{}\n", wrapped(filter.details)));
    }
    if !filter.arguments.is_empty() {
        text.push_str(&format!("\n{}\n", paint.bold("Arguments")));
        let widest = filter.arguments.iter().map(|argument| argument.name.len()).max();
        let widest = widest.unwrap_or_default();
        for Argument { name, about } in filter.arguments {
            text.push_str(&format!("  {name:widest$}  {about}\n"));
        }
    }
    if !filter.examples.is_empty() {
        text.push_str(&format!("\n{}\n", paint.bold("Examples")));
    }
    for (index, Example { given, expression, gives }) in filter.examples.iter().enumerate() {
        let gap = if index > 0 { "\n" } else { "" };
        text.push_str(gap);
        for (column, cell) in *given {
            text.push_str(&format!("  {column}: {}\n", quoted(cell)));
        }
        text.push_str(&format!("  {expression}\n  = {}\n", quoted(gives)));
    }
    text
}

/// The `filter` event of a filter.
pub(crate) fn filter_event(filter: &Filter) -> Value {
    let arguments = filter.arguments.iter();
    let arguments =
        arguments.map(|Argument { name, about }| json!({ "name": name, "about": about }));
    let examples = filter.examples.iter().map(|Example { given, expression, gives }| {
        let given = given.iter().map(|(column, cell)| ((*column).to_owned(), Value::from(*cell)));
        let given: Map<String, Value> = given.collect();
        json!({ "given": given, "expression": expression, "gives": gives })
    });
    json!({
        "event": "filter",
        "name": filter.name,
        "about": filter.about,
        "details": filter.details,
        "arguments": arguments.collect::<Vec<_>>(),
        "examples": examples.collect::<Vec<_>>(),
    })
}

/// A cell in quotes, on one line.
fn quoted(cell: &str) -> String {
    match cell.starts_with(['[', '{']) {
        true => cell.to_owned(),
        false => format!("\"{}\"", cell.replace('\n', "\\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::mapping::find_filter;

    #[test]
    fn all_filters_are_listed() {
        insta::assert_snapshot!(all_filters(false));
    }

    #[test]
    fn a_filter_is_explained() {
        let date = find_filter("date").unwrap();
        insta::assert_snapshot!(filter(date, false));
        insta::assert_json_snapshot!(filter_event(date));
    }

    /// A filter as `docs/mapping.md` has it.
    fn documented(filter: &Filter) -> String {
        let Filter { name, about, details, .. } = filter;
        let mut text = format!("### {name}\n\n{}{}.", about[..1].to_uppercase(), &about[1..]);
        if !details.is_empty() {
            text.push_str(&format!(" {details}"));
        }
        text.push_str("\n\n");
        for Argument { name, about } in filter.arguments {
            text.push_str(&format!("- `{name}`: {about}\n"));
        }
        if !filter.arguments.is_empty() {
            text.push('\n');
        }
        if filter.examples.is_empty() {
            return format!("{}\n", text.trim_end());
        }
        text.push_str("```text\n");
        for Example { given, expression, gives } in filter.examples {
            for (column, cell) in *given {
                text.push_str(&format!("{column}: {}\n", quoted(cell)));
            }
            text.push_str(&format!("{expression}\n= {}\n", quoted(gives)));
        }
        text + "```\n"
    }

    /// `NOTEFERRY_WRITE_DOCS=1` writes the page's part on filters; without it, it is compared.
    #[test]
    fn the_page_has_all_filters() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mapping.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let (before, _) = page.split_once("\n## All filters\n").unwrap();
        let filters: Vec<String> = FILTERS.iter().map(documented).collect();
        let expected = format!("{before}\n## All filters\n\n{}", filters.join("\n"));
        if std::env::var_os("NOTEFERRY_WRITE_DOCS").is_some() {
            std::fs::write(&path, &expected).unwrap();
        } else {
            assert_eq!(page, expected, "NOTEFERRY_WRITE_DOCS=1 cargo test filters");
        }
    }
}
