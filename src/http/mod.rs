//! The HTTP side of the service: one file a resource. Handlers are extractors, one call, a response; HTTP types stop here.

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
mod forwarded;
mod generations;
mod health;
mod hosts;
mod language;
mod last_answer;
mod models;
mod problem;
mod project;
mod query;
mod rule;
mod stats;
mod stream_writer;
mod takeover;
mod urls;
mod web;
mod wire;

pub use answer::answer_problems;
pub use app::{Context, HttpOptions, configure, cors};
pub use connection::{ConnectionLimits, watch};
pub use event_stream::StreamTiming;
pub use hosts::{Hosts, check_host};
pub use takeover::take_over;
pub use wire::Frames;
