//! Answers that last: one request, one connection, closed when the answer is dropped.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::Full;
use hyper::{
    body::{Body as _, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::{
    connector::Connector,
    error::{Error, with_causes},
    io::Io,
    message,
    quiet::Quiet,
};

/// A head, and the body that follows it.
#[derive(Debug)]
pub struct Answer {
    /// Never 1xx, except for 101.
    pub status: StatusCode,
    /// At most 100 fields of 64 KiB together.
    pub headers: HeaderMap,
    /// What follows.
    pub body: Body,
}

/// A body as it comes. Nothing reads ahead of whoever polls it.
///
/// It ends with `None` when the protocol says that it is whole: all bytes of its length, the last chunk, or, without either, the
/// orderly end of the connection. Everything else is an error.
#[derive(Debug)]
pub struct Body {
    incoming: Incoming,
    connection: Driver,
    quiet: Quiet,
}

/// Moves the bytes; polled by whoever waits for them, so that there is no task that would outlive the answer.
#[derive(Debug)]
struct Driver(Option<http1::Connection<TokioIo<Io>, Full<Bytes>>>);

/// Sends a request on a connection of its own. It takes the connector's limit and then at most `head_limit` until the head of
/// the answer is there; heads of 1xx do not prolong that.
///
/// # Errors
/// No connection, no head in time, a broken connection, or an answer in an encoding that was not asked for.
///
/// # Cancel safety
/// Dropping the future, and dropping the answer or its body, has closed the connection when the drop returns.
pub async fn ask(connector: &Connector, request: Request<Bytes>, head_limit: Duration) -> Result<Answer, Error> {
    let mut request = message::prepare(request, |uri| connector.proxy_authorization(uri))?;
    let io = connector.connect(request.uri()).await?;
    if !io.proxied {
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    }
    let (mut sender, connection) = message::http1().handshake(TokioIo::new(io)).await.map_err(broken)?;
    let mut connection = Driver(Some(connection));
    let answering = async {
        let mut sent = std::pin::pin!(sender.send_request(request));
        poll_fn(|cx| {
            connection.poll(cx);
            sent.as_mut().poll(cx)
        })
        .await
    };
    let answer = timeout(head_limit, answering).await;
    let answer = answer.map_err(|_| Error::Timeout { what: "no answer", limit: head_limit })?.map_err(broken)?;
    let (head, incoming) = answer.into_parts();
    message::check(&head.headers)?;
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body: Body { incoming, connection, quiet: Quiet::default() },
    })
}

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) {
        let over = self.0.as_mut().is_some_and(|connection| Pin::new(connection).poll(cx).is_ready());
        if over {
            // How it ended shows where its answer is waited for.
            self.0 = None;
        }
    }
}

impl Body {
    /// The whole of it.
    ///
    /// # Errors
    /// It is cut off, or longer than `most` bytes.
    pub async fn collect(self, most: usize) -> Result<Bytes, Error> {
        message::collect(self, most).await
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { incoming, connection, quiet } = self.get_mut();
        quiet.poll(cx, |cx| {
            // Asked first: the connection reads only what somebody waits for.
            if let Poll::Ready(piece) = poll_piece(incoming, cx) {
                return Poll::Ready(piece);
            }
            connection.poll(cx);
            poll_piece(incoming, cx)
        })
    }
}

fn poll_piece(incoming: &mut Incoming, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
    loop {
        let frame = std::task::ready!(Pin::new(&mut *incoming).poll_frame(cx));
        return Poll::Ready(match frame {
            None => None,
            Some(Err(error)) => Some(Err(broken(error))),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => Some(Ok(data)),
                // Trailers.
                Err(_) => continue,
            },
        });
    }
}

fn broken(error: hyper::Error) -> Error {
    Error::Broken(with_causes(&error))
}
