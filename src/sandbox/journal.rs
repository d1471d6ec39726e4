//! What was asked and what came of it, the latest last.
//!
//! Paths without their queries, and no headers or bodies: nothing secret can get in.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde_json::{Value, json};

use super::answer::{Reply, Request};
use super::faults::Fault;

/// How many of the latest entries are kept.
const KEPT: usize = 100_000;

struct Entry {
    /// Unix milliseconds, by the sandbox's clock.
    at: i64,
    method: hyper::Method,
    path: Cow<'static, str>,
    status: Option<u16>,
    r: Option<i64>,
    fault: Option<Fault>,
}

impl Entry {
    fn show(&self) -> Value {
        let mut entry = json!({
            "at": self.at,
            "method": self.method.as_str(),
            "path": self.path,
            "status": self.status,
            "r": self.r,
        });
        if let Some(fault) = self.fault {
            entry["fault"] = Value::from(fault.name());
        }
        entry
    }
}

#[derive(Default)]
pub(super) struct Journal(VecDeque<Entry>);

impl Journal {
    pub(super) fn record(
        &mut self,
        request: &Request,
        reply: &Reply,
        fault: Option<Fault>,
        now: i64,
    ) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        // The path of every create and list: not worth a copy each.
        let path = match request.path {
            "/v1/ticketNote" => Cow::Borrowed("/v1/ticketNote"),
            other => Cow::Owned(other.to_owned()),
        };
        let method = request.method.clone();
        let status = reply.status().map(|status| status.as_u16());
        self.0.push_back(Entry { at: now, method, path, status, r: reply.r(), fault });
    }

    pub(super) fn show(&self) -> Value {
        self.0.iter().map(Entry::show).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_are_kept() {
        let mut journal = Journal::default();
        let method = hyper::Method::GET;
        let (query, token) = ("access_token=hidden", Some(&b"hidden"[..]));
        let path = "/v1/ticketNote/tn_1";
        let request =
            Request { method: &method, path, query, token, content_type: None, body: None };
        for now in 0..=100_000 {
            journal.record(&request, &Reply::Dropped { r: None }, Some(Fault::Reset), now);
        }
        assert_eq!(journal.0.len(), 100_000);
        let first = json!({
            "at": 1, "method": "GET", "path": path, "status": null, "r": null, "fault": "reset",
        });
        assert_eq!(journal.0[0].show(), first);
    }
}
