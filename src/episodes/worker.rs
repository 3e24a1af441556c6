//! A thread of its own for what cannot move between threads (awc's client) or would hold others up (embedding a script).

use std::{fmt, io, panic::AssertUnwindSafe, rc::Rc, sync::Arc, thread};

use futures_util::{
    FutureExt as _,
    future::{LocalBoxFuture, ready},
};
use generation_actors::ports::EpisodeError;
use tokio::{
    runtime::Builder,
    select,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::{LocalSet, spawn_local},
};

/// Calls under way at once; scripts that end together beyond it are told to come again.
const MOST: usize = 1024;

type Task<S> = Box<dyn FnOnce(Rc<S>) -> LocalBoxFuture<'static, ()> + Send>;

/// Runs calls on a thread that owns the state `S`. Whoever started it holds it; dropping the last handle ends the thread
/// and every call still under way. A panic in a call ends that call only.
pub(super) struct Worker<S> {
    tasks: mpsc::UnboundedSender<Task<S>>,
    /// What bounds the channel.
    room: Arc<Semaphore>,
}

impl<S> fmt::Debug for Worker<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}

impl<S> Clone for Worker<S> {
    fn clone(&self) -> Self {
        Self { tasks: self.tasks.clone(), room: Arc::clone(&self.room) }
    }
}

impl<S: 'static> Worker<S> {
    /// Starts the thread, which makes its own state.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub(super) fn start(name: &str, state: impl FnOnce() -> S + Send + 'static) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (tasks, mut inbox) = mpsc::unbounded_channel::<Task<S>>();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            let local = LocalSet::new();
            local.block_on(&runtime, async move {
                let state = Rc::new(state());
                while let Some(task) = inbox.recv().await {
                    spawn_local(task(Rc::clone(&state)));
                }
            });
        })?;
        Ok(Self { tasks, room: Arc::new(Semaphore::new(MOST)) })
    }

    /// What `call` answers. Calls begin in the order they were made and then run side by side.
    ///
    /// # Cancel safety
    /// Dropping the future drops the call, wherever it is.
    pub(super) fn run<T, F>(
        &self,
        call: impl FnOnce(Rc<S>) -> F + Send + 'static,
    ) -> LocalBoxFuture<'static, Result<T, EpisodeError>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, EpisodeError>> + 'static,
    {
        let unavailable = |cause: &str| Err(EpisodeError::Unavailable(cause.to_owned()));
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            return ready(unavailable("too many calls are under way")).boxed_local();
        };
        let (answer, receiver) = oneshot::channel();
        let task = move |state| perform(async move { call(state).await }, answer, room).boxed_local();
        if self.tasks.send(Box::new(task)).is_err() {
            return ready(unavailable("its thread has ended")).boxed_local();
        }
        async move { receiver.await.unwrap_or_else(|_| unavailable("its thread has given the call up")) }.boxed_local()
    }
}

async fn perform<T>(
    call: impl Future<Output = Result<T, EpisodeError>>,
    mut answer: oneshot::Sender<Result<T, EpisodeError>>,
    room: OwnedSemaphorePermit,
) {
    let result = select! {
        // First, so that nothing is begun for somebody who has gone.
        biased;
        () = answer.closed() => return,
        result = AssertUnwindSafe(call).catch_unwind() => result,
    };
    drop(room);
    let result = result.unwrap_or_else(|_| Err(EpisodeError::Unavailable("the call panicked".into())));
    let _gone_is_fine = answer.send(result);
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn calls_share_the_state_of_the_thread() {
        let worker = Worker::start("test", || Cell::new(0)).unwrap();
        for expected in 1..=3 {
            let counted = worker.run(|state| async move {
                state.set(state.get() + 1);
                Ok(state.get())
            });
            assert_eq!(counted.await, Ok(expected));
        }
    }

    #[tokio::test]
    async fn a_panic_ends_its_call_only() {
        let worker = Worker::start("test", || ()).unwrap();
        let broken = worker.run::<(), _>(|_| async { panic!("on purpose") });
        assert!(matches!(broken.await, Err(EpisodeError::Unavailable(_))));
        assert_eq!(worker.run(|_| async { Ok(1) }).await, Ok(1));
    }

    #[tokio::test]
    async fn a_dropped_future_drops_its_call() {
        struct Told(Arc<Notify>);
        impl Drop for Told {
            fn drop(&mut self) {
                self.0.notify_one();
            }
        }
        let worker = Worker::start("test", || ()).unwrap();
        let (begun, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tell, told) = (Arc::clone(&begun), Told(Arc::clone(&dropped)));
        let call = worker.run::<(), _>(move |_| async move {
            let _told = told;
            tell.notify_one();
            std::future::pending().await
        });
        begun.notified().await;
        drop(call);
        dropped.notified().await;
    }

    #[tokio::test]
    async fn calls_beyond_the_bound_are_refused_and_the_rest_go_on() {
        let worker = Worker::start("test", || ()).unwrap();
        let waiting: Vec<_> = (0..MOST).map(|_| worker.run::<(), _>(|_| std::future::pending())).collect();
        assert!(matches!(worker.run(|_| async { Ok(()) }).await, Err(EpisodeError::Unavailable(_))));
        drop(waiting);
        // Their room is given back by the thread, one after the other.
        while worker.run(|_| async { Ok(()) }).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}
