//! `GET /health/live` and `/health/ready`: what an orchestrator asks.

use std::{future::Future, time::Duration};

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, http::header, web::Data};
use serde_json::json;
use tokio::time::timeout;

use super::{Context, error::ApiError, language};

/// Orchestrators give up on a slow probe within seconds; a backend that answers later than this is as good as down.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether restarting the process would help: only when the registry has died.
pub(super) async fn live(request: HttpRequest, context: Data<Context>) -> Result<HttpResponse, ApiError> {
    if !context.registry.is_alive() {
        return Err(language::texts(&request).not_ready(&["registry"]));
    }
    Ok(ok("alive"))
}

/// Whether requests should be sent here: not while draining, nor while something that jobs need is down. Without its
/// episode store the service is ready but degraded: jobs complete, and their scripts are saved once it is back.
pub(super) async fn ready(request: HttpRequest, context: Data<Context>) -> Result<HttpResponse, ApiError> {
    let texts = language::texts(&request);
    if context.is_draining() {
        return Err(texts.shutting_down());
    }
    let (jobs, episodes) =
        tokio::join!(answers("store", context.jobs.check()), answers("episodes", context.episodes.check()));
    let registry = (!context.registry.is_alive()).then_some("registry");
    let down: Vec<_> = [registry, jobs].into_iter().flatten().collect();
    if !down.is_empty() {
        return Err(texts.not_ready(&down));
    }
    match episodes {
        None => Ok(ok("ready")),
        Some(degraded) => Ok(fresh().json(json!({ "status": "ready", "degraded": [degraded] }))),
    }
}

/// The backend's name, if it is down or set up wrongly; the log says which.
async fn answers<E: std::fmt::Display>(
    name: &'static str,
    check: impl Future<Output = Result<(), E>>,
) -> Option<&'static str> {
    match timeout(PATIENCE, check).await {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => log::warn!("{name} cannot be used: {error}"),
        Err(_) => log::warn!("{name} cannot be used: no answer within {PATIENCE:?}"),
    }
    Some(name)
}

fn ok(status: &str) -> HttpResponse {
    fresh().json(json!({ "status": status }))
}

fn fresh() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response
}
