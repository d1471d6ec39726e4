//! Colours, where they are wanted.

/// Whether to colour. What is painted is never told by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paint(pub bool);

impl Paint {
    pub(super) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// For what has gone well.
    pub(super) fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// For what has failed.
    pub(super) fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    /// For what needs a look.
    pub(super) fn doubtful(self, text: &str) -> String {
        self.with("33", text)
    }

    /// For what matters less.
    pub(super) fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
