//! Requests of a ledger as lines for other programs: CSV or JSON. Names of columns are promised; some may be added.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ledger::Exported;

/// How requests are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LedgerExportForm {
    Csv,
    Jsonl,
}

impl LedgerExportForm {
    /// What stands above all lines.
    pub(crate) fn head(self) -> Option<String> {
        let names: Vec<String> =
            fields(&Exported::default()).iter().map(|(name, _)| (*name).to_owned()).collect();
        (self == Self::Csv).then(|| csv_line(names))
    }

    /// Whether a file that begins so is one of these, or has nothing in it.
    pub(crate) fn is_begun_by(head: &[u8]) -> bool {
        let line = Self::Jsonl.line(&Exported::default());
        let first_name = line.split_inclusive(':').next().unwrap_or(&line).to_owned();
        let begins = [first_name, Self::Csv.head().unwrap_or_default()];
        // What is left of a head that is longer than what was read is as good.
        head.is_empty()
            || begins.iter().any(|begins| {
                let begins = begins.as_bytes();
                head.starts_with(begins) || (head.len() > 64 && begins.starts_with(head))
            })
    }

    /// The line of a request.
    pub(crate) fn line(self, request: &Exported) -> String {
        let fields = fields(request);
        match self {
            Self::Csv => csv_line(fields.into_iter().map(|(_, value)| match value {
                Value::Null => String::new(),
                Value::String(text) => text,
                other => other.to_string(),
            })),
            Self::Jsonl => {
                let object = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
                format!("{}\n", Value::Object(object.collect()))
            }
        }
    }
}

/// What is told of a request; each moment as RFC 3339 in UTC, and in unix milliseconds as the ledger has it.
fn fields(request: &Exported) -> [(&'static str, Value); 24] {
    let moment = |at: i64| Timestamp::from_millisecond(at).ok().map(|at| format!("{at:.3}"));
    [
        ("job", json!(request.job)),
        ("base_url", json!(request.base_url)),
        ("account", json!(request.account)),
        ("run", json!(request.run)),
        ("id", json!(request.id)),
        ("row", json!(request.row)),
        ("line", json!(request.line)),
        ("key", json!(request.key)),
        ("lane", json!(request.lane)),
        ("operation", json!(request.operation)),
        ("attempt", json!(request.attempt)),
        ("last", json!(request.is_last)),
        ("started_at", json!(moment(request.started_at))),
        ("started_ms", json!(request.started_at)),
        ("ended_at", json!(request.ended_at.and_then(moment))),
        ("ended_ms", json!(request.ended_at)),
        ("outcome", json!(request.outcome)),
        ("status", json!(request.status)),
        ("code", json!(request.code)),
        ("reason", json!(request.reason)),
        ("doubt", json!(request.doubt)),
        ("message", json!(request.message)),
        ("remote_id", json!(request.remote_id)),
        ("by", json!(request.by)),
    ]
}

/// A line of CSV (RFC 4180).
pub(super) fn csv_line(cells: impl IntoIterator<Item = String>) -> String {
    let quoted = |cell: String| match cell.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    };
    let cells: Vec<String> = cells.into_iter().map(quoted).collect();
    format!("{}\r\n", cells.join(","))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_as_a_line() {
        let request = Exported {
            job: "notes".into(),
            base_url: "https://api.example.com".into(),
            run: 12,
            id: 7,
            row: 3,
            line: 4,
            key: "a,\"b\"".into(),
            attempt: 1,
            is_last: true,
            started_at: 1_795_358_400_123,
            outcome: Some("refused".into()),
            status: Some(404),
            message: Some("ticket not\nfound".into()),
            ..Exported::default()
        };
        let head = LedgerExportForm::Csv.head().unwrap();
        insta::assert_snapshot!(
            [head, LedgerExportForm::Csv.line(&request), LedgerExportForm::Jsonl.line(&request)]
                .concat()
        );
    }

    proptest! {
        #[test]
        fn every_reader_of_csv_gets_back_what_was_written(key in "\\PC*|[\",\r\n a]*", lane in "[\",\r\n a]*") {
            let request = Exported { key: key.clone(), lane: lane.clone(), ..Exported::default() };
            let text = LedgerExportForm::Csv.head().unwrap() + &LedgerExportForm::Csv.line(&request);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(records.len(), 1);
            prop_assert_eq!((&records[0][7], &records[0][8]), (&*key, &*lane));
        }
    }
}
