//! Values that cannot be printed: tokens, passwords, signing secrets.
//!
//! A [`Secret`] has no `Display`, no `Serialize`, and a `Debug` that says nothing; its text is handed out only
//! by [`expose`](Secret::expose), which is called where a request is built, and where texts that come from elsewhere are
//! looked through for it, which is for `redaction`.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::redaction::REDACTED;

/// A text that must not be seen. Clones share it.
#[derive(Clone)]
pub(crate) struct Secret(Arc<SecretString>);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(Arc::new(text.into()))
    }

    /// The text itself. For the transport, and for what keeps it from being seen.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
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
        assert_eq!(secret.expose(), "hunter2-and-more");
    }
}
