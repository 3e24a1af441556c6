//! A JSON body: bounded in size and time, with the right error for everything that can be wrong with it.

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

/// Tells bodies apart by what they say, not by their spacing; the name is fixed, so digests outlive restarts.
const BODY_DIGESTS: Uuid = Uuid::from_u128(0x5f0c_4d0e_7c52_4a53_9a4e_2d6c_7b1f_9e11);

/// The body of a request as JSON. It has at most `limits.max_body` bytes, or `AT_LEAST` where that is more; one whose length is
/// announced to be more is refused unread. What can be wrong is told in this order: 415, 413, 408 and 400.
#[derive(Debug)]
pub(super) struct JsonBody<const AT_LEAST: usize = 0>(Value);

impl<const AT_LEAST: usize> JsonBody<AT_LEAST> {
    /// What its fields say.
    ///
    /// # Errors
    /// All faults.
    pub(super) fn read<T: Fields>(self) -> Result<T, Faults> {
        T::read(self.0)
    }

    /// The same body with one field more, which the path names.
    pub(super) fn with(mut self, field: &str, value: String) -> Self {
        if let Value::Object(fields) = &mut self.0 {
            fields.insert(field.to_owned(), value.into());
        }
        self
    }

    /// Equal for bodies that say the same, also after a restart.
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

/// `Content-Length`, which the HTTP server has found to be a number.
fn announced(request: &HttpRequest) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

fn is_json(request: &HttpRequest) -> bool {
    let Ok(Some(mime)) = request.mime_type() else { return false };
    mime.type_() == "application" && (mime.subtype() == "json" || mime.suffix().is_some_and(|suffix| suffix == "json"))
}
