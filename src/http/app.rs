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
use ipnet::IpNet;

use super::{
    Hosts, StreamTiming, episodes, events, generations, health, models, problem::Problem, stats, web as page,
    wire::Frames,
};
use crate::locales::Locales;

/// The configured parts of the HTTP side.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// What absolute URLs begin with; `None` takes the request's own host.
    pub public_url: Option<String>,
    /// Whose forwarding headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// Which hosts requests may name; `None` is any.
    pub hosts: Option<Hosts>,
    /// Bytes of a request body.
    pub max_body: usize,
    /// How long a request body may take to arrive.
    pub body_timeout: Duration,
    /// Open event streams; 0 is no limit.
    pub max_streams: u64,
    /// Rhythm of event streams.
    pub timing: StreamTiming,
    /// How long an episode may take to be saved or read.
    pub episode_timeout: Duration,
}

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
    pub locales: Arc<Locales>,
    /// Makes the events that streams say by themselves.
    pub frames: Arc<Frames>,
    /// Settings.
    pub options: HttpOptions,
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

    /// The job that a path names.
    ///
    /// # Errors
    /// There is none, or it cannot be looked up.
    pub(super) async fn find(&self, id: &str) -> Result<Feed, Problem> {
        let id = id.parse().map_err(|_| Problem::JobNotFound)?;
        self.registry.find(id).await?.ok_or(Problem::JobNotFound)
    }
}

/// Adds every route. Fixed words stand before `{jobId}`, so that they are never taken for one.
pub fn configure(context: Data<Context>) -> impl Fn(&mut ServiceConfig) + Clone {
    move |service| {
        service
            .app_data(context.clone())
            .app_data(Data::from(Arc::clone(&context.locales)))
            .app_data(web::PathConfig::default().error_handler(|_, _| Problem::NotFound.into()))
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
    web::resource(path)
        .default_service(web::to(move || async move { Err::<&'static str, _>(Problem::MethodNotAllowed { allow }) }))
}

async fn not_found() -> Result<&'static str, Problem> {
    Err(Problem::NotFound)
}

/// Cross-origin rules as the original has them: any page may create, read and stream, without credentials.
pub fn cors(allowed_origins: Option<&[String]>) -> Cors {
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::HEAD, Method::POST, Method::DELETE])
        .allow_any_header()
        .expose_headers([header::LOCATION, header::RETRY_AFTER, header::ETAG, header::ALLOW])
        .max_age(3600);
    match allowed_origins {
        None => cors.allow_any_origin().send_wildcard(),
        Some(origins) => origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin)),
    }
}
