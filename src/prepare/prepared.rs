//! What one record comes to: its operation, its key, its fields, and the request that carries them.
//!
//! [`Preparer::prepare`] is the one way there, whoever asks. It can be gone in two steps, for whoever knows of most rows
//! that they are done: those need no check. The request is put together only where somebody wants it: whether that can
//! be done is known before.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::declared::connector::{Effect, Operation};
use crate::declared::job::PastReminders;
use crate::row::{Digest, FieldValue, Fields};
use crate::source::Record;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place, Severity};
use crate::text::place::RowPlace;
use crate::text::pointer::Pointer;

use super::Preparer;
use super::fields::UncheckedRow;
use super::intake::Intake;
use super::mapping::{Kept, Row};
use super::remarks::Remarks;
use super::request::{self, Request};
use super::schema::{Finding, PastReminder, arrival, mended_in_time, send_before};
use super::sieve::Sifted;

/// A record that has been read and is not checked yet: enough to know whether it is done.
pub struct Draft<'p> {
    preparer: &'p Preparer,
    record: &'p Record,
    /// None where the row does not say a known operation.
    intake: Option<&'p Intake>,
    key: RowKey,
    /// What is wrong with the key; a place of its own, since a draft is passed on often.
    keyless: Option<Box<Diagnostic>>,
    fields: Fields<'p>,
    /// The job's named values on this row, as far as they were asked for.
    kept: Kept<'p>,
    /// The number of the condition that leaves the row out; then there is nothing else of it.
    left_out: Option<usize>,
    /// Whether all cells could be read.
    are_readable: bool,
    /// Whether a request can be made of the fields.
    are_complete: bool,
    /// The line of its text that no other row's has.
    marker: Option<String>,
    /// Where its findings begin.
    first: usize,
}

/// What a record comes to.
///
/// An invalid row comes to something, too: it may have been done before, when a time that has passed since lay ahead.
pub struct Prepared<'p> {
    draft: Draft<'p>,
    /// Whether nothing is wrong with the row.
    pub valid: bool,
    /// The moment that it was checked by, in unix milliseconds.
    now: i64,
}

/// What makes a row the same row next time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowKey {
    /// What the job's `key` says.
    Written(String),
    /// The content, since the job has no `key`.
    Content,
    /// The job has a `key`, and it says nothing for this row.
    Missing,
}

/// A row that can be sent.
#[derive(Debug, Clone)]
pub struct Ready {
    pub place: RowPlace,
    pub operation: Arc<Operation>,
    pub lane: String,
    pub request: Request,
    pub digest: Digest,
    /// The last moment to send it, in unix milliseconds.
    pub send_before: Option<i64>,
    /// Whether its fields fit the operation. One that does not may have been sent when it still did.
    pub valid: bool,
    /// What the row says, whatever was made of its reminder.
    pub fields: Fields<'static>,
    pub(crate) reminder: Reminder,
    /// The line of its text that no other row's has.
    pub marker: Option<String>,
}

/// What is sent of a row at a moment.
#[derive(Debug)]
pub(crate) struct Sent<'d> {
    /// The row's own, or what its job makes of them where its reminder is past.
    pub fields: Cow<'d, Fields<'d>>,
    /// None where they are the row's own.
    pub made: Option<PastReminder>,
    /// The last moment to send the row's own, in unix milliseconds.
    pub send_before: Option<i64>,
}

/// What is to be made of a reminder once it is past, and what was made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Reminder {
    pub policy: PastReminders,
    /// None where it is as the row says, or there is none.
    pub made: Option<PastReminder>,
}

/// What is wrong with rows. Reused from row to row.
#[derive(Debug, Default)]
pub struct Findings {
    pub problems: Vec<Diagnostic>,
    pub(super) told: ToldOnce,
    /// What is to be said of many rows.
    pub(crate) remarks: Remarks,
    pub(super) scratch: Vec<Finding>,
    /// Names that are no fields, each with the field that it comes near to.
    pub(super) slips: HashMap<Arc<str>, Option<Arc<str>>>,
}

/// What is true of every row alike and has been told: it is told for the first row only.
///
/// Each thread that prepares rows has one, so that it need not make what is no news; whoever brings their rows
/// together has another, since each thread has told it once.
#[derive(Debug, Default)]
pub(crate) struct ToldOnce(Vec<(Code, Pointer)>);

impl ToldOnce {
    /// Takes note, and says whether it was news.
    pub(crate) fn is_news(&mut self, code: Code, pointer: &Pointer) -> bool {
        let known = self.0.iter().any(|(other, at)| *other == code && at == pointer);
        if !known {
            self.0.push((code, pointer.clone()));
        }
        !known
    }

    /// Whether a problem is to be told.
    pub(crate) fn lets_pass(&mut self, problem: &Diagnostic) -> bool {
        match &problem.place {
            Place::Row(place) if problem.once => {
                self.is_news(problem.code, place.pointer.as_ref().unwrap_or(&Pointer::default()))
            }
            // What is no row's is known by its words.
            _ if problem.once => self.is_news(problem.code, &Pointer::of([&*problem.message])),
            _ => true,
        }
    }
}

impl Findings {
    /// Takes the problems found so far; what has been told once stays told.
    pub fn take(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.problems)
    }

    fn has_errors_from(&self, first: usize) -> bool {
        self.problems[first..].iter().any(|problem| problem.severity == Severity::Error)
    }
}

impl Preparer {
    /// Prepares a row; what is wrong with it goes to `findings`, what is wrong first before the rest. `now` is in unix
    /// milliseconds.
    pub fn prepare<'p>(
        &'p self,
        record: &'p Record,
        now: i64,
        findings: &mut Findings,
    ) -> Prepared<'p> {
        self.draft(record, findings).check(now, findings)
    }

    /// Prepares a row as far as it can be without knowing the time: it has to be checked, unless it is done.
    pub fn draft<'p>(&'p self, record: &'p Record, findings: &mut Findings) -> Draft<'p> {
        let first = findings.problems.len();
        let kept = self.kept();
        let row = self.row(record, &kept);
        let sifted = match self.read(row, &mut findings.problems) {
            Some(Sifted::Out(number)) => return self.unused(record, Some(number), first),
            Some(sifted) => sifted,
            None => return self.unused(record, None, first),
        };
        let (key, keyless) = self.identity_of(row);
        let key = Self::key_of_share(key, record.share);
        let intake = self.intake_of(row, findings).filter(|_| sifted == Sifted::Kept);
        let (fields, marker) =
            intake.map(|intake| self.fill(intake, row, &key, findings)).unwrap_or_default();
        self.refuse_turn(row, first, &mut findings.problems);
        Draft {
            left_out: None,
            preparer: self,
            record,
            are_readable: intake.is_some() && findings.problems.len() == first,
            are_complete: intake.is_some_and(|intake| intake.is_complete(&fields)),
            intake,
            key,
            keyless: keyless.map(Box::new),
            fields,
            kept,
            marker,
            first,
        }
    }

    /// What becomes of a row in the sieve; none where it has cells that do not hold what they show. Those of a row that is left
    /// out do not matter, but for what leaves it out.
    fn read(&self, row: Row<'_, '_>, problems: &mut Vec<Diagnostic>) -> Option<Sifted> {
        if row.record.faulty().is_empty() {
            return Some(self.sift(row, problems));
        }
        let mut of_sieve = Vec::new();
        let can_sift = self.unreadable_cells(row.record, &self.sifted).next().is_none();
        let sifted = can_sift.then(|| self.sift(row, &mut of_sieve));
        if let Some(Sifted::Out(number)) = sifted {
            return Some(Sifted::Out(number));
        }
        let before = problems.len();
        problems.extend(self.unreadable_cells(row.record, &self.used));
        let sifted = sifted.filter(|_| problems.len() == before);
        problems.extend(sifted.map_or_else(Vec::new, |_| of_sieve));
        sifted
    }

    /// A row of which nothing is taken: the condition of that number leaves it out, or it has cells that do not hold what they
    /// show.
    fn unused<'p>(
        &'p self,
        record: &'p Record,
        left_out: Option<usize>,
        first: usize,
    ) -> Draft<'p> {
        Draft {
            preparer: self,
            record,
            intake: None,
            key: RowKey::Missing,
            keyless: None,
            fields: Fields::default(),
            kept: self.kept(),
            left_out,
            are_readable: false,
            are_complete: false,
            marker: None,
            first,
        }
    }

    fn incomplete(&self, record: &Record) -> Diagnostic {
        let place = Place::Row(self.place(record, None, None));
        let message = "a field that the request's path or lane needs is missing";
        Diagnostic::error(Code::MissingField, place, message)
    }
}

impl<'p> Draft<'p> {
    /// Checks the row. `now` is in unix milliseconds.
    pub fn check(mut self, now: i64, findings: &mut Findings) -> Prepared<'p> {
        let valid = self.is_valid(now, findings);
        Prepared { draft: self, valid, now }
    }

    /// Likewise, where nobody wants more of it than whether it is valid. To be asked once: what is wrong with it is told each
    /// time.
    pub(crate) fn is_valid(&mut self, now: i64, findings: &mut Findings) -> bool {
        let Self { preparer, record, first, .. } = *self;
        if self.left_out.is_some() {
            return true;
        }
        if let Some(intake) = self.intake {
            let row = preparer.row(record, &self.kept);
            let row = UncheckedRow { intake, row, fields: &self.fields, first };
            preparer.check_fields(&row, now, findings);
            preparer.note_defaults(&row, findings);
            preparer.note_garbled(&row, findings);
            preparer.note_split(&row, findings);
            preparer.refuse_slips(&row, findings);
            preparer.note_many_lines(&row, findings);
        }
        findings.problems.extend(self.keyless.take().map(|problem| *problem));
        if self.intake.is_some() {
            let row = preparer.row(record, &self.kept);
            preparer.refuse_empty(row, first, &mut findings.problems);
        }
        let is_whole = self.are_readable && self.are_complete;
        if self.are_readable && !is_whole && !findings.has_errors_from(first) {
            findings.problems.push(preparer.incomplete(record));
        }
        is_whole && !findings.has_errors_from(first)
    }

    /// What the row is put in order by, where that is a moment: unix milliseconds.
    pub(crate) fn turn_moment(&self) -> Option<i64> {
        self.preparer.turn_moment(self.preparer.row(self.record, &self.kept))
    }

    /// The how many row it is that its source gives, from 1.
    pub fn row(&self) -> u64 {
        self.record.ordinal
    }

    pub fn key(&self) -> &RowKey {
        &self.key
    }

    /// The number of the condition that leaves the row out; none where the row is the job's.
    pub fn left_out(&self) -> Option<usize> {
        self.left_out
    }

    /// None where the row does not say a known one.
    pub fn operation(&self) -> Option<&'p Arc<Operation>> {
        self.intake.map(|intake| intake.checker.operation())
    }

    /// Whether the row only reads: then it is done anew in each run.
    pub fn only_reads(&self) -> bool {
        self.operation().is_some_and(|operation| operation.effect == Effect::Read)
    }

    /// The name of the content; none where no request can be made.
    pub fn digest(&self) -> Option<Digest> {
        request::digest(self.operation()?, self.fields()?)
    }

    /// All names by which a ledger may know the content whose name is `present`, in the order in which they are looked for.
    pub(crate) fn digests(&self, present: Digest) -> impl Iterator<Item = Digest> {
        let parts = self.operation().zip(self.fields());
        let all = parts.map(|(operation, fields)| request::digests(operation, fields, present));
        all.into_iter().flatten()
    }

    /// The lane; none where no request can be made.
    pub fn lane(&self) -> Option<String> {
        request::lane(self.operation()?, self.fields()?)
    }

    /// What is sent of the row at a moment; none where no request can be made.
    pub(crate) fn sent_at(&self, now: i64) -> Option<Sent<'_>> {
        let (intake, fields) = (self.intake?, self.fields()?);
        let send_before = intake.checker.send_before(fields);
        Some(match intake.checker.mended(fields, now) {
            Some((fields, made)) => {
                Sent { fields: Cow::Owned(fields), made: Some(made), send_before }
            }
            None => Sent { fields: Cow::Borrowed(fields), made: None, send_before },
        })
    }

    /// None where a cell cannot be read, or no request can be made of them.
    pub(crate) fn fields(&self) -> Option<&Fields<'p>> {
        (self.are_readable && self.are_complete).then_some(&self.fields)
    }
}

impl Ready {
    /// What sends some fields, which no source says; none where no request can be made of them.
    pub(crate) fn of_fields(
        operation: &Arc<Operation>,
        fields: Fields<'static>,
        (place, policy): (RowPlace, PastReminders),
    ) -> Option<Self> {
        Some(Self {
            place,
            operation: Arc::clone(operation),
            lane: request::lane(operation, &fields)?,
            request: request::build(operation, &fields)?,
            digest: request::digest(operation, &fields)?,
            send_before: send_before(operation, &fields),
            valid: true,
            reminder: Reminder { policy, made: None },
            fields,
            marker: None,
        })
    }

    /// All names by which a ledger may know the content, in the order in which they are looked for.
    pub(crate) fn digests(&self) -> impl Iterator<Item = Digest> {
        request::digests(&self.operation, &self.fields, self.digest)
    }

    /// Whether the job may make something else of the row's reminder, at its turn: it is past, or may be where the request arrives.
    pub(crate) fn may_need_mending(&self, now: i64) -> bool {
        let ends = self.send_before.is_some_and(|moment| moment < arrival(now));
        ends && self.reminder.policy != PastReminders::Reject
    }

    /// Makes of a row whose reminder is past, or may be where the request arrives, what its job says; gives whether something
    /// was made of it.
    pub(crate) fn mend(&mut self, now: i64) -> bool {
        let operation = &self.operation;
        let found = mended_in_time(operation, &self.fields, self.reminder.policy, now);
        let Some((fields, made)) = found else { return false };
        let Some(request) = request::build(operation, &fields) else { return false };
        self.send_before = send_before(operation, &fields);
        self.request = request;
        self.reminder.made = Some(made);
        true
    }

    /// Whether a digest, as a ledger keeps it, is one of this content.
    pub(crate) fn has_content(&self, digest: Digest) -> bool {
        self.digest == digest || self.digests().any(|name| name == digest)
    }
}

/// Whether something else was sent of a row at a moment than the row says, since its reminder was past by then.
pub(crate) fn is_mended_at(ready: &Ready, now: i64) -> bool {
    mended_in_time(&ready.operation, &ready.fields, ready.reminder.policy, now).is_some()
}

impl Prepared<'_> {
    /// The number of the condition that leaves the row out; none where the row is the job's.
    pub fn left_out(&self) -> Option<usize> {
        self.draft.left_out
    }

    pub fn key(&self) -> &RowKey {
        &self.draft.key
    }

    /// None where the row does not say a known one.
    pub fn operation(&self) -> Option<&Arc<Operation>> {
        self.draft.operation()
    }

    /// The value of a field, as the request has it.
    pub(crate) fn field(&self, name: &str) -> Option<Value> {
        let operation = self.operation()?;
        let field = operation.fields.find(name)?;
        self.draft.fields()?.get(field).map(FieldValue::to_json)
    }

    /// Whether the row only reads: then it is done anew in each run.
    pub fn only_reads(&self) -> bool {
        self.draft.only_reads()
    }

    /// The row with its request; none where none can be made.
    pub fn ready(self) -> Option<Ready> {
        let (intake, fields) = (self.draft.intake?, self.draft.fields()?);
        let operation = intake.checker.operation();
        let checker = &intake.checker;
        let mended = checker.mended(fields, self.now);
        let made = mended.as_ref().map(|(_, made)| *made);
        let sent = mended.as_ref().map_or(fields, |(sent, _)| sent);
        let request = request::build(operation, sent)?;
        Some(Ready {
            place: self.draft.record.stood(),
            operation: Arc::clone(operation),
            lane: request::lane(operation, fields)?,
            // What was made of a reminder makes no other row of it.
            digest: match made.is_none() && fields.are_canonical() {
                true => request.digest(&operation.name),
                false => request::digest(operation, fields)?,
            },
            request,
            send_before: checker.send_before(sent),
            reminder: Reminder { policy: checker.past_reminders(), made },
            valid: self.valid,
            fields: self.draft.fields.into_owned(),
            marker: self.draft.marker,
        })
    }
}
