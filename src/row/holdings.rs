//! What a ledger owns of what a list shows: whose the items are, and what of a lane surely is there.
//!
//! Values only. Finding them is for `ledger`; what they make of a list is for `recover`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::text::place::RowPlace;

use super::{Attempted, RowId};

/// What is asked about a page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// The ids of its items.
    pub ids: HashSet<String>,
    /// The operation that makes such items, and the lane that is looked through.
    pub operation: String,
    pub lane: String,
    /// Whether all rows of the lane are asked for, too.
    pub wants_makers: bool,
}

/// What rows own of a page, and of the lane that is looked through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holdings {
    /// Those ids of the page that belong to a row of any job, with what is known of them.
    pub ids: HashMap<String, Option<Made>>,
    /// What the job has made last in the lane before the row that is looked for, as far as its id is known and nothing was
    /// done to it since.
    pub newest: Option<Newest>,
    /// Whether another row of the lane, of any job, may have made something whose id nobody knows.
    pub nameless: bool,
    /// Of some other lanes of the same target, something that rows have made there, the latest lanes first: by it lists can be
    /// measured where this lane owns nothing.
    pub elsewhere: Vec<Elsewhere>,
    /// All rows that the operation was sent for in the lane, of any job; none where they are not asked for.
    pub makers: Vec<Maker>,
}

/// A row that an operation was sent for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maker {
    pub place: RowPlace,
    pub key: Arc<str>,
    pub making: Making,
    /// When its first and its last request were started.
    pub first: Attempted,
    pub last: Attempted,
    /// Of two of one lane the greater went later, whatever clocks say.
    pub turn: (i64, u64),
    /// Whether a look has settled what became of one of its requests.
    pub is_settled: bool,
}

/// What a row has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Making {
    /// What the other side calls so.
    Named(String),
    /// Something, and nobody knows what it is called.
    Nameless,
    /// Nobody knows.
    Open,
    /// Surely nothing, as far as its requests were answered.
    Nothing,
}

/// A lane in which a look has settled what became of a row, and that has not been seen since to be as it should.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Uncounted {
    pub operation: String,
    pub lane: String,
    /// What was there more than once when it was counted last: of each row what the other side calls its item, and then
    /// the others.
    pub copies: Vec<Vec<String>>,
}

/// A row whose answer was lost, and of which nobody has said yet why looking did not settle it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sought {
    pub row: RowId,
    pub key: String,
    pub operation: String,
}

/// Something that is owned in another lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    pub lane: String,
    pub made: Newest,
}

/// What is known of something that a row has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// When the request was started that made it.
    pub attempted: Attempted,
    /// Whether that was in the lane that is looked through.
    pub in_lane: bool,
    /// Of two of one lane the greater went later, whatever clocks say.
    pub turn: (i64, u64),
}

/// The newest thing that is owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// What the other side calls it.
    pub id: String,
    /// When the request was started that made it.
    pub attempted: Attempted,
}
