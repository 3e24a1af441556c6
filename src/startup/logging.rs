//! The log.

use env_logger::{Builder, Env};
use log::LevelFilter;

/// Writes what is at least as severe as `level` to standard error; `RUST_LOG` overrides it in the usual way.
pub fn init_logging(level: LevelFilter) {
    Builder::new()
        .filter_level(level)
        // A stream that is cut on purpose is an error to the dispatcher, and there are thousands at every stop.
        .filter_module("actix_http::h1::dispatcher", LevelFilter::Off)
        .filter_module("actix_server", level.min(LevelFilter::Warn))
        .parse_env(Env::default())
        .init();
}
