//! Calls to a store elsewhere: how many at once, and what a panic in one of them ends.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{
    FutureExt as _,
    future::{LocalBoxFuture, ready},
};
use generation_actors::ports::EpisodeError;
use tokio::sync::Semaphore;

/// Calls under way at once; one more fails as unavailable and is tried again later.
const MAX_CALLS: usize = 1024;

/// The calls under way of one store.
#[derive(Debug, Clone)]
pub(super) struct Calls(Arc<Semaphore>);

impl Default for Calls {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_CALLS)))
    }
}

impl Calls {
    /// What `call` answers, or `Unavailable` when there are too many or it panics: that ends this call, and not the actor that
    /// made it.
    ///
    /// # Cancel safety
    /// Dropping the future drops the call, wherever it is.
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
    async fn a_panic_ends_its_call_only() {
        let calls = Calls::default();
        let broken = calls.run::<()>(async { panic!("on purpose") });
        assert!(matches!(broken.await, Err(EpisodeError::Unavailable(_))));
        assert_eq!(calls.run(async { Ok(1) }).await, Ok(1));
    }

    #[tokio::test]
    async fn calls_beyond_the_bound_are_refused_until_one_ends_or_is_dropped() {
        let calls = Calls::default();
        let mut waiting: Vec<_> = (0..MAX_CALLS).map(|_| calls.run::<()>(pending())).collect();
        assert!(matches!(calls.run(async { Ok(()) }).await, Err(EpisodeError::Unavailable(_))));
        drop(waiting.pop());
        assert_eq!(calls.run(async { Ok(()) }).await, Ok(()));
        assert_eq!(calls.run(async { Ok(()) }).await, Ok(()));
    }
}
