//! The connection over which a peer's events are published.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    str::from_utf8,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use httparse::{EMPTY_HEADER, Response, Status};

/// How long a peer may take to answer; it writes to thousands of readers first.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The longest piece of a response that is read at once.
const READ: usize = 16 * 1024;

/// A connection that is kept alive from request to request.
#[derive(Debug)]
pub(super) struct Publisher {
    stream: TcpStream,
    address: SocketAddr,
    request: Vec<u8>,
    /// Of the response, as far as it has come.
    received: Vec<u8>,
}

impl Publisher {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there.
    pub(super) fn connect(address: SocketAddr) -> Result<Self> {
        let stream =
            TcpStream::connect_timeout(&address, TIMEOUT).with_context(|| format!("publishing at {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Self { stream, address, request: Vec::new(), received: Vec::new() })
    }

    /// Publishes `body` to the channels named in `path` and waits until the server has taken it.
    ///
    /// # Errors
    /// It refuses, or does not answer in time.
    pub(super) fn post(&mut self, path: &str, body: &str) -> Result<()> {
        self.request.clear();
        // What names the event to nchan is ignored by the others.
        write!(
            self.request,
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: text/plain\r\nX-EventSource-Event: preview\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        self.stream.write_all(&self.request)?;
        let status = self.response().context("publishing")?;
        ensure!((200..300).contains(&status), "publishing was answered {status}");
        Ok(())
    }

    /// Reads one response whole and says its status.
    fn response(&mut self) -> Result<u16> {
        self.received.clear();
        loop {
            if let Some((status, end)) = head(&self.received)? {
                ensure!(self.received.len() <= end, "more than was asked for");
                if self.received.len() == end {
                    return Ok(status);
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

/// The status, and where the response ends; `None` while the head is incomplete.
fn head(received: &[u8]) -> Result<Option<(u16, usize)>> {
    const NO_CONTENT: u16 = 204;
    let mut headers = [EMPTY_HEADER; 32];
    let mut response = Response::new(&mut headers);
    let Status::Complete(body) = response.parse(received)? else { return Ok(None) };
    let status = response.code.context("a response without a status")?;
    if status == NO_CONTENT {
        return Ok(Some((status, body)));
    }
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length: usize = from_utf8(length.context("a response without Content-Length")?.value)?.parse()?;
    Ok(Some((status, body + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_ends_where_its_length_says() {
        let response = b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(head(response).expect("HTTP"), Some((202, response.len())));
        assert_eq!(head(&response[..response.len() - 7]).expect("HTTP"), None);
    }

    #[test]
    fn a_response_without_content_ends_with_its_head() {
        let response = b"HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n";
        assert_eq!(head(response).expect("HTTP"), Some((204, response.len())));
    }

    #[test]
    fn a_response_of_unknown_length_is_refused() {
        assert!(head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }
}
