//! A language model that replies to messages.

use std::pin::Pin;

use derive_more::{Display, Error};
use futures_util::Stream;

use super::EndReason;
use crate::model::Cause;

/// One reply, delta by delta; drop it to cancel.
pub type ChatStream = Pin<Box<dyn Stream<Item = Result<ChatDelta, ChatError>>>>;

/// Replies to a conversation. This is what a provider implements; it knows nothing about scripts.
///
/// An implementation owns its connect, response-head, first-token and idle timeouts. It also owns its retries: only
/// before the first [`ChatDelta::Text`], only for transient failures, with jitter, and not before the provider allows
/// it.
pub trait ChatModel: Send + Sync + 'static {
    /// Starts a reply. Nothing is sent to the model before the stream is first polled.
    ///
    /// The stream yields deltas, then exactly one [`ChatDelta::End`] or one `Err`, then `None`. A reply is complete
    /// only if the model itself says so; one that breaks off is an error.
    ///
    /// # Cancel safety
    /// Dropping the stream at any point closes the upstream connection before the drop returns. No further tokens are
    /// spent.
    fn chat(&self, request: ChatRequest) -> ChatStream;
}

/// A request to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// The model's name, as its provider knows it.
    pub model: String,
    /// The conversation so far: an optional system message, then user and assistant in turn, the user last.
    pub messages: Vec<Message>,
    /// An interrupted reply to these messages, to be continued.
    pub continuation: Option<Continuation>,
    /// 0.0–2.0. A model that does not support it uses its own.
    pub temperature: f64,
    /// The most tokens for the text of the reply. A provider whose limit includes reasoning adds room for it. A limit
    /// set by the operator overrides this one.
    pub max_tokens: u32,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The speaker.
    pub role: Role,
    /// The text; never empty.
    pub content: String,
}

/// The speaker of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The operator of the model.
    System,
    /// The user.
    User,
    /// The model.
    Assistant,
}

/// An interrupted reply. The stream continues after the last character of `written`; if the model repeats the end of
/// it, the repetition is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continuation {
    /// The reply so far; never empty.
    pub written: String,
    /// The user's instruction to continue it.
    pub instruction: String,
}

/// One item of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatDelta {
    /// The model that actually replies; at most once per attempt.
    Model(String),
    /// The model reasons before it writes; the reasoning is not part of the reply. At most once per attempt.
    Reasoning,
    /// An attempt failed before its first text; another one follows.
    Retrying,
    /// More of the reply; never empty.
    Text(String),
    /// The provider's token count; at most once, before the end.
    Usage {
        /// Tokens of this reply, including reasoning but not the text that it continues.
        completion_tokens: u64,
    },
    /// The last delta.
    End(EndReason),
}

/// Why there is no complete reply.
///
/// `cause` may quote what a provider sent, with keys masked; it is for the log and never leaves the service.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
#[display("{kind:?}: {cause}")]
pub struct ChatError {
    /// The kind of failure.
    pub kind: ChatErrorKind,
    /// What operators read in the log.
    #[error(source)]
    pub cause: Cause,
}

/// The kinds of failure, by what can be done about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChatErrorKind {
    /// The provider does not serve the model now, but may later.
    Unavailable,
    /// The provider will not serve the model until someone changes something: a key, a quota, a name.
    ModelRefused,
    /// The provider refused this request and would refuse it again.
    RequestRefused,
    /// The conversation does not fit into the model's context, or reasoning alone used up the token limit.
    TokenLimit,
    /// A timeout: connecting, the response head, the first token, or the pause between tokens.
    Timeout,
    /// The reply is malformed or empty, or the model stopped before finishing it.
    BrokenReply,
}
