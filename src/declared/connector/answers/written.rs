//! `answers` as written.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// How an answer is read.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct AnswersFile {
    /// What the body of a success holds. Left out: any 2xx is a success.
    pub(super) success: Option<SuccessFile>,
    /// Where a refusal's code stands (JSON pointers, the first present).
    #[serde(default)]
    pub(super) code: Vec<String>,
    /// Where a refusal's message stands (JSON pointers, the first present).
    #[serde(default)]
    pub(super) message: Vec<String>,
    /// What says "not now" and surely did not act: HTTP statuses, or those with codes and parts of messages. Left out: 429.
    pub(super) retry: Option<RetryFile>,
    /// HTTP statuses that ask for another token. Left out: 401.
    pub(super) unauthorized: Option<Vec<u16>>,
    /// How a refusal says that what was asked for is not there. A delete that is repeated and told so has succeeded.
    #[serde(default)]
    pub(super) not_found: NotFoundFile,
}

/// What says "not now".
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::declared) enum RetryFile {
    /// HTTP statuses.
    Statuses(Vec<u16>),
    Told(ToldRetryFile),
}

/// Any of these says so.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct ToldRetryFile {
    /// HTTP statuses. Left out: 429.
    pub(super) status: Option<Vec<u16>>,
    /// The API's own codes, under any status of 2xx to 4xx; the run waits as for a 429.
    #[serde(default)]
    pub(super) code: Vec<String>,
    /// Parts of the message, in any case of letters; likewise.
    #[serde(default)]
    pub(super) message: Vec<String>,
}

/// Any of these says so.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct NotFoundFile {
    /// HTTP statuses. Left out: 404.
    pub(super) status: Option<Vec<u16>>,
    /// The API's own codes.
    #[serde(default)]
    pub(super) code: Vec<String>,
    /// Parts of the message, in any case of letters.
    #[serde(default)]
    pub(super) message: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct SuccessFile {
    /// JSON pointer into the body.
    pub(super) at: String,
    pub(super) equals: Value,
}
