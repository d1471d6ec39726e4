//! Wishes to stop from the system: the first lets what is under way end, the second does not.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::engine::Stop;

/// Listens for signals; must be called on a runtime.
pub(super) fn stops() -> UnboundedReceiver<Stop> {
    let (wishes, stops) = unbounded_channel();
    tokio::spawn(async move {
        let Ok(mut signals) = Signals::listen() else { return };
        let first = signals.next().await;
        let _ = wishes.send(Stop::Drain { signal: first });
        let second = signals.next().await;
        let _ = wishes.send(Stop::Now { signal: second });
    });
    stops
}

const INTERRUPT: i32 = 2;
const TERMINATE: i32 = 15;

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPT,
            _ = self.terminate.recv() => TERMINATE,
        }
    }
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
