//! Answers that leave the HTTP server's hands once they are known: event streams, and the last answer of a connection.
//!
//! The server keeps two buffers of 8 KB and a state machine for every connection that it answers on, and copies whatever
//! a body yields. A stream needs none of that: it is taken over by a task that holds the socket and the subscription, and
//! writes the frames that all readers share straight to the kernel (docs/decisions/0005). And the server would read on
//! without end what a client goes on to send of a body that nobody wants, and ask for it where the client waits to be asked.
//!
//! What this relies on is the order in which actix-http's dispatcher for HTTP/1 works (3.20). The tests in
//! `tests/integration/events/takeover.rs` and `tests/integration/connections` fail where another version differs.
//!
//! 1. `on_connect` runs once a connection, before its first byte is read, and all its requests share what it stores.
//! 2. A request with `Expect: 100-continue` gets its `100` put into the write buffer right before the handler is polled for
//!    the first time. Nothing is flushed between the two.
//! 3. While a handler is pending, the write buffer is flushed. So after one `yield_now` earlier answers are with the kernel.
//! 4. A response's head goes into the write buffer, then its body is polled, and only then the buffer is flushed. A body
//!    that fails at its first poll ends the dispatcher before that: nothing of that response, nor of a `100` before it, is sent.
//! 5. The dispatcher owns what `on_connect` stored, and its own handle of the socket; both go when it ends.

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
        // Answers to earlier requests of the connection are flushed before the server asks again.
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

/// The response, so that the server writes nothing of it and ends.
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

/// A body that makes the server drop its own handle of the connection, before it has written anything to it.
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

/// Whether the body of the request is still to be read, as long as it is; `false` for one without.
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
