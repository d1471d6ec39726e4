//! The name by which a row that was written out comes back corrected: which row of its job it is, however its cells and its
//! place in the file have changed since.
//!
//! It says what the ledger knows the row by, what its cells were, and at which place that stands so, and ends with a sum over all
//! of it and the job's name, so that a name that was damaged, or is of another job, is none. Earlier versions named no place, and
//! neither is one named of a row that has gone nowhere yet. It proves nothing against whoever means to forge one.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::{Digest, content_key};
use crate::text::address;
use crate::text::spelling::canonical;

/// What a reference begins with that names no place. A letter, since programs take numbers for what they are not.
const BEGINS: &str = "nf";
/// What one begins with that names a place.
const BEGINS_WITH_PLACE: &str = "np";
/// Characters of a place.
const PLACE: usize = 8;
/// Characters of the sum at the end.
const SUM: usize = 8;

/// Stands for the cells of a row as its source has them: those that the job uses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Fingerprint(pub [u8; 10]);

/// What the ledger knows a row by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// A key of its own: the sum of it.
    Key([u8; 8]),
    /// Nothing: the key that it had, of which this is the sum, was another row's.
    Anothers([u8; 8]),
    /// Its content, and the how many row of it that it was.
    Content(Digest, u64),
    /// Nothing so far: the how many row of its cells that it was.
    Cells(u64),
}

/// Stands for a place that a job's rows go to: a base URL, or a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlaceMark([u8; PLACE / 2]);

/// Which row of a job a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reference {
    pub cells: Fingerprint,
    pub identity: Identity,
}

impl Fingerprint {
    /// Of cells by the names of their columns, in any order. What is empty counts for nothing.
    pub(crate) fn of<'a>(
        cells: impl IntoIterator<Item = (&'a str, std::borrow::Cow<'a, str>)>,
    ) -> Self {
        let mut cells: Vec<_> = cells.into_iter().filter(|(_, text)| !text.is_empty()).collect();
        cells.sort();
        let mut sum = Sha256::new();
        for (name, text) in cells {
            sum.update((name.len() as u64).to_le_bytes());
            sum.update(name);
            sum.update((text.len() as u64).to_le_bytes());
            sum.update(text.as_bytes());
        }
        Self(first(&sum.finalize()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fingerprint({self})")
    }
}

impl Identity {
    /// Of a key, however it is spelt.
    pub(crate) fn of_key(key: &str) -> Self {
        Self::Key(sum_of_key(key))
    }

    /// Of a row whose key is another row's.
    pub(crate) fn of_anothers_key(key: &str) -> Self {
        Self::Anothers(sum_of_key(key))
    }
}

impl PlaceMark {
    /// Of an address, however it is spelt.
    pub(crate) fn of(base_url: &str) -> Self {
        Self(first(&Sha256::digest(address::normal(base_url).as_bytes())))
    }

    /// The place that a reference names; none of one that names none, or that is none.
    pub(crate) fn of_reference(text: &str) -> Option<Self> {
        let (place, _) = text.trim().strip_prefix(BEGINS_WITH_PLACE)?.split_at_checked(PLACE)?;
        unhex(place).map(Self)
    }
}

impl Reference {
    /// As it stands in a file. `place` is where the ledger knows the row so, where it knows the job at all.
    pub(crate) fn written(&self, job: &str, place: Option<PlaceMark>) -> String {
        let identity = match &self.identity {
            Identity::Key(sum) => format!("k{}", hex(sum)),
            Identity::Anothers(sum) => format!("a{}", hex(sum)),
            Identity::Content(digest, nth) => format!("c{digest}x{nth}"),
            Identity::Cells(nth) => format!("r{nth}"),
        };
        let begins = match place {
            Some(PlaceMark(place)) => format!("{BEGINS_WITH_PLACE}{}", hex(&place)),
            None => BEGINS.to_owned(),
        };
        let body = format!("{begins}{}{identity}", self.cells);
        format!("{body}s{}", sum(job, &body))
    }

    /// Reads what stands in a file; none where it is no reference of a row of the job.
    pub(crate) fn read(text: &str, job: &str) -> Option<Self> {
        let text = text.trim();
        let at = text.len().checked_sub(SUM + 1)?;
        let (body, end) = text.split_at_checked(at)?;
        if end.strip_prefix('s')? != sum(job, body) {
            return None;
        }
        let rest = match body.strip_prefix(BEGINS_WITH_PLACE) {
            Some(rest) => {
                let (place, rest) = rest.split_at_checked(PLACE)?;
                let _: [u8; PLACE / 2] = unhex(place)?;
                rest
            }
            None => body.strip_prefix(BEGINS)?,
        };
        let (cells, identity) = rest.split_at_checked(20)?;
        let cells = Fingerprint(unhex(cells)?);
        let (kind, said) = identity.split_at_checked(1)?;
        let identity = match kind {
            "k" => Identity::Key(unhex(said)?),
            "a" => Identity::Anothers(unhex(said)?),
            "c" => {
                let (digest, nth) = said.split_once('x')?;
                Identity::Content(Digest::of_text(digest)?, nth.parse().ok()?)
            }
            "r" => Identity::Cells(said.parse().ok()?),
            _ => return None,
        };
        Some(Self { cells, identity })
    }

    /// What a job without a key knows the row by; none of a row that has a key of its own.
    pub(crate) fn key(&self) -> Option<String> {
        match self.identity {
            Identity::Key(_) | Identity::Anothers(_) => None,
            Identity::Content(digest, nth) => Some(content_key(digest, nth)),
            Identity::Cells(1) => Some(format!("cells {}", self.cells)),
            Identity::Cells(nth) => Some(format!("cells {}#{nth}", self.cells)),
        }
    }
}

fn sum_of_key(key: &str) -> [u8; 8] {
    first(&Sha256::digest(canonical(key).as_bytes()))
}

fn sum(job: &str, body: &str) -> String {
    let mut sum = Sha256::new();
    sum.update("noteferry reference\0");
    sum.update(canonical(job).as_bytes());
    sum.update("\0");
    sum.update(body);
    hex(&sum.finalize()[..SUM / 2])
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut first = [0; N];
    first.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    first
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 2 * N || !text.bytes().all(is_hex) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all() -> [Reference; 5] {
        let cells = Fingerprint::of([("a", "1".into()), ("b", "2".into())]);
        [
            Identity::of_key("k1"),
            Identity::of_anothers_key("k1"),
            Identity::Content(Digest([7; 16]), 1),
            Identity::Content(Digest([7; 16]), 12),
            Identity::Cells(3),
        ]
        .map(|identity| Reference { cells, identity })
    }

    /// Each as it is written, with a place and without one.
    fn all_written() -> impl Iterator<Item = (Reference, Option<PlaceMark>, String)> {
        let places = [None, Some(PlaceMark::of("https://api.example/v1"))];
        let both = all().into_iter().flat_map(move |one| places.map(|place| (one, place)));
        both.map(|(one, place)| (one, place, one.written("notes", place)))
    }

    #[test]
    fn what_was_written_is_read_and_of_no_other_job() {
        for (reference, place, text) in all_written() {
            assert_eq!(PlaceMark::of_reference(&format!(" {text} ")), place);
            assert_eq!(Reference::read(&format!(" {text} "), "notes"), Some(reference));
            assert_eq!(Reference::read(&text, "other"), None);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        }
    }

    #[test]
    fn one_letter_that_is_wrong_makes_it_none() {
        for (_, _, text) in all_written() {
            for at in 0..text.len() {
                let mut wrong = text.clone().into_bytes();
                wrong[at] = if wrong[at] == b'1' { b'2' } else { b'1' };
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(Reference::read(&wrong, "notes"), None, "{wrong}");
                assert_eq!(Reference::read(&text[..at], "notes"), None);
            }
        }
    }

    #[test]
    fn a_place_is_one_in_all_spellings_of_its_address() {
        let place = PlaceMark::of("https://API.example/v1/");
        assert_eq!(place, PlaceMark::of("https://api.example:443/v1"));
        assert_ne!(place, PlaceMark::of("https://api.example/v2"));
        assert_ne!(place, PlaceMark::of("sandbox"));
    }

    #[test]
    fn what_is_empty_and_the_order_of_columns_make_no_other_cells() {
        let one = Fingerprint::of([("a", "1".into()), ("b", "".into()), ("c", "2".into())]);
        assert_eq!(one, Fingerprint::of([("c", "2".into()), ("a", "1".into())]));
        assert_ne!(one, Fingerprint::of([("c", "1".into()), ("a", "2".into())]));
        assert_ne!(one, Fingerprint::of([("a", "1c".into()), ("", "2".into())]));
    }

    #[test]
    fn a_key_is_one_in_all_spellings() {
        assert_eq!(Identity::of_key("m\u{e3}"), Identity::of_key("ma\u{303}"));
        assert_ne!(Identity::of_key("k1"), Identity::of_key("k2"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_none(text in "\\PC{0,90}") {
            prop_assert_eq!(Reference::read(&text, "notes"), None);
        }
    }
}
