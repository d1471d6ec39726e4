//! The life of a row as its entries in a ledger tell it: the one way from attempts to a state, for whoever reads them.
//!
//! Pure. Entries come in the order of their numbers, each start before what came of it. What cannot have happened is a
//! [`Contradiction`]; the state then stays as it was, and what follows is no longer to be trusted.

use super::position::{Position, Purpose};
use super::{Attempted, IllegalTransition, Outcome, RowEvent, RowState, Standing};

/// That an attempt was begun, as far as it matters to its row's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Begun<'a> {
    /// Counts from 1 over all operations of the row.
    pub number: i64,
    /// Which of the row's operations it is of; counts from 1.
    pub turn: i64,
    /// What that operation is for.
    pub purpose: Purpose,
    pub operation: &'a str,
    pub attempted: Attempted,
}

/// What came of an operation of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CameTo {
    Done,
    /// It surely did not act.
    Nothing,
    /// It may have acted, and nobody knows.
    Unknown,
}

/// What became of the undoing of what a row had done last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undoing {
    /// It is undone.
    Done,
    /// The row stands as it stood before.
    CameToNothing,
    InDoubt,
}

/// An operation of a row that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Over {
    state: RowState,
    purpose: Purpose,
    came_to: CameTo,
}

/// What became of a row, entry by entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Life {
    state: RowState,
    number: i64,
    turn: i64,
    purpose: Purpose,
    /// The operations before.
    over: Vec<Over>,
    /// An attempt of the operation before the last attempt may have acted, and nothing has settled that.
    was_open: bool,
    /// Likewise, the last attempt among them.
    is_open: bool,
    attempted: Attempted,
    was_found: bool,
    /// What holds of the last attempt is what a person says.
    is_of_person: bool,
    /// Something is known of the last attempt.
    has_ended: bool,
    /// The last attempt of which two owners disagree whether it did what it was for.
    contested: Option<i64>,
    /// The last attempt cannot have been begun, so what came of it says nothing.
    passed_over: bool,
    broken: bool,
}

/// What in the entries of a row cannot have happened: a fault of ours, or a ledger that was tampered with. `attempt` is
/// the number of the attempt at which it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Contradiction {
    /// Attempts count from 1, without gaps.
    Gap { expected: i64, found: i64 },
    /// An outcome of an attempt that was never begun.
    NeverBegun { attempt: i64 },
    /// An outcome in a word that no version writes.
    UnknownOutcome { attempt: i64, word: String },
    /// An outcome that says that nothing was made, with the id of what was made.
    Made { attempt: i64, outcome: Outcome, id: String },
    /// What is done is never done again.
    AfterSuccess { attempt: i64 },
    /// Operations of a row follow each other, the next when the one before has succeeded; what undoes a row, and what follows
    /// that, also when the one before surely came to nothing.
    Turn { attempt: i64, last: i64, found: i64 },
    /// Another step that no row can take.
    Impossible { attempt: i64, cause: Box<IllegalTransition> },
}

/// Whether a verdict on an attempt counts.
enum Overruled {
    No,
    ByWhatIsDone,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            state: RowState::NotStarted,
            number: 0,
            turn: 0,
            purpose: Purpose::Do,
            over: Vec::new(),
            was_open: false,
            is_open: false,
            attempted: Attempted::default(),
            was_found: false,
            is_of_person: false,
            has_ended: false,
            contested: None,
            passed_over: false,
            broken: false,
        }
    }
}

impl Life {
    /// Another attempt was begun.
    pub(crate) fn begin(&mut self, begun: &Begun<'_>) -> Result<(), Contradiction> {
        let expected = self.number.saturating_add(1);
        let in_order = begun.number == expected || self.broken;
        // Nobody has settled yet what the earlier one did.
        if !self.may_have_acted() {
            self.attempted = begun.attempted;
        }
        // Whoever goes on had found that it did not act. Then the other side may have two of what the row makes, which `ledger check` tells.
        if self.contested == Some(self.number) && begun.turn == self.turn {
            self.state = RowState::Deferred { attempts: self.state.attempts() };
        }
        (self.has_ended, self.is_of_person) = (false, false);
        let event = self.event_of(begun);
        match begun.turn == self.turn {
            true => self.was_open = self.may_have_acted(),
            false => self.turn_to(begun.purpose),
        }
        self.is_open = true;
        (self.number, self.turn, self.was_found) = (begun.number, begun.turn, false);
        let taken = event.and_then(|event| self.take(event));
        self.passed_over = taken.is_err();
        let taken = match in_order {
            true => taken,
            false => Err(Contradiction::Gap { expected, found: begun.number }),
        };
        self.broken |= taken.is_err();
        taken
    }

    /// What came of the attempt `number`, or became known of it later. `id` is what the other side calls what was made.
    pub(crate) fn end(
        &mut self,
        number: i64,
        outcome: &str,
        id: Option<String>,
    ) -> Result<(), Contradiction> {
        let taken = match Outcome::parse(outcome) {
            _ if number != self.number => Err(Contradiction::NeverBegun { attempt: number }),
            // That the start of this attempt contradicts the row has been told.
            _ if self.passed_over => Ok(()),
            None => Err(Contradiction::UnknownOutcome { attempt: number, word: outcome.into() }),
            Some(outcome) if outcome.denies() && id.is_some() => {
                let id = id.unwrap_or_default();
                Err(Contradiction::Made { attempt: number, outcome, id })
            }
            Some(outcome) => match self.is_overruled(outcome) {
                Overruled::ByWhatIsDone => Ok(()),
                Overruled::No => {
                    self.is_open = match outcome {
                        Outcome::Lost => true,
                        Outcome::Refused | Outcome::Deferred | Outcome::GivenUp => self.was_open,
                        // What a person wants no more of may be there all the same.
                        Outcome::Dismissed => self.is_open,
                        // A look, or a person, settles all attempts since the first that may have acted.
                        _ => false,
                    };
                    self.was_found = outcome == Outcome::Found;
                    self.is_of_person = outcome.is_of_person();
                    self.take(outcome.event(id))
                }
            },
        };
        self.broken |= taken.is_err();
        taken
    }

    /// Of several verdicts on one attempt, which two owners may give where each believed to hold the job, the last holds;
    /// but that it is done holds whoever denies it. What a person says holds until another is said, be it a person or not.
    fn is_overruled(&mut self, outcome: Outcome) -> Overruled {
        if !std::mem::replace(&mut self.has_ended, true) {
            return Overruled::No;
        }
        let is_done = matches!(self.state, RowState::Succeeded { .. }) && !self.is_of_person;
        let by_person = outcome.is_of_person() || self.is_of_person;
        if is_done != outcome.succeeds() && !self.state.may_have_acted() && !by_person {
            self.contested = Some(self.number);
        }
        if is_done && (!outcome.succeeds() || outcome.is_of_person()) {
            return Overruled::ByWhatIsDone;
        }
        self.state = RowState::Started { attempts: self.state.attempts() };
        Overruled::No
    }

    /// The event that a start is, by what came before it.
    fn event_of(&mut self, begun: &Begun<'_>) -> Result<RowEvent, Contradiction> {
        let attempt = begun.number;
        let is_done = matches!(self.state, RowState::Succeeded { .. });
        let undoes = (self.purpose == Purpose::Undo, begun.purpose == Purpose::Undo);
        match (self.turn, begun.turn.saturating_sub(self.turn)) {
            (0, 1) => Ok(self.state.start()),
            (_, 0) if is_done => Err(Contradiction::AfterSuccess { attempt }),
            (1.., 0) => {
                // An earlier version went on with an undoing that a person had dismissed.
                if undoes == (true, true) && matches!(self.state, RowState::Dismissed { .. }) {
                    let attempts = self.state.attempts();
                    self.state = match self.is_open {
                        true => RowState::InDoubt { attempts },
                        false => RowState::Deferred { attempts },
                    };
                }
                Ok(self.state.start())
            }
            (1.., 1) if is_done || (undoes != (false, false) && !self.may_have_acted()) => {
                Ok(RowEvent::Further { operation: begun.operation.to_owned() })
            }
            _ => Err(Contradiction::Turn { attempt, last: self.turn, found: begun.turn }),
        }
    }

    /// The next operation begins, so that the one before is over.
    fn turn_to(&mut self, purpose: Purpose) {
        if self.turn > 0 {
            let (state, came_to) = (self.state.clone(), self.came_to());
            self.over.push(Over { state, purpose: self.purpose, came_to });
        }
        (self.purpose, self.was_open) = (purpose, false);
    }

    fn take(&mut self, event: RowEvent) -> Result<(), Contradiction> {
        let state = std::mem::replace(&mut self.state, RowState::NotStarted);
        match state.after(event) {
            Ok(state) => {
                self.state = state;
                Ok(())
            }
            Err(cause) => {
                self.state = cause.state.clone();
                let cause = Box::new(cause);
                Err(Contradiction::Impossible { attempt: self.number, cause })
            }
        }
    }

    /// Where the last operation of the row stands.
    pub(crate) fn state(&self) -> &RowState {
        &self.state
    }

    /// Where the row stands: with what was undone taken away, and as it stood before an undoing that came to nothing.
    pub(crate) fn row_state(&self) -> RowState {
        match (self.undoing(), self.last_but_failed_undoings()) {
            (None, _) => self.state.clone(),
            // Though its last attempt surely did not act: one before may have.
            (Some(Undoing::InDoubt), _) if !self.state.may_have_acted() => {
                RowState::InDoubt { attempts: self.state.attempts() }
            }
            (Some(Undoing::InDoubt), _) => self.state.clone(),
            (Some(_), Some((at, over))) if over.purpose == Purpose::Undo => self.without_top(at),
            (Some(Undoing::CameToNothing), Some((_, over))) => over.state.clone(),
            (Some(_), _) => self.without_top(self.over.len()),
        }
    }

    /// Of the operations before the last, the last that was not an undoing which came to nothing, where the last is one.
    fn last_but_failed_undoings(&self) -> Option<(usize, &Over)> {
        if self.purpose == Purpose::Do || self.came_to() != CameTo::Nothing {
            return None;
        }
        let counts = |over: &Over| over.purpose == Purpose::Do || over.came_to == CameTo::Done;
        self.over.iter().enumerate().rev().find(|(_, over)| counts(over))
    }

    /// What was done before that which the operation at a place has undone.
    fn without_top(&self, at: usize) -> RowState {
        let mut standing: Vec<&RowState> = Vec::new();
        for over in self.over.iter().take(at) {
            match (over.came_to, over.purpose) {
                (CameTo::Done, Purpose::Do) => standing.push(&over.state),
                (CameTo::Done, Purpose::Undo) => drop(standing.pop()),
                (CameTo::Nothing | CameTo::Unknown, _) => {}
            }
        }
        standing.pop();
        standing.last().map_or(RowState::NotStarted, |state| (*state).clone())
    }

    /// What became of the undoing of what the row has done, where the last operation was to undo it.
    pub(crate) fn undoing(&self) -> Option<Undoing> {
        match (self.purpose, &self.state, self.came_to()) {
            (Purpose::Do, ..) | (_, RowState::Dismissed { .. }, _) => None,
            (Purpose::Undo, _, CameTo::Done) => Some(Undoing::Done),
            (Purpose::Undo, _, CameTo::Unknown) => Some(Undoing::InDoubt),
            (Purpose::Undo, _, CameTo::Nothing) => match self.last_but_failed_undoings() {
                // What was done later was undone before.
                Some((_, over)) if over.purpose == Purpose::Undo => Some(Undoing::Done),
                _ => Some(Undoing::CameToNothing),
            },
        }
    }

    /// What came of the last operation.
    pub(crate) fn came_to(&self) -> CameTo {
        match self.state {
            _ if self.broken => CameTo::Unknown,
            RowState::Succeeded { .. } => CameTo::Done,
            _ if self.may_have_acted() => CameTo::Unknown,
            _ => CameTo::Nothing,
        }
    }

    /// Whether an attempt of the last operation may have acted, and nobody knows: not only the last.
    pub(crate) fn may_have_acted(&self) -> bool {
        match self.state {
            RowState::NotStarted | RowState::Succeeded { .. } => false,
            _ => self.is_open,
        }
    }

    /// Where the row stands among its operations.
    pub(crate) fn position(&self) -> Position {
        let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Position {
            state: self.state.standing(),
            attempts: self.state.attempts(),
            turn: number(self.turn),
            purpose: self.purpose,
            may_have_acted: self.may_have_acted(),
            attempted: self.attempted,
        }
    }

    /// Where the row stands, in a byte.
    pub(crate) fn standing(&self) -> Standing {
        match self.undoing() {
            _ if self.broken => Standing::Contradictory,
            None => self.state.standing(),
            Some(Undoing::Done) => Standing::Undone,
            Some(Undoing::CameToNothing | Undoing::InDoubt) => self.row_state().standing(),
        }
    }

    /// How many attempts there were; 0 before the first.
    pub(crate) fn attempts(&self) -> i64 {
        self.number
    }

    /// The operation of the row that the last attempt was of, counting from 1; 0 before the first.
    pub(crate) fn turn(&self) -> i64 {
        self.turn
    }

    /// When the last attempt was begun; of several in a row that may have acted, the first.
    pub(crate) fn attempted(&self) -> Attempted {
        self.attempted
    }

    /// Whether what the last attempt made was found by looking.
    pub(crate) fn was_found(&self) -> bool {
        self.was_found
    }

    /// The last attempt of which one owner has found that it did what it was for, and another that it did not.
    pub(crate) fn contested(&self) -> Option<i64> {
        self.contested
    }

    /// Whether something of it cannot have happened.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// An entry could not be read, so that nothing that follows can be judged.
    pub(crate) fn distrust(&mut self) {
        self.broken = true;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn of_two_verdicts_on_one_attempt_the_last_holds_but_what_is_done_is_done() {
        let standing = |verdicts: &[&str], goes_on: bool| {
            let mut life = Life::default();
            life.begin(&begun(1, 1)).unwrap();
            for verdict in verdicts {
                life.end(1, verdict, None).unwrap();
            }
            if goes_on {
                life.begin(&begun(2, 1)).unwrap();
            }
            life.standing()
        };
        assert_eq!(standing(&["lost", "found"], false), Standing::Done);
        assert_eq!(standing(&["lost", "not_found"], false), Standing::Deferred);
        assert_eq!(standing(&["deferred", "not_found"], false), Standing::Deferred);
        assert_eq!(standing(&["deferred", "found"], false), Standing::Done);
        assert_eq!(standing(&["succeeded", "found"], false), Standing::Done);
        assert_eq!(standing(&["succeeded", "not_found"], false), Standing::Done);
        // Whoever came later has sent it again: both may be there, and the row is in its hands.
        assert_eq!(standing(&["succeeded", "not_found"], true), Standing::Started);
        assert_eq!(standing(&["refused", "lost"], false), Standing::InDoubt);
    }

    #[test]
    fn what_a_person_says_holds_until_another_is_said_but_never_against_what_is_done() {
        for (verdicts, standing) in [
            (&["confirmed"][..], Standing::Done),
            (&["lost", "confirmed"], Standing::Done),
            (&["lost", "denied"], Standing::Deferred),
            (&["lost", "dismissed"], Standing::Dismissed),
            (&["refused", "dismissed"], Standing::Dismissed),
            (&["given_up", "dismissed"], Standing::Dismissed),
            // Taken back.
            (&["lost", "confirmed", "lost"], Standing::InDoubt),
            (&["lost", "dismissed", "lost"], Standing::InDoubt),
            (&["refused", "dismissed", "refused"], Standing::Refused),
            // Whoever has seen it did see it.
            (&["lost", "found", "denied"], Standing::Done),
            (&["succeeded", "dismissed"], Standing::Done),
            (&["lost", "denied", "found"], Standing::Done),
        ] {
            let (life, found) = live(&[(1, verdicts)]);
            assert_eq!((life.standing(), found.len()), (standing, 0), "{verdicts:?}");
            assert_eq!(life.contested(), None, "{verdicts:?}");
        }
        let (life, found) = live(&[(1, &["lost", "denied"]), (1, &["succeeded"])]);
        assert_eq!((life.standing(), found.len()), (Standing::Done, 0));
        let (_, found) = live(&[(1, &["lost", "dismissed"]), (1, &["succeeded"])]);
        assert!(matches!(found[..], [Contradiction::Impossible { attempt: 2, .. }]), "{found:?}");
    }

    fn begun(number: i64, turn: i64) -> Begun<'static> {
        let operation = if turn == 1 { "ticket_note.create" } else { "ticket_note.update" };
        let attempted = Attempted { at: number, remote_at: None };
        Begun { number, turn, purpose: Purpose::Do, operation, attempted }
    }

    /// Where a row stands after operations, the last of which undoes it where its turn is below zero, and what is wrong.
    fn undone(attempts: &[Lived<'_>]) -> (Life, Vec<Contradiction>) {
        let (mut life, mut found) = (Life::default(), Vec::new());
        for (number, (turn, outcomes)) in (1..).zip(attempts) {
            let purpose = if *turn < 0 { Purpose::Undo } else { Purpose::Do };
            found.extend(life.begin(&Begun { purpose, ..begun(number, turn.abs()) }).err());
            for outcome in *outcomes {
                found.extend(life.end(number, outcome, None).err());
            }
        }
        (life, found)
    }

    #[test]
    fn an_undoing_that_came_to_nothing_leaves_the_row_as_it_was() {
        let done: Lived<'_> = (1, &["succeeded"]);
        let cases: [(&[Lived<'_>], Standing, Option<Undoing>); 10] = [
            (&[done, (-2, &["succeeded"])], Standing::Undone, Some(Undoing::Done)),
            (&[done, (-2, &["refused"])], Standing::Done, Some(Undoing::CameToNothing)),
            (&[done, (-2, &["lost"])], Standing::InDoubt, Some(Undoing::InDoubt)),
            (&[done, (-2, &[])], Standing::Started, Some(Undoing::InDoubt)),
            // That it was refused later says nothing of the attempt whose answer was lost.
            (
                &[done, (-2, &["lost"]), (-2, &["refused"])],
                Standing::InDoubt,
                Some(Undoing::InDoubt),
            ),
            (
                &[done, (-2, &["lost"]), (-2, &["refused", "denied"])],
                Standing::Done,
                Some(Undoing::CameToNothing),
            ),
            (&[done, (-2, &["lost", "dismissed"])], Standing::Dismissed, None),
            (
                &[done, (2, &["refused"]), (-3, &["refused"])],
                Standing::Refused,
                Some(Undoing::CameToNothing),
            ),
            (
                &[done, (2, &["succeeded"]), (-3, &["succeeded"]), (-4, &["refused"])],
                Standing::Undone,
                Some(Undoing::Done),
            ),
            (&[done, (-2, &["refused"]), (3, &["succeeded"])], Standing::Done, None),
        ];
        for (attempts, standing, undoing) in cases {
            let (life, found) = undone(attempts);
            assert_eq!((life.standing(), life.undoing()), (standing, undoing), "{attempts:?}");
            assert_eq!(found, [], "{attempts:?}");
        }
        let before = undone(&[done, (2, &["succeeded"]), (-3, &["succeeded"])]).0;
        assert_eq!(before.row_state(), RowState::Succeeded { attempts: 1, id: None });
        assert_eq!(undone(&[done, (-2, &["succeeded"])]).0.row_state(), RowState::NotStarted);
    }

    #[test]
    fn nothing_of_a_row_begins_while_its_undoing_is_open_and_none_while_the_row_is() {
        let done: Lived<'_> = (1, &["succeeded"]);
        for open in [&["lost"][..], &[], &["lost", "dismissed"]] {
            for attempts in [[done, (2, open), (-3, &[])], [done, (-2, open), (3, &[])]] {
                let found = undone(&attempts).1;
                assert!(
                    matches!(found[..], [Contradiction::Turn { .. }]),
                    "{attempts:?} {found:?}"
                );
            }
        }
    }

    #[test]
    fn a_ledger_in_which_a_dismissed_undoing_went_on_is_read() {
        let (life, found) =
            undone(&[(1, &["succeeded"]), (-2, &["lost", "dismissed"]), (-2, &["succeeded"])]);
        assert_eq!((life.standing(), found), (Standing::Undone, vec![]));
        let (_, found) = live(&[(1, &["lost", "dismissed"]), (1, &["succeeded"])]);
        assert!(matches!(found[..], [Contradiction::Impossible { attempt: 2, .. }]), "{found:?}");
    }

    /// An attempt: its turn, and what became known of it, one after the other.
    type Lived<'a> = (i64, &'a [&'a str]);

    fn live(attempts: &[Lived<'_>]) -> (Life, Vec<Contradiction>) {
        let (mut life, mut found) = (Life::default(), Vec::new());
        for (number, (turn, outcomes)) in (1..).zip(attempts) {
            found.extend(life.begin(&begun(number, *turn)).err());
            for outcome in *outcomes {
                let made = Outcome::parse(outcome).is_some_and(Outcome::succeeds);
                let id = made.then(|| "tn_1".to_owned());
                found.extend(life.end(number, outcome, id).err());
            }
        }
        (life, found)
    }

    #[test]
    fn a_row_is_created_then_changed_then_deleted() {
        let (life, found) =
            live(&[(1, &["succeeded"]), (2, &["lost", "found"]), (3, &["refused"]), (3, &[])]);
        assert_eq!(found, []);
        assert_eq!(*life.state(), RowState::Started { attempts: 4 });
        assert_eq!((life.turn(), life.attempts(), life.standing()), (3, 4, Standing::Started));
    }

    #[test]
    fn a_row_that_is_done_is_not_done_again() {
        let (life, found) = live(&[(1, &["succeeded"]), (1, &["succeeded"])]);
        assert_eq!(found, [Contradiction::AfterSuccess { attempt: 2 }]);
        assert_eq!(life.standing(), Standing::Contradictory);
    }

    #[test]
    fn what_has_an_id_was_made_whatever_its_outcome_says() {
        for outcome in Outcome::ALL {
            let mut life = Life::default();
            life.begin(&begun(1, 1)).unwrap();
            let taken = life.end(1, outcome.word(), Some("tn_1".into()));
            use Outcome::{Deferred, Denied, GivenUp, NotFound, Refused};
            let denies = matches!(outcome, Refused | Deferred | GivenUp | NotFound | Denied);
            let made = Contradiction::Made { attempt: 1, outcome, id: "tn_1".into() };
            assert_eq!(taken, if denies { Err(made) } else { Ok(()) }, "{outcome:?}");
            assert_eq!(life.standing() == Standing::Contradictory, denies, "{outcome:?}");
        }
    }

    #[test]
    fn a_further_operation_waits_for_the_one_before() {
        for (last, found) in [("refused", 2), ("lost", 2), ("deferred", 2), ("succeeded", 3)] {
            let (life, told) = live(&[(1, &[last]), (found, &["succeeded"])]);
            assert_eq!(told, [Contradiction::Turn { attempt: 2, last: 1, found }], "{last}");
            assert!(life.is_broken());
        }
        let (_, told) = live(&[(2, &["succeeded"])]);
        assert_eq!(told, [Contradiction::Turn { attempt: 1, last: 0, found: 2 }]);
    }

    #[test]
    fn what_is_known_of_an_attempt_may_come_in_several_steps() {
        let (life, found) = live(&[(1, &["lost", "lost", "not_found"]), (1, &["lost", "found"])]);
        assert_eq!((found.len(), life.was_found()), (0, true));
        let done = RowState::Succeeded { attempts: 2, id: Some("tn_1".into()) };
        assert_eq!((life.state(), life.attempted().at), (&done, 2));
    }

    #[test]
    fn a_row_is_looked_for_from_its_first_attempt_on_that_nobody_has_settled() {
        let cases: [(&[Lived<'_>], i64); 5] = [
            (&[(1, &[])], 1),
            (&[(1, &["lost"]), (1, &["lost"]), (1, &[])], 1),
            (&[(1, &["deferred"]), (1, &["lost"]), (1, &["lost"])], 2),
            (&[(1, &["lost"]), (1, &["not_found"]), (1, &["lost"])], 3),
            (&[(1, &["lost"]), (1, &["not_found"])], 1),
        ];
        for (attempts, first) in cases {
            assert_eq!(live(attempts).0.attempted().at, first, "{attempts:?}");
        }
    }

    #[test]
    fn what_cannot_have_happened_is_told_once() {
        let mut life = Life::default();
        let gap = Contradiction::Gap { expected: 1, found: 2 };
        assert_eq!(life.begin(&begun(2, 1)), Err(gap));
        assert_eq!(life.end(2, "refused", None), Ok(()));
        assert_eq!(
            life.begin(&begun(5, 1)),
            Ok(()),
            "what follows a gap is not judged by its number"
        );
        assert_eq!(life.end(4, "lost", None), Err(Contradiction::NeverBegun { attempt: 4 }));
        let word = "dunno".to_owned();
        let unknown = Contradiction::UnknownOutcome { attempt: 5, word };
        assert_eq!(life.end(5, "dunno", None), Err(unknown));
        assert_eq!(life.standing(), Standing::Contradictory);
        let (_, found) = live(&[(1, &["succeeded"]), (1, &["lost"])]);
        assert!(matches!(found[..], [Contradiction::AfterSuccess { attempt: 2 }]), "{found:?}");
    }

    proptest! {
        #[test]
        fn any_entries_make_a_life(entries in proptest::collection::vec((any::<bool>(), -1_i64..5, 0_i64..4, 0_usize..12), 0..12)) {
            let mut life = Life::default();
            // By the entries alone: whether the last attempt that began is known to have done what it was for.
            let mut was_seen = false;
            for (is_start, number, turn, outcome) in entries {
                let word = Outcome::ALL.get(outcome).map_or("dunno", |outcome| outcome.word());
                let taken = match is_start {
                    true => life.begin(&begun(number, turn)),
                    false => life.end(number, word, None),
                };
                prop_assert!(taken.is_ok() || life.is_broken());
                if life.is_broken() {
                    break;
                }
                was_seen = !is_start && (was_seen || matches!(word, "succeeded" | "found"));
                let is_done = was_seen || (!is_start && word == "confirmed");
                prop_assert_eq!(matches!(life.state(), RowState::Succeeded { .. }), is_done);
            }
        }
    }
}
