//! What the tests of reports share: writers that can be read, and a run to report on.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::RunView;
use crate::declared::job::InDoubt;
use crate::event::{Event, Fault, Happening, Progress, RowEnd, RowEnded, Stage};
use crate::ledger::{Deed, LedgerError, Mandate, StorageFault};
use crate::plan::{Done, Fate, Filtered, Sending, Tally};
use crate::row::{Cause, Reason, Totals};
use crate::text::code::Code;
use crate::text::command::CommandLine;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::place::RowPlace;

/// A writer whose text can be read while it is written.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub(crate) fn writer(&self) -> Box<dyn Write + Send> {
        Box::new(self.clone())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A writer that fails, and counts how often it was asked.
#[derive(Clone)]
pub(crate) struct Failing(ErrorKind, Arc<AtomicUsize>);

impl Failing {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(kind, Arc::default())
    }

    pub(crate) fn writer(&self) -> Box<dyn Write + Send> {
        Box::new(self.clone())
    }

    pub(crate) fn tries(&self) -> usize {
        self.1.load(Ordering::Relaxed)
    }
}

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) const SENT: Fate = Fate::Send(Sending::Fresh);
pub(crate) const DONE: Fate = Fate::Skip(Done::Unchanged);
pub(crate) const CHANGED: Fate = Fate::Skip(Done::Changed);

/// 50,000 notes to send, late in the evening.
pub(crate) fn view() -> RunView {
    RunView {
        job: "import-notes".into(),
        item: "note".into(),
        command: CommandLine::new("run", Some("jobs/import-notes.yaml")),
        target: "https://api.stringeex.com/v1 (account admin@example.vn)".into(),
        ledger: "jobs/.noteferry/ledger.db".into(),
        credentials: "STRINGEEX_TOKEN".into(),
        tally: Tally::from_iter([(SENT, 50_000), (DONE, 320)]),
        mandate: Mandate::default(),
        filtered: Filtered::default(),
        stays: Default::default(),
        changed_rows: Vec::new(),
        held_rows: Vec::new(),
        until: None,
        in_doubt: InDoubt::Verify,
        is_presumed: false,
        limited_by: Some("9000/1h".parse().unwrap()),
        duration: Duration::from_secs(20_000),
        started: "2026-11-22T21:40:00+07:00[Asia/Ho_Chi_Minh]".parse().unwrap(),
        run: None,
        host: Some("mail1".into()),
        shows_progress: true,
        quiet: false,
        color: false,
        sandbox: false,
        undoes: None,
        before: crate::report::ReadsAhead::default(),
    }
}

/// Where that run stands after so many seconds at 2.5 requests a second.
pub(crate) fn progress(seconds: u64) -> Progress {
    let requests = seconds * 5 / 2;
    Progress {
        to_send: 50_000,
        succeeded: requests,
        requests,
        elapsed: Duration::from_secs(seconds),
        latency: None,
        allowed_rate: Some(2.5),
        ..Progress::default()
    }
}

/// A row that was refused.
pub(crate) fn refused(row: u64) -> Event {
    Event::Row(RowEnded {
        place: RowPlace::of(row, row + 1),
        key: format!("L-{row}").into(),
        lane: format!("ticket tk_{}", row % 7).into(),
        end: RowEnd::Failed,
        id: None,
        attempts: 1,
        cause: Some(Cause {
            code: Some("1003".into()),
            ..Cause::of(Reason::Answered).saying("ticket not\nfound")
        }),
        items: None,
        reminder: None,
        further: None,
    })
}

/// How that run adds up when all is well.
pub(crate) fn totals() -> Totals {
    Totals {
        rows: 50_320,
        succeeded: 50_000,
        already_done: 320,
        requests: 50_004,
        ..Totals::default()
    }
}

/// A ledger on a full disk.
pub(crate) fn full_disk() -> LedgerError {
    LedgerError::Storage {
        ledger: std::path::Path::new("jobs/.noteferry/ledger.db").into(),
        deed: Deed::Write,
        fault: StorageFault::Full,
        cause: "database or disk is full".into(),
    }
}

/// A source that is gone when it is to be read again.
pub(crate) fn unreadable_source() -> Diagnostic {
    let place = Place::File("data/notes.csv".into());
    Diagnostic::error(Code::UnreadableFile, place, "the file cannot be opened: no such file")
}

/// An answer to a request that was never sent.
pub(crate) fn illegal_step() -> Fault {
    let (stage, happening) = (Stage::Queued, Happening::Replied);
    Fault { row: Some(12), stage, happening, transition: None }
}
