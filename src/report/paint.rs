//! Colours, where they are wanted.

/// Whether to colour. What is painted is never told by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// For what has gone well.
    pub fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// For what has failed.
    pub fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    /// For what needs a look.
    pub fn doubtful(self, text: &str) -> String {
        self.with("33", text)
    }

    /// For what matters less.
    pub fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
