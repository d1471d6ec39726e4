//! `ledger check`: looks a ledger file through.

use std::sync::Arc;

use crate::declared::connector::{Catalogue, Connector, Effect};
use crate::declared::job;
use crate::ledger::{self, CheckScope, Checked, LedgerError};
use crate::report::exit;
use crate::report::{LedgerCheckView, ledger_checked_event};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

use super::arguments::{CommonArguments, LedgerArguments, LedgerCheckArguments, LedgerVerb};
use super::environment::Environment;
use super::opening;
use super::output::{Output, data};

pub fn ledger(arguments: &LedgerArguments, environment: &Environment) -> u8 {
    match &arguments.verb {
        LedgerVerb::Check(arguments) => check(arguments, environment),
    }
}

fn check(arguments: &LedgerCheckArguments, environment: &Environment) -> u8 {
    let output = Output::new(&arguments.common, environment);
    match attempt(arguments, environment) {
        Ok(view) => {
            show(&view, &output);
            match view.checked.findings.count() {
                0 => exit::DONE,
                _ => exit::UNSOUND,
            }
        }
        Err(problems) => {
            output.tell(&problems);
            output.event(&ledger_checked_event(&Checked::default()));
            exit::USAGE
        }
    }
}

fn attempt(
    arguments: &LedgerCheckArguments,
    environment: &Environment,
) -> Result<LedgerCheckView, Vec<Diagnostic>> {
    let common = &arguments.common;
    let job = match &arguments.job {
        Some(path) => Some(job::load(path, None, &common.connectors)?),
        None => None,
    };
    let connectors = match &job {
        Some(job) => vec![Arc::clone(&job.connector)],
        None => connectors_within_reach(common),
    };
    let creates = |name: &str| {
        let operations = connectors.iter().filter_map(|connector| connector.operations.get(name));
        let mut effects = operations.map(|operation| operation.effect).peekable();
        effects.peek().is_some() && effects.all(|effect| effect == Effect::Create)
    };
    let name = job.as_ref().map(|job| job.name.clone());
    let place = arguments.job.clone().unwrap_or_default();
    let path = opening::ledger_path(&place, common, environment);
    let scope = CheckScope { job: name.as_deref(), creates: &creates };
    let checked = ledger::check(&path, &scope).map_err(|error| vec![unreadable(&error)])?;
    let Some(checked) = checked else {
        let message = format!("there is no ledger {}", path.display());
        let hint = "nothing was sent from here yet, or it is elsewhere: name it with --ledger";
        return Err(vec![Diagnostic::error(Code::Ledger, Place::Nowhere, message).hint(hint)]);
    };
    Ok(LedgerCheckView { ledger: path.display().to_string(), job: name, checked })
}

/// Of which connector a row is, the ledger does not say. One that is broken is of no use here, and no harm.
fn connectors_within_reach(common: &CommonArguments) -> Vec<Arc<Connector>> {
    let catalogue = Catalogue::new(common.connectors.iter().cloned());
    let names = catalogue.names().into_iter();
    names.filter_map(|name| catalogue.load(&name, Place::Nowhere).ok()).map(Arc::new).collect()
}

fn unreadable(error: &LedgerError) -> Diagnostic {
    Diagnostic::error(Code::Ledger, Place::Nowhere, error.to_string()).hint(error.hint())
}

fn show(view: &LedgerCheckView, output: &Output) {
    if output.is_json() {
        view.events().iter().for_each(|event| output.event(event));
    } else if !output.quiet || view.checked.findings.count() > 0 {
        // Whoever closed stdout does not want to hear of it.
        let text = view.text(output.data_color);
        let _ = std::io::Write::write_all(&mut data(), text.as_bytes());
    }
}
