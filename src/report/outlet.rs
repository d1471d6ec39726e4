//! A way out that cannot stop a run: what cannot be written is remembered, and then nothing more is written.

use std::io::{self, BufWriter, ErrorKind, Write};

use serde::Serialize;

use super::json_text::visible;
use crate::text::visible::safe;

/// A buffered writer of lines.
pub(crate) struct Outlet {
    /// None once writing has failed.
    out: Option<BufWriter<Box<dyn Write + Send>>>,
    fault: Option<String>,
}

impl Outlet {
    pub(crate) fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out: Some(BufWriter::new(out)), fault: None }
    }

    /// Writes a text of which nothing steers a terminal but for its colors.
    pub(crate) fn text(&mut self, text: &str) {
        self.attempt(|out| out.write_all(safe(text).as_bytes()));
    }

    /// Writes a value as one line of JSON, with what is unseen as escapes.
    pub(crate) fn event(&mut self, event: &impl Serialize) {
        self.attempt(|out| {
            let line = serde_json::to_string(event)?;
            // Most lines are plain.
            match line.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                true => out.write_all(line.as_bytes())?,
                false => out.write_all(visible(&line).as_bytes())?,
            }
            out.write_all(b"\n")
        });
    }

    /// Hands on what is buffered.
    pub(crate) fn flush(&mut self) {
        self.attempt(Write::flush);
    }

    /// Why writing failed, if so. A closed pipe is no fault: whoever read has seen enough.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    fn attempt(
        &mut self,
        write: impl FnOnce(&mut BufWriter<Box<dyn Write + Send>>) -> io::Result<()>,
    ) {
        let Some(out) = &mut self.out else { return };
        if let Err(error) = write(out) {
            if error.kind() != ErrorKind::BrokenPipe {
                self.fault = Some(error.to_string());
            }
            // Dropping the buffer as it is would try to write it again.
            if let Some(out) = self.out.take() {
                let _ = out.into_parts();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{Failing, Shared};

    #[test]
    fn lines_arrive() {
        let shared = Shared::default();
        let mut outlet = Outlet::new(shared.writer());
        outlet.text("a\n");
        outlet.event(&serde_json::json!({"b": 1}));
        assert_eq!(shared.text(), "");
        outlet.flush();
        assert_eq!(shared.text(), "a\n{\"b\":1}\n");
    }

    #[test]
    fn a_closed_pipe_is_no_fault_and_is_not_tried_again() {
        let failing = Failing::new(ErrorKind::BrokenPipe);
        let mut outlet = Outlet::new(failing.writer());
        for _ in 0..3 {
            outlet.text("a\n");
            outlet.flush();
        }
        assert_eq!(outlet.fault(), None);
        drop(outlet);
        assert_eq!(failing.tries(), 1);
    }

    #[test]
    fn a_full_disk_is_a_fault() {
        let failing = Failing::new(ErrorKind::StorageFull);
        let mut outlet = Outlet::new(failing.writer());
        outlet.event(&"x".repeat(100_000));
        outlet.flush();
        assert!(outlet.fault().is_some());
        assert_eq!(failing.tries(), 1);
    }
}
