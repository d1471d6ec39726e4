//! Tables that a file may lack: made when there is first something to write into them, as `schema.sql` or `later.sql` has
//! them. An older version does not mind that there are such.

use rusqlite::Connection;

/// Whether a file has a table.
pub(super) fn is_there(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let query = "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = ?1";
    connection.query_row(query, [table], |row| row.get::<_, i64>(0)).map(|count| count > 0)
}

/// Makes a table where a file lacks it.
pub(super) fn make(connection: &Connection, table: &str) -> rusqlite::Result<()> {
    match is_there(connection, table)? {
        true => Ok(()),
        false => connection.execute_batch(definition(table)),
    }
}

/// How a table is made.
fn definition(table: &str) -> &'static str {
    let begins = format!("CREATE TABLE {table} (");
    let in_file = |schema: &'static str| schema.find(&begins).map(|from| &schema[from..]);
    let behind = in_file(include_str!("schema.sql")).or_else(|| in_file(include_str!("later.sql")));
    let behind = behind.unwrap_or_default();
    // A comment may hold a semicolon.
    let end = ") STRICT;";
    behind.find(end).map_or(behind, |at| &behind[..at + end.len()])
}
