//! What can go wrong with the database, at the start and later.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use derive_more::{Display, Error};
use rusqlite::ErrorCode;

/// Why the data folder cannot be used; each message names the path and what to do.
#[derive(Debug, Display, Error)]
pub enum OpenError {
    /// The folder is not there and cannot be made.
    #[display("cannot create the data folder {}: {source}. Create it for this user, or name another with --data-dir", path.display())]
    CannotCreate {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something in the folder cannot be written.
    #[display("cannot write {}: {cause}. Give this user the right to write there, or name another folder with --data-dir", path.display())]
    CannotWrite {
        /// The file.
        path: PathBuf,
        /// What the system or SQLite said.
        #[error(source)]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process works in the folder.
    #[display("another process is using the data folder {}. Stop it, or name another folder with --data-dir", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A newer version of this program has written the database.
    #[display(
        "{} has format {found}, written by a newer version; this one knows up to {known}. Use that version, or name another folder with --data-dir",
        path.display()
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The file is no SQLite database, or a broken one.
    #[display("{} is damaged or not a database: {source}. Restore it from a backup, or move it away to start empty", path.display())]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// No space is left.
    #[display("no space left to write {}. Free some, or name a folder on another disk with --data-dir", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// Anything else.
    #[display("cannot use the database {}: {cause}. Check the disk and what else has the file open", path.display())]
    Unusable {
        /// The database file.
        path: PathBuf,
        /// What the system or SQLite said.
        #[error(source)]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl OpenError {
    pub(super) fn creating(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        if out_of_space(&source) { Self::DiskFull { path } } else { Self::CannotCreate { path, source } }
    }

    pub(super) fn writing(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        if out_of_space(&source) { Self::DiskFull { path } } else { Self::CannotWrite { path, cause: source.into() } }
    }

    pub(super) fn opening(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged { path, source },
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::CannotWrite { path, cause: source.into() }
            }
            _ => Self::Unusable { path, cause: source.into() },
        }
    }
}

fn out_of_space(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Why the open database did not do what was asked. Nothing of it has been written, except after [`Self::TimedOut`],
/// which leaves that open.
#[derive(Debug, Clone, Display, Error)]
pub enum DatabaseError {
    /// Too much is waiting already.
    #[display("too much is waiting for the database")]
    Overloaded,
    /// No answer came in time.
    #[display("no answer from the database within {_0:?}")]
    TimedOut(#[error(not(source))] Duration),
    /// It is closed.
    #[display("the database is closed")]
    Closed,
    /// A read was ended before it was done: it took too long, or the database is closing.
    #[display("the read was ended: it took too long, or the database is closing")]
    Interrupted,
    /// SQLite failed: disk full, input or output, a constraint.
    #[display("{_0}")]
    Sqlite(Arc<rusqlite::Error>),
    /// The write itself was in order; another one failed so badly that the transaction of both was lost.
    #[display("rolled back together with another write that failed")]
    RolledBack,
    /// What was asked and what is stored contradict each other.
    #[display("{_0}")]
    Contradiction(#[error(not(source))] String),
    /// The code that should have done it panicked.
    #[display("panicked while using the database")]
    Panicked,
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Self::Interrupted,
            _ => Self::Sqlite(Arc::new(error)),
        }
    }
}
