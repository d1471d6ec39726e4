//! Which rows of the source are the job's: `where`, and the columns that may not be empty.
//!
//! What a condition comes to on a row is for `prepare`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::text::document::Document;
use crate::text::pointer::Pointer;

use super::Written;

/// `where` as written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum ConditionsFile {
    /// One condition.
    One(ConditionFile),
    /// Several, all of which a row has to fulfil.
    Several(Vec<ConditionFile>),
}

/// A condition as written: an expression, or an expression and why rows are left out that it is not true of.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum ConditionFile {
    /// An expression that is true of the rows that are kept.
    Text(String),
    /// The same, with a reason.
    Reasoned(KeepFile),
}

/// A condition and its reason.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeepFile {
    /// An expression that is true of the rows that are kept, as in "{{ status != 'deleted' }}".
    #[schemars(extend("examples" = ["{{ status != 'deleted' }}"]))]
    pub keep: String,
    /// Why other rows are left out, as the summary says it. Left out: the expression.
    #[schemars(extend("examples" = ["the ticket is deleted"]))]
    pub why: Option<String>,
}

/// A condition that a row has to fulfil, or it is left out.
#[derive(Debug, Clone)]
pub struct Condition {
    /// What has to be true.
    pub keep: Written,
    /// Why other rows are left out.
    pub why: String,
}

/// What is done with rows that have the key of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// That is a mistake.
    #[default]
    Problem,
    /// Where the content is the same, too, it is sent once; else it is a mistake.
    SameOnce,
}

/// The conditions, in order.
pub(super) fn conditions(document: &Document, written: Option<ConditionsFile>) -> Vec<Condition> {
    let root = Pointer::of(["where"]);
    let one = |at: Pointer, condition: ConditionFile| match condition {
        ConditionFile::Text(text) => {
            let why = text.trim().to_owned();
            Condition { keep: Written { text, place: document.place_at(&at) }, why }
        }
        ConditionFile::Reasoned(KeepFile { keep, why }) => {
            let why = why.filter(|why| !why.trim().is_empty());
            let why = why.unwrap_or_else(|| keep.trim().to_owned());
            Condition {
                keep: Written { text: keep, place: document.place_at(&at.join("keep")) },
                why,
            }
        }
    };
    match written {
        None => Vec::new(),
        Some(ConditionsFile::One(condition)) => vec![one(root, condition)],
        Some(ConditionsFile::Several(all)) => all
            .into_iter()
            .enumerate()
            .map(|(at, condition)| one(root.join(at), condition))
            .collect(),
    }
}

/// The columns that may not be empty, each with its place.
pub(super) fn required(document: &Document, written: Option<Vec<String>>) -> Vec<Written> {
    let names = written.unwrap_or_default().into_iter().enumerate();
    let name = |(at, text)| Written {
        text,
        place: document.place_at(&Pointer::of(["required"]).join(at)),
    };
    names.map(name).collect()
}
