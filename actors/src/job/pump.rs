//! Passes a generator's pieces to the job.

use std::{
    pin::Pin,
    task::{Context as TaskContext, Poll},
};

use actix::prelude::*;

use super::actor::{JobActor, missing_end};

/// The most pieces handled in a row. After that the mailbox gets its turn, so that a cancel arrives however fast a
/// generator writes.
const PIECES_IN_A_ROW: usize = 32;

/// Polls the stream that the actor owns, for as long as it owns one. The stream is not stored here: dropping it must
/// take effect immediately, and a spawned future is dropped only when its context is next polled.
struct Pump;

impl JobActor {
    /// Starts passing pieces to the job, until the stream is dropped.
    pub(super) fn start_pump(&self, ctx: &mut Context<Self>) {
        ctx.spawn(Pump);
    }
}

impl ActorFuture<JobActor> for Pump {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        job: &mut JobActor,
        ctx: &mut Context<JobActor>,
        task: &mut TaskContext<'_>,
    ) -> Poll<()> {
        for _ in 0..PIECES_IN_A_ROW {
            let Some(generating) = &mut job.generating else { return Poll::Ready(()) };
            match generating.as_mut().poll_next(task) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(piece))) => job.piece(piece, ctx),
                Poll::Ready(Some(Err(failure))) => job.failed(failure, ctx),
                Poll::Ready(None) => job.failed(missing_end(), ctx),
            }
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }
}
