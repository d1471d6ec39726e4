//! A secret that lies in a file: how it is read, and read again. Which variable names the file is for whoever asks.

use std::path::PathBuf;

use crate::text::secret::Secret;
use crate::text::small_file;
use crate::traffic::reply::NoSecret;

/// Longer than any token.
const LARGEST: u64 = 1 << 20;

/// The file that a variable names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretFile {
    /// NAME_FILE, for messages.
    pub variable: String,
    pub path: PathBuf,
}

impl SecretFile {
    /// What stands in the file now, without the mark that some editors put before UTF-8 and the line break at its end.
    pub(crate) fn read(&self) -> Result<Secret, Unread> {
        let unread = |why| Unread { variable: self.variable.clone(), why };
        let cause = |cause: String| unread(NoSecret::Unread(cause));
        let bytes =
            small_file::read(&self.path, LARGEST).map_err(|error| cause(error.to_string()))?;
        let text =
            String::from_utf8(bytes).map_err(|_| cause("it is not valid UTF-8".to_owned()))?;
        // Lines of nothing but blanks are no second secret.
        let lines = without_mark(&text).lines().filter(|line| !line.trim().is_empty());
        match *lines.collect::<Vec<&str>>() {
            [] => Err(unread(NoSecret::Empty)),
            [line] => Ok(Secret::new(line.trim_end_matches('\r').to_owned())),
            ref lines => Err(unread(NoSecret::Lines(lines.len()))),
        }
    }
}

/// Why there is no secret in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unread {
    pub variable: String,
    pub why: NoSecret,
}

/// What a variable holds, and the file that it comes from, if any: there it may change while a run is under way.
#[derive(Debug, Clone)]
pub(crate) struct HeldSecret {
    pub secret: Secret,
    pub file: Option<SecretFile>,
    /// The variable that names a file with another one, which is passed over.
    pub passed_over: Option<String>,
}

impl From<Secret> for HeldSecret {
    fn from(secret: Secret) -> Self {
        Self { secret, file: None, passed_over: None }
    }
}

/// A text without the mark that some editors put before UTF-8.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
