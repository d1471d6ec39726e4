//! Rows that are done and no longer in the source: what they have made is to be deleted, where the job says so.
//!
//! Only after a source was read to its end and nothing was wrong with it: a row that a source does not show for any other reason
//! is not missing. A row that the job's `where` leaves out is in the source. Where more is missing than the job allows, a file is
//! gone that rows came from, or none of the rows is there that were sent, nothing is deleted at all: then the source is likelier to
//! be wrong than the rows.

use std::collections::HashSet;
use std::sync::Arc;

use crate::declared::connector::{Counterpart, Operation};
use crate::declared::job::{OnMissing, OperationChoice, Share};
use crate::ledger::{FilesNow, Ledger, LedgerError, Reader as _};
use crate::prepare::{Ready, request};
use crate::row::{FieldValue, Fields, KeyHash, Known, RowState, Standing, Undoing};
use crate::text::place::RowPlace;

use super::Readings;
use super::decide::Sending;
use super::decider::CameBy;
use super::look::Policy;
use super::prior::Prior;
use super::source_files::{FileRows, Files, GoneFile};
use super::survey::Checked;

/// Whether what missing rows have made is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletes {
    /// The job does not say so.
    Never,
    /// The job says so, and not all of its source is read for all of its rows.
    NotNow,
    /// No more than this of what the job has there.
    AtMost(Share),
}

impl Deletes {
    /// Where only a part of the job's rows is read for what they say.
    pub(super) fn for_rows(self, is_partly: bool) -> Self {
        match self {
            Self::AtMost(_) if is_partly => Self::NotNow,
            deletes => deletes,
        }
    }
}

/// What is missing from a source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Missing {
    /// Rows whose things are to be deleted, in the order in which they were first sent.
    pub rows: Vec<Arc<MissingRow>>,
    /// What stays there of what is missing.
    pub stays: Stays,
    /// What is known of the files of the source from now on.
    pub files: FilesNow,
}

/// What stays there though its rows are missing from the source, and the job says that it is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Stays {
    /// Why nothing is deleted at all, if so.
    pub kept: Option<Kept>,
    /// Rows of which nobody can show whether what they made is as it was sent.
    pub unprovable: u64,
    /// Rows of which what was sent last has not come about, or nobody knows.
    pub unfinished: u64,
}

/// A row that is done and no longer in the source.
#[derive(Debug, Clone)]
pub(crate) struct MissingRow {
    pub known: Known,
    /// What it is for: what has made its thing.
    pub maker: Arc<Operation>,
    pub ready: Ready,
    pub sending: Sending,
    /// The print of what is there, as far as the row's requests go.
    pub print: i64,
}

/// Why nothing is deleted, though the job says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Not all of the source is read for all of the job's rows.
    Partly,
    /// Something is wrong with rows of the source, so one of them may be what is missing.
    Problems,
    /// The source has no rows at all.
    NoRows { missing: u64 },
    /// Rows are missing, and so are files in which earlier runs have read rows.
    FilesGone { missing: u64, files: Arc<[GoneFile]> },
    /// None of the rows is in the source of which the job has something there.
    NoneFound { missing: u64 },
    /// More is missing than the job allows.
    TooMany { missing: u64, most: u64, of: u64, share: Share },
}

/// What fits a row that is missing.
pub(super) enum Fitting {
    Sent(Sending),
    /// What was sent last for it has not come about, or nobody knows: what it has made stays.
    Unfinished,
    /// Nothing of it is there, or a person has decided.
    Nothing,
}

/// What the job says of missing rows, resolved for their deletion.
pub(super) struct Deleting<'a> {
    pub by: &'a Counterpart,
    pub maker: &'a Arc<Operation>,
    pub update: Option<Counterpart>,
    pub retry_failed: bool,
}

/// What is missing from a source that has been read: what of the history has not come. `could_tell` is whether the key of
/// each row of it could be told.
pub(super) fn find(
    readings: &Readings<'_>,
    policy: &Policy,
    prior: Option<Prior<'_>>,
    came: &CameBy,
    (checked, rows): (&Checked, &FileRows),
) -> Result<Missing, LedgerError> {
    let job = readings.job;
    let files = Files::of(job, rows, prior.map(|prior| prior.history));
    let gone = files.gone().into();
    let (found, is_all_there) = among_rows(readings, policy, prior, came, (checked, gone))?;
    // Some rows, or another file in the place of the job's, say nothing of its files.
    let is_own = !job.is_source_replaced && !readings.preparer.returns() && !checked.broken;
    let files = if is_own { files.now(is_all_there) } else { FilesNow::default() };
    Ok(Missing { files, ..found })
}

/// Likewise, and whether all is there that the job has sent.
fn among_rows(
    readings: &Readings<'_>,
    policy: &Policy,
    prior: Option<Prior<'_>>,
    CameBy { came, could_tell }: &CameBy,
    (checked, gone): (&Checked, Arc<[GoneFile]>),
) -> Result<(Missing, bool), LedgerError> {
    let job = readings.job;
    let (OnMissing::Delete { by, .. }, OperationChoice::Fixed(maker), Some(prior)) =
        (&job.on_missing, &job.operation, prior)
    else {
        return Ok((Missing::default(), false));
    };
    let share = match policy.deletes {
        Deletes::Never => return Ok((Missing::default(), false)),
        Deletes::NotNow => return Ok((Missing::kept(Kept::Partly), false)),
        Deletes::AtMost(share) => share,
    };
    let is_whole = !checked.broken && !checked.guessed && checked.invalid() == 0 && *could_tell;
    if !is_whole {
        return Ok((Missing::kept(Kept::Problems), false));
    }
    let update = job.connector.update_of(maker);
    let deleting = Deleting { by, maker, update, retry_failed: policy.retry_failed };
    let corrected: HashSet<KeyHash> = prior.history.corrections().all().collect();
    let (mut found, mut there) = (Missing::default(), 0);
    for (key, candidate) in prior.history.all() {
        if came.has(candidate.position) || corrected.contains(&key) {
            there += u64::from(candidate.standing == Standing::Done);
            continue;
        }
        if let Some(known) = prior.ledger.known_row(candidate.row)? {
            deleting.take(known, prior.ledger, &mut found)?;
        }
    }
    let missing = found.rows.len() as u64 + found.stays.unprovable;
    let unfinished = found.stays.unfinished;
    let (of, most) = (there + missing, share.of(there + missing));
    let why = match missing {
        0 => return Ok((found, unfinished == 0)),
        _ if checked.rows == 0 => Kept::NoRows { missing },
        _ if !gone.is_empty() => Kept::FilesGone { missing, files: gone },
        _ if there == 0 => Kept::NoneFound { missing },
        _ if missing > most => Kept::TooMany { missing, most, of, share },
        _ => return Ok((found, false)),
    };
    let stays = Stays { kept: Some(why), unprovable: 0, unfinished };
    Ok((Missing { stays, ..Missing::default() }, false))
}

impl Missing {
    fn kept(why: Kept) -> Self {
        Self { stays: Stays { kept: Some(why), ..Stays::default() }, ..Self::default() }
    }
}

impl Stays {
    /// Why nothing is deleted, where somebody has to see to it: rows are missing, and the source is likelier to be wrong.
    pub(crate) fn doubted(&self) -> Option<&Kept> {
        self.kept.as_ref().filter(|kept| !matches!(kept, Kept::Partly | Kept::Problems))
    }
}

impl Deleting<'_> {
    /// Takes in a row that has not come.
    fn take(&self, known: Known, ledger: &Ledger, found: &mut Missing) -> Result<(), LedgerError> {
        let sending = match self.sending(&known) {
            Fitting::Sent(sending) => sending,
            Fitting::Unfinished => {
                found.stays.unfinished += 1;
                return Ok(());
            }
            Fitting::Nothing => return Ok(()),
        };
        // The content that was done last; whatever has been begun since deletes it.
        let print = match known.there.first() {
            Some(content) => ledger.print(known.id, *content)?,
            None => None,
        };
        match self.row(known, sending, print) {
            Some(row) => found.rows.push(Arc::new(row)),
            None => found.stays.unprovable += 1,
        }
        Ok(())
    }

    /// How what it has made is deleted.
    pub(super) fn sending(&self, known: &Known) -> Fitting {
        let is = |operation: &Operation| *operation.name == *known.operation;
        let has_made =
            is(self.maker) || self.update.as_ref().is_some_and(|update| is(&update.operation));
        match known.earlier.state {
            // What a person has undone is that person's.
            _ if known.earlier.undoing == Some(Undoing::Done) => Fitting::Nothing,
            _ if known.earlier.undoing == Some(Undoing::InDoubt) => Fitting::Unfinished,
            RowState::NotStarted | RowState::Dismissed { .. } => Fitting::Nothing,
            _ if known.earlier.holder.is_some() => Fitting::Unfinished,
            RowState::Succeeded { .. } if has_made => Fitting::Sent(Sending::Delete),
            RowState::Succeeded { .. } => Fitting::Nothing,
            _ if !is(&self.by.operation) => match known {
                // Nothing has come of it, and nothing was there before.
                Known { thing: None, earlier, .. } if !earlier.state.may_have_acted() => {
                    Fitting::Nothing
                }
                _ => Fitting::Unfinished,
            },
            RowState::Started { .. } | RowState::InDoubt { .. } => {
                Fitting::Sent(Sending::DeleteAgain)
            }
            RowState::Deferred { .. } | RowState::GivenUp { .. } => Fitting::Sent(Sending::Delete),
            RowState::Refused { .. } if self.retry_failed => Fitting::Sent(Sending::Delete),
            RowState::Refused { .. } => Fitting::Unfinished,
        }
    }

    /// None where its thing has no name, or it is not known what is there.
    pub(super) fn row(
        &self,
        known: Known,
        sending: Sending,
        print: Option<i64>,
    ) -> Option<MissingRow> {
        let (id, print) = (known.thing.clone()?, print?);
        let operation = &self.by.operation;
        let mut fields = Fields::default();
        fields.set(self.by.id, FieldValue::Text(id.into()));
        let ready = Ready {
            place: RowPlace::of(known.place.row, known.place.line),
            operation: Arc::clone(operation),
            // Nothing of the lane in which it was made overtakes.
            lane: known.lane.clone(),
            request: request::build(operation, &fields)?,
            digest: request::digest(operation, &fields)?,
            send_before: None,
            valid: true,
            fields,
            reminder: Default::default(),
            marker: None,
        };
        Some(MissingRow { known, maker: Arc::clone(self.maker), ready, sending, print })
    }
}
