//! A client for short calls: it keeps and shares connections, and limits time and answer size.

use std::{fmt, future::Future, time::Duration};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::{Request, Response};
use http_body_util::{BodyDataStream, Full};
use hyper_util::{
    client::legacy::{self, Client},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    connector::Connector,
    error::{Error, with_causes},
    message::{self, Outgoing},
};

/// The most connections to one server. Further calls wait for one, within their timeout.
const MAX_CONNECTIONS: usize = 32;
/// How long an idle connection is kept: shorter than servers commonly do.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// A client of one server. Tasks drive its connections and end with it at the latest.
pub struct Pooled {
    client: Client<Connector, Full<Bytes>>,
    connector: Connector,
    connections: Semaphore,
    limit: Duration,
    largest: usize,
}

impl fmt::Debug for Pooled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pooled").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Pooled {
    /// `limit` is the timeout of each call, answer included; `largest` is the maximum body size in bytes.
    pub fn new(connector: Connector, limit: Duration, largest: usize) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_CONNECTIONS)
            .http1_max_buf_size(message::MAX_HEAD)
            .build(connector.clone());
        Self { client, connector, connections: Semaphore::new(MAX_CONNECTIONS), limit, largest }
    }

    /// Sends the request and returns the server's answer, whatever its status. Redirects are returned, not followed,
    /// because following one would send a token to wherever it points. The request must be safe to receive twice: if a
    /// connection breaks, it is unknown whether the server received the request, and it is sent once more.
    ///
    /// # Errors
    /// There is no complete, usable answer.
    ///
    /// # Cancel safety
    /// If the future is dropped, it is unknown whether the server acts. Its connection is closed, not reused.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let request = message::prepare(request, |uri| self.connector.proxy_authorization(uri))?;
        let attempts = async {
            let _connection = self.connections.acquire().await;
            match self.attempt(request.clone()).await {
                // Often a pooled connection that the server has closed in the meantime.
                Err(Error::Broken(cause)) => {
                    log::debug!("retrying {} {}: {cause}", request.method(), request.uri());
                    self.attempt(request).await
                }
                other => other,
            }
        };
        // Boxed: callers hold this future inside several others.
        let attempts: std::pin::Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(attempts);
        let limit = self.limit;
        timeout(limit, attempts).await.map_err(|_| Error::Timeout { what: "no answer", limit })?
    }

    async fn attempt(&self, request: Outgoing) -> Result<Response<Bytes>, Error> {
        let answer = self.client.request(request).await.map_err(failed)?;
        message::check(answer.headers())?;
        let (head, body) = answer.into_parts();
        let body = BodyDataStream::new(body).map_err(|error| Error::Broken(with_causes(&error)));
        let body = message::collect(body, self.largest).await?;
        Ok(Response::from_parts(head, body))
    }
}

fn failed(error: legacy::Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(ours) = error.downcast_ref::<Error>() {
            return ours.clone();
        }
        cause = error.source();
    }
    Error::Broken(with_causes(&error))
}
