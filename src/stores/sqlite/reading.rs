//! Reads jobs back: the unfinished ones at startup, the others on demand.

use std::{error::Error, str::FromStr, sync::Arc};

use generation_actors::{
    model::{
        End, EndMark, EpisodeRef, EpisodeState, EpisodeStatus, Epoch, FailureCode, JobHead, JobId, JobRecord, Outcome,
        Status, Usage,
    },
    ports::{After, EndedJob, EndedPage, KeyHolder},
};
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};

use super::script;
use crate::{
    sqlite::DatabaseError,
    stores::stored::{ended_status, episode_status, read_brief},
};

/// Forces the index: on its own, SQLite scans all ended jobs to find the unfinished ones.
pub(super) const UNFINISHED: &str =
    "SELECT * FROM job_states INDEXED BY job_states_unfinished CROSS JOIN jobs USING (job)
    WHERE outcome IS NULL AND job > ?1 ORDER BY job LIMIT ?2";

/// A page of unfinished jobs, oldest first.
pub(super) struct UnfinishedPage {
    pub(super) heads: Vec<JobHead>,
    /// The row after which the next page starts, if there is one.
    pub(super) next: Option<i64>,
}

/// At most `limit` unfinished jobs after row `after`.
///
/// # Errors
/// One unreadable job fails the whole page: an accepted job must not disappear silently.
pub(super) fn unfinished(connection: &Connection, after: i64, limit: usize) -> Result<UnfinishedPage, DatabaseError> {
    let mut statement = connection.prepare_cached(UNFINISHED)?;
    let mut rows = statement.query(params![after, limit])?;
    let (mut heads, mut last) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        heads.push(head(row)?);
        last = Some(row.get("job")?);
    }
    let next = last.filter(|_| heads.len() == limit);
    Ok(UnfinishedPage { heads, next })
}

pub(super) fn load(connection: &Connection, id: JobId) -> Result<Option<JobRecord>, DatabaseError> {
    let sql = "SELECT * FROM jobs JOIN job_states USING (job) WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([id.to_string()])?;
    rows.next()?.map(|row| record(connection, row)).transpose()
}

/// A page of ended jobs. `~` sorts after every time. `octet_length` reads only the head of a row, however long the
/// brief is.
pub(super) fn ended(connection: &Connection, after: Option<After>, limit: usize) -> Result<EndedPage, DatabaseError> {
    let sql = "SELECT job, id, outcome, ended_at, episode_state, text_length + octet_length(brief) AS bytes
               FROM job_states JOIN jobs USING (job)
               WHERE outcome IS NOT NULL AND (ended_at, job) < (coalesce(?1, '~'), coalesce(?2, 0))
               ORDER BY ended_at DESC, job DESC LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![after.map(|after| after.at), after.map(|after| after.tie), limit])?;
    let (mut jobs, mut last) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let status = word(row, "outcome", ended_status)?;
        let episode = match status {
            Status::Completed => Some(word(row, "episode_state", episode_status)?),
            _ => None,
        };
        let (id, at) = (parsed(row, "id")?, row.get("ended_at")?);
        last = Some(After { at, tie: row.get("job")? });
        jobs.push(EndedJob { id, at, status, episode, bytes: row.get("bytes")? });
    }
    let next = last.filter(|_| jobs.len() == limit);
    Ok(EndedPage { jobs, next })
}

pub(super) fn key_holder(connection: &Connection, key: &str) -> Result<Option<KeyHolder>, DatabaseError> {
    let sql = "SELECT id, body_digest FROM jobs WHERE idempotency_key = ?1 ORDER BY job DESC LIMIT 1";
    let holder = |row: &Row<'_>| Ok(KeyHolder { job: parsed(row, "id")?, body_digest: row.get("body_digest")? });
    Ok(connection.prepare_cached(sql)?.query_row([key], holder).optional()?)
}

/// The row of a completed job, and the state of its episode.
pub(super) fn episode_of(connection: &Connection, id: JobId) -> Result<Option<(i64, EpisodeState)>, DatabaseError> {
    let sql = "SELECT job, episode_state, episode_id, episode_number FROM jobs JOIN job_states USING (job)
               WHERE id = ?1 AND outcome = 'completed'";
    let found = |row: &Row<'_>| Ok((row.get("job")?, episode(row)?));
    Ok(connection.prepare_cached(sql)?.query_row([id.to_string()], found).optional()?)
}

fn record(connection: &Connection, row: &Row<'_>) -> Result<JobRecord, DatabaseError> {
    Ok(JobRecord {
        head: head(row)?,
        progress: row.get("progress")?,
        model_used: row.get("model_used")?,
        usage: usage(row)?,
        parts: script::read(connection, row.get("job")?, row.get("text_length")?)?,
        text_complete: row.get("text_complete")?,
    })
}

fn head(row: &Row<'_>) -> rusqlite::Result<JobHead> {
    let brief: String = row.get("brief")?;
    Ok(JobHead {
        id: parsed(row, "id")?,
        brief: Arc::new(read_brief(&brief).map_err(|error| unreadable("brief", error))?),
        created_at: row.get("created_at")?,
        epoch: Epoch(row.get("epoch")?),
        started_at: row.get("started_at")?,
        attempts: 0,
        end: end(row)?,
    })
}

fn end(row: &Row<'_>) -> rusqlite::Result<Option<End>> {
    if row.get_ref("outcome")?.as_str_or_null()?.is_none() {
        return Ok(None);
    }
    let outcome = match word(row, "outcome", ended_status)? {
        Status::Completed => Outcome::Completed { episode: episode(row)? },
        Status::Failed => Outcome::Failed(parsed::<FailureCode>(row, "failure")?),
        Status::Canceled | Status::Queued | Status::Streaming => Outcome::Canceled,
    };
    let mark = EndMark { event_seq: row.get("event_seq")?, text_version: row.get("text_version")? };
    Ok(Some(End { mark, at: row.get("ended_at")?, outcome }))
}

fn episode(row: &Row<'_>) -> rusqlite::Result<EpisodeState> {
    Ok(match word(row, "episode_state", episode_status)? {
        EpisodeStatus::Owed => EpisodeState::Owed,
        EpisodeStatus::Saved => {
            EpisodeState::Saved(EpisodeRef { id: row.get("episode_id")?, number: row.get("episode_number")? })
        }
        EpisodeStatus::Refused => EpisodeState::Refused,
    })
}

fn usage(row: &Row<'_>) -> rusqlite::Result<Option<Usage>> {
    let tokens: Option<u64> = row.get("completion_tokens")?;
    let measured: Option<bool> = row.get("tokens_measured")?;
    Ok(tokens.zip(measured).map(|(completion_tokens, measured)| Usage { completion_tokens, measured }))
}

/// One of the words that [`crate::stores::stored`] defines.
fn word<T>(row: &Row<'_>, column: &str, known: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    known(&text).ok_or_else(|| unreadable(column, format!("{text:?} is unknown")))
}

/// A value stored in its `Display` form.
fn parsed<T: FromStr<Err: Error + Send + Sync + 'static>>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    text.parse().map_err(|error: T::Err| unreadable(column, error))
}

fn unreadable(column: &str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> rusqlite::Error {
    let cause = format!("column {column}: {}", cause.into());
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, cause.into())
}
