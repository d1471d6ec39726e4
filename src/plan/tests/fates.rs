//! Tallies, and what the first reading keeps of each row.

use crate::plan::fates::{Fates, Noted};
use crate::plan::names::{Arrival, Name, Names};
use crate::plan::{Fate, Held, Sending, Tally};
use crate::prepare::RowKey;
use crate::row::Digest;

const FRESH: Fate = Fate::Send(Sending::Fresh);

fn name(key: &str) -> Name {
    Name::of(&RowKey::Written(key.to_owned()), None).unwrap()
}

#[test]
fn each_fate_is_counted_for_itself() {
    let mut tally = Tally::default();
    for (at, fate) in Fate::ALL.into_iter().enumerate() {
        assert_eq!(fate.index(), at);
        (0..=at).for_each(|_| tally.count(fate));
    }
    for (at, fate) in Fate::ALL.into_iter().enumerate() {
        assert_eq!(tally.sum(|other| other == fate), at as u64 + 1);
    }
    assert_eq!(tally.rows(), (1..=Fate::ALL.len() as u64).sum::<u64>());
    assert_eq!(tally, Tally::from_iter(tally.each()));
}

#[test]
fn rows_are_found_again_as_they_were_noted() {
    let mut fates = Fates::default();
    fates.push(1, FRESH, Some(name("a").mark(None)), 1);
    fates.push(2, Fate::Hold(Held::Behind), Some(name("b").mark(None)), 1);
    // Row 3 could not be read.
    fates.push(4, FRESH, Some(name("a").mark(None)), 2);
    fates.push(5, Fate::Reject, None, 1);
    fates.push(6, FRESH, Some(name("a").mark(None)), 3);
    fates.pass_to(8);
    assert_eq!((fates.rows(), fates.tally().to_send()), (8, 3));
    assert_eq!(fates.tally().sum(|fate| fate == Fate::Reject), 4);
    let noted = |fate, key: Option<&str>, nth| {
        let mark = key.map(|key| name(key).mark(None));
        Some(Noted { fate, mark, nth })
    };
    let mut walk = fates.walk();
    let found: Vec<Option<Noted>> = (1..=9).map(|row| walk.to(row)).collect();
    let expected = [
        noted(FRESH, Some("a"), 1),
        noted(Fate::Hold(Held::Behind), None, 1),
        noted(Fate::Reject, None, 1),
        noted(FRESH, Some("a"), 2),
        noted(Fate::Reject, None, 1),
        noted(FRESH, Some("a"), 3),
        noted(Fate::Reject, None, 1),
        noted(Fate::Reject, None, 1),
        None,
    ];
    assert_eq!(found, expected);
    assert_eq!((fates.of(0), fates.of(8)), (None, Some(Fate::Reject)));
}

#[test]
fn names_tell_rows_apart_and_count_those_that_come_again() {
    let mut names = Names::default();
    for at in 0..1_000 {
        assert_eq!(names.arrive(name(&format!("k{at}"))), Arrival::First, "{at}");
    }
    for at in 0..1_000 {
        assert_eq!(names.arrive(name(&format!("k{at}"))), Arrival::Again, "{at}");
    }
    assert_eq!(
        [names.again(name("k1")), names.again(name("k1")), names.again(name("k2"))],
        [2, 3, 2]
    );
    assert_eq!(names.repeated().len(), 2);
    assert_ne!(name("k1").mark(None), name("k2").mark(None));
    let content = Digest([7; 16]);
    assert_eq!(Name::of(&RowKey::Content, Some(content)).unwrap().content(), content);
    assert_eq!(Name::of(&RowKey::Content, None), None);
    assert_eq!(Name::of(&RowKey::Missing, Some(content)), None);
}
