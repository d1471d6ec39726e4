//! How a table of text is written: what stands between its cells, where its header is, what stands for nothing.
//!
//! Pure: the beginning of a text in, what was found out.

use csv::ReaderBuilder;

use crate::draft::shape::is_value;
use crate::draft::{names, time};

/// So many records of the beginning are looked at.
const RECORDS: usize = 200;
/// Behind a title the header is one of so many.
const HEADER_RECORDS: usize = 20;
/// What may stand between two cells, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How a table is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableGuess {
    pub delimiter: u8,
    /// Whether a backslash stands before signs that mean themselves, and nothing around cells.
    pub is_escaped: bool,
    /// The line of the header, where others stand above it.
    pub header_line: Option<u32>,
    /// Names for the columns, where the file has none.
    pub invented: Option<Vec<String>>,
    /// Texts that stand for nothing where they are not quoted.
    pub nulls: Vec<String>,
    /// How many records there are, the header among them, and whether more may come.
    pub records: usize,
}

struct Cut {
    records: Vec<(u32, Vec<String>)>,
    /// How many cells most records have.
    usual: usize,
    /// How many records have as many.
    alike: usize,
}

/// Finds out how a table is written. `delimiter` is what is known of it already.
pub(super) fn guess(text: &str, is_whole: bool, delimiter: Option<u8>) -> TableGuess {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (text, said, skipped) = said_delimiter(text);
    let is_escaped = text.contains("\t\\N\t") || text.contains("\t\\N\n");
    let candidates = delimiter.or(said).map_or(DELIMITERS.to_vec(), |one| vec![one]);
    let cuts = candidates.iter().map(|sign| (*sign, cut(text, *sign, is_whole, is_escaped)));
    // Of two ways the one counts in which more records are alike; then the one with more cells.
    let best = cuts.max_by_key(|(sign, cut)| {
        let share = (cut.alike * 20).checked_div(cut.records.len()).unwrap_or(0);
        let place = DELIMITERS.iter().position(|other| other == sign).unwrap_or(DELIMITERS.len());
        (cut.usual > 1, share, cut.usual, std::cmp::Reverse(place))
    });
    let (delimiter, cut) = best.unwrap_or((b',', Cut { records: Vec::new(), usual: 0, alike: 0 }));
    let at = header_at(&cut);
    let header = cut.records.get(at);
    let is_first = cut.records[..at.min(cut.records.len())]
        .iter()
        .all(|(_, cells)| cells.len() <= 1 && is_blank(cells));
    let header_line = header.map(|(line, _)| *line + skipped).filter(|_| at > 0 && !is_first);
    let invented = header
        .filter(|(_, cells)| has_no_names(cells))
        .map(|(_, cells)| (1..=cells.len()).map(|number| format!("column{number}")).collect());
    let nulls = if is_escaped { Vec::new() } else { nulls_in(text, delimiter) };
    let header_line = header_line.filter(|_| invented.is_none());
    TableGuess { delimiter, is_escaped, header_line, invented, nulls, records: cut.records.len() }
}

/// Which record is the header: the first one that is as wide as most. Excel fills up the row of a title with empty cells,
/// so one that has some counts only where no row with more names follows.
fn header_at(cut: &Cut) -> usize {
    let is_wide = |cells: &[String]| cells.len() == cut.usual && !is_blank(cells);
    let filled = |cells: &[String]| cells.iter().filter(|cell| !cell.trim().is_empty()).count();
    let known = |cells: &[String]| cells.iter().filter(|cell| names::is_known(cell)).count();
    let mut wide = cut.records.iter().enumerate().filter(|(_, (_, cells))| is_wide(cells));
    let Some((first, (_, title))) = wide.next() else { return 0 };
    if filled(title) == title.len() || known(title) > 1 {
        return first;
    }
    let is_header = |cells: &[String]| {
        filled(cells) > filled(title)
            && known(cells) > known(title)
            && !cells.iter().any(|cell| is_value(cell))
    };
    let header = wide.take(HEADER_RECORDS).find(|(_, (_, cells))| is_header(cells));
    header.map_or(first, |(at, _)| at)
}

/// A first line that says the delimiter, as Excel writes it.
fn said_delimiter(text: &str) -> (&str, Option<u8>, u32) {
    let line = text.lines().next().unwrap_or_default();
    match line.strip_prefix("sep=").map(str::as_bytes) {
        Some([sign]) => (text.split_once('\n').map_or("", |(_, rest)| rest), Some(*sign), 1),
        _ => (text, None, 0),
    }
}

fn cut(text: &str, delimiter: u8, is_whole: bool, is_escaped: bool) -> Cut {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true).quoting(!is_escaped);
    let mut reader = builder.from_reader(text.as_bytes());
    let mut records: Vec<(u32, Vec<String>)> = Vec::new();
    let mut counted = Counted { at: 0, line: 1 };
    for record in reader.records().take(RECORDS).flatten() {
        let start = record.position().map_or(0, |place| place.byte());
        let line = counted.line_at(text, usize::try_from(start).unwrap_or(usize::MAX));
        let cells = record.iter().map(str::to_owned).collect();
        records.push((line, cells));
    }
    if !is_whole && records.len() < RECORDS && records.len() > 1 {
        // It goes on behind what was read.
        records.pop();
    }
    let count = |width: usize| records.iter().filter(|(_, cells)| cells.len() == width).count();
    let widths = records.iter().map(|(_, cells)| cells.len());
    let usual = widths.max_by_key(|width| (count(*width), *width)).unwrap_or(0);
    let alike = count(usual);
    Cut { records, usual, alike }
}

/// Where the lines of a text have been counted to.
struct Counted {
    at: usize,
    line: u32,
}

impl Counted {
    /// The line on which a record stands that begins behind the empty lines at a place; places only grow.
    fn line_at(&mut self, text: &str, start: usize) -> u32 {
        let rest = text.get(start..).unwrap_or_default();
        let empty = rest.len() - rest.trim_start_matches(['\n', '\r']).len();
        let end = start.saturating_add(empty);
        let passed = text.get(self.at..end).unwrap_or_default();
        let lines = memchr::memchr_iter(b'\n', passed.as_bytes()).count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.at = end;
        self.line
    }
}

fn is_blank(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.trim().is_empty())
}

/// Whether a record is one of values, and not of names.
fn has_no_names(cells: &[String]) -> bool {
    let is_known = |cell: &String| names::is_known(cell);
    let is_value = |cell: &&String| is_value(cell) || time::is_time(cell);
    !cells.iter().any(is_known) && cells.iter().filter(is_value).count() > 0
}

/// `NULL` without quotes, as databases export it.
fn nulls_in(text: &str, delimiter: u8) -> Vec<String> {
    let sign = char::from(delimiter);
    let ends = [sign, '\n', '\r'];
    let is_null = |at: usize, word: &str| {
        let before = text[..at].chars().next_back();
        let behind = text[at + word.len()..].chars().next();
        before.is_none_or(|letter| ends.contains(&letter))
            && behind.is_none_or(|letter| ends.contains(&letter))
    };
    let words = ["NULL", "\\N"].into_iter();
    let found = words.filter(|word| text.match_indices(word).any(|(at, _)| is_null(at, word)));
    found.map(str::to_owned).collect()
}
