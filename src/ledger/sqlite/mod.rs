//! A ledger in a SQLite file (WAL, `synchronous=FULL`): `schema.sql` documents every table and column.
//!
//! `file` opens it, `format` knows its versions and brings older ones up to date. `books`, `reader`, `counts` and `status` answer
//! what the contract asks, all from the one ordered `scan`; `values` is what columns can hold. `journal` is the recorder's writer, with `rescue` for what
//! the file could not take and `presence` for a file that is taken away meanwhile. [`JobLock`] keeps a second run of the
//! same job out, and the operating system frees it whatever happens; in the file of `pulse` a run under way says how it goes. `check` looks a file through.

mod acts;
mod books;
mod check;
mod corrections;
mod counts;
mod done;
mod export;
mod fault;
mod file;
mod format;
mod holdings;
mod invalid;
mod journal;
mod later;
mod lock;
mod mandates;
mod presence;
mod prune;
mod pulse;
mod reader;
mod rescue;
mod run_sources;
mod scan;
mod settling;
mod snapshots;
mod sought;
mod source_files;
mod status;
mod undoing;
mod values;
mod verifications;

pub(crate) use check::inspect;
pub(crate) use file::FileLedger;
#[cfg(test)]
pub(crate) use format::FORMAT;
#[cfg(test)]
pub(crate) use journal::InTrouble;
pub(crate) use lock::JobLock;
pub(crate) use pulse::PulseFile;
#[cfg(test)]
pub(crate) use rescue::Rescue;
pub(crate) use rescue::waiting_outcomes;

#[cfg(test)]
pub(super) use {file::beside, lock::Renewed, presence::kept_beside};
