//! The source, which changes from night to night, and what its rows come to beside the ledger.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::json;

use super::books::{Books, Run};
use super::server::Undoes;
use crate::declared::connector::{Operation, Repeat};
use crate::declared::job::{InDoubt, Job, OnChange, OnMissing, PastReminders};
use crate::engine::Work;
use crate::plan::tests::nights::{Rows, missing};
use crate::plan::{Begun, Deletes, Fate, Policy, Sending, UndoFate, as_it_is, undo_fate};
use crate::prepare::Ready;
use crate::row::{RowId, Standing, Undoing};
use crate::task::run::feed;
use crate::task::undo::inverse;
use crate::text::place::RowPlace;

#[derive(Debug, Clone)]
pub(super) struct SourceRow {
    pub key: String,
    pub ticket: String,
    pub text: String,
    former: String,
    pub is_internal: bool,
    pub is_there: bool,
    /// Whether more than its text has changed since it came.
    pub has_moved: bool,
    /// Grows with each change of any row.
    pub version: u64,
}

pub(super) struct Source {
    pub rows: Vec<SourceRow>,
    versions: u64,
    tickets: u8,
}

impl Source {
    pub(super) fn new(random: &mut fastrand::Rng) -> Self {
        let mut source = Self { rows: Vec::new(), versions: 0, tickets: random.u8(1..4) };
        for _ in 0..random.u8(1..7) {
            source.add(random);
        }
        source
    }

    fn text(&mut self, random: &mut fastrand::Rng, key: &str) -> (String, u64) {
        self.versions += 1;
        let text = match random.u8(0..10) {
            0 => "như trên".to_owned(),
            1 => format!("{key}, {}: gọi lại \n", self.versions),
            _ => format!("{key}, {}: khách hàng nhờ gọi lại", self.versions),
        };
        (text, self.versions)
    }

    fn add(&mut self, random: &mut fastrand::Rng) -> String {
        let key = format!("k{}", self.rows.len() + 1);
        let (text, version) = self.text(random, &key);
        self.rows.push(SourceRow {
            key: key.clone(),
            ticket: format!("tk_{}", random.u8(0..self.tickets)),
            former: text.clone(),
            text,
            is_internal: random.bool(),
            is_there: true,
            has_moved: false,
            version,
        });
        key
    }

    /// What becomes of it from one night to the next.
    pub(super) fn change(&mut self, random: &mut fastrand::Rng, tell: &mut dyn FnMut(String)) {
        for at in 0..self.rows.len() {
            let key = self.rows[at].key.clone();
            match random.u8(0..100) {
                0..22 => {
                    let (text, version) = self.text(random, &key);
                    let row = &mut self.rows[at];
                    let text = if random.u8(0..6) == 0 { row.former.clone() } else { text };
                    row.former = std::mem::replace(&mut row.text, text);
                    row.version = version;
                    tell(format!("{key} says {:?}", row.text));
                }
                22..32 if self.rows[at].is_there => {
                    self.rows[at].is_there = false;
                    tell(format!("{key} vanishes"));
                }
                22..70 if !self.rows[at].is_there => {
                    self.rows[at].is_there = true;
                    tell(format!("{key} is back"));
                }
                70..73 => {
                    let row = &mut self.rows[at];
                    (row.is_internal, row.has_moved) = (!row.is_internal, true);
                    tell(format!("{key} is internal: {}", row.is_internal));
                }
                73..75 => {
                    let row = &mut self.rows[at];
                    (row.ticket, row.has_moved) = (format!("tk_{}", self.tickets), true);
                    tell(format!("{key} is on {}", row.ticket));
                }
                _ => {}
            }
        }
        if random.u8(0..3) == 0 {
            let key = self.add(random);
            tell(format!("{key} is new"));
        }
    }

    pub(super) fn find(&self, key: &str) -> Option<&SourceRow> {
        self.rows.iter().find(|row| row.key == key)
    }

    pub(super) fn keys(&self) -> HashSet<String> {
        self.rows.iter().filter(|row| row.is_there).map(|row| row.key.clone()).collect()
    }

    /// What a night has to send. The source as it is, beside the ledger as it is.
    pub(super) fn work(&self, job: &Job, books: &Books, retry_failed: bool) -> Vec<Work> {
        let policy = policy(job, retry_failed);
        let maker = &job.connector.operations["ticket_note.create"];
        let (mut rows, mut steps, mut there) = (Rows::new(job, policy), Vec::new(), 0);
        for (row, number) in self.rows.iter().filter(|row| row.is_there).zip(1..) {
            let ready = ready(maker, row, number);
            let known = books.find(&row.key).map(|id| books.known(id));
            there += u64::from(known.as_ref().is_some_and(|known| {
                known.earlier.state.standing() == Standing::Done
                    && known.earlier.undoing != Some(Undoing::Done)
            }));
            steps.push(rows.step(ready, &row.key, known));
        }
        let keys = self.keys();
        let gone = books.ids().filter(|row| !keys.contains(&books.entries(*row).key));
        let gone = gone.map(|row| {
            let known = books.known(row);
            let print = known.there.first().and_then(|content| books.print(row, *content));
            (known, print)
        });
        let gone = match keys.is_empty() {
            true => Vec::new(),
            false => missing(job, &policy, there, gone.collect()).rows,
        };
        let looks = feed::Looks::Yes { keeps: true };
        let deletions = gone.iter().map(|row| feed::deletion(row, job, looks).unwrap());
        let mut work: Vec<Work> = deletions.collect();
        for step in steps.into_iter().filter(|step| matches!(step.fate, Fate::Send(_))) {
            let subject = step
                .expects
                .as_ref()
                .map(|expects| feed::subject_as_sent(&step, expects, (job, true)).unwrap());
            work.push(feed::work(step, subject, job).unwrap());
        }
        work
    }
}

pub(super) fn policy(job: &Job, retry_failed: bool) -> Policy {
    let deletes = match job.on_missing {
        OnMissing::Delete { at_most, .. } => Deletes::AtMost(at_most),
        OnMissing::Keep => Deletes::Never,
    };
    Policy {
        retry_failed,
        updates: matches!(job.on_change, OnChange::Update(_)),
        comes_again: matches!(job.on_missing, OnMissing::Delete { .. }),
        deletes,
        ..Policy::plain(InDoubt::Verify)
    }
}

fn ready(maker: &Arc<Operation>, row: &SourceRow, number: u64) -> Ready {
    let fields = maker.fields.values(&json!({
        "ticket_id": row.ticket,
        "note": row.text,
        "is_internal_note": row.is_internal,
    }));
    let of = (RowPlace::of(number, number + 1), PastReminders::Reject);
    Ready::of_fields(maker, fields, of).unwrap()
}

/// What is to be sent where a run is undone.
pub(super) fn undoing(
    job: &Job,
    books: &Books,
    (run, even_if_changed): (Run, bool),
) -> (Vec<Work>, HashMap<RowId, Undoes>) {
    let (mut work, mut of) = (Vec::new(), HashMap::new());
    for row in books.turned(run) {
        let UndoFate::Undo(undoing) = undo_fate(&row, run) else { continue };
        let (turn, anew) = as_it_is(&row, undoing.of).unwrap();
        let known = inverse::Known {
            connector: &job.connector,
            place: &row.place,
            anew,
            snapshot: turn.first.and_then(|first| books.snapshot(row.row, first)),
            even_if_changed,
        };
        let Ok(inverse) = known.inverse(&turn) else { continue };
        let operation = &inverse.ready.operation;
        let sending = match (undoing.begun, operation.repeat) {
            (Begun::No, _) => Sending::Fresh,
            (Begun::MayHaveActed, Repeat::Harmless) => Sending::Repeat,
            (Begun::MayHaveActed, Repeat::Harmful) => Sending::Settle,
        };
        of.insert(row.row, Undoes { turn: turn.number, even_if_changed });
        work.push(Work {
            ready: inverse.ready,
            key: row.key.as_str().into(),
            known: Some(row.row),
            next: undoing.next,
            thing: None,
            lost: None,
            sending,
            subject: Some(inverse.subject.into()),
            print: inverse.print,
        });
    }
    (work, of)
}
