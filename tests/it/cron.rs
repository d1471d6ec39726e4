//! Runs that nobody watches: logs, files that say how a run ended, monitors, and a job that is held.

use std::time::Duration;

use noteferry::sandbox::{Options, Sandbox};
use serde_json::Value;

use crate::desk::{Desk, Started, notes_csv, sandbox, sandbox_with, texts, unhurried};
use crate::stand::Stand;

fn slow() -> Sandbox {
    sandbox_with(Options { latency: Duration::from_millis(15), ..unhurried() })
}

fn begun(desk: &Desk, sandbox: &Sandbox, flags: &str) -> Started {
    let mut run = desk.start_run(sandbox, &format!("job.yaml --concurrency 1 {flags}"));
    run.line().unwrap();
    run.line().unwrap();
    run
}

fn text(desk: &Desk, name: &str) -> String {
    std::fs::read_to_string(desk.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn summary(desk: &Desk) -> Value {
    serde_json::from_str(&text(desk, "summary.json")).unwrap()
}

#[test]
fn a_log_has_a_time_in_each_line_and_all_that_the_quiet_do_not_hear() {
    let rows = "id,ticket,body\n1,tk_1,a\n2,tk_2,b\n";
    let (desk, sandbox) = (Desk::with_notes(rows), self::sandbox(""));
    let quiet = "run job.yaml -q --log-file run.log";
    let told = desk.call_at(&sandbox, quiet).exits(0);
    assert_eq!((&*told.stdout, &*told.stderr), ("", ""));
    desk.write("notes.csv", format!("{rows}3,tk_missing1,c\n"));
    let told = desk.call_at(&sandbox, quiet).exits(1);
    assert!(told.stderr.starts_with("noteferry"), "{told}");
    let log = text(&desk, "run.log");
    for line in log.lines() {
        let (time, _) = line.split_once(' ').unwrap_or((line, ""));
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{line}");
    }
    for words in
        ["notes: finished in", "(run 1)", "(run 2)", "1 failed", "row 3 (line 4", "succeeded"]
    {
        assert!(log.contains(words), "{words} in {log}");
    }
    let broken = desk.call("run nowhere.yaml -q --log-file run.log").exits(2);
    let last = text(&desk, "run.log");
    assert!(last.len() > log.len() && last.contains("nowhere.yaml"), "{broken}{last}");
}

#[test]
fn what_is_so_every_night_is_for_the_log_and_not_for_the_mail() {
    let rows = "ticket_id,note,is_internal_note,remark\ntk_1,a,1,x\ntk_2,b,1,y\n";
    let (desk, sandbox) = (Desk::new().file("notes.csv", rows), self::sandbox(""));
    let run = "run notes.csv --operation ticket_note.create";
    for _ in 0..2 {
        let told = desk.call_at(&sandbox, &format!("{run} -q --log-file run.log")).exits(0);
        assert_eq!((&*told.stdout, &*told.stderr), ("", ""), "{told}");
    }
    assert_eq!(text(&desk, "run.log").matches("unused-column").count(), 2);
    let told = desk.call_at(&sandbox, run).exits(0);
    assert!(told.stderr.contains("unused-column"), "{told}");
    let told = desk.call_at(&sandbox, &format!("{run} -q --format json")).exits(0);
    assert!(told.stdout.contains("unused-column"), "programs choose themselves: {told}");
}

#[test]
fn a_summary_says_why_rows_did_not_succeed_and_quotes_none() {
    let rows = "id,ticket,body\nkey-1,tk_1,Secret 1\nkey-2,tk_missing1,Secret 2\nkey-3,tk_missing2,Secret 3\n";
    let (desk, sandbox) = (Desk::with_notes(rows), self::sandbox(""));
    desk.run(&sandbox, "job.yaml --summary-file summary.json").exits(1);
    let told = summary(&desk);
    let causes = told["causes"].as_array().unwrap();
    assert_eq!((causes.len(), &told["other_causes"]), (1, &Value::from(0)), "{told}");
    let cause = &causes[0];
    assert_eq!((&cause["state"], &cause["rows"]), (&"failed".into(), &Value::from(2)), "{told}");
    assert!(cause["code"].is_string() && cause["first_row"].is_u64(), "{told}");
    assert!(!told.to_string().contains("Secret") && !told.to_string().contains("key-"), "{told}");
    desk.write("notes.csv", "id,ticket,body\nkey-1,tk_1,Secret 1\n");
    desk.run(&sandbox, "job.yaml --summary-file summary.json").exits(0);
    assert_eq!(summary(&desk)["causes"], Value::Array(Vec::new()));
}

#[test]
fn a_log_of_events_has_the_events_of_the_run() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 3)), self::sandbox(""));
    let told = desk.run(&sandbox, "job.yaml --log-file run.log").exits(0);
    let log = text(&desk, "run.log");
    let kinds = |text: &str| -> Vec<String> {
        let event = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        text.lines().map(|line| event(line)["event"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&log), kinds(&told.stdout));
    let first: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    for field in ["job", "target", "version", "run", "at"] {
        assert!(!first[field].is_null(), "{field} in {first}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_on_a_full_disk_loses_no_row_and_is_told() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(20, 3)), self::sandbox(""));
    let told = desk.run(&sandbox, "job.yaml --log-file /dev/full");
    assert_eq!((told.status, texts(&sandbox).len()), (4, 20), "{told}");
    assert!(told.stderr.contains("the log file could not be written to its end"), "{told}");
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=20 already_done=20");
}

#[test]
fn a_summary_says_how_it_ended_whatever_the_end() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 3)), self::sandbox(""));
    let files = "--summary-file summary.json --metrics-file notes.prom";
    desk.run(&sandbox, &format!("job.yaml {files}")).exits(0);
    let told = summary(&desk);
    assert_eq!((&told["event"], &told["exit"]), (&"finished".into(), &0.into()), "{told}");
    assert_eq!(
        (&told["job"], &told["run"], &told["succeeded"]),
        (&"notes".into(), &1.into(), &3.into())
    );
    for field in ["at", "started_at"] {
        assert!(told[field].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{told}");
    }
    let metrics = text(&desk, "notes.prom");
    assert!(
        metrics.ends_with("# EOF\n") && metrics.contains("state=\"succeeded\"} 3\n"),
        "{metrics}"
    );

    desk.write("notes.csv", "id,ticket,body\n1,,a\n");
    desk.run(&sandbox, &format!("job.yaml {files}")).exits(3);
    assert_eq!(
        (&summary(&desk)["exit"], &summary(&desk)["reason"]),
        (&3.into(), &"invalid".into())
    );
    desk.call(&format!("run nowhere.yaml {files}")).exits(2);
    let told = summary(&desk);
    assert_eq!((&told["exit"], &told["job"]), (&2.into(), &"nowhere.yaml".into()), "{told}");
    let metrics = text(&desk, "notes.prom");
    assert!(
        metrics.contains("noteferry_run_exit_code{job=\"nowhere.yaml\",target=\"\"} 2\n"),
        "{metrics}"
    );
}

#[cfg(unix)]
#[test]
fn a_run_that_is_terminated_leaves_its_summary_and_one_that_is_killed_no_other_run_s() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(200, 7)), slow());
    let files = "--summary-file summary.json --metrics-file notes.prom";
    let run = begun(&desk, &sandbox, files);
    assert_eq!(summary(&desk)["event"], "started");
    run.signal("TERM");
    run.outcome().exits(143);
    let told = summary(&desk);
    assert_eq!((&told["exit"], &told["reason"]), (&143.into(), &"interrupted".into()), "{told}");
    assert!(text(&desk, "notes.prom").contains("reason=\"interrupted\""));
    begun(&desk, &sandbox, files).kill();
    let told = summary(&desk);
    assert_eq!((&told["event"], &told["exit"]), (&"started".into(), &Value::Null), "{told}");
    desk.run(&sandbox, &format!("job.yaml {files}"));
    assert_eq!(summary(&desk)["event"], "finished");
}

#[test]
fn a_summary_that_cannot_be_written_changes_no_row() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(60, 7)), slow());
    let nowhere = desk.run(&sandbox, "job.yaml --summary-file nowhere/summary.json").exits(2);
    assert!(nowhere.stdout.contains("there is no such folder"), "{nowhere}");
    assert_eq!(texts(&sandbox).len(), 0);
    std::fs::create_dir(desk.path("told")).unwrap();
    let monitor = Stand::open(|_| Some((200, "OK".into())));
    let ping = format!("--ping {}/x", monitor.address());
    let run = begun(&desk, &sandbox, &format!("--summary-file told/summary.json {ping}"));
    std::fs::remove_dir_all(desk.path("told")).unwrap();
    let told = run.outcome();
    // The monitor hears what the exit code says.
    assert_eq!(heard(&monitor), ["/x/start", "/x/fail"]);
    assert_eq!((told.status, texts(&sandbox).len()), (4, 60), "{told}");
    assert!(told.stderr.contains("the summary file could not be written"), "{told}");
}

#[test]
fn a_job_that_is_held_is_waited_for_or_passed_over_or_a_failure() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(200, 7)), slow());
    let run = begun(&desk, &sandbox, "--summary-file summary.json --metrics-file notes.prom");
    let failed = desk.run(&sandbox, "job.yaml --if-locked fail").exits(5);
    assert_eq!(failed.finished()["reason"], "locked");
    let before = text(&desk, "summary.json");
    let files = "--summary-file summary.json --metrics-file notes.prom";
    let skipped = desk.run(&sandbox, &format!("job.yaml --if-locked skip {files}")).exits(0);
    assert_eq!(skipped.finished()["reason"], "locked");
    // They are the working run's.
    assert_eq!(
        (text(&desk, "summary.json"), &summary(&desk)["event"]),
        (before, &"started".into())
    );
    assert!(!desk.path("notes.prom").exists());
    let words = desk.call_at(&sandbox, "run job.yaml --if-locked skip").exits(0);
    assert!(
        words.stderr.contains("note: this run was skipped: another run of this job"),
        "{words}"
    );
    assert_eq!(desk.call_at(&sandbox, "run job.yaml --if-locked skip -q").exits(0).stderr, "");
    let short = desk.run(&sandbox, "job.yaml --if-locked wait --max-duration 1s").exits(4);
    assert_eq!(short.finished()["reason"], "max-duration");
    let waiting = desk.run(&sandbox, "job.yaml --if-locked wait").exits(0);
    waiting.counts("rows=200 already_done=200");
    assert!(waiting.all("note")[0]["message"].as_str().unwrap().contains("waiting for its end"));
    run.outcome().exits(0);
}

#[cfg(unix)]
#[test]
fn whoever_waits_can_be_told_to_stop() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(200, 7)), slow());
    let run = begun(&desk, &sandbox, "");
    let mut waiting =
        desk.start_run(&sandbox, "job.yaml --if-locked wait --summary-file summary.json");
    waiting.line().unwrap();
    waiting.signal("TERM");
    assert_eq!(waiting.outcome().status, 143);
    assert_eq!(
        (&summary(&desk)["exit"], &summary(&desk)["reason"]),
        (&143.into(), &"interrupted".into())
    );
    run.outcome().exits(0).counts("rows=200 succeeded=200");
}

/// The paths that a monitor was asked for.
fn heard(monitor: &Stand) -> Vec<String> {
    monitor.seen().into_iter().map(|seen| seen.path).collect()
}

#[test]
fn a_monitor_hears_of_start_and_end_and_its_address_stays_secret() {
    const SECRET: &str = "0f0e-canary-7d11";
    let monitor = Stand::open(|_| Some((200, "OK".into())));
    let rows = "id,ticket,body\n1,tk_1,a\n2,tk_2,b\n";
    let address = format!("{}/{SECRET}", monitor.address());
    let (desk, sandbox) = (Desk::with_notes(rows), self::sandbox(""));
    let files = "--log-file run.log --summary-file summary.json --metrics-file notes.prom";
    let first = desk.run(&sandbox, &format!("job.yaml -v {files} --ping {address}")).exits(0);
    assert_eq!(heard(&monitor), [format!("/{SECRET}/start"), format!("/{SECRET}")]);
    desk.write("notes.csv", format!("{rows}3,tk_missing1,c\n"));
    let second =
        desk.call_at(&sandbox, &format!("run job.yaml -q {files} --ping {address}")).exits(1);
    let by_variable = desk.env("NOTEFERRY_PING", &address);
    let third = by_variable.call("run nowhere.yaml").exits(2);
    let fails = |path: &String| path.ends_with("/fail");
    assert_eq!(
        heard(&monitor).iter().filter(|path| fails(path)).count(),
        2,
        "{:?}",
        heard(&monitor)
    );
    assert_eq!(heard(&monitor).len(), 5);
    for told in [first, second, third] {
        assert!(!told.to_string().contains(SECRET), "{told}");
    }
    for (path, content) in by_variable.all_files() {
        let content = String::from_utf8_lossy(&content);
        assert!(!content.contains(SECRET), "{}", path.display());
    }
}

#[test]
fn a_monitor_that_is_of_no_use_is_a_note_and_no_more() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(5, 3)), self::sandbox(""));
    let refusing = Stand::open(|_| Some((404, "no such check".into())));
    let gone = "http://127.0.0.1:1/secret-7d11".to_owned();
    for (address, why) in [
        (format!("{}/secret-7d11", refusing.address()), "it answered with HTTP status 404"),
        (gone, "it cannot be reached"),
        ("hc.example.com/secret-7d11".into(), "it is no URL"),
        ("ftp://hc.example.com/secret-7d11".into(), "neither https:// nor http://"),
    ] {
        let told = desk.run(&sandbox, &format!("job.yaml --ping {address}")).exits(0);
        assert!(told.stderr.contains("note: ") && told.stderr.contains(why), "{told}");
        assert!(!told.to_string().contains("secret-7d11"), "{told}");
    }
    // One that never answers holds nothing up but the end, and that not for long.
    let silent = Stand::open(|_| None);
    let began = std::time::Instant::now();
    let told = desk.run(&sandbox, &format!("job.yaml --ping {}/x", silent.address())).exits(0);
    assert!(told.stderr.contains("there was no answer within 5 s"), "{told}");
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
}

#[test]
fn places_that_are_refused_are_told_to_the_monitor_and_a_rehearsal_tells_only_whom_it_is_told_to() {
    let monitor = Stand::open(|_| Some((200, "OK".into())));
    let address = format!("{}/x", monitor.address());
    let desk = Desk::with_notes(notes_csv(3, 3)).env("NOTEFERRY_PING", &address);
    desk.call("run job.yaml --sandbox").exits(0);
    assert_eq!(heard(&monitor), [""; 0]);
    desk.call(&format!("run job.yaml --sandbox --ping {address}")).exits(0);
    assert_eq!(heard(&monitor), ["/x/start", "/x"]);
    desk.call("run job.yaml --summary-file nowhere/summary.json --metrics-file a.prom").exits(2);
    assert_eq!(heard(&monitor)[2..], ["/x/fail"]);
    assert!(
        text(&desk, "a.prom").contains("noteferry_run_exit_code{job=\"job.yaml\",target=\"\"} 2\n")
    );
}

/// What a command lives on is not written over, whatever the command is.
#[cfg(unix)]
#[test]
fn no_file_takes_the_place_of_what_the_job_lives_on() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 3)), self::sandbox(""));
    desk.run(&sandbox, "job.yaml --limit 1").exits(0);
    desk.write("empty.csv", "");
    desk.write("mine.txt", "mine");
    std::os::unix::fs::symlink(desk.path("mine.txt"), desk.path("link")).unwrap();
    let names = ["job.yaml", "notes.csv", ".noteferry/ledger.db", "mine.txt"];
    let kept = || names.map(|name| std::fs::read(desk.path(name)).unwrap());
    let before = kept();
    for flags in [
        "--summary-file job.yaml",
        "--summary-file notes.csv",
        "--summary-file .noteferry/ledger.db",
        "--summary-file .noteferry/ledger.db-wal",
        "--metrics-file .noteferry/../notes.csv",
        "--metrics-file mine.txt",
        "--summary-file link",
        "--summary-file /dev/null",
        "--summary-file one --metrics-file one",
        "--summary-file one --log-file one",
        "--log-file job.yaml",
        "--log-file notes.csv",
        "--log-file .noteferry/ledger.db",
    ] {
        let told = desk.run(&sandbox, &format!("job.yaml {flags}")).exits(2);
        assert!(told.stdout.contains("the file cannot be written here"), "{flags}: {told}");
        assert!(kept() == before, "{flags}");
    }
    for command in [
        "done job.yaml -o notes.csv --force",
        "done job.yaml -o job.yaml --as csv --force",
        "ledger export job.yaml -o notes.csv",
        "ledger export -o job.yaml --format csv",
        "ledger export -o .noteferry/ledger.db-wal --format csv",
        "ledger export -o requests.txt",
        "export job.yaml -o notes.csv --replace",
    ] {
        desk.call_at(&sandbox, command).exits(2);
        assert!(kept() == before, "{command}");
    }
    assert_eq!(texts(&sandbox).len(), 1);
    // What has nothing in it, and what an earlier run has written, is replaced.
    desk.run(&sandbox, "job.yaml --limit 1 --summary-file empty.csv").exits(0);
    desk.run(&sandbox, "job.yaml --limit 1 --summary-file empty.csv").exits(0);
}

#[cfg(unix)]
#[test]
fn a_run_that_was_stopped_before_it_began_does_not_begin_while_that_is_told() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(200, 7)), slow());
    let silent = Stand::open(|_| None);
    let run = begun(&desk, &sandbox, "");
    let flags = "--if-locked wait --summary-file summary.json";
    let mut waiting =
        desk.start_run(&sandbox, &format!("job.yaml {flags} --ping {}/x", silent.address()));
    waiting.line().unwrap();
    waiting.signal("TERM");
    assert_eq!(silent.arrival().path, "/x/fail");
    run.signal("TERM");
    run.outcome().exits(143);
    let sent = texts(&sandbox).len();
    assert_eq!(waiting.outcome().status, 143);
    assert_eq!((texts(&sandbox).len(), &summary(&desk)["exit"]), (sent, &143.into()));
    desk.run(&sandbox, "job.yaml --concurrency 32").exits(0);
    assert_eq!(texts(&sandbox).len(), 200);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_wait_for_a_monitor() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(2, 2)), self::sandbox(""));
    let silent = Stand::open(|_| None);
    let mut run = desk.start_run(&sandbox, &format!("job.yaml --ping {}/x", silent.address()));
    while !run.line().unwrap().contains("finished") {}
    let began = std::time::Instant::now();
    run.signal_until_it_ends("TERM");
    let told = run.outcome().exits(0);
    assert!(told.stderr.contains("was not waited for"), "{told}");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

/// A job of the same name, which holds it for as long as its rows take.
fn holder(desk: &Desk, sandbox: &Sandbox) -> Started {
    let job = std::fs::read_to_string(desk.path("job.yaml")).unwrap();
    desk.write("holder.yaml", job.replace("notes.csv", "held.csv"));
    let rows = notes_csv(2000, 40);
    desk.write("held.csv", format!("{}\n", rows.trim_end().replace('\n', "\nheld-")));
    let mut run = desk.start_run(sandbox, "holder.yaml --concurrency 1");
    run.line().unwrap();
    run.line().unwrap();
    run
}

#[cfg(unix)]
#[test]
fn after_a_wait_the_source_and_the_time_are_those_of_then() {
    let (desk, sandbox) = (Desk::with_notes("id,ticket,body\n1,tk_1,old\n"), slow());
    let run = holder(&desk, &sandbox);
    let mut waiting = desk.start_run(&sandbox, "job.yaml --if-locked wait");
    waiting.line().unwrap();
    desk.write("notes.csv", "id,ticket,body\n1,tk_1,new\n2,tk_2,more\n");
    run.signal("TERM");
    run.outcome().exits(143);
    waiting.outcome().exits(0).counts("rows=2 succeeded=2");
    let sent = texts(&sandbox);
    assert!(sent.iter().any(|text| text == "new") && !sent.iter().any(|text| text == "old"));
}

const REMINDER: &str = r#"job: notes
operation: ticket_note.create
source: { csv: notes.csv }
map:
  ticket_id: tk_1
  note: x
  is_internal_note: true
  task_type: "{{ 1 }}"
  task_reminder_time: "{{ remind }}"
  task_due_date: "{{ remind }}"
key: "{{ id }}"
"#;

#[cfg(unix)]
#[test]
fn a_reminder_that_passes_while_a_run_waits_is_past() {
    let sandbox = slow();
    let soon = jiff::Timestamp::now().as_millisecond() + 10_000;
    let desk = Desk::with_notes(notes_csv(1, 1));
    let run = holder(&desk, &sandbox);
    desk.write("job.yaml", REMINDER);
    desk.write("notes.csv", format!("id,remind\n1,{soon}\n"));
    desk.call_at(&sandbox, "check job.yaml").exits(0);
    let mut waiting = desk.start_run(&sandbox, "job.yaml --if-locked wait");
    waiting.line().unwrap();
    while jiff::Timestamp::now().as_millisecond() <= soon {
        std::thread::sleep(Duration::from_millis(50));
    }
    run.signal("TERM");
    run.outcome();
    let told = waiting.outcome().exits(3);
    assert!(told.to_string().contains("past-time"), "{told}");
}
