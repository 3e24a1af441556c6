//! Events as bytes on the wire (`text/event-stream`): one line of JSON each, as the contract lists them.

use std::io::Write as _;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    job::{Epoch, JobId, JobView, Status, timestamp},
    wording::{Step, Wording},
};

/// `event`, `id` (if any) and `data` of one event, with the blank line that ends it.
/// `payload` is about how long its text is.
fn frame(name: &str, id: Option<std::fmt::Arguments<'_>>, payload: usize, data: &impl Serialize) -> Bytes {
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

/// What a progress event says of its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Figures {
    progress: u8,
    step: Step,
    remaining_seconds: Option<u64>,
}

impl Figures {
    pub(super) fn of(view: &JobView) -> Self {
        Self { progress: view.progress, step: view.step, remaining_seconds: view.remaining_seconds }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Progress<'a> {
    r#type: &'static str,
    job_id: JobId,
    value: u8,
    current_step: &'a str,
    estimated_time: Option<u64>,
}

pub(super) fn progress_frame(epoch: Epoch, seq: u64, view: &JobView, figures: Figures, wording: &Wording) -> Bytes {
    let data = Progress {
        r#type: "progress",
        job_id: view.id,
        value: figures.progress,
        current_step: wording.step(figures.step, view.brief.locale),
        estimated_time: figures.remaining_seconds,
    };
    frame("progress", Some(format_args!("{epoch}-{seq}")), 0, &data)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Preview<'a> {
    r#type: &'static str,
    job_id: JobId,
    #[serde(flatten)]
    text: PreviewText<'a>,
    is_partial: bool,
    word_count: u64,
    estimated_tokens: u64,
}

/// The text of a preview: all of it, or what follows an offset.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", untagged)]
pub(super) enum PreviewText<'a> {
    Full { markdown: &'a str },
    Delta { delta: &'a str, offset: usize },
}

impl PreviewText<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Full { markdown } => markdown.len(),
            Self::Delta { delta, .. } => delta.len(),
        }
    }
}

pub(super) fn preview_frame(epoch: Epoch, seq: u64, view: &JobView, text: PreviewText<'_>) -> Bytes {
    let payload = text.len();
    let data = Preview {
        r#type: "preview",
        job_id: view.id,
        text,
        is_partial: !view.text_complete,
        word_count: view.words,
        estimated_tokens: view.tokens,
    };
    frame("preview", Some(format_args!("{epoch}-{seq}")), payload, &data)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Completed<'a> {
    r#type: &'static str,
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
struct Failed<'a, J, C> {
    r#type: &'static str,
    job_id: J,
    error: FailedError<'a, C>,
}

#[derive(Serialize)]
struct FailedError<'a, C> {
    code: C,
    message: &'a str,
    retryable: bool,
}

/// The one event that ends a job's stream.
pub(super) fn terminal_frame(epoch: Epoch, seq: u64, view: &JobView, markdown: &str, wording: &Wording) -> Bytes {
    let id = format_args!("{epoch}-{seq}");
    match view.failure {
        None => {
            let result = CompletedResult {
                markdown,
                tokens: view.tokens,
                word_count: view.words,
                model_used: view.writer(),
                episode_id: view.episode.as_ref().map(|episode| episode.id.as_str()),
                episode_number: view.episode.as_ref().map(|episode| episode.number),
                saved_to_episode: view.episode.is_some(),
            };
            frame("completed", Some(id), markdown.len(), &Completed { r#type: "completed", job_id: view.id, result })
        }
        Some(code) => {
            let message = wording.failure(code, view.brief.locale);
            let error = FailedError { code, message, retryable: code.retryable() };
            frame("failed", Some(id), 0, &Failed { r#type: "failed", job_id: view.id, error })
        }
    }
}

/// The only event of a stream whose job is unknown to a reader that had been following it.
pub fn gone_frame(job_id: &str, message: &str) -> Bytes {
    let error = FailedError { code: "JOB_NOT_FOUND", message, retryable: false };
    frame("failed", Some(format_args!("gone")), 0, &Failed { r#type: "failed", job_id, error })
}

/// The last event of a stream that broke inside the service while its job goes on. It has no id: it is no event of the job.
pub fn stream_error_frame(job_id: JobId, message: &str) -> Bytes {
    let error = FailedError { code: "SSE_ERROR", message, retryable: true };
    frame("failed", None, 0, &Failed { r#type: "failed", job_id, error })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Heartbeat {
    r#type: &'static str,
    timestamp: String,
    job_id: JobId,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_position: Option<u32>,
}

/// The sign of life; `end` gives it the id after which a reader is told to stop.
pub fn heartbeat_frame(view: &JobView, queue_position: Option<u32>, at: DateTime<Utc>, end: Option<Epoch>) -> Bytes {
    let data = Heartbeat {
        r#type: "heartbeat",
        timestamp: timestamp(at),
        job_id: view.id,
        status: view.status,
        queue_position,
    };
    match end {
        Some(epoch) => frame("heartbeat", Some(format_args!("{epoch}-end")), 0, &data),
        None => frame("heartbeat", None, 0, &data),
    }
}
