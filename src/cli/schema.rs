//! `schema`: what an editor checks a file by, for people who have the program and not its sources.

use clap::{Args, ValueEnum};

use crate::declared::EditorSchema;
use crate::report::exit;

use super::streams;

#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// Of which kind of file
    #[arg(value_enum)]
    pub file: SchemaOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    Job,
    Connector,
    Operation,
}

pub(super) fn schema(of: SchemaOf) -> u8 {
    let schema = match of {
        SchemaOf::Job => EditorSchema::Job,
        SchemaOf::Connector => EditorSchema::Connector,
        SchemaOf::Operation => EditorSchema::Operation,
    };
    streams::write(streams::data(), schema.text());
    exit::DONE
}
