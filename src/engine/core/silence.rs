//! A list in which a row's item is not: what that is worth, and how that is found out.

use std::sync::Arc;
use std::time::Duration;

use crate::event::{Fault, Happening};
use crate::recover::{Proof, Shown};
use crate::row::{Doubt, Holdings};
use crate::traffic::verdict::Verdict;

use super::lists::{Bearer, Proven, Witness};
use super::rows::{ControlOf, Flight};
use super::{Core, Now};

/// How often it is looked whether something has come to be known by which lists can be measured.
const LOOK_ROUND_EVERY: Duration = Duration::from_secs(1);
/// So many lists that do not show what is known to be there prove nothing.
const MOST_CONTROLS: u32 = 3;
/// So many lists out of a cache are waited for.
const MOST_AGED: u32 = 10;
/// As long as nothing has shown how far lists lag behind, that may be this many times what the other side may take to act.
pub(super) const UNKNOWN_LAG: u32 = 2;

impl Core {
    /// A row has made something: lists can be measured by it.
    pub(super) fn bear_witness(
        &mut self,
        at: usize,
        id: &str,
        bearer: Bearer,
    ) -> Result<(), Fault> {
        let slot = self.rows.slot(at, Happening::Replied)?;
        // Of an attempt that was a repeat nobody knows when it acted first.
        if slot.work.ready.operation.recover.is_some() && !slot.repeats() {
            let work = Arc::clone(&slot.work);
            let (attempted, id) = (slot.attempted, id.to_owned());
            self.lists.made(Witness { work, id, attempted, bearer });
        }
        Ok(())
    }

    /// The row's item is in no list. Whether that says that it is nowhere depends on what lists have shown: this one the last
    /// that its lane owns, or another one something that is known to be there. `strangers` may be it, unless it is known
    /// what becomes of texts.
    pub(super) fn silent(
        &mut self,
        at: usize,
        (proof, strangers): (Proof, bool),
        now: Now,
    ) -> Result<(), Fault> {
        let work = Arc::clone(&self.rows.slot(at, Happening::Looked)?.work);
        let recovery = self.rows.recovery_mut(at)?;
        let (began, sure_at) = (recovery.began, recovery.sure_at);
        let (is_aged, age) = (recovery.is_aged, recovery.age);
        if is_aged {
            return self.look_past_cache(at, now);
        }
        let searched_from = recovery.search.first_page();
        let most = work.ready.operation.sure_after.saturating_mul(UNKNOWN_LAG);
        let is_enough = |proven: &Proven| proven.knows_texts || !strangers || proof == Proof::Lane;
        let proven = self.lists.proven(&work).filter(is_enough);
        let is_early = began.is_some_and(|began| began < sure_at);
        // Only a list of that moment or later says that the other side did not act.
        let proves_from = match (proof, proven, self.lists.witness(&work)) {
            (_, Some(proven), _) => sure_at.after(proven.lag.unwrap_or(most)),
            (_, None, Some(witness)) => return self.rows.look_for(at, witness.clone(), None),
            (Proof::Lane, None, None) => sure_at.after(most),
            (Proof::None, None, None) if is_early => sure_at,
            (Proof::None, None, None) => return self.await_witness(at, strangers, now),
        };
        let first_page = proven.map(|proven| proven.habits.first_page);
        let is_too_early = began.is_some_and(|began| began < proves_from);
        if is_too_early || first_page.is_some_and(|first| first < searched_from) {
            // It may be found by then.
            let next = if is_early { sure_at } else { proves_from };
            // A cache that goes on showing what it has is not asked for ever.
            let recovery = self.rows.recovery_mut(at)?;
            recovery.aged += u32::from(!age.is_zero());
            if recovery.aged >= MOST_AGED {
                return self.end_unsure(at, Doubt::ListUnproven, now);
            }
            let next = next.after(age);
            return self.rows.look_anew(at, next.max(now.moment), first_page);
        }
        let has_more = proof == Proof::Lane
            && proven.is_none()
            && self.rows.recovery_mut(at)?.search.ask_before_first();
        if has_more { self.rows.look_on(at) } else { self.absent(at, now) }
    }

    /// A list that is older than the request says nothing of it, however long that is waited for; a cache may forget it.
    fn look_past_cache(&mut self, at: usize, now: Now) -> Result<(), Fault> {
        let sure_after = self.rows.slot(at, Happening::Looked)?.work.ready.operation.sure_after;
        let recovery = self.rows.recovery_mut(at)?;
        recovery.aged += 1;
        if recovery.aged >= MOST_CONTROLS {
            return self.end_unsure(at, Doubt::ListUnproven, now);
        }
        let later = now.moment.after(sure_after.max(LOOK_ROUND_EVERY)).max(recovery.sure_at);
        self.rows.look_anew(at, later, None)
    }

    /// No row of this run has shown yet what lists are worth. What the ledger remembers of other lanes is looked for, until
    /// some of it is shown; else other rows go first, as long as there are any.
    fn await_witness(&mut self, at: usize, needs_text: bool, now: Now) -> Result<(), Fault> {
        let work = Arc::clone(&self.rows.slot(at, Happening::Looked)?.work);
        let remembered = match self.lists.proven(&work) {
            Some(_) => None,
            None => self.lists.next_remembered(&work),
        };
        if let Some(witness) = remembered {
            return self.rows.look_for(at, witness, None);
        }
        let others_may = match self.course.goes_on() {
            true => self.wants_rows() || self.rows.may_bear_witness(),
            // Nothing is sent any more.
            false => self.rows.in_flight() > 0,
        };
        match others_may {
            true => {
                let later = now.moment.after(LOOK_ROUND_EVERY);
                self.wake_no_later_than(later);
                self.rows.await_control(at, needs_text, later)
            }
            false => self.end_unsure(at, Doubt::ListUnproven, now),
        }
    }

    /// A row that waited for that looks round for something by which lists can be measured. Gives whether it may be looked
    /// for.
    pub(super) fn look_round(&mut self, at: usize, now: Now) -> Result<bool, Fault> {
        let slot = self.rows.slot(at, Happening::LookSent)?;
        let Some(needs_text) = slot.awaits_control() else { return Ok(true) };
        let work = Arc::clone(&slot.work);
        let proven = self.lists.proven(&work).filter(|proven| proven.knows_texts || !needs_text);
        match (proven, self.lists.witness(&work)) {
            (Some(proven), _) => {
                self.rows.search_anew(at, proven.habits.first_page)?;
                Ok(true)
            }
            (None, Some(witness)) => {
                self.rows.look_for(at, witness.clone(), None)?;
                Ok(true)
            }
            (None, None) => {
                self.await_witness(at, needs_text, now)?;
                // What the ledger remembers may be looked for at once.
                Ok(self.rows.first_sought() == Some(at))
            }
        }
    }

    /// A look for something that is known to be there has come to an end.
    pub(super) fn control_looked(
        &mut self,
        at: usize,
        verdict: Verdict,
        owned: Holdings,
        flight: Flight,
        now: Now,
    ) -> Result<(), Fault> {
        let recovery = self.rows.recovery_mut(at)?;
        let is_settled =
            matches!(&recovery.control, ControlOf::Of(look) if look.control.is_settled());
        // A failure may pass; the first page is asked for again before the one before it.
        let put_off = match &verdict {
            Verdict::Retry { cause, after, pushback: false, .. }
                if is_settled && cause.status.is_some() =>
            {
                recovery.put_off_before_first(*after, now)
            }
            _ => None,
        };
        let ControlOf::Of(look) = &mut recovery.control else { return Ok(()) };
        let witness = &look.witness;
        if put_off.is_some() {
            let witness = witness.clone();
            return self.rows.look_for(at, witness, put_off);
        }
        let ready = &witness.work.ready;
        let shown = match (verdict, &ready.operation.recover) {
            (Verdict::Done { items: Some(items), .. }, Some(recover)) => {
                let of = (&*witness.id, ready, witness.attempted);
                look.control.take(recover, (&items, &owned), of)
            }
            (Verdict::Refused(_) | Verdict::NotFound(_), Some(recover)) => {
                look.control.take_refusal(recover)
            }
            // The page before the first may not exist, and servers refuse such a page in any way they like.
            (Verdict::Retry { cause, pushback: false, .. }, Some(recover))
                if look.control.is_settled() && cause.status.is_some() =>
            {
                look.control.take_refusal(recover)
            }
            (Verdict::Retry { cause, after, pushback, .. }, _) => {
                return self.look_later(at, cause, after, pushback, flight, now);
            }
            (Verdict::Unauthorized(cause), _) => {
                return self.look_unauthorized(at, cause, flight, now);
            }
            _ => Shown::No,
        };
        let (bearer, id) = (witness.bearer, witness.id.clone());
        match shown {
            Shown::NextPage => self.rows.look_on(at),
            Shown::Yes(habits) => {
                let work = Arc::clone(&self.rows.slot(at, Happening::Looked)?.work);
                let most = work.ready.operation.sure_after.saturating_mul(UNKNOWN_LAG);
                let lag = match bearer {
                    Bearer::Row(since) if self.lists.came_late(&work, &id) => {
                        Some(now.moment.since(since))
                    }
                    // Nobody has looked before: it may have been there for long.
                    Bearer::Row(since) => Some(now.moment.since(since).min(most)),
                    Bearer::Finder | Bearer::Ledger => None,
                };
                let knows_texts = bearer != Bearer::Ledger;
                self.lists.prove(&work, Proven { habits, lag, knows_texts });
                self.rows.look_anew(at, now.moment, Some(habits.first_page))
            }
            // Something may have been done to it since.
            Shown::No if bearer == Bearer::Ledger => self.await_witness(at, false, now),
            Shown::No => self.control_failed(at, id, now),
        }
    }

    /// A list does not show what is known to be there. It may be late.
    fn control_failed(&mut self, at: usize, id: String, now: Now) -> Result<(), Fault> {
        let work = Arc::clone(&self.rows.slot(at, Happening::Looked)?.work);
        self.lists.comes_late(&work, id);
        let recovery = self.rows.recovery_mut(at)?;
        recovery.failed_controls += 1;
        let sure_at = recovery.sure_at;
        let is_early = recovery.began.is_some_and(|began| began < sure_at);
        let failed = recovery.failed_controls;
        match self.lists.witness(&work) {
            Some(witness) if failed < MOST_CONTROLS => {
                let later = now.moment.after(work.ready.operation.sure_after);
                self.rows.look_for(at, witness.clone(), Some(later))
            }
            // It may be found all the same.
            _ if is_early => self.rows.look_anew(at, sure_at.max(now.moment), None),
            _ => self.end_unsure(at, Doubt::ListUnproven, now),
        }
    }
}
