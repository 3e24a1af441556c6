//! The script of a job. Each part is stored as the pieces it arrived in, so appending costs only the size of what is
//! appended.

use generation_actors::model::{Part, PartNumber};
use rusqlite::{Connection, OptionalExtension, params};

use crate::sqlite::DatabaseError;

/// Places reserved for each part: more than the bytes it may have.
const STRIDE: i64 = 1 << 32;

/// Replaces everything after byte `offset` of a part with `text`, in a script of `length` bytes. Returns the script's
/// new length.
///
/// # Errors
/// `offset` is past the end of the part or inside a character, or an earlier part is missing. Something was lost on the
/// way, and a script with a hole must not be stored as if it were complete.
pub(super) fn replace_beyond(
    connection: &Connection,
    job: i64,
    length: usize,
    part: PartNumber,
    offset: usize,
    text: &str,
) -> Result<usize, DatabaseError> {
    let parts = last_piece(connection, job, i64::MAX)?.map_or(0, |last| last.part() + 1);
    if i64::from(part.0) > parts {
        let part = part.0;
        return Err(DatabaseError::Contradiction(format!("part {part} does not follow a script of {parts} parts")));
    }
    let held = part_length(connection, job, part)?;
    if offset > held {
        return Err(DatabaseError::Contradiction(format!(
            "a text from byte {offset} on does not fit a part of {held} bytes"
        )));
    }
    if offset < held {
        cut(connection, job, part, offset)?;
    }
    if !text.is_empty() {
        let place = place(part, offset + text.len())? - text.len() as i64;
        let sql = "INSERT INTO job_texts (job, place, text) VALUES (?1, ?2, ?3)";
        connection.prepare_cached(sql)?.execute(params![job, place, text])?;
    }
    Ok((length + offset + text.len()).saturating_sub(held))
}

/// All parts in order; the last one is not empty.
///
/// # Errors
/// The pieces leave a hole, or do not add up to `length` bytes.
pub(super) fn read(connection: &Connection, job: i64, length: usize) -> Result<Vec<Part>, DatabaseError> {
    let mut parts: Vec<Part> = Vec::new();
    let sql = "SELECT place, text FROM job_texts WHERE job = ?1 ORDER BY place";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([job])?;
    let mut found = 0;
    while let Some(row) = rows.next()? {
        let place: i64 = row.get(0)?;
        let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        let (number, start) = (place / STRIDE, place % STRIDE);
        while parts.len() as i64 <= number {
            parts.push(Part::default());
        }
        if let Some(part) = parts.last_mut().filter(|part| part.text.len() as i64 == start) {
            part.text.push_str(text);
        } else {
            return Err(DatabaseError::Contradiction(format!(
                "part {number} of a script has no text before byte {start}"
            )));
        }
        found += text.len();
    }
    if found != length {
        return Err(DatabaseError::Contradiction(format!("a script of {length} bytes has {found} in the database")));
    }
    Ok(parts)
}

/// Removes everything after byte `offset` of a part.
fn cut(connection: &Connection, job: i64, part: PartNumber, offset: usize) -> Result<(), DatabaseError> {
    let (first, end) = (place(part, offset)?, place(part, 0)? + STRIDE);
    let sql = "DELETE FROM job_texts WHERE job = ?1 AND place >= ?2 AND place < ?3";
    connection.prepare_cached(sql)?.execute(params![job, first, end])?;
    let Some(last) = last_piece(connection, job, first)?.filter(|last| last.end() > first) else { return Ok(()) };
    let sql = "SELECT text FROM job_texts WHERE job = ?1 AND place = ?2";
    let text: String = connection.prepare_cached(sql)?.query_row([job, last.place], |row| row.get(0))?;
    let kept = text
        .get(..(first - last.place) as usize)
        .ok_or_else(|| DatabaseError::Contradiction(format!("byte {offset} of the part is inside a character")))?;
    let sql = "UPDATE job_texts SET text = ?3 WHERE job = ?1 AND place = ?2";
    connection.prepare_cached(sql)?.execute(params![job, last.place, kept])?;
    Ok(())
}

fn part_length(connection: &Connection, job: i64, part: PartNumber) -> Result<usize, DatabaseError> {
    let first = place(part, 0)?;
    let last = last_piece(connection, job, first + STRIDE)?;
    Ok(last.map_or(0, |last| (last.end() - first).max(0)) as usize)
}

/// The place of a byte of a part.
///
/// # Errors
/// The part is too large for its places.
fn place(part: PartNumber, byte: usize) -> Result<i64, DatabaseError> {
    let byte = i64::try_from(byte).ok().filter(|byte| *byte < STRIDE);
    let place = byte.and_then(|byte| i64::from(part.0).checked_mul(STRIDE)?.checked_add(byte));
    place.ok_or_else(|| DatabaseError::Contradiction(format!("part {} is larger than can be stored", part.0)))
}

struct Piece {
    place: i64,
    length: i64,
}

impl Piece {
    fn part(&self) -> i64 {
        self.place / STRIDE
    }

    fn end(&self) -> i64 {
        self.place + self.length
    }
}

/// The last piece that starts before `place`. `octet_length` reads only the head of a row, however long its text is.
fn last_piece(connection: &Connection, job: i64, place: i64) -> Result<Option<Piece>, DatabaseError> {
    let sql = "SELECT place, octet_length(text) FROM job_texts
               WHERE job = ?1 AND place < ?2 ORDER BY place DESC LIMIT 1";
    let piece = connection
        .prepare_cached(sql)?
        .query_row([job, place], |row| Ok(Piece { place: row.get(0)?, length: row.get(1)? }));
    Ok(piece.optional()?)
}
