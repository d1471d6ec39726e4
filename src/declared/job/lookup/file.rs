//! Lookups as written.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A table that cells are looked up in: exactly one of csv, jsonl and json.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupFile {
    /// A CSV file with a header, relative to the job file; or several.
    #[schemars(extend("examples" = ["ticket-map.csv"]))]
    pub csv: Option<FilesFile>,
    /// A file with a JSON object on each line; or several.
    #[schemars(extend("examples" = ["users.jsonl"]))]
    pub jsonl: Option<FilesFile>,
    /// A file with a JSON list of objects; or several.
    #[schemars(extend("examples" = [["Users0.json", "Agents0.json"]]))]
    pub json: Option<FilesFile>,
    /// For csv: what stands between cells. Left out: a comma (a tab in a .tsv file).
    #[schemars(extend("examples" = [";"]))]
    pub delimiter: Option<String>,
    /// For json and jsonl: where in each item of the list the entry is, as in "/*/user".
    #[schemars(extend("examples" = ["/*/user"]))]
    pub at: Option<String>,
    /// The column that is looked up.
    #[schemars(length(min = 1), extend("examples" = ["legacy_id"]))]
    pub key: String,
    /// The column that is found.
    #[schemars(length(min = 1), extend("examples" = ["stringee_id"]))]
    pub value: String,
    /// What becomes of a key that is not there: problem (the row is invalid; the default), keep (the key itself is taken), or
    /// { default: … }.
    #[schemars(extend("examples" = ["keep"]))]
    pub missing: Option<MissingFile>,
}

/// One file, or several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum FilesFile {
    /// One file.
    One(String),
    /// Several, read one after the other.
    Several(Vec<String>),
}

/// What becomes of a key that is not there.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum MissingFile {
    /// In a word.
    Word(MissingWord),
    /// A value that stands for all that is not there.
    Default(DefaultFile),
}

/// What becomes of a key that is not there, in a word.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MissingWord {
    /// The row is invalid.
    Problem,
    /// The key itself is taken.
    Keep,
}

/// A value that stands for all that is not there.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefaultFile {
    /// The value.
    pub default: Value,
}

impl FilesFile {
    /// The names, in order.
    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }

    /// Whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::Several(_))
    }
}
