//! The one who writes a feed.

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

/// Says what happens to a job, to everybody who watches it: its feed here, and the peers. A job has one at a time, which
/// belongs to whoever runs the job; it is not `Clone`. All calls return at once.
pub struct Publisher {
    feed: Feed,
    term: u64,
    version: u64,
    /// Bytes of text that have been shown.
    length: usize,
    /// What the newest progress event says; `None` before the first.
    figures: Option<(u8, Step, Option<u64>)>,
}

impl Publisher {
    /// Opens the feed of a job in `epoch`, which shows `view` and `text` as its first version.
    pub fn open(epoch: Epoch, view: JobView, text: &str, context: FeedContext) -> Self {
        let view = Arc::new(view);
        let feed = Feed::at_version(0, epoch, Arc::clone(&view), context);
        let mut publisher = Self { feed, term: 0, version: 0, length: 0, figures: None };
        publisher.say(view, text, None);
        publisher
    }

    /// Takes the place of a feed's publisher that is lost; what that one still says is not heard any more.
    pub fn succeed(feed: &Feed) -> Self {
        let mut state = feed.lock();
        state.term += 1;
        let (term, version, length) = (state.term, state.version, state.text.len());
        let figures = Some(figures(&state.view));
        drop(state);
        Self { feed: feed.clone(), term, version, length, figures }
    }

    /// What is read.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Shows a newer state; `more` is the text since the last one. Nothing is to be published between [`Publisher::end_mark`] and
    /// the end, or after it.
    pub fn publish(&mut self, view: JobView, more: &str) {
        let moved = has_progress(&view) && self.figures != Some(figures(&view));
        let view = Arc::new(view);
        if moved || !more.is_empty() {
            self.say(view, more, None);
        } else {
            self.feed.amend(self.term, view);
        }
    }

    /// What the end of the job is to be recorded with.
    pub fn end_mark(&self) -> EndMark {
        EndMark { event_seq: Point::all(self.version + 2).seq(), text_version: self.feed.lock().text_version() }
    }

    /// Shows the end; `mark` is what [`Publisher::end_mark`] said, and the whole text has been shown before that.
    pub fn end(&mut self, view: JobView, mark: EndMark) {
        self.say(Arc::new(view), "", Some(mark));
    }

    fn say(&mut self, view: Arc<JobView>, more: &str, end: Option<EndMark>) {
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
        self.feed.take(self.term, &update);
        self.feed.peers().publish(&Live::Update(Arc::new(update)));
    }
}
