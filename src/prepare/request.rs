//! From fields to the request that carries them: method, path, body; its digest; and the `curl` line that shows it.
//!
//! What is built here is what is sent, byte for byte. Credentials are no part of it: `transport` adds them.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::declared::connector::template::{as_is, percent_encoded};
use crate::declared::connector::{Method, Operation};
use crate::row::{Digest, Field, FieldValue, Fields};
use crate::text::address::is_dots;
use crate::text::spelling::Spelling;

/// A request without its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    /// Path and query, to be appended to the base URL.
    pub path: String,
    /// JSON, if the operation has a body.
    pub body: Option<String>,
}

/// Builds the request for checked fields; none where a field that the path needs is absent, or would lead
/// it elsewhere.
pub(crate) fn build(operation: &Operation, fields: &Fields<'_>) -> Option<Request> {
    let mut path = String::with_capacity(48);
    push_path(operation, fields, &mut path)?;
    if misleading(operation, fields).is_some() {
        return None;
    }
    let body = has_body(operation).then(|| {
        let mut body = String::with_capacity(256);
        push_body(operation, fields, &mut body);
        body
    });
    Some(Request { method: operation.method, path, body })
}

/// Names the content of the request that [`build`] would build: the same digest however its texts are spelt. It is that of
/// the request as it is sent where the texts are written as they are compared, as most are.
pub(crate) fn digest(operation: &Operation, fields: &Fields<'_>) -> Option<Digest> {
    match fields.are_canonical() {
        true => literal_digest(operation, fields),
        false => literal_digest(operation, &fields.spelt(Spelling::CANONICAL)),
    }
}

/// All digests by which a ledger may know a content whose `present` digest this is. Earlier versions gave each spelling one
/// of its own. That of the texts as they are written comes first, since a file that nobody has touched is the likeliest;
/// those of other spellings come last, and cost something only where they are asked for.
pub(crate) fn digests<'f>(
    operation: &'f Operation,
    fields: &'f Fields<'_>,
    present: Digest,
) -> impl Iterator<Item = Digest> + use<'f> {
    let literal = match fields.are_canonical() {
        true => None,
        false => literal_digest(operation, fields),
    };
    let others = if fields.have_one_spelling() { &[][..] } else { &Spelling::OTHERS[..] };
    let others = others.iter().filter_map(|other| literal_digest(operation, &fields.spelt(*other)));
    literal.into_iter().chain([present]).chain(others)
}

/// The digest of the request that [`build`] would build, byte for byte, without building it.
fn literal_digest(operation: &Operation, fields: &Fields<'_>) -> Option<Digest> {
    let mut text = String::with_capacity(384);
    for part in [&*operation.name, operation.method.as_str()] {
        text.push_str(part);
        text.push('\n');
    }
    push_path(operation, fields, &mut text)?;
    text.push('\n');
    if has_body(operation) {
        push_body(operation, fields, &mut text);
    }
    Some(shortened(Sha256::digest(text)))
}

/// The field whose value would lead the path elsewhere: a segment cannot be `.` or `..` or nothing, however it is encoded.
pub(crate) fn misleading(operation: &Operation, fields: &Fields<'_>) -> Option<Field> {
    let first = operation.path.fields().next()?;
    let mut path = String::with_capacity(48);
    operation.path.fill(fields, &mut path, percent_encoded)?;
    let declared = operation.path.filled_with("x");
    let mut segments = path.split('/').zip(declared.split('/'));
    let is_wrong = |text: &str| text.is_empty() || is_dots(text);
    if !segments.any(|(made, declared)| made != declared && is_wrong(made)) {
        return None;
    }
    let text = |field: &Field| fields.get(*field).and_then(FieldValue::as_str);
    Some(operation.path.fields().find(|field| text(field).is_some_and(is_wrong)).unwrap_or(first))
}

/// The row's lane; none where a field that names it is absent.
pub(crate) fn lane(operation: &Operation, fields: &Fields<'_>) -> Option<String> {
    let mut lane = String::with_capacity(32);
    operation.lane.fill(fields, &mut lane, as_is)?;
    Some(lane)
}

/// Appends path and query; a parameter whose field is absent is left out.
fn push_path(operation: &Operation, fields: &Fields<'_>, into: &mut String) -> Option<()> {
    operation.path.fill(fields, into, percent_encoded)?;
    let mut separator = '?';
    for (name, template) in &operation.query {
        let before = into.len();
        into.push(separator);
        percent_encoded(name, into);
        into.push('=');
        match template.fill(fields, into, percent_encoded) {
            Some(()) => separator = '&',
            None => into.truncate(before),
        }
    }
    Some(())
}

fn has_body(operation: &Operation) -> bool {
    !matches!(operation.method, Method::Get | Method::Delete)
}

/// Appends the fields that are neither in the path nor in the query, as JSON, in the order of their declaration.
fn push_body(operation: &Operation, fields: &Fields<'_>, into: &mut String) {
    if let Some(key) = &operation.wrap {
        into.push('{');
        push_json(into, key);
        into.push(':');
    }
    into.push('{');
    let mut first = true;
    for (field, value) in fields.iter() {
        if operation.outside_body.contains(&field) {
            continue;
        }
        if !first {
            into.push(',');
        }
        first = false;
        into.push_str(operation.fields.member(field));
        push_value(into, value);
    }
    into.push('}');
    if operation.wrap.is_some() {
        into.push('}');
    }
}

fn push_value(into: &mut String, value: &FieldValue<'_>) {
    match value {
        FieldValue::Text(text) => push_json(into, text),
        FieldValue::Bool(value) => into.push_str(if *value { "true" } else { "false" }),
        // Nothing fails that is written to a text.
        FieldValue::Number(number) => drop(write!(into, "{number}")),
        FieldValue::Json(value) => into.push_str(&value.to_string()),
    }
}

/// Appends a text as a JSON string, with the escapes that `serde_json` uses.
fn push_json(into: &mut String, text: &str) {
    into.push('"');
    // Most texts are plain; a look at all their bytes without a branch costs less than a step for each.
    if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        into.push_str(text);
    } else {
        push_escaped(into, text);
    }
    into.push('"');
}

fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

fn push_escaped(into: &mut String, text: &str) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate().filter(|(_, byte)| !is_plain(*byte)) {
        into.push_str(&text[plain..at]);
        push_escape(into, byte);
        plain = at + 1;
    }
    into.push_str(&text[plain..]);
}

fn push_escape(into: &mut String, byte: u8) {
    match byte {
        b'"' => into.push_str("\\\""),
        b'\\' => into.push_str("\\\\"),
        b'\n' => into.push_str("\\n"),
        b'\r' => into.push_str("\\r"),
        b'\t' => into.push_str("\\t"),
        0x08 => into.push_str("\\b"),
        0x0c => into.push_str("\\f"),
        other => into.push_str(&format!("\\u{other:04x}")),
    }
}

fn shortened(digest: impl AsRef<[u8]>) -> Digest {
    let mut short = [0; 16];
    short.iter_mut().zip(digest.as_ref()).for_each(|(short, byte)| *short = *byte);
    Digest(short)
}

impl Request {
    /// The digest of this request for an operation, byte for byte.
    pub fn digest(&self, operation: &str) -> Digest {
        let mut hasher = Sha256::new();
        for part in [operation, self.method.as_str(), &self.path] {
            hasher.update(part.as_bytes());
            hasher.update(b"\n");
        }
        hasher.update(self.body.as_deref().unwrap_or_default().as_bytes());
        shortened(hasher.finalize())
    }

    /// A `curl` command for sh, bash and zsh that sends the same, with the token left to a variable.
    ///
    /// Nothing in it can run, whatever it is pasted into: what any shell takes for a sign of its own stands there as
    /// an escape of JSON or of URLs, which means the same to the other side.
    pub fn curl(&self, base_url: &str, header: Option<&str>) -> String {
        let mut line = format!("curl -X {} ", self.method.as_str());
        line.push_str(&format!("\"{}\"", harmless_url(&format!("{base_url}{}", self.path))));
        if let Some(header) = header {
            let header: String = header.chars().filter(|letter| is_in_names(*letter)).collect();
            line.push_str(&format!(" -H \"{header}: $TOKEN\""));
        }
        if let Some(body) = &self.body {
            line.push_str(" -H 'Content-Type: application/json' --data-raw ");
            line.push_str(&format!("'{}'", harmless_json(body)));
        }
        line
    }
}

fn is_in_names(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_')
}

/// The same JSON, for single quotes: those of sh, and of PowerShell, to which curly ones are quotes, too. To cmd only a
/// double quote is one, and each that stands there opens or closes; between two of them nothing but `%` means anything.
fn harmless_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('"') => out.push_str("\\u0022"),
                next => {
                    out.push('\\');
                    out.extend(next);
                }
            },
            '\'' | '%' | '\u{2018}'..='\u{201b}' | '\u{7f}'..='\u{9f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            // Outside of strings, where it means nothing.
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

/// The same URL, for double quotes.
fn harmless_url(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for letter in url.chars() {
        match letter {
            '"' | '\\' | '`' | '$' | '!' | '{' | '}' | ' ' | '\u{201c}'..='\u{201e}' => {
                percent_encoded(&letter.to_string(), &mut out);
            }
            letter if letter.is_control() => percent_encoded(&letter.to_string(), &mut out),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests;
