//! The single writer of a feed.

use std::sync::Arc;

use super::{
    Feed, FeedContext,
    event_id::Point,
    state::{figures, has_progress},
};
use crate::{
    model::{EndMark, Epoch, JobUpdate, JobView, Step},
    ports::Live,
};

/// Publishes a job's changes to its feed and to the peers. A job has one publisher at a time, owned by whatever runs
/// the job; it is not `Clone`. No call blocks.
pub struct Publisher {
    feed: Feed,
    term: u64,
    version: u64,
    /// Bytes of text published so far.
    length: usize,
    /// What the newest progress event shows; `None` before the first.
    figures: Option<(u8, Step, Option<u64>)>,
}

impl Publisher {
    /// Opens the feed of a job in `epoch`. Its first version shows `view` and `text`.
    pub fn open(epoch: Epoch, view: JobView, text: &str, context: FeedContext) -> Self {
        let view = Arc::new(view);
        let feed = Feed::at_version(0, epoch, Arc::clone(&view), context);
        let mut publisher = Self { feed, term: 0, version: 0, length: 0, figures: None };
        publisher.emit(view, text, None);
        publisher
    }

    /// Replaces a feed's lost publisher. The feed ignores everything the old one still publishes.
    pub fn replace(feed: &Feed) -> Self {
        let mut state = feed.lock();
        state.term += 1;
        let (term, version, length) = (state.term, state.version, state.text.len());
        let figures = Some(figures(&state.view));
        drop(state);
        Self { feed: feed.clone(), term, version, length, figures }
    }

    /// The feed.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Publishes a newer state; `more` is the text added since the last one. Do not call this between
    /// [`Publisher::end_mark`] and [`Publisher::end`], or after the end.
    pub fn publish(&mut self, view: JobView, more: &str) {
        let moved = has_progress(&view) && self.figures != Some(figures(&view));
        let view = Arc::new(view);
        if moved || !more.is_empty() {
            self.emit(view, more, None);
        } else {
            self.feed.update_view(self.term, view);
        }
    }

    /// Returns the end mark to record with the job's end.
    pub fn end_mark(&self) -> EndMark {
        EndMark { event_seq: Point::all(self.version + 2).seq(), text_version: self.feed.lock().text_version() }
    }

    /// Publishes the end. `mark` comes from [`Publisher::end_mark`]; the whole text must have been published before
    /// that call.
    pub fn end(&mut self, view: JobView, mark: EndMark) {
        self.emit(Arc::new(view), "", Some(mark));
    }

    fn emit(&mut self, view: Arc<JobView>, more: &str, end: Option<EndMark>) {
        self.version = match end {
            None => self.version + 1,
            Some(mark) => Point::from_seq(mark.event_seq).version.max(self.version + 2),
        };
        self.figures = Some(figures(&view));
        let update = JobUpdate {
            job: view.id,
            epoch: self.feed.epoch(),
            version: self.version,
            view,
            offset: self.length,
            delta: more.to_owned(),
            end,
        };
        self.length += more.len();
        self.feed.apply(self.term, &update);
        self.feed.peers().publish(&Live::Update(Arc::new(update)));
    }
}
