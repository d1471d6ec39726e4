//! Ledgers of earlier versions: read as they are, and brought up to date without loss.
//!
//! The files were written by those versions, in runs against a sandbox with faults, one of which was killed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::faulty_disk::{Disk, Trouble};
use crate::ledger::{
    CheckScope, FORMAT, Inspection, JobStatus, Ledger, LedgerError, Open as _, Reader as _, inspect,
};
use crate::row::{KeyHash, Known};

const FORMATS: [i64; 2] = [1, 2];

/// A ledger of a format, in a folder of its own.
fn ledger(format: i64) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledgers");
    std::fs::copy(kept.join(format!("format-{format}.db")), &path).unwrap();
    (folder, path)
}

/// A row in the words of its view: key, state, attempts, code, message, and what the other side calls it.
type Line = (String, String, i64, Option<String>, Option<String>, Option<String>);

/// What anyone can read of each row by its id, in any format.
fn lines(path: &Path) -> BTreeMap<i64, Line> {
    let raw = Connection::open(path).unwrap();
    let query = "SELECT id, job || ' ' || key || ' ' || row || ' ' || line || ' ' || operation || ' ' || lane, state, \
                 attempts, code, message, remote_id FROM row_states";
    let mut statement = raw.prepare(query).unwrap();
    let rows = statement.query_map([], |row| {
        let line = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?);
        Ok((row.get(0)?, line))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// What anyone can read of each attempt.
fn attempts(path: &Path) -> Vec<String> {
    let raw = Connection::open(path).unwrap();
    let query = "SELECT json_array(row, number, run, started_at, ended_at, outcome, status, code, message, remote_id) \
                 FROM attempts ORDER BY row, number";
    let mut statement = raw.prepare(query).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The keys of all rows.
fn keys(path: &Path) -> Vec<String> {
    let raw = Connection::open(path).unwrap();
    let mut statement = raw.prepare("SELECT DISTINCT key FROM rows ORDER BY key").unwrap();
    let keys = statement.query_map([], |row| row.get(0)).unwrap();
    keys.map(Result::unwrap).collect()
}

/// What the program knows of each row of each job, by its key, and what it says of the job.
fn known(ledger: &Ledger, keys: &[String]) -> (BTreeMap<String, Known>, Vec<JobStatus>) {
    let (mut rows, mut statuses) = (BTreeMap::new(), Vec::new());
    for (job, name) in ledger.jobs().unwrap() {
        let history = ledger.history(job).unwrap();
        for key in keys {
            for candidate in history.find(KeyHash::of(key)) {
                let known = ledger.known(candidate.row, key).unwrap().unwrap();
                assert_eq!(candidate.standing, known.earlier.state.standing());
                assert_eq!(candidate.digest, known.digest);
                rows.insert(format!("{} {key}", name.name), known);
            }
        }
        statuses.push(ledger.status(job, name, 5, 100).unwrap());
    }
    (rows, statuses)
}

fn inspected(path: &Path) -> Inspection {
    let scope = CheckScope { job: None, creates: &|_| true };
    let found = inspect(path, &scope).unwrap().unwrap();
    assert_eq!(found.findings.kept, [], "{}", path.display());
    found
}

#[test]
fn an_older_ledger_is_read_as_it_is_and_left_as_it_is() {
    for format in FORMATS {
        let (folder, path) = ledger(format);
        let before = std::fs::read(&path).unwrap();
        let reading = Ledger::open_to_read(&path).unwrap().unwrap();
        let (rows, statuses) = known(&reading, &keys(&path));
        assert_eq!((rows.len(), statuses.len()), (lines(&path).len(), 3), "format {format}");
        assert_eq!(inspected(&path).format, Some(format));
        drop(reading);
        assert!(std::fs::read(&path).unwrap() == before, "format {format} was changed");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn an_older_ledger_is_brought_up_to_date_without_loss() {
    for format in FORMATS {
        let (_folder, path) = ledger(format);
        let (lines, attempts) = (lines(&path), attempts(&path));
        assert!(attempts.len() > lines.len(), "the file has rows that were tried again");
        let before = known(&Ledger::open_to_read(&path).unwrap().unwrap(), &keys(&path));
        let inspected_before = inspected(&path);
        let ledger = Ledger::open(&path).unwrap();
        assert_eq!(known(&ledger, &keys(&path)), before, "format {format}");
        drop(ledger);
        assert_eq!(self::lines(&path), lines, "format {format}");
        assert_eq!(self::attempts(&path), attempts, "format {format}");
        let after = inspected(&path);
        let counts = |it: &Inspection| (it.jobs, it.runs, it.endless_runs, it.rows, it.attempts);
        assert_eq!((after.format, counts(&after)), (Some(FORMAT), counts(&inspected_before)));
        // What somebody else has put into the file is still there.
        assert_eq!(known(&Ledger::open(&path).unwrap(), &keys(&path)), before, "opened again");
    }
}

#[test]
fn what_somebody_has_added_to_an_older_ledger_goes_on() {
    for format in FORMATS {
        let (_folder, path) = ledger(format);
        let raw = Connection::open(&path).unwrap();
        raw.execute_batch(
            "CREATE VIEW done AS SELECT rows.key FROM rows JOIN attempts ON attempts.row = rows.id
             WHERE outcome = 'succeeded';
             CREATE TABLE mine (note TEXT); INSERT INTO mine VALUES ('keep')",
        )
        .unwrap();
        let count = |query: &str| -> i64 { raw.query_row(query, [], |row| row.get(0)).unwrap() };
        let done = count("SELECT count(*) FROM done");
        drop(Ledger::open(&path).unwrap());
        assert_eq!(
            (count("SELECT count(*) FROM done"), count("SELECT count(*) FROM mine")),
            (done, 1)
        );
    }
}

#[test]
fn rows_that_come_later_take_no_id_of_an_older_row() {
    let (_folder, path) = ledger(2);
    let last = *lines(&path).keys().last().unwrap();
    super::record(&path, "new", &[None]);
    let new = super::found(&path, "new").unwrap().id;
    assert!(new.0 > last, "{new} {last}");
}

#[test]
fn an_upgrade_that_is_interrupted_anywhere_leaves_one_format_or_the_other() {
    for (name, trouble) in [
        ("upgrade full", Trouble::Full),
        ("upgrade broken", Trouble::Broken),
        ("upgrade cut", Trouble::PowerCut { kept: 0 }),
        ("upgrade cut halfway", Trouble::PowerCut { kept: 2 }),
    ] {
        let disk = Disk::new(name);
        let mut older = 0;
        for at in 1.. {
            let (_folder, path) = ledger(1 + at as i64 % 2);
            let before = (lines(&path), attempts(&path));
            disk.fail(trouble, at, true);
            let opened = disk.ledger(&path).map(drop);
            let has_failed = disk.has_failed();
            disk.mend();
            older += usize::from(opened.is_err());
            assert!(!matches!(
                opened,
                Err(LedgerError::Newer { .. } | LedgerError::NotALedger { .. })
            ));
            // Whoever looks meanwhile sees all of it, and the next run brings it up to date.
            assert_eq!((lines(&path), attempts(&path)), before, "{name} at {at}");
            drop(Ledger::open(&path).unwrap());
            assert_eq!((lines(&path), attempts(&path)), before, "{name} at {at}, opened again");
            assert_eq!(inspected(&path).format, Some(FORMAT), "{name} at {at}");
            if !has_failed {
                break;
            }
        }
        assert!(older > 3, "{name}: {older}");
    }
}
