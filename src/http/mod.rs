//! The HTTP side of the service, one file per resource. A handler is extractors, one call and a response. HTTP types
//! stay in this folder.

mod answer;
mod app;
mod body;
mod client_key;
mod connection;
mod create_request;
mod episode_request;
mod episodes;
mod event_stream;
mod events;
mod faults;
mod field;
mod forwarded;
mod generations;
mod health;
mod hosts;
mod language;
mod last_answer;
mod models;
mod page;
mod problem;
mod project;
mod query;
mod rule;
mod stats;
mod stream_slots;
mod stream_writer;
mod takeover;
mod urls;
mod wire;

pub use answer::answer_problems;
pub use app::{Context, configure, cors};
pub use connection::watch;
pub use hosts::{Hosts, check_host};
pub use stream_slots::StreamSlots;
pub use takeover::take_over;
pub use wire::Frames;
