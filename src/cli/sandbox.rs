//! `sandbox`: a local StringeeX, until it is interrupted.

use clap::Args;
use serde_json::json;

use crate::report::exit;
use crate::sandbox::{
    ClockModel, EMAIL, Faults, KEY_SECRET, KEY_SID, ListModel, Options, PASSWORD, Sandbox,
};
use crate::text::quota::Quota;

use super::arguments::{Format, duration, quota};
use super::{signals, streams};

#[derive(Debug, Args)]
pub(super) struct SandboxArguments {
    /// The port on 127.0.0.1; 0 takes any that is free
    #[arg(long, default_value_t = crate::sandbox::PORT)]
    pub port: u16,
    /// How long every answer takes, as in 80ms
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = duration)]
    pub latency: std::time::Duration,
    /// What is allowed, as in 30/10s; may be given several times [default: the published quotas]
    #[arg(long, value_name = "QUOTA", value_parser = quota)]
    pub quota: Vec<Quota>,
    /// Allow everything
    #[arg(long, conflicts_with = "quota")]
    pub no_quota: bool,
    /// How many connections it takes at a time; one more is reset
    #[arg(long, value_name = "N")]
    pub connections: Option<usize>,
    /// What goes wrong and how often, as in 503=5%,reset-after=2%
    #[arg(long, value_name = "FAULTS", default_value = "", value_parser = faults)]
    pub fault: Faults,
    /// How late the fault `slow` answers, and `reset-late` acts
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub slow: std::time::Duration,
    /// What is odd about lists; may be given several times
    #[arg(long, value_name = "MODEL", value_enum)]
    pub list: Vec<ListModel>,
    /// What is odd about clocks
    #[arg(long, value_name = "MODEL", value_enum, default_value_t = ClockModel::Right)]
    pub clock: ClockModel,
    /// How long a login's token lives
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub token_lifetime: std::time::Duration,
    /// The same seed draws the same faults
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// json prints the address as an event
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

fn faults(text: &str) -> Result<Faults, String> {
    text.parse().map_err(|error: crate::sandbox::FaultsError| format!("{error}: {}", error.hint()))
}

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
