//! `recover` as written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::TextChange;

/// Where to look for what a lost answer may have made, and how to know it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct RecoverFile {
    /// The reading operation that shows what is there.
    pub(super) list: String,
    /// Fields of the list: the fields of this operation that they are filled with.
    pub(super) with: IndexMap<String, String>,
    /// Fields of the list that make it begin with what is newest, and their values, as in { sort_order: desc }. Where the
    /// other side cuts lists short, what was just made is then in them all the same.
    #[serde(default)]
    pub(super) newest_first: Map<String, Value>,
    /// Fields that must be equal to what was sent, and where an item has them (JSON pointers, the first present).
    #[serde(rename = "match")]
    #[schemars(length(min = 1))]
    pub(super) fields: IndexMap<String, Vec<String>>,
    /// Fields by which the other side may leave an item out of a list, as it may internal notes, and where an item has them
    /// (JSON pointers, the first present). That an item is not in a list is believed only of a list that shows another one
    /// of the same kind. What an item or a row does not say counts as false, or 0.
    #[serde(default)]
    pub(super) kinds: IndexMap<String, Vec<String>>,
    /// Where an item has its id (JSON pointers, the first present).
    #[schemars(length(min = 1))]
    pub(super) id: Vec<String>,
    /// Where an item says when it was made (JSON pointers, the first present): unix milliseconds, seconds, or ISO 8601.
    #[schemars(length(min = 1))]
    pub(super) created: Vec<String>,
    /// What the other side may do to a text.
    #[serde(default)]
    pub(super) text: Vec<TextChange>,
    /// How lists cut texts, as in { letters: 250, ending: "..." }. A text that may have been cut is not taken for the whole text.
    /// Left out: lists show texts whole.
    pub(super) cuts: Option<CutsFile>,
    pub(super) pages: Option<PagesFile>,
    /// The field, one of those under `match`, that takes the marker of a job that has one. Left out: none does.
    pub(super) marker: Option<String>,
}

/// How lists cut texts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct CutsFile {
    /// So many letters of a longer text are shown, `ending` among them.
    #[schemars(range(min = 1))]
    pub(super) letters: u32,
    /// What a text ends with that was cut. Left out: nothing.
    #[serde(default)]
    pub(super) ending: String,
}

/// How a list is asked for page by page, until a page brings nothing new, or goes back far enough.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct PagesFile {
    /// The query parameter for the number of the page, counting from 1.
    pub(super) page: String,
    /// The query parameter for the number of items on a page.
    pub(super) size: Option<String>,
    /// Items on a page. Left out: 100.
    #[serde(default = "hundred")]
    pub(super) items: u32,
}

fn hundred() -> u32 {
    100
}
