//! One reader of a feed.

use std::{
    collections::VecDeque,
    sync::atomic::Ordering::Relaxed,
    task::{Context, Poll},
};

use bytes::Bytes;

use super::{
    Feed, PreviewMode,
    cursor::Cursor,
    event_id::{Part, Point},
    publisher::State,
};

/// A reader's place in a feed. Dropping it closes it.
#[derive(Debug)]
pub struct Subscription {
    feed: Feed,
    key: usize,
    mode: PreviewMode,
    cursor: Cursor,
    finished: bool,
    /// How many progress and preview events there had been when this reader last looked.
    counts: Option<(u64, u64)>,
}

/// What a poll of a subscription brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Events were appended.
    Events,
    /// The terminal event has been taken: end the response cleanly.
    End,
    /// The job goes on but this stream must not: break off, so that the client reconnects.
    Cut,
}

impl Subscription {
    pub(super) fn new(feed: Feed, key: usize, mode: PreviewMode, cursor: Cursor) -> Self {
        Self { feed, key, mode, cursor, finished: false, counts: None }
    }

    /// The feed it reads.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Appends every event that is newer than the cursor to `out`, in the order of their ids, or waits for one.
    ///
    /// # Cancel safety
    /// What was appended counts as seen; nothing is lost between two polls.
    pub fn poll_events(&mut self, context: &Context<'_>, out: &mut VecDeque<Bytes>) -> Poll<Turn> {
        if self.finished {
            return Poll::Ready(Turn::End);
        }
        let feed = &self.feed;
        let mut state = feed.lock();
        let before = out.len();
        take_due(feed, self.mode, &mut self.cursor, &mut state, out);
        if state.is_ended() {
            out.push_back(state.terminal_frame(feed));
            self.finished = true;
        }
        let taken = out.len() - before;
        if taken > 0 {
            let counts = state.counts();
            drop(state);
            self.count(counts, taken);
            return Poll::Ready(Turn::Events);
        }
        if state.is_cut() {
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

fn take_due(feed: &Feed, mode: PreviewMode, cursor: &mut Cursor, state: &mut State, out: &mut VecDeque<Bytes>) {
    // How far a job is does not matter to a reader that comes after its end.
    let progress = state.progress_due(cursor) && !(state.is_ended() && cursor.fresh);
    let preview = state.preview_due(cursor, mode);
    // Before the end, ids belong to the version before the terminal event's own.
    let version = state.version() - u64::from(state.is_ended());
    let at = |part| Point { version, part }.seq();
    match (progress, preview) {
        (false, false) => return,
        (true, false) => out.push_back(state.progress_frame(feed, at(Part::All))),
        (false, true) => out.push_back(state.preview_frame(feed, at(Part::All), mode, cursor)),
        (true, true) if cursor.fresh => {
            out.push_back(state.progress_frame(feed, at(Part::ProgressOnly)));
            out.push_back(state.preview_frame(feed, at(Part::All), mode, cursor));
        }
        (true, true) => {
            out.push_back(state.preview_frame(feed, at(Part::PreviewOnly), mode, cursor));
            out.push_back(state.progress_frame(feed, at(Part::All)));
        }
    }
    *cursor = Cursor::caught_up(version);
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.feed.unsubscribe(self.key);
    }
}
