//! What a job shows its readers.
//!
//! A job's one [`Publisher`] turns what it is told into [`JobUpdate`](crate::model::JobUpdate)s; the [`Feed`] takes them and
//! is read by anybody. A reader holds a [`Subscription`] with a cursor, never a queue. The feed keeps the newest progress, the
//! text and the terminal event; each frame is encoded once, by whoever wants it first, outside the feed's lock, and shared by
//! all. A woken reader takes what is newer than its cursor: so slow readers skip by construction, a reader costs constant
//! memory, and replay and live are one path.

mod cursor;
mod event_id;
#[expect(clippy::module_inception, reason = "the file holds what the folder is named after")]
mod feed;
mod frames;
mod marks;
mod meter;
mod publisher;
mod readers;
mod state;
mod subscription;

pub use cursor::{Opening, PreviewMode, Resume};
pub use event_id::{EventId, LastEventId};
pub use feed::{Feed, FeedContext, WeakFeed};
pub use frames::{FrameEncoder, PreviewText};
pub use meter::{Meter, Reading};
pub use publisher::Publisher;
pub use subscription::{Subscription, Turn};

#[cfg(test)]
mod tests;
