//! The HTTP side of the service: one file a resource. Handlers are extractors, one call, a response; HTTP types stop here.

mod app;
mod body;
mod create_request;
mod episodes;
mod error;
mod event_stream;
mod events;
mod fields;
mod generations;
mod health;
mod language;
mod models;
mod panics;
mod query;
mod stats;
mod takeover;
mod urls;
mod web;

pub use app::{Context, HttpOptions, configure, cors};
pub use event_stream::StreamTiming;
pub use panics::answer_panics;
pub use takeover::{keep_socket, take_over};
