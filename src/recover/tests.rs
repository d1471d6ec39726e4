//! Lists as servers show them, and what is made of them.

use super::since::TOLERANCE_MILLISECONDS;
use super::*;
use crate::declared::connector::{Catalogue, TextChange};
use crate::row::{Made, Newest};
use crate::text::diagnostic::Place;
use serde_json::json;

const STARTED: i64 = 1_800_000_000_000;
const SENT: Attempted = Attempted { at: STARTED, remote_at: Some(STARTED) };

/// What is known 20 seconds after an attempt where rows of other lanes own these.
fn known<'a>(owned: impl IntoIterator<Item = &'a str>) -> Circumstances {
    let ids = owned.into_iter().map(|id| (id.to_owned(), None)).collect();
    let holdings = Holdings { ids, ..Holdings::default() };
    let now = STARTED + 20_000;
    let span = Duration::from_secs(40);
    Circumstances { holdings, attempted: SENT, wall: now, remote: Some(now), dated: None, span }
}

/// Likewise, where the clock that dates items is known to go right.
fn calibrated<'a>(owned: impl IntoIterator<Item = &'a str>) -> Circumstances {
    Circumstances { dated: Some(Dated { made: STARTED, sent: SENT }), ..known(owned) }
}

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
    match search.take(recover, items, calibrated(["tn_owned"])) {
        Lookup::NextPage => search.take(recover, &[], calibrated(["tn_owned"])),
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
            Lookup::Absent { .. } => "Absent".to_owned(),
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
        let known = || Circumstances {
            attempted: unknown,
            wall: STARTED,
            remote: Some(STARTED + 500),
            ..calibrated([])
        };
        let mut last = search.take(&recover(), &items, known());
        if last == Lookup::NextPage {
            last = search.take(&recover(), &[], known());
        }
        assert!(format!("{last:?}").starts_with(step), "{last:?}");
    }
}

#[test]
fn moments_that_no_clock_shows_are_no_fault() {
    for moment in [i64::MIN, -1, i64::MAX] {
        for attempted in [
            Attempted { at: moment, remote_at: None },
            Attempted { at: STARTED, remote_at: Some(moment) },
        ] {
            for remote in [None, Some(i64::MIN), Some(i64::MAX)] {
                let since = Since::of(attempted, STARTED, remote);
                assert!(since.earliest() <= since.latest(Duration::from_secs(40)), "{since:?}");
            }
        }
    }
}

#[test]
fn a_clock_of_the_other_side_that_was_set_between_two_requests_tells_nothing_of_what_is_too_old() {
    // The row's request went while the other side's clock was wrong by so much; what is owned was sent ten seconds later,
    // when both clocks were right.
    let owned = Attempted { at: STARTED + 10_000, remote_at: Some(STARTED + 10_000) };
    for (wrong, expected) in [
        (0, "Found"),
        (3_600_000, "Found"),
        (120_000, "Found"),
        (-120_000, "Found"),
        (-3_600_000, "Found"),
    ] {
        let attempted = Attempted { at: STARTED, remote_at: Some(STARTED + wrong) };
        let known = || Circumstances {
            attempted,
            dated: Some(Dated { made: STARTED + 10_000, sent: owned }),
            ..known(["tn_owned"])
        };
        let mut search = Search::new(&recover(), &sent(json!({"note": "x"})), None);
        let items = [note("tn_owned", "khác", STARTED + 10_000), note("tn_1", "x", STARTED + 100)];
        let mut last = search.take(&recover(), &items, known());
        if last == Lookup::NextPage {
            last = search.take(&recover(), &[], known());
        }
        assert!(format!("{last:?}").starts_with(expected), "{wrong}: {last:?}");
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
    let steps = pages.iter().map(|items| search.take(&recover, items, known([])));
    let words = steps.map(|step| match step {
        Lookup::NextPage => "next".to_owned(),
        Lookup::Unsure { doubt } => doubt.word().into_owned(),
        Lookup::Absent { .. } => "Absent".to_owned(),
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
    let ids: Vec<String> = owned.iter().filter_map(|item| item_id(&recover(), item)).collect();
    let mut search = Search::new(&recover(), &sent(json!({"note": "x"})), None);
    assert_eq!(
        search.take(&recover(), &owned, known(ids.iter().map(String::as_str))),
        Lookup::NextPage
    );
    let last = search.take(&recover(), &owned, known(ids.iter().map(String::as_str)));
    assert!(matches!(last, Lookup::Unsure { .. }), "{last:?}");
}

#[test]
fn of_two_that_are_alike_nobody_knows_which_is_the_attempts() {
    let (older, newer) = (note("tn_1", "x", STARTED + 5), note("tn_2", "x", STARTED + 70_000));
    for items in [vec![older.clone(), newer.clone()], vec![newer, older]] {
        let mut search = Search::new(&recover(), &sent(json!({"note": "x"})), None);
        assert_eq!(search.take(&recover(), &items, known([])), Lookup::NextPage);
        let last = search.take(&recover(), &[], known([]));
        assert!(matches!(last, Lookup::Unsure { doubt: Doubt::Alike { .. } }), "{last:?}");
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
        let step = search.take(&recover, &items, known([]));
        assert_eq!(matches!(step, Lookup::Absent { .. }), absent, "{step:?}");
    }
}

#[test]
fn a_page_that_is_refused_is_the_end_of_a_short_list_and_says_nothing_of_a_long_one() {
    const OLD: i64 = STARTED - 3_600_000;
    let found = vec![note("tn_1", "x", STARTED + 5)];
    for (pages, expected) in [
        (vec![], None),
        (vec![found.clone()], Some(Lookup::Found { id: "tn_1".into() })),
        (vec![page(OLD, 1_000, 5)], Some(Lookup::Absent { proof: Proof::None, strangers: true })),
        (vec![page(OLD, 1_000, 20)], None),
        (vec![page(OLD, 1_000, 5), page(OLD + 60_000, 1_000, 3)], None),
    ] {
        let mut search = Search::new(&recover(), &sent(json!({"note": "x"})), None);
        for items in pages {
            let step = search.take(&recover(), &items, known([]));
            assert_eq!(step, Lookup::NextPage);
        }
        assert_eq!(search.take_refusal(), expected);
    }
}

/// Found by the simulation: pages count from 0, the list is begun anew with page 0, and page 1, which had come, is refused for
/// a moment.
#[test]
fn a_page_that_came_before_is_not_the_end_of_the_list_where_it_is_refused() {
    const OLD: i64 = STARTED - 3_600_000;
    let mut search = Search::new(&recover(), &sent(json!({"note": "x"})), None);
    let (first, second) = (page(OLD, 1_000, 3), page(OLD + 60_000, 1_000, 3));
    assert_eq!(search.take(&recover(), &second, known([])), Lookup::NextPage);
    let last = search.take(&recover(), &[], known([]));
    assert!(matches!(last, Lookup::Absent { .. }), "{last:?}");
    assert!(search.ask_before_first());
    assert_eq!(search.take(&recover(), &first, known([])), Lookup::NextPage);
    assert_eq!(search.take(&recover(), &first, known([])), Lookup::NextPage);
    assert_eq!(search.take_refusal(), None);
}

#[test]
fn where_clocks_are_not_known_a_cut_list_has_to_go_back_much_further() {
    let unknown =
        || Circumstances { attempted: Attempted { remote_at: None, ..SENT }, ..known([]) };
    for (hours, absent) in [(1, false), (100, true)] {
        let items = page(STARTED - hours * 3_600_000, -1_000, 12);
        let mut search = Search::new(&recover(), &sent(json!({"note": "x"})), None);
        let mut step = search.take(&recover(), &items, unknown());
        if step == Lookup::NextPage {
            step = search.take(&recover(), &items, unknown());
        }
        assert_eq!(matches!(step, Lookup::Absent { .. }), absent, "{step:?}");
    }
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
    search.take(&recover, &items, known([]));
    assert_eq!(search.take(&recover, &[], known([])), Lookup::Found { id: "tn_1".into() });
}

/// Searches one page for a note of two lines, the second of which is a marker.
fn search_marked(items: &[Value], attempted: Attempted) -> Lookup {
    let recover = recover();
    let fields = sent(json!({"note": "xin chào\n[ref HD-1]"}));
    let mut search = Search::new(&recover, &fields, Some("[ref HD-1]"));
    let known = || Circumstances { attempted, ..known(["tn_owned"]) };
    match search.take(&recover, items, known()) {
        Lookup::NextPage => search.take(&recover, &[], known()),
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
        // What dates notes may be another clock than that of the answers; no clock is wrong by days.
        ("xin chà", hours_before, "unsure"),
        ("xin chà", hours_before - 3 * 86_400_000, "absent"),
    ] {
        let found = match search_marked(&[note("tn_1", text, created)], SENT) {
            Lookup::Found { .. } => "found",
            Lookup::Absent { .. } => "absent",
            Lookup::Unsure { .. } => "unsure",
            Lookup::NextPage => "next page",
        };
        assert_eq!(found, expected, "{text:?}");
    }
}

#[test]
fn a_marker_is_not_taken_from_a_row_that_owns_it_and_clocks_that_are_not_known_count_for_nothing() {
    let text = "xin chào\n[ref HD-1]";
    assert_eq!(
        search_marked(&[note("tn_owned", text, STARTED)], SENT),
        Lookup::Absent { proof: Proof::None, strangers: false }
    );
    let unknown = Attempted { remote_at: None, ..SENT };
    let cut = note("tn_1", "xin ch", STARTED - 3_600_000);
    assert!(matches!(search_marked(&[cut], unknown), Lookup::Unsure { .. }));
}

#[test]
fn a_marker_that_is_not_there_says_no_more_than_the_list_in_which_it_is_not() {
    let recover = recover();
    let own = || vec![note("own_1", "gọi lại", STARTED - 60_000)];
    let bears = || vec![note("tn_1", "xin chào\n[ref HD-1]", STARTED)];
    for (pages, base, expected) in [
        (vec![own()], 1, "absent Lane"),
        (vec![own()], 0, "absent Lane"),
        (vec![bears(), own()], 0, "found tn_1"),
        // What is owned is not shown: the list is old, or leaves it out.
        (vec![vec![]], 1, "list_unproven"),
    ] {
        let fields = sent(json!({"note": "xin chào\n[ref HD-1]"}));
        let mut search = Search::new(&recover, &fields, Some("[ref HD-1]"));
        let word = loop {
            let at = search.page.checked_sub(base).and_then(|at| usize::try_from(at).ok());
            let items = at.and_then(|at| pages.get(at)).cloned().unwrap_or_default();
            match search.take(&recover, &items, Circumstances { holdings: owning(1), ..known([]) })
            {
                Lookup::NextPage => {}
                Lookup::Found { id } => break format!("found {id}"),
                Lookup::Absent { .. } if search.ask_before_first() => {}
                Lookup::Absent { proof, .. } => break format!("absent {proof:?}"),
                Lookup::Unsure { doubt } => break doubt.word().into_owned(),
            }
        };
        assert_eq!(word, expected, "{pages:?} {base}");
    }
}

/// What the ledger owns in the lane: `own_1`, `own_2` and so on, a minute apart, the last a minute before the attempt.
fn owning(count: u8) -> Holdings {
    let attempted = |number: u8| {
        let at = STARTED - 60_000 * (i64::from(count - number) + 1);
        Attempted { at, remote_at: Some(at) }
    };
    let id = |number: u8| format!("own_{number}");
    let ids = (1..=count).map(|number| {
        let turn = (1, u64::from(number));
        (id(number), Some(Made { attempted: attempted(number), in_lane: true, turn }))
    });
    let newest = (count > 0).then(|| Newest { id: id(count), attempted: attempted(count) });
    Holdings { ids: ids.collect(), newest, ..Holdings::default() }
}

/// What follows from pages, which the server counts from a number; `-` stands for no more. Ids that begin with `own` are
/// owned, others say what was sent if they begin with `x`.
fn fenced(pages: &[&[(&str, Option<i64>)]], base: u32, holdings: &Holdings) -> String {
    let recover = recover();
    let mut search = Search::new(&recover, &sent(json!({"note": LONG})), None);
    loop {
        let index = search.page.checked_sub(base).and_then(|at| usize::try_from(at).ok());
        let page = index.and_then(|index| pages.get(index)).copied().unwrap_or_default();
        let items: Vec<Value> = page
            .iter()
            .map(|(id, ago)| {
                let text = match id.chars().next() {
                    Some('x') => LONG.to_owned(),
                    Some('h') => "<p>G\u{1ecd}i l\u{1ea1}i cho kh&amp;aacute;ch</p>".to_owned(),
                    Some('e') => {
                        "Gọi lại cho khách &lt;Lan&gt; trước 5 giờ &amp; báo lại".to_owned()
                    }
                    Some('c') => LONG.chars().take(30).collect(),
                    _ => "của người khác".to_owned(),
                };
                match ago {
                    Some(ago) => note(id, &text, STARTED - ago * 1_000),
                    None => json!({"id": id, "note": text}),
                }
            })
            .collect();
        let known = Circumstances { holdings: holdings.clone(), ..known([]) };
        let step = search.take(&recover, &items, known);
        let word = match step {
            Lookup::NextPage => continue,
            Lookup::Found { id } => format!("found {id}"),
            Lookup::Absent { proof, .. } => format!("absent {proof:?}"),
            Lookup::Unsure { doubt } => doubt.word().into_owned(),
        };
        return word;
    }
}

/// With what servers do something to.
const LONG: &str = "Gọi lại cho khách <Lan> trước 5 giờ & báo lại";

/// A list, as ids with how many seconds before the attempt they seem to have been made; then what follows from it.
type Case<'a> = (&'a [(&'a str, Option<i64>)], &'a str);

#[test]
fn what_the_ledger_owns_is_a_fence_whatever_clocks_say() {
    const H: i64 = 3_600;
    let cases: &[Case<'_>] = &[
        // In order, newest first; somebody else's beside it.
        (&[("own_2", Some(60)), ("own_1", Some(120))], "absent Lane"),
        (&[("x", Some(0)), ("own_2", Some(60)), ("own_1", Some(120))], "found x"),
        (&[("other", Some(0)), ("own_2", Some(60)), ("own_1", Some(120))], "absent Lane"),
        (
            &[("other", Some(0)), ("x", Some(0)), ("own_2", Some(60)), ("own_1", Some(120))],
            "found x",
        ),
        // Clocks: two hours behind, 65 s behind, seven ahead, none.
        (
            &[("x", Some(2 * H)), ("own_2", Some(2 * H + 60)), ("own_1", Some(2 * H + 120))],
            "found x",
        ),
        (&[("x", Some(65)), ("own_2", Some(125)), ("own_1", Some(185))], "found x"),
        (&[("own_2", Some(125)), ("own_1", Some(185)), ("xold", Some(900))], "absent Lane"),
        (
            &[("x", Some(-7 * H)), ("own_2", Some(60 - 7 * H)), ("own_1", Some(120 - 7 * H))],
            "found x",
        ),
        (
            &[("own_2", Some(60 - 7 * H)), ("own_1", Some(120 - 7 * H)), ("xold", Some(-6 * H))],
            "absent Lane",
        ),
        (&[("x", None), ("own_2", None), ("own_1", None)], "found x"),
        // Two may stand in order by chance.
        (&[("own_2", None), ("own_1", None), ("xold", None)], "undated"),
        // Oldest first, and in no order.
        (&[("own_1", Some(120)), ("own_2", Some(60)), ("x", Some(0))], "found x"),
        (&[("xold", Some(900)), ("own_1", Some(120)), ("own_2", Some(60))], "absent Lane"),
        (&[("own_1", None), ("own_2", None), ("x", None)], "found x"),
        (
            &[("own_2", Some(60)), ("own_3", Some(0)), ("x", Some(0)), ("own_1", Some(120))],
            "found x",
        ),
        // One owned note.
        (&[("own_1", Some(60))], "absent Lane"),
        (&[("x", Some(0)), ("own_1", Some(60))], "found x"),
        (&[("x", None), ("own_1", None)], "undated"),
        // Machines that differ by a little.
        (&[("own_2", Some(60)), ("x", Some(63)), ("own_1", Some(120))], "older_within_clocks: x"),
        // Two that are alike; one that is far too old for where it stands.
        (
            &[("x1", Some(0)), ("x2", Some(0)), ("own_2", Some(60)), ("own_1", Some(120))],
            "alike: x1",
        ),
        (&[("x", Some(900)), ("own_2", Some(60)), ("own_1", Some(120))], "alike: x"),
        // The newest is not shown.
        (&[("own_1", Some(120))], "list_unproven"),
        (&[], "list_unproven"),
        // What the server does to texts.
        (&[("e", Some(0)), ("own_2", Some(60)), ("own_1", Some(120))], "found e"),
        (&[("c", Some(0)), ("own_2", Some(60)), ("own_1", Some(120))], "found c"),
        (&[("c", Some(0)), ("e", Some(0)), ("own_2", Some(60)), ("own_1", Some(120))], "alike: c"),
    ];
    for (items, expected) in cases {
        let owned = items.iter().any(|(id, _)| *id == "own_3");
        let alone = items.iter().filter(|(id, _)| id.starts_with("own")).count() == 1;
        let count = match (owned, alone && *expected != "list_unproven") {
            (true, _) => 3,
            (_, true) if !items.iter().any(|(id, _)| *id == "own_2") => 1,
            _ => 2,
        };
        assert_eq!(fenced(&[items], 1, &owning(count)), *expected, "{items:?}");
    }
}

#[test]
fn what_was_written_long_after_the_attempt_is_not_taken_for_its_note_but_by_its_marker() {
    let recover = recover();
    const H: i64 = 3_600;
    for (later, marker, expected) in [
        (30, None, "found x"),
        // The other side's machines may differ, and a request may take its time.
        (90, None, "found x"),
        (48 * H, None, "alike: x"),
        (48 * H, Some("[ref 1]"), "found x"),
    ] {
        let text = marker.map_or(LONG.to_owned(), |marker| format!("{LONG}\n{marker}"));
        for fence in [true, false] {
            let mut search = Search::new(&recover, &sent(json!({"note": text})), marker);
            let mut items = vec![note("x", &text, STARTED + later * 1_000)];
            items.extend(fence.then(|| note("own_1", "gọi lại", STARTED - 60_000)));
            let holdings = if fence { owning(1) } else { Holdings::default() };
            let now = STARTED + 72 * H * 1_000;
            let known = || Circumstances {
                holdings: holdings.clone(),
                wall: now,
                remote: Some(now),
                ..calibrated([])
            };
            let mut step = search.take(&recover, &items, known());
            if step == Lookup::NextPage {
                step = search.take(&recover, &[], known());
            }
            let word = match step {
                Lookup::Found { id } => format!("found {id}"),
                Lookup::Unsure { doubt } => doubt.word().into_owned(),
                step => format!("{step:?}"),
            };
            assert_eq!(word, expected, "{later} s later, {marker:?} {fence}");
        }
    }
}

#[test]
fn what_shows_no_text_or_is_of_another_kind_is_never_taken_for_the_rows() {
    let recover = recover();
    let own = || note("own_1", "gọi lại", STARTED - 60_000);
    let with = |key: &str, value: Value| {
        let mut item = note("tn_1", "xin chào", STARTED);
        item[key] = value;
        item
    };
    let unread = "unreadable: tn_1";
    for (text, item, expected) in [
        ("xin chào", json!({"id": "tn_1", "created": STARTED}), unread),
        ("xin chào", with("note", Value::Null), unread),
        ("👍", with("note", json!("Đã gọi cho khách")), unread),
        ("...", with("note", json!("Đã gọi cho khách")), unread),
        ("<https://example.com>", with("note", json!("Đã gọi cho khách")), unread),
        // What is the same letter for letter is, whatever it is made of.
        ("👍", with("note", json!("👍")), "found tn_1"),
        ("<https://a.vn>", with("note", json!("&lt;https://a.vn&gt;")), "found tn_1"),
        ("xin chào", with("is_internal_note", json!(1)), "alike: tn_1"),
        ("xin chào", with("is_internal_note", json!(false)), "found tn_1"),
        ("xin chào", with("note_type", json!(17)), "alike: tn_1"),
    ] {
        for fence in [true, false] {
            let mut search = Search::new(&recover, &sent(json!({"note": text})), None);
            let mut items = vec![item.clone()];
            items.extend(fence.then(own));
            let known = || match fence {
                true => Circumstances { holdings: owning(1), ..known([]) },
                false => calibrated([]),
            };
            assert_eq!(search.take(&recover, &items, known()), Lookup::NextPage);
            let word = match search.take(&recover, &[], known()) {
                Lookup::Found { id } => format!("found {id}"),
                Lookup::Unsure { doubt } => doubt.word().into_owned(),
                step => format!("{step:?}"),
            };
            let expected = match (fence, item["note"].as_str()) {
                (false, Some(shown)) if shown.contains("&lt;") => "altered: tn_1",
                _ => expected,
            };
            assert_eq!(word, expected, "{text} {item} {fence}");
        }
    }
}

#[test]
fn a_row_that_made_something_without_a_name_may_have_made_the_one_that_is_alike() {
    let holdings = Holdings { nameless: true, ..owning(1) };
    let with = [("x", Some(0)), ("own_1", Some(60))];
    assert_eq!(fenced(&[&with], 1, &holdings), "alike: x");
    assert_eq!(fenced(&[&with[1..]], 1, &holdings), "absent Lane");
}

#[test]
fn pages_that_count_from_0_are_read_from_there_where_the_newest_is_missing() {
    let page = [("own_2", Some(60)), ("own_1", Some(120))];
    let with = [("x", Some(0)), ("own_2", Some(60)), ("own_1", Some(120))];
    assert_eq!(fenced(&[&page], 0, &owning(2)), "absent Lane");
    assert_eq!(fenced(&[&with], 0, &owning(2)), "found x");
}

#[test]
fn without_a_fence_what_is_alike_is_too_old_only_by_a_clock_that_is_known() {
    const H: i64 = 3_600;
    for (ago, dated, expected) in [
        (0, None, "found x"),
        (2 * H, None, "older_by_unknown_clocks: x"),
        (2 * H, Some(0), "absent None"),
        (2 * H, Some(2 * H), "found x"),
        (-6 * H, None, "alike: x"),
        (-6 * H, Some(-7 * H), "absent None"),
    ] {
        let recover = recover();
        let mut search = Search::new(&recover, &sent(json!({"note": LONG})), None);
        let dated = dated.map(|ago| Dated { made: STARTED - ago * 1_000, sent: SENT });
        let known = || Circumstances { dated, ..known([]) };
        let items = [note("x", LONG, STARTED - ago * 1_000)];
        assert_eq!(search.take(&recover, &items, known()), Lookup::NextPage);
        let word = match search.take(&recover, &[], known()) {
            Lookup::Found { id } => format!("found {id}"),
            Lookup::Absent { proof, .. } => format!("absent {proof:?}"),
            Lookup::Unsure { doubt } => doubt.word().into_owned(),
            Lookup::NextPage => "next".to_owned(),
        };
        assert_eq!(word, expected, "{ago} s ago, {dated:?}");
    }
}

#[test]
fn a_list_that_leaves_the_kind_out_proves_nothing_of_it() {
    let recover = recover();
    for (sent_flag, shown_flag, proof) in [
        (json!(true), json!(true), Proof::Lane),
        (json!(true), json!(1), Proof::Lane),
        (json!(true), json!(false), Proof::None),
        (json!(false), json!(0), Proof::Lane),
        (json!(false), Value::Null, Proof::Lane),
        (json!(true), Value::Null, Proof::None),
    ] {
        let fields = sent(json!({"note": "y", "is_internal_note": sent_flag}));
        let mut search = Search::new(&recover, &fields, None);
        let mut item = note("own_1", "x", STARTED - 60_000);
        item["is_internal_note"] = shown_flag.clone();
        let known = || Circumstances { holdings: owning(1), ..known([]) };
        assert_eq!(search.take(&recover, &[item], known()), Lookup::NextPage);
        let last = search.take(&recover, &[], known());
        assert_eq!(last, Lookup::Absent { proof, strangers: false }, "{sent_flag} {shown_flag}");
    }
}

#[test]
fn an_item_that_is_shown_twice_and_not_the_same_proves_nothing() {
    let recover = recover();
    let own = || note("own_1", "gọi lại", STARTED - 60_000);
    let (asked, other) = (note("x", "xin chào", STARTED), note("x", "khác", STARTED));
    let edited = note("own_1", "gọi lại sau", STARTED - 60_000);
    for (items, expected) in [
        (vec![asked.clone(), asked.clone(), own()], "found x"),
        (vec![asked.clone(), other.clone(), own()], "contradicting: x"),
        (vec![other, asked, own()], "contradicting: x"),
        // Nor that something is not there.
        (vec![own(), edited.clone()], "contradicting: own_1"),
        (vec![edited, own()], "contradicting: own_1"),
        (vec![own(), own()], "absent"),
    ] {
        let mut search = Search::new(&recover, &sent(json!({"note": "xin chào"})), None);
        let known = || Circumstances { holdings: owning(1), ..known([]) };
        assert_eq!(search.take(&recover, &items, known()), Lookup::NextPage);
        let word = match search.take(&recover, &[], known()) {
            Lookup::Found { id } => format!("found {id}"),
            Lookup::Absent { .. } => "absent".to_owned(),
            Lookup::Unsure { doubt } => doubt.word().into_owned(),
            Lookup::NextPage => "next".to_owned(),
        };
        assert_eq!(word, expected, "{items:?}");
    }
}
