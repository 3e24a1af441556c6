//! What is read back of jobs: the unfinished ones at the start, the others when somebody asks for them.

use generation_actors::{model::{Checkpoint, EndMark, EpisodeRef, Epoch, FailureCode, IdempotencyKey, JobId, NewJob, Outcome, Status, Usage}, ports::{After, EndedJob, EndedPage, KeyHolder, StoredJob}};
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};
use serde::de::{DeserializeOwned, IntoDeserializer, value::Error as Unreadable};

use super::script;
use crate::sqlite::DatabaseError;

/// Raises the epoch of every unfinished job, then reads them, oldest first.
///
/// # Errors
/// One that cannot be read fails all: a job that was accepted must not vanish without a word.
pub(super) fn recover(connection: &Connection) -> Result<Vec<StoredJob>, DatabaseError> {
    connection.execute("UPDATE job_states SET epoch = epoch + 1 WHERE outcome IS NULL", [])?;
    let sql = "SELECT * FROM job_states JOIN jobs USING (job) WHERE outcome IS NULL ORDER BY job";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        jobs.push(with_text(connection, row)?);
    }
    Ok(jobs)
}

pub(super) fn load(connection: &Connection, id: JobId) -> Result<Option<StoredJob>, DatabaseError> {
    let sql = "SELECT * FROM jobs JOIN job_states USING (job) WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([id.to_string()])?;
    rows.next()?.map(|row| with_text(connection, row)).transpose()
}

/// A page of the jobs that have ended; `~` comes after every time. `octet_length` looks at the head of a row only, however long the brief is.
pub(super) fn ended(connection: &Connection, after: Option<After>, limit: usize) -> Result<EndedPage, DatabaseError> {
    let sql = "SELECT job, id, outcome, ended_at, episode_id IS NOT NULL AS saved,
                      text_length + octet_length(brief) AS bytes
               FROM job_states JOIN jobs USING (job)
               WHERE outcome IS NOT NULL AND (ended_at, job) < (coalesce(?1, '~'), coalesce(?2, 0))
               ORDER BY ended_at DESC, job DESC LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![after.map(|after| after.at), after.map(|after| after.tie), limit])?;
    let (mut jobs, mut last) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let job = EndedJob {
            id: word(row, "id")?,
            at: row.get("ended_at")?,
            status: status(&row.get::<_, String>("outcome")?),
            saved: row.get("saved")?,
            bytes: row.get("bytes")?,
        };
        last = Some(After { at: job.at, tie: row.get("job")? });
        jobs.push(job);
    }
    let next = last.filter(|_| jobs.len() == limit);
    Ok(EndedPage { jobs, next })
}

pub(super) fn key_holder(connection: &Connection, key: &str) -> Result<Option<KeyHolder>, DatabaseError> {
    let sql = "SELECT id, body_digest FROM jobs WHERE idempotency_key = ?1 ORDER BY job DESC LIMIT 1";
    let holder = |row: &Row<'_>| Ok(KeyHolder { job: word(row, "id")?, body_digest: row.get("body_digest")? });
    Ok(connection.prepare_cached(sql)?.query_row([key], holder).optional()?)
}

fn with_text(connection: &Connection, row: &Row<'_>) -> Result<StoredJob, DatabaseError> {
    let mut job = stored(row)?;
    job.last.text = script::read(connection, row.get("job")?, row.get("text_length")?)?;
    Ok(job)
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredJob> {
    let accepted = accepted(row)?;
    let last = Checkpoint {
        id: accepted.id,
        epoch: Epoch(row.get("epoch")?),
        started_at: row.get("started_at")?,
        progress: row.get("progress")?,
        model_used: row.get("model_used")?,
        usage: usage(row)?,
        text_offset: 0,
        text: String::new(),
        text_complete: row.get("text_complete")?,
    };
    let ended = match outcome(row)? {
        Some(outcome) => {
            let mark = EndMark { event_seq: row.get("event_seq")?, text_version: row.get("text_version")? };
            Some((mark, row.get("ended_at")?, outcome))
        }
        None => None,
    };
    Ok(StoredJob { accepted, last, ended })
}

fn accepted(row: &Row<'_>) -> rusqlite::Result<NewJob> {
    let key: Option<String> = row.get("idempotency_key")?;
    let body_digest: Option<String> = row.get("body_digest")?;
    let brief: String = row.get("brief")?;
    Ok(NewJob {
        id: word(row, "id")?,
        brief: serde_json::from_str(&brief).map_err(|error| unreadable("brief", error))?,
        idempotency: key.zip(body_digest).map(|(key, body_digest)| IdempotencyKey { key, body_digest }),
        created_at: row.get("created_at")?,
    })
}

fn usage(row: &Row<'_>) -> rusqlite::Result<Option<Usage>> {
    let tokens: Option<u64> = row.get("completion_tokens")?;
    let measured: Option<bool> = row.get("tokens_measured")?;
    Ok(tokens.zip(measured).map(|(completion_tokens, measured)| Usage { completion_tokens, measured }))
}

fn outcome(row: &Row<'_>) -> rusqlite::Result<Option<Outcome>> {
    let outcome: Option<String> = row.get("outcome")?;
    Ok(match outcome.as_deref() {
        None => None,
        Some("completed") => Some(Outcome::Completed { episode: episode(row)? }),
        Some("failed") => Some(Outcome::Failed(word::<FailureCode>(row, "failure")?)),
        // The column is checked to hold nothing else.
        Some(_) => Some(Outcome::Canceled),
    })
}

fn status(outcome: &str) -> Status {
    match outcome {
        "completed" => Status::Completed,
        "failed" => Status::Failed,
        // The column is checked to hold nothing else.
        _ => Status::Canceled,
    }
}

fn episode(row: &Row<'_>) -> rusqlite::Result<Option<EpisodeRef>> {
    let id: Option<String> = row.get("episode_id")?;
    let number: Option<u32> = row.get("episode_number")?;
    Ok(id.zip(number).map(|(id, number)| EpisodeRef { id, number }))
}

/// A value that is written as one word.
fn word<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    T::deserialize(text.into_deserializer()).map_err(|error: Unreadable| unreadable(column, error))
}

fn unreadable(column: &str, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    let source = format!("column {column}: {error}");
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, source.into())
}
