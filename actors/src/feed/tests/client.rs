//! A client model for the property tests.

use std::{
    collections::VecDeque,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use serde_json::Value;

use super::*;

/// A simulated `EventSource` that checks every event it receives.
pub(super) struct Client {
    mode: PreviewMode,
    pub(super) connection: Option<(Subscription, VecDeque<Bytes>)>,
    pub(super) last_id: Option<String>,
    epoch: u64,
    pub(super) text: String,
    newest_progress: i64,
    newest_preview: i64,
    /// Whether the feed was restored from a recorded end, in another process.
    pub(super) after_a_restored_end: bool,
    pub(super) end: Option<Value>,
}

impl Client {
    pub(super) fn new(mode: PreviewMode) -> Self {
        let text = String::new();
        Self {
            mode,
            connection: None,
            last_id: None,
            epoch: 0,
            text,
            newest_progress: -1,
            newest_preview: -1,
            after_a_restored_end: false,
            end: None,
        }
    }

    /// Connects if necessary and moves all due events from the feed to the wire.
    pub(super) fn poll(&mut self, feed: &Feed) {
        if self.end.is_some() {
            return;
        }
        let connection = self.connection.get_or_insert_with(|| {
            let last = self.last_id.as_deref().map(LastEventId::parse);
            match feed.opening(last) {
                Opening::Subscribe(resume) => (feed.subscribe(resume, self.mode), VecDeque::new()),
                other => panic!("a client without the end was given {other:?}"),
            }
        });
        let context = Context::from_waker(Waker::noop());
        let _turn: Poll<Turn> = connection.0.poll_events(&context, &mut connection.1);
    }

    /// Receives up to `events` events from the wire, then loses the connection if `cut`.
    pub(super) fn receive(&mut self, events: usize, cut: bool) {
        for _ in 0..events {
            let Some(frame) = self.connection.as_mut().and_then(|(_, wire)| wire.pop_front()) else { break };
            self.take(&frame);
        }
        if cut {
            self.connection = None;
        }
    }

    fn take(&mut self, frame: &Bytes) {
        let Event { name, id, data } = parse(frame);
        assert!(self.end.is_none(), "{name} after the terminal event");
        let id = id.expect("an id");
        let number = |part: &str| part.parse::<u64>().expect("a number");
        let point = |id: &str| id.split_once('-').map(|(epoch, seq)| (number(epoch), number(seq))).expect("two parts");
        if let Some(last) = &self.last_id {
            assert!(point(&id) > point(last), "ids grow: {last} then {id}");
        }
        if point(&id).0 != self.epoch {
            // The job was recovered in a new epoch: a fresh start, whose first preview replaces all text.
            (self.epoch, self.newest_progress, self.newest_preview) = (point(&id).0, -1, -1);
        }
        self.last_id = Some(id);
        match name.as_str() {
            "progress" => {
                let stamp = data["estimatedTime"].as_i64().unwrap_or(i64::MAX);
                assert!(stamp > self.newest_progress, "the same progress twice");
                self.newest_progress = stamp;
            }
            "preview" => {
                let stamp = data["wordCount"].as_i64().expect("a count");
                assert!(stamp > self.newest_preview, "the same preview twice");
                self.preview(&data);
                self.newest_preview = stamp;
            }
            _ => self.end = Some(data),
        }
    }

    fn preview(&mut self, data: &Value) {
        let first = self.newest_preview < 0;
        let text = match self.mode {
            PreviewMode::Full => data["markdown"].as_str().expect("markdown").to_owned(),
            PreviewMode::Delta => {
                let offset = data["offset"].as_u64().expect("an offset") as usize;
                if first {
                    assert_eq!(offset, 0, "the first text of an epoch is the whole text");
                    self.text.clear();
                }
                // A restored end has no marks, so the text is sent from the start.
                let from_the_start = offset == 0 && self.after_a_restored_end;
                let present = self.text.encode_utf16().count();
                assert!(offset == present || from_the_start, "neither a gap nor text sent twice");
                let kept = if from_the_start { "" } else { self.text.as_str() };
                kept.to_owned() + data["delta"].as_str().expect("a delta")
            }
        };
        assert!(first || text.len() > self.text.len(), "a text that the client already had");
        self.text = text;
    }
}
