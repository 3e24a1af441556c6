//! `GET /api/v1/models`: which models can be asked for.

use actix_web::{HttpResponse, http::header, web::Data};
use generation_actors::ports::{ModelOffer, OfferedModel, OfferedPattern};
use serde::Serialize;

use super::Context;

#[derive(Serialize)]
struct Body {
    models: Vec<Model>,
    patterns: Vec<Pattern>,
}

#[derive(Serialize)]
struct Model {
    name: String,
    provider: String,
    default: bool,
}

#[derive(Serialize)]
struct Pattern {
    pattern: String,
    provider: String,
}

/// `GET /api/v1/models`
pub(super) async fn models(context: Data<Context>) -> HttpResponse {
    let ModelOffer { models, patterns } = context.models.offer();
    let model = |OfferedModel { name, provider, is_default }| Model { name, provider, default: is_default };
    let pattern = |OfferedPattern { pattern, provider }| Pattern { pattern, provider };
    let body =
        Body { models: models.into_iter().map(model).collect(), patterns: patterns.into_iter().map(pattern).collect() };
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}
