//! What a person has settled, and why something cannot be: the words of `settle`.

mod turn;

use serde_json::{Value, json};

use super::paint::Paint;
use super::words::{counted, number, obstacle, one_line, rows_are, target};
use crate::event::Obstacle;
use crate::ledger::{Before, JobName, RowName, SettledDeed, SettledNow, Unfinished, Unsettled};
use crate::row::Settlement;
use crate::text::code::Code;
use crate::text::command::CommandLine;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::place::RowPlace;
use crate::text::visible::shown;

pub(crate) use turn::{
    Choice, ItemLooks, ListShown, ListedItem, Owner, Turn, WHAT_BECAME_OF_IT, WHICH_OF_THE_OTHERS,
    doubles_question, refused_question, settled_line,
};

/// What was settled.
#[derive(Debug, Clone)]
pub(crate) struct SettleView {
    pub job: JobName,
    /// The run that it is in the ledger; none where there was nothing to settle.
    pub run: Option<i64>,
    pub said: Settlement,
    pub by: String,
    pub rows: Vec<SettledNow>,
    /// What sends rows of this target.
    pub next: CommandLine,
}

/// So many rows are told one by one.
const SHOWN: usize = 20;

impl SettleView {
    /// For a person: a line for each row, and what follows.
    pub(crate) fn text(&self, color: bool, all: bool) -> String {
        let most = if all { usize::MAX } else { SHOWN };
        let mut text = String::new();
        for row in self.rows.iter().take(most) {
            text.push_str(&format!("{}\n", self.line(row, Paint(color))));
        }
        let more = self.rows.len().saturating_sub(most);
        if more > 0 {
            text.push_str(&format!("and {} more (-v tells all)\n", number(more as u64)));
        }
        text.push_str(&self.summary());
        text
    }

    fn line(&self, row: &SettledNow, paint: Paint) -> String {
        let after = match (&self.said, row.deed) {
            (Settlement::There { id: Some(id) }, SettledDeed::Make) => {
                format!("done, as {}", shown(id))
            }
            (Settlement::There { id: Some(id) }, SettledDeed::Undo) => {
                format!("undone, as {}", shown(id))
            }
            (Settlement::There { .. }, SettledDeed::Undo) => "undone".to_owned(),
            (Settlement::There { .. }, _) => "done".to_owned(),
            (Settlement::Absent, SettledDeed::Make) => "not started".to_owned(),
            (Settlement::Absent, SettledDeed::Change) => "not changed".to_owned(),
            (Settlement::Absent, SettledDeed::Delete) => "not deleted".to_owned(),
            (Settlement::Absent, SettledDeed::Undo) => "not undone".to_owned(),
            (Settlement::Dismissed, _) => "dismissed".to_owned(),
            (Settlement::Withdrawn, _) => "as before".to_owned(),
        };
        let before = before(&row.before);
        format!("{}: {before} -> {}", name(&row.place, &row.key, &row.lane), paint.bold(&after))
    }

    fn summary(&self) -> String {
        let Some(run) = self.run else {
            return "No row is such: nothing was settled.\n".to_owned();
        };
        let count = self.rows.len() as u64;
        let (it, is) = if count == 1 { ("It", "is") } else { ("They", "are") };
        let all = |deed: SettledDeed| self.rows.iter().all(|row| row.deed == deed);
        let makes = self.rows.iter().any(|row| row.deed == SettledDeed::Make);
        let follows = match &self.said {
            Settlement::There { .. } if all(SettledDeed::Undo) => {
                format!("What {} had done is undone.", low(count))
            }
            Settlement::Absent if all(SettledDeed::Undo) => {
                "The same `noteferry undo` goes on with that.".to_owned()
            }
            Settlement::Absent if !makes => format!(
                "Nothing of that has come about, so the next run sends what is still to do: {}",
                self.next
            ),
            Settlement::There { .. } => {
                format!("{it} {is} done, and no run sends {} again.", low(count))
            }
            Settlement::Absent => format!(
                "The next run sends {}. What is there after all will then be there twice: {}",
                low(count),
                self.next
            ),
            Settlement::Dismissed => {
                format!("No run sends {} or tells of {} again.", low(count), low(count))
            }
            Settlement::Withdrawn => {
                "What was known before anybody had settled anything holds again.".to_owned()
            }
        };
        format!(
            "{} settled by {} (run {run} of the ledger); nothing was sent. {follows}\n",
            rows_are(count),
            shown(&self.by)
        )
    }

    /// For a script: an event for each row, and one to close.
    pub(crate) fn events(&self) -> Vec<Value> {
        let said = word(&self.said);
        let rows = self.rows.iter().map(|row| {
            json!({
                "event": "settled_row",
                "row": row.place.row,
                "line": row.place.line,
                "key": row.key,
                "lane": row.lane,
                "before": before_word(&row.before),
                "settled": said,
                "remote_id": self.said.id(),
            })
        });
        let closing = json!({
            "event": "settled",
            "job": self.job.name,
            "base_url": self.job.base_url,
            "account": self.job.account,
            "settled": said,
            "by": self.by,
            "run": self.run,
            "rows": self.rows.len(),
        });
        rows.chain([closing]).collect()
    }
}

/// The closing event where nothing could be settled.
pub(crate) fn nothing_settled() -> Value {
    super::ndjson::event_of_nothing("settled", &["job", "run", "rows"])
}

/// What a person was asked, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct InterviewCounts {
    pub there: u64,
    pub absent: u64,
    pub dismissed: u64,
    /// Rows of which nothing was said, whether they were skipped or not come to.
    pub left: u64,
}

/// What was settled row by row, and what follows. `next` sends rows of this target.
pub(crate) fn interviewed(counts: &InterviewCounts, by: &str, next: &CommandLine) -> String {
    let InterviewCounts { there, absent, dismissed, left } = *counts;
    let settled = there + absent + dismissed;
    if settled + left == 0 {
        return "No row is in doubt: nobody needs to be asked.\n".to_owned();
    }
    let mut text = match settled {
        0 => "\nNothing was settled.".to_owned(),
        settled => format!(
            "\n{} settled by {}: {} there, {} not there, {} dismissed; nothing was sent.",
            rows_are(settled),
            shown(by),
            number(there),
            number(absent),
            number(dismissed)
        ),
    };
    if left > 0 {
        text.push_str(&format!(" Nothing was said of {}.", counted(left, "row")));
    }
    if absent > 0 {
        let (them, is) = if absent == 1 { ("it", "is") } else { ("them", "are") };
        text.push_str(&format!(
            " What {is} not there the next run sends; where {them} should be there after all, {them} will be there twice: {next}"
        ));
    }
    text.push('\n');
    text
}

/// Why nobody is asked: there is no terminal, or it is not people who read what is said.
pub(crate) fn of_nobody_to_ask(wants_events: bool) -> Diagnostic {
    let message = match wants_events {
        true => {
            "what became of the rows is not said, and people are not asked where the output is events"
        }
        false => {
            "what became of the rows is not said, and there is no terminal on which somebody could be asked"
        }
    };
    let hint = "say which rows and what, as in --row 17 --there tn_1, --row 18 --absent, --state in-doubt --dismiss; on a \
                terminal `noteferry settle JOB` goes through them one by one, with the lists beside them";
    Diagnostic::error(Code::NotSettled, Place::Nowhere, message).hint(hint)
}

/// That lists are read, before somebody is asked.
pub(crate) fn reading_lists(lists: u64) -> String {
    format!("Reading {} of the rows; nothing but reads is sent.", counted(lists, "list"))
}

/// That lists could not be read: whoever is asked may know without them.
pub(crate) fn unread_lists(why: &Obstacle) -> String {
    format!("the lists could not be read: {}", one_line(&obstacle(why)))
}

/// The word for a script.
pub(super) fn word(said: &Settlement) -> &'static str {
    match said {
        Settlement::There { .. } => "confirmed",
        Settlement::Absent => "denied",
        Settlement::Dismissed => "dismissed",
        Settlement::Withdrawn => "withdrawn",
    }
}

/// What a person has said, for people.
pub(super) fn words(said: &Settlement) -> String {
    match said {
        Settlement::There { id: Some(id) } => format!("it is there, as {}", shown(id)),
        Settlement::There { id: None } => "it is there".to_owned(),
        Settlement::Absent => "it is not there".to_owned(),
        Settlement::Dismissed => "dismissed".to_owned(),
        Settlement::Withdrawn => "taken back".to_owned(),
    }
}

fn before(before: &Before) -> String {
    match before {
        Before::Unfinished(Unfinished::Failed) => "failed".to_owned(),
        Before::Unfinished(Unfinished::InDoubt) => "in doubt".to_owned(),
        Before::Settled(said) => format!("settled ({})", words(said)),
    }
}

fn before_word(before: &Before) -> &'static str {
    match before {
        Before::Unfinished(state) => state.word(),
        Before::Settled(said) => word(said),
    }
}

fn low(count: u64) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

/// `row 12 (line 13, key L-12, ticket tk_1)`.
fn name(place: &RowPlace, key: &str, lane: &str) -> String {
    let lane = match lane.is_empty() {
        true => String::new(),
        false => format!(", {}", shown(lane)),
    };
    format!("row {} (line {}, key {}{lane})", place.row, place.line, shown(key))
}

/// Why something cannot be settled.
pub(crate) fn of_unsettled(why: &Unsettled) -> Diagnostic {
    let (message, hint) = match why {
        Unsettled::UnknownJob { job } => (
            format!("the ledger knows nothing of the job `{}` there", shown(job)),
            "what it knows is shown by `noteferry status`".to_owned(),
        ),
        Unsettled::NotThere { job, asked, targets } => {
            let known: Vec<String> = targets.iter().map(at).collect();
            let named = targets.iter().find(|target| target.base_url.contains("://"));
            let elsewhere = match known.is_empty() {
                true => String::new(),
                false => format!("; it knows that job at {}", known.join(", ")),
            };
            let message = format!(
                "the ledger knows nothing of the job `{}` at {}{elsewhere}",
                shown(job),
                at(asked)
            );
            let hint = match named {
                None if known.is_empty() => "what the ledger knows is shown by `noteferry status`".to_owned(),
                Some(target) => format!("where that is meant, say --base-url {}", shown(&target.base_url)),
                None => "what was sent to a sandbox of a command is gone with that".to_owned(),
            };
            (message, hint)
        }
        Unsettled::SeveralTargets { targets } => {
            let targets: Vec<String> = targets.iter().map(at).collect();
            (
                format!("the job has gone to {}: {}", counted(targets.len() as u64, "place"), targets.join(", ")),
                "name the one that is meant with --base-url, or --sandbox".to_owned(),
            )
        }
        Unsettled::NotOpen { row } => (
            format!("{} is neither in doubt nor failed", named(row)),
            "rows that a person can settle are those that `noteferry status -v` lists below its runs".to_owned(),
        ),
        Unsettled::HasFailed { place, key } => (
            format!("{} failed: it surely did nothing, so there is nothing to find out", name(place, key, "")),
            "`noteferry run --retry-failed` sends it again, --dismiss has it neither sent nor told of again".to_owned(),
        ),
        Unsettled::Settled { place, key, by } => (
            format!("{} was settled before, by {}", name(place, key, ""), shown(by)),
            "take that back first: --unsettle".to_owned(),
        ),
        Unsettled::NothingSaid { row } => (
            format!("nobody has settled {}, or it was sent again since", named(row)),
            "rows that a person has settled are listed by `noteferry status`".to_owned(),
        ),
        Unsettled::SeveralRows { row, keys } => {
            let keys: Vec<String> = keys.iter().map(|key| format!("`{}`", shown(key))).collect();
            (
                format!("several rows were row {row} when they were last sent: {}", keys.join(", ")),
                "name the one that is meant by --key".to_owned(),
            )
        }
        Unsettled::OneIdForMany { id, rows } => (
            format!("{} cannot all have made `{}`", counted(*rows, "row"), shown(id)),
            "name one row for one id, or leave the id out".to_owned(),
        ),
        Unsettled::MovedOn { place, key } => (
            format!("{} was sent again or settled since its list was read", name(place, key, "")),
            "nothing was said of it now; the same command asks anew".to_owned(),
        ),
        Unsettled::IsNotIts { id, own, place, key } => (
            format!("{} is for `{}`, and not for `{}`", name(place, key, ""), shown(own), shown(id)),
            "leave the id out: what is changed or deleted has its name".to_owned(),
        ),
        Unsettled::IsAnothers { id, place, key } => (
            format!("`{}` was made by {}", shown(id), name(place, key, "")),
            "look for what this row has made; where that is the same, the row is there once less than it should".to_owned(),
        ),
    };
    let code = match why {
        Unsettled::NotThere { .. } => Code::Ledger,
        _ => Code::NotSettled,
    };
    Diagnostic::error(code, Place::Nowhere, message).hint(hint)
}

fn at(job: &JobName) -> String {
    let account = Some(job.account.as_str()).filter(|account| !account.is_empty());
    target(&job.base_url, account, false)
}

fn named(row: &RowName) -> String {
    match row {
        RowName::Number(row) => format!("row {row}"),
        RowName::Key(key) => format!("the row with the key `{}`", shown(key)),
    }
}
