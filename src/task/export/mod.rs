//! `export`: what lists show, written down: the notes of tickets, say, before a bulk change.
//!
//! The rows of a job say which lists; each is read to its end and written as a whole, or not at all. Nothing but reads leaves, and
//! no ledger is needed. What is not whole never bears the file's name.

mod file;
mod form;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Zoned;

use crate::declared::connector::{Connector, Effect, Operation, Recover};
use crate::declared::job::Job;
use crate::plan::{Fate, Policy, Readings, Step, Steps, Survey, survey};
use crate::prepare::{Ready, request};
use crate::recover::{Answered, Enquiry, Extent, Keeps};
use crate::report::{
    ExportEnd, ExportedList, ListState, NoExport, of_export_place, of_no_export, of_no_lists,
    of_nothing_listed, of_row,
};
use crate::row::Fields;
use crate::source::Source;
use crate::table::{Staying, look};
use crate::text::diagnostic::Place;
use crate::text::place::RowPlace;

use super::asking::{
    AskEnd, AskProgress, AskedList, Ear, Inquiry, ListAnswer, RemoteCost, RemoteWorld, details,
};
use super::job::{JobOptions, Opening};
use super::limits::{Limits, SendingOptions};
use super::remote::end_of;
use super::target::{Target, TargetOptions, passed_over};
use super::{Failure, Listener, Refused, Told};
use file::{ExportFile, Head, Unwritable};
pub(super) use form::CREATED;
pub(crate) use form::ExportFormat;
use form::Form;

/// What keys of reading rows begin with: a run has its number there.
const RUN_MARK: &str = "export/";

/// What is to be exported.
#[derive(Clone)]
pub(crate) struct ExportOptions<'a> {
    pub job: JobOptions,
    pub target: TargetOptions<'a>,
    pub sending: SendingOptions,
    pub to: PathBuf,
    /// How it is written; none where the file's name says so.
    pub format: Option<ExportFormat>,
    /// A file in its place may go.
    pub replaces: bool,
}

/// What an export came to.
#[derive(Debug)]
pub(crate) struct Exported {
    pub job: String,
    /// What one line is, in a word of the connector's.
    pub item: String,
    pub noun: Option<String>,
    /// From when on lists were read by earlier calls, where some were.
    pub known_since: Option<Zoned>,
    pub lists: Vec<ExportedList>,
    pub end: ExportEnd,
    /// The file, or where the part of it is.
    pub file: PathBuf,
    pub requests: u64,
}

/// A list of an export, as its rows ask for it.
struct Wanted {
    place: RowPlace,
    words: String,
}

/// Exports what the rows of a job list.
pub(crate) fn export(
    options: &ExportOptions<'_>,
    world: &RemoteWorld<'_>,
    listener: Listener<'_>,
    begins: &dyn Fn(&RemoteCost) -> AskProgress,
) -> Result<Exported, Failure> {
    let format = options.format.or_else(|| ExportFormat::of_path(&options.to));
    let Some(format) = format else {
        return Err(of_no_export(&options.to, &NoExport::Formless).into());
    };
    let (mut opening, source) = Opening::open(&options.job, options.target.base_url.as_deref())?;
    let (target, credentials) = Target::find(&opening.job, &options.target)?;
    target.refuse_plain_http(&opening.job, &options.target)?;
    opening.warnings.extend(passed_over(&opening.job, &options.target));
    let limits = Limits::new(&opening.job, &options.sending, None);
    listener(Told::Details(details(&opening.job, (&target, &options.target), &limits)));
    opening.tell_warnings(listener);
    let (mut lists, wanted) = collect(&opening, source, (world.wall)(), listener)?;
    let form = lists.first().and_then(|list| form_of(format, &opening.job.connector, list));
    let Some(form) = form else { return Err(of_no_lists(opening.job.rows.name()).into()) };
    let head = Head {
        format: Head::format(),
        job: opening.job.name.clone(),
        connector: connector_of(&opening.job),
        base_url: target.base_url.clone(),
        account: target.account_served.clone().unwrap_or_default(),
        written_as: format.word().to_owned(),
        columns: form.columns(),
    };
    refuse_what_stays(&opening, options)?;
    let file = ExportFile::open(&options.to, (&head, &form.head()), options.replaces)
        .map_err(|why| refused(&options.to, why))?;
    let mut things: Vec<u64> = vec![0; lists.len()];
    for (list, things) in lists.iter_mut().zip(&mut things) {
        if let Some(known) = file.known(&list.name) {
            (list.answer, *things) = (ListAnswer::Taken, known);
        }
    }
    let (job, ledger) = (&opening.job, options.job.ledger.as_path());
    let inquiry = Inquiry { job, target: &target, limits: &limits, ledger, world };
    let cost = inquiry.cost(&lists, file.since());
    let mut progress = begins(&cost);
    let asked_by = lists.iter().map(|list| (list.name.clone(), list.fields.clone())).collect();
    let mut writer =
        Writer { file, form: &form, asked_by, things, unwritten: HashMap::new(), fault: None };
    let (end, requests) = inquiry.ask(&mut lists, credentials, (&mut writer, &mut *progress))?;
    drop(progress);
    let Writer { file, things, mut unwritten, fault, .. } = writer;
    let lists: Vec<ExportedList> = lists
        .iter()
        .zip(wanted)
        .zip(things)
        .enumerate()
        .map(|(at, ((list, wanted), things))| ExportedList {
            place: wanted.place,
            words: wanted.words,
            state: unwritten.remove(&at).unwrap_or_else(|| state_of(list, things)),
        })
        .collect();
    let is_whole = lists.iter().all(|list| list.state.is_final());
    let part = file.part().to_owned();
    let (end, file) = match (end, fault) {
        (_, Some(error)) => (ExportEnd::Unwritten(error.to_string()), part),
        (AskEnd::Whole, None) if is_whole => match file.finish() {
            Ok(()) => (ExportEnd::Whole, options.to.clone()),
            Err(error) => (ExportEnd::Unwritten(error.to_string()), part),
        },
        (AskEnd::Whole, None) => (ExportEnd::Unwhole, part),
        (end, None) => (ExportEnd::Ended(end_of(end, true)), part),
    };
    Ok(Exported {
        job: job.name.clone(),
        item: job.connector.item.clone(),
        noun: cost.noun,
        known_since: cost.known_since,
        lists,
        end,
        file,
        requests,
    })
}

/// What came of a list that was not left out.
fn state_of(list: &AskedList, things: u64) -> ListState {
    match &list.answer {
        ListAnswer::Taken | ListAnswer::Read(_) => ListState::Written(things),
        ListAnswer::Missing(cause) => ListState::Missing(cause.clone()),
        ListAnswer::Refused(cause) => ListState::Refused(cause.clone()),
        ListAnswer::None(cause) => ListState::NoAnswer(cause.clone()),
        ListAnswer::NotAsked => ListState::NotAsked,
    }
}

/// The connector as a part is held to it.
fn connector_of(job: &Job) -> String {
    format!("{} {}", job.connector.name, job.connector.fingerprint)
}

/// Writes lists as they come.
struct Writer<'w> {
    file: ExportFile,
    form: &'w Form,
    /// The name of each list, and what it is asked by.
    asked_by: Vec<(String, Fields<'static>)>,
    things: Vec<u64>,
    /// Lists that have an answer, and of which nothing is in the file all the same.
    unwritten: HashMap<usize, ListState>,
    fault: Option<io::Error>,
}

impl Ear for Writer<'_> {
    fn hear(&mut self, list: usize, answered: Answered) -> ListAnswer {
        if answered.extent == Extent::Contradicting {
            self.unwritten.insert(list, ListState::Contradicting);
            return ListAnswer::Taken;
        }
        if answered.extent != Extent::Whole {
            self.unwritten.insert(list, ListState::Unwhole(answered.extent));
            return ListAnswer::Taken;
        }
        let (Some((name, fields)), None) = (self.asked_by.get(list), &self.fault) else {
            return ListAnswer::NotAsked;
        };
        if let Some(field) = self.form.untold(&answered.whole, fields) {
            self.unwritten.insert(list, ListState::Untold { field });
            return ListAnswer::Taken;
        }
        let count = answered.whole.len() as u64;
        let lines = self.form.lines(&answered.whole, fields);
        match self.file.write((name, answered.at), count, &lines) {
            Ok(()) => {
                if let Some(things) = self.things.get_mut(list) {
                    *things = count;
                }
                ListAnswer::Taken
            }
            Err(error) => {
                self.fault = Some(error);
                ListAnswer::NotAsked
            }
        }
    }

    fn can_hear(&self) -> bool {
        self.fault.is_none()
    }
}

/// The lists that the rows ask for, each once, and which row was the first to ask.
fn collect(
    opening: &Opening,
    source: Source,
    now: i64,
    listener: Listener<'_>,
) -> Result<(Vec<AskedList>, Vec<Wanted>), Failure> {
    let again = || opening.reopen();
    let readings: Readings<'_> = opening.readings(&again, now);
    let policy = Policy::plain(opening.job.in_doubt);
    let mut tell = |problem| listener(Told::Problem(of_row(problem)));
    let found: Survey = survey(readings, source, None, policy, None, &mut tell)?;
    listener(Told::Surveyed);
    if found.checked.broken || found.checked.guessed || found.checked.invalid() > 0 {
        return Err(Failure::Invalid(Refused::new(found.checked, found.fates.tally())));
    }
    let mut steps = Steps::open(readings, None, policy, &found.fates, RUN_MARK.to_owned())?;
    let (mut lists, mut wanted) = (Vec::new(), Vec::new());
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let mut ways: HashMap<Arc<str>, Arc<Operation>> = HashMap::new();
    while let Some(step) = steps.next(|fate| matches!(fate, Fate::Send(_)))? {
        let Some(ready) = &step.ready else { continue };
        let maker = match ways.get(&ready.operation.name) {
            Some(maker) => Arc::clone(maker),
            None => {
                let maker = maker_of(&opening.job.connector, &step)?;
                ways.insert(Arc::clone(&ready.operation.name), Arc::clone(&maker));
                maker
            }
        };
        let Some(list) = asked_list(&maker, ready) else { continue };
        if by_name.insert(list.name.clone(), lists.len()).is_none() {
            let words = request::lane(&maker, &list.fields).unwrap_or_else(|| ready.lane.clone());
            wanted.push(Wanted { place: step.place.clone(), words });
            lists.push(list);
        }
    }
    Ok((lists, wanted))
}

/// The operation that makes what a row lists.
fn maker_of(connector: &Connector, step: &Step) -> Result<Arc<Operation>, Failure> {
    let operation = step.operation.as_deref();
    let lists = |maker: &&Arc<Operation>| {
        maker.recover.as_ref().is_some_and(|recover| {
            operation.is_some_and(|operation| recover.list.name == operation.name)
        })
    };
    let maker = connector.operations.values().find(lists).cloned();
    let is_read = operation.is_some_and(|operation| operation.effect == Effect::Read);
    maker.filter(|_| is_read).ok_or_else(|| {
        let name = operation.map_or("", |operation| &*operation.name);
        let known = connector
            .operations
            .values()
            .filter_map(|maker| Some(maker.recover.as_ref()?.list.name.to_string()));
        let known: Vec<String> = known.collect();
        of_nothing_listed(Place::from(step.place.clone()), name, &known).into()
    })
}

/// The list that a row asks for, in the order that the row says.
fn asked_list(maker: &Arc<Operation>, ready: &Ready) -> Option<AskedList> {
    let recover = maker.recover.as_ref()?;
    let (mut fields, mut order) = (Fields::default(), Vec::new());
    for (field, value) in ready.fields.iter() {
        match recover.with.iter().find(|(own, _)| *own == field) {
            Some((_, from)) => fields.set(*from, value.clone()),
            None => order.push((field, value.clone())),
        }
    }
    let otherwise = Arc::new(Recover { newest_first: order, ..recover.clone() });
    let request = Enquiry::new(&otherwise, Some(1)).request(&otherwise, &fields)?;
    Some(AskedList {
        name: format!("{} {}", recover.list.name, request.path),
        maker: Arc::clone(maker),
        fields,
        wanted: Default::default(),
        system: None,
        keeps: Keeps::Items,
        otherwise: Some(otherwise),
        answer: ListAnswer::NotAsked,
    })
}

fn form_of(format: ExportFormat, connector: &Connector, list: &AskedList) -> Option<Form> {
    let recover = Arc::new(list.maker.recover.clone()?);
    Some(Form::new(format, connector, (Arc::clone(&list.maker), recover)))
}

/// Refuses a place at which the job is, or what it lives on, or no plain file, whatever is to be replaced.
fn refuse_what_stays(opening: &Opening, options: &ExportOptions<'_>) -> Result<(), Failure> {
    let staying = Staying::new([&options.job.path], Some(&options.job.ledger));
    let staying = opening.job.files().into_iter().fold(staying, Staying::and);
    match look(&options.to, &staying) {
        Ok(_) => Ok(()),
        Err(why) => Err(of_export_place(&options.to, &why).into()),
    }
}

fn refused(path: &Path, why: Unwritable) -> Failure {
    let (at, why) = match why {
        Unwritable::Exists => (path.to_owned(), NoExport::Exists),
        Unwritable::Other { part } => (part, NoExport::Other),
        Unwritable::InUse { part } => (part, NoExport::InUse),
        Unwritable::Io { path, error } => (path, NoExport::Io(error)),
    };
    of_no_export(&at, &why).into()
}
