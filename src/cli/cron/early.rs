//! Signals before a run has begun to listen to them: while rows are checked, or another run is waited for.
//!
//! Nothing was sent by then, so the process may end at once; what has to be said of that is said first. Whoever comes first, the
//! signal or the run, has it: the other one does not begin.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::super::signals;

/// Nobody has it yet.
const OPEN: u8 = 0;
/// The run has begun, and listens by itself.
const BEGUN: u8 = 1;
/// A signal has come, and the process is about to end.
const ENDING: u8 = 2;

#[derive(Clone, Default)]
pub(in crate::cli) struct Early {
    state: Arc<AtomicU8>,
    /// A signal that has come between the run's beginning and its listening.
    late: Arc<Mutex<Option<UnboundedReceiver<i32>>>>,
}

impl Early {
    /// Ends the process with the code that `last_words` gives, should a signal come before the run begins.
    pub(in crate::cli) fn listen(last_words: impl FnOnce(i32) -> u8 + Send + 'static) -> Self {
        let (say, late) = unbounded_channel();
        let early = Self { state: Arc::default(), late: Arc::new(Mutex::new(Some(late))) };
        let state = Arc::clone(&early.state);
        std::thread::spawn(move || {
            let Some(signal) = signals::first() else { return };
            match claim(&state, ENDING) {
                true => std::process::exit(last_words(signal).into()),
                // The run is over by now, or it hears of it.
                false => drop(say.send(signal)),
            }
        });
        early
    }

    /// From now on the run answers for signals. Does not come back where one has come before: the process ends then.
    pub(in crate::cli) fn is_over(&self) {
        if claim(&self.state, BEGUN) {
            return;
        }
        while self.state.load(Ordering::SeqCst) == ENDING {
            std::thread::park();
        }
    }

    /// What comes late, for the run, once it listens.
    pub(in crate::cli) fn late(&self) -> Option<UnboundedReceiver<i32>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Takes what nobody has yet.
fn claim(state: &AtomicU8, wanted: u8) -> bool {
    state.compare_exchange(OPEN, wanted, Ordering::SeqCst, Ordering::SeqCst).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_first_has_it() {
        for (first, second) in [(BEGUN, ENDING), (ENDING, BEGUN)] {
            let state = AtomicU8::new(OPEN);
            assert!(claim(&state, first));
            assert!(!claim(&state, second));
            assert_eq!(state.load(Ordering::SeqCst), first);
        }
    }
}
