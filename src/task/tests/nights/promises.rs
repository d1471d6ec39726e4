//! What must be true whatever happens in whatever night.

use std::time::Duration;

use super::known_faults;
use super::server::{By, Deed, LATE, Sent, Undoes};
use super::{World, books::Run};
use crate::declared::connector::Method;
use crate::declared::job::{OnChange, OnMissing};
use crate::row::{CameTo, RowId, RowState, Standing};

/// What was read longer ago than this says nothing, so that a person may have had a hand in it since.
const FRESH: Duration = Duration::from_secs(60);

/// Of what the server has just done for a request.
pub(super) fn check_deed(world: &mut World<'_>, deed: &Deed) {
    let sent = &deed.sent;
    let key = world.books.entries(sent.row).key.clone();
    if sent.request.method != Method::Post {
        check_whose(world, deed, &key);
    }
    match sent.undoes {
        Some(undoes) => check_undoing(world, deed, undoes),
        None if sent.request.method == Method::Delete => {
            assert!(!sent.source.contains(&key), "{key} is deleted, and the source has it");
        }
        None => {
            let note = world.server.notes.iter_mut().find(|note| note.id == deed.note).unwrap();
            assert!(
                note.version <= sent.version,
                "{key} says what it said before it said something else"
            );
            note.version = sent.version;
        }
    }
}

/// A row changes and deletes what it has made, and nothing that somebody else has had a hand in.
fn check_whose(world: &World<'_>, deed: &Deed, key: &str) {
    let note = world.server.note(&deed.note).unwrap();
    assert_eq!(note.row, Some(deed.sent.row), "{key} has a hand in what is not its own");
    let Some(before) = &deed.before else { return };
    let is_wanted = deed.sent.undoes.is_some_and(|undoes| undoes.even_if_changed);
    let manner = &world.server.manner;
    let seen_within = FRESH + FRESH.min(manner.cached) + manner.lag + LATE + Duration::from_secs(5);
    let is_unseen = deed.at - before.at <= seen_within;
    assert!(
        before.by != By::Person || is_wanted || is_unseen,
        "{key} takes away what a person has written"
    );
}

/// What is undone is undone once, and is what it was before.
fn check_undoing(world: &mut World<'_>, deed: &Deed, undoes: Undoes) {
    let sent = &deed.sent;
    let of = (sent.row, undoes.turn);
    let key = world.books.entries(sent.row).key.clone();
    let first = world.undone.entry(of).or_insert(sent.turn);
    assert_eq!(*first, sent.turn, "turn {} of {key} is undone twice", undoes.turn);
    let is_of = |other: &&Deed| (other.sent.row, other.sent.turn) == of;
    let undone = world.server.deeds.iter().find(is_of);
    let Some(undone) = undone else { panic!("{key}: turn {} did nothing", undoes.turn) };
    let Some(before) = &undone.before else { return };
    if sent.request.method == Method::Post {
        let was = world.server.note(&undone.note).unwrap().is_internal;
        let is = world.server.note(&deed.note).unwrap().is_internal;
        assert_eq!(was, is, "{key}: who may see it");
    }
    let (Some(former), Some(text)) = (&before.text, &deed.text) else { return };
    let is_seen = world.server.manner.lag.is_zero() && world.server.manner.cached.is_zero();
    if is_seen && !world.server.manner.contradicts {
        assert_eq!(former.trim(), text.trim(), "{key} is given another text than it had");
    }
}

/// After any night.
pub(super) fn check(world: &World<'_>) {
    for row in world.books.ids() {
        let read = world.books.read(row);
        let key = &world.books.entries(row).key;
        for turn in &read.turned.turns {
            let acts = deeds(world, row, turn.number).count();
            let is_of_turn = |sent: &Sent| (sent.row, sent.turn) == (row, turn.number);
            let may_come = world.server.late.iter().any(|(_, sent)| is_of_turn(sent));
            match turn.came_to {
                CameTo::Done => {
                    let is_delete = turn.operation.ends_with("delete");
                    assert!(acts > 0 || is_delete, "{key}: turn {} is lost", turn.number);
                }
                CameTo::Nothing => {
                    // Of several contents of one operation the last is meant.
                    let starts = &world.books.entries(row).starts;
                    let content = |number: u32| starts[number as usize - 1].start.digest;
                    let last = content(turn.last);
                    let acts = deeds(world, row, turn.number)
                        .filter(|deed| content(deed.sent.number) == last)
                        .count();
                    let is_dismissed = matches!(read.life.state(), RowState::Dismissed { .. });
                    assert!(
                        (acts == 0 && !may_come) || is_dismissed,
                        "{key}: turn {} acted, and is said to have done nothing",
                        turn.number
                    );
                }
                CameTo::Unknown => {}
            }
        }
    }
}

/// Nothing is there twice that nobody was told of. After a night that came to its end.
pub(super) fn check_copies(world: &World<'_>) {
    for row in world.books.ids() {
        let read = world.books.read(row);
        let key = &world.books.entries(row).key;
        let is_open = read.life.state().may_have_acted();
        let is_dismissed = matches!(read.life.state(), RowState::Dismissed { .. });
        let there = there(world, row).count();
        let is_cut = known_faults::CUT_LISTS_THAT_COME_TO_LOOK_WHOLE_ARE_BELIEVED && world.is_cut;
        assert!(
            there <= 1 || is_cut || is_open || is_dismissed || world.told.contains(key),
            "{key} is there {there} times, and nobody was told"
        );
    }
}

fn deeds<'w>(world: &'w World<'_>, row: RowId, turn: u32) -> impl Iterator<Item = &'w Deed> {
    let deeds = world.server.deeds.iter();
    deeds.filter(move |deed| deed.sent.row == row && deed.sent.turn == turn)
}

/// The notes of a row that are there.
pub(super) fn there<'w>(
    world: &'w World<'_>,
    row: RowId,
) -> impl Iterator<Item = &'w super::server::Note> {
    world.server.notes.iter().filter(move |note| note.row == Some(row) && note.text().is_some())
}

/// When nothing has gone wrong for some nights and a person has said what is to be said, each row is as the source says, but for
/// those in which persons had a hand.
pub(super) fn check_end(world: &World<'_>) {
    let is_hands_off = |row: RowId| {
        let notes = world.server.notes.iter();
        let is_touched = notes.filter(|note| note.row == Some(row)).any(|note| note.was_touched());
        let read = world.books.read(row);
        let is_dismissed = matches!(read.life.row_state(), RowState::Dismissed { .. });
        let mut turns = read.turned.turns.iter();
        let is_undone = turns.any(|turn| turn.undoes && turn.came_to == CameTo::Done);
        is_touched || is_dismissed || is_undone
    };
    for row in &world.source.rows {
        let key = &row.key;
        let Some(id) = world.books.find(key) else {
            assert!(!row.is_there, "{key} was never sent");
            continue;
        };
        let life = world.books.read(id).life;
        let state = life.state();
        assert!(!life.may_have_acted() || is_hands_off(id), "{key} is still in doubt");
        if is_hands_off(id) || row.has_moved {
            continue;
        }
        let texts: Vec<&str> = there(world, id).filter_map(|note| note.text()).collect();
        match (row.is_there, &world.job.on_missing) {
            (true, _) => {
                let is_kept = matches!(world.job.on_change, OnChange::Hold) && texts.len() == 1;
                assert!(
                    texts == [row.text.as_str()] || is_kept,
                    "{key} is to say {:?} and says {texts:?}, {state:?}",
                    row.text
                );
            }
            // Where nothing else is there, the source is likelier to be wrong.
            (false, OnMissing::Delete { .. }) if is_anything_there(world) => {
                let turns = world.books.read(id).turned.turns;
                let is_of_update = turns.iter().rfind(|turn| !turn.undoes).is_some_and(|turn| {
                    turn.operation.ends_with("update") && turn.came_to == CameTo::Nothing
                });
                // Such a row is counted as unfinished.
                assert!(
                    texts.is_empty() || is_of_update,
                    "{key} is gone and says {texts:?}, {state:?}"
                );
            }
            (false, _) => {}
        }
    }
}

fn is_anything_there(world: &World<'_>) -> bool {
    let mut there = world.source.rows.iter().filter(|row| row.is_there);
    there.any(|row| {
        let id = world.books.find(&row.key);
        id.is_some_and(|id| world.books.read(id).life.standing() == Standing::Done)
    })
}

/// So many requests a night may take, for so many rows on so many tickets.
pub(super) fn most_requests(rows: usize, is_faulty: bool) -> usize {
    let of_row = if is_faulty { 150 } else { 25 };
    of_row * (rows + 3)
}

/// The runs that may be undone.
pub(super) fn runs(world: &World<'_>) -> Vec<Run> {
    (1..=world.books.runs).filter(|run| !world.books.turned(*run).is_empty()).collect()
}
