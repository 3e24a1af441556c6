//! `GET /health/live` and `/health/ready`: probes for an orchestrator.

use std::{fmt::Display, future::Future, time::Duration};

use actix_web::{HttpResponse, web::Data};
use tokio::time::timeout;

use super::{Context, answer::uncached, problem::Problem, wire::HealthBody};

/// Orchestrators give up on a slow probe within seconds, so a backend that takes longer than this counts as down.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Fails only when the registry has died, which a restart would fix.
pub(super) async fn live(context: Data<Context>) -> Result<HttpResponse, Problem> {
    if !context.registry.is_alive() {
        return Err(Problem::NotReady(vec!["registry"]));
    }
    Ok(uncached().json(HealthBody { status: "alive", degraded: Vec::new() }))
}

/// Whether to route requests here: not while draining, and not while a backend that jobs need is down. Without its
/// episode store the service is ready but degraded: jobs complete, and the outbox saves their scripts once the store is
/// back.
pub(super) async fn ready(context: Data<Context>) -> Result<HttpResponse, Problem> {
    if context.is_draining() {
        return Err(Problem::ShuttingDown);
    }
    let (jobs, episodes) =
        tokio::join!(is_down("store", context.jobs.check()), is_down("episodes", context.episodes.check()));
    let registry = (!context.registry.is_alive()).then_some("registry");
    let down: Vec<_> = [registry, jobs].into_iter().flatten().collect();
    if !down.is_empty() {
        return Err(Problem::NotReady(down));
    }
    Ok(uncached().json(HealthBody { status: "ready", degraded: episodes.into_iter().collect() }))
}

/// The backend's name if it is down or misconfigured. Logs which of the two.
async fn is_down<E: Display>(name: &'static str, check: impl Future<Output = Result<(), E>>) -> Option<&'static str> {
    match timeout(CHECK_TIMEOUT, check).await {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => log::warn!("{name} cannot be used: {error}"),
        Err(_) => log::warn!("{name} cannot be used: no answer within {CHECK_TIMEOUT:?}"),
    }
    Some(name)
}
