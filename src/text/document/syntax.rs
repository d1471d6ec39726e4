//! Why a text is no YAML that can be read, with its place and what was meant.
//!
//! Not for what is wrong with the values of one that is.

use std::ops::Range;
use std::sync::Arc;

use super::node::MOST_KEYS;
use super::raw::offset_of;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, SourceText};
use crate::text::yaml_advice;

/// Each key is looked for among all others of its mapping.
pub(super) fn too_many_keys(source: &Arc<SourceText>, span: Range<usize>) -> Diagnostic {
    let message = format!("a mapping here has more than {MOST_KEYS} keys");
    Diagnostic::error(Code::YamlSyntax, Place::Text(Arc::clone(source), span), message)
        .hint("no job and no connector needs so many; rows belong into a data file")
}

pub(super) fn syntax_problem(source: &Arc<SourceText>, error: &serde_yaml::Error) -> Diagnostic {
    let error = error.without_snippet();
    let place = match error.location() {
        Some(location) => {
            let start = offset_of(&source.text, location.line(), location.column());
            let end = source.text.ceil_char_boundary(start + 1);
            Place::Text(Arc::clone(source), start..end)
        }
        None => Place::File(source.name.as_str().into()),
    };
    match what_it_is(error) {
        serde_yaml::Error::MultipleDocuments { .. } => {
            Diagnostic::error(Code::YamlSyntax, place, "a second document begins in this file")
                .hint("each job or operation has a file of its own: split it at the `---`")
        }
        serde_yaml::Error::NonFiniteFloat { value, .. } => {
            let message = format!("`{value}` is no number that JSON can hold");
            Diagnostic::error(Code::YamlSyntax, place, message)
                .hint(format!("if it is a text, put it in quotes: \"{value}\""))
        }
        serde_yaml::Error::AliasReplayLimitExceeded { max_total_replayed_events: most, .. } => {
            let message =
                format!("the aliases (`*name`) in this file repeat more than {most} values");
            Diagnostic::error(Code::YamlSyntax, place, message)
                .hint("write out what is meant; rows that are alike belong into a data file")
        }
        serde_yaml::Error::AliasReplayStackDepthExceeded { max_depth, .. } => {
            let message = format!("aliases (`*name`) lead to aliases more than {max_depth} times");
            Diagnostic::error(Code::YamlSyntax, place, message).hint("write out what is meant")
        }
        serde_yaml::Error::Budget { .. } => {
            let message = "this file comes to more than it may: aliases (`*name`) repeat its texts too often, or it is nested too deeply";
            Diagnostic::error(Code::YamlSyntax, place, message)
                .hint("write out what is meant; rows that are alike belong into a data file")
        }
        serde_yaml::Error::DuplicateMappingKey { key, .. } => {
            let message = match key {
                Some(key) => format!("the key `{key}` is written twice"),
                None => "a key is written twice".to_owned(),
            };
            Diagnostic::error(Code::DuplicateKey, place, message).hint("keep one of the two")
        }
        _ => advised(source, &place).unwrap_or_else(|| other_syntax_problem(error, place)),
    }
}

/// What was meant, where the line shows it.
fn advised(source: &Arc<SourceText>, place: &Place) -> Option<Diagnostic> {
    let Place::Text(_, range) = place else { return None };
    let found = yaml_advice::advice(&source.text, range.start)?;
    let place = Place::Text(Arc::clone(source), found.at);
    Some(Diagnostic::error(Code::YamlSyntax, place, found.message).hint(found.hint))
}

/// An error without the places at which an alias stands.
fn what_it_is(error: &serde_yaml::Error) -> &serde_yaml::Error {
    match error {
        serde_yaml::Error::AliasError { error, .. } => what_it_is(error),
        error => error,
    }
}

/// In the parser's words.
fn other_syntax_problem(error: &serde_yaml::Error, place: Place) -> Diagnostic {
    let rendered = error.render();
    let message = rendered.lines().next().unwrap_or("the YAML cannot be read");
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let message = match message.rfind(" at line ").or_else(|| message.rfind(" (line ")) {
        Some(at) => message[..at].to_owned(),
        None => message.to_owned(),
    };
    Diagnostic::error(Code::YamlSyntax, place, message)
}
