//! Saves episodes: one for each job and each client's key.

use generation_actors::ports::{EpisodeDraft, EpisodeSummary, Identity};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::{Uuid, uuid};

use super::summary;
use crate::sqlite::DatabaseError;

/// Namespace from which episode ids were derived before they were stored.
const NAMESPACE: Uuid = uuid!("58d1a7d0-9904-4ba4-8f27-29f26c1b029c");

pub(super) fn save(connection: &Connection, draft: EpisodeDraft) -> Result<EpisodeSummary, DatabaseError> {
    let identity = draft.identity();
    if let Some(identity) = &identity
        && let Some(saved) = saved_before(connection, identity, &draft)?
    {
        return Ok(saved);
    }
    let summary = EpisodeSummary {
        id: Uuid::new_v4().to_string(),
        number: next_number(connection, &draft.project_id)?,
        project_id: draft.project_id,
        title: draft.title,
        created_at: draft.created_at,
    };
    if let Some(identity) = identity {
        // A row that turned out not to belong to this job is replaced.
        let sql = "INSERT OR REPLACE INTO saved_episodes (project_id, kind, identity, episode_id, number, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        connection.prepare_cached(sql)?.execute(params![
            summary.project_id,
            identity.kind(),
            identity.to_string(),
            summary.id,
            summary.number,
            summary.created_at,
        ])?;
    }
    let sql = "INSERT INTO episodes (id, project_id, number, title, tokens, model, created_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    connection.prepare_cached(sql)?.execute(params![
        summary.id,
        summary.project_id,
        summary.number,
        summary.title,
        draft.tokens,
        draft.model,
        summary.created_at,
    ])?;
    let row = connection.last_insert_rowid();
    let sql = "INSERT INTO episode_texts (episode, markdown, prompt_snapshot) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![row, draft.markdown, draft.prompt_snapshot])?;
    connection.prepare_cached("INSERT INTO episodes_to_index (episode) VALUES (?1)")?.execute([row])?;
    Ok(summary)
}

/// The answer of the first save. If the episode has been deleted since, the draft provides the title.
///
/// A row from before jobs and keys had separate namespaces is stored under both, with one number. It belongs to a job
/// unless its episode has a different text: then a client had used the job's id as its key, and the job's script still
/// has to be saved.
fn saved_before(
    connection: &Connection,
    identity: &Identity,
    draft: &EpisodeDraft,
) -> rusqlite::Result<Option<EpisodeSummary>> {
    let sql = "SELECT coalesce(saved.episode_id, ?4) AS id, saved.project_id, saved.number,
                      coalesce(episodes.title, ?5) AS title, saved.created_at
               FROM saved_episodes AS saved LEFT JOIN episodes ON episodes.id = saved.episode_id
               WHERE saved.project_id = ?1 AND saved.kind = ?2 AND saved.identity = ?3
                   AND NOT (?2 = 'job'
                       AND EXISTS (SELECT 1 FROM saved_episodes AS both WHERE both.project_id = ?1 AND both.kind = 'key'
                                   AND both.identity = ?3 AND both.number = saved.number)
                       AND EXISTS (SELECT 1 FROM episode_texts AS text
                                   WHERE text.episode = episodes.episode AND text.markdown <> ?6))";
    let (name, derived) = (identity.to_string(), derived_id(&draft.project_id, identity));
    let known = params![draft.project_id, identity.kind(), name, derived, draft.title, draft.markdown];
    connection.prepare_cached(sql)?.query_row(known, summary).optional()
}

/// The id of an episode that was deleted before ids were stored. The length separates project and identity, whatever
/// characters they contain.
fn derived_id(project_id: &str, identity: &Identity) -> String {
    Uuid::new_v5(&NAMESPACE, format!("{}:{project_id}{identity}", project_id.len()).as_bytes()).to_string()
}

fn next_number(connection: &Connection, project_id: &str) -> rusqlite::Result<u32> {
    let sql = "INSERT INTO episode_counters (project_id, last) VALUES (?1, 1)
               ON CONFLICT (project_id) DO UPDATE SET last = last + 1 RETURNING last";
    connection.prepare_cached(sql)?.query_row([project_id], |row| row.get(0))
}
