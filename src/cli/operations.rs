//! `operations`: what rows can do, and which fields each operation takes.

use std::path::PathBuf;

use clap::Args;

use crate::declared::connector::{Catalogue, Connector, DEFAULT_CONNECTOR};
use crate::declared::job::find_operation;
use crate::report::exit;
use crate::report::{operation_event, operations as listed};
use crate::text::diagnostic::{Diagnostic, Place};

use super::arguments::{Color, Format};
use super::environment::Environment;
use super::output::Output;

#[derive(Debug, Args)]
pub(super) struct OperationsArguments {
    /// One operation, as in ticket_note.create; left out: all
    pub operation: Option<String>,
    /// The connector [default: stringeex]
    #[arg(long, value_name = "NAME")]
    pub connector: Option<String>,
    /// Look for connectors in this folder first; may be given several times
    #[arg(long, value_name = "DIR")]
    pub connectors: Vec<PathBuf>,
    /// text for people, json (an event for each operation) for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// When to use color
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

pub(super) fn operations(arguments: &OperationsArguments, environment: &Environment) -> u8 {
    let output = Output::plain(arguments.format, arguments.color, environment);
    match chosen(arguments) {
        Ok(connector) => {
            let of = |name: &str| arguments.operation.as_ref().is_none_or(|one| one == name);
            let chosen = connector.operations.values().filter(|operation| of(&operation.name));
            let chosen: Vec<_> = chosen.map(AsRef::as_ref).collect();
            for operation in &chosen {
                output.event(&operation_event(&connector.name, operation));
            }
            if !output.is_json() {
                output.show(&listed(&chosen, output.data_color));
            }
            exit::DONE
        }
        Err(problems) => {
            output.tell(&problems);
            exit::USAGE
        }
    }
}

fn chosen(arguments: &OperationsArguments) -> Result<Connector, Vec<Diagnostic>> {
    let catalogue = Catalogue::new(arguments.connectors.iter().cloned()).beside(["schemas".into()]);
    let name = arguments.connector.as_deref().unwrap_or(DEFAULT_CONNECTOR);
    let connector = catalogue.load(name, Place::Nowhere)?;
    if let Some(operation) = &arguments.operation {
        find_operation(&connector, operation, Place::Nowhere).map_err(|problem| vec![problem])?;
    }
    Ok(connector)
}
