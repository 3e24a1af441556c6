//! What a chat protocol implements.

use generation_actors::ports::{ChatRequest, Continuation, Message, Role};
use http::HeaderMap;
use secrecy::SecretString;
use serde_json::Value;

use super::{Fault, Parameters, Reply};

/// Writes requests and reads replies in one wire format. A protocol has no state per reply: it tells a [`Reply`] what it reads.
pub(in crate::generators) trait Protocol: Send + Sync + 'static {
    /// What is appended to the server's base URL.
    const PATH: &'static str;

    /// The names of all parameters that a request can do without, to be recognized in a server's objection.
    const OPTIONAL: &'static [&'static str];

    /// Returns the header that carries the key, and any other the protocol needs besides `Accept` and `Content-Type`.
    ///
    /// # Errors
    /// The key has characters that no header can carry.
    fn headers(&self, key: Option<&SecretString>) -> Result<HeaderMap, Fault>;

    /// Returns the optional parameters to send to a model of which only the name is known.
    fn parameters(&self, model: &str) -> Parameters;

    /// Builds the body of a streaming request, with the optional parameters that `parameters` sends. `fixed_limit` is the
    /// operator's token limit; it overrides the request's.
    fn body(&self, request: &ChatRequest, parameters: &Parameters, fixed_limit: Option<u32>) -> Value;

    /// Tells `reply` what `data` says. It is the data of one event or, from a server that does not stream, the whole body.
    ///
    /// # Errors
    /// `data` is an error, or violates the protocol.
    fn read(&self, data: &str, reply: &mut Reply) -> Result<(), Fault>;

    /// Classifies a response other than 200.
    fn refusal(&self, status: u16, body: &str) -> Fault;
}

/// Lists the conversation and its continuation as plain turns: few servers continue an assistant's message by themselves, but
/// all do when the user tells them to.
pub(in crate::generators) fn turns(request: &ChatRequest) -> impl Iterator<Item = (Role, &str)> {
    let messages = request.messages.iter().map(|Message { role, content }| (*role, content.as_str()));
    let continuation = request.continuation.iter().flat_map(|Continuation { written, instruction }| {
        [(Role::Assistant, written.as_str()), (Role::User, instruction.as_str())]
    });
    messages.chain(continuation)
}
