//! What is read and kept before rows change or delete something, in words.

use serde_json::{Value, json};

use super::words::{counted, number, rows};

/// What is read and kept before rows change or delete something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReadsAhead {
    /// Rows of which what is there before is kept.
    pub rows: u64,
    /// The lists that are read for them.
    pub lists: u64,
    /// How often, at the least: one reading serves rows that go within a minute, each thing once.
    pub requests: u64,
    /// After how many letters these lists cut texts; none where they show them whole.
    pub cut_after: Option<u32>,
    /// A quota lets no request follow another before what that has shown is too old.
    pub follows_too_late: bool,
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
            let lists = match self.lists {
                1 => "1 list is".to_owned(),
                count => format!("{} lists are", number(count)),
            };
            let requests = match (self.requests, self.rows) {
                (requests, _) if requests == self.lists && requests == self.rows => String::new(),
                (requests, rows) if requests == rows => {
                    format!(" in {} requests", number(requests))
                }
                (requests, rows) => format!(
                    " in {} ({} if each row has its list read for itself)",
                    counted(requests, "request"),
                    number(rows)
                ),
            };
            let what = match self.rows {
                1 => "1 row changes or deletes".to_owned(),
                count => format!("{} rows change or delete", number(count)),
            };
            let why = match self.off {
                0 => "is kept for `undo`",
                _ => "is looked at",
            };
            format!("{lists} read first{requests}, at the least: what {what} {why}.")
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
        if let Some(letters) = self.cut_after {
            warnings.push(format!(
                "Lists show {} of a text at the most, as the connector says (`cuts`): what is longer is kept in part, and \
                 `undo` does not give it back; what has to be there as it was sent is not changed or deleted.",
                counted(letters.into(), "letter")
            ));
        }
        if self.follows_too_late {
            warnings.push(
                "At this rate no request can follow a list within a minute, so nothing that has to be looked at before is \
                 changed or deleted: allow two requests at once, as in --rate 2/140s for 1/70s."
                    .to_owned(),
            );
        }
        warnings
    }

    pub(super) fn event(&self) -> Value {
        json!({
            "rows": self.rows,
            "lists": self.lists,
            "requests": self.requests,
            "unnamed": self.unnamed,
            "off": self.off,
            "cut_after": self.cut_after,
        })
    }
}

fn of_rows(count: u64) -> String {
    format!("Of {}", rows(count))
}
