//! Whose things are that a list shows: asked of the ledger in a thread of its own.
//!
//! An answer takes a scan of all starts and outcomes. The engine waits for none: requests under way would run out of their time
//! meanwhile. Pages that come while a scan is under way are asked about together in the next one. What follows from an
//! answer is for `recover`.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use tokio::sync::oneshot;

use crate::engine::Owned;
use crate::ledger::{JobId, Ledger, LedgerError, LedgerFault, Reader as _};
use crate::row::{Holdings, Page};

/// How long to wait before a reading that failed for a reason that may pass is tried again; each wait is twice the one
/// before. The engine's requests wait no longer than that together.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The thread that answers.
pub(super) struct Ownership {
    questions: Sender<Question>,
    thread: JoinHandle<()>,
    path: PathBuf,
}

struct Question {
    page: Page,
    answer: oneshot::Sender<Owned>,
}

impl Ownership {
    /// `ledger` is a connection of its own to the file at `path`; rows are looked for in `job`.
    pub(super) fn start(ledger: Ledger, path: PathBuf, job: JobId) -> Self {
        let (questions, asked) = channel();
        let thread = std::thread::spawn(move || answer_all(&ledger, job, &asked));
        Self { questions, thread, path }
    }

    /// What rows own of a page of a list, and of the lane that is looked through.
    pub(super) fn owned(&self, page: Page) -> LocalBoxFuture<'static, Owned> {
        let (answer, answered) = oneshot::channel();
        let ledger = self.path.clone().into();
        let gone = LedgerError::Fault { ledger, fault: LedgerFault::ReaderGone };
        // Where nobody is there to hear it, nobody answers.
        let _ = self.questions.send(Question { page, answer });
        answered.map(|answer| answer.unwrap_or(Err(gone))).boxed_local()
    }

    /// Closes the connection.
    pub(super) fn close(self) {
        drop(self.questions);
        // Whoever still waited has heard of its end.
        let _ = self.thread.join();
    }
}

/// Asks until there is an answer, somebody waits no more, or there will be none. A reading that failed tells nothing: it is an
/// error to all who asked, never "owned by nobody".
fn patiently(
    ledger: &Ledger,
    job: JobId,
    pages: &[Page],
    answers: &[oneshot::Sender<Owned>],
) -> Result<Vec<Holdings>, LedgerError> {
    let mut wait = FIRST_WAIT;
    loop {
        let holdings = ledger.owned(job, pages);
        let may_pass = holdings.as_ref().is_err_and(LedgerError::may_pass);
        let is_awaited = answers.iter().any(|answer| !answer.is_closed());
        if !may_pass || !is_awaited || wait > LONGEST_WAIT {
            return holdings;
        }
        std::thread::sleep(wait);
        wait *= 2;
    }
}

fn answer_all(ledger: &Ledger, job: JobId, asked: &Receiver<Question>) {
    while let Ok(first) = asked.recv() {
        let questions = std::iter::once(first).chain(asked.try_iter());
        let (pages, answers): (Vec<Page>, Vec<_>) =
            questions.map(|Question { page, answer }| (page, answer)).unzip();
        // An engine that has ended asks for nothing any more.
        match patiently(ledger, job, &pages, &answers) {
            Ok(holdings) => answers.into_iter().zip(holdings).for_each(|(answer, held)| {
                let _ = answer.send(Ok(held));
            }),
            Err(error) => answers.into_iter().for_each(|answer| {
                let _ = answer.send(Err(error.clone()));
            }),
        }
    }
}
