//! Items of a list that say the same as a thing of a row's, and that no row has made.
//!
//! The same text may be there for others to read: a note that was sent as internal, and a copy of it that the customer sees. What a
//! list does not show of a copy is not known; nothing is concluded from that.

use super::print::{Print, Unlike};
use crate::declared::connector::{Operation, Recover};
use crate::recover::spoken;
use crate::row::Field;

/// What says the same as a thing, and is no row's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Copies {
    /// They show the very same, their kind included.
    pub same: Vec<String>,
    /// Each lacks a flag of the thing's, and shows so.
    pub exposed: Vec<(String, Unlike)>,
    /// The list does not show whether they have a flag of the thing's.
    pub untold: Vec<(String, Field)>,
}

/// What copies are compared with.
pub(super) struct Original<'o> {
    /// As it is there.
    pub item: Option<&'o Print>,
    /// Whether an item says what was sent.
    pub was_sent: &'o dyn Fn(&Print) -> bool,
    /// What was sent of a field, as a word; none where nobody knows that.
    pub sent: &'o dyn Fn(Field) -> Option<&'o str>,
}

/// What an item says of the flags of a thing.
enum Flags {
    Shown,
    Lacking(Unlike),
    Untold(Field),
}

impl Copies {
    pub(super) fn is_empty(&self) -> bool {
        self.same.is_empty() && self.exposed.is_empty() && self.untold.is_empty()
    }

    /// Takes copies from among what no row has made.
    pub(super) fn take(
        free: &mut Vec<&Print>,
        of: &Original<'_>,
        (maker, recover): (&Operation, &Recover),
    ) -> Self {
        let mut copies = Self::default();
        free.retain(|item| {
            let says_the_same = of.item.is_some_and(|own| item.says_the_same(own));
            if !says_the_same && !(of.was_sent)(item) {
                return true;
            }
            let is_same = of.item.is_some_and(|own| item.shows_the_same(own));
            let flags = of.flags(item, maker, recover);
            if is_same {
                copies.same.push(item.id.clone());
            }
            match flags {
                Flags::Untold(field) => copies.untold.push((item.id.clone(), field)),
                // One like the thing itself tells nothing more than that.
                Flags::Lacking(unlike) if !is_same => {
                    copies.exposed.push((item.id.clone(), unlike));
                }
                Flags::Lacking(_) => {}
                Flags::Shown => return !is_same,
            }
            false
        });
        copies
    }
}

impl Original<'_> {
    /// Looks at each flag that the thing has. That one is surely lacking outweighs what is not known of another.
    fn flags(&self, item: &Print, maker: &Operation, recover: &Recover) -> Flags {
        let mut flags = Flags::Shown;
        for field in maker.fields.flags() {
            let default = maker.fields.default_of(maker.fields.name(field));
            let default = default.map_or_else(|| "0".to_owned(), spoken);
            let own = (self.sent)(field).or_else(|| self.item?.flag(recover, field));
            let Some(own) = own.filter(|own| *own != default) else { continue };
            match item.flag(recover, field) {
                None => flags = Flags::Untold(field),
                Some(there) if there == default => {
                    let (there, row) = (there.to_owned(), own.to_owned());
                    return Flags::Lacking(Unlike { field, there, row });
                }
                Some(_) => {}
            }
        }
        flags
    }
}
