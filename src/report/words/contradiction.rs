//! What no row can have lived through, as whoever looks into it reads it.

use crate::row::{Contradiction, IllegalTransition, RowEvent, RowState};

/// `attempt 2 was made after the row had succeeded`.
pub(crate) fn contradiction(contradiction: &Contradiction) -> String {
    match contradiction {
        Contradiction::Gap { expected, found } => {
            format!("attempt {expected} is missing; the next one has the number {found}")
        }
        Contradiction::NeverBegun { attempt } => {
            format!("attempt {attempt} has an outcome and was never begun")
        }
        Contradiction::UnknownOutcome { attempt, word } => {
            format!("attempt {attempt} has the outcome `{word}`, which no version writes")
        }
        Contradiction::Made { attempt, outcome, id } => format!(
            "attempt {attempt} has the outcome `{}`, which says that nothing was made, and the id of what was made: {id}",
            outcome.word()
        ),
        Contradiction::AfterSuccess { attempt } => {
            format!("attempt {attempt} was made after the row had succeeded")
        }
        Contradiction::Turn { attempt, last, found } => format!(
            "attempt {attempt} is of operation {found} of the row, after one of operation {last}"
        ),
        Contradiction::Impossible { attempt, cause } => {
            format!("attempt {attempt} cannot be: {}", illegal_transition(cause))
        }
    }
}

/// `a row that succeeded cannot be found afterwards`.
pub(crate) fn illegal_transition(transition: &IllegalTransition) -> String {
    format!("a row that {} cannot {}", state(&transition.state), event(&transition.event))
}

fn state(state: &RowState) -> &'static str {
    match state {
        RowState::NotStarted => "was never sent",
        RowState::Started { .. } => "is under way",
        RowState::Deferred { .. } => "was put off",
        RowState::Succeeded { .. } => "succeeded",
        RowState::Refused { .. } => "was refused",
        RowState::GivenUp { .. } => "was given up",
        RowState::InDoubt { .. } => "is in doubt",
        RowState::Dismissed { .. } => "was dismissed",
    }
}

fn event(event: &RowEvent) -> String {
    let words = match event {
        RowEvent::Further { operation } => {
            return format!("be sent for its next operation `{operation}`");
        }
        RowEvent::Started => "be sent as if nothing were under way",
        RowEvent::Repeated => "be sent as if it were in doubt",
        RowEvent::Succeeded { .. } => "succeed",
        RowEvent::Refused => "be refused",
        RowEvent::Deferred => "be put off",
        RowEvent::GivenUp => "be given up",
        RowEvent::Lost => "become in doubt",
        RowEvent::Found { .. } => "be found afterwards",
        RowEvent::NotFound => "be looked for in vain",
        RowEvent::Dismissed => "be dismissed",
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_that_cannot_be_has_its_words() {
        let states = [
            RowState::NotStarted,
            RowState::Started { attempts: 1 },
            RowState::Deferred { attempts: 1 },
            RowState::Succeeded { attempts: 1, id: None },
            RowState::Refused { attempts: 1 },
            RowState::GivenUp { attempts: 1 },
            RowState::InDoubt { attempts: 1 },
            RowState::Dismissed { attempts: 1 },
        ];
        let events = [
            RowEvent::Further { operation: "ticket_note.update".to_owned() },
            RowEvent::Started,
            RowEvent::Repeated,
            RowEvent::Succeeded { id: None },
            RowEvent::Refused,
            RowEvent::Deferred,
            RowEvent::GivenUp,
            RowEvent::Lost,
            RowEvent::Found { id: None },
            RowEvent::NotFound,
            RowEvent::Dismissed,
        ];
        let mut told = String::new();
        for state in &states {
            for event in &events {
                if let Err(transition) = state.clone().after(event.clone()) {
                    told.push_str(&illegal_transition(&transition));
                    told.push('\n');
                }
            }
        }
        insta::assert_snapshot!(told);
    }
}
