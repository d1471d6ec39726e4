//! Who may see a note, by the values of a column. What is not sure is internal: a customer who reads what was not meant for
//! customers cannot be made to forget it.

use super::Composing;
use super::pick::find;
use crate::draft::VisibilityAnswer;
use crate::draft::drafted::{Remark, Visibility};
use crate::draft::names::{Role, fits, is_exactly, plain};
use crate::draft::seen::ColumnSeen;
use crate::draft::shape;
use crate::draft::system::Says;
use crate::text::diagnostic::Diagnostic;
use crate::text::spelling::is_same;

use crate::text::expression::term;

/// A column with more values says something else.
const MOST_VALUES: usize = 30;

/// What a column says of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Whether it is internal.
    Internal,
    /// Something is internal, which need not be the note: `author_is_internal`.
    PerhapsInternal,
    /// Whether customers may see it, as the user says; but its name does not say whether a yes means that they may.
    EitherWay,
    /// Whether customers may see it.
    Visible,
    /// Of which kind it is.
    Kind,
}

impl Composing<'_> {
    pub(super) fn visibility(&mut self, problems: &mut Vec<Diagnostic>) -> Visibility {
        let says = self.system.map_or(Says::Column, |system| system.visibility);
        let told = match &self.answers.visibility {
            Some(VisibilityAnswer::AllInternal) => return Visibility::AllInternal(Remark::Told),
            Some(VisibilityAnswer::Column(name)) => match find(self.main, name) {
                Ok(column) => Some(column),
                Err(problem) => {
                    problems.push(problem);
                    None
                }
            },
            None => None,
        };
        if let Some(column) = told {
            return self.by_column(&column.clone(), meaning_of(column), &[], Remark::Told);
        }
        match says {
            Says::Never => Visibility::AllInternal(Remark::SystemNeverSays),
            Says::AllInternal => Visibility::AllInternal(Remark::NeverShown),
            Says::Values(name, values) => match self.main.column(name).cloned() {
                Some(column) => self.by_column(&column, Meaning::Kind, values, Remark::OfSystem),
                None => Visibility::AllInternal(Remark::NobodySays),
            },
            Says::Column => match self.column_that_says() {
                Some((column, meaning)) => {
                    let remark = Remark::ByName(column.name.clone());
                    let contradicted = self.contradicted(&column, meaning);
                    let visibility = self.by_column(&column, meaning, &[], remark);
                    contradicted.into_iter().fold(visibility, strictly)
                }
                None => Visibility::AllInternal(Remark::NobodySays),
            },
        }
    }

    fn column_that_says(&self) -> Option<(ColumnSeen, Meaning)> {
        let columns = || self.main.columns.iter().filter(|column| may_say(column));
        let of = |role: Role, least: usize| {
            let rated = columns().map(|column| (fits(role, &column.name), column));
            let may_be = |column: &ColumnSeen| least < 100 || is_exactly(role, &column.name);
            rated
                .filter(|(rated, column)| *rated >= least && may_be(column))
                .max_by_key(|(rated, _)| *rated)
        };
        let found = of(Role::Internal, 100)
            .map(|(_, column)| (column, Meaning::Internal))
            .or_else(|| of(Role::Visible, 100).map(|(_, column)| (column, Meaning::Visible)))
            .or_else(|| {
                of(Role::Internal, 1).map(|(_, column)| (column, Meaning::PerhapsInternal))
            });
        let kind = || {
            let called_so = [
                "type",
                "kind",
                "notetype",
                "loai",
                "loaighichu",
                "hinhthuc",
                "chedo",
                "visibility",
            ];
            let is_kind = |column: &&ColumnSeen| {
                called_so.contains(&plain(&column.name).as_str())
                    && column.texts().any(|text| shape::is_internal(text).is_some())
            };
            columns().find(is_kind).map(|column| (column, Meaning::Kind))
        };
        found.or_else(kind).map(|(column, meaning)| (column.clone(), meaning))
    }

    /// The first column that says otherwise than another does, and in how many rows.
    fn contradicted(&self, column: &ColumnSeen, meaning: Meaning) -> Option<Remark> {
        let others = self.main.columns.iter().filter(|other| other.name != column.name);
        let others = others.filter(|other| may_say(other)).filter_map(|other| {
            let is = |role: Role| is_exactly(role, &other.name);
            match (is(Role::Internal), is(Role::Visible)) {
                (true, _) => Some((other, Meaning::Internal)),
                (_, true) => Some((other, Meaning::Visible)),
                _ => says_plainly(other).then_some((other, Meaning::Kind)),
            }
        });
        let says = |column: &ColumnSeen, meaning: Meaning, row: usize| match column.in_row(row) {
            Some(text) if meaning == Meaning::Kind => plain_word(text),
            Some(text) => Some(self.meaning(text, meaning, &[]).0),
            None => (meaning != Meaning::Kind).then_some(true),
        };
        let mut contradictions = others.map(|(other, other_meaning)| {
            let rows = (0..column.places.len()).filter(|row| {
                let (one, two) = (says(column, meaning, *row), says(other, other_meaning, *row));
                one.zip(two).is_some_and(|(one, two)| one != two)
            });
            Remark::Contradicted { by: other.name.clone(), rows: rows.count() }
        });
        contradictions.find(|found| !matches!(found, Remark::Contradicted { rows: 0, .. }))
    }

    fn by_column(
        &mut self,
        column: &ColumnSeen,
        meaning: Meaning,
        known: &[(&str, bool)],
        remark: Remark,
    ) -> Visibility {
        self.used.push(column.name.clone());
        let mut entries: Vec<(String, bool, Option<Remark>)> = Vec::new();
        let usual = usual_pair(column);
        let is_odd = |text: &str| {
            known.is_empty()
                && shape::pair(text).zip(usual).is_some_and(|(pair, usual)| pair != usual)
        };
        let mut enter = |text: &str| {
            if entries.iter().all(|(entered, ..)| entered != text) {
                let (is_internal, remark) = match self.meaning(text, meaning, known) {
                    (_, None) if is_odd(text) => (true, Some(Remark::Unsure)),
                    found => found,
                };
                entries.push((text.to_owned(), is_internal, remark));
            }
        };
        known.iter().for_each(|(text, _)| enter(text));
        column.texts().take(MOST_VALUES).for_each(&mut enter);
        // The other truth value may come further down.
        if meaning != Meaning::Kind {
            column.texts().filter_map(shape::counterpart).for_each(&mut enter);
        }
        if column.empty > 0 {
            enter("");
        }
        let mut remarks = vec![remark];
        remarks.extend((meaning == Meaning::Visible).then_some(Remark::Opposite));
        remarks.extend((!self.main.is_whole).then_some(Remark::NotAllSeen));
        let from = match self.main.is_json() || column.name.starts_with("parent.") {
            true => format!("{{{{ {} }}}}", term(&column.name)),
            false => column.name.clone(),
        };
        Visibility::ByColumn { from, entries, remarks }
    }

    /// Whether a value means that only agents may see a note, and what is to be said of that.
    fn meaning(
        &self,
        text: &str,
        meaning: Meaning,
        known: &[(&str, bool)],
    ) -> (bool, Option<Remark>) {
        let is_said =
            |values: &[String]| values.iter().any(|said| is_same(said.trim(), text.trim()));
        if is_said(&self.answers.visible_values) {
            return (false, Some(Remark::Told));
        }
        if is_said(&self.answers.internal_values) {
            return (true, Some(Remark::Told));
        }
        if let Some((_, is_internal)) = known.iter().find(|(known, _)| *known == text) {
            return (*is_internal, None);
        }
        let unsure = (true, Some(Remark::Unsure));
        match (meaning, shape::is_internal(text), shape::truth(text)) {
            (Meaning::Internal, _, Some(truth)) => (truth, None),
            (Meaning::Visible, _, Some(truth)) => (!truth, None),
            (_, Some(true), _) => (true, None),
            (Meaning::Internal | Meaning::Visible | Meaning::EitherWay, Some(false), _) => {
                (false, None)
            }
            _ => unsure,
        }
    }
}

/// What a column says that the user has named. Only an exact name says what a yes in it means.
fn meaning_of(column: &ColumnSeen) -> Meaning {
    if is_exactly(Role::Visible, &column.name) {
        return Meaning::Visible;
    }
    match fits(Role::Internal, &column.name) {
        100.. if is_exactly(Role::Internal, &column.name) => Meaning::Internal,
        0 if column.texts().all(|text| shape::truth(text).is_none()) => Meaning::Kind,
        _ => Meaning::EitherWay,
    }
}

fn may_say(column: &ColumnSeen) -> bool {
    let says = |text: &str| shape::truth(text).is_some() || shape::is_internal(text).is_some();
    column.filled > 0
        && column.nested == 0
        && !column.has_more
        && column.values.len() <= MOST_VALUES
        && column.texts().any(says)
}

/// The pair of words that most truth values of a column are of.
fn usual_pair(column: &ColumnSeen) -> Option<usize> {
    let mut counts: Vec<(usize, u64)> = Vec::new();
    for (text, rows) in &column.values {
        let Some(pair) = shape::pair(text) else { continue };
        match counts.iter_mut().find(|(known, _)| *known == pair) {
            Some((_, count)) => *count += rows,
            None => counts.push((pair, *rows)),
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(pair, _)| pair)
}

/// Whether a column has words that say by themselves who may see a note. `note` and `reply` are kinds of notes as well.
fn says_plainly(column: &ColumnSeen) -> bool {
    column.texts().all(|text| shape::is_internal(text).is_some())
        && column.texts().any(|text| plain_word(text).is_some())
}

fn plain_word(text: &str) -> Option<bool> {
    let is_kind = ["note", "reply"].contains(&text.trim().to_lowercase().as_str());
    shape::is_internal(text).filter(|_| !is_kind)
}

/// No customer sees any note: columns contradict each other.
fn strictly(visibility: Visibility, why: Remark) -> Visibility {
    match visibility {
        Visibility::AllInternal(_) => Visibility::AllInternal(why),
        Visibility::ByColumn { from, entries, mut remarks } => {
            let entries = entries.into_iter().map(|(text, is_internal, remark)| {
                let remark = if is_internal { remark } else { Some(Remark::Unsure) };
                (text, true, remark)
            });
            let entries = entries.collect();
            remarks.push(why);
            Visibility::ByColumn { from, entries, remarks }
        }
    }
}
