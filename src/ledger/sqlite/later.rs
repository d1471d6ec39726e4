//! Tables that a file of an older version may lack: made when there is first something to write into them, as the schema has
//! them. An older version does not mind that there are such.

use rusqlite::Connection;

/// Whether a file has a table.
pub(super) fn is_there(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let query = "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = ?1";
    connection.query_row(query, [table], |row| row.get::<_, i64>(0)).map(|count| count > 0)
}

/// How a table is made.
pub(super) fn definition(table: &str) -> &'static str {
    let schema = include_str!("schema.sql");
    let begins = format!("CREATE TABLE {table} (");
    let from = schema.find(&begins).unwrap_or(schema.len());
    let behind = &schema[from..];
    // A comment may hold a semicolon.
    let end = ") STRICT;";
    behind.find(end).map_or(behind, |at| &behind[..at + end.len()])
}
