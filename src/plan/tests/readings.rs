//! Both readings of a source beside an oracle: one row after the other, with everything looked up, and nothing clever.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;

use crate::declared::job::{self, Given, InDoubt, Job, OnMissing};
use crate::ledger::{Books as _, History, JobLock, JobName, Ledger, Open as _, Reader as _};
use crate::plan::look::Look;
use crate::plan::{
    Deletes, Fate, Held, Missing, MissingRow, Policy, Prior, ReadingFailure, Readings, Sending,
    Step, Steps, Survey, still_missing, survey,
};
use crate::prepare::{Findings, Preparer, RowKey};
use crate::row::{AttemptEnd, AttemptStart, Digest, Outcome};
use crate::source::{Read, Record};
use crate::text::code::Code;

const NOW: i64 = 1_800_000_000_000;
const ALL: fn(Fate) -> bool = |_| true;

/// A folder with a job, its rows, and a ledger.
struct World {
    folder: tempfile::TempDir,
    job: Job,
    preparer: Preparer,
}

/// A source as a test wants it.
struct Rows {
    keyed: bool,
    csv: String,
}

impl World {
    fn new(rows: &Rows) -> Self {
        Self::with_job(rows, "")
    }

    fn with_job(rows: &Rows, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = if rows.keyed { "key: \"{{ id }}\"\n" } else { "" };
        let job = format!(
            "job: notes\noperation: ticket_note.create\nsource: {{ csv: notes.csv }}\n\
             map: {{ ticket_id: \"{{{{ ticket }}}}\", note: \"{{{{ body }}}}\", is_internal_note: true }}\n{key}{more}"
        );
        std::fs::write(folder.path().join("job.yaml"), job).unwrap();
        std::fs::write(folder.path().join("notes.csv"), &rows.csv).unwrap();
        let job = job::load(&folder.path().join("job.yaml"), &Given::default(), &[]).unwrap();
        let preparer = Preparer::compile(&job, &mut job.rows.open().unwrap()).unwrap().0;
        Self { folder, job, preparer }
    }

    fn write(&self, csv: &str) {
        std::fs::write(self.folder.path().join("notes.csv"), csv).unwrap();
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("ledger.db")
    }

    fn with<T>(&self, act: impl FnOnce(Readings<'_>) -> T) -> T {
        let open = || self.preparer.reopen(&self.job);
        act(Readings { job: &self.job, preparer: &self.preparer, open: &open, now: NOW })
    }

    fn survey(&self, past: &Past, policy: Policy) -> Survey {
        self.with(|readings| {
            let source = (readings.open)().unwrap();
            survey(readings, source, Some(past.prior()), policy, None, &mut drop).unwrap()
        })
    }

    /// The steps of all rows that are wanted.
    fn steps(
        &self,
        past: &Past,
        policy: Policy,
        found: &Survey,
        wants: fn(Fate) -> bool,
    ) -> Result<Vec<Step>, ReadingFailure> {
        self.with(|readings| {
            let prior = Some(past.prior());
            let mut steps = Steps::open(readings, prior, policy, &found.fates, "run 1/".into())?;
            let mut all = Vec::new();
            while let Some(step) = steps.next(wants)? {
                all.push(step);
            }
            Ok(all)
        })
    }
}

struct Past {
    ledger: Ledger,
    history: History,
}

impl Past {
    fn of(path: &Path) -> Self {
        let ledger = Ledger::open(path).unwrap();
        let job = ledger.find_job(&name()).unwrap();
        let history = job.map_or_else(History::default, |job| ledger.history(job).unwrap());
        Self { ledger, history }
    }

    fn prior(&self) -> Prior<'_> {
        Prior { history: &self.history, ledger: &self.ledger }
    }
}

fn name() -> JobName {
    let base_url = "https://api.example.com/v1".to_owned();
    JobName { name: "notes".into(), base_url, account: String::new() }
}

/// Sends these rows, as far as the ledger hears of it: an outcome each, or none where the run died.
fn record(path: &Path, steps: &[(&Step, Digest, Option<Outcome>)]) {
    let ledger = Ledger::open(path).unwrap();
    let lock = JobLock::take(path, &name(), 1, "now").unwrap();
    let job = ledger.enter_job(&lock, 1).unwrap();
    let run = ledger.begin_run(&lock, ledger.last_owner(job).unwrap(), "", 2).unwrap();
    let recorder = ledger.record(run, lock, Duration::ZERO, |_| {});
    for (slot, (step, digest, outcome)) in steps.iter().enumerate() {
        let ready = step.ready.as_ref().unwrap();
        recorder.begin(
            slot,
            AttemptStart {
                known: None,
                key: step.key.as_str().into(),
                place: step.place.clone(),
                operation: ready.operation.name.clone(),
                lane: ready.lane.clone(),
                digest: *digest,
                number: 1,
                turn: 1,
                repeats: false,
                at: 5,
                remote_at: None,
                print: None,
                snapshot: None,
            },
        );
        if let Some(outcome) = *outcome {
            let remote_id = (outcome == Outcome::Succeeded).then(|| format!("tn_{slot}"));
            let end = AttemptEnd { outcome, known: None, number: 1, cause: None, remote_id, at: 6 };
            recorder.end(slot, end);
        }
    }
    assert!(recorder.finish().is_some());
}

/// What becomes of each row, by the plainest way there is; and its key, where it has one of its own.
fn oracle(world: &World, past: &Past, policy: Policy) -> Vec<(Fate, Option<String>)> {
    let mut source = world.preparer.reopen(&world.job).unwrap();
    let (mut record, mut findings) = (Record::default(), Findings::default());
    let mut counts: HashMap<String, u64> = HashMap::new();
    let (mut held, mut sought) = (HashSet::<String>::new(), HashSet::<String>::new());
    let (mut sent, mut all) = (0, Vec::new());
    loop {
        match source.next(&mut record) {
            Read::End => return all,
            Read::Problem(_) => {
                all.push((Fate::Reject, None));
                continue;
            }
            Read::Row => {}
        }
        let prepared = world.preparer.prepare(&record, NOW, &mut findings);
        let operation = prepared.operation().cloned();
        let key = prepared.key().clone();
        let ready = prepared.ready();
        let digest = ready.as_ref().map(|ready| ready.digest);
        let base = match key {
            RowKey::Written(key) => Some(key),
            RowKey::Content => digest.map(|digest| digest.to_string()),
            RowKey::Missing => None,
        };
        let nth = base.as_ref().map_or(0, |base| {
            *counts.entry(base.clone()).and_modify(|count| *count += 1).or_insert(1)
        });
        let key = match (base, nth) {
            (Some(base), 1) => base,
            (Some(base), nth) if !world.preparer.has_key() => format!("{base}#{nth}"),
            _ => {
                all.push((Fate::Reject, None));
                continue;
            }
        };
        let known = past.prior().known(&key).unwrap().map(|(known, _)| known);
        let look = Look {
            connector: &world.job.connector,
            operation: operation.as_deref(),
            ready: ready.as_ref(),
            known: known.as_ref(),
            returned: false,
        };
        let lane = ready.as_ref().map(|ready| ready.lane.clone());
        let waits = lane.as_ref().is_some_and(|lane| held.contains(lane));
        let mut fate = match look.fate(&policy) {
            Fate::Send(Sending::Fresh) if waits => Fate::Hold(Held::Behind),
            Fate::Send(_) if waits => Fate::Hold(Held::InDoubt),
            Fate::Send(Sending::Fresh)
                if lane.as_ref().is_some_and(|lane| sought.contains(lane)) =>
            {
                Fate::Send(Sending::IfSettled)
            }
            fate => fate,
        };
        if fate == Fate::Send(Sending::Settle) {
            sought.extend(lane.clone());
        }
        if fate == Fate::Hold(Held::InDoubt) {
            held.extend(lane.into_iter().chain(known.as_ref().map(|known| known.lane.clone())));
        }
        if let Fate::Send(sending) = fate {
            sent += 1;
            fate = if sent > policy.limit { Fate::Later(sending) } else { fate };
        }
        all.push((fate, Some(key)));
    }
}

/// Some rows share contents, some share keys, some are invalid, some cannot be read.
fn rows(random: &mut Rng, keyed: bool) -> Rows {
    let mut csv = "id,ticket,body\n".to_owned();
    for row in 0..random.usize(1..600) {
        let id = if random.u8(..40) == 0 { row / 2 } else { row };
        csv.push_str(&match random.u8(..30) {
            0 => format!("k{id},,no ticket\n"),
            1 => format!("k{id},tk_1,one cell,too many\n"),
            2 => format!(",tk_1,no key {row}\n"),
            _ => format!("k{id},tk_{},note {}\n", random.u8(..40), random.u16(..300)),
        });
    }
    Rows { keyed, csv }
}

fn policy(random: &mut Rng) -> Policy {
    Policy {
        in_doubt: random.choice([InDoubt::Verify, InDoubt::Hold, InDoubt::Resend]).unwrap(),
        retry_failed: random.bool(),
        limit: if random.bool() { u64::MAX } else { random.u64(..200) },
        ..Policy::plain(InDoubt::Verify)
    }
}

const UNLIMITED: Policy = Policy::plain(InDoubt::Verify);

#[test]
fn both_readings_agree_with_the_oracle_whatever_the_ledger_knows() {
    for seed in 1..=10 {
        let mut random = Rng::with_seed(seed);
        let keyed = random.bool();
        let world = World::new(&rows(&mut random, keyed));
        for _ in 0..3 {
            let policy = policy(&mut random);
            let past = Past::of(&world.path());
            let found = world.survey(&past, policy);
            let steps = world.steps(&past, policy, &found, ALL).unwrap();
            let expected = oracle(&world, &past, policy);
            let of_step =
                |step: &Step| (step.fate, Some(step.key.clone()).filter(|key| !key.is_empty()));
            let stepped: Vec<_> = steps.iter().map(of_step).collect();
            assert_eq!(stepped, expected, "seed {seed}");
            for (row, (fate, _)) in (1..).zip(&expected) {
                assert_eq!(found.fates.of(row), Some(*fate), "seed {seed}, row {row}");
            }
            assert_eq!(found.fates.rows(), expected.len() as u64);
            assert_eq!(found.checked.rows, expected.len() as u64);
            drop(past);
            send_some(&world, &mut random, &steps);
        }
    }
}

/// Some of the rows that are new are sent, with any outcome, and some of them with another content than now.
fn send_some(world: &World, random: &mut Rng, steps: &[Step]) {
    let is_new =
        |step: &&Step| step.known.is_none() && step.ready.is_some() && !step.key.is_empty();
    let mut sent = Vec::new();
    for step in steps.iter().filter(is_new) {
        let digest = match random.u8(..10) {
            0 => Digest([random.u8(..); 16]),
            _ => step.ready.as_ref().unwrap().digest,
        };
        let outcome = match random.u8(..12) {
            0 => None,
            1 => Some(Outcome::Lost),
            2 => Some(Outcome::Refused),
            3 => Some(Outcome::Deferred),
            4..8 => Some(Outcome::Succeeded),
            _ => continue,
        };
        sent.push((step, digest, outcome));
    }
    record(&world.path(), &sent);
}

/// Has sent all rows but one, and surveys them again.
fn all_done_but_one(world: &World, left: u64) -> (Past, Survey) {
    let past = Past::of(&world.path());
    let found = world.survey(&past, UNLIMITED);
    let steps = world.steps(&past, UNLIMITED, &found, ALL).unwrap();
    drop(past);
    let done = |step: &Step| {
        let digest = step.ready.as_ref().unwrap().digest;
        (step.place.row != left).then_some(digest)
    };
    let sent: Vec<_> = steps
        .iter()
        .filter_map(|step| Some((step, done(step)?, Some(Outcome::Succeeded))))
        .collect();
    record(&world.path(), &sent);
    let past = Past::of(&world.path());
    let found = world.survey(&past, UNLIMITED);
    assert_eq!((found.fates.tally().to_send(), found.fates.of(left)), (1, Some(FRESH)));
    (past, found)
}

#[test]
fn only_what_is_wanted_is_prepared_and_nothing_after_the_last() {
    let csv: String = (1..=1_000).map(|row| format!("k{row},tk_{row},note {row}\n")).collect();
    let rows = Rows { keyed: true, csv: format!("id,ticket,body\n{csv}") };
    let world = World::new(&rows);
    let (past, found) = all_done_but_one(&world, 700);
    let steps = world.steps(&past, UNLIMITED, &found, is_sent).unwrap();
    assert_eq!(steps.iter().map(|step| step.place.row).collect::<Vec<_>>(), [700]);
}

const FRESH: Fate = Fate::Send(Sending::Fresh);

fn is_sent(fate: Fate) -> bool {
    matches!(fate, Fate::Send(_))
}

/// The code of what is wrong with the source.
fn noticed(failure: ReadingFailure) -> Code {
    match failure {
        ReadingFailure::Source(problems) => problems[0].code,
        ReadingFailure::Changed(_) => Code::SourceChanged,
        ReadingFailure::Ledger(error) => panic!("{error:?}"),
    }
}

#[test]
fn a_source_that_changes_between_the_readings_is_noticed_before_the_wrong_row_is_sent() {
    let csv = "id,ticket,body\nk1,tk_1,a\nk2,tk_2,b\nk3,tk_3,c\n";
    for keyed in [true, false] {
        let world = World::new(&Rows { keyed, csv: csv.to_owned() });
        let past = Past::of(&world.path());
        let found = world.survey(&past, UNLIMITED);
        for changed in [
            // A row came in between, one is gone, two have changed places, one became invalid, all are gone, one is half
            // written, and one can no more be read.
            csv.replace("k2", "k9,tk_9,z\nk2"),
            csv.replace("k2,tk_2,b\n", ""),
            "id,ticket,body\nk1,tk_1,a\nk3,tk_3,c\nk2,tk_2,b\n".to_owned(),
            csv.replace("k2,tk_2", "k2,"),
            "id,ticket,body\n".to_owned(),
            csv.replace("k2,tk_2,b\nk3,tk_3,c\n", "k2,tk"),
            csv.replace("k2,tk_2,b", "k2,tk_2,b,more"),
        ] {
            world.write(&changed);
            let failure = world.steps(&past, UNLIMITED, &found, is_sent).unwrap_err();
            assert_eq!(noticed(failure), Code::SourceChanged, "{changed}");
        }
        std::fs::remove_file(world.folder.path().join("notes.csv")).unwrap();
        let failure = world.steps(&past, UNLIMITED, &found, is_sent).unwrap_err();
        assert_eq!(noticed(failure), Code::UnreadableFile);
    }
}

#[test]
fn rows_that_nobody_wants_are_not_read_again_unless_the_file_was_written_to() {
    let csv: String = (1..=1_000).map(|row| format!("k{row},tk_{row},note {row}\n")).collect();
    let csv = format!("id,ticket,body\n{csv}");
    for keyed in [true, false] {
        let world = World::new(&Rows { keyed, csv: csv.clone() });
        let (past, found) = all_done_but_one(&world, 700);
        let to_100 = csv.find("k100,").unwrap();
        for changed in [
            csv.replacen("k1,", "k0,tk_0,a row on top\nk1,", 1),
            csv.replacen("k2,tk_2,note 2\n", "", 1),
            csv[..to_100].to_owned(),
            csv.replacen("k700,", "k999999,", 1).replacen("note 700", "note 007", 1),
        ] {
            world.write(&changed);
            let failure = world.steps(&past, UNLIMITED, &found, is_sent).unwrap_err();
            assert_eq!(noticed(failure), Code::SourceChanged, "{}", &changed[..60]);
        }
        // What has become of rows that are done is not read where the file seems to be what it was.
        let path = world.folder.path().join("notes.csv");
        world.write(&csv);
        let found = world.survey(&past, UNLIMITED);
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        let joined = csv.replacen("note 3\n", "note 3 ", 1);
        let mut file = std::fs::File::options().write(true).open(&path).unwrap();
        file.write_all(joined.as_bytes()).unwrap();
        file.set_modified(modified).unwrap();
        let steps = world.steps(&past, UNLIMITED, &found, is_sent).unwrap();
        assert_eq!(steps.iter().map(|step| step.place.row).collect::<Vec<_>>(), [700]);
        file.set_modified(modified + Duration::from_secs(1)).unwrap();
        let failure = world.steps(&past, UNLIMITED, &found, is_sent).unwrap_err();
        assert_eq!(noticed(failure), Code::SourceChanged);
    }
}

#[test]
fn what_has_come_again_by_the_second_reading_is_not_deleted_nor_is_anything_else() {
    let csv = "id,ticket,body\nk1,tk_1,Một\nk2,tk_1,Hai\nk3,tk_1,Ba\n";
    let rows = Rows { keyed: true, csv: csv.to_owned() };
    let world = World::with_job(&rows, "on_missing: { delete: { at_most: 50% } }\n");
    let past = Past::of(&world.path());
    let found = world.survey(&past, Policy::plain(InDoubt::Verify));
    let steps = world.steps(&past, Policy::plain(InDoubt::Verify), &found, ALL).unwrap();
    let sent: Vec<(&Step, Digest, Option<Outcome>)> = steps
        .iter()
        .map(|step| (step, step.ready.as_ref().unwrap().digest, Some(Outcome::Succeeded)))
        .collect();
    record(&world.path(), &sent);
    let past = Past::of(&world.path());
    world.write("id,ticket,body\nk1,tk_1,Một\nk2,tk_1,Hai\n");
    let deleting = Policy {
        deletes: Deletes::AtMost(match world.job.on_missing {
            OnMissing::Delete { at_most, .. } => at_most,
            OnMissing::Keep => panic!(),
        }),
        ..Policy::plain(InDoubt::Verify)
    };
    let mut found = world.survey(&past, deleting);
    let row = MissingRow {
        known: past.prior().known("k3").unwrap().unwrap().0,
        maker: Arc::clone(steps[2].operation.as_ref().unwrap()),
        ready: steps[2].ready.clone().unwrap(),
        sending: Sending::Delete,
        print: 1,
    };
    let missing = Missing { rows: vec![Arc::new(row)], ..Missing::default() };
    found.fates.note_missing(missing);
    let still = |csv: &str| {
        world.write(csv);
        world.with(|readings| still_missing(readings, &found.fates))
    };
    still("id,ticket,body\nk1,tk_1,Một\nk2,tk_1,Hai\n").unwrap();
    for csv in [
        // It was being written.
        csv,
        "id,ticket,body\nk1,tk_1,Một\nk3,tk_1,Ba\n",
        "id,ticket,body\nk1,tk_1,Một\nk2,tk_1,Hai\nk4,tk_1,Bốn\n",
        "id,ticket,body\nk1,tk_1,Một\n",
        "id,ticket,body\nk1,tk_1,Một\n,tk_1,Hai\n",
    ] {
        assert_eq!(noticed(still(csv).unwrap_err()), Code::SourceChanged, "{csv}");
    }
}
