//! What runs have left to be counted: rows that are there more than once, and lists of which that is not known. The words.

use serde_json::{Value, json};

use super::words::{counted, number, one_line};

/// So many are named.
const NAMED: usize = 5;

/// What a ledger owes of a job, until a later run has counted it and found it right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Owed {
    pub twice: Vec<Twice>,
    /// Lists that were not counted, in words, as in `ticket tk_1`.
    pub lists: Vec<String>,
}

/// A row that is there more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Twice {
    /// Where it stood in the source, where that is known.
    pub row: Option<u64>,
    /// What the other side calls what is there, the row's own first.
    pub ids: Vec<String>,
}

impl Owed {
    /// In the order of the source.
    pub(crate) fn sorted(mut self) -> Self {
        self.twice.sort_by(|one, other| (one.row, &one.ids).cmp(&(other.row, &other.ids)));
        self
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.twice.is_empty() && self.lists.is_empty()
    }

    /// How much it is, in short.
    pub(super) fn short(&self) -> Vec<String> {
        let mut says = Vec::new();
        match self.twice.len() as u64 {
            0 => {}
            1 => says.push("1 row is there twice.".to_owned()),
            some => says.push(format!("{} rows are there twice.", number(some))),
        }
        match self.lists.len() as u64 {
            0 => {}
            1 => says.push("1 list was not counted.".to_owned()),
            some => says.push(format!("{} lists were not counted.", number(some))),
        }
        says
    }

    /// Which, the first of many.
    pub(super) fn sentences(&self) -> Vec<String> {
        let twice = self.twice.iter().take(NAMED).map(|one| {
            let ids: Vec<String> = one.ids.iter().map(|id| one_line(id)).collect();
            match one.row {
                Some(row) => format!("row {row} (ids {})", ids.join(", ")),
                None => format!("ids {}", ids.join(", ")),
            }
        });
        let lists = self.lists.iter().take(NAMED).map(|list| one_line(list));
        let mut says = Vec::new();
        let of = |all: usize, named: Vec<String>| {
            let more = all.saturating_sub(NAMED) as u64;
            let more = (more > 0).then(|| format!("and {}", counted(more, "other")));
            named.into_iter().chain(more).collect::<Vec<_>>().join(", ")
        };
        let (twice, lists) =
            (of(self.twice.len(), twice.collect()), of(self.lists.len(), lists.collect()));
        if !self.twice.is_empty() {
            let are = if self.twice.len() == 1 { "row is" } else { "rows are" };
            let count = number(self.twice.len() as u64);
            says.push(format!(
                "{count} {are} there twice: {twice}. Nothing is taken away by a run."
            ));
        }
        if !self.lists.is_empty() {
            let count = counted(self.lists.len() as u64, "list");
            says.push(format!("{count} not counted: {lists}. The next run counts what it can."));
        }
        says
    }

    /// For scripts.
    pub(super) fn json(&self) -> (Value, Value) {
        let twice = self.twice.iter().map(|one| json!({"row": one.row, "remote_ids": one.ids}));
        (twice.collect::<Vec<_>>().into(), json!(self.lists))
    }
}
