//! The route table, and what every handler shares.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use actix_cors::Cors;
use actix_web::{
    FromRequest, Handler, HttpRequest, Resource, Responder, guard,
    http::{Method, header},
    web::{self, Data, ServiceConfig},
};
use chrono::{DateTime, Utc};
use generation_actors::{feed::Meter, ports::{Clock, EpisodeStore, JobStore, ModelCatalog}, registry::RegistryHandle};
use tokio_util::task::TaskTracker;

use super::{Hosts, StreamSlots, episodes, error::ApiError, events, generations, health, language, models, page, stats};
use crate::{
    config::{self, AllowedOrigins},
    locales::Locales,
};

/// What handlers work with.
pub struct Context {
    /// All jobs.
    pub registry: RegistryHandle,
    /// Who serves which model.
    pub models: Arc<dyn ModelCatalog>,
    /// Asked for readiness only.
    pub jobs: Arc<dyn JobStore>,
    /// Saved scripts.
    pub episodes: Arc<dyn EpisodeStore>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Counts of the feeds.
    pub meter: Arc<Meter>,
    /// All sentences.
    pub locales: Locales,
    /// What absolute URLs begin with, and whose forwarding headers count.
    pub server: config::Server,
    /// Which hosts requests may name; `None` is any.
    pub hosts: Option<Hosts>,
    /// Bounds of requests.
    pub limits: config::Limits,
    /// Rhythm of event streams. Shared, so that each of thousands of streams holds a pointer only.
    pub sse: Arc<config::Sse>,
    /// What bounds the event streams that are open at once.
    pub stream_slots: StreamSlots,
    /// Every task that writes to a connection in the HTTP server's place; the drain waits for them.
    pub writers: TaskTracker,
    /// How long an episode may take to be saved or read.
    pub episode_timeout: Duration,
    /// When the service started.
    pub started_at: DateTime<Utc>,
    /// Set once the service is going down.
    pub draining: AtomicBool,
}

impl Context {
    /// Whether the service is going down.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// From now on the service says that it is not ready and takes no new jobs.
    pub fn drain(&self) {
        self.draining.store(true, Relaxed);
        self.registry.close();
    }
}

/// Adds every route. Fixed words stand before `{jobId}`, so that they are never taken for one.
pub fn configure(context: Data<Context>) -> impl Fn(&mut ServiceConfig) + Clone {
    move |service| {
        service
            .app_data(context.clone())
            .app_data(
                web::PathConfig::default().error_handler(|_, request| language::texts(request).not_found().into()),
            )
            .service(
                web::scope("/api/v1/generations")
                    .service(only("", "POST").route(web::post().to(generations::create)))
                    .service(reading("/active", generations::active))
                    .service(reading("/_stats", stats::stats))
                    .service(reading("/{job_id}/events", events::events))
                    .service(reading("/{job_id}/script", generations::script))
                    .service(only("/{job_id}/episode", "POST").route(web::post().to(generations::save_now)))
                    .service(
                        only("/{job_id}", "GET, HEAD, DELETE")
                            .route(read().to(generations::status))
                            .route(web::delete().to(generations::cancel)),
                    )
                    .default_service(web::to(not_found)),
            )
            .service(
                web::scope("/api/v1/projects/{project_id}/episodes")
                    .service(
                        only("", "GET, HEAD, POST")
                            .route(read().to(episodes::list))
                            .route(web::post().to(episodes::create)),
                    )
                    .service(
                        only("/{episode_id}", "GET, HEAD, DELETE")
                            .route(read().to(episodes::get))
                            .route(web::delete().to(episodes::delete)),
                    )
                    .default_service(web::to(not_found)),
            )
            .service(reading("/api/v1/models", models::models))
            .service(reading("/_stats", stats::stats))
            .service(reading("/health/live", health::live))
            .service(reading("/health/ready", health::ready))
            .service(reading("/", page::index))
            .service(reading("/sse_test.html", page::index))
            .service(reading("/assets/{name}", page::asset))
            .default_service(web::to(not_found));
    }
}

fn read() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// A resource that can only be read.
fn reading<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    only(path, "GET, HEAD").route(read().to(handler))
}

/// A resource that answers other methods with what it takes.
fn only(path: &str, allow: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move |request: HttpRequest| async move {
        Err::<&'static str, ApiError>(language::texts(&request).method_not_allowed(allow))
    }))
}

async fn not_found(request: HttpRequest) -> Result<&'static str, ApiError> {
    Err(language::texts(&request).not_found())
}

/// Cross-origin rules as the original has them: any page may create, read and stream, without credentials.
pub fn cors(settings: &config::Cors) -> Cors {
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::HEAD, Method::POST, Method::DELETE])
        .allow_any_header()
        .expose_headers([header::LOCATION, header::RETRY_AFTER, header::ETAG, header::ALLOW])
        .max_age(3600);
    match &settings.allowed_origins {
        AllowedOrigins::Any => cors.allow_any_origin().send_wildcard(),
        AllowedOrigins::These(origins) => origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin)),
    }
}
