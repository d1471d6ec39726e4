//! A command of this program as it was given, and the commands that advice names: the given one, with what differs.
//!
//! Words and no meaning: what a flag does is for whoever reads the command line. No secret gets in, since credentials are
//! never given by flags, and are taken out of an address.

use std::fmt;

use super::visible::shown;

/// Flags that say which job is meant and where things are; every verb that is given a job takes them.
const OF_JOBS: [&str; 18] = [
    "operation",
    "source",
    "var",
    "input",
    "delimiter",
    "encoding",
    "quote",
    "escape",
    "comment",
    "header",
    "header-row",
    "null",
    "at",
    "each",
    "sheet",
    "ledger",
    "base-url",
    "connectors",
];
/// Likewise, but for `status`.
const OF_SOURCES: [&str; 2] = ["from", "min-rows"];
/// Flags that say what is sent and how fast; `plan` and `run` take them.
const OF_SENDING: [&str; 11] = [
    "rate",
    "concurrency",
    "limit",
    "spread",
    "skip-invalid",
    "retry-failed",
    "undone",
    "as-new",
    "gone",
    "allow-http",
    "sandbox",
];

/// Flags whose values are paths.
const PATHS: [&str; 4] = ["source", "from", "ledger", "connectors"];

/// Flags that stand only beside another one.
const BESIDE: [(&str, &str); 3] =
    [("spread", "limit"), ("mask", "html"), ("approval-comment", "approved-by")];
/// What somebody has said of one run, and has to say anew of another that sends something else.
const OF_ONE_RUN: [&str; 3] = ["yes", "approved-by", "as-counted"];

/// Whether a flag decides what is sent, where to, or how fast: a saved plan says that itself.
fn decides(name: &str) -> bool {
    OF_JOBS.contains(&name) || OF_SOURCES.contains(&name) || OF_SENDING.contains(&name)
}

/// A command, as in `noteferry run notes.csv --limit 10`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandLine {
    verb: String,
    /// As it was named; none where a verb was given none.
    job: Option<String>,
    flags: Vec<Flag>,
    /// Where the job is a saved plan: the command that does the same without it.
    own: Option<Box<Self>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Flag {
    /// Without the dashes.
    name: String,
    value: Option<String>,
}

impl CommandLine {
    pub(crate) fn new(verb: &str, job: Option<&str>) -> Self {
        Self { verb: verb.to_owned(), job: job.map(str::to_owned), flags: Vec::new(), own: None }
    }

    /// A command from words, each of which is a flag with its value; the job is the first.
    pub(crate) fn of_words(verb: &str, words: &[String]) -> Self {
        let mut command = Self::new(verb, words.first().map(String::as_str));
        for word in words.iter().skip(1) {
            let word = word.strip_prefix("--").unwrap_or(word);
            match word.split_once('=') {
                Some((name, value)) => command.push(name, Some(value)),
                None => command.push(word, None),
            }
        }
        command
    }

    /// The job and the flags that decide what is sent, as [`Self::of_words`] reads them. `path` is how paths are to be
    /// written.
    pub(crate) fn words(&self, path: impl Fn(&str) -> String) -> Vec<String> {
        let flags = self.flags.iter().filter(|flag| decides(&flag.name)).map(|flag| {
            let name = &flag.name;
            match &flag.value {
                Some(value) if PATHS.contains(&name.as_str()) => {
                    format!("--{name}={}", path(value))
                }
                Some(value) => format!("--{name}={value}"),
                None => format!("--{name}"),
            }
        });
        self.job.iter().map(|job| path(job)).chain(flags).collect()
    }

    /// Whether a flag is given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag.name == name)
    }

    /// The first flag that decides what is sent.
    pub(crate) fn deciding_flag(&self) -> Option<&str> {
        self.flags.iter().map(|flag| flag.name.as_str()).find(|name| decides(name))
    }

    /// The job, as it was named.
    pub(crate) fn job(&self) -> Option<&str> {
        self.job.as_deref()
    }

    /// The same, of a saved plan: another command does the same without it.
    pub(crate) fn carrying_out(self, own: Self) -> Self {
        Self { own: Some(Box::new(own)), ..self }
    }

    /// The command that carries out a saved plan, with its approval: whoever approves puts a name in its place.
    pub(crate) fn approved(&self) -> Self {
        self.of("run").with_value("approved-by", "NAME")
    }

    /// The command that can do without the saved plan, where a flag has to be there that the plan does not take.
    fn own_for(&self, name: &str) -> Option<Self> {
        let own = self.own.as_ref().filter(|_| decides(name))?;
        Some(own.of(&self.verb))
    }

    /// Adds a flag as it was given; some may stand there several times.
    pub(crate) fn push(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(|value| match name {
            "base-url" => without_credentials(value),
            _ => value.to_owned(),
        });
        self.flags.push(Flag { name: name.to_owned(), value });
    }

    /// The same for another job.
    pub(crate) fn for_job(&self, job: &str) -> Self {
        Self { job: Some(job.to_owned()), ..self.clone() }
    }

    /// Another verb for the same job, with those of the flags that it takes.
    pub(crate) fn of(&self, verb: &str) -> Self {
        // A saved plan is for the verbs that plan and run.
        if let Some(own) = self.own.as_ref().filter(|_| !matches!(verb, "plan" | "run")) {
            return own.of(verb);
        }
        let is_sent = |verb: &str| matches!(verb, "plan" | "run");
        let is_read = |verb: &str| matches!(verb, "check" | "plan" | "run");
        let goes_along = |flag: &&Flag| {
            let name = flag.name.as_str();
            verb == self.verb
                || OF_JOBS.contains(&name)
                || (is_read(verb) && is_read(&self.verb) && OF_SOURCES.contains(&name))
                || (is_sent(verb) && is_sent(&self.verb) && OF_SENDING.contains(&name))
        };
        let flags = self.flags.iter().filter(goes_along).cloned().collect();
        Self { verb: verb.to_owned(), job: self.job.clone(), flags, own: self.own.clone() }
    }

    /// The same with a flag that has no value.
    pub(crate) fn with(&self, name: &str) -> Self {
        let mut command = self.set_aside(name);
        command.push(name, None);
        command
    }

    /// The same with another value of a flag.
    pub(crate) fn with_value(&self, name: &str, value: &str) -> Self {
        let mut command = self.set_aside(name);
        command.push(name, Some(value));
        command
    }

    /// The same without a flag, and those that stand only beside it.
    pub(crate) fn without(&self, name: &str) -> Self {
        let mut command = self.set_aside(name);
        let is_beside = |flag: &Flag| BESIDE.contains(&(flag.name.as_str(), name));
        command.flags.retain(|flag| !is_beside(flag));
        command
    }

    /// The same without a flag that may come again.
    fn set_aside(&self, name: &str) -> Self {
        let mut command = self.own_for(name).unwrap_or_else(|| self.clone());
        command.flags.retain(|flag| flag.name != name);
        command
    }

    /// The command that sends what this one has kept out by a flag. Nobody has confirmed or approved that yet.
    pub(crate) fn beyond(&self, name: &str) -> Self {
        OF_ONE_RUN.iter().fold(self.without(name), |command, said| command.without(said))
    }

    /// The value that a flag was given last; none where it was not given, or has no value.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let mut flags = self.flags.iter().rev();
        let found = flags.find(|flag| flag.name == name).and_then(|flag| flag.value.as_deref());
        found.or_else(|| self.own.as_ref()?.value(name))
    }
}

/// Ready for a shell.
impl fmt::Display for CommandLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "noteferry {}", self.verb)?;
        match self.job.as_deref() {
            // What is piped in.
            Some("-") => write!(formatter, " -")?,
            // Or it would be read as a flag.
            Some(job) if job.starts_with('-') => {
                write!(formatter, " {}", shell_word(&format!("./{job}")))?;
            }
            Some(job) => write!(formatter, " {}", shell_word(job))?,
            None => {}
        }
        for Flag { name, value } in &self.flags {
            match value {
                None => write!(formatter, " --{name}")?,
                Some(value) if value.starts_with('-') => {
                    write!(formatter, " --{name}={}", shell_word(value))?;
                }
                Some(value) => write!(formatter, " --{name} {}", shell_word(value))?,
            }
        }
        Ok(())
    }
}

/// An address with a name or a password in it is refused, and must not be repeated by whatever is said of it.
fn without_credentials(address: &str) -> String {
    let Ok(mut url) = url::Url::parse(address) else { return address.to_owned() };
    if url.username().is_empty() && url.password().is_none() {
        return address.to_owned();
    }
    let is_clean = url.set_username("").and_then(|()| url.set_password(None)).is_ok();
    if is_clean { url.into() } else { String::new() }
}

/// A text as one word of the shells that are usual where this runs. What is unseen stands there by its code point, so that a
/// name cannot steer a terminal; such a name cannot be pasted.
fn shell_word(text: &str) -> String {
    let text = shown(text).replace('\n', "<U+000A>").replace('\t', "<U+0009>");
    match cfg!(windows) {
        true => windows_word(&text),
        false => posix_word(&text),
    }
}

/// For a POSIX shell.
fn posix_word(text: &str) -> String {
    let harmless = |letter: char| letter.is_alphanumeric() || "/._-+:,@%".contains(letter);
    // Only at its start some shells take it for something else.
    let harmless = |(at, letter): (usize, char)| harmless(letter) || (letter == '=' && at > 0);
    match !text.is_empty() && text.char_indices().all(harmless) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// For cmd and PowerShell. Both take double quotes, and each of them fills in other things there: no way of writing keeps
/// both from it, so in their place stands what means nothing to either.
fn windows_word(text: &str) -> String {
    let harmless = |letter: char| letter.is_alphanumeric() || r"/._-+:\".contains(letter);
    if !text.is_empty() && text.chars().all(harmless) {
        return text.to_owned();
    }
    let mut word = text.replace(['"', '$', '`', '%', '!', '\u{201c}', '\u{201d}', '\u{201e}'], "?");
    if word.ends_with('\\') {
        // Or it would take the quote for itself.
        word.push('\\');
    }
    format!("\"{word}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> CommandLine {
        let mut command = CommandLine::new("run", Some("jobs/import.yaml"));
        command.push("ledger", Some("my ledger.db"));
        command.push("rate", Some("30/10s"));
        command.push("rate", Some("9000/1h"));
        command.push("limit", Some("10"));
        command.push("sandbox", None);
        command.push("give-up-after", Some("5m"));
        command.push("quiet", None);
        command
    }

    #[test]
    fn what_stands_beside_a_flag_goes_with_it_and_nobody_has_confirmed_what_is_beyond() {
        let mut pilot = CommandLine::new("run", Some("job.yaml"));
        pilot.push("limit", Some("10"));
        ["spread", "yes", "as-counted", "skip-invalid"]
            .iter()
            .for_each(|one| pilot.push(one, None));
        pilot.push("approved-by", Some("Lan"));
        pilot.push("approval-comment", Some("ten first"));
        for (command, text) in [
            (pilot.beyond("limit"), "--skip-invalid"),
            (pilot.without("limit").without("approved-by"), "--yes --as-counted --skip-invalid"),
            (
                pilot.without("approved-by").with_value("limit", "7"),
                "--spread --yes --as-counted --skip-invalid --limit 7",
            ),
        ] {
            assert_eq!(command.to_string(), format!("noteferry run job.yaml {text}"));
        }
    }

    #[test]
    fn a_command_is_the_given_one_with_what_differs() {
        let given = given();
        for (command, text) in [
            (
                given.clone(),
                "run jobs/import.yaml --ledger 'my ledger.db' --rate 30/10s --rate 9000/1h --limit 10 --sandbox --give-up-after 5m --quiet",
            ),
            (
                given.of("plan"),
                "plan jobs/import.yaml --ledger 'my ledger.db' --rate 30/10s --rate 9000/1h --limit 10 --sandbox",
            ),
            (given.of("status"), "status jobs/import.yaml --ledger 'my ledger.db'"),
            (
                given.of("plan").of("run").with("skip-invalid").with("skip-invalid"),
                "run jobs/import.yaml --ledger 'my ledger.db' --rate 30/10s --rate 9000/1h --limit 10 --sandbox --skip-invalid",
            ),
            (
                given.of("plan").without("sandbox").without("rate").with_value("limit", "3"),
                "plan jobs/import.yaml --ledger 'my ledger.db' --limit 3",
            ),
        ] {
            assert_eq!(command.to_string(), format!("noteferry {text}"));
        }
        assert_eq!((given.value("rate"), given.value("sandbox")), (Some("9000/1h"), None));
    }

    #[test]
    fn a_command_can_be_pasted() {
        for (job, text) in [
            ("my note's.csv", r"noteferry run 'my note'\''s.csv'"),
            ("-x.csv", "noteferry run ./-x.csv"),
            ("-", "noteferry run -"),
            ("a\u{1b}[2Jb\u{202e}", "noteferry run 'a<U+001B>[2Jb<U+202E>'"),
            ("a\n; id", "noteferry run 'a<U+000A>; id'"),
            ("$(id)`id`!1 & x", "noteferry run '$(id)`id`!1 & x'"),
            ("", "noteferry run ''"),
        ] {
            assert_eq!(CommandLine::new("run", Some(job)).to_string(), text);
        }
        let mut command = CommandLine::new("status", None);
        command.push("ledger", Some("-l.db"));
        assert_eq!(command.to_string(), "noteferry status --ledger=-l.db");
    }

    #[test]
    fn nothing_runs_in_either_shell_of_windows() {
        for (text, word) in [
            (r"C:\data\notes.csv", r"C:\data\notes.csv"),
            (r"my notes\", r#""my notes\\""#),
            ("a & calc", r#""a & calc""#),
            ("'a' | b", r#""'a' | b""#),
            ("$(calc) `x` %PATH% \" & calc", r#""?(calc) ?x? ?PATH? ? & calc""#),
            ("\u{201d}; calc", r#""?; calc""#),
        ] {
            assert_eq!(windows_word(text), word);
        }
    }

    #[test]
    fn no_secret_of_an_address_is_repeated() {
        let mut command = CommandLine::new("run", Some("a.csv"));
        command.push("base-url", Some("https://admin:hunter2@api.example.vn/v1"));
        assert_eq!(command.to_string(), "noteferry run a.csv --base-url https://api.example.vn/v1");
    }
}
