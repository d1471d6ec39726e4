//! Puts a job together from what was seen of the files and what somebody has said. Pure: values in, a draft with reasons out.

mod lookups;
pub(super) mod pick;
mod reminder;
mod shaping;
pub(super) mod sources;
mod text;
mod visibility;

use std::sync::Arc;

use jiff::civil::Date;

use self::lookups::Lookups;
use self::pick::{Pick, Picked};
use super::drafted::{
    Draft, Entry, KeyDraft, LeftOut, Looked, MainColumns, Named, NoteDraft, Part, Remark, TicketMap,
};
use super::parts::{self, Parts};
use super::seen::FileSeen;
use super::system::{self, System, TableEach};
use super::{Answers, MapAnswer, shape};
use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::expression::{quoted, term};

/// The zone of times that name none, where nobody says.
const ZONE: &str = "Asia/Ho_Chi_Minh";
/// So many columns that are left out are listed.
const LEFT_OUT: usize = 60;
/// A column of states has no more values.
const FEW_VALUES: usize = 12;
/// So many letters of an example are shown.
const EXAMPLE: usize = 60;

/// What is made of, while it is made.
struct Composing<'a> {
    main: &'a FileSeen,
    system: Option<&'static System>,
    answers: &'a Answers,
    picked: Picked,
    parts: Parts<'a>,
    /// Names of columns that the job uses.
    used: Vec<String>,
    /// What is to be looked at before anything is sent.
    doubts: Vec<Remark>,
    today: Date,
}

/// Makes a job of files; the first ones that look alike are read as one. `tables` are files that somebody has said what they
/// are, in the order of the answers. `today` tells reminders that are past from others.
///
/// # Errors
/// What nothing can be guessed about, all at once.
pub(crate) fn compose(
    files: &[FileSeen],
    tables: &[FileSeen],
    answers: &Answers,
    today: Date,
) -> Result<Draft, Vec<Diagnostic>> {
    let Some(main) = parts::main_of(files).and_then(|at| files.get(at)) else {
        return Err(vec![Diagnostic::error(Code::Usage, Place::Nowhere, "no file was named")]);
    };
    let system = system::recognise(main);
    let mut problems = Vec::new();
    let picked = pick::pick(main, system, answers, &mut problems);
    let parts = parts::others(files, main, &picked);
    let (used, doubts) = (Vec::new(), Vec::new());
    let mut composing = Composing { main, system, answers, picked, parts, used, doubts, today };
    let lookups = composing.lookups(tables, &mut problems);
    let (ticket, text) = (composing.picked.ticket.clone(), composing.picked.text.clone());
    problems.extend(
        ticket.is_none().then(|| composing.unrecognised("the number of the ticket", "--ticket")),
    );
    problems
        .extend(text.is_none().then(|| composing.unrecognised("the text of the note", "--note")));
    let visibility = composing.visibility(&mut problems);
    match (ticket, text, problems.is_empty()) {
        (Some(ticket), Some(text), true) => {
            Ok(composing.draft((&ticket, &text), lookups, visibility, files))
        }
        _ => Err(problems),
    }
}

impl Composing<'_> {
    fn draft(
        mut self,
        (ticket, text): (&Pick, &Pick),
        lookups: Lookups,
        visibility: super::Visibility,
        files: &[FileSeen],
    ) -> Draft {
        let mut lets = self.cell_lets();
        let names = self.names();
        let author = self.author(&lookups.people, &names);
        let written = self.written(&names);
        let text_let = self.text_let(text, &names);
        let attached = self.attached(&names);
        lets.extend(author.clone());
        lets.extend(written.clone());
        lets.push(text_let.clone());
        lets.extend(attached.iter().map(|(named, _)| named.clone()));
        let doubts = self.doubts();
        let note = NoteDraft {
            text: text_let.name.clone(),
            author: author.map(|named| named.name),
            time: written.as_ref().map(|named| named.name.clone()),
            files: attached.as_ref().map(|(_, files)| files.clone()),
            remarks: std::iter::once(text.by.clone()).chain(doubts).collect(),
        };
        let keeps =
            self.keeps(ticket, &text_let, attached.as_ref().map(|(named, _)| named.name.as_str()));
        let key = self.key();
        let reminder = self.reminder();
        let columns =
            MainColumns { ticket: ticket.column.name.clone(), text: text.column.name.clone() };
        let (map, ticket) = self.ticket(ticket, &lookups);
        let is_same_once =
            self.system.is_some_and(|system| system.is_same_once) || !self.parts.further.is_empty();
        Draft {
            system: self.system.map(|system| (system.name, system.marks)),
            looked: self.looked(files),
            job: self.job_name(),
            timezone: self.answers.timezone.clone().unwrap_or_else(|| ZONE.to_owned()),
            is_zone_told: self.answers.timezone.is_some(),
            columns,
            sources: self.sources(),
            lookups: lookups.drafts,
            lets,
            keeps,
            is_same_once: is_same_once && !matches!(key, KeyDraft::None),
            key,
            order_by: written.map(|named| named.name),
            ticket,
            map,
            visibility,
            note,
            reminder,
            left_out: self.left_out(),
        }
    }

    /// What is to be said of the notes as a whole, with what came up before.
    fn doubts(&mut self) -> Vec<Remark> {
        let mut doubts = std::mem::take(&mut self.doubts);
        let is_unused = |column: &&super::seen::ColumnSeen| !self.used.contains(&column.name);
        let unfinished = self.main.columns.iter().filter(is_unused).filter(|column| {
            column.nested == 0 && !column.has_more && column.values.len() <= FEW_VALUES
        });
        doubts.extend(unfinished.filter_map(|column| {
            let value = column.texts().find(|text| shape::is_unfinished(text))?.to_owned();
            Some(Remark::Unfinished { column: column.name.clone(), value })
        }));
        let first =
            self.main.column("parent.source").filter(|column| column.item_keys.contains("body"));
        doubts.extend(first.map(|_| Remark::FirstMessage));
        doubts
    }

    fn unrecognised(&self, what: &str, flag: &str) -> Diagnostic {
        let place = Place::File(Arc::clone(&self.main.name));
        let message = format!("no column of the file can be told to hold {what}");
        let columns = self.main.columns.iter().chain(&self.main.around);
        let names: Vec<String> =
            columns.take(40).map(|column| format!("`{}`", column.name)).collect();
        Diagnostic::error(Code::Unrecognised, place, message)
            .hint(format!("name it, as in {flag} COLUMN; the columns are {}", names.join(", ")))
    }

    fn use_column(&mut self, pick: &Pick) {
        self.used.push(pick.column.name.clone());
    }

    fn job_name(&self) -> String {
        let stem = || {
            let stem = crate::source::unpacked_name(&self.main.path).file_stem()?;
            let stem = stem.to_string_lossy().to_lowercase();
            let is_part = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
            let name: String =
                stem.chars().map(|letter| if is_part(letter) { letter } else { '-' }).collect();
            let name = name.trim_matches('-').to_owned();
            (!name.is_empty()).then_some(name)
        };
        let of_system = self.system.map(|system| system.job.to_owned());
        let named = self.answers.job.clone().or(of_system);
        named.or_else(stem).unwrap_or_else(|| "notes".to_owned())
    }

    fn looked(&self, files: &[FileSeen]) -> Vec<Looked> {
        let is = |table: &Option<parts::Table<'_>>, seen: &FileSeen| {
            table.as_ref().is_some_and(|table| table.seen.path == seen.path)
        };
        let part = |seen: &FileSeen| {
            if seen.path == self.main.path {
                Part::Main
            } else if self.parts.further.iter().any(|other| other.path == seen.path) {
                Part::Further
            } else if is(&self.parts.map, seen) {
                Part::Tickets
            } else if self.parts.bridges.iter().any(|table| table.seen.path == seen.path) {
                Part::Bridge
            } else if self.parts.people.iter().any(|table| table.seen.path == seen.path) {
                Part::People
            } else {
                Part::Unused
            }
        };
        let looked = |seen: &FileSeen| Looked {
            name: Arc::clone(&seen.name),
            part: part(seen),
            rows: seen.rows,
            is_whole: seen.is_whole,
        };
        files.iter().map(looked).collect()
    }

    /// What the job calls its named values: no column bears such a name.
    fn names(&self) -> Names {
        let free = |names: [&'static str; 2]| {
            let is_free = |name: &&str| self.main.columns.iter().all(|column| column.name != *name);
            names.into_iter().find(is_free).unwrap_or(names[1])
        };
        Names {
            text: free(["text", "note_text"]),
            author: free(["author", "written_by"]),
            written: free(["written", "written_on"]),
            files: free(["files", "attached_files"]),
        }
    }

    fn is_nested(&self) -> bool {
        self.main.each().is_some() || self.table_each().is_some()
    }

    fn table_each(&self) -> Option<TableEach> {
        self.system.and_then(|system| system.each)
    }

    /// What the cells of date, account and text are parted into.
    fn cell_lets(&mut self) -> Vec<Named> {
        let Some(TableEach::Cells(name)) = self.table_each() else { return Vec::new() };
        let named = self.main.columns.iter().filter(|column| column.name.starts_with(name));
        self.used.extend(named.map(|column| column.name.clone()));
        let part = |name: &str, expression: &str| Named {
            name: name.to_owned(),
            expression: expression.to_owned(),
            remarks: Vec::new(),
        };
        vec![part("parts", "value | split(';', 2)"), part("account", "parts[1]")]
    }

    fn ticket(&mut self, ticket: &Pick, lookups: &Lookups) -> (TicketMap, Entry) {
        self.use_column(ticket);
        let mut expression = match self.table_each() {
            Some(TableEach::Split { column, .. }) if column == ticket.column.name => {
                "value | trim".to_owned()
            }
            _ => ticket.term.clone(),
        };
        if ticket.column.share(shape::is_salesforce_id) == 100 {
            expression.push_str(" | salesforce_id");
        }
        for bridge in &lookups.bridges {
            expression.push_str(&format!(" | lookup({})", quoted(bridge)));
        }
        let mut remarks = vec![ticket.by.clone()];
        let map = match (self.answers.map, lookups.has_map) {
            (Some(MapAnswer::TheSame), _) => {
                remarks.push(Remark::TheSameTickets);
                return (TicketMap::TheSame, Entry { expression, remarks });
            }
            (None, true) => TicketMap::Found,
            (None, false) => {
                let examples = ticket.column.texts().take(5).map(str::to_owned).collect();
                TicketMap::ToFill { examples }
            }
        };
        expression.push_str(" | lookup('tickets')");
        (map, Entry { expression, remarks })
    }

    fn key(&mut self) -> KeyDraft {
        if let Some(key) = self.picked.key.clone() {
            self.use_column(&key);
            return match self.table_each() {
                Some(_) => KeyDraft::Text(
                    format!("{{{{ {} }}}}#{{{{ index }}}}", key.term),
                    Remark::WithIndex,
                ),
                None => KeyDraft::Text(format!("{{{{ {} }}}}", key.term), key.by),
            };
        }
        let around = self.picked.ticket.as_ref().filter(|_| self.is_nested());
        match around {
            Some(ticket) => KeyDraft::Text(
                format!("{{{{ {} }}}}#{{{{ index }}}}", ticket.term),
                Remark::WithIndex,
            ),
            None => KeyDraft::None,
        }
    }

    fn left_out(&self) -> Vec<LeftOut> {
        let columns = self.main.columns.iter().chain(&self.main.around);
        let unused = columns.filter(|column| {
            !self.used.contains(&column.name)
                && !matches!(column.name.as_str(), "index" | "parent" | "value" | "")
        });
        let shown = |text: &str| {
            let line: String =
                text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
            let short: String = line.chars().take(EXAMPLE).collect();
            if line.chars().count() > EXAMPLE { format!("{short}…") } else { short }
        };
        let is_list_around = |name: &str| {
            let list = match self.main.each() {
                Some(super::EachSeen::Text(path)) => {
                    path.rsplit('/').next().unwrap_or_default().to_owned()
                }
                _ => String::new(),
            };
            name.strip_prefix("parent.") == Some(list.as_str())
        };
        unused
            .filter(|column| !is_list_around(&column.name))
            .take(LEFT_OUT)
            .map(|column| {
                let nested = || (column.nested > 0 && column.filled > 0).then(|| "{…}".to_owned());
                let example = column.example().map(shown).or_else(nested);
                LeftOut { column: column.name.clone(), example }
            })
            .collect()
    }
}

/// What the job calls its named values.
struct Names {
    text: &'static str,
    author: &'static str,
    written: &'static str,
    files: &'static str,
}

/// Whether columns of these names are there, as an expression calls them.
fn has_all(seen: &FileSeen, names: &[&str]) -> bool {
    names.iter().all(|name| seen.column(name).is_some() && term(name) == **name)
}
