//! Which environment variables are a connector's own: what it reads goes to its server, so it reads no others.

use crate::text::code::Code;
use crate::text::pointer::Pointer;

use super::super::reader::Reader;
use super::Filling;
use super::written::MethodFile;

/// The shortest beginning of a connector's name that tells it from others.
const SHORTEST: usize = 3;

/// What the variables of a connector begin with.
pub(super) struct OwnVariables {
    prefixes: Vec<String>,
    /// The prefix that is its own without further words.
    usual: String,
}

impl OwnVariables {
    /// Those of a connector, with the prefixes that it declares; of these, others than a beginning of its name are told
    /// to the reader.
    pub(super) fn of(
        connector: &str,
        declared: Option<Vec<String>>,
        at: &Pointer,
        reader: &mut Reader<'_>,
    ) -> Self {
        let name = in_capitals(connector);
        let usual = format!("{name}_");
        let Some(declared) = declared else {
            return Self { prefixes: vec![usual.clone()], usual };
        };
        for (number, prefix) in declared.iter().enumerate() {
            let beginning = prefix.strip_suffix('_').unwrap_or_default();
            if beginning.len() < SHORTEST.min(name.len()) || !name.starts_with(beginning) {
                let message = format!("`{prefix}` is no beginning of this connector's name");
                let hint = format!(
                    "a connector called {connector} reads variables that begin with {usual}, or with three letters of \
                     that or more and `_`"
                );
                reader.refuse(&at.join(number), Code::ForeignVariable, message, &hint);
            }
        }
        Self { prefixes: declared, usual }
    }

    /// Complains of each variable of a way to a token that is not the connector's own.
    pub(super) fn check(&self, method: &MethodFile, at: &Pointer, reader: &mut Reader<'_>) {
        match method {
            MethodFile::Token(file) => {
                self.one(&file.variable, &at.join("token").join("variable"), reader);
            }
            MethodFile::Login(file) => {
                let at = at.join("login");
                self.one(&file.account, &at.join("account"), reader);
                for (name, value) in &file.body {
                    self.filled(value, &at.join("body").join(name), reader);
                }
                if let Some(choices) = &file.choices {
                    self.one(&choices.variable, &at.join("choices").join("variable"), reader);
                }
            }
            MethodFile::SignedToken(file) => {
                let at = at.join("signed_token");
                self.one(&file.secret, &at.join("secret"), reader);
                self.one(&file.account, &at.join("account"), reader);
                for (name, value) in &file.claims {
                    self.filled(value, &at.join("claims").join(name), reader);
                }
            }
        }
    }

    fn filled(&self, value: &serde_json::Value, at: &Pointer, reader: &mut Reader<'_>) {
        for variable in Filling::of(value.clone()).variables() {
            self.one(variable, at, reader);
        }
    }

    fn one(&self, variable: &str, at: &Pointer, reader: &mut Reader<'_>) {
        if !self.prefixes.iter().any(|prefix| variable.starts_with(prefix.as_str())) {
            let message = format!("the variable `{variable}` is not this connector's own");
            let hint = format!("its variables begin with {}", self.listed());
            reader.refuse(at, Code::ForeignVariable, message, &hint);
        }
    }

    fn listed(&self) -> String {
        match self.prefixes.is_empty() {
            true => self.usual.clone(),
            false => self.prefixes.join(" or "),
        }
    }
}

/// A name as variables have it, as in ACME_DESK of acme-desk.
fn in_capitals(name: &str) -> String {
    let letter = |letter: char| {
        if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' }
    };
    name.chars().map(letter).collect()
}
