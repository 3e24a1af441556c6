//! The `Idempotency-Key` of a request.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::{problem::Problem, rule::Rule};

const NAME: &str = "Idempotency-Key";

/// The request's key, if any: 1–255 visible ASCII characters.
#[derive(Debug)]
pub(super) struct ClientKey(pub Option<String>);

impl FromRequest for ClientKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get(NAME) else { return ready(Ok(Self(None))) };
        let key = value.to_str().unwrap_or_default();
        let valid = (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        ready(if valid { Ok(Self(Some(key.to_owned()))) } else { Err(Problem::fault(NAME, Rule::IdempotencyKey)) })
    }
}
