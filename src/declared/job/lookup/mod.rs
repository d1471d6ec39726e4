//! Tables beside the source, in which a row's cell is looked up: which ticket, which person.
//!
//! Here is what the job says of them (`file`, `resolve`), how they are read (`load`), and how they are kept (`table`). What
//! a key is that a table does not have, and what is told of it, is for `prepare`.

mod file;
mod load;
mod resolve;
mod table;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::text::diagnostic::Place;

use super::Rows;

pub(crate) use file::LookupFile;
pub(crate) use load::Lookups;
pub(crate) use table::Table;

/// A table as meant.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// As expressions call it.
    pub name: String,
    /// Where the job names it.
    pub place: Place,
    /// The files that hold it, in order.
    pub files: Vec<Rows>,
    /// What is looked up: a column of the entry.
    pub key: Column,
    /// What is found: a column of the entry.
    pub value: Column,
    /// What becomes of a key that it does not have.
    pub missing: Missing,
}

/// A column of an entry, by name.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Where the job names it.
    pub place: Place,
}

/// What becomes of a key that a table does not have.
#[derive(Debug, Clone, PartialEq)]
pub enum Missing {
    /// That is a mistake of the row.
    Problem,
    /// The key itself stands for the value.
    Keep,
    /// This does.
    Default(Value),
}
