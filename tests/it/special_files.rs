//! Special files where a run keeps its own, and files that cannot grow: an error that names the file, and no waiting.

use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::desk::{Desk, notes_csv, sandbox, texts};
use crate::stand::Stand;

const PATIENCE: Duration = Duration::from_secs(15);

/// A ledger that has been used, so that its lock is there.
fn used() -> (Desk, noteferry::sandbox::Sandbox) {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(3, 3)), sandbox(""));
    desk.run(&sandbox, "job.yaml --limit 1").exits(0);
    (desk, sandbox)
}

#[test]
fn what_is_no_file_beside_the_ledger_is_refused_at_once_by_name() {
    let (desk, sandbox) = used();
    let folder = desk.path(".noteferry");
    let lock = std::fs::read_dir(&folder).unwrap().find_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.ends_with(".lock").then_some(name)
    });
    let lock = lock.unwrap();
    let names = ["ledger.db-journal", "ledger.db-wal", "ledger.db-shm", &lock];
    let target = desk.path("target");
    std::fs::write(&target, "precious").unwrap();
    for name in names {
        for kind in ["pipe", "link", "folder"] {
            let place = folder.join(name);
            std::fs::remove_file(&place).ok();
            match kind {
                "pipe" => assert!(Command::new("mkfifo").arg(&place).status().unwrap().success()),
                "link" => symlink(&target, &place).unwrap(),
                _ => std::fs::create_dir(&place).unwrap(),
            }
            let began = Instant::now();
            let outcome = desk.run(&sandbox, "job.yaml");
            assert!(began.elapsed() < PATIENCE, "{name} {kind}");
            assert!(![0, 1, 6].contains(&outcome.status), "{name} {kind}: {outcome}");
            let told = format!("{}{}", outcome.stdout, outcome.stderr);
            let ending = &name[name.len() - 4..];
            assert!(told.contains(ending) || told.contains("lock"), "{name} {kind}: {outcome}");
            for look in ["status job.yaml", "ledger check job.yaml"] {
                desk.call(look);
                assert!(began.elapsed() < 3 * PATIENCE, "{look} {name} {kind}");
            }
            match kind {
                "folder" => std::fs::remove_dir(&place).unwrap(),
                _ => std::fs::remove_file(&place).unwrap(),
            }
        }
    }
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
    assert_eq!(texts(&sandbox).len(), 1);
    desk.run(&sandbox, "job.yaml").exits(0);
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_no_death() {
    for room in [0, 1, 16, 64] {
        let (desk, sandbox) = (Desk::with_notes(notes_csv(400, 40)), sandbox(""));
        let run = desk.start_run_within(room, &sandbox, "job.yaml --max-duration 5s");
        let outcome = run.outcome();
        assert!([2, 4, 5, 6].contains(&outcome.status), "{room}: {outcome}");
        let last = outcome.finished();
        let told = last["message"].as_str().unwrap_or_default().to_owned();
        assert!(!told.contains("failing disk"), "{room}: {outcome}");
        if last["reason"] == "ledger-failed" {
            assert!(told.contains("ulimit -f"), "{room}: {outcome}");
        }
        // Whatever was sent is known, or will be looked for.
        desk.run(&sandbox, "job.yaml").exits(0);
        let mut found = texts(&sandbox);
        found.sort_unstable();
        found.dedup();
        assert_eq!((found.len(), texts(&sandbox).len()), (400, 400), "{room}");
    }
}

#[test]
fn a_ledger_that_is_a_link_to_what_is_not_there_is_made_nowhere() {
    let (desk, sandbox) = (Desk::with_notes(notes_csv(1, 1)), sandbox(""));
    symlink(desk.path("elsewhere.db"), desk.path("ledger.db")).unwrap();
    for verb in ["run job.yaml --sandbox", "plan job.yaml --sandbox", "status", "ledger check"] {
        let told = desk.call(&format!("{verb} --ledger ledger.db")).exits(2);
        assert!(told.stderr.contains("a link to what is not there"), "{verb}: {told}");
        assert!(told.stderr.contains("bring back what the link leads to"), "{verb}: {told}");
    }
    assert!(!desk.path("elsewhere.db").exists());
    assert!(texts(&sandbox).is_empty());
    // One that leads to a ledger is followed.
    desk.run(&sandbox, "job.yaml --ledger elsewhere.db").exits(0);
    desk.run(&sandbox, "job.yaml --ledger ledger.db").exits(0).counts("rows=1 already_done=1");
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_leaves_no_image_of_its_memory() {
    use std::os::unix::fs::MetadataExt as _;
    let stand = Stand::open(|_| None);
    let desk = Desk::with_notes(notes_csv(1, 1)).env("STRINGEEX_TOKEN", "t");
    let run = desk.start(&format!("run job.yaml --base-url {}", stand.address()));
    stand.arrival();
    let limits = run.system_says("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let words: Vec<&str> = core.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{core}");
    // Of a process that must not be looked into the system owns the files.
    let folder = std::fs::metadata(format!("/proc/{}/environ", run.id())).unwrap();
    assert_eq!(folder.uid(), 0);
    run.kill();
}
