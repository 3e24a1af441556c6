//! Errors of the database, at startup and later.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use derive_more::{Display, Error};
use rusqlite::ErrorCode;

/// Why the data folder cannot be used. Each message names the path and says what to do.
#[derive(Debug, Display, Error)]
pub enum OpenError {
    /// The folder does not exist and cannot be created.
    #[display("cannot create the data folder {}: {source}. Create it for this user, or name another with --data-dir", path.display())]
    CannotCreate {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file in the folder cannot be written.
    #[display("cannot write {}: {cause}. Give this user the right to write there, or name another folder with --data-dir", path.display())]
    CannotWrite {
        /// The file.
        path: PathBuf,
        /// The reason from the system or SQLite.
        #[error(source)]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process is using the folder.
    #[display("another process is using the data folder {}. Stop it, or name another folder with --data-dir", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A newer version of this program wrote the database.
    #[display(
        "{} has format {found}, written by a newer version; this one knows up to {known}. Use that version, or name another folder with --data-dir",
        path.display()
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format this program knows.
        known: u32,
    },
    /// The file is damaged, or not an SQLite database.
    #[display("{} is damaged or not a database: {source}. Restore it from a backup, or move it away to start empty", path.display())]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
    /// The disk is full.
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
        /// The reason from the system or SQLite.
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

/// Why a request to the open database failed. Nothing of it has been written, except that [`Self::TimedOut`] leaves
/// this open.
#[derive(Debug, Clone, Display, Error)]
pub enum DatabaseError {
    /// Too many requests are waiting.
    #[display("too many requests are waiting for the database")]
    Overloaded,
    /// The answer did not come in time.
    #[display("no answer from the database within {_0:?}")]
    TimedOut(#[error(not(source))] Duration),
    /// The database is closed.
    #[display("the database is closed")]
    Closed,
    /// The read was interrupted: it took too long, or the database is closing.
    #[display("the read was interrupted: it took too long, or the database is closing")]
    Interrupted,
    /// SQLite failed: a full disk, an I/O error, a constraint.
    #[display("{_0}")]
    Sqlite(Arc<rusqlite::Error>),
    /// The write itself succeeded, but another one failed so badly that their common transaction was lost.
    #[display("rolled back together with another write that failed")]
    RolledBack,
    /// The request contradicts the stored data.
    #[display("{_0}")]
    Contradiction(#[error(not(source))] String),
    /// The code that was to do it panicked.
    #[display("the code using the database panicked")]
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
