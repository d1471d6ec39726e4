//! The sheets of an ODS file and the cells of one, read as a stream: one row in memory, however many are said to be alike.
//!
//! Not for what cells are worth to a job, and not for other documents of the kind.

use std::collections::HashSet;

use crate::source::RowLimit;
use crate::source::fault::{Fault, RAISE_LIMIT};
use crate::source::window::Input;
use crate::text::code::Code;

use super::address_of;
use super::cells::{Cells, MOST_COLUMNS, SheetRow};
use super::open::{Listed, SAVE_ANEW, locked, no_workbook};
use super::value::{self, CellValue, Raw};
use super::xml::{self, Node, Tag, Xml, early_end, too_long};
use super::zip::{Archive, Unpacked};

/// Where the sheets are, and how many bytes they may have.
const CONTENT: (&str, u64) = ("content.xml", 4 << 30);
const MANIFEST: (&str, u64) = ("META-INF/manifest.xml", 32 << 20);
/// Something may stand in a row with at most this number.
const MOST_ROWS: u64 = 1 << 24;
/// A file may have so many sheets, and so many styles of such.
const MOST_SHEETS: usize = 1 << 12;
/// A longer name of one is cut.
const LONGEST_NAME: usize = 4096;

/// The sheets of a file, up to the first that is enough.
pub(super) fn sheets(
    archive: &mut Archive,
    is_enough: impl Fn(&Listed) -> bool,
) -> Result<Vec<Listed>, Fault> {
    let told = |error: quick_xml::Error| xml::fault(&error, "the workbook cannot be read");
    if let Some(manifest) = archive.small_part(MANIFEST.0, MANIFEST.1)? {
        let mut xml = Xml::new(manifest);
        loop {
            match xml.next().map_err(told)? {
                Node::Start(tag) if tag.name().local() == "encryption-data" => return Err(locked()),
                Node::Over => break,
                _ => {}
            }
        }
    }
    let content = archive.small_part(CONTENT.0, CONTENT.1)?;
    let mut xml = Xml::new(content.ok_or_else(no_content)?);
    let (mut sheets, mut hidden, mut style) = (Vec::new(), HashSet::new(), String::new());
    loop {
        match xml.next().map_err(told)? {
            Node::Start(tag) => match tag.name().whole() {
                "style:style" => style = attribute(&tag, "style:name"),
                "style:table-properties" if attribute(&tag, "table:display") == "false" => {
                    hidden.insert(style.clone());
                }
                "table:table" => {
                    let is_hidden = hidden.contains(&attribute(&tag, "table:style-name"));
                    let name = attribute(&tag, "table:name");
                    let sheet = Listed { name, is_hidden, has_cells: true };
                    let is_last = is_enough(&sheet);
                    sheets.push(sheet);
                    if is_last {
                        return Ok(sheets);
                    }
                    drop(tag);
                    xml.pass().map_err(told)?;
                }
                _ => {}
            },
            Node::Over => return Ok(sheets),
            _ => {}
        }
        if sheets.len() > MOST_SHEETS || hidden.len() > MOST_SHEETS {
            let message = format!("the workbook has more than {MOST_SHEETS} sheets");
            return Err(no_workbook(&message, SAVE_ANEW));
        }
    }
}

/// The cells of a sheet of ODS: one row in memory.
pub(super) struct OdsCells {
    xml: Xml<Unpacked<Box<dyn Input>>>,
    longest: RowLimit,
    /// The row that is next, from 1.
    next: u64,
    /// A row that stands for several, and how many more of it there are.
    again: Option<(SheetRow, u64)>,
    /// Where the last cell is that was read: row and column, from 1 and 0.
    at: Option<(u64, u32)>,
    is_over: bool,
}

/// Why a sheet cannot be read any further.
enum Broken {
    Xml(quick_xml::Error),
    Fault(Fault),
}

impl From<quick_xml::Error> for Broken {
    fn from(error: quick_xml::Error) -> Self {
        Self::Xml(error)
    }
}

/// What a cell says of itself.
struct Head {
    /// None where what it says has to be read in the cell.
    raw: Option<Raw>,
    is_error: bool,
    has_formula: bool,
    repeats: u64,
}

impl OdsCells {
    /// Goes to the first row of a sheet, by its place among all.
    pub(super) fn begin(archive: Archive, at: usize, longest: RowLimit) -> Result<Self, Fault> {
        let content = archive.into_part(CONTENT.0)?.ok_or_else(no_content)?;
        let mut xml = Xml::new(content);
        let told = |error: quick_xml::Error| xml::fault(&error, "the sheet cannot be read");
        let mut before = 0;
        loop {
            match xml.next().map_err(told)? {
                Node::Start(tag) if tag.name().whole() == "table:table" => {
                    if before == at {
                        break;
                    }
                    before += 1;
                    drop(tag);
                    xml.pass().map_err(told)?;
                }
                Node::Over => return Err(told(early_end())),
                _ => {}
            }
        }
        Ok(Self { xml, longest, next: 1, again: None, at: None, is_over: false })
    }

    fn row(&mut self) -> Result<Option<SheetRow>, Broken> {
        if let Some((row, left)) = &mut self.again {
            row.number = row.number.saturating_add(1);
            *left -= 1;
            let row = row.clone();
            self.again.take_if(|(_, left)| *left == 0);
            return Ok(Some(row));
        }
        while !self.is_over {
            match self.xml.next()? {
                Node::Start(tag) => match tag.name().local() {
                    "table-row" => {
                        let repeats = repeats(&tag, "table:number-rows-repeated");
                        drop(tag);
                        let cells = self.cells()?;
                        let first = self.next;
                        self.next = first.saturating_add(repeats);
                        if cells.is_empty() {
                            continue;
                        }
                        if self.next - 1 > MOST_ROWS {
                            return Err(Broken::Fault(beyond(&format!("row {}", self.next - 1))));
                        }
                        let number = u32::try_from(first).unwrap_or(u32::MAX);
                        let row = SheetRow { number, cells };
                        if repeats > 1 {
                            self.again = Some((row.clone(), repeats - 1));
                        }
                        return Ok(Some(row));
                    }
                    "table-row-group" | "table-header-rows" | "table-rows" => {}
                    _ => {
                        drop(tag);
                        self.xml.pass()?;
                    }
                },
                // What is within it was passed, other tables among it.
                Node::End(tag) => {
                    self.is_over = tag.name().local() == "table";
                    if self.is_over {
                        drop(tag);
                        self.xml.finish()?;
                    }
                }
                Node::Over => return Err(early_end().into()),
                _ => {}
            }
        }
        Ok(None)
    }

    /// The cells of the row that has begun in which something is.
    fn cells(&mut self) -> Result<Vec<(u32, CellValue)>, Broken> {
        let (mut cells, mut column, mut length) = (Vec::new(), 0_u64, 0);
        loop {
            let (head, is_covered) = match self.xml.next()? {
                Node::Start(tag) => match tag.name().local() {
                    "table-cell" => (head_of(&tag), false),
                    "covered-table-cell" => (head_of(&tag), true),
                    _ => {
                        drop(tag);
                        self.xml.pass()?;
                        continue;
                    }
                },
                Node::End(_) => return Ok(cells),
                Node::Over => return Err(early_end().into()),
                _ => continue,
            };
            let text = self.text()?;
            let raw = match head.raw {
                Some(raw) if !head.is_error => raw,
                _ if text.is_empty() => Raw::Empty,
                _ if head.is_error => Raw::Error(text),
                _ => Raw::Text(text),
            };
            let first = column;
            column = column.saturating_add(head.repeats);
            let value = value::of(raw, head.has_formula);
            let value = if is_covered { value.and_then(value::covered) } else { value };
            let Some(value) = value else { continue };
            if column > u64::from(MOST_COLUMNS) {
                return Err(Broken::Fault(beyond(&format!("column {column}"))));
            }
            for at in first..column {
                let at = u32::try_from(at).unwrap_or(u32::MAX);
                self.at = Some((self.next, at));
                length += value.as_text().len();
                if length > self.longest.bytes() {
                    let message = format!("row {} is longer than {}", self.next, self.longest);
                    return Err(Broken::Fault(
                        Fault::file(Code::RowTooLong, message).hint(RAISE_LIMIT),
                    ));
                }
                cells.push((at, value.clone()));
            }
        }
    }

    /// The text of the cell that has begun: its paragraphs, each on a line. What is said about the cell is none of it.
    fn text(&mut self) -> Result<String, quick_xml::Error> {
        let most = self.longest.bytes();
        let mut paragraphs = Paragraphs::default();
        let (mut depth, mut in_paragraph, mut in_note) = (0_usize, 0_usize, 0_usize);
        loop {
            match self.xml.next()? {
                Node::Start(_) if paragraphs.text.len() > most => return Err(too_long(most)),
                Node::Start(tag) => {
                    match tag.name().whole() {
                        "office:annotation" | "table:table" | "text:ruby-text"
                        | "text:note-citation" => {
                            drop(tag);
                            self.xml.pass()?;
                            continue;
                        }
                        name if name.starts_with("draw:") => {
                            drop(tag);
                            self.xml.pass()?;
                            continue;
                        }
                        // A note at the foot is said within a paragraph: its text stands there in brackets.
                        "text:note" if in_paragraph > 0 && in_note == 0 => {
                            in_note = depth + 1;
                            paragraphs.add(" (");
                        }
                        "text:p" | "text:h"
                            if in_paragraph > 0 && paragraphs.text.ends_with('(') => {}
                        "text:p" | "text:h" if in_paragraph > 0 => paragraphs.add(" "),
                        "text:p" | "text:h" => {
                            in_paragraph = depth + 1;
                            paragraphs.begin();
                        }
                        "text:s" => {
                            let count = repeats(&tag, "text:c");
                            let count = usize::try_from(count).unwrap_or(usize::MAX);
                            if paragraphs.text.len().saturating_add(count) > most {
                                return Err(too_long(most));
                            }
                            paragraphs.add_sign(' ', count);
                        }
                        "text:tab" => paragraphs.add_sign('\t', 1),
                        "text:line-break" => paragraphs.add_sign('\n', 1),
                        _ => {}
                    }
                    depth += 1;
                }
                Node::End(_) if depth == 0 => return Ok(paragraphs.text),
                Node::End(_) => {
                    if in_note > 0 && depth == in_note {
                        paragraphs.add(")");
                        in_note = 0;
                    }
                    if depth == in_paragraph {
                        paragraphs.end();
                        in_paragraph = 0;
                    }
                    depth -= 1;
                }
                Node::Text(more) if in_paragraph > 0 => {
                    if paragraphs.text.len() + more.len() > most {
                        return Err(too_long(most));
                    }
                    paragraphs.add(&more);
                }
                Node::Over => return Err(early_end()),
                _ => {}
            }
        }
    }
}

impl Cells for OdsCells {
    fn next_row(&mut self) -> Result<Option<SheetRow>, Fault> {
        self.row().map_err(|broken| match broken {
            Broken::Fault(fault) => fault,
            Broken::Xml(error) => {
                let behind = self.at.map(|(row, column)| {
                    let row = u32::try_from(row).unwrap_or(u32::MAX);
                    format!(" behind cell {}", address_of(column, row))
                });
                let what = "the sheet cannot be read any further";
                xml::fault(&error, &format!("{what}{}", behind.unwrap_or_default()))
            }
        })
    }
}

/// Paragraphs as ODF means them: blanks that are written as they are come to one, and to none at both ends.
#[derive(Default)]
struct Paragraphs {
    text: String,
    has_any: bool,
    /// Whether a blank that comes now is one too many.
    is_behind_blank: bool,
    /// Whether the last letter is such a blank.
    ends_in_blank: bool,
}

impl Paragraphs {
    fn begin(&mut self) {
        if self.has_any {
            self.text.push('\n');
        }
        (self.has_any, self.is_behind_blank, self.ends_in_blank) = (true, true, false);
    }

    fn add(&mut self, written: &str) {
        for letter in written.chars() {
            let is_blank = matches!(letter, ' ' | '\t' | '\r' | '\n');
            match (is_blank, self.is_behind_blank) {
                (true, true) => {}
                (true, false) => {
                    self.text.push(' ');
                    (self.is_behind_blank, self.ends_in_blank) = (true, true);
                }
                (false, _) => {
                    self.text.push(letter);
                    (self.is_behind_blank, self.ends_in_blank) = (false, false);
                }
            }
        }
    }

    /// Adds blanks that are meant.
    fn add_sign(&mut self, sign: char, count: usize) {
        self.text.extend(std::iter::repeat_n(sign, count));
        (self.is_behind_blank, self.ends_in_blank) = (false, false);
    }

    fn end(&mut self) {
        if self.ends_in_blank {
            self.text.pop();
        }
        self.ends_in_blank = false;
    }
}

fn head_of(tag: &Tag<'_>) -> Head {
    let of = |name| tag.attribute(name).map(|value| value.into_owned());
    let kind = of("office:value-type");
    let raw = match kind.as_deref() {
        Some("date") => of("office:date-value").map(Raw::Iso),
        Some("time") => of("office:time-value").map(Raw::IsoLength),
        Some("boolean") => {
            of("office:boolean-value").map(|value| Raw::Bool(value.trim() == "true"))
        }
        Some("string") => of("office:string-value").map(Raw::Text),
        Some(_) => of("office:value").map(|value| match value::number(&value) {
            Some(number) => Raw::Number(number),
            None => Raw::Unfit(value),
        }),
        None => None,
    };
    Head {
        raw,
        is_error: of("calcext:value-type").is_some_and(|kind| kind == "error"),
        has_formula: of("table:formula").is_some_and(|formula| !formula.is_empty()),
        repeats: repeats(tag, "table:number-columns-repeated"),
    }
}

/// How often what has begun is there.
fn repeats(tag: &Tag<'_>, name: &str) -> u64 {
    let Some(written) = tag.attribute(name) else { return 1 };
    // A number that is too large is as good as the largest.
    written.trim().parse().map_or(u64::from(u32::MAX), |count: u64| count.min(u64::from(u32::MAX)))
}

fn attribute(tag: &Tag<'_>, name: &str) -> String {
    let value = tag.attribute(name).unwrap_or_default();
    value[..value.floor_char_boundary(LONGEST_NAME)].to_owned()
}

fn beyond(place: &str) -> Fault {
    let message = format!(
        "the sheet has something in {place}, and one may have {MOST_ROWS} rows and {MOST_COLUMNS} columns"
    );
    Fault::file(Code::Sheet, message)
        .hint("delete what stands so far away, and save the workbook anew")
}

fn no_content() -> Fault {
    no_workbook("the file is a ZIP archive and no workbook", "unpack it first")
}
