//! Asking other servers over HTTP/1.1: models, embeddings, Chroma, the Episode API.
//!
//! `connector` dials (proxy, tunnel, TLS) within one deadline. On top of it are two ways to ask: `stream` for answers that last
//! minutes, one connection each, closed when the answer is dropped; `pooled` for calls that take moments and share connections.
//! HTTP itself is hyper's. `docs/decisions/0006-hyper-for-other-servers.md` says why.

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
