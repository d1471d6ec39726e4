//! What becomes of a row, by a table that was written by hand.

use crate::declared::connector::{Effect, Repeat};
use crate::declared::job::InDoubt;
use crate::plan::decide::{Facts, Last, decide};
use crate::plan::{Done, Fate, Held, Sending};
use crate::row::{Earlier, RowState};

/// Every case is in one line and in no other; `-` is anything.
const TABLE: &str = "
state      effect  repeat   in_doubt  settles  valid  content  retry   fate
-          read    -        -         -        yes    -        -       send
-          read    -        -         -        no     -        -       reject

unknown    write   -        -         -        yes    -        -       send
unknown    write   -        -         -        no     -        -       reject
deferred   write   -        -         -        yes    -        -       send
deferred   write   -        -         -        no     -        -       reject
given-up   write   -        -         -        yes    -        -       send
given-up   write   -        -         -        no     -        -       reject

succeeded  write   -        -         -        -      same     -       skip
succeeded  write   -        -         -        -      other    -       skip-changed
succeeded  write   -        -         -        -      another  -       reject

refused    write   -        -         -        yes    same     no      hold-refused
refused    write   -        -         -        yes    same     yes     send
refused    write   -        -         -        yes    other    -       send
refused    write   -        -         -        yes    another  -       send
refused    write   -        -         -        no     -        -       reject

in-doubt   write   harmless -         -        yes    -        -       repeat
in-doubt   write   harmless -         -        no     -        -       hold-in-doubt
in-doubt   write   harmful  verify    yes      -      -        -       settle
in-doubt   write   harmful  verify    no       -      -        -       hold-in-doubt
in-doubt   write   harmful  hold      -        -      -        -       hold-in-doubt
in-doubt   write   harmful  resend    -        yes    -        -       resend
in-doubt   write   harmful  resend    -        no     -        -       hold-in-doubt
";

fn fate(word: &str) -> Fate {
    match word {
        "send" => Fate::Send(Sending::Fresh),
        "repeat" => Fate::Send(Sending::Repeat),
        "resend" => Fate::Send(Sending::Resend),
        "settle" => Fate::Send(Sending::Settle),
        "update" => Fate::Send(Sending::Update),
        "update-again" => Fate::Send(Sending::UpdateAgain),
        "skip" => Fate::Skip(Done::Unchanged),
        "skip-changed" => Fate::Skip(Done::Changed),
        "hold-refused" => Fate::Hold(Held::Refused),
        "hold-in-doubt" => Fate::Hold(Held::InDoubt),
        "reject" => Fate::Reject,
        other => panic!("{other}"),
    }
}

/// The fate of a case by the table.
fn expected(case: &[&str]) -> Fate {
    let lines = TABLE.lines().skip(2).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let fits = |line: &Vec<&str>| {
        !line.is_empty()
            && line.iter().zip(case).all(|(word, of_case)| *word == "-" || word == of_case)
    };
    let found: Vec<Vec<&str>> = lines.filter(fits).collect();
    assert_eq!(found.len(), 1, "{case:?} is in {found:?}");
    fate(found[0][case.len()])
}

/// All states that a ledger may know, by the words of the table; a run that died leaves a row as lost as an answer.
fn states() -> Vec<(&'static str, Option<RowState>)> {
    vec![
        ("unknown", None),
        ("unknown", Some(RowState::NotStarted)),
        ("in-doubt", Some(RowState::Started { attempts: 1 })),
        ("in-doubt", Some(RowState::InDoubt { attempts: 2 })),
        ("deferred", Some(RowState::Deferred { attempts: 1 })),
        ("succeeded", Some(RowState::Succeeded { attempts: 1, id: None })),
        ("refused", Some(RowState::Refused { attempts: 1 })),
        ("given-up", Some(RowState::GivenUp { attempts: 3 })),
    ]
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// Every case there is: its words for the table, and its facts.
fn each_case(mut check: impl FnMut(&[&str], &Facts<'_>)) {
    let effects = [
        (Effect::Create, "write"),
        (Effect::Update, "write"),
        (Effect::Delete, "write"),
        (Effect::Read, "read"),
    ];
    let repeats = [(Repeat::Harmless, "harmless"), (Repeat::Harmful, "harmful")];
    let policies =
        [(InDoubt::Verify, "verify"), (InDoubt::Hold, "hold"), (InDoubt::Resend, "resend")];
    for (state, earlier) in states() {
        let earlier = earlier.map(Earlier::of);
        for (effect, writes) in effects {
            for (repeat, harm) in repeats {
                for (in_doubt, policy) in policies {
                    for bits in 0..32 {
                        let bit = |at: u32| bits & (1 << at) != 0;
                        let (settles, valid, unchanged, retry_failed) =
                            (bit(0), bit(1), bit(2), bit(3));
                        let (is_another, same) = (bit(4), bit(2));
                        let content = match (same, is_another) {
                            (_, true) => "another",
                            (true, false) => "same",
                            (false, false) => "other",
                        };
                        let unchanged = unchanged && !is_another;
                        let case = [
                            state,
                            writes,
                            harm,
                            policy,
                            yes_no(settles),
                            yes_no(valid),
                            content,
                            yes_no(retry_failed),
                        ];
                        let facts = Facts {
                            earlier: earlier.as_ref(),
                            valid,
                            unchanged,
                            is_another,
                            last: Last::Own,
                            updates: false,
                            comes_again: false,
                            effect,
                            repeat,
                            settles,
                            in_doubt,
                            retry_failed,
                            undone: false,
                        };
                        check(&case, &facts);
                    }
                }
            }
        }
    }
}

#[test]
fn every_case_has_the_fate_that_the_table_says() {
    let mut cases = 0;
    each_case(|case, facts| {
        cases += 1;
        assert_eq!(decide(facts), expected(case), "{case:?}");
    });
    assert_eq!(cases, 8 * 4 * 2 * 3 * 32);
}

#[test]
fn nothing_that_may_have_acted_or_has_is_sent_as_if_it_were_new() {
    each_case(|case, facts| {
        let acted = matches!(case[0], "in-doubt" | "succeeded") && case[1] == "write";
        if acted {
            assert_ne!(decide(facts), Fate::Send(Sending::Fresh), "{case:?}");
        }
    });
}

#[test]
fn what_somebody_else_has_in_hand_is_left_to_them() {
    each_case(|case, facts| {
        let Some(earlier) = facts.earlier else { return };
        let holder = Some("worker 2 on mars".to_owned());
        let held = Earlier { holder, ..earlier.clone() };
        let fate = decide(&Facts { earlier: Some(&held), ..facts.clone() });
        match earlier.state {
            RowState::Started { .. } if facts.effect != Effect::Read => {
                assert_eq!(fate, Fate::Hold(Held::UnderWay), "{case:?}");
            }
            _ => assert_eq!(fate, decide(facts), "{case:?}"),
        }
    });
}

#[test]
fn a_row_that_has_gone_on_to_a_further_operation_is_never_sent_for_its_first() {
    each_case(|case, facts| {
        let Some(earlier) = facts.earlier.filter(|_| facts.effect != Effect::Read) else { return };
        let further = Earlier::at(earlier.state.clone(), 2);
        let last = Last::Another;
        let fate = decide(&Facts { earlier: Some(&further), last, ..facts.clone() });
        let is_left = match earlier.state.may_have_acted() {
            true => fate == Fate::Hold(Held::InDoubt),
            false => matches!(fate, Fate::Skip(_)),
        };
        assert!(is_left, "{case:?}: {fate:?}");
    });
}

/// What becomes of a row of which what it has made was changed last, or deleted; every case is in one line and in no other.
const FURTHER: &str = "
last    state      valid  content  updates  again  retry  fate
update  succeeded  -      same     -        -      -      skip
update  succeeded  yes    other    yes      -      -      update
update  succeeded  no     other    -        -      -      skip-changed
update  succeeded  yes    other    no       -      -      skip-changed
update  succeeded  -      another  -        -      -      reject
update  deferred   yes    same     yes      -      -      update
update  deferred   yes    other    yes      -      -      update
update  deferred   yes    -        no       -      -      skip-changed
update  deferred   no     -        -        -      -      skip-changed
update  deferred   yes    another  yes      -      -      skip-changed
update  refused    -      same     -        -      no     hold-refused
update  refused    yes    same     yes      -      yes    update
update  refused    yes    same     no       -      yes    skip-changed
update  refused    no     same     -        -      yes    skip-changed
update  refused    yes    other    yes      -      -      update
update  refused    yes    other    no       -      -      skip-changed
update  refused    no     other    -        -      -      skip-changed
update  refused    -      another  -        -      -      skip-changed
update  in-doubt   yes    same     yes      -      -      update-again
update  in-doubt   yes    other    yes      -      -      update-again
update  in-doubt   yes    another  yes      -      -      hold-in-doubt
update  in-doubt   yes    -        no       -      -      hold-in-doubt
update  in-doubt   no     -        -        -      -      hold-in-doubt

delete  succeeded  yes    -        -        yes    -      send
delete  succeeded  no     -        -        yes    -      reject
delete  succeeded  -      same     -        no     -      skip
delete  succeeded  -      other    -        no     -      skip-changed
delete  succeeded  -      another  -        no     -      skip-changed
delete  deferred   yes    same     yes      -      -      update
delete  deferred   yes    other    yes      -      -      update
delete  deferred   yes    another  yes      -      -      skip-changed
delete  deferred   yes    same     no       -      -      skip
delete  deferred   yes    other    no       -      -      skip-changed
delete  deferred   yes    another  no       -      -      skip-changed
delete  deferred   no     same     -        -      -      skip
delete  deferred   no     other    -        -      -      skip-changed
delete  deferred   no     another  -        -      -      skip-changed
delete  refused    yes    same     yes      -      -      update
delete  refused    yes    other    yes      -      -      update
delete  refused    yes    another  yes      -      -      skip-changed
delete  refused    yes    same     no       -      -      skip
delete  refused    yes    other    no       -      -      skip-changed
delete  refused    yes    another  no       -      -      skip-changed
delete  refused    no     same     -        -      -      skip
delete  refused    no     other    -        -      -      skip-changed
delete  refused    no     another  -        -      -      skip-changed
delete  in-doubt   -      -        -        -      -      hold-in-doubt
";

#[test]
fn a_row_goes_on_from_what_was_done_last_with_what_it_has_made() {
    let lines = || {
        let lines = FURTHER.lines().skip(2).map(|line| line.split_whitespace().collect::<Vec<_>>());
        lines.filter(|line| !line.is_empty())
    };
    let states = [
        ("succeeded", RowState::Succeeded { attempts: 2, id: None }),
        ("deferred", RowState::Deferred { attempts: 2 }),
        ("deferred", RowState::GivenUp { attempts: 2 }),
        ("refused", RowState::Refused { attempts: 2 }),
        ("in-doubt", RowState::Started { attempts: 2 }),
        ("in-doubt", RowState::InDoubt { attempts: 2 }),
    ];
    for (word, last) in [("update", Last::Update), ("delete", Last::Delete)] {
        for (state_word, state) in &states {
            for content in ["same", "other", "another"] {
                for bits in 0..16 {
                    let bit = |at: u32| bits & (1 << at) != 0;
                    let earlier = Earlier::at(state.clone(), 2);
                    let facts = Facts {
                        earlier: Some(&earlier),
                        valid: bit(0),
                        unchanged: content == "same",
                        is_another: content == "another",
                        last,
                        updates: bit(1),
                        comes_again: bit(2),
                        effect: Effect::Create,
                        repeat: Repeat::Harmful,
                        settles: true,
                        in_doubt: InDoubt::Verify,
                        retry_failed: bit(3),
                        undone: false,
                    };
                    let case = [
                        word,
                        state_word,
                        yes_no(bit(0)),
                        content,
                        yes_no(bit(1)),
                        yes_no(bit(2)),
                        yes_no(bit(3)),
                    ];
                    let fits = |line: &Vec<&str>| {
                        line.iter()
                            .zip(case)
                            .all(|(word, of_case)| *word == "-" || *word == of_case)
                    };
                    let found: Vec<_> = lines().filter(fits).collect();
                    assert_eq!(found.len(), 1, "{case:?} is in {found:?}");
                    assert_eq!(decide(&facts), fate(found[0][case.len()]), "{case:?}");
                }
            }
        }
    }
}
