//! Event streams as browsers read them, with the power to cut them anywhere.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    http::{Head, Incoming, Piece, Request},
    wait::PATIENCE,
};

/// One dispatched event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    /// The id in this very block.
    pub(crate) id: Option<String>,
    /// The `retry:` in this very block.
    pub(crate) retry: Option<u64>,
    pub(crate) data: Value,
}

impl Event {
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self.name.as_str(), "completed" | "failed")
    }

    /// Epoch and number of an ordinary id.
    pub(crate) fn position(&self) -> Option<(u64, u64)> {
        let (epoch, seq) = self.id.as_deref()?.split_once('-')?;
        Some((epoch.parse().ok()?, seq.parse().ok()?))
    }
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Clean,
    Cut,
}

/// Bytes to events, by the rules of the HTML standard.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    name: String,
    data: Vec<String>,
    id: Option<String>,
    retry: Option<u64>,
    /// What browsers send as Last-Event-ID; taken over only when a block ends.
    pub(crate) last_event_id: String,
    /// The newest `retry:`, also outside of a dispatched event.
    pub(crate) newest_retry: Option<u64>,
    pub(crate) comments: usize,
}

impl Parser {
    /// At the beginning of a stream that resumes after an event.
    pub(crate) fn resuming(last_event_id: &str) -> Self {
        Self { last_event_id: last_event_id.into(), ..Self::default() }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for &byte in bytes {
            if byte == b'\n' {
                let line = String::from_utf8(std::mem::take(&mut self.line)).expect("events are UTF-8");
                events.extend(self.line(&line));
            } else {
                assert_ne!(byte, b'\r', "the service ends lines with LF alone");
                self.line.push(byte);
            }
        }
        events
    }

    fn line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => self.comments += 1,
            "event" => self.name = value.into(),
            "data" => self.data.push(value.into()),
            "id" => self.id = Some(value.into()),
            "retry" => {
                self.retry = Some(value.parse().expect("retry is a number"));
                self.newest_retry = self.retry;
            }
            other => panic!("unknown field {other:?}"),
        }
        None
    }

    fn dispatch(&mut self) -> Option<Event> {
        if let Some(id) = &self.id {
            self.last_event_id.clone_from(id);
        }
        let (name, id, retry) = (std::mem::take(&mut self.name), self.id.take(), self.retry.take());
        let data = std::mem::take(&mut self.data);
        assert_eq!(
            data.len(),
            1,
            "every block is an event with one line of data; this one is {name:?} {id:?} {data:?}"
        );
        let data: Value = serde_json::from_str(&data[0]).expect("data is JSON");
        assert_eq!(data["type"], Value::from(name.as_str()), "type repeats the event's name");
        Some(Event { name, id, retry, data })
    }
}

/// One response of the events route.
#[derive(Debug)]
pub(crate) struct Stream {
    incoming: Incoming,
    pub(crate) parser: Parser,
    ready: VecDeque<Event>,
}

/// What comes next of a stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Next {
    Event(Event),
    End(End),
}

impl Stream {
    /// Opens a stream, which has to be one.
    pub(crate) fn open(address: SocketAddr, request: &Request) -> Self {
        let incoming = request.open(address);
        assert_eq!(incoming.head.status, 200, "a stream was expected");
        assert_eq!(incoming.head.header("content-type"), Some("text/event-stream"));
        Self { incoming, parser: Parser::default(), ready: Default::default() }
    }

    pub(crate) fn head(&self) -> &Head {
        &self.incoming.head
    }

    /// What comes next within [`PATIENCE`].
    pub(crate) fn next(&mut self) -> Next {
        self.next_within(PATIENCE).unwrap_or_else(|| panic!("nothing came within {PATIENCE:?}"))
    }

    /// What comes next, `None` when nothing does.
    pub(crate) fn next_within(&mut self, limit: Duration) -> Option<Next> {
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

    /// The next event, which has to come.
    #[track_caller]
    pub(crate) fn event(&mut self) -> Event {
        match self.next() {
            Next::Event(event) => event,
            Next::End(end) => panic!("the stream ended ({end:?}) where an event was expected"),
        }
    }

    /// The next event for which `wanted` holds; others before it are passed over.
    #[track_caller]
    pub(crate) fn event_where(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.event();
            if wanted(&event) {
                return event;
            }
        }
    }

    /// The next event of that name.
    #[track_caller]
    pub(crate) fn event_named(&mut self, name: &str) -> Event {
        self.event_where(|event| event.name == name)
    }

    /// Everything that still comes, and how it ends.
    pub(crate) fn rest(&mut self) -> (Vec<Event>, End) {
        let mut events = Vec::new();
        loop {
            match self.next() {
                Next::Event(event) => events.push(event),
                Next::End(end) => return (events, end),
            }
        }
    }

    /// The body's bytes as they come, at most `most` of them.
    pub(crate) fn bytes(&mut self, most: usize) -> Vec<u8> {
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

    /// Says that nothing more will be sent, and keeps the connection.
    pub(crate) fn half_close(&self) {
        self.incoming.half_close();
    }
}
