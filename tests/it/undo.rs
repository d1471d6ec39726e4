//! `undo`: what a run has done is taken back, once, and only where nobody has touched it since.

use std::collections::BTreeMap;
use std::time::Duration;

use noteferry::sandbox::{Alteration, ListModel, Options, Sandbox};

use crate::ask::{Contents, seeded};
use crate::desk::{
    Desk, Outcome, assert_reads, notes_csv, requests, sandbox, sandbox_with, texts, unhurried,
};

/// Each row says what it does.
const MIXED: &str = r#"job: mixed
operation: "{{ kind }}"
source: { csv: rows.csv }
let: { ticket_id: "{{ ticket }}" }
map:
  ticket_id: "{{ ticket if kind == 'ticket_note.create' else '' }}"
  note_id: "{{ of }}"
  note: "{{ body }}"
  is_internal_note: "{{ internal }}"
key: "{{ id }}"
"#;
const COLUMNS: &str = "id,kind,ticket,of,body,internal\n";
const PACE: &str = "--rate 1000/10ms --format json";

/// Creates two notes, changes the first seeded one twice, and deletes the second.
fn mixed() -> Desk {
    let rows = format!(
        "{COLUMNS}a,ticket_note.create,tk_1,,Một,true\nb,ticket_note.create,tk_1,,Hai,true\n\
         c,ticket_note.update,tk_sandbox000001,{one},Changed,\n\
         d,ticket_note.update,tk_sandbox000001,{one},Changed again,\n\
         e,ticket_note.delete,tk_sandbox000001,{two},,\n",
        one = seeded(1),
        two = seeded(2)
    );
    Desk::new().file("job.yaml", MIXED).file("rows.csv", rows)
}

fn undo(desk: &Desk, sandbox: &Sandbox, flags: &str) -> Outcome {
    desk.call_at(sandbox, &format!("undo 1 --yes {PACE} {flags}"))
}

/// The ids of what rows have made, by their keys.
fn made(desk: &Desk) -> BTreeMap<String, String> {
    let ledger = desk.ledger();
    let query = "SELECT key, remote_id FROM starts JOIN ends USING (id, number) WHERE remote_id IS NOT NULL";
    let mut made = ledger.prepare(query).unwrap();
    let made = made.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    made.collect::<Result<_, _>>().unwrap()
}

#[test]
fn all_that_a_run_has_done_is_taken_back_and_once() {
    let (desk, sandbox) = (mixed(), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let told = desk.call_at(&sandbox, "undo 1 --dry-run --html undo.html").exits(0);
    let shown = made(&desk)
        .into_iter()
        .fold(told.to_string(), |told, (key, id)| told.replace(&id, &format!("tn_{key}")));
    assert_reads("undo_dry_run", shown);
    let page = std::fs::read_to_string(desk.path("undo.html")).unwrap();
    assert!(page.contains("Undo run 1 of mixed") && page.contains("Seeded note 2"), "{page}");
    let planned = desk.call_at(&sandbox, &format!("undo 1 --dry-run {PACE}")).exits(0);
    let actions: Vec<_> =
        planned.all("undo").iter().map(|row| row["action"].as_str().unwrap().to_owned()).collect();
    assert_eq!(actions, ["make_anew", "give_back", "give_back", "delete", "delete"], "{planned}");
    undo(&desk, &sandbox, "").exits(0).counts("succeeded=5");
    let mut expected = Contents::at_first();
    expected.seeded.remove(&seeded(2));
    let found = Contents::of(&sandbox);
    assert_eq!(found.created.keys().collect::<Vec<_>>(), ["tk_sandbox000001"], "{found:?}");
    assert_eq!(found.created["tk_sandbox000001"], ["Seeded note 2"]);
    let anew = found.seeded.iter().filter(|(id, _)| !expected.seeded.contains_key(*id));
    assert_eq!(anew.map(|(_, text)| text.as_str()).collect::<Vec<_>>(), ["Seeded note 2"]);
    assert!(expected.seeded.iter().all(|(id, text)| found.seeded.get(id) == Some(text)));

    let before = sandbox.books()["notes"].clone();
    undo(&desk, &sandbox, "").exits(0).counts("already_done=5");
    desk.run(&sandbox, "job.yaml").exits(0).counts("undone=5");
    assert_eq!(sandbox.books()["notes"], before, "nothing is sent again by itself");
    let status = desk.call_at(&sandbox, "status job.yaml").exits(0);
    assert!(status.stdout.contains("run 2 undid run 1"), "{status}");
    assert!(status.stdout.contains("undone        5"), "{status}");
    desk.call("ledger check").exits(0);
}

#[test]
fn what_somebody_has_touched_since_stays_unless_a_person_says_otherwise() {
    let desk = Desk::with_notes(notes_csv(3, 1));
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml").exits(0);
    let id = made(&desk)["k2"].clone();
    assert!(sandbox.alter(&id, Alteration::Text("Edited by a person".to_owned())));
    let told = undo(&desk, &sandbox, "").exits(1);
    told.counts("succeeded=2 failed=1");
    assert_eq!(told.row(2)["reason"], "changed_since", "{told}");
    assert_eq!(texts(&sandbox), ["Edited by a person"]);
    undo(&desk, &sandbox, "").exits(1).counts("already_done=2 failed=1");
    undo(&desk, &sandbox, "--even-if-changed").exits(0).counts("already_done=2 succeeded=1");
    assert_eq!(texts(&sandbox), [] as [&str; 0]);
}

#[test]
fn an_undoing_that_is_killed_goes_on_where_it_ended() {
    for faults in ["", "reset-after=20%"] {
        let sandbox = sandbox_with(Options {
            latency: Duration::from_millis(10),
            faults: faults.parse().unwrap(),
            ..unhurried()
        });
        let desk = mixed();
        let mut rows = std::fs::read_to_string(desk.path("rows.csv")).unwrap();
        for row in 0..40 {
            let ticket = row % 7;
            rows.push_str(&format!("n{row},ticket_note.create,tk_{ticket},,Note {row},true\n"));
        }
        desk.write("rows.csv", rows);
        // What is lost is looked for, and harmless to repeat.
        let desk = desk.sure_after("100ms");
        for _ in 0..5 {
            desk.run(&sandbox, "job.yaml");
        }
        let runs = made(&desk).len();
        assert!(runs >= 40, "{runs}");
        let mut started = desk.start_at(&sandbox, &format!("undo 1 --yes {PACE} --concurrency 4"));
        let mut ended = 0;
        while ended < 9 {
            let Some(line) = started.line() else { break };
            ended += usize::from(line.starts_with("{\"event\":\"row\""));
        }
        started.kill();
        for _ in 0..6 {
            for run in 1..=5 {
                desk.call_at(&sandbox, &format!("undo {run} --yes {PACE}"));
            }
        }
        let mut told = undo(&desk, &sandbox, "");
        if texts(&sandbox).is_empty() {
            // Whether the note was made anew before the kill no list has shown: a person has to say so.
            assert_eq!((told.status, told.finished()["in_doubt"].as_u64()), (6, Some(1)), "{told}");
            desk.call_at(&sandbox, "settle job.yaml --row 5 --absent").exits(0);
            told = undo(&desk, &sandbox, "");
        }
        assert_eq!(texts(&sandbox), ["Seeded note 2"], "{faults} {told}");
        let seeded_texts: Vec<String> = Contents::of(&sandbox).seeded.into_values().collect();
        assert!(seeded_texts.iter().any(|text| text == "Seeded note 1"), "{seeded_texts:?}");
        desk.call("ledger check").exits(0);
    }
}

#[test]
fn what_a_list_does_not_show_is_not_touched() {
    let hiding = Options { lists: vec![ListModel::HidesInternal], ..unhurried() };
    let (desk, sandbox) = (Desk::with_notes(notes_csv(2, 1)), sandbox_with(hiding));
    desk.run(&sandbox, "job.yaml").exits(0);
    let told = undo(&desk, &sandbox, "").exits(1);
    assert_eq!(told.row(1)["reason"], "not_listed", "{told}");
    assert_eq!(texts(&sandbox).len(), 2);
    // A text that is shown cut is not shown to be unchanged.
    let cut = Options { lists: vec![ListModel::Cuts], ..unhurried() };
    let csv =
        "id,ticket,body\nk1,tk_1,A text that is longer than what lists of this sandbox show\n";
    let (desk, sandbox) = (Desk::with_notes(csv), sandbox_with(cut));
    desk.run(&sandbox, "job.yaml").exits(0);
    let told = undo(&desk, &sandbox, "").exits(1);
    assert_eq!(told.row(1)["reason"], "changed_since", "{told}");
    assert_eq!(texts(&sandbox).len(), 1);
}

#[test]
fn without_snapshots_nothing_is_read_and_nothing_kept() {
    let (desk, sandbox) = (mixed(), sandbox(""));
    desk.write("job.yaml", format!("{MIXED}snapshot: false\n"));
    desk.run(&sandbox, "job.yaml").exits(0);
    let before = requests(&sandbox);
    let told = undo(&desk, &sandbox, "--dry-run").exits(0);
    let reasons: Vec<_> = told.all("undo").iter().map(|row| row["reason"].clone()).collect();
    assert_eq!(reasons[..3], ["no_former_text"; 3], "{told}");
    assert_eq!(requests(&sandbox), before);
    let ledger = desk.ledger();
    let kept = "SELECT count(*) FROM sqlite_schema WHERE name = 'snapshots'";
    assert_eq!(ledger.query_row(kept, [], |row| row.get::<_, u64>(0)).unwrap(), 0);
    undo(&desk, &sandbox, "").exits(1).counts("succeeded=2 failed=3");
}

#[test]
fn what_is_changed_or_deleted_is_kept_before_and_a_note_of_the_system_is_spared() {
    let sandbox = sandbox("");
    let rows = format!(
        "{COLUMNS}a,ticket_note.update,tk_sandbox000001,{},Changed,\n\
         b,ticket_note.update,tk_sandbox000001,{},Changed,\nc,ticket_note.delete,tk_sandbox000001,tn_other,,\n",
        seeded(1),
        seeded(3)
    );
    let desk = Desk::new().file("job.yaml", MIXED).file("rows.csv", rows);
    let told = desk.run(&sandbox, "job.yaml").exits(1);
    told.counts("succeeded=2 failed=1");
    assert_eq!(told.row(3)["reason"], "not_listed", "{told}");
    let journal = sandbox.books()["journal"].clone();
    let deletes = journal.as_array().unwrap().iter().filter(|entry| entry["method"] == "DELETE");
    assert_eq!(deletes.count(), 0);
    let reads = journal.as_array().unwrap().iter().filter(|entry| entry["method"] == "GET");
    // One list for all, to its end, since one of them is not there; and once more from before the first page.
    assert!(reads.count() <= 3, "{journal}");
    let query =
        "SELECT remote_id, json_extract(fields, '$.note') FROM snapshots ORDER BY remote_id";
    let ledger = desk.ledger();
    let mut kept = ledger.prepare(query).unwrap();
    let kept = kept.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let kept: Vec<(String, String)> = kept.collect::<Result<_, _>>().unwrap();
    let expected = [(seeded(1), "Seeded note 1"), (seeded(3), "Seeded note 3")];
    assert_eq!(kept, expected.map(|(id, text)| (id, text.to_owned())));
}

#[test]
fn a_run_that_nobody_knows_is_told_so() {
    let desk = Desk::with_notes(notes_csv(1, 1));
    let sandbox = sandbox("");
    desk.call_at(&sandbox, "undo 1 --yes").exits(2);
    desk.run(&sandbox, "job.yaml").exits(0);
    assert_reads("undo_unknown", desk.call_at(&sandbox, "undo 7 --yes").exits(2));
    assert_reads("undo_no_run", desk.call_at(&sandbox, "undo job.yaml --yes").exits(2));
    desk.call_at(&sandbox, "undo job.yaml --run 1 --yes").exits(0);
}

#[test]
fn what_nobody_knows_the_visibility_of_is_not_made_anew() {
    let hiding = Options { lists: vec![ListModel::HidesFlags], ..unhurried() };
    let (desk, sandbox) = (mixed(), sandbox_with(hiding));
    desk.run(&sandbox, "job.yaml").exits(0);
    let told = undo(&desk, &sandbox, "");
    let kept = told.all("undo").into_iter().find(|row| row["key"] == "e").unwrap();
    assert_eq!(kept["reason"], "no_flag", "{told}");
    assert!(!texts(&sandbox).iter().any(|text| text == "Seeded note 2"), "{told}");
}

/// Changes the first three notes of a ticket.
fn three_changes() -> Desk {
    let mut rows = COLUMNS.to_owned();
    for number in 1..=3 {
        rows.push_str(&format!(
            "u{number},ticket_note.update,tk_sandbox000001,{},Changed {number},\n",
            seeded(number)
        ));
    }
    Desk::new().file("job.yaml", MIXED).file("rows.csv", rows)
}

#[test]
fn a_note_that_somebody_has_deleted_is_held_until_a_person_has_settled_it() {
    let (desk, sandbox) = (three_changes(), sandbox(""));
    let lane = |text: String| text.replace("lane: \"note {note_id}\"", "lane: \"note\"");
    // All of them in one lane, so that nothing would go behind one that is given up.
    let desk = desk.with_connector(lane);
    assert!(sandbox.alter(&seeded(1), Alteration::Deleted));
    let told = desk.run(&sandbox, "job.yaml").exits(1);
    told.counts("succeeded=2 failed=1");
    assert_eq!(told.row(1)["reason"], "not_listed", "{told}");
    let message = told.row(1)["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("settle` (--dismiss)") && message.contains("--retry-failed"),
        "{told}"
    );
    let again = desk.run(&sandbox, "job.yaml").exits(1);
    again.counts("already_done=2 failed=1 requests=0");
    let status = desk.call_at(&sandbox, "status job.yaml");
    assert!(status.stdout.contains("settle` (--dismiss)"), "{status}");
    desk.call_at(&sandbox, "settle job.yaml --row 1 --dismiss").exits(0);
    desk.run(&sandbox, "job.yaml").exits(0);
}

#[test]
fn a_list_that_contradicts_itself_or_is_cut_lets_nothing_be_changed_or_made_anew() {
    let odd = |model| sandbox_with(Options { lists: vec![model], ..unhurried() });
    let (desk, sandbox) = (three_changes(), odd(ListModel::Contradicts));
    let told = desk.run(&sandbox, "job.yaml").exits(1);
    told.counts("failed=3");
    assert_eq!(told.row(1)["reason"], "contradicting", "{told}");
    let snapshots = "SELECT count(*) FROM sqlite_schema WHERE name = 'snapshots'";
    assert_eq!(desk.ledger().query_row(snapshots, [], |row| row.get::<_, u64>(0)).unwrap(), 0);
    // What was deleted may be there again, behind the one page that the list shows.
    let rows = format!("{COLUMNS}d,ticket_note.delete,tk_sandbox000001,{},,\n", seeded(2));
    let (desk, sandbox) = (Desk::new(), odd(ListModel::PagesIgnored));
    let desk = desk.file("job.yaml", MIXED).file("rows.csv", rows);
    desk.run(&sandbox, "job.yaml").exits(0);
    let more = "ticket,note\ntk_sandbox000001,One more\n";
    let notes = "job: more\noperation: ticket_note.create\nsource: { csv: more.csv }\n\
        map: { ticket_id: \"{{ ticket }}\", note: \"{{ note }}\", is_internal_note: true }\n";
    let other = Desk::new().file("more.yaml", notes).file("more.csv", more);
    other.run(&sandbox, "more.yaml").exits(0);
    let told = undo(&desk, &sandbox, "").exits(1);
    assert_eq!(told.row(1)["reason"], "list_in_part", "{told}");
    assert_eq!(texts(&sandbox), ["One more"]);
}

#[test]
fn a_text_that_was_shown_cut_is_told_before_and_not_given_back() {
    let cut =
        |text: String| text.replace("  marker: note", "  marker: note\n  cuts: { letters: 32 }");
    let options = Options { lists: vec![ListModel::Cuts], ..unhurried() };
    let sandbox = sandbox_with(options);
    let long = "A text that is longer than what lists of this sandbox show";
    assert!(sandbox.alter(&seeded(1), Alteration::Text(long.to_owned())));
    let desk = three_changes().with_connector(cut);
    let plan = desk.call_at(&sandbox, "plan job.yaml").exits(0);
    assert!(plan.stdout.contains("Lists show 32 letters of a text at the most"), "{plan}");
    let planned = desk.call_at(&sandbox, "plan job.yaml --format json").exits(0);
    assert_eq!(planned.all("planned")[0]["snapshots"]["cut_after"], 32, "{planned}");
    let run = desk.call_at(&sandbox, "run job.yaml --rate 1000/10ms").exits(0);
    assert!(run.stderr.contains("Lists show 32 letters"), "{run}");
    let told = desk.call_at(&sandbox, &format!("undo 1 --dry-run {PACE}")).exits(0);
    let reasons: Vec<_> = told.all("undo").iter().map(|row| row["reason"].clone()).collect();
    assert_eq!(reasons.iter().filter(|reason| *reason == "in_part").count(), 1, "{told}");
    undo(&desk, &sandbox, "").exits(1).counts("succeeded=2 failed=1");
    let texts = Contents::of(&sandbox).seeded;
    assert_eq!(texts[&seeded(1)], "Changed 1", "what was cut is not given back");
    assert_eq!(texts[&seeded(2)], "Seeded note 2");
    // What a run has created is not known to be unchanged where its list shows it in part.
    let csv = format!("id,ticket,body\nk1,tk_1,{long}\nk2,tk_1,Short\n");
    let desk = Desk::with_notes(csv).with_connector(cut);
    desk.run(&sandbox, "job.yaml").exits(0);
    let told = undo(&desk, &sandbox, "").exits(1);
    told.counts("succeeded=1 failed=1");
    assert_eq!(told.row(1)["reason"], "shown_in_part", "{told}");
}

#[test]
fn what_is_read_before_is_counted_with_what_one_reading_serves() {
    let (desk, sandbox) = (mixed(), sandbox(""));
    let planned = |flags: &str| {
        let told = desk.call_at(&sandbox, &format!("plan job.yaml --format json {flags}")).exits(0);
        let planned = told.all("planned")[0].clone();
        let counts = ["rows", "lists", "requests"].map(|name| planned["snapshots"][name].as_u64());
        (counts.map(Option::unwrap), planned["requests"].as_u64().unwrap())
    };
    // The first note is changed twice: what the first of these has done is to be seen by the second.
    assert_eq!(planned("--rate 1000/10ms"), ([3, 1, 2], 7));
    // So slowly each has its own.
    assert_eq!(planned("--rate 2/140s"), ([3, 1, 3], 8));
    let slow = desk.call_at(&sandbox, "plan job.yaml --rate 1/70s").exits(0);
    assert!(slow.stdout.contains("no request can follow a list within a minute"), "{slow}");
    // And a login.
    desk.run(&sandbox, "job.yaml").exits(0).counts("succeeded=5 requests=8");
}
