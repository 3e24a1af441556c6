//! What a job shows its readers.
//!
//! A job has one [`Publisher`], which turns the job's changes into [`JobUpdate`](crate::model::JobUpdate)s. The
//! [`Feed`] applies them. A reader holds a [`Subscription`] with a cursor, never a queue. The feed keeps the newest
//! progress, the text and the terminal event. Each frame is encoded once, by the first reader that needs it, outside
//! the feed's lock, and shared by all. A woken reader takes what is newer than its cursor. So slow readers skip by
//! design, a reader costs constant memory, and replay and live delivery are one path.

mod cursor;
mod event_id;
#[expect(clippy::module_inception, reason = "the file holds what the folder is named after")]
mod feed;
mod frames;
mod marks;
mod meter;
mod publisher;
mod readers;
mod replica;
mod state;
mod subscription;

pub use cursor::{Opening, PreviewMode, Resume};
pub use event_id::{EventId, LastEventId};
pub use feed::{Feed, FeedContext, WeakFeed};
pub use frames::{FrameEncoder, PreviewText};
pub use meter::{Meter, Reading};
pub use publisher::Publisher;
pub use replica::{Heard, Replica};
pub use subscription::{Subscription, Turn};

#[cfg(test)]
mod tests;
