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
    /// HTTP statuses that say "not now" and surely did not act. Left out: 429.
    pub(super) retry: Option<Vec<u16>>,
    /// HTTP statuses that ask for another token. Left out: 401.
    pub(super) unauthorized: Option<Vec<u16>>,
    /// How a refusal says that what was asked for is not there. A delete that is repeated and told so has succeeded.
    #[serde(default)]
    pub(super) not_found: NotFoundFile,
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
