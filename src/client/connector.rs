//! Opens connections, directly or through a proxy, with or without TLS, all within one timeout.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderValue, Uri};
use hyper_util::{
    client::{legacy::connect::HttpConnector, proxy::matcher::Intercept},
    rt::TokioIo,
};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::{
    error::{Error, with_causes},
    io::Io,
    proxy::{Proxies, is_http},
    tunnel,
};

/// Opens connections. Cloning is cheap, and clones share the TLS session cache.
#[derive(Clone)]
pub struct Connector(Arc<Shared>);

struct Shared {
    tcp: HttpConnector,
    tls: TlsConnector,
    proxies: Proxies,
    limit: Duration,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("limit", &self.0.limit).finish_non_exhaustive()
    }
}

impl Connector {
    /// Uses the proxies of the environment and the certificate authorities that browsers trust. `limit` is the timeout
    /// for everything before the request: name resolution, TCP, proxy, TLS.
    pub fn new(limit: Duration) -> Self {
        Self::with(limit, Proxies::from_environment(), webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect())
    }

    pub(super) fn with(limit: Duration, proxies: Proxies, roots: RootCertStore) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Divided among the addresses of a name, so that a dead one leaves time for the next.
        tcp.set_connect_timeout(Some(limit));
        let mut tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has ciphers for the versions rustls is built with")
            .with_root_certificates(roots)
            .with_no_client_auth();
        // HTTP/2 would put several answers on one connection, and dropping one of them would not close it.
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self(Arc::new(Shared { tcp, tls: TlsConnector::from(Arc::new(tls)), proxies, limit }))
    }

    /// # Errors
    /// `Unreachable`, or `Timeout` after the connector's limit.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket, at any stage.
    pub(super) async fn connect(&self, server: &Uri) -> Result<Io, Error> {
        let limit = self.0.limit;
        // Boxed: the caller's future lives for minutes and would keep this space all that time.
        timeout(limit, Box::pin(self.dial(server)))
            .await
            .map_err(|_| Error::Timeout { what: "no connection", limit })?
    }

    pub(super) fn proxy_authorization(&self, server: &Uri) -> Option<HeaderValue> {
        self.0.proxies.authorization(server)
    }

    async fn dial(&self, server: &Uri) -> Result<Io, Error> {
        let secure = server.scheme_str() == Some("https");
        let io = match self.0.proxies.before(server) {
            None => self.tcp(server).await?,
            Some(proxy) => {
                let mut io = self.reach(&proxy).await?;
                if secure {
                    tunnel::through(io, server, proxy.basic_auth()).await?
                } else {
                    io.proxied = true;
                    io
                }
            }
        };
        if secure { self.secure(io, server).await } else { Ok(io) }
    }

    async fn reach(&self, proxy: &Intercept) -> Result<Io, Error> {
        let uri = proxy.uri();
        if !is_http(uri) {
            let reason = "SOCKS proxies are not supported; name an HTTP proxy, or the server in NO_PROXY";
            return Err(Error::Unreachable(format!("{uri}: {reason}")));
        }
        let io = self.tcp(uri).await?;
        if uri.scheme_str() == Some("https") { self.secure(io, uri).await } else { Ok(io) }
    }

    async fn tcp(&self, to: &Uri) -> Result<Io, Error> {
        let connected = self.0.tcp.clone().call(to.clone()).await;
        let stream = connected.map_err(|error| Error::Unreachable(with_causes(&error)))?;
        Ok(Io::plain(stream.into_inner()))
    }

    async fn secure(&self, io: Io, to: &Uri) -> Result<Io, Error> {
        let unreachable = |error: &dyn std::error::Error| Error::Unreachable(format!("TLS: {}", with_causes(error)));
        let host = to.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(|error| unreachable(&error))?;
        let tls = self.0.tls.connect(name, io).await.map_err(|error| unreachable(&error))?;
        Ok(Io::tls(tls))
    }
}

/// Lets the pooled client open connections.
impl Service<Uri> for Connector {
    type Response = TokioIo<Io>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Io>, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect(&server).await.map(TokioIo::new) })
    }
}
