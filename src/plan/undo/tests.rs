use proptest::prelude::*;

use super::*;
use crate::declared::connector::{Effect, Repeat};
use crate::declared::job::InDoubt;
use crate::plan::decide::{Facts, Fate, Last, decide};
use crate::row::{Begun as Start, Earlier, Life, Outcome, RowId, RowState, Standing, Undoing};
use crate::text::place::RowPlace;

/// What a row goes through, as a ledger has it.
#[derive(Default)]
struct Story {
    life: Life,
    turns: Vec<Turn>,
    attempts: i64,
}

impl Story {
    /// A run, or one that undoes another, sends an attempt; `outcomes` become known of it.
    fn send(&mut self, run: i64, next: Next, undoes: bool, outcomes: &[Outcome]) {
        assert_eq!(i64::from(next.attempts), self.attempts, "attempts are counted on");
        self.attempts += 1;
        if let Some(last) = self.turns.last_mut() {
            last.came_to = self.life.came_to();
        }
        if self.turns.last().is_none_or(|last| last.number != next.turn) {
            let (came_to, last, number) = (CameTo::Unknown, next.attempts + 1, next.turn);
            self.turns.push(Turn {
                number,
                run,
                operation: String::new(),
                lane: String::new(),
                undoes,
                came_to,
                id: None,
                first: None,
                last,
                print: None,
            });
        }
        self.turns.last_mut().unwrap().run = run;
        let begun = Start {
            number: self.attempts,
            turn: next.turn.into(),
            purpose: if undoes { Purpose::Undo } else { Purpose::Do },
            operation: "",
            attempted: Default::default(),
        };
        assert_eq!(self.life.begin(&begun), Ok(()), "{:?}", self.turns);
        outcomes.iter().for_each(|outcome| self.hear(*outcome));
    }

    fn hear(&mut self, outcome: Outcome) {
        assert_eq!(self.life.end(self.attempts, outcome.word(), None), Ok(()), "{outcome:?}");
        self.turns.last_mut().unwrap().came_to = self.life.came_to();
    }

    fn row(&self) -> TurnedRow {
        TurnedRow {
            row: RowId(1),
            key: "k1".to_owned(),
            place: RowPlace::of(1, 2),
            turns: self.turns.clone(),
            position: self.life.position(),
            is_own: true,
        }
    }

    /// Operations in a word each: the run, `u` where it undoes, and what comes of it: `+`, `-` or `?`, or `x` where a person
    /// dismisses that.
    fn of(words: &str) -> Self {
        let mut story = Self::default();
        for word in words.split_whitespace() {
            let (run, undoes) = (word[..1].parse().unwrap(), word.contains('u'));
            let turn = u32::try_from(story.turns.len()).unwrap() + 1;
            let next = Next { turn, attempts: turn - 1, ..Next::FIRST };
            story.send(run, next, undoes, &[]);
            for said in word.chars().skip_while(|sign| sign.is_alphanumeric() && *sign != 'x') {
                story.hear(match said {
                    '+' => Outcome::Succeeded,
                    '-' => Outcome::Refused,
                    '?' => Outcome::Lost,
                    _ => Outcome::Dismissed,
                });
            }
        }
        story
    }
}

#[test]
fn what_is_done_last_is_undone_first_and_once() {
    let undo = |of, turn, begun| Some((of, turn, begun));
    for (words, run, fate) in [
        ("1+", 1, Ok(undo(0, 2, Begun::No))),
        ("1-", 1, Err(UndoFate::Nothing)),
        ("1?", 1, Err(UndoFate::InDoubt)),
        ("1+ 2u+", 1, Err(UndoFate::Undone)),
        ("1+ 2u-", 1, Ok(undo(0, 2, Begun::No))),
        ("1+ 2u?", 1, Ok(undo(0, 2, Begun::MayHaveActed))),
        ("1+ 2+", 1, Err(UndoFate::Superseded { run: 2 })),
        ("1+ 2+", 2, Ok(undo(1, 3, Begun::No))),
        ("1+ 2?", 1, Err(UndoFate::Superseded { run: 2 })),
        // What came to nothing stands in the way of nothing.
        ("1+ 2-", 1, Ok(undo(0, 3, Begun::No))),
        ("1+ 2-x", 1, Ok(undo(0, 3, Begun::No))),
        ("1+ 2- 3u+", 1, Err(UndoFate::Undone)),
        ("1+ 2u- 3+", 3, Ok(undo(2, 4, Begun::No))),
        ("1+ 2u?x", 1, Err(UndoFate::Dismissed)),
        ("1+ 2u-x", 1, Err(UndoFate::Dismissed)),
        ("1+ 2?x", 1, Err(UndoFate::Superseded { run: 2 })),
        ("1+ 2+ 3u+", 1, Ok(undo(0, 4, Begun::No))),
        ("1+ 2+ 3u+", 2, Err(UndoFate::Undone)),
        ("1+ 2u+ 3+", 1, Err(UndoFate::Undone)),
        ("1+ 2u+ 3+", 3, Ok(undo(2, 4, Begun::No))),
        ("1+ 2+ 3u?", 1, Err(UndoFate::InDoubt)),
    ] {
        let found = match undo_fate(&Story::of(words).row(), run) {
            UndoFate::Undo(UndoneTurn { of, next, begun }) => Ok(undo(of, next.turn, begun)),
            other => Err(other),
        };
        assert_eq!(found, fate, "{words}, run {run}");
    }
}

#[test]
fn an_attempt_that_was_refused_says_nothing_of_one_before_that_was_lost() {
    let mut story = Story::default();
    story.send(1, Next::FIRST, false, &[Outcome::Lost]);
    let again = story.life.position().next(Purpose::Do).unwrap();
    story.send(1, again, false, &[Outcome::Refused]);
    assert_eq!(undo_fate(&story.row(), 1), UndoFate::InDoubt);
    story.hear(Outcome::Denied);
    assert_eq!(undo_fate(&story.row(), 1), UndoFate::Nothing);
}

/// What happens to a row next.
#[derive(Debug, Clone, Copy)]
enum Deed {
    /// A run whose source says that the row has changed or not, and whether rows that are undone or failed go again.
    Run { unchanged: bool, undone: bool, retry: bool },
    /// A run is undone.
    Undo { run: i64 },
    /// A person says something.
    Say { outcome: usize },
    /// A person takes that back.
    Unsettle,
}

fn deeds() -> impl Strategy<Value = Vec<(Deed, usize)>> {
    let deed = prop_oneof![
        (any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(unchanged, undone, retry)| Deed::Run { unchanged, undone, retry }),
        (1..6_i64).prop_map(|run| Deed::Undo { run }),
        (0..3_usize).prop_map(|outcome| Deed::Say { outcome }),
        Just(Deed::Unsettle),
    ];
    proptest::collection::vec((deed, 0..7_usize), 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever happens to a row, what is asked for next is what its life lets follow, and what is done is undone once.
    #[test]
    fn what_comes_next_can_come_next(deeds in deeds()) {
        let mut story = Story::default();
        // What was known before a person said anything.
        let mut known: Option<Outcome> = None;
        let mut is_settled = false;
        for (run, (deed, fortune)) in (1..).zip(deeds) {
            // What is heard of a request.
            let heard = [
                &[Outcome::Succeeded][..],
                &[Outcome::Refused],
                &[Outcome::Deferred],
                &[Outcome::GivenUp],
                &[Outcome::Lost],
                &[Outcome::Lost, Outcome::NotFound],
                &[],
            ][fortune];
            let standing = story.life.standing();
            prop_assert!(standing != Standing::Contradictory);
            match deed {
                Deed::Run { unchanged, undone, retry } => {
                    let earlier = Earlier::of_life(&story.life, None, None);
                    let is_new = earlier.state.standing() == Standing::NotStarted;
                    let has_made = earlier.turn() > 1;
                    let fate = decide(&Facts {
                        earlier: (story.attempts > 0).then_some(&earlier),
                        valid: true,
                        unchanged,
                        is_another: false,
                        last: if has_made && !is_new { Last::Update } else { Last::Own },
                        updates: true,
                        comes_again: true,
                        effect: Effect::Create,
                        repeat: Repeat::Harmless,
                        settles: true,
                        in_doubt: InDoubt::Verify,
                        retry_failed: retry,
                        undone,
                    });
                    if !matches!(fate, Fate::Send(_)) {
                        continue;
                    }
                    let next = match story.attempts {
                        0 => Some(Next::FIRST),
                        _ => story.life.position().next(Purpose::Do),
                    };
                    prop_assert!(next.is_some(), "{fate:?} of {:?}", story.turns);
                    story.send(run, next.unwrap(), false, heard);
                }
                Deed::Undo { run: of } => {
                    let UndoFate::Undo(undone) = undo_fate(&story.row(), of) else { continue };
                    story.send(run, undone.next, true, heard);
                }
                Deed::Say { outcome } => {
                    let outcome = [Outcome::Confirmed, Outcome::Denied, Outcome::Dismissed][outcome];
                    let is_failed = matches!(standing, Standing::Refused | Standing::GivenUp);
                    let may = (story.life.may_have_acted() && standing != Standing::Dismissed)
                        || (is_failed && outcome == Outcome::Dismissed);
                    if !may || is_settled {
                        continue;
                    }
                    story.hear(outcome);
                    is_settled = true;
                    continue;
                }
                Deed::Unsettle => {
                    if is_settled {
                        story.hear(known.unwrap_or(Outcome::Lost));
                        is_settled = false;
                    }
                    continue;
                }
            }
            (known, is_settled) = (heard.last().copied(), false);
            let count = |undoes: bool| {
                let is = |turn: &&Turn| turn.undoes == undoes && turn.came_to == CameTo::Done;
                story.turns.iter().filter(is).count()
            };
            let stand = count(false).checked_sub(count(true));
            prop_assert!(stand.is_some(), "undone twice: {:?}", story.turns);
            let is_new = story.life.row_state() == RowState::NotStarted;
            prop_assert_eq!(is_new, stand == Some(0) && story.life.undoing() == Some(Undoing::Done));
        }
    }
}
