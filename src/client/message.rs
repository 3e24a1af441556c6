//! What every request carries, and what no answer may contain.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::{HeaderMap, HeaderValue, Request, Uri, header, uri::Scheme};
use http_body_util::Full;
use hyper::client::conn::http1::Builder;

use super::error::Error;

/// The most bytes of an answer's head, and the size of the buffer it is read into.
pub(super) const MAX_HEAD: usize = 64 * 1024;

/// A request ready to send, except for the form of its URL.
pub(super) type Outgoing = Request<Full<Bytes>>;

/// How connections read: heads up to [`MAX_HEAD`] and 100 fields, chunk sizes and trailers within hyper's own limits.
pub(super) fn http1() -> Builder {
    let mut builder = Builder::new();
    builder.max_buf_size(MAX_HEAD);
    builder
}

/// Adds the headers that every request carries.
///
/// # Errors
/// `Unusable` if the URL is not http(s) with a host.
pub(super) fn prepare(
    request: Request<Bytes>,
    proxy_authorization: impl Fn(&Uri) -> Option<HeaderValue>,
) -> Result<Outgoing, Error> {
    let (mut parts, body) = request.into_parts();
    let host = host(&parts.uri).ok_or_else(|| Error::Unusable(format!("{} is not the URL of a server", parts.uri)))?;
    parts.headers.insert(header::HOST, host);
    // A compressed answer would save little, and would need code that unpacks untrusted data.
    parts.headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let name = concat!("generation-service/", env!("CARGO_PKG_VERSION"));
    parts.headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(name));
    if let Some(authorization) = proxy_authorization(&parts.uri) {
        parts.headers.insert(header::PROXY_AUTHORIZATION, authorization);
    }
    Ok(Request::from_parts(parts, Full::new(body)))
}

fn host(uri: &Uri) -> Option<HeaderValue> {
    let (scheme, host) = (uri.scheme()?, uri.host()?);
    let default = if *scheme == Scheme::HTTPS {
        443
    } else if *scheme == Scheme::HTTP {
        80
    } else {
        return None;
    };
    match uri.port_u16().filter(|port| *port != default) {
        Some(port) => HeaderValue::try_from(format!("{host}:{port}")).ok(),
        None => HeaderValue::try_from(host).ok(),
    }
}

/// Refuses an encoding that was not requested: it would be taken for text.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Error> {
    for (name, plain) in [(header::CONTENT_ENCODING, "identity"), (header::TRANSFER_ENCODING, "chunked")] {
        for value in headers.get_all(&name) {
            if !value.as_bytes().eq_ignore_ascii_case(plain.as_bytes()) {
                return Err(Error::Unusable(format!("{name} {value:?}, which was not asked for")));
            }
        }
    }
    Ok(())
}

/// Reads a complete body of at most `most` bytes.
pub(super) async fn collect(
    mut body: impl Stream<Item = Result<Bytes, Error>> + Unpin,
    most: usize,
) -> Result<Bytes, Error> {
    let mut collected = Vec::new();
    while let Some(piece) = body.next().await.transpose()? {
        if collected.len() + piece.len() > most {
            return Err(Error::Unusable(format!("more than {most} bytes")));
        }
        collected.extend_from_slice(&piece);
    }
    Ok(collected.into())
}
