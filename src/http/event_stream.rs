//! What is sent on an event stream: the events of a subscription, signs of life, and how it stops.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use derive_more::{Display, Error};
use generation_actors::{feed::{Subscription, Turn, heartbeat_frame, stream_error_frame}, ports::Clock};
use tokio::time::{Instant, Sleep, sleep_until};

use super::stream_slots::StreamSlot;
use crate::config::Sse;

/// A comment without the blank line that would end a block: no client shows it to its page (`clients.md`).
const KEEP_ALIVE: &[u8] = b":\n";

/// From handing out the last `retry:` line to the cut, which discards whatever a proxy or the kernel still buffers.
const CUT_DELAY: Duration = Duration::from_millis(50);

/// Ends a response without its final chunk, so that every kind of client reconnects. Not a fault.
#[derive(Debug, Clone, Copy, Display, Error)]
#[display("the event stream is cut; its client reconnects")]
pub(super) struct Cut;

/// One reader's stream. It holds the newest frames until they are written, never more than one turn's.
///
/// Whoever owns it has the slot that it was opened with: dropping it, for whatever reason, frees the slot.
pub(super) struct EventStream {
    phase: Phase,
    due: VecDeque<Bytes>,
    clock: Arc<dyn Clock>,
    timing: Arc<Sse>,
    heartbeat_at: Instant,
    written_at: Instant,
    timer: Pin<Box<Sleep>>,
    /// `None` for a stream that sends one line or event and ends: those are not counted.
    _slot: Option<StreamSlot>,
}

enum Phase {
    Reading(Subscription),
    /// Nothing follows: the response ends cleanly.
    Ending,
    /// The `retry:` line is being sent; the cut follows when the timer fires.
    Cutting,
}

impl EventStream {
    /// Follows `subscription` until its job ends.
    pub(super) fn reading(
        subscription: Subscription,
        slot: StreamSlot,
        clock: Arc<dyn Clock>,
        timing: Arc<Sse>,
    ) -> Self {
        // In the block of the first event: a block of its own would be shown as an empty message by some clients.
        let stream = Self::new(Phase::Reading(subscription), retry_line(timing.retry), clock, timing);
        Self { _slot: Some(slot), ..stream }
    }

    /// Sends one event and ends cleanly.
    pub(super) fn only(event: Bytes, clock: Arc<dyn Clock>, timing: Arc<Sse>) -> Self {
        let mut stream = Self::new(Phase::Ending, retry_line(timing.retry), clock, timing);
        stream.due.push_back(event);
        stream
    }

    /// Sends its client away, to come back later.
    pub(super) fn cut(clock: Arc<dyn Clock>, timing: Arc<Sse>) -> Self {
        let mut stream = Self::new(Phase::Cutting, jittered_retry_line(timing.retry), clock, timing);
        stream.timer.as_mut().reset(Instant::now() + CUT_DELAY);
        stream
    }

    fn new(phase: Phase, first: Bytes, clock: Arc<dyn Clock>, timing: Arc<Sse>) -> Self {
        let now = Instant::now();
        Self {
            phase,
            due: VecDeque::from([first]),
            clock,
            heartbeat_at: now + timing.heartbeat,
            written_at: now,
            timer: Box::pin(sleep_until(now + timing.heartbeat.min(timing.keep_alive))),
            timing,
            _slot: None,
        }
    }

    /// The next bytes of the stream, however many: `None` is its clean end.
    pub(super) fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        loop {
            if let Some(bytes) = self.due.pop_front() {
                self.written_at = Instant::now();
                return Poll::Ready(Some(Ok(bytes)));
            }
            match self.phase {
                Phase::Reading(_) => match catch_unwind(AssertUnwindSafe(|| self.poll_read(context))) {
                    Ok(read) => ready!(read),
                    Err(_) => self.broken(),
                },
                Phase::Ending => return Poll::Ready(None),
                Phase::Cutting => {
                    ready!(self.timer.as_mut().poll(context));
                    return Poll::Ready(Some(Err(Cut)));
                }
            }
        }
    }

    /// Waits for events or for the time of a sign of life; what there is to write is in `due` afterwards.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Phase::Reading(subscription) = &mut self.phase else { return Poll::Ready(()) };
        match subscription.poll_events(context, &mut self.due) {
            Poll::Ready(Turn::Events) => {}
            Poll::Ready(Turn::End) => self.phase = Phase::Ending,
            Poll::Ready(Turn::Cut) => self.send_away(),
            Poll::Pending => {
                ready!(self.timer.as_mut().poll(context));
                self.sign_of_life();
            }
        }
        Poll::Ready(())
    }

    fn send_away(&mut self) {
        self.due.push_back(jittered_retry_line(self.timing.retry));
        self.phase = Phase::Cutting;
        self.timer.as_mut().reset(Instant::now() + CUT_DELAY);
    }

    fn sign_of_life(&mut self) {
        let Phase::Reading(subscription) = &self.phase else { return };
        let now = Instant::now();
        if self.heartbeat_at <= now {
            let feed = subscription.feed();
            self.due.push_back(heartbeat_frame(&feed.view(), feed.queue_position(), self.clock.now(), None));
            self.heartbeat_at = now + self.timing.heartbeat;
        } else if self.written_at + self.timing.keep_alive <= now {
            self.due.push_back(Bytes::from_static(KEEP_ALIVE));
        }
        let idle_at = if self.due.is_empty() { self.written_at } else { now } + self.timing.keep_alive;
        self.timer.as_mut().reset(idle_at.min(self.heartbeat_at));
    }

    /// The stream broke in here while the job goes on: tell the reader, and let its client come back.
    fn broken(&mut self) {
        if let Phase::Reading(subscription) = &self.phase {
            let feed = subscription.feed();
            let view = feed.view();
            log::error!("{}: an event stream panicked", view.id);
            let message = feed.wording().stream_error(view.brief.locale);
            self.due.push_back(stream_error_frame(view.id, message));
        }
        self.send_away();
    }
}

fn retry_line(retry: Duration) -> Bytes {
    Bytes::from(format!("retry: {}\n", retry.as_millis()))
}

/// Half to one and a half of the usual pause, so that readers who are cut together do not come back together.
fn jittered_retry_line(retry: Duration) -> Bytes {
    retry_line(retry.mul_f64(rand::random_range(0.5..1.5)))
}

#[cfg(test)]
#[path = "event_stream_tests.rs"]
mod tests;
