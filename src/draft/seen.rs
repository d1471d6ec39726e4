//! What was seen of a file: how it is written, and what stands in its columns. Facts, and no guess at what they are for.

use std::path::PathBuf;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use crate::source::Format;
use crate::text::diagnostic::Diagnostic;

use super::shape;

/// So many different values of a column are kept.
const MOST_VALUES: usize = 2_000;
/// Values of more letters than this are told by their length alone.
const LONGEST_VALUE: usize = 200;

/// The beginning of a file, as it was read.
#[derive(Debug, Clone)]
pub(crate) struct FileSeen {
    pub path: PathBuf,
    pub name: Arc<str>,
    pub format: Format,
    /// How it is written, where that has to be said.
    pub traits: Vec<Trait>,
    pub columns: Vec<ColumnSeen>,
    /// The columns of the object that the rows lie in, called `parent.…`.
    pub around: Vec<ColumnSeen>,
    /// Rows that were read.
    pub rows: u64,
    /// Whether these are all.
    pub is_whole: bool,
    /// What is wrong with rows among them.
    pub problems: Vec<Diagnostic>,
}

/// One thing that a job has to say of how a file is written, and how it was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trait {
    pub said: Said,
    pub how: How,
}

/// What is said of a file; each is a key under `source`.
pub(crate) type Said = (&'static str, EachSeen);

/// A value of such a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EachSeen {
    Text(String),
    Number(u32),
    Texts(Vec<String>),
    /// `each` of a table: the cells of the columns of one name.
    Columns(String),
    /// `each` of a table: the parts of a cell.
    Split {
        column: String,
        by: String,
    },
}

/// How something was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum How {
    /// Somebody said so.
    Told,
    /// The file can be read in no other way, or says it itself.
    Sure,
    /// So many in a hundred words with other letters than those of ASCII are good Vietnamese in this encoding.
    Words(u8),
    /// Nothing spoke for another encoding.
    Usual,
    /// The first row has values in it, and no names.
    NoNames,
    /// The only one of several sheets that looks like notes, or the first; the others.
    Sheet(Vec<String>),
}

/// What stands in a column.
#[derive(Debug, Clone, Default)]
pub(crate) struct ColumnSeen {
    pub name: String,
    /// Rows in which something stands there.
    pub filled: u64,
    /// Rows in which nothing does.
    pub empty: u64,
    pub texts: u64,
    pub numbers: u64,
    pub truths: u64,
    /// Lists and objects.
    pub nested: u64,
    /// Texts with marks of HTML in them.
    pub html: u64,
    /// All letters of all texts.
    pub letters: u64,
    pub longest: usize,
    /// Texts with a line break in them.
    pub several_lines: u64,
    /// Different short values, in the order of their first row, and how many rows have each.
    pub values: IndexMap<String, u64>,
    /// Whether there were others than these.
    pub has_more: bool,
    /// The keys of its objects, and of those in its lists.
    pub item_keys: IndexSet<String>,
    /// Rows in which an object stands.
    pub objects: u64,
    /// Which of the values stands in each row; none where none of them does.
    pub places: Vec<Option<usize>>,
}

impl ColumnSeen {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// A column in which these texts stand.
    pub(super) fn of_texts<'a>(name: &str, texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut column = Self::new(name);
        texts.into_iter().for_each(|text| column.add_text(text));
        column
    }

    /// A column that first comes up behind so many rows.
    pub(super) fn behind(name: &str, rows: u64) -> Self {
        let places = (0..rows).map(|_| None).collect();
        Self { empty: rows, places, ..Self::new(name) }
    }

    pub(super) fn add_nothing(&mut self) {
        self.places.push(None);
        self.empty += 1;
    }

    pub(super) fn add_text(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return self.add_nothing();
        }
        self.texts += 1;
        self.html += u64::from(shape::has_html(text));
        self.several_lines += u64::from(text.contains('\n'));
        self.add_value(text);
    }

    pub(super) fn add_number(&mut self, written: &str) {
        self.numbers += 1;
        self.add_value(written);
    }

    pub(super) fn add_truth(&mut self, value: bool) {
        self.truths += 1;
        self.add_value(if value { "true" } else { "false" });
    }

    pub(super) fn add_json(&mut self, value: &serde_json::Value) {
        use serde_json::Value;
        match value {
            Value::Null => self.add_nothing(),
            Value::Bool(value) => self.add_truth(*value),
            Value::Number(number) => self.add_number(&number.to_string()),
            Value::String(text) => self.add_text(text),
            Value::Array(items) => {
                self.places.push(None);
                self.nested += 1;
                if items.is_empty() {
                    self.empty += 1;
                } else {
                    self.filled += 1;
                }
                let objects = items.iter().filter_map(Value::as_object);
                let keys = objects.flat_map(|object| object.keys().take(50));
                self.item_keys.extend(keys.take(200).cloned());
            }
            Value::Object(object) => {
                self.places.push(None);
                self.item_keys.extend(object.keys().take(50).cloned());
                self.objects += 1;
                self.nested += 1;
                self.filled += 1;
            }
        }
    }

    fn add_value(&mut self, text: &str) {
        self.filled += 1;
        let letters = text.chars().count();
        self.letters += letters as u64;
        self.longest = self.longest.max(letters);
        let is_kept = letters <= LONGEST_VALUE
            && (self.values.len() < MOST_VALUES || self.values.contains_key(text));
        if is_kept {
            *self.values.entry(text.to_owned()).or_default() += 1;
        }
        self.has_more |= !is_kept;
        self.places.push(self.values.get_index_of(text));
    }

    pub(super) fn rows(&self) -> u64 {
        self.filled + self.empty
    }

    /// How long its texts are on average.
    pub(super) fn average(&self) -> u64 {
        self.letters.checked_div(self.filled).unwrap_or(0)
    }

    /// Whether no value stands in two rows, as far as was seen.
    pub(super) fn is_unique(&self) -> bool {
        self.filled > 0 && !self.has_more && self.values.len() as u64 == self.filled
    }

    /// What stands in a row, of the values that are kept.
    pub(super) fn in_row(&self, row: usize) -> Option<&str> {
        let at = self.places.get(row).copied().flatten()?;
        self.values.get_index(at).map(|(text, _)| text.as_str())
    }

    /// Its values.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> + Clone {
        self.values.keys().map(String::as_str)
    }

    /// The share of its values that fulfil this, in hundredths.
    pub(super) fn share(&self, fulfils: impl Fn(&str) -> bool) -> usize {
        let found = self.texts().filter(|text| fulfils(text)).count();
        (found * 100).checked_div(self.values.len()).unwrap_or(0)
    }

    /// A value to show what it looks like.
    pub(super) fn example(&self) -> Option<&str> {
        self.texts().next()
    }
}

impl FileSeen {
    /// A column of the rows, or of what lies around them, by its name.
    pub(super) fn column(&self, name: &str) -> Option<&ColumnSeen> {
        self.columns.iter().chain(&self.around).find(|column| column.name == name)
    }

    /// Whether its rows lie in a list of others.
    pub(super) fn each(&self) -> Option<&EachSeen> {
        self.traits.iter().find(|one| one.said.0 == "each").map(|one| &one.said.1)
    }

    pub(super) fn is_json(&self) -> bool {
        matches!(self.format, Format::Json | Format::JsonLines)
    }
}
