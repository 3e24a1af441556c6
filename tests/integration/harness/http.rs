//! An HTTP/1.1 client over a plain socket, so that tests see what really crosses the wire and can misbehave.

use std::{
    fmt::Write as _,
    io::{ErrorKind, Read, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Instant,
};

use serde_json::Value;

use super::wait::PATIENCE;

/// A request to be sent on a connection of its own.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { method: method.into(), path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").body(body.to_string())
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    fn bytes(&self, address: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", self.method, self.path);
        if !self.has("host") {
            write!(head, "Host: {address}\r\n").unwrap();
        }
        if !self.body.is_empty() || self.method == "POST" {
            write!(head, "Content-Length: {}\r\n", self.body.len()).unwrap();
        }
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// Sends it and reads the head of the answer.
    pub(crate) fn open(&self, address: SocketAddr) -> Incoming {
        let mut stream = TcpStream::connect(address).expect("the service listens");
        // A server may answer and close before it has read everything, an oversize body for instance.
        let _refused = stream.write_all(&self.bytes(address));
        Incoming::read_head(stream, self.method == "HEAD").expect("an answer with a head")
    }

    /// Sends it and reads the whole answer.
    pub(crate) fn send(&self, address: SocketAddr) -> Response {
        self.open(address).into_response()
    }
}

/// Writes any bytes, then reads all that comes back until the server closes.
pub(crate) fn exchange_raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("the service listens");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).expect("the request is taken");
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("no end of the answer: {error}"),
    }
    String::from_utf8(answer).expect("an answer in UTF-8")
}

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn status(&self) -> u16 {
        self.head.status
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body in UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in: {}", self.text()))
    }

    /// Asserts the status, and returns the answer for more.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status(), status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// Asserts the one error shape with this status and code, and returns the error object.
    #[track_caller]
    pub(crate) fn expect_error(&self, status: u16, code: &str) -> Value {
        let body = self.clone().expect(status).json();
        let error = &body["error"];
        assert_eq!(error["code"], code, "{body}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
        assert!(error["retryable"].is_boolean(), "{body}");
        assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
        assert!(self.header("content-type").is_some_and(|kind| kind.starts_with("application/json")));
        error.clone()
    }
}

/// Status and headers.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    fn parse(text: &str) -> Self {
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(':'));
        Self {
            status: status.unwrap_or_else(|| panic!("no status line in {text:?}")),
            headers: headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What comes next of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Data(Vec<u8>),
    /// The body ended as its framing says it does.
    End,
    /// The connection ended before that.
    Cut,
    /// Nothing came until the deadline.
    Nothing,
}

#[derive(Debug, Clone, Copy)]
enum Framing {
    None,
    Length(usize),
    /// What is left of the present chunk, with its line end.
    Chunked(usize),
    UntilClosed,
}

/// An answer whose body is read bit by bit.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) head: Head,
    stream: TcpStream,
    buffer: Vec<u8>,
    framing: Framing,
}

enum Fill {
    Some,
    Closed,
    Nothing,
}

impl Incoming {
    fn read_head(stream: TcpStream, bodyless: bool) -> Result<Self, String> {
        let head = Head { status: 0, headers: Vec::new() };
        let mut incoming = Self { head, stream, buffer: Vec::new(), framing: Framing::None };
        let deadline = Instant::now() + PATIENCE;
        let end = loop {
            if let Some(end) = find(&incoming.buffer, b"\r\n\r\n") {
                break end;
            }
            match incoming.fill(deadline) {
                Fill::Some => {}
                Fill::Closed => return Err(format!("closed after {:?}", String::from_utf8_lossy(&incoming.buffer))),
                Fill::Nothing => return Err(format!("no head within {PATIENCE:?}")),
            }
        };
        let head: Vec<u8> = incoming.buffer.drain(..end + 4).collect();
        incoming.head = Head::parse(std::str::from_utf8(&head[..end]).map_err(|error| error.to_string())?);
        incoming.framing = match (incoming.head.header("transfer-encoding"), incoming.head.header("content-length")) {
            _ if bodyless || matches!(incoming.head.status, 204 | 304) => Framing::None,
            (Some("chunked"), None) => Framing::Chunked(0),
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
        self.stream.set_read_timeout(Some(left)).unwrap();
        let mut bytes = [0; 16 * 1024];
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

    /// What comes next, waited for until `deadline`.
    pub(crate) fn next(&mut self, deadline: Instant) -> Piece {
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
        match &mut self.framing {
            Framing::None | Framing::Length(0) => Some(Piece::End),
            Framing::UntilClosed => take(&mut self.buffer, usize::MAX),
            Framing::Length(left) => {
                let piece = take(&mut self.buffer, *left);
                if let Some(Piece::Data(data)) = &piece {
                    *left -= data.len();
                }
                piece
            }
            Framing::Chunked(left) if *left > 2 => {
                let piece = take(&mut self.buffer, *left - 2);
                if let Some(Piece::Data(data)) = &piece {
                    *left -= data.len();
                }
                piece
            }
            Framing::Chunked(left) => {
                if self.buffer.len() < *left {
                    return None;
                }
                let end = find(&self.buffer[*left..], b"\r\n")? + *left;
                let size = std::str::from_utf8(&self.buffer[*left..end]).ok();
                let size = size.and_then(|size| usize::from_str_radix(size, 16).ok()).expect("the size of a chunk");
                if size == 0 {
                    return (self.buffer.len() >= end + 4).then_some(Piece::End);
                }
                self.buffer.drain(..end + 2);
                *left = size + 2;
                self.decode()
            }
        }
    }

    /// Reads to the end.
    pub(crate) fn into_response(mut self) -> Response {
        let deadline = Instant::now() + PATIENCE;
        let mut body = Vec::new();
        loop {
            match self.next(deadline) {
                Piece::Data(data) => body.extend(data),
                Piece::End => return Response { head: self.head, body },
                other => panic!("the body ended with {other:?} after {} bytes", body.len()),
            }
        }
    }

    /// Says that nothing more will be sent, as a client does that vanishes while its host lives on.
    pub(crate) fn half_close(&self) {
        self.stream.shutdown(Shutdown::Write).expect("the connection is open");
    }
}

fn take(buffer: &mut Vec<u8>, most: usize) -> Option<Piece> {
    let length = buffer.len().min(most);
    (length > 0).then(|| Piece::Data(buffer.drain(..length).collect()))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
