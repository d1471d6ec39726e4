//! `connector.yaml` as written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::answers::written::AnswersFile;
use super::super::authentication::written::AuthenticationFile;

/// A connector: an API, how to sign in to it, what it allows, how its answers are read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Noteferry connector")]
pub(in crate::declared) struct ConnectorFile {
    /// The connector's name; the same as its folder's.
    pub(super) connector: String,
    /// What it is, in a line.
    #[expect(dead_code, reason = "for the people who read the file")]
    pub(super) about: Option<String>,
    /// What one row makes or changes on the other side, as in note; for messages. Left out: item.
    pub(super) item: Option<String>,
    /// What every path is appended to, as in `https://api.example.com/v1`
    pub(super) base_url: String,
    /// What the API allows, as in [30/10s, 9000/1h]; all hold at once. Left out: no limit.
    #[serde(default)]
    pub(super) quotas: Vec<String>,
    /// How many requests may be under way at once.
    #[schemars(range(min = 1, max = 1024))]
    pub(super) concurrency: Option<u32>,
    pub(super) timeouts: Option<TimeoutsFile>,
    /// Headers that every request carries.
    #[serde(default)]
    pub(super) headers: IndexMap<String, String>,
    /// Left out: requests carry no credentials.
    pub(super) authentication: Option<AuthenticationFile>,
    /// How an answer is read. Left out: any 2xx is a success.
    #[serde(default)]
    pub(super) answers: AnswersFile,
}

/// How long to wait, as in 10s.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct TimeoutsFile {
    /// For a connection. Left out: 10s.
    pub(super) connect: Option<String>,
    /// For the whole of a request and its answer. Left out: 30s.
    pub(super) request: Option<String>,
}
