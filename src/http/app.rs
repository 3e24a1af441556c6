//! The route table, and the state that all handlers share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use actix_cors::Cors;
use actix_web::{
    FromRequest, Handler, Resource, Responder, guard,
    http::{Method, header},
    web::{self, Data, ServiceConfig},
};
use chrono::{DateTime, Utc};
use generation_actors::{
    feed::{Feed, Meter},
    ports::{Clock, EpisodeStore, JobStore, ModelCatalog},
    registry::RegistryHandle,
};
use tokio_util::task::TaskTracker;

use super::{
    Hosts, StreamSlots, episodes, events, generations, health, models, page, problem::Problem, stats, wire::Frames,
};
use crate::{
    config::{self, AllowedOrigins},
    locales::Locales,
};

/// The state that all handlers share.
pub struct Context {
    /// All jobs.
    pub registry: RegistryHandle,
    /// Resolves a model name to its provider.
    pub models: Arc<dyn ModelCatalog>,
    /// Used by the readiness check only.
    pub jobs: Arc<dyn JobStore>,
    /// Saved scripts.
    pub episodes: Arc<dyn EpisodeStore>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Counts of the feeds.
    pub meter: Arc<Meter>,
    /// Every sentence a person reads.
    pub locales: Arc<Locales>,
    /// Encodes the events that a stream sends on its own.
    pub frames: Arc<Frames>,
    /// The base of absolute URLs, and the proxies whose forwarding headers are trusted.
    pub server: config::Server,
    /// The host names this service answers to; `None` means any.
    pub hosts: Option<Hosts>,
    /// Limits on requests.
    pub limits: config::Limits,
    /// Timing of event streams. Shared, so that each of thousands of streams holds only a pointer.
    pub sse: Arc<config::Sse>,
    /// Limits the number of open event streams.
    pub stream_slots: StreamSlots,
    /// Tracks every task that writes to a connection taken over from the HTTP server; the drain waits for them.
    pub writers: TaskTracker,
    /// Timeout of an episode read or save.
    pub episode_timeout: Duration,
    /// When the service started.
    pub started_at: DateTime<Utc>,
    /// Set when the service begins to shut down.
    pub draining: AtomicBool,
}

impl Context {
    /// Whether the service is shutting down.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// From now on the service reports that it is not ready and refuses new jobs.
    pub fn drain(&self) {
        self.draining.store(true, Relaxed);
        self.registry.close();
    }

    /// Looks up the job named in the path.
    ///
    /// # Errors
    /// The job does not exist, or cannot be looked up.
    pub(super) async fn find(&self, id: &str) -> Result<Feed, Problem> {
        let id = id.parse().map_err(|_| Problem::JobNotFound)?;
        self.registry.find(id).await?.ok_or(Problem::JobNotFound)
    }
}

/// Adds every route. Fixed paths are registered before `{jobId}`, which would match them too.
pub fn configure(context: Data<Context>) -> impl Fn(&mut ServiceConfig) + Clone {
    move |service| {
        service
            .app_data(context.clone())
            .app_data(Data::from(Arc::clone(&context.locales)))
            .app_data(web::PathConfig::default().error_handler(|_, _| Problem::NotFound.into()))
            .service(
                web::scope("/api/v1/generations")
                    .service(with_methods("", "POST").route(web::post().to(generations::create)))
                    .service(read_only("/active", generations::active))
                    .service(read_only("/_stats", stats::stats))
                    .service(read_only("/{job_id}/events", events::events))
                    .service(read_only("/{job_id}/script", generations::script))
                    .service(with_methods("/{job_id}/episode", "POST").route(web::post().to(generations::save_now)))
                    .service(
                        with_methods("/{job_id}", "GET, HEAD, DELETE")
                            .route(get_or_head().to(generations::status))
                            .route(web::delete().to(generations::cancel)),
                    )
                    .default_service(web::to(not_found)),
            )
            .service(
                web::scope("/api/v1/projects/{project_id}/episodes")
                    .service(
                        with_methods("", "GET, HEAD, POST")
                            .route(get_or_head().to(episodes::list))
                            .route(web::post().to(episodes::create)),
                    )
                    .service(
                        with_methods("/{episode_id}", "GET, HEAD, DELETE")
                            .route(get_or_head().to(episodes::get))
                            .route(web::delete().to(episodes::delete)),
                    )
                    .default_service(web::to(not_found)),
            )
            .service(read_only("/api/v1/models", models::models))
            .service(read_only("/_stats", stats::stats))
            .service(read_only("/health/live", health::live))
            .service(read_only("/health/ready", health::ready))
            .service(read_only("/", page::index))
            .service(read_only("/sse_test.html", page::index))
            .service(read_only("/assets/{name}", page::asset))
            .default_service(web::to(not_found));
    }
}

fn get_or_head() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// A resource that supports `GET` and `HEAD` only.
fn read_only<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    with_methods(path, "GET, HEAD").route(get_or_head().to(handler))
}

/// A resource that answers any other method with 405 and the methods in `allow`.
fn with_methods(path: &str, allow: &'static str) -> Resource {
    web::resource(path)
        .default_service(web::to(move || async move { Err::<&'static str, _>(Problem::MethodNotAllowed { allow }) }))
}

async fn not_found() -> Result<&'static str, Problem> {
    Err(Problem::NotFound)
}

/// The contract's cross-origin rules: any page may create, read and stream, without credentials.
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
