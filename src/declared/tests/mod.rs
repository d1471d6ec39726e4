//! Tests of what users declare as a whole.

mod editor;
mod job_schema;
