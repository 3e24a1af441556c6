//! A reader of a feed that behaves like a connection.

use std::{collections::VecDeque, future::poll_fn};

use bytes::Bytes;
use serde_json::Value;

use super::soon;
use crate::feed::{Feed, PreviewMode, Resume, Subscription, Turn};

/// An event as parsed by a client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

/// Parses one block of an event stream, which must be well-formed.
pub(crate) fn parse(frame: &Bytes) -> Event {
    let text = std::str::from_utf8(frame).expect("UTF-8");
    assert!(text.ends_with("\n\n") && !text.trim_end().contains("\n\n"), "one block: {text:?}");
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    let data = serde_json::from_str(&field("data: ").expect("data")).expect("JSON");
    Event { name: field("event: ").expect("event"), id: field("id: "), data }
}

/// A connection that takes everything available.
pub(crate) struct Reader {
    subscription: Subscription,
    events: VecDeque<Event>,
}

impl Reader {
    pub(crate) fn new(feed: &Feed) -> Self {
        Self { subscription: feed.subscribe(Resume::Fresh, PreviewMode::Delta), events: VecDeque::new() }
    }

    async fn turn(&mut self) -> Turn {
        let mut out = VecDeque::new();
        let turn = soon(poll_fn(|context| self.subscription.poll_events(context, &mut out))).await;
        self.events.extend(out.iter().map(parse));
        turn
    }

    /// Waits for the next event of that name and skips those before it.
    pub(crate) async fn event(&mut self, name: &str) -> Event {
        loop {
            while let Some(event) = self.events.pop_front() {
                if event.name == name {
                    return event;
                }
            }
            assert_eq!(self.turn().await, Turn::Events, "the stream ended before `{name}`");
        }
    }

    /// Reads to the end of the stream. Returns the events, and whether the end was clean or a cut.
    pub(crate) async fn rest(&mut self) -> (Vec<Event>, Turn) {
        loop {
            match self.turn().await {
                Turn::Events => {}
                over => return (self.events.drain(..).collect(), over),
            }
        }
    }

    /// Waits for the terminal event, which must be the last, followed by a clean end.
    pub(crate) async fn end(&mut self) -> Event {
        let (mut events, over) = self.rest().await;
        assert_eq!(over, Turn::End);
        let terminal = events.pop().expect("a terminal event");
        assert!(["completed", "failed"].contains(&terminal.name.as_str()), "{terminal:?}");
        assert!(events.iter().all(|event| ["progress", "preview"].contains(&event.name.as_str())));
        terminal
    }
}
