//! Collects what a protocol reads of a reply and decides whether the reply is complete.

use std::collections::VecDeque;

use generation_actors::ports::{ChatDelta, ChatErrorKind, EndReason};

use super::{
    Protocol,
    fault::{Fault, Retry},
};

/// One reply. The protocol tells it what each event says, in order.
#[derive(Debug, Default)]
pub(in crate::generators) struct Reply {
    deltas: VecDeque<ChatDelta>,
    model_named: bool,
    reasoning: bool,
    text: bool,
    done: bool,
    stop: Option<Stop>,
    completion_tokens: Option<u64>,
}

/// Why the model stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::generators) enum Stop {
    /// It was finished.
    Finished,
    /// It reached a token limit.
    TokenLimit,
    /// Any other reason, in the provider's word: the text is not what was asked for.
    Other(String),
}

/// For protocols.
impl Reply {
    /// The model that really answers; the first name counts.
    pub(in crate::generators) fn model(&mut self, name: &str) {
        if !self.model_named {
            self.model_named = true;
            self.deltas.push_back(ChatDelta::Model(name.to_owned()));
        }
    }

    /// The model thinks.
    pub(in crate::generators) fn reasoning(&mut self) {
        if !self.has_started() {
            self.reasoning = true;
            self.deltas.push_back(ChatDelta::Reasoning);
        }
    }

    /// More of the text.
    pub(in crate::generators) fn text(&mut self, text: String) {
        if !text.is_empty() {
            self.text = true;
            self.deltas.push_back(ChatDelta::Text(text));
        }
    }

    /// All tokens of this reply so far; the last number counts.
    pub(in crate::generators) fn completion_tokens(&mut self, tokens: u64) {
        self.completion_tokens = Some(tokens);
    }

    /// The model has stopped; the last reason counts. At most its usage comes after that.
    pub(in crate::generators) fn stopped(&mut self, stop: Stop) {
        self.stop = Some(stop);
    }

    /// The provider says that nothing more will come.
    pub(in crate::generators) fn done(&mut self) {
        self.done = true;
    }
}

impl Reply {
    /// Has `protocol` read `data`. Once the model has stopped, nothing can ruin its reply: an error, or something unreadable, then
    /// only ends it.
    ///
    /// # Errors
    /// The protocol's.
    pub(in crate::generators) fn take(&mut self, protocol: &impl Protocol, data: &str) -> Result<(), Fault> {
        let Err(fault) = protocol.read(data, self) else { return Ok(()) };
        if self.has_stopped() {
            log::debug!("after the model had stopped came {:?}: {}", fault.kind, fault.cause);
            self.done = true;
            return Ok(());
        }
        Err(if self.text { fault.in_text() } else { fault })
    }

    /// Takes the next delta that was read.
    pub(in crate::generators) fn next(&mut self) -> Option<ChatDelta> {
        self.deltas.pop_front()
    }

    /// Adds a delta that does not come from the provider.
    pub(super) fn add(&mut self, delta: ChatDelta) {
        self.deltas.push_back(delta);
    }

    /// Whether the model has started: reasoning counts, since it is paid for.
    pub(super) fn has_started(&self) -> bool {
        self.reasoning || self.text
    }

    /// Whether any text has come; after that there must be no other attempt.
    pub(super) fn has_text(&self) -> bool {
        self.text
    }

    /// Whether the model has said why it stopped.
    pub(super) fn has_stopped(&self) -> bool {
        self.stop.is_some()
    }

    /// Whether nothing more will come.
    pub(in crate::generators) fn is_done(&self) -> bool {
        self.done
    }

    /// What the provider counted.
    pub(super) fn usage(&self) -> Option<ChatDelta> {
        self.completion_tokens.map(|completion_tokens| ChatDelta::Usage { completion_tokens })
    }

    /// Ends the reply: it is complete only if the model itself said so.
    ///
    /// # Errors
    /// The reply is not complete.
    pub(in crate::generators) fn end(&self) -> Result<EndReason, Fault> {
        let only_reasoned = |kind| Err(Fault::new(kind, Retry::Never, "the model only reasoned and wrote no text"));
        match &self.stop {
            Some(Stop::Finished) if self.reasoning && !self.text => only_reasoned(ChatErrorKind::BrokenReply),
            Some(Stop::TokenLimit) if self.reasoning && !self.text => only_reasoned(ChatErrorKind::TokenLimit),
            Some(Stop::Finished) => Ok(EndReason::Finished),
            Some(Stop::TokenLimit) => Ok(EndReason::TokenLimit),
            Some(Stop::Other(reason)) => Err(Fault::protocol(format!("the model stopped for the reason {reason:?}"))),
            None if self.done && self.has_started() => {
                Err(Fault::protocol("the provider ended the reply and did not say why the model stopped"))
            }
            None if self.has_started() => Err(Fault::protocol("the reply broke off before the model stopped")),
            None => Err(Fault::new(ChatErrorKind::BrokenReply, Retry::Backoff, "an empty reply")),
        }
    }
}
