//! Stores jobs in the database of the data folder.

mod reading;
mod script;
mod writing;

#[cfg(test)]
mod format_4_tests;
#[cfg(test)]
mod tests;

use std::future::Future;

use futures_util::{
    future::{FutureExt as _, TryFutureExt as _},
    stream::{self, LocalBoxStream, StreamExt as _, TryStreamExt as _},
};
use generation_actors::{
    model::{Checkpoint, End, EpisodeState, Epoch, JobId, JobRecord, NewJob},
    ports::{After, Answer, Change, Claim, Created, EndedPage, Ending, JobStore, KeyHolder, StoreError, Written},
};
use rusqlite::ErrorCode;

use crate::sqlite::{Database, DatabaseError};

/// Heads of unfinished jobs per read, so that other reads can run in between. A brief has up to 100 KB.
const HEADS_PER_PAGE: usize = 64;

/// The job store of a service that runs alone: creating a job claims it, and no other process changes it.
#[derive(Debug, Clone)]
pub struct SqliteJobs {
    database: Database,
}

impl SqliteJobs {
    /// Stores jobs in `database`.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    fn write_checkpoint(&self, by: Claim, checkpoint: Checkpoint) -> Answer<Written> {
        let bytes = checkpoint.text.len();
        answer(self.database.write(bytes, move |connection| writing::checkpoint(connection, &by, &checkpoint)))
    }
}

impl JobStore for SqliteJobs {
    fn create(&self, job: NewJob, _here: bool) -> Answer<Created> {
        let bytes = job.brief.size();
        answer(self.database.write(bytes, move |connection| writing::create(connection, &job)))
    }

    fn key_holder(&self, key: &str) -> Answer<Option<KeyHolder>> {
        let key = key.to_owned();
        answer(self.database.read(move |connection| reading::key_holder(connection, &key)))
    }

    fn claim(&self, job: JobId, seen: Epoch) -> Answer<Option<(Claim, JobRecord)>> {
        answer(self.database.write(0, move |connection| writing::claim(connection, job, seen)))
    }

    fn checkpoint(&self, by: &Claim, checkpoint: Checkpoint) -> Answer<Written> {
        self.write_checkpoint(*by, checkpoint)
    }

    fn finish(&self, by: &Claim, ending: Ending) -> Answer<Written> {
        let (by, bytes) = (*by, ending.last.text.len());
        answer(self.database.write(bytes, move |connection| writing::finish(connection, &by, &ending)))
    }

    /// The next process claims every unfinished job, so there is no claim to give up here.
    fn release(&self, by: Claim, last: Checkpoint) -> Answer<Written> {
        self.write_checkpoint(by, last)
    }

    fn overrule(&self, job: JobId, seen: Epoch, end: End) -> Answer<Written> {
        answer(self.database.write(0, move |connection| writing::overrule(connection, job, seen, &end)))
    }

    fn load(&self, job: JobId) -> Answer<Option<JobRecord>> {
        answer(self.database.read(move |connection| reading::load(connection, job)))
    }

    fn changes(&self) -> LocalBoxStream<'static, Result<Change, StoreError>> {
        let database = self.database.clone();
        // The row to continue after; `None` once caught up.
        let pages = stream::try_unfold(Some(0), move |after| {
            let database = database.clone();
            async move {
                let Some(after) = after else { return Ok(None) };
                let read = move |connection: &_| reading::unfinished(connection, after, HEADS_PER_PAGE);
                let page = database.read(read).await.map_err(store_error)?;
                let heads = page.heads.into_iter().map(|head| Change::Head { head: Box::new(head), owner: None });
                let changes = heads.chain(page.next.is_none().then_some(Change::CaughtUp)).map(Ok);
                Ok(Some((stream::iter(changes.collect::<Vec<_>>()), page.next)))
            }
        });
        pages.try_flatten().boxed_local()
    }

    fn note_episode(&self, job: JobId, episode: EpisodeState) -> Answer<()> {
        answer(self.database.write(0, move |connection| writing::note_episode(connection, job, &episode)))
    }

    fn ended(&self, after: Option<After>, limit: usize) -> Answer<EndedPage> {
        answer(self.database.read(move |connection| reading::ended(connection, after, limit)))
    }

    fn purge(&self, jobs: Vec<JobId>) -> Answer<()> {
        answer(self.database.write(0, move |connection| writing::purge(connection, &jobs)))
    }

    fn check(&self) -> Answer<()> {
        answer(self.database.check())
    }
}

fn answer<T>(result: impl Future<Output = Result<T, DatabaseError>> + 'static) -> Answer<T> {
    result.map_err(store_error).boxed_local()
}

fn store_error(error: DatabaseError) -> StoreError {
    match error {
        DatabaseError::TimedOut(timeout) => StoreError::timed_out(timeout),
        error if contradicts(&error) => StoreError::contradiction(error),
        error => StoreError::unavailable(error),
    }
}

/// Whether the error is about the data written or held, not about the state of the database: retrying never helps.
fn contradicts(error: &DatabaseError) -> bool {
    match error {
        DatabaseError::Contradiction(_) => true,
        // An error without an SQLite code is about a value that was read.
        DatabaseError::Sqlite(error) => {
            error.sqlite_error_code().is_none_or(|code| code == ErrorCode::ConstraintViolation)
        }
        _ => false,
    }
}
