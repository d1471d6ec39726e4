//! What stands beside rows that a person is asked about: what the source says of them, and what the lists of their tickets show.
//!
//! Rows of the source say which lists there are. Lists are asked for within the quotas, a few rows' at a time, so that nobody
//! decides by what was there an hour ago. What a list does not show is concluded from by nobody.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use crate::declared::connector::{Effect, Operation};
use crate::ledger::{FailedRow, JobId, JobName, Ledger, LedgerError, Reader as _, Unfinished};
use crate::plan::{Change, Deletes, Policy, Readings, Step, Steps, survey};
use crate::recover::{Answered, Keeps, Looks};
use crate::report::{ItemLooks, ListShown, ListedItem, Owner, Turn, WhyNotKnown, of_row};
use crate::row::{Fields, Making, Page, RowId};
use crate::source::Source;
use crate::task::asking::{AskEnd, AskedList, Ear, Inquiry, ListAnswer};
use crate::task::booking::Past;
use crate::task::job::Opening;
use crate::task::limits::Limits;
use crate::task::remote::{Lists, Question, told};
use crate::task::target::{Target, TargetOptions};
use crate::task::verify::text_of;
use crate::task::{Failure, Listener, RemoteWorld, SANDBOX, SendingOptions, Told};
use crate::text::diagnostic::Place;

use super::effect_of;

/// What is known of open rows beside the ledger.
pub(super) struct Surroundings<'a> {
    opening: &'a Opening,
    /// Where lists are asked for; none where nobody is there any more.
    reach: Option<Reach<'a>>,
    rows: HashMap<RowId, Said>,
    lists: Vec<AskedList>,
}

/// Where lists are asked for, and how.
pub(super) struct Reach<'a> {
    pub target: Target,
    pub options: &'a TargetOptions<'a>,
    pub sending: &'a SendingOptions,
    pub ledger: &'a Path,
    pub world: &'a RemoteWorld<'a>,
}

/// What the source says of a row.
struct Said {
    operation: Arc<Operation>,
    fields: Fields<'static>,
    text: Option<String>,
    has_changed: bool,
    list: Result<usize, WhyNotKnown>,
    /// What the row is about, where that has a name already.
    about: Option<String>,
}

impl<'a> Surroundings<'a> {
    /// Reads the source for what it says of open rows.
    pub(super) fn read(
        (opening, source): (&'a Opening, Source),
        (past, sending): (&Past, &SendingOptions),
        open: &HashSet<RowId>,
        reach: Option<Reach<'a>>,
        (now, listener): (i64, Listener<'_>),
    ) -> Result<Self, Failure> {
        let again = || opening.reopen();
        let readings: Readings<'_> = opening.readings(&again, now);
        // What a run would send of them, as far as it says something of them.
        let policy = Policy { deletes: Deletes::Never, ..sending.policy(&opening.job) };
        // What is wrong with rows is for `check` to tell.
        let mut of_source = |problem| {
            let problem = of_row(problem);
            let is_row = matches!(problem.place, Place::Row(_));
            if problem.is_error() && !is_row {
                listener(Told::Problem(problem));
            }
        };
        let found = survey(readings, source, Some(past.prior()), policy, None, &mut of_source)?;
        let mut steps =
            Steps::open(readings, Some(past.prior()), policy, &found.fates, "settle/".to_owned())?;
        let mut lists = Lists::default();
        let mut rows = HashMap::new();
        while let Some(step) = steps.next(|_| true)? {
            let Some(known) = step.known.as_ref().filter(|known| open.contains(&known.id)) else {
                continue;
            };
            let connector = &opening.job.connector;
            let question = lists.question(connector, &step, &|name| steps.value_called(name));
            if let Some(said) = said(&step, question) {
                rows.insert(known.id, said);
            }
        }
        let mut lists = lists.lists;
        lists.iter_mut().for_each(|list| list.keeps = Keeps::Shown);
        Ok(Self { opening, reach, rows, lists })
    }

    /// Asks for the lists of some rows that were not asked for before.
    pub(super) fn ask(&mut self, rows: &[FailedRow]) -> Result<AskEnd, Failure> {
        let Some(reach) = &self.reach else { return Ok(AskEnd::Whole) };
        let in_doubt = rows.iter().filter(|row| row.state == Unfinished::InDoubt);
        let wanted: HashSet<usize> = in_doubt
            .filter_map(|row| self.rows.get(&row.id)?.list.as_ref().ok().copied())
            .collect();
        let (mut asked, places): (Vec<AskedList>, Vec<usize>) = {
            let lists = self.lists.iter_mut().enumerate();
            let open = lists.filter(|(at, list)| wanted.contains(at) && list.is_open());
            open.map(|(at, list)| (list.taken(), at)).unzip()
        };
        if asked.is_empty() {
            return Ok(AskEnd::Whole);
        }
        let job = &self.opening.job;
        let (_, credentials) = Target::find(job, reach.options)?;
        let limits = Limits::new(job, reach.sending, None);
        let (target, ledger, world) = (&reach.target, reach.ledger, reach.world);
        let inquiry = Inquiry { job, target, limits: &limits, ledger, world };
        let mut progress = (world.begins)(&inquiry.cost(&asked, None));
        let ended = inquiry.ask(&mut asked, credentials, (&mut Everything, &mut *progress));
        drop(progress);
        for (list, at) in asked.into_iter().zip(places) {
            if let Some(place) = self.lists.get_mut(at) {
                *place = list;
            }
        }
        ended.map(|(end, _)| end)
    }

    /// A row with all that stands beside it.
    pub(super) fn turn(
        &self,
        row: &FailedRow,
        (number, of): (usize, usize),
        (ledger, job): (&Ledger, JobId),
    ) -> Result<Turn, LedgerError> {
        let said = self.rows.get(&row.id);
        let makes = effect_of(row, &self.opening.job.connector) == Effect::Create;
        let list = match (row.state, said, &self.reach) {
            (Unfinished::Failed, ..) => None,
            (_, _, None) => Some(ListShown::SandboxGone),
            (_, None, _) => Some(ListShown::NotInSource),
            (_, Some(said), _) => Some(self.list(row, said, (ledger, job))?),
        };
        Ok(Turn {
            number,
            of,
            place: row.place.clone(),
            key: row.key.clone(),
            lane: row.lane.clone(),
            state: row.state,
            cause: row.cause.clone(),
            undoes: row.undoes,
            makes: makes.then(|| self.opening.job.connector.item.clone()),
            text: said.and_then(|said| said.text.clone()),
            has_changed: said.is_some_and(|said| said.has_changed),
            list,
        })
    }

    fn list(
        &self,
        row: &FailedRow,
        said: &Said,
        (ledger, job): (&Ledger, JobId),
    ) -> Result<ListShown, LedgerError> {
        let list = match &said.list {
            Ok(list) => self.lists.get(*list),
            Err(why) => return Ok(ListShown::NotKnown(why.clone())),
        };
        let answered = match list.map(|list| &list.answer) {
            Some(ListAnswer::Read(answered)) => answered,
            Some(ListAnswer::Missing(cause)) => return Ok(ListShown::NoLane(cause.clone())),
            Some(ListAnswer::Refused(cause)) => {
                return Ok(ListShown::NotKnown(WhyNotKnown::Refused(cause.clone())));
            }
            Some(ListAnswer::None(cause)) => {
                return Ok(ListShown::NotKnown(WhyNotKnown::NoAnswer(cause.clone())));
            }
            Some(ListAnswer::NotAsked | ListAnswer::Taken) | None => {
                return Ok(ListShown::NotKnown(WhyNotKnown::NotAsked));
            }
        };
        let Some(list) = list else { return Ok(ListShown::NotKnown(WhyNotKnown::NotAsked)) };
        let owners = owners((ledger, job), row, said, answered)?;
        Ok(ListShown::Items {
            items: self.items(list, said, answered, &owners),
            extent: answered.extent,
            at: self.zoned(answered.at),
        })
    }

    fn items(
        &self,
        list: &AskedList,
        said: &Said,
        answered: &Answered,
        owners: &HashMap<String, Owner>,
    ) -> Vec<ListedItem> {
        let Some(recover) = list.recover() else { return Vec::new() };
        let maker = &list.maker.fields;
        let (nothing, own) = (Fields::default(), said.about.is_none());
        let fields = if own { &said.fields } else { &nothing };
        let mut items: Vec<ListedItem> = answered
            .beside(recover, fields)
            .into_iter()
            .map(|item| ListedItem {
                looks: match item.looks {
                    _ if said.about.as_deref() == Some(item.id) => ItemLooks::Target,
                    _ if !own => ItemLooks::Other,
                    Looks::Same => ItemLooks::Same,
                    Looks::Unlike(unlike) => {
                        let unlike = unlike.into_iter().map(|one| told(maker, one));
                        ItemLooks::Unlike(unlike.collect())
                    }
                    Looks::Altered => ItemLooks::Altered,
                    Looks::Unreadable => ItemLooks::Unreadable,
                    Looks::Other => ItemLooks::Other,
                },
                id: item.id.to_owned(),
                text: item.text.map(str::to_owned),
                made: item.made.and_then(|made| self.zoned(made)),
                owner: owners.get(item.id).cloned(),
            })
            .collect();
        // What the row is about stands first.
        items.sort_by_key(|item| item.looks != ItemLooks::Target);
        items
    }

    fn zoned(&self, milliseconds: i64) -> Option<jiff::Zoned> {
        let reach = self.reach.as_ref()?;
        let moment = jiff::Timestamp::from_millisecond(milliseconds).ok()?;
        Some(moment.to_zoned(reach.world.zone.clone()))
    }
}

/// Keeps all that lists show.
struct Everything;

impl Ear for Everything {
    fn hear(&mut self, _: usize, answered: Answered) -> ListAnswer {
        ListAnswer::Read(answered)
    }
}

/// Whether there is somebody to be asked for lists.
pub(super) fn is_there(name: &JobName) -> bool {
    name.base_url != SANDBOX
}

fn said(step: &Step, question: Option<Question>) -> Option<Said> {
    let operation = step.operation.clone()?;
    let ready = step.ready.as_ref();
    let (list, about) = match question {
        Some(Question::Making { list }) => (Ok(list), None),
        Some(Question::About { list, id }) => (Ok(list), Some(id)),
        Some(Question::None(why)) => (Err(why), None),
        None => (Err(WhyNotKnown::NoList), None),
    };
    Some(Said {
        fields: ready.map(|ready| ready.fields.clone()).unwrap_or_default(),
        text: ready.and_then(text_of),
        has_changed: step.change != Change::None,
        operation,
        list,
        about,
    })
}

/// Whose items are, by the ledger as it stands now.
fn owners(
    (ledger, job): (&Ledger, JobId),
    row: &FailedRow,
    said: &Said,
    answered: &Answered,
) -> Result<HashMap<String, Owner>, LedgerError> {
    let page = Page {
        ids: answered.ids().map(str::to_owned).collect(),
        operation: said.operation.name.to_string(),
        lane: row.lane.clone(),
        wants_makers: true,
    };
    let mut owners = HashMap::new();
    for holdings in ledger.owned(job, &[page])? {
        owners.extend(holdings.ids.into_keys().map(|id| (id, Owner::SomeRow)));
        for maker in holdings.makers {
            if let Making::Named(id) = maker.making {
                let key = maker.key.to_string();
                owners.insert(id, Owner::Row { place: maker.place, key });
            }
        }
    }
    Ok(owners)
}
