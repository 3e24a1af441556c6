//! A job's feed, with an encoder that costs almost nothing: this crate does not define the bytes of events.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use generation_actors::{
    feed::{
        EventId, Feed, FeedContext, FrameEncoder, LastEventId, Meter, Opening, PreviewText, Publisher, Resume,
        Subscription, Turn,
    },
    job::JobState,
    model::{Epoch, JobView},
    ports::Alone,
};

/// Writes an event's name, id and text, without any format.
struct Plain;

impl Plain {
    fn frame(name: &str, id: EventId, text: &str) -> Bytes {
        let mut out = String::with_capacity(64 + text.len());
        writeln!(out, "event: {name}\nid: {id}\n{text}").expect("a String takes every write");
        Bytes::from(out)
    }
}

impl FrameEncoder for Plain {
    fn progress(&self, id: EventId, _: &JobView) -> Bytes {
        Self::frame("progress", id, "")
    }

    fn preview(&self, id: EventId, _: &JobView, text: PreviewText<'_>) -> Bytes {
        let (PreviewText::Full(text) | PreviewText::Delta { text, .. }) = text;
        Self::frame("preview", id, text)
    }

    fn terminal(&self, id: EventId, _: &JobView, text: &str) -> Bytes {
        Self::frame("terminal", id, text)
    }
}

/// A publisher that has shown all of `job`.
pub(crate) fn showing(job: &JobState) -> Publisher {
    let context = FeedContext { encoder: Arc::new(Plain), meter: Arc::new(Meter::default()), peers: Arc::new(Alone) };
    Publisher::open(Epoch::FIRST, job.view(), job.text().as_str(), context)
}

/// Takes the frames due to `reader`; there must be some.
pub(crate) fn take(reader: &mut Subscription, waker: &Waker, out: &mut VecDeque<Bytes>) {
    let turn = reader.poll_events(&Context::from_waker(waker), out);
    assert_eq!(turn, Poll::Ready(Turn::Events));
}

/// The resume point of a reader cut after `frame`.
pub(crate) fn after(feed: &Feed, frame: &Bytes) -> Resume {
    let text = std::str::from_utf8(frame).expect("events are text");
    let id = text.lines().find_map(|line| line.strip_prefix("id: ")).expect("events of a job have ids");
    match feed.opening(Some(LastEventId::parse(id))) {
        Opening::Subscribe(resume) => resume,
        other => panic!("a reader of {id} is given {other:?}"),
    }
}
