//! The trait that each kind of obligation implements.

use futures_util::future::LocalBoxFuture;

use crate::{
    job::JobPorts,
    model::{Cause, JobId},
};

/// Work that must eventually be done. A failed attempt is retried, however long it takes, until the work is done or can
/// never be done.
pub trait Obligation: Send + 'static {
    /// The kind of the obligation.
    fn kind(&self) -> Kind;

    /// The job concerned. The outbox keeps one obligation per kind and job: the earlier one.
    fn job(&self) -> JobId;

    /// Makes one attempt, with its own timeout. The attempt itself reports the result to the recipient, exactly once,
    /// when it returns [`Attempt::Finished`]. Repeating finished work must change nothing.
    fn attempt(&self, ports: &JobPorts) -> LocalBoxFuture<'static, Attempt>;
}

/// A kind of obligation. Each kind has its own attempts, so that a hanging store does not delay the other kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind {
    /// The problem, as worded in the log.
    pub name: &'static str,
    /// The most attempts in progress at once, so that a store that comes back is not overloaded.
    pub at_once: usize,
}

/// The result of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The work is done, or can never be done: the obligation is removed.
    Finished,
    /// The attempt failed; try again.
    Retry(Retry, Cause),
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The store is down, slow or busy; it may work soon. Pauses double from 1 s to 60 s.
    Soon,
    /// The store answers no request at all: pause this whole kind, and make one attempt a second until the store is
    /// back.
    StoreDown,
    /// An operator must fix the settings or the other server, which takes longer than seconds. Pauses double from 2 to
    /// 15 minutes.
    NeedsOperator,
}
