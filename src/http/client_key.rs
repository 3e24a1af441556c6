//! The `Idempotency-Key` of a request.

use actix_web::HttpRequest;

use super::{problem::Problem, rule::Rule};

const NAME: &str = "Idempotency-Key";

/// The request's key, if any: 1–255 visible ASCII characters. Not an extractor: extractors run side by side, and a request with
/// an unreadable body and a bad key would be told either error, whichever came first.
///
/// # Errors
/// The key breaks the rule.
pub(super) fn client_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(value) = request.headers().get(NAME) else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    let valid = (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    if valid { Ok(Some(key.to_owned())) } else { Err(Problem::fault(NAME, Rule::IdempotencyKey)) }
}
