//! Reading a JSON body: bounded in size and time, with the right error for everything that can be wrong.

use std::time::Duration;

use actix_web::{HttpMessage, HttpRequest, body, web::Payload};
use serde_json::Value;
use tokio::time::timeout;

use super::{error::ApiError, language};

/// A body of the largest size arrives in this time on any line worth serving.
const DEADLINE: Duration = Duration::from_secs(30);

/// The body as JSON, of at most `max` bytes.
///
/// # Errors
/// 415, 413, 408 and 400, in this order.
pub(super) async fn json(request: &HttpRequest, payload: Payload, max: usize) -> Result<Value, ApiError> {
    let texts = language::texts(request);
    if !is_json(request) {
        return Err(texts.unsupported_media_type());
    }
    let bytes = match timeout(DEADLINE, body::to_bytes_limited(payload_body(payload), max)).await {
        Ok(Ok(Ok(bytes))) => bytes,
        Ok(Err(_)) => return Err(texts.payload_too_large(max)),
        // The client broke off: nobody will read this answer.
        Ok(Ok(Err(_))) | Err(_) => return Err(texts.request_timeout()),
    };
    serde_json::from_slice(&bytes).map_err(|error| texts.invalid_json(&error))
}

fn payload_body(payload: Payload) -> impl body::MessageBody {
    body::BodyStream::new(payload)
}

fn is_json(request: &HttpRequest) -> bool {
    let Ok(Some(mime)) = request.mime_type() else { return false };
    mime.type_() == "application" && (mime.subtype() == "json" || mime.suffix().is_some_and(|suffix| suffix == "json"))
}
