//! Whether a thing is as its row was sent, by the digest that is all that a ledger keeps of that.
//!
//! What a row sends now, with what is there in the place of what an update carries, has the digest of what was sent: then
//! nobody has changed what is there, and nothing else of the row has changed. Where that cannot be shown, it is not so. Pure.

use std::sync::Arc;

use serde_json::Value;

use super::likeness::unescaped;
use crate::declared::connector::{Operation, Recover, TextChange};
use crate::prepare::request;
use crate::row::{Digest, Field, FieldValue, Fields};

/// What a thing was sent as, and the row as it is now.
#[derive(Debug, Clone)]
pub(crate) struct AsSent {
    /// What has made it.
    pub maker: Arc<Operation>,
    /// The row's fields for that, as they are now.
    pub fields: Fields<'static>,
    /// Those of them that an update carries.
    pub carried: Vec<Field>,
    /// Names what was sent; one of these is there.
    pub contents: Vec<Digest>,
}

impl AsSent {
    /// Whether an item of the list is as it was sent, and the row differs from it in nothing but what an update carries.
    pub(crate) fn is_there(&self, item: &Value) -> bool {
        let Some(recover) = &self.maker.recover else { return false };
        let shown: Option<Vec<_>> =
            self.carried.iter().map(|field| shown(recover, *field, item)).collect();
        let Some(shown) = shown.filter(|shown| !shown.is_empty()) else { return false };
        Form::ALL.into_iter().any(|form| {
            let mut fields = self.fields.clone();
            for (field, value) in self.carried.iter().zip(&shown) {
                let now = self.fields.get(*field).and_then(FieldValue::as_str);
                fields.set(*field, form.of(value, now.unwrap_or_default(), &recover.text).into());
            }
            self.was_sent(&fields)
        })
    }

    fn was_sent(&self, fields: &Fields<'_>) -> bool {
        let Some(present) = request::digest(&self.maker, fields) else { return false };
        let mut names = request::digests(&self.maker, fields, present);
        names.any(|name| self.contents.contains(&name))
    }
}

/// What an item shows of a field; none where it is not known where.
fn shown<'i>(recover: &Recover, field: Field, item: &'i Value) -> Option<&'i Value> {
    let (_, pointers) = recover.fields.iter().find(|(known, _)| *known == field)?;
    let found = pointers.iter().find_map(|pointer| pointer.find(item))?;
    (!found.is_null()).then_some(found)
}

/// What a text may have been before the other side made of it what is there.
#[derive(Debug, Clone, Copy)]
struct Form {
    line_ends: LineEnds,
    /// It stood between the blanks that the row's text stands between now.
    has_blanks: bool,
    is_escaped: bool,
}

#[derive(Debug, Clone, Copy)]
enum LineEnds {
    AsThere,
    Unix,
    Windows,
}

impl Form {
    const ALL: [Self; 12] = {
        let mut all = [Self::PLAIN; 12];
        let mut at = 0;
        while at < 12 {
            all[at] = Self {
                line_ends: match at % 3 {
                    0 => LineEnds::AsThere,
                    1 => LineEnds::Unix,
                    _ => LineEnds::Windows,
                },
                has_blanks: at / 3 % 2 == 1,
                is_escaped: at / 6 == 1,
            };
            at += 1;
        }
        all
    };
    const PLAIN: Self = Self { line_ends: LineEnds::AsThere, has_blanks: false, is_escaped: false };

    /// What `value` may have been, where a text of the row is `now` and the other side does so with texts.
    fn of(self, value: &Value, now: &str, changes: &[TextChange]) -> Value {
        let Value::String(text) = value else { return value.clone() };
        let may = |change| changes.contains(&change);
        let mut text = text.clone();
        if self.is_escaped && may(TextChange::HtmlEscapes) {
            text = unescaped(&text);
        }
        if may(TextChange::LineEnds) {
            let unix = || text.replace("\r\n", "\n");
            text = match self.line_ends {
                LineEnds::AsThere => text,
                LineEnds::Unix => unix(),
                LineEnds::Windows => unix().replace('\n', "\r\n"),
            };
        }
        if self.has_blanks && may(TextChange::Trimming) {
            let begins = now.len() - now.trim_start().len();
            let ends = now.trim_end().len().max(begins);
            text = format!("{}{}{}", &now[..begins], text.trim(), &now[ends..]);
        }
        Value::String(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::declared::connector::Catalogue;
    use crate::text::diagnostic::Place;

    fn maker() -> Arc<Operation> {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        Arc::clone(&connector.operations["ticket_note.create"])
    }

    /// Whether a note that shows this text is as `before` was sent, where the row says `now`.
    fn is_as_sent(before: &Value, now: &Value, there: &str) -> bool {
        let maker = maker();
        let sent = request::digest(&maker, &maker.fields.values(before)).unwrap();
        let fields = maker.fields.values(now);
        let carried = vec![maker.fields.find("note").unwrap()];
        let as_sent = AsSent { maker, fields, carried, contents: vec![sent] };
        as_sent.is_there(&json!({ "id": "tn_1", "note": there }))
    }

    #[test]
    fn a_note_is_as_sent_where_its_text_is_and_nothing_but_the_text_has_changed() {
        let row =
            |note: &str| json!({ "ticket_id": "tk_1", "note": note, "is_internal_note": true });
        for (before, now, there, expected) in [
            (row("Old"), row("New"), "Old", true),
            // Somebody has edited it.
            (row("Old"), row("New"), "Edited", false),
            (row("Old"), row("New"), "New", false),
            // More than the text has changed.
            (
                row("Old"),
                json!({ "ticket_id": "tk_1", "note": "New", "is_internal_note": false }),
                "Old",
                false,
            ),
            (row("Old"), json!({ "ticket_id": "tk_1", "note": "New" }), "Old", false),
            (
                row("Old"),
                json!({ "ticket_id": "tk_2", "note": "New", "is_internal_note": true }),
                "Old",
                false,
            ),
            // What servers do to texts.
            (row("a\r\nb"), row("New"), "a\nb", true),
            (row("a\nb"), row("New"), "a\r\nb", true),
            (row("  Old\n"), row("  New\n"), "Old", true),
            // Which blanks stood there nobody knows any more.
            (row("  Old\n"), row("New"), "Old", false),
            (row("a &amp; b"), row("New"), "a & b", false),
        ] {
            assert_eq!(is_as_sent(&before, &now, there), expected, "{before} {now} {there:?}");
        }
    }

    #[test]
    fn what_shows_no_text_is_not_as_it_was_sent() {
        let maker = maker();
        let fields = maker.fields.values(&json!({ "ticket_id": "tk_1", "note": "New" }));
        let contents = vec![request::digest(&maker, &fields).unwrap()];
        let carried = vec![maker.fields.find("note").unwrap()];
        let as_sent = AsSent { maker, fields, carried, contents };
        assert!(!as_sent.is_there(&json!({ "id": "tn_1" })));
        assert!(!as_sent.is_there(&json!({ "id": "tn_1", "note": null })));
    }
}
