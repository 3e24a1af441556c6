//! The HTTP side of the service: one file a resource. Handlers are extractors, one call, a response; HTTP types stop here.

mod app;
mod body;
mod connection;
mod create_request;
mod episodes;
mod error;
mod event_stream;
mod events;
mod fields;
mod forwarded;
mod generations;
mod health;
mod hosts;
mod language;
mod last_answer;
mod models;
mod page;
mod panics;
mod query;
mod stats;
mod stream_slots;
mod stream_writer;
mod takeover;
mod urls;

pub use app::{Context, configure, cors};
pub use connection::watch;
pub use hosts::{Hosts, check_host};
pub use panics::answer_panics;
pub use stream_slots::StreamSlots;
pub use takeover::take_over;
