//! Tunnels through an HTTP proxy to a TLS server with `CONNECT`.

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use tokio::join;

use super::{
    error::{Error, with_causes},
    io::Io,
    message,
};

const HTTPS: u16 = 443;

/// Asks the proxy at the other end of `io` to connect to `server`. Everything written afterwards goes there.
pub(super) async fn through(io: Io, server: &Uri, authorization: Option<&HeaderValue>) -> Result<Io, Error> {
    let failed = |cause: String| Error::Unreachable(format!("the proxy did not connect to the server: {cause}"));
    let host = server.host().unwrap_or_default();
    let authority = format!("{host}:{}", server.port_u16().unwrap_or(HTTPS));
    let mut request = Request::connect(&authority).header(header::HOST, &authority);
    if let Some(authorization) = authorization {
        request = request.header(header::PROXY_AUTHORIZATION, authorization);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| failed(with_causes(&error)))?;
    let handshake = message::http1().handshake(TokioIo::new(io)).await;
    let (mut sender, connection) = handshake.map_err(|error| failed(with_causes(&error)))?;
    let asking = async move {
        // Drop the sender as well: otherwise a refused connection would stay open for the next request.
        sender.send_request(request).await.map(|answer| answer.status())
    };
    let (status, connection) = join!(asking, connection.without_shutdown());
    match status.map_err(|error| failed(with_causes(&error)))? {
        status if status.is_success() => {}
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            return Err(failed("it asks for a password (407): http://user:password@proxy:port".to_owned()));
        }
        status => return Err(failed(status.to_string())),
    }
    let parts = connection.map_err(|error| failed(with_causes(&error)))?;
    // In TLS the client speaks first, so early bytes are not from the server, and they would be lost.
    if !parts.read_buf.is_empty() {
        return Err(failed("it sends more than its answer".to_owned()));
    }
    Ok(parts.io.into_inner())
}
