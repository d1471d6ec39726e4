//! Asks for lists: several at once, within the quotas that all runs of the account share, each page as often as it takes
//! and no oftener than is right.
//!
//! Nothing but reads leaves here. When a request may leave, with which token, and what its answer meant is for `traffic`;
//! what a page says, for `recover`.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use crate::declared::connector::Answers;
use crate::engine::Stop;
use crate::event::{Note, Obstacle};
use crate::recover::{Answered, Enquiry, NextStep};
use crate::row::{Cause, Reason};
use crate::traffic::access::{Access, AfterNoToken, Refusal};
use crate::traffic::pace::{Moment, Pace, PushBack, Report, asked_wait, back_off};
use crate::traffic::reply::{Granted, Reply, TokenFailure};
use crate::traffic::shared_pace::{Heard, SharedPace, Unheard};
use crate::traffic::transport::Transport;
use crate::traffic::verdict::{Verdict, judge};

use super::list::{AskedList, ListAnswer};

/// So often a page is asked for that brings no answer; and one that the other side asks to have later.
const MOST_TRIES: u32 = 4;
const MOST_PUSH_BACKS: u32 = 12;
/// So many lists in a row without an answer, and nobody is there.
const SILENT_LISTS: u32 = 6;
/// A wait that is shorter is not told.
const WORTH_TELLING: Duration = Duration::from_secs(10);
/// Nothing is waited for longer without a look at the clock.
const LONGEST_NAP: Duration = Duration::from_secs(1);

/// What asking needs.
pub(in crate::task) struct Means<'a, T> {
    pub transport: &'a T,
    pub answers: &'a Answers,
    pub shared_pace: Option<&'a SharedPace>,
    pub concurrency: usize,
    /// Unix milliseconds.
    pub wall: &'a dyn Fn() -> i64,
    pub chance: &'a dyn Fn() -> f64,
    /// The first word of how far it is: how many lists have an answer, and how many requests left.
    pub progress: &'a mut dyn FnMut(u64, u64),
    /// Hears what is worth telling once.
    pub tell: &'a dyn Fn(&Note),
    /// Hears what lists have shown.
    pub ear: &'a mut dyn Ear,
    /// So long nothing may get through; and where all that is answered is to come later.
    pub patience: Patience,
}

/// Hears what lists have shown.
pub(in crate::task) trait Ear {
    /// The list of a number has shown something; gives what is to be remembered of it.
    fn hear(&mut self, list: usize, answered: Answered) -> ListAnswer;

    /// Whether it can hear more: whoever writes down what it hears may have no room left.
    fn can_hear(&self) -> bool {
        true
    }

    /// All lists have an answer, if only that they give none: which are to be read once more. Asked once.
    fn again(&mut self) -> Vec<usize> {
        Vec::new()
    }
}

/// How long nothing may get through before asking ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::task) struct Patience {
    pub silence: Duration,
    /// Where the other side says no more than that it is asked too often.
    pub push_backs: Duration,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::task) enum AskEnd {
    /// Each list has an answer, or has none for a reason of its own.
    Whole,
    Interrupted {
        signal: i32,
    },
    /// Nobody is let in, or nobody is there; and after how long without anything that got through, where that is why.
    Stopped(Obstacle, Option<Duration>),
    /// Whoever hears what lists show cannot hear more.
    Deaf,
}

/// A page that is to be asked for.
struct Page {
    list: usize,
    enquiry: Enquiry,
    tries: u32,
    push_backs: u32,
    not_before: Moment,
}

enum Flight {
    Replied { page: Box<Page>, sent_at: Moment, generation: u32, reply: Reply },
    Token(Result<Granted, TokenFailure>),
    Heard(Result<Heard, Unheard>),
}

/// Since when nothing has got through.
#[derive(Debug, Default)]
struct Silence {
    /// When the first request left of those that came to nothing.
    since: Option<Moment>,
    /// How many there were.
    failures: u32,
    /// Whether all of them were told to come later.
    are_push_backs: bool,
    last: Option<Obstacle>,
}

impl Silence {
    fn failed(&mut self, sent_at: Moment, obstacle: Obstacle, is_push_back: bool) {
        self.are_push_backs = is_push_back && (self.since.is_none() || self.are_push_backs);
        self.since.get_or_insert(sent_at);
        self.failures += 1;
        self.last = Some(obstacle);
    }

    /// When it has lasted long enough, and how long that is. What the other side asks for is waited for and tried once more.
    fn ends(&self, patience: Patience) -> Option<(Moment, Duration)> {
        let lasts = if self.are_push_backs { patience.push_backs } else { patience.silence };
        self.since.filter(|_| self.failures > 1).map(|since| (since.after(lasts), lasts))
    }
}

struct Asking<'a, T> {
    means: Means<'a, T>,
    pace: Pace,
    access: Access,
    began: Instant,
    remote_began: Option<i64>,
    waiting: VecDeque<Page>,
    flights: FuturesUnordered<LocalBoxFuture<'static, Flight>>,
    under_way: usize,
    first_page: Option<u32>,
    silent: u32,
    silence: Silence,
    requests: u64,
    answered: u64,
    has_looked_again: bool,
    end: Option<AskEnd>,
}

/// Asks for all lists that have no answer yet. Gives how it ended, how many requests left, and the last word to other runs.
pub(super) async fn ask<T: Transport>(
    lists: &mut [AskedList],
    means: Means<'_, T>,
    pace: Pace,
    stops: &mut UnboundedReceiver<Stop>,
) -> (AskEnd, u64, Option<Report>) {
    let mut asking = Asking {
        access: Access::new(means.transport.needs_token()),
        means,
        pace,
        began: Instant::now(),
        remote_began: None,
        waiting: VecDeque::new(),
        flights: FuturesUnordered::new(),
        under_way: 0,
        first_page: None,
        silent: 0,
        silence: Silence::default(),
        requests: 0,
        answered: 0,
        has_looked_again: false,
        end: None,
    };
    asking.answered =
        lists.iter().filter(|list| !matches!(list.answer, ListAnswer::NotAsked)).count() as u64;
    asking.enqueue(lists);
    let end = asking.run(lists, stops).await;
    let now = asking.now();
    (end, asking.requests, asking.pace.come(now, false, true))
}

/// Says that a quota is used up, where that is worth telling.
pub(super) fn tell_spent(wait: Option<Duration>, tell: &dyn Fn(&Note)) {
    if let Some(wait) = wait.filter(|wait| *wait >= WORTH_TELLING) {
        tell(&Note::QuotaSpent { wait });
    }
}

impl<T: Transport> Asking<'_, T> {
    fn now(&self) -> Moment {
        Moment(self.began.elapsed())
    }

    fn remote(&self, now: Moment) -> Option<i64> {
        self.remote_began.map(|began| began + i64::try_from(now.0.as_millis()).unwrap_or(i64::MAX))
    }

    /// All lists that have no answer are asked for.
    fn enqueue(&mut self, lists: &[AskedList]) {
        for (at, list) in lists.iter().enumerate() {
            let (ListAnswer::NotAsked, Some(recover)) = (&list.answer, list.recover()) else {
                continue;
            };
            self.waiting.push_back(Page {
                list: at,
                enquiry: Enquiry::new(recover, self.first_page),
                tries: 0,
                push_backs: 0,
                not_before: Moment::default(),
            });
        }
    }

    /// Whether lists are to be read once more, and then that is begun.
    fn begins_again(&mut self, lists: &mut [AskedList]) -> bool {
        if self.end.is_some() || std::mem::replace(&mut self.has_looked_again, true) {
            return false;
        }
        for at in self.means.ear.again() {
            if let Some(list) = lists.get_mut(at) {
                list.answer = ListAnswer::NotAsked;
                self.answered = self.answered.saturating_sub(1);
            }
        }
        self.enqueue(lists);
        !self.waiting.is_empty()
    }

    async fn run(
        &mut self,
        lists: &mut [AskedList],
        stops: &mut UnboundedReceiver<Stop>,
    ) -> AskEnd {
        loop {
            (self.means.progress)(self.answered, self.requests);
            let now = self.now();
            let mut wake = now.after(LONGEST_NAP);
            self.give_up(now);
            if self.end.is_none() {
                wake = wake.min(self.come(now)).min(self.renew(now)).min(self.depart(now, lists));
            }
            let is_over = self.waiting.is_empty() || self.end.is_some();
            if is_over && self.under_way == 0 {
                if self.begins_again(lists) {
                    continue;
                }
                return self.end.take().unwrap_or(AskEnd::Whole);
            }
            tokio::select! {
                biased;
                Some(stop) = stops.recv() => {
                    let (signal, at_once) = match stop {
                        Stop::Drain { signal } => (signal, false),
                        Stop::Now { signal } => (signal, true),
                    };
                    self.end = Some(AskEnd::Interrupted { signal });
                    if at_once {
                        return AskEnd::Interrupted { signal };
                    }
                }
                Some(flight) = self.flights.next(), if !self.flights.is_empty() => {
                    self.land(flight, lists);
                }
                () = tokio::time::sleep_until(self.began + wake.0) => {}
            }
        }
    }

    /// Ends it where nothing has got through for too long.
    fn give_up(&mut self, now: Moment) {
        let Some((_, lasts)) =
            self.silence.ends(self.means.patience).filter(|(moment, _)| *moment <= now)
        else {
            return;
        };
        if let Some(obstacle) = self.silence.last.clone() {
            self.end.get_or_insert(AskEnd::Stopped(obstacle, Some(lasts)));
        }
    }

    /// Other runs of the account are told how this one stands when that is due.
    fn come(&mut self, now: Moment) -> Moment {
        let never = now.after(LONGEST_NAP);
        let Some(at) = self.pace.comes_at(now, !self.waiting.is_empty()) else { return never };
        if at > now {
            return at;
        }
        let report = self.pace.come(now, !self.waiting.is_empty(), false);
        match (report, self.means.shared_pace) {
            (Some(report), Some(shared)) => {
                let coming = shared.come(report);
                self.flights.push(Box::pin(async move { Flight::Heard(coming.await) }));
            }
            (Some(_), None) => drop(self.pace.go_alone()),
            (None, _) => {}
        }
        never
    }

    fn renew(&mut self, now: Moment) -> Moment {
        let never = now.after(LONGEST_NAP);
        if !self.access.wants_request(now) {
            return self.access.wake_at().unwrap_or(never);
        }
        if self.means.transport.token_costs_request() {
            if let Err(later) = self.pace.acquire(now) {
                return later;
            }
            self.requests += 1;
        }
        self.access.requested();
        let clock = self.remote(now).unwrap_or_else(|| (self.means.wall)());
        let renewing = self.means.transport.renew(clock);
        self.flights.push(Box::pin(async move { Flight::Token(renewing.await) }));
        never
    }

    /// Sends what may leave; gives when to look again.
    fn depart(&mut self, now: Moment, lists: &mut [AskedList]) -> Moment {
        let never = now.after(LONGEST_NAP);
        while self.under_way < self.means.concurrency && self.access.is_ready(now) {
            let due = self.waiting.iter().position(|page| page.not_before <= now);
            let Some(at) = due else {
                return self.waiting.iter().map(|page| page.not_before).min().unwrap_or(never);
            };
            if let Err(later) = self.pace.acquire(now) {
                return later;
            }
            let Some(mut page) = self.waiting.remove(at) else { return never };
            self.learn_first_page(&mut page, lists);
            let Some(list) = lists.get(page.list) else { return never };
            let request =
                list.recover().and_then(|recover| page.enquiry.request(recover, &list.fields));
            let Some(request) = request else {
                self.pace.answered(now);
                self.settle(page.list, ListAnswer::None(Cause::of(Reason::Unsendable)), lists);
                continue;
            };
            self.requests += 1;
            self.under_way += 1;
            let (sending, generation) =
                (self.means.transport.send(&request), self.access.generation());
            self.flights.push(Box::pin(async move {
                let reply = sending.await;
                Flight::Replied { page: Box::new(page), sent_at: now, generation, reply }
            }));
        }
        never
    }

    /// With which number pages begin is learnt once.
    fn learn_first_page(&self, page: &mut Page, lists: &[AskedList]) {
        let list = lists.get(page.list).and_then(AskedList::recover);
        if let (Some(recover), Some(first)) = (list, self.first_page)
            && page.enquiry.is_at_first()
            && page.enquiry.first_page().is_none()
        {
            page.enquiry = Enquiry::new(recover, Some(first));
        }
    }

    fn land(&mut self, flight: Flight, lists: &mut [AskedList]) {
        let now = self.now();
        match flight {
            Flight::Heard(heard) => self.heard(heard, now),
            Flight::Token(result) => self.token(result, now),
            Flight::Replied { page, sent_at, generation, reply } => {
                self.under_way -= 1;
                if let Reply::Answer(answer) = &reply
                    && let Some(date) = answer.date
                {
                    let elapsed = i64::try_from(now.0.as_millis()).unwrap_or(i64::MAX);
                    self.remote_began = Some(date.saturating_sub(elapsed));
                }
                self.pace.answered(now);
                let remote = self.remote(now);
                self.pace.hear_clock(remote, now);
                self.replied(*page, (sent_at, generation), reply, lists);
            }
        }
    }

    /// What other runs of the account do, or that nobody says.
    fn heard(&mut self, heard: Result<Heard, Unheard>, now: Moment) {
        match heard {
            Ok(heard) => {
                let wait = self.pace.hear(&heard.view, now);
                heard.begun_anew.map(Note::PaceBegunAnew).iter().for_each(self.means.tell);
                tell_spent(wait, self.means.tell);
            }
            Err(why) => {
                if self.pace.go_alone() {
                    (self.means.tell)(&Note::OwnPace(why));
                }
            }
        }
    }

    fn token(&mut self, result: Result<Granted, TokenFailure>, now: Moment) {
        if self.means.transport.token_costs_request() {
            self.pace.answered(now);
        }
        match result {
            Ok(granted) => {
                let clock = granted.date.or(self.remote(now));
                let clock = clock.unwrap_or_else(|| (self.means.wall)());
                self.access.granted(granted.expires_at, now, clock);
            }
            Err(failure) => {
                self.silent += 1;
                self.silence.failed(now, Obstacle::Token(failure.why.clone()), false);
                let after = self.access.failed(&failure, now, (self.means.chance)());
                if after == AfterNoToken::GiveUp || self.silent >= SILENT_LISTS {
                    self.end = Some(AskEnd::Stopped(Obstacle::Token(failure.why), None));
                }
            }
        }
    }

    fn replied(
        &mut self,
        mut page: Page,
        (sent_at, generation): (Moment, u32),
        reply: Reply,
        lists: &mut [AskedList],
    ) {
        let now = self.now();
        let Some(list) = lists.get(page.list) else { return };
        let Some(recover) = list.recover() else { return };
        let redactor = self.means.transport.redactor();
        let age = age_of(&reply, now, sent_at);
        match judge(self.means.answers, &recover.list, reply, &redactor) {
            Verdict::Done { items: Some(mut items), .. } => {
                items.iter_mut().for_each(|item: &mut Value| redactor.redact_value(item));
                self.let_in(sent_at, generation);
                (page.tries, page.push_backs) = (0, 0);
                page.enquiry.read_at((self.means.wall)().saturating_sub(age));
                let next = page.enquiry.take(recover, &items, list.sights());
                self.go_on(page, next, lists);
            }
            Verdict::Done { items: None, .. } => {
                self.failed(page, sent_at, (Cause::of(Reason::UnreadableAnswer), None), lists);
            }
            // A no in an answer that says success by its status may be a moment's, as an internal error is. Of a later page
            // it says most often that there is none.
            Verdict::Refused(cause)
                if is_of_the_moment(&cause)
                    && page.enquiry.is_at_first()
                    && page.tries + 1 < MOST_TRIES =>
            {
                self.let_in(sent_at, generation);
                page.tries += 1;
                page.not_before = now.after(back_off(page.tries, (self.means.chance)()));
                self.waiting.push_back(page);
            }
            Verdict::Refused(_) | Verdict::NotFound(_) if !page.enquiry.is_at_first() => {
                self.let_in(sent_at, generation);
                let next = page.enquiry.take_refusal();
                self.go_on(page, next, lists);
            }
            Verdict::NotFound(cause) => {
                self.let_in(sent_at, generation);
                self.settle(page.list, ListAnswer::Missing(cause), lists);
            }
            Verdict::Refused(cause) => {
                self.let_in(sent_at, generation);
                self.settle(page.list, ListAnswer::Refused(cause), lists);
            }
            Verdict::Retry { cause, after, pushback: true, .. } => {
                let clock = self.remote(now);
                let push_back = PushBack { sent_at, asked: after, clock };
                let slowdown = self.pace.push_back(push_back, now, (self.means.chance)());
                self.silence.failed(sent_at, Obstacle::Request(cause.clone()), true);
                page.push_backs += 1;
                page.not_before = now.after(slowdown.wait);
                match page.push_backs < MOST_PUSH_BACKS {
                    true => self.waiting.push_front(page),
                    false => self.settle(page.list, ListAnswer::None(cause), lists),
                }
            }
            Verdict::Retry { cause, after, .. } | Verdict::Unknown { cause, after } => {
                self.failed(page, sent_at, (cause, after), lists);
            }
            Verdict::Unauthorized(cause) => match self.access.refused(generation, sent_at, None) {
                Refusal::Final => {
                    self.end = Some(AskEnd::Stopped(Obstacle::Request(cause), None));
                }
                Refusal::Renew | Refusal::Pause | Refusal::Row => {
                    self.failed(page, sent_at, (cause, None), lists);
                }
            },
        }
    }

    fn let_in(&mut self, sent_at: Moment, generation: u32) {
        let now = self.now();
        self.access.accepted(generation, sent_at);
        self.pace.let_in(sent_at, now);
        self.silent = 0;
        self.silence = Silence::default();
    }

    /// No answer that says anything: once more after a while, but not for ever.
    fn failed(
        &mut self,
        mut page: Page,
        sent_at: Moment,
        (cause, after): (Cause, Option<Duration>),
        lists: &mut [AskedList],
    ) {
        self.silence.failed(sent_at, Obstacle::Request(cause.clone()), false);
        page.tries += 1;
        if page.tries < MOST_TRIES {
            let wait = match after {
                Some(asked) => asked_wait(asked),
                None => back_off(page.tries, (self.means.chance)()),
            };
            page.not_before = self.now().after(wait);
            return self.waiting.push_back(page);
        }
        self.silent += 1;
        if self.silent >= SILENT_LISTS && self.end.is_none() {
            self.end = Some(AskEnd::Stopped(Obstacle::Request(cause.clone()), None));
        }
        self.settle(page.list, ListAnswer::None(cause), lists);
    }

    fn go_on(&mut self, page: Page, next: NextStep, lists: &mut [AskedList]) {
        match next {
            // A list that was begun is read to its end first.
            NextStep::Page => {
                self.waiting.push_front(Page { not_before: Moment::default(), ..page });
            }
            NextStep::Over(answered) => {
                self.first_page = self.first_page.or(page.enquiry.first_page());
                let answer = self.means.ear.hear(page.list, answered);
                if !self.means.ear.can_hear() {
                    self.end.get_or_insert(AskEnd::Deaf);
                }
                self.settle(page.list, answer, lists);
            }
        }
    }

    fn settle(&mut self, list: usize, answer: ListAnswer, lists: &mut [AskedList]) {
        self.answered += 1;
        if let Some(list) = lists.get_mut(list) {
            list.answer = answer;
        }
    }
}

fn is_of_the_moment(cause: &Cause) -> bool {
    cause.status.is_some_and(|status| (200..300).contains(&status))
}

/// For how long an answer may have lain in a cache before it was asked for, in milliseconds. One that says nothing of that is
/// as fresh as its request.
fn age_of(reply: &Reply, now: Moment, sent_at: Moment) -> i64 {
    let age = match reply {
        Reply::Answer(answer) => answer.age.unwrap_or_default(),
        Reply::NotSent(_) | Reply::Lost(_) => Duration::ZERO,
    };
    i64::try_from(age.saturating_add(now.since(sent_at)).as_millis()).unwrap_or(i64::MAX)
}
