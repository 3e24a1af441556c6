//! Sets up the log.

use env_logger::{Builder, Env};
use log::LevelFilter;

/// Logs entries of at least `level` to standard error. `RUST_LOG` overrides it as usual.
pub fn init_logging(level: LevelFilter) {
    Builder::new()
        .filter_level(level)
        // The dispatcher logs every deliberately cut stream as an error, thousands of them at each shutdown.
        .filter_module("actix_http::h1::dispatcher", LevelFilter::Off)
        .filter_module("actix_server", level.min(LevelFilter::Warn))
        .parse_env(Env::default())
        .init();
}
