//! The environment, read once.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::text::secret::Secret;
use crate::text::small_file;
use crate::traffic::transport::CredentialError;

/// Longer than any token.
const LARGEST_SECRET: u64 = 1 << 20;

/// The variables of the process. Values are shown nowhere.
pub(super) struct Environment {
    variables: HashMap<String, OsString>,
}

impl Environment {
    pub(super) fn read() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self { variables: variables.collect() }
    }

    /// The ledger that NOTEFERRY_LEDGER names.
    pub(super) fn ledger(&self) -> Option<PathBuf> {
        self.variables.get("NOTEFERRY_LEDGER").filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// Whether the user wants no color anywhere (no-color.org).
    pub(super) fn no_color(&self) -> bool {
        self.variables.get("NO_COLOR").is_some_and(|value| !value.is_empty())
    }

    /// Whether the terminal can move its cursor.
    pub(super) fn is_dumb(&self) -> bool {
        self.variables.get("TERM").is_some_and(|value| value == "dumb")
    }

    /// A variable's value, or the content of the file that NAME_FILE names, without the line break at its end.
    pub(super) fn secret(&self, name: &str) -> Result<Option<Secret>, CredentialError> {
        if let Some(value) = self.variables.get(name).filter(|value| !value.is_empty()) {
            let text = value.to_str().ok_or_else(|| CredentialError::NotText(name.to_owned()))?;
            return Ok(Some(Secret::new(without_mark(text).to_owned())));
        }
        let variable = format!("{name}_FILE");
        let Some(path) = self.variables.get(&variable).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let cause = |cause: String| CredentialError::File { variable: variable.clone(), cause };
        let bytes = small_file::read(Path::new(path), LARGEST_SECRET);
        let bytes = bytes.map_err(|error| cause(error.to_string()))?;
        let text =
            String::from_utf8(bytes).map_err(|_| cause("it is not valid UTF-8".to_owned()))?;
        let text = without_mark(&text).trim_end_matches(['\r', '\n']);
        match text.is_empty() {
            true => Err(CredentialError::EmptyFile { variable }),
            false => Ok(Some(Secret::new(text.to_owned()))),
        }
    }
}

/// A text without the mark that some editors put before UTF-8.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
