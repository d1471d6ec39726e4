//! Values that cannot be printed: tokens, passwords, signing secrets.
//!
//! A [`Secret`] has no `Display`, no `Serialize`, and a `Debug` that says nothing; its text is handed out only
//! by [`expose`](Secret::expose), which is called where a request is built and nowhere else.
//! [`redact`](Secret::redact) is the second line: it takes a secret out of texts that come from elsewhere.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// What stands where a secret stood.
const REDACTED: &str = "[redacted]";

/// A text that must not be seen.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The text itself. For the transport alone.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// A text without this secret in it, as it is or as JSON and addresses write it.
    pub fn redact(&self, text: &str) -> String {
        let secret = self.expose();
        // Replacing an empty text would end nowhere; a very short one would hide half of every message.
        if secret.len() < 4 {
            return text.to_owned();
        }
        let quoted = Value::from(secret).to_string();
        let quoted = quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default();
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        [secret, quoted, &quoted.replace('/', "\\/"), &encoded, &encoded.replace('+', "%20")]
            .iter()
            .filter(|form| !form.is_empty())
            .fold(text.to_owned(), |text, form| text.replace(form, REDACTED))
    }

    /// The same for a text that may be JSON, which can escape every character; only its reader sees what is written.
    pub fn redact_json(&self, text: &str) -> String {
        let redacted = self.redact(text);
        if !redacted.contains('\\') {
            return redacted;
        }
        match serde_json::from_str::<Value>(&redacted) {
            Ok(value) => {
                let clean = self.redact_value(&value);
                if clean == value { redacted } else { clean.to_string() }
            }
            Err(_) => redacted,
        }
    }

    fn redact_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.redact(text)),
            Value::Array(items) => items.iter().map(|item| self.redact_value(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| (self.redact(name), self.redact_value(value)))
                .collect(),
            other => other.clone(),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show() {
        let secret = Secret::new("hunter2-and-more".into());
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "[redacted] Some([redacted])");
        assert_eq!(secret.redact("failed with hunter2-and-more."), "failed with [redacted].");
        assert_eq!(Secret::new(String::new()).redact("text"), "text");
        let secret = Secret::new("pass\"word/".into());
        assert_eq!(
            secret.redact(r#"{"a":"pass\"word/ pass\"word\/"}"#),
            r#"{"a":"[redacted] [redacted]"}"#
        );
    }

    #[test]
    fn a_secret_is_known_however_it_is_written() {
        let secret = Secret::new("s3cr=t+/é \"x".into());
        for text in [
            r#"{"msg":"bad s3cr=t+/é \"x"}"#,
            r#"{"msg":"bad s3cr=t+\/é \"x"}"#,
            r#"{"msg":"bad s3cr\u003dt\u002B\u002f\u00e9 \u0022x"}"#,
            r#"{"msg":"bad \u00733cr%3Dt%2B%2F%C3%A9+%22x"}"#,
            r#"{"msg":"bad s3cr%3Dt%2B%2F%C3%A9%20%22x"}"#,
        ] {
            assert_eq!(secret.redact_json(text), r#"{"msg":"bad [redacted]"}"#, "{text}");
        }
        let text = r#"{"a\n":[1.50,{"b":"\u0041"}]}"#;
        assert_eq!(secret.redact_json(text), text, "what holds no secret stays as it is");
        assert_eq!(secret.redact_json(r#"no "JSON \u003d"#), r#"no "JSON \u003d"#);
    }
}
