//! Texts with statements: `{% for … %}`, `{% if … %}`, `{% set … %}` among words and expressions.
//!
//! Such a text is one template of the language. Here it is cut into its tags, made ready, and evaluated; what its expressions
//! may name is for `language`. A line that holds nothing but statements leaves no line behind; all other line ends stay.

use std::ops::Range;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Output, State, Value};

use super::filter;
use super::joined::{self, MARK};

/// How many steps one text may take.
const FUEL: u64 = 400_000;
/// Bytes of a text with statements.
pub(super) const LONGEST: usize = 64 * 1024;
/// Each may stand within the one before, and the compiler calls itself for that.
pub(super) const MOST_TAGS: usize = 400;
/// How often a loop may call itself.
const DEEPEST: usize = 32;
/// The one template of each environment.
const NAME: &str = "text";

/// What stands between braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    /// With its braces.
    pub(super) whole: Range<usize>,
    /// Without.
    pub(super) inside: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Expression,
    Statement,
    Comment,
}

/// Whether a text has statements.
pub(super) fn has_statements(text: &str) -> bool {
    text.contains("{%")
}

/// All tags of a text, but for what `{% raw %}` keeps from being any.
pub(super) fn tags(text: &str) -> Vec<Tag> {
    let (mut tags, mut at): (Vec<Tag>, usize) = (Vec::new(), 0);
    while let Some(open) = text[at..].find('{').map(|offset| at + offset) {
        let (kind, close) = match text.as_bytes().get(open + 1) {
            Some(b'{') => (Kind::Expression, "}}"),
            Some(b'%') => (Kind::Statement, "%}"),
            Some(b'#') => (Kind::Comment, "#}"),
            _ => {
                at = open + 1;
                continue;
            }
        };
        let Some(end) = end(&text[open + 2..], kind, close).map(|end| open + 2 + end) else {
            break;
        };
        tags.push(Tag { whole: open..end + 2, inside: open + 2..end, kind });
        at = end + 2;
        if kind == Kind::Statement && word(&text[open + 2..end]) == "raw" {
            let rest = &text[at..];
            let ends = rest.match_indices("{%").find(|(at, _)| word(&rest[at + 2..]) == "endraw");
            at = ends.map_or(text.len(), |(offset, _)| at + offset);
        }
    }
    tags
}

/// Where a tag is closed; quotes keep what stands in them.
fn end(text: &str, kind: Kind, close: &str) -> Option<usize> {
    if kind == Kind::Comment {
        return text.find(close);
    }
    let (mut quote, mut escaped, mut depth) = (None, false, 0_usize);
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'{') => depth += 1,
            (None, b'}') if depth > 0 => depth -= 1,
            _ if text[at..].starts_with(close) => return Some(at),
            _ => {}
        }
    }
    None
}

/// The word that a statement begins with.
pub(super) fn word(inside: &str) -> &str {
    let inside = inside.trim_start_matches(['-', '+']).trim_start();
    inside.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default()
}

/// A template in the making.
pub(super) struct Draft {
    text: String,
    /// Where a sign was put in that the text of the job does not have, in the order of the draft.
    added: Vec<usize>,
}

impl Draft {
    /// The language takes the line end behind every statement away, which is right where a statement has the line for itself.
    /// Elsewhere `+` keeps it from that.
    pub(super) fn new(text: &str, tags: &[Tag]) -> Self {
        let mut draft = Self { text: String::with_capacity(text.len() + 64), added: Vec::new() };
        let mut at = 0;
        for tag in tags.iter().filter(|tag| tag.kind != Kind::Expression) {
            if is_alone(text, tag, tags) {
                continue;
            }
            let inside = &text[tag.inside.clone()];
            draft.text.push_str(&text[at..tag.inside.start]);
            if !inside.starts_with(['-', '+']) {
                draft.add();
            }
            draft.text.push_str(inside);
            if !inside.ends_with(['-', '+']) {
                draft.add();
            }
            at = tag.inside.end;
        }
        draft.text.push_str(&text[at..]);
        draft.mark_joined();
        draft
    }

    /// Marks what `~` joins.
    fn mark_joined(&mut self) {
        let tags = tags(&self.text).into_iter().filter(|tag| tag.kind != Kind::Comment);
        let ends: Vec<usize> = tags
            .flat_map(|tag| {
                let ends = joined::ends(&self.text[tag.inside.clone()]);
                ends.into_iter().map(move |end| tag.inside.start + end)
            })
            .collect();
        let before = |at: usize| ends.iter().filter(|end| **end <= at).count() * MARK.len();
        let mut added: Vec<usize> = self.added.iter().map(|at| at + before(*at)).collect();
        for (count, end) in ends.iter().enumerate().rev() {
            self.text.insert_str(*end, MARK);
            let start = end + count * MARK.len();
            added.extend(start..start + MARK.len());
        }
        added.sort_unstable();
        self.added = added;
    }

    fn add(&mut self) {
        self.added.push(self.text.len());
        self.text.push('+');
    }

    /// Where in the text of the job a place of the draft is.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        original(&self.added, range.start)..original(&self.added, range.end)
    }
}

/// Where in the text of the job a place is, before which signs were added.
fn original(added: &[usize], at: usize) -> usize {
    at - added.iter().filter(|added| **added < at).count()
}

/// Whether nothing but statements stands on the lines of a tag.
fn is_alone(text: &str, tag: &Tag, tags: &[Tag]) -> bool {
    let begin = text[..tag.whole.start].rfind('\n').map_or(0, |end| end + 1);
    let end = text[tag.whole.end..].find('\n').map_or(text.len(), |end| tag.whole.end + end);
    let mut at = begin;
    for other in tags.iter().filter(|other| other.whole.end > begin && other.whole.start < end) {
        if other.kind == Kind::Expression {
            return false;
        }
        if other.whole.start > at && !text[at..other.whole.start].trim().is_empty() {
            return false;
        }
        at = at.max(other.whole.end);
    }
    text.get(at..end).is_none_or(|rest| rest.trim().is_empty())
}

/// A tag as it is shown where something is wrong with it.
pub(super) struct Shown {
    /// In the text of the job.
    whole: Range<usize>,
    text: String,
    /// Of the job.
    line: Option<usize>,
}

impl Shown {
    /// A tag of a text, which stands on a line of the job.
    pub(super) fn of(text: &str, tag: &Tag, line: Option<usize>) -> Self {
        let written = text.get(tag.whole.clone()).unwrap_or_default();
        let is_short = written.len() <= LONGEST_SHOWN && !written.contains('\n');
        let shown = match (is_short, tag.kind) {
            (true, _) => written,
            (false, Kind::Expression) => "{{ … }}",
            (false, _) => "{% … %}",
        };
        Self { whole: tag.whole.clone(), text: shown.to_owned(), line }
    }
}

/// A longer tag is not shown.
const LONGEST_SHOWN: usize = 100;

/// A text with statements, ready for rows.
pub(super) struct Template {
    environment: Arc<Environment<'static>>,
    added: Vec<usize>,
    tags: Vec<Shown>,
}

impl Template {
    /// `language` has the filters.
    pub(super) fn compile(
        language: &Environment<'static>,
        draft: &Draft,
        tags: Vec<Shown>,
    ) -> Result<Self, Error> {
        let mut environment = language.clone();
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(DEEPEST);
        environment.set_formatter(write);
        environment.set_syntax(syntax()?);
        environment.add_template_owned(NAME, draft.text.clone())?;
        Ok(Self { environment: Arc::new(environment), added: draft.added.clone(), tags })
    }

    /// The names that it takes from the row, with what they ask of them.
    pub(super) fn names(&self) -> Vec<String> {
        let template = self.environment.get_template(NAME);
        template
            .map(|text| text.undeclared_variables(true).into_iter().collect())
            .unwrap_or_default()
    }

    pub(super) fn render(&self, context: Value) -> Result<String, Error> {
        self.environment.get_template(NAME)?.render(context)
    }

    /// The tag that a place of it is in, and the line of the job that it stands on.
    pub(super) fn part(&self, range: Range<usize>) -> Option<(&str, Option<usize>)> {
        let at = original(&self.added, range.start);
        let tag = self.tags.iter().find(|tag| tag.whole.contains(&at))?;
        Some((&tag.text, tag.line))
    }
}

fn syntax() -> Result<SyntaxConfig, Error> {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
}

/// What is nothing is written as nothing, as in texts without statements.
fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => Ok(()),
        ValueKind::Bool => {
            out.write_str(if value.is_true() { "true" } else { "false" }).map_err(Error::from)
        }
        _ => match filter::no_text(value) {
            Some(what) => Err(Error::new(ErrorKind::InvalidOperation, filter::in_text(what))),
            None => minijinja::escape_formatter(out, state, value),
        },
    }
}
