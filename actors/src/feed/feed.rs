//! The feed itself: what one job shows, for any number of readers.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, atomic::Ordering::Relaxed},
    task::Waker,
};

use super::{LastEventId, Meter, Opening, event_id::Point, frames::FrameEncoder, state::State};
use crate::{
    model::{EndMark, Epoch, JobUpdate, JobView},
    ports::Peers,
};

/// What every feed of the process shares.
#[derive(Clone)]
pub struct FeedContext {
    /// Makes the bytes of its events.
    pub encoder: Arc<dyn FrameEncoder>,
    /// The counters it adds to.
    pub meter: Arc<Meter>,
    /// The other nodes, who are told as well.
    pub peers: Arc<dyn Peers>,
}

/// What one job shows; cheap to clone, all clones are the same feed. Only its [`Publisher`](super::Publisher) can change what is
/// shown. All calls return at once; the lock is held for microseconds, and never while a frame is encoded.
#[derive(Clone)]
pub struct Feed(Arc<Shared>);

/// A feed that goes when nobody else holds it.
pub struct WeakFeed(Weak<Shared>);

struct Shared {
    epoch: Epoch,
    context: FeedContext,
    state: Mutex<State>,
}

/// Names the job only: a script has no place in a log.
impl fmt::Debug for Feed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Feed({}, epoch {})", self.view().id, self.0.epoch)
    }
}

impl Feed {
    /// The feed of a job that ended earlier, with its recorded mark and its whole text. It has no publisher.
    pub fn ended(epoch: Epoch, mark: EndMark, view: JobView, text: &str, context: FeedContext) -> Self {
        Self::with_state(epoch, State::ended(epoch, mark, Arc::new(view), text), context)
    }

    pub(super) fn at_version(version: u64, epoch: Epoch, view: Arc<JobView>, context: FeedContext) -> Self {
        Self::with_state(epoch, State::new(epoch, version, view), context)
    }

    fn with_state(epoch: Epoch, state: State, context: FeedContext) -> Self {
        Self(Arc::new(Shared { epoch, context, state: Mutex::new(state) }))
    }

    /// Takes what the publisher of that term says, and wakes the readers.
    pub(super) fn take(&self, term: u64, update: &JobUpdate) {
        let mut state = self.lock();
        if state.ended || state.term != term {
            return;
        }
        let events = state.apply(update);
        self.meter().published.fetch_add(events, Relaxed);
        wake(state);
    }

    /// Replaces what is shown by something that no event would tell of.
    pub(super) fn amend(&self, term: u64, view: Arc<JobView>) {
        let mut state = self.lock();
        if !state.ended && state.term == term {
            state.view = view;
        }
    }

    /// About how many bytes it takes in memory while nobody reads it.
    pub fn size(&self) -> usize {
        size_of::<Shared>() + self.lock().size()
    }

    /// Whether anybody is connected.
    pub fn has_readers(&self) -> bool {
        !self.lock().readers.is_empty()
    }

    /// Tells every reader's connection to break off, so that its client reconnects elsewhere or later; later ones at once.
    pub fn cut(&self) {
        let mut state = self.lock();
        state.cut = true;
        wake(state);
    }

    /// The newest state shown.
    pub fn view(&self) -> Arc<JobView> {
        Arc::clone(&self.lock().view)
    }

    /// The text shown so far, with a version that changes whenever the text does.
    pub fn text(&self) -> (Arc<String>, String) {
        let text = Arc::clone(&self.lock().text);
        let version = format!("{}-{}", self.0.epoch, text.len());
        (text, version)
    }

    /// The epoch of the job that this feed shows.
    pub fn epoch(&self) -> Epoch {
        self.0.epoch
    }

    /// How a connection begins whose reader saw `last`.
    pub fn opening(&self, last: Option<LastEventId>) -> Opening {
        let state = self.lock();
        Opening::decide(last, self.0.epoch, Point::all(state.version).seq(), state.ended)
    }

    pub(super) fn unsubscribe(&self, key: usize) {
        let mut state = self.lock();
        state.readers.close(key);
        if state.readers.is_empty() {
            state.frames.release();
        }
        self.meter().unsubscribed();
    }

    /// The same feed, without keeping it.
    pub fn downgrade(&self) -> WeakFeed {
        WeakFeed(Arc::downgrade(&self.0))
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

    /// A panic under the lock leaves a state that is still whole: every step of it is.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WeakFeed {
    /// The feed, while somebody holds it.
    pub fn upgrade(&self) -> Option<Feed> {
        self.0.upgrade().map(Feed)
    }

    /// Whether somebody still holds it.
    pub fn is_held(&self) -> bool {
        self.0.strong_count() > 0
    }
}

/// Unlocks the feed, then wakes those who wait for it.
fn wake(mut state: MutexGuard<'_, State>) {
    let waiting = state.readers.take_waiting();
    drop(state);
    waiting.into_iter().for_each(Waker::wake);
}
