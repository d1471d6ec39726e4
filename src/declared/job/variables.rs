//! Values that a job names once and a call may replace: `vars: { day: "2026-11-26" }`, `--var day=2026-11-27`.
//!
//! They stand in expressions as `{{ var.day }}` and in names of files likewise. They are texts; what they mean is for
//! whoever uses them. Not for secrets: a variable is part of the command line and of what `plan` shows.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::document::{Content, Document};
use crate::text::pointer::Pointer;

/// The name under which expressions find them.
pub(crate) const VARIABLES: &str = "var";
/// Where a job says them.
const KEY: &str = "vars";

/// The variables of a job, each with its value.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    /// None of one that has to be given and is not, which was told.
    values: Arc<IndexMap<String, Option<String>>>,
}

impl Variables {
    /// Reads those of a job; `given` are the call's, which come before the job's own. What is wrong goes to `problems`.
    pub(super) fn read(
        document: &Document,
        given: &[(String, String)],
        problems: &mut Vec<Diagnostic>,
    ) -> Self {
        let root = Pointer::of([KEY]);
        let declared = match document.at(&root).map(|node| &node.content) {
            Some(Content::Map(entries)) => entries.as_slice(),
            _ => &[],
        };
        let mut values = IndexMap::new();
        for (key, node) in declared {
            let name = &*key.name;
            let pointer = root.join(name);
            let of_call = given.iter().rev().find(|(given, _)| given == name);
            let value = of_call.map(|(_, value)| value.clone()).or_else(|| match &node.content {
                Content::Bool(value) => Some(value.to_string()),
                Content::Number(text) | Content::Text(text) => Some(text.to_string()),
                Content::Null | Content::List(_) | Content::Map(_) => None,
            });
            let place = document.place_of_key(&pointer);
            let wrong = |message: String, hint: &str| {
                Diagnostic::error(Code::Variable, place.clone(), message).hint(hint)
            };
            if !is_name(name) {
                let message = format!("`{name}` is no name for a variable");
                let hint = "a name has letters from a to z, digits and _, as in day or batch_2";
                problems.push(wrong(message, hint));
            } else if matches!(node.content, Content::List(_) | Content::Map(_)) {
                let message = format!("the variable `{name}` has several values");
                problems.push(wrong(message, "a variable is one text, as in day: \"2026-11-26\""));
            } else if value.is_none() {
                let message = format!("the variable `{name}` has no value");
                let hint = format!("give it one, as in --var {name}=…, or in the job");
                problems.push(wrong(message, &hint));
            } else if !is_used(&document.source().text, name) {
                let message = format!("nothing in the job uses the variable `{name}`");
                let hint = format!("use it as {{{{ var.{name} }}}}, or take it out");
                problems.push(wrong(message, &hint));
            }
            values.insert(name.to_owned(), value);
        }
        let known: Vec<&str> = values.keys().map(String::as_str).collect();
        for (name, _) in given.iter().filter(|(name, _)| !values.contains_key(name)) {
            let at = if declared.is_empty() { Pointer::root() } else { root.clone() };
            let place = document.place_of_key(&at);
            let message = format!("--var {name}: the job has no variable `{name}`");
            let problem = Diagnostic::error(Code::Variable, place, message);
            problems.push(match known.is_empty() {
                true => problem.hint(format!("leave --var out, or add vars: {{ {name}: … }}")),
                false => problem.hint_names(name, known.iter().copied()),
            });
        }
        Self { values: Arc::new(values) }
    }

    /// All names and values, in the order of the job.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref().unwrap_or_default()))
    }

    /// Whether the job has none.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What is wrong with a name that no variable has.
    pub(crate) fn unknown(&self, name: &str, place: Place) -> Diagnostic {
        let message = format!("there is no variable `{name}`");
        let problem = Diagnostic::error(Code::Variable, place, message);
        match self.is_empty() {
            true => problem.hint(format!("name it in the job, as in vars: {{ {name}: \"…\" }}")),
            false => problem.hint_names(name, self.values.keys().map(String::as_str)),
        }
    }

    /// Whether there is such a variable.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A file's name with the values in the place of `{{ var.… }}`; none where one of them has no value.
    ///
    /// # Errors
    /// Something else stands between the braces, or a variable that there is not.
    pub(super) fn fill(&self, text: &str, place: &Place) -> Result<Option<String>, Diagnostic> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            let inside = behind.split_once("}}");
            let name = inside.and_then(|(inside, _)| {
                let name = inside.trim().strip_prefix(VARIABLES)?.trim_start().strip_prefix('.')?;
                Some(name.trim()).filter(|name| is_name(name))
            });
            let (Some((_, after)), Some(name)) = (inside, name) else {
                let message = "in a file's name only variables can stand between {{ and }}";
                return Err(Diagnostic::error(Code::Variable, place.clone(), message)
                    .hint("as in \"notes-{{ var.day }}.csv\""));
            };
            let Some(value) = self.values.get(name) else {
                return Err(self.unknown(name, place.clone()));
            };
            let Some(value) = value else { return Ok(None) };
            filled.extend([before, value]);
            rest = after;
        }
        filled.push_str(rest);
        Ok(Some(filled))
    }
}

fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// Whether a job's text has the variable somewhere, as in `var.day` or `var["day"]`.
fn is_used(text: &str, name: &str) -> bool {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.match_indices(VARIABLES).any(|(at, _)| {
        let behind = text[at + VARIABLES.len()..].trim_start();
        let named = behind.strip_prefix('.').map(str::trim_start).or_else(|| {
            let inside = behind.strip_prefix('[')?.trim_start();
            inside.strip_prefix("\\\"").or_else(|| inside.strip_prefix(['"', '\'']))
        });
        let rest = named.and_then(|named| named.strip_prefix(name));
        !text[..at].ends_with(is_word) && rest.is_some_and(|rest| !rest.starts_with(is_word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(job: &str, given: &[(&str, &str)]) -> (Variables, Vec<Diagnostic>) {
        let document = Document::parse("job.yaml".into(), job.to_owned()).unwrap();
        let given: Vec<(String, String)> =
            given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let mut problems = Vec::new();
        (Variables::read(&document, &given, &mut problems), problems)
    }

    #[test]
    fn a_call_comes_before_the_job_and_what_is_wrong_is_told() {
        let job = "vars:\n  day: 2026-11-26\n  part: 1.10\n  must:\n  idle: x\n  odd-name: 1\n  many: [1]\n\
                   use: \"{{ var.day }} {{ var['part'] }} {{ var . must }} {{ var.day_2 }} {{ row.var }}\"\n";
        let (variables, problems) = read(job, &[("day", "a"), ("day", "b"), ("dya", "c")]);
        assert_eq!(variables.all().take(2).collect::<Vec<_>>(), [("day", "b"), ("part", "1.10")]);
        let told: String = problems.iter().map(|problem| problem.render(false)).collect();
        for part in ["`must` has no value", "uses the variable `idle`", "`odd-name` is no name"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(told.contains("`many` has several values") && told.contains("did you mean `day`"));
        assert_eq!(problems.len(), 5, "{told}");
        let (_, problems) = read("job: a\n", &[("day", "1")]);
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn names_of_files_are_filled() {
        let (variables, problems) =
            read("vars: { day: \"26\", to: \"..\" }\nuse: var.day var.to\n", &[]);
        assert!(problems.is_empty());
        for (text, filled) in [
            ("notes.csv", Some("notes.csv")),
            ("{{ var.to }}/notes-{{var.day}}.csv", Some("../notes-26.csv")),
            ("{ braces }.csv", Some("{ braces }.csv")),
            ("{{ var.dya }}.csv", None),
            ("{{ day }}.csv", None),
            ("{{ var.day", None),
            ("{{ var.day | trim }}.csv", None),
        ] {
            assert_eq!(
                variables.fill(text, &Place::Nowhere).ok().flatten().as_deref(),
                filled,
                "{text}"
            );
        }
    }
}
