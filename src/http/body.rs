//! Reads a JSON body, bounded in size and time, with a specific error for each way it can be invalid.

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    body::{self, BodyStream},
    dev::Payload,
    http::header,
    web::Data,
};
use futures_util::future::{FutureExt as _, LocalBoxFuture};
use serde_json::Value;
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    Context,
    faults::{Faults, Fields},
    problem::Problem,
};

/// Namespace of body digests, which depend on the JSON value, not its whitespace. Fixed, so that digests stay valid
/// across restarts.
const BODY_DIGESTS: Uuid = Uuid::from_u128(0x5f0c_4d0e_7c52_4a53_9a4e_2d6c_7b1f_9e11);

/// The JSON body of a request, at most `limits.max_body` or `AT_LEAST` bytes, whichever is larger. A longer
/// `Content-Length` is refused before any of the body is read. If several things are wrong, the error is the first of
/// 415, 413, 408 and 400.
#[derive(Debug)]
pub(super) struct JsonBody<const AT_LEAST: usize = 0>(Value);

impl<const AT_LEAST: usize> JsonBody<AT_LEAST> {
    /// Reads and checks the fields.
    ///
    /// # Errors
    /// Lists every fault.
    pub(super) fn read<T: Fields>(self) -> Result<T, Faults> {
        T::read(self.0)
    }

    /// Adds a field that comes from the path.
    pub(super) fn with(mut self, field: &str, value: String) -> Self {
        if let Value::Object(fields) = &mut self.0 {
            fields.insert(field.to_owned(), value.into());
        }
        self
    }

    /// A digest that is equal for equal JSON values, also across restarts.
    pub(super) fn digest(&self) -> String {
        Uuid::new_v5(&BODY_DIGESTS, self.0.to_string().as_bytes()).to_string()
    }
}

impl<const AT_LEAST: usize> FromRequest for JsonBody<AT_LEAST> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        read(request.clone(), payload.take(), AT_LEAST).map(|read| read.map(Self)).boxed_local()
    }
}

async fn read(request: HttpRequest, payload: Payload, at_least: usize) -> Result<Value, Problem> {
    let context = request.app_data::<Data<Context>>().expect("every route is configured with the context");
    let max = context.limits.max_body.max(at_least);
    if !is_json(&request) {
        return Err(Problem::UnsupportedMediaType);
    }
    if announced(&request).is_some_and(|length| length > max as u64) {
        return Err(Problem::BodyTooLarge { max });
    }
    let bytes = body::to_bytes_limited(BodyStream::new(payload), max);
    let bytes = match timeout(context.limits.body_timeout, bytes).await {
        Ok(Ok(Ok(bytes))) => bytes,
        Ok(Err(_)) => return Err(Problem::BodyTooLarge { max }),
        Ok(Ok(Err(_))) => return Err(Problem::MalformedBody),
        Err(_) => return Err(Problem::BodyTimeout),
    };
    serde_json::from_slice(&bytes).map_err(|error| Problem::InvalidJson { line: error.line(), column: error.column() })
}

/// `Content-Length`; the HTTP server has already checked that it is a number.
fn announced(request: &HttpRequest) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

fn is_json(request: &HttpRequest) -> bool {
    let Ok(Some(mime)) = request.mime_type() else { return false };
    mime.type_() == "application" && (mime.subtype() == "json" || mime.suffix().is_some_and(|suffix| suffix == "json"))
}
