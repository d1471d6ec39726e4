//! What `before`, `after` and `regex_replace` look for: a text, or a regular expression.
//!
//! Regular expressions take time in proportion to the text (crate regex) and are read once, however many rows there are.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, RwLock};

use minijinja::value::Kwargs;
use minijinja::{Error, Value};
use regex::{Regex, RegexBuilder};

use super::{refusal, text_of};

/// Bytes of a pattern.
pub(in super::super) const LONGEST_PATTERN: usize = 2000;
/// Bytes of a text that a pattern is looked for in.
const LONGEST_TEXT: usize = 1 << 20;
/// Bytes that a pattern may take when it is read.
const LARGEST: usize = 1 << 19;
/// So many patterns are kept; more come only from columns.
const KEPT: usize = 64;

/// Regular expressions that have been read.
#[derive(Debug, Default)]
pub(in super::super) struct Patterns(RwLock<HashMap<String, Arc<Regex>>>);

impl Patterns {
    /// A pattern, or what is wrong with it.
    pub(in super::super) fn get(&self, pattern: &str) -> Result<Arc<Regex>, String> {
        if let Ok(known) = self.0.read()
            && let Some(regex) = known.get(pattern)
        {
            return Ok(Arc::clone(regex));
        }
        let regex = Arc::new(read(pattern)?);
        if let Ok(mut known) = self.0.write()
            && known.len() < KEPT
        {
            known.insert(pattern.to_owned(), Arc::clone(&regex));
        }
        Ok(regex)
    }
}

fn read(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(format!("the regular expression is longer than {LONGEST_PATTERN} bytes"));
    }
    // In a text of the language \b is a backspace, which nobody looks for.
    let pattern = &pattern.replace('\u{8}', "\\b");
    let read = RegexBuilder::new(pattern).size_limit(LARGEST).nest_limit(50).build();
    read.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            format!("the regular expression `{pattern}` takes too much memory: repeat less of it")
        }
        // The last line says what is wrong, those before it show where.
        error => {
            let words = error.to_string();
            let cause = words.lines().last().unwrap_or_default();
            let cause = cause.strip_prefix("error: ").unwrap_or(cause);
            format!("the regular expression `{pattern}` cannot be read: {cause}")
        }
    })
}

/// A text in which a regular expression may be looked for.
pub(super) fn searchable(text: &str) -> Result<&str, Error> {
    match text.len() {
        0..=LONGEST_TEXT => Ok(text),
        _ => Err(refusal("regular expressions are looked for in texts of at most 1 MiB")),
    }
}

/// What is looked for.
pub(super) enum Part<'v> {
    Text(Cow<'v, str>),
    Pattern(Arc<Regex>),
}

impl<'v> Part<'v> {
    /// The argument of a filter, and whether it is said to be a regular expression.
    pub(super) fn read(
        filter: &str,
        value: &'v Value,
        options: &Kwargs,
        patterns: &Patterns,
    ) -> Result<Self, Error> {
        let is_pattern: Option<bool> = options.get("regex")?;
        options.assert_all_used()?;
        let text = text_of(filter, value)?.filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| {
            refusal(format!("{filter} has nothing to look for: its argument is empty"))
        })?;
        match is_pattern {
            Some(true) => patterns.get(&text).map(Self::Pattern).map_err(refusal),
            Some(false) | None => Ok(Self::Text(text)),
        }
    }

    /// Where it stands first.
    pub(super) fn find(&self, text: &str) -> Result<Option<Range<usize>>, Error> {
        Ok(match self {
            Self::Text(part) => text.find(&**part).map(|at| at..at + part.len()),
            Self::Pattern(pattern) => pattern.find(searchable(text)?).map(|found| found.range()),
        })
    }
}
