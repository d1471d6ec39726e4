//! What somebody has said of the files: by flags, or when asked. It comes before any guess.

use std::path::PathBuf;

/// See the module's text. What is left out is guessed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    pub job: Option<String>,
    pub timezone: Option<String>,
    /// Columns by their names; those of the object around a row are `parent.…`.
    pub ticket: Option<String>,
    pub note: Option<String>,
    pub author: Option<String>,
    pub time: Option<String>,
    pub key: Option<String>,
    pub visibility: Option<VisibilityAnswer>,
    /// Values of the column that says who may see a note: those that mean that customers may, and that only agents may.
    pub visible_values: Vec<String>,
    pub internal_values: Vec<String>,
    /// Whether the day comes before the month.
    pub day_first: Option<bool>,
    pub text: Option<TextAnswer>,
    pub map: Option<MapAnswer>,
    pub tables: Vec<TableAnswer>,
}

/// What says who may see a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VisibilityAnswer {
    /// Nothing has to: all notes are for agents alone.
    AllInternal,
    Column(String),
}

/// How the texts of notes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextAnswer {
    Plain,
    Html,
    Jira,
}

/// Where the numbers of tickets lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MapAnswer {
    /// The tickets have the same ids in StringeeX.
    TheSame,
}

/// A file that cells are looked up in, as in `tickets=map.csv:legacy:stringee`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableAnswer {
    pub name: String,
    pub path: PathBuf,
    pub columns: Option<(String, String)>,
}

impl TableAnswer {
    /// Reads `NAME=FILE` or `NAME=FILE:KEY:VALUE`.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub(crate) fn parse(written: &str) -> Result<Self, String> {
        let wanted = "a table is given as NAME=FILE or NAME=FILE:KEY:VALUE, as in tickets=map.csv:legacy:stringee";
        let (name, rest) = written.split_once('=').ok_or(wanted)?;
        if name.is_empty() || rest.is_empty() {
            return Err(wanted.to_owned());
        }
        let mut parts = rest.rsplitn(3, ':');
        let (value, key, file) = (parts.next(), parts.next(), parts.next());
        let columns = match (file, key, value) {
            (Some(file), Some(key), Some(value))
                if !file.is_empty() && !key.is_empty() && !value.is_empty() =>
            {
                let columns = Some((key.to_owned(), value.to_owned()));
                return Ok(Self { name: name.to_owned(), path: file.into(), columns });
            }
            _ => None,
        };
        Ok(Self { name: name.to_owned(), path: rest.into(), columns })
    }
}
