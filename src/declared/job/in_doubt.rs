//! The policy for rows whose answers were lost. What follows from it is for `plan`.

/// What becomes of rows that may have acted, where a repeat is not harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InDoubt {
    /// They are looked for, and sent again only if they surely are not there.
    #[default]
    Verify,
    /// They are left for a person to decide.
    Hold,
    /// They are sent again, at the risk of doing it twice.
    Resend,
}
