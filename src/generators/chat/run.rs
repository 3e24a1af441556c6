//! One run: ask, wait, retry where that may help, read; each step has its deadline.

use std::{mem, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::Utc;
use futures_util::{StreamExt as _, stream};
use generation_actors::ports::{ChatDelta, ChatError, ChatRequest, ChatStream};
use http::{HeaderValue, Request, header};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    Fault, Parameters, Protocol, Provider, Reply,
    decode::Decoder,
    fault::Retry,
    overlap::Overlap,
    retry::{self, BACKOFF},
};
use crate::client::{self, Answer};

/// If a provider asks for a longer pause, the run fails: the job would hold its slot all that time.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How long a provider may take to send the usage and end the reply once the model has stopped. Some leave it open.
const TRAILER_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of an error response is read, in bytes.
const ERROR_BODY: usize = 64 * 1024;
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything a run holds. Dropping it drops the response, which closes the connection.
struct Run<P> {
    provider: Arc<Provider<P>>,
    request: ChatRequest,
    phase: Phase,
    reply: Reply,
    overlap: Overlap,
    parameters: Parameters,
    failed_attempts: u32,
}

enum Phase {
    Asking,
    Pausing(Duration),
    Reading(Box<Open>),
    Ending,
    /// What came before the error has been passed on.
    Failing(ChatError),
    Over,
}

/// A response that is being read.
struct Open {
    body: client::Body,
    decoder: Decoder,
    first_token_by: Instant,
    /// Set once the model has stopped.
    end_by: Option<Instant>,
}

/// Starts a run; nothing is sent before the first poll.
pub(super) fn start<P: Protocol>(provider: Arc<Provider<P>>, request: ChatRequest) -> ChatStream {
    let written = request.continuation.as_ref().map_or("", |continuation| &continuation.written);
    let run = Run {
        phase: Phase::Asking,
        reply: Reply::default(),
        overlap: Overlap::with(written),
        parameters: provider.refused.recall(&request.model, || provider.protocol.parameters(&request.model)),
        failed_attempts: 0,
        provider,
        request,
    };
    // Boxed, because it is moved into every step and out again.
    Box::pin(stream::unfold(Box::new(run), Run::next))
}

impl<P: Protocol> Run<P> {
    async fn next(mut self: Box<Self>) -> Option<(Result<ChatDelta, ChatError>, Box<Self>)> {
        loop {
            while let Some(delta) = self.reply.next() {
                let ChatDelta::Text(text) = delta else { return Some((Ok(delta), self)) };
                let text = self.overlap.push(text);
                if !text.is_empty() {
                    return Some((Ok(ChatDelta::Text(text)), self));
                }
            }
            let stepped = match mem::replace(&mut self.phase, Phase::Over) {
                // What happens once goes on the heap: an open stream keeps room for its largest step.
                Phase::Asking => Box::pin(self.ask()).await,
                Phase::Pausing(pause) => {
                    sleep(pause).await;
                    Ok(Phase::Asking)
                }
                Phase::Reading(open) => self.read(open).await,
                Phase::Ending => self.end(),
                Phase::Failing(error) => return Some((Err(error), self)),
                Phase::Over => return None,
            };
            self.phase = stepped.unwrap_or_else(|fault| self.try_again(fault));
        }
    }

    async fn ask(&mut self) -> Result<Phase, Fault> {
        let server = &self.provider.server;
        let request = self.provider.post(&self.request, &self.parameters)?;
        let answer = client::ask(&self.provider.connector, request, server.head_timeout).await;
        let answer = answer.map_err(|error| Fault::unanswered(&error))?;
        if answer.status != 200 {
            return Err(self.provider.refusal(answer).await);
        }
        let first_token_by = Instant::now() + server.first_token_timeout;
        let (body, decoder) = (answer.body, Decoder::default());
        Ok(Phase::Reading(Box::new(Open { body, decoder, first_token_by, end_by: None })))
    }

    async fn read(&mut self, mut open: Box<Open>) -> Result<Phase, Fault> {
        let server = &self.provider.server;
        if self.reply.has_stopped() {
            let by = *open.end_by.get_or_insert_with(|| Instant::now() + server.idle_timeout.min(TRAILER_TIMEOUT));
            return self.read_until(by, open, None).await;
        }
        if self.reply.has_text() && !self.request.messages.is_empty() {
            // There will be no other attempt: do not keep the conversation, which may be long.
            self.request.messages = Vec::new();
            self.request.continuation = None;
        }
        let (by, missing) = if self.reply.has_started() {
            (Instant::now() + server.idle_timeout, ("nothing came", server.idle_timeout))
        } else {
            (open.first_token_by, ("no text came", server.first_token_timeout))
        };
        self.read_until(by, open, Some(missing)).await
    }

    /// Reads once. `missing` says what it means if nothing comes in time: what was missing, and after how long; `None` if that is
    /// no error.
    async fn read_until(
        &mut self,
        by: Instant,
        mut open: Box<Open>,
        missing: Option<(&'static str, Duration)>,
    ) -> Result<Phase, Fault> {
        match timeout_at(by, open.body.next()).await {
            Err(_) => return missing.map_or(Ok(Phase::Ending), |(what, limit)| Err(Fault::timeout(what, limit))),
            Ok(Some(Ok(bytes))) => open.decoder.push(&bytes),
            // The model has stopped: a broken connection no longer matters.
            Ok(Some(Err(_))) if self.reply.has_stopped() => return Ok(Phase::Ending),
            Ok(Some(Err(error))) => return Err(Fault::cut_off(&error)),
            Ok(None) => open.decoder.finish(),
        }
        // Read all that came before the connection ended; the end itself shows at the next read.
        while let Some(data) = open.decoder.next()? {
            self.reply.take(&self.provider.protocol, &data)?;
            if self.reply.is_done() {
                return Ok(Phase::Ending);
            }
        }
        Ok(if open.decoder.is_finished() { Phase::Ending } else { Phase::Reading(open) })
    }

    /// Runs once everything is read; the connection is closed by now.
    fn end(&mut self) -> Result<Phase, Fault> {
        let reason = self.reply.end()?;
        let rest = self.overlap.finish();
        if !rest.is_empty() {
            self.reply.add(ChatDelta::Text(rest));
        }
        if let Some(usage) = self.reply.usage() {
            self.reply.add(usage);
        }
        self.reply.add(ChatDelta::End(reason));
        Ok(Phase::Over)
    }

    /// Chooses the next phase after a fault: another attempt, a pause before it, or the error.
    fn try_again(&mut self, fault: Fault) -> Phase {
        let Provider { name, server, protocol, refused, .. } = &*self.provider;
        let retry = fault.retry;
        let error = fault.into_error(name, server.api_key.as_ref());
        if self.reply.has_text() {
            return Phase::Failing(error);
        }
        let attempt = self.failed_attempts + 1;
        let may_wait = self.failed_attempts < server.retries;
        let pause = match retry {
            Retry::Without(objection) if self.parameters.give_in(objection) => {
                let model = &self.request.model;
                refused.remember(model, objection, || protocol.parameters(model));
                log::info!("{error}; asking again without {objection}");
                self.reply = Reply::default();
                return Phase::Asking;
            }
            Retry::Backoff if may_wait => BACKOFF.pause(attempt, rand::random()),
            // Never earlier than asked, and not everyone at the same moment.
            Retry::After(asked) if may_wait && asked <= LONGEST_PAUSE => asked + BACKOFF.pause(1, rand::random()) / 4,
            Retry::Never | Retry::Without(_) | Retry::Backoff | Retry::After(_) => return Phase::Failing(error),
        };
        log::info!("{error}; attempt {} in {pause:.1?}", attempt + 1);
        self.failed_attempts = attempt;
        self.reply = Reply::default();
        self.reply.add(ChatDelta::Retrying);
        Phase::Pausing(pause)
    }
}

impl<P: Protocol> Provider<P> {
    fn post(&self, chat: &ChatRequest, parameters: &Parameters) -> Result<Request<Bytes>, Fault> {
        let Self { server, protocol, .. } = self;
        let body = protocol.body(chat, parameters, server.max_tokens).to_string();
        let request = Request::post(format!("{}{}", server.base_url, P::PATH)).body(body.into());
        let mut request = request.map_err(|error| Fault::protocol(format!("the request cannot be sent: {error}")))?;
        *request.headers_mut() = protocol.headers(server.api_key.as_ref())?;
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(request)
    }

    async fn refusal(&self, answer: Answer) -> Fault {
        let asked_for = retry::asked_for(&answer.headers, Utc::now());
        let body = timeout(ERROR_BODY_TIMEOUT, answer.body.collect(ERROR_BODY)).await;
        let body = body.ok().and_then(Result::ok).unwrap_or_default();
        let fault = self.protocol.refusal(answer.status.as_u16(), &String::from_utf8_lossy(&body));
        fault.not_before(asked_for)
    }
}
