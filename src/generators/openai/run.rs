//! One run: ask, wait, ask again where that may help, read, each within its deadline.

use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::Utc;
use futures_util::{StreamExt as _, stream};
use generation_actors::{
    model::{Failure, FailureCode, Step, Usage},
    ports::{GenerationRequest, GenerationStream, Piece},
};
use http::{HeaderValue, Request, header};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    Shared,
    decode::Decoder,
    fault::{Fault, Retry},
    overlap::Overlap,
    parameters::Parameters,
    reply::Reply,
    request, retry, tokens,
};
use crate::client::{self, Answer};

/// A provider that asks to wait longer is not waited for: the job would hold its slot all the while.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How long a provider may take to send its usage once the model has stopped, and to end the reply. Some leave it open.
const ENDING: Duration = Duration::from_secs(5);
/// What is read of an answer that is an error.
const ERROR_BODY: usize = 64 * 1024;
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything a run holds. Dropping it drops the response, which closes the connection.
struct Run {
    provider: Arc<Shared>,
    request: GenerationRequest,
    phase: Phase,
    due: VecDeque<Piece>,
    reply: Reply,
    overlap: Overlap,
    parameters: Parameters,
    /// The text of this run, to be counted if the provider does not.
    text: String,
    failed_attempts: u32,
}

enum Phase {
    Asking,
    Pausing(Duration),
    Reading(Box<Open>),
    Ending,
    /// What came before the failure is passed on first.
    Failing(Failure),
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
pub(super) fn start(provider: Arc<Shared>, request: GenerationRequest) -> GenerationStream {
    let overlap = Overlap::with(&request.written);
    let parameters = provider.refused.recall(&request.brief.model, provider.options.tokens_field);
    let run = Run {
        provider,
        request,
        phase: Phase::Asking,
        due: VecDeque::new(),
        reply: Reply::default(),
        overlap,
        parameters,
        text: String::new(),
        failed_attempts: 0,
    };
    Box::pin(stream::unfold(run, Run::next))
}

impl Run {
    async fn next(mut self) -> Option<(Result<Piece, Failure>, Self)> {
        loop {
            if let Some(piece) = self.due.pop_front() {
                let Piece::Text(text) = piece else { return Some((Ok(piece), self)) };
                let text = self.overlap.push(text);
                if text.is_empty() {
                    continue;
                }
                self.text.push_str(&text);
                return Some((Ok(Piece::Text(text)), self));
            }
            let stepped = match mem::replace(&mut self.phase, Phase::Over) {
                // On the heap what happens once: a stream keeps the room of its largest step for as long as it is open.
                Phase::Asking => Box::pin(self.ask()).await,
                Phase::Pausing(pause) => {
                    sleep(pause).await;
                    Ok(Phase::Asking)
                }
                Phase::Reading(open) => self.read(open).await,
                Phase::Ending => Box::pin(self.end()).await,
                Phase::Failing(failure) => return Some((Err(failure), self)),
                Phase::Over => return None,
            };
            self.phase = stepped.unwrap_or_else(|fault| self.try_again(fault));
        }
    }

    async fn ask(&mut self) -> Result<Phase, Fault> {
        let options = &self.provider.options;
        let prompt = self.provider.prompts.prompt(&self.request.brief).map_err(|error| {
            Fault::protocol(format!("the prompt template of {:?} fails: {error}", self.request.brief.script_type))
        })?;
        let body = request::body(options, &prompt, &self.request, self.parameters);
        let request = self.provider.post(body.to_string().into())?;
        let answer = client::ask(&self.provider.connector, request, options.head_timeout).await;
        let answer = answer.map_err(|error| fault_of(&error))?;
        if answer.status != 200 {
            return Err(refusal(answer).await);
        }
        let first_token_by = Instant::now() + options.first_token_timeout;
        let (body, decoder) = (answer.body, Decoder::default());
        Ok(Phase::Reading(Box::new(Open { body, decoder, first_token_by, end_by: None })))
    }

    async fn read(&mut self, mut open: Box<Open>) -> Result<Phase, Fault> {
        let options = &self.provider.options;
        if self.reply.has_stopped() {
            let by = *open.end_by.get_or_insert_with(|| Instant::now() + options.idle_timeout.min(ENDING));
            return self.read_until(by, open, None).await;
        }
        let (by, missing) = if self.reply.has_begun() {
            (Instant::now() + options.idle_timeout, Fault::timeout("nothing came", options.idle_timeout))
        } else {
            (open.first_token_by, Fault::timeout("no text came", options.first_token_timeout))
        };
        self.read_until(by, open, Some(missing)).await
    }

    /// Reads once. `missing` is what it means if nothing comes; nothing amiss if `None`.
    async fn read_until(&mut self, by: Instant, mut open: Box<Open>, missing: Option<Fault>) -> Result<Phase, Fault> {
        match timeout_at(by, open.body.next()).await {
            Err(_) => return missing.map_or(Ok(Phase::Ending), Err),
            Ok(Some(Ok(bytes))) => open.decoder.push(&bytes),
            Ok(Some(Err(error))) => return self.cut_off(&error),
            Ok(None) => open.decoder.finish(),
        }
        // What the connection gave before it ended is read either way; the end itself shows at the next read.
        while let Some(data) = open.decoder.next().map_err(|failure| Fault { failure, retry: Retry::Never })? {
            self.reply.event(&data, &mut self.due)?;
            if self.reply.is_done() {
                return Ok(Phase::Ending);
            }
        }
        Ok(if open.decoder.is_finished() { Phase::Ending } else { Phase::Reading(open) })
    }

    /// A connection that breaks after the model has said that it is done has broken too late to matter.
    fn cut_off(&self, error: &client::Error) -> Result<Phase, Fault> {
        if self.reply.has_stopped() {
            return Ok(Phase::Ending);
        }
        Err(Fault::new(FailureCode::GenerationError, Retry::Backoff, error.to_string()))
    }

    async fn end(&mut self) -> Result<Phase, Fault> {
        let reason = self.reply.end()?;
        let rest = self.overlap.finish();
        if !rest.is_empty() {
            self.text.push_str(&rest);
            self.due.push_back(Piece::Text(rest));
        }
        let usage = self.usage().await;
        self.due.extend([Piece::Usage(usage), Piece::End(reason)]);
        Ok(Phase::Over)
    }

    /// Of the whole script, what an earlier run wrote included.
    async fn usage(&mut self) -> Usage {
        let earlier = self.request.written.clone();
        match self.reply.completion_tokens() {
            Some(tokens) if earlier.is_empty() => Usage { completion_tokens: tokens, measured: true },
            Some(tokens) => Usage { completion_tokens: tokens + tokens::count(earlier).await, measured: false },
            None => {
                let completion_tokens = tokens::count(earlier + &self.text).await;
                Usage { completion_tokens, measured: false }
            }
        }
    }

    /// The pause before the next attempt, or the failure if there must be none.
    fn try_again(&mut self, fault: Fault) -> Phase {
        let options = &self.provider.options;
        let retry = fault.retry;
        if let Retry::Without(objection) = retry
            && !self.reply.has_text()
            && self.parameters.give_in(objection)
        {
            let Shared { options, refused, .. } = &*self.provider;
            refused.remember(&self.request.brief.model, options.tokens_field, objection);
            let failure = fault.into_failure(&options.name, options.api_key.as_deref());
            log::info!("{failure}; asking again without {objection}");
            self.reply = Reply::default();
            self.due.clear();
            return Phase::Asking;
        }
        let failure = fault.into_failure(&options.name, options.api_key.as_deref());
        let attempt = self.failed_attempts + 1;
        let pause = match retry {
            Retry::Never | Retry::Without(_) => return Phase::Failing(failure),
            _ if self.reply.has_text() || self.failed_attempts >= options.retries => {
                return Phase::Failing(failure);
            }
            Retry::Backoff => retry::BACKOFF.pause(attempt, rand::random()),
            Retry::After(asked) if asked > LONGEST_WAIT => return Phase::Failing(failure),
            // Never sooner than asked, and not all at the same moment.
            Retry::After(asked) => asked + retry::BACKOFF.pause(1, rand::random()) / 4,
        };
        log::info!("{failure}; attempt {} in {pause:.1?}", attempt + 1);
        self.failed_attempts = attempt;
        self.reply = Reply::default();
        self.due.clear();
        self.due.push_back(Piece::Step(Step::RetryingModel));
        Phase::Pausing(pause)
    }
}

impl Shared {
    fn post(&self, body: Bytes) -> Result<Request<Bytes>, Fault> {
        let options = &self.options;
        let mut request = Request::post(format!("{}/chat/completions", options.base_url))
            .header(header::ACCEPT, "text/event-stream")
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = &options.api_key {
            let bearer = HeaderValue::try_from(format!("Bearer {key}"));
            let mut bearer =
                bearer.map_err(|_| Fault::protocol("the API key has characters that no header can carry"))?;
            bearer.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, bearer);
        }
        request.body(body).map_err(|error| Fault::protocol(format!("the request cannot be sent: {error}")))
    }
}

async fn refusal(answer: Answer) -> Fault {
    let asked_for = retry::asked_for(&answer.headers, Utc::now());
    let body = timeout(ERROR_BODY_TIMEOUT, answer.body.collect(ERROR_BODY)).await;
    let body = body.ok().and_then(Result::ok).unwrap_or_default();
    Fault::of_response(answer.status.as_u16(), &String::from_utf8_lossy(&body), asked_for)
}

/// No answer came, or none that can be read.
fn fault_of(error: &client::Error) -> Fault {
    let (code, retry) = match error {
        client::Error::Timeout { .. } => (FailureCode::TimeoutError, Retry::Backoff),
        client::Error::Unreachable(_) | client::Error::Broken(_) => (FailureCode::ModelUnavailable, Retry::Backoff),
        client::Error::Unusable(_) => (FailureCode::GenerationError, Retry::Never),
    };
    Fault::new(code, retry, error.to_string())
}
