//! The open database, shared by the stores.

use std::{
    fmt,
    future::Future,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
};

use rusqlite::Connection;

use super::{
    DatabaseError, OpenError, connection,
    folder::FolderLock,
    lane::Lane,
    threads::{read_until_closed, write_until_closed},
};

const FILE: &str = "generation.db";

/// A handle to the database of one data folder. Clones share the database.
///
/// [`Database::close`] closes it, or dropping the last handle. Either blocks until every submitted write is durable and
/// the folder can be opened again.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    path: PathBuf,
    writes: Lane,
    reads: Lane,
    /// Reads that may take long run on a thread of their own, so that other reads do not wait for them.
    searches: Lane,
    /// Ends running reads.
    closing: Arc<AtomicBool>,
    /// `None` once closed.
    running: Mutex<Option<Running>>,
}

struct Running {
    writer: JoinHandle<()>,
    readers: [JoinHandle<()>; 2],
    lock: FolderLock,
}

impl Database {
    /// Opens the database in `data_dir` for this process alone, creating the folder and file as needed. Blocks.
    ///
    /// # Errors
    /// The folder or file cannot be used. Existing data is left unchanged.
    pub fn open(data_dir: &Path) -> Result<Self, OpenError> {
        let lock = FolderLock::take(data_dir)?;
        let path = data_dir.join(FILE);
        let writing = connection::writing(&path)?;
        let (writes, to_write) = Lane::new();
        let start = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let spawned = thread::Builder::new().name(name.to_owned()).spawn(run);
            spawned.map_err(|error| OpenError::Unusable { path: path.clone(), cause: error.into() })
        };
        let closing = Arc::new(AtomicBool::new(false));
        let read = |name: &str| {
            let (connection, (lane, to_read)) = (connection::reading(&path)?, Lane::new());
            let close = Arc::clone(&closing);
            Ok((lane, start(name, Box::new(move || read_until_closed(connection, to_read, &close)))?))
        };
        let (reads, reader) = read("sqlite-reader")?;
        let (searches, searcher) = read("sqlite-searcher")?;
        let writer = start("sqlite-writer", Box::new(move || write_until_closed(writing, to_write)))?;
        let running = Mutex::new(Some(Running { writer, readers: [reader, searcher], lock }));
        Ok(Self(Arc::new(Inner { path, writes, reads, searches, closing, running })))
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Closes the database for every handle. Later calls and running reads fail, submitted writes become durable, and
    /// the folder is free for another process when this returns. Blocks; a second call does nothing.
    pub fn close(&self) {
        self.0.close();
    }

    /// Runs `work` on the writing connection, inside a transaction. The write is submitted before this returns, so
    /// writes are applied in the order of the calls, even when futures are dropped. The answer comes after the commit.
    /// An error from `work` rolls back its own changes only. `bytes` is the approximate amount of text it carries.
    ///
    /// # Errors
    /// Fails at once if too many writes are waiting; see [`DatabaseError`] for the others.
    pub(crate) fn write<T, F>(
        &self,
        bytes: usize,
        work: F,
    ) -> impl Future<Output = Result<T, DatabaseError>> + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    {
        self.0.writes.submit(bytes, work)
    }

    /// Runs `work` on a reading connection, on one snapshot that includes every write already answered. Keep it short,
    /// because new jobs wait for it; after 5 s it is interrupted.
    ///
    /// # Errors
    /// As for [`Database::write`].
    ///
    /// # Cancel safety
    /// Dropping the future ends the read, or skips it if it has not started.
    pub(crate) fn read<T, F>(&self, work: F) -> impl Future<Output = Result<T, DatabaseError>> + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    {
        self.0.reads.submit(0, work)
    }

    /// Like [`Database::read`], for reads that may take long: only other searches wait for them.
    ///
    /// # Errors
    /// As for [`Database::write`].
    ///
    /// # Cancel safety
    /// As for [`Database::read`].
    pub(crate) fn search<T, F>(&self, work: F) -> impl Future<Output = Result<T, DatabaseError>> + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    {
        self.0.searches.submit(0, work)
    }

    /// Resolves to `Ok` once something has actually been written.
    ///
    /// # Errors
    /// As for [`Database::write`].
    pub(crate) fn check(&self) -> impl Future<Output = Result<(), DatabaseError>> + use<> {
        self.write(0, |connection| Ok(connection::probe(connection)?))
    }
}

impl Inner {
    fn close(&self) {
        self.writes.close();
        self.reads.close();
        self.searches.close();
        self.closing.store(true, Relaxed);
        // Held while waiting, so that a second caller does not return before the database is closed.
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Running { writer, readers, lock }) = running.take() else { return };
        // Join the readers first: the log can be merged only when nobody reads.
        for thread in readers.into_iter().chain([writer]) {
            if thread.join().is_err() {
                log::error!("a thread of the database {} panicked", self.path.display());
            }
        }
        drop(lock);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.0.path).finish()
    }
}
