//! Why there is no answer, or none that can be used.

use std::time::Duration;

use derive_more::{Display, Error};

/// What went wrong with one request; none of the texts contains credentials.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
pub enum Error {
    /// No connection came about: nothing has been sent.
    #[display("no connection: {_0}")]
    Unreachable(#[error(not(source))] String),
    /// A deadline has passed.
    #[display("{what} within {limit:?}")]
    Timeout {
        /// What did not come.
        what: &'static str,
        /// The time it had.
        limit: Duration,
    },
    /// The connection broke before the answer was whole. Whether the server has acted is unknown.
    #[display("the connection broke: {_0}")]
    Broken(#[error(not(source))] String),
    /// An answer that was not asked for: another encoding, or too large. Asking again would bring the same.
    #[display("an answer that cannot be used: {_0}")]
    Unusable(#[error(not(source))] String),
}

/// An error with its causes, which hyper keeps apart.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
