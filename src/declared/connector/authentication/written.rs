//! `authentication` as written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// How requests prove who sends them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct AuthenticationFile {
    /// The header that carries the token.
    pub(super) header: String,
    /// A word before the token, as in Bearer.
    pub(super) scheme: Option<String>,
    /// What the environment variables that the connector reads begin with: its name in capitals, or the beginning of
    /// that, as in ACME_. Left out: its name, as in ACME_DESK_.
    #[schemars(extend("examples" = [["ACME_"]]))]
    pub(super) variables: Option<Vec<String>>,
    /// Ways to a token; the first whose environment variables are set is taken.
    #[schemars(length(min = 1))]
    pub(super) methods: Vec<MethodFile>,
}

/// A way to a token.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::declared) enum MethodFile {
    /// A token that the user has already.
    Token(TokenFile),
    /// A request that answers with a token.
    Login(LoginFile),
    /// A JSON web token (HS256) signed here.
    SignedToken(SignedTokenFile),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct TokenFile {
    /// The environment variable that holds the token.
    pub(super) variable: String,
    /// Claims of the token (JSON pointers) that name the account; the first present is taken.
    #[serde(default)]
    pub(super) account_claims: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct LoginFile {
    /// Appended to the base URL; the request is a POST.
    pub(super) path: String,
    /// The body; `${NAME}` stands for the environment variable NAME.
    pub(super) body: IndexMap<String, Value>,
    /// The environment variable that names the account.
    pub(super) account: String,
    /// Where the token stands in the answer (JSON pointer), or in the chosen item of `choices`.
    pub(super) token: String,
    pub(super) choices: Option<ChoicesFile>,
}

/// For answers that hold several tokens.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct ChoicesFile {
    /// Where the list stands in the answer (JSON pointer).
    pub(super) list: String,
    /// The environment variable that names the choice. Unset: the first item with a token.
    pub(super) variable: String,
    /// Where an item bears its names (JSON pointers).
    #[serde(rename = "match")]
    pub(super) names: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::declared) struct SignedTokenFile {
    /// The environment variable that holds the signing secret.
    pub(super) secret: String,
    /// Further fields of the token's header: `cty` and `kid` are understood.
    #[serde(default)]
    pub(super) header: IndexMap<String, String>,
    /// The claims; `${NAME}` stands for an environment variable, `${now}` for the unix time in seconds. `exp` is added.
    pub(super) claims: IndexMap<String, Value>,
    /// The environment variable that names the account.
    pub(super) account: String,
    /// How long a token is valid. Left out: 1h.
    pub(super) lifetime: Option<String>,
}
