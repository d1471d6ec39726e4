//! Values that cannot be printed: tokens, passwords, signing secrets.
//!
//! A [`Secret`] has no `Display`, no `Serialize`, and a `Debug` that says nothing; its text is handed out only
//! by [`expose`](Secret::expose), which is called where a request is built and nowhere else.
//! [`redact`](Secret::redact) is the second line: it takes a secret out of texts that come from elsewhere.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

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

    /// A text without this secret in it.
    pub fn redact(&self, text: &str) -> String {
        let secret = self.expose();
        // Replacing an empty text would end nowhere; a very short one would hide half of every message.
        if secret.len() < 4 {
            return text.to_owned();
        }
        // As it stands in JSON, too: quoted, and with or without `\/`.
        let quoted = serde_json::Value::from(secret).to_string();
        let quoted = quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default();
        [secret, quoted, &quoted.replace('/', "\\/")]
            .iter()
            .filter(|form| !form.is_empty())
            .fold(text.to_owned(), |text, form| text.replace(form, "[redacted]"))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
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
}
