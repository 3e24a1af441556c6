//! Opens and configures the connections.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{OpenError, migrations};

/// Only an operator's own tools can lock the file, and only briefly.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes to which the write-ahead log is truncated after a burst.
const LOG_SIZE_LIMIT: i64 = 16 * 1024 * 1024;
/// Prepared statements cached per connection.
const MAX_STATEMENTS: usize = 64;

/// Opens the database for writing, creating and migrating it as needed, and verifies that it can be written.
pub(super) fn writing(path: &Path) -> Result<Connection, OpenError> {
    let failed = |error| OpenError::opening(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = open(path, flags).map_err(failed)?;
    let (found, known) = (migrations::format(&connection).map_err(failed)?, migrations::NEWEST);
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    let prepare = |connection: &mut Connection| {
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "journal_size_limit", LOG_SIZE_LIMIT)?;
        // In WAL mode, anything less may lose the last commits in a power failure.
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        migrations::migrate(connection)?;
        probe(connection)
    };
    prepare(&mut connection).map_err(failed)?;
    Ok(connection)
}

/// Opens the database for reading, beside the writing connection.
pub(super) fn reading(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    open(path, flags).map_err(|error| OpenError::opening(path, error))
}

/// Writes a little: the only way to verify that writing works.
pub(super) fn probe(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "INSERT INTO probe (probe, written_at) VALUES (1, datetime('now'))
               ON CONFLICT (probe) DO UPDATE SET written_at = excluded.written_at";
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Plans do not depend on the values that are bound. Otherwise SQLite parses a cached query again whenever they change,
    // which costs more than running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(MAX_STATEMENTS);
    Ok(connection)
}
