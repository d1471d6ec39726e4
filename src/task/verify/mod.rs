//! `verify`: reads back what the ledger says that a job has done, and compares.
//!
//! The ledger says what was done, the source what was said by it, and the lists what is there. Nothing but reads leaves, and no row
//! is settled by it: what it came to is kept in the ledger beside the runs. A list with a difference is read a second time before
//! that is believed.

mod judge;
mod sample;
mod things;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Zoned;

use crate::declared::connector::Effect;
use crate::ledger::{
    Acts, Books as _, JobId, JobLock, JobName, Ledger, LedgerError, Open as _, Reader as _,
    Unsettled, Verification,
};
use crate::plan::{Fate, Policy, Readings, Steps, survey};
use crate::prepare::request;
use crate::recover::{Answered, Keeps};
use crate::report::{
    Aside, ListsRead, RemoteEnd, SampleTaken, VerifiedRow, VerifyCost, VerifyFindings,
    of_no_ledger, of_row, of_unsettled,
};
use crate::row::{KeyHash, RowState};
use crate::source::Source;
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::spelling::is_same;
use crate::traffic::transport::Credentials;

use super::asking::{AskProgress, AskedList, Ear, Inquiry, Kept, ListAnswer, RemoteWorld, details};
use super::booking::{Past, name_in, refuse_other_account};
use super::job::{JobOptions, Opening, refuse_changed_key};
use super::limits::{Limits, SendingOptions};
use super::remote::end_of;
use super::rescued::tell_waiting;
use super::target::{Target, TargetOptions, passed_over};
use super::{Details, Failure, Listener, Refused, Told, one_target};
use judge::Bench;
pub(super) use judge::text_of;
pub(crate) use sample::Sample;
use sample::chosen;
use things::{Reading, TextPlace, Things};

/// By what a verification finds again what it has kept.
const PURPOSE: &str = "verify";
/// What keys of reading rows begin with: a run has its number there.
const RUN_MARK: &str = "verify/";

/// What is to be verified.
#[derive(Clone)]
pub(crate) struct VerifyOptions<'a> {
    pub job: JobOptions,
    /// Files of rows that were sent corrected, which are read beside the source.
    pub corrected: Vec<PathBuf>,
    pub target: TargetOptions<'a>,
    pub sending: SendingOptions,
    /// Not all lists are read.
    pub sample: Option<Sample>,
    /// It is enough that rows are there by their ids, where nothing says any more what was sent.
    pub takes_ids: bool,
    /// Who verifies.
    pub by: String,
    /// When, for whoever finds the job held meanwhile.
    pub began: Zoned,
}

/// What verifying needs of whoever hears of it.
pub(crate) struct VerifyHearing<'h> {
    /// Hears what it will cost, and gives who hears how far it is: lists with an answer, and requests.
    pub begins: &'h dyn Fn(&VerifyCost) -> AskProgress,
    /// Hears of each row.
    pub row: &'h mut dyn FnMut(&VerifiedRow),
}

/// What a verification came to.
pub(crate) struct Verified {
    pub job: String,
    /// In words.
    pub target: String,
    /// What one row makes, in a word of the connector's.
    pub item: String,
    /// Which lists were read, where not all were.
    pub sample: Option<SampleTaken>,
    pub findings: VerifyFindings,
    /// Whether a run has begun meanwhile.
    pub has_moved: bool,
    /// Why it is not in the ledger.
    pub unkept: Option<LedgerError>,
}

/// Verifies a job.
pub(crate) fn verify(
    options: &VerifyOptions<'_>,
    world: &RemoteWorld<'_>,
    listener: Listener<'_>,
    hearing: VerifyHearing<'_>,
) -> Result<Verified, Failure> {
    let began_at = (world.wall)();
    let address = options.target.base_url.as_deref();
    let (mut opening, source) = Opening::open(&of_source(&options.job), address)?;
    let mut corrected = corrected(options, address)?;
    let (target, credentials) = Target::find(&opening.job, &options.target)?;
    target.refuse_plain_http(&opening.job, &options.target)?;
    for (corrected, _) in &mut corrected {
        corrected.preparer.goes_to(&target.place());
    }
    opening.warnings.extend(passed_over(&opening.job, &options.target));
    let limits = Limits::new(&opening.job, &options.sending, None);
    listener(Told::Details(Details {
        ledger: Some(options.job.ledger.clone()),
        ..details(&opening.job, (&target, &options.target), &limits)
    }));
    let found = Known::find(&options.job.ledger, &opening, &target, listener)?;
    opening.tell_warnings(listener);
    let mut acts = found.past.ledger().acts(found.past.job())?;
    let owned = std::mem::take(&mut acts.owned);
    let mut aside = aside(&acts);
    let verifying = Verifying { opening: &opening, known: &found, began_at };
    let (corrected, corrected_rows): (Vec<Opening>, Vec<Source>) = corrected.into_iter().unzip();
    let mut readings = vec![(Reading::Source, verifying)];
    let beside = corrected.iter().enumerate();
    readings.extend(
        beside.map(|(at, opening)| (Reading::Corrected(at), Verifying { opening, ..verifying })),
    );
    let history = found.past.prior().history;
    let corrections: HashSet<KeyHash> = history.corrections().all().collect();
    let connector = &opening.job.connector;
    let mut things = Things::of(connector, acts, &|key| corrections.contains(&key));
    verifying.read(source, Reading::Source, (&mut things, &mut aside), listener)?;
    for ((reading, beside), rows) in readings.iter().skip(1).zip(corrected_rows) {
        let mut aside = Aside::default();
        beside.read(rows, *reading, (&mut things, &mut aside), listener)?;
    }
    aside.superseded = things.superseded;
    let (job, ledger) = (&opening.job, &options.job.ledger);
    let inquiry = Inquiry { job, target: &target, limits: &limits, ledger, world };
    let asked = Asked::of(things, aside, options.sample);
    let sample = asked.sample.clone();
    let VerifyHearing { begins, row } = hearing;
    let (bench, mut findings) = asked.ask(&inquiry, credentials, owned, &found, begins)?;
    findings.takes_ids = options.takes_ids;
    judge(&bench, (&readings, opening.preparer.has_key()), &mut findings, row)?;
    let has_moved = found.has_moved(&options.job.ledger)?;
    let verification = Verification {
        began_at,
        ended_at: (world.wall)(),
        by: format!("{}, process {}", options.by, world.process),
        sample: sample.as_ref().map(SampleTaken::written),
        lists: findings.lists.wanted,
        lists_read: findings.lists.answered,
        rows: findings.rows(),
        right: findings.right(),
        found: findings.found(),
        strange: findings.strange,
        requests: findings.lists.requests,
        exit: findings.exit(),
    };
    let since = options.began.strftime("%Y-%m-%d %H:%M:%S").to_string();
    // One that has read nothing says nothing, and is not to stand in the place of one that has.
    let kept = match findings.has_read() {
        true => found.keep(&options.job.ledger, (world.process, &since), &verification),
        false => Ok(()),
    };
    Ok(Verified {
        job: opening.job.name.clone(),
        target: target.words(),
        item: opening.job.connector.item.clone(),
        sample,
        findings,
        has_moved,
        unkept: kept.err(),
    })
}

/// Rows that have come back corrected stand beside the source here, not in its place.
fn of_source(job: &JobOptions) -> JobOptions {
    JobOptions { from: None, ..job.clone() }
}

/// The rows that have come back corrected, of each file of such that is named.
fn corrected(
    options: &VerifyOptions<'_>,
    address: Option<&str>,
) -> Result<Vec<(Opening, Source)>, Vec<Diagnostic>> {
    let of_file = |file: &PathBuf| JobOptions {
        from: Some(file.clone()),
        min_rows: None,
        ..options.job.clone()
    };
    options.corrected.iter().map(|file| Opening::open(&of_file(file), address)).collect()
}

/// Rows of which the ledger says that there is nothing to compare.
fn aside(acts: &Acts) -> Aside {
    Aside {
        in_doubt: acts.in_doubt,
        failed: acts.failed,
        dismissed: acts.dismissed,
        undone: acts.undone,
        ..Aside::default()
    }
}

/// A job as the ledger knows it.
struct Known {
    name: JobName,
    past: Past,
    /// The number of its last run.
    last_run: i64,
}

impl Known {
    fn find(
        path: &Path,
        opening: &Opening,
        target: &Target,
        listener: Listener<'_>,
    ) -> Result<Self, Failure> {
        let Some(ledger) = Ledger::open_to_read(path)? else {
            return Err(of_no_ledger(path).into());
        };
        let name = name_in(&ledger, target.job_name(&opening.job))?;
        let id: Option<JobId> = ledger.find_job(&name)?;
        refuse_other_account(&ledger, &name, id)?;
        let Some(id) = id else {
            return Err(of_unsettled(&unknown(&ledger, name)?).into());
        };
        if let Some(holder) = JobLock::held_by(path, &name) {
            let holder = Some(holder).filter(|holder| !holder.is_empty());
            return Err(LedgerError::Busy { holder }.into());
        }
        tell_waiting(path, &name, listener)?;
        let past = Past::read(ledger, id)?;
        refuse_changed_key(&opening.job, past.keyed_by()?)?;
        let last_run = past.last_run()?;
        Ok(Self { name, past, last_run })
    }

    /// Whether a run has begun since.
    fn has_moved(&self, path: &Path) -> Result<bool, LedgerError> {
        let is_held = JobLock::held_by(path, &self.name).is_some();
        Ok(is_held || self.past.last_run()? != self.last_run)
    }

    /// Writes what a verification came to. Only for that the job is held, a moment.
    fn keep(
        &self,
        path: &Path,
        (process, since): (u32, &str),
        found: &Verification,
    ) -> Result<(), LedgerError> {
        let lock = JobLock::take(path, &self.name, process, since)?;
        let ledger = Ledger::open_claimed(path, &lock)?;
        ledger.keep_verification(&lock, found).map(drop)
    }
}

/// That the ledger does not know a job at a place, and where it does.
fn unknown(ledger: &Ledger, asked: JobName) -> Result<Unsettled, LedgerError> {
    let job = asked.name.clone();
    let targets = one_target::used(ledger, &|name| is_same(&job, &name.name))?;
    let targets = targets.into_iter().map(|(_, name)| name).collect();
    Ok(Unsettled::NotThere { job, asked, targets })
}

/// A reading of the source, or of the rows that have come back corrected.
#[derive(Clone, Copy)]
struct Verifying<'a> {
    opening: &'a Opening,
    known: &'a Known,
    began_at: i64,
}

impl Verifying<'_> {
    fn policy(&self) -> Policy {
        Policy::plain(self.opening.job.in_doubt)
    }

    /// What should be there, as this reading says it.
    fn read(
        &self,
        source: Source,
        reading: Reading,
        (things, aside): (&mut Things, &mut Aside),
        listener: Listener<'_>,
    ) -> Result<(), Failure> {
        let connector = &self.opening.job.connector;
        let again = || self.opening.reopen();
        let readings: Readings<'_> = self.opening.readings(&again, self.began_at);
        let prior = self.known.past.prior();
        let mut of_source = |problem| {
            // What is wrong with a row is for `check` to tell.
            let problem = of_row(problem);
            let is_row = matches!(problem.place, Place::Row(_));
            if problem.is_error() && (!is_row || problem.code == Code::UnclosedQuote) {
                listener(Told::Problem(problem));
            }
        };
        let found = survey(readings, source, Some(prior), self.policy(), None, &mut of_source)?;
        listener(Told::Surveyed);
        if found.checked.broken || found.checked.guessed {
            return Err(Failure::Invalid(Refused::new(found.checked, found.fates.tally())));
        }
        let prior = Some(self.known.past.prior());
        let mark = RUN_MARK.to_owned();
        let mut steps = Steps::open(readings, prior, self.policy(), &found.fates, mark)?;
        while let Some(step) = steps.next(|fate| !matches!(fate, Fate::LeaveOut(_)))? {
            things.see(connector, (&step, reading), &|name| steps.value_called(name));
            let state = step.known.as_ref().map(|known| &known.earlier.state);
            let is_open =
                matches!(state, None | Some(RowState::NotStarted | RowState::Deferred { .. }));
            let only_reads =
                step.operation.as_ref().is_some_and(|operation| operation.effect == Effect::Read);
            // What a corrected row has done in its place is done.
            let is_done = matches!(step.fate, Fate::Skip(_));
            aside.not_sent += u64::from(is_open && !is_done && !only_reads);
        }
        Ok(())
    }

    /// The texts of rows of this reading, by their numbers in it.
    fn texts(&self, wanted: &HashSet<u64>) -> Result<HashMap<u64, String>, Failure> {
        let mut texts = HashMap::new();
        if wanted.is_empty() {
            return Ok(texts);
        }
        let again = || self.opening.reopen();
        let readings = self.opening.readings(&again, self.began_at);
        let source = self.opening.reopen()?;
        let mut nothing = |_| {};
        let prior = || Some(self.known.past.prior());
        let found = survey(readings, source, prior(), self.policy(), None, &mut nothing)?;
        let mark = RUN_MARK.to_owned();
        let mut steps = Steps::open(readings, prior(), self.policy(), &found.fates, mark)?;
        while let Some(step) = steps.next_where(|row, _| wanted.contains(&row))? {
            let text = step.ready.as_ref().and_then(judge::text_of);
            texts.extend(text.map(|text| (step.ordinal, text)));
        }
        Ok(texts)
    }
}

/// Tells of each row, in the order of what was done, with the texts of those that differ.
fn judge(
    bench: &Bench,
    (readings, has_keys): (&[(Reading, Verifying<'_>)], bool),
    findings: &mut VerifyFindings,
    tell: &mut dyn FnMut(&VerifiedRow),
) -> Result<(), Failure> {
    let wanted = bench.wants_texts();
    let mut texts = HashMap::new();
    for (reading, from) in readings {
        let own = wanted.iter().filter(|place| place.reading == *reading);
        let found = from.texts(&own.map(|place| place.ordinal).collect())?;
        texts.extend(
            found
                .into_iter()
                .map(|(ordinal, text)| (TextPlace { reading: *reading, ordinal }, text)),
        );
    }
    bench.each_row(has_keys, &texts, &mut |row| {
        tell(&row);
        findings.see(&row);
    });
    bench.count(findings);
    Ok(())
}

/// Which lists are read, and for what.
struct Asked {
    things: Things,
    /// The things of each list.
    by_list: Vec<Vec<usize>>,
    is_chosen: Vec<bool>,
    aside: Aside,
    sample: Option<SampleTaken>,
}

impl Asked {
    fn of(mut things: Things, mut aside: Aside, sample: Option<Sample>) -> Self {
        let by_list = things.by_list();
        for (list, own) in things.lists.lists.iter_mut().zip(&by_list) {
            let ids = own.iter().filter_map(|at| things.things.get(*at)?.expected.id.clone());
            list.wanted = ids.collect();
            list.keeps = Keeps::Fields;
            list.system = None;
        }
        let names = things.lists.lists.iter().map(|list| list.name.as_str());
        let is_chosen = match sample {
            Some(sample) => chosen(sample, names),
            None => vec![true; by_list.len()],
        };
        let wanted = is_chosen.iter().filter(|chosen| **chosen).count();
        let of_list = |at: usize| is_chosen.get(at).copied().unwrap_or_default();
        let is_out = |list: &usize| !of_list(*list);
        let out = things.things.iter().filter_map(|thing| thing.list.as_ref().ok());
        aside.not_in_sample = out.filter(|list| is_out(list)).count() as u64;
        let noun = things.lists.lists.first().and_then(|list| list.maker.lane.noun());
        let sample = sample.filter(|_| wanted < by_list.len()).map(|_| SampleTaken {
            lists: wanted as u64,
            of: by_list.len() as u64,
            noun: noun.map(str::to_owned),
        });
        Self { things, by_list, is_chosen, aside, sample }
    }

    /// Asks for the lists, and compares each as it comes.
    fn ask(
        self,
        inquiry: &Inquiry<'_>,
        credentials: Credentials,
        owned: HashSet<KeyHash>,
        known: &Known,
        begins: &dyn Fn(&VerifyCost) -> AskProgress,
    ) -> Result<(Bench, VerifyFindings), Failure> {
        let Self { mut things, by_list, is_chosen, aside, .. } = self;
        let all = std::mem::take(&mut things.lists.lists);
        let of = all.len() as u64;
        // What is not in the sample is not asked for.
        let (mut lists, mut own): (Vec<AskedList>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
        for ((list, things), is_chosen) in all.into_iter().zip(by_list).zip(is_chosen) {
            if is_chosen {
                lists.push(list);
                own.push(things);
            }
        }
        let names: Vec<String> = lists.iter().map(|list| list.name.clone()).collect();
        let makers = lists.iter().map(|list| Arc::clone(&list.maker)).collect();
        let nouns: Vec<String> = lists.iter().map(words_of).collect();
        let mut bench = Bench::new(things, own, makers, nouns);
        bench.owned = owned;
        let mut kept = inquiry.kept(PURPOSE);
        take_kept(&mut lists, &mut kept, &mut bench);
        let cost = inquiry.cost(&lists, kept.since());
        let mut progress = begins(&VerifyCost {
            rows: bench.rows(),
            lists: lists.len() as u64,
            of,
            known: cost.known,
            known_since: cost.known_since.clone(),
            noun: cost.noun.clone(),
            requests: cost.requests,
            duration: cost.duration,
            limited_by: cost.limited_by,
        });
        let mut reader =
            Listening { bench: &mut bench, kept: &mut kept, known, names, twice: None };
        let asked = inquiry.ask(&mut lists, credentials, (&mut reader, &mut *progress))?;
        let twice = reader.twice.unwrap_or_default();
        drop(progress);
        bench.note_answers(&lists);
        let unanswered =
            lists.iter().filter(|list| matches!(list.answer, ListAnswer::None(_))).count() as u64;
        let read = ListsRead {
            noun: cost.noun,
            wanted: lists.len() as u64,
            of,
            answered: lists.iter().filter(|list| list.is_answered()).count() as u64,
            unanswered,
            known_since: cost.known_since,
            requests: asked.1,
            twice,
        };
        let end = end_of(asked.0, kept.is_on());
        if end == RemoteEnd::Whole && unanswered == 0 {
            kept.forget();
        }
        Ok((bench, VerifyFindings::new(end, read, aside)))
    }
}

/// Compares lists as they come, and keeps them for a later call.
struct Listening<'r> {
    bench: &'r mut Bench,
    kept: &'r mut Kept,
    known: &'r Known,
    names: Vec<String>,
    /// How many lists are read a second time, once that is known.
    twice: Option<u64>,
}

impl Ear for Listening<'_> {
    fn hear(&mut self, list: usize, mut answered: Answered) -> ListAnswer {
        self.bench.hear(list, &mut answered);
        if self.twice.is_none() {
            self.names.get(list).into_iter().for_each(|name| self.kept.keep(name, &answered));
        }
        ListAnswer::Taken
    }

    fn again(&mut self) -> Vec<usize> {
        let again = self.bench.wants_second_look();
        self.twice = Some(again.len() as u64);
        // Who owns what may have become known meanwhile; a ledger that cannot be read now has told it before.
        if let Ok(acts) = self.known.past.ledger().acts(self.known.past.job()) {
            self.bench.owned = acts.owned;
        }
        again
    }
}

/// Takes what an earlier call has kept, but for lists that were read before something was sent that they should show.
fn take_kept(lists: &mut [AskedList], kept: &mut Kept, bench: &mut Bench) {
    for (at, list) in lists.iter_mut().enumerate() {
        let Some(mut answered) = kept.take(&list.name) else { continue };
        if answered.at >= bench.last_sent(at) {
            bench.hear(at, &mut answered);
            list.answer = ListAnswer::Taken;
        }
    }
}

/// What a list is of, as people say it: `ticket tk_1`.
fn words_of(list: &AskedList) -> String {
    let lane = request::lane(&list.maker, &list.fields);
    lane.unwrap_or_else(|| list.name.clone())
}

/// Whether a row of any job has made what bears a name.
fn is_owned(owned: &HashSet<KeyHash>, id: &str) -> bool {
    owned.contains(&KeyHash::of(id))
}
