//! The job store's timeout, and the conversion of its panics into errors.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use tokio::time::timeout;

use crate::ports::StoreError;

/// A store that takes longer than this counts as down.
pub(crate) const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// Waits at most [`STORE_TIMEOUT`] for the store. By the port's contract, a write that times out here may still happen.
pub(crate) async fn with_store_timeout<T>(
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout(STORE_TIMEOUT, catch_panic(answer)).await.unwrap_or_else(|_| Err(StoreError::timed_out(STORE_TIMEOUT)))
}

/// Turns a panic of the store into an error. The registry awaits the store too, and a panic there would take all jobs
/// down.
pub(crate) async fn catch_panic<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|_| Err(StoreError::unavailable("the store panicked")))
}
