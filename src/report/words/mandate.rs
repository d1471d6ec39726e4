//! What a run carries out and on whose word, for people and for scripts.

use serde_json::{Map, Value, json};

use super::one_line;
use crate::ledger::Mandate;

/// `the saved plan 3f2a9c1b2d4e, approved by Lan: after the rehearsal of Monday`; none where there is nothing to tell.
pub(in crate::report) fn mandate(mandate: &Mandate) -> Option<String> {
    let plan = mandate.plan.map(|plan| format!("the saved plan {}", plan.short()));
    let approval = mandate.approval.as_ref().map(|approval| {
        let comment = approval.comment.as_deref().map(one_line).unwrap_or_default();
        let comment = if comment.is_empty() { comment } else { format!(": {comment}") };
        format!("approved by {}{comment}", one_line(&approval.by))
    });
    let parts: Vec<String> = [plan, approval].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Adds the same to an event, as far as there is something to tell.
pub(in crate::report) fn add_mandate(event: &mut Map<String, Value>, mandate: &Mandate) {
    if let Some(plan) = mandate.plan {
        event.insert("plan".into(), json!(plan.to_string()));
    }
    if let Some(approval) = &mandate.approval {
        event.insert("approved_by".into(), json!(approval.by));
        event.insert("comment".into(), json!(approval.comment));
    }
}
