//! The way to a thread that owns a connection: ordered, bounded, and never blocking the caller.

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

/// Tasks that may wait.
const MAX_TASKS: usize = 32 * 1024;
/// Bytes that the waiting tasks may carry together.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// What a task weighs beyond the texts it carries.
const TASK_BYTES: usize = 512;
/// How long a caller waits for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Something to do on a connection, and somebody to tell.
pub(super) trait Task: Send {
    /// Who waits for it.
    fn caller(&self) -> &Caller;

    /// Does it, once; false when it failed and what it changed must be undone.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Tells the caller how it went, given whether the transaction around it became durable.
    fn answer(self: Box<Self>, committed: Result<(), DatabaseError>);
}

/// The callers' end. What was submitted reaches the thread in that order; whether it still does what nobody waits for any
/// more is the thread's choice.
pub(super) struct Lane {
    /// `None` once closed.
    tasks: Mutex<Option<mpsc::Sender<Box<dyn Task>>>>,
    room: Arc<Semaphore>,
}

impl Lane {
    /// A lane and the thread's end of it.
    pub(super) fn new() -> (Self, mpsc::Receiver<Box<dyn Task>>) {
        let (sender, receiver) = mpsc::channel(MAX_TASKS);
        (Self { tasks: Mutex::new(Some(sender)), room: Arc::new(Semaphore::new(MAX_BYTES)) }, receiver)
    }

    /// Hands in `work`, which carries about `bytes` of text, before this returns; the future only waits for the answer.
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
                // The thread is gone, and the task with it.
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
        // One that is larger than the whole room still gets through, alone.
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

    /// Takes nothing more; the thread ends once it has done what it was given.
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
        // The caller undoes what a panic leaves half done, so nothing broken is seen later.
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
        // First, so that who is answered finds the room free.
        drop(room);
        let _gone_is_fine = answer.send(result);
    }
}
