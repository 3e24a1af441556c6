//! Jobs in the database of the data folder.

mod reading;
mod script;
mod writing;

#[cfg(test)]
mod tests;

use std::future::Future;

use futures_util::future::{FutureExt, LocalBoxFuture, TryFutureExt};
use generation_actors::{model::{Checkpoint, EpisodeRef, JobId, NewJob}, ports::{After, EndedPage, Ending, JobStore, KeyHolder, StoreError, StoredJob}};

use crate::sqlite::{Database, DatabaseError};

/// The job store of a service that runs alone.
#[derive(Debug, Clone)]
pub struct SqliteJobs {
    database: Database,
}

impl SqliteJobs {
    /// Keeps jobs in `database`.
    pub fn new(database: Database) -> Self {
        Self { database }
    }
}

impl JobStore for SqliteJobs {
    fn create(&self, job: NewJob) -> LocalBoxFuture<'static, Result<(), StoreError>> {
        let bytes = job.brief.description.len() + job.brief.title.len();
        answer(self.database.write(bytes, move |connection| writing::create(connection, &job)))
    }

    fn checkpoint(&self, checkpoint: Checkpoint) -> LocalBoxFuture<'static, Result<(), StoreError>> {
        let bytes = checkpoint.text.len();
        answer(self.database.write(bytes, move |connection| writing::checkpoint(connection, &checkpoint)))
    }

    fn finish(&self, ending: Ending) -> LocalBoxFuture<'static, Result<(), StoreError>> {
        let bytes = ending.last.text.len();
        answer(self.database.write(bytes, move |connection| writing::finish(connection, &ending)))
    }

    fn episode_saved(&self, job: JobId, episode: EpisodeRef) -> LocalBoxFuture<'static, Result<(), StoreError>> {
        answer(self.database.write(0, move |connection| writing::episode_saved(connection, job, &episode)))
    }

    fn recover(&self) -> LocalBoxFuture<'static, Result<Vec<StoredJob>, StoreError>> {
        answer(self.database.write(0, reading::recover))
    }

    fn ended(&self, after: Option<After>, limit: usize) -> LocalBoxFuture<'static, Result<EndedPage, StoreError>> {
        answer(self.database.read(move |connection| reading::ended(connection, after, limit)))
    }

    fn load(&self, job: JobId) -> LocalBoxFuture<'static, Result<Option<StoredJob>, StoreError>> {
        answer(self.database.read(move |connection| reading::load(connection, job)))
    }

    fn key_holder(&self, key: &str) -> LocalBoxFuture<'static, Result<Option<KeyHolder>, StoreError>> {
        let key = key.to_owned();
        answer(self.database.read(move |connection| reading::key_holder(connection, &key)))
    }

    fn purge(&self, jobs: Vec<JobId>) -> LocalBoxFuture<'static, Result<(), StoreError>> {
        answer(self.database.write(0, move |connection| writing::purge(connection, &jobs)))
    }

    fn check(&self) -> LocalBoxFuture<'static, Result<(), StoreError>> {
        answer(self.database.check())
    }
}

fn answer<T>(
    result: impl Future<Output = Result<T, DatabaseError>> + 'static,
) -> LocalBoxFuture<'static, Result<T, StoreError>> {
    result.map_err(store_error).boxed_local()
}

fn store_error(error: DatabaseError) -> StoreError {
    match error {
        DatabaseError::TimedOut(timeout) => StoreError::timed_out(timeout),
        other => StoreError::new(other),
    }
}
