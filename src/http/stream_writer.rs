//! Writes an event stream to the socket that was taken over for it.

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::Future,
    io::{self, IoSlice, Write as _},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::rt::net::TcpStream;
use bytes::{Buf, Bytes};
use socket2::SockRef;

use super::event_stream::{Cut, EventStream};

/// Frames that are written with one call to the kernel.
const AT_ONCE: usize = 16;
/// Up to here copying the frames together is cheaper than telling the kernel where each of them is.
const SMALL: usize = 4096;
/// What a client may send on the connection of its stream, in bytes: nobody reads it, and reading it costs.
const MOST_IGNORED: usize = 32 * 1024;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Ends a body of chunks (RFC 9112, section 7.1).
const LAST_CHUNK: Bytes = Bytes::from_static(b"0\r\n\r\n");
const LINE_END: Bytes = Bytes::from_static(b"\r\n");

/// How a client sees where the stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// By its last chunk.
    Chunked,
    /// By the end of the connection: HTTP/1.0 knows no chunks.
    UntilClosed,
}

/// Writes a stream to its socket until either ends. Its worker's runtime owns it; dropping it closes the connection.
pub(super) struct StreamWriter {
    socket: TcpStream,
    stream: EventStream,
    /// Not yet taken by the kernel; never more than the frames of one turn.
    due: VecDeque<Bytes>,
    framing: Framing,
    ended: bool,
    /// Bytes the client has sent since.
    ignored: usize,
}

impl StreamWriter {
    pub(super) fn new(socket: TcpStream, head: Bytes, framing: Framing, stream: EventStream) -> Self {
        Self { socket, stream, due: VecDeque::from([head]), framing, ended: false, ignored: 0 }
    }

    /// Whether the client has gone, or sends what nobody asked for without end. The little that decent ones send is read and
    /// ignored: unread bytes would turn our end into a reset.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut ignored = [0; 512];
        while self.ignored < MOST_IGNORED {
            if ready!(self.socket.poll_read_ready(context)).is_err() {
                return Poll::Ready(());
            }
            match self.socket.try_read(&mut ignored) {
                Ok(0) => return Poll::Ready(()),
                Ok(read) => self.ignored += read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Poll::Ready(()),
            }
        }
        Poll::Ready(())
    }

    /// Hands all that is due to the kernel.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.due.is_empty() {
            match self.try_write() {
                Ok(written) => self.written(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.socket.poll_write_ready(context))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        // Thousands of idle streams each keep what they hold.
        self.due = VecDeque::new();
        Poll::Ready(Ok(()))
    }

    fn try_write(&self) -> io::Result<usize> {
        if self.due.iter().map(Bytes::len).sum::<usize>() > SMALL {
            let mut slices = [IoSlice::new(&[]); AT_ONCE];
            let count = self.due.iter().zip(&mut slices).map(|(due, slice)| *slice = IoSlice::new(due)).count();
            return self.socket.try_write_vectored(&slices[..count]);
        }
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.clear();
            self.due.iter().for_each(|due| scratch.extend_from_slice(due));
            self.socket.try_write(scratch)
        })
    }

    fn written(&mut self, mut bytes: usize) {
        while let Some(first) = self.due.front_mut() {
            if first.len() > bytes {
                first.advance(bytes);
                return;
            }
            bytes -= first.len();
            self.due.pop_front();
        }
    }

    /// Takes what the stream has, as one chunk. Ready once there is something to write or nothing will follow.
    fn poll_stream(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Cut>> {
        let mut length = 0;
        let chunk_at = self.due.len();
        // A chunk's size, its frames, its end.
        while self.due.len() + 3 < AT_ONCE {
            match self.stream.poll_bytes(context) {
                Poll::Ready(Some(Ok(bytes))) => {
                    length += bytes.len();
                    self.due.push_back(bytes);
                }
                Poll::Ready(Some(Err(cut))) => return Poll::Ready(Err(cut)),
                Poll::Ready(None) => {
                    self.ended = true;
                    break;
                }
                Poll::Pending if length == 0 => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if self.framing == Framing::UntilClosed {
            return Poll::Ready(Ok(()));
        }
        if length > 0 {
            let mut size = Vec::with_capacity(10);
            let _infallible = write!(size, "{length:x}\r\n");
            self.due.insert(chunk_at, size.into());
            self.due.push_back(LINE_END);
        }
        if self.ended {
            self.due.push_back(LAST_CHUNK);
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for StreamWriter {
    /// A stream that did not come to its end must not look complete, whatever it ends by. Without chunks only a reset says so.
    fn drop(&mut self) {
        if self.framing == Framing::UntilClosed && !(self.ended && self.due.is_empty()) {
            let _closed_anyway = SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
        }
    }
}

impl Future for StreamWriter {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.poll_gone(context).is_ready() {
            return Poll::Ready(());
        }
        loop {
            match ready!(this.poll_write(context)) {
                Ok(()) if !this.ended => {}
                _ => return Poll::Ready(()),
            }
            if ready!(this.poll_stream(context)).is_err() {
                return Poll::Ready(());
            }
        }
    }
}
