//! Turns a model's reply into the pieces of a script.

use std::{
    collections::VecDeque,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::Stream;
use generation_actors::{model::{Failure, Step, Usage}, ports::{ChatDelta, ChatError, ChatStream, EndReason, GenerationStream, Piece}};

use super::{failure_code, tokens};

/// A script that is being written. Dropping it drops the reply, which closes the connection.
struct Script {
    phase: Phase,
    /// Pieces to yield before reading on.
    due: VecDeque<Piece>,
    /// The text of an earlier run.
    earlier: String,
    /// The text of this run, counted at the end if the provider did not.
    text: String,
    completion_tokens: Option<u64>,
}

enum Phase {
    Reading(ChatStream),
    Counting(Pin<Box<dyn Future<Output = Usage>>>, EndReason),
    Failing(Failure),
    Over,
}

/// Streams the script of this reply, which continues what was written `earlier`; or only the failure.
pub(super) fn start(reply: Result<ChatStream, Failure>, earlier: String) -> GenerationStream {
    let phase = reply.map_or_else(Phase::Failing, Phase::Reading);
    Box::pin(Script { phase, due: VecDeque::new(), earlier, text: String::new(), completion_tokens: None })
}

impl Stream for Script {
    type Item = Result<Piece, Failure>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let script = self.get_mut();
        loop {
            if let Some(piece) = script.due.pop_front() {
                return Poll::Ready(Some(Ok(piece)));
            }
            match &mut script.phase {
                Phase::Reading(reply) => match ready!(reply.as_mut().poll_next(cx)) {
                    Some(Ok(delta)) => script.take(delta),
                    Some(Err(error)) => script.phase = Phase::Failing(failure(error)),
                    None => script.phase = Phase::Over,
                },
                Phase::Counting(counting, reason) => {
                    let usage = ready!(counting.as_mut().poll(cx));
                    script.due.extend([Piece::Usage(usage), Piece::End(*reason)]);
                    script.phase = Phase::Over;
                }
                Phase::Failing(_) | Phase::Over => {
                    let Phase::Failing(failure) = mem::replace(&mut script.phase, Phase::Over) else {
                        return Poll::Ready(None);
                    };
                    return Poll::Ready(Some(Err(failure)));
                }
            }
        }
    }
}

impl Script {
    fn take(&mut self, delta: ChatDelta) {
        match delta {
            ChatDelta::Text(text) => {
                if self.text.is_empty() {
                    self.due.push_back(Piece::Step(Step::WritingDialogue));
                }
                self.text.push_str(&text);
                self.due.push_back(Piece::Text(text));
            }
            ChatDelta::Model(name) => self.due.push_back(Piece::Model(name)),
            ChatDelta::Reasoning => self.due.push_back(Piece::Step(Step::Reasoning)),
            ChatDelta::Retrying => self.due.push_back(Piece::Step(Step::RetryingModel)),
            ChatDelta::Usage { completion_tokens } => self.completion_tokens = Some(completion_tokens),
            // This drops the reply, and with it the connection, before anything is counted.
            ChatDelta::End(reason) => self.phase = Phase::Counting(Box::pin(self.usage()), reason),
        }
    }

    /// The tokens of the whole script, including the text of an earlier run.
    fn usage(&mut self) -> impl Future<Output = Usage> + use<> {
        let (earlier, text) = (mem::take(&mut self.earlier), mem::take(&mut self.text));
        let completion_tokens = self.completion_tokens;
        async move {
            match completion_tokens {
                Some(tokens) if earlier.is_empty() => Usage { completion_tokens: tokens, measured: true },
                Some(tokens) => Usage { completion_tokens: tokens + tokens::count(earlier).await, measured: false },
                None => Usage { completion_tokens: tokens::count(earlier + &text).await, measured: false },
            }
        }
    }
}

fn failure(ChatError { kind, cause }: ChatError) -> Failure {
    Failure::new(failure_code(kind), cause)
}
