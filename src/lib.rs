//! Noteferry carries ticket notes into StringeeX in bulk, each once: declarative jobs, checked before anything
//! is sent, run under the API's quotas, resumable from a ledger.
//!
//! # The way of a row
//! ```text
//! source -> mapping -> schema -> steps -> engine (pace, transport, verdict) -> ledger -> report
//! ```
//! One direction. A row keeps its place (file, line, column) all the way, so any message can point at it.
//! A run reads its source twice: `survey` checks every row and keeps nothing but counts and keys, then `steps`
//! says row by row what is to be done, and `engine` does it.
//!
//! # The rooms
//! Each module has one job and imports only modules above it in this list; there are no cycles.
//!
//! | room | its job | touches |
//! |---|---|---|
//! | [`quota`] | what an API allows, as in `30/10s`: the value and its notation | |
//! | [`diagnostic`] | one value for whatever is wrong with an input; text with carets, JSON | |
//! | [`secret`] | values that cannot be printed | |
//! | [`violation`] | a violation of a JSON Schema, in words | |
//! | [`document`] | a YAML file: its values and the place of each | reads files |
//! | [`connector`] | a plugin: an API, its operations, how its answers are read; data, no code | reads files |
//! | [`row_state`] | the life of a row: one total `(state, event) -> state` | |
//! | [`pace`] | when may the next request leave: quotas, pauses, back-off | |
//! | [`plan`] | earlier state and row to send, skip, hold or reject | |
//! | [`source`] | csv, jsonl, json, rows in the job: a stream of rows with places, flat memory | reads files |
//! | [`job`] | the job as written and as meant | reads files |
//! | [`mapping`] | cells and expressions to values for fields | |
//! | [`schema`] | JSON Schema and the rules that know the time, per operation | |
//! | [`request`] | fields to method, path, body, digest | |
//! | [`prepare`] | mapping, schema and request in one step, for `check`, `plan` and `run` alike | |
//! | [`survey`] | the first reading: checks a whole source on every core | threads |
//! | [`verdict`] | what an answer, or the lack of one, means for a row | |
//! | [`recover`] | settles a lost answer by looking whether it is there | |
//! | [`event`] | what reporters hear | |
//! | [`exit`] | exit codes | |
//! | [`ledger`] | what happened, durable | disk |
//! | [`steps`] | the second reading: each row with what is to be done | reads files |
//! | [`transport`] | one request out, bytes back; tokens | network |
//! | [`engine`] | lanes, concurrency, retries, tokens, stopping: a pure core and a dispatcher | time |
//! | [`report`] | progress, summary, NDJSON, plan, status, the check of a ledger: a file each | writes streams |
//! | [`editor`] | JSON Schemas for editors | |
//! | [`sandbox`] | a local StringeeX with faults; the only room that knows StringeeX | network |
//! | [`cli`] | arguments, environment, clock; a file a verb | all |
//!
//! # Decisions are pure
//! Mapping, validation, plan, pace, verdict, row states and the engine's core take values, the time and chance as
//! arguments and return values. What a row may become is one function, [`row_state::RowState::after`], which both
//! the live run and the replay of a ledger go through.
//!
//! # What is promised
//! Nothing is sent that is not first, durably, in the ledger as started; nothing counts as done before that is
//! durable too. What may have acted is never sent again unless its operation says that a repeat is harmless: it is
//! *in doubt*, shown and counted. See `docs/` for the jobs', the connectors' and the ledger's reference.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod cli;
pub mod connector;
pub mod diagnostic;
pub mod document;
pub mod editor;
pub mod engine;
pub mod event;
pub mod exit;
pub mod job;
pub mod ledger;
pub mod mapping;
pub mod pace;
pub mod plan;
pub mod prepare;
pub mod quota;
pub mod recover;
pub mod report;
pub mod request;
pub mod row_state;
pub mod sandbox;
pub mod schema;
pub mod secret;
pub mod source;
pub mod steps;
pub mod survey;
pub mod transport;
pub mod verdict;
pub mod violation;
