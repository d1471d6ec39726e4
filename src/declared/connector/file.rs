//! Connector and operation files as written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A connector: an API, how to sign in to it, what it allows, how its answers are read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Noteferry connector")]
pub struct ConnectorFile {
    /// The connector's name; the same as its folder's.
    pub connector: String,
    /// What it is, in a line.
    pub about: Option<String>,
    /// What every path is appended to, as in `https://api.example.com/v1`
    pub base_url: String,
    /// What the API allows, as in [30/10s, 9000/1h]; all hold at once. Left out: no limit.
    #[serde(default)]
    pub quotas: Vec<String>,
    /// How many requests may be under way at once.
    #[schemars(range(min = 1, max = 1024))]
    pub concurrency: Option<u32>,
    pub timeouts: Option<TimeoutsFile>,
    /// Headers that every request carries.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// Left out: requests carry no credentials.
    pub authentication: Option<AuthenticationFile>,
    /// How an answer is read. Left out: any 2xx is a success.
    #[serde(default)]
    pub answers: AnswersFile,
}

/// How long to wait, as in 10s.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeoutsFile {
    /// For a connection. Left out: 10s.
    pub connect: Option<String>,
    /// For the whole of a request and its answer. Left out: 30s.
    pub request: Option<String>,
}

/// How requests prove who sends them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationFile {
    /// The header that carries the token.
    pub header: String,
    /// A word before the token, as in Bearer.
    pub scheme: Option<String>,
    /// Ways to a token; the first whose environment variables are set is taken.
    #[schemars(length(min = 1))]
    pub methods: Vec<MethodFile>,
}

/// A way to a token.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MethodFile {
    /// A token that the user has already.
    Token(TokenFile),
    /// A request that answers with a token.
    Login(LoginFile),
    /// A JSON web token (HS256) signed here.
    SignedToken(SignedTokenFile),
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenFile {
    /// The environment variable that holds the token.
    pub variable: String,
    /// Claims of the token (JSON pointers) that name the account; the first present is taken.
    #[serde(default)]
    pub account_claims: Vec<String>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginFile {
    /// Appended to the base URL; the request is a POST.
    pub path: String,
    /// The body; `${NAME}` stands for the environment variable NAME.
    pub body: IndexMap<String, Value>,
    /// The environment variable that names the account.
    pub account: String,
    /// Where the token stands in the answer (JSON pointer), or in the chosen item of `choices`.
    pub token: String,
    pub choices: Option<ChoicesFile>,
}

/// For answers that hold several tokens.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoicesFile {
    /// Where the list stands in the answer (JSON pointer).
    pub list: String,
    /// The environment variable that names the choice. Unset: the first item with a token.
    pub variable: String,
    /// Where an item bears its names (JSON pointers).
    #[serde(rename = "match")]
    pub names: Vec<String>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedTokenFile {
    /// The environment variable that holds the signing secret.
    pub secret: String,
    /// Further fields of the token's header, as in `cty`.
    #[serde(default)]
    pub header: IndexMap<String, String>,
    /// The claims; `${NAME}` stands for an environment variable, `${now}` for the unix time in seconds. `exp` is added.
    pub claims: IndexMap<String, Value>,
    /// The environment variable that names the account.
    pub account: String,
    /// How long a token is valid. Left out: 1h.
    pub lifetime: Option<String>,
}

/// How an answer is read.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswersFile {
    /// What the body of a success holds. Left out: any 2xx is a success.
    pub success: Option<SuccessFile>,
    /// Where a refusal's code stands (JSON pointers, the first present).
    #[serde(default)]
    pub code: Vec<String>,
    /// Where a refusal's message stands (JSON pointers, the first present).
    #[serde(default)]
    pub message: Vec<String>,
    /// HTTP statuses that say "not now" and surely did not act. Left out: 429.
    pub retry: Option<Vec<u16>>,
    /// HTTP statuses that ask for another token. Left out: 401.
    pub unauthorized: Option<Vec<u16>>,
    /// How a refusal says that what was asked for is not there. A delete that is repeated and told so has succeeded.
    #[serde(default)]
    pub not_found: NotFoundFile,
}

/// Any of these says so.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotFoundFile {
    /// HTTP statuses. Left out: 404.
    pub status: Option<Vec<u16>>,
    /// The API's own codes.
    #[serde(default)]
    pub code: Vec<String>,
    /// Parts of the message, in any case of letters.
    #[serde(default)]
    pub message: Vec<String>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuccessFile {
    /// JSON pointer into the body.
    pub at: String,
    pub equals: Value,
}

/// An operation: what one row does.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Noteferry operation")]
pub struct OperationFile {
    /// The operation's name, as in ticket_note.create; the same as its file's.
    pub operation: String,
    /// What it does, in a line.
    pub about: Option<String>,
    pub effect: Effect,
    pub method: Method,
    /// Appended to the base URL; `{field}` stands for a field.
    pub path: String,
    /// Query parameters; `{field}` stands for a field. A parameter whose field is absent is left out.
    #[serde(default)]
    pub query: IndexMap<String, String>,
    /// Puts the body's fields under this key, as in {"comment": {…}}.
    pub wrap: Option<String>,
    /// Rows of one lane go in the order of the source, one at a time; `{field}` stands for a field.
    pub lane: String,
    pub repeat: Repeat,
    /// How long the other side may be at work on a request whose answer was lost, as in 10s. Only a list that is asked for
    /// later than that says for sure that nothing was made, and nothing is repeated earlier, or the lost request might
    /// come after what follows it. Left out: no longer than until the answer was lost.
    pub sure_after: Option<String>,
    /// Where the answer has the id of what was made (JSON pointer).
    pub id: Option<String>,
    /// How a lost answer is settled: by looking whether it is there. Left out: the row stays in doubt.
    pub recover: Option<RecoverFile>,
    /// Where the answer has its list (JSON pointers, the first that is a list).
    #[serde(default)]
    pub items: Vec<String>,
    /// The fields: a JSON Schema (2020-12) of an object.
    pub fields: serde_json::Map<String, Value>,
    /// What a JSON Schema cannot say.
    #[serde(default)]
    pub rules: Vec<RuleFile>,
}

/// Where to look for what a lost answer may have made, and how to know it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoverFile {
    /// The reading operation that shows what is there.
    pub list: String,
    /// Fields of the list: the fields of this operation that they are filled with.
    pub with: IndexMap<String, String>,
    /// Fields of the list that make it begin with what is newest, and their values, as in { sort_order: desc }. Where the
    /// other side cuts lists short, what was just made is then in them all the same.
    #[serde(default)]
    pub newest_first: serde_json::Map<String, Value>,
    /// Fields that must be equal to what was sent, and where an item has them (JSON pointers, the first present).
    #[serde(rename = "match")]
    #[schemars(length(min = 1))]
    pub fields: IndexMap<String, Vec<String>>,
    /// Where an item has its id (JSON pointers, the first present).
    #[schemars(length(min = 1))]
    pub id: Vec<String>,
    /// Where an item says when it was made (JSON pointers, the first present): unix milliseconds, seconds, or ISO 8601.
    #[schemars(length(min = 1))]
    pub created: Vec<String>,
    /// What the other side may do to a text.
    #[serde(default)]
    pub text: Vec<TextChange>,
    pub pages: Option<PagesFile>,
    /// The field, one of those under `match`, that takes the marker of a job that has one. Left out: none does.
    pub marker: Option<String>,
}

/// Something that the other side may do to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextChange {
    /// Other line breaks.
    LineEnds,
    /// No blanks at the beginning and the end.
    Trimming,
    /// `&lt;` for `<` and the like.
    HtmlEscapes,
}

/// How a list is asked for page by page, until a page brings nothing new, or goes back far enough.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PagesFile {
    /// The query parameter for the number of the page, counting from 1.
    pub page: String,
    /// The query parameter for the number of items on a page.
    pub size: Option<String>,
    /// Items on a page. Left out: 100.
    #[serde(default = "hundred")]
    pub items: u32,
}

fn hundred() -> u32 {
    100
}

/// What an operation does to the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    Create,
    Update,
    Delete,
    /// Changes nothing; done anew in every run.
    Read,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Whether the same request a second time does harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Repeat {
    /// A second time changes nothing: a lost answer is settled by asking again.
    Harmless,
    /// A second time acts a second time: never sent again unless it surely did not act.
    Harmful,
}

/// Field values that must hold for a rule to apply, as in { task_type: 1 }; an absent field has its default.
pub type Condition = IndexMap<String, Value>;

/// A rule that a JSON Schema cannot say.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum RuleFile {
    /// These fields must be there.
    Required(RequiredRule),
    /// A field is a point in time.
    Time(TimeRule),
    /// Warned of: one time lies after another.
    Order(OrderRule),
    /// Warned of: fields that have no effect.
    Idle(IdleRule),
    /// Warned of: any other value than the expected one.
    Unusual(UnusualRule),
    /// Warned of, once a job: a field that is left to its default.
    Explicit(ExplicitRule),
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequiredRule {
    pub fields: Vec<String>,
    #[serde(default)]
    pub when: Condition,
    pub hint: Option<String>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeRule {
    pub field: String,
    pub unit: Unit,
    /// The earliest allowed; checked again right before the request.
    pub not_before: Option<NotBefore>,
    #[serde(default)]
    pub when: Condition,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    Milliseconds,
    Seconds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NotBefore {
    Now,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRule {
    pub first: String,
    pub then: String,
    #[serde(default)]
    pub when: Condition,
    pub message: String,
    pub hint: Option<String>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdleRule {
    pub fields: Vec<String>,
    pub unless: Condition,
    pub message: String,
    pub hint: Option<String>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnusualRule {
    pub field: String,
    pub expected: Value,
    pub message: String,
    pub hint: Option<String>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplicitRule {
    pub field: String,
    pub message: String,
    pub hint: Option<String>,
}
