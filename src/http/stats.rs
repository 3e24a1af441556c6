//! `GET /_stats`: how the service is doing, for operators.

use actix_web::{HttpResponse, http::header, web::Data};
use generation_actors::job::timestamp;
use serde_json::json;

use super::Context;

/// Jobs and episodes are those still held; connections and events are counted since the service started.
pub(super) async fn stats(context: Data<Context>) -> HttpResponse {
    let jobs = context.registry.count();
    let feeds = context.meter.read();
    let uptime = context.clock.now() - context.started_at;
    let body = json!({
        "jobs": {
            "total": jobs.total(),
            "queued": jobs.queued,
            "streaming": jobs.streaming,
            "completed": jobs.completed,
            "failed": jobs.failed,
            "canceled": jobs.canceled,
            "unrecorded": jobs.unrecorded,
        },
        "connections": { "active": feeds.open, "peak": feeds.peak, "total": feeds.opened },
        "events": { "published": feeds.published, "delivered": feeds.delivered, "coalesced": feeds.coalesced },
        "episodes": {
            "saved": jobs.episodes_saved,
            "pending": jobs.episodes_pending,
            "failed": jobs.episodes_refused,
        },
        "service": {
            "version": env!("CARGO_PKG_VERSION"),
            "startedAt": timestamp(context.started_at),
            "uptimeSeconds": uptime.num_seconds().max(0),
            "status": if context.is_draining() { "draining" } else { "running" },
        },
    });
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}
