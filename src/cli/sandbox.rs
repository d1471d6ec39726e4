//! `sandbox`: a local StringeeX, until it is interrupted.

use serde_json::json;

use crate::report::exit;
use crate::sandbox::{EMAIL, KEY_SECRET, KEY_SID, Options, PASSWORD, Sandbox};

use super::arguments::{Format, SandboxArguments};
use super::{signals, streams};

pub(super) fn sandbox(arguments: &SandboxArguments) -> u8 {
    let sandbox = match Sandbox::start(options(arguments)) {
        Ok(sandbox) => sandbox,
        Err(error) => {
            let port = arguments.port;
            let text = format!(
                "error: the sandbox cannot listen on port {port}: {error}\n\
                 hint: another program may have it; --port 0 takes any that is free\n"
            );
            streams::write(streams::words(), &text);
            return exit::USAGE;
        }
    };
    announce(&sandbox, arguments.format);
    let stopper = sandbox.stopper();
    let waiting = std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return;
        };
        runtime.block_on(async { signals::stops().recv().await });
        stopper.stop();
    });
    sandbox.wait();
    drop(waiting);
    exit::DONE
}

fn options(arguments: &SandboxArguments) -> Options {
    let mut options = Options {
        port: arguments.port,
        latency: arguments.latency,
        connections: arguments.connections,
        faults: arguments.fault.clone(),
        slow: arguments.slow,
        lists: arguments.list.clone(),
        clock: arguments.clock,
        token_lifetime: arguments.token_lifetime,
        seed: arguments.seed,
        ..Options::default()
    };
    if arguments.no_quota {
        options.quotas.clear();
    } else if !arguments.quota.is_empty() {
        options.quotas.clone_from(&arguments.quota);
    }
    options
}

fn announce(sandbox: &Sandbox, format: Format) {
    let address = sandbox.base_url();
    let text = match format {
        Format::Json => {
            let event = json!({
                "event": "sandbox", "base_url": address, "email": EMAIL, "password": PASSWORD,
                "key_sid": KEY_SID, "key_secret": KEY_SECRET,
            });
            format!("{event}\n")
        }
        Format::Text => format!(
            "A local StringeeX is listening on {address}. Nothing here is real, the credentials included:\n\n    \
             export STRINGEEX_EMAIL={EMAIL} STRINGEEX_PASSWORD={PASSWORD}\n    \
             noteferry run JOB --base-url {address}\n\nWhat it has seen: {}\nInterrupt it to stop.\n",
            address.replace("/v1", "/_sandbox/books")
        ),
    };
    streams::write(streams::data(), &text);
}
