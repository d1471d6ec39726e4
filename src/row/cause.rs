//! Why something did not succeed. What an answer means is for `traffic`.

/// Why something did not succeed, in the other side's words where it has any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cause {
    pub status: Option<u16>,
    /// The API's own code, as in `r`.
    pub code: Option<String>,
    pub message: String,
}
