//! An HTTP/1.1 client on a plain socket, so that tests see exactly what crosses the wire and can misbehave.

mod chunked;
mod incoming;

use std::{
    fmt::Write as _,
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use serde_json::Value;

pub use self::{
    chunked::{Chunked, Malformed},
    incoming::{Incoming, Piece},
};
use crate::wait::TIMEOUT;

/// A request, sent on its own connection.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A request without a body.
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.into(), path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// A `GET`.
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body and its length.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").body(body.to_string())
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    fn bytes(&self, address: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", self.method, self.path);
        let mut add = |name: &str, value: &str| write!(head, "{name}: {value}\r\n").expect("memory");
        if !self.has("host") {
            add("Host", &address.to_string());
        }
        if !self.body.is_empty() || self.method == "POST" {
            add("Content-Length", &self.body.len().to_string());
        }
        for (name, value) in &self.headers {
            add(name, value);
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// Sends it and reads the head of the response.
    ///
    /// # Panics
    /// Nothing listens there, or no head arrives within [`TIMEOUT`].
    pub fn open(&self, address: SocketAddr) -> Incoming {
        let mut stream = TcpStream::connect(address).expect("the server listens");
        // A server may answer and close before it has read everything, for instance if the body is too large.
        let _refused = stream.write_all(&self.bytes(address));
        let deadline = Instant::now() + TIMEOUT;
        Incoming::read_head(stream, self.method == "HEAD", deadline).expect("a response with a head")
    }

    /// Sends it and reads the whole response.
    ///
    /// # Panics
    /// As [`Request::open`] and [`Incoming::into_response`].
    pub fn send(&self, address: SocketAddr) -> Response {
        self.open(address).into_response()
    }

    /// Sends it to a server that may be down or stopped, and reads the whole response.
    ///
    /// # Errors
    /// There is none within `limit`.
    pub fn try_send(&self, address: SocketAddr, limit: Duration) -> Result<Response, String> {
        let deadline = Instant::now() + limit;
        let mut stream = TcpStream::connect_timeout(&address, limit).map_err(|error| error.to_string())?;
        stream.write_all(&self.bytes(address)).map_err(|error| error.to_string())?;
        Incoming::read_head(stream, self.method == "HEAD", deadline)?.response_by(deadline)
    }
}

/// Writes `bytes`, then reads everything until the server closes.
///
/// # Panics
/// The server does not close within [`TIMEOUT`], or its answer is not UTF-8.
pub fn exchange_raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(TIMEOUT)).expect("an open socket");
    stream.write_all(bytes).expect("the request is taken");
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("no end of the response: {error}"),
    }
    String::from_utf8(answer).expect("a response in UTF-8")
}

/// A complete response.
#[derive(Debug, Clone)]
pub struct Response {
    /// Its status and headers.
    pub head: Head,
    /// The payload, without any framing.
    pub body: Vec<u8>,
}

impl Response {
    /// Its status.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// The body as text.
    ///
    /// # Panics
    /// It is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body in UTF-8")
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in: {}", self.text()))
    }

    /// Asserts the status, and returns the response for further checks.
    ///
    /// # Panics
    /// It has another status.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "the assertion is often all that is wanted")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status(), status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// Asserts that this is an error of the contract's shape with this status and code, and returns its error object.
    ///
    /// # Panics
    /// It is not such an error.
    #[track_caller]
    pub fn expect_error(&self, status: u16, code: &str) -> Value {
        let body = self.clone().expect(status).json();
        let error = &body["error"];
        assert_eq!(error["code"], code, "{body}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
        assert!(error["retryable"].is_boolean(), "{body}");
        assert_eq!(body.as_object().map(|fields| fields.len()), Some(1), "{body}");
        assert!(self.header("content-type").is_some_and(|kind| kind.starts_with("application/json")));
        error.clone()
    }
}

/// Status and headers.
#[derive(Debug, Clone)]
pub struct Head {
    /// The status.
    pub status: u16,
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

    /// The value of a header; the first one if there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}
