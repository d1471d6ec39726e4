//! Plans that are written and read again, and what differs from them.

use std::collections::HashSet;
use std::io::Cursor;
use std::path::Path;

use proptest::prelude::*;

use super::oracle::{Verdict, verdict};
use super::*;
use crate::plan::Fates;
use crate::plan::decide::{Done, Held, LeftOut, Sending};
use crate::prepare::RowKey;
use crate::row::Digest;
use crate::text::fingerprint::Fingerprint;

const FRESH: Fate = Fate::Send(Sending::Fresh);

fn facts() -> PlanFacts {
    let named = |name: &str| Named { name: name.into(), fingerprint: Fingerprint::of([name]) };
    PlanFacts {
        made_at: 1_800_000_000_000,
        version: "1.0.0".into(),
        command: vec!["jobs/import.yaml".into(), "--limit=20".into()],
        job: named("import"),
        connector: named("stringeex"),
        base_url: "https://api.example.com/v1".into(),
        account: Some("an@example.vn".into()),
        last_run: 7,
        to_send: 1,
    }
}

/// The mark of a row that says so much.
fn mark(word: &str) -> Mark {
    Mark::of(&RowKey::Written(word.to_owned()), Some(Digest([1; 16])))
}

fn seen<'r>(ordinal: u64, place: &'r RowPlace, word: &str, fate: Fate) -> Seen<'r> {
    Seen { ordinal, place, mark: mark(word), fate, key: Some(KeyHash::of(word)) }
}

/// A plan of rows, as it lies in its file. A row without a word could not be read.
fn written(rows: &[(&str, Fate)]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = PlanWriter::new(&mut file);
    let mut fates = Fates::default();
    for (ordinal, (word, fate)) in (1..).zip(rows) {
        if word.is_empty() {
            continue;
        }
        let place = RowPlace::of(ordinal, ordinal + 1);
        let fate = writer.see(&seen(ordinal, &place, word, *fate));
        fates.push(ordinal, fate, None, 1);
    }
    fates.pass_to(rows.len() as u64);
    writer.end(rows.len() as u64);
    let facts = PlanFacts { to_send: fates.tally().to_send(), ..facts() };
    writer.finish(&fates, &facts).unwrap();
    file
}

fn read(file: &[u8]) -> Result<SavedPlan, NoPlan> {
    SavedPlan::open(Path::new("plans/import.nfplan"), Cursor::new(file.to_vec()))
}

#[test]
fn what_is_written_is_read_again() {
    let rows: Vec<(String, Fate)> =
        (0..10_000).map(|row| (format!("k{row}"), Fate::ALL[row % Fate::ALL.len()])).collect();
    let rows: Vec<(&str, Fate)> = rows.iter().map(|(word, fate)| (word.as_str(), *fate)).collect();
    let file = written(&rows);
    let plan = read(&file).unwrap();
    assert_eq!(plan.rows, 10_000);
    let command = vec!["plans/jobs/import.yaml".into(), "--limit=20".into()];
    let sent = rows.iter().filter(|(_, fate)| matches!(fate, Fate::Send(_)));
    let to_send = sent.count() as u64;
    assert_eq!(plan.facts, PlanFacts { command, to_send, ..facts() });
    let mut planned = plan.planned();
    for (row, (word, fate)) in (1..).zip(&rows) {
        assert_eq!(planned.at(row).unwrap(), Some((mark(word), *fate)));
    }
    // In any order, and not beyond its end.
    for row in [9_999, 1, 4_097, 4_096, 10_000] {
        let (word, fate) = rows[row as usize - 1];
        assert_eq!(planned.at(row).unwrap(), Some((mark(word), fate)));
    }
    for row in [0, 10_001, u64::MAX] {
        assert_eq!(planned.at(row).unwrap(), None);
    }
    let name = format!("{}", plan.id);
    assert_eq!(name.len(), 64);
    assert!(name.starts_with(&plan.id.short()));
}

#[test]
fn a_row_takes_seventeen_bytes() {
    let of = |rows: usize| written(&vec![("k", FRESH); rows]).len();
    let (few, many) = (of(1_000), of(100_000));
    assert_eq!((many - few) / 99_000, 17);
    assert!(of(0) < 1_000, "{}", of(0));
}

#[test]
fn a_mark_tells_keys_and_contents_apart_and_not_how_a_key_is_spelt() {
    let (one, other) = (Some(Digest([1; 16])), Some(Digest([2; 16])));
    let key = |key: &str| RowKey::Written(key.to_owned());
    let marks = [
        Mark::of(&key("a"), one),
        Mark::of(&key("a"), other),
        Mark::of(&key("b"), one),
        Mark::of(&key("a"), None),
        Mark::of(&RowKey::Content, one),
        Mark::of(&RowKey::Missing, one),
        Mark::of(&RowKey::Missing, None),
        Mark::NONE,
    ];
    assert_eq!(marks.iter().collect::<HashSet<_>>().len(), marks.len());
    assert_eq!(Mark::of(&key("m\u{e3}"), one), Mark::of(&key("ma\u{303}"), one));
    // It means the same in every process and for ever.
    let bytes: String = marks[0].0.iter().map(|byte| format!("{byte:02x}")).collect();
    insta::assert_snapshot!(bytes);
}

#[test]
fn every_fate_has_a_letter_of_its_own_and_those_of_rows_that_are_sent_are_capitals() {
    for fate in Fate::ALL {
        assert_eq!(letter::fate(letter::of(fate)), Some(fate));
        let is_sent = matches!(fate, Fate::Send(_));
        assert_eq!(letter::of(fate).is_ascii_uppercase(), is_sent, "{fate:?}");
    }
    let letters: HashSet<u8> = Fate::ALL.into_iter().map(letter::of).collect();
    assert_eq!(letters.len(), Fate::ALL.len());
}

#[test]
fn what_is_no_plan_is_told_apart() {
    let file = written(&[("a", FRESH), ("b", Fate::Reject)]);
    let cut = |length: usize| read(&file[..length]).unwrap_err();
    assert!(matches!(read(b"").unwrap_err(), NoPlan::Foreign));
    assert!(matches!(read(b"job: notes\n").unwrap_err(), NoPlan::Foreign));
    assert!(matches!(
        read(b"noteferry plan of mine, that nobody has written\n").unwrap_err(),
        NoPlan::Foreign
    ));
    for length in [1, 9, BEGINS.len() + 1, BEGINS.len() + 2, 40] {
        assert!(matches!(cut(length), NoPlan::CutOff), "{length}");
    }
    assert!(matches!(cut(file.len() - 1), NoPlan::Damaged));
    let other = [b"noteferry plan 2\n", &file[BEGINS.len() + 2..]].concat();
    assert!(matches!(read(&other).unwrap_err(), NoPlan::Version { found } if found == "2"));
    let longer = [&file[..], b"\n"].concat();
    assert!(matches!(read(&longer).unwrap_err(), NoPlan::Damaged));
}

#[test]
fn a_sum_that_fits_does_not_make_sense_of_what_makes_none() {
    use sha2::{Digest as _, Sha256};
    let summed = |body: &[u8]| [body, Sha256::digest(body).as_slice()].concat();
    let file = written(&[("a", FRESH)]);
    let body = &file[..file.len() - 32];
    assert!(read(&summed(body)).is_ok());
    let facts_at = BEGINS.len() + 2 + 17;
    let length = |bytes: u64| bytes.to_be_bytes();
    let facts = &body[facts_at..body.len() - 8];
    let with = |rows: &[u8], facts: &[u8], count: u64| {
        summed(&[&body[..BEGINS.len() + 2], rows, facts, &length(count)].concat())
    };
    let rows = &body[BEGINS.len() + 2..facts_at];
    let count = facts.len() as u64;
    assert!(read(&with(rows, facts, count)).is_ok());
    for broken in [
        with(rows, facts, count + 1),
        with(rows, facts, u64::MAX),
        with(rows, facts, 0),
        with(&rows[1..], facts, count),
        with(rows, b"{}", 2),
        with(rows, &facts[..facts.len() - 1], count - 1),
        with(rows, b"", 0),
    ] {
        assert!(matches!(read(&broken).unwrap_err(), NoPlan::Damaged));
    }
    let many = String::from_utf8(facts.to_vec()).unwrap();
    let many = many.replace("\"rows\":1", "\"rows\":18446744073709551615");
    assert!(matches!(
        read(&with(rows, many.as_bytes(), many.len() as u64)).unwrap_err(),
        NoPlan::Damaged
    ));
    // A letter that stands for nothing, or for another count of rows that are sent than the facts have.
    for letter in *b"#xsd" {
        let mut forged = rows.to_vec();
        forged[16] = letter;
        let plan = read(&with(&forged, facts, count));
        assert!(matches!(plan.unwrap_err(), NoPlan::Damaged), "{letter}");
    }
    let mut other = rows.to_vec();
    other[16] = b'R';
    assert!(read(&with(&other, facts, count)).is_ok());
    let fewer =
        String::from_utf8(facts.to_vec()).unwrap().replace("\"to_send\":1", "\"to_send\":0");
    assert!(matches!(read(&with(rows, fewer.as_bytes(), count)).unwrap_err(), NoPlan::Damaged));
}

proptest! {
    #[test]
    fn a_plan_that_is_damaged_anywhere_is_refused(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let mut file = written(&[("a", FRESH), ("b", FRESH), ("", Fate::Reject)]);
        let at = at.index(file.len());
        file[at] ^= flip;
        prop_assert!(read(&file).is_err());
        prop_assert!(read(&file[..at]).is_err());
    }
}

/// What differs where these rows come and those were planned; and what becomes of them.
fn differences(
    planned: &[(&str, Fate)],
    now: &[(&str, Fate)],
    touched: &[&str],
) -> (Differences, Vec<Fate>) {
    let plan = read(&written(planned)).unwrap();
    let touched = touched.iter().map(|word| KeyHash::of(word)).collect();
    let mut oracle = Oracle::new(&plan, touched);
    let mut fates = Vec::new();
    for (ordinal, (word, fate)) in (1..).zip(now) {
        if !word.is_empty() {
            let place = RowPlace::of(ordinal, ordinal + 1);
            fates.push(oracle.see(&seen(ordinal, &place, word, *fate)));
        }
    }
    oracle.end(now.len() as u64);
    (oracle.differences(), fates)
}

/// Rows as an import has them.
fn rows<'w>(words: &[&'w str]) -> Vec<(&'w str, Fate)> {
    words.iter().map(|word| (*word, FRESH)).collect()
}

/// How many rows are changed, added, gone and moved, and the first of each.
fn source_of(found: &Differences) -> [(u64, Option<u64>); 4] {
    [&found.changed, &found.added, &found.gone, &found.moved]
        .map(|some| (some.count, some.first.first().map(|(row, _)| *row)))
}

#[test]
fn what_has_become_of_a_source_is_told_row_by_row() {
    let none = (0, None);
    for (now, expected) in [
        (&["a", "b", "c", "d"][..], [none; 4]),
        (&["a", "x", "c", "d"], [(1, Some(2)), none, none, none]),
        (&["a", "b", "c", "d", "e"], [none, (1, Some(5)), none, none]),
        (&["x", "a", "b", "c", "d"], [none, (1, Some(1)), none, none]),
        (&["a", "c", "d"], [none, none, (1, Some(2)), none]),
        (&["a", "b", "c"], [none, none, (1, Some(4)), none]),
        (&[], [none, none, (4, Some(1)), none]),
        (&["a", "c", "b", "d"], [none, none, none, (2, Some(2))]),
        (&["w", "x", "y", "z"], [(4, Some(1)), none, none, none]),
        (&["a", "b", "", "d"], [(1, Some(3)), none, none, none]),
        (&["a", "a", "b", "c", "d"], [none, (1, Some(2)), none, none]),
    ] {
        let (found, fates) = differences(&rows(&["a", "b", "c", "d"]), &rows(now), &[]);
        assert_eq!(source_of(&found), expected, "{now:?}");
        assert_eq!(found.is_empty(), now == ["a", "b", "c", "d"], "{now:?}");
        // No other row than a planned one can be sent.
        let sent = fates.iter().filter(|fate| matches!(fate, Fate::Send(_))).count();
        let same = now.iter().zip(["a", "b", "c", "d"]).filter(|(now, then)| *now == then);
        assert_eq!(sent, same.count(), "{now:?}");
    }
}

proptest! {
    #[test]
    fn whatever_becomes_of_a_source_each_row_is_told_once(
        then in prop::collection::vec(0_u8..12, 0..12),
        now in prop::collection::vec(0_u8..12, 0..12),
    ) {
        let word = |rows: &[u8]| rows.iter().map(|row| format!("k{row}")).collect::<Vec<String>>();
        let (then, now) = (word(&then), word(&now));
        let of = |rows: &[String]| rows.iter().map(|row| (row.clone(), FRESH)).collect::<Vec<_>>();
        let (before, after) = (of(&then), of(&now));
        let before: Vec<(&str, Fate)> = before.iter().map(|(row, fate)| (row.as_str(), *fate)).collect();
        let after: Vec<(&str, Fate)> = after.iter().map(|(row, fate)| (row.as_str(), *fate)).collect();
        let (found, _) = differences(&before, &after, &[]);
        prop_assert_eq!(found.is_empty(), then == now);
        // What is gone and what came in the place of something account for the lengths.
        let (came, went) = (found.added.count + found.changed.count, found.gone.count + found.changed.count);
        prop_assert_eq!(now.len() as i64 - then.len() as i64, came as i64 - went as i64);
    }
}

#[test]
fn a_row_that_the_plans_own_runs_have_brought_on_is_as_planned() {
    let settle = Fate::Send(Sending::Settle);
    for (planned, now, touched, expected) in [
        (FRESH, FRESH, false, Verdict::AsPlanned),
        (FRESH, Fate::Send(Sending::IfSettled), false, Verdict::AsPlanned),
        (FRESH, Fate::Skip(Done::Unchanged), false, Verdict::GoneOn),
        (FRESH, Fate::Hold(Held::Refused), false, Verdict::GoneOn),
        (FRESH, Fate::Hold(Held::InDoubt), false, Verdict::GoneOn),
        (FRESH, Fate::Hold(Held::Behind), false, Verdict::GoneOn),
        (FRESH, settle, false, Verdict::GoneOn),
        (settle, Fate::Skip(Done::Unchanged), false, Verdict::GoneOn),
        (FRESH, FRESH, true, Verdict::DoneMeanwhile),
        (FRESH, Fate::Skip(Done::Unchanged), true, Verdict::DoneMeanwhile),
        (FRESH, settle, true, Verdict::DoneMeanwhile),
        (FRESH, Fate::Hold(Held::UnderWay), false, Verdict::DoneMeanwhile),
        (FRESH, Fate::Reject, false, Verdict::Invalid),
        (FRESH, Fate::LeaveOut(LeftOut::Filtered), false, Verdict::KeptBack),
        (FRESH, Fate::LeaveOut(LeftOut::Duplicate), false, Verdict::KeptBack),
        (Fate::Later(Sending::Fresh), FRESH, false, Verdict::AsPlanned),
        (Fate::Later(Sending::Fresh), Fate::Skip(Done::Unchanged), true, Verdict::AsPlanned),
        (Fate::Skip(Done::Unchanged), FRESH, false, Verdict::Unplanned),
        (Fate::Hold(Held::InDoubt), settle, false, Verdict::Unplanned),
        (Fate::Hold(Held::Behind), FRESH, false, Verdict::Unplanned),
        (Fate::Reject, FRESH, false, Verdict::Unplanned),
        (Fate::LeaveOut(LeftOut::Filtered), FRESH, false, Verdict::Unplanned),
        (Fate::Reject, Fate::Reject, false, Verdict::AsPlanned),
        (Fate::Skip(Done::Unchanged), Fate::Skip(Done::Unchanged), true, Verdict::AsPlanned),
    ] {
        assert_eq!(verdict(planned, now, touched), expected, "{planned:?} {now:?} {touched}");
    }
}

#[test]
fn rows_beyond_a_pilot_stay_there_however_often_it_is_resumed() {
    let later = Fate::Later(Sending::Fresh);
    let planned = [("a", FRESH), ("b", FRESH), ("c", later), ("d", later)];
    let now = [("a", Fate::Skip(Done::Unchanged)), ("b", FRESH), ("c", FRESH), ("d", FRESH)];
    let (found, fates) = differences(&planned, &now, &[]);
    assert!(found.is_empty());
    assert_eq!(fates, [Fate::Skip(Done::Unchanged), FRESH, later, later]);
}

#[test]
fn what_others_have_done_is_told_by_its_rows() {
    let done = Fate::Skip(Done::Unchanged);
    let (found, _) =
        differences(&rows(&["a", "b", "c"]), &[("a", done), ("b", FRESH), ("c", done)], &["c"]);
    assert_eq!(found.done_meanwhile.first, [(3, Some(4))]);
    assert_eq!(source_of(&found), [(0, None); 4]);
    assert!(!found.is_empty());
}
