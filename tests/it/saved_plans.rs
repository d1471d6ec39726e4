//! Plans that are saved, approved and carried out: exactly, or not at all.

use noteferry::sandbox::{EMAIL, Options, PASSWORD, Sandbox};

use crate::desk::{
    Desk, NOTES_JOB, Outcome, notes_csv, requests, sandbox, sandbox_with, texts, unhurried,
};

/// A desk with the job of notes and the credentials of the sandbox.
fn desk(csv: impl AsRef<[u8]>) -> Desk {
    Desk::with_notes(csv).env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD)
}

/// Saves a plan for a sandbox as `import.nfplan`.
#[track_caller]
fn save(desk: &Desk, sandbox: &Sandbox, more: &str) -> Outcome {
    let address = sandbox.base_url();
    desk.call(&format!(
        "plan job.yaml -o import.nfplan --rate 1000/10ms --base-url {address} {more}"
    ))
    .exits(0)
}

fn carry_out(desk: &Desk) -> Outcome {
    desk.call("run import.nfplan --format json")
}

/// Codes and messages of what is refused.
fn problems(outcome: &Outcome) -> Vec<(String, String)> {
    let text = |event: &serde_json::Value, name: &str| event[name].as_str().unwrap().to_owned();
    outcome
        .all("problem")
        .iter()
        .map(|event| (text(event, "code"), text(event, "message")))
        .collect()
}

/// A run of the plan is refused for that, nothing is sent, and nothing is written into the ledger.
#[track_caller]
fn refused(desk: &Desk, code: &str, says: &str) {
    let outcome = carry_out(desk).exits(2);
    let problems = problems(&outcome);
    let is_told = |(found, message): &(String, String)| found == code && message.contains(says);
    assert!(problems.iter().any(is_told), "{code}: {says}\n{outcome}");
    let finished = outcome.finished();
    assert_eq!(finished["requests"], 0, "{outcome}");
    assert_eq!(finished["reason"].as_str(), problems.first().map(|(code, _)| code.as_str()));
}

#[test]
fn a_saved_plan_is_carried_out_and_the_approval_is_kept() {
    let (desk, sandbox) = (desk(notes_csv(6, 3)), sandbox(""));
    let saved = save(&desk, &sandbox, "");
    assert!(saved.stderr.contains("noteferry run import.nfplan"), "{saved}");
    assert_eq!(requests(&sandbox), 0);
    assert!(!desk.path(".noteferry").exists());
    let file = std::fs::read(desk.path("import.nfplan")).unwrap();
    assert!(file.starts_with(b"noteferry plan 1\n"));
    let text = String::from_utf8_lossy(&file);
    for secret in [PASSWORD, "Note 1", "tk_1"] {
        assert!(!text.contains(secret), "{text}");
    }
    let run =
        "run import.nfplan --format json --approved-by Lan --approval-comment after-the-rehearsal";
    let outcome = desk.call(run).exits(0);
    outcome.counts("rows=6 succeeded=6");
    let started = &outcome.all("started")[0];
    let plan = started["plan"].as_str().unwrap();
    for event in [started, &outcome.finished()] {
        assert_eq!(event["approved_by"], "Lan", "{outcome}");
        assert_eq!(event["comment"], "after-the-rehearsal");
        assert_eq!(event["plan"], plan);
    }
    assert!(saved.stderr.contains(&plan[..12]), "{saved}");
    assert_eq!(texts(&sandbox).len(), 6);
    // It is done, by whoever runs it again; and the approval is that of the plan.
    let again = carry_out(&desk).exits(0);
    again.counts("already_done=6 requests=0");
    assert_eq!(again.finished()["approved_by"], "Lan");
    let address = sandbox.base_url();
    let status = desk.call(&format!("status job.yaml --base-url {address}")).exits(0);
    let words = format!("was the saved plan {}, approved by Lan: after-the-rehearsal", &plan[..12]);
    assert!(status.stdout.contains(&words), "{status}");
    let status = desk.call(&format!("status job.yaml --format json --base-url {address}"));
    let run = &status.all("status")[0]["runs"][0];
    assert_eq!((&run["approved_by"], &run["plan"]), (&"Lan".into(), &plan.into()), "{status}");
    desk.call("ledger check --ledger .noteferry/ledger.db").exits(0);
}

#[test]
fn what_people_are_told_of_a_run_of_a_plan() {
    let (desk, sandbox) = (desk(notes_csv(2, 2)), sandbox(""));
    save(&desk, &sandbox, "");
    let outcome = desk.call("run import.nfplan --approved-by Lan").exits(0);
    assert!(outcome.stderr.contains("This run is the saved plan "), "{outcome}");
    assert!(outcome.stderr.contains(", approved by Lan."), "{outcome}");
    // Without a plan a run can be approved, too.
    let address = sandbox.base_url();
    let outcome = desk.call(&format!("run job.yaml --base-url {address} --approved-by Lan"));
    assert!(outcome.stderr.contains("This run is approved by Lan."), "{outcome}");
    let wrong = desk.call("run import.nfplan --approval-comment why").exits(2);
    assert!(wrong.stderr.contains("--approved-by"), "{wrong}");
}

#[test]
fn a_plan_whose_source_has_changed_is_refused_as_a_whole_and_names_the_rows() {
    let (desk, sandbox) = (desk(notes_csv(8, 3)), sandbox(""));
    save(&desk, &sandbox, "");
    let csv = notes_csv(8, 3);
    desk.write("notes.csv", csv.replace("Note 3", "Note three"));
    refused(
        &desk,
        "rows-changed",
        "1 row is not what was planned: the source has changed: row 3 (line 4)",
    );
    desk.write("notes.csv", format!("{csv}k9,tk_1,Note 9\nk10,tk_1,Note 10\n"));
    refused(
        &desk,
        "rows-changed",
        "2 rows are new in the source since the plan was made: row 9 (line 10), row 10",
    );
    desk.write("notes.csv", csv.replace("k2,tk_2,Note 2\n", ""));
    refused(&desk, "rows-changed", "1 row is in the plan and not in the source any more: row 2");
    desk.write("notes.csv", csv.replace("k2,", "k0,"));
    refused(&desk, "rows-changed", "row 2 (line 3)");
    desk.write(
        "notes.csv",
        notes_csv(8, 3)
            .replace("k1,tk_1,Note 1\nk2,tk_2,Note 2\n", "k2,tk_2,Note 2\nk1,tk_1,Note 1\n"),
    );
    refused(&desk, "rows-changed", "2 rows are at another place in the source");
    assert_eq!(requests(&sandbox), 0);
    // As it was, it is carried out; what no request says may differ.
    desk.write(
        "notes.csv",
        csv.replace("id,ticket,body\n", "id,ticket,body,seen\n")
            .replace('\n', ",x\n")
            .replace("seen,x", "seen"),
    );
    carry_out(&desk).exits(0).counts("succeeded=8");
}

#[test]
fn a_plan_for_another_job_connector_or_account_is_refused() {
    let (desk, sandbox) = (desk(notes_csv(3, 3)), sandbox(""));
    save(&desk, &sandbox, "");
    desk.write("job.yaml", format!("{NOTES_JOB}in_doubt: resend\n"));
    refused(&desk, "job-changed", "the job `notes` is not as it was");
    desk.write("job.yaml", NOTES_JOB.replace('\n', "\r\n"));
    let desk = desk.env("STRINGEEX_EMAIL", "somebody@example.com");
    refused(&desk, "target-changed", "the plan was made for the account");
    let desk = desk.env("STRINGEEX_EMAIL", EMAIL);
    carry_out(&desk).exits(0).counts("succeeded=3");
    assert_eq!(texts(&sandbox).len(), 3);

    let desk = self::desk(notes_csv(3, 3)).with_connector(|text| text);
    save(&desk, &sandbox, "");
    let path = desk.path("schemas/stringeex/connector.yaml");
    let connector = std::fs::read_to_string(&path).unwrap();
    desk.write("schemas/stringeex/connector.yaml", format!("{connector}\n# another\n"));
    // The folder of connectors is the plan's.
    let outcome = desk.start_plain("run import.nfplan --format json").outcome().exits(2);
    assert_eq!(problems(&outcome)[0].0, "job-changed", "{outcome}");
}

#[test]
fn a_plan_is_refused_where_another_run_has_sent_its_rows() {
    let (desk, sandbox) = (desk(notes_csv(6, 3)), sandbox(""));
    save(&desk, &sandbox, "");
    desk.run(&sandbox, "job.yaml --limit 2").exits(0);
    refused(
        &desk,
        "done-meanwhile",
        "2 rows are to be sent by the plan, and another run has sent or tried that since, or somebody has settled it: row 1 (line 2), row 2 (line 3)",
    );
    // What another job has done there is none of the plan's business.
    save(&desk, &sandbox, "");
    let other = NOTES_JOB
        .replace("job: notes", "job: others")
        .replace("{{ id }}", "o{{ id }}")
        .replace("{{ body }}", "Other {{ body }}");
    desk.write("other.yaml", other);
    desk.run(&sandbox, "other.yaml").exits(0);
    carry_out(&desk).exits(0).counts("already_done=2 succeeded=4");
    assert_eq!(texts(&sandbox).len(), 12);
    // A ledger that knows nothing of what was done is another one.
    save(&desk, &sandbox, "");
    std::fs::remove_dir_all(desk.path(".noteferry")).unwrap();
    refused(
        &desk,
        "decided-otherwise",
        "6 rows are not to be sent by the plan, and would be sent now",
    );
    assert_eq!(texts(&sandbox).len(), 12);
}

#[test]
fn a_run_of_a_plan_that_is_killed_is_resumed_by_the_same_command() {
    let (desk, sandbox) = (
        desk(notes_csv(40, 5)).sure_after("0s"),
        sandbox_with(Options { latency: std::time::Duration::from_millis(3), ..unhurried() }),
    );
    save(&desk, &sandbox, "--concurrency 2");
    let mut kills = 0;
    loop {
        let mut run = desk.start_plain("run import.nfplan --format json");
        for _ in 0..7 {
            run.line();
        }
        let outcome = run.kill();
        if !outcome.killed {
            break;
        }
        kills += 1;
        assert!(kills < 60, "{outcome}");
    }
    assert!(kills > 0);
    let last = desk.start_plain("run import.nfplan --format json").outcome().exits(0);
    last.counts("rows=40 already_done=40");
    let mut notes = texts(&sandbox);
    notes.sort();
    notes.dedup();
    assert_eq!((notes.len(), texts(&sandbox).len()), (40, 40));
}

#[test]
fn of_two_runs_of_one_plan_at_once_one_carries_it_out() {
    let (desk, sandbox) = (desk(notes_csv(60, 6)), sandbox(""));
    save(&desk, &sandbox, "");
    let both = [(); 2].map(|()| desk.start("run import.nfplan --format json"));
    let statuses = both.map(|run| run.outcome().status);
    assert!(statuses.iter().all(|status| [0, 5].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&0), "{statuses:?}");
    carry_out(&desk).exits(0).counts("already_done=60");
    assert_eq!(texts(&sandbox).len(), 60);
}

#[test]
fn a_plan_that_is_no_plan_is_refused_and_nothing_is_sent() {
    let (desk, sandbox) = (desk(notes_csv(3, 3)), sandbox(""));
    save(&desk, &sandbox, "");
    let whole = std::fs::read(desk.path("import.nfplan")).unwrap();
    let mut flipped = whole.clone();
    flipped[40] ^= 1;
    let newer = [b"noteferry plan 7\n", &whole[17..]].concat();
    for (file, code, says) in [
        (&whole[..whole.len() - 5], "damaged-plan", "not as it was written"),
        (&whole[..20], "damaged-plan", "ends before it is complete"),
        (&whole[..3], "damaged-plan", "ends before it is complete"),
        (&flipped, "damaged-plan", "not as it was written"),
        (&newer, "plan-version", "of version 7"),
        (b"id,ticket,body\n1,tk_1,a\n", "not-a-plan", "no saved plan"),
        (b"", "not-a-plan", "no saved plan"),
    ] {
        desk.write("import.nfplan", file);
        refused(&desk, code, says);
        let plan = desk.call("plan import.nfplan --format json").exits(2);
        assert_eq!(problems(&plan)[0].0, code, "{plan}");
        desk.call("plan import.nfplan --detailed-exitcode").exits(1);
    }
    std::fs::remove_file(desk.path("import.nfplan")).unwrap();
    refused(&desk, "unreadable-file", "cannot be read");
    // Whatever it is called, a plan is one.
    desk.write("approved.bin", &whole);
    desk.call("run approved.bin --format json").exits(0).counts("succeeded=3");
    assert_eq!(texts(&sandbox).len(), 3);
}

#[test]
fn a_plan_takes_the_place_of_nothing_but_a_plan() {
    let (desk, sandbox) = (desk(notes_csv(2, 2)), sandbox(""));
    let address = sandbox.base_url();
    for there in ["job.yaml", "notes.csv", "."] {
        let outcome = desk.call(&format!("plan job.yaml -o {there} --base-url {address}")).exits(2);
        assert!(outcome.stderr.contains("something else is there"), "{outcome}");
    }
    assert_eq!(std::fs::read_to_string(desk.path("job.yaml")).unwrap(), NOTES_JOB);
    desk.call(&format!("plan job.yaml -o missing/import.nfplan --base-url {address}")).exits(2);
    save(&desk, &sandbox, "");
    let first = std::fs::read(desk.path("import.nfplan")).unwrap();
    save(&desk, &sandbox, "--limit 1");
    assert_ne!(std::fs::read(desk.path("import.nfplan")).unwrap(), first);
    // Nothing lies about where a plan was not saved.
    desk.write("notes.csv", "id,ticket,body\n1,,a\n");
    let invalid =
        desk.call(&format!("plan job.yaml -o other.nfplan --base-url {address}")).exits(3);
    assert!(invalid.stderr.contains("The plan is not saved"), "{invalid}");
    let names: Vec<_> = desk.all_files().into_iter().map(|(path, _)| path).collect();
    assert!(!names.iter().any(|path| path.ends_with("other.nfplan")), "{names:?}");
    let is_left = |path: &std::path::PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("-tmp"))
    };
    assert!(!names.iter().any(is_left), "{names:?}");
}

#[test]
fn where_a_saved_plan_sends_and_by_what_connector_is_told_without_being_asked_for() {
    let (desk, sandbox) = (desk(notes_csv(2, 2)), sandbox(""));
    let desk = desk.with_connector(|text| text);
    save(&desk, &sandbox, "");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_noteferry"));
    command.current_dir(desk.path("")).args(["run", "import.nfplan"]).env_clear();
    command.env("STRINGEEX_EMAIL", EMAIL).env("STRINGEEX_PASSWORD", PASSWORD);
    let told = command.env("NOTEFERRY_STATE", desk.state()).output().unwrap();
    let told = String::from_utf8(told.stderr).unwrap();
    let address = sandbox.base_url();
    let target = format!("target: {address} as {EMAIL}, in place of the connector's own https://");
    for line in ["connector: stringeex (4 operations), from ", "schemas/stringeex", &target] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert_eq!(texts(&sandbox).len(), 2, "{told}");
}

#[test]
fn a_pilot_that_was_planned_stays_one() {
    let (desk, sandbox) = (desk(notes_csv(6, 3)), sandbox(""));
    save(&desk, &sandbox, "--limit 2");
    let run = desk.call("run import.nfplan").exits(0);
    assert!(run.stderr.contains("4 rows are beyond the limit of this pilot"), "{run}");
    assert!(run.stderr.contains("noteferry run job.yaml --rate"), "{run}");
    assert_eq!(texts(&sandbox).len(), 2);
    carry_out(&desk).exits(0).counts("already_done=2 not_started=4");
    assert_eq!(texts(&sandbox).len(), 2);
}

#[test]
fn a_plan_says_itself_what_is_sent() {
    let (desk, sandbox) = (desk(notes_csv(2, 2)), sandbox(""));
    save(&desk, &sandbox, "");
    for flag in
        ["--limit 1", "--base-url http://127.0.0.1:9", "--ledger x.db", "--sandbox", "--as-new"]
    {
        let outcome = desk.call(&format!("run import.nfplan {flag} --format json")).exits(2);
        assert_eq!(problems(&outcome)[0].0, "usage", "{outcome}");
    }
    let outcome = desk.call("plan import.nfplan -o other.nfplan").exits(2);
    assert!(outcome.stderr.contains("`--output` is not for a saved plan"), "{outcome}");
    let piped = desk.call_piped(&sandbox, "plan - --operation ticket_note.create -o x.nfplan", b"");
    assert!(piped.exits(2).stderr.contains("piped in"));
}

#[test]
fn a_plan_is_shown_again_as_long_as_it_holds() {
    let (desk, sandbox) = (desk(notes_csv(4, 2)), sandbox(""));
    let address = sandbox.base_url();
    let first = desk.call(&format!(
        "plan job.yaml -o import.nfplan --rate 1000/10ms --base-url {address} --format json"
    ));
    let again = desk.call("plan import.nfplan --format json").exits(0);
    assert_eq!(first.stdout, again.stdout);
    assert!(again.all("planned")[0]["plan"].as_str().is_some_and(|plan| plan.len() == 64));
    desk.write("notes.csv", notes_csv(5, 2));
    let outdated = desk.call("plan import.nfplan").exits(2);
    assert!(outdated.stderr.contains("[rows-changed]"), "{outdated}");
    assert!(
        outdated.stderr.contains("-o import.nfplan")
            || outdated.stderr.contains("--output import.nfplan"),
        "{outdated}"
    );
}

#[test]
fn other_verbs_are_told_the_job_of_a_plan() {
    let (desk, sandbox) = (desk(notes_csv(2, 2)), sandbox(""));
    save(&desk, &sandbox, "--limit 1");
    for verb in ["check", "status"] {
        let outcome = desk.call(&format!("{verb} import.nfplan")).exits(2);
        let hint = format!("name the job: noteferry {verb} job.yaml --base-url ");
        assert!(outcome.stderr.contains(&hint), "{outcome}");
    }
}

#[test]
fn a_plan_is_found_with_its_job_wherever_both_are() {
    let sandbox = sandbox("");
    let desk = Desk::new()
        .file("jobs/job.yaml", NOTES_JOB)
        .file("jobs/notes.csv", notes_csv(2, 2))
        .env("STRINGEEX_EMAIL", EMAIL)
        .env("STRINGEEX_PASSWORD", PASSWORD);
    let address = sandbox.base_url();
    desk.call(&format!("plan jobs/job.yaml -o jobs/a.nfplan --base-url {address} --ledger l.db"))
        .exits(0);
    std::fs::rename(desk.path("jobs"), desk.path("moved")).unwrap();
    desk.call("run moved/a.nfplan --format json").exits(0).counts("succeeded=2");
    // The ledger was not below the plan, and is where it was.
    assert!(desk.path("l.db").exists());
}

#[test]
fn a_rehearsal_can_be_planned() {
    let desk = Desk::with_notes(notes_csv(3, 3));
    desk.call("plan job.yaml --sandbox -o rehearsal.nfplan").exits(0);
    desk.call("run rehearsal.nfplan --format json").exits(0).counts("succeeded=3");
}

#[test]
fn the_page_of_a_saved_plan_names_the_command_that_carries_it_out() {
    let (desk, sandbox) = (desk(notes_csv(3, 3)), sandbox(""));
    let told = save(&desk, &sandbox, "--html page.html");
    let wanted = "noteferry run import.nfplan --approved-by NAME";
    assert!(told.stdout.ends_with(&format!("To do it: {wanted}\n")), "{told}");
    let page = std::fs::read_to_string(desk.path("page.html")).unwrap();
    assert!(page.contains(&format!("<code>{wanted}</code>")), "{page}");
    assert!(!page.contains("noteferry run job.yaml"), "{page}");
}
