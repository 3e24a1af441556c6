//! `GET /_stats`: how the service is doing, for operators.

use actix_web::{HttpResponse, web::Data};

use super::{
    Context,
    answer::fresh,
    wire::{ServiceStats, StatsBody},
};

/// Jobs and episodes are those still held; connections and events are counted since the service started.
pub(super) async fn stats(context: Data<Context>) -> HttpResponse {
    let service = ServiceStats::new(context.started_at, context.clock.now(), context.is_draining());
    fresh().json(StatsBody::new(context.registry.count(), context.meter.read(), service))
}
