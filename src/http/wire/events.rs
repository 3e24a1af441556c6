//! Encodes events as `text/event-stream`: one line of JSON each, as the contract defines them.

use std::{
    fmt::{Arguments, Display},
    io::Write as _,
    sync::Arc,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use generation_actors::{
    feed::{EventId, FrameEncoder, PreviewText},
    model::{Epoch, FailureCode, JobId, JobView, Locale},
};
use serde::Serialize;

use super::{
    ErrorCode, ErrorObject, Timestamp, as_text,
    jobs::{Status, saved_episode},
};
use crate::locales::Locales;

/// Encodes the frames of event streams, in the language of their job.
#[derive(Debug, Clone)]
pub struct Frames {
    locales: Arc<Locales>,
}

impl Frames {
    /// Encodes with the sentences of `locales`.
    pub fn new(locales: Arc<Locales>) -> Self {
        Self { locales }
    }

    /// The only event for a reader that has followed a job the service no longer knows.
    pub(in crate::http) fn gone(&self, job_id: &str, locale: Locale) -> Bytes {
        let error = ErrorObject::new(ErrorCode::JobNotFound, &self.locales.texts(locale).errors.job_not_found);
        frame("failed", Some(format_args!("gone")), 0, &Failed { r#type: "failed", job_id, error })
    }

    /// The last event of a stream that broke inside the service while its job continues. It has no id, because it is
    /// not an event of the job.
    pub(in crate::http) fn stream_error(&self, view: &JobView) -> Bytes {
        let message = &self.locales.texts(view.brief.locale).failures.sse_error;
        let error = ErrorObject::new(ErrorCode::SseError, message);
        frame("failed", None, 0, &Failed { r#type: "failed", job_id: view.id, error })
    }

    /// A heartbeat event. `end` gives it the id after which a reader is told to stop.
    pub(in crate::http) fn heartbeat(view: &JobView, at: DateTime<Utc>, end: Option<Epoch>) -> Bytes {
        let data = Heartbeat {
            r#type: "heartbeat",
            timestamp: Timestamp(at),
            job_id: view.id,
            status: view.status.into(),
            queue_position: view.queue_position,
        };
        match end {
            Some(epoch) => frame("heartbeat", Some(format_args!("{epoch}-end")), 0, &data),
            None => frame("heartbeat", None, 0, &data),
        }
    }

    fn failed(&self, id: EventId, view: &JobView, code: FailureCode) -> Bytes {
        let message = self.locales.texts(view.brief.locale).failure(code);
        let error = ErrorObject::new(code.into(), message);
        frame("failed", Some(format_args!("{id}")), 0, &Failed { r#type: "failed", job_id: view.id, error })
    }
}

impl FrameEncoder for Frames {
    fn progress(&self, id: EventId, view: &JobView) -> Bytes {
        let data = Progress {
            r#type: "progress",
            job_id: view.id,
            value: view.progress,
            current_step: self.locales.texts(view.brief.locale).step(view.step),
            estimated_time: view.remaining_seconds,
        };
        frame("progress", Some(format_args!("{id}")), 0, &data)
    }

    fn preview(&self, id: EventId, view: &JobView, text: PreviewText<'_>) -> Bytes {
        let (text, length) = match text {
            PreviewText::Full(markdown) => (Text::Full { markdown }, markdown.len()),
            PreviewText::Delta { text, offset } => (Text::Delta { delta: text, offset }, text.len()),
        };
        let data = Preview {
            r#type: "preview",
            job_id: view.id,
            text,
            is_partial: !view.text_complete,
            word_count: view.words,
            estimated_tokens: view.tokens,
        };
        frame("preview", Some(format_args!("{id}")), length, &data)
    }

    fn terminal(&self, id: EventId, view: &JobView, markdown: &str) -> Bytes {
        if let Some(code) = view.failure {
            return self.failed(id, view, code);
        }
        let episode = saved_episode(view);
        let result = CompletedResult {
            markdown,
            tokens: view.tokens,
            word_count: view.words,
            model_used: view.writer(),
            episode_id: episode.map(|episode| episode.id.as_str()),
            episode_number: episode.map(|episode| episode.number),
            saved_to_episode: episode.is_some(),
        };
        let data = Completed { r#type: "completed", job_id: view.id, result };
        frame("completed", Some(format_args!("{id}")), markdown.len(), &data)
    }
}

/// `event`, `id` (if any) and `data` of one event, with the blank line that ends it. `payload` is its approximate text
/// length in bytes.
fn frame(name: &str, id: Option<Arguments<'_>>, payload: usize, data: &impl Serialize) -> Bytes {
    let mut out = Vec::with_capacity(256 + payload);
    let _infallible = writeln!(out, "event: {name}");
    if let Some(id) = id {
        let _infallible = writeln!(out, "id: {id}");
    }
    out.extend_from_slice(b"data: ");
    serde_json::to_writer(&mut out, data).expect("these structs have string keys and a Vec takes every write");
    out.extend_from_slice(b"\n\n");
    out.shrink_to_fit();
    Bytes::from(out)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Progress<'a> {
    r#type: &'static str,
    #[serde(serialize_with = "as_text")]
    job_id: JobId,
    value: u8,
    current_step: &'a str,
    estimated_time: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Preview<'a> {
    r#type: &'static str,
    #[serde(serialize_with = "as_text")]
    job_id: JobId,
    #[serde(flatten)]
    text: Text<'a>,
    is_partial: bool,
    word_count: u64,
    estimated_tokens: u64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Text<'a> {
    Full { markdown: &'a str },
    Delta { delta: &'a str, offset: usize },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Completed<'a> {
    r#type: &'static str,
    #[serde(serialize_with = "as_text")]
    job_id: JobId,
    result: CompletedResult<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CompletedResult<'a> {
    markdown: &'a str,
    tokens: u64,
    word_count: u64,
    model_used: &'a str,
    episode_id: Option<&'a str>,
    episode_number: Option<u32>,
    saved_to_episode: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed<'a, J: Display> {
    r#type: &'static str,
    #[serde(serialize_with = "as_text")]
    job_id: J,
    error: ErrorObject<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Heartbeat {
    r#type: &'static str,
    timestamp: Timestamp,
    #[serde(serialize_with = "as_text")]
    job_id: JobId,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_position: Option<u32>,
}
