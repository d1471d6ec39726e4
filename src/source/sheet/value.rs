//! What a cell of a workbook is worth: a text, a number, a moment as people see it – or a reason why that cannot be told.
//!
//! Excel keeps fifteen digits of a number, counts days from one of two dates and knows a day that never was. What it has
//! lost is not made up here.

use calamine::{Data, ExcelDateTime};

/// A number from here on may have lost digits.
const NOT_EXACT: f64 = 1e15;
/// The day after the last that Excel knows.
const END_OF_DAYS: f64 = 2_958_466.0;

const AS_TEXT: &str = "give the column the format Text and write or export its numbers again; the digits that are lost \
                       are not in the file";
const CALCULATE: &str =
    "open the workbook in Excel or LibreOffice and save it, so that its formulas are calculated";
const WRITE_DATE: &str = "write a date that exists into the cell, with the day and the time";

/// See the module's text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum CellValue {
    Text(String),
    /// As it is written out: a whole number without a point.
    Number(String),
    Bool(bool),
    Faulty {
        /// What there is of it.
        shown: String,
        /// What is wrong, behind the cell's address.
        message: String,
        hint: &'static str,
    },
}

impl CellValue {
    pub(super) fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }

    pub(super) fn as_text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Faulty { shown: text, .. } => text,
            Self::Bool(true) => "TRUE",
            Self::Bool(false) => "FALSE",
        }
    }
}

/// What a cell is worth; none of one in which there is nothing.
pub(super) fn of(data: Data, has_formula: bool) -> Option<CellValue> {
    Some(match data {
        Data::Empty if has_formula => faulty(
            "",
            "holds a formula whose value is not in the file: nobody has calculated it".to_owned(),
            CALCULATE,
        ),
        Data::Empty => return None,
        Data::String(text) => CellValue::Text(text),
        Data::Bool(value) => CellValue::Bool(value),
        Data::Int(number) => of_whole(number),
        Data::Float(number) => of_number(number),
        Data::DateTime(moment) => of_moment(&moment),
        Data::DateTimeIso(text) => of_iso(text),
        Data::DurationIso(text) => no_day(text),
        Data::Error(error) => faulty(
            &error.to_string(),
            format!("holds the error {error} in place of a value"),
            "correct the formula, or write the value into the cell",
        ),
    })
}

fn faulty(shown: &str, message: String, hint: &'static str) -> CellValue {
    CellValue::Faulty { shown: shown.to_owned(), message, hint }
}

fn of_whole(number: i64) -> CellValue {
    match number.unsigned_abs() < 1_000_000_000_000_000 {
        true => CellValue::Number(number.to_string()),
        false => too_long(number.to_string()),
    }
}

fn of_number(number: f64) -> CellValue {
    if !number.is_finite() || number.abs() >= NOT_EXACT {
        return too_long(number.to_string());
    }
    // Minus zero is zero.
    CellValue::Number((number + 0.0).to_string())
}

fn too_long(shown: String) -> CellValue {
    let message =
        format!("holds a number of more than 15 digits ({shown}), and a workbook keeps only 15");
    faulty(&shown, message, AS_TEXT)
}

fn of_moment(moment: &ExcelDateTime) -> CellValue {
    let serial = moment.as_f64();
    if moment.is_duration() || (0.0..1.0).contains(&serial) {
        return no_day(serial.to_string());
    }
    if !(0.0..END_OF_DAYS).contains(&serial) {
        let message = format!("holds a date that is none: the day {serial}");
        return faulty(&serial.to_string(), message, WRITE_DATE);
    }
    let (year, month, day, hour, minute, second, thousandths) = moment.to_ymd_hms_milli();
    if (year, month, day) == (1900, 2, 29) {
        let message = "holds 29 February 1900, a day that never was".to_owned();
        return faulty("1900-02-29", message, WRITE_DATE);
    }
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if thousandths > 0 {
        text.push_str(&format!(".{thousandths:03}"));
    }
    CellValue::Text(text)
}

/// A date of ODS, or one that a program has written into XLSX.
fn of_iso(text: String) -> CellValue {
    match text.len() {
        10 => CellValue::Text(format!("{text}T00:00:00")),
        _ => CellValue::Text(text),
    }
}

fn no_day(shown: String) -> CellValue {
    let message = "holds a time of day or a length of time, and no date".to_owned();
    faulty(&shown, message, WRITE_DATE)
}
