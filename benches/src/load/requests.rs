//! Clients that send the same request again and again, each as soon as it has its answer.

use std::{
    io::{self, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use mio::{Events, Interest, Poll, Token, net::TcpStream};

use super::Samples;
use crate::http::{Answer, connect};

/// Answers are smaller than this.
const BUFFER: usize = 16 * 1024;

/// What came of it.
#[derive(Debug, Default)]
pub struct Answers {
    /// From sending a request until its whole answer is there.
    pub times: Samples,
    /// Until the last answer.
    pub wall: Duration,
}

/// Sends `request` over so many kept-alive connections for `length`; each answer must be a success.
///
/// # Errors
/// A connection fails, or an answer is no success or has no `Content-Length`.
pub fn repeat(address: SocketAddr, request: &str, connections: usize, length: Duration) -> Result<Answers> {
    let mut poll = Poll::new()?;
    let mut clients = Vec::new();
    for index in 0..connections {
        let connection = connect(address)?;
        connection.set_nonblocking(true)?;
        let mut client =
            Client { connection: TcpStream::from_std(connection), answer: Vec::new(), sent: Instant::now() };
        poll.registry().register(&mut client.connection, Token(index), Interest::READABLE)?;
        client.send(request)?;
        clients.push(client);
    }
    let (began, mut answers, mut events) = (Instant::now(), Answers::default(), Events::with_capacity(connections));
    while began.elapsed() < length {
        poll.poll(&mut events, Some(length))?;
        ensure!(!events.is_empty() || began.elapsed() >= length, "no answer within {length:?}");
        for event in &events {
            let client = &mut clients[event.token().0];
            if client.receive()? {
                answers.times.push(client.sent.elapsed());
                client.send(request)?;
            }
        }
    }
    answers.wall = began.elapsed();
    Ok(answers)
}

struct Client {
    connection: TcpStream,
    answer: Vec<u8>,
    sent: Instant,
}

impl Client {
    fn send(&mut self, request: &str) -> Result<()> {
        self.answer.clear();
        self.sent = Instant::now();
        let written = self.connection.write(request.as_bytes()).context("sending a request")?;
        ensure!(written == request.len(), "a request did not fit an empty socket");
        Ok(())
    }

    /// Whether the whole answer is there.
    fn receive(&mut self) -> Result<bool> {
        let mut buffer = [0; BUFFER];
        match self.connection.read(&mut buffer) {
            Ok(0) => bail!("the server hung up"),
            Ok(read) => self.answer.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error).context("reading an answer"),
        }
        let Some(answer) = Answer::parse(&self.answer)? else { return Ok(false) };
        ensure!(answer.is_success(), "{}", String::from_utf8_lossy(&self.answer));
        Ok(self.answer.len() >= answer.end)
    }
}
