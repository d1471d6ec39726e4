//! What a cell of a workbook is worth: a text, a number, a moment as people see it – or a reason why that cannot be told.
//!
//! Excel keeps fifteen digits of a number, counts days from one of two dates and knows a day that never was. What it has
//! lost is not made up here.

use jiff::civil::{Date, DateTime};

/// A number from here on may have lost digits.
const NOT_EXACT: f64 = 1e15;
/// The day after the last that Excel knows.
const END_OF_DAYS: f64 = 2_958_466.0;

/// Thousandths of a second in a day.
const DAY: f64 = 86_400_000.0;
/// So many characters of what cannot be used are shown.
const MOST_SHOWN: usize = 60;

const WRITE_ANEW: &str = "write the value into the cell once more, and save the workbook";
const AS_TEXT: &str = "give the column the format Text and write or export its numbers again; the digits that are lost \
                       are not in the file";
const CALCULATE: &str =
    "open the workbook in Excel or LibreOffice and save it, so that its formulas are calculated";
const UNMERGE: &str = "unmerge the cells: clear what was hidden, or move it to where it belongs";
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

/// What is written in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Raw {
    Empty,
    Text(String),
    Bool(bool),
    Number(f64),
    /// Days since the day that the workbook counts from.
    Moment {
        serial: f64,
        counts_from_1904: bool,
    },
    /// A length of time, in days.
    Length(f64),
    /// A date as ISO 8601 has it.
    Iso(String),
    IsoLength(String),
    /// The name of an error.
    Error(String),
    /// A number in a cell whose style the workbook does not have.
    NoStyle {
        number: f64,
        style: String,
        count: usize,
    },
    /// What is not of the kind that the cell says.
    Unfit(String),
    /// The number of a text that the workbook does not have.
    NoText {
        number: String,
        count: u64,
    },
}

/// A number as a workbook writes it; none where it is none.
pub(super) fn number(written: &str) -> Option<f64> {
    let text = written.trim();
    let begins = text
        .trim_start_matches(['-', '+'])
        .starts_with(|sign: char| sign.is_ascii_digit() || sign == '.');
    text.parse().ok().filter(|_| begins)
}

/// What a cell is worth; none of one in which there is nothing.
pub(super) fn of(raw: Raw, has_formula: bool) -> Option<CellValue> {
    Some(match raw {
        Raw::Empty if has_formula => faulty(
            "",
            "holds a formula whose value is not in the file: nobody has calculated it".to_owned(),
            CALCULATE,
        ),
        Raw::Empty => return None,
        Raw::Text(text) => CellValue::Text(text),
        Raw::Bool(value) => CellValue::Bool(value),
        Raw::Number(number) => of_number(number),
        Raw::Moment { serial, counts_from_1904 } => of_moment(serial, counts_from_1904),
        Raw::Length(serial) => no_day(serial.to_string()),
        Raw::Iso(text) => of_iso(text),
        Raw::IsoLength(text) => no_day(text),
        Raw::Error(error) => {
            let shown: String = error.chars().take(MOST_SHOWN).collect();
            let message = format!("holds the error {shown} in place of a value");
            faulty(&shown, message, "correct the formula, or write the value into the cell")
        }
        Raw::Unfit(text) => {
            let shown: String = text.chars().take(MOST_SHOWN).collect();
            let message =
                format!("holds {shown}, which is not of the kind that the cell is said to be");
            faulty(&shown, message, WRITE_ANEW)
        }
        Raw::NoStyle { number, style, count } => {
            let style: String = style.chars().take(MOST_SHOWN).collect();
            let message = format!(
                "holds {number}, a number or a date: its style {style} would tell, and the workbook has {count} styles"
            );
            faulty(&number.to_string(), message, WRITE_ANEW)
        }
        Raw::NoText { number, count } => {
            let shown: String = number.chars().take(MOST_SHOWN).collect();
            let message =
                format!("holds the text number {shown} of the workbook, which has {count}");
            faulty("", message, WRITE_ANEW)
        }
    })
}

/// What a cell is worth that another one covers; none where there is nothing to be hidden.
pub(super) fn covered(value: CellValue) -> Option<CellValue> {
    if value.is_blank() {
        return None;
    }
    let shown: String = value.as_text().chars().take(MOST_SHOWN).collect();
    let message = format!("is covered by a merged cell, which hides what stands in it: {shown}");
    Some(faulty("", message, UNMERGE))
}

fn faulty(shown: &str, message: String, hint: &'static str) -> CellValue {
    CellValue::Faulty { shown: shown.to_owned(), message, hint }
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

fn of_moment(serial: f64, counts_from_1904: bool) -> CellValue {
    if (0.0..1.0).contains(&serial) {
        return no_day(serial.to_string());
    }
    let no_date = || {
        let message = format!("holds a date that is none: the day {serial}");
        faulty(&serial.to_string(), message, WRITE_DATE)
    };
    if !(0.0..END_OF_DAYS).contains(&serial) {
        return no_date();
    }
    // Thousandths of a second are all that Excel keeps; so close to the next day it is that day.
    let thousandths = (serial.fract() * DAY).round();
    let (day, thousandths) = match thousandths >= DAY {
        true => (serial.trunc() + 1.0, 0.0),
        false => (serial.trunc(), thousandths),
    };
    // The first of them is day 0 or day 1, and 29 February 1900, day 60, never was.
    let (first, days) = match (counts_from_1904, day) {
        (true, day) => (Date::constant(1904, 1, 1), day),
        (false, 60.0) => {
            let message = "holds 29 February 1900, a day that never was".to_owned();
            return faulty("1900-02-29", message, WRITE_DATE);
        }
        (false, day) if day < 60.0 => (Date::constant(1899, 12, 31), day),
        (false, day) => (Date::constant(1899, 12, 30), day),
    };
    // They are whole, and below the end of days.
    let (days, thousandths) = (days as i64, thousandths as i64);
    let Ok(date) = first.checked_add(jiff::Span::new().days(days)) else { return no_date() };
    let (seconds, rest) = (thousandths / 1000, thousandths % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = format!("{date}T{hour:02}:{minute:02}:{second:02}");
    if rest > 0 {
        text.push_str(&format!(".{rest:03}"));
    }
    CellValue::Text(text)
}

/// A date of ODS, or one that a program has written into XLSX.
fn of_iso(text: String) -> CellValue {
    let without_zone = text.strip_suffix(['Z', 'z']).unwrap_or(&text);
    if without_zone.parse::<DateTime>().is_err() {
        let shown: String = text.chars().take(MOST_SHOWN).collect();
        let message = format!("holds a date that is none: {shown}");
        return faulty(&shown, message, WRITE_DATE);
    }
    match text.len() {
        10 => CellValue::Text(format!("{text}T00:00:00")),
        _ => CellValue::Text(text),
    }
}

fn no_day(shown: String) -> CellValue {
    let message = "holds a time of day or a length of time, and no date".to_owned();
    faulty(&shown, message, WRITE_DATE)
}
