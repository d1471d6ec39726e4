//! Whose things are that a list shows: asked of the ledger in a thread of its own.
//!
//! An answer takes a scan of all outcomes. The engine waits for none: requests under way would run out of their time
//! meanwhile. Pages that come while a scan is under way are asked about together in the next one. What follows from an
//! answer is for `recover`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use tokio::sync::oneshot;

use crate::engine::Owned;
use crate::ledger::{Ledger, LedgerError, LedgerFault, Reader as _};

/// How long to wait before a reading that failed for a reason that may pass is tried again; each wait is twice the one
/// before. The engine's requests wait no longer than that together.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The thread that answers.
pub(super) struct Owners {
    questions: Sender<Question>,
    thread: JoinHandle<()>,
    path: PathBuf,
}

struct Question {
    ids: HashSet<String>,
    answer: oneshot::Sender<Owned>,
}

impl Owners {
    /// `ledger` is a connection of its own to the file at `path`.
    pub(super) fn start(ledger: Ledger, path: PathBuf) -> Self {
        let (questions, asked) = channel();
        let thread = std::thread::spawn(move || answer_all(&ledger, &asked));
        Self { questions, thread, path }
    }

    /// Which of some ids of the other side's belong to rows of any job.
    pub(super) fn owned(&self, ids: HashSet<String>) -> LocalBoxFuture<'static, Owned> {
        let (answer, answered) = oneshot::channel();
        let ledger = self.path.clone().into();
        let gone = LedgerError::Fault { ledger, fault: LedgerFault::ReaderGone };
        // Where nobody is there to hear it, nobody answers.
        let _ = self.questions.send(Question { ids, answer });
        answered.map(|answer| answer.unwrap_or(Err(gone))).boxed_local()
    }

    /// Closes the connection.
    pub(super) fn close(self) {
        drop(self.questions);
        // Whoever still waited has heard of its end.
        let _ = self.thread.join();
    }
}

/// Asks until there is an answer, somebody waits no more, or there will be none.
fn patiently(ledger: &Ledger, ids: &HashSet<&str>, questions: &[Question]) -> Owned {
    let mut wait = FIRST_WAIT;
    loop {
        let owned = ledger.owned(ids);
        let may_pass = owned.as_ref().is_err_and(LedgerError::may_pass);
        let is_awaited = questions.iter().any(|question| !question.answer.is_closed());
        if !may_pass || !is_awaited || wait > LONGEST_WAIT {
            return owned;
        }
        std::thread::sleep(wait);
        wait *= 2;
    }
}

fn answer_all(ledger: &Ledger, asked: &Receiver<Question>) {
    while let Ok(first) = asked.recv() {
        let questions: Vec<Question> = std::iter::once(first).chain(asked.try_iter()).collect();
        let ids = questions.iter().flat_map(|question| &question.ids).map(String::as_str).collect();
        let owned = patiently(ledger, &ids, &questions);
        for Question { mut ids, answer } in questions {
            let owned = owned.as_ref().map_err(Clone::clone).map(|owned| {
                ids.retain(|id| owned.contains(id));
                ids
            });
            // An engine that has ended asks for nothing any more.
            let _ = answer.send(owned);
        }
    }
}
