//! Why the service did not start or did not go on.

use std::{io, time::Duration};

use derive_more::{Display, Error, From};
use generation_actors::{ports::StoreError, registry::RegistryGone};
use generation_placeholder::BankError;

use crate::{generators::PromptError, sqlite::OpenError};

/// What ended the service against its operator's will; each says what to do next where that can be known.
#[derive(Debug, Display, Error, From)]
pub enum Failure {
    /// No address to listen on.
    #[from(ignore)]
    #[display(
        "cannot listen on {address}: {source}; is another service using it? Choose another address with --host and --port"
    )]
    Listen {
        /// As configured.
        address: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The prompt templates.
    #[display("{_0}")]
    Prompts(PromptError),
    /// The phrase banks of the placeholder writer.
    #[display("{_0}")]
    Phrases(&'static BankError),
    /// The data directory.
    #[display("{_0}")]
    Data(OpenError),
    /// The jobs of an earlier run.
    #[display("the jobs of an earlier run cannot be read: {_0}")]
    Recovery(StoreError),
    /// They were not read in time.
    #[from(ignore)]
    #[display("the jobs of an earlier run were not read within {_0:?}")]
    RecoveryTimedOut(#[error(not(source))] Duration),
    /// The supervisor of all jobs.
    #[display("{_0}; accepted jobs continue after the next start")]
    Registry(RegistryGone),
    /// The HTTP side.
    #[from(ignore)]
    #[display("the HTTP server stopped unexpectedly")]
    ServerEnded,
    /// Anything of the operating system.
    #[display("{_0}")]
    Io(io::Error),
}
