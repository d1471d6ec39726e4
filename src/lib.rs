//! Noteferry carries ticket notes into StringeeX in bulk, each once: declarative jobs, checked before anything
//! is sent, run under the API's quotas, resumable from a ledger.
//!
//! # The way of a row
//! ```text
//! source -> prepare (mapping, schema, request) -> plan (survey, steps) -> engine + traffic -> ledger -> report
//! ```
//! One direction. A row keeps its place (file, line, column) all the way, so any message can point at it.
//!
//! # The rooms
//! Each room has one job and imports only rooms above it in this list; there are no cycles.
//!
//! | room | its job | touches |
//! |---|---|---|
//! | [`text`] | what people write and are told: documents, diagnostics and codes, commands, addresses, accounts, pointers, quotas, secrets and how to take them out, ways to write one text; how files are opened safely | reads files |
//! | [`row`] | what is said of a row, by runs and by persons: state, key, digest, lane, attempts, cause, totals | |
//! | [`ledger`] | what happened, durable | disk |
//! | [`source`] | csv, jsonl, json, workbooks, rows in the job, packed or not, in their encodings, several as one and in an order: a stream of rows with places, flat memory | reads files, a temporary one |
//! | [`table`] | rows that are written out: csv, jsonl and workbooks, put in their places when they are whole; where files may be put at all | writes files |
//! | [`declared`] | connectors and jobs, as written and as meant, and the tables that cells are looked up in | reads files |
//! | [`draft`] | a first job for files that nobody has described: what they look like, what their columns are for, and why | reads files |
//! | [`prepare`] | a record to a request: what the job keeps, named values, filters and mapping, schema and time-aware rules, body, digest, lane, key | |
//! | [`traffic`] | one request: when may it leave, beside other runs of the account, with which token, what did its answer mean | network, a file for the pace |
//! | [`plan`] | the readings: survey checks every row, steps say what is to be done with each, standings count where each is; a plan in a file, which both are held to | threads |
//! | [`recover`] | settles a lost answer by looking whether what was sent is there, and counts at the end whether it is there once; says what a list shows, for a plan, before something is changed or deleted, and beside what was done | |
//! | [`event`] | what is told of a run: rows' ends, notes, progress, why the run is over | |
//! | [`engine`] | rows under way: lanes, retries, stopping: a pure core and a dispatcher | time |
//! | [`report`] | progress, summary, NDJSON, plan and its page, status, the report to sign, exit codes: the words for all of it | writes streams |
//! | [`task`] | what a verb does, values in and values out: open, draft, survey, plan, ask what is there already, run and undo, read back and export, settle, look at a ledger, take it elsewhere, make it smaller | all above |
//! | [`sandbox`] | a local StringeeX with faults; the only room that knows StringeeX | network |
//! | [`cli`] | arguments, environment, clock; a file a verb | all |
//!
//! # Decisions are pure
//! Mapping, validation, plan, pace, verdict, row states and the engine's core take values, the time and chance as
//! arguments and return values. What a row may become is one function, [`row::RowState::after`], which both
//! the live run and the replay of a ledger go through.
//!
//! # What is promised
//! Nothing is sent that is not first, durably, in the ledger as started; nothing counts as done before that is
//! durable too. What may have acted is never sent again unless its operation says that a repeat is harmless: it is
//! *in doubt*, shown and counted. See `docs/` for the jobs', the connectors' and the ledger's reference.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod cli;
mod declared;
mod draft;
mod engine;
mod event;
mod ledger;
mod plan;
mod prepare;
mod recover;
mod report;
mod row;
pub mod sandbox;
mod source;
mod table;
mod task;
mod text;
mod traffic;

/// What fuzz targets and the tests of the binary take from the rooms; nothing else is for use from outside.
#[doc(hidden)]
pub mod proofs {
    pub use crate::declared::connector::{Catalogue, Connector, TextChange};
    pub use crate::declared::job;
    pub use crate::prepare::Preparer;
    pub use crate::prepare::mapping::{html_to_text, jira_to_text};
    pub use crate::recover::{Circumstances, Dated, Lookup, Proof, Search, Since, item_id};
    pub use crate::row::{Attempted, Doubt, Holdings, Made, Newest};
    pub use crate::source::{
        Cell, DataPath, Each, Encoding, Files, Format, Location, Manner, Nulls, Read, Record,
        RowLimit, Shape, SheetName, Source, Table,
    };
    pub use crate::text::diagnostic::{Diagnostic, Place};
    pub use crate::text::quota::Quota;
    pub use crate::traffic::reply::{Answer, Reply};
    pub use crate::traffic::verdict::{Verdict, judge_openly as judge};

    /// A text without a secret.
    #[must_use]
    pub fn redacted(secret: &str, text: &str) -> String {
        let secret = crate::text::secret::Secret::new(secret.to_owned());
        crate::text::redaction::Redactor::new([secret]).redact(text).into_owned()
    }

    /// A text as a terminal may get it.
    #[must_use]
    pub fn safe_for_terminals(text: &str) -> String {
        crate::text::visible::safe(text).into_owned()
    }
}
