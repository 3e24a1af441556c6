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

/// Frames that one call to the kernel writes at most.
const MAX_SLICES: usize = 16;
/// Up to so many bytes it is cheaper to copy the frames together than to tell the kernel where each of them is.
const COPY_LIMIT: usize = 4096;
/// Bytes that a client may send on its stream's connection before it is disconnected: they mean nothing, and reading costs.
const MAX_IGNORED: usize = 32 * 1024;

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

/// Writes a stream to its socket until either ends; dropping it closes the connection and frees the stream's slot.
///
/// A task on the runtime of the worker that accepted the connection, tracked by [`Context::writers`](super::Context::writers):
/// the drain waits for it, and the end of the worker drops it if it takes too long.
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

    /// Ready once the client has gone or has sent more than [`MAX_IGNORED`]. Less than that is read and ignored: unread bytes
    /// would turn our close into a reset.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut ignored = [0; 512];
        while self.ignored < MAX_IGNORED {
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

    /// Hands everything due to the kernel.
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
        // Frees the buffer: thousands of idle streams would each keep theirs.
        self.due = VecDeque::new();
        Poll::Ready(Ok(()))
    }

    fn try_write(&self) -> io::Result<usize> {
        if self.due.iter().map(Bytes::len).sum::<usize>() > COPY_LIMIT {
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
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

    /// Takes what the stream has, as one chunk. Ready once there is something to write, or the stream has ended.
    fn poll_stream(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Cut>> {
        let mut length = 0;
        let chunk_at = self.due.len();
        // A chunk's size, its frames, its end.
        while self.due.len() + 3 < MAX_SLICES {
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
    /// A stream that is dropped before its end must not look complete. Without chunks only a reset can say so.
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
