//! A local StringeeX with faults: what tests and rehearsals send their notes to.
//!
//! It answers as the documented ticket-note API does and is strict about it: a field, a type, a header or a
//! method the documentation does not allow is refused, so a job that passes here has not passed by
//! leniency. On request it also fails the ways networks fail: answers lost after the act, connections cut,
//! pages of HTML from a gateway. All chance comes from one seed.
//!
//! Two calls are its own, need no token and count for nothing: `GET /_sandbox/books` shows what it holds and
//! has done (its notes, and a journal of requests with what came of them), and `POST /_sandbox/clock` with
//! `{"offset_ms": N}` sets its clock ahead of the real one, for tokens and reminders that run out.
//!
//! Its behaviour is a pure value, `Books`, that is told what the time is; `server` only carries bytes to it
//! and back. It is *not* the connector's idea of StringeeX: it shares no code with what talks to the real
//! one, so that a misreading there cannot hide here. Nor is it a store: everything is gone when it stops.

mod answer;
mod books;
mod faults;
mod fields;
mod gate;
mod journal;
mod manners;
mod notes;
mod query;
mod server;
#[cfg(test)]
mod tests;
mod windows;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::Notify;

use crate::text::quota::Quota;
use books::Books;

pub use faults::{Faults, FaultsError};
pub use manners::{ClockModel, ListModel};
pub use notes::Alteration;

/// The e-mail address that may log in.
pub const EMAIL: &str = "admin@sandbox.example";
/// The password that goes with [`EMAIL`].
pub const PASSWORD: &str = "sandbox-password";
/// The SID of the API key whose self-signed tokens are accepted.
pub const KEY_SID: &str = "SK.0.sandbox";
/// The secret that goes with [`KEY_SID`].
pub const KEY_SECRET: &str = "sandbox-key-secret";

/// The port of a sandbox, unless it is told another.
pub const PORT: u16 = 7878;

/// How a sandbox behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// The loopback port to listen on; 0 takes any free one.
    pub port: u16,
    /// How long every answer under `/v1` is held back, after the request has been acted on.
    pub latency: Duration,
    /// What is allowed, all of it at once, in blocks of the wall clock. Empty: everything.
    pub quotas: Vec<Quota>,
    /// How many connections it takes at a time, if not any number; one more is reset before anything is read.
    pub connections: Option<usize>,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// How late the fault `slow` answers, and `reset-late` acts.
    pub slow: Duration,
    /// What is odd about lists.
    pub lists: Vec<ListModel>,
    /// What is odd about clocks.
    pub clock: ClockModel,
    /// Whether a 429 says in `Retry-After` how long to wait.
    pub retry_after: bool,
    /// The seed of all chance: faults and the ids of new notes.
    pub seed: u64,
    /// Whether a note that it does not know is taken for one that is there when it is to be changed or deleted, unless
    /// its id begins with `tn_missing`: a rehearsal cannot know the notes of the real account.
    pub presumes_notes: bool,
    /// How long a login's token is good for, in whole seconds (a fraction is dropped).
    pub token_lifetime: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            latency: Duration::ZERO,
            quotas: published_quotas(),
            connections: None,
            faults: Faults::default(),
            slow: Duration::from_secs(30),
            lists: Vec::new(),
            clock: ClockModel::Right,
            retry_after: true,
            seed: 1,
            presumes_notes: false,
            token_lifetime: Duration::from_secs(3600),
        }
    }
}

/// A sandbox for one run: as quick as a good line, with nothing in the way but the run's own pace, and with any note that
/// a row is to change or delete.
pub fn rehearsal() -> Options {
    Options {
        latency: Duration::from_millis(20),
        quotas: Vec::new(),
        presumes_notes: true,
        ..Options::default()
    }
}

/// The pace of a rehearsal, which need not take the hours that the published quotas ask for.
pub fn rehearsal_quotas() -> Vec<Quota> {
    NonZeroU32::new(100)
        .map(|requests| Quota { requests, window: Duration::from_secs(1) })
        .into_iter()
        .collect()
}

/// What a StringeeX connector finds in the environment of a rehearsal, by the name of the variable.
pub fn variable(name: &str) -> Option<&'static str> {
    match name {
        "STRINGEEX_EMAIL" => Some(EMAIL),
        "STRINGEEX_PASSWORD" => Some(PASSWORD),
        _ => None,
    }
}

/// The base URL of a sandbox on the usual port, whether or not one is there.
pub fn usual_base_url() -> String {
    base_url_at(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)))
}

fn base_url_at(address: SocketAddr) -> String {
    format!("http://{address}/v1")
}

/// The limits StringeeX publishes: 30 in 10 s for a group of endpoints, 300 in 10 s and 9000 an hour in all.
fn published_quotas() -> Vec<Quota> {
    [(30, 10), (300, 10), (9000, 3600)]
        .into_iter()
        .filter_map(|(requests, seconds)| {
            let requests = NonZeroU32::new(requests)?;
            Some(Quota { requests, window: Duration::from_secs(seconds) })
        })
        .collect()
}

/// A running sandbox, on a thread of its own; dropping it stops it.
pub struct Sandbox {
    base_url: String,
    books: Arc<Mutex<Books>>,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox on the loopback interface and returns once it accepts connections.
    ///
    /// # Errors
    /// The port is taken or forbidden, or the system has no thread or socket left.
    pub fn start(options: Options) -> io::Result<Self> {
        let books = Arc::new(Mutex::new(Books::new(&options)));
        let stopper = Stopper(Arc::new(Notify::new()));
        let (bound, when_bound) = mpsc::channel();
        let server = server::Server::new(&options, Arc::clone(&books));
        let stopped = Arc::clone(&stopper.0);
        let thread = thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || server.run(options.port, &bound, &stopped))?;
        let address = when_bound.recv().map_err(io::Error::other)??;
        let base_url = base_url_at(address);
        Ok(Self { base_url, books, stopper, thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What the sandbox holds and has done; the same as `GET /_sandbox/books`.
    pub fn books(&self) -> serde_json::Value {
        server::lock(&self.books).show()
    }

    /// Does to a note what somebody else does behind everybody's back; says whether it is there.
    pub fn alter(&self, id: &str, alteration: Alteration) -> bool {
        server::lock(&self.books).alter(id, alteration)
    }

    /// Something to stop the sandbox with from elsewhere, as from a signal.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Blocks until a [`Stopper`] stops the sandbox.
    pub fn wait(mut self) {
        self.join();
    }

    /// Stops the sandbox and returns once its port is free; open connections are closed.
    pub fn stop(self) {
        drop(self);
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic over there has been reported by its own thread; there is nothing to add here.
            let _ = thread.join();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stopper.stop();
        self.join();
    }
}

/// Stops a sandbox; see [`Sandbox::stopper`].
#[derive(Clone)]
pub struct Stopper(Arc<Notify>);

impl Stopper {
    /// Asks the sandbox to stop, and does not wait for it. Harmless when it has already stopped.
    pub fn stop(&self) {
        self.0.notify_one();
    }
}
