//! What a job shows its readers.
//!
//! A job publishes its present state into its [`Feed`]; a reader holds a [`Subscription`] with a cursor, never a queue.
//! The feed keeps the newest progress, the text and the terminal event; each frame is encoded when the first reader wants
//! it and shared by all. A woken reader takes what is newer than its cursor: so slow readers skip by construction,
//! a reader costs constant memory, and replay and live are one path.

mod cursor;
mod event_id;
mod frame;
mod marks;
mod meter;
mod publisher;
mod queue_place;
mod readers;
mod subscription;
mod weak;

pub use cursor::{Opening, PreviewMode, Resume};
pub use event_id::LastEventId;
pub use frame::{gone_frame, heartbeat_frame, stream_error_frame};
pub use meter::{Meter, Reading};
pub use publisher::{Feed, FeedContext};
pub use subscription::{Subscription, Turn};
pub use weak::WeakFeed;

#[cfg(test)]
mod tests;
