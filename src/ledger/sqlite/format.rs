//! The formats of a ledger file: which one it has, how it is laid out, and how an older one is brought up to date.
//!
//! Bringing up to date is one transaction: a process that is killed in it leaves the file in the one format or the other. A
//! connection that only reads sees an older file through temporary views of its own, and changes nothing.

use rusqlite::{Connection, ErrorCode, OptionalExtension as _};

use super::FileLedger;
use super::values;
use crate::ledger::{Deed, LedgerError, Missing, ROW_IDS};

/// The format that this version writes. It reads the older ones, too, and brings a file up to date when it writes to it.
pub(crate) const FORMAT: i64 = 3;
/// The first format, which did not keep the other side's clock.
const FIRST_FORMAT: i64 = 1;
/// The last one in which a row and its attempts were brought up to date in place.
const ROWS_FORMAT: i64 = 2;
pub(super) const APPLICATION_ID: i64 = 0x4e46_4c44;
/// No ledger comes to this id by itself, and a run beyond it could come to ids that no row can have.
const LAST_ID: i64 = ROW_IDS / 2;
/// What people read, which is made anew where a file has it otherwise.
const VIEWS: [&str; 3] = ["rows", "attempts", "row_states"];

/// What a ledger is read and written by: all but its views.
const TABLES: [(&str, &str); 6] = [
    ("jobs", "id, name, base_url, account, created_at"),
    (
        "runs",
        "id, job, keyed_by, started_at, ended_at, exit, rows, succeeded, already_done, failed, invalid, in_doubt, \
         not_started, requests",
    ),
    ("owners", "id, run, name, until"),
    ("ids", "next"),
    ("starts", "id, number, turn, owner, key, row, line, operation, lane, digest, at, remote_at"),
    ("ends", "id, number, owner, at, outcome, status, code, reason, doubt, message, remote_id"),
];

/// What a ledger of an older format is read and brought up to date by. The first one lacks a column of attempts.
const OLDER_TABLES: [(&str, &str); 4] = [
    ("jobs", "id, name, base_url, account, created_at"),
    (
        "runs",
        "id, job, keyed_by, started_at, ended_at, exit, rows, succeeded, already_done, failed, invalid, in_doubt, \
         not_started, requests",
    ),
    ("rows", "id, job, key, row, line, operation, lane, digest"),
    (
        "attempts",
        "row, number, run, started_at, ended_at, outcome, status, code, message, remote_id",
    ),
];
/// Names that are free in a file of an older format: those of the tables that came later, and those that the older ones have
/// while it is brought up to date.
const LATER_NAMES: &str = "'owners', 'ids', 'uncounted', 'starts', 'ends', 'mandates', 'corrections', 'invalid_rows', 'verifications', 'snapshots', 'undone_runs', 'old_jobs', 'old_runs', 'old_rows', \
                           'old_attempts'";

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A database without a table.
    Nothing,
    /// A ledger of an older format.
    Older(i64),
    Current,
}

impl FileLedger {
    pub(super) fn found(&self) -> Result<Found, LedgerError> {
        let not_read = |error: rusqlite::Error| self.not_a_ledger(Deed::Read, &error);
        let pragma =
            |name: &str| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let format = pragma("user_version").map_err(not_read)?;
        let application = pragma("application_id").map_err(not_read)?;
        let tables = tables(&self.connection).map_err(not_read)?;
        match (application, format) {
            (APPLICATION_ID, FORMAT) => Ok(Found::Current),
            (APPLICATION_ID, FIRST_FORMAT..FORMAT) => Ok(Found::Older(format)),
            (APPLICATION_ID, found) if found > FORMAT => {
                Err(LedgerError::Newer { ledger: self.location(), found, known: FORMAT })
            }
            (0, 0) if tables == 0 => Ok(Found::Nothing),
            _ => Err(LedgerError::NotALedger { ledger: self.location() }),
        }
    }

    /// Refuses a file of the present format that lacks something without which what was sent is not known.
    pub(super) fn refuse_incomplete(&self) -> Result<(), LedgerError> {
        self.refuse_without(&TABLES)?;
        self.refuse_found(self.missing_entries())?;
        self.refuse_misfits()
    }

    /// What no run can have written would be told when it is read, which may be amid a run.
    fn refuse_misfits(&self) -> Result<(), LedgerError> {
        // A page that is damaged is told by whatever reads on.
        let first = values::misfits(&self.connection).unwrap_or_default().into_iter().next();
        match first {
            Some(misfit) => {
                Err(LedgerError::Misfit { ledger: self.location(), misfit: Some(misfit) })
            }
            None => Ok(()),
        }
    }

    /// Likewise for a file of an older format, which has to be such as can be read, and brought up to date.
    pub(super) fn refuse_unfit(&self, format: i64) -> Result<(), LedgerError> {
        let query = format!(
            "SELECT name FROM main.sqlite_schema WHERE lower(name) IN ({LATER_NAMES}) ORDER BY name LIMIT 1"
        );
        let found = self.connection.query_row(&query, [], |row| row.get(0)).optional();
        self.refuse_found(found.map(|name| name.map(|name| Missing::OutOfPlace { format, name })))?;
        self.refuse_without(&OLDER_TABLES)?;
        if format > FIRST_FORMAT {
            self.refuse_without(&[("attempts", "remote_started_at")])?;
        }
        self.refuse_found(self.missing_jobs())?;
        self.refuse_misfits()
    }

    fn refuse_without(&self, tables: &[(&str, &str)]) -> Result<(), LedgerError> {
        for (table, columns) in tables {
            let query = format!("SELECT {columns} FROM main.{table} LIMIT 0");
            if let Err(error) = self.connection.prepare(&query) {
                let is_missing = matches!(error, rusqlite::Error::SqlInputError { .. })
                    || error.sqlite_error_code() == Some(ErrorCode::Unknown);
                return Err(match is_missing {
                    true => self.incomplete(Missing::Table(words_of(&error))),
                    false => self.storage(Deed::Read, &error),
                });
            }
        }
        Ok(())
    }

    fn refuse_found(&self, found: rusqlite::Result<Option<Missing>>) -> Result<(), LedgerError> {
        match found {
            Ok(Some(missing)) => Err(self.incomplete(missing)),
            // A page that is damaged is told by whatever reads on.
            Ok(None) | Err(_) => Ok(()),
        }
    }

    fn incomplete(&self, missing: Missing) -> LedgerError {
        LedgerError::Incomplete { ledger: self.location(), missing }
    }

    fn missing_jobs(&self) -> rusqlite::Result<Option<Missing>> {
        let orphans = "SELECT count(*) FROM runs WHERE job NOT IN (SELECT id FROM jobs)";
        let runs: u64 = self.connection.query_row(orphans, [], |row| row.get(0))?;
        Ok((runs > 0).then_some(Missing::Jobs { runs }))
    }

    fn missing_entries(&self) -> rusqlite::Result<Option<Missing>> {
        if let Some(missing) = self.missing_jobs()? {
            return Ok(Some(missing));
        }
        let triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger' LIMIT 1";
        let trigger = self.connection.query_row(triggers, [], |row| row.get(0)).optional()?;
        if let Some(name) = trigger {
            return Ok(Some(Missing::Trigger(name)));
        }
        let ids = "SELECT count(*), max(next), (SELECT max(id) FROM starts) FROM ids";
        let (count, next, last) = self.connection.query_row(ids, [], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, Option<i64>>(1)?,
                row.get::<_, Option<i64>>(2)?,
            ))
        })?;
        let is_free = next.is_some_and(|next| next > last.unwrap_or(0).max(0) && next < LAST_ID);
        Ok((count != 1 || !is_free).then_some(Missing::NextId(next)))
    }

    /// Lays out an empty file. Two processes may try at once; the second finds the work done.
    pub(super) fn create(&self) -> Result<(), LedgerError> {
        let made = at_once(&self.connection, |connection| match tables(connection)? {
            0 => connection.execute_batch(include_str!("schema.sql")),
            _ => Ok(()),
        });
        made.map_err(|error| self.storage(Deed::Make, &error))
    }

    /// Makes the views as this version has them, where somebody, or an earlier version, has made them otherwise.
    pub(super) fn renew_views(&self) -> Result<(), LedgerError> {
        let renewed = strange_views(&self.connection).and_then(|strange| {
            if strange.is_empty() {
                return Ok(());
            }
            at_once(&self.connection, |connection| {
                VIEWS.into_iter().try_for_each(|view| {
                    connection.execute_batch(&format!("DROP VIEW IF EXISTS {view}"))?;
                    connection.execute_batch(definition(view).unwrap_or_default())
                })
            })
        });
        renewed.map_err(|error| self.storage(Deed::Upgrade, &error))
    }

    /// Brings a file of an older format up to date. Two processes may try at once; the second finds the work done.
    pub(super) fn upgrade(&self) -> Result<(), LedgerError> {
        let made = at_once(&self.connection, |connection| {
            let format =
                connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
            if format == FIRST_FORMAT {
                connection
                    .execute_batch("ALTER TABLE attempts ADD COLUMN remote_started_at INTEGER;")?;
            }
            if format <= ROWS_FORMAT { split(connection) } else { Ok(()) }
        });
        made.map_err(|error| self.storage(Deed::Upgrade, &error))
    }
}

/// The views that are not as this version has them, and whether each is gone.
fn strange_views(connection: &Connection) -> rusqlite::Result<Vec<(&'static str, bool)>> {
    let mut strange = Vec::new();
    for view in VIEWS {
        let query = "SELECT sql FROM main.sqlite_schema WHERE type = 'view' AND name = ?1";
        let found: Option<String> =
            connection.query_row(query, [view], |row| row.get(0)).optional()?;
        if found.as_deref() != definition(view) {
            strange.push((view, found.is_none()));
        }
    }
    Ok(strange)
}

/// How a view is made.
fn definition(view: &str) -> Option<&'static str> {
    definition_in(include_str!("schema.sql"), view)
}

/// Whether a view is as an earlier version of this format has made it.
fn is_former(connection: &Connection, view: &str) -> rusqlite::Result<bool> {
    let query = "SELECT sql FROM main.sqlite_schema WHERE type = 'view' AND name = ?1";
    let found: Option<String> = connection.query_row(query, [view], |row| row.get(0)).optional()?;
    Ok(found.is_some() && found.as_deref() == definition_in(include_str!("former.sql"), view))
}

/// The views that somebody has altered or deleted, and whether each is gone.
pub(super) fn replaced_views(
    connection: &Connection,
) -> rusqlite::Result<Vec<(&'static str, bool)>> {
    let mut replaced = strange_views(connection)?;
    let mut former = Vec::new();
    for (view, _) in &replaced {
        if is_former(connection, view)? {
            former.push(*view);
        }
    }
    replaced.retain(|(view, _)| !former.contains(view));
    Ok(replaced)
}

fn definition_in<'s>(schema: &'s str, view: &str) -> Option<&'s str> {
    let (_, behind) = schema.split_at(schema.find(&format!("CREATE VIEW {view} AS"))?);
    behind.split(';').next()
}

/// From rows and attempts that change to starts and ends that do not.
fn split(connection: &Connection) -> rusqlite::Result<()> {
    // Views that somebody else has made of the tables go on as views of the views that follow them.
    connection.execute_batch(
        "DROP VIEW IF EXISTS row_states;
         ALTER TABLE attempts RENAME TO old_attempts;
         ALTER TABLE rows RENAME TO old_rows;
         ALTER TABLE runs RENAME TO old_runs;
         ALTER TABLE jobs RENAME TO old_jobs;",
    )?;
    connection.execute_batch(include_str!("schema.sql"))?;
    connection.execute_batch(include_str!("upgrade.sql"))
}

/// Shows an older file as one of the present format, on this connection alone.
pub(super) fn show_as_current(connection: &Connection, format: i64) -> rusqlite::Result<()> {
    let views = include_str!("older.sql");
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    match format {
        FIRST_FORMAT => {
            connection.execute_batch(&views.replace("attempts.remote_started_at", "NULL"))
        }
        _ => connection.execute_batch(views),
    }
}

/// What SQLite has to say, without the statement that it was asked for.
pub(super) fn words_of(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::SqliteFailure(_, Some(words)) => words.clone(),
        other => other.to_string(),
    }
}

fn tables(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
}

/// Makes a change as a whole or not at all, while no other process writes.
fn at_once(
    connection: &Connection,
    change: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    // Without this, renaming a table would change the views of others.
    connection.pragma_update(None, "legacy_alter_table", true)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let changed = change(connection).and_then(|()| connection.execute_batch("COMMIT"));
    if changed.is_err() && !connection.is_autocommit() {
        // Closing the connection would do the same.
        let _ = connection.execute_batch("ROLLBACK");
    }
    changed
}
