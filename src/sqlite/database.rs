//! The open database, as the stores hold it.

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

/// A handle to the database of one data folder; clones share it.
///
/// It is closed by [`Database::close`], or when the last handle is dropped: either blocks until everything handed in
/// is durable and the folder can be opened again.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    path: PathBuf,
    writes: Lane,
    reads: Lane,
    /// Reads that may take long have a thread of their own, so that nothing else waits for them.
    searches: Lane,
    /// Ends what is being read.
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
    /// Opens the database in `data_dir` for this process alone; creates folder and file as needed. Blocks.
    ///
    /// # Errors
    /// The folder or the file cannot be used; nothing that was there has been changed.
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

    /// Closes the database for every handle: later calls and reads under way fail, the writes handed in before are made
    /// durable, and the folder is free for another process when this returns. Blocks; calling it again does nothing.
    pub fn close(&self) {
        self.0.close();
    }

    /// Runs `work` on the writing connection, inside a transaction. It is handed in before this returns, so that writes
    /// are applied in the order of the calls even when futures are dropped; the answer comes after the commit. An error
    /// from `work` undoes what it has changed and nothing else. `bytes` is about how much text it carries.
    ///
    /// # Errors
    /// At once when too much is waiting; see [`DatabaseError`] for the others.
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

    /// Runs `work` on a reading connection, on one state of the database that holds every write already answered. It must be
    /// short, since new jobs wait for it: after 5 s it is ended.
    ///
    /// # Errors
    /// As for [`Database::write`].
    ///
    /// # Cancel safety
    /// Dropping the future ends the read, or leaves it out if it has not begun.
    pub(crate) fn read<T, F>(&self, work: F) -> impl Future<Output = Result<T, DatabaseError>> + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    {
        self.0.reads.submit(0, work)
    }

    /// The same for what may take long, beside [`Database::read`]: only its like waits for it.
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

    /// Resolves to `Ok` when something has really been written.
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
        // Held while waiting, so that whoever closes second does not return before the first is done.
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Running { writer, readers, lock }) = running.take() else { return };
        // The readers first: the log can be folded back only when nobody reads.
        for thread in readers.into_iter().chain([writer]) {
            if thread.join().is_err() {
                log::error!("a thread of the database {} has panicked", self.path.display());
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
