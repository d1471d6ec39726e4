//! Reporters on a thread of their own, so that a slow terminal never holds up a request.
//!
//! Row events are never lost as long as somebody takes them: they wait in a channel that is bounded in number and in bytes,
//! and what finds no room there is given back, so that whoever tells never waits. Progress is a single slot that each
//! snapshot overwrites; what stands in it is drawn about ten times a second. How long a reader who has stopped reading
//! is waited for is for whoever closes the report.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Reporter;
use crate::event::{Event, Progress};

/// Batches of events that may wait to be heard.
const WAITING: usize = 256;
/// Bytes, about, that they may have together before no more are taken; what lists bring can be much.
const WAITING_BYTES: usize = 8 << 20;
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
    counts: Arc<Counts>,
}

/// What the thread is behind with.
#[derive(Debug, Default)]
struct Counts {
    /// Bytes, about, of the events that wait.
    waiting: AtomicUsize,
    /// Events that have been heard.
    heard: AtomicUsize,
}

/// A report of which the last word has been told, and not yet heard.
pub(crate) struct ClosingReport {
    thread: JoinHandle<Option<String>>,
    handle: ReportHandle,
    /// What found no room yet.
    untold: Vec<Event>,
    is_told: bool,
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
        let counts = Arc::<Counts>::default();
        let listener = Listener::new(reporter, Arc::clone(&latest), Arc::clone(&counts));
        let thread = thread::spawn(move || listener.run(&incoming));
        Self { thread, handle: ReportHandle { events, latest, counts } }
    }

    pub(crate) fn handle(&self) -> ReportHandle {
        self.handle.clone()
    }

    /// Tells the last events, of which [`Event::Finished`] is the last of all.
    pub(crate) fn close(self, last: Vec<Event>) -> ClosingReport {
        let Self { thread, handle } = self;
        ClosingReport { thread, handle, untold: last, is_told: false }
    }
}

impl ClosingReport {
    /// Hands over what there is room for, and says whether all that was told is shown. Never waits.
    pub(crate) fn is_shown(&mut self) -> bool {
        if !self.is_told {
            if !self.untold.is_empty() {
                self.untold = self.handle.offer(std::mem::take(&mut self.untold));
            }
            // The thread may have ended already, with the run.
            let is_stopped = || match self.handle.events.try_send(Message::Stop) {
                Ok(()) | Err(TrySendError::Disconnected(_)) => true,
                Err(TrySendError::Full(_)) => false,
            };
            self.is_told = self.untold.is_empty() && is_stopped();
        }
        self.thread.is_finished()
    }

    /// How many events have been heard so far.
    pub(crate) fn heard(&self) -> usize {
        self.handle.counts.heard.load(Ordering::Relaxed)
    }

    /// Why the output could not be written to its end, if so. What is not shown by now never will be.
    pub(crate) fn fault(self) -> Option<String> {
        match self.thread.is_finished() {
            true => self.thread.join().unwrap_or_else(|_| Some("the report broke off".into())),
            false => Some("whoever reads it has stopped reading".into()),
        }
    }
}

impl ReportHandle {
    /// Tells several things at once, which wakes the reporters but once. Gives them back while too much waits to be heard;
    /// after the end of the run nobody listens. Never waits.
    pub(crate) fn offer(&self, events: Vec<Event>) -> Vec<Event> {
        if self.counts.waiting.load(Ordering::Relaxed) > WAITING_BYTES {
            return events;
        }
        let bytes = weight(&events);
        self.counts.waiting.fetch_add(bytes, Ordering::Relaxed);
        match self.events.try_send(Message::Events(events)) {
            Err(TrySendError::Full(Message::Events(events))) => {
                self.counts.waiting.fetch_sub(bytes, Ordering::Relaxed);
                events
            }
            Ok(()) => Vec::new(),
            // Nobody listens any more, so nothing waits.
            Err(_) => {
                self.counts.waiting.fetch_sub(bytes, Ordering::Relaxed);
                Vec::new()
            }
        }
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
    counts: Arc<Counts>,
    draw_at: Instant,
    flush_at: Instant,
}

impl Listener {
    fn new(reporter: Box<dyn Reporter>, latest: Latest, counts: Arc<Counts>) -> Self {
        let now = Instant::now();
        Self { reporter, latest, counts, draw_at: now, flush_at: now }
    }

    fn run(mut self, incoming: &Receiver<Message>) -> Option<String> {
        while let Some(events) = self.next(incoming) {
            let is_over = self.hear(&events);
            self.counts.waiting.fetch_sub(weight(&events), Ordering::Relaxed);
            if is_over {
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
            self.counts.heard.fetch_add(1, Ordering::Relaxed);
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

fn weight(events: &[Event]) -> usize {
    events.iter().map(Event::weight).sum()
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

    fn tell(handle: &ReportHandle, event: Event) {
        let mut untold = vec![event];
        while !untold.is_empty() {
            untold = handle.offer(untold);
            thread::yield_now();
        }
    }

    fn finish(thread: ReportThread, last: Vec<Event>) -> Option<String> {
        let mut closing = thread.close(last);
        while !closing.is_shown() {
            thread::yield_now();
        }
        closing.fault()
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
            tell(&handle, refused(row));
        }
        handle.progress(progress(20_004));
        assert_eq!(finish(thread, vec![finished(), refused(5_001)]), None);
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
        tell(&handle, refused(1));
        assert_eq!(finish(thread, Vec::new()), None);
        assert_eq!(out.text().lines().count(), 1);
        tell(&handle, refused(2));
    }

    #[test]
    fn a_fault_and_a_panic_are_told_at_the_end() {
        let full = Failing::new(std::io::ErrorKind::StorageFull);
        let thread = ReportThread::start(told_on(full.writer()));
        assert!(finish(thread, vec![finished()]).is_some());

        struct Breaks;
        impl Reporter for Breaks {
            fn hear(&mut self, _: &Event) {
                panic!("a reporter of a test breaks");
            }
            fn progress(&mut self, _: &Progress) {}
        }
        let thread = ReportThread::start(Box::new(Breaks));
        let handle = thread.handle();
        // More than may wait for somebody who listens.
        (0..50_000).for_each(|row| tell(&handle, refused(row)));
        assert_eq!(finish(thread, Vec::new()).as_deref(), Some("the report broke off"));
    }

    /// A reader who takes nothing until the test lets it.
    struct Stuck(std::sync::mpsc::Receiver<()>);

    impl std::io::Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn whoever_tells_never_waits_and_what_waits_is_bounded() {
        let (release, stuck) = sync_channel::<()>(0);
        let thread = ReportThread::start(told_on(Box::new(Stuck(stuck))));
        let handle = thread.handle();
        let big = |row| match refused(row) {
            Event::Row(row) => Event::Row(crate::event::RowEnded {
                items: Some(vec!["x".repeat(1 << 20).into()]),
                ..row
            }),
            other => other,
        };
        let taken = (0..1_000).take_while(|row| handle.offer(vec![big(*row)]).is_empty()).count();
        assert!((8..=12).contains(&taken), "{taken}");
        let mut closing = thread.close(vec![finished()]);
        assert!(!closing.is_shown());
        assert_eq!(closing.fault().as_deref(), Some("whoever reads it has stopped reading"));
        drop(release);
    }
}
