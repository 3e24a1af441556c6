//! The engine's own operations: conditional and atomic writes, reads at the leader and anywhere. Each is one attempt.

use std::time::Duration;

use async_nats::{
    Client, HeaderMap, Request,
    client::RequestErrorKind,
    header::{
        HeaderName, NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE,
        NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_TTL, NATS_ROLLUP, NATS_SEQUENCE, NATS_SUBJECT,
    },
    jetstream::{self, stream::LastRawMessageErrorKind},
};
use bytes::Bytes;
use derive_more::{Display, Error};
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use super::{streams::Stream, subjects::Subjects};

/// The most time for one attempt. A server in a cluster without a leader does not answer.
pub(super) const ATTEMPT: Duration = Duration::from_secs(2);
/// Bytes of headers and of the engine's own for each message, about.
const OVERHEAD: u64 = 256;
/// The subjects that an expected sequence is about; the header has no constant in the client.
const EXPECTED_OF: &str = "Nats-Expected-Last-Subject-Sequence-Subject";
/// How many messages of a scan are left; without a constant, too.
const PENDING: HeaderName = HeaderName::from_static("Nats-Num-Pending");
/// The most messages in one answer to a scan, and their bytes.
const PAGE: u64 = 1000;
const PAGE_BYTES: u64 = 8 << 20;

/// A message to store.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Write {
    pub(super) subject: String,
    pub(super) payload: Bytes,
    /// It replaces all earlier messages of its subject.
    rollup: bool,
    /// The engine removes it after this time, in whole seconds.
    pub(super) lifetime: Option<Duration>,
    /// The newest sequence of subjects that match; 0 if there must be none.
    expects: Option<(String, u64)>,
}

/// A stored message.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message {
    pub(super) subject: String,
    pub(super) sequence: u64,
    pub(super) payload: Bytes,
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
pub(super) enum Failure {
    /// The expected sequence is no longer the newest. Nothing was written by this attempt.
    #[display("what was to be replaced is no longer the newest")]
    Moved,
    /// Nothing was written; another attempt may succeed at once.
    #[display("another write is in flight")]
    Busy,
    /// Nothing was written, and nothing will be before somebody makes room.
    #[display("the engine has no room left: {_0}")]
    Full(#[error(not(source))] String),
    /// No answer: the engine may have written it or not, or may still do so.
    #[display("the engine does not answer: {_0}")]
    Silent(#[error(not(source))] String),
    /// There is no such stream.
    #[display("the stream is not there")]
    Missing,
    /// The engine refused it for another reason. Nothing was written.
    #[display("the engine refused it: {_0}")]
    Refused(#[error(not(source))] String),
}

#[derive(Deserialize)]
struct Ack {
    #[serde(default)]
    seq: u64,
    error: Option<AckError>,
}

#[derive(Deserialize)]
struct AckError {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Info {
    Failed { error: AckError },
    Is { created: String, config: Limits, state: Used },
}

#[derive(Deserialize)]
struct Limits {
    max_bytes: i64,
}

#[derive(Deserialize)]
struct Used {
    bytes: u64,
}

/// How a stream is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    /// When it was made. A stream that is made again is another one.
    pub(super) created: String,
    bytes: u64,
    max_bytes: i64,
}

impl State {
    /// The bytes that may still be written before only the last tenth is left, for the texts and ends of what runs.
    pub(super) fn room(&self) -> u64 {
        u64::try_from(self.max_bytes).map_or(u64::MAX, |most| (most / 10 * 9).saturating_sub(self.bytes))
    }
}

/// One stream over the connection, with the names of what this service stores.
#[derive(Debug, Clone)]
pub(super) struct Engine {
    client: Client,
    stream: jetstream::stream::Stream<()>,
    name: String,
    pub(super) subjects: Subjects,
}

impl Write {
    pub(super) fn new(subject: String, payload: Vec<u8>) -> Self {
        Self { subject, payload: payload.into(), rollup: false, lifetime: None, expects: None }
    }

    #[must_use]
    pub(super) fn rollup(mut self) -> Self {
        self.rollup = true;
        self
    }

    #[must_use]
    pub(super) fn expects(mut self, subjects: String, newest: u64) -> Self {
        self.expects = Some((subjects, newest));
        self
    }

    /// The bytes it takes in the stream, about.
    pub(super) fn size(&self) -> u64 {
        (self.subject.len() + self.payload.len()) as u64 + OVERHEAD
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if self.rollup {
            headers.insert(NATS_ROLLUP, "sub");
        }
        if let Some(lifetime) = self.lifetime {
            headers.insert(NATS_MESSAGE_TTL, lifetime.as_secs().max(1).to_string());
        }
        if let Some((subjects, newest)) = &self.expects {
            headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, newest.to_string());
            headers.insert(EXPECTED_OF, subjects.as_str());
        }
        headers
    }
}

impl Engine {
    pub(super) fn new(client: Client, stream: Stream, subjects: Subjects) -> Self {
        let Stream { name, handle } = stream;
        Self { client, stream: handle, name, subjects }
    }

    /// Stores all of the messages or none, and returns the sequence of the last one.
    pub(super) async fn write(&self, writes: &[Write]) -> Result<u64, Failure> {
        let batch = (writes.len() > 1).then(|| self.client.new_inbox());
        let mut last = None;
        for (sequence, write) in (1_u64..).zip(writes) {
            let mut headers = write.headers();
            if let Some(batch) = &batch {
                // An id has at most 64 characters; an inbox begins with a word that all share.
                headers.insert(NATS_BATCH_ID, batch.trim_start_matches("_INBOX."));
                headers.insert(NATS_BATCH_SEQUENCE, sequence.to_string());
            }
            if sequence < writes.len() as u64 {
                let (subject, payload) = (write.subject.clone(), write.payload.clone());
                let sent = self.client.publish_with_headers(subject, headers, payload);
                timeout(ATTEMPT, sent).await.map_err(silent)?.map_err(silent)?;
            } else {
                if batch.is_some() {
                    headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
                }
                last = Some((write, headers));
            }
        }
        let Some((write, headers)) = last else { return Err(Failure::Refused("there is nothing to write".into())) };
        let request = Request::new().headers(headers).payload(write.payload.clone()).timeout(Some(ATTEMPT));
        let answer = self.client.send_request(write.subject.clone(), request).await.map_err(|error| {
            // The server knows of nobody who could have stored it.
            if error.kind() == RequestErrorKind::NoResponders {
                Failure::Refused("no leader".into())
            } else {
                silent(error)
            }
        })?;
        let ack: Ack = serde_json::from_slice(&answer.payload).map_err(silent)?;
        match ack.error {
            None => Ok(ack.seq),
            Some(error) => Err(error.into()),
        }
    }

    /// The newest message on subjects that match, as the leader knows it.
    pub(super) async fn newest(&self, subjects: &str) -> Result<Option<Message>, Failure> {
        match timeout(ATTEMPT, self.stream.get_last_raw_message_by_subject(subjects)).await.map_err(silent)? {
            Ok(found) => {
                let subject = found.subject.to_string();
                Ok(Some(Message { subject, sequence: found.sequence, payload: found.payload }))
            }
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(silent(error)),
        }
    }

    /// At most a page of messages on subjects that match, from a sequence on, and where the next page begins. Any replica
    /// answers, so the newest may be missing.
    pub(super) async fn scan(&self, subjects: &str, from: u64) -> Result<(Vec<Message>, Option<u64>), Failure> {
        let inbox = self.client.new_inbox();
        let mut answers = self.client.subscribe(inbox.clone()).await.map_err(silent)?;
        let request = json!({ "seq": from.max(1), "next_by_subj": subjects, "batch": PAGE, "max_bytes": PAGE_BYTES });
        let subject = format!("$JS.API.DIRECT.GET.{}", self.name);
        let sent = self.client.publish_with_reply(subject, inbox, request.to_string().into());
        timeout(ATTEMPT, sent).await.map_err(silent)?.map_err(silent)?;
        let mut messages = Vec::new();
        loop {
            let answer = timeout(ATTEMPT, answers.next()).await.map_err(silent)?;
            let answer = answer.ok_or_else(|| Failure::Silent("the connection was closed".into()))?;
            let header = |name| Some(answer.headers.as_ref()?.get(name)?.as_str());
            match answer.status.map(|status| status.as_u16()) {
                None => {
                    let (Some(subject), Some(sequence)) = (header(NATS_SUBJECT), header(NATS_SEQUENCE)) else {
                        return Err(Failure::Refused("a stored message came without its subject and sequence".into()));
                    };
                    let sequence = sequence.parse().map_err(silent)?;
                    messages.push(Message { subject: subject.into(), sequence, payload: answer.payload });
                }
                Some(204) => {
                    let more = header(PENDING).is_some_and(|pending| pending != "0");
                    let next = messages.last().filter(|_| more).map(|last| last.sequence + 1);
                    return Ok((messages, next));
                }
                Some(404) => return Ok((messages, None)),
                Some(status) => return Err(Failure::Silent(format!("a scan was answered with {status}"))),
            }
        }
    }

    /// Removes everything on subjects that match.
    pub(super) async fn purge(&self, subjects: String) -> Result<(), Failure> {
        let purge = self.stream.purge().filter(subjects);
        timeout(ATTEMPT, purge.into_future()).await.map_err(silent)?.map_err(silent)?;
        Ok(())
    }

    /// How the stream is. Fails if no leader answers.
    pub(super) async fn state(&self) -> Result<State, Failure> {
        let request = Request::new().timeout(Some(ATTEMPT));
        let subject = format!("$JS.API.STREAM.INFO.{}", self.name);
        let answer = self.client.send_request(subject, request).await.map_err(silent)?;
        match serde_json::from_slice(&answer.payload).map_err(silent)? {
            Info::Is { created, config: Limits { max_bytes }, state: Used { bytes } } => {
                Ok(State { created, bytes, max_bytes })
            }
            Info::Failed { error } => Err(error.into()),
        }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }
}

impl From<AckError> for Failure {
    fn from(AckError { err_code, description }: AckError) -> Self {
        match err_code {
            10071 => Self::Moved,
            10164 => Self::Busy,
            10059 => Self::Missing,
            10077 | 10047 | 10023 => Self::Full(description),
            code => Self::Refused(format!("{description} ({code})")),
        }
    }
}

fn silent(error: impl ToString) -> Failure {
    Failure::Silent(error.to_string())
}
