//! One connection that reads an event stream.

use std::{
    io::{self, IoSliceMut, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    os::fd::AsRawFd,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail, ensure};
use generation_testkit::http::Chunked;
use mio::net::TcpStream;
use nix::{
    cmsg_space,
    sys::{
        socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt::ReceiveTimestampns},
        time::TimeSpec,
    },
};
use socket2::{Domain, Protocol, Socket, Type};

use super::frames::{Frame, Frames};

/// A head of more than this is none.
const LONGEST_HEAD: usize = 4096;
/// Connections come from so many loopback addresses, since each has ports for some 28,000 only.
const SOURCES: usize = 16;

/// A reader and how far it is.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) socket: TcpStream,
    request: Option<Vec<u8>>,
    stage: Stage,
    /// Asks the kernel when what is read had arrived.
    stamped: bool,
}

#[derive(Debug)]
enum Stage {
    Head(Vec<u8>),
    Body { chunked: Option<Chunked>, frames: Frames },
}

/// What became of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The connection is open.
    Open,
    /// The server has ended the response.
    Ended,
}

impl Reader {
    /// Begins to connect; `index` chooses the source address.
    pub(super) fn connect(
        address: SocketAddr,
        index: usize,
        path: &str,
        last_id: Option<&str>,
        stamped: bool,
    ) -> Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        let source = Ipv4Addr::new(127, 0, 0, u8::try_from(2 + index % SOURCES)?);
        socket.bind(&SocketAddr::from((source, 0)).into()).context("a local port")?;
        match socket.connect(&address.into()) {
            Err(error) if error.raw_os_error() != Some(EINPROGRESS) => return Err(error).context("connecting"),
            _ => {}
        }
        if stamped {
            setsockopt(&socket, ReceiveTimestampns, &true).context("asking for the time of arrival")?;
        }
        let last_id = last_id.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n{last_id}\r\n");
        Ok(Self {
            socket: TcpStream::from_std(socket.into()),
            request: Some(request.into_bytes()),
            stage: Stage::Head(Vec::new()),
            stamped,
        })
    }

    /// Sends the request once the connection is there.
    pub(super) fn write(&mut self) -> Result<()> {
        let Some(request) = &self.request else { return Ok(()) };
        if let Some(error) = self.socket.take_error()? {
            return Err(error).context("connecting");
        }
        match self.socket.write(request) {
            Ok(written) => ensure!(written == request.len(), "a request did not fit an empty socket"),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected) => {
                return Ok(());
            }
            Err(error) => return Err(error).context("sending a request"),
        }
        self.request = None;
        Ok(())
    }

    /// Reads all there is, hands every event to `sink` and counts the bytes in `received`; `arrived` is
    /// when the last of it was there, if the kernel was asked.
    pub(super) fn read(
        &mut self,
        buffer: &mut [u8],
        received: &mut u64,
        arrived: &mut Option<SystemTime>,
        mut sink: impl FnMut(Frame<'_>),
    ) -> Result<Reading> {
        loop {
            let length = match self.receive(buffer, arrived) {
                Ok(0) => return Ok(Reading::Ended),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Reading::Open),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(Reading::Ended),
                Err(error) => return Err(error).context("reading events"),
            };
            *received += length as u64;
            if !self.take(&buffer[..length], &mut sink)? {
                return Ok(Reading::Ended);
            }
            // Level or edge: less than asked for means that there was no more.
            if length < buffer.len() {
                return Ok(Reading::Open);
            }
        }
    }

    /// What the socket has; `arrived` is when the last of it had.
    fn receive(&mut self, buffer: &mut [u8], arrived: &mut Option<SystemTime>) -> io::Result<usize> {
        if !self.stamped {
            return self.socket.read(buffer);
        }
        let mut stamp = cmsg_space!(TimeSpec);
        let mut slices = [IoSliceMut::new(buffer)];
        let message = recvmsg::<()>(self.socket.as_raw_fd(), &mut slices, Some(&mut stamp), MsgFlags::empty())?;
        *arrived = message.cmsgs()?.find_map(|message| match message {
            ControlMessageOwned::ScmTimestampns(at) => Some(SystemTime::UNIX_EPOCH + Duration::from(at)),
            _ => None,
        });
        Ok(message.bytes)
    }

    /// Whether more may follow.
    fn take(&mut self, bytes: &[u8], sink: &mut impl FnMut(Frame<'_>)) -> Result<bool> {
        if let Stage::Head(head) = &mut self.stage {
            head.extend_from_slice(bytes);
            let Some((length, chunked)) = parse(head)? else { return Ok(true) };
            let rest = head.split_off(length);
            self.stage = Stage::Body { chunked, frames: Frames::default() };
            return self.take(&rest, sink);
        }
        let Stage::Body { chunked, frames } = &mut self.stage else { return Ok(true) };
        match chunked {
            None => frames.take(bytes, sink),
            Some(chunked) => {
                chunked.decode(bytes, |piece| frames.take(piece, &mut *sink))?;
                return Ok(!chunked.is_ended());
            }
        }
        Ok(true)
    }
}

/// `EINPROGRESS` on Linux, which has no `ErrorKind` yet.
const EINPROGRESS: i32 = 115;

/// The length of the head, once it is whole, and whether the body is chunked.
fn parse(bytes: &[u8]) -> Result<Option<(usize, Option<Chunked>)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let length = match head.parse(bytes).context("the head of a response")? {
        httparse::Status::Partial if bytes.len() > LONGEST_HEAD => bail!("the head of a response has no end"),
        httparse::Status::Partial => return Ok(None),
        httparse::Status::Complete(length) => length,
    };
    ensure!(head.code == Some(200), "an event stream was answered with {:?}", head.code);
    let is_chunked = head
        .headers
        .iter()
        .any(|header| header.name.eq_ignore_ascii_case("transfer-encoding") && header.value == b"chunked");
    Ok(Some((length, is_chunked.then(Chunked::default))))
}
