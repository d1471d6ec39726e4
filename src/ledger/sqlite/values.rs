//! What the columns of a ledger can hold: the one list by which the file is read, and looked through.
//!
//! SQLite sees to it that a number is one. That nobody can have sent anything after the year 9999, or a negative number of
//! requests, is seen to here. Whether entries agree with each other is for `check` and for the life of a row.

use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, Row};

use crate::ledger::Misfit;

/// The last moment that anybody can mean, in unix milliseconds: with it nothing that is reckoned runs over.
const LAST_MOMENT: i64 = 253_402_300_799_999;
/// More rows than any run has.
const MOST_ROWS: i64 = 1 << 48;
const MOST_REQUESTS: i64 = u32::MAX as i64;
const LAST_EXIT: i64 = u8::MAX as i64;

/// What a column holds, unless it is empty.
#[derive(Clone, Copy)]
enum Holds {
    Text,
    /// A number from 0 to this one.
    UpTo(i64),
}

use Holds::{Text, UpTo};

/// The tables that are small enough to be looked through whenever the file is opened.
const SMALL_TABLES: [(&str, &[(&str, Holds)]); 3] = [
    (
        "jobs",
        &[("name", Text), ("base_url", Text), ("account", Text), ("created_at", UpTo(LAST_MOMENT))],
    ),
    (
        "runs",
        &[
            ("keyed_by", Text),
            ("started_at", UpTo(LAST_MOMENT)),
            ("ended_at", UpTo(LAST_MOMENT)),
            ("exit", UpTo(LAST_EXIT)),
            ("rows", UpTo(MOST_ROWS)),
            ("succeeded", UpTo(MOST_ROWS)),
            ("already_done", UpTo(MOST_ROWS)),
            ("failed", UpTo(MOST_ROWS)),
            ("invalid", UpTo(MOST_ROWS)),
            ("in_doubt", UpTo(MOST_ROWS)),
            ("not_started", UpTo(MOST_ROWS)),
            ("requests", UpTo(MOST_REQUESTS)),
        ],
    ),
    ("owners", &[("name", Text), ("until", UpTo(LAST_MOMENT))]),
];

/// Whether it is a moment that anybody can mean, or none.
pub(super) fn is_moment_or_null(moment: Option<i64>) -> bool {
    moment.is_none_or(|moment| (0..=LAST_MOMENT).contains(&moment))
}

/// What in the small tables is not what its column can hold, in the order of the tables.
pub(super) fn misfits(connection: &Connection) -> rusqlite::Result<Vec<Misfit>> {
    let mut misfits = Vec::new();
    for (table, columns) in SMALL_TABLES {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let query = format!("SELECT id, {} FROM {table} ORDER BY id", names.join(", "));
        // A file of an older format has not all of them; what must be there is looked for elsewhere.
        let Ok(mut statement) = connection.prepare(&query) else { continue };
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for (at, (name, holds)) in columns.iter().enumerate() {
                if !fits(row.get_ref(at + 1)?, *holds) {
                    let (id, column) = (row.get(0).ok(), Some((*name).to_owned()));
                    misfits.push(Misfit { table, id, column });
                }
            }
        }
    }
    Ok(misfits)
}

fn fits(value: ValueRef<'_>, holds: Holds) -> bool {
    match (holds, value) {
        (_, ValueRef::Null) => true,
        (Text, ValueRef::Text(bytes)) => std::str::from_utf8(bytes).is_ok(),
        (UpTo(most), ValueRef::Integer(number)) => (0..=most).contains(&number),
        _ => false,
    }
}

/// A moment of an entry, in unix milliseconds.
pub(super) fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<i64> {
    moment_or_null(row, column)?.ok_or_else(|| {
        let nothing = "a moment is missing".into();
        rusqlite::Error::FromSqlConversionFailure(column, Type::Null, nothing)
    })
}

pub(super) fn moment_or_null(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<i64>> {
    let found: Option<i64> = row.get(column)?;
    match found {
        Some(moment) if !(0..=LAST_MOMENT).contains(&moment) => {
            Err(rusqlite::Error::IntegralValueOutOfRange(column, moment))
        }
        found => Ok(found),
    }
}
