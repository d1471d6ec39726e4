//! Tells a monitor that a run has begun, and how it ended.
//!
//! The address is a secret: whoever knows it can say that all is well. So it is never shown, and what cannot be delivered is
//! a note and no more.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use url::Url;

/// So long a monitor is waited for, all in all.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether somebody wants no more waiting.
const LOOK: Duration = Duration::from_millis(50);

/// What a monitor is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Said {
    Started,
    Succeeded,
    Failed,
}

/// The address of a monitor.
#[derive(Clone)]
pub(in crate::cli) struct Monitor(Url);

/// What is on its way.
pub(in crate::cli) struct UnderWay(Receiver<Result<(), String>>);

impl Monitor {
    /// Takes an address. What is wrong with one is told without it.
    pub(in crate::cli) fn new(address: &str) -> Result<Self, &'static str> {
        match Url::parse(address.trim()) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Self(url)),
            Ok(_) => Err("it begins with neither https:// nor http://"),
            Err(_) => Err("it is no URL"),
        }
    }

    /// The address without what is secret of it.
    pub(in crate::cli) fn host(&self) -> &str {
        self.0.host_str().unwrap_or("its monitor")
    }

    /// Begins to say it, and does not wait.
    pub(in crate::cli) fn say(&self, said: Said) -> UnderWay {
        let address = address(&self.0, said);
        let (told, is_told) = channel();
        // Whoever does not wait any longer is not told.
        std::thread::spawn(move || drop(told.send(deliver(&address))));
        UnderWay(is_told)
    }
}

impl UnderWay {
    /// Waits until it has arrived, or says why it has not; no longer than until somebody wants no more waiting.
    pub(in crate::cli) fn arrive(self, is_enough: &dyn Fn() -> bool) -> Result<(), String> {
        loop {
            match self.0.recv_timeout(LOOK) {
                Ok(delivered) => return delivered,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err("the attempt broke off".to_owned());
                }
                Err(RecvTimeoutError::Timeout) if is_enough() => {
                    return Err("it was not waited for, since a signal came".to_owned());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// The address for what is said: its path goes on with it, and what comes behind the path stays there.
fn address(base: &Url, said: Said) -> Url {
    let mut address = base.clone();
    let more = match said {
        Said::Started => "/start",
        Said::Failed => "/fail",
        Said::Succeeded => return address,
    };
    let path = format!("{}{more}", base.path().trim_end_matches('/'));
    address.set_path(&path);
    address
}

fn deliver(address: &Url) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let done = runtime.block_on(async {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("noteferry/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE);
        if address.scheme() == "http" {
            builder = builder.tls_certs_only([]);
        }
        if matches!(address.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(told)?;
        let answer = client.get(address.clone()).send().await.map_err(told)?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("it answered with HTTP status {}", status.as_u16())),
        }
    });
    // Nobody waits for what the system may still be asked.
    runtime.shutdown_background();
    done
}

/// Why, without the address.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    match (error.is_timeout(), error.is_connect()) {
        (true, _) => format!("there was no answer within {} s", PATIENCE.as_secs()),
        (_, true) => "it cannot be reached".to_owned(),
        (false, false) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_stands_behind_the_path() {
        for (base, start) in [
            ("https://hc.example.com/0f0e", "https://hc.example.com/0f0e/start"),
            ("https://hc.example.com/0f0e/", "https://hc.example.com/0f0e/start"),
            ("http://127.0.0.1:8000/ping/a/b?rid=1", "http://127.0.0.1:8000/ping/a/b/start?rid=1"),
            (" https://hc.example.com ", "https://hc.example.com/start"),
        ] {
            let Ok(monitor) = Monitor::new(base) else { panic!("{base}") };
            assert_eq!(address(&monitor.0, Said::Started).as_str(), start);
            assert_eq!(address(&monitor.0, Said::Succeeded), monitor.0);
            assert!(address(&monitor.0, Said::Failed).path().ends_with("/fail"));
        }
        for wrong in ["", "hc.example.com/0f0e", "ftp://hc.example.com/x", "file:///etc/passwd"] {
            assert!(Monitor::new(wrong).is_err(), "{wrong}");
        }
    }
}
