//! The content of an event stream: the events of a subscription, keep-alives, and how the stream ends.

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
use generation_actors::{
    feed::{Subscription, Turn},
    ports::Clock,
};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{stream_slots::StreamSlot, wire::Frames};
use crate::config::Sse;

/// A comment without the blank line that would end a block: no client passes it on to its page.
const KEEP_ALIVE: &[u8] = b":\n";

/// From sending the last `retry:` line to the cut, which discards whatever a proxy or the kernel still buffers.
const CUT_DELAY: Duration = Duration::from_millis(50);

/// Ends a response without its final chunk, so that every kind of client reconnects. Not an error.
#[derive(Debug, Clone, Copy, Display, Error)]
#[display("the event stream is cut; its client reconnects")]
pub(super) struct Cut;

/// One reader's stream. It buffers the newest frames until they are written, at most those of one turn.
///
/// It owns the slot it was opened with, so dropping the stream for any reason frees the slot.
pub(super) struct EventStream {
    phase: Phase,
    due: VecDeque<Bytes>,
    clock: Arc<dyn Clock>,
    timing: Arc<Sse>,
    heartbeat_at: Instant,
    written_at: Instant,
    timer: Pin<Box<Sleep>>,
    /// `None` for a stream that sends one line or event and ends; the limit does not count those.
    _slot: Option<StreamSlot>,
}

enum Phase {
    Reading(Subscription, Arc<Frames>),
    /// Nothing follows, and the response ends cleanly.
    Ending,
    /// The `retry:` line is being sent; the cut follows when the timer fires.
    Cutting,
}

impl EventStream {
    /// Follows `subscription` until its job ends.
    pub(super) fn reading(
        subscription: Subscription,
        slot: StreamSlot,
        frames: Arc<Frames>,
        clock: Arc<dyn Clock>,
        timing: Arc<Sse>,
    ) -> Self {
        // Part of the first event's block: some clients show a separate block as an empty message.
        let stream = Self::new(Phase::Reading(subscription, frames), retry_line(timing.retry), clock, timing);
        Self { _slot: Some(slot), ..stream }
    }

    /// Sends one event and ends cleanly.
    pub(super) fn only(event: Bytes, clock: Arc<dyn Clock>, timing: Arc<Sse>) -> Self {
        let mut stream = Self::new(Phase::Ending, retry_line(timing.retry), clock, timing);
        stream.due.push_back(event);
        stream
    }

    /// Tells the client to reconnect later, then cuts the stream.
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

    /// The next bytes of the stream, any number of them. `None` is a clean end.
    pub(super) fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        loop {
            if let Some(bytes) = self.due.pop_front() {
                self.written_at = Instant::now();
                return Poll::Ready(Some(Ok(bytes)));
            }
            match self.phase {
                Phase::Reading(..) => match catch_unwind(AssertUnwindSafe(|| self.poll_read(context))) {
                    Ok(read) => ready!(read),
                    Err(_) => self.report_panic(),
                },
                Phase::Ending => return Poll::Ready(None),
                Phase::Cutting => {
                    ready!(self.timer.as_mut().poll(context));
                    return Poll::Ready(Some(Err(Cut)));
                }
            }
        }
    }

    /// Waits for an event or for the next keep-alive; what to write is then in `due`.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Phase::Reading(subscription, _) = &mut self.phase else { return Poll::Ready(()) };
        match subscription.poll_events(context, &mut self.due) {
            Poll::Ready(Turn::Events) => {}
            Poll::Ready(Turn::End) => self.phase = Phase::Ending,
            Poll::Ready(Turn::Cut) => self.begin_cut(),
            Poll::Pending => {
                ready!(self.timer.as_mut().poll(context));
                self.keep_alive();
            }
        }
        Poll::Ready(())
    }

    fn begin_cut(&mut self) {
        self.due.push_back(jittered_retry_line(self.timing.retry));
        self.phase = Phase::Cutting;
        self.timer.as_mut().reset(Instant::now() + CUT_DELAY);
    }

    fn keep_alive(&mut self) {
        let Phase::Reading(subscription, _) = &self.phase else { return };
        let now = Instant::now();
        if self.heartbeat_at <= now {
            self.due.push_back(Frames::heartbeat(&subscription.feed().view(), self.clock.now(), None));
            self.heartbeat_at = now + self.timing.heartbeat;
        } else if self.written_at + self.timing.keep_alive <= now {
            self.due.push_back(Bytes::from_static(KEEP_ALIVE));
        }
        let idle_at = if self.due.is_empty() { self.written_at } else { now } + self.timing.keep_alive;
        self.timer.as_mut().reset(idle_at.min(self.heartbeat_at));
    }

    /// The stream broke inside the service while the job continues: report it, and let the client reconnect.
    fn report_panic(&mut self) {
        if let Phase::Reading(subscription, frames) = &self.phase {
            let view = subscription.feed().view();
            log::error!("{}: an event stream panicked", view.id);
            self.due.push_back(frames.stream_error(&view));
        }
        self.begin_cut();
    }
}

fn retry_line(retry: Duration) -> Bytes {
    Bytes::from(format!("retry: {}\n", retry.as_millis()))
}

/// Half to one and a half of the configured delay, so that readers cut together do not reconnect together.
fn jittered_retry_line(retry: Duration) -> Bytes {
    retry_line(retry.mul_f64(rand::random_range(0.5..1.5)))
}

#[cfg(test)]
#[path = "event_stream_tests.rs"]
mod tests;
