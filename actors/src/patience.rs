//! How long anybody here waits for the job store.

use std::{future::Future, time::Duration};

use tokio::time::timeout;

use crate::ports::StoreError;

/// A store that is slower than this is taken for one that is down.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for a write, at most for [`PATIENCE`]. The port lets a write that nobody waits for any more happen nevertheless.
pub(crate) async fn answered(write: impl Future<Output = Result<(), StoreError>>) -> Result<(), StoreError> {
    timeout(PATIENCE, write).await.unwrap_or_else(|_| Err(StoreError::timed_out(PATIENCE)))
}
