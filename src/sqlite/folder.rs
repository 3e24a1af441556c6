//! The data folder, and the lock that keeps a second process out of it.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    path::Path,
};

use super::OpenError;

const LOCK_FILE: &str = "lock";

/// The lock on a data folder. Released when dropped, and by the operating system however the process ends.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Creates the folder, private to this user, if it does not exist, and locks it.
    pub(super) fn take(folder: &Path) -> Result<Self, OpenError> {
        create(folder).map_err(|error| OpenError::creating(folder, error))?;
        let path = folder.join(LOCK_FILE);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| OpenError::writing(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: folder.to_owned() }),
            Err(TryLockError::Error(error)) => Err(OpenError::writing(&path, error)),
        }
    }
}

fn create(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
