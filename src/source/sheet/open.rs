//! A workbook's file: which kind it is, which of its sheets is meant, and what it is where it is none.
//!
//! The name of a file is not believed: programs write HTML and CSV under names that end in `.xls`.

use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::num::NonZeroU32;

use calamine::{Ods, OdsError, Reader as _, Sheet, SheetType, SheetVisible, XlsxError};

use crate::source::columns::Columns;
use crate::source::fault::Fault;
use crate::source::window::Input;
use crate::text::code::Code;
use crate::text::spelling::canonical;

use super::cells::{OdsCells, Workbook, XlsxCells};
use super::{SheetName, SheetRows};

/// An ODS file is held in memory, so it may have so many bytes, …
const LARGEST_ODS: u64 = 32 << 20;
/// … and its sheet so many rows times columns.
const MOST_CELLS: u64 = 5_000_000;

const SAVE_AS_XLSX: &str = "open it in Excel or LibreOffice and save it as XLSX";
const SAVE_ANEW: &str = "open the workbook in Excel or LibreOffice and save it anew";

/// Opens a sheet and reads as far as its header.
pub(in crate::source) fn open(
    input: Box<dyn Input>,
    (sheet, header_row): (Option<&SheetName>, Option<NonZeroU32>),
) -> Result<(Columns, SheetRows), Vec<Fault>> {
    let cells = cells(input, sheet).map_err(|fault| vec![fault])?;
    SheetRows::begin(cells, header_row.map(NonZeroU32::get))
}

fn cells(
    mut input: Box<dyn Input>,
    sheet: Option<&SheetName>,
) -> Result<Box<dyn super::Cells>, Fault> {
    let mut head = Vec::new();
    input.by_ref().take(256).read_to_end(&mut head).map_err(Fault::io)?;
    input.seek(SeekFrom::Start(0)).map_err(Fault::io)?;
    Ok(match kind_of(&head)? {
        Kind::Xlsx => Box::new(xlsx(input, sheet)?),
        Kind::Ods => Box::new(ods(input, sheet)?),
        Kind::Old => {
            return Err(match Workbook::new(BufReader::new(input)) {
                Err(XlsxError::Password) => locked(),
                _ => no_workbook(
                    "the file is an old workbook (XLS), which is not read",
                    SAVE_AS_XLSX,
                ),
            });
        }
    })
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
        let is_ods = has(b"mimetypeapplication/vnd.oasis.opendocument");
        return Ok(if is_ods { Kind::Ods } else { Kind::Xlsx });
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

fn no_workbook(message: &str, hint: &str) -> Fault {
    Fault::file(Code::Sheet, message).hint(hint)
}

fn locked() -> Fault {
    no_workbook(
        "the workbook has a password",
        "save it without one (in Excel: File, Info, Protect Workbook, Encrypt with Password)",
    )
}

fn xlsx(input: Box<dyn Input>, sheet: Option<&SheetName>) -> Result<XlsxCells, Fault> {
    let broken = |error: XlsxError| match error {
        XlsxError::Io(error) => Fault::io(error),
        XlsxError::Password => locked(),
        XlsxError::FileNotFound(_) | XlsxError::RelationshipNotFound => {
            no_workbook("the file is a ZIP archive and no workbook", "unpack it first")
        }
        XlsxError::NotAWorksheet(_) => {
            no_workbook("the sheet is a chart, or another one without cells", "name another sheet")
        }
        other => no_workbook(&format!("the workbook cannot be read: {other}"), SAVE_ANEW),
    };
    let workbook = Workbook::new(BufReader::new(input)).map_err(broken)?;
    let name = pick(workbook.sheets_metadata(), sheet)?;
    XlsxCells::begin(workbook, &name).map_err(broken)
}

/// The names of the sheets of an XLSX file, and whether each can be seen. None of an ODS file: all of it would have to be read.
pub(in crate::source) fn sheets(mut input: Box<dyn Input>) -> Result<Vec<(String, bool)>, Fault> {
    let mut head = Vec::new();
    input.by_ref().take(256).read_to_end(&mut head).map_err(Fault::io)?;
    input.seek(SeekFrom::Start(0)).map_err(Fault::io)?;
    let sheets = match kind_of(&head)? {
        Kind::Xlsx => match Workbook::new(BufReader::new(input)) {
            Ok(workbook) => workbook.sheets_metadata().to_vec(),
            // What is wrong with it is told by whoever opens a sheet.
            Err(_) => Vec::new(),
        },
        Kind::Ods | Kind::Old => Vec::new(),
    };
    let tables = sheets.into_iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    Ok(tables.map(|sheet| (sheet.name, sheet.visible == SheetVisible::Visible)).collect())
}

fn ods(mut input: Box<dyn Input>, sheet: Option<&SheetName>) -> Result<OdsCells, Fault> {
    let length = input.seek(SeekFrom::End(0)).map_err(Fault::io)?;
    input.seek(SeekFrom::Start(0)).map_err(Fault::io)?;
    if length > LARGEST_ODS {
        let message = format!(
            "the file has {length} bytes, and an ODS file may have {LARGEST_ODS}: all of it has to be held in memory"
        );
        return Err(no_workbook(&message, SAVE_AS_XLSX));
    }
    let broken = |error: OdsError| match error {
        OdsError::Io(error) => Fault::io(error),
        OdsError::Password => locked(),
        OdsError::CellLimitExceeded { requested, .. } => too_many_cells(requested as u64),
        other => no_workbook(&format!("the workbook cannot be read: {other}"), SAVE_ANEW),
    };
    let mut workbook: Ods<BufReader<Box<dyn Input>>> =
        Ods::new(BufReader::new(input)).map_err(broken)?;
    let name = pick(workbook.sheets_metadata(), sheet)?;
    let range = workbook.worksheet_range(&name).map_err(broken)?;
    let count = range.height() as u64 * range.width() as u64;
    if count > MOST_CELLS {
        return Err(too_many_cells(count));
    }
    let formulas = workbook.worksheet_formula(&name).map_err(broken)?;
    Ok(OdsCells::new(range, formulas))
}

fn too_many_cells(count: u64) -> Fault {
    let message = format!(
        "the sheet has {count} cells (rows times columns), and one of an ODS file may have {MOST_CELLS}"
    );
    no_workbook(&message, SAVE_AS_XLSX)
}

/// The name of the sheet that is meant.
fn pick(sheets: &[Sheet], wanted: Option<&SheetName>) -> Result<String, Fault> {
    let found = match wanted {
        None => sheets.iter().find(|sheet| {
            sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible
        }),
        Some(SheetName(wanted)) => {
            let is_it = |sheet: &&Sheet| canonical(&sheet.name).trim() == canonical(wanted).trim();
            let number = wanted.trim().parse::<usize>().ok();
            let at = number.and_then(|number| number.checked_sub(1));
            sheets.iter().find(is_it).or_else(|| at.and_then(|at| sheets.get(at)))
        }
    };
    found.map(|sheet| sheet.name.clone()).ok_or_else(|| {
        let message = match wanted {
            Some(SheetName(name)) => format!("the workbook has no sheet `{name}`"),
            None => "the workbook has no sheet that is not hidden".to_owned(),
        };
        let names: Vec<String> = sheets.iter().map(|sheet| format!("`{}`", sheet.name)).collect();
        no_workbook(&message, &format!("its sheets are {}", names.join(", ")))
    })
}
