//! The life of a row: one total function from state and event to state, used live and in replay.
//!
//! A row is *started* before its bytes leave, and has an outcome after. Only what surely did not act may be
//! started again; a row that may have acted is *in doubt* until it is settled, or until its operation says
//! that a repeat is harmless. What to do with a state is for `plan`; how states are kept is for `ledger`.

use super::Standing;

/// Where a row stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowState {
    /// Nothing was ever sent.
    NotStarted,
    /// An attempt is under way, or was when its run died.
    Started {
        attempts: u32,
    },
    /// The last attempt surely did not act; another may follow.
    Deferred {
        attempts: u32,
    },
    Succeeded {
        attempts: u32,
        id: Option<String>,
    },
    /// The other side said no.
    Refused {
        attempts: u32,
    },
    /// The last attempt surely did not act, and it was one too many for its run.
    GivenUp {
        attempts: u32,
    },
    /// The last attempt may have acted, and nobody knows.
    InDoubt {
        attempts: u32,
    },
    /// A person has looked at it and wants no more of it: it is neither sent nor told of again.
    Dismissed {
        attempts: u32,
    },
}

/// What happens to a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowEvent {
    /// A request is about to leave, for a row of which nothing can be under way.
    Started,
    /// A request is about to leave again for a row that may have acted: the operation says that is harmless,
    /// or the user does.
    Repeated,
    Succeeded {
        id: Option<String>,
    },
    Refused,
    /// The attempt surely did not act.
    Deferred,
    /// The attempt surely did not act, and no other follows in this run.
    GivenUp,
    /// The attempt may have acted.
    Lost,
    /// What a lost attempt made was found afterwards.
    Found {
        id: Option<String>,
    },
    /// A lost attempt surely made nothing.
    NotFound,
    /// A person wants no more of the row.
    Dismissed,
    /// A request of a further operation is about to leave: the row was created, say, and is to be changed now. What it
    /// was sent for before is over.
    Further {
        operation: String,
    },
}

/// An event that cannot follow a state: a fault of ours, or a ledger that was tampered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IllegalTransition {
    pub state: RowState,
    pub event: RowEvent,
}

impl RowState {
    /// How many requests have left for the row.
    pub(crate) fn attempts(&self) -> u32 {
        match self {
            Self::NotStarted => 0,
            Self::Started { attempts }
            | Self::Deferred { attempts }
            | Self::Succeeded { attempts, .. }
            | Self::Refused { attempts }
            | Self::GivenUp { attempts }
            | Self::InDoubt { attempts }
            | Self::Dismissed { attempts } => *attempts,
        }
    }

    /// Whether an attempt may have acted, and nobody knows.
    pub(crate) fn may_have_acted(&self) -> bool {
        matches!(self, Self::Started { .. } | Self::InDoubt { .. })
    }

    /// The same in a byte.
    pub(crate) fn standing(&self) -> Standing {
        match self {
            Self::NotStarted => Standing::NotStarted,
            Self::Started { .. } => Standing::Started,
            Self::Deferred { .. } => Standing::Deferred,
            Self::Succeeded { .. } => Standing::Done,
            Self::Refused { .. } => Standing::Refused,
            Self::GivenUp { .. } => Standing::GivenUp,
            Self::InDoubt { .. } => Standing::InDoubt,
            Self::Dismissed { .. } => Standing::Dismissed,
        }
    }

    /// The event that another attempt is.
    pub(crate) fn start(&self) -> RowEvent {
        if self.may_have_acted() { RowEvent::Repeated } else { RowEvent::Started }
    }

    /// The state after an event.
    pub(crate) fn after(self, event: RowEvent) -> Result<Self, IllegalTransition> {
        use {RowEvent as Event, RowState as State};
        let attempts = self.attempts();
        match (&self, event) {
            (
                State::NotStarted
                | State::Deferred { .. }
                | State::Refused { .. }
                | State::GivenUp { .. },
                Event::Started,
            ) => Ok(State::Started { attempts: attempts + 1 }),
            (State::Started { .. } | State::InDoubt { .. }, Event::Repeated) => {
                Ok(State::Started { attempts: attempts + 1 })
            }
            // Whether it may follow what came to nothing is for the row's life.
            (
                State::Succeeded { .. }
                | State::Deferred { .. }
                | State::Refused { .. }
                | State::GivenUp { .. }
                | State::Dismissed { .. },
                Event::Further { .. },
            ) => Ok(State::Started { attempts: attempts + 1 }),
            (State::Started { .. }, Event::Succeeded { id }) => {
                Ok(State::Succeeded { attempts, id })
            }
            (State::Started { .. }, Event::Refused) => Ok(State::Refused { attempts }),
            (State::Started { .. }, Event::Deferred) => Ok(State::Deferred { attempts }),
            (State::Started { .. }, Event::GivenUp) => Ok(State::GivenUp { attempts }),
            // Looking for it may fail, too.
            (State::Started { .. } | State::InDoubt { .. }, Event::Lost) => {
                Ok(State::InDoubt { attempts })
            }
            (State::Started { .. } | State::InDoubt { .. }, Event::Found { id }) => {
                Ok(State::Succeeded { attempts, id })
            }
            (State::Started { .. } | State::InDoubt { .. }, Event::NotFound) => {
                Ok(State::Deferred { attempts })
            }
            (
                State::Started { .. }
                | State::InDoubt { .. }
                | State::Deferred { .. }
                | State::Refused { .. }
                | State::GivenUp { .. },
                Event::Dismissed,
            ) => Ok(State::Dismissed { attempts }),
            (_, event) => Err(IllegalTransition { state: self, event }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states() -> Vec<RowState> {
        vec![
            RowState::NotStarted,
            RowState::Started { attempts: 1 },
            RowState::Deferred { attempts: 1 },
            RowState::Succeeded { attempts: 1, id: None },
            RowState::Refused { attempts: 1 },
            RowState::GivenUp { attempts: 1 },
            RowState::InDoubt { attempts: 1 },
            RowState::Dismissed { attempts: 1 },
        ]
    }

    fn events() -> Vec<RowEvent> {
        vec![
            RowEvent::Started,
            RowEvent::Repeated,
            RowEvent::Succeeded { id: Some("tn_1".into()) },
            RowEvent::Refused,
            RowEvent::Deferred,
            RowEvent::GivenUp,
            RowEvent::Lost,
            RowEvent::Found { id: Some("tn_1".into()) },
            RowEvent::NotFound,
            RowEvent::Dismissed,
            RowEvent::Further { operation: "ticket_note.update".into() },
        ]
    }

    /// What becomes of a row, by hand: a state, and each event that may follow it with what that leads to. Whatever does
    /// not stand here is illegal.
    const TABLE: &str = "
        NotStarted: Started = Started
        Started:    Repeated = Started, Succeeded = Succeeded, Refused = Refused, Deferred = Deferred
        Started:    GivenUp = GivenUp, Lost = InDoubt, Found = Succeeded, NotFound = Deferred
        Started:    Dismissed = Dismissed
        Deferred:   Started = Started, Dismissed = Dismissed, Further = Started
        Refused:    Started = Started, Dismissed = Dismissed, Further = Started
        GivenUp:    Started = Started, Dismissed = Dismissed, Further = Started
        InDoubt:    Repeated = Started, Lost = InDoubt, Found = Succeeded, NotFound = Deferred
        InDoubt:    Dismissed = Dismissed
        Succeeded:  Further = Started
        Dismissed:  Further = Started
    ";

    /// The first word of what a value is called.
    fn called(value: &impl std::fmt::Debug) -> String {
        let words = format!("{value:?}");
        words.split([' ', '{']).next().unwrap_or_default().to_owned()
    }

    #[test]
    fn every_state_and_event_are_as_the_table_has_them() {
        let lines = TABLE.lines().filter_map(|line| line.trim().split_once(':'));
        let steps: Vec<(&str, &str, &str)> = lines
            .flat_map(|(state, steps)| steps.split(',').map(move |step| (state, step)))
            .map(|(state, step)| {
                let (event, after) = step.split_once('=').unwrap();
                (state, event.trim(), after.trim())
            })
            .collect();
        for state in states() {
            for event in events() {
                let (from, by) = (called(&state), called(&event));
                let expected = steps.iter().find(|step| (step.0, step.1) == (&from, &by));
                let after = state.clone().after(event).ok();
                let reached = after.as_ref().map(called);
                assert_eq!(reached.as_deref(), expected.map(|step| step.2), "{from} + {by}");
                let Some(after) = after else { continue };
                let begins = matches!(by.as_str(), "Started" | "Repeated" | "Further");
                assert_eq!(after.attempts(), state.attempts() + u32::from(begins), "{from} + {by}");
                if let RowState::Succeeded { id, .. } = after {
                    assert_eq!(id.as_deref(), Some("tn_1"), "{from} + {by}");
                }
            }
        }
        assert_eq!(steps.len(), 26);
    }

    #[test]
    fn what_succeeded_is_never_sent_again_but_for_a_further_operation() {
        for event in events() {
            let done = RowState::Succeeded { attempts: 1, id: None };
            let is_further = matches!(event, RowEvent::Further { .. });
            assert_eq!(done.after(event).is_ok(), is_further);
        }
    }
}
