//! A response whose body is read piece by piece.

use std::{
    io::{ErrorKind, Read as _},
    net::{Shutdown, TcpStream},
    time::Instant,
};

use super::{Chunked, Head, Response};
use crate::wait::TIMEOUT;

/// The most bytes per read.
const READ: usize = 16 * 1024;

/// The next item of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Part of the payload.
    Data(Vec<u8>),
    /// The body ended as its framing requires.
    End,
    /// The connection ended before that.
    Cut,
    /// Nothing came until the deadline.
    Nothing,
}

#[derive(Debug)]
enum Framing {
    None,
    /// This many bytes are still to come.
    Length(usize),
    Chunked(Chunked),
    UntilClosed,
}

/// A response on its own connection, as far as it has arrived.
#[derive(Debug)]
pub struct Incoming {
    /// Its status and headers.
    pub head: Head,
    stream: TcpStream,
    /// Received but not yet decoded.
    buffer: Vec<u8>,
    framing: Framing,
}

enum Fill {
    Some,
    Closed,
    Nothing,
}

impl Incoming {
    /// Reads the head. `bodyless` means that the request's method allows no response body.
    ///
    /// # Errors
    /// No head arrives until `deadline`, or it is malformed.
    pub(super) fn read_head(stream: TcpStream, bodyless: bool, deadline: Instant) -> Result<Self, String> {
        let head = Head { status: 0, headers: Vec::new() };
        let mut incoming = Self { head, stream, buffer: Vec::new(), framing: Framing::None };
        let end = loop {
            if let Some(end) = memchr::memmem::find(&incoming.buffer, b"\r\n\r\n") {
                break end;
            }
            match incoming.fill(deadline) {
                Fill::Some => {}
                Fill::Closed => return Err(format!("closed after {:?}", String::from_utf8_lossy(&incoming.buffer))),
                Fill::Nothing => return Err("no head in time".into()),
            }
        };
        let head: Vec<u8> = incoming.buffer.drain(..end + 4).collect();
        incoming.head = Head::parse(std::str::from_utf8(&head[..end]).map_err(|error| error.to_string())?);
        incoming.framing = match (incoming.head.header("transfer-encoding"), incoming.head.header("content-length")) {
            _ if bodyless || matches!(incoming.head.status, 204 | 304) => Framing::None,
            (Some("chunked"), None) => Framing::Chunked(Chunked::default()),
            (None, Some(length)) => Framing::Length(length.parse().map_err(|_| "bad content-length")?),
            (None, None) => Framing::UntilClosed,
            (encoding, length) => return Err(format!("framed by {encoding:?} and {length:?}")),
        };
        Ok(incoming)
    }

    fn fill(&mut self, deadline: Instant) -> Fill {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Fill::Nothing;
        }
        self.stream.set_read_timeout(Some(left)).expect("an open socket");
        let mut bytes = [0; READ];
        match self.stream.read(&mut bytes) {
            Ok(0) => Fill::Closed,
            Ok(read) => {
                self.buffer.extend_from_slice(&bytes[..read]);
                Fill::Some
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Fill::Nothing,
            Err(_) => Fill::Closed,
        }
    }

    /// Waits until `deadline` for the next item.
    ///
    /// # Panics
    /// The body's framing does not match its head.
    pub fn next(&mut self, deadline: Instant) -> Piece {
        loop {
            if let Some(piece) = self.decode() {
                return piece;
            }
            match self.fill(deadline) {
                Fill::Some => {}
                Fill::Nothing => return Piece::Nothing,
                Fill::Closed if matches!(self.framing, Framing::UntilClosed) => return Piece::End,
                Fill::Closed => return Piece::Cut,
            }
        }
    }

    fn decode(&mut self) -> Option<Piece> {
        let mut data = Vec::new();
        let ended = match &mut self.framing {
            Framing::None => true,
            Framing::Length(left) => {
                let taken = self.buffer.len().min(*left);
                data.extend(self.buffer.drain(..taken));
                *left -= taken;
                *left == 0
            }
            Framing::Chunked(chunked) => {
                let decoded = chunked.decode(&self.buffer, |piece| data.extend_from_slice(piece));
                decoded.unwrap_or_else(|error| panic!("{error} in: {}", self.buffer.escape_ascii()));
                self.buffer.clear();
                chunked.is_ended()
            }
            Framing::UntilClosed => {
                data.append(&mut self.buffer);
                false
            }
        };
        if data.is_empty() { ended.then_some(Piece::End) } else { Some(Piece::Data(data)) }
    }

    /// Reads to the end of the body.
    ///
    /// # Panics
    /// The connection is cut, or reading takes longer than [`TIMEOUT`].
    pub fn into_response(self) -> Response {
        self.response_by(Instant::now() + TIMEOUT).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Reads to the end of the body.
    ///
    /// # Errors
    /// The connection is cut, or the end does not arrive until `deadline`.
    pub(super) fn response_by(mut self, deadline: Instant) -> Result<Response, String> {
        let mut body = Vec::new();
        loop {
            match self.next(deadline) {
                Piece::Data(data) => body.extend(data),
                Piece::End => return Ok(Response { head: self.head, body }),
                other => return Err(format!("the body ended with {other:?} after {} bytes", body.len())),
            }
        }
    }

    /// Shuts down the sending side, like a client that disappears while its host stays up.
    ///
    /// # Panics
    /// The connection is closed.
    pub fn half_close(&self) {
        self.stream.shutdown(Shutdown::Write).expect("the connection is open");
    }
}
