//! A connection, with or without TLS.

use std::{
    fmt,
    io::{IoSlice, Result},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};
use tokio_rustls::client::TlsStream;

/// Bytes read in a row before the connection pauses briefly. hyper keeps reading and skipping informational answers as
/// long as there are any, and a task that is always ready delays the runtime's timers, including deadlines, for dozens
/// of turns.
const IN_A_ROW: usize = 256 * 1024;
const REST: Duration = Duration::from_millis(1);

/// A connection to a server or a proxy. Dropping it closes the socket.
pub struct Io {
    transport: Transport,
    /// A proxy reads the requests, so they carry the complete URL.
    pub(super) proxied: bool,
    in_a_row: usize,
    rest: Option<Pin<Box<Sleep>>>,
}

enum Transport {
    Plain(TcpStream),
    /// May be layered on TLS again: to a proxy, and through it to the server.
    Tls(Box<TlsStream<Io>>),
}

impl Io {
    pub(super) fn plain(tcp: TcpStream) -> Self {
        Self::over(Transport::Plain(tcp))
    }

    pub(super) fn tls(tls: TlsStream<Self>) -> Self {
        Self::over(Transport::Tls(Box::new(tls)))
    }

    fn over(transport: Transport) -> Self {
        Self { transport, proxied: false, in_a_row: 0, rest: None }
    }
}

impl fmt::Debug for Io {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Io").field("proxied", &self.proxied).finish_non_exhaustive()
    }
}

impl Connection for Io {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.proxied)
    }
}

impl AsyncRead for Io {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let io = self.get_mut();
        if io.in_a_row >= IN_A_ROW {
            let rest = io.rest.get_or_insert_with(|| Box::pin(sleep(REST)));
            ready!(rest.as_mut().poll(cx));
            (io.in_a_row, io.rest) = (0, None);
        }
        let before = buffer.filled().len();
        let read = match &mut io.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Transport::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
        };
        io.in_a_row = if read.is_ready() { io.in_a_row + buffer.filled().len() - before } else { 0 };
        read
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        match &mut self.get_mut().transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Transport::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        match &mut self.get_mut().transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, slices),
            Transport::Tls(tls) => Pin::new(tls).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Transport::Plain(tcp) => tcp.is_write_vectored(),
            Transport::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Transport::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Transport::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
