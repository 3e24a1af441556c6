//! The script of a job, kept in the pieces it came in, so that adding to it costs what is added.

use rusqlite::{Connection, OptionalExtension, params};

use crate::sqlite::DatabaseError;

/// Replaces what is beyond byte `offset` of a script of `length` bytes by `text`; returns the new length.
///
/// # Errors
/// `offset` is beyond the end or inside a character: something was lost on the way, and a script with a hole must not be
/// kept as if it were whole.
pub(super) fn replace_beyond(
    connection: &Connection,
    job: i64,
    length: usize,
    offset: usize,
    text: &str,
) -> Result<usize, DatabaseError> {
    if offset > length {
        return Err(DatabaseError::Contradiction(format!(
            "a text from byte {offset} on does not fit a script of {length} bytes"
        )));
    }
    if offset < length {
        cut(connection, job, offset)?;
    }
    if !text.is_empty() {
        let sql = "INSERT INTO job_texts (job, start, text) VALUES (?1, ?2, ?3)";
        connection.prepare_cached(sql)?.execute(params![job, offset, text])?;
    }
    Ok(offset + text.len())
}

/// Removes everything beyond byte `offset`.
fn cut(connection: &Connection, job: i64, offset: usize) -> Result<(), DatabaseError> {
    let sql = "DELETE FROM job_texts WHERE job = ?1 AND start >= ?2";
    connection.prepare_cached(sql)?.execute(params![job, offset])?;
    let sql = "SELECT start, text FROM job_texts WHERE job = ?1 ORDER BY start DESC LIMIT 1";
    let last = connection
        .prepare_cached(sql)?
        .query_row([job], |row| Ok((row.get::<_, usize>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let Some((start, text)) = last else { return Ok(()) };
    if start + text.len() <= offset {
        return Ok(());
    }
    let kept = text
        .get(..offset - start)
        .ok_or_else(|| DatabaseError::Contradiction(format!("byte {offset} of the script is inside a character")))?;
    let sql = "UPDATE job_texts SET text = ?3 WHERE job = ?1 AND start = ?2";
    connection.prepare_cached(sql)?.execute(params![job, start, kept])?;
    Ok(())
}

/// The whole script.
///
/// # Errors
/// The pieces are not `length` bytes together.
pub(super) fn read(connection: &Connection, job: i64, length: usize) -> Result<String, DatabaseError> {
    let mut text = String::with_capacity(length);
    let mut statement = connection.prepare_cached("SELECT text FROM job_texts WHERE job = ?1 ORDER BY start")?;
    let mut rows = statement.query([job])?;
    while let Some(row) = rows.next()? {
        text.push_str(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?);
    }
    if text.len() != length {
        let found = text.len();
        return Err(DatabaseError::Contradiction(format!("a script of {length} bytes has {found} in the database")));
    }
    Ok(text)
}
