//! Reporters on a thread of their own, so that a slow terminal never holds up a request.
//!
//! Row events are never lost: they wait in a bounded channel, and when that is full a run waits too. Progress is
//! a single slot that each snapshot overwrites; what stands in it is drawn about ten times a second.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Reporter;
use crate::event::{Event, Progress};

/// Batches of events that may wait to be heard.
const WAITING: usize = 256;
/// Between two drawings of the progress.
const DRAWING: Duration = Duration::from_millis(100);
/// What has been told is flushed at least this often, however much there is to tell.
const FLUSHING: Duration = Duration::from_secs(1);

/// The thread that reporters run on.
pub(crate) struct ReportThread {
    thread: JoinHandle<Option<String>>,
    handle: ReportHandle,
}

/// A way to tell reporters. It may be cloned and sent to any thread.
#[derive(Clone)]
pub(crate) struct ReportHandle {
    events: SyncSender<Message>,
    latest: Latest,
}

/// The newest snapshot that has not been drawn.
type Latest = Arc<Mutex<Option<Progress>>>;

enum Message {
    Events(Vec<Event>),
    Stop,
}

impl ReportThread {
    pub(crate) fn start(reporter: Box<dyn Reporter>) -> Self {
        let (events, incoming) = sync_channel(WAITING);
        let latest = Latest::default();
        let listener = Listener::new(reporter, Arc::clone(&latest));
        let thread = thread::spawn(move || listener.run(&incoming));
        Self { thread, handle: ReportHandle { events, latest } }
    }

    pub(crate) fn handle(&self) -> ReportHandle {
        self.handle.clone()
    }

    /// Waits until everything told so far is shown. Call it after [`Event::Finished`] was told. Returns
    /// why the output could not be written, if so.
    pub(crate) fn finish(self) -> Option<String> {
        let Self { thread, handle } = self;
        // The thread may have ended already, with the run.
        let _ = handle.events.send(Message::Stop);
        thread.join().unwrap_or_else(|_| Some("the report broke off".into()))
    }
}

impl ReportHandle {
    /// Tells what has happened; waits while too much waits to be heard. After the end of the run
    /// nobody listens.
    pub(crate) fn tell(&self, event: Event) {
        self.tell_all(vec![event]);
    }

    /// Tells several things at once, which wakes the reporters but once.
    pub(crate) fn tell_all(&self, events: Vec<Event>) {
        let _ = self.events.send(Message::Events(events));
    }

    /// Puts a snapshot in the place of the last one. Never waits.
    pub(crate) fn progress(&self, progress: Progress) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }
}

/// The thread's own state.
struct Listener {
    reporter: Box<dyn Reporter>,
    latest: Latest,
    draw_at: Instant,
    flush_at: Instant,
}

impl Listener {
    fn new(reporter: Box<dyn Reporter>, latest: Latest) -> Self {
        let now = Instant::now();
        Self { reporter, latest, draw_at: now, flush_at: now }
    }

    fn run(mut self, incoming: &Receiver<Message>) -> Option<String> {
        while let Some(events) = self.next(incoming) {
            if self.hear(&events) {
                break;
            }
            self.keep_time();
        }
        self.reporter.rest();
        self.reporter.fault()
    }

    /// Passes events on, to the last of a run; true: that was among them.
    fn hear(&mut self, events: &[Event]) -> bool {
        for event in events {
            let last = matches!(event, Event::Finished { .. });
            if last {
                self.draw();
            }
            self.reporter.hear(event);
            if last {
                return true;
            }
        }
        false
    }

    /// The next events; none when there will be no more. Draws while it waits.
    fn next(&mut self, incoming: &Receiver<Message>) -> Option<Vec<Event>> {
        match incoming.try_recv() {
            Ok(message) => return message.events(),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => self.reporter.rest(),
        }
        loop {
            match incoming.recv_timeout(self.draw_at.saturating_duration_since(Instant::now())) {
                Ok(message) => return message.events(),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.keep_time(),
            }
        }
    }

    /// Draws and flushes where it is time to.
    fn keep_time(&mut self) {
        let now = Instant::now();
        if now >= self.draw_at {
            self.draw_at = now + DRAWING;
            self.draw();
        }
        if now >= self.flush_at {
            self.flush_at = now + FLUSHING;
            self.reporter.rest();
        }
    }

    fn draw(&mut self) {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(progress) = latest {
            self.reporter.progress(&progress);
        }
    }
}

impl Message {
    fn events(self) -> Option<Vec<Event>> {
        match self {
            Self::Events(events) => Some(events),
            Self::Stop => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Ending;
    use crate::report::tests::{Failing, Shared, progress, refused, totals, view};
    use crate::report::{Several, ndjson, plain};

    fn told_on(out: Box<dyn std::io::Write + Send>) -> Box<dyn Reporter> {
        ndjson(out, view(), Box::new(|| jiff::Timestamp::UNIX_EPOCH))
    }

    fn finished() -> Event {
        Event::Finished { totals: totals(), ending: Ending::Finished }
    }

    #[test]
    fn every_event_is_heard_in_order_by_everyone() {
        let (out, err) = (Shared::default(), Shared::default());
        let both = Several(vec![told_on(out.writer()), plain(err.writer(), view())]);
        let thread = ReportThread::start(Box::new(both));
        let handle = thread.handle();
        for row in 1..=5_000 {
            handle.tell(refused(row));
        }
        handle.progress(progress(20_004));
        handle.tell(finished());
        handle.tell(refused(5_001));
        assert_eq!(thread.finish(), None);
        let rows: Vec<u64> = out.text().lines().filter_map(row).collect();
        assert_eq!(rows, (1..=5_000).collect::<Vec<_>>());
        assert!(out.text().contains("\"exit\":0,"));
        // The last snapshot is seen before the end.
        assert!(err.text().contains("finished in 5 h 33 min"), "{}", err.text());
    }

    fn row(line: &str) -> Option<u64> {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["row"].as_u64()
    }

    #[test]
    fn a_run_that_never_finished_can_still_be_left() {
        let out = Shared::default();
        let thread = ReportThread::start(told_on(out.writer()));
        let handle = thread.handle();
        handle.tell(refused(1));
        assert_eq!(thread.finish(), None);
        assert_eq!(out.text().lines().count(), 1);
        handle.tell(refused(2));
    }

    #[test]
    fn a_fault_and_a_panic_are_told_at_the_end() {
        let full = Failing::new(std::io::ErrorKind::StorageFull);
        let thread = ReportThread::start(told_on(full.writer()));
        thread.handle().tell(finished());
        assert!(thread.finish().is_some());

        struct Breaks;
        impl Reporter for Breaks {
            fn hear(&mut self, _: &Event) {
                panic!("a reporter of a test breaks");
            }
            fn progress(&mut self, _: &Progress) {}
        }
        let thread = ReportThread::start(Box::new(Breaks));
        let handle = thread.handle();
        (0..5_000).for_each(|row| handle.tell(refused(row)));
        assert_eq!(thread.finish().as_deref(), Some("the report broke off"));
    }
}
