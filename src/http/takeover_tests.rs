//! Tests the order inside actix-http that `takeover` relies on, by serving a recorded socket with its dispatcher. The
//! numbers refer to the list in that module's documentation.

use std::{cell::RefCell, io, pin::pin, rc::Weak};

use actix_http::{HttpService, KeepAlive, Request, Response, error::DispatchError};
use actix_web::dev::{Service as _, ServiceFactory as _, fn_service};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::*;

const PLAIN: &str = "GET /taken HTTP/1.1\r\nHost: a\r\n\r\n";
const ASKING: &str = "POST /taken HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
const PIPELINED: &str = "GET /answered HTTP/1.1\r\nHost: a\r\n\r\nGET /taken-late HTTP/1.1\r\nHost: a\r\n\r\n";

/// Everything that happened, in order.
#[derive(Clone, Default)]
struct Record(Rc<RefCell<Vec<String>>>);

impl Record {
    fn add(&self, what: impl Into<String>) {
        self.0.borrow_mut().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

/// A connection whose client has sent `unread` and waits. Every use of it is recorded.
struct Socket {
    unread: &'static [u8],
    record: Record,
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Poll::Pending;
        }
        self.record.add("read");
        buffer.put_slice(self.unread);
        self.unread = &[];
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let text = String::from_utf8_lossy(bytes);
        self.record.add(format!("write {}", text.lines().next().unwrap_or_default()));
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.record.add("shut down");
        Poll::Ready(Ok(()))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.record.add("close");
    }
}

/// The value that `on_connect` stores.
struct Stored;

/// [`TakenOver`], with its polls recorded.
struct Body(Record);

impl MessageBody for Body {
    type Error = Cut;

    fn size(&self) -> BodySize {
        TakenOver.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        self.0.add("poll body");
        pin!(TakenOver).poll_next(context)
    }
}

/// Answers according to the path; `/taken…` behaves as [`take_over`] does.
async fn answer(request: Request, record: Record) -> Result<Response<BoxBody>, actix_http::Error> {
    assert!(request.conn_data::<Rc<Stored>>().is_some(), "1: a request has what `on_connect` stored");
    let path = request.path().to_owned();
    record.add(format!("call {path}"));
    if path == "/taken-late" {
        yield_now().await;
        record.add("go on");
    }
    Ok(match &*path {
        "/answered" => Response::ok().set_body(BoxBody::new("answer")),
        _ => Response::ok().set_body(BoxBody::new(Body(record))),
    })
}

/// Serves a connection with `requests` until the dispatcher ends; returns what happened and the stored value.
async fn serve(requests: &'static str) -> (Vec<String>, Weak<Stored>) {
    let (record, stored) = (Record::default(), Rc::new(Stored));
    let (left, on_connect, handler) = (Rc::downgrade(&stored), record.clone(), record.clone());
    let stored = Cell::new(Some(stored));
    let service = HttpService::<Socket, _, BoxBody>::build()
        .keep_alive(KeepAlive::Os)
        .on_connect_ext(move |_, extensions| {
            on_connect.add("connect");
            extensions.insert(stored.take().expect("1: once a connection"));
        })
        .h1(fn_service(move |request| answer(request, handler.clone())));
    let service = service.new_service(()).await.expect("a service");
    let socket = Socket { unread: requests.as_bytes(), record: record.clone() };
    let ended = service.call((socket, None)).await;
    assert!(matches!(ended, Err(DispatchError::Body(_))), "4: the failed body is the end, not {ended:?}");
    (record.take(), left)
}

#[actix_web::test]
async fn a_response_whose_body_fails_is_not_written_and_the_socket_is_only_closed() {
    let (happened, stored) = serve(PLAIN).await;
    // 1 to 4: nothing happens between the call and the body's failure, and only the close after it.
    assert_eq!(happened, ["connect", "read", "call /taken", "poll body", "close"]);
    assert_eq!(stored.strong_count(), 0, "7: what `on_connect` stored is dropped");
}

#[actix_web::test]
async fn a_client_that_expects_100_continue_gets_none_before_the_handler_decides() {
    let (happened, _) = serve(ASKING).await;
    // 6: the `100` is never written.
    assert_eq!(happened, ["connect", "read", "call /taken", "poll body", "close"]);
}

#[actix_web::test]
async fn earlier_answers_are_written_while_a_handler_is_pending() {
    let (happened, _) = serve(PIPELINED).await;
    // 5: it is written before the second handler continues.
    let expected = [
        "connect",
        "read",
        "call /answered",
        "call /taken-late",
        "write HTTP/1.1 200 OK",
        "go on",
        "poll body",
        "close",
    ];
    assert_eq!(happened, expected);
}
