//! `GET /api/v1/models`: the models that jobs can name.

use actix_web::{HttpResponse, web::Data};

use super::{Context, answer::uncached, wire::ModelsBody};

/// `GET /api/v1/models`
pub(super) async fn models(context: Data<Context>) -> HttpResponse {
    uncached().json(ModelsBody::from(context.models.offer()))
}
