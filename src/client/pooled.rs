//! Calls that take moments: connections are kept and shared, time and answers bounded.

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

/// Connections to one server at once; further calls wait for one, within their limit.
const MOST_CONNECTIONS: usize = 32;
/// Shorter than servers commonly keep an idle connection.
const KEPT: Duration = Duration::from_secs(15);

/// A client for one server. Its connections are driven by tasks that end with it, at the latest.
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
    /// `limit` bounds each call, its whole answer included; `largest` the bytes of an answer's body.
    pub fn new(connector: Connector, limit: Duration, largest: usize) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEPT)
            .pool_max_idle_per_host(MOST_CONNECTIONS)
            .http1_max_buf_size(message::LARGEST_HEAD)
            .build(connector.clone());
        Self { client, connector, connections: Semaphore::new(MOST_CONNECTIONS), limit, largest }
    }

    /// What the server answers, whatever its status; redirects are answers too, for following one would carry a token to
    /// wherever it points. The request must bear being received twice: a connection that breaks leaves open whether it was,
    /// and then it is sent once more.
    ///
    /// # Errors
    /// No whole answer that can be used.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the server acts. Its connection is closed, not kept.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let request = message::prepare(request, |uri| self.connector.proxy_authorization(uri))?;
        let attempts = async {
            let _connection = self.connections.acquire().await;
            match self.attempt(request.clone()).await {
                // Often a kept connection that the server closed meanwhile.
                Err(Error::Broken(cause)) => {
                    log::debug!("{} {} again: {cause}", request.method(), request.uri());
                    self.attempt(request).await
                }
                settled => settled,
            }
        };
        // On the heap: callers hold this future within several others.
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
