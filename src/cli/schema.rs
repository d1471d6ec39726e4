//! `schema`: what an editor checks a file by, for people who have the program and not its sources.

use crate::declared::EditorSchema;
use crate::report::exit;

use super::arguments::SchemaOf;
use super::streams;

pub(super) fn schema(of: SchemaOf) -> u8 {
    let schema = match of {
        SchemaOf::Job => EditorSchema::Job,
        SchemaOf::Connector => EditorSchema::Connector,
        SchemaOf::Operation => EditorSchema::Operation,
    };
    streams::write(streams::data(), schema.text());
    exit::DONE
}
