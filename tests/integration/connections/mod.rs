//! What connections may cost whose clients say nothing, say half, say too much or do not listen.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
};

use crate::harness::{service::Service, wait::TIMEOUT};

mod bodies;
mod deadlines;
mod floods;

const ALIVE: &str = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn connect(service: &Service, first: &str) -> TcpStream {
    let mut stream = TcpStream::connect(service.address()).expect("the service listens");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    stream.set_write_timeout(Some(TIMEOUT)).expect("a timeout");
    stream.write_all(first.as_bytes()).expect("it is taken");
    stream
}

/// All that comes until the service ends the connection, by whichever means.
fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection stays open: {error}"),
    }
    String::from_utf8(answer).expect("UTF-8")
}

/// Reads on until `text` has come.
fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&read).contains(text) {
        let bytes = stream.read(&mut buffer).expect("more comes");
        assert_ne!(bytes, 0, "ended after {}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&buffer[..bytes]);
    }
    String::from_utf8(read).expect("UTF-8")
}

/// Sends `piece` for ever; how many bytes were taken until the service ended the connection, or until `most`.
fn flood(stream: &mut TcpStream, piece: &[u8], most: usize) -> usize {
    let mut taken = 0;
    while taken < most {
        match stream.write(piece) {
            Ok(written) => taken += written,
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => break,
            Err(error) => panic!("neither taken nor refused after {taken} bytes: {error}"),
        }
    }
    taken
}
