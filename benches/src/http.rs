//! Requests that are answered whole, over connections that are kept alive.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    str::from_utf8,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use httparse::{EMPTY_HEADER, Response, Status};

/// How long a server may take to answer; a peer writes to thousands of readers first.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The longest piece of an answer that is read at once.
const READ: usize = 16 * 1024;

/// A connection to `address` that delays nothing and waits for nothing longer than half a minute.
///
/// # Errors
/// Nobody listens there.
pub fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, TIMEOUT).with_context(|| format!("connecting to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

/// A request as it goes over the wire; `headers` are whole lines, each with its end.
pub fn request(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// A connection for one request after the other.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    /// Of the answer, as far as it has come.
    received: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// As [`connect`].
    pub fn open(address: SocketAddr) -> Result<Self> {
        Ok(Self { stream: connect(address)?, address, received: Vec::new() })
    }

    /// Sends a [`request`] and reads its answer's body.
    ///
    /// # Errors
    /// It is no success, has no known length, or does not come in time.
    pub fn send(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Result<&[u8]> {
        self.stream.write_all(request(self.address, method, path, headers, body).as_bytes())?;
        self.received.clear();
        loop {
            if let Some(answer) = Answer::parse(&self.received)? {
                ensure!(self.received.len() <= answer.end, "more than was asked for");
                if self.received.len() == answer.end {
                    let body = &self.received[answer.body..];
                    ensure!(answer.is_success(), "{method} was answered {}: {}", answer.status, body.escape_ascii());
                    return Ok(body);
                }
            }
            let before = self.received.len();
            self.received.resize(before + READ, 0);
            let read = self.stream.read(&mut self.received[before..])?;
            self.received.truncate(before + read);
            if read == 0 {
                bail!("the connection was closed");
            }
        }
    }
}

/// An answer whose head is there.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Where its body begins.
    pub body: usize,
    /// Where it ends.
    pub end: usize,
}

impl Answer {
    /// `None` while the head is incomplete.
    ///
    /// # Errors
    /// It is not HTTP, or nobody knows where it ends.
    pub fn parse(received: &[u8]) -> Result<Option<Self>> {
        const NO_CONTENT: u16 = 204;
        let mut headers = [EMPTY_HEADER; 32];
        let mut response = Response::new(&mut headers);
        let Status::Complete(body) = response.parse(received)? else { return Ok(None) };
        let status = response.code.context("an answer without a status")?;
        if status == NO_CONTENT {
            return Ok(Some(Self { status, body, end: body }));
        }
        let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length: usize = from_utf8(length.context("an answer without Content-Length")?.value)?.parse()?;
        Ok(Some(Self { status, body, end: body + length }))
    }

    /// Whether its status is a success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello";
        let (body, end) = (answer.len() - 5, answer.len());
        assert_eq!(Answer::parse(answer).expect("HTTP"), Some(Answer { status: 202, body, end }));
        assert_eq!(Answer::parse(&answer[..answer.len() - 7]).expect("HTTP"), None);
    }

    #[test]
    fn an_answer_without_content_ends_with_its_head() {
        let answer = b"HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n";
        let end = answer.len();
        assert_eq!(Answer::parse(answer).expect("HTTP"), Some(Answer { status: 204, body: end, end }));
    }

    #[test]
    fn an_answer_of_unknown_length_is_refused() {
        assert!(Answer::parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }
}
