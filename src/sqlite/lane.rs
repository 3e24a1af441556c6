//! A queue to a thread that owns a connection: ordered, bounded, and never blocking the caller.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::Connection;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::{Instant, timeout_at},
};

use super::{
    DatabaseError,
    waiting::{Caller, Waiting},
};

/// The most tasks that may wait.
const MAX_TASKS: usize = 32 * 1024;
/// The most bytes that waiting tasks may carry together.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// A task's own size, counted in addition to the text it carries.
const TASK_BYTES: usize = 512;
/// How long a caller waits for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Work for a connection, with a caller to answer.
pub(super) trait Task: Send {
    /// The caller that waits for it.
    fn caller(&self) -> &Caller;

    /// Runs the task once. Returns false if it failed and its changes must be rolled back.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Answers the caller, given whether the surrounding transaction became durable.
    fn answer(self: Box<Self>, committed: Result<(), DatabaseError>);
}

/// The callers' end. Tasks reach the thread in the order of submission. Whether to run a task whose caller has stopped
/// waiting is up to the thread.
pub(super) struct Lane {
    /// `None` once closed.
    tasks: Mutex<Option<mpsc::Sender<Box<dyn Task>>>>,
    room: Arc<Semaphore>,
}

impl Lane {
    /// A lane, and the end of it for the thread.
    pub(super) fn new() -> (Self, mpsc::Receiver<Box<dyn Task>>) {
        let (sender, receiver) = mpsc::channel(MAX_TASKS);
        (Self { tasks: Mutex::new(Some(sender)), room: Arc::new(Semaphore::new(MAX_BYTES)) }, receiver)
    }

    /// Submits `work`, which carries about `bytes` of text, before this returns. The future only waits for the answer.
    pub(super) fn submit<T, F>(
        &self,
        bytes: usize,
        work: F,
    ) -> impl Future<Output = Result<T, DatabaseError>> + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    {
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let waiting = Waiting::new();
        let submitted = self.enqueue(bytes, waiting.caller(), work);
        async move {
            let _waiting = waiting;
            match timeout_at(deadline, submitted?).await {
                Ok(Ok(result)) => result,
                // The thread has ended, and dropped the task.
                Ok(Err(_)) => Err(DatabaseError::Closed),
                Err(_) => Err(DatabaseError::TimedOut(ANSWER_TIMEOUT)),
            }
        }
    }

    fn enqueue<T, F>(
        &self,
        bytes: usize,
        caller: Caller,
        work: F,
    ) -> Result<oneshot::Receiver<Result<T, DatabaseError>>, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    {
        // A task larger than the whole limit still gets through, alone.
        let weight = (bytes + TASK_BYTES).min(MAX_BYTES) as u32;
        let room = Arc::clone(&self.room).try_acquire_many_owned(weight).map_err(|_| DatabaseError::Overloaded)?;
        let (answer, receiver) = oneshot::channel();
        let task = Box::new(Submitted { caller, work: Some(work), result: None, answer, room });
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = tasks.as_ref().ok_or(DatabaseError::Closed)?;
        match sender.try_send(task) {
            Ok(()) => Ok(receiver),
            Err(mpsc::error::TrySendError::Full(_)) => Err(DatabaseError::Overloaded),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(DatabaseError::Closed),
        }
    }

    /// Accepts no more tasks; the thread ends once it has run those submitted.
    pub(super) fn close(&self) {
        *self.tasks.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

struct Submitted<T, F> {
    caller: Caller,
    work: Option<F>,
    result: Option<Result<T, DatabaseError>>,
    answer: oneshot::Sender<Result<T, DatabaseError>>,
    room: OwnedSemaphorePermit,
}

impl<T, F> Task for Submitted<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, DatabaseError> + Send,
{
    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else { return false };
        // The savepoint or transaction around it rolls back what a panic leaves half done, so later tasks see nothing
        // of it.
        let result = catch_unwind(AssertUnwindSafe(|| work(connection)));
        let result = result.unwrap_or(Err(DatabaseError::Panicked));
        let succeeded = result.is_ok();
        self.result = Some(result);
        succeeded
    }

    fn answer(self: Box<Self>, committed: Result<(), DatabaseError>) {
        let Self { result, answer, room, .. } = *self;
        let result = match (result, committed) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(error)) => Err(error),
            (Some(result), Ok(())) => result,
            (None, Ok(())) => Err(DatabaseError::RolledBack),
        };
        // Released first, so that a caller finds room as soon as it is answered.
        drop(room);
        let _gone_is_fine = answer.send(result);
    }
}
