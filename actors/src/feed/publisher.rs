//! The feed itself: the newest state of one job, and the publishing of it.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    task::Waker,
};

use bytes::Bytes;

use super::{
    LastEventId, Meter, Opening, PreviewMode, Resume, Subscription,
    cursor::Cursor,
    event_id::Point,
    frame::{self, Figures, PreviewText},
    marks::{Mark, Marks},
    readers::Readers,
};
use crate::{
    job::{Epoch, JobView, Status},
    ports::{EndMark, EpisodeRef},
    wording::Wording,
};

/// What every feed of the process shares.
#[derive(Debug, Clone)]
pub struct FeedContext {
    /// The sentences in its events.
    pub wording: Arc<Wording>,
    /// The counters it adds to.
    pub meter: Arc<Meter>,
}

/// What one job shows; cheap to clone, all clones are the same feed.
///
/// The job's owner publishes (never from two places at once); anybody may read. All calls return at once.
#[derive(Clone)]
pub struct Feed(pub(super) Arc<Shared>);

/// Names the job only: a script has no place in a log.
impl fmt::Debug for Feed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Feed({}, epoch {})", self.view().id, self.0.epoch)
    }
}

pub(super) struct Shared {
    epoch: Epoch,
    context: FeedContext,
    /// 1 and up; 0 while not queued.
    pub(super) queue_position: AtomicU32,
    state: Mutex<State>,
}

pub(super) struct State {
    /// Counts publishings; event ids are made from it.
    version: u64,
    pub(super) view: Arc<JobView>,
    text: String,
    utf16: usize,
    marks: Marks,
    /// What the newest progress event says.
    figures: Figures,
    progress: Change,
    preview: Change,
    /// The mark of the end has been taken: nothing may be published before the end itself.
    pub(super) sealed: bool,
    ended: bool,
    cut: bool,
    pub(super) cache: Vec<(Key, Bytes)>,
    pub(super) readers: Readers,
}

/// When something last changed, and how often it has: the difference tells how many a slow reader skipped.
#[derive(Debug, Clone, Copy, Default)]
struct Change {
    version: u64,
    count: u64,
}

impl Change {
    fn at(&mut self, version: u64) {
        self.version = version;
        self.count += 1;
    }
}

/// Which frame of the present version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Progress(u64),
    Full(u64),
    Delta(u64, usize),
    Terminal,
}

/// Readers far behind each need a frame of their own; past this many kinds the frames are not kept.
const CACHED_FRAMES: usize = 8;

impl Feed {
    /// A feed that shows `view` and `text` as its first version.
    pub fn new(epoch: Epoch, view: JobView, text: &str, context: FeedContext) -> Self {
        let feed = Self::at_version(0, epoch, view.clone(), context);
        feed.publish(view, text);
        if text.is_empty() && epoch > Epoch::FIRST {
            // Readers of the earlier taking-up may hold text that was never made durable: an empty preview clears it.
            let mut state = feed.lock();
            let version = state.version;
            state.preview.at(version);
        }
        feed
    }

    /// The feed of a job that ended earlier, with the mark that [`Feed::end_mark`] gave then and the whole text.
    pub fn ended(epoch: Epoch, mark: EndMark, view: JobView, text: &str, context: FeedContext) -> Self {
        let version = Point::from_seq(mark.event_seq).version;
        let completed = view.status == Status::Completed;
        let feed = Self::at_version(version, epoch, view, context);
        let mut state = feed.lock();
        state.ended = true;
        if completed {
            state.progress.at(version.saturating_sub(1));
        }
        if mark.text_version > 0 {
            state.append(text, mark.text_version);
        }
        drop(state);
        feed
    }

    fn at_version(version: u64, epoch: Epoch, view: JobView, context: FeedContext) -> Self {
        let figures = Figures::of(&view);
        let state = State {
            version,
            view: Arc::new(view),
            text: String::new(),
            utf16: 0,
            marks: Marks::default(),
            figures,
            progress: Change::default(),
            preview: Change::default(),
            sealed: false,
            ended: false,
            cut: false,
            cache: Vec::new(),
            readers: Readers::default(),
        };
        Self(Arc::new(Shared { epoch, context, queue_position: AtomicU32::new(0), state: Mutex::new(state) }))
    }

    /// Shows a newer state; `more` is the text since the last publishing.
    pub fn publish(&self, view: JobView, more: &str) {
        let mut state = self.lock();
        if !state.ended && self.advance(&mut state, view, more) {
            wake(state);
        }
    }

    /// Shows the end; nothing can be published after it. `mark` is what [`Feed::end_mark`] said, and the whole text has been
    /// shown before that.
    pub fn end(&self, view: JobView, mark: EndMark) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        self.advance(&mut state, view, "");
        state.version = Point::from_seq(mark.event_seq).version.max(state.version + 1);
        state.ended = true;
        state.cache.clear();
        state.marks.shrink();
        state.text.shrink_to_fit();
        self.0.context.meter.published.fetch_add(1, Relaxed);
        wake(state);
    }

    /// Whether readers have something new to see.
    pub(super) fn advance(&self, state: &mut State, view: JobView, more: &str) -> bool {
        let version = state.version + 1;
        // A failed or canceled job's terminal event says all there is to say; a progress event before it would add nothing.
        let shown = matches!(view.status, Status::Queued | Status::Streaming | Status::Completed);
        let figures = Figures::of(&view);
        let moved = state.progress.count == 0 || figures != state.figures;
        let progress = shown && moved;
        state.view = Arc::new(view);
        if !progress && more.is_empty() {
            return false;
        }
        state.version = version;
        state.cache.clear();
        if progress {
            state.figures = figures;
            state.progress.at(version);
        }
        if !more.is_empty() {
            state.append(more, version);
        }
        let events = u64::from(progress) + u64::from(!more.is_empty());
        self.0.context.meter.published.fetch_add(events, Relaxed);
        true
    }

    /// Notes where the script of a completed job was saved after all; whoever comes later is told so.
    pub fn episode_saved(&self, episode: EpisodeRef) {
        self.amend(|view| view.episode = Some(episode));
    }

    /// Notes that saving the script is tried again although the store had refused it.
    pub fn episode_owed(&self) {
        self.amend(|view| view.episode_refused = false);
    }

    /// Notes that the episode store will never take the script.
    pub fn episode_refused(&self) {
        self.amend(|view| view.episode_refused = true);
    }

    fn amend(&self, change: impl FnOnce(&mut JobView)) {
        let mut state = self.lock();
        change(Arc::make_mut(&mut state.view));
        state.cache.clear();
    }

    /// About how many bytes it takes in memory while nobody reads it.
    pub fn size(&self) -> usize {
        let state = self.lock();
        size_of::<Shared>() + size_of::<JobView>() + state.text.len() + state.marks.size() + state.view.brief.size()
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

    /// What the end of the job is recorded with; nothing is to be published between this and the end.
    pub fn end_mark(&self) -> EndMark {
        let mut state = self.lock();
        state.sealed = true;
        EndMark { event_seq: Point::all(state.version + 2).seq(), text_version: state.preview.version }
    }

    /// The newest state shown.
    pub fn view(&self) -> Arc<JobView> {
        Arc::clone(&self.lock().view)
    }

    /// The text shown so far, with a version that changes whenever the text does.
    pub fn text(&self) -> (String, String) {
        let state = self.lock();
        (state.text.clone(), format!("{}-{}", self.0.epoch, state.text.len()))
    }

    /// The taking-up of the job that this feed shows.
    pub fn epoch(&self) -> Epoch {
        self.0.epoch
    }

    /// The sentences in its events.
    pub fn wording(&self) -> &Wording {
        &self.0.context.wording
    }

    /// How a connection begins whose reader saw `last`.
    pub fn opening(&self, last: Option<LastEventId>) -> Opening {
        let state = self.lock();
        Opening::decide(last, self.0.epoch, Point::all(state.version).seq(), state.ended)
    }

    /// Starts reading; what is due at once is there at the first poll.
    pub fn subscribe(&self, resume: Resume, mode: PreviewMode) -> Subscription {
        let cursor = match resume {
            Resume::Fresh => Cursor::FRESH,
            Resume::After(seq) => Cursor::after(seq),
        };
        let key = self.lock().readers.open();
        self.0.context.meter.subscribed();
        Subscription::new(self.clone(), key, mode, cursor)
    }

    pub(super) fn unsubscribe(&self, key: usize) {
        let mut state = self.lock();
        state.readers.close(key);
        if state.readers.is_empty() {
            state.cache = Vec::new();
        }
        self.0.context.meter.unsubscribed();
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.0.context.meter
    }

    /// A panic while publishing leaves a state that is still whole: every step of it is.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Unlocks the feed, then wakes those who wait for it.
pub(super) fn wake(mut state: MutexGuard<'_, State>) {
    let waiting = state.readers.take_waiting();
    drop(state);
    waiting.into_iter().for_each(Waker::wake);
}

impl State {
    fn append(&mut self, more: &str, version: u64) {
        self.text.push_str(more);
        self.utf16 += more.encode_utf16().count();
        self.marks.push(Mark { version, bytes: self.text.len(), utf16: self.utf16 });
        self.preview.at(version);
    }
}

/// What a subscription asks of the locked state.
impl State {
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Whether a reader at `cursor` is due a progress event, and how many it has skipped.
    pub(super) fn progress_due(&self, cursor: &Cursor) -> bool {
        self.progress.version > cursor.progress
    }

    pub(super) fn preview_due(&self, cursor: &Cursor, mode: PreviewMode) -> bool {
        // The completed event carries the whole text: another whole one right before it would double the bytes.
        let whole = mode == PreviewMode::Full || cursor.fresh;
        let contained = self.ended && whole && self.view.status == Status::Completed;
        self.preview.version > cursor.preview && !contained
    }

    pub(super) fn counts(&self) -> (u64, u64) {
        (self.progress.count, self.preview.count)
    }

    pub(super) fn progress_frame(&mut self, feed: &Feed, seq: u64) -> Bytes {
        self.cached(Key::Progress(seq), |state| {
            frame::progress_frame(feed.epoch(), seq, &state.view, state.figures, feed.wording())
        })
    }

    pub(super) fn preview_frame(&mut self, feed: &Feed, seq: u64, mode: PreviewMode, cursor: &Cursor) -> Bytes {
        match mode {
            PreviewMode::Full => self.cached(Key::Full(seq), |state| {
                let text = PreviewText::Full { markdown: &state.text };
                frame::preview_frame(feed.epoch(), seq, &state.view, text)
            }),
            PreviewMode::Delta => {
                let seen = self.marks.at(cursor.preview);
                self.cached(Key::Delta(seq, seen.bytes), |state| {
                    let text = PreviewText::Delta { delta: &state.text[seen.bytes..], offset: seen.utf16 };
                    frame::preview_frame(feed.epoch(), seq, &state.view, text)
                })
            }
        }
    }

    pub(super) fn terminal_frame(&mut self, feed: &Feed) -> Bytes {
        let seq = Point::all(self.version).seq();
        self.cached(Key::Terminal, |state| {
            frame::terminal_frame(feed.epoch(), seq, &state.view, &state.text, feed.wording())
        })
    }

    fn cached(&mut self, key: Key, encode: impl FnOnce(&Self) -> Bytes) -> Bytes {
        if let Some((_, bytes)) = self.cache.iter().find(|(kept, _)| *kept == key) {
            return bytes.clone();
        }
        let bytes = encode(self);
        if self.cache.len() < CACHED_FRAMES {
            self.cache.push((key, bytes.clone()));
        }
        bytes
    }
}
