//! Jobs in the database of the data folder.

mod recovery;
mod script;
mod writing;

#[cfg(test)]
mod tests;

use std::future::Future;

use futures_util::future::{FutureExt, LocalBoxFuture, TryFutureExt, try_join_all};
use generation_actors::{
    job::JobId,
    ports::{Checkpoint, Ending, EpisodeRef, JobStore, NewJob, StoreError, StoredJob},
};

use crate::sqlite::{Database, DatabaseError};

/// Jobs forgotten in one go; other writes get their turn in between.
const PURGE: usize = 100;

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
        answer(self.database.write(0, recovery::recover))
    }

    fn purge(&self, jobs: Vec<JobId>) -> LocalBoxFuture<'static, Result<(), StoreError>> {
        let purges: Vec<_> = jobs
            .chunks(PURGE)
            .map(<[JobId]>::to_vec)
            .map(|some| self.database.write(0, move |connection| writing::purge(connection, &some)))
            .collect();
        answer(try_join_all(purges).map_ok(drop))
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
