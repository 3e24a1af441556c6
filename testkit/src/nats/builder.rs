//! What the servers allow and demand.

use super::{Nats, config::Access};

/// The servers to start. By default one, with JetStream, open to everybody on this machine.
#[derive(Debug, Clone)]
pub struct Builder {
    pub(super) servers: usize,
    pub(super) jetstream: bool,
    pub(super) max_file: u64,
    pub(super) max_memory: u64,
    pub(super) sync_interval: String,
    pub(super) access: Access,
    pub(super) tls: bool,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            servers: 1,
            jetstream: true,
            max_file: 4 << 30,
            max_memory: 256 << 20,
            sync_interval: "always".into(),
            access: Access::Open,
            tls: false,
        }
    }

    /// Starts this many servers: 1, or 3 as one cluster.
    ///
    /// # Panics
    /// It is another number.
    #[must_use]
    pub fn servers(mut self, servers: usize) -> Self {
        assert!(matches!(servers, 1 | 3), "one server, or three");
        self.servers = servers;
        self
    }

    /// Whether they have JetStream, which stores streams.
    #[must_use]
    pub fn jetstream(mut self, jetstream: bool) -> Self {
        self.jetstream = jetstream;
        self
    }

    /// The most bytes that the streams on each server may reserve on disk.
    #[must_use]
    pub fn max_file(mut self, bytes: u64) -> Self {
        self.max_file = bytes;
        self
    }

    /// The most bytes that the streams on each server may reserve in memory.
    #[must_use]
    pub fn max_memory(mut self, bytes: u64) -> Self {
        self.max_memory = bytes;
        self
    }

    /// How often they sync their files: `always`, before each acknowledgement, or a duration such as `1s`.
    #[must_use]
    pub fn sync_interval(mut self, interval: &str) -> Self {
        self.sync_interval = interval.into();
        self
    }

    /// Lets in only clients with this name and password.
    #[must_use]
    pub fn user(mut self, user: &str, password: &str) -> Self {
        self.access = Access::User(user.into(), password.into());
        self
    }

    /// Lets in only clients with this token.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.access = Access::Token(token.into());
        self
    }

    /// Lets in only clients with the credentials in the file [`Nats::credentials`].
    #[must_use]
    pub fn credentials(mut self) -> Self {
        self.access = Access::Credentials;
        self
    }

    /// Lets in clients over TLS only, with a certificate for `localhost` and 127.0.0.1 under [`Nats::ca`].
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Starts them and waits until they are ready.
    ///
    /// # Panics
    /// As [`Nats::restart`] and [`Nats::wait_ready`].
    #[track_caller]
    pub fn start(self) -> Nats {
        let mut nats = Nats::new(self);
        nats.start_all();
        nats.wait_ready();
        nats
    }
}
