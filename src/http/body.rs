//! Reading a JSON body: bounded in size and time, with the right error for everything that can be wrong.

use actix_web::{HttpMessage, HttpRequest, body, http::header, web::Payload};
use serde_json::Value;
use tokio::time::timeout;

use super::{error::ApiError, language};
use crate::config::Limits;

/// The body as JSON, of at most `max` bytes. One whose length is announced to be more is refused unread.
///
/// # Errors
/// 415, 413, 408 and 400, in this order.
pub(super) async fn json(
    request: &HttpRequest,
    payload: Payload,
    max: usize,
    limits: &Limits,
) -> Result<Value, ApiError> {
    let texts = language::texts(request);
    if !is_json(request) {
        return Err(texts.unsupported_media_type());
    }
    if announced(request).is_some_and(|length| length > max as u64) {
        return Err(texts.payload_too_large(max));
    }
    let bytes = match timeout(limits.body_timeout, body::to_bytes_limited(payload_body(payload), max)).await {
        Ok(Ok(Ok(bytes))) => bytes,
        Ok(Err(_)) => return Err(texts.payload_too_large(max)),
        Ok(Ok(Err(_))) => return Err(texts.malformed_body()),
        Err(_) => return Err(texts.request_timeout()),
    };
    serde_json::from_slice(&bytes).map_err(|error| texts.invalid_json(&error))
}

/// `Content-Length`, which the HTTP server has found to be a number.
fn announced(request: &HttpRequest) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

fn payload_body(payload: Payload) -> impl body::MessageBody {
    body::BodyStream::new(payload)
}

fn is_json(request: &HttpRequest) -> bool {
    let Ok(Some(mime)) = request.mime_type() else { return false };
    mime.type_() == "application" && (mime.subtype() == "json" || mime.suffix().is_some_and(|suffix| suffix == "json"))
}
