//! What only shows when all rooms are at work.

use std::time::Duration;

use crate::declared::job::InDoubt;
use crate::engine::tests::rows;
use crate::engine::{Core, Input, Now, Settings};
use crate::event::Ending;
use crate::ledger::Ack;
use crate::report::tests::{totals, view};
use crate::report::{Causes, exit, finished_event, summary};
use crate::row::Totals;
use crate::traffic::pace::{Moment, Pace};
use crate::traffic::verdict::Verdict;

/// How a run ends into which a step is put that cannot be.
fn ending_with(illegal: Input) -> Ending {
    let settings = Settings {
        counts: true,
        concurrency: 8,
        attempts: 3,
        needs_token: false,
        token_costs_request: false,
        give_up_after: Duration::from_secs(600),
        give_up_on_push_backs_after: Duration::from_secs(86_400),
        longest_request: Duration::ZERO,
        deadline: None,
        max_failures: None,
        in_doubt: InDoubt::Verify,
    };
    let mut core = Core::new(settings, Pace::new(&["1/10s".parse().unwrap()]));
    let now = Now { moment: Moment::default(), wall: 0, remote: None, chance: 0.5 };
    let operation = &rows::stringeex().operations["ticket_note.create"];
    let works = [1, 2].map(|number| rows::row(operation, number).work()).to_vec();
    core.handle(Input::Rows(works), now);
    core.handle(Input::Durable(vec![Ack::Started { slot: 0 }]), now);
    core.handle(illegal, now);
    let verdict = Verdict::Done { id: None, items: None };
    core.handle(Input::Replied { slot: 0, verdict }, now);
    core.handle(Input::Durable(vec![Ack::Ended { slot: 0 }]), now);
    core.ended().expect("what was under way has ended")
}

#[test]
fn a_step_that_cannot_be_ends_the_run_with_its_own_words_and_exit_4() {
    let verdict = Verdict::Done { id: None, items: None };
    for (illegal, words) in [
        (
            Input::Durable(vec![Ack::Started { slot: 7 }]),
            "a row that is not in hand was named when the ledger had its start",
        ),
        (
            Input::Replied { slot: 1, verdict },
            "row 2 was waiting in its lane when its request came to an end",
        ),
    ] {
        let ending = ending_with(illegal);
        let totals = Totals { succeeded: 1, not_started: 1, rows: 2, ..totals() };
        assert_eq!(exit::of(&totals, &ending), exit::STOPPED);
        let event = finished_event(&totals, &ending, exit::STOPPED);
        assert_eq!((&event["reason"], &event["message"]), (&"fault".into(), &words.into()));
        let text = summary(&view(), &totals, &ending, (Duration::from_secs(1), &Causes::default()));
        assert!(text.contains(&format!("a fault in noteferry itself: {words}.")), "{text}");
    }
}
