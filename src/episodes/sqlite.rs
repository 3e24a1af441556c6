//! Episodes in the database of the data folder.

use std::future::Future;

use futures_util::future::{FutureExt, LocalBoxFuture, TryFutureExt, ready};
use generation_actors::ports::{Episode, EpisodeDraft, EpisodeError, EpisodePage, EpisodeStore, EpisodeSummary};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::{Uuid, uuid};

use crate::sqlite::{Database, DatabaseError};

/// The longest script that is taken, in bytes.
const LONGEST: usize = 1024 * 1024;
/// Ids of episodes that have an identity are derived within this namespace; changing it would double episodes.
const NAMESPACE: Uuid = uuid!("58d1a7d0-9904-4ba4-8f27-29f26c1b029c");

/// The episode store that comes with the service.
///
/// Which jobs and keys have had their episode is remembered for good: when such an episode has been deleted, saving it again
/// answers the old name and number and brings nothing back. Search finds the episodes that contain every word of the query.
#[derive(Debug, Clone)]
pub struct SqliteEpisodes {
    database: Database,
}

impl SqliteEpisodes {
    /// Keeps episodes in `database`.
    pub fn new(database: Database) -> Self {
        Self { database }
    }
}

impl EpisodeStore for SqliteEpisodes {
    fn save(&self, draft: EpisodeDraft) -> LocalBoxFuture<'static, Result<EpisodeSummary, EpisodeError>> {
        let length = draft.markdown.len();
        if length > LONGEST {
            let cause = format!("the script has {length} bytes; at most {LONGEST} can be saved");
            return ready(Err(EpisodeError::Refused(cause))).boxed_local();
        }
        let bytes = length + draft.prompt_snapshot.as_ref().map_or(0, String::len);
        answer(self.database.write(bytes, move |connection| save(connection, draft)))
    }

    fn list(
        &self,
        project_id: &str,
        page: EpisodePage,
    ) -> LocalBoxFuture<'static, Result<(Vec<EpisodeSummary>, u64), EpisodeError>> {
        let project_id = project_id.to_owned();
        answer(self.database.read(move |connection| list(connection, &project_id, page)))
    }

    fn search(
        &self,
        project_id: &str,
        query: &str,
        page: EpisodePage,
    ) -> LocalBoxFuture<'static, Result<(Vec<EpisodeSummary>, u64), EpisodeError>> {
        let (project_id, query) = (project_id.to_owned(), query.to_owned());
        answer(self.database.read(move |connection| search(connection, &project_id, &query, page)))
    }

    fn get(&self, project_id: &str, id: &str) -> LocalBoxFuture<'static, Result<Option<Episode>, EpisodeError>> {
        let (project_id, id) = (project_id.to_owned(), id.to_owned());
        answer(self.database.read(move |connection| get(connection, &project_id, &id)))
    }

    fn delete(&self, project_id: &str, id: &str) -> LocalBoxFuture<'static, Result<bool, EpisodeError>> {
        let (project_id, id) = (project_id.to_owned(), id.to_owned());
        answer(self.database.write(0, move |connection| {
            let mut statement = connection.prepare_cached("DELETE FROM episodes WHERE project_id = ?1 AND id = ?2")?;
            Ok(statement.execute([project_id, id])? > 0)
        }))
    }

    fn check(&self) -> LocalBoxFuture<'static, Result<(), EpisodeError>> {
        answer(self.database.check())
    }
}

fn answer<T>(
    result: impl Future<Output = Result<T, DatabaseError>> + 'static,
) -> LocalBoxFuture<'static, Result<T, EpisodeError>> {
    // Even a database that is damaged may be repaired, so that trying again is right.
    result.map_err(|error| EpisodeError::Unavailable(error.to_string())).boxed_local()
}

fn save(connection: &Connection, draft: EpisodeDraft) -> Result<EpisodeSummary, DatabaseError> {
    let identity = draft.identity();
    let id = identity.as_ref().map_or_else(Uuid::new_v4, |identity| id_for(&draft.project_id, identity)).to_string();
    if let Some(identity) = &identity
        && let Some(saved) = saved_before(connection, &id, identity, &draft)?
    {
        return Ok(saved);
    }
    let summary = EpisodeSummary {
        id,
        number: next_number(connection, &draft.project_id)?,
        project_id: draft.project_id,
        title: draft.title,
        created_at: draft.created_at,
    };
    if let Some(identity) = identity {
        let sql = "INSERT INTO saved_episodes (project_id, identity, number, created_at) VALUES (?1, ?2, ?3, ?4)";
        connection.prepare_cached(sql)?.execute(params![
            summary.project_id,
            identity,
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
    let sql = "INSERT INTO episode_texts (episode, markdown, prompt_snapshot) VALUES (?1, ?2, ?3)";
    let row = connection.last_insert_rowid();
    connection.prepare_cached(sql)?.execute(params![row, draft.markdown, draft.prompt_snapshot])?;
    Ok(summary)
}

/// The length keeps project and identity apart, whatever characters they have.
fn id_for(project_id: &str, identity: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{}:{project_id}{identity}", project_id.len()).as_bytes())
}

/// What the first save answered; the draft's title fills in when the episode has been deleted since.
fn saved_before(
    connection: &Connection,
    id: &str,
    identity: &str,
    draft: &EpisodeDraft,
) -> rusqlite::Result<Option<EpisodeSummary>> {
    let sql = "SELECT ?3 AS id, saved.project_id, saved.number, coalesce(episodes.title, ?4) AS title, saved.created_at
               FROM saved_episodes AS saved LEFT JOIN episodes ON episodes.id = ?3
               WHERE saved.project_id = ?1 AND saved.identity = ?2";
    let known = params![draft.project_id, identity, id, draft.title];
    connection.prepare_cached(sql)?.query_row(known, summary).optional()
}

fn next_number(connection: &Connection, project_id: &str) -> rusqlite::Result<u32> {
    let sql = "INSERT INTO episode_counters (project_id, last) VALUES (?1, 1)
               ON CONFLICT (project_id) DO UPDATE SET last = last + 1 RETURNING last";
    connection.prepare_cached(sql)?.query_row([project_id], |row| row.get(0))
}

fn list(
    connection: &Connection,
    project_id: &str,
    page: EpisodePage,
) -> Result<(Vec<EpisodeSummary>, u64), DatabaseError> {
    let sql = "SELECT id, project_id, number, title, created_at FROM episodes
               WHERE project_id = ?1 ORDER BY number LIMIT ?2 OFFSET ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![project_id, page.limit, page.offset], summary)?;
    let found = found.collect::<Result<_, _>>()?;
    let sql = "SELECT count(*) FROM episodes WHERE project_id = ?1";
    let total = connection.prepare_cached(sql)?.query_row([project_id], |row| row.get(0))?;
    Ok((found, total))
}

/// Reads every text of the project, which is what a search without an index costs.
fn search(
    connection: &Connection,
    project_id: &str,
    query: &str,
    page: EpisodePage,
) -> Result<(Vec<EpisodeSummary>, u64), DatabaseError> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let sql = "SELECT id, project_id, number, title, created_at, title || char(10) || markdown AS text
               FROM episodes JOIN episode_texts USING (episode) WHERE project_id = ?1 ORDER BY number";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([project_id])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let text = row.get::<_, String>("text")?.to_lowercase();
        if words.iter().all(|word| text.contains(word)) {
            found.push(summary(row)?);
        }
    }
    let total = found.len() as u64;
    Ok((found.into_iter().skip(page.offset as usize).take(page.limit as usize).collect(), total))
}

fn get(connection: &Connection, project_id: &str, id: &str) -> Result<Option<Episode>, DatabaseError> {
    let sql = "SELECT * FROM episodes JOIN episode_texts USING (episode) WHERE project_id = ?1 AND id = ?2";
    let episode = connection.prepare_cached(sql)?.query_row([project_id, id], |row| {
        Ok(Episode {
            summary: summary(row)?,
            markdown: row.get("markdown")?,
            tokens: row.get("tokens")?,
            prompt_snapshot: row.get("prompt_snapshot")?,
        })
    });
    Ok(episode.optional()?)
}

fn summary(row: &Row<'_>) -> rusqlite::Result<EpisodeSummary> {
    Ok(EpisodeSummary {
        id: row.get("id")?,
        project_id: row.get("project_id")?,
        number: row.get("number")?,
        title: row.get("title")?,
        created_at: row.get("created_at")?,
    })
}

#[cfg(test)]
mod tests;
