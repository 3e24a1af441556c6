//! Event streams over HTTP/1.1 leave the HTTP server's hands once their head is known.
//!
//! The server keeps two buffers of 8 KB and a state machine for every connection that it answers on, and copies whatever
//! a body yields. A stream needs none of that: it is taken over by a task that holds the socket and the subscription, and
//! writes the frames that all readers share straight to the kernel (docs/decisions/0005).

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    io::{self, IoSlice, Write as _},
    net,
    os::fd::{AsFd, OwnedFd},
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    http::{Version, header},
    middleware::Next,
    rt,
    rt::net::TcpStream,
};
use bytes::{Buf, Bytes};
use chrono::Utc;
use tokio::task::yield_now;

use super::event_stream::{Cut, EventStream};

/// Frames that are written with one call to the kernel.
const AT_ONCE: usize = 16;
/// Up to here copying the frames together is cheaper than telling the kernel where each of them is.
const SMALL: usize = 4096;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Ends a body of chunks (RFC 9112, section 7.1).
const LAST_CHUNK: Bytes = Bytes::from_static(b"0\r\n\r\n");
const LINE_END: Bytes = Bytes::from_static(b"\r\n");

/// A second handle of a connection's socket, so that the connection outlives the server's own.
struct Socket(Cell<Option<OwnedFd>>);

/// Keeps a handle of the socket with its connection. Without one, as when there are no file descriptors left, its streams
/// are the server's like any other response.
pub fn keep_socket(connection: &TcpStream, extensions: &mut Extensions) {
    if let Ok(socket) = connection.as_fd().try_clone_to_owned() {
        extensions.insert(Socket(Cell::new(Some(socket))));
    }
}

/// Takes the socket of every response that carries an [`EventStream`], as outermost middleware: its head has everybody's
/// headers by then. Over HTTP/2, or without a socket, the stream becomes an ordinary body.
///
/// # Errors
/// Those of the handlers.
pub async fn take_over(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut response = next.call(request).await?.map_into_boxed_body();
    let Some(stream) = response.response_mut().extensions_mut().remove::<EventStream>() else { return Ok(response) };
    let body = match socket_of(&response) {
        None => BoxBody::new(stream),
        Some(socket) => {
            // Answers to earlier requests of the connection are flushed before the server asks again.
            yield_now().await;
            rt::spawn(Writer::new(socket, head_of(&response), stream));
            BoxBody::new(TakenOver)
        }
    };
    Ok(response.map_body(|_, _| body))
}

fn socket_of(response: &ServiceResponse) -> Option<TcpStream> {
    let request = response.request();
    if request.version() != Version::HTTP_11 {
        return None;
    }
    let socket = request.conn_data::<Socket>()?.0.take()?;
    // It does not block: it shares that with the handle it was made of.
    TcpStream::from_std(net::TcpStream::from(socket)).ok()
}

/// The response's head as it goes over the wire.
fn head_of(response: &ServiceResponse) -> Bytes {
    let status = response.status();
    let mut head =
        format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or_default()).into_bytes();
    for (name, value) in response.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    let date = Utc::now().format("%a, %d %b %Y %H:%M:%S GMT");
    let rest = format!(
        "{}: chunked\r\n{}: close\r\n{}: {date}\r\n\r\n",
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::DATE
    );
    head.extend_from_slice(rest.as_bytes());
    head.into()
}

/// A body that makes the server drop its own handle of the connection, before it has written anything to it.
struct TakenOver;

impl MessageBody for TakenOver {
    type Error = Cut;

    fn size(&self) -> actix_web::body::BodySize {
        actix_web::body::BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        Poll::Ready(Some(Err(Cut)))
    }
}

/// Writes a stream to its socket until either ends. Its worker's runtime owns it; dropping it closes the connection.
struct Writer {
    socket: TcpStream,
    stream: EventStream,
    /// Not yet taken by the kernel; never more than the frames of one turn.
    due: VecDeque<Bytes>,
    ended: bool,
}

impl Writer {
    fn new(socket: TcpStream, head: Bytes, stream: EventStream) -> Self {
        Self { socket, stream, due: VecDeque::from([head]), ended: false }
    }

    /// Whether the client has gone. What it still sends is read and ignored: unread bytes would turn our end into a reset.
    fn poll_gone(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut ignored = [0; 512];
        loop {
            if ready!(self.socket.poll_read_ready(context)).is_err() {
                return Poll::Ready(());
            }
            match self.socket.try_read(&mut ignored) {
                Ok(0) => return Poll::Ready(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Poll::Ready(()),
            }
        }
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

impl Future for Writer {
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
