//! `GET /api/v1/models`: which models can be asked for.

use actix_web::{HttpResponse, web::Data};

use super::{Context, answer::fresh, wire::ModelsBody};

/// `GET /api/v1/models`
pub(super) async fn models(context: Data<Context>) -> HttpResponse {
    fresh().json(ModelsBody::from(context.models.offer()))
}
