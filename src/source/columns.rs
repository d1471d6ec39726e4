//! The names of a source's columns, and the number each is known by.
//!
//! Not for what a column means: which field a column feeds is the mapping's.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::text::spelling::{Spelling, canonical};

/// More different keys than this are data used as keys; memory would grow with the file.
pub(super) const MOST_KEYS: usize = 10_000;

/// The columns of a source, by index. Cheap to clone; a clone keeps what was known when it was made.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    known: Arc<Known>,
    open: bool,
    /// Of a sheet: what its columns are called there, as in `C`.
    letters: Option<Arc<[Box<str>]>>,
}

#[derive(Debug, Clone, Default)]
struct Known {
    names: Vec<Arc<str>>,
    /// By the spelling in which names are compared: programs change it unasked.
    by_name: HashMap<Arc<str>, usize>,
    /// Of a header, in which blanks around a name are none of it.
    is_header: bool,
    /// As a header has them, where some are called alike.
    written: Option<Vec<Arc<str>>>,
    /// The columns that are called alike, by what they are called.
    alike: HashMap<Arc<str>, Vec<usize>>,
    /// How all of them begin.
    beginnings: Beginnings,
}

/// The first two letters of names, as far as they are ASCII letters or signs and two at all; a bit for each pair.
#[derive(Debug, Clone, Default)]
struct Beginnings(Vec<u128>);

impl Columns {
    /// Columns that a header fixes. Of two with one name the first is found by it.
    pub(super) fn closed(names: impl IntoIterator<Item = Arc<str>>) -> Self {
        let mut known = Known::default();
        for name in names {
            known.add(name);
        }
        Self { known: Arc::new(known), ..Self::default() }
    }

    /// The columns of a header. Those that are called alike are known by their place among them: `Labels[1]`, `Labels[2]`.
    pub(super) fn of_header(names: Vec<Arc<str>>) -> Self {
        let mut called: HashMap<Arc<str>, Vec<usize>> = HashMap::new();
        for (index, name) in names.iter().enumerate() {
            called.entry(canonical(name.trim()).as_ref().into()).or_default().push(index);
        }
        called.retain(|_, indexes| indexes.len() > 1);
        let mut known = Known { is_header: true, alike: called, ..Known::default() };
        let mut numbers: HashMap<usize, String> = HashMap::new();
        for indexes in known.alike.values() {
            let numbered = indexes.iter().zip(1..);
            numbers.extend(numbered.map(|(at, place)| {
                (*at, format!("{}[{place}]", names.get(*at).map_or("", |name| name.trim())))
            }));
        }
        for (index, name) in names.iter().enumerate() {
            known.add(numbers.remove(&index).map_or_else(|| Arc::clone(name), Into::into));
        }
        known.written = (!known.alike.is_empty()).then_some(names);
        Self { known: Arc::new(known), ..Self::default() }
    }

    /// No columns yet; keys add them.
    pub(super) fn open() -> Self {
        Self { open: true, ..Self::default() }
    }

    /// Columns of a sheet, with what each is called there.
    pub(super) fn of_sheet(
        names: impl IntoIterator<Item = Arc<str>>,
        letters: Vec<Box<str>>,
    ) -> Self {
        Self { letters: Some(letters.into()), ..Self::closed(names) }
    }

    /// These, and more of other names behind them.
    pub(super) fn with(&self, more: impl IntoIterator<Item = Arc<str>>) -> Self {
        let mut columns = self.clone();
        let known = Arc::make_mut(&mut columns.known);
        for name in more {
            known.written.iter_mut().for_each(|written| written.push(Arc::clone(&name)));
            known.add(name);
        }
        columns
    }

    /// As people call a cell of a sheet, on a line; none where there is no sheet.
    pub(crate) fn cell_address(&self, column: usize, line: u64) -> Option<Arc<str>> {
        let letters = self.letters.as_ref()?.get(column)?;
        Some(format!("{letters}{line}").into())
    }

    /// All names known so far, in order of their indexes.
    pub fn names(&self) -> &[Arc<str>] {
        &self.known.names
    }

    /// The names as they stand in the header, of which some may be alike.
    pub(super) fn written(&self) -> &[Arc<str>] {
        self.known.written.as_deref().unwrap_or(&self.known.names)
    }

    /// The index of the column of this name, however the two are spelt; none where several are called so.
    pub fn index(&self, name: &str) -> Option<usize> {
        let name = if self.known.is_header { name.trim() } else { name };
        self.known.by_name.get(&*canonical(name)).copied()
    }

    /// Whether a text may be the name of a column, whatever its case and spelling. Most texts are seen by their first two
    /// letters to be none.
    pub(super) fn may_have(&self, text: &str) -> bool {
        self.known.beginnings.may_begin(text)
    }

    /// Whether any column is called so.
    pub(super) fn has(&self, name: &str) -> bool {
        self.index(name).is_some() || self.alike(name).is_some()
    }

    /// The indexes of all columns that are called so, from left to right.
    pub fn all(&self, name: &str) -> Vec<usize> {
        match self.alike(name) {
            Some(indexes) => indexes.to_vec(),
            None => self.index(name).into_iter().collect(),
        }
    }

    /// The columns that are called so, where there are several.
    fn alike(&self, name: &str) -> Option<&[usize]> {
        // Asked for each row, and most headers have none.
        let alike = Some(&self.known.alike).filter(|alike| !alike.is_empty())?;
        alike.get(&*canonical(name.trim())).map(Vec::as_slice)
    }

    /// Whether a later row may bring a column that is not known yet (jsonl, json).
    pub fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn intern(&mut self, name: &str) -> usize {
        match self.index(name) {
            Some(index) => index,
            None => Arc::make_mut(&mut self.known).add(name.into()),
        }
    }
}

impl Beginnings {
    fn add(&mut self, name: &str) {
        let apart = Spelling::DECOMPOSED.of(name);
        if let Some((first, second)) = pair(apart.as_bytes()) {
            self.0.resize(128, 0);
            self.0[first] |= 1 << second;
        }
    }

    fn may_begin(&self, text: &str) -> bool {
        // What begins otherwise, or is shorter, may be spelt in several ways.
        let Some((first, second)) = pair(text.as_bytes()) else { return true };
        self.0.get(first).is_some_and(|seconds| seconds & (1 << second) != 0)
    }
}

/// The first two bytes, where they are ASCII letters or signs, in small letters.
fn pair(bytes: &[u8]) -> Option<(usize, u32)> {
    let [first, second, ..] = bytes else { return None };
    let both = first.is_ascii_graphic() && second.is_ascii_graphic();
    both.then(|| (first.to_ascii_lowercase().into(), second.to_ascii_lowercase().into()))
}

impl Known {
    fn add(&mut self, name: Arc<str>) -> usize {
        let index = self.names.len();
        let seen = if self.is_header { name.trim() } else { &*name };
        let compared = match canonical(seen) {
            Cow::Borrowed(same) if same.len() == name.len() => Arc::clone(&name),
            compared => compared.as_ref().into(),
        };
        self.by_name.entry(compared).or_insert(index);
        self.beginnings.add(seen.trim());
        self.names.push(name);
        index
    }
}

/// Columns, and which of them rows have had.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    columns: Columns,
    uses: Vec<Use>,
}

/// Who has spoken of a column.
#[derive(Debug, Clone, Default)]
struct Use {
    /// Somebody wants to know what rows have there.
    asked: bool,
    rows: Lines,
}

/// How many rows something is true of, and where the first of them stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    pub count: u64,
    /// Of the first few.
    pub first: Vec<u64>,
}

/// So many places are kept.
const FIRST: usize = 3;

impl Lines {
    /// One more, on a line.
    pub(crate) fn add(&mut self, line: u64) {
        self.count += 1;
        if self.first.len() < FIRST {
            self.first.push(line);
        }
    }

    /// Others, which come later.
    pub(crate) fn append(&mut self, later: &Self) {
        self.count += later.count;
        let room = FIRST.saturating_sub(self.first.len());
        self.first.extend(later.first.iter().take(room));
    }

    /// `line 4`, or `lines 4, 5, 6, …`
    pub(crate) fn lines(&self) -> String {
        let first: Vec<String> = self.first.iter().map(u64::to_string).collect();
        let noun = if first.len() == 1 { "line" } else { "lines" };
        let more = if self.count > first.len() as u64 { ", …" } else { "" };
        format!("{noun} {}{more}", first.join(", "))
    }
}

impl Keys {
    pub(super) fn new(columns: Columns) -> Self {
        Self { columns, uses: Vec::new() }
    }

    pub(super) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The index of a column that is asked for; an open source makes room for it.
    pub(super) fn column(&mut self, name: &str) -> Option<usize> {
        let index = match self.columns.open {
            true => self.columns.intern(name),
            false => self.columns.index(name)?,
        };
        self.use_of(index).asked = true;
        Some(index)
    }

    /// Whether somebody has asked for a column.
    pub(super) fn is_asked(&self, column: usize) -> bool {
        self.uses.get(column).is_some_and(|one| one.asked)
    }

    /// A row has a column, on a line.
    pub(super) fn met(&mut self, column: usize, line: u64) {
        self.use_of(column).rows.add(line);
    }

    /// The index that a column of a part of the source has here.
    pub(super) fn intern(&mut self, name: &str) -> usize {
        self.columns.intern(name)
    }

    /// The index of a key that a row has on a line; none when there are too many different ones.
    pub(super) fn found(&mut self, name: &str, line: u64) -> Option<usize> {
        let known = self.columns.index(name);
        if known.is_none() && self.columns.names().len() >= MOST_KEYS {
            return None;
        }
        let index = known.unwrap_or_else(|| self.columns.intern(name));
        self.use_of(index).rows.add(line);
        Some(index)
    }

    fn use_of(&mut self, column: usize) -> &mut Use {
        if self.uses.len() <= column {
            self.uses.resize_with(column + 1, Use::default);
        }
        &mut self.uses[column]
    }

    /// Whether nobody has asked for a column that rows have.
    pub(super) fn is_stray(&self, column: usize) -> bool {
        self.columns.open && self.uses.get(column).is_some_and(|one| !one.asked)
    }

    /// The columns that nobody has asked for, each with the rows that have it.
    pub(super) fn strays(&self) -> impl Iterator<Item = (&Arc<str>, &Lines)> {
        let all = self.columns.names().iter().zip(&self.uses);
        let strays = all.filter(|(_, one)| self.columns.open && !one.asked);
        strays.map(|(name, one)| (name, &one.rows))
    }

    pub(super) fn seen(&self, column: usize) -> bool {
        if self.columns.open {
            self.uses.get(column).is_some_and(|one| one.rows.count > 0)
        } else {
            column < self.columns.names().len()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn most_texts_are_seen_to_be_no_names() {
        let columns = Columns::of_header(vec!["ticket_id".into(), " Nội dung".into(), "é1".into()]);
        for name in [
            "TICKET_ID",
            "Nội dung",
            "No\u{323}\u{302}i dung",
            " ticket_id",
            "\u{feff}ticket_id",
            "é1",
            "e\u{301}1",
        ] {
            assert!(columns.may_have(name), "{name}");
        }
        for text in ["tk_17", "Khách hàng", "17", "--"] {
            assert!(!columns.may_have(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_a_name_in_any_spelling_may_be_one(names in proptest::collection::vec("[ -~éệKÅ\u{301}]{1,4}", 1..4), at in 0_usize..4) {
            let name: Arc<str> = names[at % names.len()].as_str().into();
            let columns = Columns::of_header(names.iter().map(|name| name.as_str().into()).collect());
            for spelling in [Spelling::CANONICAL, Spelling::DECOMPOSED] {
                let spelt = spelling.of(&name);
                prop_assert!(columns.may_have(&spelt));
                prop_assert!(columns.may_have(&spelt.to_ascii_uppercase()));
            }
        }
    }
}
