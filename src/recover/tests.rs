//! Lists as servers show them, and what is made of them.

use super::*;
use crate::declared::connector::Catalogue;
use crate::text::diagnostic::Place;
use serde_json::json;

const STARTED: i64 = 1_800_000_000_000;
const SINCE: Since = Since { moment: STARTED - TOLERANCE_MILLISECONDS, certain: true };

fn recover() -> Recover {
    let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
    connector.operations["ticket_note.create"].recover.clone().unwrap()
}

/// The fields of a row that makes a note.
fn sent(object: Value) -> Fields<'static> {
    let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
    connector.operations["ticket_note.create"].fields.values(&object)
}

fn note(id: &str, text: &str, created: impl Into<Value>) -> Value {
    json!({"id": id, "note": text, "created": created.into()})
}

/// Searches one page and an empty one after it for the note "xin chào".
fn search(recover: &Recover, items: &[Value]) -> Lookup {
    let mut search =
        Search::new(recover, &sent(json!({"ticket_id": "tk_1", "note": "xin chào "})), None);
    let owned: HashSet<String> = ["tn_owned".to_owned()].into();
    match search.take(recover, items, &owned, SINCE) {
        Lookup::NextPage => search.take(recover, &[], &owned, SINCE),
        step => step,
    }
}

#[test]
fn what_was_sent_is_known_again_or_it_is_said_that_nobody_knows() {
    let recover = recover();
    let found = |id: &str| format!("Found {id}");
    for (items, expected) in [
        (vec![], "Absent".to_owned()),
        (vec![note("tn_1", "xin chào", STARTED + 5)], found("tn_1")),
        (vec![note("tn_1", "xin chào\r\n", STARTED + 5)], found("tn_1")),
        (vec![note("tn_1", "xin chào", STARTED / 1000)], found("tn_1")),
        (vec![note("tn_1", "xin chào", (STARTED / 1000).to_string())], found("tn_1")),
        (vec![note("tn_1", "xin chào", "2027-01-15T08:00:00Z")], found("tn_1")),
        (vec![note("tn_old", "xin chào", STARTED - 63_000)], "Absent".to_owned()),
        // Whoever dates items may have a clock that is slow.
        (vec![note("tn_1", "xin chào", STARTED - 30_000)], "Unsure".to_owned()),
        (vec![note("tn_owned", "xin chào", STARTED - 30_000)], "Absent".to_owned()),
        (vec![note("tn_1", "khác", STARTED - 30_000)], "Absent".to_owned()),
        (vec![note("tn_owned", "xin chào", STARTED + 5)], "Absent".to_owned()),
        (
            vec![note("tn_owned", "xin chào", STARTED), note("tn_2", "xin chào", STARTED)],
            found("tn_2"),
        ),
        (vec![note("tn_1", "xin <b>chào</b>", STARTED + 5)], "Unsure".to_owned()),
        (vec![note("tn_old", "khác", STARTED - 60_000)], "Absent".to_owned()),
        (vec![json!({"id": "tn_1", "note": "xin chào"})], "Unsure".to_owned()),
        (vec![json!({"note": "xin chào", "created": STARTED})], "Unsure".to_owned()),
    ] {
        let shown = match search(&recover, &items) {
            Lookup::Found { id } => found(&id),
            Lookup::Unsure { .. } => "Unsure".to_owned(),
            step => format!("{step:?}"),
        };
        assert_eq!(shown, expected, "{items:?}");
    }
}

#[test]
fn a_clock_that_was_set_between_two_runs_does_not_hide_a_note() {
    let known = Attempted { at: STARTED, remote_at: Some(STARTED + 70_000) };
    assert_eq!(
        Since::of(known, 5, Some(9)),
        Since { moment: STARTED + 70_000 - TOLERANCE_MILLISECONDS, certain: true }
    );
    // The attempt was started before the first answer, by a clock that was an hour fast and has been set right since.
    let unknown = Attempted { at: STARTED + 3_600_000, remote_at: None };
    let since = Since::of(unknown, STARTED, Some(STARTED + 500));
    assert!(!since.certain);
    for (created, step) in [(STARTED, "Unsure"), (STARTED - 3 * 86_400_000, "Absent")] {
        let mut search = Search::new(&recover(), &sent(json!({"note": "x"})), None);
        let items = [note("tn_1", "x", created)];
        let mut last = search.take(&recover(), &items, &HashSet::new(), since);
        if last == Lookup::NextPage {
            last = search.take(&recover(), &[], &HashSet::new(), since);
        }
        assert!(format!("{last:?}").starts_with(step), "{last:?}");
    }
}

/// So many notes of somebody else, each a second older than the one before, or younger.
fn page(first: i64, step: i64, count: i64) -> Vec<Value> {
    (0..count).map(|at| first + at * step).map(|at| note(&at.to_string(), "old", at)).collect()
}

/// What follows from each page, in the end; of `x`, which is on none.
fn read_pages(marker: Option<&str>, pages: &[Vec<Value>]) -> String {
    let recover = recover();
    let mut search = Search::new(&recover, &sent(json!({"note": "x"})), marker);
    let steps = pages.iter().map(|items| search.take(&recover, items, &HashSet::new(), SINCE));
    let words = steps.map(|step| match step {
        Lookup::NextPage => "next".to_owned(),
        Lookup::Unsure { doubt } => doubt.word().into_owned(),
        step => format!("{step:?}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_list_is_read_as_far_as_it_can_have_the_item() {
    const OLD: i64 = STARTED - 3_600_000;
    let (newest_first, oldest_first) = (page(OLD, -1_000, 20), page(OLD, 1_000, 20));
    let further = page(OLD + 60_000, 1_000, 20);
    let one_page = "next, one_page";
    for (pages, expected) in [
        (vec![vec![]], "Absent"),
        // What follows is older still, whether there is more or not.
        (vec![newest_first.clone()], "Absent"),
        (vec![oldest_first.clone(), further.clone(), vec![]], "next, next, Absent"),
        // Beyond the last page the last is shown again.
        (vec![oldest_first.clone(), further.clone(), further], "next, next, Absent"),
        // One item has no order.
        (vec![page(OLD, 1_000, 1), vec![]], "next, Absent"),
        // There are no pages: is this all?
        (vec![oldest_first.clone(), oldest_first], one_page),
        (vec![page(OLD, 1_000, 9), page(OLD, 1_000, 9)], "next, Absent"),
        // All that is shown may have been made by others while the clocks of the other side differ.
        (vec![page(STARTED - 3_000, -1_000, 9), vec![]], "next, Absent"),
        (
            vec![page(STARTED - 3_000, -1_000, 12), page(STARTED - 3_000, -1_000, 12)],
            "next, Absent",
        ),
    ] {
        assert_eq!(read_pages(None, &pages), expected);
    }
    // A marker is looked for everywhere, since it does not matter when its item was made.
    let marked = [newest_first.clone(), page(OLD - 60_000, -1_000, 20), vec![]];
    assert_eq!(read_pages(Some("[1]"), &marked), "next, next, Absent");
    assert_eq!(read_pages(Some("[1]"), &[newest_first.clone(), newest_first]), "next, Absent");
}

#[test]
fn notes_of_others_since_the_attempt_may_have_pushed_the_item_off_a_list_without_pages() {
    let owned = page(STARTED + 20_000, -1_000, 12);
    let ids = owned.iter().filter_map(|item| item_id(&recover(), item)).collect();
    let mut search = Search::new(&recover(), &sent(json!({"note": "x"})), None);
    assert_eq!(search.take(&recover(), &owned, &ids, SINCE), Lookup::NextPage);
    let last = search.take(&recover(), &owned, &ids, SINCE);
    assert!(matches!(last, Lookup::Unsure { .. }), "{last:?}");
}

#[test]
fn of_two_that_are_alike_the_older_one_is_taken_whichever_comes_first() {
    let (older, newer) = (note("tn_1", "x", STARTED + 5), note("tn_2", "x", STARTED + 70_000));
    let before = page(STARTED - 3_600_000, -1_000, 2);
    for items in [vec![older.clone(), newer.clone()], vec![newer, older]] {
        let mut search = Search::new(&recover(), &sent(json!({"note": "x"})), None);
        let none = HashSet::new();
        assert_eq!(search.take(&recover(), &items, &none, SINCE), Lookup::NextPage);
        let last = search.take(&recover(), &before, &none, SINCE);
        let last = match last {
            Lookup::NextPage => search.take(&recover(), &[], &none, SINCE),
            step => step,
        };
        assert_eq!(last, Lookup::Found { id: "tn_1".into() });
    }
}

#[test]
fn a_list_that_is_said_to_have_no_pages_may_be_cut_as_well() {
    let recover = Recover { pages: None, ..recover() };
    for (items, absent) in [
        (page(STARTED - 3_600_000, 1_000, 12), false),
        (page(STARTED - 3_600_000, 1_000, 9), true),
        (page(STARTED - 3_600_000, -1_000, 12), true),
    ] {
        let mut search = Search::new(&recover, &sent(json!({"note": "x"})), None);
        let step = search.take(&recover, &items, &HashSet::new(), SINCE);
        assert_eq!(step == Lookup::Absent, absent, "{step:?}");
    }
}

#[test]
fn a_page_that_is_refused_is_the_end_of_a_short_list_and_says_nothing_of_a_long_one() {
    const OLD: i64 = STARTED - 3_600_000;
    let found = vec![note("tn_1", "x", STARTED + 5)];
    for (pages, expected) in [
        (vec![], None),
        (vec![found.clone()], Some(Lookup::Found { id: "tn_1".into() })),
        (vec![page(OLD, 1_000, 5)], Some(Lookup::Absent)),
        (vec![page(OLD, 1_000, 20)], None),
        (vec![page(OLD, 1_000, 5), page(OLD + 60_000, 1_000, 3)], None),
    ] {
        let mut search = Search::new(&recover(), &sent(json!({"note": "x"})), None);
        for items in pages {
            let step = search.take(&recover(), &items, &HashSet::new(), SINCE);
            assert_eq!(step, Lookup::NextPage);
        }
        assert_eq!(search.take_refusal(), expected);
    }
}

#[test]
fn where_clocks_are_not_known_a_cut_list_has_to_go_back_much_further() {
    let unknown = Since { certain: false, ..SINCE };
    for (hours, absent) in [(1, false), (100, true)] {
        let items = page(STARTED - hours * 3_600_000, -1_000, 12);
        let mut search = Search::new(&recover(), &sent(json!({"note": "x"})), None);
        let mut step = search.take(&recover(), &items, &HashSet::new(), unknown);
        if step == Lookup::NextPage {
            step = search.take(&recover(), &items, &HashSet::new(), unknown);
        }
        assert_eq!(step == Lookup::Absent, absent, "{step:?}");
    }
}

#[test]
fn the_notes_of_the_rows_before_show_that_a_list_without_pages_goes_back_far_enough() {
    let owned = page(STARTED - 10, -100, 12);
    let ids = owned.iter().filter_map(|item| item_id(&recover(), item)).collect();
    let mut search = Search::new(&recover(), &sent(json!({"note": "x"})), None);
    assert_eq!(search.take(&recover(), &owned, &ids, SINCE), Lookup::NextPage);
    assert_eq!(search.take(&recover(), &owned, &ids, SINCE), Lookup::Absent);
}

#[test]
fn a_list_that_does_not_end_says_nothing() {
    let pages: Vec<_> = (0..200).map(|at| page(STARTED - 9_000_000 + at, 1, 1)).collect();
    let steps = read_pages(None, &pages);
    assert!(steps.ends_with("next, endless"), "{steps}");
}

#[test]
fn texts_are_compared_as_the_connector_says() {
    let mut recover = recover();
    recover.text.push(TextChange::HtmlEscapes);
    let mut search = Search::new(&recover, &sent(json!({"note": "1 < 2 & 3"})), None);
    let items = [note("tn_1", "1 &lt; 2 &amp; 3", STARTED)];
    search.take(&recover, &items, &HashSet::new(), SINCE);
    assert_eq!(
        search.take(&recover, &[], &HashSet::new(), SINCE),
        Lookup::Found { id: "tn_1".into() }
    );
}

/// Searches one page for a note of two lines, the second of which is a marker.
fn search_marked(items: &[Value], since: Since) -> Lookup {
    let recover = recover();
    let fields = sent(json!({"note": "xin chào\n[ref HD-1]"}));
    let mut search = Search::new(&recover, &fields, Some("[ref HD-1]"));
    let owned: HashSet<String> = ["tn_owned".to_owned()].into();
    match search.take(&recover, items, &owned, since) {
        Lookup::NextPage => search.take(&recover, &[], &owned, since),
        step => step,
    }
}

#[test]
fn a_marked_text_is_known_by_its_marker_alone() {
    let later = STARTED + 5;
    let hours_before = STARTED - 9 * 3_600_000;
    for (text, created, expected) in [
        ("xin chào\n[ref HD-1]", later, "found"),
        // The server writes the text in its own way, or its clock is wrong.
        ("<p>xin ch\u{e0}o</p>\r\n[ref HD-1]\r\n", later, "found"),
        ("xin chào [ref HD-1]", hours_before, "found"),
        // An agent writes the same, and another row ends with the same letters.
        ("xin chào, toàn bộ", later, "absent"),
        ("xin chào\n[ref HD-21]", later, "absent"),
        // No row owns it, which is odd: rather unsure than wrong.
        ("xin chào\n[ref HD-11]", later, "unsure"),
        ("gọi lại sau", later, "absent"),
        // The marker is not where it was put, or the text was cut.
        ("xin chào\n[ref HD-1] (imported)", later, "unsure"),
        ("xin chào<br>[ref HD-1]", later, "unsure"),
        ("xin chào\n(ref HD-1)", later, "unsure"),
        ("xin chà", later, "unsure"),
        ("", later, "unsure"),
        ("xin chà", hours_before, "absent"),
    ] {
        let found = match search_marked(&[note("tn_1", text, created)], SINCE) {
            Lookup::Found { .. } => "found",
            Lookup::Absent => "absent",
            Lookup::Unsure { .. } => "unsure",
            Lookup::NextPage => "next page",
        };
        assert_eq!(found, expected, "{text:?}");
    }
}

#[test]
fn a_marker_is_not_taken_from_a_row_that_owns_it_and_clocks_that_are_not_known_count_for_nothing() {
    let text = "xin chào\n[ref HD-1]";
    assert_eq!(search_marked(&[note("tn_owned", text, STARTED)], SINCE), Lookup::Absent);
    let unknown = Since { certain: false, ..SINCE };
    let cut = note("tn_1", "xin ch", STARTED - 3_600_000);
    assert!(matches!(search_marked(&[cut], unknown), Lookup::Unsure { .. }));
}
