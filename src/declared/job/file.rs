//! Job files as written. `schemas/job.schema.json` is generated from these types.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::InDoubt;
use super::condition::{ConditionsFile, Duplicates};
use super::lookup::LookupFile;
use super::past_reminders::PastRemindersFile;
use super::trial::TrialFile;
use super::upkeep::{OnChangeFile, OnMissingFile};

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
    /// Texts by name, for {{ var.name }} in expressions and in names of files; --var name=value replaces one. One without a
    /// value has to be given.
    #[schemars(extend("examples" = [{ "day": "2026-11-26" }]))]
    #[expect(dead_code, reason = "read with the places of its values")]
    pub vars: Option<IndexMap<String, Value>>,
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
    /// Tables beside the source, by name: {{ column | lookup('name') }} finds a value in one.
    #[schemars(extend("examples" = [{ "tickets": { "csv": "ticket-map.csv", "key": "legacy_id", "value": "stringee_id" } }]))]
    pub lookups: Option<IndexMap<String, LookupFile>>,
    /// Name: value. Named values, in order; whatever stands below sees them as if they were columns.
    #[serde(rename = "let")]
    #[schemars(extend("examples" = [{ "author": "{{ author_id | lookup('users') }}" }]))]
    pub named: Option<IndexMap<String, Value>>,
    /// Expressions that are true of the rows that are kept; other rows are left out and counted.
    #[serde(rename = "where")]
    #[schemars(extend("examples" = [["{{ status != 'deleted' }}"]]))]
    pub keep: Option<ConditionsFile>,
    /// Columns whose cells may not be empty.
    #[schemars(extend("examples" = [["id", "created_at"]]))]
    pub required: Option<Vec<String>>,
    /// What is done with rows that have the key of an earlier one: problem (a mistake; the default), or same_once (where the
    /// content is the same, too, it is sent once).
    #[schemars(extend("examples" = ["same_once"]))]
    pub duplicates: Option<Duplicates>,
    /// Rows and what has to come of them; `check` tries them.
    #[schemars(extend("examples" = [[{ "row": { "body": "A text" }, "gives": { "note": "A text" } }]]))]
    pub tests: Option<Vec<TrialFile>>,
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
    /// What becomes of a row whose reminder is past when it is checked, or when its turn has come: reject (it is invalid; the
    /// default), drop_reminder (it is sent without the reminder), or shift (the reminder comes so long after the row's turn).
    #[schemars(extend("examples" = ["drop_reminder"]))]
    pub past_reminders: Option<PastRemindersFile>,
    /// What becomes of a row that is done and has changed since: hold (it is named, and nothing is sent; the default), or update
    /// (what it has made is changed, where nothing but what an update carries has changed). Needs `key`.
    #[schemars(extend("examples" = ["update"]))]
    pub on_change: Option<OnChangeFile>,
    /// What becomes of what a row has made that is no longer in the source: keep (it stays; the default), or delete (it is
    /// deleted, but nothing at all where more than 10% of what the job has there is missing). Needs `key`.
    #[schemars(extend("examples" = ["delete", { "delete": { "at_most": "5%" } }]))]
    pub on_missing: Option<OnMissingFile>,
    /// A source with fewer rows than this is refused, as where an export came out empty. Left out: 0.
    #[schemars(extend("examples" = [1]))]
    pub min_rows: Option<u64>,
    /// Whether updates and deletes may be about what the other side's system has made, as `plan --remote` sees it. Left out: no.
    #[schemars(extend("examples" = [true]))]
    pub allow_system_notes: Option<bool>,
    /// Whether what an update or a delete is about is read before, so that `undo` can give it back: one more request for each
    /// list, and the former text in the ledger. Left out: yes.
    #[schemars(extend("examples" = [false]))]
    pub snapshot: Option<bool>,
    /// The name of the account at the API, for the ledger. Left out: what the credentials say.
    #[schemars(extend("examples" = ["support@example.com"]))]
    pub account: Option<String>,
}

/// Where the rows come from: exactly one of csv, jsonl, json, xlsx, ods and rows. A name with *, ? or [ ] stands for all
/// files that fit it, in natural order.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceFile {
    /// A CSV file with a header, relative to the job file; may be packed with gzip or zstd, as all others may. `-` is what is piped in.
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
    #[schemars(extend("examples" = ["Notes", 2]))]
    pub sheet: Option<SheetFile>,
    /// Columns that all rows of this source have, with one value each.
    #[schemars(extend("examples" = [{ "kind": "mail" }]))]
    pub add: Option<IndexMap<String, Value>>,
    /// Rows written here.
    #[schemars(extend("examples" = [[{ "ticket_id": "tk_1", "note": "A text" }]]))]
    pub rows: Option<Vec<IndexMap<String, Value>>>,
    /// For csv: what stands between cells. Left out: a comma (a tab in a .tsv file).
    #[schemars(extend("examples" = [";"]))]
    pub delimiter: Option<String>,
    /// How the letters of the file are written, as in windows-1258, utf-16, tcvn3 or vni. Left out: UTF-8.
    #[schemars(extend("examples" = ["windows-1258"]))]
    pub encoding: Option<String>,
    /// For csv: what stands around cells; `none` where nothing does. Left out: a double quote.
    #[schemars(extend("examples" = ["'"]))]
    pub quote: Option<String>,
    /// For csv: what stands before a sign that means itself. Left out: a quote within quotes is written twice.
    #[schemars(extend("examples" = ["\\"]))]
    pub escape: Option<String>,
    /// For csv: what a line begins with that is no row.
    #[schemars(extend("examples" = ["#"]))]
    pub comment: Option<String>,
    /// For csv: the names of the columns, where the file does not have them.
    #[schemars(length(min = 1), extend("examples" = [["id", "note"]]))]
    pub header: Option<Vec<String>>,
    /// For csv, xlsx and ods: the line or the row with the names of the columns, from 1; what stands above it is passed over.
    /// Left out: the first line of csv; in a sheet it is looked for.
    #[schemars(range(min = 1), extend("examples" = [4]))]
    pub header_row: Option<u32>,
    /// For csv: texts that stand for nothing where they are not quoted, for all columns or for each by its name.
    #[schemars(extend("examples" = [["NULL"]]))]
    pub nulls: Option<NullsFile>,
    /// How long a row of a file may be, in MiB. A quote that is not closed within so much is a mistake. Left out: 16.
    #[schemars(range(min = 1, max = 1024), extend("examples" = [64]))]
    pub longest_row_mib: Option<u32>,
}

/// Texts that stand for nothing.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum NullsFile {
    /// In all columns.
    Everywhere(Vec<Value>),
    /// By the column's name.
    In(IndexMap<String, Vec<Value>>),
}

/// A sheet of a workbook.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum SheetFile {
    /// By its name.
    Name(String),
    /// By its number, from 1.
    Number(u32),
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
