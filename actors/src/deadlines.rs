//! How long anybody here waits for the job store, and what is made of a store that panics.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use tokio::time::timeout;

use crate::ports::StoreError;

/// A store that is slower than this is taken for one that is down.
pub(crate) const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// Waits for the store, at most for [`STORE_TIMEOUT`]. The port lets a write that nobody waits for any more happen nevertheless.
pub(crate) async fn answered<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(STORE_TIMEOUT, catch_panic(answer)).await.unwrap_or_else(|_| Err(StoreError::timed_out(STORE_TIMEOUT)))
}

/// Turns a panic of the store into an error: the registry awaits it as well, and all jobs would go with that one.
pub(crate) async fn catch_panic<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|_| Err(StoreError::unavailable("it panicked")))
}
