//! What a run carries out, where that is a saved plan, and who has approved it: facts that stay with the run.
//!
//! What is in a plan, and whether it still holds, is for `plan`; a ledger keeps no more of it than its name.

use std::fmt;

/// Names a saved plan: the SHA-256 of its file.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PlanId(pub [u8; 32]);

/// So many of a name's bytes tell it apart for people.
const SHORT: usize = 6;

impl PlanId {
    /// Enough of it for people to tell plans apart.
    pub(crate) fn short(self) -> String {
        self.0[..SHORT].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for PlanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PlanId({self})")
    }
}

/// Who has approved a run, as whoever started it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Approval {
    pub by: String,
    pub comment: Option<String>,
}

/// What a run carries out, and on whose word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Mandate {
    /// None where the run made its plan itself.
    pub plan: Option<PlanId>,
    pub approval: Option<Approval>,
}

impl Mandate {
    /// Whether there is nothing to keep of it.
    pub(crate) fn is_empty(&self) -> bool {
        self.plan.is_none() && self.approval.is_none()
    }
}
