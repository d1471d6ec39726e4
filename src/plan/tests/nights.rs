//! What becomes of rows, one by one, for tests that keep sources and ledgers of their own: the deciders of the readings, without
//! files and without a ledger's.

use std::sync::Arc;

use crate::declared::job::{Job, OnChange, OnMissing, OperationChoice};
use crate::plan::decide::{Done, Fate};
use crate::plan::decider::HeldLanes;
use crate::plan::look::{Look, Policy};
use crate::plan::missing::{Deletes, Deleting, Fitting, Kept, Missing, MissingRow, Stays};
use crate::plan::steps::Step;
use crate::plan::updates::Update;
use crate::prepare::Ready;
use crate::row::{Known, Lane, Standing, Undoing};

/// Decides the rows of a source, in their order.
pub(crate) struct Rows<'a> {
    job: &'a Job,
    policy: Policy,
    held: HeldLanes,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(job: &'a Job, policy: Policy) -> Self {
        Self { job, policy, held: HeldLanes::default() }
    }

    /// What becomes of a row, of which this is known.
    pub(crate) fn step(&mut self, ready: Ready, key: &str, known: Option<Known>) -> Step {
        let operation = Arc::clone(&ready.operation);
        let look = Look {
            connector: &self.job.connector,
            operation: Some(&operation),
            ready: Some(&ready),
            known: known.as_ref(),
            returned: false,
        };
        let change = look.change();
        let fate = match known
            .as_ref()
            .filter(|known| is_done(known) && ready.has_content(known.digest))
        {
            Some(_) => Fate::Skip(Done::Unchanged),
            None => {
                let lane = Some(Lane::named(&ready.lane));
                let sent_in = known.as_ref().map(|known| Lane::named(&known.lane));
                self.held.let_pass(look.fate(&self.policy), lane, sent_in)
            }
        };
        let place = ready.place.clone();
        let update = match (&self.job.on_change, fate, &known) {
            (OnChange::Update(by), Fate::Send(sending), Some(known)) if sending.is_update() => {
                Some(Update::of(by, ready.clone(), known).unwrap())
            }
            _ => None,
        };
        let (ready, expects) = match update {
            Some(Update { ready, expects }) => (ready, Some(Arc::new(expects))),
            None => (ready, None),
        };
        Step {
            place,
            ordinal: 0,
            fate,
            operation: Some(Arc::clone(&ready.operation)),
            ready: Some(ready),
            key: key.to_owned(),
            known,
            expects,
            change,
            problem: None,
            left_out: None,
        }
    }
}

fn is_done(known: &Known) -> bool {
    known.earlier.state.standing() == Standing::Done && known.earlier.undoing != Some(Undoing::Done)
}

/// What becomes of what rows have made that are not in the source: each as it is known, with the print of what is there. `there`
/// is how many done rows the source has.
pub(crate) fn missing(
    job: &Job,
    policy: &Policy,
    there: u64,
    rows: Vec<(Known, Option<i64>)>,
) -> Missing {
    let (OnMissing::Delete { by, .. }, OperationChoice::Fixed(maker), Deletes::AtMost(share)) =
        (&job.on_missing, &job.operation, policy.deletes)
    else {
        return Missing::default();
    };
    let update = job.connector.update_of(maker);
    let deleting = Deleting { by, maker, update, retry_failed: policy.retry_failed };
    let mut found = Missing::default();
    for (known, print) in rows {
        match deleting.sending(&known) {
            Fitting::Nothing => {}
            Fitting::Unfinished => found.stays.unfinished += 1,
            Fitting::Sent(sending) => match deleting.row(known, sending, print) {
                Some(row) => found.rows.push(Arc::new(row) as Arc<MissingRow>),
                None => found.stays.unprovable += 1,
            },
        }
    }
    let missing = found.rows.len() as u64 + found.stays.unprovable;
    let (of, most) = (there + missing, share.of(there + missing));
    let why = match missing {
        0 => return found,
        _ if there == 0 => Kept::NoneFound { missing },
        _ if missing > most => Kept::TooMany { missing, most, of, share },
        _ => return found,
    };
    let stays = Stays { kept: Some(why), unprovable: 0, ..found.stays };
    Missing { stays, ..Missing::default() }
}
