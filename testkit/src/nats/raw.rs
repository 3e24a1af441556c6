//! The little of NATS' protocol that these tests need, on a plain socket.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

use serde_json::Value;

use super::Nats;
use crate::wait::TIMEOUT;

/// What a server says first, before any TLS.
pub(super) fn greeting(nats: &Nats) -> Value {
    let mut line = String::new();
    connect(nats, 0).read_line(&mut line).expect("a line");
    serde_json::from_str(line.strip_prefix("INFO ").expect("a greeting")).expect("JSON")
}

/// Whether a server lets a client in with this `CONNECT`.
pub(super) fn lets_in(nats: &Nats, connect_with: &str) -> bool {
    let mut stream = connect(nats, 0);
    write!(stream.get_mut(), "CONNECT {connect_with}\r\nPING\r\n").expect("it is sent");
    loop {
        let mut line = String::new();
        match stream.read_line(&mut line) {
            Ok(0) | Err(_) => return false,
            Ok(_) if line.starts_with("-ERR") => return false,
            Ok(_) if line.starts_with("PONG") => return true,
            Ok(_) => {}
        }
    }
}

/// The answer of server `index` to a request. `"error"` has whatever went wrong.
pub(super) fn request(nats: &Nats, index: usize, subject: &str, payload: &str) -> Value {
    let mut stream = connect(nats, index);
    write!(
        stream.get_mut(),
        "CONNECT {{\"verbose\":false}}\r\nSUB answers 1\r\nPUB {subject} answers {}\r\n{payload}\r\n",
        payload.len()
    )
    .expect("it is sent");
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).expect("an answer in time");
        assert!(!line.is_empty() && !line.starts_with("-ERR"), "{line:?}");
        if line.starts_with("MSG ") {
            let length = line.trim_end().rsplit(' ').next().and_then(|length| length.parse().ok()).expect("a length");
            let mut answer = vec![0; length];
            stream.read_exact(&mut answer).expect("a message");
            return serde_json::from_slice(&answer).expect("JSON");
        }
    }
}

fn connect(nats: &Nats, index: usize) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(nats.servers[index].at.client).expect("the server listens");
    stream.set_read_timeout(Some(TIMEOUT)).expect("an open socket");
    BufReader::new(stream)
}
