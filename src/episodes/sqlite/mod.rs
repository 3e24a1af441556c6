//! Stores episodes in the database of the data folder.

mod index;
mod saving;
mod search;

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::future::{FutureExt, LocalBoxFuture, TryFutureExt, ready};
use generation_actors::{
    model::Cause,
    ports::{Episode, EpisodeDraft, EpisodeError, EpisodePage, EpisodeStore, EpisodeSummary},
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use tokio::{sync::Notify, time::sleep};

use crate::sqlite::{Database, DatabaseError};

/// The most bytes of a script.
const MAX_SCRIPT_BYTES: usize = 1024 * 1024;
/// How long to wait after the search index could not be written.
const INDEX_PAUSE: Duration = Duration::from_secs(10);

/// The embedded episode store.
///
/// It remembers for good which jobs and keys have had an episode: if such an episode was deleted, saving it again
/// answers its old id and number and does not restore it. Search finds the episodes that contain every word of the
/// query, regardless of case, width and composition, ordered by number; [`SqliteEpisodes::keep_indexed`] makes it fast.
#[derive(Debug, Clone)]
pub struct SqliteEpisodes {
    database: Database,
    /// Notified when there is something to index.
    saved: Arc<Notify>,
    /// [`search::READ_LIMIT`], or less in a test.
    read_limit: usize,
}

impl SqliteEpisodes {
    /// Stores episodes in `database`.
    pub fn new(database: Database) -> Self {
        Self { database, saved: Arc::default(), read_limit: search::READ_LIMIT }
    }

    /// Indexes saved episodes, starting with those already stored, in steps with other writes in between. Until an
    /// episode is indexed, search reads its text. Runs until it is dropped or the database is closed.
    ///
    /// # Cancel safety
    /// May be dropped at any time; the next one continues.
    pub async fn keep_indexed(self) {
        loop {
            match self.database.write(0, index::step).await {
                Ok(true) => {}
                Ok(false) => self.saved.notified().await,
                Err(DatabaseError::Closed) => return,
                Err(error) => {
                    log::error!("the search index could not be written; retrying in {INDEX_PAUSE:?}: {error}");
                    sleep(INDEX_PAUSE).await;
                }
            }
        }
    }
}

impl EpisodeStore for SqliteEpisodes {
    fn save(&self, draft: EpisodeDraft) -> LocalBoxFuture<'static, Result<EpisodeSummary, EpisodeError>> {
        let length = draft.markdown.len();
        if length > MAX_SCRIPT_BYTES {
            let cause = format!("the script has {length} bytes; at most {MAX_SCRIPT_BYTES} can be saved");
            return ready(Err(EpisodeError::Refused(cause.into()))).boxed_local();
        }
        let bytes = length + draft.prompt_snapshot.as_ref().map_or(0, String::len);
        let to_index = Arc::clone(&self.saved);
        answer(self.database.write(bytes, move |connection| {
            let saved = saving::save(connection, draft)?;
            // Notified here, because the caller may have stopped waiting. The index is written after this write.
            to_index.notify_one();
            Ok(saved)
        }))
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
        let (project_id, query, read_limit) = (project_id.to_owned(), query.to_owned(), self.read_limit);
        let search = move |connection: &Connection| search::search(connection, &project_id, &query, page, read_limit);
        let unready = || EpisodeError::Unavailable("the search index of these episodes is still being made".into());
        answer(self.database.search(search)).map(move |found| found?.ok_or_else(unready)).boxed_local()
    }

    fn get(&self, project_id: &str, id: &str) -> LocalBoxFuture<'static, Result<Option<Episode>, EpisodeError>> {
        let (project_id, id) = (project_id.to_owned(), id.to_owned());
        answer(self.database.read(move |connection| get(connection, &project_id, &id)))
    }

    fn delete(&self, project_id: &str, id: &str) -> LocalBoxFuture<'static, Result<bool, EpisodeError>> {
        let (project_id, id) = (project_id.to_owned(), id.to_owned());
        answer(self.database.write(0, move |connection| delete(connection, &project_id, &id)))
    }

    fn check(&self) -> LocalBoxFuture<'static, Result<(), EpisodeError>> {
        answer(self.database.check())
    }
}

fn answer<T>(
    result: impl Future<Output = Result<T, DatabaseError>> + 'static,
) -> LocalBoxFuture<'static, Result<T, EpisodeError>> {
    // Even a damaged database may be repaired, so a retry makes sense.
    result.map_err(|error| EpisodeError::Unavailable(Cause::new(error))).boxed_local()
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

fn delete(connection: &Connection, project_id: &str, id: &str) -> Result<bool, DatabaseError> {
    let sql = "DELETE FROM episodes WHERE project_id = ?1 AND id = ?2 RETURNING episode";
    let deleted: Option<i64> =
        connection.prepare_cached(sql)?.query_row([project_id, id], |row| row.get(0)).optional()?;
    if let Some(episode) = deleted {
        index::remove(connection, episode)?;
    }
    Ok(deleted.is_some())
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
