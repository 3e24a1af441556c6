//! A failed attempt: what it means for the reply, and whether another attempt may help.

use std::time::Duration;

use generation_actors::ports::{ChatError, ChatErrorKind};
use secrecy::{ExposeSecret as _, SecretString};

use super::objection::Objection;
use crate::{client, mask::mask};

/// The characters of a cause that go into the log.
const LOGGED: usize = 400;

/// One failed attempt.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::generators) struct Fault {
    pub kind: ChatErrorKind,
    /// May quote the provider, keys included, until [`Fault::into_error`] masks them.
    pub cause: String,
    pub retry: Retry,
}

/// Whether to try again, provided that no text has come yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::generators) enum Retry {
    /// The outcome would be the same.
    Never,
    /// It may pass; we choose when to try again.
    Backoff,
    /// It may pass; the provider said when to try again.
    After(Duration),
    /// The request may succeed without this parameter.
    Without(Objection),
}

impl Fault {
    pub(super) fn new(kind: ChatErrorKind, retry: Retry, cause: impl Into<String>) -> Self {
        Self { kind, cause: cause.into(), retry }
    }

    /// The provider does not follow its own protocol.
    pub(in crate::generators) fn protocol(cause: impl Into<String>) -> Self {
        Self::new(ChatErrorKind::BrokenReply, Retry::Never, cause)
    }

    /// One of our deadlines passed.
    pub(super) fn timeout(what: &str, after: Duration) -> Self {
        Self::new(ChatErrorKind::Timeout, Retry::Backoff, format!("{what} within {after:?}"))
    }

    /// The connection broke while the reply was being read.
    pub(super) fn cut_off(error: &client::Error) -> Self {
        Self::new(ChatErrorKind::BrokenReply, Retry::Backoff, error.to_string())
    }

    /// No response came, or none that can be read.
    pub(super) fn unanswered(error: &client::Error) -> Self {
        let (kind, retry) = match error {
            client::Error::Timeout { .. } => (ChatErrorKind::Timeout, Retry::Backoff),
            client::Error::Unreachable(_) | client::Error::Broken(_) => (ChatErrorKind::Unavailable, Retry::Backoff),
            client::Error::Unusable(_) => (ChatErrorKind::BrokenReply, Retry::Never),
        };
        Self::new(kind, retry, error.to_string())
    }

    /// Uses the pause that the provider asked for, if it did.
    pub(super) fn not_before(mut self, asked_for: Option<Duration>) -> Self {
        if let (Retry::Backoff, Some(pause)) = (self.retry, asked_for) {
            self.retry = Retry::After(pause);
        }
        self
    }

    /// The same fault after the first text: it ruins this reply, whatever it means for the model.
    pub(super) fn in_text(mut self) -> Self {
        self.kind = match self.kind {
            ChatErrorKind::Unavailable => ChatErrorKind::BrokenReply,
            ChatErrorKind::ModelRefused => ChatErrorKind::RequestRefused,
            kind => kind,
        };
        self
    }

    /// Makes it fit for the log: short, with the provider's name, and without keys, which some providers quote.
    pub(super) fn into_error(self, provider: &str, key: Option<&SecretString>) -> ChatError {
        let cause = mask(&self.cause, key.map(|key| key.expose_secret()));
        let cause: String = cause.chars().take(LOGGED).collect();
        ChatError { kind: self.kind, cause: format!("provider {provider}: {cause}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_the_provider_quotes_is_hidden_wherever_the_cause_is_cut() {
        let key = SecretString::from("sk-secret");
        for before in 0..LOGGED {
            let body = format!("{}sk-secret", " .".repeat(before));
            let cause = Fault::of_response(401, &body, &[]).into_error("p", Some(&key)).cause;
            assert!(!cause.contains("sk-"), "{cause}");
        }
    }

    #[test]
    fn what_a_provider_says_is_quoted_shortly_and_on_one_line() {
        let fault = Fault::of_response(500, &format!("<html>\n{}", "x".repeat(10_000)), &[]);
        let fault = fault.not_before(Some(Duration::from_secs(3)));
        assert_eq!(fault.retry, Retry::After(Duration::from_secs(3)));
        let cause = fault.into_error("p", None).cause;
        assert!(cause.len() < 500 && !cause.contains('\n'), "{cause}");
    }
}
