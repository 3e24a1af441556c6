//! Why there is no answer, or no usable one.

use std::time::Duration;

use derive_more::{Display, Error};

/// Why one request failed. No message contains credentials.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
pub enum Error {
    /// No connection could be opened, so nothing has been sent.
    #[display("no connection: {_0}")]
    Unreachable(#[error(not(source))] String),
    /// A timeout has passed.
    #[display("{what} within {limit:?}")]
    Timeout {
        /// What did not arrive.
        what: &'static str,
        /// The timeout.
        limit: Duration,
    },
    /// The connection broke before the answer was complete. It is unknown whether the server has acted.
    #[display("the connection broke: {_0}")]
    Broken(#[error(not(source))] String),
    /// The answer has an encoding that was not requested, or is too large. Retrying would give the same answer.
    #[display("an answer that cannot be used: {_0}")]
    Unusable(#[error(not(source))] String),
}

/// An error together with its causes, which hyper does not display.
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
