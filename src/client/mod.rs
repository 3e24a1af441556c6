//! An HTTP/1.1 client for other servers: models, embeddings, Chroma, the Episode API.
//!
//! `connector` opens connections (proxy, tunnel, TLS) within one timeout. Two clients build on it: `stream` for answers
//! that last minutes, with one connection each, closed when the answer is dropped; and `pooled` for short calls that
//! share connections. hyper implements HTTP itself; `docs/decisions/0006-hyper-for-other-servers.md` says why.

mod connector;
mod error;
mod io;
mod message;
mod pooled;
mod proxy;
mod quiet;
mod stream;
mod tunnel;

pub use connector::Connector;
pub use error::Error;
pub use pooled::Pooled;
pub use stream::{Answer, Body, ask};

#[cfg(test)]
mod tests;
