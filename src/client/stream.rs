//! A client for long answers: one request per connection, which is closed when the answer is dropped.

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

/// An answer's head, and the body that follows it.
#[derive(Debug)]
pub struct Answer {
    /// Never 1xx, except for 101.
    pub status: StatusCode,
    /// At most 100 fields and 64 KiB in total.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

/// A body as it arrives. Nothing is read ahead of the caller.
///
/// Ends with `None` when the protocol says that the body is complete: after all bytes of its length, after the last
/// chunk, or, with neither, at the orderly end of the connection. Anything else is an error.
#[derive(Debug)]
pub struct Body {
    incoming: Incoming,
    connection: Driver,
    quiet: Quiet,
}

/// Drives the connection. Polled by whoever reads the body, so that no task outlives the answer.
#[derive(Debug)]
struct Driver(Option<http1::Connection<TokioIo<Io>, Full<Bytes>>>);

/// Sends a request on its own connection. Connecting is limited by the connector, and the head of the answer by
/// `head_limit`; 1xx heads do not extend that.
///
/// # Errors
/// There is no connection, no head in time, a broken connection, or an encoding that was not requested.
///
/// # Cancel safety
/// Dropping the future, the answer or its body closes the connection before the drop returns.
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
            // The error, if any, is reported to whoever waits for the answer.
            self.0 = None;
        }
    }
}

impl Body {
    /// Reads the complete body.
    ///
    /// # Errors
    /// It is cut off or longer than `most` bytes.
    pub async fn collect(self, most: usize) -> Result<Bytes, Error> {
        message::collect(self, most).await
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { incoming, connection, quiet } = self.get_mut();
        quiet.poll(cx, |cx| {
            // The body first: the connection reads only when somebody waits for the data.
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
                // A frame of trailers.
                Err(_) => continue,
            },
        });
    }
}

fn broken(error: hyper::Error) -> Error {
    Error::Broken(with_causes(&error))
}
