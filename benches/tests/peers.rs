//! Each peer shows its readers what the benchmarks believe it shows them.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use generation_bench::contenders::{Contender, HttpPeer, start_echo};
use generation_testkit::http::{Incoming, Piece, Request};

const DEADLINE: Duration = Duration::from_secs(10);
const SMALL: usize = 400;
const LARGE: usize = 50_000;

/// A reader of one event stream.
struct Reader {
    incoming: Incoming,
    received: Vec<u8>,
}

impl Reader {
    fn connect(peer: &dyn Contender, path: &str) -> Self {
        let incoming = Request::get(path).header("Accept", "text/event-stream").open(peer.address());
        assert_eq!(incoming.head.status, 200);
        let kind = incoming.head.header("content-type").unwrap_or_default();
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Self { incoming, received: Vec::new() }
    }

    /// Reads until the mark and the end of its event; gives what came.
    fn read_until(&mut self, mark: u64) -> String {
        let end = format!("#{mark}\"}}\n\n");
        let deadline = Instant::now() + DEADLINE;
        // Megabytes may come in small pieces: only what is new is searched.
        let mut from = 0;
        while !contains(&self.received[from..], end.as_bytes()) {
            from = self.received.len().saturating_sub(end.len());
            match self.incoming.next(deadline) {
                Piece::Data(piece) => self.received.extend(piece),
                other => panic!("{other:?} instead of {end:?}: {}", self.tail()),
            }
        }
        String::from_utf8(std::mem::take(&mut self.received)).expect("UTF-8")
    }

    fn tail(&self) -> String {
        String::from_utf8_lossy(&self.received[self.received.len().saturating_sub(300)..]).into_owned()
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// Two channels with two readers each see the newest event at once and then each newer one.
fn shows_every_reader_the_newest(mut peer: HttpPeer, size: usize) {
    let paths = peer.open(2, size).expect("channels");
    let mut readers: Vec<_> = [0, 0, 1, 1].map(|channel| Reader::connect(&peer, &paths[channel])).into();
    for reader in &mut readers {
        assert_is_one_event_of(&reader.read_until(0), size);
    }
    for mark in [1, 23, 456] {
        peer.publish(mark).expect("published");
        for reader in &mut readers {
            assert_is_one_event_of(&reader.read_until(mark), size);
        }
    }
}

fn assert_is_one_event_of(frame: &str, size: usize) {
    assert_eq!(frame.matches("data: {").count(), 1, "{frame}");
    assert_eq!(frame.matches("event: preview\n").count(), 1, "{frame}");
    assert_eq!(frame.matches("id: ").count(), 1, "{frame}");
    assert!(frame.len().abs_diff(size) <= 64, "{} bytes instead of about {size}", frame.len());
}

#[test]
fn the_bare_loop_shows_small_events() {
    shows_every_reader_the_newest(HttpPeer::bare().expect("started"), SMALL);
}

#[test]
fn the_bare_loop_shows_large_events() {
    shows_every_reader_the_newest(HttpPeer::bare().expect("started"), LARGE);
}

#[test]
fn axum_shows_small_events() {
    shows_every_reader_the_newest(HttpPeer::axum().expect("started"), SMALL);
}

#[test]
fn axum_shows_large_events() {
    shows_every_reader_the_newest(HttpPeer::axum().expect("started"), LARGE);
}

#[test]
fn nchan_shows_small_events() {
    shows_every_reader_the_newest(HttpPeer::nchan().expect("started"), SMALL);
}

#[test]
fn nchan_shows_large_events() {
    shows_every_reader_the_newest(HttpPeer::nchan().expect("started"), LARGE);
}

#[test]
fn polling_shows_small_events() {
    shows_every_reader_the_newest(HttpPeer::polling().expect("started"), SMALL);
}

#[test]
fn polling_shows_large_events() {
    shows_every_reader_the_newest(HttpPeer::polling().expect("started"), LARGE);
}

/// More channels than one request names.
fn opens_hundreds_of_channels(mut peer: HttpPeer) {
    let paths = peer.open(600, SMALL).expect("channels");
    peer.publish(9).expect("published");
    for path in [&paths[0], &paths[254], &paths[255], &paths[599]] {
        Reader::connect(&peer, path).read_until(9);
    }
}

#[test]
fn the_bare_loop_opens_hundreds_of_channels() {
    opens_hundreds_of_channels(HttpPeer::bare().expect("started"));
}

#[test]
fn nchan_opens_hundreds_of_channels() {
    opens_hundreds_of_channels(HttpPeer::nchan().expect("started"));
}

#[test]
fn a_slow_reader_of_the_bare_loop_skips_to_the_newest_between_whole_events() {
    const EVENTS: u64 = 1000;
    let mut peer = HttpPeer::bare().expect("started");
    let paths = peer.open(1, LARGE).expect("a channel");
    let mut slow = Reader::connect(&peer, &paths[0]);
    slow.read_until(0);
    // More than what the connection's buffers may grow to.
    for mark in 1..=EVENTS {
        peer.publish(mark).expect("published");
    }
    let received = slow.read_until(EVENTS);
    let events: Vec<_> = received.split_terminator("\n\n").collect();
    assert!(events.len() < EVENTS as usize, "nothing was skipped");
    let mut newest = 0;
    for event in events {
        let (id, data) = event.split_once("\nevent: preview\ndata: ").expect("a whole event");
        let id: u64 = id.strip_prefix("id: ").and_then(|id| id.parse().ok()).expect("an id");
        assert!(id > newest, "{id} after {newest}");
        // The first event, mark 0, had id 1.
        assert!(data.ends_with(&format!("#{}\"}}", id - 1)), "another event's end in {id}");
        newest = id;
    }
}

#[test]
fn the_bare_loop_goes_on_without_readers_that_left() {
    let mut peer = HttpPeer::bare().expect("started");
    let paths = peer.open(1, SMALL).expect("a channel");
    let mut readers: Vec<_> = (0..8).map(|_| Reader::connect(&peer, &paths[0])).collect();
    for reader in &mut readers {
        reader.read_until(0);
    }
    // The first, one between, and the last.
    for place in [7, 3, 0] {
        readers.remove(place);
    }
    for mark in 1..=3 {
        peer.publish(mark).expect("published");
        for reader in &mut readers {
            assert_is_one_event_of(&reader.read_until(mark), SMALL);
        }
    }
}

#[test]
fn the_echo_answers_a_generation_request_with_itself() {
    let (_peer, address) = start_echo();
    let body = r#"{"projectId":"p","description":"d","title":null,"episodeNumber":1,"scriptType":null,"model":"m","temperature":0.5,"lengthTarget":20}"#;
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    write!(
        stream,
        "POST /api/v1/generations HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("the request taken");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response");
    let (head, echoed) = response.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(echoed, body);
}
