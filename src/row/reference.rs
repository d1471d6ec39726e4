//! The name by which a row that was written out comes back corrected: which row of its job it is, however its cells and its
//! place in the file have changed since.
//!
//! It says what the ledger knows the row by, and what its cells were, and ends with a sum over both and the job's name, so
//! that a name that was damaged, or is of another job, is none. It proves nothing against whoever means to forge one.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::{Digest, content_key};
use crate::text::spelling::canonical;

/// What every reference begins with. A letter, since programs take numbers for what they are not.
const BEGINS: &str = "nf";
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

impl Reference {
    /// As it stands in a file.
    pub(crate) fn written(&self, job: &str) -> String {
        let identity = match &self.identity {
            Identity::Key(sum) => format!("k{}", hex(sum)),
            Identity::Anothers(sum) => format!("a{}", hex(sum)),
            Identity::Content(digest, nth) => format!("c{digest}x{nth}"),
            Identity::Cells(nth) => format!("r{nth}"),
        };
        let body = format!("{BEGINS}{}{identity}", self.cells);
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
        let rest = body.strip_prefix(BEGINS)?;
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

    #[test]
    fn what_was_written_is_read_and_of_no_other_job() {
        for reference in all() {
            let text = reference.written("notes");
            assert_eq!(Reference::read(&format!(" {text} "), "notes"), Some(reference));
            assert_eq!(Reference::read(&text, "other"), None);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        }
    }

    #[test]
    fn one_letter_that_is_wrong_makes_it_none() {
        for reference in all() {
            let text = reference.written("notes");
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
