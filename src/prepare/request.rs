//! From fields to the request that carries them: method, path, body; its digest; and the `curl` line that shows it.
//!
//! What is built here is what is sent, byte for byte. Credentials are no part of it: `transport` adds them.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::declared::connector::template::{as_is, percent_encoded};
use crate::declared::connector::{Method, Operation};
use crate::row::Digest;

/// A request without its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    /// Path and query, to be appended to the base URL.
    pub path: String,
    /// JSON, if the operation has a body.
    pub body: Option<String>,
}

/// Builds the request for checked fields; none where a field that the path needs is absent.
pub fn build(operation: &Operation, fields: &Value) -> Option<Request> {
    let fields = fields.as_object()?;
    let mut path = String::with_capacity(48);
    if !operation.path.fill(fields, &mut path, percent_encoded) {
        return None;
    }
    let mut separator = '?';
    for (name, template) in &operation.query {
        let before = path.len();
        path.push(separator);
        percent_encoded(name, &mut path);
        path.push('=');
        if template.fill(fields, &mut path, percent_encoded) {
            separator = '&';
        } else {
            path.truncate(before);
        }
    }
    Some(Request { method: operation.method, path, body: body(operation, fields) })
}

/// The row's lane; none where a field that names it is absent.
pub fn lane(operation: &Operation, fields: &Value) -> Option<String> {
    let mut lane = String::with_capacity(32);
    operation.lane.fill(fields.as_object()?, &mut lane, as_is).then_some(lane)
}

/// The fields that are neither in the path nor in the query, as JSON, in the order of their declaration.
fn body(operation: &Operation, fields: &serde_json::Map<String, Value>) -> Option<String> {
    if matches!(operation.method, Method::Get | Method::Delete) {
        return None;
    }
    let elsewhere = |name: &str| {
        let mut templates = std::iter::once(&operation.path)
            .chain(operation.query.iter().map(|(_, template)| template));
        templates.any(|template| template.fields().any(|field| field == name))
    };
    let mut text = String::with_capacity(256);
    if let Some(key) = &operation.wrap {
        text.push('{');
        text.push_str(&Value::String(key.clone()).to_string());
        text.push(':');
    }
    text.push('{');
    let mut first = true;
    for (name, value) in fields.iter().filter(|(name, _)| !elsewhere(name)) {
        if !first {
            text.push(',');
        }
        first = false;
        push_json(&mut text, name);
        text.push(':');
        match value {
            Value::String(value) => push_json(&mut text, value),
            other => text.push_str(&other.to_string()),
        }
    }
    text.push('}');
    if operation.wrap.is_some() {
        text.push('}');
    }
    Some(text)
}

/// Appends a text as a JSON string.
fn push_json(into: &mut String, text: &str) {
    let needs_escape = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    if text.bytes().any(needs_escape) {
        into.push_str(&Value::from(text).to_string());
    } else {
        into.push('"');
        into.push_str(text);
        into.push('"');
    }
}

impl Request {
    /// The digest of this request for an operation.
    pub fn digest(&self, operation: &str) -> Digest {
        let mut hasher = Sha256::new();
        for part in [operation, self.method.as_str(), &self.path] {
            hasher.update(part.as_bytes());
            hasher.update(b"\n");
        }
        hasher.update(self.body.as_deref().unwrap_or_default().as_bytes());
        let mut digest = [0; 16];
        digest.copy_from_slice(&hasher.finalize()[..16]);
        Digest(digest)
    }

    /// A `curl` command that sends the same, with the token left to a variable.
    pub fn curl(&self, base_url: &str, header: Option<&str>) -> String {
        let mut line = format!(
            "curl -X {} {}",
            self.method.as_str(),
            quoted(&format!("{base_url}{}", self.path))
        );
        if let Some(header) = header {
            line.push_str(&format!(" -H \"{header}: $TOKEN\""));
        }
        if let Some(body) = &self.body {
            line.push_str(" -H 'Content-Type: application/json' --data-raw ");
            line.push_str(&quoted(body));
        }
        line
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared::connector::Catalogue;
    use crate::text::diagnostic::Place;
    use serde_json::json;

    fn built(operation: &str, fields: Value) -> Request {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        build(&connector.operations[operation], &fields).unwrap()
    }

    #[test]
    fn each_operation_becomes_the_documented_request() {
        let text = "Xin chào \"anh\"\r\n{{ x }} \u{1f600}\u{7}";
        let create =
            built("ticket_note.create", json!({"ticket_id": "tk_1", "note": text, "task_type": 0}));
        assert_eq!((create.method, create.path.as_str()), (Method::Post, "/ticketNote"));
        let body: Value = serde_json::from_str(create.body.as_deref().unwrap()).unwrap();
        assert_eq!(body, json!({"ticket_id": "tk_1", "note": text, "task_type": 0}));

        let update = built("ticket_note.update", json!({"note_id": "tn/1", "note": "b"}));
        assert_eq!(update.path, "/ticketNote/tn%2F1");
        assert_eq!(update.body.as_deref(), Some(r#"{"note":"b"}"#));

        let delete = built("ticket_note.delete", json!({"note_id": "tn_1"}));
        assert_eq!((delete.method, delete.body), (Method::Delete, None));

        let list = built("ticket_note.list", json!({"ticket_id": "tk 1"}));
        assert_eq!(list.path, "/ticketNote?ticket=tk%201&sort_by=created");
    }

    #[test]
    fn the_digest_tells_contents_apart() {
        let one = built("ticket_note.create", json!({"ticket_id": "tk_1", "note": "a"}));
        let two = built("ticket_note.create", json!({"ticket_id": "tk_1", "note": "b"}));
        assert_ne!(one.digest("x"), two.digest("x"));
        assert_ne!(one.digest("x"), one.digest("y"));
        assert_eq!(one.digest("x"), one.clone().digest("x"));
    }

    #[test]
    fn the_curl_line_can_be_pasted() {
        let request = built("ticket_note.create", json!({"ticket_id": "tk_1", "note": "it's"}));
        insta::assert_snapshot!(
            request.curl("https://api.stringeex.com/v1", Some("X-STRINGEE-AUTH"))
        );
    }
}
