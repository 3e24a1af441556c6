//! Writes jobs. Each function runs within its caller's transaction.

use generation_actors::{
    model::{Checkpoint, End, EpisodeState, Epoch, JobId, JobRecord, NewJob, Outcome},
    ports::{Claim, Created, Ending, Written},
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{reading, script};
use crate::{
    sqlite::DatabaseError,
    stores::stored::{episode_word, outcome_word, write_brief},
};

pub(super) fn create(connection: &Connection, job: &NewJob) -> Result<Created, DatabaseError> {
    if let Some(key) = &job.idempotency
        && let Some(holder) = reading::key_holder(connection, &key.key)?
    {
        let same = holder.body_digest == key.body_digest;
        return Ok(if same { Created::Existing(holder.job) } else { Created::KeyConflict(holder.job) });
    }
    let brief = write_brief(&job.brief)
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
    Ok(Created::Mine(claim_of(job.id, Epoch::FIRST)))
}

/// Claims an unfinished job if it is still in the epoch that was seen.
///
/// # Errors
/// The record cannot be read; the epoch then stays unchanged.
pub(super) fn claim(
    connection: &Connection,
    id: JobId,
    seen: Epoch,
) -> Result<Option<(Claim, JobRecord)>, DatabaseError> {
    if raise_epoch(connection, id, seen)?.is_none() {
        return Ok(None);
    }
    let record = reading::load(connection, id)?;
    Ok(record.map(|record| (claim_of(id, record.head.epoch), record)))
}

pub(super) fn checkpoint(
    connection: &Connection,
    by: &Claim,
    checkpoint: &Checkpoint,
) -> Result<Written, DatabaseError> {
    match claimed(connection, by)? {
        Some(job) if !job.ended => apply(connection, &job, checkpoint).map(|()| Written::Done),
        _ => Ok(fenced(by)),
    }
}

pub(super) fn finish(connection: &Connection, by: &Claim, ending: &Ending) -> Result<Written, DatabaseError> {
    match claimed(connection, by)? {
        None => return Ok(fenced(by)),
        // Ended under this claim, because overruling a job raises its epoch.
        Some(job) if job.ended => {}
        Some(job) => {
            apply(connection, &job, &ending.last)?;
            record_end(connection, job.row, &ending.end)?;
        }
    }
    Ok(Written::Done)
}

pub(super) fn overrule(connection: &Connection, id: JobId, seen: Epoch, end: &End) -> Result<Written, DatabaseError> {
    let Some(row) = raise_epoch(connection, id, seen)? else { return Ok(Written::Fenced) };
    record_end(connection, row, end)?;
    Ok(Written::Done)
}

pub(super) fn note_episode(connection: &Connection, id: JobId, episode: &EpisodeState) -> Result<(), DatabaseError> {
    let Some((row, present)) = reading::episode_of(connection, id)? else { return Ok(()) };
    if !present.may_become(episode) {
        return Ok(());
    }
    let saved = episode.saved();
    let sql = "UPDATE job_states SET episode_state = ?2, episode_id = ?3, episode_number = ?4 WHERE job = ?1";
    connection.prepare_cached(sql)?.execute(params![
        row,
        episode_word(episode.status()),
        saved.map(|episode| &episode.id),
        saved.map(|episode| episode.number),
    ])?;
    Ok(())
}

pub(super) fn purge(connection: &Connection, ids: &[JobId]) -> Result<(), DatabaseError> {
    let mut statement = connection.prepare_cached("DELETE FROM jobs WHERE id = ?1")?;
    for id in ids {
        statement.execute([id.to_string()])?;
    }
    Ok(())
}

/// The epoch is the fence: only a claim raises it, or an end recorded against the owner's will.
fn claim_of(id: JobId, epoch: Epoch) -> Claim {
    Claim::new(id, epoch, epoch.0.into())
}

/// Begins the next epoch of an unfinished job if it is still in the epoch that was seen. Returns its row.
fn raise_epoch(connection: &Connection, id: JobId, seen: Epoch) -> Result<Option<i64>, DatabaseError> {
    let Some(Job { row, ended: false, .. }) = in_epoch(connection, id, seen.0.into())? else { return Ok(None) };
    connection.prepare_cached("UPDATE job_states SET epoch = epoch + 1 WHERE job = ?1")?.execute([row])?;
    Ok(Some(row))
}

/// What a write needs to know of its job.
struct Job {
    row: i64,
    text_length: usize,
    ended: bool,
}

/// The job of this claim, or `None` if it is unknown or has another owner by now.
fn claimed(connection: &Connection, by: &Claim) -> Result<Option<Job>, DatabaseError> {
    in_epoch(connection, by.job, by.fence())
}

/// The job if it is in this epoch.
fn in_epoch(connection: &Connection, id: JobId, epoch: u64) -> Result<Option<Job>, DatabaseError> {
    let sql = "SELECT job, text_length, outcome IS NOT NULL FROM jobs JOIN job_states USING (job)
               WHERE id = ?1 AND epoch = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let job = statement.query_row(params![id.to_string(), epoch], |row| {
        Ok(Job { row: row.get(0)?, text_length: row.get(1)?, ended: row.get(2)? })
    });
    Ok(job.optional()?)
}

fn fenced(by: &Claim) -> Written {
    log::debug!("{}: a write in epoch {} was fenced: the job has ended or has another owner", by.job, by.epoch);
    Written::Fenced
}

fn apply(connection: &Connection, job: &Job, checkpoint: &Checkpoint) -> Result<(), DatabaseError> {
    let Checkpoint { part, offset, text, .. } = checkpoint;
    let length = script::replace_beyond(connection, job.row, job.text_length, *part, *offset, text)?;
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

fn record_end(connection: &Connection, row: i64, end: &End) -> Result<(), DatabaseError> {
    let failure = match end.outcome {
        Outcome::Failed(code) => Some(code.to_string()),
        Outcome::Completed { .. } | Outcome::Canceled => None,
    };
    let saved = end.outcome.episode().and_then(EpisodeState::saved);
    let sql = "UPDATE job_states SET outcome = ?2, failure = ?3, ended_at = ?4, event_seq = ?5, text_version = ?6,
               episode_state = ?7, episode_id = ?8, episode_number = ?9 WHERE job = ?1";
    connection.prepare_cached(sql)?.execute(params![
        row,
        outcome_word(&end.outcome),
        failure,
        end.at,
        end.mark.event_seq,
        end.mark.text_version,
        end.outcome.episode_status().map(episode_word),
        saved.map(|episode| &episode.id),
        saved.map(|episode| episode.number),
    ])?;
    Ok(())
}
