//! One response of the events endpoint.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::{End, Event, Parser};
use crate::{
    http::{Head, Incoming, Piece, Request},
    wait::TIMEOUT,
};

/// An open event stream.
#[derive(Debug)]
pub struct Stream {
    incoming: Incoming,
    /// The parser, with its state so far.
    pub parser: Parser,
    ready: VecDeque<Event>,
}

/// The next item of a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// An event.
    Event(Event),
    /// The end of the stream.
    End(End),
}

impl Stream {
    /// Opens a stream.
    ///
    /// # Panics
    /// The response is not an event stream.
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

    /// Waits for the next item.
    ///
    /// # Panics
    /// Nothing comes within [`TIMEOUT`].
    #[track_caller]
    #[expect(clippy::should_implement_trait, reason = "how a stream ends is a value too")]
    pub fn next(&mut self) -> Next {
        self.next_within(TIMEOUT).unwrap_or_else(|| panic!("nothing came within {TIMEOUT:?}"))
    }

    /// The next item, or `None` if nothing comes within `limit`.
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
    /// The stream ends, or nothing comes within [`TIMEOUT`].
    #[track_caller]
    pub fn event(&mut self) -> Event {
        match self.next() {
            Next::Event(event) => event,
            Next::End(end) => panic!("the stream ended ({end:?}) where an event was expected"),
        }
    }

    /// The next event for which `wanted` holds, skipping others.
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

    /// The next event of this name, skipping others.
    ///
    /// # Panics
    /// As [`Stream::event`].
    #[track_caller]
    pub fn event_named(&mut self, name: &str) -> Event {
        self.event_where(|event| event.name == name)
    }

    /// All remaining events, and how the stream ends.
    ///
    /// # Panics
    /// Nothing comes for [`TIMEOUT`].
    pub fn rest(&mut self) -> (Vec<Event>, End) {
        let mut events = Vec::new();
        loop {
            match self.next() {
                Next::Event(event) => events.push(event),
                Next::End(end) => return (events, end),
            }
        }
    }

    /// At most `most` bytes of the body, unparsed.
    ///
    /// # Panics
    /// Neither that many bytes nor the end of the stream come within [`TIMEOUT`].
    pub fn bytes(&mut self, most: usize) -> Vec<u8> {
        let deadline = Instant::now() + TIMEOUT;
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

    /// Shuts down the sending side of the connection.
    pub fn half_close(&self) {
        self.incoming.half_close();
    }
}
