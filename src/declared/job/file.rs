//! Job files as written. `schemas/job.schema.json` is generated from these types.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::InDoubt;

/// A job: which rows, what each does, and how its fields come about.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Noteferry job")]
pub(crate) struct JobFile {
    /// The job's name. The ledger knows the job by it: another name is another job, with nothing done yet.
    #[schemars(length(min = 1), extend("examples" = ["import-notes"]))]
    pub job: String,
    /// The connector: a folder under schemas/, built in or the user's own. Left out: stringeex.
    #[schemars(extend("examples" = ["stringeex"]))]
    pub connector: Option<String>,
    /// What a row does: the name of one of the connector's operations, as in contact.create; may be an expression. Left
    /// out: each row's column `operation` says.
    #[schemars(extend("examples" = ["ticket_note.create"]))]
    pub operation: Option<String>,
    #[schemars(extend("examples" = [{ "csv": "notes.csv" }]))]
    pub source: Option<SourceFile>,
    /// Several sources in place of one, read one after the other, as posts and notes that the old system kept apart.
    #[schemars(extend("examples" = [[{ "csv": "posts.csv", "add": { "kind": "post" } }, { "csv": "notes.csv", "add": { "kind": "note" } }]]))]
    pub sources: Option<Vec<SourceFile>>,
    /// An expression for the order in which rows go, as in "{{ created_at | epoch_ms }}": by number or by text. Rows of the
    /// same value keep their order. Left out: the order of the file.
    #[schemars(extend("examples" = ["{{ created_at | epoch_ms }}"]))]
    pub order_by: Option<String>,
    /// Field: value. A text may hold expressions, as in "{{ column | trim }}". Left out: the columns that bear a field's name.
    #[schemars(extend("examples" = [{ "ticket_id": "{{ ticket }}", "note": "{{ body }}" }]))]
    pub map: Option<IndexMap<String, Value>>,
    /// The time zone of times that name none, as in Asia/Ho_Chi_Minh.
    #[schemars(extend("examples" = ["Asia/Ho_Chi_Minh", "UTC"]))]
    pub timezone: Option<String>,
    /// An expression that makes a row the same row next time, as in "{{ legacy_id }}". Left out: its content and its occurrence.
    #[schemars(extend("examples" = ["{{ legacy_id }}"]))]
    pub key: Option<String>,
    /// A line that is written below the text of what a row creates, as in "[ref {{ key }}]": if an answer is lost, it is
    /// looked for by this line. Needs `key`. Left out: it is looked for by its text and its time.
    #[schemars(extend("examples" = ["[ref {{ key }}]"]))]
    pub marker: Option<String>,
    #[schemars(extend("examples" = [{ "rate": ["30/10s", "9000/1h"], "concurrency": 8 }]))]
    pub limits: Option<LimitsFile>,
    /// What becomes of a row whose request may have acted: verify (look for it; the default), hold (leave it), or resend
    /// (at the risk of doing it twice).
    #[schemars(extend("examples" = ["verify"]))]
    pub in_doubt: Option<InDoubt>,
    /// A source with fewer rows than this is refused, as where an export came out empty. Left out: 0.
    #[schemars(extend("examples" = [1]))]
    pub min_rows: Option<u64>,
    /// The name of the account at the API, for the ledger. Left out: what the credentials say.
    #[schemars(extend("examples" = ["support@example.com"]))]
    pub account: Option<String>,
}

/// Where the rows come from: exactly one of csv, jsonl, json, xlsx, ods and rows. A name with *, ? or [ ] stands for all
/// files that fit it, in natural order.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceFile {
    /// A CSV file with a header, UTF-8; relative to the job file.
    #[schemars(extend("examples" = ["notes.csv"]))]
    pub csv: Option<String>,
    /// A file with a JSON object on each line.
    #[schemars(extend("examples" = ["notes.jsonl"]))]
    pub jsonl: Option<String>,
    /// A file with a JSON list of objects.
    #[schemars(extend("examples" = ["notes.json"]))]
    pub json: Option<String>,
    /// A workbook of Excel.
    #[schemars(extend("examples" = ["notes.xlsx"]))]
    pub xlsx: Option<String>,
    /// A workbook of LibreOffice.
    #[schemars(extend("examples" = ["notes.ods"]))]
    pub ods: Option<String>,
    /// For json: where the rows are, as in /tickets; `*` stands for every item, as in /*/ticket. Left out: the file is the list.
    #[schemars(extend("examples" = ["/tickets", "/*/helpdesk_ticket"]))]
    pub at: Option<String>,
    /// What makes several rows of one: a path within a JSON object, as in /comments; of a table the columns of a name, or the
    /// parts of a cell. The rest of it is `parent`, its number `index`.
    #[schemars(extend("examples" = ["/comments", { "columns": "Comment" }, { "split": "Ticket IDs", "by": ";" }]))]
    pub each: Option<EachFile>,
    /// For xlsx and ods: the sheet, by its name or its number from 1. Left out: the first that is not hidden.
    #[schemars(extend("examples" = ["Notes", "2"]))]
    pub sheet: Option<String>,
    /// For xlsx and ods: the row that names the columns, from 1. Left out: it is looked for.
    #[schemars(range(min = 1), extend("examples" = [4]))]
    pub header_row: Option<u32>,
    /// Columns that all rows of this source have, with one value each.
    #[schemars(extend("examples" = [{ "kind": "mail" }]))]
    pub add: Option<IndexMap<String, Value>>,
    /// Rows written here.
    #[schemars(extend("examples" = [[{ "ticket_id": "tk_1", "note": "A text" }]]))]
    pub rows: Option<Vec<IndexMap<String, Value>>>,
    /// For csv: what stands between cells. Left out: a comma (a tab in a .tsv file).
    #[schemars(extend("examples" = [";"]))]
    pub delimiter: Option<String>,
    /// How long a row of a file may be, in MiB. A quote that is not closed within so much is a mistake. Left out: 16.
    #[schemars(range(min = 1, max = 1024), extend("examples" = [64]))]
    pub longest_row_mib: Option<u32>,
}

/// What makes several rows of one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum EachFile {
    /// A path within the object; `*` stands for every item.
    Path(String),
    /// A row for every cell in the columns of this name that is not empty.
    Columns { columns: String },
    /// A row for every part of the cell.
    Split {
        /// The column of the cell.
        split: String,
        /// What stands between two parts. Left out: a semicolon.
        by: Option<String>,
    },
}

/// How fast the job may go. Left out: what the connector says.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsFile {
    /// Quotas, as in [30/10s, 9000/1h]; all hold at once.
    #[schemars(extend("examples" = [["30/10s", "9000/1h"]]))]
    pub rate: Option<Vec<String>>,
    /// How many requests may be under way at once.
    #[schemars(range(min = 1, max = 1024), extend("examples" = [8]))]
    pub concurrency: Option<u32>,
    /// How often one row is tried before it is given up. Left out: 5.
    #[schemars(range(min = 1, max = 100), extend("examples" = [5]))]
    pub attempts: Option<u32>,
}
