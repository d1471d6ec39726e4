//! What a list shows beside a row of which a person is to say what became of it: the most alike first.
//!
//! Nothing is decided by it, and nothing is left out: what looks alike to nobody here may be what the person looks for.

use super::enquiry::Answered;
use super::likeness::{Kind, Likeness};
use super::print::Unlike;
use crate::declared::connector::Recover;
use crate::row::Fields;

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Beside<'a> {
    pub id: &'a str,
    /// None where it shows none, or one that is too long.
    pub text: Option<&'a str>,
    /// By the clock that dates items; unix milliseconds.
    pub made: Option<i64>,
    pub looks: Looks,
}

/// How an item looks beside what a row says, the most alike first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Looks {
    Same,
    /// The same text, of another kind.
    Unlike(Vec<Unlike>),
    /// It may be what was sent, with something done to it.
    Altered,
    /// It shows nothing that could be compared, or not the same each time.
    Unreadable,
    Other,
}

impl Looks {
    fn rank(&self) -> u8 {
        match self {
            Self::Same => 0,
            Self::Unlike(_) => 1,
            Self::Altered => 2,
            Self::Unreadable => 3,
            Self::Other => 4,
        }
    }
}

impl Answered {
    /// All items; of two that look alike the newer one comes first.
    pub(crate) fn beside(&self, recover: &Recover, fields: &Fields<'_>) -> Vec<Beside<'_>> {
        let kind = Kind::of_row(recover, fields);
        let mut items: Vec<Beside<'_>> = self
            .items
            .iter()
            .map(|item| Beside {
                id: &item.id,
                text: item.text.as_deref(),
                made: item.made,
                looks: match item.weigh(recover, fields) {
                    _ if self.contradicting.contains(&item.id) => Looks::Unreadable,
                    Likeness::Same => match item.unlike(recover, &kind) {
                        unlike if unlike.is_empty() => Looks::Same,
                        unlike => Looks::Unlike(unlike),
                    },
                    Likeness::Altered => Looks::Altered,
                    Likeness::Unreadable => Looks::Unreadable,
                    Likeness::Other => Looks::Other,
                },
            })
            .collect();
        items.sort_by_key(|item| (item.looks.rank(), std::cmp::Reverse(item.made)));
        items
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;
    use crate::declared::connector::Catalogue;
    use crate::recover::{Enquiry, Keeps, NextStep, Sights};
    use crate::text::diagnostic::Place;

    #[test]
    fn what_looks_like_the_row_comes_first_and_nothing_is_left_out() {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        let create = &connector.operations["ticket_note.create"];
        let recover = create.recover.as_ref().unwrap();
        let note = |id: &str, text: &str, internal: bool, made: i64| json!({"id": id, "note": text, "is_internal_note": internal, "created": made});
        let items = [
            note("other", "Khác", true, 1_800_000_005),
            note("seen", "Khách gọi", false, 1_800_000_004),
            note("old", "Khách gọi", true, 1_800_000_001),
            note("new", "Khách gọi\r\n", true, 1_800_000_003),
            note("html", "<b>Khách</b> gọi", true, 1_800_000_002),
            json!({"id": "bare", "is_internal_note": true}),
        ];
        let wanted = HashSet::new();
        let sights =
            Sights { wanted: &wanted, system: None, keeps: Keeps::Shown, fields: &create.fields };
        let mut enquiry = Enquiry::new(recover, Some(1));
        let mut step = enquiry.take(recover, &items, sights);
        while step == NextStep::Page {
            step = enquiry.take(recover, &[], sights);
        }
        let NextStep::Over(answered) = step else { panic!() };
        let row = create
            .fields
            .values(&json!({"ticket_id": "tk_1", "note": "Khách gọi", "is_internal_note": true}));
        let beside = answered.beside(recover, &row);
        let ids: Vec<&str> = beside.iter().map(|item| item.id).collect();
        assert_eq!(ids, ["new", "old", "seen", "html", "bare", "other"]);
        assert_eq!(beside[5].text, Some("Khác"), "the text of each is there to be read");
        assert!(matches!(&beside[2].looks, Looks::Unlike(unlike) if unlike.len() == 1));
        assert_eq!((beside[4].text, beside[4].made), (None, None));
    }
}
