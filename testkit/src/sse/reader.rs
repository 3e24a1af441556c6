//! A client that reconnects like `EventSource`, and checks everything it receives.

use std::{net::SocketAddr, time::Instant};

use super::{End, Event, Parser};
use crate::{
    http::{Piece, Request},
    wait::TIMEOUT,
};

/// How one connection of a reconnecting client went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connected {
    /// The stream ended, or the client dropped it.
    Ended(End),
    /// 204: the client has everything and stops.
    Stop,
}

/// A client that reconnects until it is told to stop, like `EventSource`, and checks throughout that nothing is missed,
/// duplicated or out of order.
#[derive(Debug)]
pub struct Reader {
    address: SocketAddr,
    path: String,
    last_event_id: String,
    epoch: u64,
    seq: u64,
    progress: u64,
    text: Vec<u16>,
    /// The text is from an earlier epoch; a crash may have lost the end of it.
    text_is_old: bool,
    /// The event that ended the job.
    pub terminal: Option<Event>,
    /// How many times it has connected.
    pub connections: usize,
}

impl Reader {
    /// A client that has not connected yet. `query` starts with `?` or is empty.
    pub fn new(address: SocketAddr, job: &str, query: &str) -> Self {
        Self {
            address,
            path: format!("/api/v1/generations/{job}/events{query}"),
            last_event_id: String::new(),
            epoch: 0,
            seq: 0,
            progress: 0,
            text: Vec::new(),
            text_is_old: false,
            terminal: None,
            connections: 0,
        }
    }

    /// From now on connects to `address`, as after a restart of the service.
    pub fn moved_to(&mut self, address: SocketAddr) {
        self.address = address;
    }

    /// The epoch of the newest event.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The text, as this reader has assembled it.
    ///
    /// # Panics
    /// A preview ended inside a character.
    pub fn text(&self) -> String {
        String::from_utf16(&self.text).expect("previews never end within a character")
    }

    /// Connects once, reads at most `most` bytes of the body, then drops the connection. An event cut in the middle is
    /// lost, as in a browser.
    ///
    /// # Panics
    /// Something is missed, duplicated or out of order.
    pub fn connect(&mut self, most: usize) -> Connected {
        self.read(most, |_| false)
    }

    /// Connects once and reads until it has `bytes` bytes of text, or to the end of the stream.
    ///
    /// # Panics
    /// As [`Reader::connect`].
    pub fn connect_for_text(&mut self, bytes: usize) -> Connected {
        self.read(usize::MAX, |reader| reader.text().len() >= bytes)
    }

    fn read(&mut self, most: usize, enough: impl Fn(&Self) -> bool) -> Connected {
        self.connections += 1;
        let mut request = Request::get(&self.path).header("Accept", "text/event-stream");
        if !self.last_event_id.is_empty() {
            request = request.header("Last-Event-ID", &self.last_event_id);
        }
        let mut incoming = request.open(self.address);
        match incoming.head.status {
            200 => {}
            204 => return Connected::Stop,
            status => panic!("an EventSource gives up on {status}"),
        }
        let mut parser = Parser::resuming(&self.last_event_id);
        let (mut left, deadline) = (most, Instant::now() + TIMEOUT);
        let end = loop {
            match incoming.next(deadline) {
                Piece::Data(mut data) => {
                    data.truncate(left);
                    left -= data.len();
                    for event in parser.feed(&data) {
                        self.take(event);
                    }
                    if left == 0 || enough(self) {
                        break End::Cut;
                    }
                }
                Piece::End => break End::Clean,
                Piece::Cut => break End::Cut,
                Piece::Nothing => panic!("the stream neither continued nor ended"),
            }
        };
        self.last_event_id = parser.last_event_id;
        Connected::Ended(end)
    }

    /// Keeps reading and reconnecting until the service says stop. Returns the terminal event.
    ///
    /// # Panics
    /// As [`Reader::connect`], or the service does not say stop within three times [`TIMEOUT`].
    pub fn follow(&mut self) -> Event {
        let deadline = Instant::now() + 3 * TIMEOUT;
        while self.connect(usize::MAX) != Connected::Stop {
            assert!(Instant::now() < deadline, "the service never says stop");
        }
        self.terminal.clone().expect("stopped only after the terminal event")
    }

    fn take(&mut self, event: Event) {
        if event.name == "heartbeat" {
            return;
        }
        assert_eq!(self.terminal, None, "{event:?} after the terminal event");
        let (epoch, seq) = event.position().expect("an id of epoch and number");
        let fresh = epoch > self.epoch;
        assert!(fresh || (epoch == self.epoch && seq > self.seq), "{event:?} after {}-{}", self.epoch, self.seq);
        (self.epoch, self.seq) = (epoch, seq);
        if fresh {
            (self.progress, self.text_is_old) = (0, true);
        }
        match event.name.as_str() {
            "progress" => self.take_progress(&event),
            "preview" => self.take_preview(&event),
            "completed" => {
                let markdown = event.data["result"]["markdown"].as_str().expect("the text");
                self.terminal = Some(event.clone());
                assert!(markdown.starts_with(&self.text()), "the final text goes on where the previews were");
            }
            "failed" => self.terminal = Some(event),
            other => panic!("unknown event {other}"),
        }
    }

    fn take_progress(&mut self, event: &Event) {
        let value = event.data["value"].as_u64().expect("a value");
        assert!(self.progress <= value && value <= 100, "progress went from {} to {value}", self.progress);
        self.progress = value;
    }

    fn take_preview(&mut self, event: &Event) {
        let data = &event.data;
        let text: Vec<u16> = match (data["markdown"].as_str(), data["delta"].as_str(), data["offset"].as_u64()) {
            (Some(markdown), None, None) => markdown.encode_utf16().collect(),
            (None, Some(delta), Some(offset)) => {
                let offset = usize::try_from(offset).expect("an offset");
                assert!(offset == self.text.len() || offset == 0, "offset {offset} after {} units", self.text.len());
                self.text[..offset].iter().copied().chain(delta.encode_utf16()).collect()
            }
            other => panic!("a preview is full or a delta: {other:?}"),
        };
        // Text lost in a crash is sent again unchanged.
        let common = text.len().min(self.text.len());
        assert_eq!(text[..common], self.text[..common], "a preview changes text that was shown before");
        assert!(self.text_is_old || text.len() > self.text.len(), "a preview brings nothing new");
        (self.text, self.text_is_old) = (text, false);
    }
}
