//! Values that cannot be printed: tokens, passwords, signing secrets.
//!
//! A [`Secret`] has no `Display`, no `Serialize`, and a `Debug` that says nothing; its text is handed out only
//! by [`expose`](Secret::expose), which is called where a request is built and nowhere else.
//! [`redact`](Secret::redact) is the second line: it takes a secret out of texts that come from elsewhere.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use memchr::memmem::Finder;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// What stands where a secret stood.
const REDACTED: &str = "[redacted]";
/// A shorter text is not looked for: that would hide half of every message.
const SHORTEST: usize = 4;

/// A text that must not be seen. Clones share it and what is known of it.
#[derive(Clone)]
pub(crate) struct Secret(Arc<Hidden>);

struct Hidden {
    text: SecretString,
    /// A searcher for each way in which the text may be written, made when a text is first looked through.
    forms: OnceLock<Vec<Finder<'static>>>,
}

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(Arc::new(Hidden { text: text.into(), forms: OnceLock::new() }))
    }

    /// The text itself. For the transport alone.
    pub(crate) fn expose(&self) -> &str {
        self.0.text.expose_secret()
    }

    /// A text without this secret in it, as it is or as JSON and addresses write it. Owned only where it was found.
    pub(crate) fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let forms = self.0.forms.get_or_init(|| forms(self.expose()));
        forms.iter().fold(Cow::Borrowed(text), |text, form| match without(form, &text) {
            Some(clean) => Cow::Owned(clean),
            None => text,
        })
    }

    /// The same for a text that may be JSON, which can escape every character; only its reader sees what is written.
    pub(crate) fn redact_json<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let redacted = self.redact(text);
        if !redacted.contains('\\') {
            return redacted;
        }
        let Ok(mut value) = serde_json::from_str::<Value>(&redacted) else { return redacted };
        if self.redact_value(&mut value) { Cow::Owned(value.to_string()) } else { redacted }
    }

    /// Whether the secret was in the value; afterwards it is not.
    fn redact_value(&self, value: &mut Value) -> bool {
        let each = |found: bool, value: &mut Value| self.redact_value(value) || found;
        match value {
            Value::String(text) => match self.redact(text) {
                Cow::Owned(clean) => {
                    *text = clean;
                    true
                }
                Cow::Borrowed(_) => false,
            },
            Value::Array(items) => items.iter_mut().fold(false, each),
            Value::Object(fields) => {
                let in_values = fields.values_mut().fold(false, each);
                let in_names = fields.keys().any(|name| matches!(self.redact(name), Cow::Owned(_)));
                if in_names {
                    let renamed = std::mem::take(fields).into_iter();
                    let renamed =
                        renamed.map(|(name, value)| (self.redact(&name).into_owned(), value));
                    *fields = renamed.collect();
                }
                in_values || in_names
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
}

/// The ways in which a secret may be written: as it is, in JSON with and without escaped slashes, in addresses.
fn forms(secret: &str) -> Vec<Finder<'static>> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let quoted = Value::from(secret).to_string();
    let quoted = quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default();
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut forms: Vec<Finder<'static>> = Vec::new();
    for form in
        [secret, quoted, &quoted.replace('/', "\\/"), &encoded, &encoded.replace('+', "%20")]
    {
        let known = forms.iter().any(|known| known.needle() == form.as_bytes());
        if !form.is_empty() && !known {
            forms.push(Finder::new(form).into_owned());
        }
    }
    forms
}

/// A text without what is looked for; none where that is not in it.
fn without(form: &Finder<'_>, text: &str) -> Option<String> {
    form.find(text.as_bytes())?;
    let mut clean = String::with_capacity(text.len());
    let mut rest = 0;
    for at in form.find_iter(text.as_bytes()) {
        clean.push_str(&text[rest..at]);
        clean.push_str(REDACTED);
        rest = at + form.needle().len();
    }
    clean.push_str(&text[rest..]);
    Some(clean)
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

    #[test]
    fn a_secret_is_found_in_names_and_deep_down() {
        let secret = Secret::new("pass-word".into());
        let text = r#"{"a":[1,{"p\u0061ss-word":"\u0070ass-word"}],"b":true}"#;
        assert_eq!(secret.redact_json(text), r#"{"a":[1,{"[redacted]":"[redacted]"}],"b":true}"#);
    }

    /// The same the slow way: each form in turn, anew for every text.
    fn redacted_slowly(secret: &str, text: &str) -> String {
        let quoted = Value::from(secret).to_string();
        let quoted = &quoted[1..quoted.len() - 1];
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let forms = [
            secret.to_owned(),
            quoted.to_owned(),
            quoted.replace('/', "\\/"),
            encoded.clone(),
            encoded.replace('+', "%20"),
        ];
        forms.iter().fold(text.to_owned(), |text, form| text.replace(form, REDACTED))
    }

    proptest::proptest! {
        #[test]
        fn prepared_searchers_find_what_a_plain_search_finds(
            secret in "[xyz\"\\\\/+ =%é]{4,9}",
            parts in proptest::collection::vec(("[xyz\"\\\\/+ %é]{0,6}", 0..4_usize), 0..6),
        ) {
            let quoted = Value::from(secret.as_str()).to_string().replace('/', "\\/");
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let spaced = encoded.replace('+', "%20");
            let forms = [secret.as_str(), quoted.trim_matches('"'), &encoded, &spaced];
            let text: String = parts.iter().flat_map(|(between, at)| [between.as_str(), forms[*at]]).collect();
            proptest::prop_assert_eq!(
                Secret::new(secret.clone()).redact(&text),
                redacted_slowly(&secret, &text)
            );
        }
    }
}
