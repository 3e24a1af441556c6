//! The feed: what one job shows to any number of readers.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak, atomic::Ordering::Relaxed},
    task::Waker,
};

use super::{LastEventId, Meter, Opening, event_id::Point, frames::FrameEncoder, state::State};
use crate::{
    model::{EndMark, Epoch, JobUpdate, JobView},
    ports::Peers,
};

/// What all feeds of the process share.
#[derive(Clone)]
pub struct FeedContext {
    /// Encodes the events.
    pub encoder: Arc<dyn FrameEncoder>,
    /// Counts events and subscriptions.
    pub meter: Arc<Meter>,
    /// The other nodes, which receive every update too.
    pub peers: Arc<dyn Peers>,
}

/// What one job shows. Cheap to clone; all clones are the same feed. Only the feed's [`Publisher`](super::Publisher)
/// can change it. No call blocks: the lock is held for microseconds, and never while a frame is encoded.
#[derive(Clone)]
pub struct Feed(Arc<Shared>);

/// A reference that does not keep the feed alive.
pub struct WeakFeed(Weak<Shared>);

struct Shared {
    epoch: Epoch,
    context: FeedContext,
    state: Mutex<State>,
    /// The feed that goes on in the next epoch.
    successor: OnceLock<Feed>,
}

/// Prints the job id only: a script must not appear in a log.
impl fmt::Debug for Feed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Feed({}, epoch {})", self.view().id, self.0.epoch)
    }
}

impl Feed {
    /// Restores the feed of a job that ended earlier, from its recorded end mark and whole text. It has no publisher.
    pub fn ended(epoch: Epoch, mark: EndMark, view: JobView, text: &str, context: FeedContext) -> Self {
        Self::with_state(epoch, State::ended(epoch, mark, Arc::new(view), text), context)
    }

    pub(super) fn at_version(version: u64, epoch: Epoch, view: Arc<JobView>, context: FeedContext) -> Self {
        Self::with_state(epoch, State::new(epoch, version, view), context)
    }

    fn with_state(epoch: Epoch, state: State, context: FeedContext) -> Self {
        Self(Arc::new(Shared { epoch, context, state: Mutex::new(state), successor: OnceLock::new() }))
    }

    /// Applies an update from the publisher of `term` and wakes the readers. Updates of an earlier term are ignored.
    pub(super) fn apply(&self, term: u64, update: &JobUpdate) {
        let mut state = self.lock();
        if state.ended || state.term != term {
            return;
        }
        let events = state.apply(update);
        self.meter().published.fetch_add(events, Relaxed);
        wake(state);
    }

    /// Replaces the view without an event, for changes that no event carries.
    pub(super) fn update_view(&self, term: u64, view: Arc<JobView>) {
        let mut state = self.lock();
        if !state.ended && state.term == term {
            state.view = view;
        }
    }

    /// The approximate memory of the feed without readers, in bytes.
    pub fn size(&self) -> usize {
        size_of::<Shared>() + self.lock().size()
    }

    /// Whether any reader is connected.
    pub fn has_readers(&self) -> bool {
        !self.lock().readers.is_empty()
    }

    /// Cuts every reader's connection, including later ones, so that clients reconnect elsewhere or later.
    pub fn cut(&self) {
        let mut state = self.lock();
        state.cut = true;
        wake(state);
    }

    /// Moves every reader, including later ones, to the feed of the job's next epoch, within the same connection. They start
    /// afresh there, since they may hold text that was never made durable. Readers of an ended feed stay.
    pub fn move_readers_to(&self, successor: &Feed) {
        let state = self.lock();
        // A feed has one successor at most: whoever moves its readers has just given it up.
        if !state.ended && self.0.successor.set(successor.clone()).is_ok() {
            wake(state);
        }
    }

    /// Where readers go on. To be asked under the lock: a reader that waits is then woken.
    pub(super) fn successor(&self) -> Option<&Self> {
        self.0.successor.get()
    }

    /// The newest view.
    pub fn view(&self) -> Arc<JobView> {
        Arc::clone(&self.lock().view)
    }

    /// The text shown so far, and a version string that changes whenever the text does.
    pub fn text(&self) -> (Arc<String>, String) {
        let text = Arc::clone(&self.lock().text);
        let version = format!("{}-{}", self.0.epoch, text.len());
        (text, version)
    }

    /// The epoch of the job.
    pub fn epoch(&self) -> Epoch {
        self.0.epoch
    }

    /// Decides how a connection starts for a reader that last saw `last`.
    pub fn opening(&self, last: Option<LastEventId>) -> Opening {
        let state = self.lock();
        Opening::decide(last, self.0.epoch, Point::all(state.version).seq(), state.ended, state.repeats && !state.ended)
    }

    pub(super) fn unsubscribe(&self, key: usize) {
        let mut state = self.lock();
        state.readers.close(key);
        if state.readers.is_empty() {
            state.frames.release();
        }
        self.meter().unsubscribed();
    }

    /// Returns a reference that does not keep the feed alive.
    pub fn downgrade(&self) -> WeakFeed {
        WeakFeed(Arc::downgrade(&self.0))
    }

    /// What the feed shares with all others.
    pub fn context(&self) -> FeedContext {
        self.0.context.clone()
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.0.context.meter
    }

    pub(super) fn peers(&self) -> &dyn Peers {
        &*self.0.context.peers
    }

    pub(super) fn encoder(&self) -> &dyn FrameEncoder {
        &*self.0.context.encoder
    }

    /// Ignores lock poisoning: every step under the lock leaves a consistent state.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WeakFeed {
    /// The feed, if it is still alive.
    pub fn upgrade(&self) -> Option<Feed> {
        self.0.upgrade().map(Feed)
    }

    /// Whether the feed is still alive.
    pub fn is_held(&self) -> bool {
        self.0.strong_count() > 0
    }
}

/// Unlocks the feed, then wakes the waiting readers.
fn wake(mut state: MutexGuard<'_, State>) {
    let waiting = state.readers.take_waiting();
    drop(state);
    waiting.into_iter().for_each(Waker::wake);
}
