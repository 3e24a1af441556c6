//! One reader of a feed.

use std::{
    collections::VecDeque,
    sync::atomic::Ordering::Relaxed,
    task::{Context, Poll},
};

use bytes::Bytes;

use super::{Feed, LastEventId, Opening, PreviewMode, Resume, cursor::Cursor};

/// A reader's position in a feed. Dropping it unsubscribes.
#[derive(Debug)]
pub struct Subscription {
    feed: Feed,
    key: usize,
    mode: PreviewMode,
    cursor: Cursor,
    finished: bool,
    /// What the reader has seen of a later epoch.
    ahead: Option<LastEventId>,
    /// The numbers of progress and preview events at this reader's last poll.
    counts: Option<(u64, u64)>,
}

/// The result of polling a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Events were appended.
    Events,
    /// The reader has the terminal event: end the response cleanly.
    End,
    /// The job continues but this stream must not: cut the connection, so that the client reconnects.
    Cut,
}

impl Feed {
    /// Subscribes a reader. Events already due are ready at the first poll.
    pub fn subscribe(&self, resume: Resume, mode: PreviewMode) -> Subscription {
        let cursor = match resume {
            Resume::Fresh => Cursor::FRESH,
            Resume::After(seq) => Cursor::after(seq),
            Resume::Ahead(_) => Cursor::caught_up(u64::MAX),
        };
        let ahead = match resume {
            Resume::Ahead(last) => Some(last),
            Resume::Fresh | Resume::After(_) => None,
        };
        let key = self.lock().readers.open();
        self.meter().subscribed();
        Subscription { feed: self.clone(), key, mode, cursor, finished: false, ahead, counts: None }
    }
}

impl Subscription {
    /// The feed being read.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Appends every event newer than the cursor to `out`, in id order, or waits for one.
    ///
    /// # Cancel safety
    /// Appended events count as seen; nothing is lost between two polls.
    pub fn poll_events(&mut self, context: &Context<'_>, out: &mut VecDeque<Bytes>) -> Poll<Turn> {
        if self.finished {
            return Poll::Ready(Turn::End);
        }
        let mut state = self.feed.lock();
        if let Some(successor) = self.feed.successor().cloned() {
            drop(state);
            let resume = match self.ahead.map(|last| successor.opening(Some(last))) {
                Some(Opening::Subscribe(resume)) => resume,
                _ => Resume::Fresh,
            };
            *self = successor.subscribe(resume, self.mode);
            return self.poll_events(context, out);
        }
        let due = state.take_due(self.mode, &mut self.cursor);
        if due[0].is_some() {
            let counts = state.counts();
            self.finished = state.ended;
            drop(state);
            let before = out.len();
            out.extend(due.into_iter().flatten().map(|due| due.bytes(self.feed.encoder())));
            self.count(counts, out.len() - before);
            return Poll::Ready(Turn::Events);
        }
        if state.cut {
            return Poll::Ready(Turn::Cut);
        }
        state.readers.wait(self.key, context);
        Poll::Pending
    }

    fn count(&mut self, (progress, preview): (u64, u64), taken: usize) {
        let meter = self.feed.meter();
        meter.delivered.fetch_add(taken as u64, Relaxed);
        if let Some((seen_progress, seen_preview)) = self.counts {
            let skipped = (progress - seen_progress).saturating_sub(1) + (preview - seen_preview).saturating_sub(1);
            if skipped > 0 {
                meter.coalesced.fetch_add(skipped, Relaxed);
            }
        }
        self.counts = Some((progress, preview));
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.feed.unsubscribe(self.key);
    }
}
