//! Signals before a run has begun to listen to them: while rows are checked, or another run is waited for.
//!
//! Nothing was sent by then, so the process may end at once; what has to be said of that is said first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::signals;

/// Whether the run listens by itself.
#[derive(Clone, Default)]
pub(in crate::cli) struct Early(Arc<AtomicBool>);

impl Early {
    /// Ends the process with the code that `last_words` gives, should a signal come before the run listens.
    pub(in crate::cli) fn listen(last_words: impl FnOnce(i32) -> u8 + Send + 'static) -> Self {
        let early = Self::default();
        let is_over = early.clone();
        std::thread::spawn(move || {
            let Some(signal) = signals::first() else { return };
            if !is_over.0.swap(true, Ordering::SeqCst) {
                std::process::exit(last_words(signal).into());
            }
        });
        early
    }

    /// From now on the run listens.
    pub(in crate::cli) fn is_over(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
