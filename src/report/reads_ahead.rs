//! What is read and kept before rows change or delete something, in words.

use serde_json::{Value, json};

use super::words::{number, rows};

/// What is read and kept before rows change or delete something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReadsAhead {
    /// Rows of which what is there before is kept.
    pub rows: u64,
    /// The lists that are read for them.
    pub lists: u64,
    /// Rows of which nothing can be kept, since it is not known in which list it is shown.
    pub unnamed: u64,
    /// What the first of them does not say.
    pub name: Option<String>,
    /// Rows of which nothing is kept, since the job wants it so.
    pub off: u64,
}

impl ReadsAhead {
    /// What it costs; nothing where nothing is read.
    pub(super) fn cost(&self) -> Option<String> {
        (self.lists > 0).then(|| {
            format!(
                "{} read first, at the least: what {} is kept for `undo`.",
                match self.lists {
                    1 => "1 list is".to_owned(),
                    count => format!("{} lists are", number(count)),
                },
                match self.rows {
                    1 => "1 row changes or deletes".to_owned(),
                    count => format!("{} rows change or delete", number(count)),
                }
            )
        })
    }

    /// Of which rows nothing is kept, and why.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.unnamed > 0 {
            let says = match &self.name {
                Some(name) => format!(" (as `{name}`, in `let` or by a column of that name)"),
                None => String::new(),
            };
            warnings.push(format!(
                "{} what is changed or deleted is not read before, since the row does not say in which list it is \
                 shown{says}: `undo` cannot give it back.",
                of_rows(self.unnamed)
            ));
        }
        if self.off > 0 {
            warnings.push(format!(
                "{} what is changed or deleted is not kept (`snapshot: false`): `undo` cannot give it back.",
                of_rows(self.off)
            ));
        }
        warnings
    }

    pub(super) fn event(&self) -> Value {
        json!({"rows": self.rows, "lists": self.lists, "unnamed": self.unnamed, "off": self.off})
    }
}

fn of_rows(count: u64) -> String {
    format!("Of {}", rows(count))
}
