//! `operations`: what rows can do, and which fields each operation takes.

use crate::declared::connector::{Catalogue, Connector, DEFAULT_CONNECTOR};
use crate::declared::job::find_operation;
use crate::report::exit;
use crate::report::{operation_event, operations as listed};
use crate::text::diagnostic::{Diagnostic, Place};

use super::arguments::OperationsArguments;
use super::environment::Environment;
use super::output::Output;

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
