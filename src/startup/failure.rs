//! Why the service did not start, or stopped.

use std::{io, time::Duration};

use derive_more::{Display, Error, From};
use generation_actors::{ports::StoreError, registry::RegistryGone};
use generation_placeholder::BankError;

use crate::{generators::PromptError, sqlite::OpenError, stores::CannotStart};

/// What ended the service unexpectedly. Each message says what to do next, if that is known.
#[derive(Debug, Display, Error, From)]
pub enum Failure {
    /// The address cannot be listened on.
    #[from(ignore)]
    #[display(
        "cannot listen on {address}: {source}; is another service using it? Choose another address with --host and --port"
    )]
    Listen {
        /// The configured address.
        address: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The prompt templates cannot be used.
    #[display("{_0}")]
    Prompts(PromptError),
    /// The phrase banks of the placeholder writer are malformed.
    #[display("{_0}")]
    Phrases(&'static BankError),
    /// The data directory cannot be opened.
    #[display("{_0}")]
    Data(OpenError),
    /// The job store that instances share cannot be used.
    #[display("{_0}")]
    Nats(CannotStart),
    /// The jobs of an earlier run cannot be read.
    #[display("the jobs of an earlier run cannot be read: {_0}")]
    Recovery(StoreError),
    /// The jobs of an earlier run were not read in time.
    #[from(ignore)]
    #[display("the jobs of an earlier run were not read within {_0:?}")]
    RecoveryTimedOut(#[error(not(source))] Duration),
    /// The registry is gone.
    #[display("{_0}; accepted jobs continue after the next start")]
    Registry(RegistryGone),
    /// The HTTP server stopped.
    #[from(ignore)]
    #[display("the HTTP server stopped unexpectedly")]
    ServerEnded,
    /// The operating system reported an error.
    #[display("{_0}")]
    Io(io::Error),
}
