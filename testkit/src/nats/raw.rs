//! The little of NATS' protocol that these tests need, on a plain socket.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

use serde_json::Value;

use super::Nats;
use crate::wait::TIMEOUT;

pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    greeting: Value,
}

impl Connection {
    pub(super) fn open(nats: &Nats, index: usize) -> Self {
        let stream = TcpStream::connect(nats.servers[index].at.client).expect("the server listens");
        stream.set_read_timeout(Some(TIMEOUT)).expect("an open socket");
        let mut connection = Self { stream: BufReader::new(stream), greeting: Value::Null };
        let line = connection.line().expect("a greeting");
        connection.greeting = serde_json::from_str(line.strip_prefix("INFO ").expect("a greeting")).expect("JSON");
        connection
    }

    /// What the server said first, before any TLS.
    pub(super) fn greeting(&self) -> &Value {
        &self.greeting
    }

    /// Whether the server lets us in.
    pub(super) fn log_in(&mut self, with: &str) -> bool {
        self.send(&format!("CONNECT {with}\r\nPING\r\n"));
        loop {
            match self.line() {
                Some(line) if line.starts_with("PONG") => return true,
                Some(line) if !line.starts_with("-ERR") => {}
                _ => return false,
            }
        }
    }

    /// The answer to a request. Its `"error"` has whatever went wrong.
    pub(super) fn request(&mut self, subject: &str, payload: &str) -> Value {
        self.send(&format!("SUB answers 1\r\nPUB {subject} answers {}\r\n{payload}\r\n", payload.len()));
        loop {
            let line = self.line().expect("an answer in time");
            assert!(!line.starts_with("-ERR"), "{line}");
            if line.starts_with("MSG ") {
                let length = line.trim_end().rsplit(' ').next().and_then(|length| length.parse().ok());
                let mut answer = vec![0; length.expect("a length")];
                self.stream.read_exact(&mut answer).expect("a message");
                return serde_json::from_slice(&answer).expect("JSON");
            }
        }
    }

    fn send(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).expect("it is sent");
    }

    /// None once the server has closed.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        matches!(self.stream.read_line(&mut line), Ok(1..)).then_some(line)
    }
}

/// Whether a server lets a client in with this `CONNECT`.
pub(super) fn lets_in(nats: &Nats, with: &str) -> bool {
    Connection::open(nats, 0).log_in(with)
}

/// The answer of server `index`, which is open to everybody, to a request.
pub(super) fn request(nats: &Nats, index: usize, subject: &str, payload: &str) -> Value {
    let mut connection = Connection::open(nats, index);
    assert!(connection.log_in(r#"{"verbose":false}"#));
    connection.request(subject, payload)
}
