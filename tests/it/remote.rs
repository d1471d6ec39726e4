//! `plan --remote`: what is there already, whatever the other side's lists and answers are like; and nothing but reads leaves.

use std::time::Duration;

use noteferry::sandbox::{ListModel, Options, Sandbox};
use serde_json::{Value, json};

use crate::ask::{ask, log_in};
use crate::desk::{
    Desk, Outcome, assert_reads, notes_csv, requests, sandbox, sandbox_with, unhurried,
};

const MAKING: &str = r#"job: making
operation: ticket_note.create
source: { csv: notes.csv }
map: { ticket_id: "{{ ticket }}", note: "{{ body }}", is_internal_note: "{{ internal }}" }
key: "{{ id }}"
"#;

/// The sandbox has ten notes on each of twenty tickets.
const ROWS: &str = "id,ticket,body,internal\n\
                    k1,tk_sandbox000001,Seeded note 1,false\n\
                    k2,tk_sandbox000001,Seeded note 1,false\n\
                    k3,tk_sandbox000001,Seeded <b>note</b> 2,false\n\
                    k4,tk_sandbox000002,Khách gọi,false\n\
                    k5,tk_sandbox000002,Khách gọi,true\n\
                    k6,tk_empty,Khách gọi,false\n\
                    k7,tk_missing1,Khách gọi,false\n";

const CHANGING: &str = r#"job: changing
operation: ticket_note.update
source: { csv: notes.csv }
let: { ticket_id: "{{ ticket }}" }
map: { note_id: "{{ note }}", note: "{{ body }}" }
"#;

fn planned(outcome: &Outcome) -> Value {
    outcome.events().pop().unwrap()["remote"].clone()
}

/// What was found of each row.
fn found(outcome: &Outcome) -> Vec<String> {
    outcome.all("remote").iter().map(|row| row["found"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn assert_only_reads(sandbox: &Sandbox) {
    for entry in sandbox.books()["journal"].as_array().unwrap() {
        let is_login = entry["path"] == "/v1/account";
        assert!(entry["method"] == "GET" || is_login, "{entry}");
    }
}

#[test]
fn what_is_there_already_is_found_and_nothing_but_reads_leaves() {
    let sandbox = sandbox("");
    let desk = Desk::new().file("job.yaml", MAKING).file("notes.csv", ROWS);
    let before = desk.all_files();
    let told = desk.call_at(&sandbox, "plan job.yaml --remote --sample 0").exits(0);
    assert_reads("remote", &told);
    let told = desk.call_at(&sandbox, "plan job.yaml --remote --format json").exits(0);
    let all = [
        "there_already",
        "not_there",
        "alike",
        "not_there",
        "not_shown",
        "not_shown",
        "list_missing",
    ];
    assert_eq!(found(&told), all, "{told}");
    assert_eq!(told.all("remote")[0]["id"], "tn_sandbox000001");
    assert_eq!(planned(&told)["lists"], 4);
    assert_eq!(told.all("asking")[0]["requests"], 4);
    assert_only_reads(&sandbox);
    let is_new = |path: &std::path::Path| before.iter().all(|(known, _)| known != path);
    let left: Vec<_> =
        desk.all_files().into_iter().map(|(path, _)| path).filter(|path| is_new(path)).collect();
    assert!(left.iter().all(|path| path.to_string_lossy().contains("/pace/")), "{left:?}");
}

#[test]
fn what_a_row_of_the_ledger_has_made_is_no_other_rows() {
    let sandbox = sandbox("");
    let desk = Desk::new()
        .file("job.yaml", MAKING)
        .file("notes.csv", "id,ticket,body,internal\nk1,tk_1,Khách gọi,false\n");
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write(
        "notes.csv",
        "id,ticket,body,internal\nk1,tk_1,Khách gọi,false\nk2,tk_1,Khách gọi,false\n",
    );
    let told = desk.call_at(&sandbox, "plan job.yaml --remote --format json").exits(0);
    assert_eq!(found(&told), ["not_there"], "{told}");
}

#[test]
fn an_update_shows_the_text_that_goes_and_a_note_of_the_system_is_refused() {
    let sandbox = sandbox("");
    let token = log_in(sandbox.base_url());
    let note = json!({"ticket_id": "tk_sandbox000001", "note": "Cuộc gọi 5 phút", "note_type": 9});
    ask(sandbox.base_url(), "POST", "/v1/ticketNote", &token, &note);
    let call = sandbox.books()["notes"][0]["id"].as_str().unwrap().to_owned();
    let rows = format!(
        "note,ticket,body\ntn_sandbox000001,tk_sandbox000001,Seeded note 1 (sửa)\n\
         tn_sandbox000002,tk_sandbox000001,Seeded note 2\n{call},tk_sandbox000001,Khác\n\
         tn_gone,tk_sandbox000001,Khác\ntn_sandbox000003,,Khác\n"
    );
    let desk = Desk::new().file("job.yaml", CHANGING).file("notes.csv", rows);
    let plan = "plan job.yaml --remote --sample 0";
    let told = desk.call_at(&sandbox, plan).exits(3);
    assert_reads("remote_updates", told.to_string().replace(&call, "tn_call"));
    let told = desk.call_at(&sandbox, &format!("{plan} --format json")).exits(3);
    let all = ["found", "found", "system_refused", "not_listed", "not_known"];
    assert_eq!(found(&told), all, "{told}");
    let change = json!({"from": "Seeded note 1", "to": "Seeded note 1 (sửa)"});
    assert_eq!(told.all("remote")[0]["change"], change);
    assert_eq!(planned(&told)["unchanged"], 1);
    desk.write("job.yaml", format!("{CHANGING}allow_system_notes: true\n"));
    let told = desk.call_at(&sandbox, &format!("{plan} --html page.html")).exits(0);
    assert!(told.stdout.contains("as the job allows"), "{told}");
    let page = std::fs::read_to_string(desk.path("page.html")).unwrap();
    assert!(page.contains("<ins>") && page.contains("What is there already"), "{page}");
}

#[test]
fn a_delete_shows_the_text_that_goes() {
    let sandbox = sandbox("");
    let job = CHANGING
        .replace("ticket_note.update", "ticket_note.delete")
        .replace(", note: \"{{ body }}\"", "");
    let desk = Desk::new()
        .file("job.yaml", job)
        .file("notes.csv", "note,ticket\ntn_sandbox000001,tk_sandbox000001\n");
    let told = desk.call_at(&sandbox, "plan job.yaml --remote --sample 0").exits(0);
    assert!(told.stdout.contains("[-Seeded note 1-]"), "{told}");
}

#[test]
fn no_list_is_believed_to_show_what_it_may_leave_out() {
    for (list, expected) in [
        (ListModel::NewestFirst, ["there_already", "not_there"]),
        (ListModel::OldestFirst, ["there_already", "not_there"]),
        (ListModel::Shuffled, ["there_already", "not_there"]),
        (ListModel::PagesFromZero, ["there_already", "not_there"]),
        (ListModel::PagesIgnored, ["there_already", "not_known"]),
        (ListModel::HidesInternal, ["there_already", "not_there"]),
        (ListModel::EscapesHtml, ["there_already", "not_there"]),
        (ListModel::Cuts, ["there_already", "not_there"]),
        (ListModel::BareArray, ["not_known", "not_known"]),
        (ListModel::NestedData, ["there_already", "not_there"]),
    ] {
        let sandbox = sandbox_with(Options { lists: vec![list], ..unhurried() });
        let rows = "id,ticket,body,internal\nk1,tk_sandbox000001,Seeded note 1,false\nk2,tk_sandbox000001,Khách gọi,false\n";
        let desk = Desk::new().file("job.yaml", MAKING).file("notes.csv", rows);
        let told = desk.call_at(&sandbox, "plan job.yaml --remote --rate 1000/10ms --format json");
        assert_eq!(found(&told), expected, "{list:?}: {told}");
        assert_only_reads(&sandbox);
    }
}

#[test]
fn answers_that_say_nothing_are_told_and_the_plan_goes_on() {
    for (faults, exit, said) in [
        ("429=40%", 0, ""),
        ("503=20%", 0, ""),
        ("503=100%", 4, "HTTP status 503"),
        ("html=100%", 4, "502 Bad Gateway"),
        ("reset=100%", 4, "connection"),
    ] {
        let sandbox = sandbox(faults);
        let desk = Desk::new()
            .file("job.yaml", MAKING.replace("{{ internal }}", "false"))
            .file("notes.csv", notes_csv(40, 8));
        let told = desk
            .call_at(&sandbox, "plan job.yaml --remote --rate 1000/10ms --format json")
            .exits(exit);
        assert_eq!(told.all("remote").len(), 40, "{faults}: {told}");
        assert_only_reads(&sandbox);
        let told = desk
            .call_at(&sandbox, "plan job.yaml --remote --rate 1000/10ms --sample 0")
            .exits(exit);
        assert!(told.stdout.contains(said), "{faults}: {told}");
    }
}

#[test]
fn a_server_that_does_not_answer_is_given_up_and_told() {
    let slow = Options {
        faults: "slow=100%".parse().unwrap(),
        slow: Duration::from_secs(60),
        ..unhurried()
    };
    let sandbox = sandbox_with(slow);
    let desk = Desk::new()
        .file("job.yaml", MAKING.replace("{{ internal }}", "false"))
        .file("notes.csv", notes_csv(2, 2))
        .with_connector(|text| text.replace("request: 30s", "request: 200ms"));
    let told = desk.call_at(&sandbox, "plan job.yaml --remote --sample 0").exits(0);
    assert!(told.stdout.contains("of which it is not known"), "{told}");
    assert!(told.stdout.contains("no answer within the time allowed"), "{told}");
}

/// A desk with rows for sixty tickets, and a call that was interrupted when some of them were asked for.
#[cfg(unix)]
fn interrupted(sandbox: &Sandbox) -> (Desk, String) {
    let desk = Desk::new()
        .file("job.yaml", MAKING.replace("{{ internal }}", "false"))
        .file("notes.csv", notes_csv(60, 60))
        .env("STRINGEEX_EMAIL", noteferry::sandbox::EMAIL)
        .env("STRINGEEX_PASSWORD", noteferry::sandbox::PASSWORD);
    let plan = format!(
        "plan job.yaml --remote --sample 0 --rate 1000/10ms --concurrency 1 --base-url {}",
        sandbox.base_url()
    );
    let started = desk.start(&plan);
    while requests(sandbox) < 12 {
        std::thread::yield_now();
    }
    started.signal("INT");
    let told = started.outcome().exits(130);
    assert!(told.stdout.contains("Asking was interrupted after"), "{told}");
    assert!(told.stdout.contains("it was not asked for"), "{told}");
    assert!(told.stdout.contains("as its lists show it now:"), "{told}");
    (desk, plan)
}

#[cfg(unix)]
fn slow_sandbox() -> Sandbox {
    sandbox_with(Options { latency: Duration::from_millis(100), ..unhurried() })
}

#[cfg(unix)]
#[test]
fn what_was_asked_for_is_not_gone_by_when_the_connector_has_changed() {
    let sandbox = slow_sandbox();
    let (desk, plan) = interrupted(&sandbox);
    let desk = desk.with_connector(|text| text.replace("request: 30s", "request: 29s"));
    let told = desk.call(&plan.replace("--concurrency 1", "--concurrency 8")).exits(0);
    assert!(!told.stderr.contains("asked for by the call before"), "{told}");
    assert!(told.stdout.contains("as its lists show it now:"), "{told}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_call_goes_on_where_it_ended() {
    let sandbox = slow_sandbox();
    let (desk, plan) = interrupted(&sandbox);
    let told = desk.call(&format!("{plan} --html page.html")).exits(0);
    assert!(told.stderr.contains("asked for by the call before, from 20"), "{told}");
    let earlier = "some were asked for by an earlier call, from 20";
    assert!(told.stdout.contains(earlier), "{told}");
    let page = std::fs::read_to_string(desk.path("page.html")).unwrap();
    assert!(page.contains(earlier), "{page}");
    assert!(!told.stdout.contains("not known"), "{told}");
    let told = desk.call(&plan).exits(0);
    assert!(!told.stderr.contains("asked for by the call before"), "{told}");
    assert_only_reads(&sandbox);
}

#[test]
fn a_rehearsal_can_be_asked_as_well_and_without_credentials_nobody_is() {
    let desk = Desk::new().file("job.yaml", MAKING).file("notes.csv", ROWS);
    let told = desk.call("plan job.yaml --remote --sandbox --sample 0").exits(0);
    assert!(told.stdout.contains("as tn_sandbox000001"), "{told}");
    let told = desk.call("plan job.yaml --remote").exits(2);
    assert!(told.stderr.contains("error["), "{told}");
    let without = Desk::new().file("job.yaml", MAKING).file("notes.csv", ROWS).without_recovery();
    let sandbox = sandbox("");
    let told = without.call_at(&sandbox, "plan job.yaml --remote --sample 0").exits(0);
    assert!(told.stdout.contains("the connector declares no list"), "{told}");
    assert_eq!(requests(&sandbox), 0);
}
