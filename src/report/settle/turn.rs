//! A row that a person is asked about: what is known of it, what its list shows beside it, and what can be said of it.
//!
//! Facts go in, and sentences come out. How somebody is asked is for the command line, and what follows from an answer for the task.

use jiff::Zoned;

use super::name;
use crate::ledger::Unfinished;
use crate::recover::Extent;
use crate::report::paint::Paint;
use crate::report::remote::{Difference, WhyNotKnown, not_known};
use crate::report::words::{cause, counted, number, one_line};
use crate::row::{Cause, Settlement};
use crate::text::place::RowPlace;

/// So many items are shown that do not look like the row.
const OTHERS: usize = 12;
/// Letters of a text that are shown in a line.
const LETTERS: usize = 60;

/// A row that a person is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Whether its request was to undo what the row had done.
    pub undoes: bool,
    /// The how many row it is, of how many.
    pub number: usize,
    pub of: usize,
    pub place: RowPlace,
    pub key: String,
    /// In words, as in `ticket tk_1`.
    pub lane: String,
    pub state: Unfinished,
    /// Why; none where nothing is known.
    pub cause: Option<Cause>,
    /// What the operation makes, in a word of the connector's; none where it changes or deletes something.
    pub makes: Option<String>,
    /// The text that the row sends, as the source has it.
    pub text: Option<String>,
    /// Whether the source says something else by now than what was sent.
    pub has_changed: bool,
    /// What is there; none where nobody needs to look.
    pub list: Option<ListShown>,
}

/// What the list of a row shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListShown {
    Items {
        /// The most alike first.
        items: Vec<ListedItem>,
        extent: Extent,
        /// As of when it was.
        at: Option<Zoned>,
    },
    /// What the list is of is not there, in the other side's words.
    NoLane(Cause),
    NotKnown(WhyNotKnown),
    /// The source does not have the row any more, and so nothing says which list to ask for.
    NotInSource,
    /// The row went to a sandbox that was gone with its command.
    SandboxGone,
}

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedItem {
    pub id: String,
    pub text: Option<String>,
    pub made: Option<Zoned>,
    pub looks: ItemLooks,
    /// Whose it is already.
    pub owner: Option<Owner>,
}

/// How an item looks beside the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ItemLooks {
    Same,
    /// The same text, and something else of it differs.
    Unlike(Vec<Difference>),
    /// It may be what was sent, altered.
    Altered,
    /// It shows nothing that could be compared.
    Unreadable,
    Other,
    /// It is what the row is about.
    Target,
}

/// Whose an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    Row {
        place: RowPlace,
        key: String,
    },
    /// A row of the ledger, in another lane or by another operation.
    SomeRow,
}

/// What can be said of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice<'t> {
    /// It is there, as this item, which looks like it.
    There(&'t ListedItem),
    /// It is there, as one of the others.
    ThereAmongOthers,
    /// It is there, and nobody knows what it is called; or what it should do is done.
    ThereSomehow,
    Absent,
    Dismiss,
    Skip,
    Stop,
}

impl Turn {
    /// What can be said of it, in the order in which it is asked.
    pub(crate) fn choices(&self) -> Vec<Choice<'_>> {
        let mut choices = Vec::new();
        if self.state == Unfinished::InDoubt {
            choices.extend(self.candidates().map(Choice::There));
            if self.others().next().is_some() {
                choices.push(Choice::ThereAmongOthers);
            }
            choices.extend([Choice::ThereSomehow, Choice::Absent]);
        }
        choices.extend([Choice::Dismiss, Choice::Skip, Choice::Stop]);
        choices
    }

    /// Items that look like the row and are no row's.
    fn candidates(&self) -> impl Iterator<Item = &ListedItem> {
        self.free().filter(|item| item.may_be_it())
    }

    /// Items that may be chosen although they do not look like the row.
    pub(crate) fn others(&self) -> impl Iterator<Item = &ListedItem> {
        self.free().filter(|item| !item.may_be_it())
    }

    /// What a row has made is no other row's; and what a row changes or deletes has its name already.
    fn free(&self) -> impl Iterator<Item = &ListedItem> {
        let items = match &self.list {
            Some(ListShown::Items { items, .. }) if self.makes.is_some() => items.as_slice(),
            _ => &[],
        };
        items.iter().filter(|item| item.owner.is_none())
    }

    /// What is there that would be there twice, if the row were sent again.
    pub(crate) fn would_double(&self) -> Option<&ListedItem> {
        self.free().find(|item| matches!(item.looks, ItemLooks::Same))
    }

    /// The row, and its list beside it. `all` items are shown, or as many as fit.
    pub(crate) fn text(&self, color: bool, all: bool) -> String {
        let paint = Paint(color);
        let count = format!("{} of {}:", number(self.number as u64), number(self.of as u64));
        let row = name(&self.place, &self.key, &self.lane);
        let why = self.cause.as_ref().map(|why| format!(": {}", one_line(&cause(why))));
        let mut text = format!(
            "\n{} {} {}{}\n",
            paint.faint(&count),
            paint.bold(&row),
            match self.state {
                Unfinished::InDoubt => "is in doubt",
                Unfinished::Failed => "was refused",
            },
            why.unwrap_or_default()
        );
        if let Some(own) = &self.text {
            let now = if self.has_changed { " by now, and something else was sent" } else { "" };
            text.push_str(&format!("  the row says{now}: {}\n", excerpt(own)));
        } else if self.has_changed {
            text.push_str("  the source says something else by now than what was sent\n");
        }
        if let Some(list) = &self.list {
            text.push_str(&self.list_text(list, paint, all));
        }
        text
    }

    fn list_text(&self, list: &ListShown, paint: Paint, all: bool) -> String {
        let why = match list {
            ListShown::Items { items, extent, at } => {
                return self.items_text((items, *extent, at.as_ref()), paint, all);
            }
            ListShown::NoLane(why) => {
                format!("{} is not there: {}", one_line(&self.lane), one_line(&cause(why)))
            }
            ListShown::NotKnown(why) => not_known(why),
            ListShown::NotInSource => {
                "the source does not have the row any more, and nothing else says which list to ask for".to_owned()
            }
            ListShown::SandboxGone => {
                "the row went to a sandbox that was gone with its command, and its list, too".to_owned()
            }
        };
        format!("  what is there cannot be shown: {why}\n")
    }

    fn items_text(
        &self,
        (items, extent, at): (&[ListedItem], Extent, Option<&Zoned>),
        paint: Paint,
        all: bool,
    ) -> String {
        let at = at.map(|at| format!(", as of {}", at.strftime("%H:%M:%S"))).unwrap_or_default();
        let lane = match self.lane.is_empty() {
            true => "the list".to_owned(),
            false => format!("the list of {}", one_line(&self.lane)),
        };
        let mut text = format!("  {lane} shows {}{at}:\n", counted(items.len() as u64, "item"));
        let is_shown = |(at, item): &(usize, &ListedItem)| all || item.may_be_it() || *at < OTHERS;
        let shown: Vec<&ListedItem> =
            items.iter().enumerate().filter(is_shown).map(|(_, item)| item).collect();
        let width = shown.iter().map(|item| one_line(&item.id).chars().count()).max().unwrap_or(0);
        for item in &shown {
            text.push_str(&format!("    {}\n", item.line(width, paint)));
        }
        let more = items.len() - shown.len();
        if more > 0 {
            text.push_str(&format!("    and {} more (-v shows all)\n", number(more as u64)));
        }
        if extent != Extent::Whole {
            let why = not_known(&WhyNotKnown::List(extent));
            text.push_str(&format!("  what it does not show may be there all the same: {why}\n"));
        }
        text
    }

    /// A choice, as it is asked.
    pub(crate) fn choice_words(&self, choice: Choice<'_>) -> String {
        let item = self.makes.as_deref().map(one_line);
        match (choice, item) {
            (Choice::There(item), _) => format!("it is there, as {}", item.label()),
            (Choice::ThereAmongOthers, _) => "it is there, as another one of the list".to_owned(),
            (Choice::ThereSomehow, Some(item)) => {
                format!("it is there, and which {item} it is I do not know")
            }
            (Choice::ThereSomehow, None) if self.undoes => {
                "what the row had done is undone".to_owned()
            }
            (Choice::Absent, _) if self.undoes => {
                "it is not undone: the same `noteferry undo` goes on with it".to_owned()
            }
            (Choice::ThereSomehow, None) => "what the row should do is done".to_owned(),
            (Choice::Absent, Some(_)) => "it is not there: the next run sends it".to_owned(),
            (Choice::Absent, None) => "it is not done: the next run sends it".to_owned(),
            (Choice::Dismiss, _) => "dismiss: neither send it nor tell of it again".to_owned(),
            (Choice::Skip, _) => "skip: leave it as it is, for now".to_owned(),
            (Choice::Stop, _) => "stop here; what was said is kept".to_owned(),
        }
    }
}

impl ListedItem {
    fn may_be_it(&self) -> bool {
        match self.looks {
            ItemLooks::Same | ItemLooks::Unlike(_) | ItemLooks::Altered | ItemLooks::Target => true,
            ItemLooks::Unreadable | ItemLooks::Other => false,
        }
    }

    /// Its id and its text, to be chosen by.
    pub(crate) fn label(&self) -> String {
        let text = self.text.as_deref().map_or_else(|| "without a text".to_owned(), excerpt);
        format!("{}: {text}", one_line(&self.id))
    }

    fn line(&self, width: usize, paint: Paint) -> String {
        let made = self.made.as_ref().map(|made| made.strftime("%Y-%m-%d %H:%M:%S").to_string());
        let text = self.text.as_deref().map_or_else(|| "without a text".to_owned(), excerpt);
        let id = one_line(&self.id);
        let line =
            format!("{id:<width$}  {}  {text}", made.unwrap_or_else(|| "not dated".to_owned()));
        match (&self.owner, self.looks_words()) {
            (Some(Owner::Row { place, key }), _) => {
                paint.faint(&format!("{line}  [made by {}]", name(place, key, "")))
            }
            (Some(Owner::SomeRow), _) => paint.faint(&format!("{line}  [made by another row]")),
            (None, Some(looks)) => format!("{line}  {}", paint.bold(&format!("[{looks}]"))),
            (None, None) => line,
        }
    }

    fn looks_words(&self) -> Option<String> {
        match &self.looks {
            ItemLooks::Same => Some("the same".to_owned()),
            ItemLooks::Unlike(differences) => {
                let differs = differences.iter().map(|one| {
                    let [field, there, row] =
                        [&one.field, &one.there, &one.row].map(|it| one_line(it));
                    format!("`{field}`: {there} there, {row} in the row")
                });
                let differs: Vec<String> = differs.collect();
                Some(format!("the same text; {}", differs.join("; ")))
            }
            ItemLooks::Altered => Some("perhaps the same, altered".to_owned()),
            ItemLooks::Target => Some("what the row is about".to_owned()),
            ItemLooks::Unreadable | ItemLooks::Other => None,
        }
    }
}

/// The first letters of a text, in a line.
fn excerpt(text: &str) -> String {
    let line = one_line(text);
    let mut letters = line.chars();
    let first: String = letters.by_ref().take(LETTERS).collect();
    let more = if letters.next().is_some() { "…" } else { "" };
    format!("\"{first}{more}\"")
}

/// What follows from what was said, in a line below the question.
pub(crate) fn settled_line(said: &Settlement, run: Option<i64>) -> String {
    let kept = run.map(|run| format!(" (run {run} of the ledger)")).unwrap_or_default();
    format!("  settled: {}{kept}", super::words(said))
}

/// The question, above its choices.
pub(crate) const WHAT_BECAME_OF_IT: &str = "What became of it";
/// The question, above all items that do not look like the row.
pub(crate) const WHICH_OF_THE_OTHERS: &str = "Which one";

/// Asks once more, where what is there looks the same.
pub(crate) fn doubles_question(item: &ListedItem) -> String {
    format!(
        "{} says the same and is no row's. Sent again, it would be there twice. Is it surely another one",
        one_line(&item.id)
    )
}

/// Asks whether rows that were refused are gone through as well.
pub(crate) fn refused_question(rows: u64) -> String {
    match rows {
        1 => "1 row was refused. Go on to that as well".to_owned(),
        rows => format!("{} rows were refused. Go through these as well", number(rows)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Doubt, Reason};

    fn item(id: &str, text: &str, looks: ItemLooks, owner: Option<Owner>) -> ListedItem {
        ListedItem {
            id: id.to_owned(),
            text: Some(text.to_owned()),
            made: "2026-11-27T11:20:01+07:00[Asia/Ho_Chi_Minh]".parse().ok(),
            looks,
            owner,
        }
    }

    fn turn(items: Vec<ListedItem>) -> Turn {
        Turn {
            undoes: false,
            number: 1,
            of: 3,
            place: RowPlace::of(17, 18),
            key: "k17".to_owned(),
            lane: "ticket tk_1".to_owned(),
            state: Unfinished::InDoubt,
            cause: Some(Cause {
                doubt: Some(Doubt::StoppedBefore),
                ..Cause::of(Reason::AnswerTimeout)
            }),
            makes: Some("note".to_owned()),
            text: Some("Khách gọi\nsáng nay".to_owned()),
            has_changed: false,
            list: Some(ListShown::Items { items, extent: Extent::Whole, at: None }),
        }
    }

    fn items() -> Vec<ListedItem> {
        let differs = Difference {
            field: "is_internal_note".into(),
            there: "visible to the customer".into(),
            row: "internal".into(),
        };
        let row = Owner::Row { place: RowPlace::of(3, 4), key: "k3".into() };
        vec![
            item("tn_owned", "Khách gọi\nsáng nay", ItemLooks::Same, Some(row)),
            item("tn_1", "Khách gọi\nsáng nay", ItemLooks::Same, None),
            item("tn_2", "Khách gọi\nsáng nay", ItemLooks::Unlike(vec![differs]), None),
            item("tn_3", "Khách gọi", ItemLooks::Altered, None),
            item("tn_4", &"Khác ".repeat(30), ItemLooks::Other, None),
            ListedItem { text: None, made: None, ..item("tn_5", "", ItemLooks::Unreadable, None) },
            item("tn_6", "\u{1b}[2J", ItemLooks::Other, Some(Owner::SomeRow)),
        ]
    }

    #[test]
    fn what_is_owned_is_marked_and_cannot_be_chosen() {
        let turn = turn(items());
        let ids = |choices: &[Choice<'_>]| {
            let there = choices.iter().filter_map(|choice| match choice {
                Choice::There(item) => Some(item.id.clone()),
                _ => None,
            });
            there.collect::<Vec<String>>()
        };
        assert_eq!(ids(&turn.choices()), ["tn_1", "tn_2", "tn_3"]);
        let others: Vec<&str> = turn.others().map(|item| item.id.as_str()).collect();
        assert_eq!(others, ["tn_4", "tn_5"]);
        assert_eq!(turn.would_double().unwrap().id, "tn_1");
        let refused = Turn { state: Unfinished::Failed, list: None, ..turn.clone() };
        assert_eq!(refused.choices(), [Choice::Dismiss, Choice::Skip, Choice::Stop]);
        // What a row changes has its name already.
        let update = Turn { makes: None, ..turn };
        assert_eq!(update.choices()[..2], [Choice::ThereSomehow, Choice::Absent]);
        assert!(update.would_double().is_none());
    }

    #[test]
    fn a_turn_is_read_with_its_list_beside_it() {
        let whole = turn(items());
        let choices = |turn: &Turn| {
            let words = turn.choices().into_iter().map(|choice| turn.choice_words(choice));
            words.collect::<Vec<String>>().join("\n")
        };
        let many: Vec<ListedItem> =
            (0..14).map(|at| item(&format!("tn_{at}"), "Khác", ItemLooks::Other, None)).collect();
        let of = |list: ListShown| Turn { list: Some(list), ..turn(Vec::new()) }.text(false, false);
        let cut = ListShown::Items { items: many, extent: Extent::Cut, at: None };
        let changed = Turn { makes: None, has_changed: true, list: None, ..whole.clone() };
        let said = [
            whole.text(false, false),
            choices(&whole),
            of(cut),
            of(ListShown::Items { items: Vec::new(), extent: Extent::Whole, at: None }),
            of(ListShown::NoLane(Cause::default().saying("ticket not found"))),
            of(ListShown::NotKnown(WhyNotKnown::NotAsked)),
            of(ListShown::NotInSource),
            of(ListShown::SandboxGone),
            changed.text(false, false),
            choices(&changed),
            doubles_question(&items()[1]),
            refused_question(1),
            refused_question(12),
            settled_line(&Settlement::There { id: Some("tn_1".into()) }, Some(7)),
        ];
        insta::assert_snapshot!(said.join("\n---\n"));
    }
}
