//! Wishes to stop from the system: the first lets what is under way end, the second does not.
//!
//! A key that is held, or a terminal that is closed, sends several signals: those within a second of the first are one wish.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::Instant;

use crate::engine::Stop;

/// Signals that come within so long of the first are the same wish.
const ONE_WISH: Duration = Duration::from_secs(1);

/// Listens for signals; must be called on a runtime.
pub(super) fn stops() -> UnboundedReceiver<Stop> {
    stops_after(None)
}

/// Likewise; one of `late` came before, and counts as the first.
pub(super) fn stops_after(late: Option<UnboundedReceiver<i32>>) -> UnboundedReceiver<Stop> {
    let (wishes, stops) = unbounded_channel();
    // From this moment on, and not from when the task comes to it.
    let Ok(mut signals) = Signals::listen() else { return stops };
    tokio::spawn(async move {
        let before = async {
            match late {
                Some(mut late) => match late.recv().await {
                    Some(signal) => signal,
                    None => std::future::pending().await,
                },
                None => std::future::pending().await,
            }
        };
        let first = tokio::select! {
            signal = before => signal,
            signal = signals.next() => signal,
        };
        let _ = wishes.send(Stop::Drain { signal: first });
        let heard = Instant::now();
        let second = loop {
            let signal = signals.next().await;
            if heard.elapsed() >= ONE_WISH {
                break signal;
            }
        };
        let _ = wishes.send(Stop::Now { signal: second });
    });
    stops
}

/// Waits for the first signal on a runtime of its own; none where the system gives nothing to listen with.
pub(super) fn first() -> Option<i32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async { Some(Signals::listen().ok()?.next().await) })
}

const INTERRUPT: i32 = 2;
const TERMINATE: i32 = 15;

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// A terminal that is closed is a wish to terminate; none where the user has said that it is not.
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hears_hangups = !hangups_are_ignored();
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: hears_hangups.then(|| signal(SignalKind::hangup())).transpose()?,
        })
    }

    async fn next(&mut self) -> i32 {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPT,
            _ = self.terminate.recv() => TERMINATE,
            _ = hangup => TERMINATE,
        }
    }
}

/// Whether the process was started so that hangups do not end it, as `nohup` does; no, where the system does not say.
#[cfg(unix)]
fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // The lowest bit is that of signal 1.
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(windows)]
struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
    close: tokio::signal::windows::CtrlClose,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::windows::{ctrl_c, ctrl_close, ctrl_shutdown};
        Ok(Self { interrupt: ctrl_c()?, close: ctrl_close()?, shutdown: ctrl_shutdown()? })
    }

    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPT,
            _ = self.close.recv() => TERMINATE,
            _ = self.shutdown.recv() => TERMINATE,
        }
    }
}
