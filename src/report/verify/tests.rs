//! What was found, as it is read.

use super::*;
use crate::event::Obstacle;
use crate::recover::Extent;
use crate::row::Reason;
use crate::text::command::CommandLine;

fn row(number: u64, source: SourceSays, matters: Vec<Matter>) -> VerifiedRow {
    VerifiedRow {
        place: RowPlace::of(number, number + 1),
        key: format!("k{number}"),
        lane: "ticket tk_1".to_owned(),
        operation: "ticket_note.create".to_owned(),
        id: Some(format!("tn_{number}")),
        source,
        change: matters
            .contains(&Matter::Altered)
            .then(|| ("Khách gọi sáng nay".to_owned(), "Khách gọi chiều nay".to_owned())),
        matters,
    }
}

fn lists() -> ListsRead {
    ListsRead {
        noun: Some("ticket".to_owned()),
        wanted: 20,
        of: 20,
        answered: 20,
        unanswered: 0,
        known_since: None,
        requests: 41,
        twice: 3,
    }
}

fn difference(field: &str, there: &str, row: &str) -> Vec<Difference> {
    vec![Difference { field: field.to_owned(), there: there.to_owned(), row: row.to_owned() }]
}

fn findings(end: RemoteEnd, lists: ListsRead) -> VerifyFindings {
    let aside = Aside {
        in_doubt: 1,
        failed: 2,
        dismissed: 1,
        undone: 0,
        not_sent: 5,
        superseded: 1,
        not_in_sample: 0,
    };
    let mut findings = VerifyFindings::new(end, lists, aside);
    let matters = [
        vec![],
        vec![Matter::Missing { of: 3, alike: None }],
        vec![Matter::Missing { of: 0, alike: Some("tn_x".into()) }],
        vec![Matter::Altered, Matter::Twice { ids: vec!["tn_y".into()] }],
        vec![Matter::Altered],
        vec![
            Matter::OutOfOrder { behind: 2 },
            Matter::Exposed(difference("is_internal_note", "visible to the customer", "internal")),
        ],
        vec![Matter::Otherwise(difference("note_type", "9", "0"))],
        vec![Matter::StillThere],
        vec![Matter::NoLane(Cause::default().saying("ticket not found"))],
        vec![Matter::NotKnown(WhyNotKnown::List(Extent::Cut))],
        vec![Matter::NotKnown(WhyNotKnown::TooEarly)],
        vec![Matter::NotKnown(WhyNotKnown::Untold { field: "is_internal_note".into() })],
        vec![Matter::NotKnown(WhyNotKnown::NotShown { of: 2 })],
    ];
    for (number, matters) in (1..).zip(matters) {
        findings.see(&row(number, SourceSays::TheSame, matters));
    }
    findings.see(&row(20, SourceSays::SomethingElse, vec![Matter::Changed]));
    findings.see(&row(21, SourceSays::Nothing, vec![]));
    findings.see_stranger("ticket tk_1", "tn_person");
    findings.order = OrderSeen { compared: 18, undated: 2, is_declared: true };
    findings
}

fn right() -> VerifyFindings {
    let mut findings = VerifyFindings::new(RemoteEnd::Whole, lists(), Aside::default());
    findings.see(&row(1, SourceSays::TheSame, vec![]));
    findings.order.is_declared = true;
    findings
}

#[test]
fn what_was_found_is_read_the_gravest_first() {
    let command = CommandLine::new("verify", Some("job.yaml"));
    let of = |all: bool, sample| Verifying {
        job: "notes",
        target: "https://api.example/v1 as me",
        item: "note",
        command: &command,
        sample,
        all,
        strange: all,
    };
    let stopped = RemoteEnd::Stopped {
        obstacle: Obstacle::Request(Cause::of(Reason::NoConnection)),
        after: Some(Duration::from_secs(600)),
        is_kept: true,
    };
    let whole = findings(RemoteEnd::Whole, lists());
    let said = [
        verified(&whole, &of(false, None), false),
        verified(&whole, &of(true, Some("20 of 400 tickets")), false),
        verified(&findings(stopped, ListsRead { answered: 3, ..lists() }), &of(false, None), false),
        verified(&right(), &of(false, None), false),
        verified_event(&whole, ("notes", None)).to_string(),
    ];
    insta::assert_snapshot!(said.join("\n---\n"));
}

#[test]
fn all_is_right_only_where_all_was_read() {
    let exit = |change: &dyn Fn(&mut VerifyFindings)| {
        let mut findings = right();
        change(&mut findings);
        findings.exit()
    };
    assert_eq!(exit(&|_| {}), 0);
    assert_eq!(exit(&|findings| findings.lists.unanswered = 1), 4);
    assert_eq!(exit(&|findings| findings.aside.in_doubt = 1), 1);
    assert_eq!(exit(&|findings| findings.aside.failed = 1), 0, "the ledger says so itself");
    for source in [SourceSays::Nothing, SourceSays::Corrected, SourceSays::OnlyInPart] {
        let see = |findings: &mut VerifyFindings| findings.see(&row(2, source, vec![]));
        assert_eq!(exit(&see), 1, "an id alone says nothing of a flag");
        assert_eq!(
            exit(&|findings| {
                see(findings);
                findings.takes_ids = true;
            }),
            0
        );
    }
    assert_eq!(
        exit(&|findings| findings.see(&row(2, SourceSays::SomethingElse, vec![Matter::Changed]))),
        1
    );
    assert_eq!(
        exit(&|findings| findings.end = RemoteEnd::Interrupted { signal: 2, is_kept: true }),
        130
    );
}
