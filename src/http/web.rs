//! The web page and its parts, built into the service.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path},
};

use super::{Context, error::ApiError, language};

const INDEX: &str = include_str!("page/index.html");

/// What the page loads: name, type, content.
const ASSETS: &[(&str, &str, &str)] = &[];

/// Only the page's own parts run, and it talks to this service only: a script in a model's text would do nothing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// `GET /` and `/sse_test.html`
pub(super) async fn index() -> HttpResponse {
    page("text/html; charset=utf-8", INDEX)
}

/// `GET /assets/{name}`
pub(super) async fn asset(
    request: HttpRequest,
    name: Path<String>,
    _: Data<Context>,
) -> Result<HttpResponse, ApiError> {
    match ASSETS.iter().find(|(known, ..)| *known == name.as_str()) {
        Some((_, content_type, content)) => Ok(page(content_type, content)),
        None => Err(language::texts(&request).not_found()),
    }
}

fn page(content_type: &'static str, content: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, content_type))
        // Asked for again each time, so that a new version of the service never meets an old page.
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .body(content)
}
