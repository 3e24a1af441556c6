//! What is written about a job, each function within the transaction of its caller.

use generation_actors::{model::{Checkpoint, EpisodeRef, Epoch, JobId, NewJob, Outcome}, ports::Ending};
use rusqlite::{Connection, OptionalExtension, params};

use super::script;
use crate::sqlite::DatabaseError;

pub(super) fn create(connection: &Connection, job: &NewJob) -> Result<(), DatabaseError> {
    let brief = serde_json::to_string(&job.brief)
        .map_err(|error| DatabaseError::Contradiction(format!("{}: its brief is no JSON: {error}", job.id)))?;
    let key = job.idempotency.as_ref();
    let sql = "INSERT INTO jobs (id, brief, idempotency_key, body_digest, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.prepare_cached(sql)?.execute(params![
        job.id.to_string(),
        brief,
        key.map(|key| &key.key),
        key.map(|key| &key.body_digest),
        job.created_at,
    ])?;
    let sql = "INSERT INTO job_states (job, epoch, progress, text_length, text_complete) VALUES (?1, ?2, 0, 0, FALSE)";
    connection.prepare_cached(sql)?.execute(params![connection.last_insert_rowid(), Epoch::FIRST.0])?;
    Ok(())
}

pub(super) fn checkpoint(connection: &Connection, checkpoint: &Checkpoint) -> Result<(), DatabaseError> {
    let Some(job) = writable(connection, checkpoint)? else { return Ok(()) };
    apply(connection, &job, checkpoint)
}

pub(super) fn finish(connection: &Connection, ending: &Ending) -> Result<(), DatabaseError> {
    let Some(job) = writable(connection, &ending.last)? else { return Ok(()) };
    apply(connection, &job, &ending.last)?;
    let outcome = match ending.outcome {
        Outcome::Completed { .. } => "completed",
        Outcome::Failed(_) => "failed",
        Outcome::Canceled => "canceled",
    };
    let failure = match ending.outcome {
        Outcome::Failed(code) => Some(code.to_string()),
        Outcome::Completed { .. } | Outcome::Canceled => None,
    };
    let episode = ending.outcome.episode();
    // An episode that was noted before the ending could be recorded stays noted.
    let sql = "UPDATE job_states SET outcome = ?2, failure = ?3, ended_at = ?4, event_seq = ?5,
               text_version = ?6, episode_id = coalesce(?7, episode_id), episode_number = coalesce(?8, episode_number)
               WHERE job = ?1";
    connection.prepare_cached(sql)?.execute(params![
        job.row,
        outcome,
        failure,
        ending.at,
        ending.mark.event_seq,
        ending.mark.text_version,
        episode.map(|episode| &episode.id),
        episode.map(|episode| episode.number),
    ])?;
    Ok(())
}

pub(super) fn episode_saved(connection: &Connection, id: JobId, episode: &EpisodeRef) -> Result<(), DatabaseError> {
    let sql = "UPDATE job_states SET episode_id = ?2, episode_number = ?3
               WHERE job = (SELECT job FROM jobs WHERE id = ?1) AND episode_id IS NULL";
    connection.prepare_cached(sql)?.execute(params![id.to_string(), episode.id, episode.number])?;
    Ok(())
}

pub(super) fn purge(connection: &Connection, ids: &[JobId]) -> Result<(), DatabaseError> {
    let mut statement = connection.prepare_cached("DELETE FROM jobs WHERE id = ?1")?;
    for id in ids {
        statement.execute([id.to_string()])?;
    }
    Ok(())
}

/// A job that still takes checkpoints.
struct Job {
    row: i64,
    text_length: usize,
}

/// The job that a checkpoint may change: it is there, has not ended, and belongs to nobody later.
fn writable(connection: &Connection, checkpoint: &Checkpoint) -> Result<Option<Job>, DatabaseError> {
    let sql = "SELECT job, text_length, epoch, outcome IS NOT NULL
               FROM jobs JOIN job_states USING (job) WHERE id = ?1";
    let found = connection
        .prepare_cached(sql)?
        .query_row([checkpoint.id.to_string()], |row| {
            let job = Job { row: row.get(0)?, text_length: row.get(1)? };
            Ok((job, Epoch(row.get(2)?), row.get(3)?))
        })
        .optional()?;
    let ignored = match found {
        None => "no such job",
        Some((_, _, true)) => "it has ended",
        Some((_, epoch, false)) if epoch > checkpoint.epoch => "it belongs to a later epoch",
        Some((job, _, false)) => return Ok(Some(job)),
    };
    log::debug!("{}: checkpoint of epoch {} ignored: {ignored}", checkpoint.id, checkpoint.epoch);
    Ok(None)
}

fn apply(connection: &Connection, job: &Job, checkpoint: &Checkpoint) -> Result<(), DatabaseError> {
    let (offset, text) = (checkpoint.text_offset, &checkpoint.text);
    let length = script::replace_beyond(connection, job.row, job.text_length, offset, text)?;
    let sql = "UPDATE job_states SET started_at = ?2, progress = ?3, model_used = ?4, completion_tokens = ?5,
               tokens_measured = ?6, text_length = ?7, text_complete = ?8 WHERE job = ?1";
    connection.prepare_cached(sql)?.execute(params![
        job.row,
        checkpoint.started_at,
        checkpoint.progress,
        checkpoint.model_used,
        checkpoint.usage.map(|usage| usage.completion_tokens),
        checkpoint.usage.map(|usage| usage.measured),
        length,
        checkpoint.text_complete,
    ])?;
    Ok(())
}
