//! Frames for the tests of this crate, with the fields that they check, named as in the contract.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    feed::{EventId, FrameEncoder, PreviewText},
    model::JobView,
};

pub(crate) struct PlainFrames;

fn frame(name: &str, id: EventId, data: &Value) -> Bytes {
    Bytes::from(format!("event: {name}\nid: {id}\ndata: {data}\n\n"))
}

impl FrameEncoder for PlainFrames {
    fn progress(&self, id: EventId, view: &JobView) -> Bytes {
        let step = format!("{:?}", view.step);
        frame("progress", id, &json!({ "value": view.progress, "step": step, "estimatedTime": view.remaining_seconds }))
    }

    fn preview(&self, id: EventId, view: &JobView, text: PreviewText<'_>) -> Bytes {
        let (partial, words) = (!view.text_complete, view.words);
        let data = match text {
            PreviewText::Full(text) => json!({ "markdown": text, "isPartial": partial, "wordCount": words }),
            PreviewText::Delta { text, offset } => {
                json!({ "delta": text, "offset": offset, "isPartial": partial, "wordCount": words })
            }
        };
        frame("preview", id, &data)
    }

    fn terminal(&self, id: EventId, view: &JobView, text: &str) -> Bytes {
        let Some(code) = view.failure else {
            let episode = view.episode.as_ref().and_then(|episode| episode.saved());
            let result = json!({
                "markdown": text,
                "tokens": view.tokens,
                "modelUsed": view.writer(),
                "episodeId": episode.map(|episode| &episode.id),
                "savedToEpisode": episode.is_some(),
            });
            return frame("completed", id, &json!({ "result": result }));
        };
        let error = json!({ "code": code.to_string(), "retryable": code.retryable() });
        frame("failed", id, &json!({ "error": error }))
    }
}
