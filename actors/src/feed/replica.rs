//! The writer of a feed whose job another node runs.

use std::sync::Arc;

use super::{Feed, FeedContext, event_id::Point};
use crate::{
    model::{EndMark, Epoch, JobUpdate, JobView},
    ports::{Live, OwnerReply},
};

/// The most bytes of text in one answer to another node.
const ANSWER_BYTES: usize = 512 * 1024;

/// Repeats to a feed what the job's owner shows, one epoch long. Versions are the owner's, so event ids mean the same on
/// every node. No call blocks.
#[derive(Debug)]
pub struct Replica {
    feed: Feed,
    version: u64,
    /// Bytes of text.
    length: usize,
}

/// What a message from the owner meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The replica shows what the owner shows.
    Current,
    /// Something before it was lost: ask for what came since [`Replica::version`].
    Missed,
}

impl Replica {
    /// Opens a feed that has shown nothing yet. `view` is what is known without the owner.
    pub fn open(epoch: Epoch, view: JobView, context: FeedContext) -> Self {
        let feed = Feed::at_version(0, epoch, Arc::new(view), context);
        feed.lock().repeats = true;
        Self { feed, version: 0, length: 0 }
    }

    /// The feed.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The newest version shown.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The bytes of text shown.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Whether the end was shown.
    pub fn has_ended(&self) -> bool {
        self.feed.lock().ended
    }

    /// Takes a message from the owner. One of another epoch changes nothing.
    pub fn hear(&mut self, live: &Live) -> Heard {
        match live {
            Live::Update(update) if update.epoch == self.feed.epoch() && update.version > self.version => {
                // The last update counts as two.
                let before = update.version - 1 - u64::from(update.end.is_some());
                if before != self.version || update.offset != self.length {
                    return Heard::Missed;
                }
                self.apply(update);
            }
            Live::Mark { epoch, version, length, .. } if *epoch == self.feed.epoch() => {
                if *version > self.version || (*version == self.version && *length != self.length) {
                    return Heard::Missed;
                }
            }
            Live::Update(_) | Live::Mark { .. } => {}
        }
        Heard::Current
    }

    /// Takes the owner's whole state. `text` begins where this replica's ends. Ignores what is not newer.
    pub fn catch_up(&mut self, version: u64, view: Arc<JobView>, text: String) {
        if version > self.version {
            let offset = self.length;
            let (job, epoch) = (view.id, self.feed.epoch());
            self.apply(&JobUpdate { job, epoch, version, view, offset, delta: text, end: None });
        }
    }

    /// Shows another view, without an event.
    pub fn show_view(&self, view: JobView) {
        self.feed.update_view(0, Arc::new(view));
    }

    /// Takes the end, as stored. Returns false, and changes nothing, if its text does not continue what was shown.
    pub fn end(&mut self, mark: EndMark, view: JobView, text: &str) -> bool {
        if self.has_ended() {
            return true;
        }
        let version = Point::from_seq(mark.event_seq).version;
        let shown = self.feed.text().0;
        let Some(rest) = text.strip_prefix(shown.as_str()) else { return false };
        if version < self.version + 2 {
            return false;
        }
        let (job, epoch, offset) = (view.id, self.feed.epoch(), self.length);
        let view = Arc::new(view);
        self.apply(&JobUpdate { job, epoch, version, view, offset, delta: rest.to_owned(), end: Some(mark) });
        true
    }

    fn apply(&mut self, update: &JobUpdate) {
        self.version = update.version;
        self.length = update.offset + update.delta.len();
        self.feed.apply(0, update);
    }
}

impl Feed {
    /// Answers a node that has `length` bytes of this feed's text.
    pub fn state_after(&self, length: usize) -> OwnerReply {
        let state = self.lock();
        let (version, view, text) = (state.version, Arc::clone(&state.view), Arc::clone(&state.text));
        drop(state);
        let offset = if text.is_char_boundary(length) { length } else { 0 };
        let most = text.len().min(offset + ANSWER_BYTES);
        let to = (offset..=most).rfind(|at| text.is_char_boundary(*at)).unwrap_or(offset);
        let more = to < text.len();
        OwnerReply::State { epoch: self.epoch(), version, view, offset, text: text[offset..to].to_owned(), more }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        feed::Publisher,
        testing::{context, view},
    };

    /// A replica that is told what `publisher` shows, by asking.
    fn ask(replica: &mut Replica, of: &Feed) {
        let mut more = String::new();
        loop {
            let OwnerReply::State { version, view, text, more: goes_on, .. } =
                of.state_after(replica.length() + more.len())
            else {
                panic!("a state")
            };
            more.push_str(&text);
            if !goes_on {
                return replica.catch_up(version, view, more);
            }
        }
    }

    fn update(publisher: &Publisher, version: u64, offset: usize, delta: &str) -> Live {
        let view = publisher.feed().view();
        let (job, epoch) = (view.id, publisher.feed().epoch());
        Live::Update(Arc::new(JobUpdate { job, epoch, version, view, offset, delta: delta.into(), end: None }))
    }

    #[test]
    fn a_long_text_is_taken_over_in_several_answers() {
        let text = "긴 글 ".repeat(200_000);
        let publisher = Publisher::open(Epoch(2), view(), &text, context());
        let mut replica = Replica::open(Epoch(2), view(), context());
        ask(&mut replica, publisher.feed());
        assert_eq!(*replica.feed().text().0, text);
        assert_eq!(replica.version(), 1);
    }

    proptest! {
        #[test]
        fn whatever_is_lost_a_replica_ends_with_the_owners_text_and_version(
            pieces in prop::collection::vec(("[a-z가-힣]{1,5}", any::<bool>()), 1..20)
        ) {
            let mut publisher = Publisher::open(Epoch::FIRST, view(), "", context());
            let mut replica = Replica::open(Epoch::FIRST, view(), context());
            ask(&mut replica, publisher.feed());
            let (mut version, mut offset) = (1, 0);
            for (piece, lost) in pieces {
                publisher.publish(view(), &piece);
                version += 1;
                let live = update(&publisher, version, offset, &piece);
                offset += piece.len();
                if !lost && replica.hear(&live) == Heard::Missed {
                    ask(&mut replica, publisher.feed());
                }
                // Heard twice is heard once.
                if !lost {
                    prop_assert_eq!(replica.hear(&live), Heard::Current);
                }
            }
            let view = publisher.feed().view();
            let mark = Live::Mark { job: view.id, epoch: Epoch::FIRST, version, length: offset };
            if replica.hear(&mark) == Heard::Missed {
                ask(&mut replica, publisher.feed());
            }
            prop_assert_eq!(replica.hear(&mark), Heard::Current);
            prop_assert_eq!(replica.feed().text().0, publisher.feed().text().0);
            let mark = publisher.end_mark();
            prop_assert!(replica.end(mark, JobView::clone(&view), &publisher.feed().text().0));
            prop_assert!(replica.has_ended());
        }
    }
}
