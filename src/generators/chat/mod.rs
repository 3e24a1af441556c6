//! What all chat protocols share: connection, deadlines, retries, reading the reply.
//!
//! `run` drives a reply within its deadlines. From the bytes up: `decode` cuts them into events, the [`Protocol`] tells a
//! [`Reply`] what each one means, and `overlap` drops what a continued reply repeats. When an attempt fails, [`Fault`] says
//! whether another one may help, and `parameters` what to leave out of it.

mod decode;
mod error_body;
mod fault;
mod key;
mod objection;
mod overlap;
mod parameters;
mod protocol;
mod reply;
mod retry;
mod run;

use std::sync::Arc;

use generation_actors::ports::{ChatModel, ChatRequest, ChatStream};

pub(super) use self::{
    fault::Fault,
    key::header_value,
    parameters::Parameters,
    protocol::{Protocol, turns},
    reply::{Reply, Stop},
};
use crate::{client::Connector, config::ChatServer};

/// A chat model server, reached through one protocol.
pub(super) struct ChatClient<P>(Arc<Provider<P>>);

/// What all runs of one provider share.
struct Provider<P> {
    /// For the log.
    name: String,
    server: ChatServer,
    protocol: P,
    connector: Connector,
    /// What its models were found to refuse.
    refused: parameters::Memory,
}

impl<P: Protocol> ChatClient<P> {
    /// Sends nothing until a reply is asked for; `name` is the provider's, for the log.
    pub(super) fn new(name: &str, server: &ChatServer, protocol: P) -> Self {
        Self(Arc::new(Provider {
            name: name.to_owned(),
            server: server.clone(),
            protocol,
            connector: Connector::new(server.connect_timeout),
            refused: parameters::Memory::default(),
        }))
    }
}

impl<P: Protocol> ChatModel for ChatClient<P> {
    fn chat(&self, request: ChatRequest) -> ChatStream {
        run::start(Arc::clone(&self.0), request)
    }
}

#[cfg(test)]
pub(super) use self::{decode::Decoder, fault::Retry};
#[cfg(test)]
mod tests;
