//! One response of the events route.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::{End, Event, Parser};
use crate::{
    http::{Head, Incoming, Piece, Request},
    wait::PATIENCE,
};

/// An open event stream.
#[derive(Debug)]
pub struct Stream {
    incoming: Incoming,
    /// What has been parsed so far.
    pub parser: Parser,
    ready: VecDeque<Event>,
}

/// What comes next of a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// An event.
    Event(Event),
    /// Nothing more.
    End(End),
}

impl Stream {
    /// Opens a stream.
    ///
    /// # Panics
    /// The response is none.
    #[track_caller]
    pub fn open(address: SocketAddr, request: &Request) -> Self {
        let incoming = request.open(address);
        assert_eq!(incoming.head.status, 200, "a stream was expected");
        assert_eq!(incoming.head.header("content-type"), Some("text/event-stream"));
        Self { incoming, parser: Parser::default(), ready: Default::default() }
    }

    /// Status and headers of the response.
    pub fn head(&self) -> &Head {
        &self.incoming.head
    }

    /// What comes next.
    ///
    /// # Panics
    /// Nothing does within [`PATIENCE`].
    #[track_caller]
    #[expect(clippy::should_implement_trait, reason = "how a stream ends is a value too")]
    pub fn next(&mut self) -> Next {
        self.next_within(PATIENCE).unwrap_or_else(|| panic!("nothing came within {PATIENCE:?}"))
    }

    /// What comes next, or `None` if nothing does within `limit`.
    pub fn next_within(&mut self, limit: Duration) -> Option<Next> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Next::Event(event));
            }
            match self.incoming.next(deadline) {
                Piece::Data(data) => self.ready.extend(self.parser.feed(&data)),
                Piece::End => return Some(Next::End(End::Clean)),
                Piece::Cut => return Some(Next::End(End::Cut)),
                Piece::Nothing => return None,
            }
        }
    }

    /// The next event.
    ///
    /// # Panics
    /// The stream ends, or nothing comes within [`PATIENCE`].
    #[track_caller]
    pub fn event(&mut self) -> Event {
        match self.next() {
            Next::Event(event) => event,
            Next::End(end) => panic!("the stream ended ({end:?}) where an event was expected"),
        }
    }

    /// The next event for which `wanted` holds; skips others before it.
    ///
    /// # Panics
    /// As [`Stream::event`].
    #[track_caller]
    pub fn event_where(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.event();
            if wanted(&event) {
                return event;
            }
        }
    }

    /// The next event of that name; skips others before it.
    ///
    /// # Panics
    /// As [`Stream::event`].
    #[track_caller]
    pub fn event_named(&mut self, name: &str) -> Event {
        self.event_where(|event| event.name == name)
    }

    /// All further events, and how the stream ends.
    ///
    /// # Panics
    /// Nothing comes for [`PATIENCE`].
    pub fn rest(&mut self) -> (Vec<Event>, End) {
        let mut events = Vec::new();
        loop {
            match self.next() {
                Next::Event(event) => events.push(event),
                Next::End(end) => return (events, end),
            }
        }
    }

    /// The body's bytes as they come, at most `most` of them.
    ///
    /// # Panics
    /// Neither so many bytes nor the end of the stream come within [`PATIENCE`].
    pub fn bytes(&mut self, most: usize) -> Vec<u8> {
        let deadline = Instant::now() + PATIENCE;
        let mut bytes = Vec::new();
        while bytes.len() < most {
            match self.incoming.next(deadline) {
                Piece::Data(data) => bytes.extend(data),
                Piece::End | Piece::Cut => break,
                Piece::Nothing => panic!("{} bytes came, {most} were expected", bytes.len()),
            }
        }
        bytes.truncate(most);
        bytes
    }

    /// Shuts the sending side of the connection down.
    pub fn half_close(&self) {
        self.incoming.half_close();
    }
}
