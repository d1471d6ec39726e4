//! A workbook's file: which kind it is, which of its sheets is meant, and what it is where it is none.
//!
//! The name of a file is not believed: programs write HTML and CSV under names that end in `.xls`.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::num::NonZeroU32;

use crate::source::RowLimit;
use crate::source::columns::Columns;
use crate::source::fault::Fault;
use crate::source::window::Input;
use crate::text::code::Code;
use crate::text::spelling::canonical;

use super::book::Book;
use super::cells::XlsxCells;
use super::ods::{self, OdsCells};
use super::zip::Archive;
use super::{SheetName, SheetRows};

/// So many sheets are named where one is not found.
const MOST_NAMED: usize = 50;

const SAVE_AS_XLSX: &str = "open it in Excel or LibreOffice and save it as XLSX";
pub(super) const SAVE_ANEW: &str = "open the workbook in Excel or LibreOffice and save it anew";

/// Opens a sheet and reads as far as its header.
pub(in crate::source) fn open(
    input: Box<dyn Input>,
    (sheet, header_row): (Option<&SheetName>, Option<NonZeroU32>),
    longest: RowLimit,
) -> Result<(Columns, SheetRows), Vec<Fault>> {
    let cells = cells(input, sheet, longest).map_err(|fault| vec![fault])?;
    SheetRows::begin(cells, header_row.map(NonZeroU32::get))
}

pub(super) fn cells(
    mut input: Box<dyn Input>,
    sheet: Option<&SheetName>,
    longest: RowLimit,
) -> Result<Box<dyn super::Cells>, Fault> {
    let mut head = Vec::new();
    input.by_ref().take(256).read_to_end(&mut head).map_err(Fault::io)?;
    input.seek(SeekFrom::Start(0)).map_err(Fault::io)?;
    match kind_of(&head)? {
        Kind::Xlsx => xlsx(input, sheet, longest),
        Kind::Ods => ods(input, sheet, longest),
        Kind::Old if is_locked(input).map_err(Fault::io)? => Err(locked()),
        Kind::Old => {
            Err(no_workbook("the file is an old workbook (XLS), which is not read", SAVE_AS_XLSX))
        }
    }
}

/// Whether what looks like an old workbook has a new one in it, behind a password: a list in it, in the sector that its head
/// tells, names what is locked.
fn is_locked(mut input: Box<dyn Input>) -> std::io::Result<bool> {
    let mut head = Vec::new();
    input.by_ref().take(76).read_to_end(&mut head)?;
    let Some((shift, sector)) =
        head.get(30).copied().zip(head.get(48..).and_then(<[u8]>::first_chunk))
    else {
        return Ok(false);
    };
    let sector = u64::from(u32::from_le_bytes(*sector));
    let size = 1_u64 << shift.min(12);
    let mut list = Vec::new();
    input.seek(SeekFrom::Start((sector + 1) * size))?;
    // It has few entries, and so few sectors.
    input.take(16 * 1024).read_to_end(&mut list)?;
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    Ok(memchr::memmem::find(&list, &name).is_some())
}

enum Kind {
    Xlsx,
    Ods,
    /// What has been a workbook before there was XLSX; what has a password looks like it.
    Old,
}

fn kind_of(head: &[u8]) -> Result<Kind, Fault> {
    let has = |mark: &[u8]| head.windows(mark.len()).any(|part| part.eq_ignore_ascii_case(mark));
    if head.is_empty() {
        return Err(Fault::file(Code::EmptyFile, "the file is empty").hint("export it again"));
    }
    if head.starts_with(b"PK\x03\x04") {
        if has(b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet") {
            return Ok(Kind::Ods);
        }
        if has(b"mimetypeapplication/vnd.oasis.opendocument") {
            let message = "the file is a document of LibreOffice and no workbook";
            return Err(no_workbook(message, "copy the table into a sheet and save that as XLSX"));
        }
        return Ok(Kind::Xlsx);
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0") {
        return Ok(Kind::Old);
    }
    let text = head.trim_ascii_start();
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text).trim_ascii_start();
    Err(if text.starts_with(b"<") {
        let what = if has(b"<html") || has(b"<table") { "HTML" } else { "XML" };
        no_workbook(&format!("the file is no workbook but {what}"), SAVE_AS_XLSX)
    } else if head.contains(&0) || std::str::from_utf8(head).is_err_and(|e| e.error_len().is_some())
    {
        no_workbook("the file is no workbook", SAVE_AS_XLSX)
    } else {
        let hint = "read it as csv: give it a name that ends in .csv, or write csv: in place of xlsx: or ods: in the job";
        no_workbook("the file is no workbook but a text, such as CSV", hint)
    })
}

pub(super) fn no_workbook(message: &str, hint: &str) -> Fault {
    Fault::file(Code::Sheet, message).hint(hint)
}

pub(super) fn locked() -> Fault {
    no_workbook(
        "the workbook has a password",
        "save it without one (in Excel: File, Info, Protect Workbook, Encrypt with Password)",
    )
}

fn xlsx(
    input: Box<dyn Input>,
    sheet: Option<&SheetName>,
    longest: RowLimit,
) -> Result<Box<dyn super::Cells>, Fault> {
    let book = Book::open(Archive::open(input)?)?;
    let at = pick(book.sheets(), sheet)?;
    if !book.sheets().get(at).is_some_and(|sheet| sheet.has_cells) {
        let message = "the sheet is a chart, or another one without cells";
        return Err(no_workbook(message, "name another sheet"));
    }
    let (xml, meanings) = book.into_sheet(at, longest.bytes())?;
    Ok(Box::new(XlsxCells::begin(xml, meanings, longest)?))
}

/// The names of the sheets that have cells, and whether each can be seen.
pub(in crate::source) fn sheets(mut input: Box<dyn Input>) -> Result<Vec<(String, bool)>, Fault> {
    let mut head = Vec::new();
    input.by_ref().take(256).read_to_end(&mut head).map_err(Fault::io)?;
    input.seek(SeekFrom::Start(0)).map_err(Fault::io)?;
    let listed = match kind_of(&head)? {
        Kind::Xlsx => Book::open(Archive::open(input)?)?.into_list(),
        Kind::Ods => ods::sheets(&mut Archive::open(input)?, |_| false)?,
        // That it cannot be read is told by whoever opens a sheet.
        Kind::Old => Vec::new(),
    };
    let with_cells = listed.into_iter().filter(|sheet| sheet.has_cells);
    Ok(with_cells.map(|sheet| (sheet.name, !sheet.is_hidden)).collect())
}

fn ods(
    input: Box<dyn Input>,
    sheet: Option<&SheetName>,
    longest: RowLimit,
) -> Result<Box<dyn super::Cells>, Fault> {
    let mut archive = Archive::open(input)?;
    let is_enough = |listed: &Listed| sheet.is_none() && !listed.is_hidden;
    let sheets = ods::sheets(&mut archive, is_enough)?;
    let at = pick(&sheets, sheet)?;
    Ok(Box::new(OdsCells::begin(archive, at, longest)?))
}

/// A sheet as a workbook lists it.
pub(super) struct Listed {
    pub name: String,
    pub is_hidden: bool,
    /// Whether it is one of cells, and no chart or the like.
    pub has_cells: bool,
}

/// Which sheet is meant.
fn pick(sheets: &[Listed], wanted: Option<&SheetName>) -> Result<usize, Fault> {
    let found = match wanted {
        None => sheets.iter().position(|sheet| sheet.has_cells && !sheet.is_hidden),
        Some(SheetName(wanted)) => {
            let is_it = |sheet: &Listed| canonical(&sheet.name).trim() == canonical(wanted).trim();
            let number = wanted.trim().parse::<usize>().ok();
            let at = number.and_then(|number| number.checked_sub(1));
            sheets.iter().position(is_it).or(at.filter(|at| *at < sheets.len()))
        }
    };
    found.ok_or_else(|| {
        let message = match wanted {
            Some(SheetName(name)) => format!("the workbook has no sheet `{name}`"),
            None => "the workbook has no sheet that is not hidden".to_owned(),
        };
        let mut names: Vec<String> =
            sheets.iter().take(MOST_NAMED).map(|sheet| format!("`{}`", sheet.name)).collect();
        if sheets.len() > MOST_NAMED {
            names.push(format!("and {} more", sheets.len() - MOST_NAMED));
        }
        no_workbook(&message, &format!("its sheets are {}", names.join(", ")))
    })
}
