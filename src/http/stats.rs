//! `GET /_stats`: figures for operators.

use actix_web::{HttpResponse, web::Data};

use super::{
    Context,
    answer::uncached,
    wire::{ServiceStats, StatsBody},
};

/// Counts of jobs and episodes cover the jobs that are still retained. Connections and events are counted from the start
/// of the service.
pub(super) async fn stats(context: Data<Context>) -> HttpResponse {
    let service = ServiceStats::new(context.started_at, context.clock.now(), context.is_draining());
    uncached().json(StatsBody::new(context.registry.count(), context.meter.read(), service))
}
