//! How a lost answer of an operation is settled: where to look, and how to know what it may have made.
//!
//! The looking itself is for `recover`.

mod resolve;
pub(super) mod written;

use std::sync::Arc;

use crate::row::{Field, FieldValue};
use crate::text::pointer::Pointer;

use super::Operation;

pub(super) use resolve::resolve;

/// How a lost answer of an operation is settled.
#[derive(Debug, Clone)]
pub struct Recover {
    pub list: Arc<Operation>,
    /// Field of the list, and the field of the operation that fills it.
    pub with: Vec<(Field, Field)>,
    /// Whether all rows of a lane have one list.
    pub lists_lane: bool,
    /// Fields of the list that make it begin with what is newest, and their values.
    pub newest_first: Vec<(Field, FieldValue<'static>)>,
    /// Field that must be equal, and where an item has it.
    pub fields: Vec<(Field, Vec<Pointer>)>,
    /// Fields by which the other side may leave an item out of a list, and where an item has them.
    pub kinds: Vec<(Field, Vec<Pointer>)>,
    pub id: Vec<Pointer>,
    pub created: Vec<Pointer>,
    pub text: Vec<TextChange>,
    pub cuts: Option<Cuts>,
    pub pages: Option<Pages>,
    /// The field that takes a job's marker; its content is what an item is known by then.
    pub marker: Option<Field>,
}

/// How lists cut texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cuts {
    /// So many letters of a longer text are shown, the ending among them.
    pub letters: u32,
    pub ending: String,
}

impl Recover {
    /// After how many letters lists cut texts; none where they do not.
    pub(crate) fn cuts_after(&self) -> Option<u32> {
        self.cuts.as_ref().map(|cuts| cuts.letters)
    }

    /// Whether a list may show but a part of this text.
    pub(crate) fn may_have_cut(&self, shown: &str) -> bool {
        self.cuts.as_ref().is_some_and(|Cuts { letters, ending }| {
            shown.ends_with(ending) && shown.chars().count() >= *letters as usize
        })
    }
}

/// How a list is asked for page by page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// The query parameter for the number of the page, counting from 1.
    pub page: String,
    /// The query parameter for the number of items on a page.
    pub size: Option<String>,
    /// Items on a page.
    pub items: u32,
}

/// Something that the other side may do to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextChange {
    /// Other line breaks.
    LineEnds,
    /// No blanks at the beginning and the end.
    Trimming,
    /// `&lt;` for `<` and the like.
    HtmlEscapes,
}
