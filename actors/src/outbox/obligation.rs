//! What the outbox asks of each kind.

use futures_util::future::LocalBoxFuture;

use crate::{
    job::JobPorts,
    model::{Cause, JobId},
};

/// Something that is owed. An attempt that fails is repeated, however long it takes, until it is done or can never be.
pub trait Obligation: Send + 'static {
    /// Which kind it is.
    fn kind(&self) -> Kind;

    /// The job it is about. Two obligations of one kind about one job are one: the earlier is kept.
    fn job(&self) -> JobId;

    /// Attempts it once, within a deadline of its own. Whoever waits for the result is told by the attempt itself, exactly
    /// once, when it answers [`Attempt::Over`]. Attempting again what is done already must change nothing.
    fn attempt(&self, ports: &JobPorts) -> LocalBoxFuture<'static, Attempt>;
}

/// A kind of obligation. Each has attempts of its own, so that a store that hangs keeps no other kind waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind {
    /// For the log: what is not done yet.
    pub name: &'static str,
    /// Attempts under way at once: a store that comes back is not overrun.
    pub at_once: usize,
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It is done, or never will be: nothing is owed any more.
    Over,
    /// Try again.
    Later(Later, Cause),
}

/// When an attempt has a chance again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// Down, slow, busy: it may work soon.
    Soon,
    /// Its store does nothing for anybody at the moment: everything of this kind waits, and one attempt a second finds out
    /// whether it is back.
    Down,
    /// Somebody has to mend the settings or the other server; nobody does that within seconds.
    OnceMended,
}
