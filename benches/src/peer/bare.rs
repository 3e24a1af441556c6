//! The physical limit of event streams: one thread that accepts connections and writes each frame to each reader with
//! one call of the operating system.

mod channel;
mod request;

use std::{
    io::{self, ErrorKind, Read, Write},
    mem, net,
};

use anyhow::{Context, Result};
use channel::Channel;
use mio::{
    Events, Interest, Poll, Registry, Token,
    event::Event,
    net::{TcpListener, TcpStream},
};
use request::Request;
use slab::Slab;

const LISTENER: Token = Token(usize::MAX);
/// The longest piece that one call reads.
const READ: usize = 64 * 1024;
const DONE: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Serves until the process is killed.
pub(super) fn run(listener: net::TcpListener) -> Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::from_std(listener);
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut server = Server::new();
    let mut events = Events::with_capacity(1024);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            match event.token() {
                LISTENER => server.accept(&listener, poll.registry())?,
                Token(key) => server.ready(key, event),
            }
        }
    }
}

#[derive(Debug)]
struct Server {
    /// By token.
    connections: Slab<Connection>,
    /// By the number in their names.
    channels: Vec<Channel>,
    scratch: Box<[u8]>,
}

#[derive(Debug)]
enum Connection {
    /// It has not asked for a stream so far.
    Client(Client),
    /// It is the reader at that place of that channel.
    Reader { channel: usize, place: usize },
}

#[derive(Debug)]
struct Client {
    stream: TcpStream,
    /// Read, but not answered.
    received: Vec<u8>,
}

impl Server {
    fn new() -> Self {
        Self { connections: Slab::new(), channels: Vec::new(), scratch: vec![0; READ].into_boxed_slice() }
    }

    fn accept(&mut self, listener: &TcpListener, registry: &Registry) -> Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error).context("accepting a connection"),
            };
            let entry = self.connections.vacant_entry();
            // For both and for good: epoll tells of changes only, so a reader that keeps up causes no events.
            registry.register(&mut stream, Token(entry.key()), Interest::READABLE | Interest::WRITABLE)?;
            entry.insert(Connection::Client(Client { stream, received: Vec::new() }));
        }
    }

    fn ready(&mut self, key: usize, event: &Event) {
        // An earlier event of the same round may have closed it.
        let Some(connection) = self.connections.get_mut(key) else { return };
        if event.is_read_closed() || event.is_error() {
            self.close(key);
            return;
        }
        match connection {
            Connection::Client(client) if event.is_readable() => match client.receive(&mut self.scratch) {
                Ok(()) => self.answer(key),
                Err(_) => self.close(key),
            },
            Connection::Reader { channel, place } if event.is_writable() => {
                if self.channels[*channel].resume(*place).is_err() {
                    self.close(key);
                }
            }
            Connection::Client(_) | Connection::Reader { .. } => {}
        }
    }

    /// Answers a client's requests; one for a stream makes it a reader.
    fn answer(&mut self, key: usize) {
        while let Some(Connection::Client(client)) = self.connections.get_mut(key) {
            match Request::parse(&client.received) {
                Ok(None) => return,
                Ok(Some(Request::Subscribe { channel })) => self.subscribe(key, channel),
                Ok(Some(Request::Publish { channels, body, end })) => {
                    let mut gone = Vec::new();
                    for channel in channels {
                        at(&mut self.channels, channel).publish(body, &mut gone);
                    }
                    client.received.drain(..end);
                    if !matches!(client.stream.write(DONE), Ok(written) if written == DONE.len()) {
                        gone.push(key);
                    }
                    for key in gone {
                        self.close(key);
                    }
                }
                Err(_) => {
                    let _closed_anyway = client.stream.write(NOT_FOUND);
                    self.close(key);
                }
            }
        }
    }

    fn subscribe(&mut self, key: usize, number: usize) {
        let channel = at(&mut self.channels, number);
        let Some(connection) = self.connections.get_mut(key) else { return };
        let reader = Connection::Reader { channel: number, place: channel.readers() };
        if let Connection::Client(client) = mem::replace(connection, reader)
            && channel.subscribe(client.stream, key).is_err()
        {
            self.close(key);
        }
    }

    fn close(&mut self, key: usize) {
        if let Some(Connection::Reader { channel, place }) = self.connections.try_remove(key)
            && let Some(moved) = self.channels[channel].remove(place)
        {
            self.connections[moved] = Connection::Reader { channel, place };
        }
    }
}

impl Client {
    /// Reads what there is. The end of the stream needs no call that finds it: it is an event of its own.
    fn receive(&mut self, scratch: &mut [u8]) -> io::Result<()> {
        loop {
            match self.stream.read(scratch) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => {
                    self.received.extend_from_slice(&scratch[..length]);
                    if length < scratch.len() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

/// The channel of that number, made if it is new.
fn at(channels: &mut Vec<Channel>, number: usize) -> &mut Channel {
    if channels.len() <= number {
        channels.resize_with(number + 1, Channel::default);
    }
    &mut channels[number]
}
