//! Runs calls to a remote store: limits how many run at once, and contains a panic in one of them.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{
    FutureExt as _,
    future::{LocalBoxFuture, ready},
};
use generation_actors::ports::EpisodeError;
use tokio::sync::Semaphore;

/// The most calls running at once; another one fails as unavailable and is retried later.
const MAX_CALLS: usize = 1024;

/// The running calls of one store.
#[derive(Debug, Clone)]
pub(super) struct Calls(Arc<Semaphore>);

impl Default for Calls {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_CALLS)))
    }
}

impl Calls {
    /// Runs `call`. The result is `Unavailable` if too many calls are running or if it panics, so a panic does not end
    /// the calling actor.
    ///
    /// # Cancel safety
    /// Dropping the future drops the call, however far it has come.
    pub(super) fn run<T: 'static>(
        &self,
        call: impl Future<Output = Result<T, EpisodeError>> + 'static,
    ) -> LocalBoxFuture<'static, Result<T, EpisodeError>> {
        let unavailable = |cause: &str| Err(EpisodeError::Unavailable(cause.into()));
        let Ok(room) = Arc::clone(&self.0).try_acquire_owned() else {
            return ready(unavailable("too many calls are under way")).boxed_local();
        };
        async move {
            let _room = room;
            AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(|_| unavailable("the call panicked"))
        }
        .boxed_local()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn a_panic_ends_only_its_call() {
        let calls = Calls::default();
        let broken = calls.run::<()>(async { panic!("on purpose") });
        assert!(matches!(broken.await, Err(EpisodeError::Unavailable(_))));
        assert_eq!(calls.run(async { Ok(1) }).await, Ok(1));
    }

    #[tokio::test]
    async fn calls_over_the_limit_are_refused_until_one_ends_or_is_dropped() {
        let calls = Calls::default();
        let mut waiting: Vec<_> = (0..MAX_CALLS).map(|_| calls.run::<()>(pending())).collect();
        assert!(matches!(calls.run(async { Ok(()) }).await, Err(EpisodeError::Unavailable(_))));
        drop(waiting.pop());
        assert_eq!(calls.run(async { Ok(()) }).await, Ok(()));
        assert_eq!(calls.run(async { Ok(()) }).await, Ok(()));
    }
}
