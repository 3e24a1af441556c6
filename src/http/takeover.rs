//! Answers that are written by a task of ours instead of the HTTP server: event streams, and a connection's last answer.
//!
//! actix-http keeps two buffers of 8 KB and a state machine for every connection that it answers on, and copies whatever a
//! body yields. A stream needs none of that: a [`StreamWriter`] holds the socket and the stream, and hands the frames that
//! all readers share straight to the kernel (docs/decisions/0005). And where a request's body is not wanted, actix-http would
//! read the rest of it without end, or ask a client for it that waits to be asked; [`last_answer`] closes instead.
//!
//! The way of a stream: its handler calls [`respond`]; [`take_over`], the outermost middleware, finds the stream once every
//! other one has added its headers, and spawns the writer on the tracker that the drain waits for
//! ([`Context::writers`](super::Context::writers)).
//!
//! # What this relies on
//!
//! The order in which actix-http 3.20.0 works (`src/h1/dispatcher.rs`). It is not part of that crate's API, so Cargo.toml
//! pins the version, and `takeover_tests.rs` runs the dispatcher on a recorded socket and fails where the order is another.
//!
//! 1. `on_connect` is called once a connection, before its first byte is read. What it stores is shared, as one `Rc`, by all
//!    requests of the connection. *Otherwise* there would be no second handle of the socket to write to.
//! 2. `Dispatcher::poll` reads, decodes and calls the handler (`read_available`, `poll_request`), and then alternates
//!    `poll_response`, which fills the write buffer, and `poll_flush`, which alone writes to the socket.
//! 3. A response's head is put into the write buffer (`send_response`), and then its body is polled before the next
//!    `poll_flush`, provided that the buffer holds less than `h1_write_buffer_size` (32 KiB). *Otherwise* the client would
//!    read two heads.
//! 4. A body that yields an error ends `Dispatcher::poll` at once with `DispatchError::Body`: without `poll_flush`, so that
//!    nothing of that response is sent, and without `poll_shutdown`. *Otherwise* the client would read actix-http's head or
//!    the end of the connection in the middle of our answer.
//! 5. While a handler is pending, `poll_flush` is called. *Otherwise* answers to earlier requests of the connection, which
//!    [`take_over`] awaits with one `yield_now`, would be lost.
//! 6. The `100` that `Expect: 100-continue` asks for is put into the write buffer right before the handler is polled for
//!    the first time, not flushed between the two. *Otherwise* a client would be asked for a body that is refused.
//! 7. A dispatcher that has ended is dropped, and with it what `on_connect` stored and the first handle of the socket. That
//!    only closes a file descriptor: the connection lives on in the second. *Otherwise* nothing would be saved.
//!
//! The same is seen from outside in `tests/integration/events/takeover.rs` and `tests/integration/connections/bodies.rs`.

use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage, HttpResponse, HttpResponseBuilder,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::{Method, StatusCode, Version, header},
    middleware::Next,
    rt::net::TcpStream,
};
use bytes::Bytes;
use chrono::Utc;
use futures_util::Stream;
use tokio::task::yield_now;
use tokio_util::task::TaskTracker;

use super::{
    connection::Connection,
    event_stream::{Cut, EventStream},
    last_answer,
    stream_writer::{Framing, StreamWriter},
};

/// A response that consists of `head` and whatever `stream` says until it ends.
///
/// The stream travels in the response's extensions, where [`take_over`] finds it. If the response is dropped on the way,
/// the stream is dropped with it and its slot is free.
pub(super) fn respond(mut head: HttpResponseBuilder, stream: EventStream) -> HttpResponse {
    let mut response = head.finish();
    response.extensions_mut().insert(stream);
    response
}

/// The outermost middleware: takes the socket for every response that [`respond`] made, and for every response to a request
/// whose body was not read to its end. Its head has everybody's headers by then.
///
/// # Errors
/// Those of the handlers.
pub async fn take_over(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(connection) = request.conn_data::<Rc<Connection>>().cloned() else {
        // Unreachable over a socket; tests call without one.
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let is_first = connection.begin();
    let unread = watch_body(&mut request);
    let answered = next.call(request).await;
    connection.answered(answered.as_ref().map_or(BodySize::None, |response| response.response().body().size()));
    let mut response = answered?.map_into_boxed_body();
    let stream = response.response_mut().extensions_mut().remove::<EventStream>();
    if stream.is_none() && !unread.get() {
        return Ok(response);
    }
    let Some(socket) = connection.take_socket() else {
        // The connection is being shut down. A stream that would end here must not look complete.
        return Ok(if stream.is_some() { without_body(response) } else { response });
    };
    if !is_first {
        // Answers to earlier requests of the connection are flushed while this one is pending (5 above).
        yield_now().await;
    }
    Ok(match stream {
        Some(stream) => write_stream(response, stream, socket, connection.writers()),
        None => write_last(response, socket, connection.writers()),
    })
}

/// Has a stream and the head of its response written.
fn write_stream(
    response: ServiceResponse,
    stream: EventStream,
    socket: TcpStream,
    writers: &TaskTracker,
) -> ServiceResponse {
    let (framing, line) = match response.request().version() {
        Version::HTTP_11 => (Framing::Chunked, "transfer-encoding: chunked\r\n"),
        _ => (Framing::UntilClosed, ""),
    };
    let head = head_of(&response, line);
    writers.spawn_local(StreamWriter::new(socket, head.into(), framing, stream));
    without_body(response)
}

/// The same response for actix-http, which writes nothing of it and ends.
fn without_body(response: ServiceResponse) -> ServiceResponse {
    response.map_body(|_, _| BoxBody::new(TakenOver))
}

/// Has a whole response written, and ends its connection.
fn write_last(response: ServiceResponse, socket: TcpStream, writers: &TaskTracker) -> ServiceResponse {
    let mut body = Bytes::new();
    let response = response.map_body(|_, whole| {
        // All our bodies but event streams are bytes.
        body = whole.try_into_bytes().unwrap_or_default();
        BoxBody::new(TakenOver)
    });
    let is_unframed = matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let length = if is_unframed { String::new() } else { format!("{}: {}\r\n", header::CONTENT_LENGTH, body.len()) };
    let mut answer = head_of(&response, &length);
    if !is_unframed && response.request().method() != Method::HEAD {
        answer.extend_from_slice(&body);
    }
    writers.spawn_local(last_answer::write(socket, answer));
    response
}

/// The response's head as it goes over the wire, with these lines about its framing.
fn head_of(response: &ServiceResponse, framing: &str) -> Vec<u8> {
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
    let rest = format!("{framing}{}: close\r\n{}: {date}\r\n\r\n", header::CONNECTION, header::DATE);
    head.extend_from_slice(rest.as_bytes());
    head
}

/// A body that fails at its first poll, so that actix-http drops its handle of the socket and has written nothing (4 above).
struct TakenOver;

impl MessageBody for TakenOver {
    type Error = Cut;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        Poll::Ready(Some(Err(Cut)))
    }
}

/// Tells, at any time, whether a part of the request's body has not been read yet; `false` for one without.
fn watch_body(request: &mut ServiceRequest) -> Rc<Cell<bool>> {
    let headers = request.headers();
    let has_body = headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    let unread = Rc::new(Cell::new(has_body));
    if has_body {
        let body = WatchedBody { body: request.take_payload(), unread: Rc::clone(&unread) };
        request.set_payload(Payload::Stream { payload: Box::pin(body) });
    }
    unread
}

/// A request's body that remembers whether its end was seen.
struct WatchedBody {
    body: Payload,
    unread: Rc<Cell<bool>>,
}

impl Stream for WatchedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let next = Pin::new(&mut this.body).poll_next(context);
        if let Poll::Ready(None) = next {
            this.unread.set(false);
        }
        next
    }
}

#[cfg(test)]
#[path = "takeover_tests.rs"]
mod tests;
